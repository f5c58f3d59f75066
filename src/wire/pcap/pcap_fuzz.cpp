// SPDX-License-Identifier: GPL-3.0-or-later
// Input: size of the window in which the file is passed (16 bits, big endian; 0: the whole file),
// the file. Reading it in windows, with a reader that is saved and restored after each, must give
// the same result as reading it at once.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "wire/packet/packet.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::pcap {
namespace {

struct Summary {
    std::uint64_t hash = 1;
    std::uint64_t octets = 0;
    std::size_t position = 0;
    State state = State::more;
    std::string why;
    std::string saved;
    bool complete = false;

    bool operator==(const Summary&) const = default;
};

void add(Summary& s, const Frame& f, ByteSpan shown) {
    CHECK(f.captured_length <= max_captured);
    CHECK(f.data >= shown.data() && f.data + f.captured_length <= shown.data() + shown.size());
    packet::Packet p;
    packet::decode(f.link, f.captured(), f.wire_length, p, f.interface);
    for (const std::uint64_t word :
         {p.key.words[0], p.key.words[4], p.key.words[5], p.bytes,
          static_cast<std::uint64_t>(f.time.ns), std::uint64_t{f.wire_length},
          std::uint64_t{f.captured_length}, static_cast<std::uint64_t>(f.direction),
          std::uint64_t{f.timed}})
        s.hash = mix(s.hash ^ word, mix_a) + mix_b;
    s.octets += f.captured_length;
}

Summary read_all(ByteSpan file, std::size_t window) {
    Summary s;
    Reader reader;
    std::size_t show = window;
    for (;;) {
        const std::size_t size = std::min(show, file.size() - s.position);
        const auto copy = std::make_unique<std::byte[]>(size);
        if (size != 0) std::memcpy(copy.get(), file.data() + s.position, size);
        const ByteSpan shown(copy.get(), size);
        const Progress p = reader.read(shown, [&](const Frame& f) { add(s, f, shown); });
        CHECK(p.consumed <= size);
        s.position += p.consumed;
        s.state = p.state;
        if (p.state == State::corrupt) break;
        CHECK(p.state == State::more && p.needed > 0 && p.needed <= max_needed);
        if (p.consumed == 0 && s.position + size == file.size()) break;
        // With the octets that it needs, the reader makes progress.
        CHECK(p.consumed > 0 || p.needed > size);
        show = std::max(window, p.needed);
        auto again = Reader::restore(reader.save());
        CHECK(again.has_value());
        reader = std::move(*again);
    }
    CHECK(reader.interfaces().size() <= max_interfaces);
    CHECK(s.octets <= file.size());
    for (std::size_t i = 0; i < reader.interfaces().size(); ++i)
        CHECK(reader.interfaces()[i].name.size() <= max_interface_name);
    s.why = reader.why();
    s.saved = reader.save();
    s.complete = reader.complete();
    return s;
}

void run(ByteSpan input) {
    if (input.size() < 2) return;
    const std::size_t window = load_be16(input.data());
    const ByteSpan file = input.subspan(2);
    const Summary whole = read_all(file, SIZE_MAX);
    if (window != 0) CHECK(read_all(file, window) == whole);
    // The same octets as a saved state: restore() refuses them or returns a working reader.
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    if (auto restored = Reader::restore(text); restored.has_value()) {
        CHECK(restored->save() == text);
        (void)restored->read(file, [](const Frame&) {});
    }
}

}  // namespace
}  // namespace octroi::pcap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::pcap::run(std::as_bytes(std::span(data, size)));
    return 0;
}
