// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated day with several exporters. Exporters restart, change templates, and their clocks
// drift. Messages are lost, duplicated and reordered, the kernel drops some, and the collector
// crashes at random moments. At the end the ledger must contain each delivered record once, and its
// losses must be the records that were not delivered.

#include <gtest/gtest.h>

#include <map>

#include "host/testing/fake_datagrams.hpp"
#include "ledger/audit.hpp"
#include "meter/collector/collector.hpp"
#include "service/metering_loop.hpp"
#include "simulated_exporter.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using simulated::Exporter;
using simulated::Kind;

class SimulatedClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return time - UtcTime{}; }
    UtcTime time = UtcTime::from_seconds(1'763'683'200);  // 2025-11-21T00:00:00Z
};

// The test holds the socket, so that it outlives the collector.
class HeldSocket final : public DatagramSource {
public:
    explicit HeldSocket(testing::FakeDatagrams& socket) : socket_(socket) {}
    [[nodiscard]] Result<std::size_t> receive(const DatagramBuffers& buffers,
                                              UtcTime now) override {
        return socket_.receive(buffers, now);
    }
    [[nodiscard]] std::uint32_t dropped() const override { return socket_.dropped(); }
    [[nodiscard]] int descriptor() const override { return -1; }
    [[nodiscard]] std::string name() const override { return socket_.name(); }

private:
    testing::FakeDatagrams& socket_;
};

// Commits each batch at once.
class Target final : public BatchTarget {
public:
    Target() = default;
    explicit Target(Store& ledger) : ledger_(&ledger) {}
    [[nodiscard]] bool go_on() override { return true; }
    [[nodiscard]] std::optional<Duration> commit_interval() const override {
        return Duration::minutes(5);
    }
    [[nodiscard]] bool is_ready() const override { return true; }
    [[nodiscard]] Status put(Batch batch) override {
        TRY_ASSIGN([[maybe_unused]] const CommitOutcome outcome, ledger_->commit(batch));
        ++commits;
        return {};
    }
    std::uint64_t commits = 0;

private:
    Store* ledger_ = nullptr;
};

class DayTest : public ::testing::TestWithParam<std::uint64_t> {
protected:
    static constexpr Duration tick = Duration::seconds(10);
    static constexpr int ticks = 8640;

    DayTest() : random_(GetParam()) {
        auto ledger = SqliteLedger::open(folder_ / "ledger.db", {.mode = OpenMode::create});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        ledger_ = std::move(*ledger);
        Directory directory;
        directory.networks = {{"10.0.0.0/8", true}};
        tables_ = {std::make_shared<const CompiledDirectory>(directory),
                   std::make_shared<const CompiledClasses>(),
                   std::make_shared<const CompiledServices>()};
        std::uint32_t number = 1;
        for (const Kind kind : {Kind::v5, Kind::v9, Kind::ipfix, Kind::sflow}) {
            for (int copy = 0; copy < 2; ++copy, ++number)
                exporters_.emplace_back(simulated::ExporterOptions{
                    .kind = kind,
                    .address = Address::v4(0xc0000200U + number),
                    .seed = GetParam() * 100 + number,
                    .clock_offset = copy == 0 ? Duration::seconds(1) : Duration::hours(3),
                    .clock_drift = copy == 0 ? 50e-6 : -200e-6,
                    .account = number});
        }
        start();
    }

    void start() {
        loop_.reset();
        intake_.reset();
        collector_.reset();
        collector::CollectorOptions options;
        options.folder = folder_ / "journal";
        options.journal.shape = {512, 64};
        options.journal.ready_octets = 0;
        options.journal.boot_id = "one boot";
        options.decoder.seed = 1;
        std::vector<Cursor> known;
        const auto cursors = ledger_->cursors(collector::journal_source_prefix);
        ASSERT_TRUE(cursors.has_value());
        for (const auto& entry : *cursors) known.push_back(entry.cursor);
        auto collector = collector::Collector::open(options, known, clock_);
        ASSERT_TRUE(collector.has_value()) << collector.error().text;
        collector_ = std::move(*collector);
        EXPECT_EQ(collector_->notice(), "");
        std::vector<std::unique_ptr<DatagramSource>> sources;
        sources.push_back(std::make_unique<HeldSocket>(socket_));
        intake_ = std::make_unique<collector::Intake>(
            std::move(sources), std::vector<std::unique_ptr<StreamListener>>(),
            std::vector<Prefix>(), "routers", collector_->journal().writer(), clock_);
        collector_->watch(*intake_);
        target_ = Target(*ledger_);
        loop_ = std::make_unique<MeteringLoop>(MeterName{"routers", "collector", MeterRole::bill},
                                               *collector_, tables_, target_, clock_,
                                               Duration::milliseconds(0));
    }
    void push(const Exporter& exporter, const std::vector<std::string>& messages) {
        for (const std::string& message : messages)
            socket_.push(exporter.address(), as_octets(message));
    }
    void receive_all() {
        for (auto received = intake_->step(); received.has_value() && *received > 0;)
            received = intake_->step();
    }
    void run_one_tick(bool faults) {
        for (Exporter& exporter : exporters_) {
            if (faults && random_() % 2000 == 0) push(exporter, exporter.restart(clock_.time));
            if (faults && random_() % 1000 == 0) exporter.change_template();
            push(exporter, exporter.send(clock_.time, faults));
        }
        if (random_() % 3 != 0) receive_all();
        if (random_() % 2 != 0) {
            const std::uint64_t commits = target_.commits;
            const auto stepped = loop_->step();
            ASSERT_TRUE(stepped.has_value()) << stepped.error().text;
            // A crash directly after a commit: the meter does not learn that it was committed.
            if (target_.commits > commits && random_() % 10 == 0) start();
        }
        if (faults && random_() % 100 == 0) start();  // killed
        clock_.time = clock_.time + tick;
    }

