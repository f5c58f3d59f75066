// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Calls of bpf(2) for maps of maps, and mapped arrays.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "host/file.hpp"

struct bpf_map_info;

namespace octroi {

// The map in that slot. Errors: not_found (the slot is empty).
[[nodiscard]] Result<Fd> inner_map(int outer, std::uint32_t slot);
// 0: the slot is empty.
[[nodiscard]] Result<std::uint32_t> inner_map_id(int outer, std::uint32_t slot);
// When this returns, no program uses the map that was there: the kernel waits for them.
[[nodiscard]] Status put_inner_map(int outer, std::uint32_t slot, int map);
[[nodiscard]] Status remove_inner_map(int outer, std::uint32_t slot);
[[nodiscard]] Result<bpf_map_info> info_of_map(int map);

// An array with BPF_F_MMAPABLE, in the memory of this process.
class MappedArray {
public:
    // octets: value size, rounded up to 8, times entries.
    [[nodiscard]] static Result<MappedArray> map(int fd, std::size_t octets, bool writable);
    MappedArray(MappedArray&& other) noexcept;
    MappedArray& operator=(MappedArray&& other) = delete;
    MappedArray(const MappedArray&) = delete;
    MappedArray& operator=(const MappedArray&) = delete;
    ~MappedArray();

    [[nodiscard]] std::span<std::byte> octets() const noexcept { return octets_; }

private:
    explicit MappedArray(std::span<std::byte> octets) : octets_(octets) {}

    std::span<std::byte> octets_;
};

}  // namespace octroi
