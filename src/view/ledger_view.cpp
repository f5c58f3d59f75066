// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/ledger_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/id.hpp"
#include "record/identity_kinds.hpp"
#include "record/loss_unit.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

Cell moment_or_absent(UtcTime t) {
    return t == UtcTime::min() || t == UtcTime::max() ? Cell{} : Cell{Moment{t, 0}};
}

// With milliseconds if these are enough, otherwise with nanoseconds.
Cell precise_or_absent(UtcTime t) {
    if (t == UtcTime::min() || t == UtcTime::max()) return {};
    return Moment{t, t.ns % 1'000'000 == 0 ? 3 : 9};
}

Cell text_or_absent(const std::string& text) { return text.empty() ? Cell{} : Cell{text}; }

std::string role_text(MeterRole role) { return role == MeterRole::bill ? "bill" : "witness"; }

std::string_view kind_text(IdentityKind kind) {
    const IdentityKindInfo* info = find_identity_kind(kind);
    return info == nullptr ? "" : info->keyword;
}

// "a1b2c3d4e5f6": enough to distinguish versions; machines get the whole text.
std::string short_version(const std::string& version) { return version.substr(0, 12); }

// "40000", "1024-2047", "1024-2040 step 8"; "none" for protocols without ports.
std::string ports_text(const Translation& t) {
    if (t.last_port == 0) return "none";
    if (t.first_port == t.last_port) return fmt::format("{}", t.first_port);
    const std::string range = fmt::format("{}-{}", t.first_port, t.last_port);
    return t.port_step == 1 ? range : fmt::format("{} step {}", range, t.port_step);
}

// A saturated volume may be less than its part.
Volume volume_without(const Volume& whole, const Volume& part) {
    const auto rest = [](auto a, auto b) { return a < b ? decltype(a){} : a - b; };
    return {rest(whole.bytes, part.bytes), rest(whole.packets, part.packets),
            rest(whole.flows, part.flows)};
}

bool has_email(const Directory& directory) {
    return std::ranges::any_of(directory.accounts,
                               [](const Account& account) { return !account.email.empty(); });
}

using Children = std::map<std::string, std::vector<const Account*>>;

// Accounts in the order of the tree, with their depth. Each account once, even in a tree with a
// cycle.
std::vector<std::pair<const Account*, int>> in_tree_order(const std::vector<Account>& accounts) {
    std::map<std::string, bool> placed;
    for (const Account& a : accounts) placed.emplace(a.name, false);
    Children children;
    for (const Account& a : accounts)
        children[placed.contains(a.parent) ? a.parent : ""].push_back(&a);
    std::vector<std::pair<const Account*, int>> ordered;
    std::vector<std::pair<const Account*, int>> waiting;
    const auto wait_for = [&](const std::string& parent, int depth) {
        const auto found = children.find(parent);
        if (found == children.end()) return;
        std::ranges::sort(found->second, std::ranges::greater{}, &Account::name);
        for (const Account* a : found->second) waiting.emplace_back(a, depth);
    };
    wait_for("", 0);
    while (!waiting.empty()) {
        const auto [account, depth] = waiting.back();
        waiting.pop_back();
        if (std::exchange(placed.at(account->name), true)) continue;
        ordered.emplace_back(account, depth);
        wait_for(account->name, depth + 1);
    }
    return ordered;
}

// The id of the binding that applies to each identity: of the valid ones the newest.
std::map<Identity, std::uint64_t> applying_bindings(const Directory& directory, UtcTime now) {
    std::map<Identity, std::uint64_t> newest;
    for (const Binding& b : directory.bindings) {
        if (!b.valid.contains(now)) continue;
        std::uint64_t& id = newest[b.identity];
        id = std::max(id, b.id);
    }
    return newest;
}

}  // namespace

