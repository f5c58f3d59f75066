// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "attribute/builtin_classes.hpp"
#include "host/log.hpp"
#include "service/class_file.hpp"
#include "service/class_lookup.hpp"
#include "service/class_refresh.hpp"
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

Result<ClassQuestion> question_of(const Options& options) {
    ClassQuestion question{.version = options.version};
    if (options.as > UINT32_MAX)
        return fail(ErrorCode::invalid,
                    fmt::format("--as {} is not an AS number (0 to 4294967295)", options.as));
    question.as = static_cast<std::uint32_t>(options.as);
    if (!options.next_hop.empty()) {
        TRY_ASSIGN(question.next_hop, of_option("--next-hop", parse_address(options.next_hop)));
    }
    for (const std::string& text : options.addresses) {
        TRY_ASSIGN(question.addresses.emplace_back(), parse_address(text));
    }
    return question;
}

Result<ExitStatus> look_up(Session& session, const Options& options) {
    TRY_ASSIGN(const ClassQuestion question, question_of(options));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const auto answers, look_up_classes(*ledger, question));
    Report report;
    report.columns = {{.key = "address", .title = "Address"},
                      {.key = "prefix", .title = "Prefix"},
                      {.key = "class", .title = "Class"},
                      {.key = "decided_by", .title = "Decided by"}};
    for (const AddressClass& a : answers)
        report.rows.push_back({.cells = {a.address, a.prefix ? Cell(to_string(*a.prefix)) : Cell(),
                                         a.class_name, a.decided_by}});
    TRY(session.print(report));
    return ExitStatus::done;
}

Result<ExitStatus> accept(Session& session, const std::string& version) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_write));
    TRY_ASSIGN(const HeldClasses held,
               accept_held_classes(*config, path, version, *ledger, session.clock().now()));
    log_info(
        fmt::format("version {} is the current table from now on: {} prefixes, the table "
                    "before had {}",
                    held.version.substr(0, version_digits), held.prefixes, held.prefixes_in_force));
    return ExitStatus::done;
}

}  // namespace

void add_class(const Command& app, Session& session) {
    Command classes =
        app.sub("class", "Class tables: the class of each remote address, by longest prefix match");
    classes.needs_sub();
    auto options = std::make_shared<Options>();
    auto accepted = std::make_shared<std::string>();
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
               "they also apply to the AS and next hop of flow records",
               "RULE")
        .texts("--rules", sources.rule_files, "A file with one rule per line", "FILE")
        .text("--default", sources.default_class, "Class of all other addresses (default: world)",
              "CLASS")
        .text("--class", sources.bare_class, "Class of prefixes in lines without a class", "CLASS")
        .flag(
            "--partial", sources.partial,
            "If lines or records are wrong, or prefixes have two classes, load the rest (without: "
            "load nothing)")
        .flag("--dry-run", options->dry_run, "Read the files and print a summary, without loading")
        .does([&session, options] { return load(session, *options); });
    classes
        .sub("accept",
             "Put the table of [class_table] in force that is held back, because it differs too "
             "much "
             "from the one in force")
        .operand("VERSION", *accepted,
                 "The table: the first 12 digits of its version, or more, as octroi doctor shows")
        .does([&session, accepted] { return accept(session, *accepted); });
    classes.sub("list", "List the loaded tables").does([&session] { return list(session); });
    classes.sub("lookup", "Print the class of addresses, and the rule that decides")
        .operands("ADDRESS", options->addresses, "Addresses")
        .text("--version", options->version,
              "Use this table (its first digits are enough) instead of the current one", "VERSION")
        .number("--as", options->as, "Assume a flow record with this AS", "NUMBER")
        .text("--next-hop", options->next_hop, "Assume a flow record with this next hop", "ADDRESS")
        .does([&session, options] { return look_up(session, *options); });
}

}  // namespace octroi
