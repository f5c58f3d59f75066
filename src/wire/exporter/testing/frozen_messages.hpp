// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages after which snapshots are compared with octets that an earlier version of Octroi wrote:
// one of each thing that is kept. DO NOT CHANGE: the octets in the tests belong to these messages.

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter::testing {

struct FrozenMessage {
    std::string octets;
    Address from;
    UtcTime received;
    std::uint16_t session = 0;  // not 0: a message over TCP
};

inline std::vector<FrozenMessage> frozen_messages() {
    using namespace ipfix::testing;
    const Address router = Address::v4(0xcb007101);
    const Address other = *parse_address("2001:db8::7");
    const std::uint64_t ms = std::uint64_t{export_seconds} * 1000;
    const Fields totals{{8, 4},  {12, 4}, {85, 8},  {86, 8}, {7, 2},
                        {11, 2}, {4, 1},  {152, 8}, {153, 8}};
    const Fields event{{230, 1}, {8, 4}, {225, 4}, {7, 2}, {227, 2}, {4, 1}, {323, 8}};
    const Fields sampled{{8, 4}, {12, 4}, {1, 4}, {48, 1}, {10, 2}};
    const OptionsSpec samplers{257, {{1, 4}}, {{48, 1}, {49, 1}, {50, 4}}};
    const OptionsSpec interfaces{258, {{2, 4}}, {{34, 4}, {82, 8}}};
    const std::string total = values()
                                  .u32(0x0a000001)
                                  .u32(0xc6336401)
                                  .u64(5000)
                                  .u64(50)
                                  .u16(1024)
                                  .u16(443)
                                  .u8(6)
                                  .u64(ms - 9000)
                                  .u64(ms - 1000);
    const std::string nat_event =
        values().u8(1).u32(0x0a000002).u32(0xcb007109).u16(40000).u16(50000).u8(17).u64(ms - 5000);
    const std::string sampled_flow = values().u32(1).u32(2).u32(100).u8(3).u16(7);
    const std::vector<std::string> over_udp = {
        ipfix_message(
            1, {templates({{256, totals}, {259, event}}), data(256, total), data(259, nat_event)}),
        // Two messages are missing, and a template.
        ipfix_message(1, {data(300, std::string(12, 'x'))}, 7),
        v9_message(
            2, {v9_templates({{256, sampled}}), v9_options_template(samplers),
                v9_options_template(interfaces), data(257, values().u32(9).u8(3).u8(2).u32(1000)),
                data(258, values().u32(9).u32(7).raw("ge-0/0/7")), data(256, sampled_flow)}),
        v5_message({.engine = 0x0103, .sampling = 0x4000 + 100}, {v5_record(1000, 10)}),
        values().u32(5).u32(1).u32(0x0a000001).u32(0).u32(1).u32(1000).u32(0),
    };
    std::vector<FrozenMessage> all;
    UtcTime now = UtcTime::from_seconds(export_seconds);
    for (const std::string& octets : over_udp)
        all.push_back({octets, router, now = now + Duration::seconds(1)});
    const Fields plain{{8, 4}, {12, 4}, {1, 4}};
    all.push_back({ipfix_message(3, {templates({{256, plain}}),
                                     data(256, values().u32(0x0a000003).u32(0xc6336403).u32(70))}),
                   other, now, 4739});
    return all;
}

}  // namespace octroi::exporter::testing