Report meters_report(const std::vector<MeterState>& meters, UtcTime now,
                     const ExcludedVolumes& excluded) {
    Report report;
    report.columns = {{"meter", "Meter"},
                      {"kind", "Kind"},
                      {"role", "Role", ColumnKind::text, Audience::everyone, 3},
                      {"last_booked", "Last booked", ColumnKind::time, Audience::machines},
                      {"last_traffic", "Last traffic", ColumnKind::time, Audience::everyone, 2},
                      {"lag", "Lag", ColumnKind::duration},
                      {"bytes", "Bytes", ColumnKind::bytes},
                      {"packets", "Packets", ColumnKind::packets, Audience::everyone, 1},
                      {"flows", "Flows", ColumnKind::count, Audience::machines},
                      {"excluded_bytes", "Excluded", ColumnKind::bytes, Audience::everyone, 2},
                      {"excluded_packets", "", ColumnKind::packets, Audience::machines},
                      {"batches", "Batches", ColumnKind::count, Audience::everyone, 5},
                      {"losses", "Losses", ColumnKind::count},
                      {"lost_packets", "Lost packets", ColumnKind::packets},
                      {"cursors", "Position", ColumnKind::list, Audience::everyone, 4}};
    bool lost = false;
    for (const MeterState& m : meters) {
        std::vector<std::string> notes;
        for (const Cursor& cursor : m.cursors)
            notes.push_back(cursor.note.empty() ? cursor.source : cursor.note);
        const auto left_out = excluded.find(m.meter.name);
        const Volume apart = left_out == excluded.end() ? Volume{} : left_out->second;
        const Volume counted = volume_without(m.volume, apart);
        Row row{{m.meter.name, m.meter.kind, role_text(m.meter.role),
                 m.batches == 0 ? Cell{} : Cell{Moment{m.last_booked, 0}},
                 moment_or_absent(m.last_traffic),
                 m.batches == 0 ? Cell{} : Cell{now - m.last_booked}, counted.bytes.value(),
                 counted.packets.value(), counted.flows.value(), apart.bytes.value(),
                 apart.packets.value(), m.batches, m.losses, m.lost_packets, std::move(notes)}};
        if (m.losses > 0) row.tone = Tone::warn;
        lost = lost || m.losses > 0;
        report.rows.push_back(std::move(row));
    }
    if (lost)
        report.notes = {
            "Losses: traffic that was missed and is not in the ledger; `octroi meters --losses` "
            "lists it."};
    report.when_empty =
        "No meter has recorded anything yet. Run `octroi run` to meter this machine, or "
        "`octroi import packets FILE` to read a capture.";
    return report;
}

Report losses_report(const std::vector<MeterLoss>& losses) {
    Report report;
    report.columns = {{"meter", "Meter"},
                      {"source", "Source"},
                      {"reason", "Reason"},
                      {"begin", "From", ColumnKind::time},
                      {"end", "Until", ColumnKind::time},
                      {"packets", "Packets", ColumnKind::packets, Audience::machines},
                      {"count", "At most", ColumnKind::count},
                      {"unit", "of"},
                      {"bytes_bound", "Bytes at most", ColumnKind::bytes}};
    const auto figure = [](const std::optional<std::uint64_t>& v) { return v ? Cell{*v} : Cell{}; };
    bool unbounded = false;
    for (const MeterLoss& l : losses) {
        report.rows.push_back(
            {{l.meter, l.loss.source, std::string(to_string(l.loss.reason)),
              moment_or_absent(l.loss.interval.begin), moment_or_absent(l.loss.interval.end),
              counts_packets(l.loss.reason) ? figure(l.loss.packets) : Cell{},
              figure(l.loss.packets),
              l.loss.packets ? Cell{std::string(unit_of(l.loss.reason))} : Cell{},
              figure(l.loss.bytes_bound)}});
        unbounded = unbounded || !l.loss.packets;
    }
    if (unbounded) report.notes = {"An empty figure means that no bound is known."};
    report.when_empty = "No losses recorded in this period.";
    return report;
}

