// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The structures in one flow sample (sFlow v5, "Packet Data" and "Extended Data") as one
// FlowRecord. They come in any order. Of those that describe the packet, the highest Rank counts.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/sflow/sflow.hpp"

namespace octroi::sflow {

class Sampled {
public:
    // `record` must be cleared. Both must outlive this object. Interfaces, direction and sampling
    // are left to the caller.
    Sampled(flow::FlowRecord& record, Counters& counters) noexcept
        : record_(record), counters_(counters) {}

    // Decodes one structure. `format`: enterprise << 12 | format. Counts it if it is unknown or
    // malformed; the record is then as before.
    void decode(std::uint32_t format, ByteSpan content) noexcept;
    // After the last structure. False: none described a packet; drop the record.
    [[nodiscard]] bool finish() noexcept;

private:
    // Which structure described the packet. Sampled-IP structures are preferred to a header that
    // was cut off before IP.
    enum class Rank : std::uint8_t { none, link, header_without_ip, sampled_ip, header };

    // One for each format. False: malformed; the record is as before.
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
    void set_frame_length(std::uint32_t length) noexcept;
    void check_sampled_ip_length() noexcept;
    bool dispatch(std::uint32_t format, ByteCursor in) noexcept;

    void set(flow::Field field) noexcept { record_.fields |= flow::bit(field); }

    flow::FlowRecord& record_;
    Counters& counters_;
    Rank rank_ = Rank::none;
    bool has_bgp_next_hop_ = false;
    bool is_length_doubtful_ = false;  // of record_.bytes
    std::uint32_t switch_vlan_ = no_vlan;
    static constexpr std::uint32_t no_vlan = 0xffff'ffff;
};

}  // namespace octroi::sflow
