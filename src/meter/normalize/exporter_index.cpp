// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_index.hpp"

#include <fmt/format.h>

namespace octroi::normalize {

ExporterEntry& ExporterIndex::look_up(const Address& exporter) {
    const auto known = places_.find(exporter);
    if (known != places_.end()) {
        entries_.splice(entries_.begin(), entries_, known->second);
        return entries_.front();
    }
    if (entries_.size() >= limits_.exporters) evict_exporter();
    entries_.emplace_front().exporter = exporter;
    places_.emplace(exporter, entries_.begin());
    return entries_.front();
}

// The rows stay as they are until they get another name.
void ExporterIndex::evict_exporter() {
    ExporterEntry& entry = entries_.back();
    while (entry.interfaces.size() > 0)
        interfaces_.free.push_back(entry.interfaces.remove_oldest());
    while (entry.next_hops.size() > 0) next_hops_.free.push_back(entry.next_hops.remove_oldest());
    interfaces_.donor = next_hops_.donor = nullptr;
    places_.erase(entry.exporter);
    entries_.pop_back();
}

NameRef ExporterIndex::look_up(ExporterEntry& entry, std::uint32_t if_index) {
    // An interface without a known exporter could be that of any.
    if (if_index == 0) return no_name;
    if (entry.exporter.empty()) return names_.refuse();
    NameRef name = entry.interfaces.find(if_index);
    if (name == no_name) {
        name = row_for<&ExporterEntry::interfaces>(
            entry, NameKind::interface, interfaces_,
            fmt::format("{}#{}", to_string(entry.exporter), if_index));
        entry.interfaces.add(if_index, name);
    }
    entry.interfaces.set_cached(if_index, name);
    return name;
}

NameRef ExporterIndex::look_up(ExporterEntry& entry, const Address& next_hop) {
    NameRef name = entry.next_hops.find(next_hop);
    if (name == no_name) {
        name = row_for<&ExporterEntry::next_hops>(entry, NameKind::next_hop, next_hops_,
                                                  to_string(next_hop));
        entry.next_hops.add(next_hop, name);
    }
    entry.next_hops.set_cached(next_hop, name);
    return name;
}

// A row with that name, for the pool of the entry.
template <auto pool>
NameRef ExporterIndex::row_for(ExporterEntry& entry, NameKind kind, Rows& rows, std::string text) {
    const bool may_grow = (entry.*pool).size() < limits_.names_per_exporter;
    if (may_grow && rows.free.empty() && rows.count < limits_.names) {
        ++rows.count;
        return names_.append(kind, std::move(text));
    }
    NameRef row = no_name;
    if (may_grow && !rows.free.empty()) {
        row = rows.free.back();
        rows.free.pop_back();
    } else {
        row = donor<pool>(entry, rows).remove_oldest();
    }
    on_rename_();
    names_.rename(row, std::move(text));
    return row;
}

// The pool that gives up a row. An exporter with less than its part of all rows takes it from the
// one with the most, which then has more than that part.
template <auto pool>
auto& ExporterIndex::donor(ExporterEntry& entry, Rows& rows) {
    if ((entry.*pool).size() >= part()) return entry.*pool;
    if (rows.donor != nullptr && (rows.donor->*pool).size() > part()) return rows.donor->*pool;
    rows.donor = &entry;
    for (ExporterEntry& other : entries_)
        if ((other.*pool).size() > (rows.donor->*pool).size()) rows.donor = &other;
    return rows.donor->*pool;
}

}  // namespace octroi::normalize
