// SPDX-License-Identifier: GPL-3.0-or-later
#include "auditor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/audit.hpp"
#include "ledger/usage_query.hpp"

namespace octroi::sim {
namespace {

constexpr std::int64_t bucket_seconds = 300;

std::int64_t bucket_of(UtcTime time) {
    const std::int64_t seconds = time.ns / 1'000'000'000;
    return seconds / bucket_seconds * bucket_seconds;
}

NaiveParty plain(const Party& party) {
    return {static_cast<int>(party.kind), party.name, party.identity};
}

std::string text(const NaiveParty& p) {
    return fmt::format("{}:{}[{}]", p.kind, p.name, p.identity);
}

std::string text(const std::pair<std::string, Row>& key) {
    const Row& r = key.second;
    return fmt::format("meter {} bucket {} from {} to {} service {}", key.first,
                       to_rfc3339(UtcTime::from_seconds(r.bucket)), text(r.from), text(r.to),
                       r.service);
}

std::string text(const Amount& a) {
    return fmt::format("{} bytes, {} packets", a.bytes, a.packets);
}

// The first differences of two maps as text; "" if they are equal.
template <typename Map, typename Name>
std::string difference(const Map& ought, const Map& is, Name name) {
    std::string out;
    int count = 0;
    std::set<typename Map::key_type> keys;
    for (const auto& [key, amount] : ought) keys.insert(key);
    for (const auto& [key, amount] : is) keys.insert(key);
    for (const auto& key : keys) {
        const auto a = ought.contains(key) ? ought.at(key) : typename Map::mapped_type{};
        const auto b = is.contains(key) ? is.at(key) : typename Map::mapped_type{};
        if (a == b || ++count > 5) continue;
        out += fmt::format("\n  {}\n    truth  {}\n    ledger {}", name(key), text(a), text(b));
    }
    if (count > 5) out += fmt::format("\n  and {} more", count - 5);
    return out;
}

// An account and all its ancestors.
std::vector<std::string> line_of(const std::string& account, const NaiveRules& rules) {
    std::vector<std::string> line;
    for (std::string at = account; !at.empty() && line.size() < 64;) {
        line.push_back(at);
        const auto parent = rules.parents.find(at);
        at = parent == rules.parents.end() ? "" : parent->second;
    }
    return line;
}

// The second copy of a packet is charged to nobody. Its service is not compared: it depends on
// which copy of the first fragment was seen before.
std::string compared_service(const NaiveParty& from, const std::string& service) {
    return from == NaiveParty{4, "duplicate", ""} ? "" : service;
}

}  // namespace

void add_packet(Rows& into, const Sent& sent, const std::string& service, const NaiveRules& rules) {
    const Verdict verdict = judge(sent, rules);
    into[{bucket_of(sent.time), verdict.from, verdict.to,
          compared_service(verdict.from, service)}] += {sent.bytes, 1};
}

void Auditor::committed(const std::string& meter, const Rows& rows, const Batch& batch) {
    ids_.insert(batch.id);
    for (const auto& [row, amount] : rows) {
        rows_[{meter, row}] += amount;
        total_ += amount;
    }
    for (const Loss& loss : batch.losses) losses_.emplace_back(meter, loss);
}

void Auditor::counted_loss(const std::string& meter, const std::string& source, LossReason reason,
                           const Amount& lost) {
    if (lost.packets > 0) counted_[{meter, source, reason}] += lost;
}

Status Auditor::compare(Query& ledger, const NaiveRules& now) const {
    TRY(compare_rows(ledger));
    TRY(compare_tree(ledger, now));
    return compare_losses(ledger);
}

Status Auditor::compare_rows(Query& ledger) const {
    SumQuestion all;
    all.by_bucket = all.by_meter = all.by_identity = all.by_service = true;
    TRY_ASSIGN(const auto sums, ledger.sums(all));
    std::map<std::pair<std::string, Row>, Amount> is;
    for (const TransferSum& s : sums) {
        const Row row{s.bucket.ns / 1'000'000'000, plain(s.from), plain(s.to),
                      compared_service(plain(s.from), s.service)};
        is[{s.meter, row}] += {s.volume.bytes.value(), s.volume.packets.value()};
    }
    const auto name = [](const auto& key) { return text(key); };
    const std::string found = difference(rows_, is, name);
    if (found.empty()) return {};
    return fail(ErrorCode::failed, "the sums of the ledger differ from the sent traffic:" + found);
}

// Received and sent of every account including its descendants, by far class and service.
Status Auditor::compare_tree(Query& ledger, const NaiveRules& now) const {
    using Key = std::tuple<std::string, std::string, std::string>;
    std::map<Key, Amount> received;
    std::map<Key, Amount> sent;
    const auto far_of = [](const NaiveParty& p) {
        return p.kind == 3 ? p.name : p.kind == 4 ? std::string("@excluded") : "@internal";
    };
    for (const auto& [key, amount] : rows_) {
        const Row& r = key.second;
        if (r.from.kind == 1)
            for (const std::string& account : line_of(r.from.name, now))
                sent[{account, far_of(r.to), r.service}] += amount;
        if (r.to.kind == 1)
            for (const std::string& account : line_of(r.to.name, now))
                received[{account, far_of(r.from), r.service}] += amount;
    }
    UsageQuestion question;
    question.by = {UsageKey::account, UsageKey::far_class, UsageKey::service};
    question.tree = true;
    question.role = std::nullopt;
    for (const auto& [account, parent] : now.parents)
        question.accounts.push_back({account, parent, ""});
    TRY_ASSIGN(const Usage usage, query_usage(ledger, question));
    // All simulated meters count IP packets.
    if (usage.blocks.size() > 1) return fail(ErrorCode::failed, "the usage has several layers");
    const UsageBlock block = usage.blocks.empty() ? UsageBlock{} : usage.blocks.front();
    if (!block.totals.conserved() || block.totals.whole.bytes.value() != total_.bytes)
        return fail(ErrorCode::failed, "the totals of the usage differ from the sum of its rows");
    std::map<Key, Amount> is_received;
    std::map<Key, Amount> is_sent;
    for (const UsageRow& row : block.rows) {
        if (row.account.starts_with('@')) continue;
        const Key key{row.account, row.far_class, row.service};
        const Amount in{row.received.bytes.value(), row.received.packets.value()};
        const Amount out{row.sent.bytes.value(), row.sent.packets.value()};
        if (in != Amount{}) is_received[key] += in;
        if (out != Amount{}) is_sent[key] += out;
    }
    const auto name = [](const Key& key) {
        return fmt::format("account {} far class {} service {}", std::get<0>(key), std::get<1>(key),
                           std::get<2>(key));
    };
    const std::string found =
        difference(received, is_received, name) + difference(sent, is_sent, name);
    if (found.empty()) return {};
    return fail(ErrorCode::failed,
                "the account tree differs from the traffic received and sent:" + found);
}

Status Auditor::compare_losses(Query& ledger) const {
    TRY_ASSIGN(const auto stored, ledger.losses({}));
    std::vector<std::pair<std::string, Loss>> is;
    std::map<LossKey, Amount> stated;
    for (const MeterLoss& l : stored) {
        is.emplace_back(l.meter, l.loss);
        if (l.loss.reason != LossReason::kernel_drop && l.loss.reason != LossReason::interface_drop)
            continue;
        stated[{l.meter, l.loss.source, l.loss.reason}] +=
            {l.loss.bytes_bound.value_or(UINT32_MAX), l.loss.packets.value_or(0)};
    }
    auto ought = losses_;
    std::ranges::sort(ought);
    std::ranges::sort(is);
    if (is != ought)
        return fail(ErrorCode::failed,
                    fmt::format("the ledger has {} losses, but {} were committed", is.size(),
                                ought.size()));
    std::set<LossKey> keys;
    for (const auto& [key, amount] : counted_) keys.insert(key);
    for (const auto& [key, amount] : stated) keys.insert(key);
    for (const LossKey& key : keys) {
        const Amount a = counted_.contains(key) ? counted_.at(key) : Amount{};
        const Amount b = stated.contains(key) ? stated.at(key) : Amount{};
        if (a.packets == b.packets && a.bytes <= b.bytes) continue;
        return fail(
            ErrorCode::failed,
            fmt::format("losses of {} at {} ({}): lost {}, bound in the ledger {}", key.meter,
                        key.source, octroi::to_string(key.reason), text(a), text(b)));
    }
    return {};
}

Status Auditor::audit_clean(Query& ledger) {
    TRY_ASSIGN(const AuditReport report, octroi::audit(ledger));
    if (report.holds()) return {};
    std::string found;
    for (const AuditFinding& finding : report.findings)
        found += fmt::format("\n  {}: batch {}: {}", octroi::to_string(finding.kind), finding.batch,
                             finding.text);
    return fail(ErrorCode::failed, "the audit has findings:" + found);
}

}  // namespace octroi::sim
