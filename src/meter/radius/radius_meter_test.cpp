// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/radius_meter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/testing/fake_datagrams.hpp"
#include "host/testing/folder.hpp"
#include "record/testing/identity_sink.hpp"
#include "wire/radius/testing/request.hpp"

namespace octroi::radius_meter {
namespace {

using octroi::testing::event_texts;
using octroi::testing::FakeDatagrams;
using octroi::testing::Folder;
using octroi::testing::IdentitySink;
using radius::testing::Attributes;
using Texts = std::vector<std::string>;

const Address nas = *parse_address("192.0.2.1");
constexpr std::string_view secret = "s3cret";

class FixedClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return *parse_rfc3339("2026-11-28T12:00:00Z"); }
    [[nodiscard]] Duration uptime() const override { return {}; }
};

struct SentReplies {
    std::vector<std::string> octets;
    bool fails = false;
};

class FakeReplies final : public ReplySender {
public:
    explicit FakeReplies(SentReplies& sent) : sent_(sent) {}
    Status send(const Address& to, std::uint16_t /*port*/, std::string_view octets) override {
        EXPECT_EQ(to, nas);
        if (sent_.fails) return fail(ErrorCode::failed, "no route");
        sent_.octets.emplace_back(octets);
        return {};
    }

private:
    SentReplies& sent_;
};

