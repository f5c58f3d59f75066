// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the collector keeps for each exporter beside the state of its decoder: the names of its
// interfaces, and its largest record. And the names of next hops, which are the same whichever
// exporter states them. Bounded: exporters beyond the bound share one entry, interfaces and next
// hops beyond it have no name.

#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "base/address.hpp"
#include "meter/name_table.hpp"

namespace octroi::normalize {

struct ExporterBook {
    Address exporter;
    // Of one record as booked. What a lost record can have held at most, as far as anybody knows.
    std::uint64_t largest_bytes = 0;
    // Booked for it in the batch of that number.
    std::uint64_t batch = 0;
    std::uint64_t batch_bytes = 0;
    std::uint64_t batch_packets = 0;
    boost::unordered_flat_map<std::uint32_t, NameRef> interfaces;  // by ifIndex
    // The numbers of those asked for last, by the low bits of ifIndex.
    struct Recent {
        std::uint32_t if_index = 0;
        NameRef name = no_name;
    };
    std::array<Recent, 64> recent{};
    std::uint16_t next_hops = 0;  // that it was the first to name
    // The next hops asked for last, by some bits of their address.
    struct RecentHop {
        Address address;
        NameRef name = no_name;
    };
    std::array<RecentHop, 64> recent_hops{};
};

class ExporterIndex {
public:
    static constexpr std::size_t exporters_max = 4096;
    // All exporters together are bounded by NameTable::rows_max.
    static constexpr std::size_t interfaces_per_exporter_max = 4096;
    static constexpr std::uint16_t next_hops_per_exporter_max = 4096;

    // Valid as long as this object.
    [[nodiscard]] ExporterBook& of(const Address& exporter);
    // Reading::interface for that ifIndex; no_name: a bound is reached.
    [[nodiscard]] NameRef interface(ExporterBook& book, std::uint32_t if_index) {
        auto& recent = book.recent[if_index % book.recent.size()];
        if (recent.if_index != if_index) recent = {if_index, look_up(book, if_index)};
        return recent.name;
    }
    // Reading::next_hop for that address; no_name: a bound is reached.
    [[nodiscard]] NameRef next_hop(ExporterBook& book, const Address& address) {
        // The last octet: the fourth of IPv4, whose sixteenth is 0, or the sixteenth of IPv6.
        const std::size_t place = address.octets[3] ^ address.octets[15];
        auto& recent = book.recent_hops[place % book.recent_hops.size()];
        if (!same(recent.address, address)) recent = {address, look_up(book, address)};
        return recent.name;
    }
    // Exporters say 0.0.0.0 or :: where there is no next hop.
    [[nodiscard]] static bool is_zero(const Address& address) noexcept {
        const auto [high, low] = words_of(address);
        return (high | low) == 0;
    }
    // Interfaces ("192.0.2.1#3": interface 3 of that exporter) and next hops ("192.0.2.9").
    [[nodiscard]] std::span<const Name> names() const noexcept { return names_.rows(); }

private:
    [[nodiscard]] NameRef look_up(ExporterBook& book, std::uint32_t if_index);
    [[nodiscard]] NameRef look_up(ExporterBook& book, const Address& next_hop);
    // As ==, which calls memcmp.
    [[nodiscard]] static bool same(const Address& a, const Address& b) noexcept {
        const auto [a_high, a_low] = words_of(a);
        const auto [b_high, b_low] = words_of(b);
        return a_high == b_high && a_low == b_low && a.family == b.family;
    }
    [[nodiscard]] static std::array<std::uint64_t, 2> words_of(const Address& address) noexcept {
        return std::bit_cast<std::array<std::uint64_t, 2>>(address.octets);
    }
    struct AddressHash {
        [[nodiscard]] std::size_t operator()(const Address& address) const noexcept;
    };
    boost::unordered_flat_map<Address, std::unique_ptr<ExporterBook>, AddressHash> books_;
    ExporterBook others_;
    ExporterBook* last_ = nullptr;
    NameTable names_;
    boost::unordered_flat_map<Address, NameRef, AddressHash> next_hops_;
};

}  // namespace octroi::normalize
