// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "config/class_table_options.hpp"
#include "config/daemon_options.hpp"
#include "config/export_options.hpp"
#include "config/exporter_options.hpp"
#include "config/option.hpp"
#include "config/rule_options.hpp"
#include "config/value.hpp"

namespace octroi {
namespace {

using enum OptionType;

// Names that ledgers store keep their meaning for ever. Every other name may change, with a row for
// the old one (Option::renamed_to).
constexpr std::array sections = {
    Section{.name = "ledger",
            .help = "The database of all figures, and how often meters commit to it."},
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
    Section{.name = "exporter",
            .repeated = true,
            .help = "What differs between senders of flow exports: rates, clocks, names, quirks.",
            .append = [](Config& c,
                         const SourceLine& where) { c.exporters.emplace_back().where = where; }},
    Section{
        .name = "rule",
        .repeated = true,
        .help = "Accounting rules, which meters of kind nftables count.",
        .append = [](Config& c, const SourceLine& where) { c.rules.emplace_back().where = where; },
        .rows_max = 4096,
        .reload = true},
    Section{.name = "attribute",
            .help = "Which networks are local, and the classes of remote ends."},
    Section{.name = "class_table",
            .help = "A class table that the daemon reads again when it changes."},
    Section{.name = "services", .help = "Names for protocols and ports; the first match wins."},
    Section{.name = "categories",
            .help = "Groups of services; the first match wins, the rest is `other`."},
    Section{.name = "display",
            .help = "How figures are shown to people. Machine output is always exact."},
    Section{.name = "log", .help = "Messages of `octroi run` on standard error."},
    Section{.name = "metrics", .help = "Counters and health checks of `octroi run` over HTTP."},
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

Status is_name_or_empty(const OptionEntry& entry) {
    return entry.text().empty() ? Status() : is_name(entry);
}

MeterConfig& meter(Config& config) { return config.meters.back(); }

constexpr std::array ledger_options = {
    Option{.section = "ledger",
           .key = "path",
           .type = text,
           .default_text = R"("")",
           .help = "File of the ledger.",
           .doc = "Empty: `/var/lib/octroi/ledger.db` for root, `octroi/ledger.db` in "
                  "`$XDG_STATE_HOME` (`~/.local/state`) for other users. `--ledger` and "
                  "`OCTROI_LEDGER` take precedence.",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.path = e.text(); }},
    Option{
        .section = "ledger",
        .key = "commit_interval",
        .type = duration,
        .default_text = R"("60s")",
        .range = "1s..1h",
        .help = "How often each meter commits its readings.",
        .doc =
            "After a crash, the packets that a live capture saw since the last commit are recorded "
            "as a loss. A shorter interval makes this loss smaller, but the ledger larger: each "
            "commit writes a row for each pair of parties and service since the last one.",
        .reload = true,
        .assign = [](Config& c, const OptionEntry& e) { c.ledger.commit_interval = e.duration(); }},
    Option{.section = "ledger",
           .key = "busy_timeout",
           .type = duration,
           .default_text = R"("30s")",
           .range = "0s..10m",
           .help = "How long to wait for another writer before a commit fails.",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.busy_timeout = e.duration(); }},
    Option{.section = "ledger",
           .key = "node",
           .type = text,
           .default_text = R"("")",
           .help = "Name of this machine in the ledger. Empty: the host name.",
           .doc = "Each process that writes to a ledger has a chain of batches of its own, with "
                  "this name. Letters, digits, `.`, `-` and `_`.",
           .check = is_name_or_empty,
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.node = e.text(); }},
    Option{
        .section = "ledger",
        .key = "keep_fine",
        .type = duration,
        .default_text = R"("0s")",
        .range = "0s..36500d",
        .help = "How long transfers of 5 minutes are kept. 0s: for ever.",
        .doc =
            "Older ones are replaced by sums by hour: `\"90d\"` keeps three months. The "
            "sums have the same accounts, identities and services, and the audit proves that "
            "they are the observed volumes. The daemon looks once an hour for whole days that are "
            "old enough; `octroi ledger compact` does it at once.",
        .assign = [](Config& c, const OptionEntry& e) { c.ledger.keep_fine = e.duration(); }},
    Option{.section = "ledger",
           .key = "keep_hours",
           .type = duration,
           .default_text = R"("0s")",
           .range = "0s..36500d",
           .help = "How long sums by hour are kept. 0s: for ever.",
           .doc = "Older ones are replaced by sums by day, which are kept for ever: `\"730d\"` "
                  "keeps two years. Days are those of `display.timezone` when the daemon started; "
                  "`local` is the zone of the system, whatever TZ says.",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.keep_hours = e.duration(); }},
};