class RadiusMeterTest : public ::testing::Test {
protected:
    RadiusMeterTest() { open(); }
    // As a new process that the kill of the one before left with the journal.
    void open() {
        meter_.reset();
        RadiusMeterOptions options;
        options.meter = "aaa";
        options.folder = folder_.file("radius");
        options.journal.shape = {512, 64};
        options.journal.ready_octets = 0;
        options.journal.limit_octets = journal_octets_;
        options.journal.boot_id = "boot";
        options.policy.counts_volumes = counts_volumes_;
        std::filesystem::remove(folder_.file("clients"));
        if (has_clients_) std::ofstream(folder_.file("clients")) << clients_;
        options.clients = ClientsFile(folder_.file("clients"));
        ASSERT_EQ(options.clients.refresh().has_value(), has_clients_);
        auto source = std::make_unique<FakeDatagrams>();
        source_ = source.get();
        auto meter = RadiusMeter::open(std::move(options), std::move(source),
                                       std::make_unique<FakeReplies>(replies_), known_, clock_);
        ASSERT_TRUE(meter) << meter.error().text;
        meter_ = *std::move(meter);
    }
    void send(const std::string& request, const Address& from = nas) {
        source_->push(from, as_octets(request));
    }
    Texts pull() {
        Result<Pull> pulled = Pull::more;
        for (int i = 0; i < 1000 && pulled.value() == Pull::more; ++i)
            pulled = meter_->pull(sink_, Duration{});
        EXPECT_EQ(pulled.value(), Pull::idle);
        Texts texts = event_texts(sink_.drain());
        for (std::string& text : texts) text = text.substr(11, text.find(" until") - 11);
        return texts;
    }
    // As if the ledger had committed it.
    Checkpoint commit() {
        auto made = meter_->checkpoint(sink_);
        EXPECT_TRUE(made);
        known_ = made->cursors;
        meter_->committed();
        return *std::move(made);
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : meter_->counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
    static std::string start(std::uint8_t id, const char* user, const char* address) {
        return Attributes()
            .number(40, 1)
            .text(44, user)
            .text(1, user)
            .address(8, address)
            .request(id, secret);
    }
    static std::string stop(std::uint8_t id, const char* user) {
        return Attributes().number(40, 2).text(44, user).text(1, user).request(id, secret);
    }

    const Folder folder_;
    const FixedClock clock_;
    IdentitySink sink_;
    SentReplies replies_;
    std::vector<Cursor> known_;
    bool counts_volumes_ = false;
    bool has_clients_ = true;
    std::uint64_t journal_octets_ = std::uint64_t{64} << 20U;
    std::string clients_ = "192.0.2.0/24 s3cret\n";
    FakeDatagrams* source_ = nullptr;
    std::unique_ptr<RadiusMeter> meter_;
};

TEST_F(RadiusMeterTest, StatesAndAnswersARequest) {
    const std::string request = start(7, "alice", "10.0.0.1");
    send(request);
    EXPECT_EQ(pull(), Texts{"12:00:00Z 10.0.0.1/32 > alice"});
    ASSERT_EQ(replies_.octets.size(), 1U);
    EXPECT_EQ(replies_.octets[0],
              radius::encode_response(*radius::decode_packet(as_octets(request)), secret));
    EXPECT_EQ(counter("radius_requests_total"), 1U);
    EXPECT_EQ(counter("radius_responses_total"), 1U);
    EXPECT_EQ(counter("radius_sessions"), 1U);
}

TEST_F(RadiusMeterTest, ARequestThatIsSentAgainIsAnsweredAgain) {
    const std::string request = start(7, "alice", "10.0.0.1");
    for (int i = 0; i < 3; ++i) send(request);
    EXPECT_EQ(pull().size(), 1U);
    EXPECT_EQ(replies_.octets.size(), 3U);
    EXPECT_EQ(counter("radius_duplicates_total"), 2U);
}

TEST_F(RadiusMeterTest, NothingElseIsAnswered) {
    send(start(1, "alice", "10.0.0.1"), *parse_address("198.51.100.1"));
    send(Attributes().number(40, 1).text(44, "1").request(2, "wrong"));
    send("hello");
    send(radius::encode_response(*radius::decode_packet(as_octets(start(3, "alice", "10.0.0.1"))),
                                 secret));
    send(Attributes().text(1, "alice").request(4, secret));
    EXPECT_EQ(pull(), Texts{});
    EXPECT_TRUE(replies_.octets.empty());
    EXPECT_EQ(counter("radius_unknown_client_total"), 1U);
    EXPECT_EQ(counter("radius_wrong_secret_total"), 1U);
    EXPECT_EQ(counter("radius_malformed_total"), 3U);
    EXPECT_EQ(counter("radius_requests_total"), 0U);
}

TEST_F(RadiusMeterTest, RequestsAboutOtherThingsAreAnsweredOnly) {
    send(Attributes().number(40, 9).request(1, secret));
    send(Attributes().number(40, 1).text(44, "1").text(8, "abc").request(2, secret));
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(replies_.octets.size(), 2U);
    EXPECT_EQ(counter("radius_other_total"), 1U);
    EXPECT_EQ(counter("radius_refused_values_total"), 1U);
}

TEST_F(RadiusMeterTest, AChangeOfTheClientsApplies) {
    const Address other = *parse_address("192.0.2.1");
    std::ofstream(folder_.file("clients")) << "# none of before\n198.51.100.0/24 other secret\n";
    (void)commit();
    send(start(1, "alice", "10.0.0.1"), other);
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(counter("radius_unknown_client_total"), 1U);
    // A wrong file, and none, change nothing.
    std::ofstream(folder_.file("clients")) << "nas1 wrong\n";
    (void)commit();
    std::filesystem::remove(folder_.file("clients"));
    (void)commit();
    (void)commit();
    std::ofstream(folder_.file("clients")) << clients_;
    (void)commit();
    send(start(1, "alice", "10.0.0.1"), other);
    EXPECT_EQ(pull().size(), 1U);
}

TEST_F(RadiusMeterTest, AFailedAnswerIsCounted) {
    replies_.fails = true;
    send(start(1, "alice", "10.0.0.1"));
    EXPECT_EQ(pull().size(), 1U);
    EXPECT_EQ(counter("radius_unsent_total"), 1U);
}

TEST_F(RadiusMeterTest, AKillLosesNoRequest) {
    send(start(1, "alice", "10.0.0.1"));
    (void)pull();
    (void)commit();
    send(start(2, "bob", "10.0.0.2"));
    EXPECT_EQ(pull().size(), 1U);
    open();  // before the commit
    const std::size_t answered = replies_.octets.size();
    EXPECT_EQ(pull(), Texts{"12:00:00Z 10.0.0.2/32 > bob"});
    EXPECT_EQ(replies_.octets.size(), answered);
    (void)commit();
    // The sessions of both are known: a stop ends them.
    send(stop(3, "alice"));
    send(stop(4, "bob"));
    EXPECT_EQ(pull().size(), 2U);
    open();
    EXPECT_EQ(pull().size(), 2U);
    (void)commit();
    open();
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(counter("radius_sessions"), 0U);
}

TEST_F(RadiusMeterTest, ADamagedStateIsReported) {
    send(start(1, "alice", "10.0.0.1"));
    (void)pull();
    (void)commit();
    for (const auto& entry : std::filesystem::directory_iterator(folder_.file("radius")))
        if (entry.path().filename().string().starts_with("state-"))
            std::filesystem::remove(entry.path());
    open();
    EXPECT_FALSE(meter_->notice().empty());
    send(start(1, "alice", "10.0.0.1"));
    EXPECT_EQ(pull().size(), 1U);
}

// More than the journal holds: it asks for commits, and goes on.
TEST_F(RadiusMeterTest, AFloodAsksForCommits) {
    journal_octets_ = std::uint64_t{1} << 20U;
    open();
    int commits = 0;
    for (int i = 0; i < 3000; ++i) {
        send(Attributes().number(40, 9).request(static_cast<std::uint8_t>(i % 256), secret));
        const auto pulled = meter_->pull(sink_, Duration{});
        ASSERT_TRUE(pulled) << pulled.error().text;
        if (*pulled != Pull::checkpoint) continue;
        (void)commit();
        ++commits;
    }
    EXPECT_GT(commits, 0);
    EXPECT_EQ(counter("radius_requests_total"), 3000U);
    send(start(1, "alice", "10.0.0.1"));
    EXPECT_EQ(pull().size(), 1U);
}

// The limit of the journal is smaller than these datagrams.
TEST_F(RadiusMeterTest, RefusedDatagramsAreNotInTheJournal) {
    journal_octets_ = std::uint64_t{1} << 20U;
    open();
    const std::string large(60'000, 'x');
    const std::string wrong = Attributes().number(40, 1).text(44, "1").request(2, "wrong");
    for (int i = 0; i < 300; ++i) {
        send(large, *parse_address("198.51.100.1"));
        send(large);
        send(wrong);
        EXPECT_EQ(meter_->pull(sink_, Duration{}).value(), Pull::more);
    }
    EXPECT_EQ(counter("radius_unknown_client_total"), 300U);
    EXPECT_EQ(counter("radius_malformed_total"), 300U);
    EXPECT_EQ(counter("radius_wrong_secret_total"), 300U);
    open();  // nothing is left to be decoded
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(counter("radius_unknown_client_total"), 0U);
    EXPECT_TRUE(commit().losses.empty());
}

// Among many others, and with octets behind the packet.
TEST_F(RadiusMeterTest, RequestsAmongRefusedDatagramsCount) {
    for (int i = 0; i < 100; ++i) {
        send("hello");
        const auto id = static_cast<std::uint8_t>(i);
        send(start(id, fmt::format("u{}", i).c_str(), fmt::format("10.0.0.{}", i + 1).c_str()) +
             std::string(5000, '\0'));
    }
    EXPECT_EQ(pull().size(), 100U);
    EXPECT_EQ(replies_.octets.size(), 100U);
    EXPECT_EQ(counter("radius_malformed_total"), 100U);
}

// The process of before has answered it: the NAS does not send it again.
TEST_F(RadiusMeterTest, RequestsOfBeforeWaitForTheClients) {
    send(start(1, "alice", "10.0.0.1"));
    (void)pull();
    has_clients_ = false;
    open();
    EXPECT_EQ(pull(), Texts{});
    (void)commit();
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(counter("radius_unknown_client_total"), 0U);
    std::ofstream(folder_.file("clients")) << clients_;
    (void)commit();
    EXPECT_EQ(pull(), Texts{"12:00:00Z 10.0.0.1/32 > alice"});
    EXPECT_TRUE(commit().losses.empty());
}

TEST_F(RadiusMeterTest, ARefusedRequestOfBeforeIsALoss) {
    send(start(1, "alice", "10.0.0.1"));
    (void)pull();
    clients_ = "198.51.100.0/24 other secret\n";
    open();
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(counter("radius_unknown_client_total"), 1U);
    const Checkpoint made = commit();
    ASSERT_EQ(made.losses.size(), 1U);
    EXPECT_EQ(made.losses[0].reason, LossReason::corrupt);
    EXPECT_EQ(made.losses[0].interval.begin, clock_.now());
    EXPECT_TRUE(commit().losses.empty());
}

TEST_F(RadiusMeterTest, ATooOldRequestStatesNothing) {
    counts_volumes_ = true;
    open();
    send(start(1, "alice", "10.0.0.1"));
    EXPECT_EQ(pull().size(), 1U);
    const auto at = [&](Duration age) {
        return static_cast<std::uint32_t>((clock_.now() - age).ns / Duration::seconds(1).ns);
    };
    send(Attributes()
             .number(40, 1)
             .text(44, "bob")
             .text(1, "bob")
             .address(8, "10.0.0.1")
             .number(55, at(Duration::hours(25)))
             .request(2, secret));
    EXPECT_EQ(pull(), Texts{});
    EXPECT_EQ(replies_.octets.size(), 2U);
    EXPECT_EQ(counter("radius_corrected_times_total"), 1U);
    EXPECT_EQ(counter("radius_sessions"), 1U);
    // Its volume is not in another request.
    send(Attributes()
             .number(40, 2)
             .text(44, "bob")
             .text(1, "bob")
             .number(42, 700)
             .number(43, 9000)
             .number(55, at(Duration::hours(25)))
             .request(3, secret));
    EXPECT_EQ(pull(), Texts{});
    const Checkpoint made = commit();
    ASSERT_EQ(made.losses.size(), 1U);
    EXPECT_EQ(made.losses[0].bytes_bound, 9700U);
    EXPECT_EQ(made.observed, Volume{});
}

class VolumeSink final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> all;
};

TEST_F(RadiusMeterTest, CountsVolumesOfUsersIfAskedTo) {
    counts_volumes_ = true;
    open();
    send(start(1, "alice", "10.0.0.1"));
    send(Attributes()
             .number(40, 2)
             .text(44, "alice")
             .text(1, "alice")
             .number(42, 700)
             .number(43, 9000)
             .number(48, 9)
             .request(2, secret));
    VolumeSink sink;
    ASSERT_TRUE(meter_->pull(sink, Duration{}));
    ASSERT_EQ(sink.all.size(), 2U);
    EXPECT_EQ(meter_->names().rows()[sink.all[0].near_name - 1].text, "alice");
    EXPECT_EQ(sink.all[0].direction, Direction::in);
    EXPECT_EQ(to_string(sink.all[0].src), "10.0.0.1");
    EXPECT_EQ(sink.all[0].bytes, 700U);
    EXPECT_EQ(sink.all[1].direction, Direction::out);
    EXPECT_EQ(to_string(sink.all[1].dst), "10.0.0.1");
    EXPECT_EQ(sink.all[1].bytes, 9000U);
    EXPECT_EQ(sink.all[1].packets, 9U);
    const auto made = meter_->checkpoint(sink);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->observed, (Volume{Bytes(9700), Packets(9), Flows(0)}));
}

TEST_F(RadiusMeterTest, HasACursorWithoutTraffic) {
    send(start(1, "alice", "10.0.0.1"));
    (void)pull();
    const Checkpoint made = commit();
    ASSERT_EQ(made.cursors.size(), 1U);
    EXPECT_TRUE(made.cursors[0].source.starts_with(radius_source_prefix));
    EXPECT_EQ(made.cursors[0].note, "1 sessions");
    EXPECT_EQ(made.observed, Volume{});
    EXPECT_EQ(commit().cursors[0].version, 2U);
}

}  // namespace
}  // namespace octroi::radius_meter
