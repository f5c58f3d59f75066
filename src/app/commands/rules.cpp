// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "app/commands.hpp"
#include "app/session.hpp"
#include "config/parse.hpp"
#include "config/rule_text.hpp"
#include "host/edited_file.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "meter/nftables/import_rules.hpp"
#include "meter/nftables/kind.hpp"
#include "meter/nftables/services_file.hpp"
#include "service/accounting_rules.hpp"
#include "service/ledger_url.hpp"
#include "service/reload.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

constexpr std::size_t rules_file_max = std::size_t{1} << 20U;
// How long a command waits for others that change the file; each takes less than a second.
constexpr Duration edit_patience = Duration::minutes(1);

struct Options {
    std::string meter;
    std::string name;
    std::vector<std::string> words;
    std::string before;
    std::vector<std::string> names;
    std::string file;
    bool dry_run = false;
    RulesView view;
};

// The configuration file while this command changes it: no other command does until the end of
// the object. session.config() is the file as it is under the lock.
struct Edit {
    std::optional<EditedFile> file;  // none: nothing is written (--dry-run)
    std::string text;
};

Result<Edit> begin_edit(Session& session, const Options& options) {
    Edit edit;
    if (!options.dry_run) {
        TRY_ASSIGN(edit.file, EditedFile::open(session.config_path(), edit_patience));
        TRY_ASSIGN(edit.text, edit.file->read(rules_file_max));
    } else {
        auto text = read_file(session.config_path(), rules_file_max);
        if (!text && text.error().code != ErrorCode::not_found)
            return std::unexpected(text.error());
        edit.text = text.value_or(std::string());
    }
    TRY_ASSIGN(Config config, session.read_config());
    session.set_config(std::move(config));
    return edit;
}

bool has_rules_meter(const Config& config) {
    return std::ranges::any_of(config.meters, [](const MeterConfig& meter) {
        return meter.kind == accounting::kind.name;
    });
}

// Before the kernel gets the rules: a daemon that does not know them cannot post their counts.
// One that knows them makes them again where another program removes our table. Without a daemon,
// or without a meter, the kernel counts and no ledger gets the counts. Errors: a running daemon
// with a meter refuses.
Status report_to_daemon(Session& session, const Config& config) {
    const std::string ledger = session.probable_ledger_path();
    const auto reloaded = ask_reload(ledger, session.config_path());
    const bool runs = reloaded || reloaded.error().code != ErrorCode::not_found;
    if (!has_rules_meter(config))
        log_warning(
            fmt::format("{} has no [[meter]] of kind {}: the kernel counts, and no ledger "
                        "gets the counts. Next: add one, and {}",
                        session.config_path(), accounting::kind.name,
                        runs ? "restart the daemon" : "start octroi run"));
    else if (!runs)
        log_warning(
            fmt::format("no daemon writes to the ledger {}: the kernel counts, and the "
                        "ledger gets the counts when octroi run starts",
                        without_passwords(ledger)));
    else if (!reloaded)
        return fail(
            reloaded.error().code,
            fmt::format("the running daemon refuses the new rules: {}. The rules in the kernel "
                        "are unchanged. Next: when the daemon can read {}, octroi rules apply",
                        reloaded.error().text, session.config_path()));
    return {};
}

// The changed text has the wanted change, and no other rule changed. A file may have them in a
// form that lines do not show.
Status check_other_rules(const Config& before, const Config& after,
                         std::span<const std::string> removed, std::size_t added) {
    std::size_t kept = 0;
    for (const RuleRow& row : before.rules) {
        if (std::ranges::find(removed, row.rule.name) != removed.end()) continue;
        ++kept;
        const auto same = [&](const RuleRow& other) { return other.rule == row.rule; };
        if (std::ranges::none_of(after.rules, same)) kept = after.rules.size() + 1;
    }
    if (kept + added == after.rules.size()) return {};
    return fail(ErrorCode::invalid,
                "the rules of the file cannot be changed line by line: nothing was changed. Next: "
                "write each rule as [[rule]] with a line for each key, or edit the file");
}

