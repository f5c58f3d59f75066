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
#include "meter/ebpf/layout.h"
#include "meter/ebpf/options.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi {

// bpf/octroi.bpf.c, compiled (cmake/ebpf.cmake).
extern const std::span<const std::byte> octroi_bpf_object;

namespace ebpf {
namespace {

std::string pin_folder(const MeterConfig& config) {
    return "octroi/" + config.name + "-" OCTROI_LAYOUT;
}

bool tracks_connections() { return kernel_has_function("bpf_skb_ct_lookup", "nf_conntrack"); }

Result<std::unique_ptr<EbpfMaps>> open_maps(const MeterConfig& config, bool tracks) {
    EbpfOptions options{.object = octroi_bpf_object,
                        .programs = {"egress_eth", "egress_ip"},
                        .bpffs = config.options.text("bpffs"),
                        .folder = pin_folder(config)};
    for (const char* program : {"ingress_eth", "ingress_ip"})
        options.programs.push_back(std::string(program) + (tracks ? "_ct" : ""));
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

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const bool tracks = tracks_connections();
    EbpfMeterOptions options = options_of(setup.config, tracks);
    TRY_ASSIGN(const auto present, setup.host.interfaces());
    for (const std::string& name : options.interfaces)
        if (std::ranges::find(present, name, &Interface::name) == present.end())
            return missing_interface(name, present);
    TRY_ASSIGN(OwnFolder folder,
               open_state_folder(setup.state_folder,
                                 {kind.name, setup.config.name, setup.ledger_id}, setup.cursors));
    TRY_ASSIGN(auto maps, open_maps(setup.config, tracks));
    const std::string notice = fmt::format(
        "counts in the kernel at {}", options.interfaces.empty()
                                          ? "all physical interfaces"
                                          : fmt::format("{}", fmt::join(options.interfaces, ", ")));
    TRY_ASSIGN(auto meter, EbpfMeter::open(std::move(options), std::move(maps), std::move(folder),
                                           setup.host, setup.cursors));
    std::vector<std::string> warnings;
    if (!meter->warning().empty()) warnings.push_back(meter->warning());
    if (!tracks)
        warnings.emplace_back(
            "programs cannot look up connections on this kernel (before 5.19, or without "
            "nf_conntrack): what a host behind the NAT of this machine receives is counted for the "
            "outer address");
    return OpenedMeter{std::move(meter), {notice}, std::move(warnings)};
}

Result<std::vector<std::string>> remove_from_kernel(const MeterConfig& config) {
    return remove_ebpf(config.options.text("bpffs"), pin_folder(config));
}

std::string obstacle() { return ebpf_obstacle(std::string(default_bpffs)); }

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
    .examine = examine,
    .counter_advice = counter_advice,
};

}  // namespace ebpf
}  // namespace octroi
