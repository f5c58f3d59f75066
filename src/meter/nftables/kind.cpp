// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/kind.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "host/file.hpp"
#include "meter/nftables/examine.hpp"
#include "meter/nftables/options.hpp"
#include "meter/nftables/rules_meter.hpp"
#include "meter/nftables/services_file.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi::accounting {
namespace {

Result<OpenedMeter> open_rules(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    RulesMeterOptions options;
    options.table = values.text("table");
    options.poll = values.duration("poll");
    options.link_speed_bits = narrow<std::uint64_t>(values.integer("link_speed")) * 1'000'000;
    options.only_rest = setup.only_rest;
    options.applies = values.boolean("apply") && !setup.only_rest;
    for (const RuleRow& row : setup.rules) options.rules.push_back(row.rule);
    if (options.applies && options.rules.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("meter {}: the configuration has no [[rule]]. Next: octroi rules "
                                "add NAME address=10.1.0.0/16",
                                setup.config.name));
    options.compile = [of_table = table_options(values)](const std::vector<RuleConfig>& rules) {
        return compile(rules, service_names(), of_table);
    };
    TRY_ASSIGN(options.ruleset, options.compile(options.rules));
    std::vector<std::string> notices;
    if (!setup.only_rest)
        notices.push_back(
            fmt::format("counts {} rules in table inet {}", options.rules.size(), options.table));
    TRY_ASSIGN(OwnFolder own,
               open_state_folder(setup.state_folder,
                                 {kind.name, setup.config.name, setup.ledger_id}, setup.cursors));
    TRY_ASSIGN(auto meter, RulesMeter::open(std::move(options), nftables_host(), std::move(own),
                                            setup.cursors, setup.clock));
    return OpenedMeter{std::move(meter), std::move(notices), {}};
}

Result<std::vector<std::string>> remove_table(const MeterConfig& config) {
    const std::string& name = config.options.text("table");
    const auto host = nftables_host();
    TRY_ASSIGN(const bool was_there, AccountingTable(*host, name).flush(false));
    std::vector<std::string> removed;
    if (was_there) removed.push_back(fmt::format("table inet {} of nftables", name));
    return removed;
}

Result<std::vector<std::string>> detach_table(const MeterConfig& config) {
    const std::string& name = config.options.text("table");
    const auto host = nftables_host();
    TRY_ASSIGN(const bool was_there, AccountingTable(*host, name).detach());
    std::vector<std::string> detached;
    if (was_there) detached.push_back(fmt::format("rules in table inet {} of nftables", name));
    return detached;
}

bool is_table_in_kernel(const MeterConfig& config) {
    const auto host = nftables_host();
    const auto present = AccountingTable(*host, config.options.text("table")).read();
    return present && present->is_ours && !present->counters.empty();
}

// Two meters that read one table would count it twice.
void check_tables(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (std::size_t i = 0; i < meters.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (meters[i]->options.text("table") == meters[j]->options.text("table"))
                problems.push_back({meters[i]->where,
                                    fmt::format("meters '{}' and '{}' count the same table. Next: "
                                                "remove one, or choose another table",
                                                meters[j]->name, meters[i]->name)});
}

constexpr std::array chapters{
    CounterChapter{"Accounting rules", "Counters of nftables that our rules name.", rule_counters},
};

constexpr std::array rule_resets{LossReason::counter_reset};
constexpr std::array rule_losses{
    LossAdvice{rule_resets, "a counter of nftables began again",
               "find out what removes our table (nft flush ruleset); octroi rules apply keeps "
               "counters"},
};

constexpr std::array rule_advice{
    CounterAdvice{"nftables_restored_total", "another program removed our table of nftables",
                  "let it remove only its own tables, instead of nft flush ruleset"},
    CounterAdvice{"nftables_unknown_total", "our table of nftables has counters of others",
                  "use another table for them"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "nftables",
    .help = "Traffic that accounting rules in nftables count: the rows of [[rule]].",
    .doc =
        "Bytes are those of the IP packets as nftables sees them: segments that the kernel "
        "merged (GRO) or has not split yet (GSO) are one packet with one header. Counting goes "
        "on while the daemon is down.",
    .layer = Layer::ip,
    .options = meter_options,
    .check_options = check_tables,
    .scope = MeterScope::machine,
    .counters = chapters,
    .cursor_prefix = cursor_prefix,
    .open = open_rules,
    .remove_from_kernel = remove_table,
    .detach = detach_table,
    .is_in_kernel = is_table_in_kernel,
    .examine = examine,
    .loss_advice = rule_losses,
    .counter_advice = rule_advice,
};

}  // namespace octroi::accounting
