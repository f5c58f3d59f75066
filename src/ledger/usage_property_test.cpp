// SPDX-License-Identifier: GPL-3.0-or-later
// Random questions about random traffic, answered by loops that follow the definitions only: each
// row looks at every transfer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "ledger/testing/naive_sums.hpp"
#include "ledger/usage.hpp"

namespace octroi::testing {
namespace {

std::string category_of(std::string_view service) {
    return service == "web" ? "work" : std::string(service.substr(service.size() - 1));
}

using Texts = std::map<UsageKey, std::string>;

// How one end of a transfer, or the whole transfer, appears in rows.
struct Seen {
    Texts fields;  // all keys, grouped by or not
    bool received = false;
    bool sent = false;
    bool excluded = false;
};

class Naive {
public:
    explicit Naive(const UsageQuestion& question) : question_(question) {}

    // The accounts that count the traffic of an account.
    [[nodiscard]] std::vector<std::string> line(const std::string& name) const {
        std::vector<std::string> line{name};
        if (!question_.tree) return line;
        for (std::size_t i = 0; i < line.size(); ++i)
            for (const Account& account : question_.accounts)
                if (account.name == line[i] && !account.parent.empty())
                    line.push_back(account.parent);
        return line;
    }
    [[nodiscard]] bool groups(UsageKey key) const { return is_one_of(question_.by, key); }
    // Whether the filters select excluded traffic and no other.
    [[nodiscard]] bool only_excluded() const {
        const auto are = [](const std::vector<std::string>& words, const std::string& word) {
            return !words.empty() && std::ranges::all_of(words, [&](auto& w) { return w == word; });
        };
        return (question_.account && question_.account->starts_with("@excluded")) ||
               are(question_.directions, "excluded") || are(question_.classes, "@excluded");
    }
    // Whether a row with these keys is one of excluded traffic.
    [[nodiscard]] bool says_excluded(const Seen& seen) const {
        if (groups(UsageKey::account) || groups(UsageKey::far_class) || groups(UsageKey::direction))
            return true;
        return std::ranges::any_of(std::array{UsageKey::from, UsageKey::to}, [&](UsageKey key) {
            return groups(key) && seen.fields.at(key).starts_with("@excluded");
        });
    }

