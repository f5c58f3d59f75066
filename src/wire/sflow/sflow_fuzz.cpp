// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a datagram, decoded from memory of its exact size. Records must be possible for its size,
// and measure() must find a length exactly if decode() read it in whole.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/sflow/sflow.hpp"

namespace octroi::sflow {
namespace {

class Checker final : public flow::RecordSink {
public:
    explicit Checker(ByteSpan datagram) : datagram_(datagram) {}
    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        CHECK(context.protocol == flow::Protocol::sflow_v5);
        count += records.size();
        for (const flow::FlowRecord& record : records) check(record);
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {
        CHECK(false);
    }
    std::size_t count = 0;

private:
    void check(const flow::FlowRecord& r) const {
        CHECK(r.packets == 1 && r.has(flow::Field::bytes) && r.has(flow::Field::packets));
        CHECK(r.kind == flow::RecordKind::traffic || r.kind == flow::RecordKind::non_ip);
        CHECK((r.kind == flow::RecordKind::traffic) == r.has(flow::Field::src));
        CHECK(r.has(flow::Field::src) == !r.src.empty() && r.src.family == r.dst.family);
        CHECK(r.vlan < 4096 && r.src_mask <= 128 && r.dst_mask <= 128);
        if (r.user.empty()) return;
        const void* const text = r.user.data();
        const auto* const begin = static_cast<const std::byte*>(text);
        CHECK(begin >= datagram_.data() &&
              begin + r.user.size() <= datagram_.data() + datagram_.size());
    }
    ByteSpan datagram_;
};

void run(ByteSpan input) {
    const auto copy = std::make_unique<std::byte[]>(input.size());
    if (!input.empty()) std::memcpy(copy.get(), input.data(), input.size());
    const ByteSpan datagram(copy.get(), input.size());
    Checker sink(datagram);
    flow::MessageContext context;
    Counters counters;
    SourceReports reports;
    const flow::Outcome outcome = decode(datagram, context, counters, sink, reports);
    CHECK(sink.count <= datagram.size() / 8);
    CHECK(sink.count + counters.empty_samples == counters.flow_samples);
    CHECK(counters.flow_samples + counters.counter_samples ==
          reports.all().size() + reports.left_out);
    const std::size_t length = measure(datagram);
    CHECK(length <= datagram.size() && (length != 0) == (outcome == flow::Outcome::ok));
}

}  // namespace
}  // namespace octroi::sflow

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::sflow::run(std::as_bytes(std::span(data, size)));
    return 0;
}
