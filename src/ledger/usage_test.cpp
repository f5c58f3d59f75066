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
    return {.layer = Layer::ip,
            .bucket = bucket_at(bucket),
            .meter = "eth0",
            .role = MeterRole::bill,
            .from = from,
            .to = to,
            .service = service,
            .volume = {Bytes{bytes}, Packets{1}, Flows{1}}};
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

// The answer for traffic of layer 3; without traffic an empty one.
UsageBlock ip_block(const UsageQuestion& question, const std::vector<TransferSum>& from = sums) {
    const auto result = usage(question, from);
    EXPECT_TRUE(result) << result.error().text;
    if (!result || result->blocks.empty()) return {};
    EXPECT_EQ(result->blocks.size(), 1U);
    EXPECT_EQ(result->blocks[0].layer, Layer::ip);
    return result->blocks[0];
}

// A row as "fields received/sent/total", bytes only.
std::vector<std::string> lines(UsageQuestion question,
                               const std::vector<TransferSum>& from = sums) {
    if (question.order == UsageOrder::total) question.order = UsageOrder::name;
    const auto result = usage(question, from);
    if (!result) return {result.error().text};
    std::vector<std::string> out;
    for (const UsageRow& r : ip_block(question, from).rows) {
        std::string line;
        for (const std::string& field : {r.account, r.identity, r.far_class, r.service, r.category,
                                         r.direction, r.meter, r.from, r.to})
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
    const UsageBlock result = ip_block({.by = {UsageKey::account}}, sampled);
    // A transfer between two accounts is in both rows, and once in the whole.
    EXPECT_EQ(result.estimate, (Estimate{2010, 1, 105, 207}));
    for (const UsageRow& r : result.rows) {
        const Estimate expected = r.account == "alice" ? Estimate{2010, 1, 105, 207}
                                  : r.account == "bob" ? Estimate{2000, 0, 100, 200}
                                                       : Estimate{};
        EXPECT_EQ(r.estimate, expected) << r.account;
    }
}

TEST(Usage, ByAccountCountsBothEnds) {
    EXPECT_EQ(
        lines({.by = {UsageKey::account}}),
        (Lines{"@transit 0/0/80000000", "@unattributed 0/600000/600000", "alice 50320/54001/54321",
               "bob 4000/0/4000", "@excluded/non-ip 0/0/7000000"}));
}

TEST(Usage, ByServiceAddsUpToTheWhole) {
    EXPECT_EQ(lines({.by = {UsageKey::service}}),
              (Lines{"dns 300/0/300", "web 54020/654001/80654021"}));
    EXPECT_EQ(lines({.by = {UsageKey::direction}}),
              (Lines{"in 320/0/320", "internal 54000/54000/54000", "out 0/600001/600001",
                     "transit 0/0/80000000", "excluded 0/0/7000000"}));
    EXPECT_EQ(lines({.by = {UsageKey::far_class}}),
              (Lines{"@internal 54000/54000/54000", "@transit 0/0/80000000", "free 300/0/300",
                     "world 20/600001/600021", "@excluded 0/0/7000000"}));
    EXPECT_EQ(lines({.by = {}}), (Lines{"54320/654001/80654321"}));
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
    EXPECT_EQ(lines(question), (Lines{"usage by period needs the steps of time"}));
    // The second period begins within a bucket: a bucket belongs to the period in which it starts.
    question.steps = {bucket_at(0), bucket_at(0) + Duration{1}};
    EXPECT_EQ(lines(question), (Lines{"names #1 300/0/300", "other #0 50020/54001/54021"}));
    question.category = {};
    EXPECT_EQ(lines(question), (Lines{"usage by category needs a category function"}));
}

TEST(Usage, InATreeAParentIncludesItsChildren) {
    UsageQuestion question{.by = {UsageKey::account}, .tree = true};
    question.accounts = {
        {"top", "", ""}, {"home", "top", ""}, {"alice", "home", ""}, {"bob", "home", ""}};
    EXPECT_EQ(lines(question),
              (Lines{"@transit 0/0/80000000", "@unattributed 0/600000/600000",
                     "top 54320/54001/54321", "home 54320/54001/54321", "alice 50320/54001/54321",
                     "bob 4000/0/4000", "@excluded/non-ip 0/0/7000000"}));
    question.account = "home";
    EXPECT_EQ(lines(question),
              (Lines{"home 54320/54001/54321", "alice 50320/54001/54321", "bob 4000/0/4000"}));
    question.by = {};
    EXPECT_EQ(lines(question), (Lines{"54320/54001/54321"}));
    question.account = "nobody";
    EXPECT_EQ(lines(question),
              (Lines{"account 'nobody' does not exist; next: `octroi account list` shows all"}));
    question.account = "@unattributed";
    EXPECT_EQ(lines(question), (Lines{"0/600000/600000"}));
}

// A transfer between two hosts of an account is in two rows and counts once.
TEST(Usage, TheWholeCountsASelectedTransferOnce) {
    const auto whole = [](const UsageQuestion& question) {
        return ip_block(question).totals.whole.bytes.value();
    };
    for (const auto key : {UsageKey::identity, UsageKey::direction, UsageKey::service})
        EXPECT_EQ(whole({.by = {key}, .account = "alice"}), 54'321U);
    EXPECT_EQ(whole({.by = {UsageKey::account}, .account = "@transit"}), 80'000'000U);
    EXPECT_EQ(whole({.by = {UsageKey::account}}), 87'654'321U);
    EXPECT_EQ(whole({.by = {UsageKey::direction}}), 87'654'321U);
    EXPECT_EQ(whole({.by = {UsageKey::account}, .account = "bob"}), 4000U);
    const UsageBlock alice = ip_block({.by = {UsageKey::identity}, .account = "alice"});
    EXPECT_EQ(alice.received.bytes.value(), 50'320U);
    EXPECT_EQ(alice.sent.bytes.value(), 54'001U);
}

TEST(Usage, FromOneEndToTheOtherCountsATransferOnce) {
    UsageQuestion question{.by = {UsageKey::from, UsageKey::to}};
    EXPECT_EQ(lines(question),
              (Lines{"@unattributed world 0/600000/600000", "alice alice 50000/50000/50000",
                     "alice bob 4000/4000/4000", "alice world 0/1/1", "free alice 300/0/300",
                     "world alice 20/0/20", "world free 0/0/80000000",
                     "@excluded/non-ip @excluded/non-ip 0/0/7000000"}));
    question.account = "bob";
    EXPECT_EQ(lines(question), (Lines{"alice bob 4000/4000/4000"}));
    question.by = {UsageKey::from};
    EXPECT_EQ(lines(question), (Lines{"alice 4000/4000/4000"}));
    question.account = "@transit";
    EXPECT_EQ(lines(question), (Lines{"world 0/0/80000000"}));
    question.by = {UsageKey::from, UsageKey::account};
    EXPECT_EQ(usage(question, sums).error().code, ErrorCode::invalid);
}

TEST(Usage, InATreeFromAndToAreTopAccounts) {
    UsageQuestion question{.by = {UsageKey::from, UsageKey::to}, .tree = true};
    question.accounts = {{"top", "", ""},
                         {"home", "top", ""},
                         {"alice", "home", ""},
                         {"work", "top", ""},
                         {"bob", "work", ""}};
    question.directions = {"internal"};
    EXPECT_EQ(lines(question), (Lines{"top top 54000/54000/54000"}));
    question.account = "top";
    EXPECT_EQ(lines(question), (Lines{"home home 50000/50000/50000", "home work 4000/4000/4000"}));
    question.account = "home";
    EXPECT_EQ(lines(question),
              (Lines{"alice alice 50000/50000/50000", "alice top 4000/4000/4000"}));
    question.account = "alice";
    EXPECT_EQ(lines(question),
              (Lines{"alice alice 50000/50000/50000", "alice top 4000/4000/4000"}));
}

TEST(Usage, FiltersByIdentityClassAndDirection) {
    EXPECT_EQ(lines({.by = {UsageKey::account}, .identity = "10.0.0.2"}),
              (Lines{"alice 50300/0/50300"}));
    EXPECT_EQ(lines({.by = {}, .account = "bob", .identity = "10.0.0.2"}), Lines{});
    EXPECT_EQ(lines({.by = {UsageKey::account}, .classes = {"world"}}),
              (Lines{"@unattributed 0/600000/600000", "alice 20/1/21"}));
    EXPECT_EQ(lines({.by = {UsageKey::service}, .classes = {"@internal", "free"}}),
              (Lines{"dns 300/0/300", "web 54000/54000/54000"}));
    EXPECT_EQ(lines({.by = {UsageKey::account}, .directions = {"in"}}),
              (Lines{"alice 50320/0/50320", "bob 4000/0/4000"}));
    EXPECT_EQ(lines({.by = {}, .directions = {"transit", "excluded"}}), (Lines{"0/0/80000000"}));
    EXPECT_EQ(
        lines({.by = {UsageKey::far_class, UsageKey::service}, .account = "alice"}),
        (Lines{"@internal web 50000/54000/54000", "free dns 300/0/300", "world web 20/1/21"}));
}

TEST(Usage, OrdersByFiguresOrNames) {
    const auto order = [](UsageOrder by) {
        std::string names;
        for (const UsageRow& r : ip_block({.by = {UsageKey::account}, .order = by}).rows)
            names += r.account.substr(0, 2) + " ";
        return names;
    };
    EXPECT_EQ(order(UsageOrder::total), "@t @u al bo @e ");
    EXPECT_EQ(order(UsageOrder::received), "al bo @t @u @e ");
    EXPECT_EQ(order(UsageOrder::sent), "@u al @t bo @e ");
    EXPECT_EQ(order(UsageOrder::name), "@t @u al bo @e ");
    // Siblings in order, each before its children.
    UsageQuestion tree{.by = {UsageKey::account}, .tree = true};
    tree.accounts = {{"z", "", ""}, {"alice", "z", ""}, {"bob", "z", ""}, {"a", "", ""}};
    tree.classes = {"world", "@internal"};
    std::string names;
    for (const UsageRow& r : ip_block(tree).rows)
        names += fmt::format("{} {}, ", r.depth, r.account);
    EXPECT_EQ(names, "0 @unattributed, 0 z, 1 alice, 1 bob, ");
}

// Alice and bob have a transfer in common: in the rest it counts once.
TEST(Usage, TheRestIsOneRowThatCountsEachTransferOnce) {
    std::vector<TransferSum> sampled = sums;
    sampled[3].estimate = {2000, 0, 100, 200};
    UsageQuestion question{.by = {UsageKey::account}};
    question.limit = 2;
    EXPECT_FALSE(ip_block(question, sampled).rest);
    question.rest = true;
    const UsageBlock block = ip_block(question, sampled);
    EXPECT_EQ(block.rows.size(), 2U);
    EXPECT_EQ(block.left_out, 3U);
    ASSERT_TRUE(block.rest);
    EXPECT_EQ(block.rest->received.bytes.value(), 54'320U);
    EXPECT_EQ(block.rest->sent.bytes.value(), 54'001U);
    EXPECT_EQ(block.rest->total.bytes.value(), 54'321U);
    EXPECT_EQ(block.rest->excluded.bytes.value(), 7'000'000U);
    EXPECT_EQ(block.rest->estimate, (Estimate{2000, 0, 100, 200}));
    EXPECT_EQ(block.totals.whole.bytes.value(), 87'654'321U);
    question.limit = 5;
    EXPECT_FALSE(ip_block(question, sampled).rest);
}

TEST(Usage, HasABlockForEachLayer) {
    std::vector<TransferSum> rows = sums;
    rows[0].layer = Layer::application;
    rows[3].layer = Layer::frame;
    const auto result = usage({.by = {UsageKey::account}}, rows);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->blocks.size(), 3U);
    EXPECT_EQ(result->blocks[0].layer, Layer::frame);
    EXPECT_EQ(result->blocks[0].totals.whole.bytes.value(), 4000U);
    EXPECT_EQ(result->blocks[1].totals.whole.bytes.value(), 87'650'320U);
    EXPECT_EQ(result->blocks[2].layer, Layer::application);
    ASSERT_EQ(result->blocks[2].rows.size(), 1U);
    EXPECT_EQ(result->blocks[2].rows[0].total.bytes.value(), 1U);
}

TEST(Usage, TotalsCountEveryTransferOnce) {
    const UsageTotals totals = ip_block({.by = {UsageKey::account}}).totals;
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

// A router sees each packet twice: the second sighting must not be in any figure but its own.
TEST(Usage, ExcludedTrafficIsInNoSum) {
    std::vector<TransferSum> twice;
    for (const int bucket : {0, 1}) {
        twice.push_back(row(outside("world"), account("alice", "10.0.0.1"), 1000, "web", bucket));
        twice.push_back(row(excluded("duplicate"), excluded("duplicate"), 1000, "web", bucket));
    }
    for (const std::vector<UsageKey>& by :
         std::vector<std::vector<UsageKey>>{{},
                                            {UsageKey::account},
                                            {UsageKey::identity},
                                            {UsageKey::far_class},
                                            {UsageKey::service},
                                            {UsageKey::direction},
                                            {UsageKey::meter},
                                            {UsageKey::period},
                                            {UsageKey::from},
                                            {UsageKey::to},
                                            {UsageKey::from, UsageKey::to}}) {
        const UsageQuestion question{.by = by, .steps = {bucket_at(0), bucket_at(1)}};
        const UsageBlock block = ip_block(question, twice);
        EXPECT_EQ(block.total.bytes.value(), 2000U);
        EXPECT_EQ(block.totals.whole.bytes.value(), 4000U);
        EXPECT_EQ(block.received.bytes.value(), 2000U);
        EXPECT_EQ(block.sent.bytes.value(), 0U);
        std::uint64_t counted = 0;
        std::uint64_t left_out = 0;
        for (const UsageRow& r : block.rows) {
            (r.names_excluded ? left_out : counted) += r.total.bytes.value();
            left_out += r.excluded.bytes.value();
        }
        EXPECT_EQ(counted, 2000U);
        EXPECT_EQ(left_out, 2000U);
    }
    // The row of a limit counts it apart too, and a question about it shows it.
    const UsageBlock limited =
        ip_block({.by = {UsageKey::direction, UsageKey::service}, .limit = 1, .rest = true}, twice);
    ASSERT_TRUE(limited.rest);
    EXPECT_EQ(limited.rest->total.bytes.value(), 0U);
    EXPECT_EQ(limited.rest->excluded.bytes.value(), 2000U);
    const UsageBlock asked =
        ip_block({.by = {UsageKey::service}, .directions = {"excluded"}}, twice);
    EXPECT_EQ(asked.total.bytes.value(), 2000U);
    ASSERT_EQ(asked.rows.size(), 1U);
    EXPECT_EQ(asked.rows[0].total.bytes.value(), 2000U);
}

// Forged traffic must not take away the figures of others.
TEST(Usage, ASumAbove64BitsStaysAtTheHighestValue) {
    const auto big = row(account("a"), outside("x"), UINT64_MAX);
    const auto answer =
        usage({.by = {UsageKey::account}}, {big, big, row(account("b"), outside("x"), 7)});
    ASSERT_TRUE(answer);
    const UsageBlock& block = answer->blocks.at(0);
    ASSERT_EQ(block.rows.size(), 2U);
    EXPECT_EQ(block.rows[0].total.bytes.value(), UINT64_MAX);
    EXPECT_EQ(block.rows[1].total.bytes.value(), 7U);
    EXPECT_TRUE(block.totals.conserved());
}

TEST(Usage, AsksTheStoreOnlyForWhatItNeeds) {
    const SumQuestion plain = sum_question({.by = {UsageKey::account}});
    EXPECT_FALSE(plain.by_bucket || plain.by_meter || plain.by_identity || plain.by_service);
    EXPECT_TRUE(plain.ends.empty() && plain.services.empty() && plain.steps.empty());
    EXPECT_EQ(plain.role, MeterRole::bill) << "witnesses only on request";
    UsageQuestion question{
        .by = {UsageKey::identity, UsageKey::category, UsageKey::meter, UsageKey::period},
        .steps = {bucket_at(0), bucket_at(1)},
        .role = std::nullopt,
        .layer = Layer::frame};
    const SumQuestion all = sum_question(question);
    EXPECT_TRUE(all.by_meter && all.by_identity && all.by_service);
    EXPECT_EQ(all.steps, question.steps);
    EXPECT_EQ(all.layer, Layer::frame);
    EXPECT_FALSE(all.role);
}

TEST(Usage, GivesItsFiltersToTheStore) {
    UsageQuestion question{.account = "home", .identity = "10.0.0.1", .classes = {"world"}};
    question.accounts = {{"top", "", ""}, {"home", "top", ""}, {"alice", "home", ""}};
    SumQuestion store = sum_question(question);
    EXPECT_EQ(store.ends, Lines{"home"});
    EXPECT_EQ(store.identity, "10.0.0.1");
    EXPECT_TRUE(store.by_identity);
    question.tree = true;
    EXPECT_EQ(sum_question(question).ends, (Lines{"home", "alice"}));
    question.account.reset();
    EXPECT_EQ(sum_question(question).ends, Lines{"world"});
    question.classes = {"world", "@internal"};
    EXPECT_TRUE(sum_question(question).ends.empty()) << "local traffic has no end of that class";
    question.services = {"web", "dns"};
    EXPECT_EQ(sum_question(question).services, (Lines{"web", "dns"}));
    question.categories = {"w"};
    question.category = [](std::string_view s) { return std::string(s.substr(0, 1)); };
    EXPECT_EQ(sum_question(question, {"dns", "web", "web2"}).services, Lines{"web"});
    EXPECT_EQ(sum_question(question, {"dns"}).services, Lines{""}) << "none, not all";
}

std::pair<std::vector<TransferSum>, Volume> random_traffic(std::uint64_t seed) {
    const Batch batch = random_batch(seed, 1, 300);
    std::vector<TransferSum> rows;
    for (const Transfer& t : batch.transfers)
        rows.push_back({.layer = Layer::ip,
                        .bucket = t.bucket,
                        .meter = "eth0",
                        .role = MeterRole::bill,
                        .from = batch.parties[t.from],
                        .to = batch.parties[t.to],
                        .service = batch.services[t.service],
                        .volume = t.volume});
    return {std::move(rows), batch.observed};
}

// For every question the bytes are the same.
TEST(Usage, RowsAddUpToTheWholeForRandomTraffic) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        const auto [rows, whole] = random_traffic(seed);
        const UsageBlock own = ip_block({.by = {UsageKey::account}}, rows);
        UsageQuestion question;
        question.category = [](std::string_view s) { return std::string(s.substr(0, 1)); };
        for (int i = 0; i < 4; ++i)
            question.steps.push_back(bucket_at(static_cast<int>(random() % 12)) +
                                     Duration::minutes(static_cast<int>(random() % 5)));
        std::sort(question.steps.begin(), question.steps.end());
        for (const auto key :
             {UsageKey::service, UsageKey::category, UsageKey::far_class, UsageKey::direction,
              UsageKey::meter, UsageKey::period, UsageKey::from, UsageKey::to}) {
            Volume sum;
            question.by = {key, UsageKey::service};
            const UsageBlock by_key = ip_block(question, rows);
            for (const UsageRow& r : by_key.rows) {
                sum += r.total;
                sum += r.excluded;
            }
            EXPECT_EQ(sum, whole) << "the rows are the whole, seed " << seed;
            EXPECT_EQ(by_key.totals.whole, whole);
        }
        // The identities of an account add up to the account.
        Volume identities;
        Volume accounts;
        const UsageBlock by_identity =
            ip_block({.by = {UsageKey::account, UsageKey::identity}}, rows);
        for (const UsageRow& r : by_identity.rows) identities += r.received;
        for (const UsageRow& r : own.rows) accounts += r.received;
        EXPECT_EQ(identities, accounts);
        EXPECT_EQ(own.received, accounts);
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
        const UsageBlock own = ip_block({.by = {UsageKey::account}}, rows);
        const UsageBlock summed = ip_block(tree, rows);
        EXPECT_EQ(own.totals.whole, whole);
        EXPECT_TRUE(own.totals.conserved());
        const auto find = [](const UsageBlock& u, const std::string& name) -> UsageRow {
            for (const UsageRow& r : u.rows)
                if (r.account == name) return r;
            return {};
        };
        for (const Account& parent : tree.accounts) {
            Volume received = find(own, parent.name).received;
            Volume sent = find(own, parent.name).sent;
            for (const Account& child : tree.accounts) {
                if (child.parent != parent.name) continue;
                received += find(summed, child.name).received;
                sent += find(summed, child.name).sent;
            }
            EXPECT_EQ(find(summed, parent.name).received, received);
            EXPECT_EQ(find(summed, parent.name).sent, sent);
        }
        // Both ends of every account: the attributed volume, plus the internal one again.
        Volume sides;
        Volume expected = own.totals.attributed;
        expected += own.totals.internal;
        for (const UsageRow& r : own.rows) {
            if (r.account.starts_with('@')) continue;
            sides += r.received;
            sides += r.sent;
        }
        EXPECT_EQ(sides, expected);
    }
}

}  // namespace
}  // namespace octroi::testing
