// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cctype>
#include <map>

#include "wire/server_config/server_logs.hpp"

namespace octroi::server_config {
namespace {

// "name=value", without blanks around the sign; the last line of a name counts.
std::map<std::string, std::string> vsftpd_options(std::string_view text) {
    std::map<std::string, std::string> options;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0)
            line.remove_suffix(1);
        const std::size_t sign = line.find('=');
        if (line.starts_with('#') || sign == std::string_view::npos) continue;
        options[std::string(line.substr(0, sign))] = line.substr(sign + 1);
    }
    return options;
}

}  // namespace

ServerLogs read_vsftpd_logs(std::string_view text) {
    const auto options = vsftpd_options(text);
    const auto value = [&](const char* name, const char* default_value) {
        const auto found = options.find(name);
        return found == options.end() ? std::string(default_value) : found->second;
    };
    // As vsftpd reads them: YES, TRUE and 1, in upper and lower case.
    const auto is_on = [&](const char* name) {
        std::string answer = value(name, "NO");
        std::ranges::transform(answer, answer.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        return answer == "YES" || answer == "TRUE" || answer == "1";
    };
    ServerLogs result;
    if (!is_on("xferlog_enable")) {
        result.notes.emplace_back(
            "its configuration logs no transfers. Next: xferlog_enable=YES in vsftpd.conf");
        return result;
    }
    const bool has_both = is_on("dual_log_enable");
    const bool has_own = has_both || !is_on("xferlog_std_format");
    // With both, each transfer is in both: its own log comes first.
    if (has_own && !is_on("syslog_enable"))
        result.logs.push_back({.path = value("vsftpd_log_file", "/var/log/vsftpd.log"),
                               .format = "vsftpd",
                               .pattern = {}});
    if (!has_own || (has_both && result.logs.empty()))
        result.logs.push_back({.path = value("xferlog_file", "/var/log/xferlog"),
                               .format = "xferlog",
                               .pattern = {}});
    if (result.logs.empty())
        result.notes.emplace_back(
            "its configuration writes to syslog, which cannot be followed in its format. Next: "
            "syslog_enable=NO, or dual_log_enable=YES, in vsftpd.conf");
    return result;
}

}  // namespace octroi::server_config