    [[nodiscard]] std::vector<Seen> seen(const TransferSum& sum) const {
        Seen seen;
        seen.fields[UsageKey::service] = sum.service;
        seen.fields[UsageKey::category] = category_of(sum.service);
        seen.fields[UsageKey::meter] = sum.meter;
        seen.fields[UsageKey::from] = top(sum.from);
        seen.fields[UsageKey::to] = top(sum.to);
        for (std::size_t i = 0; i < question_.steps.size(); ++i)
            if (question_.steps[i] <= sum.bucket)
                seen.fields[UsageKey::period] = fmt::format("{:04}", i);
        const bool ends = !groups(UsageKey::from) && !groups(UsageKey::to) &&
                          (question_.account || question_.identity || groups(UsageKey::account) ||
                           groups(UsageKey::identity));
        return ends ? by_end(sum, seen) : by_network(sum, seen);
    }

private:
    static bool local(const Party& p) {
        return p.kind == PartyKind::account || p.kind == PartyKind::unattributed;
    }
    static std::string far_class(const Party& far) {
        return far.kind == PartyKind::outside ? far.name : "@internal";
    }
    // "@excluded/…", "@transit", or empty.
    static std::string special(const TransferSum& sum) {
        for (const Party* end : {&sum.from, &sum.to})
            if (end->kind == PartyKind::excluded) return to_string(*end);
        return local(sum.from) || local(sum.to) ? "" : "@transit";
    }
    static void set_special(const std::string& name, Seen& seen) {
        const std::string word = name == "@transit" ? "transit" : "excluded";
        seen.fields[UsageKey::account] = name;
        seen.fields[UsageKey::far_class] = "@" + word;
        seen.fields[UsageKey::direction] = word;
        seen.excluded = word == "excluded";
    }
    [[nodiscard]] std::string top(const Party& end) const {
        if (end.kind != PartyKind::account || !question_.tree) return to_string(end);
        const auto above = line(end.name);
        for (std::size_t i = 0; i < above.size(); ++i)
            if (above[i] == question_.account) return above[i == 0 ? 0 : i - 1];
        return above.back();
    }
    [[nodiscard]] bool passes(const Seen& seen) const {
        const auto one_of = [&](const std::vector<std::string>& filter, UsageKey key) {
            return filter.empty() || is_one_of(filter, seen.fields.at(key));
        };
        return one_of(question_.classes, UsageKey::far_class) &&
               one_of(question_.directions, UsageKey::direction) &&
               one_of(question_.services, UsageKey::service) &&
               one_of(question_.categories, UsageKey::category);
    }
    [[nodiscard]] std::vector<Seen> by_end(const TransferSum& sum, Seen seen) const {
        std::vector<Seen> all;
        if (const std::string name = special(sum); !name.empty()) {
            set_special(name, seen);
            if (!question_.identity && (!question_.account || question_.account == name))
                all.push_back(seen);
        } else {
            add_end(sum.from, sum.to, true, seen, all);
            add_end(sum.to, sum.from, false, seen, all);
        }
        std::erase_if(all, [&](const Seen& s) { return !passes(s); });
        return all;
    }
    void add_end(const Party& near, const Party& far, bool sent, Seen seen,
                 std::vector<Seen>& all) const {
        if (!local(near)) return;
        if (question_.identity && near.identity != question_.identity) return;
        seen.sent = sent;
        seen.received = !sent;
        seen.fields[UsageKey::identity] = near.identity;
        seen.fields[UsageKey::far_class] = far_class(far);
        seen.fields[UsageKey::direction] = sent ? "out" : "in";
        const auto accounts = near.kind == PartyKind::account
                                  ? line(near.name)
                                  : std::vector<std::string>{to_string(near)};
        for (const std::string& account : accounts) {
            // Only the account and those below it.
            if (question_.account && !is_one_of(line(account), *question_.account)) continue;
            seen.fields[UsageKey::account] = account;
            all.push_back(seen);
        }
    }
    [[nodiscard]] bool is_end(const Party& end) const {
        return local(end) && (!question_.identity || end.identity == question_.identity) &&
               (!question_.account ||
                is_one_of(end.kind == PartyKind::account ? line(end.name)
                                                         : std::vector<std::string>{to_string(end)},
                          *question_.account));
    }
    [[nodiscard]] std::vector<Seen> by_network(const TransferSum& sum, Seen seen) const {
        const std::string name = special(sum);
        if (!name.empty()) {
            set_special(name, seen);
            if (question_.identity || (question_.account && question_.account != name)) return {};
        } else {
            if (!is_end(sum.from) && !is_end(sum.to)) return {};
            seen.sent = local(sum.from);
            seen.received = local(sum.to);
            seen.fields[UsageKey::far_class] = far_class(seen.sent ? sum.to : sum.from);
            seen.fields[UsageKey::direction] = seen.sent && seen.received ? "internal"
                                               : seen.sent                ? "out"
                                                                          : "in";
        }
        return passes(seen) ? std::vector{seen} : std::vector<Seen>{};
    }

