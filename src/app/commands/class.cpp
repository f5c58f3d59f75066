// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "attribute/builtin_classes.hpp"
#include "attribute/class_table.hpp"
#include "host/log.hpp"
#include "record/reading.hpp"
#include "service/class_file.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    ClassSources sources;
    bool dry_run = false;
    std::vector<std::string> addresses;
    std::string version;
    std::uint64_t as = 0;
    std::string next_hop;
};

constexpr std::size_t version_digits = 12;  // enough to distinguish versions

Result<ExitStatus> load(Session& session, const Options& options) {
    const ClassSources& sources = options.sources;
    if (sources.files.empty() && sources.rules.empty() && sources.rule_files.empty())
        return fail(ErrorCode::invalid,
                    "there is nothing to load. Next: give a file, or rules with --rule or --rules");
    TRY_ASSIGN(const LoadedClasses loaded, read_classes(sources));
    const ClassTable& table = loaded.table;
    const std::size_t stated = table.ases.size() + table.next_hops.size();
    log_info(fmt::format(
        "{} prefixes{} in {} classes ({}), everything else {}", table.routes.size(),
        stated == 0 ? "" : fmt::format(", AS numbers and next hops of flow records: {}", stated),
        table.classes.size(), fmt::join(table.classes, ", "), table.default_class));
    if (loaded.unmatched > 0)
        log_info(fmt::format("{} routes match no rule and get class {}", loaded.unmatched,
                             table.default_class));
    if (!options.dry_run) {
        TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
        TRY(ledger->load_class_table(table, name_of(options.sources), session.clock().now()));
        log_info(fmt::format("version {} is the current table from now on",
                             table.version.substr(0, version_digits)));
    }
    return loaded.problems ? ExitStatus::failed : ExitStatus::done;
}

Result<ExitStatus> list(Session& session) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const auto tables, ledger->class_tables());
    TRY(session.print(class_tables_report(tables)));
    return ExitStatus::done;
}

Result<std::string> version_meant(Registry& registry, const std::string& given) {
    if (given.empty()) return registry.current_class_version();
    TRY_ASSIGN(const auto tables, registry.class_tables());
    for (const ClassTableInfo& table : tables)
        if (table.version.starts_with(given)) return table.version;
    return fail(ErrorCode::not_found,
                fmt::format("there is no class table {}. Next: octroi class list", given));
}

std::string decided_by(const ClassLookup::Match& match) {
    if (match.next_hop != nullptr)
        return fmt::format("next-hop {}", to_string(match.next_hop->next_hop));
    if (match.prefix) return fmt::format("prefix {}", to_string(*match.prefix));
    if (match.ases == nullptr) return "default";
    const auto [first, last, class_index] = *match.ases;
    return first == last ? fmt::format("as {}", first) : fmt::format("as {}-{}", first, last);
}

Result<ExitStatus> look_up(Session& session, const Options& options) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const std::string version, version_meant(*ledger, options.version));
    ClassTable table;
    table.default_class = no_table_class;
    if (!version.empty()) {
        TRY_ASSIGN(auto stored, ledger->class_table(version));
        if (stored) table = *std::move(stored);
    }
    const ClassLookup lookup(table);
    if (options.as > UINT32_MAX) return fail(ErrorCode::invalid, "--as is not an AS number");
    // Readings have 0 (unknown) in place of AS_TRANS, 23456.
    const auto as = options.as == as_trans ? 0 : static_cast<std::uint32_t>(options.as);
    Address next_hop;
    if (!options.next_hop.empty()) {
        TRY_ASSIGN(next_hop, parse_address(options.next_hop));
    }
    Report report;
    report.columns = {{.key = "address", .title = "Address"},
                      {.key = "prefix", .title = "Prefix"},
                      {.key = "class", .title = "Class"},
                      {.key = "decided_by", .title = "Decided by"}};
    for (const std::string& text : options.addresses) {
        TRY_ASSIGN(const Address address, parse_address(text));
        const auto match = lookup.find(address, as, next_hop);
        const BuiltinClass builtin = builtin_class(address);
        const std::string_view name = builtin == BuiltinClass::none
                                          ? match.class_name
                                          : builtin_class_names[static_cast<std::size_t>(builtin)];
        const bool by_prefix = match.prefix && builtin == BuiltinClass::none;
        report.rows.push_back(
            {.cells = {address, by_prefix ? Cell(to_string(*match.prefix)) : Cell(),
                       std::string(name),
                       builtin == BuiltinClass::none ? decided_by(match) : "built in"}});
    }
    TRY(session.print(report));
    return ExitStatus::done;
}

}  // namespace

void add_class(const Command& app, Session& session) {
    Command classes = app.sub(
        "class", "Class tables: the class of each outside address, by longest prefix match");
    classes.needs_sub();
    auto options = std::make_shared<Options>();
    ClassSources& sources = options->sources;
    sources.default_class = no_table_class;
    classes
        .sub("load",
             "Make a class table from routing tables or prefix lists, and use it from now on")
        .optional_operands(
            "FILE", sources.files,
            "MRT dumps, or lists with \"prefix class\" in each line; also compressed")
        .texts("--rule", sources.rules,
               "A rule: \"as 7575 = aarnet\", \"within 130.56.0.0/16 = mirror\" (the first match "
               "counts), "
               "\"next-hop 192.0.2.9 = transit-a\"; \"as\" and \"next-hop\" need no FILE: "
               "they also use the fields of flow records",
               "RULE")
        .texts("--rules", sources.rule_files, "A file with one rule per line", "FILE")
        .text("--default", sources.default_class, "Class of all other addresses (default: world)",
              "CLASS")
        .text("--class", sources.bare_class, "Class of prefixes in lines without a class", "CLASS")
        .flag("--dry-run", options->dry_run, "Read the files and print a summary, without loading")
        .does([&session, options] { return load(session, *options); });
    classes.sub("list", "List the loaded tables").does([&session] { return list(session); });
    classes.sub("lookup", "Print the class of addresses, and the rule that decides")
        .operands("ADDRESS", options->addresses, "Addresses")
        .text("--version", options->version,
              "Use this table (its first digits are enough) instead of the current one", "VERSION")
        .number("--as", options->as, "The class in a flow record with this AS", "NUMBER")
        .text("--next-hop", options->next_hop, "The class in a flow record with this next hop",
              "ADDRESS")
        .does([&session, options] { return look_up(session, *options); });
}

}  // namespace octroi
