// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the collector keeps for each exporter beside what its decoder remembers: the numbers of its
// interfaces among the meter's, and its largest record. And the numbers of next hops, which are the
// same whoever names them. Bounded: exporters beyond the bound share one book, interfaces and next
// hops beyond it have no number.

#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace octroi::collector {

struct ExporterBook {
    Address exporter;
    // Of one record as booked. What a lost record can have held at most, as far as anybody knows.
    std::uint64_t largest_bytes = 0;
    // Booked for it in the batch of that number.
    std::uint64_t batch = 0;
    std::uint64_t batch_bytes = 0;
    std::uint64_t batch_packets = 0;
    boost::unordered_flat_map<std::uint32_t, std::uint16_t> interfaces;  // by ifIndex
    // The numbers of those asked for last, by the low bits of ifIndex.
    struct Recent {
        std::uint32_t if_index = 0;
        std::uint16_t number = 0;
    };
    std::array<Recent, 64> recent{};
    std::uint16_t next_hops = 0;  // that it was the first to name
    // The next hops asked for last, by some bits of their address.
    struct RecentHop {
        Address address;
        std::uint16_t number = 0;
    };
    std::array<RecentHop, 64> recent_hops{};
};

class ExporterIndex {
public:
    static constexpr std::size_t exporters_max = 4096;
    static constexpr std::size_t interfaces_max = 65'000;  // Reading::interface is 16 bit
    static constexpr std::size_t interfaces_per_exporter_max = 4096;
    static constexpr std::size_t next_hops_max = 65'000;  // Reading::next_hop is 16 bit
    static constexpr std::uint16_t next_hops_per_exporter_max = 4096;

    // Valid as long as this object.
    [[nodiscard]] ExporterBook& of(const Address& exporter);
    // Reading::interface for that ifIndex; 0: it has no number.
    [[nodiscard]] std::uint16_t interface(ExporterBook& book, std::uint32_t if_index) {
        auto& recent = book.recent[if_index % book.recent.size()];
        if (recent.if_index != if_index) recent = {if_index, look_up(book, if_index)};
        return recent.number;
    }
    // Reading::next_hop for that address; 0: it has no number.
    [[nodiscard]] std::uint16_t next_hop(ExporterBook& book, const Address& address) {
        // The last octet: the fourth of IPv4, whose sixteenth is 0, or the sixteenth of IPv6.
        const std::size_t place = address.octets[3] ^ address.octets[15];
        auto& recent = book.recent_hops[place % book.recent_hops.size()];
        if (!same(recent.address, address)) recent = {address, look_up(book, address)};
        return recent.number;
    }
    // Exporters say 0.0.0.0 or :: where there is no next hop.
    [[nodiscard]] static bool is_zero(const Address& address) noexcept {
        const auto [high, low] = words_of(address);
        return (high | low) == 0;
    }
    // "192.0.2.1#3": by number - 1.
    [[nodiscard]] std::span<const std::string> interfaces() const noexcept { return names_; }
    [[nodiscard]] std::span<const Address> next_hops() const noexcept { return next_hops_; }

private:
    [[nodiscard]] std::uint16_t look_up(ExporterBook& book, std::uint32_t if_index);
    [[nodiscard]] std::uint16_t look_up(ExporterBook& book, const Address& next_hop);
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
    std::vector<std::string> names_;
    boost::unordered_flat_map<Address, std::uint16_t, AddressHash> next_hop_numbers_;
    std::vector<Address> next_hops_;
};

}  // namespace octroi::collector