constexpr std::array meter_options = {
    Option{.section = "meter",
           .key = "name",
           .type = text,
           .default_text = R"("uplink")",
           .required = true,
           .help = "Name of the meter, chosen by you. It is unique and permanent.",
           .doc = "Letters, digits, `.`, `-` and `_`, at most 64. If you change the name, the "
                  "ledger has a new meter, without the cursors of the old one.",
           .check = is_name,
           .assign = [](Config& c, const OptionEntry& e) { meter(c).name = e.text(); }},
    // make_option_table sets its default and its range: the kinds of the program.
    Option{.section = "meter",
           .key = "kind",
           .type = choice,
           .default_text = R"("")",
           .help = "What the meter reads. Each kind has options of its own, see below.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).kind = e.text(); }},
    Option{
        .section = "meter",
        .key = "role",
        .type = choice,
        .default_text = R"("bill")",
        .range = "bill|witness",
        .help =
            "`bill`: traffic is charged. `witness`: it is recorded for comparison, never charged.",
        .assign =
            [](Config& c, const OptionEntry& e) {
                meter(c).role = e.text() == "bill" ? RoleChoice::bill : RoleChoice::witness;
            }},
    Option{.section = "meter",
           .key = "disjoint_from",
           .type = texts,
           .default_text = "[]",
           .help = "Names of other meters that never count a packet that this one counts.",
           .doc =
               "Two meters of role `bill` that may count the same packets are refused. You state "
               "here that they do not: a packet that both count is charged twice.",
           .assign = [](Config& c, const OptionEntry& e) { meter(c).disjoint_from = e.texts(); }},
};

constexpr std::array attribute_options = {
    Option{.section = "attribute",
           .key = "local",
           .type = prefixes,
           .default_text = "[]",
           .help = "Local networks. Empty: the networks of this machine's interfaces.",
           .doc = "Traffic of a local address without a binding is recorded under `@unattributed`.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.attribute.local = e.prefixes(); }},
    Option{
        .section = "attribute",
        .key = "per_address",
        .type = boolean,
        .default_text = "true",
        .help =
            "Record each local address separately. `false`: only the sum of each local network.",
        .reload = true,
        .assign = [](Config& c, const OptionEntry& e) { c.attribute.per_address = e.boolean(); }},
    Option{
        .section = "attribute",
        .key = "class_table",
        .type = text,
        .default_text = R"("")",
        .help = "File with the classes of remote prefixes: lines `prefix class`, or an MRT dump.",
        .doc =
            "The daemon loads it into the ledger at its start and at each reload, and uses it from "
            "then on, as `octroi class load` does. A file with errors, or with two classes for a "
            "prefix, is refused as a whole. Empty: the class table that is in use in the ledger, "
            "if "
            "any.",
        .reload = true,
        .assign = [](Config& c, const OptionEntry& e) { c.attribute.class_table = e.text(); }},
    Option{.section = "attribute",
           .key = "class_rules",
           .type = texts,
           .default_text = "[]",
           .help = "Rules for classes, such as `as 7575 = aarnet` or `next-hop 192.0.2.9 = "
                   "transit-a`.",
           .doc =
               "They apply to the routes of `class_table` and to flow records, also without a "
               "`class_table`. `octroi class load --help` and docs/flow-exports.md list the kinds "
               "of rules.",
           .reload = true,
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
            "`ping = [\"icmp/8\"]`. A port needs its protocol: TCP and UDP have separate "
            "ports.",
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
            "`essential = [\"https\", \"icmp/*\"]`. A service belongs to the first category that "
            "names it, and to `other` where none does. A name that no service has, neither by "
            "default nor in `[services]`, is refused.",
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
           .doc = "The ledger itself is always in UTC.",
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

constexpr auto base_options = join(ledger_options, meter_options, export_options, exporter_options,
                                   rule_options, attribute_options, class_table_options,
                                   name_options, display_options, log_options, metrics_options);

bool keys_are_unique(const std::vector<Option>& options) {
    for (std::size_t i = 0; i < options.size(); ++i) {
        for (std::size_t j = i + 1; j < options.size(); ++j) {
            const Option& a = options[i];
            const Option& b = options[j];
            const bool together = a.kind.empty() || b.kind.empty() || a.kind == b.kind;
            if (a.section == b.section && a.key == b.key && together) return false;
        }
    }
    return true;
}

// The rows of a kind do not contain the fields that are equal in all of them; this adds those.
void add_kind(const MeterOptions& kind, std::vector<Option>& options) {
    for (Option row : kind.options) {
        row.section = meter_section;
        row.kind = kind.kind;
        options.push_back(row);
    }
}

std::string_view keep(OptionTable& table, std::string text) {
    return *table.texts.emplace_back(std::make_shared<const std::string>(std::move(text)));
}

void complete_kind_row(OptionTable& table) {
    const auto row = std::ranges::find_if(table.options, [](const Option& option) {
        return option.section == meter_section && option.key == "kind";
    });
    CHECK(row != table.options.end());
    std::vector<std::string_view> names;
    for (const MeterOptions& kind : table.kinds) names.push_back(kind.kind);
    row->range = keep(table, fmt::format("{}", fmt::join(names, "|")));
    row->default_text = keep(table, fmt::format("\"{}\"", table.default_kind()));
}

}  // namespace

OptionTable make_option_table(std::span<const MeterOptions> kinds) {
    OptionTable table;
    table.sections.assign(sections.begin(), sections.end());
    table.kinds.assign(kinds.begin(), kinds.end());
    for (const MeterOptions& kind : kinds) table.defaults.push_back(default_values(kind.options));
    for (auto row = base_options.begin(); row != base_options.end(); ++row) {
        table.options.push_back(*row);
        const bool last_of_meter =
            row->section == meter_section &&
            (row + 1 == base_options.end() || (row + 1)->section != meter_section);
        if (!last_of_meter) continue;
        for (const MeterOptions& kind : kinds) add_kind(kind, table.options);
    }
    complete_kind_row(table);
    CHECK(keys_are_unique(table.options));
    return table;
}

}  // namespace octroi
