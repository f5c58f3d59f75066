// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The constants of both file formats, for the reader and the test writers.

#include <cstdint>

namespace octroi::pcap::format {

// draft-ietf-opsawg-pcap, 4. In a file they have the byte order of its writer.
inline constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
inline constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
inline constexpr std::uint32_t magic_kuznetzov = 0xa1b2cd34;

// draft-ietf-opsawg-pcapng, 11.1.
inline constexpr std::uint32_t block_section = 0x0a0d0d0a;  // the same in both byte orders
inline constexpr std::uint32_t block_interface = 1;
inline constexpr std::uint32_t block_obsolete_packet = 2;
inline constexpr std::uint32_t block_simple_packet = 3;
inline constexpr std::uint32_t block_statistics = 5;
inline constexpr std::uint32_t block_enhanced_packet = 6;
inline constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;

// Option codes. The same number has different meanings in different blocks.
inline constexpr std::uint16_t option_end = 0;
inline constexpr std::uint16_t if_name = 2;
inline constexpr std::uint16_t if_tsresol = 9;
inline constexpr std::uint16_t if_tsoffset = 14;
inline constexpr std::uint16_t packet_flags = 2;   // enhanced and obsolete packet block
inline constexpr std::uint16_t epb_dropcount = 4;  // enhanced packet block
inline constexpr std::uint16_t isb_ifdrop = 5;
inline constexpr std::uint16_t isb_osdrop = 7;

}  // namespace octroi::pcap::format
