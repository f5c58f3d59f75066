// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "host/offloads.hpp"
#include "host/random.hpp"
#include "meter/capture/counters.hpp"
#include "meter/capture/examine.hpp"
#include "meter/capture/file_commands.hpp"
#include "meter/capture/file_meter.hpp"
#include "meter/capture/live_meter.hpp"
#include "meter/capture/options.hpp"
#include "meter/capture/recount.hpp"
#include "meter/capture/routing.hpp"
#include "record/reading_rows.hpp"

namespace octroi::capture {
namespace {

// The interfaces of a meter without the option: all that can be metered.
Result<std::vector<std::string>> default_interfaces(const std::vector<Interface>& present) {
    std::vector<std::string> names;
    std::string others;
    for (const Interface& i : present) {
        if (i.meterable)
            names.push_back(i.name);
        else
            others +=
                fmt::format("{}{} ({})", others.empty() ? "" : ", ", i.name, i.excluded_because);
    }
    if (names.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("there is no interface to meter: {}. To meter one of these: "
                                "octroi run --interface NAME",
                                others));
    return names;
}

Result<std::vector<std::string>> interfaces_of(const MeterConfig& config,
                                               const std::vector<Interface>& present) {
    const auto& named = config.options.texts("interfaces");
    if (!named.empty()) return named;
    return default_interfaces(present);
}

// Where this machine routes and its NAT cannot be read, a packet that NAT changes would count
// before and after that. Then the interfaces without a default route are metered, if none is named.
void choose_inner_interfaces(const MeterSetup& setup, const std::vector<Interface>& present,
                             std::vector<std::string>& names, std::vector<std::string>& warnings) {
    if (names.size() < 2 || !routes(present)) return;
    const auto connections = setup.host.connections();
    if (connections.has_value()) return;
    const std::string why =
        fmt::format("{}; next: start it as root, or with CAP_NET_ADMIN", connections.error().text);
    std::vector<std::string> inner = names;
    std::erase_if(inner, [&](const std::string& name) {
        const auto at = std::ranges::find(present, name, &Interface::name);
        return at != present.end() && (at->uplink_v4 || at->uplink_v6);
    });
    const bool is_named = !setup.config.options.texts("interfaces").empty();
    if (is_named || inner.empty() || inner.size() == names.size()) {
        warnings.push_back("packets that this machine translates (NAT) count twice: " + why);
        return;
    }
    names = std::move(inner);
    warnings.push_back(
        fmt::format("only {} {} metered, because of NAT; traffic between this "
                    "machine itself and the outside is not counted: {}",
                    fmt::join(names, ", "), names.size() == 1 ? "is" : "are", why));
}

void warn_of_merged_frames(const LiveMeter& meter, std::vector<std::string>& warnings) {
    std::vector<std::string> names = meter.unsegmented_interfaces();
    std::erase_if(names, [](const std::string& name) { return !merges_segments(name); });
    if (names.empty()) return;
    warnings.push_back(
        fmt::format("{}: the kernel merges received packets (GRO) and does not state how many; "
                    "{}; next: ethtool -K {} gro off lro off",
                    fmt::join(names, ", "), merged_effect, names.front()));
}

LiveMeterOptions live_options(const OptionValues& values) {
    LiveMeterOptions options;
    options.promiscuous = values.boolean("promiscuous");
    options.snap_length = narrow<std::uint32_t>(values.integer("snap_length"));
    options.ring_octets = narrow<std::uint32_t>(values.size("ring_size").value());
    options.filter = values.text("filter");
    options.aggregator.fragments =
        values.text("fragments") == "separate" ? FragmentPolicy::separate : FragmentPolicy::resolve;
    options.aggregator.flows.flow_limit = narrow<std::uint32_t>(values.integer("flow_limit"));
    options.aggregator.flows.active = values.duration("active_timeout");
    options.aggregator.flows.inactive = values.duration("inactive_timeout");
    options.seed = random_seed();
    return options;
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    LiveMeterOptions options = live_options(setup.config.options);
    TRY_ASSIGN(const auto present, setup.host.interfaces());
    TRY_ASSIGN(options.interfaces, interfaces_of(setup.config, present));
    std::vector<std::string> warnings;
    choose_inner_interfaces(setup, present, options.interfaces, warnings);
    std::string notice = fmt::format("{}{}{}", fmt::join(options.interfaces, ", "),
                                     options.promiscuous ? ", promiscuous" : "",
                                     options.filter.empty() ? "" : ", only " + options.filter);
    TRY_ASSIGN(auto meter, LiveMeter::open(options, setup.host, setup.cursors));
    warn_of_merged_frames(*meter, warnings);
    return OpenedMeter{std::move(meter), {std::move(notice)}, std::move(warnings)};
}

// The interfaces that no meter reads, and why. Errors: a meter names an interface that is absent.
Result<std::vector<std::string>> overview(std::span<const MeterConfig* const> meters,
                                          CaptureHost& host) {
    TRY_ASSIGN(const auto present, host.interfaces());
    std::vector<std::string> metered;
    for (const MeterConfig* meter : meters) {
        TRY_ASSIGN(const auto names, interfaces_of(*meter, present));
        for (const std::string& name : names)
            if (std::ranges::find(present, name, &Interface::name) == present.end())
                return missing_interface(name, present);
        metered.insert(metered.end(), names.begin(), names.end());
    }
    std::string left_out;
    for (const Interface& i : present) {
        if (std::ranges::find(metered, i.name) != metered.end()) continue;
        left_out += fmt::format("{}{}{}", left_out.empty() ? "" : ", ", i.name,
                                i.excluded_because.empty() ? "" : " (" + i.excluded_because + ")");
    }
    if (left_out.empty()) return std::vector<std::string>();
    return std::vector{"left out: " + left_out};
}

constexpr std::array chapters{
    CounterChapter{"Capture", "Live interfaces and capture files.", capture_counters}};

constexpr std::string_view file_help = "Captures, also compressed; - for standard input";

constexpr std::array importers{
    Importer{.command = {"packets", "Captures (pcap, pcapng)", file_help, import_options},
             .default_meter = "import",
             .cursor_prefix = file_source_prefix,
             .open = open_import,
             .recount = recount}};

constexpr std::array flow_sources{
    FlowSource{.command = {"packets",
                           "The flows of captures (pcap, pcapng)",
                           "Files, also compressed; - for standard input",
                           {}},
               .open = open_export}};

constexpr std::array inspectors{Inspector{
    .command = {"packets", "A capture (pcap, pcapng): one row per unidirectional flow", file_help,
                inspect_options},
    .rows_title = "Flows",
    .rows_about = "A row is the traffic of one unidirectional flow; a long flow may have several "
                  "rows, which add up.\nFrames without IP, or with a malformed IP header, are "
                  "in `--summary` only.",
    .fields = reading_fields,
    .columns = inspect_columns,
    .inspect = inspect}};

constexpr std::array capture_drops{LossReason::kernel_drop, LossReason::interface_drop};
constexpr std::array loss_advice{
    LossAdvice{capture_drops, "packets were dropped",
               "a larger ring: ring_size in [[meter]]; fewer processes beside it"}};

}  // namespace

constinit const MeterKind kind{
    .name = "capture",
    .help = "Packets, read from interfaces of this machine.",
    .options = meter_options,
    .check_options = check_options,
    .scope = MeterScope::interfaces,
    .has_both_ends = true,
    .counters = chapters,
    .runs_unconfigured = true,
    .run_options = run_options,
    .instead_option = "interfaces",
    .cursor_prefix = interface_source_prefix,
    .open = open_live,
    .overview = overview,
    .importers = importers,
    .flow_sources = flow_sources,
    .inspectors = inspectors,
    .examine = examine,
    .loss_advice = loss_advice,
};

}  // namespace octroi::capture
