// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/dnsmasq_reader.hpp"

#include <algorithm>
#include <array>

#include "wire/leases/text_lines.hpp"

namespace octroi::leases {

std::size_t DnsmasqReader::decode(std::string_view text, std::vector<Lease>& leases) {
    return each_line(text, record_octets_max, [&](std::string_view line, bool is_cut) {
        if (is_cut)
            ++counts_.bad;
        else if (!line.empty() && !line.starts_with("duid "))
            read_line(line, leases);
    });
}

void DnsmasqReader::read_line(std::string_view line, std::vector<Lease>& leases) {
    std::array<std::string_view, 5> words;  // expiry, MAC or IAID, address, name, id
    for (std::string_view& word : words) {
        word = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(word.size() + 1, line.size()));
    }
    const auto expiry = whole_number(words[0]);
    const auto address = parse_address(words[2]);
    constexpr std::uint64_t seconds_max = 9'000'000'000;
    if (!expiry || *expiry > seconds_max || !address || words[4].empty()) {
        ++counts_.bad;
        return;
    }
    Lease lease;
    lease.prefix = Prefix::of(*address, address->bits());
    if (address->family == Family::v6) {
        lease.mac = mac_of_duid_text(words[4]);
    } else if (const auto mac = parse_mac(words[1])) {
        // A hardware type in front, as in "20-…", is not Ethernet.
        lease.mac = *mac;
    }
    if (*expiry != 0) lease.end = UtcTime::from_seconds(static_cast<std::int64_t>(*expiry));
    ++counts_.records;
    leases.push_back(lease);
}

}  // namespace octroi::leases