Report accounts_report(const Directory& directory, UtcTime now) {
    Report report;
    report.columns = {{"account", "Account"},
                      {"title", "Title", ColumnKind::text, Audience::everyone, 1},
                      // People see it only if an account has one.
                      {.key = "email",
                       .title = "E-mail",
                       .audience = has_email(directory) ? Audience::everyone : Audience::machines,
                       .drop_priority = 2},
                      {"parent", "Parent", ColumnKind::text, Audience::machines},
                      {"depth", "Depth", ColumnKind::number, Audience::machines},
                      {"bindings", "Bindings", ColumnKind::count}};
    const auto applies = applying_bindings(directory, now);
    std::map<std::string, std::uint64_t> bound;
    for (const Binding& b : directory.bindings)
        if (b.valid.contains(now) && applies.at(b.identity) == b.id) ++bound[b.account];
    for (const auto& [account, depth] : in_tree_order(directory.accounts)) {
        const auto found = bound.find(account->name);
        report.rows.push_back(
            {{account->name, text_or_absent(account->title), text_or_absent(account->email),
              text_or_absent(account->parent), static_cast<std::uint64_t>(depth),
              found == bound.end() ? std::uint64_t{0} : found->second},
             depth});
    }
    report.when_empty =
        "No accounts yet. `octroi account add NAME` adds one, `octroi apply FILE` adds many.";
    return report;
}

Report bindings_report(const Directory& directory, UtcTime now, bool with_ended) {
    Report report;
    report.columns = {{"id", "Id", ColumnKind::number},
                      {"kind", "Kind"},
                      {"identity", "Identity"},
                      {"account", "Account"},
                      {"from", "From", ColumnKind::time, Audience::everyone, 1},
                      {"until", "Until", ColumnKind::time, Audience::everyone, 1},
                      {"per_address", "Per address", ColumnKind::text, Audience::everyone, 2},
                      {"overridden_by", "Overridden by", ColumnKind::number, Audience::machines}};
    const auto applies = applying_bindings(directory, now);
    for (const Binding& b : directory.bindings) {
        const bool now_valid = b.valid.contains(now);
        if (!now_valid && !with_ended) continue;
        const bool overridden = now_valid && applies.at(b.identity) != b.id;
        Row row{{b.id, kind_text(b.identity.kind), b.identity.value, b.account,
                 moment_or_absent(b.valid.begin), moment_or_absent(b.valid.end), b.per_address,
                 overridden ? Cell{applies.at(b.identity)} : Cell{}}};
        if (!now_valid || overridden) row.tone = Tone::dim;
        // People see the column only if a row has a value in it.
        if (overridden) report.columns.back().audience = Audience::everyone;
        report.rows.push_back(std::move(row));
    }
    if (report.columns.back().audience == Audience::everyone)
        report.notes = {"If several bindings have the same identity, the newest one applies."};
    report.when_empty =
        directory.accounts.empty()
            ? "Nothing is bound. Make an account first: `octroi account add NAME`."
            : "Nothing is bound. `octroi bind IDENTITY ACCOUNT` binds an address to an account.";
    return report;
}

Report account_report(Directory directory, const Account& account, UtcTime now) {
    std::erase_if(directory.bindings, [&](const Binding& b) { return b.account != account.name; });
    Report report = bindings_report(directory, now, true);
    const std::string title = account.title.empty() ? "" : ": " + account.title;
    report.heading = {account.name + title};
    if (!account.parent.empty()) report.heading.push_back("below " + account.parent);
    if (!account.email.empty()) report.heading.push_back("e-mail " + account.email);
    report.meta = {{"name", account.name},
                   {"parent", account.parent},
                   {"title", account.title},
                   {"email", account.email}};
    return report;
}

