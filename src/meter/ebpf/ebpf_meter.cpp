// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/ebpf_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/byte_cursor.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/cumulative/possible_increase.hpp"
#include "meter/ebpf/kernel_tables.hpp"

namespace octroi::ebpf {
namespace {

// In the order of ebpf_counters.
enum EbpfCounter : std::size_t {
    readings,
    keys,
    new_maps,
    overflow_packets,
    implausible,
    prefixes_refused,
    labels_refused,
    attach_failures,
};

constexpr std::size_t map_id_octets = 4;

// Of a count: the id of its map, and its key.
std::string counter_name(std::uint32_t map, std::span<const std::byte> key) {
    std::string name(map_id_octets + key.size(), '\0');
    std::memcpy(name.data(), &map, map_id_octets);
    std::memcpy(name.data() + map_id_octets, key.data(), key.size());
    return name;
}

std::uint32_t map_of(const std::string& name) {
    std::uint32_t map = 0;
    std::memcpy(&map, name.data(), std::min(name.size(), map_id_octets));
    return map;
}

std::vector<Address> own_addresses(const std::vector<Interface>& present) {
    std::vector<Address> own;
    for (const Interface& i : present)
        for (const InterfaceAddress& a : i.addresses) own.push_back(a.address);
    std::ranges::sort(own);
    const auto same = std::ranges::unique(own);
    own.erase(same.begin(), same.end());
    return own;
}

}  // namespace

EbpfMeter::EbpfMeter(EbpfMeterOptions options, std::unique_ptr<EbpfMaps> maps, OwnFolder folder,
                     CaptureHost& host, Labels labels, std::string boot)
    : options_(std::move(options)),
      maps_(std::move(maps)),
      folder_(std::move(folder)),
      files_(folder_),
      host_(&host),
      boot_(std::move(boot)),
      names_(random_seed()),
      labels_(std::make_unique<Labels>(std::move(labels))),
      key_names_(names_, *labels_) {
    cursor_.source = options_.source;
}

Result<std::unique_ptr<EbpfMeter>> EbpfMeter::open(EbpfMeterOptions options,
                                                   std::unique_ptr<EbpfMaps> maps, OwnFolder folder,
                                                   CaptureHost& host,
                                                   std::span<const Cursor> known) {
    TRY_ASSIGN(Labels labels, Labels::open(*maps));
    TRY_ASSIGN(std::string boot, host.boot_id());
    std::unique_ptr<EbpfMeter> meter(new EbpfMeter(std::move(options), std::move(maps),
                                                   std::move(folder), host, std::move(labels),
                                                   std::move(boot)));
    TRY(meter->restore(known));
    return meter;
}

// A state that cannot be read is replaced: counts since the last commit are a loss.
Status EbpfMeter::restore(std::span<const Cursor> known) {
    const auto own = std::ranges::find(known, cursor_.source, &Cursor::source);
    TRY_ASSIGN(EbpfMaps::Counting ids, maps_->counting());
    if (ids.now == 0) TRY(maps_->count_in_new_map(options_.keys_max));
    if (own == known.end() && options_.only_rest)
        return fail(ErrorCode::not_found,
                    fmt::format("meter {}: this ledger has none of its counts, so nothing can be "
                                "posted to it. Next: name the ledger of the meter (--ledger), or "
                                "drop the counts (octroi run --detach-kernel --drop-counts)",
                                options_.name));
    if (own == known.end()) return {};
    cursor_ = *own;
    auto saved = read_saved();
    if (saved) {
        saved_ = *std::move(saved);
        finished_map_ = saved_.finished_map;
        return {};
    }
    warning_ = fmt::format("{}; counts since the last commit are lost", saved.error().text);
    has_loss_ = true;
    loss_times_ = {UtcTime::min(), host_->clock().now()};
    return {};
}

Result<SavedCounts> EbpfMeter::read_saved() const {
    TRY_ASSIGN(const std::string content, read_state_file(files_.path_of(cursor_.position)));
    return SavedCounts::restore(content);
}

// Tables before programs: without tables all traffic would be that of no local end.
Status EbpfMeter::update_kernel() {
    TRY_ASSIGN(const auto present, host_->interfaces());
    TRY(apply_tables(present));
    if (!tables_) return {};
    const Status attached =
        options_.by == CountBy::address ? update_interfaces(present) : attach_to_sockets();
    if (!attached) ++counts_[attach_failures];
    return attached;
}

// Interfaces that failed the last time are tried again, but are not covered before they succeed.
Status EbpfMeter::update_interfaces(const std::vector<Interface>& present) {
    const MeteredInterfaces metered = metered_interfaces(present, options_.interfaces);
    log_warnings(metered);
    Status put = put_interfaces(present, covered_without(failed_, metered, present));
    TRY_ASSIGN(const EbpfAttachOutcome outcome, attach(metered));
    std::set<int> failed;
    for (const auto& failure : outcome.failed) failed.insert(failure.interface);
    if (failed != failed_) put = put_interfaces(present, covered_without(failed, metered, present));
    if (!failed.empty() || !failed_.empty() || !outcome.reattached.empty()) add_loss_of_programs();
    failed_ = std::move(failed);
    if (outcome.failed.empty()) return put;
    const auto& first = outcome.failed.front();
    const auto interface = std::ranges::find(present, first.interface, &Interface::index);
    return fail(
        first.error.code,
        fmt::format("nothing is counted at {} of the interfaces: {}: {}", outcome.failed.size(),
                    interface == present.end() ? "" : interface->name, first.error.text));
}

void EbpfMeter::log_warnings(const MeteredInterfaces& metered) {
    auto warnings = warnings_of(metered);
    if (warnings == last_warnings_) return;
    for (const std::string& warning : warnings)
        log_warning(fmt::format("meter {}: {}", options_.name, warning));
    last_warnings_ = std::move(warnings);
}

void EbpfMeter::add_loss_of_programs() {
    const UtcTime begin = saved_.counters.current();
    if (begin == UtcTime::min()) return;  // a meter that has not read counts nothing yet
    if (!without_programs_) without_programs_ = Interval{begin, begin};
    without_programs_->end = std::max(without_programs_->end, host_->clock().now());
}

Status EbpfMeter::apply_tables(const std::vector<Interface>& present) {
    // Without routing no host can be behind an address of this machine.
    const bool behind_nat = options_.tracks && std::ranges::any_of(present, [](const Interface& i) {
                                return !i.loopback && (i.forwards_v4 || i.forwards_v6);
                            });
    std::vector<Address> own = own_addresses(present);
    const SourceTablesPtr next = next_tables_ ? next_tables_ : tables_;
    if (!next) return {};
    if (next_tables_ || own != own_) {
        settings_.reset();  // the programs use new tables when they get their settings
        TRY_ASSIGN(std::uint64_t left_out,
                   put_prefixes(*maps_, "local_v4", "local_v6", local_prefixes(next->local, own)));
        if (next != tables_) {
            TRY_ASSIGN(const PrefixList classes, class_prefixes(next->classes.get(), *labels_));
            TRY_ASSIGN(const std::uint64_t more,
                       put_prefixes(*maps_, "class_v4", "class_v6", classes));
            left_out += more;
            TRY_ASSIGN(const auto services, service_entries(*next->services, *labels_));
            TRY(maps_->set_array("services", services));
        }
        counts_[prefixes_refused] += left_out;
        tables_ = next;
        next_tables_ = nullptr;
        own_ = std::move(own);
    }
    const octroi_settings settings{
        .behind_nat = behind_nat ? 1U : 0U, .unused = 0, .netns = options_.netns};
    if (settings_ && settings_->behind_nat == settings.behind_nat) return {};
    TRY(maps_->set_settings(std::as_bytes(std::span(&settings, 1))));
    settings_ = settings;
    return {};
}

Status EbpfMeter::put_interfaces(const std::vector<Interface>& present,
                                 const std::set<int>& covered) {
    std::vector<EbpfInterface> all;
    for (const Interface& i : present) all.push_back({i.index, i.name, covered.contains(i.index)});
    const Status put = maps_->set_interfaces(all);
    TRY_ASSIGN(auto names, maps_->interface_names());
    key_names_.set_interfaces(std::move(names));
    return put;
}

Result<EbpfAttachOutcome> EbpfMeter::attach(const MeteredInterfaces& metered) {
    const std::string tracking = options_.tracks ? "_ct" : "";
    std::vector<EbpfAttachment> wanted;
    for (const Interface* i : metered.chosen) {
        const std::string link = i->mac.empty() ? "ip" : "eth";
        wanted.push_back({i->index, "ingress_" + link + tracking, "egress_" + link + tracking});
    }
    return maps_->attach(wanted);
}

Status EbpfMeter::attach_to_sockets() {
    const std::string by = options_.by == CountBy::user ? "uid" : "cgroup";
    TRY_ASSIGN(const bool were_away, maps_->attach_to_sockets("receive_by_" + by, "send_by_" + by));
    if (were_away) add_loss_of_programs();
    return {};
}

Result<Pull> EbpfMeter::pull(ReadingSink& sink, Duration wait) {
    if (options_.only_rest) return pull_rest(sink);
    if (!is_reading_) {
        const Duration now = host_->clock().uptime();
        const bool is_due = !next_reading_ || now >= *next_reading_;
        // After a failure the tables wait for the next reading.
        const bool is_new = next_tables_ != nullptr && last_problem_.empty();
        if (!is_due && !is_new) {
            host_->wait({}, std::min(wait, *next_reading_ - now));
            return Pull::idle;
        }
        const Status updated = update_kernel();
        if (!updated && !next_reading_) return std::unexpected(updated.error());
        if (!updated && updated.error().text != last_problem_)
            log_warning(fmt::format("meter {}: {}; the next reading tries again", options_.name,
                                    updated.error().text));
        last_problem_ = updated ? "" : updated.error().text;
        if (!is_due) return Pull::idle;
        next_reading_ = now + options_.poll;
        TRY(begin_reading());
    }
    const bool is_first = is_first_;
    TRY_ASSIGN(const bool is_complete, continue_reading(sink, counted_volumes_of_a_pull_max));
    if (!is_complete) return Pull::more;
    return is_first ? Pull::checkpoint : Pull::idle;
}

Result<Pull> EbpfMeter::pull_rest(ReadingSink& sink) {
    if (!is_reading_) {
        TRY_ASSIGN(auto names, maps_->interface_names());
        key_names_.set_interfaces(std::move(names));
        TRY(begin_reading());
    }
    TRY_ASSIGN(const bool is_complete, continue_reading(sink, counted_volumes_of_a_pull_max));
    return is_complete ? Pull::end : Pull::more;
}

Status EbpfMeter::begin_reading() {
    TRY_ASSIGN(maps_read_, maps_->counting());
    if (options_.by == CountBy::control_group) {
        TRY_ASSIGN(const auto groups, maps_->control_groups());
        key_names_.set_groups(groups);
    }
    std::vector<Rows> parts;
    for (const std::uint32_t map : {maps_read_.before, maps_read_.now}) {
        if (map == 0) continue;
        TRY_ASSIGN(EbpfRows rows, maps_->read(map));
        parts.push_back({map, std::move(rows), 0});
    }
    counts_[keys] = parts.back().rows.counts.size();
    saved_.counters.begin_reading(host_->clock().now());
    is_first_ = saved_.counters.previous() == UtcTime::min();
    reading_ = std::move(parts);
    is_reading_ = true;
    ++counts_[readings];
    return {};
}

// The first reading of a meter has no increases: it is read at once, so that no checkpoint lies
// within it.
Result<bool> EbpfMeter::continue_reading(ReadingSink& sink, std::size_t limit) {
    std::vector<CountedVolume> out;
    limit -= std::min<std::size_t>(limit, OCTROI_OTHERS);
    bool is_complete = true;
    for (Rows& part : reading_) {
        for (; part.next < part.rows.counts.size(); ++part.next) {
            if (out.size() >= limit) {
                is_complete = false;
                break;
            }
            const auto key = part.rows.key(part.next);
            const EbpfCount& now = part.rows.counts[part.next];
            const auto increase = saved_.counters.advance(counter_name(part.map, key), boot_,
                                                          {now.bytes, now.packets});
            has_loss_ = has_loss_ || increase.has_loss;
            if (increase.by.packets == 0 && increase.by.bytes == 0) continue;
            add_increase(key_names_.volume(key_of(key)), increase, out);
        }
        if (!is_complete) break;
    }
    if (is_complete) {
        TRY_ASSIGN(const auto others, maps_->read_others());
        const std::string generation = fmt::format("{} {}", boot_, maps_read_.arrays);
        for (std::uint32_t i = 0; i < others.size() && i < OCTROI_OTHERS; ++i) {
            const auto increase = saved_.counters.advance(fmt::format("other {}", i), generation,
                                                          {others[i].bytes, others[i].packets});
            if (increase.by.packets == 0) continue;
            if (i == OCTROI_OVERFLOW_IN || i == OCTROI_OVERFLOW_OUT)
                counts_[overflow_packets] += increase.by.packets;
            add_increase(key_names_.other(i), increase, out);
        }
    }
    for (const CountedVolume& volume : out) observed_.add(volume);
    if (!out.empty()) sink.accept_counted(out);
    if (is_complete) TRY(finish_reading());
    return is_complete;
}

void EbpfMeter::add_increase(CountedVolume volume, const cumulative::Increase& increase,
                             std::vector<CountedVolume>& out) {
    const UtcTime now = host_->clock().now();
    volume.last = now;
    volume.first = std::min(saved_.counters.previous(), now);
    volume.bytes = increase.by.bytes;
    volume.packets = increase.by.packets;
    if (!cumulative::is_possible(increase.by, now - volume.first, options_.link_bits_per_second)) {
        volume.kind = ReadingKind::implausible;
        ++counts_[implausible];
    }
    out.push_back(volume);
}

Status EbpfMeter::finish_reading() {
    is_reading_ = false;
    is_first_ = false;
    reading_.clear();
    for (const std::string& gone : saved_.counters.end_reading()) {
        // A map that was read to its end and then dropped.
        if (map_of(gone) != finished_map_) has_loss_ = true;
    }
    if (has_loss_ && loss_times_.end == UtcTime{})
        loss_times_ = {saved_.counters.previous(), host_->clock().now()};
    if (maps_read_.before != 0) {
        finished_map_ = maps_read_.before;
        return {};
    }
    if (options_.only_rest) return {};
    // Space for what comes until the next reading.
    if (counts_[keys] < options_.keys_max - options_.keys_max / 4) return {};
    ++counts_[new_maps];
    return maps_->count_in_new_map(options_.keys_max);
}

Result<Checkpoint> EbpfMeter::checkpoint(ReadingSink& sink) {
    // Before the first pull there is nothing to read.
    if (next_reading_ || is_reading_) {
        if (!is_reading_) TRY(begin_reading());
        TRY(continue_reading(sink, counted_volumes_of_a_pull_max));
    }
    Checkpoint checkpoint;
    saved_.finished_map = finished_map_;
    const std::uint64_t version = cursor_.version + 1;
    TRY_ASSIGN(std::string file, files_.write(fmt::format("counts-{}", version), saved_.save()));
    cursor_.version = version;
    cursor_.position = std::move(file);
    cursor_.note = fmt::format("{} counts", saved_.counters.size());
    checkpoint.cursors.push_back(cursor_);
    if (has_loss_) {
        Interval times = loss_times_;
        if (times.begin == UtcTime::min()) times.begin = times.end;
        checkpoint.losses.push_back(
            {cursor_.source, LossReason::counter_reset, times, std::nullopt, std::nullopt});
        has_loss_ = false;
        loss_times_ = {};
    }
    if (without_programs_)
        checkpoint.losses.push_back({cursor_.source, LossReason::not_running,
                                     *std::exchange(without_programs_, std::nullopt), std::nullopt,
                                     std::nullopt});
    checkpoint.observed = observed_.drain();
    drop_when_committed_ = finished_map_;
    return checkpoint;
}

// Errors are ignored: the map stays readable, and the next commit tries again.
void EbpfMeter::committed() {
    files_.remove_all_but(cursor_.position);
    const std::uint32_t drop = std::exchange(drop_when_committed_, 0);
    if (drop == 0) return;
    const auto ids = maps_->counting();
    if (ids && ids->before == drop) static_cast<void>(maps_->drop_map_before());
}

std::vector<CounterValue> EbpfMeter::counters() const {
    auto counts = counts_;
    counts[labels_refused] = labels_->refused();
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts.size(); ++i)
        values.push_back({ebpf_counters[i].name, counts[i]});
    return values;
}

}  // namespace octroi::ebpf
