// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "meter/counters/counter_meter.hpp"
#include "meter/counters/counters.hpp"
#include "meter/counters/inspect.hpp"
#include "meter/counters/interface_source.hpp"
#include "meter/counters/listed_source.hpp"
#include "meter/counters/options.hpp"
#include "meter/counters/wanted_counter.hpp"
#include "meter/counters/wireguard_source.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi::counters {

Status check_wanted(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) TRY(parse_wanted(text));
    return {};
}

namespace {

// DO NOT CHANGE: ledgers contain them.
constexpr std::string_view interfaces_prefix = "interfaces:";
constexpr std::string_view wireguard_prefix = "wireguard:";
constexpr std::string_view listed_prefix = "listed:";

// DO NOT CHANGE: state files are there. Of all kinds of this component.
constexpr std::string_view folder_name = "counters";

Result<OpenedMeter> open_meter(const MeterSetup& setup, std::string_view prefix,
                               std::unique_ptr<CounterSource> source, std::string notice) {
    const OptionValues& values = setup.config.options;
    CounterMeterOptions options;
    options.name = setup.config.name;
    options.cursor_source = fmt::format("{}counters", prefix);
    options.poll = values.duration("poll");
    const std::int64_t speed = values.integer("link_speed");
    options.link_bits_per_second = narrow<std::uint64_t>(speed) * 1'000'000;
    options.link_speed_is_known = speed != default_link_speed;
    if (!setup.ledger_id.empty())
        options.folder = state_folder_path(setup.state_folder,
                                           {folder_name, setup.config.name, setup.ledger_id});
    TRY_ASSIGN(auto meter, CounterMeter::open(std::move(options), std::move(source), setup.clock,
                                              setup.cursors));
    std::vector<std::string> warnings = meter->warnings();
    return OpenedMeter{std::move(meter), {std::move(notice)}, std::move(warnings)};
}

Result<OpenedMeter> open_interfaces(MeterSetup& setup) {
    TRY_ASSIGN(auto source, InterfaceSource::open(setup.config.options.texts("interfaces"),
                                                  std::make_unique<SystemCounterHost>()));
    TRY_ASSIGN(const auto names, source->metered());
    std::string notice = fmt::format("counters of {}{}", fmt::join(names, ", "),
                                     source->reads_proc() ? ", from /proc/net/dev" : "");
    return open_meter(setup, interfaces_prefix, std::move(source), std::move(notice));
}

// A kernel without WireGuard stops no other meter.
Result<OpenedMeter> open_wireguard(MeterSetup& setup) {
    auto source = std::make_unique<WireguardSource>(
        setup.config.options.texts("interfaces"), setup.config.options.boolean("state_addresses"),
        std::make_unique<SystemCounterHost>(), wireguard_host());
    const Status works = source->check();
    const auto names = source->present().value_or(std::vector<std::string>());
    std::string notice = names.empty()
                             ? "counts peers of WireGuard; there is no interface yet"
                             : fmt::format("counts the peers of {}", fmt::join(names, ", "));
    TRY_ASSIGN(OpenedMeter opened,
               open_meter(setup, wireguard_prefix, std::move(source), std::move(notice)));
    if (!works) opened.warnings.push_back(works.error().text);
    return opened;
}

Result<std::unique_ptr<ListedSource>> listed_source(const OptionValues& values) {
    ListedOptions options;
    for (const std::string& text : values.texts("counters")) {
        TRY_ASSIGN(WantedCounter wanted, parse_wanted(text));
        options.wanted.push_back(std::move(wanted));
    }
    options.file = values.text("listing");
    options.command = values.texts("command");
    return std::make_unique<ListedSource>(std::move(options), std::make_unique<SystemCounterHost>(),
                                          listing_host());
}

Result<OpenedMeter> open_listed(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    const std::size_t count = values.texts("counters").size();
    TRY_ASSIGN(auto source, listed_source(values));
    const auto listing = source->read();
    const std::size_t missing = listing ? std::min(listing->missing.size(), count) : count;
    TRY_ASSIGN(OpenedMeter opened,
               open_meter(setup, listed_prefix, std::move(source),
                          fmt::format("reads {} counters of others", count - missing)));
    if (!listing)
        opened.warnings.push_back(listing.error().text);
    else if (missing > 0)
        opened.warnings.push_back(
            fmt::format("not there to be counted: {}; next: octroi inspect counters shows those "
                        "that are there",
                        fmt::join(listing->missing, "; ")));
    return opened;
}

// Two meters that bill the peers of one interface charge them twice.
void check_wireguard(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    const auto shares = [](const MeterConfig& a, const MeterConfig& b) {
        const auto& one = a.options.texts("interfaces");
        const auto& other = b.options.texts("interfaces");
        return one.empty() || other.empty() || std::ranges::find_first_of(one, other) != one.end();
    };
    for (std::size_t i = 0; i < meters.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (meters[i]->role == RoleChoice::bill && meters[j]->role == RoleChoice::bill &&
                shares(*meters[i], *meters[j]))
                problems.push_back(
                    {meters[i]->where,
                     fmt::format("meters '{}' and '{}' bill the same peers. Next: make one of them "
                                 "role = \"witness\", or name their interfaces",
                                 meters[j]->name, meters[i]->name)});
}

void check_listed(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (const MeterConfig* meter : meters) {
        const bool wants_listing =
            std::ranges::any_of(meter->options.texts("counters"), [](const std::string& text) {
                const auto wanted = parse_wanted(text);
                return wanted && wanted->from == ListedFrom::listing;
            });
        const bool has_file = !meter->options.text("listing").empty();
        const bool has_command = !meter->options.texts("command").empty();
        if (wants_listing && has_file == has_command)
            problems.push_back(
                {meter->where,
                 fmt::format(
                     "meter '{}': a counter has from=listing, and {} given. Next: write one "
                     "of listing and command",
                     meter->name, has_file ? "both listing and command are" : "no listing is")});
    }
}

std::vector<Finding> examine_wireguard(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    for (const MeterConfig* meter : meters) {
        WireguardSource source(meter->options.texts("interfaces"), false,
                               std::make_unique<SystemCounterHost>(), wireguard_host());
        const std::string about = "meter " + meter->name;
        if (const Status works = source.check(); !works)
            findings.push_back({Verdict::wrong, about, works.error().text, ""});
        else
            findings.push_back({Verdict::good, about, "the kernel lists peers of WireGuard", ""});
    }
    return findings;
}

std::vector<Finding> examine_listed(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    for (const MeterConfig* meter : meters) {
        const std::string about = "meter " + meter->name;
        const auto source = listed_source(meter->options);
        const auto listing = source ? (*source)->read() : std::unexpected(source.error());
        if (!listing)
            findings.push_back({Verdict::wrong, about, listing.error().text, ""});
        else if (!listing->missing.empty())
            findings.push_back(
                {Verdict::wrong, about,
                 fmt::format("not there to be counted: {}", fmt::join(listing->missing, "; ")),
                 "octroi inspect counters shows those that are there"});
        else
            findings.push_back({Verdict::good, about, "each of its counters is there", ""});
    }
    return findings;
}

constexpr std::array chapters{
    CounterChapter{"Counters of others",
                   "Counters of interfaces, WireGuard peers and the firewall.", meter_counters}};

constexpr std::array missing_advice{
    CounterAdvice{"counters_missing", "configured counters do not exist",
                  "the log names them; correct the configuration, or make them"}};

constexpr std::array inspectors{Inspector{
    .command = {"counters",
                "Listings of rules with counters: iptables-save -c, iptables -nvxL, nft -j list",
                "Listings, also compressed; - for standard input", inspect_options},
    .rows_title = "Listed counters",
    .rows_about = "A row is one counter, once: of a rule, of the policy of a chain, of a named "
                  "counter of nftables, or of\nan element of a set or map. A rule that counts in a "
                  "named counter has no row of its own.",
    .fields = inspect_fields,
    .columns = inspect_columns,
    .inspect = inspect}};

}  // namespace

constinit const MeterKind interfaces_kind{
    .name = "interfaces",
    .help = "The kernel's counters of interfaces: frames in and out.",
    .layer = Layer::frame,
    .options = interface_options,
    .scope = MeterScope::interfaces,
    .counters = chapters,
    .cursor_prefix = interfaces_prefix,
    .open = open_interfaces,
    .inspectors = inspectors,
    .counter_advice = missing_advice,
};

constinit const MeterKind wireguard_kind{
    .name = "wireguard",
    .help = "The counters of WireGuard peers, by public key.",
    .doc =
        "A peer is the identity `peer KEY`; what it sends is traffic from its account. Bytes are "
        "those of WireGuard messages: each packet of the tunnel, padded to 16 octets, and 32 "
        "octets more, without the outer IP and UDP headers; handshakes are included. WireGuard "
        "counts no packets. Counting goes on while the daemon is down.",
    .layer = Layer::ip,
    .options = wireguard_options,
    .check_options = check_wireguard,
    .scope = MeterScope::chosen,
    .counters = chapters,
    .cursor_prefix = wireguard_prefix,
    .open = open_wireguard,
    .examine = examine_wireguard,
};

constinit const MeterKind listed_kind{
    .name = "listed",
    .help = "Counters that others keep in nftables and iptables, each by its name.",
    .doc =
        "Bytes are those of the IP packets as netfilter sees them: segments that the kernel "
        "merged (GRO) or has not split yet (GSO) are one packet with one header. A packet that "
        "passes several of the counters counts in each of them. Counting goes on while the daemon "
        "is down.",
    .layer = Layer::ip,
    .options = listed_options,
    .check_options = check_listed,
    .scope = MeterScope::chosen,
    .counters = chapters,
    .cursor_prefix = listed_prefix,
    .open = open_listed,
    .examine = examine_listed,
};

}  // namespace octroi::counters
