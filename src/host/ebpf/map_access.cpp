// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/map_access.hpp"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "host/os_error.hpp"

namespace octroi {

Result<std::uint32_t> inner_map_id(int outer, std::uint32_t slot) {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(outer, &slot, &id) != 0 && errno != ENOENT)
        return os_failure("read a map of maps");
    return id;
}

Result<Fd> inner_map(int outer, std::uint32_t slot) {
    const auto id = inner_map_id(outer, slot);
    if (!id) return std::unexpected(id.error());
    const int fd = bpf_map_get_fd_by_id(*id);
    if (fd < 0) return os_failure("open a map of the kernel");
    return Fd(fd);
}

Status put_inner_map(int outer, std::uint32_t slot, int map) {
    const auto inner = static_cast<std::uint32_t>(map);
    if (bpf_map_update_elem(outer, &slot, &inner, BPF_ANY) != 0)
        return os_failure("put a table into the kernel");
    return {};
}

Status remove_inner_map(int outer, std::uint32_t slot) {
    if (bpf_map_delete_elem(outer, &slot) != 0 && errno != ENOENT)
        return os_failure("drop a map of the kernel");
    return {};
}

Result<bpf_map_info> info_of_map(int map) {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(map, &info, &size) != 0) return os_failure("examine a map");
    return info;
}

Result<MappedArray> MappedArray::map(int fd, std::size_t octets, bool writable) {
    void* at =
        ::mmap(nullptr, octets, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return os_failure("map a table of the kernel");
    return MappedArray({static_cast<std::byte*>(at), octets});
}

MappedArray::MappedArray(MappedArray&& other) noexcept
    : octets_(std::exchange(other.octets_, {})) {}

MappedArray::~MappedArray() {
    if (!octets_.empty()) ::munmap(octets_.data(), octets_.size());
}

}  // namespace octroi
