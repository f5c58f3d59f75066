// SPDX-License-Identifier: GPL-3.0-or-later
// The table of the product: its rows are complete, and configuration and documentation are those
// that the tree holds.
#include "service/meter_kinds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "config/docs.hpp"
#include "config/parse.hpp"
#include "config/testing/row_rules.hpp"
#include "host/testing/folder.hpp"
#include "support/golden.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;

const OptionTable& table() {
    static const OptionTable product = option_table(meter_kinds());
    return product;
}

TEST(MeterKinds, HaveCompleteOptionRows) { octroi::testing::expect_good_table(table()); }

TEST(MeterKinds, OneRunsUnconfigured) {
    EXPECT_EQ(std::ranges::count_if(meter_kinds(), &MeterKind::runs_unconfigured), 1);
}

// Options of `octroi run` set options of the meter: same key, same type.
TEST(MeterKinds, HaveRunOptionsThatAreOptions) {
    for (const MeterKind* kind : meter_kinds()) {
        for (const Option& option : kind->run_options) {
            const Option* row = table().find_option("meter", option.key, kind->name);
            ASSERT_NE(row, nullptr) << option.key;
            EXPECT_EQ(row->type, option.type) << option.key;
        }
        EXPECT_TRUE(kind->instead_option.empty() ||
                    std::ranges::count(kind->run_options, kind->instead_option, &Option::key) == 1);
    }
}

TEST(MeterKinds, HaveNounsAndFlagsThatDiffer) {
    std::set<std::string_view> imports;
    std::set<std::string_view> exports;
    std::set<std::string_view> inspections{"routes"};
    std::set<std::string_view> reports{"--losses", "--since", "--until", "--counters"};
    for (const MeterKind* kind : meter_kinds()) {
        for (const auto& each : kind->importers)
            EXPECT_TRUE(imports.insert(each.command.noun).second);
        for (const auto& each : kind->flow_sources)
            EXPECT_TRUE(exports.insert(each.command.noun).second);
        for (const auto& each : kind->inspectors)
            EXPECT_TRUE(inspections.insert(each.command.noun).second);
        for (const auto& each : kind->reports) EXPECT_TRUE(reports.insert(each.flag).second);
    }
}

TEST(MeterKinds, HaveTheFunctionsThatTheTableNeeds) {
    for (const MeterKind* kind : meter_kinds()) {
        EXPECT_FALSE(kind->cursor_prefix.empty());
        EXPECT_NE(kind->open, nullptr);
        EXPECT_FALSE(kind->counters.empty());
        for (const auto& each : kind->importers) EXPECT_NE(each.open, nullptr);
        for (const auto& each : kind->flow_sources) EXPECT_NE(each.open, nullptr);
        for (const auto& each : kind->reports) EXPECT_NE(each.make, nullptr);
        for (const Inspector& each : kind->inspectors) {
            ASSERT_TRUE(each.fields != nullptr && each.columns != nullptr);
            EXPECT_NE(each.inspect, nullptr);
            const auto defaults = default_values(each.command.options);
            EXPECT_EQ(each.columns(defaults).size(), each.fields().size());
        }
    }
}

class NoSink final : public InspectSink {
public:
    Status row(std::vector<Cell>& /*cells*/) override { return {}; }
    Status line(std::string_view /*text*/) override { return {}; }
    Status facts(const std::string& /*file*/, std::span<const Fact> /*facts*/) override {
        return {};
    }
};

// A machine with one interface, on which nothing passes.
class QuietHost final : public CaptureHost {
public:
    Result<std::unique_ptr<PacketSource>> open(const CaptureOptions& /*options*/) override {
        return std::make_unique<QuietSource>();
    }
    Result<std::vector<Interface>> interfaces() override {
        Interface interface;
        interface.name = "eth0";
        interface.up = interface.meterable = true;
        return std::vector{interface};
    }
    Result<std::string> boot_id() override { return std::string("boot"); }
    void wait(std::span<PacketSource* const> /*sources*/, Duration /*wait*/) override {}
    [[nodiscard]] const Clock& clock() const override { return clock_; }
    Result<std::unique_ptr<PacketLog>> packet_log(const PacketLogOptions& /*options*/) override {
        return std::make_unique<QuietLog>();
    }

