// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::conntrack {
namespace {

// From the begin of a listing to that of the next one after lost events; the second one in times of
// what the last listing took: a large table takes a second to read.
constexpr Duration relist_pause = Duration::seconds(1);
constexpr std::int64_t relist_part = 4;

Count sum(const Count& a, const Count& b) { return {a.bytes + b.bytes, a.packets + b.packets}; }

Count difference(const Count& now, const Count& before) {
    return {now.bytes - before.bytes, now.packets - before.packets};
}

bool is_smaller(const Count& now, const Count& before) {
    return now.bytes < before.bytes || now.packets < before.packets;
}

bool is_known(UtcTime time) { return time != UtcTime::min(); }

std::string_view boot_of(std::string_view generation) {
    return generation.substr(0, generation.find('/'));
}

}  // namespace

ConnectionMeter::ConnectionMeter(const ConnectionMeterOptions& options,
                                 std::unique_ptr<ConnectionHost> host, OwnFolder folder)
    : options_(options),
      host_(std::move(host)),
      folder_(std::move(folder)),
      files_(folder_),
      table_(options.secret, options.connection_limit),
      readings_(options.link_bits_per_second) {}

Result<std::unique_ptr<ConnectionMeter>> ConnectionMeter::open(
    const ConnectionMeterOptions& options, std::unique_ptr<ConnectionHost> host,
    std::span<const Cursor> known) {
    TRY_ASSIGN(OwnFolder folder, OwnFolder::open(options.state_folder));
    auto meter = std::unique_ptr<ConnectionMeter>(
        new ConnectionMeter(options, std::move(host), std::move(folder)));
    const auto settings = meter->host_->settings();
    const bool has_timestamps = settings && settings->timestamps;
    // Times of the kernel are better than those of events, and half the events are enough.
    TRY_ASSIGN(meter->source_, meter->host_->open({.begun_events = !has_timestamps,
                                                   .buffer_octets = options.socket_octets}));
    if (meter->source_ == nullptr)
        return fail(ErrorCode::unsupported,
                    "the kernel tracks no connections here; next: load nf_conntrack, with a rule "
                    "that uses it (ct state in nftables), or meter with kind = \"capture\"");
    TRY(meter->resume(known));
    return meter;
}

// ---- State

Status ConnectionMeter::resume(std::span<const Cursor> known) {
    TRY_ASSIGN(generation_, host_->generation());
    const UtcTime now = host_->clock().now();
    position_.meter_start = position_.time = now;
    TRY_ASSIGN(position_.totals, read_totals());
    cursor_.source = tracking_source;
    const auto cursor = std::ranges::find(known, tracking_source, &Cursor::source);
    if (cursor == known.end()) return {};
    cursor_ = *cursor;
    TRY_ASSIGN(const StateName name, decode_state_name(cursor_.position));
    const auto saved = read_state_file(files_.path_of(name.file));
    if (!saved) {
        drop_state(saved.error().text, name.written);
        return {};
    }
    auto state = restore_state(*saved, options_.connection_limit);
    if (!state) {
        drop_state(state.error().text, name.written);
        return {};
    }
    state_file_ = name.file;
    if (state->generation == generation_) {
        position_ = std::move(state->position);
        table_ = std::move(state->table);
        signs_.is_resumed = is_known(position_.listed);
        return {};
    }
    if (boot_of(state->generation) == boot_of(generation_)) {
        drop_state("the meter ran in another network namespace", name.written);
        return {};
    }
    // All connections began after the boot, so they count whole.
    add_not_running(name.written, now, std::nullopt);
    position_.listed = std::max(name.written, now - host_->clock().uptime());
    return {};
}

// The connections that live now are where the meter begins again.
void ConnectionMeter::drop_state(const std::string& why, UtcTime since) {
    warning_ = fmt::format(
        "the counters at the last commit are not known ({}): traffic since then is not counted",
        why);
    add_not_running(since, host_->clock().now(), std::nullopt);
}

void ConnectionMeter::add_not_running(UtcTime from, UtcTime until, std::optional<Count> bound) {
    losses_.push_back(tracking_loss(LossReason::not_running, {from, until}, bound));
}

// ---- Listings

