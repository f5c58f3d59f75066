// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/flowtable.hpp"

#include "wire/conntrack/netlink_attributes.hpp"

namespace octroi::conntrack {
namespace {

// linux/netfilter/nf_tables.h. Numbers are in network byte order.
constexpr std::uint16_t flowtable_table = 1;
constexpr std::uint16_t flowtable_name = 2;
constexpr std::uint16_t flowtable_flags = 7;
constexpr std::uint32_t flag_hardware = 1;
constexpr std::uint32_t flag_counter = 2;

std::string text_until_zero(ByteSpan value) {
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(value.data())),
                                value.size());
    return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

std::optional<Flowtable> decode_flowtable(ByteSpan message) {
    if (message.size() < family_header) return std::nullopt;
    Flowtable found;
    const bool whole =
        each_attribute(message.subspan(family_header), [&](std::uint16_t type, ByteSpan value) {
            if (type == flowtable_table) found.table = text_until_zero(value);
            if (type == flowtable_name) found.name = text_until_zero(value);
            if (type != flowtable_flags) return true;
            if (value.size() != sizeof(std::uint32_t)) return false;
            const std::uint32_t flags = load_be32(value.data());
            found.offloads = (flags & flag_hardware) != 0;
            found.counts = (flags & flag_counter) != 0;
            return true;
        });
    if (!whole || found.table.empty() || found.name.empty()) return std::nullopt;
    return found;
}

}  // namespace octroi::conntrack
