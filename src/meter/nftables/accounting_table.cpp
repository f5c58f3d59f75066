// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/accounting_table.hpp"

#include <fmt/format.h>

#include <algorithm>

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
    std::uint64_t handle = 0;  // of the last one
};

void on_name(void* context, ByteSpan message) {
    auto& visit = *static_cast<NameVisit*>(context);
    auto item = visit.decode(message);
    if (!item || !is_of(*item, visit.table)) return;
    visit.handle = item->handle;
    visit.found.push_back(std::move(item->name));
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

Result<std::optional<std::uint64_t>> AccountingTable::handle() const {
    NameVisit visit{name_, nftables::decode_table, {}};
    TRY(list_whole(host_, NftablesHost::List::tables, name_, on_name, visit));
    if (visit.found.empty()) return std::nullopt;
    return visit.handle;
}

Result<std::vector<std::string>> AccountingTable::names(NftablesHost::List list) const {
    NameVisit visit{
        name_,
        list == NftablesHost::List::chains ? nftables::decode_chain : nftables::decode_set,
        {}};
    TRY(list_whole(host_, list, name_, on_name, visit));
    return std::move(visit.found);
}

Result<TableCounters> AccountingTable::read() const {
    // The table may be replaced by another one between two lists.
    for (int i = 0; i < attempts; ++i) {
        TRY_ASSIGN(const auto before, handle());
        if (!before) return TableCounters{};
        CounterVisit visit{name_, {}};
        TRY(list_whole(host_, NftablesHost::List::objects, name_, on_counter, visit));
        if (visit.too_many)
            return fail(ErrorCode::over_limit,
                        fmt::format("table inet {} has more than {} counters. Next: octroi rules "
                                    "flush, octroi rules apply",
                                    name_, counters_max));
        TRY_ASSIGN(const auto after, handle());
        if (before != after) continue;
        TRY_ASSIGN(const std::string space, host_.generation());
        TableCounters counters{fmt::format("{}/{}", space, *before), {}, std::move(visit.found)};
        if (counters.counters.size() > listed_max) {
            TRY_ASSIGN(counters.chains, names(NftablesHost::List::chains));
        }
        return counters;
    }
    return fail(ErrorCode::busy,
                fmt::format("table inet {} is replaced again and again. Next: find out by whom "
                            "with nft monitor",
                            name_));
}

Status AccountingTable::get_known(TableCounters& known) const {
    std::vector<std::string> wanted;
    wanted.reserve(known.counters.size());
    for (TableCounter& counter : known.counters) wanted.push_back(std::move(counter.name));
    CounterVisit visit{name_, {}};
    visit.found.reserve(wanted.size());
    TRY(host_.get_objects(name_, wanted, on_counter, &visit));
    known.counters = std::move(visit.found);
    return {};
}

Result<TableCounters> AccountingTable::read_again(TableCounters known) const {
    if (known.counters.size() <= listed_max) return read();
    TRY_ASSIGN(const auto before, handle());
    if (!before) return TableCounters{};
    TRY_ASSIGN(const std::string space, host_.generation());
    if (known.generation != fmt::format("{}/{}", space, *before)) return read();
    const std::size_t count = known.counters.size();
    if (!get_known(known) || known.counters.size() != count) return read();
    TRY_ASSIGN(const auto chains, names(NftablesHost::List::chains));
    TRY_ASSIGN(const auto after, handle());
    // Rules that changed meanwhile may have other counters.
    return before == after && chains == known.chains ? Result<TableCounters>(std::move(known))
                                                     : read();
}

Result<TableContent> AccountingTable::content() const {
    TRY_ASSIGN(const TableCounters counters, read());
    TableContent content;
    content.exists = !counters.generation.empty();
    if (!content.exists) return content;
    for (const TableCounter& counter : counters.counters) {
        content.counters.push_back(counter.name);
        if (counter.users == 0) content.unused.push_back(counter.name);
    }
    TRY_ASSIGN(content.chains, names(NftablesHost::List::chains));
    TRY_ASSIGN(content.maps, names(NftablesHost::List::sets));
    return content;
}

Result<bool> AccountingTable::apply(const Ruleset& wanted, bool check_only) const {
    TRY_ASSIGN(const TableContent now, content());
    const bool changes = std::ranges::find(now.chains, wanted.mark) == now.chains.end();
    if (changes && check_only) TRY(host_.run(apply_commands(name_, now, wanted), true));
    if (changes && !check_only) {
        TRY(host_.run(prepare_commands(name_, now, wanted), false));
        TRY(host_.run(switch_commands(name_, now, wanted), false));
    }
    const std::string cleanup = cleanup_commands(name_, now, wanted);
    if (check_only || cleanup.empty()) return changes;
    if (changes) host_.wait(packet_time_max);
    TRY(host_.run(cleanup, false));
    return changes;
}

Result<bool> AccountingTable::flush(bool check_only) const {
    TRY_ASSIGN(const auto present, handle());
    if (!present) return false;
    TRY(host_.run(flush_commands(name_), check_only));
    return true;
}

}  // namespace octroi::accounting
