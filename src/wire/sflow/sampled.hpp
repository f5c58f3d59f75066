// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The structures inside one flow sample (sFlow v5, "Packet Data" and "Extended Data"), gathered
// into one FlowRecord. They come in any order; which of them describes the packet is settled by
// rank: its header, then the sampled-IP structures, then the link layer alone.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/sflow/sflow.hpp"

namespace octroi::sflow {

class Sampled {
public:
    // The record must outlive this object; fields about interfaces are the caller's.
    Sampled(flow::FlowRecord& record, Counters& counters) noexcept
        : record_(record), counters_(counters) {}

    // One structure: its format with the enterprise (20 and 12 bits), and its content.
    void take(std::uint32_t format, ByteSpan content) noexcept;
    // false: nothing was said about a packet, the record is to be dropped.
    [[nodiscard]] bool finish() noexcept;

private:
    enum class Rank : std::uint8_t { none, link, header_without_ip, sampled_ip, header };

    // What cannot be read leaves the record as it was: false.
    bool packet_header(ByteCursor in) noexcept;
    bool ethernet(ByteCursor in) noexcept;
    template <Family family>
    bool sampled_ip(ByteCursor in) noexcept;
    bool switched(ByteCursor in) noexcept;
    bool routed(ByteCursor in) noexcept;
    bool gateway(ByteCursor in) noexcept;
    bool users(ByteCursor in) noexcept;
    bool translated(ByteCursor in) noexcept;
    bool translated_ports(ByteCursor in) noexcept;
    bool dispatch(std::uint32_t format, ByteCursor in) noexcept;

    void set(flow::Field field) noexcept { record_.fields |= flow::bit(field); }

    flow::FlowRecord& record_;
    Counters& counters_;
    Rank rank_ = Rank::none;
    bool has_bgp_next_hop_ = false;
    std::uint32_t switch_vlan_ = no_vlan;
    static constexpr std::uint32_t no_vlan = 0xffff'ffff;
};

}  // namespace octroi::sflow