    std::unique_ptr<ConnectionHost> connection_host() override {
        return std::make_unique<QuietConnectionHost>();
    }

private:
    class QuietConnections final : public ConnectionSource {
    public:
        Status list() override { return {}; }
        [[nodiscard]] bool is_listing() const override { return false; }
        Result<bool> read(Handler /*handler*/, void* /*context*/) override { return true; }
        void wait(Duration /*wait*/) override {}
    };
    class QuietConnectionHost final : public ConnectionHost {
    public:
        std::optional<ConnectionSettings> settings() override {
            return ConnectionSettings{.counts = true, .timestamps = true};
        }
        Status turn_on() override { return {}; }
        Result<std::unique_ptr<ConnectionSource>> open(
            const ConnectionOptions& /*options*/) override {
            return std::make_unique<QuietConnections>();
        }
        Result<std::vector<Interface>> interfaces() override { return std::vector<Interface>(); }
        Result<IpStatistics> ip_statistics() override { return IpStatistics{}; }
        Result<bool> has_fast_path(const std::vector<Interface>& /*interfaces*/) override {
            return false;
        }
        Result<std::string> generation() override { return std::string("boot/1"); }
        [[nodiscard]] const Clock& clock() const override { return clock_; }

    private:
        SystemClock clock_;
    };
    class QuietLog final : public PacketLog {
    public:
        Result<std::size_t> read(std::size_t /*limit*/, Handler /*handler*/,
                                 void* /*context*/) override {
            return std::size_t{0};
        }
        void wait(Duration /*wait*/) override {}
        [[nodiscard]] std::uint64_t overruns() const override { return 0; }
    };
    class QuietSource final : public PacketSource {
    public:
        [[nodiscard]] std::uint16_t link_type() const override { return 1; }
        Result<std::size_t> read(std::size_t /*limit*/, Handler /*handler*/,
                                 void* /*context*/) override {
            return std::size_t{0};
        }
        Result<CaptureStatistics> statistics() override { return CaptureStatistics{}; }
        [[nodiscard]] int descriptor() const override { return -1; }
    };
    SystemClock clock_;
};

std::vector<std::string_view> counter_names(const MeterKind& kind) {
    std::vector<std::string_view> names;
    for (const CounterChapter& chapter : kind.counters)
        for (const CounterInfo& info : chapter.counters) names.push_back(info.name);
    return names;
}

// A lookup of an option that the kind does not have would abort here. A meter has the counters that
// the table documents, in its order.
void expect_that_kinds_open() {
    for (const MeterKind* kind : meter_kinds()) {
        SCOPED_TRACE(kind->name);
        QuietHost host;
        const octroi::testing::Folder folder;
        std::vector<Fd> sockets;
        sockets.emplace_back(::socket(AF_INET, SOCK_DGRAM, 0));  // instead of the default ports
        MeterConfig config = table().default_meter(kind->name);
        config.name = "m";
        MeterSetup setup{config, {}, folder.file(""), sockets, host, host.clock()};
        auto opened = kind->open(setup);
        const bool in_kernel = kind->remove_from_kernel != nullptr;
        // Without privileges it says so, and there is nothing to examine.
        if (in_kernel && !opened) {
            EXPECT_FALSE(opened.error().text.empty());
            continue;
        }
        // A machine without what it reads.
        if (!opened && opened.error().code == ErrorCode::not_found) continue;
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        std::vector<std::string_view> names;
        for (const CounterValue& value : opened->meter->counters()) names.push_back(value.name);
        EXPECT_EQ(names, counter_names(*kind));
        if (kind->overview != nullptr) {
            const std::array configs{&config};
            EXPECT_TRUE(kind->overview(configs, host).has_value());
        }
        if (!in_kernel) continue;
        EXPECT_FALSE(kind->remove_from_kernel(config).has_value()) << "the meter counts";
        opened->meter.reset();
        EXPECT_TRUE(kind->remove_from_kernel(config).has_value());
    }
}