    const UsageQuestion& question_;
};

struct Figures {
    Volume received, sent, total, excluded;
    Estimate estimate;
    auto operator<=>(const Figures&) const = default;
};
using Rows = std::map<std::pair<Layer, std::vector<std::string>>, Figures>;

void count(Figures& figures, const TransferSum& sum, const Seen& sides) {
    if (sides.excluded) {
        figures.excluded += sum.volume;
        return;
    }
    if (sides.received) figures.received += sum.volume;
    if (sides.sent) figures.sent += sum.volume;
    figures.total += sum.volume;
    figures.estimate += sum.estimate;
}

// The sums of all columns and identities that the question selects in the store.
std::vector<TransferSum> all_sums(const std::vector<Batch>& batches,
                                  const UsageQuestion& question) {
    return naive_sums(batches, {.period = question.period,
                                .meter = question.meter,
                                .role = question.role,
                                .layer = question.layer,
                                .by_bucket = true,
                                .by_meter = true,
                                .by_identity = true,
                                .by_service = true,
                                .estimates = true});
}

void add(const Seen& end, bool excluded, Seen& sides) {
    sides.received |= end.received;
    sides.sent |= end.sent;
    sides.excluded |= excluded;
}

// Rows, and under the key {"*"} all rows together.
Rows naive_rows(const std::vector<Batch>& batches, const UsageQuestion& question) {
    const Naive naive(question);
    Rows rows;
    for (const TransferSum& sum : all_sums(batches, question)) {
        std::map<std::vector<std::string>, Seen> in;
        for (const Seen& seen : naive.seen(sum)) {
            std::vector<std::string> key;
            for (const UsageKey by : question.by)
                key.push_back(seen.fields.contains(by) ? seen.fields.at(by) : "");
            const bool apart = seen.excluded && !naive.only_excluded();
            add(seen, apart && !naive.says_excluded(seen), in[key]);
            add(seen, apart, in[{"*"}]);
        }
        for (const auto& [key, sides] : in) count(rows[{sum.layer, key}], sum, sides);
    }
    return rows;
}

std::string text_of(const UsageRow& row, UsageKey key) {
    switch (key) {
        case UsageKey::account:
            return row.account;
        case UsageKey::identity:
            return row.identity;
        case UsageKey::far_class:
            return row.far_class;
        case UsageKey::service:
            return row.service;
        case UsageKey::category:
            return row.category;
        case UsageKey::direction:
            return row.direction;
        case UsageKey::meter:
            return row.meter;
        case UsageKey::period:
            return row.period ? fmt::format("{:04}", *row.period) : "";
        case UsageKey::from:
            return row.from;
        case UsageKey::to:
            return row.to;
    }
    return "";
}

Figures figures_of(const UsageRow& row) {
    return {row.received, row.sent, row.total, row.excluded, row.estimate};
}

Rows rows_of(const Usage& usage, const UsageQuestion& question) {
    Rows rows;
    for (const UsageBlock& block : usage.blocks) {
        EXPECT_TRUE(block.totals.conserved());
        const Naive naive(question);
        const Volume excluded = naive.only_excluded() ? Volume{} : block.totals.excluded;
        rows[{block.layer, {"*"}}] = {block.received, block.sent, block.total, excluded,
                                      block.estimate};
        Volume whole = block.total;
        whole += excluded;
        EXPECT_EQ(whole, block.totals.whole);
        for (const UsageRow& row : block.rows) {
            std::vector<std::string> key;
            for (const UsageKey by : question.by) key.push_back(text_of(row, by));
            EXPECT_TRUE(rows.try_emplace({block.layer, key}, figures_of(row)).second);
        }
    }
    return rows;
}

UsageQuestion random_usage_question(std::mt19937_64& random) {
    const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(random() % n); };
    const auto some = [&](std::vector<std::string> of, std::uint64_t one_in) {
        std::vector<std::string> chosen;
        if (below(one_in) != 0) return chosen;
        for (std::size_t i = 1 + below(2); i > 0; --i) chosen.push_back(of[below(of.size())]);
        return chosen;
    };
    UsageQuestion question;
    std::vector<UsageKey> keys{UsageKey::far_class, UsageKey::service, UsageKey::category,
                               UsageKey::direction, UsageKey::meter,   UsageKey::period};
    const bool ends = below(3) == 0;
    for (const UsageKey key : ends ? std::vector{UsageKey::from, UsageKey::to}
                                   : std::vector{UsageKey::account, UsageKey::identity})
        keys.insert(keys.end(), 3, key);
    for (std::size_t i = below(4); i > 0; --i) {
        const UsageKey key = keys[below(keys.size())];
        if (!is_one_of(question.by, key)) question.by.push_back(key);
    }
    question.category = category_of;
    if (below(3) == 0) question.period = {bucket_at(2), bucket_at(9)};
    question.steps = {question.period.begin, bucket_at(4), bucket_at(7)};
    for (std::size_t i = 0; i < 10; ++i)
        question.accounts.push_back(
            {fmt::format("user{}", i), i == 0 ? "" : fmt::format("user{}", below(i)), ""});
    question.tree = below(2) == 0;
    const auto accounts = some(
        {"user0", "user1", "user2", "user5", "@unattributed", "@transit", "@excluded/non-ip"}, 2);
    if (!accounts.empty()) question.account = accounts[0];
    const auto identities = some({"10.1.0.3", "10.1.0.7", "10.0.0.5"}, 5);
    if (!identities.empty()) question.identity = identities[0];
    question.classes = some({"domestic", "international", "@internal", "@excluded", "@transit"}, 4);
    question.services = some({"web", "service1", "service2"}, 4);
    question.categories = some({"work", "1", "3", "none"}, 4);
    question.directions = some({"in", "out", "internal", "transit", "excluded"}, 5);
    if (below(5) == 0) question.meter = "eth0";
    if (below(3) == 0) question.role = std::nullopt;
    if (below(5) == 0) question.layer = layers[below(3)];
    question.order = static_cast<UsageOrder>(below(4));
    return question;
}

std::vector<Batch> random_batches(std::uint64_t seed) {
    std::vector<Batch> batches;
    for (std::uint64_t i = 0; i < 4; ++i) {
        batches.push_back(random_batch(seed * 10 + i, 1, 40));
        if (i == 3) batches.back().meter.layer = layers[seed % 3];
    }
    return batches;
}

Result<Usage> answer_of(const std::vector<Batch>& batches, const UsageQuestion& question) {
    const std::vector<std::string> services{"service0", "service1", "service2",
                                            "service3", "service4", "web"};
    return usage(question, naive_sums(batches, sum_question(question, services)));
}

TEST(UsageProperty, AnswersAsTheDefinitionsSay) {
    std::size_t with_rows = 0;
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        std::mt19937_64 random(seed);
        const auto batches = random_batches(seed % 10 + 1);
        const UsageQuestion question = random_usage_question(random);
        const auto answer = answer_of(batches, question);
        ASSERT_TRUE(answer) << answer.error().text;
        const Rows expected = naive_rows(batches, question);
        ASSERT_EQ(rows_of(*answer, question), expected) << "seed " << seed;
        with_rows += expected.empty() ? 0 : 1;
    }
    EXPECT_GT(with_rows, 700U);
}

