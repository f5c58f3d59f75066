// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <span>

#include "base/narrow.hpp"
#include "host/ebpf/control_groups.hpp"
#include "host/ebpf/maps.hpp"
#include "host/network_namespace.hpp"
#include "meter/ebpf/counters.hpp"
#include "meter/ebpf/ebpf_meter.hpp"
#include "meter/ebpf/kind.hpp"
#include "meter/ebpf/pins.hpp"
#include "meter/ebpf/sockets_options.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi {

// bpf/octroi.bpf.c, compiled (cmake/ebpf.cmake).
extern const std::span<const std::byte> octroi_bpf_object;

namespace ebpf {
namespace {

constexpr std::string_view sockets_source_prefix = "sockets:";

constexpr std::string_view sockets_suffix = "-sockets";

EbpfMeterOptions sockets_meter_options(const MeterConfig& config) {
    const OptionValues& values = config.options;
    EbpfMeterOptions options;
    options.name = config.name;
    options.source = std::string(sockets_source_prefix) + config.name;
    options.by = values.text("by") == "user" ? CountBy::user : CountBy::control_group;
    options.poll = values.duration("poll");
    options.keys_max = narrow<std::uint32_t>(values.integer("keys"));
    options.link_bits_per_second =
        static_cast<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    return options;
}

Result<OpenedMeter> open_sockets(MeterSetup& setup) {
    EbpfMeterOptions options = sockets_meter_options(setup.config);
    const bool by_user = options.by == CountBy::user;
    options.only_rest = setup.only_rest;
    const bool is_own = setup.config.options.text("namespaces") == "own";
    if (is_own) {
        TRY_ASSIGN(options.netns, network_namespace_cookie());
    }
    TRY(check_older_pins(setup.config, sockets_suffix));
    TRY_ASSIGN(std::string pins, pin_folder(setup.config, sockets_suffix));
    EbpfOptions programs{
        .object = octroi_bpf_object,
        .programs = by_user ? std::vector<std::string>{"receive_by_uid", "send_by_uid"}
                            : std::vector<std::string>{"receive_by_cgroup", "send_by_cgroup"},
        .bpffs = setup.config.options.text("bpffs"),
        .folder = std::move(pins)};
    if (setup.only_rest) programs.programs.clear();
    TRY_ASSIGN(const std::string root, control_group_root());
    TRY_ASSIGN(
        OwnFolder folder,
        open_state_folder(setup.state_folder,
                          {sockets_kind.name, setup.config.name, setup.ledger_id}, setup.cursors));
    TRY_ASSIGN(auto maps, open_ebpf(programs));
    TRY_ASSIGN(auto meter, EbpfMeter::open(std::move(options), std::move(maps), std::move(folder),
                                           setup.host, setup.cursors));
    std::vector<std::string> warnings;
    if (!meter->warning().empty()) warnings.push_back(meter->warning());
    return OpenedMeter{
        std::move(meter),
        {fmt::format("counts the traffic of {} in {}, of {}", by_user ? "users" : "control groups",
                     root, is_own ? "this network namespace" : "all network namespaces")},
        std::move(warnings)};
}

Result<std::vector<std::string>> remove_sockets(const MeterConfig& config) {
    return remove_pinned(config, sockets_suffix);
}

Result<std::vector<std::string>> detach_sockets(const MeterConfig& config) {
    return detach_pinned(config, sockets_suffix);
}

bool are_sockets_in_kernel(const MeterConfig& config) { return is_pinned(config, sockets_suffix); }

std::vector<Finding> examine_sockets(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    for (const MeterConfig* meter : meters) {
        std::string why = ebpf_obstacle(meter->options.text("bpffs"));
        if (const auto root = control_group_root(); why.empty() && !root) why = root.error().text;
        if (why.empty())
            findings.push_back({Verdict::good, "meter " + meter->name,
                                "programs can count the traffic of sockets", ""});
        else
            findings.push_back({Verdict::wrong, "meter " + meter->name,
                                "programs cannot count the traffic of sockets: " + why,
                                "run octroi as root, with control groups of version 2"});
    }
    return findings;
}

constexpr std::array sockets_chapters{
    CounterChapter{"Sockets", "As of meters of kind `ebpf`.", ebpf_counters}};

}  // namespace

constinit const MeterKind sockets_kind{
    .name = "sockets",
    .help = "Counts of programs in the kernel, by user or control group of this machine.",
    .doc =
        "Programs count what the sockets of each user, or of each control group of version 2 "
        "(services, containers), send and receive: TCP, UDP and others, IPv4 and IPv6, in the "
        "network namespace of the daemon or in all (`namespaces`). Users are those of the whole "
        "machine, also inside of user namespaces. They go on while the daemon is down. Traffic "
        "within the machine is "
        "`@excluded/loopback`. What this machine forwards has no socket and is not counted. "
        "`octroi bind \"uid 1000\" ACCOUNT` and `octroi bind \"cgroup /system.slice/web.service\" "
        "ACCOUNT` give the counts to accounts; a control group counts for the nearest one above it "
        "that is bound.",
    .layer = Layer::ip,
    .options = sockets_options,
    .scope = MeterScope::machine,
    .counters = sockets_chapters,
    .cursor_prefix = sockets_source_prefix,
    .open = open_sockets,
    .remove_from_kernel = remove_sockets,
    .detach = detach_sockets,
    .is_in_kernel = are_sockets_in_kernel,
    .examine = examine_sockets,
};

}  // namespace ebpf
}  // namespace octroi
