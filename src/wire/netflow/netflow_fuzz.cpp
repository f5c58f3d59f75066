// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a message of NetFlow v1, v5, v7 or v9.

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "base/check.hpp"
#include "wire/netflow/fixed.hpp"
#include "wire/netflow/v9.hpp"

namespace octroi::netflow {
namespace {

void run_fixed(ByteSpan octets) {
    FixedMessage message;
    const flow::Outcome outcome = parse_fixed(octets, message);
    if (outcome == flow::Outcome::malformed) return;
    CHECK(message.octets <= octets.size());
    CHECK(message.records.size() == message.count * message.record_octets);
    if (outcome == flow::Outcome::incomplete) CHECK(message.octets == octets.size());
    static ipfix::Batch batch;
    ByteCursor cursor(message.records);
    std::size_t records = 0;
    bool more = true;
    while (more) {
        batch.clear();
        more = fill(message, cursor, batch);
        records += batch.records().size();
        for (const flow::FlowRecord& r : batch.records()) {
            CHECK(r.src.family == Family::v4 && !r.reverse);
            CHECK(r.has(flow::Field::icmp) == (r.proto == 1));
            CHECK(r.has(flow::Field::sampling) == (r.sampling != 0));
        }
    }
    CHECK(records == message.count);
}

void run_v9(ByteSpan octets) {
    V9Message message;
    if (parse_v9(octets, message) == flow::Outcome::malformed) return;
    CHECK(message.octets <= octets.size() && message.octets >= v9_header_octets);
    CHECK(message.sets.size() + v9_header_octets == message.octets);
}

}  // namespace
}  // namespace octroi::netflow

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto exact = std::make_unique<std::byte[]>(size);
    if (size != 0) std::memcpy(exact.get(), data, size);
    octroi::netflow::run_fixed({exact.get(), size});
    octroi::netflow::run_v9({exact.get(), size});
    return 0;
}
