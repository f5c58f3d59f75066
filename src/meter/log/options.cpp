// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/narrow.hpp"
#include "host/clock.hpp"
#include "host/file.hpp"
#include "host/modified_time.hpp"
#include "meter/log/log_readings.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {

Status check_no_user_ranges(const OptionEntry& entry) {
    if (entry.prefixes().size() <= no_user_ranges_max) return {};
    return fail(ErrorCode::invalid,
                fmt::format("{} networks, and at most {} are allowed; next: write larger networks",
                            entry.prefixes().size(), no_user_ranges_max));
}

Result<std::unique_ptr<logline::LineReader>> open_reader(const OptionValues& options) {
    constexpr std::array patterns{
        std::pair<std::string_view, std::string_view>{"log_format", "apache"},
        std::pair<std::string_view, std::string_view>{"nginx_format", "nginx"},
        std::pair<std::string_view, std::string_view>{"squid_format", "squid-format"},
        std::pair<std::string_view, std::string_view>{"haproxy_format", "haproxy-format"}};
    std::string_view format = options.text("format");
    std::string pattern = options.text("fields");
    for (const auto& [option, name] : patterns) {
        const std::string& value = options.text(option);
        if (value.empty()) continue;
        if (!pattern.empty())
            return fail(ErrorCode::invalid,
                        "a log has one format; next: state one of log_format, nginx_format, "
                        "squid_format and haproxy_format, or fields with csv or json");
        pattern = value;
        format = name;
    }
    return logline::open_reader(format, {pattern});
}

std::string format_of(const OptionValues& options) {
    std::vector<std::string> parts{options.text("format")};
    for (const std::string_view key : {"log_format", "nginx_format", "squid_format", "fields"})
        parts.push_back(options.text(key));
    // Cursors of earlier versions end here.
    if (const std::string& pattern = options.text("haproxy_format"); !pattern.empty())
        parts.push_back(pattern);
    return fmt::format("{}", fmt::join(parts, "\n"));
}

Result<UtcTime> latest_time(const std::string& path) {
    if (path == "-") return SystemClock().now();
    TRY_ASSIGN(const FileStatus status, status_of(path));
    if (!status.regular) return SystemClock().now();
    return modified_time(path);
}

Result<Zone> zone_of(const OptionValues& options) {
    const std::string& zone = options.text("timezone");
    return zone.empty() ? Zone::local() : Zone::find(zone);
}

Result<TimeResolver> open_resolver(const OptionValues& options, UtcTime latest) {
    TimeResolver::Settings settings;
    TRY_ASSIGN(settings.zone, zone_of(options));
    if (const auto year = options.integer("year"); year != 0)
        settings.first_year = narrow<int>(year);
    settings.latest = latest;
    return TimeResolver(settings);
}

}  // namespace octroi::logs
