// SPDX-License-Identifier: GPL-3.0-or-later
// Input: frames one behind the other, each with its link type (16 bits, big endian) and its length
// (16 bits). What comes out must be messages and datagrams that IP can carry, and no more octets
// than went in, over all frames that may have been held.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "meter/flow_file/export_frames.hpp"

namespace octroi::flow_file {
namespace {

class Checker final : public DatagramSink {
public:
    void datagram(const exporter::Datagram& d) override {
        CHECK(!d.octets.empty() && d.octets.size() <= 65'535 && !d.from.empty());
        sum += d.octets.size() + octet_sum(d.octets);
    }
    void session_ended(const Address& /*from*/, std::uint16_t /*session*/) override {}
    void message(const exporter::Datagram& m) override {
        CHECK(m.octets.size() >= 16 && load_be16(m.octets.data()) == 10);
        CHECK(load_be16(m.octets.data() + 2) == m.octets.size() && !m.from.empty());
        streamed += m.octets.size();
        sum += octet_sum(m.octets);
    }
    std::uint64_t sum = 0;
    std::size_t streamed = 0;

private:
    // Touches every octet, for the sanitizer.
    static std::uint64_t octet_sum(ByteSpan octets) {
        std::uint64_t all = 0;
        for (const std::byte octet : octets) all += static_cast<std::uint64_t>(octet);
        return all;
    }
};

void run(ByteSpan input) {
    ExportFrames frames;
    Checker sink;
    ByteCursor in(input);
    std::uint16_t link = 0;
    std::uint16_t length = 0;
    ByteSpan octets;
    UtcTime now = UtcTime::from_seconds(1'700'000'000);
    while (in.be16(link) && in.be16(length) && in.raw(length, octets)) {
        const auto copy = std::make_unique<std::byte[]>(octets.size());
        if (!octets.empty()) std::memcpy(copy.get(), octets.data(), octets.size());
        now = now + Duration::seconds(7);
        frames.on_frame({.data = copy.get(),
                         .captured_length = length,
                         .wire_length = length,
                         .time = now,
                         .link = packet::LinkType{link},
                         .interface = 0,
                         .direction = packet::Direction::unknown,
                         .timed = true},
                        sink);
    }
    frames.finish(now, sink);
    // A segment that comes again is not read again.
    CHECK(sink.streamed <= input.size());
}

}  // namespace
}  // namespace octroi::flow_file

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::flow_file::run(std::as_bytes(std::span(data, size)));
    return 0;
}