Result<TrafficTotals> ConnectionMeter::read_totals() {
    TRY_ASSIGN(const auto interfaces, host_->interfaces());
    std::vector<Address> own;
    for (const Interface& interface : interfaces)
        for (const InterfaceAddress& a : interface.addresses) own.push_back(a.address);
    std::ranges::sort(own);
    readings_.set_own_addresses(std::move(own));
    std::optional<IpTotals> ip;
    if (const auto texts = host_->ip_statistics(); texts)
        ip = decode_ip_totals(texts->snmp, texts->netstat, texts->snmp6);
    TRY_ASSIGN(const bool has_fast_path, host_->has_fast_path(interfaces));
    return TrafficTotals(interfaces, ip, has_fast_path);
}

// The totals come first: what passes from here on is in the bound of a later loss.
Status ConnectionMeter::begin_listing() {
    next_ = position_;
    next_.time = next_.listed = host_->clock().now();
    next_.posted = {};
    next_.recorded = {};
    next_.has_refused = next_.has_refused_old = false;
    TRY_ASSIGN(next_.totals, read_totals());
    TRY(source_->list());
    table_.begin_listing();
    listing_ = was_listed_ = true;
    relist_ = lost_in_listing_ = false;
    listed_at_ = host_->clock().uptime();
    return {};
}

Status ConnectionMeter::end_listing() {
    const UtcTime now = host_->clock().now();
    TRY_ASSIGN(const TrafficTotals totals, read_totals());
    // A kill before the first commit leaves no cursor, and so no loss.
    if (!is_known(position_.listed)) wants_checkpoint_ = true;
    if (early_ends_ != Count{}) add_not_running(position_.meter_start, now, early_ends_);
    early_ends_ = {};
    const LossSigns signs = drain_signs(table_.end_listing());
    if (auto loss = tracker_.on_listed(signs, {std::move(next_), totals, now}, position_))
        losses_.push_back(*std::move(loss));
    relist_ = relist_ || tracker_.wants_listing();
    signs_.has_lost_events = lost_in_listing_;
    listing_ = false;
    listing_took_ = host_->clock().uptime() - listed_at_;
    ++counts_.listings;
    return {};
}

LossSigns ConnectionMeter::drain_signs(std::uint64_t unseen_ends) {
    signs_.unseen_ends += unseen_ends;
    counts_.unseen_ends += signs_.unseen_ends;
    return std::exchange(signs_, {});
}

// Traffic of live connections since the last listing counts after a restart, and is in the bound.
Status ConnectionMeter::record_last_loss() {
    // Without a listing since the restart, the next start goes on from the same position.
    if (signs_.is_resumed) return {};
    const LossSigns signs = drain_signs(0);
    TRY_ASSIGN(const TrafficTotals totals, read_totals());
    if (auto loss = tracker_.on_stop(signs, totals, host_->clock().now(), position_))
        losses_.push_back(*std::move(loss));
    return {};
}

// ---- The loop

Result<Pull> ConnectionMeter::pull(ReadingSink& sink, Duration wait) {
    readings_.set_sink(sink);
    const Duration since = host_->clock().uptime() - listed_at_;
    const Duration pause{std::max(relist_pause.ns, relist_part * listing_took_.ns)};
    const Duration due = relist_ ? std::min(pause, options_.poll) : options_.poll;
    if (!listing_ && (!was_listed_ || since >= due)) TRY(begin_listing());
    reading_at_ = host_->clock().now();
    const bool has_read_listing = listing_ && !source_->is_listing();
    const std::uint64_t events_before = counts_.begun + counts_.ended;
    const std::uint64_t listed_before = counts_.listed;
    TRY_ASSIGN(const bool complete, source_->read(&on_message, this));
    if (!complete) {
        ++counts_.overruns;
        signs_.has_lost_events = relist_ = true;
        lost_in_listing_ = listing_;
    }
    // Too many connections ended meanwhile to tell late entries from new ones.
    if (listing_ && is_tombstone_refused_) TRY(begin_listing());
    is_tombstone_refused_ = false;
    const std::uint64_t events = counts_.begun + counts_.ended - events_before;
    // First the events of the connections that the listing does not contain because they ended.
    const bool is_drained = events < ConnectionSource::events_of_a_read;
    if (is_drained) drained_at_ = reading_at_;
    if (listing_ && has_read_listing && is_drained) TRY(end_listing());
    readings_.flush();
    if (std::exchange(wants_checkpoint_, false)) return Pull::checkpoint;
    if (listing_ || events > 0 || counts_.listed != listed_before) return Pull::more;
    source_->wait(std::clamp(due - since, Duration{}, wait));
    return Pull::idle;
}

