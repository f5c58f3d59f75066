// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/collector_options.hpp"
#include "config/export_options.hpp"
#include "config/option.hpp"

namespace octroi {
namespace {

using enum OptionType;

// A name that is stored in ledgers must not change its meaning; everything else may be renamed with
// a row that says so (Option::renamed_to).
constexpr std::array sections = {
    Section{.name = "ledger", .help = "Where figures are kept, and how often they are committed."},
    Section{.name = "meter",
            .repeated = true,
            .help = "A source of readings. Without any, every physical interface is metered.",
            .append = [](Config& c,
                         const SourceLine& where) { c.meters.emplace_back().where = where; }},
    Section{.name = "export",
            .repeated = true,
            .help = "Readings that are also sent to another collector, as flows.",
            .append = [](Config& c,
                         const SourceLine& where) { c.exports.emplace_back().where = where; }},
    Section{.name = "attribute",
            .help = "Whose traffic it is: local networks, and what kind of far end."},
    Section{.name = "services", .help = "Names for protocols and ports; the first match wins."},
    Section{.name = "categories",
            .help = "Groups of services; the first match wins, the rest is `other`."},
    Section{.name = "display",
            .help = "How figures are shown. Machine output is not touched by it."},
};

constexpr std::size_t name_length_max = 64;

Status is_name(const OptionEntry& entry) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const std::string& name = entry.text();
    if (!name.empty() && name.size() <= name_length_max &&
        name.find_first_not_of(allowed) == std::string::npos) {
        return {};
    }
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a name: 1 to {} letters, digits, '.', '-' and '_'", name,
                            name_length_max));
}

MeterConfig& meter(Config& config) { return config.meters.back(); }

constexpr std::array ledger_options = {
    Option{.section = "ledger",
           .key = "path",
           .type = text,
           .default_text = R"("")",
           .help = "File of the ledger.",
           .doc = "Empty means `/var/lib/octroi/ledger.db` for root, and `octroi/ledger.db` below "
                  "`$XDG_STATE_HOME` (`~/.local/state`) for everybody else. `--ledger` and "
                  "`OCTROI_LEDGER` come first.",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.path = e.text(); }},
    Option{
        .section = "ledger",
        .key = "commit_interval",
        .type = duration,
        .default_text = R"("60s")",
        .range = "1s..1h",
        .help = "How long readings may wait before they are committed.",
        .doc = "Bounds what a crash can take from a live capture (the interface counters at the "
               "last commit tell how much that was), and how many rows a day makes: a commit "
               "writes a row for each pair and service that was seen since the last one.",
        .reload = true,
        .assign = [](Config& c, const OptionEntry& e) { c.ledger.commit_interval = e.duration(); }},
    Option{.section = "ledger",
           .key = "busy_timeout",
           .type = duration,
           .default_text = R"("30s")",
           .range = "0s..10m",
           .help = "How long to wait for another writer before giving up.",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.busy_timeout = e.duration(); }},
};

