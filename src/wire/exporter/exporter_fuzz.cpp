// SPDX-License-Identifier: GPL-3.0-or-later
// Input: datagrams, each behind a head of three octets: the exporter (4 bits), the seconds since
// the last datagram (4 bits; 15: an hour, 14: a minute back), the length (15 bits, big endian). If
// the highest bit before the length is set, the datagram is a message of a transport session.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "base/check.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::exporter {
namespace {

class Summed final : public flow::RecordSink {
public:
    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        CHECK(!records.empty() && context.protocol != flow::Protocol::unknown);
        for (const flow::FlowRecord& r : records) {
            ++count;
            bytes += r.bytes;
            for (const char c : r.user) letters += static_cast<unsigned char>(c);
        }
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& gap) override {
        CHECK(gap.lost != 0);
        lost += gap.lost;
    }
    bool operator==(const Summed& o) const {
        return count == o.count && bytes == o.bytes && letters == o.letters;
    }
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t letters = 0;
    std::uint64_t lost = 0;
};

Settings tight() {
    Settings s;
    s.limits.exporters = 4;
    s.limits.observation_domains = 3;
    s.limits.templates = 5;
    s.limits.template_octets = 8192;
    s.limits.pending_octets = 4096;
    s.limits.pending_octets_total = 8192;
    s.limits.samplers = 3;
    s.limits.interfaces = 3;
    s.limits.name_octets = 8;
    s.limits.streams = 4;
    s.limits.memory_octets = std::size_t{64} << 10U;
    s.limits.idle_ns = 5'000'000'000;
    return s;
}

Duration later(unsigned code) {
    if (code == 14) return Duration::minutes(-1);
    return code == 15 ? Duration::hours(1) : Duration::seconds(code);
}

// `again` is saved and restored every now and then, and must find what `one` finds.
void run(ByteSpan input, const Settings& settings) {
    Exporters one(settings);
    Exporters again(settings);
    Summed sink;
    Summed sink_again;
    ByteCursor cursor(input);
    UtcTime now = UtcTime::from_seconds(1'790'000'000);
    for (std::size_t n = 0; cursor.left() >= 3; ++n) {
        std::uint8_t head = 0;
        std::uint16_t length = 0;
        CHECK(cursor.u8(head) && cursor.be16(length));
        const bool tcp = (length & 0x8000U) != 0;
        const std::size_t size = std::min<std::size_t>(length & 0x7fffU, cursor.left());
        ByteSpan octets;
        CHECK(cursor.raw(size, octets));
        const auto exact = std::make_unique<std::byte[]>(size);
        if (size != 0) std::memcpy(exact.get(), octets.data(), size);
        now = now + later(head & 0x0fU);
        const Datagram datagram{{exact.get(), size}, Address::v4(0x0a000000U + (head >> 4U)), now};
        const auto give = [&](Exporters& to, Summed& found) {
            return tcp ? to.decode_message(datagram, found) : to.decode(datagram, found);
        };
        CHECK(give(one, sink) == give(again, sink_again));
        if (n % 3 == 2) {
            one.expire(now, sink);
            again.expire(now, sink_again);
        }
        CHECK(one.memory() <= one.memory_limit());
        if (n % 4 != 1) continue;
        const std::string saved = again.save();
        auto restored = Exporters::restore(saved, settings);
        CHECK(restored.has_value() && restored->save().size() == saved.size());
        CHECK(restored->memory() == one.memory());
        again = *std::move(restored);
    }
    one.flush(sink);
    again.flush(sink_again);
    CHECK(sink == sink_again && sink.lost == sink_again.lost);
    CHECK(one.counters().lost == sink.lost && one.counters().records == sink.count);
    (void)one.status();
    // Any octets are refused, or restored within the limits.
    const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
    const auto restored = Exporters::restore(text, settings);
    if (restored) CHECK(restored->memory() <= restored->memory_limit());
}

}  // namespace
}  // namespace octroi::exporter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::exporter::run(std::as_bytes(std::span(data, size)), octroi::exporter::tight());
    return 0;
}
