// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/follow_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/address.hpp"
#include "host/found_files.hpp"
#include "host/zone.hpp"
#include "meter/log/path_pattern.hpp"

namespace octroi::logs {
namespace {

// Whether a path may match both. Patterns with wildcards are compared as texts: that finds equal
// ones, and a path that the other pattern matches.
bool may_share_a_path(const std::string& one, const std::string& other) {
    return one == other || matches_pattern(one, other) || matches_pattern(other, one);
}

// Syslog has lines of several programs in one file: each of these formats reads those of its own.
constexpr std::array<std::string_view, 7> syslog_formats{
    "dovecot", "exim", "postfix", "pureftpd", "rsyncd", "sftp-server", "vsftpd"};

bool read_other_lines(std::string_view one, std::string_view other) {
    const auto is_of_syslog = [](std::string_view format) {
        return std::ranges::find(syslog_formats, format) != syslog_formats.end();
    };
    return is_of_syslog(one) && is_of_syslog(other) && one != other;
}

bool share_a_path(std::span<const std::string> one, std::span<const std::string> other) {
    for (const std::string& a : one)
        for (const std::string& b : other) {
            const auto first = PathPattern::parse(a);
            const auto second = PathPattern::parse(b);
            if (first && second && may_share_a_path(first->glob(), second->glob())) return true;
        }
    return false;
}

}  // namespace

bool reads_lines_of(const MeterConfig& meter, std::span<const std::string> paths,
                    std::string_view format) {
    return share_a_path(meter.options.texts("paths"), paths) &&
           !read_other_lines(meter.options.text("format"), format);
}

Status check_paths(const OptionEntry& entry) {
    if (entry.texts().empty())
        return fail(ErrorCode::invalid, "no path is given; next: write the paths of logs");
    for (const std::string& text : entry.texts()) TRY(PathPattern::parse(text));
    return {};
}

Status check_addresses(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) TRY(parse_prefix(text));
    return {};
}

Status check_timezone(const OptionEntry& entry) {
    if (entry.text().empty()) return {};
    TRY(Zone::find(entry.text()));
    return {};
}

void check_log_meters(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        if (const auto reader = open_reader((*meter)->options); !reader)
            problems.push_back({(*meter)->where, fmt::format("[meter] {}: {}", (*meter)->name,
                                                             reader.error().text)});
        if ((*meter)->role != RoleChoice::bill) continue;
        const auto same = std::find_if(meters.begin(), meter, [&](const MeterConfig* other) {
            return other->role == RoleChoice::bill &&
                   reads_lines_of(*other, (*meter)->options.texts("paths"),
                                  (*meter)->options.text("format"));
        });
        if (same != meter)
            problems.push_back(
                {(*meter)->where,
                 fmt::format("[meter] {}: follows logs that the meter '{}' follows, and each line "
                             "would be charged twice; next: remove the path from one of them, or "
                             "make one role = \"witness\"",
                             (*meter)->name, (*same)->name)});
    }
}

}  // namespace octroi::logs
