// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/attachments.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/text_hash.hpp"
#include "host/ebpf/bpffs.hpp"
#include "host/ebpf/map_access.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"
#include "host/privilege.hpp"

namespace octroi {
namespace {

std::vector<std::uint32_t> listed_interfaces(int map) {
    std::vector<std::uint32_t> listed;
    std::uint32_t next = 0;
    const std::uint32_t* before = nullptr;
    for (std::uint32_t key = 0; bpf_map_get_next_key(map, before, &next) == 0; before = &key) {
        key = next;
        listed.push_back(next);
    }
    return listed;
}

bool exists(std::uint32_t interface) {
    std::array<char, IF_NAMESIZE> name{};
    return ::if_indextoname(interface, name.data()) != nullptr;
}

std::string name_of(std::uint32_t interface) {
    std::array<char, IF_NAMESIZE> name{};
    const char* known = ::if_indextoname(interface, name.data());
    return known != nullptr ? known : std::to_string(interface);
}

// The values of the map `interfaces`: whether octroi has added the clsact discipline, and a hash of
// the name, because the kernel may give the index to another interface. Pinned maps contain them.
constexpr std::uint32_t clsact_bit = 1;

std::uint32_t name_bits(std::uint32_t interface) {
    return static_cast<std::uint32_t>(text_hash(name_of(interface), 0)) & ~clsact_bit;
}

// 0: it is not listed.
std::uint32_t entry_of(std::uint32_t interface, int interfaces) {
    std::uint32_t value = 0;
    (void)bpf_map_lookup_elem(interfaces, &interface, &value);
    return value;
}

// False: an earlier interface had that index.
bool is_of(std::uint32_t entry, std::uint32_t interface) {
    return (entry & ~clsact_bit) == name_bits(interface);
}

Status list(std::uint32_t interface, int interfaces, std::uint32_t bits) {
    const std::uint32_t value = name_bits(interface) | bits;
    if (bpf_map_update_elem(interfaces, &interface, &value, BPF_ANY) != 0)
        return os_failure("add to the map interfaces");
    return {};
}

// Key of the map `interfaces` for the programs at sockets: no interface has it.
constexpr std::uint32_t sockets_key = 0;

}  // namespace

EbpfAttachments::EbpfAttachments(const std::string& folder)
    : folder_(folder), handle_(static_cast<std::uint32_t>(text_hash(folder, 0) % 0xFFFFFEU) + 1) {}

Result<EbpfAttachOutcome> EbpfAttachments::attach(
    std::span<const EbpfAttachment> wanted, int interfaces,
    const std::function<int(const std::string&)>& program) {
    for (const std::uint32_t index : listed_interfaces(interfaces)) {
        const bool is_wanted = std::ranges::any_of(wanted, [&](const EbpfAttachment& one) {
            return static_cast<std::uint32_t>(one.interface) == index;
        });
        if (is_wanted) continue;
        const auto detached = detach_one(index, interfaces);
        if (!detached) return std::unexpected(detached.error());
        (void)bpf_map_delete_elem(interfaces, &index);
        attached_.erase(static_cast<int>(index));
    }
    EbpfAttachOutcome outcome;
    for (const EbpfAttachment& one : wanted) {
        const bool had_programs = has_programs(one.interface);
        if (had_programs && attached_.contains(one.interface)) continue;
        const auto index = static_cast<std::uint32_t>(one.interface);
        const std::uint32_t entry = entry_of(index, interfaces);
        const bool was_listed = is_of(entry, index);
        const bool is_ours = (had_programs || was_listed) && (entry & clsact_bit) != 0;
        // Listed first: a program that is attached and not listed would stay in the kernel.
        Status attached = list(index, interfaces, is_ours ? clsact_bit : 0);
        if (attached) attached = attach_one(one, interfaces, program);
        if (attached) {
            if (was_listed && !had_programs) outcome.reattached.push_back(one.interface);
            continue;
        }
        // A program in one direction only would count half. It stays listed: what passes until
        // programs are attached is reported then.
        attached_.erase(one.interface);
        (void)detach_one(index, interfaces);
        if (exists(index)) outcome.failed.push_back({one.interface, attached.error()});
    }
    return outcome;
}

TcxLink EbpfAttachments::link_of(int interface, TcHook hook) const {
    return {interface, hook,
            fmt::format("{}/link_{}_{}", folder_, interface,
                        hook == TcHook::ingress ? "ingress" : "egress")};
}

std::string EbpfAttachments::socket_pin(SocketHook hook) const {
    return folder_ + (hook == SocketHook::receive ? "/link_sockets_receive" : "/link_sockets_send");
}

Result<bool> EbpfAttachments::attach_to_sockets(int receive, int send, int interfaces) {
    if (is_at_sockets_) return false;
    bool were_there = true;
    for (const auto& [hook, program] :
         {std::pair{SocketHook::receive, receive}, std::pair{SocketHook::send, send}}) {
        std::error_code error;
        were_there = std::filesystem::exists(socket_pin(hook), error) && were_there;
        if (Status attached = attach_at_sockets(hook, program, socket_pin(hook)); !attached)
            return std::unexpected(attached.error());
    }
    const bool were_listed = is_of(entry_of(sockets_key, interfaces), sockets_key);
    if (Status listed = list(sockets_key, interfaces, 0); !listed)
        return std::unexpected(listed.error());
    is_at_sockets_ = true;
    return were_listed && !were_there;
}

bool EbpfAttachments::has_programs(int interface) const {
    for (const TcHook hook : {TcHook::ingress, TcHook::egress})
        if (!is_attached_tcx(link_of(interface, hook)) &&
            program_at({interface, hook, handle_}) == 0)
            return false;
    return true;
}

Status EbpfAttachments::attach_one(const EbpfAttachment& wanted, int interfaces,
                                   const std::function<int(const std::string&)>& program) {
    for (const auto& [hook, name] :
         {std::pair{TcHook::ingress, &wanted.ingress}, {TcHook::egress, &wanted.egress}}) {
        const auto linked = attach_tcx(link_of(wanted.interface, hook), program(*name));
        if (!linked) return std::unexpected(linked.error());
        if (*linked) continue;
        const auto added = add_clsact(wanted.interface);
        if (!added) return std::unexpected(added.error());
        if (*added) {
            const auto index = static_cast<std::uint32_t>(wanted.interface);
            if (Status ours = list(index, interfaces, clsact_bit); !ours) return ours;
        }
        const TcFilter filter{wanted.interface, hook, handle_};
        if (Status attached = attach_program(filter, program(*name)); !attached) return attached;
    }
    attached_.insert(wanted.interface);
    return {};
}

Result<std::vector<std::string>> EbpfAttachments::detach_one(std::uint32_t interface,
                                                             int interfaces) {
    std::vector<std::string> removed;
    const std::uint32_t entry = entry_of(interface, interfaces);
    const auto index = static_cast<int>(interface);
    for (const auto& [hook, name] :
         {std::pair{TcHook::ingress, "ingress"}, std::pair{TcHook::egress, "egress"}}) {
        const auto unlinked = detach_tcx(link_of(index, hook));
        if (!unlinked) return std::unexpected(unlinked.error());
        if (*unlinked) removed.push_back(fmt::format("program at {} {}", name_of(interface), name));
        const auto detached = detach_program({index, hook, handle_});
        if (!detached) return std::unexpected(detached.error());
        if (*detached)
            removed.push_back(fmt::format("tc filter at {} {}", name_of(interface), name));
    }
    if ((entry & clsact_bit) != 0 && exists(interface)) {
        const auto unused = remove_unused_clsact(index);
        if (!unused) return std::unexpected(unused.error());
        if (*unused) removed.push_back(fmt::format("clsact at {}", name_of(interface)));
        if (Status listed = list(interface, interfaces, 0); !listed)
            return std::unexpected(listed.error());
    }
    return removed;
}

Result<std::vector<std::string>> EbpfAttachments::detach_all(int interfaces) {
    std::vector<std::string> removed;
    for (const std::uint32_t listed : listed_interfaces(interfaces)) {
        if (listed == sockets_key) continue;
        auto some = detach_one(listed, interfaces);
        if (!some) return some;
        removed.insert(removed.end(), some->begin(), some->end());
    }
    for (const auto& [hook, name] :
         {std::pair{SocketHook::receive, "receive"}, std::pair{SocketHook::send, "send"}}) {
        const auto detached = detach_from_sockets(socket_pin(hook));
        if (!detached) return std::unexpected(detached.error());
        if (*detached) removed.push_back(fmt::format("program at the control groups ({})", name));
    }
    return removed;
}

namespace {

// How long a program holds a packet apart, with a margin (bpf/held.h), and how often to look.
constexpr int held_milliseconds_max = 3000;
constexpr int step_milliseconds = 50;

void wait_for_held_packets(const std::string& path) {
    const Fd timer(bpf_obj_get((path + "/held_timer").c_str()));
    if (timer.get() < 0) return;
    const auto info = info_of_map(timer.get());
    if (!info || info->value_size < sizeof(std::uint32_t)) return;
    std::vector<std::byte> value(info->value_size);
    for (int waited = 0; waited < held_milliseconds_max; waited += step_milliseconds) {
        const std::uint32_t first = 0;
        std::uint32_t packets = 0;
        if (bpf_map_lookup_elem(timer.get(), &first, value.data()) != 0) return;
        std::memcpy(&packets, value.data(), sizeof packets);
        if (packets == 0) return;
        (void)::poll(nullptr, 0, step_milliseconds);
    }
}

// libbpf reports a filter that is absent.
int ignore_report(libbpf_print_level /*level*/, const char* /*format*/, va_list /*arguments*/) {
    return 0;
}

// Of a folder that the caller has locked.
Result<std::vector<std::string>> detach_all_of(const std::string& path) {
    const Fd interfaces(bpf_obj_get((path + "/interfaces").c_str()));
    if (interfaces.get() < 0 && errno != ENOENT)
        return os_failure("open the pinned map " + path + "/interfaces");
    if (interfaces.get() < 0) return std::vector<std::string>();
    libbpf_set_print(ignore_report);
    return EbpfAttachments(path).detach_all(interfaces.get());
}

}  // namespace

bool has_ebpf_maps(const std::string& bpffs, const std::string& folder) {
    std::error_code error;
    return std::filesystem::exists(bpffs + "/" + folder + "/interfaces", error);
}

Result<std::vector<std::string>> detach_ebpf(const std::string& bpffs, const std::string& folder) {
    const std::string path = bpffs + "/" + folder;
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return std::vector<std::string>();
    const auto lock = lock_pin_folder(path);
    if (!lock) return std::unexpected(lock.error());
    auto detached = detach_all_of(path);
    if (detached) wait_for_held_packets(path);
    return detached;
}

Result<std::vector<std::string>> remove_ebpf(const std::string& bpffs, const std::string& folder) {
    const std::string path = bpffs + "/" + folder;
    std::vector<std::string> removed;
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return removed;
    const auto lock = lock_pin_folder(path);
    if (!lock) return std::unexpected(lock.error());
    auto detached = detach_all_of(path);
    if (!detached) return detached;
    removed = *std::move(detached);
    std::filesystem::remove_all(path, error);
    if (error) return fail(ErrorCode::failed, "cannot remove " + path + ": " + error.message());
    removed.push_back("pinned maps in " + path);
    // The folder of all meters, if this was the last one.
    (void)::rmdir(std::filesystem::path(path).parent_path().c_str());
    return removed;
}

std::string ebpf_obstacle(const std::string& bpffs) {
    if (::geteuid() != 0) return "octroi does not run as root";
    const auto missing = missing_capture_capabilities();
    if (std::ranges::find(missing, "CAP_NET_ADMIN") != missing.end())
        return "octroi may not change interfaces (CAP_NET_ADMIN)";
    if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, nullptr) != 1)
        return "this kernel loads no BPF programs for interfaces (CONFIG_BPF_SYSCALL, "
               "CONFIG_NET_CLS_BPF)";
    std::error_code error;
    if (!std::filesystem::is_directory(bpffs, error)) return "there is no folder " + bpffs;
    return "";
}

}  // namespace octroi
