// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/session_table.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "base/narrow.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

using Event = HeldSessions::Event;

bool has_lookup(const Identity& identity, IdentityLookup lookup) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    return info != nullptr && info->lookup == lookup;
}

auto order_of(const Event& event) { return std::tie(event.source, event.at, event.number); }

// The holders at one moment: the better kind first, then the later statement.
bool decides_before(const HeldSessions& held, const HeldSessions::Holder& a,
                    const HeldSessions::Holder& b) {
    const auto key = [&](const HeldSessions::Holder& holder) {
        const Event& event = held.events[holder.event];
        const IdentityKindInfo* info = find_identity_kind(holder.identity.kind);
        return std::tuple(info == nullptr ? INT32_MAX : info->rank, -event.at.ns, ~event.number);
    };
    return key(a) < key(b);
}

HeldSessions::Holder holder_of(const HeldSessions& held, std::uint32_t event) {
    HeldSessions::Holder holder;
    holder.identity = held.events[event].holder;
    holder.event = event;
    if (has_lookup(holder.identity, IdentityLookup::by_mac))
        holder.mac = parse_mac(holder.identity.value).value_or(Mac{});
    return holder;
}

// Makes the segments of the events.
void compile(HeldSessions& held) {
    struct Edge {
        UtcTime at;
        bool begins;
        std::uint32_t event;
    };
    std::ranges::sort(held.events, {}, order_of);
    std::vector<Edge> edges;
    for (std::uint32_t i = 0; i < held.events.size(); ++i) {
        const Interval interval = held.interval_of(i);
        if (held.events[i].holder.value.empty() || interval.begin >= interval.end) continue;
        edges.push_back({interval.begin, true, i});
        if (interval.end != UtcTime::max()) edges.push_back({interval.end, false, i});
    }
    std::ranges::sort(edges, {}, &Edge::at);
    held.segments.clear();
    held.holders.clear();
    std::vector<HeldSessions::Holder> open;
    for (std::size_t i = 0; i < edges.size();) {
        const UtcTime at = edges[i].at;
        for (; i < edges.size() && edges[i].at == at; ++i) {
            if (edges[i].begins)
                open.push_back(holder_of(held, edges[i].event));
            else
                std::erase_if(open, [&](const auto& h) { return h.event == edges[i].event; });
        }
        std::ranges::sort(open,
                          [&](const auto& a, const auto& b) { return decides_before(held, a, b); });
        const auto begin = narrow<std::uint32_t>(held.holders.size());
        held.holders.insert(held.holders.end(), open.begin(), open.end());
        held.segments.push_back({at.ns, begin, narrow<std::uint32_t>(held.holders.size())});
    }
}

// Null: no event is left. Of each source the events before some event go, so that the others hold
// as long as before.
SessionTable::HeldPtr without_ended_events(const SessionTable::HeldPtr& held, UtcTime since) {
    std::vector<Event> left;
    for (std::size_t i = 0; i < held->events.size(); ++i) {
        const Event& event = held->events[i];
        const bool is_end = event.holder.value.empty() && event.at <= since;
        if (!is_end && held->interval_of(i).end > since) left.push_back(event);
    }
    if (left.empty()) return nullptr;
    if (left.size() == held->events.size()) return held;
    const auto made = std::make_shared<HeldSessions>(*held);
    made->events = std::move(left);
    compile(*made);
    return made;
}

}  // namespace

HeldKey HeldKey::of(const Mac& mac) noexcept {
    HeldKey key{.is_mac = true};
    std::ranges::copy(mac.octets, key.address.octets.begin());
    return key;
}

std::optional<HeldKey> HeldKey::of(const Identity& identity) {
    if (has_lookup(identity, IdentityLookup::by_mac)) {
        const auto mac = parse_mac(identity.value);
        return mac ? std::optional(of(*mac)) : std::nullopt;
    }
    if (!has_lookup(identity, IdentityLookup::by_prefix)) return std::nullopt;
    const auto prefix = parse_prefix(identity.value);
    return prefix ? std::optional(of(*prefix)) : std::nullopt;
}

std::span<const HeldSessions::Holder> HeldSessions::at(UtcTime time,
                                                       Interval& valid) const noexcept {
    const auto next = std::ranges::upper_bound(segments, time.ns, {}, &Segment::from_ns);
    if (next != segments.end()) valid.end = std::min(valid.end, UtcTime{next->from_ns});
    if (next == segments.begin()) return {};
    const Segment& segment = *(next - 1);
    valid.begin = std::max(valid.begin, UtcTime{segment.from_ns});
    return std::span(holders).subspan(segment.begin, segment.end - segment.begin);
}

