// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

TransferSum row(const Party& from, const Party& to, std::uint64_t bytes,
                const std::string& service = "web", int bucket = 0) {
    return {Layer::ip, bucket_at(bucket),
            "eth0",    MeterRole::bill,
            from,      to,
            service,   {Bytes{bytes}, Packets{1}, Flows{1}}};
}

const std::vector<TransferSum> sums{
    row(account("alice", "10.0.0.1"), outside("world"), 1),
    row(outside("world"), account("alice", "10.0.0.1"), 20),
    row(outside("free"), account("alice", "10.0.0.2"), 300, "dns", 1),
    row(account("alice", "10.0.0.1"), account("bob", "10.0.0.3"), 4000),
    row(account("alice", "10.0.0.1"), account("alice", "10.0.0.2"), 50'000),
    row(unattributed("10.0.0.9"), outside("world"), 600'000),
    row(excluded("non-ip"), excluded("non-ip"), 7'000'000),
    row(outside("world"), outside("free"), 80'000'000),
};

// A row as "fields received/sent/total", bytes only.
std::vector<std::string> lines(const UsageQuestion& question,
                               const std::vector<TransferSum>& from = sums) {
    const auto result = usage(question, from);
    if (!result) return {result.error().text};
    std::vector<std::string> out;
    for (const UsageRow& r : result->rows) {
        std::string line;
        for (const std::string& field :
             {r.account, r.identity, r.far_class, r.service, r.category, r.direction, r.meter})
            if (!field.empty()) line += field + " ";
        if (r.period) line += fmt::format("#{} ", *r.period);
        out.push_back(fmt::format("{}{}/{}/{}", line, r.received.bytes.value(),
                                  r.sent.bytes.value(), r.total.bytes.value()));
    }
    return out;
}

using Lines = std::vector<std::string>;

TEST(Usage, EstimatesAreSummedLikeTheirTotals) {
    std::vector<TransferSum> sampled = sums;
    sampled[1].estimate = {10, 1, 5, 7};
    sampled[3].estimate = {2000, 0, 100, 200};
    const auto result = usage({.by = {UsageKey::account}}, sampled);
    ASSERT_TRUE(result);
    // A transfer between two accounts is in both rows, and once in the whole.
    EXPECT_EQ(result->estimate, (Estimate{2010, 1, 105, 207}));
    for (const UsageRow& r : result->rows) {
        const Estimate expected = r.account == "alice" ? Estimate{2010, 1, 105, 207}
                                  : r.account == "bob" ? Estimate{2000, 0, 100, 200}
                                                       : Estimate{};
        EXPECT_EQ(r.estimate, expected) << r.account;
    }
}

TEST(Usage, ByAccountCountsBothEnds) {
    EXPECT_EQ(
        lines({.by = {UsageKey::account}}),
        (Lines{"@excluded/non-ip 0/0/7000000", "@transit 0/0/80000000",
               "@unattributed 0/600000/600000", "alice 50320/54001/54321", "bob 4000/0/4000"}));
}

TEST(Usage, ByServiceAddsUpToTheWhole) {
    EXPECT_EQ(lines({.by = {UsageKey::service}}),
              (Lines{"dns 300/0/300", "web 54020/654001/87654021"}));
    EXPECT_EQ(lines({.by = {UsageKey::direction}}),
              (Lines{"excluded 0/0/7000000", "in 320/0/320", "internal 54000/54000/54000",
                     "out 0/600001/600001", "transit 0/0/80000000"}));
    EXPECT_EQ(lines({.by = {UsageKey::far_class}}),
              (Lines{"@excluded 0/0/7000000", "@internal 54000/54000/54000",
                     "@transit 0/0/80000000", "free 300/0/300", "world 20/600001/600021"}));
    EXPECT_EQ(lines({.by = {}}), (Lines{"54320/654001/87654321"}));
}

TEST(Usage, ByIdentityAndDirectionOfOneAccount) {
    EXPECT_EQ(
        lines({.by = {UsageKey::identity, UsageKey::direction}, .account = "alice"}),
        (Lines{"10.0.0.1 in 20/0/20", "10.0.0.1 out 0/54001/54001", "10.0.0.2 in 50300/0/50300"}));
    EXPECT_EQ(lines({.by = {UsageKey::far_class}, .account = "bob"}),
              (Lines{"@internal 4000/0/4000"}));
    EXPECT_EQ(lines({.by = {}, .account = "@unattributed"}), (Lines{"0/600000/600000"}));
    EXPECT_EQ(lines({.by = {}, .account = "@excluded/non-ip"}), (Lines{"0/0/7000000"}));
    EXPECT_EQ(lines({.by = {}, .account = "nobody"}),
              (Lines{"account 'nobody' does not exist; next: `octroi account list` shows all"}));
    EXPECT_EQ(lines({.by = {}, .account = "idle", .accounts = {{"idle", "", ""}}}), Lines{});
}

TEST(Usage, ByCategoryAndPeriod) {
    UsageQuestion question{.by = {UsageKey::category, UsageKey::period}, .account = "alice"};
    question.category = [](std::string_view s) { return s == "dns" ? "names" : "other"; };
    EXPECT_EQ(lines(question), (Lines{"usage by period needs the boundaries of the periods"}));
    // The second period begins within a bucket: a bucket belongs to the period in which it starts.
    question.boundaries = {bucket_at(0), bucket_at(0) + Duration{1}, bucket_at(2)};
    EXPECT_EQ(lines(question), (Lines{"names #1 300/0/300", "other #0 50020/54001/54021"}));
    question.category = {};
    EXPECT_EQ(lines(question), (Lines{"usage by category needs a category function"}));
}

TEST(Usage, InATreeAParentIncludesItsChildren) {
    UsageQuestion question{.by = {UsageKey::account}, .tree = true};
    question.accounts = {
        {"top", "", ""}, {"home", "top", ""}, {"alice", "home", ""}, {"bob", "home", ""}};
    EXPECT_EQ(lines(question),
              (Lines{"@excluded/non-ip 0/0/7000000", "@transit 0/0/80000000",
                     "@unattributed 0/600000/600000", "alice 50320/54001/54321", "bob 4000/0/4000",
                     "home 54320/54001/54321", "top 54320/54001/54321"}));
    question.account = "home";
    EXPECT_EQ(lines(question),
              (Lines{"alice 50320/54001/54321", "bob 4000/0/4000", "home 54320/54001/54321"}));
    question.by = {};
    EXPECT_EQ(lines(question), (Lines{"54320/54001/54321"}));
    question.account = "nobody";
    EXPECT_EQ(lines(question),
              (Lines{"account 'nobody' does not exist; next: `octroi account list` shows all"}));
    question.account = "@unattributed";
    EXPECT_EQ(lines(question), (Lines{"0/600000/600000"}));
}

// A transfer between two hosts of an account is in two rows and counts once.
TEST(Usage, InRowsCountsATransferOnce) {
    const auto in_rows = [](const UsageQuestion& question) {
        return usage(question, sums)->in_rows.bytes.value();
    };
    for (const auto key : {UsageKey::identity, UsageKey::direction, UsageKey::service})
        EXPECT_EQ(in_rows({.by = {key}, .account = "alice"}), 54'321U);
    EXPECT_EQ(in_rows({.by = {UsageKey::account}, .account = "@transit"}), 80'000'000U);
    EXPECT_EQ(in_rows({.by = {UsageKey::account}}), 87'654'321U);
    EXPECT_EQ(in_rows({.by = {UsageKey::direction}}), 87'654'321U);
    EXPECT_EQ(in_rows({.by = {UsageKey::account}, .account = "bob"}), 4000U);
}

TEST(Usage, TotalsCountEveryTransferOnce) {
    const auto result = usage({.by = {UsageKey::account}}, sums);
    const UsageTotals& totals = result->totals;
    EXPECT_EQ(totals.whole.bytes.value(), 87'654'321U);
    EXPECT_EQ(totals.attributed.bytes.value(), 54'321U);
    EXPECT_EQ(totals.unattributed.bytes.value(), 600'000U);
    EXPECT_EQ(totals.excluded.bytes.value(), 7'000'000U);
    EXPECT_EQ(totals.transit.bytes.value(), 80'000'000U);
    EXPECT_EQ(totals.internal.bytes.value(), 54'000U);
    EXPECT_TRUE(totals.conserved());
    UsageTotals broken = totals;
    broken.transit.bytes -= Bytes{1};
    EXPECT_FALSE(broken.conserved());
}

TEST(Usage, ReportsASumAbove64Bits) {
    const auto big = row(account("a"), outside("x"), UINT64_MAX);
    EXPECT_EQ(usage({}, {big, big}).error().code, ErrorCode::over_limit);
}

TEST(Usage, AsksTheStoreOnlyForWhatItNeeds) {
    const SumQuestion plain = sum_question({.by = {UsageKey::account}});
    EXPECT_FALSE(plain.by_bucket || plain.by_meter || plain.by_identity || plain.by_service);
    EXPECT_EQ(plain.role, MeterRole::bill) << "witnesses only on request";
    const SumQuestion all = sum_question(
        {.by = {UsageKey::identity, UsageKey::category, UsageKey::meter, UsageKey::period},
         .role = std::nullopt});
    EXPECT_TRUE(all.by_bucket && all.by_meter && all.by_identity && all.by_service);
    EXPECT_FALSE(all.role);
}

std::pair<std::vector<TransferSum>, Volume> random_traffic(std::uint64_t seed) {
    const Batch batch = random_batch(seed, 1, 300);
    std::vector<TransferSum> rows;
    for (const Transfer& t : batch.transfers)
        rows.push_back({Layer::ip, t.bucket, "eth0", MeterRole::bill, batch.parties[t.from],
                        batch.parties[t.to], batch.services[t.service], t.volume});
    return {std::move(rows), batch.observed};
}

// For every question the bytes are the same.
TEST(Usage, RowsAddUpToTheWholeForRandomTraffic) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        const auto [rows, whole] = random_traffic(seed);
        const auto own = usage({.by = {UsageKey::account}}, rows);
        UsageQuestion question;
        question.category = [](std::string_view s) { return std::string(s.substr(0, 1)); };
        for (int i = 0; i < 4; ++i)
            question.boundaries.push_back(bucket_at(static_cast<int>(random() % 12)) +
                                          Duration::minutes(static_cast<int>(random() % 5)));
        std::sort(question.boundaries.begin(), question.boundaries.end());
        for (const auto key : {UsageKey::service, UsageKey::category, UsageKey::far_class,
                               UsageKey::direction, UsageKey::meter, UsageKey::period}) {
            Volume sum;
            question.by = {key, UsageKey::service};
            const auto by_key = usage(question, rows);
            ASSERT_TRUE(by_key) << by_key.error().text;
            for (const UsageRow& r : by_key->rows) sum += r.total;
            EXPECT_EQ(sum, whole) << "the rows are the whole, seed " << seed;
            EXPECT_EQ(by_key->in_rows, whole);
        }
        // The identities of an account add up to the account.
        Volume identities;
        Volume accounts;
        const auto by_identity = usage({.by = {UsageKey::account, UsageKey::identity}}, rows);
        for (const UsageRow& r : by_identity->rows) identities += r.received;
        for (const UsageRow& r : own->rows) accounts += r.received;
        EXPECT_EQ(identities, accounts);
    }
}

TEST(Usage, HoldsForRandomTrafficAndTrees) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        const auto [rows, whole] = random_traffic(seed);
        UsageQuestion tree{.by = {UsageKey::account}, .tree = true};
        for (int i = 0; i < 10; ++i)
            tree.accounts.push_back(
                {fmt::format("user{}", i),
                 i == 0 ? "" : fmt::format("user{}", random() % static_cast<unsigned>(i)), ""});
        const auto own = usage({.by = {UsageKey::account}}, rows);
        const auto summed = usage(tree, rows);
        ASSERT_TRUE(own && summed);
        EXPECT_EQ(own->totals.whole, whole);
        EXPECT_TRUE(own->totals.conserved());
        const auto find = [](const Usage& u, const std::string& name) -> UsageRow {
            for (const UsageRow& r : u.rows)
                if (r.account == name) return r;
            return {};
        };
        for (const Account& parent : tree.accounts) {
            Volume received = find(*own, parent.name).received;
            Volume sent = find(*own, parent.name).sent;
            for (const Account& child : tree.accounts) {
                if (child.parent != parent.name) continue;
                received += find(*summed, child.name).received;
                sent += find(*summed, child.name).sent;
            }
            EXPECT_EQ(find(*summed, parent.name).received, received);
            EXPECT_EQ(find(*summed, parent.name).sent, sent);
        }
        // Both ends of every account: the attributed volume, plus the internal one again.
        Volume sides;
        Volume expected = own->totals.attributed;
        expected += own->totals.internal;
        for (const UsageRow& r : own->rows) {
            if (r.account.starts_with('@')) continue;
            sides += r.received;
            sides += r.sent;
        }
        EXPECT_EQ(sides, expected);
    }
}

}  // namespace
}  // namespace octroi::testing