constexpr std::array meter_options = {
    Option{.section = "meter",
           .key = "name",
           .type = text,
           .default_text = R"("uplink")",
           .required = true,
           .help = "Your name for it, unique and kept in the ledger for ever.",
           .doc = "Letters, digits, `.`, `-` and `_`, at most 64. Under another name it is another "
                  "meter, which starts anew.",
           .check = is_name,
           .assign = [](Config& c, const OptionEntry& e) { meter(c).name = e.text(); }},
    Option{.section = "meter",
           .key = "kind",
           .type = choice,
           .default_text = R"("capture")",
           .range = "capture|collector",
           .help = "What is metered: `capture` reads packets from interfaces, `collector` listens "
                   "to flow exporters.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).kind = e.text(); }},
    Option{.section = "meter",
           .key = "interfaces",
           .type = texts,
           .default_text = "[]",
           .help = "Interfaces to capture on. Empty: every physical one.",
           .doc =
               "One interface may be in one meter with the role `bill` only, or its traffic would "
               "be charged twice.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).interfaces = e.texts(); }},
    Option{.section = "meter",
           .key = "promiscuous",
           .type = boolean,
           .default_text = "false",
           .help = "Count also what is not addressed to this host (mirror port, shared segment).",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).promiscuous = e.boolean(); }},
    Option{.section = "meter",
           .key = "filter",
           .type = text,
           .default_text = R"("")",
           .help = "Only packets that match, in the language of pcap-filter(7).",
           .doc = "What does not match is not observed at all: it is in no sum, and no loss.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).filter = e.text(); }},
    Option{.section = "meter",
           .key = "snap_length",
           .type = integer,
           .default_text = "128",
           .range = "64..262144",
           .help = "Octets of each packet to look at. Sizes are always those of the whole packet.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).snap_length = e.integer(); }},
    Option{.section = "meter",
           .key = "ring_size",
           .type = size,
           .default_text = R"("64 MiB")",
           .range = "64 KiB..1 GiB",
           .help = "Memory shared with the kernel for packets on their way, for each interface.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).ring_size = e.size(); }},
    Option{.section = "meter",
           .key = "role",
           .type = choice,
           .default_text = R"("bill")",
           .range = "bill|witness",
           .help = "`witness`: kept and compared, never charged.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   meter(c).role = e.text() == "bill" ? RoleChoice::bill : RoleChoice::witness;
               }},
    Option{.section = "meter",
           .key = "fragments",
           .type = choice,
           .default_text = R"("first")",
           .range = "first|separate",
           .help = "Which service later IP fragments belong to.",
           .doc = "`first`: that of their first fragment when it was seen, else the service "
                  "`fragment`. `separate`: always `fragment`.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   meter(c).fragments =
                       e.text() == "first" ? FragmentsChoice::first : FragmentsChoice::separate;
               }},
    Option{
        .section = "meter",
        .key = "active_timeout",
        .type = duration,
        .default_text = R"("5m")",
        .range = "1s..1h",
        .help = "A flow that goes on is handed over at least this often.",
        .assign = [](Config& c, const OptionEntry& e) { meter(c).active_timeout = e.duration(); }},
    Option{.section = "meter",
           .key = "inactive_timeout",
           .type = duration,
           .default_text = R"("60s")",
           .range = "1s..1h",
           .help = "A flow without packets for so long has ended.",
           .assign = [](Config& c,
                        const OptionEntry& e) { meter(c).inactive_timeout = e.duration(); }},
    Option{
        .section = "meter",
        .key = "flow_limit",
        .type = integer,
        .default_text = "1000000",
        .range = "1024..100000000",
        .help = "Flows kept at once. A full table hands flows over early; nothing is lost by it.",
        .doc = "Bounds memory: under 300 bytes for each flow.",
        .assign = [](Config& c, const OptionEntry& e) { meter(c).flow_limit = e.integer(); }},
};

constexpr std::array attribute_options = {
    Option{.section = "attribute",
           .key = "local",
           .type = prefixes,
           .default_text = "[]",
           .help = "Networks that are ours. Empty: those of the metered interfaces.",
           .doc =
               "An address in one of them that is bound to no account is `@unattributed`, and not "
               "the outside world.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.attribute.local = e.prefixes(); }},
    Option{
        .section = "attribute",
        .key = "per_address",
        .type = boolean,
        .default_text = "true",
        .help = "Give each local address a row of its own.",
        .reload = true,
        .assign = [](Config& c, const OptionEntry& e) { c.attribute.per_address = e.boolean(); }},
    Option{.section = "attribute",
           .key = "class_table",
           .type = text,
           .default_text = R"("")",
           .help = "File with the class of each far prefix: `prefix class` lines, or an MRT dump.",
           .doc =
               "Put into the ledger and in force at start, as `octroi class load` does. Empty: the "
               "table that is in force there, if any.",
           .assign = [](Config& c, const OptionEntry& e) { c.attribute.class_table = e.text(); }},
    Option{.section = "attribute",
           .key = "class_rules",
           .type = texts,
           .default_text = "[]",
           .help = "Rules that give classes, as `as 7575 = aarnet` or `next-hop 192.0.2.9 = "
                   "transit-a`.",
           .doc =
               "For the routes of `class_table`, and for what flow records state: without a file "
               "too. `octroi class load --help` and docs/flow-exports.md have the kinds.",
           .assign = [](Config& c, const OptionEntry& e) { c.attribute.class_rules = e.texts(); }},
};

constexpr std::array name_options = {
    Option{
        .section = "services",
        .key = any_key,
        .type = texts,
        .default_text = "[]",
        .help = "Protocol and port, range, name of `/etc/services`, or ICMP type.",
        .doc =
            "`web = [\"tcp/80\", \"tcp/443\"]`, `ftp = [\"tcp/20-21\"]`, `dns = [\"udp/domain\"]`, "
            "`ping = [\"icmp/8\"]`. A port without a protocol is refused: TCP and UDP have "
            "ports of their own.",
        .reload = true,
        .assign = [](Config& c,
                     const OptionEntry& e) { c.services.push_back({e.key, e.texts(), e.where}); }},
    Option{
        .section = "categories",
        .key = any_key,
        .type = texts,
        .default_text = "[]",
        .help = "Services that belong to the category.",
        .doc =
            "`essential = [\"web\", \"mail\"]`. A service is in the first category that names it; "
            "those that none names are in `other`, so that the sum is the whole.",
        .reload = true,
        .assign =
            [](Config& c, const OptionEntry& e) {
                c.categories.push_back({e.key, e.texts(), e.where});
            }},
};

constexpr std::array display_options = {
    Option{.section = "display",
           .key = "units",
           .type = choice,
           .default_text = R"("iec")",
           .range = "iec|si",
           .help = "`iec`: KiB, MiB (1024). `si`: kB, MB (1000).",
           .reload = true,
           .assign =
               [](Config& c, const OptionEntry& e) {
                   c.display.units = e.text() == "si" ? UnitsChoice::si : UnitsChoice::iec;
               }},
    Option{.section = "display",
           .key = "timezone",
           .type = text,
           .default_text = R"("local")",
           .help = "`local`, `UTC`, or a name of the time zone database such as `Europe/Berlin`.",
           .doc = "The ledger is in UTC whatever stands here.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.display.timezone = e.text(); }},
};

template <std::size_t... Sizes>
constexpr auto join(const std::array<Option, Sizes>&... parts) {
    std::array<Option, (Sizes + ...)> all{};
    std::size_t next = 0;
    ((std::copy(parts.begin(), parts.end(), all.begin() + next), next += Sizes), ...);
    return all;
}

constexpr auto options = join(ledger_options, meter_options, collector_options, export_options,
                              attribute_options, name_options, display_options);

constexpr bool keys_are_unique() {
    for (std::size_t i = 0; i < options.size(); ++i) {
        for (std::size_t j = i + 1; j < options.size(); ++j) {
            if (options[i].section == options[j].section && options[i].key == options[j].key)
                return false;
        }
    }
    return true;
}
static_assert(keys_are_unique());

constexpr OptionTable table{sections, options};

}  // namespace

const OptionTable& option_table() { return table; }

}  // namespace octroi
