// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/nat_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "meter/nat/mapping_octets.hpp"

namespace octroi::nat {
namespace {

// Earlier mappings of an outside end that a deletion is compared with.
constexpr int earlier_mappings_max = 64;

}  // namespace

void NatTable::on_event(const NatEvent& event, UtcTime at, UtcTime now) {
    if (event.change == MappingChange::created)
        on_created(event.mapping, at, now);
    else
        on_deleted(event.mapping, at, now);
}

void NatTable::on_created(Translation mapping, UtcTime at, UtcTime now) {
    mapping.valid = {at, UtcTime::max()};
    History* history = store_.find(mapping);
    if (history == nullptr) return store_.add(mapping, true, now);
    const MappingKey key = key_of(mapping);
    Mappings& mappings = history->mappings;
    const auto after = mappings.lower_bound(key);
    if (after != mappings.end() && after->first == key) return;  // reported twice
    if (after != mappings.end() && after->first.has_same_end(key) && after->first.begin > at)
        mapping.valid.end = after->first.begin;
    if (const auto before = find_latest(mappings, key, at); before != mappings.end()) {
        const MappingState& state = before->second;
        if (state.is_open()) {
            store_.close(*history, before, at);
        } else if (!state.start_is_known && state.end > at && before->first.inside == key.inside) {
            // Its deletion arrived first and stands with a guessed beginning: correct that.
            mapping.valid.end = state.end;
            store_.changes().remove(state);
            store_.remove(*history, before);
        }
    }
    store_.add(mapping, true, now);
}

// Ends the mapping that the deletion is about, if it is known. True: nothing is left to do.
// deleted.begin: the time of the deletion.
bool NatTable::end_known(const History& history, Mappings& mappings, const MappingKey& deleted) {
    const UtcTime at = deleted.begin;
    const auto newest = find_latest(mappings, deleted, at);
    auto found = newest;
    for (int i = 0; i < earlier_mappings_max && found != mappings.end(); ++i) {
        const MappingState& state = found->second;
        if (found->first.inside == deleted.inside) {
            if (state.is_open()) {
                store_.close(history, found, at);
                return true;
            }
            // This deletion was reported before, unless the mapping has been created once more
            // since.
            if (found != newest || state.end >= at - clock_grace) return true;
            break;
        }
        if (found == mappings.begin() || !(--found)->first.has_same_end(deleted)) break;
    }
    // A device with an unsteady clock may date a deletion before the creation.
    const auto after = mappings.upper_bound(deleted);
    const bool is_just_after = after != mappings.end() && after->first.has_same_end(deleted) &&
                               after->second.is_open() && after->first.inside == deleted.inside &&
                               after->first.begin - at <= clock_grace;
    if (is_just_after) store_.close(history, after, at);
    return is_just_after;
}

void NatTable::on_deleted(Translation mapping, UtcTime at, UtcTime now) {
    mapping.valid = {at - unknown_start, at};
    History* history = store_.find(mapping);
    if (history == nullptr) return store_.add(mapping, false, now);
    MappingKey key = key_of(mapping);
    key.begin = at;
    Mappings& mappings = history->mappings;
    if (end_known(*history, mappings, key)) return;
    const auto newest = find_latest(mappings, key, at);
    if (newest != mappings.end()) {
        if (newest->second.is_open()) {
            ++contradicted_;
            return;
        }
        mapping.valid.begin =
            std::clamp(newest->second.end, mapping.valid.begin, mapping.valid.end);
    }
    store_.add(mapping, false, now);
}

std::optional<InsideEnd> NatTable::inside_of(const InsideQuery& query) const {
    const auto histories = store_.find_all(query.outside);
    // The exact moments first: within the grace, a mapping before or after may match as well.
    const std::array<std::pair<UtcTime, Duration>, 3> moments{
        {{query.first, {}}, {query.last, {}}, {query.first, clock_grace}}};
    for (const auto& [at, grace] : moments) {
        const MappingKey* best = nullptr;
        for (const auto& history : histories) {
            const bool is_own = history->device == query.reporter;
            if (!is_own && !any_contains(query.trusted, history->device)) continue;
            const MappingKey* found = find_mapping(history->mappings, query, at, grace);
            if (found == nullptr) continue;
            if (is_own || best == nullptr || found->begin > best->begin) best = found;
            if (is_own) break;
        }
        if (best != nullptr) return InsideEnd{best->inside, best->inside_port};
    }
    return std::nullopt;
}

void NatTable::save(ByteWriter& out) const {
    out.be64(store_.size());
    store_.visit_all([&](const History& history, const MappingKey& key, const MappingState& state) {
        nat::save(out, translation_of(history, key, state), state.start_is_known);
    });
}

bool NatTable::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    bool is_good = in.be64(count) && count <= limits_.mappings;
    for (std::uint64_t i = 0; is_good && i < count; ++i) {
        Translation mapping;
        bool start_is_known = false;
        is_good = nat::restore(in, mapping, start_is_known) &&
                  store_.add_restored(mapping, start_is_known);
    }
    store_.changes().clear();  // the ledger has them
    if (!is_good) store_.clear();
    return is_good;
}

}  // namespace octroi::nat
