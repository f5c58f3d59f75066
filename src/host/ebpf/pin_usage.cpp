// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/pin_usage.hpp"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "host/ebpf/bpffs.hpp"
#include "host/ebpf/map_access.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// The kernel states 0 for what a link was attached to and is gone. The interface is the first field
// of the part for TCX, as of the part for XDP.
bool is_attached(const bpf_link_info& info) {
    return info.type == BPF_LINK_TYPE_CGROUP ? info.cgroup.cgroup_id != 0 : info.xdp.ifindex != 0;
}

// The programs of the pinned links; none: one of these links is attached.
std::optional<std::set<std::uint32_t>> programs_of_idle_links(const std::string& path) {
    std::set<std::uint32_t> programs;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        if (!entry.path().filename().string().starts_with("link_")) continue;
        const Fd link(bpf_obj_get(entry.path().c_str()));
        bpf_link_info info{};
        std::uint32_t size = sizeof info;
        if (link.get() < 0 || bpf_obj_get_info_by_fd(link.get(), &info, &size) != 0 ||
            is_attached(info))
            return std::nullopt;
        programs.insert(info.prog_id);
    }
    return programs;
}

// Programs have fewer maps than that (kernel/bpf/verifier.c: MAX_USED_MAPS is 64).
constexpr std::uint32_t maps_of_program_max = 64;

bool uses_map(int program, std::uint32_t map) {
    std::vector<std::uint32_t> maps(maps_of_program_max);
    bpf_prog_info info{};
    info.nr_map_ids = maps_of_program_max;
    info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) return true;
    maps.resize(std::min(info.nr_map_ids, maps_of_program_max));
    return std::ranges::find(maps, map) != maps.end();
}

Result<bool> is_used_by_others(std::uint32_t map, const std::set<std::uint32_t>& known) {
    std::uint32_t id = 0;
    while (bpf_prog_get_next_id(id, &id) == 0) {
        if (known.contains(id)) continue;
        const Fd program(bpf_prog_get_fd_by_id(id));
        if (program.get() < 0 && errno == ENOENT) continue;  // it has ended since
        if (program.get() < 0) return os_failure("examine the programs of the kernel");
        if (uses_map(program.get(), map)) return true;
    }
    if (errno != ENOENT) return os_failure("list the programs of the kernel");
    return false;
}

// Of a folder that the caller has locked.
Result<bool> are_used(const std::string& path) {
    const auto programs = programs_of_idle_links(path);
    if (!programs) return true;
    // All programs use this map (bpf/maps.h).
    const Fd others(bpf_obj_get((path + "/others").c_str()));
    if (others.get() < 0 && errno == ENOENT) return false;
    if (others.get() < 0) return os_failure("open the pinned map " + path + "/others");
    const auto info = info_of_map(others.get());
    if (!info) return std::unexpected(info.error());
    return is_used_by_others(info->id, *programs);
}

}  // namespace

Result<bool> remove_unused_pins(const std::string& path) {
    const auto lock = lock_pin_folder(path);
    if (!lock && lock.error().code == ErrorCode::busy) return false;
    if (!lock) return std::unexpected(lock.error());
    const auto used = are_used(path);
    if (!used) return used;
    if (*used) return false;
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return fail(ErrorCode::failed, "cannot remove " + path + ": " + error.message());
    // The folder of all meters, if this was the last one.
    (void)::rmdir(std::filesystem::path(path).parent_path().c_str());
    return true;
}

}  // namespace octroi
