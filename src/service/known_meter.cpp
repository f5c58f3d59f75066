// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/known_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace octroi {

std::vector<Store::MeterCursor> newest_cursors(std::vector<Store::MeterCursor> all) {
    std::map<std::string, std::uint64_t> newest;  // version, by content source
    for (const auto& entry : all) {
        if (!is_content_source(entry.cursor.source)) continue;
        std::uint64_t& version = newest[entry.cursor.source];
        version = std::max(version, entry.cursor.version);
    }
    std::erase_if(all, [&](const Store::MeterCursor& entry) {
        const auto found = newest.find(entry.cursor.source);
        return found != newest.end() && found->second != entry.cursor.version;
    });
    return all;
}

Status require_meter(Query& ledger, const std::string& name) {
    TRY_ASSIGN(const auto meters, ledger.meters());
    for (const MeterState& meter : meters)
        if (meter.meter.name == name) return {};
    return fail(ErrorCode::not_found,
                fmt::format("there is no meter {}; octroi meters shows all", name));
}

}  // namespace octroi