    const support::Folder folder_;
    std::mt19937_64 random_;
    SimulatedClock clock_;
    testing::FakeDatagrams socket_;
    std::vector<Exporter> exporters_;
    AttributionTables tables_;
    std::unique_ptr<SqliteLedger> ledger_;
    std::unique_ptr<collector::Collector> collector_;
    std::unique_ptr<collector::Intake> intake_;
    Target target_;
    std::unique_ptr<MeteringLoop> loop_;
};

TEST_P(DayTest, LedgerAndLossesEqualTheSimulatedTraffic) {
    const UtcTime began = clock_.time;
    for (int i = 0; i < ticks && !HasFatalFailure(); ++i) run_one_tick(true);
    // Deliver late messages, and wait until gaps that nothing can fill are reported.
    for (int i = 0; i < 200 && !HasFatalFailure(); ++i) run_one_tick(false);
    receive_all();
    ASSERT_TRUE(loop_->step().has_value());
    ASSERT_TRUE(loop_->finish().has_value());

    std::map<std::string, std::uint64_t> lost;
    std::map<std::string, std::uint64_t> bound;
    const auto meters = ledger_->losses({});
    ASSERT_TRUE(meters.has_value());
    for (const auto& entry : *meters) {
        EXPECT_EQ(entry.loss.reason, LossReason::export_gap) << entry.loss.source;
        lost[entry.loss.source] += entry.loss.packets.value_or(0);
        bound[entry.loss.source] += entry.loss.bytes_bound.value_or(0);
    }
    SumQuestion by_identity;
    by_identity.by_identity = by_identity.by_bucket = true;
    const auto sums = ledger_->sums(by_identity);
    ASSERT_TRUE(sums.has_value());
    std::map<std::uint32_t, Volume> booked;  // by the second octet of the host address
    for (const TransferSum& sum : *sums) {
        const auto host = parse_address(sum.from.identity);
        ASSERT_TRUE(host.has_value()) << sum.from.identity;
        booked[host->octets[1]] += sum.volume;
        EXPECT_GE(sum.bucket, began - bucket_length);
        EXPECT_LE(sum.bucket, clock_.time);
    }
    std::uint32_t number = 0;
    for (Exporter& exporter : exporters_) {
        const auto& truth = exporter.truth();
        const std::string name = to_string(exporter.address());
        SCOPED_TRACE(name);
        const Volume& volume = booked[++number];
        EXPECT_EQ(volume.bytes.value(), truth.delivered_bytes);
        EXPECT_EQ(volume.packets.value(), truth.delivered_packets);
        EXPECT_EQ(volume.flows.value(), truth.delivered_records);
        EXPECT_EQ(lost[name], truth.lost_units);
        if (exporter.kind() == Kind::v5 || exporter.kind() == Kind::ipfix) {
            EXPECT_GE(bound[name], truth.lost_bytes);
        }
        std::cout << name << ": " << truth.delivered_records << " records, " << truth.lost_messages
                  << " messages lost, " << truth.twice << " twice, " << truth.late << " late, "
                  << truth.restarts << " restarts, " << truth.undetectable_units
                  << " undetectable\n";
    }
    const auto report = audit(*ledger_);
    ASSERT_TRUE(report.has_value()) << report.error().text;
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
}

INSTANTIATE_TEST_SUITE_P(Seeds, DayTest, ::testing::Range<std::uint64_t>(1, 5));

}  // namespace
}  // namespace octroi
