// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/connection_host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

std::string setting_path(std::string_view name) {
    return fmt::format("/proc/sys/net/netfilter/nf_conntrack_{}", name);
}

std::optional<std::uint64_t> read_setting(std::string_view name) {
    const auto text = read_file(setting_path(name), 64);
    if (!text) return std::nullopt;
    std::uint64_t value = 0;
    const auto end = text->data() + text->size();
    if (std::from_chars(text->data(), end, value).ec != std::errc()) return std::nullopt;
    return value;
}

Status write_setting(std::string_view name, std::string_view value) {
    const std::string path = setting_path(name);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0 ||
        ::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return os_failure(fmt::format("set {}", path));
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

Result<std::string> SystemConnectionHost::generation() {
    TRY_ASSIGN(const std::string boot, boot_id());
    struct stat space{};
    if (::stat("/proc/self/ns/net", &space) != 0)
        return os_failure("read the network namespace of the process");
    return fmt::format("{}/{}", boot, space.st_ino);
}

}  // namespace octroi