Interval HeldSessions::interval_of(std::size_t event) const noexcept {
    const Event& own = events[event];
    Interval interval{own.at, own.until};
    if (event + 1 < events.size() && events[event + 1].source == own.source)
        interval.end = std::min(interval.end, events[event + 1].at);
    return interval;
}

void SessionTable::note_length(const HeldKey& key) {
    if (key.is_mac || key.is_single()) return;
    auto& lengths = key.address.family == Family::v4 ? v4_lengths_ : v6_lengths_;
    if (std::ranges::find(lengths, key.length) != lengths.end()) return;
    lengths.push_back(key.length);
    std::ranges::sort(lengths, std::greater<>());
}

// Copies each part of the table once, before it changes it.
class SessionTable::Maker {
public:
    explicit Maker(SessionTable& table)
        : table_(table), sources_(*table.sources_), changed_(0, Hash{table.seed_}) {}

    void add(const SessionInput& input) {
        const auto key = HeldKey::of(input.event.held);
        if (!key || input.number <= table_.number_) return;
        HeldSessions& held = changed(*key, input.event.held);
        held.events.push_back({input.event.at, input.event.until, input.event.holder,
                               source(input.source), input.number});
    }

    void finish() {
        for (auto& [key, held] : changed_) {
            compile(*held);
            shard(key)[key] = std::move(held);
        }
        for (auto& [place, shard] : shards_) table_.shards_[place] = std::move(shard);
        table_.sources_ = std::make_shared<const std::vector<std::string>>(std::move(sources_));
    }

private:
    std::uint32_t source(const std::string& name) {
        const auto found = std::ranges::find(sources_, name);
        if (found == sources_.end()) {
            sources_.push_back(name);
            return narrow<std::uint32_t>(sources_.size() - 1);
        }
        return static_cast<std::uint32_t>(found - sources_.begin());
    }
    HeldSessions& changed(const HeldKey& key, const Identity& held) {
        const auto [at, is_first] = changed_.try_emplace(key);
        if (!is_first) return *at->second;
        const HeldSessions* before = table_.find(key);
        if (before != nullptr) {
            at->second = std::make_shared<HeldSessions>(*before);
            return *at->second;
        }
        at->second = std::make_shared<HeldSessions>();
        HeldSessions& fresh = *at->second;
        fresh.held = held;
        fresh.key = key;
        fresh.number = table_.next_number_++;
        fresh.party_key = Address::v4(fresh.number);
        ++table_.held_;
        table_.note_length(key);
        return fresh;
    }
    Shard& shard(const HeldKey& key) {
        const std::size_t place = table_.place_of(key);
        const auto [at, is_first] = shards_.try_emplace(place);
        if (is_first)
            at->second = table_.shards_[place] ? std::make_shared<Shard>(*table_.shards_[place])
                                               : std::make_shared<Shard>(0, Hash{table_.seed_});
        return *at->second;
    }

    SessionTable& table_;
    std::vector<std::string> sources_;
    boost::unordered_flat_map<HeldKey, std::shared_ptr<HeldSessions>, Hash> changed_;
    boost::unordered_flat_map<std::size_t, std::shared_ptr<Shard>> shards_;
};

SessionsPtr SessionTable::without_events(std::uint64_t seed) {
    auto table = std::make_shared<SessionTable>();
    table->seed_ = seed;
    return table;
}

SessionsPtr SessionTable::with(const SessionsPtr& before, std::span<const SessionInput> inputs,
                               std::uint64_t number) {
    auto table =
        before ? std::make_shared<SessionTable>(*before) : std::make_shared<SessionTable>();
    Maker maker(*table);
    std::uint64_t newest = std::max(table->number_, number);
    for (const SessionInput& input : inputs) {
        maker.add(input);
        newest = std::max(newest, input.number);
    }
    maker.finish();
    table->number_ = newest;
    return table;
}

SessionsPtr SessionTable::without_ended(const SessionsPtr& before, UtcTime since) {
    auto table = std::make_shared<SessionTable>(*before);
    table->held_ = 0;
    table->v4_lengths_.clear();
    table->v6_lengths_.clear();
    for (auto& shard : table->shards_) {
        if (!shard) continue;
        const auto kept = std::make_shared<Shard>(0, Hash{table->seed_});
        for (const auto& [key, held] : *shard) {
            HeldPtr left = without_ended_events(held, since);
            if (!left) continue;
            kept->emplace(key, std::move(left));
            ++table->held_;
            table->note_length(key);
        }
        shard = kept;
    }
    return table;
}

const HeldSessions* SessionTable::find(const HeldKey& key) const noexcept {
    const auto& shard = shards_[place_of(key)];
    if (!shard) return nullptr;
    const auto found = shard->find(key);
    return found == shard->end() ? nullptr : found->second.get();
}

}  // namespace octroi