Report who_report(const std::vector<AddressUser>& users) {
    Report report;
    report.columns = {{"outside", "Address"},
                      {"protocol", "Protocol", ColumnKind::number, Audience::everyone, 3, "any"},
                      {"ports", "Ports", ColumnKind::text, Audience::people, 0, "all"},
                      {"first_port", "First port", ColumnKind::number, Audience::machines},
                      {"last_port", "Last port", ColumnKind::number, Audience::machines},
                      {"port_step", "Port step", ColumnKind::number, Audience::machines},
                      {"remote", "Far end", ColumnKind::text, Audience::everyone, 2, "any"},
                      {"remote_port", "Port", ColumnKind::number, Audience::everyone, 3},
                      {"inside", "Inside"},
                      {"inside_port", "Port", ColumnKind::number, Audience::everyone, 4},
                      {"account", "Account"},
                      {"identity", "Identity", ColumnKind::text, Audience::everyone, 5},
                      {"holder", "Held by", ColumnKind::text, Audience::everyone, 2},
                      {"source", "Source", ColumnKind::text, Audience::everyone, 4},
                      {"from", "From", ColumnKind::time, Audience::everyone, 1},
                      {"until", "Until", ColumnKind::time, Audience::everyone, 1},
                      {"exporter", "Exporter", ColumnKind::text, Audience::everyone, 6}};
    for (const AddressUser& user : users) {
        const Translation& t = user.translation;
        const auto port = [](std::uint16_t p) { return p == 0 ? Cell{} : Cell{std::uint64_t{p}}; };
        const auto address = [](const Address& a) { return a.empty() ? Cell{} : Cell{a}; };
        const bool limited = t.first_port != 0 || t.last_port != 65535;
        const auto limit = [&](std::uint16_t p) {
            return limited ? Cell{std::uint64_t{p}} : Cell{};
        };
        report.rows.push_back(
            {{t.outside, t.protocol == 0 ? Cell{} : Cell{std::uint64_t{t.protocol}},
              limited ? Cell{ports_text(t)} : Cell{}, limit(t.first_port), limit(t.last_port),
              limit(t.port_step), address(t.remote), port(t.remote_port), address(t.inside),
              port(t.inside_port), text_or_absent(to_string(user.party)),
              text_or_absent(user.party.identity), text_or_absent(user.holder),
              text_or_absent(user.source), precise_or_absent(t.valid.begin),
              precise_or_absent(t.valid.end), address(t.device)}});
    }
    report.when_empty =
        "No host is known for this address at that time. Translations are known if a NAT device "
        "exports its events to a meter of kind \"collector\".";
    return report;
}

Report networks_report(const Directory& directory) {
    Report report;
    report.columns = {{"prefix", "Network"}, {"per_address", "Per address"}};
    for (const LocalNetwork& n : directory.networks)
        report.rows.push_back({{n.prefix, n.per_address}});
    report.when_empty =
        "No network is declared local. `octroi run` uses the networks of its interfaces.";
    return report;
}

Report class_tables_report(const std::vector<ClassTableInfo>& tables) {
    Report report;
    report.columns = {{"version", "", ColumnKind::text, Audience::machines},
                      {"short_version", "Version", ColumnKind::text, Audience::people},
                      {"name", "Loaded from"},
                      {"loaded_at", "Loaded", ColumnKind::time, Audience::everyone, 1},
                      {"prefixes", "Prefixes", ColumnKind::count},
                      {"stated", "AS, next hops", ColumnKind::count, Audience::everyone, 3},
                      {"classes", "Classes", ColumnKind::list, Audience::everyone, 2},
                      {"current", "Current"}};
    for (const ClassTableInfo& t : tables)
        report.rows.push_back({{t.version, short_version(t.version), t.name, Moment{t.loaded_at, 0},
                                t.prefixes, t.stated, t.classes, t.current},
                               0,
                               t.current ? Tone::strong : Tone::plain});
    report.when_empty =
        "No class table is loaded: all outside addresses are in one class. `octroi class load "
        "FILE` loads a table.";
    return report;
}

namespace {

std::vector<Column> audit_columns() {
    return {{"meter", "Meter"},
            {"batches", "Batches", ColumnKind::count, Audience::everyone, 4},
            {"transfers", "Transfers", ColumnKind::count, Audience::everyone, 3},
            {"observed_bytes", "Observed", ColumnKind::bytes},
            {"posted_bytes", "Posted", ColumnKind::bytes},
            {"attributed_bytes", "Attributed", ColumnKind::bytes, Audience::everyone, 1},
            {"unattributed_bytes", "Unattributed", ColumnKind::bytes, Audience::everyone, 1},
            {"excluded_bytes", "Excluded", ColumnKind::bytes, Audience::everyone, 1},
            {"transit_bytes", "Transit", ColumnKind::bytes, Audience::everyone, 2},
            {"observed_packets", "", ColumnKind::packets, Audience::machines},
            {"posted_packets", "", ColumnKind::packets, Audience::machines},
            {"losses", "Losses", ColumnKind::count},
            {"lost_packets", "Lost packets", ColumnKind::packets, Audience::everyone, 5},
            {"losses_unbounded", "", ColumnKind::count, Audience::machines}};
}

Row audit_row(const MeterTotals& m) {
    Row row{{m.meter, m.batches, m.transfers, m.observed.bytes.value(), m.posted.bytes.value(),
             m.attributed.bytes.value(), m.unattributed.bytes.value(), m.excluded.bytes.value(),
             m.transit.bytes.value(), m.observed.packets.value(), m.posted.packets.value(),
             m.losses, m.lost_packets, m.losses_unbounded}};
    if (m.observed != m.posted) row.tone = Tone::warn;
    return row;
}

std::string finding_text(const AuditFinding& f) {
    const std::string where = f.batch == 0 ? "" : fmt::format(" of batch {}", f.batch);
    return fmt::format("{}{}: {}", to_string(f.kind), where, f.text);
}

}  // namespace

