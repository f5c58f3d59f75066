// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/narrow.hpp"
#include "host/ebpf/maps.hpp"
#include "meter/ebpf/ebpf_meter.hpp"
#include "meter/ebpf/options.hpp"
#include "meter/ebpf/pins.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi {

// bpf/octroi.bpf.c, compiled (cmake/ebpf.cmake).
extern const std::span<const std::byte> octroi_bpf_object;

namespace ebpf {
namespace {

constexpr std::string_view interfaces_suffix;  // none

bool tracks_connections() { return kernel_has_function("bpf_skb_ct_lookup", "nf_conntrack"); }

Result<std::unique_ptr<EbpfMaps>> open_maps(const MeterSetup& setup, bool tracks) {
    const MeterConfig& config = setup.config;
    TRY(check_older_pins(config, interfaces_suffix));
    TRY_ASSIGN(std::string folder, pin_folder(config, interfaces_suffix));
    EbpfOptions options{.object = octroi_bpf_object,
                        .programs = {},
                        .bpffs = config.options.text("bpffs"),
                        .folder = std::move(folder)};
    if (!setup.only_rest) {
        if (tracks) options.programs.push_back(options.prepare = "prepare_held");
        for (const char* program : {"ingress_eth", "ingress_ip", "egress_eth", "egress_ip"})
            options.programs.push_back(std::string(program) + (tracks ? "_ct" : ""));
    }
    return open_ebpf(options);
}

EbpfMeterOptions options_of(const MeterConfig& config, bool tracks) {
    const OptionValues& values = config.options;
    EbpfMeterOptions options;
    options.name = config.name;
    options.source = std::string(ebpf_source_prefix) + config.name;
    options.interfaces = values.texts("interfaces");
    options.poll = values.duration("poll");
    options.keys_max = narrow<std::uint32_t>(values.integer("keys"));
    options.link_bits_per_second =
        static_cast<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    options.tracks = tracks;
    return options;
}

// Errors: not_found (a named interface is absent), invalid (one stands on another).
Result<MeteredInterfaces> check_interfaces(const std::vector<std::string>& names,
                                           const std::vector<Interface>& present) {
    for (const std::string& name : names)
        if (!is_pattern(name) &&
            std::ranges::find(present, name, &Interface::name) == present.end())
            return missing_interface(name, present);
    MeteredInterfaces metered = metered_interfaces(present, names);
    if (!metered.conflicts.empty())
        return fail(ErrorCode::invalid, metered.conflicts.front() + ". Next: name one of them");
    return metered;
}

std::vector<std::string> notices_of(const std::vector<std::string>& names,
                                    const MeteredInterfaces& metered) {
    std::vector<std::string> notices{fmt::format(
        "counts in the kernel at {}",
        names.empty() ? "all physical interfaces" : fmt::format("{}", fmt::join(names, ", ")))};
    if (!metered.added.empty())
        notices.push_back(
            fmt::format("counts also at {}: a bridge that routes has them as ports beside others, "
                        "and packets of all its ports leave it in the same way",
                        fmt::join(metered.added, ", ")));
    return notices;
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const bool tracks = tracks_connections();
    EbpfMeterOptions options = options_of(setup.config, tracks);
    options.only_rest = setup.only_rest;
    TRY_ASSIGN(const auto present, setup.host.interfaces());
    OpenedMeter opened;
    if (!setup.only_rest) {
        TRY_ASSIGN(const MeteredInterfaces metered, check_interfaces(options.interfaces, present));
        opened.notices = notices_of(options.interfaces, metered);
    }
    TRY_ASSIGN(OwnFolder folder,
               open_state_folder(setup.state_folder,
                                 {kind.name, setup.config.name, setup.ledger_id}, setup.cursors));
    TRY_ASSIGN(auto maps, open_maps(setup, tracks));
    TRY_ASSIGN(auto meter, EbpfMeter::open(std::move(options), std::move(maps), std::move(folder),
                                           setup.host, setup.cursors));
    if (!meter->warning().empty()) opened.warnings.push_back(meter->warning());
    if (!tracks)
        opened.warnings.emplace_back(
            "programs cannot look up connections on this kernel (before 5.19, or without "
            "nf_conntrack): what a host behind the NAT of this machine receives is counted for the "
            "outer address");
    opened.meter = std::move(meter);
    return opened;
}

Result<std::vector<std::string>> remove_from_kernel(const MeterConfig& config) {
    return remove_pinned(config, interfaces_suffix);
}

Result<std::vector<std::string>> detach(const MeterConfig& config) {
    return detach_pinned(config, interfaces_suffix);
}

bool is_in_kernel(const MeterConfig& config) { return is_pinned(config, interfaces_suffix); }

std::string obstacle() { return ebpf_obstacle(std::string(default_bpffs)); }

void add_stack_findings(const MeterConfig& meter, const std::vector<Interface>& present,
                        std::vector<Finding>& findings) {
    const auto metered = metered_interfaces(present, meter.options.texts("interfaces"));
    for (const std::string& conflict : metered.conflicts)
        findings.push_back(
            {Verdict::wrong, "meter " + meter.name, conflict, "name one of them in `interfaces`"});
    if (!metered.unplaced.empty())
        findings.push_back(
            {Verdict::wrong, "meter " + meter.name,
             fmt::format("the kernel does not state whether {} are PPPoE sessions of a metered "
                         "interface: packets that come in there may count twice",
                         fmt::join(metered.unplaced, ", ")),
             "name the ppp interfaces in `interfaces` instead of the interface with the sessions"});
}

std::vector<Finding> examine(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    for (const MeterConfig* meter : meters) {
        const std::string why = ebpf_obstacle(meter->options.text("bpffs"));
        if (why.empty())
            findings.push_back(
                {Verdict::good, "meter " + meter->name, "programs can count in the kernel", ""});
        else
            findings.push_back({Verdict::wrong, "meter " + meter->name,
                                "programs cannot count in the kernel: " + why,
                                "run octroi as root, or use a meter of kind capture"});
    }
    if (!meters.empty())
        if (const auto present = interfaces())
            for (const MeterConfig* meter : meters) add_stack_findings(*meter, *present, findings);
    if (!meters.empty() && !tracks_connections())
        findings.push_back({Verdict::note, "ebpf and NAT",
                            "programs cannot look up connections on this kernel: downloads behind "
                            "NAT count for the outer address",
                            "a kernel from 5.19 on, with nf_conntrack loaded"});
    return findings;
}

constexpr std::array chapters{
    CounterChapter{"eBPF", "Counts of programs in the kernel.", ebpf_counters}};

constexpr std::array counter_advice{
    CounterAdvice{"ebpf_overflow_packets_total", "the map of counts in the kernel was full",
                  "a larger `keys` in [[meter]], or a shorter `poll`"},
    CounterAdvice{"ebpf_attach_failures_total", "programs could not be attached to an interface",
                  "the log of the daemon names it"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "ebpf",
    .help = "Counts of programs in the kernel, by address or prefix, class and service.",
    .doc =
        "Programs at the interfaces find the local end, the class of the far end and the "
        "service of each packet, and count: no packet is copied to the daemon. They go on while "
        "the daemon is down. They take 3 MiB of memory for each processor, and twice that while "
        "tables change. "
        "`octroi run --detach-kernel` removes them.",
    .layer = Layer::ip,
    .options = meter_options,
    .scope = MeterScope::interfaces,
    .counters = chapters,
    .obstacle = obstacle,
    .cursor_prefix = ebpf_source_prefix,
    .open = open_live,
    .remove_from_kernel = remove_from_kernel,
    .detach = detach,
    .is_in_kernel = is_in_kernel,
    .examine = examine,
    .counter_advice = counter_advice,
};

}  // namespace ebpf
}  // namespace octroi
