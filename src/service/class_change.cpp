// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace octroi {
namespace {

__extension__ using WideCount = unsigned __int128;

// Of one class. IPv4 in addresses, IPv6 in networks of 64 bits.
struct ClassSize {
    std::uint64_t prefixes = 0;
    WideCount v4 = 0;
    WideCount v6 = 0;
};

constexpr WideCount largest_v4 = WideCount{1} << (32U - 8U);
constexpr WideCount largest_v6 = WideCount{1} << (64U - 16U);

std::map<std::string_view, ClassSize> sizes_of(const ClassTable& table) {
    std::map<std::string_view, ClassSize> sizes;
    for (const ClassRoute& route : table.routes) {
        ClassSize& size = sizes[table.classes.at(route.class_index)];
        ++size.prefixes;
        const unsigned length = route.prefix.length;
        if (route.prefix.address.bits() == 32)
            size.v4 += WideCount{1} << (32U - length);
        else
            size.v6 += WideCount{1} << (64U - std::min(length, 64U));
    }
    return sizes;
}

// A class of a few prefixes loses half of them by a normal change: then only its end counts.
bool has_shrunk(std::uint64_t found, std::uint64_t in_force, std::int64_t hold_back_percent) {
    constexpr std::uint64_t few = 16;
    return in_force < few ? found == 0 : lost_too_much(found, in_force, hold_back_percent);
}

bool has_multiplied(WideCount before, WideCount after, WideCount largest) {
    return after > largest && after > before * 2;
}

}  // namespace

bool lost_too_much(std::uint64_t found, std::uint64_t in_force, std::int64_t hold_back_percent) {
    if (found >= in_force) return false;
    return WideCount{in_force - found} * 100 >=
           WideCount{in_force} * static_cast<std::uint64_t>(hold_back_percent);
}

std::string implausible_class(const ClassTable& in_force, const ClassTable& found,
                              std::int64_t hold_back_percent) {
    const auto before = sizes_of(in_force);
    const auto after = sizes_of(found);
    for (const auto& [name, old_size] : before) {
        const auto now = after.find(name);
        const std::uint64_t prefixes = now == after.end() ? 0 : now->second.prefixes;
        if (has_shrunk(prefixes, old_size.prefixes, hold_back_percent))
            return fmt::format("its class {} has {} prefixes, and that of the table in force {}",
                               name, prefixes, old_size.prefixes);
    }
    for (const auto& [name, size] : after) {
        const auto old = before.find(name);
        const ClassSize old_size = old == before.end() ? ClassSize{} : old->second;
        if (has_multiplied(old_size.v4, size.v4, largest_v4))
            return fmt::format(
                "its class {} has more than a /8 of IPv4 and more than twice the "
                "addresses of the table in force",
                name);
        if (has_multiplied(old_size.v6, size.v6, largest_v6))
            return fmt::format(
                "its class {} has more than a /16 of IPv6 and more than twice the "
                "addresses of the table in force",
                name);
    }
    return "";
}

}  // namespace octroi
