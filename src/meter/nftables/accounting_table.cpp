// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/accounting_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "meter/nftables/table_marks.hpp"
#include "wire/nftables/nftables.hpp"

namespace octroi::accounting {
namespace {

constexpr std::uint8_t family_inet = 1;  // NFPROTO_INET, linux/netfilter.h
// Others may change their tables all the time; ours is listed again then.
constexpr int attempts = 20;

// Far longer than a packet is in the rules of netfilter, on a busy virtual machine too.
constexpr Duration packet_time_max = Duration::milliseconds(50);

bool is_of(const nftables::NamedItem& item, const std::string& table) {
    return item.family == family_inet && item.table == table;
}

struct CounterVisit {
    const std::string& table;
    std::vector<TableCounter> found;
    bool too_many = false;
};

void on_counter(void* context, ByteSpan message) {
    auto& visit = *static_cast<CounterVisit*>(context);
    auto counter = nftables::decode_counter(message);
    if (!counter || !is_of(counter->item, visit.table)) return;
    if (visit.found.size() == AccountingTable::counters_max) {
        visit.too_many = true;
        return;
    }
    visit.found.push_back({std::move(counter->item.name), counter->item.handle, counter->bytes,
                           counter->packets, counter->users});
}

struct NameVisit {
    const std::string& table;
    std::optional<nftables::NamedItem> (*decode)(ByteSpan message);
    std::vector<std::string> found;
    nftables::NamedItem last = {};
};

void on_name(void* context, ByteSpan message) {
    auto& visit = *static_cast<NameVisit*>(context);
    auto item = visit.decode(message);
    if (!item || !is_of(*item, visit.table)) return;
    visit.found.push_back(item->name);
    visit.last = *std::move(item);
}

struct RuleVisit {
    const std::string& table;
    std::vector<std::vector<std::string>> found = {};  // the maps of each rule
};

void on_rule(void* context, ByteSpan message) {
    auto& visit = *static_cast<RuleVisit*>(context);
    const auto item = nftables::decode_rule(message);
    if (!item || !is_of(*item, visit.table)) return;
    visit.found.push_back(nftables::decode_rule_maps(message));
}

bool has_chain(const TableCounters& counters, std::string_view name) {
    return std::ranges::find(counters.chains, name) != counters.chains.end();
}

// Lists until nothing changed meanwhile.
template <typename Visit>
Status list_whole(NftablesHost& host, NftablesHost::List list, const std::string& table,
                  NftablesHost::Handler handler, Visit& visit) {
    for (int i = 0;; ++i) {
        visit.found.clear();
        Status listed = host.list(list, table, handler, &visit);
        if (listed || listed.error().code != ErrorCode::busy || i + 1 == attempts) return listed;
    }
}

}  // namespace

Result<AccountingTable::Table> AccountingTable::find_table() const {
    NameVisit visit{name_, nftables::decode_table, {}};
    TRY(list_whole(host_, NftablesHost::List::tables, name_, on_name, visit));
    if (visit.found.empty()) return Table{};
    TRY_ASSIGN(const std::string space, host_.generation());
    return Table{fmt::format("{}/{}", space, visit.last.handle), visit.last.handle,
                 visit.last.is_dormant};
}

Result<std::vector<std::string>> AccountingTable::names(NftablesHost::List list) const {
    NameVisit visit{
        name_,
        list == NftablesHost::List::chains ? nftables::decode_chain : nftables::decode_set,
        {}};
    TRY(list_whole(host_, list, name_, on_name, visit));
    return std::move(visit.found);
}

Status AccountingTable::list_counters(TableCounters& counters) const {
    CounterVisit visit{name_, {}};
    TRY(list_whole(host_, NftablesHost::List::objects, name_, on_counter, visit));
    if (visit.too_many)
        return fail(ErrorCode::over_limit,
                    fmt::format("table inet {} has more than {} counters. Next: octroi rules "
                                "flush, octroi rules apply",
                                name_, counters_max));
    counters.counters = std::move(visit.found);
    return {};
}

Status AccountingTable::note_state(const Table& table, TableCounters& counters) const {
    RuleVisit rules{name_};
    TRY(list_whole(host_, NftablesHost::List::rules, name_, on_rule, rules));
    std::uint64_t users = 0;
    for (const TableCounter& counter : counters.counters) users += counter.users;
    counters.is_ours = has_chain(counters, born_chain(counters.generation));
    counters.is_whole = std::ranges::any_of(counters.chains, [&](const std::string& chain) {
        const auto mark = parse_mark(chain);
        // A change by another process may have more references for a moment.
        return mark && mark->rules == rules.found.size() && mark->references <= users;
    });
    counters.is_whole = counters.is_whole && counters.is_ours && !table.is_dormant;
    counters.used_maps.clear();
    for (std::vector<std::string>& maps : rules.found)
        std::ranges::move(maps, std::back_inserter(counters.used_maps));
    return {};
}

Status AccountingTable::get_counters(std::span<const std::string> names,
                                     TableCounters& counters) const {
    CounterVisit visit{name_, {}};
    visit.found.reserve(names.size());
    TRY(host_.get_objects(name_, names, on_counter, &visit));
    counters.counters = std::move(visit.found);
    return {};
}

Result<TableCounters> AccountingTable::read(const KnownCounters& known) const {
    // The table may be replaced by another one between two lists, and its rules by others: a change
    // of rules has a chain of another name.
    for (int i = 0; i < attempts; ++i) {
        TableCounters counters;
        TRY_ASSIGN(const Table table, find_table());
        if (table.generation.empty()) return counters;
        counters.generation = table.generation;
        counters.handle = table.handle;
        TRY_ASSIGN(counters.chains, names(NftablesHost::List::chains));
        if (known.names.size() > listed_max && has_chain(counters, known.mark))
            TRY(get_counters(known.names, counters));
        else
            TRY(list_counters(counters));
        TRY(note_state(table, counters));
        TRY_ASSIGN(const auto chains, names(NftablesHost::List::chains));
        TRY_ASSIGN(const Table after, find_table());
        if (counters.generation == after.generation && counters.chains == chains) return counters;
    }
    return fail(ErrorCode::busy,
                fmt::format("table inet {} is replaced again and again. Next: find out by whom "
                            "with nft monitor",
                            name_));
}

Result<std::optional<TableCounters>> AccountingTable::read_same(TableCounters known) const {
    TRY_ASSIGN(const Table before, find_table());
    if (known.generation != before.generation) return std::nullopt;
    std::vector<std::string> wanted;
    wanted.reserve(known.counters.size());
    for (TableCounter& counter : known.counters) wanted.push_back(std::move(counter.name));
    TRY(get_counters(wanted, known));
    if (known.counters.size() != wanted.size()) return std::nullopt;
    TRY(note_state(before, known));
    TRY_ASSIGN(const auto chains, names(NftablesHost::List::chains));
    TRY_ASSIGN(const Table after, find_table());
    // Rules that changed meanwhile may have other counters.
    if (before.generation != after.generation || chains != known.chains) return std::nullopt;
    return known;
}

Result<TableContent> AccountingTable::content(const Ruleset& wanted) const {
    TRY_ASSIGN(TableCounters counters, read({wanted.mark, wanted.counters}));
    TableContent content;
    content.exists = !counters.generation.empty();
    if (!content.exists) return content;
    const bool has_mark = std::ranges::any_of(
        counters.chains, [](const std::string& chain) { return parse_mark(chain).has_value(); });
    content.is_foreign = !counters.is_ours || !has_mark;
    content.is_whole = counters.is_whole;
    content.handle = counters.handle;
    content.used_maps = std::move(counters.used_maps);
    if (!content.is_foreign) content.born = born_chain(counters.generation);
    for (TableCounter& counter : counters.counters)
        content.counters.push_back(std::move(counter.name));
    content.chains = std::move(counters.chains);
    TRY_ASSIGN(content.maps, names(NftablesHost::List::sets));
    return content;
}

Status AccountingTable::make(const TableContent& now, const Ruleset& wanted) const {
    TRY(host_.run(make_commands(name_, now, wanted), false));
    TRY(host_.add(additions(name_, {}, wanted)));
    TRY_ASSIGN(const Table made, find_table());
    return host_.run(mark_commands(name_, born_chain(made.generation), wanted), false);
}

Status AccountingTable::change(const TableContent& now, const Ruleset& wanted) const {
    if (!now.exists || now.is_foreign) return make(now, wanted);
    if (const std::string commands = prepare_commands(name_, now, wanted); !commands.empty())
        TRY(host_.run(commands, false));
    TRY(host_.add(additions(name_, now, wanted)));
    return host_.run(switch_commands(name_, now, wanted), false);
}

Result<Applied> AccountingTable::try_apply(const Ruleset& wanted, bool check_only) const {
    TRY_ASSIGN(const TableContent now, content(wanted));
    const bool changes =
        !now.is_whole || std::ranges::find(now.chains, wanted.mark) == now.chains.end();
    if (changes && check_only) TRY(host_.run(apply_commands(name_, now, wanted), true));
    if (changes && !check_only) TRY(change(now, wanted));
    const std::string cleanup = now.is_foreign ? "" : cleanup_commands(name_, now, wanted);
    const Applied applied{changes, now.is_whole};
    if (check_only || cleanup.empty()) return applied;
    if (changes) host_.wait(packet_time_max);
    // Another process may have removed them.
    static_cast<void>(host_.run(cleanup, false));
    return applied;
}

Result<Applied> AccountingTable::apply(const Ruleset& wanted, bool check_only) const {
    // Another process may change the table at the same time: then the content is read again.
    constexpr int tries = 4;
    for (int i = 1;; ++i) {
        auto applied = try_apply(wanted, check_only);
        if (applied || applied.error().code == ErrorCode::permission || i == tries) return applied;
    }
}

Status AccountingTable::remove_counters(std::span<const std::string> names) const {
    return host_.run(remove_commands(name_, names), false);
}

Result<bool> AccountingTable::detach() const {
    TRY_ASSIGN(const TableCounters present, read());
    if (!present.is_ours) return false;
    TRY(host_.run(detach_commands(name_), false));
    host_.wait(packet_time_max);
    return true;
}

Result<bool> AccountingTable::flush(bool check_only) const {
    TRY_ASSIGN(const Table present, find_table());
    if (present.generation.empty()) return false;
    TRY(host_.run(flush_commands(name_), check_only));
    return true;
}

}  // namespace octroi::accounting
