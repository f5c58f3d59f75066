// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/narrow.hpp"
#include "config/listen.hpp"
#include "host/interfaces.hpp"
#include "host/random.hpp"
#include "meter/radius/options.hpp"
#include "meter/radius/radius_meter.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi::radius_meter {

Status check_radius_listen(const OptionEntry& entry) {
    TRY_ASSIGN(const ListenAddress listen, parse_listen(entry.text()));
    if (listen.transport == ListenTransport::udp) return {};
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not UDP: RADIUS accounting uses udp/1813", entry.text()));
}

Status check_clients_path(const OptionEntry& entry) {
    if (std::filesystem::path(entry.text()).is_absolute()) return {};
    return fail(ErrorCode::invalid, fmt::format("'{}' is not an absolute path", entry.text()));
}

void check_radius_meters(std::span<const MeterConfig* const> meters,
                         std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const std::string& listen = (*meter)->options.text("listen");
        const auto same = std::find_if(meters.begin(), meter, [&](const MeterConfig* other) {
            return other->options.text("listen") == listen;
        });
        if (same != meter)
            problems.push_back(
                {(*meter)->where, fmt::format("[meter] {}: listens on {}, as the meter '{}' does; "
                                              "next: give each a port of its own",
                                              (*meter)->name, listen, (*same)->name)});
    }
}

namespace {

// Requests are small: those of a second of a large NAS are some hundred KiB.
constexpr std::uint32_t socket_buffer_octets = 4U << 20U;

journal::Options journal_options() {
    journal::Options options;
    options.shape = {1024, 1024};
    options.ready_octets = std::uint64_t{2} << 20U;
    options.limit_octets = std::uint64_t{64} << 20U;
    return options;
}

bool is_open_to_others(const std::string& path) {
    std::error_code error;
    const auto rights = std::filesystem::status(path, error).permissions();
    return !error && (rights & std::filesystem::perms::others_read) != std::filesystem::perms::none;
}

Result<OpenedMeter> open_radius(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    RadiusMeterOptions options;
    options.meter = setup.config.name;
    options.folder = values.text("journal");
    if (options.folder.empty())
        options.folder =
            state_folder_path(setup.state_folder, {kind.name, setup.config.name, setup.ledger_id});
    options.journal = journal_options();
    // The journal must know whether a power cut may have happened since it was written.
    TRY_ASSIGN(options.journal.boot_id, boot_id());
    options.ledger_id = setup.ledger_id;
    if (!radius::has_md5())
        return fail(ErrorCode::unsupported,
                    "libcrypto refuses MD5 (FIPS mode), so that no RADIUS request can be checked; "
                    "next: run octroi without FIPS mode, or use another source of identities");
    const std::string& path = values.text("clients");
    OpenedMeter opened;
    options.clients = ClientsFile(path);
    const Status read = options.clients.refresh();
    if (!read && read.error().code != ErrorCode::not_found) return std::unexpected(read.error());
    if (!read)
        opened.warnings.push_back(fmt::format(
            "{}: the file does not exist, so no NAS is answered; next: write a line for each NAS: "
            "its address, a blank and the secret",
            path));
    options.policy.networks = values.prefixes("networks");
    options.policy.valid_for = values.duration("valid_for");
    options.policy.session_limit = narrow<std::size_t>(values.integer("session_limit"));
    options.policy.counts_volumes = values.boolean("volumes");
    options.policy.link_bits_per_second =
        narrow<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    options.seed = random_seed();
    TRY_ASSIGN(const ListenAddress listen, parse_listen(values.text("listen")));
    TRY_ASSIGN(auto source, UdpSource::open({listen.address, listen.port, socket_buffer_octets}));
    opened.notices.push_back(fmt::format("RADIUS accounting at {}, {} clients", source->name(),
                                         options.clients.clients().size()));
    if (is_open_to_others(path))
        opened.warnings.push_back(fmt::format(
            "{}: every user of this machine can read the secrets; next: chmod 600 {}", path, path));
    auto replies = std::make_unique<SocketReplySender>(source->descriptor());
    TRY_ASSIGN(auto meter, RadiusMeter::open(std::move(options), std::move(source),
                                             std::move(replies), setup.cursors, setup.clock));
    if (!meter->notice().empty()) opened.warnings.push_back(meter->notice());
    opened.meter = std::move(meter);
    return opened;
}

constexpr std::array chapters{CounterChapter{
    "RADIUS", "Accounting of RADIUS: sessions, and who has which address.", radius_counters}};

constexpr std::array counter_advice{
    CounterAdvice{"radius_unknown_client_total", "datagrams came from addresses that are no client",
                  "the log of the daemon names them; add NAS of yours to `clients`"},
    CounterAdvice{"radius_wrong_secret_total", "requests were made with another secret",
                  "the log of the daemon names the NAS; compare its secret with `clients`"},
    CounterAdvice{"radius_malformed_total", "datagrams were no whole Accounting-Request",
                  "the log of the daemon names the senders"},
    CounterAdvice{"radius_corrected_times_total",
                  "requests had a time more than five minutes from their receipt",
                  "set the clocks of the NAS (NTP)"},
    CounterAdvice{"radius_evicted_total", "sessions were beyond session_limit",
                  "a larger session_limit in [[meter]]"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "radius",
    .help = "Who has which IP address: accounting of RADIUS (RFC 2866).",
    .doc =
        "A RADIUS accounting server that states who held an address, a prefix or a MAC address: "
        "docs/identities.md. It counts the volumes of the sessions only with `volumes`.",
    .options = radius_options,
    .check_options = check_radius_meters,
    .counters = chapters,
    .cursor_prefix = radius_source_prefix,
    .open = open_radius,
    .counter_advice = counter_advice,
};

}  // namespace octroi::radius_meter