void ConnectionMeter::on_message(void* meter, ConnectionSource::Kind kind, ByteSpan message) {
    auto& self = *static_cast<ConnectionMeter*>(meter);
    Entry entry;
    if (!decode_entry(message, entry)) {
        ++self.counts_.malformed;
        return;
    }
    switch (kind) {
        case ConnectionSource::Kind::listed:
            return self.on_listed(entry);
        case ConnectionSource::Kind::begun:
            return self.on_begun(entry);
        case ConnectionSource::Kind::ended:
            return self.on_ended(entry);
    }
}

// Of an event that is read now. It may have waited since before the listing in progress began: then
// the connection may be older than that.
UtcTime ConnectionMeter::begun_at() const {
    if (!listing_ || drained_at_ >= next_.time) return reading_at_;
    return next_.time - Duration{1};
}

// The event has no counters.
void ConnectionMeter::on_begun(const Entry& entry) {
    ++counts_.begun;
    const ConnectionKey key = table_.key_of(entry);
    recent_ends_.remove(key);
    PostedConnection* const known = table_.find(key);
    if (known != nullptr && known->ended) return;
    // A listing found it before its event was read.
    if (known != nullptr && std::exchange(known->listings_to_begin, 0) > 0) return;
    if (known != nullptr) {
        ++counts_.replaced;
        ++signs_.unseen_ends;
    }
    PostedConnection posted;
    posted.posted_until = begun_at();
    posted.listing = table_.listing();
    if (known != nullptr)
        *known = posted;
    else if (table_.insert(key, posted) == nullptr)
        add_refused();
}

void ConnectionMeter::on_listed(const Entry& entry) {
    ++counts_.listed;
    const ConnectionKey key = table_.key_of(entry);
    PostedConnection* posted = table_.find(key);
    // The event of its end counts it, and may have been read.
    if ((entry.status & status_dying) != 0) {
        if (posted != nullptr) posted->listing = table_.listing();
        return;
    }
    if (!entry.has_counts) {
        ++counts_.uncounted;
        ++signs_.uncounted;
        if (posted != nullptr) posted->listing = table_.listing();
        return;
    }
    // Without times of the kernel, another one with its id and its tuple counts after the listing.
    const bool follows_ended = posted != nullptr && posted->ended && is_known(posted->start) &&
                               entry.start > posted->start;
    if (posted != nullptr && posted->ended && !follows_ended) return;
    if (posted != nullptr && !follows_ended) {
        post_increase(entry, *posted, reading_at_);
    } else {
        if (!follows_ended) posted = table_.insert(key, {});
        if (posted == nullptr) return add_refused();
        *posted = {};
        posted->listings_to_begin = listings_to_begin_max;
        if (!precedes_meter(entry)) post_whole(entry, reading_at_);
        note_posted(entry, *posted, reading_at_);
    }
    posted->listing = table_.listing();
}

void ConnectionMeter::on_ended(const Entry& entry) {
    ++counts_.ended;
    const ConnectionKey key = table_.key_of(entry);
    PostedConnection* const posted = table_.find(key);
    const bool is_repeated = recent_ends_.add(key, entry);
    const UtcTime last = is_known(entry.stop) ? entry.stop : reading_at_;
    if (posted != nullptr && !posted->ended) {
        if (entry.has_counts) post_increase(entry, *posted, last);
    } else if (is_repeated) {
        ++counts_.repeated;
        return;
    } else if (entry.has_counts && precedes_meter(entry)) {
        if (options_.filter.matches(entry))
            early_ends_ = sum(early_ends_, sum(entry.original, entry.reply));
    } else if (entry.has_counts) {
        post_whole(entry, last);
    }
    if (!entry.has_counts) {
        ++counts_.uncounted;
        ++signs_.uncounted;
    }
    remove(key, posted, entry.start);
}

// During a listing an entry may still come of a connection that has ended.
void ConnectionMeter::remove(const ConnectionKey& key, PostedConnection* posted, UtcTime start) {
    if (!listing_) {
        if (posted != nullptr) table_.erase(key);
        return;
    }
    PostedConnection ended;
    ended.ended = true;
    ended.start = start;
    if (posted != nullptr)
        *posted = ended;
    else if (table_.insert(key, ended) == nullptr)
        is_tombstone_refused_ = true;
}

