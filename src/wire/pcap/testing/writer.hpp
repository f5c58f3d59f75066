// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Writes capture files into a string, for tests, generated captures and the traces of benchmarks.
// The caller owns the string and may move it away or clear it between two frames.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::pcap {

struct PcapOptions {
    packet::LinkType link = packet::LinkType::ethernet;
    bool nanoseconds = false;
    bool big_endian = false;
    bool kuznetzov = false;  // record headers of 24 octets
    std::uint32_t snap_length = 262'144;
    std::uint16_t minor_version = 4;
};

// Classic pcap. Times from 1970 to 2106.
class PcapWriter {
public:
    // Appends the file header. `out` must outlive the writer.
    explicit PcapWriter(std::string& out, const PcapOptions& options = {});
    // Octets after the snap length are not written. wire_length 0: octets.size().
    void frame(UtcTime time, ByteSpan octets, std::uint32_t wire_length = 0);
    void frame(UtcTime time, std::string_view octets, std::uint32_t wire_length = 0) {
        frame(time, as_octets(octets), wire_length);
    }

private:
    std::string* out_;
    PcapOptions options_;
};

struct InterfaceOptions {
    packet::LinkType link = packet::LinkType::ethernet;
    std::string_view name = {};
    std::uint8_t resolution =
        9;  // if_tsresol, encoded as in the file: 6 or 9, or 0x80 + power of 2
    std::int64_t offset_s = 0;
    std::uint32_t snap_length = 0;
};

struct PacketOptions {
    std::uint32_t wire_length = 0;  // 0: octets.size()
    packet::Direction direction = packet::Direction::unknown;
    std::uint64_t dropped = 0;
};

// pcapng. Interfaces are numbered from 0 in each section.
class PcapngWriter {
public:
    // Appends a section header. `out` must outlive the writer.
    explicit PcapngWriter(std::string& out, bool big_endian = false);
    // Begins another section, which has no interfaces yet.
    void section(bool big_endian);
    void interface(const InterfaceOptions& options = {});
    void frame(std::uint32_t interface, UtcTime time, std::string_view octets,
               const PacketOptions& options = {});
    void simple_frame(std::string_view octets, std::uint32_t wire_length = 0);
    void obsolete_frame(std::uint16_t interface, std::uint16_t drops, UtcTime time,
                        std::string_view octets);
    void statistics(std::uint32_t interface, std::uint64_t dropped);
    // Any block; the body is padded to 4 octets.
    void block(std::uint32_t type, std::string_view body);

private:
    void put(std::string& to, std::uint64_t value, unsigned octets) const;
    void option(std::string& to, std::uint16_t code, std::string_view value) const;
    [[nodiscard]] std::uint64_t ticks(std::uint32_t interface, UtcTime time) const;
    void times_and_data(std::string& body, std::uint32_t interface, UtcTime time,
                        std::string_view octets, std::uint32_t wire_length) const;

    std::string* out_;
    bool big_endian_;
    std::vector<InterfaceOptions> interfaces_;  // of this section; names are not kept
};

}  // namespace octroi::pcap
