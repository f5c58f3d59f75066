// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The servers that `octroi init --logs` looks for: where their packages write logs, and in which
// formats. A constant table; the paths are those of the packages of Debian, Fedora and their
// relatives.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace octroi::logs {

// The configuration that names the sites and the logs of a server (wire/web_config), or its logs
// (wire/server_config).
enum class ConfigReader : std::uint8_t { none, apache, nginx, squid, vsftpd };
[[nodiscard]] constexpr bool is_web_server(ConfigReader reader) noexcept {
    return reader == ConfigReader::apache || reader == ConfigReader::nginx;
}

struct KnownServer {
    std::string_view name;  // of its meter
    // Its main configuration: it is installed if one of them exists.
    std::span<const std::string_view> installed;
    // With a ConfigReader these are looked at only where the configuration cannot be read, or names
    // no log that can be followed. Patterns of the shell, in the order of preference.
    std::span<const std::string_view> logs;
    // Each of `logs` is followed; else they are alternatives, and the first that fits is.
    bool follows_all = false;
    // Otherwise other servers write such logs too.
    bool needs_installed = false;
    // Of logline::formats(): the first that fits the lines.
    std::span<const std::string_view> formats;
    ConfigReader config = ConfigReader::none;
    // Its log has lines of other programs. Such servers may share a log.
    bool shares_log = false;
};

[[nodiscard]] std::span<const KnownServer> known_servers() noexcept;

}  // namespace octroi::logs
