// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/kea_reader.hpp"

#include <algorithm>

#include "wire/leases/text_lines.hpp"

namespace octroi::leases {
namespace {

// Kea's Lease::STATE_*: 0 default, 1 declined, 2 expired-reclaimed, 3 released.
constexpr std::uint64_t state_default = 0;
constexpr std::uint64_t state_expired = 2;
constexpr std::uint64_t type_prefix = 2;                  // Lease::TYPE_PD
constexpr std::uint64_t lifetime_infinite = 0xffff'ffff;  // RFC 8415 section 7.7
constexpr std::size_t columns_max = 64;

std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> cells;
    while (cells.size() < columns_max) {
        const auto comma = line.find(',');
        cells.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) break;
        line.remove_prefix(comma + 1);
    }
    return cells;
}

}  // namespace

std::size_t KeaReader::decode(std::string_view text, std::vector<Lease>& leases) {
    return each_line(text, record_octets_max, [&](std::string_view line, bool is_cut) {
        if (is_cut)
            ++counts_.bad;
        else if (line.starts_with("address,"))
            read_header(line);
        else if (!line.empty())
            read_row(line, leases);
    });
}

void KeaReader::read_header(std::string_view line) {
    const auto cells = cells_of(line);
    const auto place = [&](std::string_view name) {
        const auto found = std::ranges::find(cells, name);
        return found == cells.end() ? no_column : static_cast<std::size_t>(found - cells.begin());
    };
    columns_ = {place("address"), place("hwaddr"),     place("duid"),       place("valid_lifetime"),
                place("expire"),  place("lease_type"), place("prefix_len"), place("state")};
}

void KeaReader::read_row(std::string_view line, std::vector<Lease>& leases) {
    const auto cells = cells_of(line);
    const auto cell = [&](std::size_t column) {
        return column < cells.size() ? cells[column] : std::string_view();
    };
    const auto address = parse_address(cell(columns_.address));
    const auto lifetime = whole_number(cell(columns_.lifetime));
    const auto expire = whole_number(cell(columns_.expire));
    constexpr std::uint64_t seconds_max = 9'000'000'000;
    if (!address || !lifetime || !expire || *expire > seconds_max || *lifetime > *expire) {
        ++counts_.bad;
        return;
    }
    const bool is_prefix = whole_number(cell(columns_.type)).value_or(0) == type_prefix;
    const auto length = whole_number(cell(columns_.prefix_length));
    const auto bits = static_cast<std::uint64_t>(address->bits());
    if (is_prefix && (!length || *length > bits)) {
        ++counts_.bad;
        return;
    }
    Lease lease;
    lease.prefix = Prefix::of(*address, static_cast<int>(is_prefix ? *length : bits));
    const auto mac = parse_mac(cell(columns_.mac));
    lease.mac = mac ? *mac : mac_of_duid_text(cell(columns_.duid));
    // `expire` is the time of the client's last message plus the lifetime.
    lease.begin = UtcTime::from_seconds(static_cast<std::int64_t>(*expire - *lifetime));
    if (*lifetime != lifetime_infinite)
        lease.end = UtcTime::from_seconds(static_cast<std::int64_t>(*expire));
    const std::uint64_t state = whole_number(cell(columns_.state)).value_or(state_default);
    if (state == state_expired && lease.end) {
        lease.state = LeaseState::ended;
    } else if (state != state_default || *lifetime == 0) {
        // A row with the lifetime 0 deletes the lease.
        lease.state = LeaseState::removed;
        lease.end.reset();
    }
    ++counts_.records;
    leases.push_back(lease);
}

}  // namespace octroi::leases