// Writes the file when the rules in it are good and the kernel accepts them; then they apply.
Result<ExitStatus> change(Session& session, const Options& options, const Edit& edit,
                          const std::string& text, std::size_t added) {
    TRY_ASSIGN(const Config config,
               parse_config(text, session.config_path(), session.option_table()));
    TRY_ASSIGN(const Config* before, session.config());
    TRY(check_other_rules(*before, config, options.names, added));
    TRY_ASSIGN(const ConfiguredRules wanted,
               configured_rules(config, session.option_table(), options.meter));
    const auto host = nftables_host();
    const accounting::AccountingTable table(*host, wanted.table);
    TRY([&]() -> Status {
        TRY_ASSIGN([[maybe_unused]] const auto changes, table.apply(wanted.ruleset, true));
        return {};
    }());
    TRY(edit.file->replace(edit.text, text));
    TRY(report_to_daemon(session, config));
    TRY_ASSIGN([[maybe_unused]] const auto applied, table.apply(wanted.ruleset, false));
    log_info(fmt::format("{} written, table inet {} changed", session.config_path(), wanted.table));
    return ExitStatus::done;
}

Result<ExitStatus> add_texts(Session& session, const Options& options,
                             const std::vector<std::string>& texts) {
    TRY_ASSIGN(const Edit edit, begin_edit(session, options));
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string text, text_with_rules(*config, edit.text, texts, options.before));
    if (!options.dry_run) return change(session, options, edit, text, texts.size());
    TRY_ASSIGN(const Config changed,
               parse_config(text, session.config_path(), session.option_table()));
    TRY_ASSIGN([[maybe_unused]] const ConfiguredRules good,
               configured_rules(changed, session.option_table(), options.meter));
    for (const std::string& one : texts) TRY(session.print(one + "\n"));
    log_info("nothing changed (--dry-run)");
    return ExitStatus::done;
}

Result<ExitStatus> add(Session& session, const Options& options) {
    TRY_ASSIGN(const std::string text, rule_text(options.name, options.words));
    return add_texts(session, options, {text});
}

Result<ExitStatus> remove(Session& session, const Options& options) {
    TRY_ASSIGN(const Edit edit, begin_edit(session, options));
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string text, text_without_rules(*config, edit.text, options.names));
    if (!options.dry_run) return change(session, options, edit, text, 0);
    log_info(fmt::format("{} would be removed; nothing changed (--dry-run)",
                         counted_text(options.names.size(), "rule", "rules")));
    return ExitStatus::done;
}

Result<ExitStatus> list(Session& session, const Options& options) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const ConfiguredRules wanted,
               unchecked_rules(*config, session.option_table(), options.meter));
    const auto host = nftables_host();
    TRY_ASSIGN(const auto counters, accounting::AccountingTable(*host, wanted.table).read());
    TRY(session.print(rules_report(wanted, counters, options.view)));
    return ExitStatus::done;
}

Result<ExitStatus> check(Session& session, const Options& options) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const ConfiguredRules wanted,
               configured_rules(*config, session.option_table(), options.meter));
    const auto host = nftables_host();
    TRY_ASSIGN(const auto checked,
               accounting::AccountingTable(*host, wanted.table).apply(wanted.ruleset, true));
    TRY(session.print(
        checked.changes
            ? fmt::format("The kernel accepts the rules. Table inet {} is not as they say. "
                          "Next: octroi rules apply\n",
                          wanted.table)
            : fmt::format("Table inet {} is as the rules say.\n", wanted.table)));
    return checked.changes ? ExitStatus::failed : ExitStatus::done;
}

Result<ExitStatus> apply(Session& session, const Options& options) {
    // A command that adds a rule meanwhile would see it removed from the kernel again.
    TRY_ASSIGN(const Edit edit, begin_edit(session, options));
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const ConfiguredRules wanted,
               configured_rules(*config, session.option_table(), options.meter));
    const auto host = nftables_host();
    const accounting::AccountingTable table(*host, wanted.table);
    if (options.dry_run) {
        TRY_ASSIGN(const auto now, table.content(wanted.ruleset));
        TRY(session.print(accounting::apply_commands(wanted.table, now, wanted.ruleset)));
        return ExitStatus::done;
    }
    TRY(report_to_daemon(session, *config));
    TRY_ASSIGN(const auto applied, table.apply(wanted.ruleset, false));
    log_info(fmt::format("table inet {} {}", wanted.table,
                         applied.changes ? "changed" : "is as the rules say: nothing changed"));
    return ExitStatus::done;
}

