// SPDX-License-Identifier: GPL-3.0-or-later
// Input: damage to a good segment of the journal: the offset (16 bits, in steps of 8 octets), the
// number of octets (8 bits), and the octets; repeated until a number of 0. The rest is restored as
// a snapshot of running totals, flow owners and NAT mappings. No octet outside of the file may be
// read, and restored state must fit its limits.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/check.hpp"
#include "meter/journal/segment.hpp"
#include "meter/normalize/flow_normalizer.hpp"

namespace octroi::collector {
namespace {

constexpr journal::SegmentShape shape{512, 4};
constexpr std::string_view boot = "boot";

// The same file for all inputs.
const std::string& file() {
    static const std::string path = [] {
        std::string name = "/dev/shm/octroi-journal-fuzz-XXXXXX";
        const int fd = ::mkstemp(name.data());
        if (fd < 0) {
            name = "/tmp/octroi-journal-fuzz-XXXXXX";
            CHECK(::mkstemp(name.data()) >= 0);
        } else {
            ::close(fd);
        }
        std::atexit([] { static_cast<void>(::unlink(file().c_str())); });
        return name;
    }();
    return path;
}

void make_good_segment() {
    static_cast<void>(::unlink(file().c_str()));
    const auto made = journal::Segment::create(file(), shape);
    CHECK(made.has_value());
    (*made)->begin(7, boot, "journal");
    const std::vector<std::byte> message(100, std::byte{1});
    CHECK((*made)->append({message, Address::v4(1U), 2, {1}, journal::Transport::datagram}));
}

ByteSpan damage(ByteSpan input) {
    const int fd = ::open(file().c_str(), O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    while (input.size() >= 3) {
        const auto at = static_cast<off_t>(load_be16(input.data())) * 8;
        const std::size_t length = std::min(static_cast<std::size_t>(input[2]), input.size() - 3);
        if (length == 0) break;
        CHECK(::pwrite(fd, input.data() + 3, length, at) == static_cast<ssize_t>(length));
        input = input.subspan(3 + length);
    }
    ::close(fd);
    return input;
}

void run(ByteSpan input) {
    make_good_segment();
    const ByteSpan rest = damage(input);
    const auto opened = journal::Segment::open(file(), boot);
    if (opened.has_value()) {
        const journal::Segment& segment = **opened;
        std::vector<std::byte> whole;
        std::uint64_t sum = 0;
        for (std::uint32_t place = 0; place < segment.used(); ++place) {
            journal::Message message;
            if (!segment.at(place, message, whole)) continue;
            CHECK(!message.octets.empty() && message.octets.size() <= max_datagram);
            for (const std::byte octet : message.octets) sum += static_cast<std::uint64_t>(octet);
        }
        CHECK(sum <= 255U * max_datagram * segment.used());
    }
    normalize::FlowNormalizer normalizer({}, 1);
    std::string saved(rest.size(), ' ');
    if (!rest.empty()) std::memcpy(saved.data(), rest.data(), rest.size());
    if (normalizer.restore(saved)) {
        normalize::FlowNormalizer again({}, 1);
        CHECK(again.restore(normalizer.save()));
    }
}

}  // namespace
}  // namespace octroi::collector

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::collector::run(std::as_bytes(std::span(data, size)));
    return 0;
}
