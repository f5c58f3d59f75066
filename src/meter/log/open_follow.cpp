// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/open_follow.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/narrow.hpp"
#include "host/host_name.hpp"
#include "host/random.hpp"
#include "meter/log/known_cursors.hpp"
#include "meter/log/log_meter.hpp"
#include "meter/log/options.hpp"

namespace octroi::logs {
namespace {

NearEnd near_end(std::string_view text) {
    if (text == "server") return NearEnd::server;
    return text == "client" ? NearEnd::client : NearEnd::automatic;
}

Result<OpenedMeter> open_follow(MeterSetup& setup, logline::LineLayer layer);

}  // namespace

LogReadingsOptions readings_options(const OptionValues& values, logline::LineLayer layer) {
    LogReadingsOptions options;
    options.layer = layer;
    options.near = near_end(values.text("near"));
    options.trusts_client_domains = values.boolean("client_names");
    options.user = values.text("user");
    options.domain = values.text("domain").empty() ? host_name() : values.text("domain");
    options.link_bits_per_second = narrow<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    options.entry_octets_max = values.size("entry_limit").value();
    if (layer == logline::LineLayer::application)
        options.no_user_needed = values.prefixes("no_user_needed");
    return options;
}

Result<TimeResolver> meter_times(const OptionValues& values) {
    TimeResolver::Settings times{.zone = Zone::local(), .first_year = {}, .latest = {}};
    if (const std::string& zone = values.text("timezone"); !zone.empty()) {
        TRY_ASSIGN(times.zone, Zone::find(zone));
    }
    return TimeResolver(times);
}

Result<OpenedMeter> open_server_logs(MeterSetup& setup) {
    return open_follow(setup, logline::LineLayer::application);
}

Result<OpenedMeter> open_packet_logs(MeterSetup& setup) {
    return open_follow(setup, logline::LineLayer::ip);
}

namespace {

Result<OpenedMeter> open_follow(MeterSetup& setup, logline::LineLayer layer) {
    const OptionValues& values = setup.config.options;
    LogMeterOptions options;
    options.name = setup.config.name;
    for (const std::string& text : values.texts("paths")) {
        TRY_ASSIGN(PathPattern pattern, PathPattern::parse(text));
        options.paths.push_back(std::move(pattern));
    }
    options.open_reader = [values] { return open_reader(values); };
    options.format = format_of(values);
    TRY_ASSIGN(options.times, meter_times(values));
    options.poll = values.duration("poll");
    options.discover =
        std::max(options.poll, std::min(Duration{options.poll.ns * 10}, Duration::seconds(10)));
    options.follow.line_octets_max = logline::line_octets_max;
    options.follow.finish_after = values.duration("finish_after");
    options.follow.old_folder = values.text("old_folder");
    options.readings = readings_options(values, layer);
    options.seed = random_seed();
    const std::vector<Cursor> cursors =
        known_cursors(setup.cursors, setup.others, setup.configured, options.format);
    TRY_ASSIGN(auto meter, LogMeter::open(std::move(options), setup.clock, cursors));
    OpenedMeter opened;
    opened.warnings = meter->warnings();
    const std::size_t count = meter->logs().size();
    opened.notices.push_back(
        fmt::format("follows {} logs: {}", count, fmt::join(values.texts("paths"), ", ")));
    if (count == 0)
        opened.warnings.push_back(
            "no log matches the paths yet; next: correct `paths` in [[meter]], or let the server "
            "write its log");
    opened.meter = std::move(meter);
    return opened;
}

}  // namespace
}  // namespace octroi::logs