TEST(UsageProperty, TheRestCountsEachTransferOfTheRowsLeftOutOnce) {
    std::size_t with_rest = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        std::mt19937_64 random(seed);
        const auto batches = random_batches(seed % 10 + 1);
        UsageQuestion question = random_usage_question(random);
        const auto whole = answer_of(batches, question);
        ASSERT_TRUE(whole);
        question.limit = 1 + random() % 5;
        question.rest = true;
        const auto limited = answer_of(batches, question);
        ASSERT_TRUE(limited);
        ASSERT_EQ(limited->blocks.size(), whole->blocks.size());
        for (std::size_t i = 0; i < whole->blocks.size(); ++i) {
            const UsageBlock& all = whole->blocks[i];
            const UsageBlock& part = limited->blocks[i];
            const std::size_t kept = std::min(question.limit, all.rows.size());
            ASSERT_TRUE(std::equal(part.rows.begin(), part.rows.end(), all.rows.begin(),
                                   all.rows.begin() + static_cast<std::ptrdiff_t>(kept)));
            EXPECT_EQ(part.left_out, all.rows.size() - kept);
            EXPECT_EQ(part.rest.has_value(), part.left_out > 0);
            EXPECT_EQ(part.totals.whole, all.totals.whole);
            if (!part.rest) continue;
            ++with_rest;
            std::vector<std::vector<std::string>> left_out;
            for (std::size_t r = kept; r < all.rows.size(); ++r) {
                auto& key = left_out.emplace_back();
                for (const UsageKey by : question.by) key.push_back(text_of(all.rows[r], by));
            }
            Figures expected;
            const Naive naive(question);
            for (const TransferSum& sum : all_sums(batches, question)) {
                if (sum.layer != all.layer) continue;
                Seen any;
                bool is_in = false;
                for (const Seen& seen : naive.seen(sum)) {
                    std::vector<std::string> key;
                    for (const UsageKey by : question.by)
                        key.push_back(seen.fields.contains(by) ? seen.fields.at(by) : "");
                    if (!is_one_of(left_out, key)) continue;
                    is_in = true;
                    add(seen, seen.excluded && !naive.only_excluded(), any);
                }
                if (is_in) count(expected, sum, any);
            }
            EXPECT_EQ(figures_of(*part.rest), expected) << "seed " << seed;
        }
    }
    EXPECT_GT(with_rest, 150U);
}

}  // namespace
}  // namespace octroi::testing