Report heads_report(const std::vector<ChainHead>& heads) {
    Report report;
    report.columns = {{"node", "Chain"},
                      {"writer", "Writer"},
                      {"sequence", "Number", ColumnKind::number},
                      {"hash", "Hash"}};
    for (const ChainHead& head : heads) {
        const bool is_writer = head.chain == ChainKind::writer;
        report.rows.push_back({{is_writer ? head.writer.node : to_string(head.chain, {}),
                                is_writer ? Cell{to_string(head.writer.id)} : Cell{}, head.sequence,
                                to_hex(head.hash)}});
    }
    report.when_empty = "The ledger is empty: no chain has a link.";
    return report;
}

Report audit_report(const AuditReport& audit) {
    Report report;
    const std::uint64_t findings = audit.findings.size() + audit.findings_left_off;
    report.heading = {audit.holds()
                          ? "The ledger is sound: every observed byte is in it exactly once."
                          : fmt::format("THE LEDGER IS NOT SOUND: {}.",
                                        counted_text(findings, "finding", "findings")),
                      fmt::format("{}, {}, {} of the directory and {} checked.",
                                  counted_text(audit.batches, "batch", "batches"),
                                  counted_text(audit.transfers, "transfer", "transfers"),
                                  counted_text(audit.directory_versions, "version", "versions"),
                                  counted_text(audit.anchors, "anchor", "anchors"))};
    if (audit.batches_trusted > 0)
        report.heading.push_back(
            fmt::format("Not checked: {} up to the anchor, which is trusted. Sums are of what came "
                        "after it.",
                        counted_text(audit.batches_trusted, "batch", "batches")));
    if (audit.batches_compacted > 0)
        report.heading.push_back(fmt::format(
            "Compacted: {}. Their sums are as observed; how these were divided before, and "
            "their old cursors, cannot be checked any more.",
            counted_text(audit.batches_compacted, "batch", "batches")));
    report.columns = audit_columns();
    for (const MeterTotals& m : audit.meters) report.rows.push_back(audit_row(m));
    std::vector<std::string> texts;
    for (const AuditFinding& f : audit.findings) texts.push_back(finding_text(f));
    report.notes = texts;
    if (audit.findings_left_off > 0)
        report.notes.push_back(
            fmt::format("and {} more findings", count_text(audit.findings_left_off)));
    std::vector<std::string> heads;
    for (const ChainHead& head : audit.heads) heads.push_back(to_string(head));
    for (const std::string& head : heads) report.notes.push_back("Head of the chain of " + head);
    report.meta = {{"holds", audit.holds()},
                   {"batches", audit.batches},
                   {"batches_trusted", audit.batches_trusted},
                   {"transfers", audit.transfers},
                   {"directory_versions", audit.directory_versions},
                   {"anchors", audit.anchors},
                   {"compactions", audit.compactions},
                   {"batches_compacted", audit.batches_compacted},
                   {"heads", std::move(heads)},
                   {"findings", std::move(texts)},
                   {"findings_left_off", audit.findings_left_off}};
    if (audit.holds())
        report.when_empty =
            "The ledger is empty: there is nothing to check. `octroi run` fills it.";
    return report;
}

}  // namespace octroi
