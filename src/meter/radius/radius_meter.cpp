// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/radius_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/log_limit.hpp"
#include "host/pause.hpp"
#include "meter/journal/identity.hpp"
#include "meter/journal/saved_position.hpp"

namespace octroi::radius_meter {
namespace {

// A kind for each thing that an operator does next.
constinit LimitedLog unknown_clients("radius_unknown_client");
constinit LimitedLog wrong_secrets("radius_wrong_secret");
constinit LimitedLog malformed_requests("radius_malformed");
constinit LimitedLog unreadable_clients("radius_clients_unreadable");
constinit LimitedLog doubtful_times("radius_doubtful_time");

// Datagrams that one pull receives and decodes at most.
constexpr int batches_of_a_pull = 4;
constexpr std::size_t messages_of_a_pull = batches_of_a_pull * datagram_batch;

}  // namespace

RadiusMeter::RadiusMeter(RadiusMeterOptions options, OwnFolder folder,
                         std::unique_ptr<DatagramSource> source,
                         std::unique_ptr<ReplySender> replies, const Clock& clock)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      source_(std::make_unique<CheckedSource>(
          std::move(source), [this](const journal::Message& m) { return check(m).has_value(); })),
      replies_(std::move(replies)),
      clock_(clock),
      states_(folder_),
      sessions_(options_.policy),
      names_(options_.seed) {}

Result<std::unique_ptr<RadiusMeter>> RadiusMeter::open(RadiusMeterOptions options,
                                                       std::unique_ptr<DatagramSource> source,
                                                       std::unique_ptr<ReplySender> replies,
                                                       std::span<const Cursor> known,
                                                       const Clock& clock) {
    TRY_ASSIGN(OwnFolder folder, OwnFolder::open(options.folder));
    auto meter = std::unique_ptr<RadiusMeter>(new RadiusMeter(
        std::move(options), std::move(folder), std::move(source), std::move(replies), clock));
    TRY(meter->resume(known));
    return meter;
}

Status RadiusMeter::check_ledger() const {
    if (options_.ledger_id.empty()) return {};
    const auto owner = journal::find_ledger_of(folder_.path());
    if (owner && *owner != options_.ledger_id && cursor_.version == 0)
        return fail(ErrorCode::conflict,
                    fmt::format("the journal in {} belongs to another ledger (id {}), which may "
                                "still need its requests; next: another `journal` for this meter, "
                                "or remove the folder",
                                folder_.path(), *owner));
    return journal::set_ledger(folder_, options_.ledger_id);
}

Status RadiusMeter::resume(std::span<const Cursor> known) {
    TRY_ASSIGN(const std::string id, journal::journal_id(folder_));
    cursor_.source = std::string(radius_source_prefix) + id;
    journal::SavedPosition position;
    for (const Cursor& cursor : known) {
        if (cursor.source != cursor_.source) continue;
        cursor_ = cursor;
        TRY_ASSIGN(position, journal::decode_saved_position(cursor.position));
    }
    TRY(check_ledger());
    if (!position.snapshot.empty()) {
        const auto content = read_state_file(states_.path_of(position.snapshot));
        const Status restored =
            content ? sessions_.restore(*content) : Status(std::unexpected(content.error()));
        if (!restored)
            notice_ = fmt::format("{}. Sessions of before are known again with their next request",
                                  restored.error().text);
    }
    options_.journal.id = id;
    TRY_ASSIGN(journal_, journal::Journal::open(folder_, options_.journal, position.at));
    state_ = position.snapshot;
    reached_ = position.at;
    if (journal_->lost() > 0)
        report_damage(
            fmt::format("{} segments of the journal in {} are missing or damaged (those are "
                        "set aside): requests in them that were not in the ledger are lost",
                        journal_->lost(), folder_.path()));
    return {};
}

void RadiusMeter::report_damage(std::string text) {
    const UtcTime now = clock_.now();
    losses_.push_back(
        {cursor_.source, LossReason::corrupt, {now, now + Duration{1}}, std::nullopt, {}});
    notice_ += (notice_.empty() ? "" : ". ") + std::move(text);
}

// The datagrams that were accepted are on the disk when this returns.
Result<std::size_t> RadiusMeter::receive() {
    const std::uint64_t before = source_->examined();
    std::size_t accepted = 0;
    for (int batch = 0; batch < batches_of_a_pull; ++batch) {
        const std::uint64_t examined = source_->examined();
        TRY_ASSIGN(const std::size_t got, journal_->writer().receive(*source_, clock_.now()));
        accepted += got;
        if (source_->examined() == examined) break;
    }
    if (accepted > 0) TRY(journal_->sync());
    return static_cast<std::size_t>(source_->examined() - before);
}

// Without a client, requests of an earlier process cannot be checked, and that process may have
// answered them. There are no requests of this process then.
bool RadiusMeter::waits_for_clients() const {
    return options_.clients.clients().size() == 0 && !journal_->reads_own_messages();
}

std::size_t RadiusMeter::decode(std::size_t messages_max, ReadingSink& sink) {
    journal::Message message;
    std::size_t messages = 0;
    while (messages < messages_max && !waits_for_clients() && journal_->reader().next(message)) {
        on_message(message);
        ++messages;
    }
    if (messages > 0) has_changed_ = true;
    hand_over(sink);
    return messages;
}

void RadiusMeter::hand_over(ReadingSink& sink) {
    const std::vector<IdentityEvent> events = sessions_.drain_events();
    if (!events.empty()) sink.accept_identities(events);
    std::vector<Reading> readings;
    for (const SessionTraffic& traffic : sessions_.drain_traffic()) add_readings(traffic, readings);
    if (!readings.empty()) sink.accept(readings);
    for (const SessionLoss& loss : sessions_.drain_losses()) add_loss(loss);
}

// One loss for each reason: at the first start of the meter every session has one.
void RadiusMeter::add_loss(const SessionLoss& loss) {
    const auto same = std::ranges::find(losses_, loss.reason, &Loss::reason);
    if (same == losses_.end()) {
        losses_.push_back(
            {cursor_.source, loss.reason, loss.interval, std::nullopt, loss.bytes_bound});
        return;
    }
    same->interval.begin = std::min(same->interval.begin, loss.interval.begin);
    same->interval.end = std::max(same->interval.end, loss.interval.end);
    if (!same->bytes_bound || !loss.bytes_bound)
        same->bytes_bound.reset();
    else
        *same->bytes_bound += std::min(*loss.bytes_bound, UINT64_MAX - *same->bytes_bound);
}

// The user is the near end: the source of what the NAS receives, the destination of what it sends.
void RadiusMeter::add_readings(const SessionTraffic& traffic, std::vector<Reading>& readings) {
    if (traffic.is_implausible) ++counts_.implausible;
    Reading reading;
    reading.first = traffic.begin;
    reading.last = traffic.end;
    if (traffic.is_implausible) reading.kind = ReadingKind::implausible;
    if (!traffic.user.empty()) reading.near_name = names_.intern(NameKind::user, traffic.user);
    Reading from_user = reading;
    from_user.direction = Direction::in;
    from_user.src = traffic.address;
    from_user.src_mac = traffic.station;
    from_user.bytes = traffic.volume.input_octets;
    from_user.packets = traffic.volume.input_packets;
    Reading to_user = reading;
    to_user.direction = Direction::out;
    to_user.dst = traffic.address;
    to_user.dst_mac = traffic.station;
    to_user.bytes = traffic.volume.output_octets;
    to_user.packets = traffic.volume.output_packets;
    for (const Reading& one : {from_user, to_user}) {
        if (one.bytes == 0 && one.packets == 0) continue;
        observed_.add(one);
        readings.push_back(one);
    }
}

void RadiusMeter::on_message(const journal::Message& message) {
    const auto checked = check(message);
    if (checked) return on_request(checked->packet, checked->secret, message);
    // Its NAS does not repeat a request that the earlier process has answered.
    if (!journal_->reads_own_messages())
        add_loss({LossReason::corrupt, {message.received, message.received + Duration{1}}, {}});
}

std::optional<RadiusMeter::Checked> RadiusMeter::check(const journal::Message& message) {
    const auto secret = options_.clients.clients().secret_of(message.sender);
    if (!secret) {
        ++counts_.unknown_client;
        unknown_clients.warning([&] {
            return fmt::format(
                "meter {}: datagram of {} refused: it is no RADIUS client. Next: add a line to "
                "`clients` if it is a NAS of yours",
                options_.meter, to_string(message.sender));
        });
        return std::nullopt;
    }
    const auto packet = radius::decode_packet(message.octets);
    if (!packet || packet->code != radius::accounting_request) {
        ++counts_.malformed;
        malformed_requests.warning([&] {
            return fmt::format(
                "meter {}: datagram of {} is no whole Accounting-Request (code {}). Next: send "
                "accounting only to this port; capture some with tcpdump",
                options_.meter, to_string(message.sender),
                packet ? static_cast<int>(packet->code) : 0);
        });
        return std::nullopt;
    }
    if (!radius::is_authentic(*packet, *secret)) {
        ++counts_.wrong_secret;
        wrong_secrets.warning([&] {
            return fmt::format(
                "meter {}: request of {} refused: it was made with another secret. Next: compare "
                "the secret of the NAS with its line in `clients`",
                options_.meter, to_string(message.sender));
        });
        return std::nullopt;
    }
    return Checked{*packet, *secret};
}

void RadiusMeter::on_request(const radius::Packet& packet, std::string_view secret,
                             const journal::Message& message) {
    const auto accounting = radius::decode_accounting(packet);
    if (!accounting) {
        ++counts_.malformed;
        return malformed_requests.warning([&] {
            return fmt::format(
                "meter {}: request of {} has no Acct-Status-Type or no Acct-Session-Id. Next: "
                "correct the configuration of that NAS",
                options_.meter, to_string(message.sender));
        });
    }
    ++counts_.requests;
    if (!recent_.add(message.sender, message.port, packet)) {
        ++counts_.duplicates;
        return answer(packet, secret, message);
    }
    if (accounting->status == radius::StatusType::other) ++counts_.other;
    counts_.refused_values += accounting->refused;
    const EventTime time = event_time(*accounting, message.received);
    if (time.is_doubtful) report_doubtful_time(message.sender, time);
    if (time.is_too_old)
        add_volume_loss(*accounting, message.received);
    else
        sessions_.on_request(*accounting, message.sender, time.at);
    answer(packet, secret, message);
}

void RadiusMeter::report_doubtful_time(const Address& client, const EventTime& time) {
    ++counts_.corrected_times;
    doubtful_times.warning([&] {
        return fmt::format(
            "meter {}: a request of {} has a time more than five minutes from its receipt{}. Next: "
            "set the clock of the NAS (NTP)",
            options_.meter, to_string(client),
            time.is_too_old ? ", and by more than a day: it states nothing" : "");
    });
}

// Of a request that is not used. The next request of the session has the volume of all others.
void RadiusMeter::add_volume_loss(const radius::Accounting& accounting, UtcTime received) {
    const bool is_last = accounting.status == radius::StatusType::stop;
    if (!options_.policy.counts_volumes || !is_last || !accounting.volume) return;
    const std::uint64_t input = accounting.volume->input_octets;
    const std::uint64_t octets =
        input + std::min(accounting.volume->output_octets, UINT64_MAX - input);
    add_loss({LossReason::truncated, {received, received + Duration{1}}, octets});
}

// A request of an earlier process is not answered: its NAS has sent it again, or has given up.
void RadiusMeter::answer(const radius::Packet& packet, std::string_view secret,
                         const journal::Message& message) {
    if (!journal_->reads_own_messages()) return;
    const Status sent =
        replies_->send(message.sender, message.port, radius::encode_response(packet, secret));
    ++(sent ? counts_.responses : counts_.unsent);
}

Result<Pull> RadiusMeter::pull(ReadingSink& sink, Duration wait) {
    TRY_ASSIGN(const std::size_t received, receive());
    const std::size_t messages = decode(messages_of_a_pull, sink);
    // Only a commit frees the journal.
    if (!waits_for_clients() && journal_->held_octets() > journal_->limit_octets() / 2)
        return Pull::checkpoint;
    if (received > 0 || messages > 0) return Pull::more;
    if (journal_->writer().is_full() || source_->descriptor() < 0)
        pause_for(wait);
    else
        wait_readable(std::array{source_->descriptor()}, wait);
    return Pull::idle;
}

Result<Checkpoint> RadiusMeter::checkpoint(ReadingSink& sink) {
    TRY_ASSIGN([[maybe_unused]] const std::size_t received, receive());
    static_cast<void>(decode(messages_of_a_pull, sink));
    sessions_.expire(clock_.now());
    refresh_clients();
    const journal::Position at = journal_->reader().position();
    if (has_changed_ || state_.empty()) {
        TRY_ASSIGN(state_,
                   states_.write(fmt::format("{}-{}-{}", at.segment, at.slot, cursor_.version + 1),
                                 sessions_.save()));
    }
    has_changed_ = false;
    ++cursor_.version;
    cursor_.position = encode(journal::SavedPosition{at, state_});
    cursor_.note = fmt::format("{} sessions", sessions_.open_sessions());
    reached_ = at;
    Checkpoint made;
    made.losses = std::exchange(losses_, {});
    made.observed = observed_.drain();
    made.cursors.push_back(cursor_);
    return made;
}

void RadiusMeter::refresh_clients() {
    const Status read = options_.clients.refresh();
    if (!read)
        unreadable_clients.warning([&] {
            return fmt::format("meter {}: {}. The clients of before stay", options_.meter,
                               read.error().text);
        });
}

void RadiusMeter::committed() {
    journal_->release(reached_);
    states_.remove_all_but(state_);
    // A failure only means that the next process reports it once more.
    static_cast<void>(journal_->confirm_lost());
}

std::vector<CounterValue> RadiusMeter::counters() const {
    const SessionCounts& sessions = sessions_.counts();
    const std::array<std::uint64_t, radius_counters.size()> values{
        counts_.requests,          counts_.duplicates,  counts_.other,
        counts_.responses,         counts_.unsent,      counts_.unknown_client,
        counts_.wrong_secret,      counts_.malformed,   counts_.refused_values,
        counts_.corrected_times,   sessions.late,       sessions.outside,
        sessions.bad_users,        sessions.evicted,    sessions.events,
        sessions_.open_sessions(), counts_.implausible, source_->dropped()};
    std::vector<CounterValue> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.push_back({radius_counters.at(i).name, values.at(i)});
    return all;
}

}  // namespace octroi::radius_meter