Result<ExitStatus> flush(Session& session, const Options& options) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const ConfiguredRules wanted,
               unchecked_rules(*config, session.option_table(), options.meter));
    if (options.dry_run) {
        TRY(session.print(accounting::flush_commands(wanted.table)));
        return ExitStatus::done;
    }
    const auto host = nftables_host();
    TRY_ASSIGN(const bool there, accounting::AccountingTable(*host, wanted.table).flush(false));
    log_info(fmt::format("table inet {} {}", wanted.table,
                         there ? "removed; a daemon with a meter of kind nftables makes it again"
                               : "is not there: nothing changed"));
    return ExitStatus::done;
}

Result<ExitStatus> import(Session& session, const Options& options) {
    TRY_ASSIGN(const std::string text,
               read_file(options.file == "-" ? "/dev/stdin" : options.file, rules_file_max));
    TRY_ASSIGN(const Config* config, session.config());
    std::vector<RuleConfig> present;
    for (const RuleRow& row : config->rules) present.push_back(row.rule);
    const accounting::ImportedRules imported =
        accounting::import_rules(text, accounting::service_names(), present);
    for (const std::string& line : imported.left_out)
        log_warning(fmt::format("{}, {}", options.file, line));
    if (imported.rules.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("{}: no rule of ipfwadm, ipchains, iptables or nft can be imported",
                                options.file));
    std::vector<std::string> texts;
    for (const RuleConfig& rule : imported.rules) {
        TRY_ASSIGN(std::string one, rule_text(rule));
        texts.push_back(std::move(one));
    }
    TRY_ASSIGN(const ExitStatus status, add_texts(session, options, texts));
    return imported.left_out.empty() ? status : ExitStatus::failed;
}

}  // namespace

void add_rules(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    Command rules = app.sub("rules", "Accounting rules of nftables: [[rule]] in the configuration");
    rules.needs_sub();
    const auto sub = [&](std::string_view name, std::string_view help, bool has_dry_run = true) {
        Command command = rules.sub(name, help);
        command.text("--meter", options->meter, "Of this meter of kind nftables", "NAME");
        if (has_dry_run)
            command.flag("--dry-run", options->dry_run,
                         "Print what would change, without changing");
        return command;
    };
    constexpr std::string_view words_help =
        "key=value of [[rule]] (docs/options.md); lists have commas: address=10.1.0.0/16 "
        "protocol=tcp port=80,443";
    sub("add", "Add a rule to the configuration file and to the kernel")
        .operand("NAME", options->name, "Name of the rule")
        .optional_operands("KEY=VALUE", options->words, words_help)
        .does([&session, options] { return add(session, *options); });
    sub("insert", "Add a rule in front of another one: the first that matches counts in a group")
        .operand("NAME", options->name, "Name of the rule")
        .operand("BEFORE", options->before, "Name of the other rule")
        .optional_operands("KEY=VALUE", options->words, words_help)
        .does([&session, options] { return add(session, *options); });
    sub("delete", "Remove rules from the configuration file and from the kernel")
        .operands("NAME", options->names, "Names of the rules")
        .does([&session, options] { return remove(session, *options); });
    sub("list", "List rules with their packets and bytes; --bytes for exact ones", false)
        .flag("--both", options->view.both, "A row for both directions: their sum, and each apart")
        .flag("--extended", options->view.extended,
              "Also exact figures, the counters in the kernel, and the rule as configured")
        .does([&session, options] { return list(session, *options); });
    sub("check", "Check the rules, and whether the kernel counts as they say", false)
        .does([&session, options] { return check(session, *options); });
    sub("apply", "Make the kernel count as the rules say; counters keep their values")
        .does([&session, options] { return apply(session, *options); });
    sub("flush", "Remove our table from the kernel, and nothing else").does([&session, options] {
        return flush(session, *options);
    });
    sub("import", "Add accounting rules of ipfwadm, ipchains, iptables or nft")
        .operand("FILE", options->file,
                 "Command lines, iptables-save, or nft list ruleset; - for standard input")
        .does([&session, options] { return import(session, *options); });
}

}  // namespace octroi
