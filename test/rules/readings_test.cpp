// SPDX-License-Identifier: GPL-3.0-or-later
// N19: the meter reads the counters of a real kernel 10,000 times while traffic flows. It is killed
// and its rules change meanwhile, and the sum is what the generator sent.

#include <fcntl.h>
#include <sched.h>

#include <functional>
#include <map>
#include <thread>

#include "host/clock.hpp"
#include "host/nftables.hpp"
#include "meter/nftables/rules_meter.hpp"
#include "router.hpp"

namespace octroi::rules_test {
namespace {

constexpr int readings_wanted = 10'000;
constexpr int datagrams = 60'000;

// Sums by local end and direction, and the volumes that are not committed yet.
class SumSink final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> volumes) override {
        pending_.insert(pending_.end(), volumes.begin(), volumes.end());
    }
    void accept_identities(std::span<const IdentityEvent> /*events*/) override { ADD_FAILURE(); }
    void commit(const NameTable& names) {
        for (const CountedVolume& volume : pending_) {
            const bool is_out = volume.direction == CountedDirection::out;
            Count& sum = sums[names.rows()[volume.local - 1].text + (is_out ? " out" : " in")];
            sum.packets += volume.packets;
            sum.bytes += volume.bytes;
        }
        pending_.clear();
    }
    void drop() { pending_.clear(); }

    std::map<std::string, Count> sums;

private:
    std::vector<CountedVolume> pending_;
};

// In the network namespace of the router.
class ReadingsTest : public RulesTest {
protected:
    void in_router(const std::function<void()>& work) const {
        std::thread([&] {
            const int space = ::open(("/run/netns/" + router_).c_str(), O_RDONLY | O_CLOEXEC);
            ASSERT_GE(space, 0);
            ASSERT_EQ(::setns(space, CLONE_NEWNET), 0);
            ::close(space);
            work();
        }).join();
    }
    void open() {
        meter_.reset();
        accounting::RulesMeterOptions options;
        options.table = "octroi_rules";
        options.poll = Duration();
        options.rules = rules_;
        options.compile = [](const std::vector<RuleConfig>& rules) {
            return accounting::compile(rules, {}, {});
        };
        auto ruleset = options.compile(rules_);
        ASSERT_TRUE(ruleset.has_value()) << ruleset.error().text;
        options.ruleset = *std::move(ruleset);
        auto folder = OwnFolder::open(folder_ / "state");
        ASSERT_TRUE(folder.has_value()) << folder.error().text;
        auto meter = accounting::RulesMeter::open(std::move(options), nftables_host(),
                                                  *std::move(folder), cursors_, clock_);
        ASSERT_TRUE(meter.has_value()) << meter.error().text;
        meter_ = *std::move(meter);
    }
    void read() {
        for (;;) {
            const auto pulled = meter_->pull(sink_, Duration());
            ASSERT_TRUE(pulled.has_value()) << pulled.error().text;
            if (*pulled != Pull::more) return;
        }
    }
    void commit() {
        auto made = meter_->checkpoint(sink_);
        ASSERT_TRUE(made.has_value()) << made.error().text;
        cursors_ = made->cursors;
        losses_ += made->losses.size();
        sink_.commit(meter_->names());
        meter_->committed();
    }
    // The address of the sender is in each of them, under another identity.
    void change_rules(int round) {
        auto rules = std::make_shared<std::vector<RuleConfig>>(rules_);
        rules->back().name = "extra" + std::to_string(round);
        rules->back().address = {"172.16.3.2", "10.9." + std::to_string(round % 250) + ".0/24"};
        rules->back().identity = "user u" + std::to_string(round % 3);
        rules_ = *rules;
        meter_->use_rules(rules);
    }
    void read_all(const std::function<bool()>& has_ended) {
        open();
        for (int i = 1; i <= readings_wanted || !has_ended(); ++i) {
            read();
            if (i % 20 == 0) commit();
            if (i % 200 == 0) change_rules(i);
            // As kill -9: the readings since the commit are gone.
            if (i % 1500 == 1499) {
                sink_.drop();
                open();
            }
            if (HasFatalFailure()) return;
            readings_ = i;
        }
        // The last packets.
        for (int i = 0; i < 3; ++i) read();
        commit();
    }

    std::vector<RuleConfig> rules_{{.name = "physics", .address = {"172.16.3.0/24"}},
                                   {.name = "extra", .address = {"172.16.3.2"}}};
    std::vector<Cursor> cursors_;
    SumSink sink_;
    SystemClock clock_;
    std::size_t losses_ = 0;
    int readings_ = 0;
    std::unique_ptr<accounting::RulesMeter> meter_;
};

TEST_F(ReadingsTest, SumToWhatTheGeneratorSent) {
    // The first reading is where the figures begin.
    in_router([&] {
        open();
        if (HasFatalFailure()) return;
        read();
        commit();
        meter_.reset();
    });
    ASSERT_FALSE(HasFatalFailure());
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, datagrams, 100)}));
    in_router([&] { read_all([&] { return traffic.has_ended(); }); });
    ASSERT_FALSE(HasFatalFailure());
    EXPECT_EQ(traffic.wait().status, 0);
    EXPECT_GE(readings_, readings_wanted);
    EXPECT_EQ(losses_, 0U);
    const Count all{datagrams, datagrams * (100 + headers)};
    EXPECT_EQ(sink_.sums["physics out"], all);
    // Each packet under the identity that the rule had when it passed: none lost, none twice.
    Count extra;
    for (const char* name : {"extra out", "u0 out", "u1 out", "u2 out"}) {
        extra.packets += sink_.sums[name].packets;
        extra.bytes += sink_.sums[name].bytes;
    }
    EXPECT_EQ(extra, all);
    EXPECT_EQ(sink_.sums.size(), 5U) << "a count has a name that no rule had";
}

// A namespace that is made again has nothing in common with the one before, whatever its inode.
TEST_F(ReadingsTest, ANamespaceOfTheSameNameIsAnotherGeneration) {
    std::vector<std::string> found;
    const auto note = [&] {
        in_router([&] {
            const auto generation = nftables_host()->generation();
            ASSERT_TRUE(generation.has_value()) << generation.error().text;
            found.push_back(*generation);
        });
    };
    note();
    note();
    support::remove_netns(router_);
    ASSERT_EQ(support::add_netns(router_), "");
    note();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0], found[1]);
    EXPECT_NE(found[0], found[2]);
    EXPECT_EQ(found[0].find("inode"), std::string::npos);
}

}  // namespace
}  // namespace octroi::rules_test
