# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the octets of OBJECT as C++ to ARRAY.
file(READ "${OBJECT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
file(WRITE "${ARRAY}" "#include <cstddef>
#include <span>

namespace octroi {
namespace {

alignas(8) constexpr unsigned char octets[] = {${octets}};

}  // namespace

extern const std::span<const std::byte> ${NAME}_bpf_object;
const std::span<const std::byte> ${NAME}_bpf_object = std::as_bytes(std::span(octets));

}  // namespace octroi
")
