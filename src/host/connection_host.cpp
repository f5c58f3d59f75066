// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/connection_host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "host/file.hpp"
#include "host/network_namespace.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

std::string setting_path(std::string_view name) {
    return fmt::format("/proc/sys/net/netfilter/nf_conntrack_{}", name);
}

std::optional<std::uint64_t> read_number_of(const std::string& path) {
    const auto text = read_file(path, 64);
    if (!text) return std::nullopt;
    std::uint64_t value = 0;
    const auto end = text->data() + text->size();
    if (std::from_chars(text->data(), end, value).ec != std::errc()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> read_setting(std::string_view name) {
    return read_number_of(setting_path(name));
}

Status write_setting(std::string_view name, std::string_view value) {
    const std::string path = setting_path(name);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0 ||
        ::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return with_next(os_failure(fmt::format("set {}", path)),
                         fmt::format("run as root, with a writable /proc/sys; or sysctl -w "
                                     "net.netfilter.nf_conntrack_{}={} at the boot",
                                     name, value));
    return {};
}

}  // namespace

std::optional<ConnectionSettings> SystemConnectionHost::settings() {
    const auto connections = read_setting("count");
    if (!connections) return std::nullopt;
    ConnectionSettings found;
    found.connections = *connections;
    found.connections_limit = read_setting("max").value_or(0);
    found.counts = read_setting("acct").value_or(0) != 0;
    found.timestamps = read_setting("timestamp").value_or(0) != 0;
    found.events = static_cast<int>(read_setting("events").value_or(0));
    return found;
}

Status SystemConnectionHost::turn_on() {
    TRY(write_setting("acct", "1"));
    return write_setting("timestamp", "1");
}

Result<IpStatistics> SystemConnectionHost::ip_statistics() {
    // About 3 KiB each.
    constexpr std::size_t statistics_octets_max = 64 * 1024;
    IpStatistics found;
    TRY_ASSIGN(found.snmp, read_file("/proc/net/snmp", statistics_octets_max));
    TRY_ASSIGN(found.netstat, read_file("/proc/net/netstat", statistics_octets_max));
    auto snmp6 = read_file("/proc/net/snmp6", statistics_octets_max);
    if (snmp6)
        found.snmp6 = *std::move(snmp6);
    else if (snmp6.error().code != ErrorCode::not_found)
        return std::unexpected(snmp6.error());
    return found;
}

Result<bool> SystemConnectionHost::has_fast_path() {
    // br_netfilter passes packets of bridges to the hooks of IP; nf_conntrack_bridge tracks them
    // itself.
    for (const char* const name : {"iptables", "ip6tables"})
        if (read_number_of(fmt::format("/proc/sys/net/bridge/bridge-nf-call-{}", name)) > 0)
            return true;
    if (::access("/sys/module/nf_conntrack_bridge", F_OK) == 0) return true;
    bool has_any = false;
    const auto note = [](void* any, ByteSpan /*message*/) { *static_cast<bool*>(any) = true; };
    const auto listed = list_flowtables(note, &has_any);
    if (!listed && listed.error().code != ErrorCode::busy) return std::unexpected(listed.error());
    // Busy: they change now.
    return has_any || !listed;
}

Result<std::string> SystemConnectionHost::generation() {
    TRY_ASSIGN(const std::string boot, boot_id());
    TRY_ASSIGN(const std::string space, network_namespace());
    return fmt::format("{}/{}", boot, space);
}

}  // namespace octroi