TEST(MeterKinds, OpenWithTheirDefaults) {
    // A kind may mount bpffs and pin maps there: on a thread with mounts of its own.
    std::jthread([] {
        if (::unshare(CLONE_NEWNS | CLONE_FS) == 0 &&
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
            (void)::umount2("/sys/fs/bpf", MNT_DETACH);
        expect_that_kinds_open();
    }).join();
}

// Each command for files reads its options and the file, and reports that there is none.
TEST(MeterKinds, HaveFileCommandsThatReportAMissingFile) {
    for (const MeterKind* kind : meter_kinds()) {
        for (const auto& each : kind->importers) {
            const OptionValues options = default_values(each.command.options);
            EXPECT_FALSE(each.open({"/nowhere/file", options}).has_value());
        }
        for (const auto& each : kind->flow_sources) {
            const OptionValues options = default_values(each.command.options);
            EXPECT_FALSE(each.open({"/nowhere/file", options}).has_value());
        }
        for (const auto& each : kind->inspectors) {
            const OptionValues options = default_values(each.command.options);
            NoSink sink;
            EXPECT_FALSE(each.inspect({"/nowhere/file", options}, sink).has_value());
        }
    }
}

TEST(OptionDocs, AreThoseInTheTree) {
    support::expect_file("docs/options.md", options_markdown(table()));
    support::expect_file("docs/octroi.schema.json", options_schema(table()));
    support::expect_file("docs/octroi.example.toml", options_example(table()));
}

TEST(OptionDocs, HaveAnExampleThatWorks) { octroi::testing::expect_good_example(table()); }

// test/golden/config/<case>.toml, and beside it the message: <case>.expected.
TEST(ConfigGolden, WrongFilesAreExplained) {
    const auto folder = support::source_root() / "test/golden/config";
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
    }
    ASSERT_GE(names.size(), 9U);
    for (const std::string& name : names) {
        const auto config =
            parse_config(support::read_text(folder / (name + ".toml")), name + ".toml", table());
        const std::string outcome = config.has_value() ? "good" : config.error().text;
        support::expect_golden("config/" + name + ".expected", outcome + "\n");
    }
}

TEST(Config, TakesEveryOption) {
    const auto path = support::source_root() / "test/golden/config/full.toml";
    const auto config = parse_config(support::read_text(path), "full.toml", table());
    ASSERT_TRUE(config.has_value()) << config.error().text;
    EXPECT_EQ(config->ledger,
              (LedgerConfig{"/srv/ledger.db", Duration::minutes(1), Duration::seconds(5)}));
    ASSERT_EQ(config->meters.size(), 2U);
    MeterConfig uplink = table().default_meter("capture");
    uplink.name = "uplink";
    uplink.where = {"full.toml", 20, 1};
    uplink.options.set("interfaces", std::vector<std::string>{"eth0", "eth1"});
    uplink.options.set("promiscuous", true);
    uplink.options.set("filter", std::string("not port 22"));
    uplink.options.set("ring_size", Bytes(1ULL << 20U));
    uplink.options.set("fragments", std::string("separate"));
    uplink.options.set("active_timeout", Duration::minutes(5));
    uplink.options.set("inactive_timeout", Duration::seconds(30));
    uplink.options.set("flow_limit", std::int64_t{50'000});
    EXPECT_EQ(config->meters[0], uplink);
    EXPECT_EQ(config->meters[1].role, RoleChoice::witness);
    EXPECT_EQ(config->meters[1].options.size("ring_size"), Bytes(2'000'000));
    EXPECT_EQ(config->attribute.local.size(), 2U);
    EXPECT_FALSE(config->attribute.per_address);
    EXPECT_EQ(config->attribute.class_table, "/etc/octroi/classes.txt");
    EXPECT_EQ(config->display, (DisplayConfig{UnitsChoice::si, "Europe/Berlin"}));
    EXPECT_TRUE(config->notices.empty());
}

TEST(Config, KeepsServicesAndCategoriesInTheOrderOfTheFile) {
    const auto path = support::source_root() / "test/golden/config/full.toml";
    const auto config = parse_config(support::read_text(path), "full.toml", table());
    ASSERT_TRUE(config.has_value());
    EXPECT_THAT(config->services,
                ElementsAre(NamedList{"web", {"tcp/80", "tcp/443"}, {"full.toml", 7, 1}},
                            NamedList{"mail", {"tcp/smtp"}, {"full.toml", 8, 1}},
                            NamedList{"ftp", {"tcp/20-21"}, {"full.toml", 9, 1}}));
    EXPECT_THAT(config->categories,
                ElementsAre(NamedList{"nonessential", {"games"}, {"full.toml", 3, 1}},
                            NamedList{"essential", {"web", "mail"}, {"full.toml", 4, 1}}));
}

}  // namespace
}  // namespace octroi
