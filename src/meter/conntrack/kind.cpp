// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/conntrack/connection_filter.hpp"
#include "meter/conntrack/connection_meter.hpp"
#include "meter/conntrack/counters.hpp"
#include "meter/conntrack/event_log_meter.hpp"
#include "meter/conntrack/examine.hpp"
#include "meter/conntrack/listing_commands.hpp"
#include "meter/conntrack/options.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi::conntrack {

Status check_zones(const OptionEntry& entry) {
    TRY(ConnectionFilter::make(entry.texts(), {}));
    return {};
}

Status check_marks(const OptionEntry& entry) {
    TRY(ConnectionFilter::make({}, entry.texts()));
    return {};
}

namespace {

// Of options that were checked.
ConnectionFilter filter_of(const OptionValues& values) {
    auto filter = ConnectionFilter::make(values.texts("zones"), values.texts("marks"));
    CHECK(filter.has_value());
    return *std::move(filter);
}

// Two meters of the same connections would charge them twice.
void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    std::vector<const MeterConfig*> billing;
    for (const MeterConfig* meter : meters) {
        if (meter->role != RoleChoice::bill) continue;
        const ConnectionFilter filter = filter_of(meter->options);
        const auto same = std::ranges::find_if(billing, [&](const MeterConfig* other) {
            return !filter.is_disjoint(filter_of(other->options));
        });
        if (same != billing.end())
            problems.push_back(
                {meter->where,
                 fmt::format("[meter] {}: counts the same connections as the meter '{}', and they "
                             "would be charged twice; next: give them zones or marks that no "
                             "connection shares, or make one of them role = \"witness\"",
                             meter->name, (*same)->name)});
        billing.push_back(meter);
    }
}

ConnectionTable::Secret random_secret() {
    ConnectionTable::Secret secret{};
    for (std::size_t at = 0; at < secret.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t part = random_seed();
        std::memcpy(secret.data() + at, &part, sizeof part);
    }
    return secret;
}

// What the kernel must do for the meter.
Status prepare(ConnectionHost& host, bool turn_on, std::vector<std::string>& warnings) {
    auto settings = host.settings();
    if (!settings)
        return fail(ErrorCode::unsupported,
                    "the kernel tracks no connections here (nf_conntrack is not loaded); next: "
                    "load it, with a rule that uses it (ct state in nftables), or meter with "
                    "kind = \"capture\"");
    if (turn_on && (!settings->counts || !settings->timestamps)) {
        TRY(host.turn_on());
        settings = host.settings();
        if (settings->connections > 0)
            warnings.push_back(
                fmt::format("{} connections began before their counters were turned on: what they "
                            "carry is not counted",
                            settings->connections));
    }
    if (!settings->counts)
        return fail(ErrorCode::failed,
                    "connection tracking counts no bytes: net.netfilter.nf_conntrack_acct is 0; "
                    "next: sysctl -w net.netfilter.nf_conntrack_acct=1, or turn_on = true in "
                    "[[meter]]");
    if (settings->events == 0)
        return fail(ErrorCode::failed,
                    "connection tracking sends no events: net.netfilter.nf_conntrack_events is 0, "
                    "so the ends of connections are not seen; next: sysctl -w "
                    "net.netfilter.nf_conntrack_events=1");
    return {};
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    auto host = setup.host.connection_host();
    OpenedMeter opened;
    TRY(prepare(*host, values.boolean("turn_on"), opened.warnings));
    const auto settings = host->settings();
    ConnectionMeterOptions options;
    options.poll = values.duration("poll");
    options.connection_limit = narrow<std::size_t>(values.integer("connection_limit"));
    options.socket_octets = narrow<std::uint32_t>(values.size("socket_buffer").value());
    options.link_bits_per_second = narrow<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    options.filter = filter_of(values);
    options.state_folder =
        state_folder_path(setup.state_folder, {kind.name, setup.config.name, setup.ledger_id});
    options.secret = random_secret();
    TRY_ASSIGN(auto meter, ConnectionMeter::open(options, std::move(host), setup.cursors));
    if (!meter->warning().empty()) opened.warnings.push_back(meter->warning());
    opened.notices.push_back(fmt::format(
        "connections of the kernel, read every {}; times are those of {}", to_string(options.poll),
        settings && settings->timestamps ? "the kernel"
                                         : "events (net.netfilter.nf_conntrack_timestamp is 0)"));
    opened.meter = std::move(meter);
    return opened;
}

Result<std::unique_ptr<file::OnceMeter>> open_event_log(const FileSetup& setup) {
    EventLogMeterOptions options;
    options.link_bits_per_second =
        narrow<std::uint64_t>(setup.options.integer("link_speed")) * 1'000'000;
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_lines = checkpoint;
    options.seed = random_seed();
    options.secret = random_secret();
    return EventLogMeter::open(setup.path, options, setup.cursors);
}

constexpr std::array chapters{CounterChapter{
    "Connection tracking", "Connections that the kernel tracks.", tracking_counters}};

constexpr std::array importers{Importer{
    .command = {"conntrack",
                "Logs of connections that ended: conntrack -E -o timestamp. A listing of live "
                "connections (conntrack -L, /proc) is refused: it would count again",
                "Files, also compressed; - for standard input", import_options},
    .default_meter = "import-conntrack",
    .cursor_prefix = event_log_source_prefix,
    .open = open_event_log}};

constexpr std::array inspectors{Inspector{
    .command = {"conntrack",
                "Listings of connections: conntrack -L or -E, /proc/net/nf_conntrack",
                "Files, also compressed; - for standard input",
                {}},
    .rows_title = "Connections",
    .rows_about = "Each connection gives two rows, one for each direction: its addresses as the "
                  "packets come in, and\nwhat NAT makes of them. A listing states the counters so "
                  "far; a `destroy` states the final ones.",
    .fields = listing_fields,
    .columns = listing_columns,
    .inspect = inspect_listing}};

constexpr std::array lost_events{LossReason::event_drop};
constexpr std::array loss_advice{
    LossAdvice{lost_events, "events of connections were lost",
               "a larger socket_buffer in [[meter]]; net.netfilter.nf_conntrack_events = 1, so "
               "that connections send an event that began before the daemon"}};

constexpr std::array counter_advice{
    CounterAdvice{"conntrack_uncounted_total", "connections have no counters",
                  "sysctl -w net.netfilter.nf_conntrack_acct=1; connections that exist get none, "
                  "and their traffic is a loss until they end"},
    CounterAdvice{"conntrack_refused_total", "connections were beyond connection_limit",
                  "a larger connection_limit in [[meter]]"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "conntrack",
    .help = "Connections that the kernel tracks, with their counters.",
    .options = meter_options,
    .check_options = check_options,
    .scope = MeterScope::chosen,
    .has_both_ends = true,
    .counters = chapters,
    .cursor_prefix = tracking_source,
    .open = open_live,
    .importers = importers,
    .inspectors = inspectors,
    .examine = examine,
    .loss_advice = loss_advice,
    .counter_advice = counter_advice,
};

}  // namespace octroi::conntrack