// ---- Readings

// Whether it may have carried traffic before the meter started for the first time. Later, only a
// connection that found no place in the table can be that old.
bool ConnectionMeter::precedes_meter(const Entry& entry) const {
    const bool is_first = !is_known(position_.listed);
    if (!is_first && !position_.has_refused_old) return false;
    return !is_known(entry.start) || entry.start < position_.meter_start;
}

void ConnectionMeter::note_posted(const Entry& entry, PostedConnection& posted, UtcTime until) {
    posted.original = entry.original;
    posted.reply = entry.reply;
    if (is_known(entry.start)) posted.start = entry.start;
    posted.posted_until = until;
}

// Without a time of the kernel: it was not in the last listing, so it began after that.
void ConnectionMeter::post_whole(const Entry& entry, UtcTime last) {
    UtcTime first = is_known(position_.listed) ? position_.listed : position_.meter_start;
    if (is_known(entry.start)) first = entry.start;
    post(entry, {first, last, entry.original, entry.reply, true, true});
}

void ConnectionMeter::post_increase(const Entry& entry, PostedConnection& posted, UtcTime last) {
    // An entry has its start from its begin on, or never.
    const bool was_listed = posted.original.packets > 0 || posted.reply.packets > 0;
    const bool is_other = was_listed && entry.start != posted.start;
    const bool has_decreased =
        is_smaller(entry.original, posted.original) || is_smaller(entry.reply, posted.reply);
    if (has_decreased && !is_other && is_known(entry.start)) {
        ++counts_.reset;
        signs_.has_reset = true;
        post(entry, {posted.posted_until, last, entry.original, entry.reply, false, false});
    } else if (is_other || has_decreased) {
        ++counts_.replaced;
        ++signs_.unseen_ends;
        posted.listings_to_begin = listings_to_begin_max;
        post_whole(entry, last);
    } else {
        post(entry, {posted.posted_until, last, difference(entry.original, posted.original),
                     difference(entry.reply, posted.reply), posted.original.packets == 0,
                     posted.reply.packets == 0});
    }
    note_posted(entry, posted, last);
}

void ConnectionMeter::post(const Entry& entry, const ConnectionIncrease& increase) {
    const Count both = sum(increase.original, increase.reply);
    Count generated;
    if (options_.filter.matches(entry)) {
        generated = readings_.add(entry.connection, increase);
    } else {
        generated = readings_.generated(entry.connection, increase);
        other_bytes_ += both.bytes;
    }
    // A connection that found no place may be older than it seems.
    if (position_.has_refused && !is_known(entry.start)) return;
    for (auto* const position : {&position_, &next_}) {
        if (increase.first < position->time || (position == &next_ && !listing_)) continue;
        position->posted = {sum(position->posted.all, both),
                            sum(position->posted.generated, generated)};
    }
}

// It counts when it ends, or in a listing that finds a place for it.
void ConnectionMeter::add_refused() {
    ++counts_.refused;
    ++signs_.refused;
    position_.has_refused = next_.has_refused = true;
    const bool may_be_old = position_.has_refused_old || !is_known(position_.listed);
    position_.has_refused_old = next_.has_refused_old = may_be_old;
}

// ---- Checkpoints

Result<Checkpoint> ConnectionMeter::checkpoint(ReadingSink& sink) {
    readings_.set_sink(sink);
    readings_.flush();
    if (is_stopping_) TRY(record_last_loss());
    const std::uint64_t version = cursor_.version + 1;
    TRY_ASSIGN(const std::string file, files_.write(fmt::format("conntrack-{}", version),
                                                    save(generation_, position_, table_)));
    state_file_ = file;
    cursor_.position = encode({file, host_->clock().now()});
    cursor_.version = version;
    cursor_.note = fmt::format("{} connections", table_.size());
    Checkpoint out;
    out.cursors.push_back(cursor_);
    out.losses = std::exchange(losses_, {});
    out.observed = readings_.drain_observed();
    return out;
}

void ConnectionMeter::committed() { files_.remove_all_but(state_file_); }

std::vector<CounterValue> ConnectionMeter::counters() const {
    TrackingCounts counts = counts_;
    counts.connections = table_.size();
    counts.implausible = readings_.implausible();
    counts.own_bytes = readings_.own_bytes();
    counts.other_bytes = other_bytes_;
    return counter_values(counts);
}

}  // namespace octroi::conntrack
