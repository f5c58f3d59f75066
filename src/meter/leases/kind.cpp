// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/narrow.hpp"
#include "meter/leases/inspect.hpp"
#include "meter/leases/leases_meter.hpp"
#include "meter/leases/options.hpp"

namespace octroi::dhcp {

Status check_lease_files(const OptionEntry& entry) {
    for (const std::string& path : entry.texts())
        if (!std::filesystem::path(path).is_absolute())
            return fail(ErrorCode::invalid, fmt::format("'{}' is not an absolute path", path));
    if (entry.texts().empty())
        return fail(ErrorCode::invalid, "the list is empty: name a lease file at least");
    return {};
}

namespace {

Result<OpenedMeter> open_leases_meter(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    LeasesMeterOptions options;
    options.meter = setup.config.name;
    options.files = values.texts("files");
    options.format = format_of(values.text("format"));
    options.poll = values.duration("poll");
    options.policy.networks = values.prefixes("networks");
    options.policy.limit = narrow<std::size_t>(values.integer("lease_limit"));
    return OpenedMeter{std::make_unique<LeasesMeter>(options, setup.cursors, setup.clock),
                       {fmt::format("leases in {}", fmt::join(options.files, ", "))},
                       {}};
}

constexpr std::array chapters{
    CounterChapter{"DHCP leases", "Lease files of DHCP servers.", lease_counters}};

constexpr std::array inspectors{Inspector{
    .command = {"leases", "Lease files of DHCP servers: ISC dhcpd, Kea, dnsmasq",
                "Lease files, also compressed; - for standard input", lease_inspect_options},
    .rows_title = "DHCP leases",
    .rows_about =
        "A row is a record of the file, in its order: later records of an address replace "
        "earlier ones.",
    .fields = lease_fields,
    .columns = lease_columns,
    .inspect = inspect_leases}};

constexpr std::array counter_advice{
    CounterAdvice{"leases_files_unreadable", "lease files cannot be read",
                  "the log of the daemon names them; give its user the right to read them"},
    CounterAdvice{"leases_bad_total", "records of lease files cannot be read",
                  "octroi inspect leases FILE shows those that can"},
    CounterAdvice{"leases_refused_total", "leases were beyond lease_limit",
                  "a larger lease_limit in [[meter]]"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "leases",
    .help = "Which MAC address has which IP address: lease files of DHCP servers.",
    .doc =
        "Counts no traffic. It states who held an address, so that traffic of an address "
        "belongs to the account of the MAC address: docs/identities.md.",
    .options = lease_options,
    .counters = chapters,
    .cursor_prefix = leases_source,
    .open = open_leases_meter,
    .inspectors = inspectors,
    .counter_advice = counter_advice,
};

}  // namespace octroi::dhcp
