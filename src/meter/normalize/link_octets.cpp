// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/link_octets.hpp"

namespace octroi::normalize {
namespace {

using flow::Field;

constexpr std::uint64_t vlan_tag = 4;    // IEEE 802.1Q
constexpr std::uint64_t ip_header = 20;  // the least one

}  // namespace

std::optional<std::uint64_t> layer3_octets(const flow::FlowRecord& record,
                                           std::uint32_t link_header) noexcept {
    if (record.packets == 0) return std::nullopt;
    const std::uint64_t tags = (record.vlan != 0 ? 1U : 0U) + (record.inner_vlan != 0 ? 1U : 0U);
    const std::uint64_t before_ip = link_header + tags * vlan_tag;
    std::uint64_t headers = 0;
    std::uint64_t least = 0;
    if (__builtin_mul_overflow(record.packets, before_ip, &headers) ||
        __builtin_mul_overflow(record.packets, before_ip + ip_header, &least) ||
        record.frame_bytes < least)
        return std::nullopt;
    return record.frame_bytes - headers;
}

}  // namespace octroi::normalize
