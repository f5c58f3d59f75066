// SPDX-License-Identifier: GPL-3.0-or-later
// A meter kind that no file of src/ names: the program in program/ passes the table of the product
// with one additional row. Everything that a kind can do must work through that row.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* three_lines =
    "1700000000 10.0.0.1 198.51.100.1 1000 10\n"
    "1700000001 198.51.100.1 10.0.0.1 200 2\n"
    "1700000400 10.0.0.2 198.51.100.1 30 1\n";

class MeterKindTest : public ::testing::Test {
protected:
    MeterKindTest() { write(three_lines); }

    void write(const std::string& text) const { std::ofstream(file_) << text; }
    void append(const std::string& text) const { std::ofstream(file_, std::ios::app) << text; }
    void configure(const std::string& options) const {
        std::ofstream(config_) << "[[meter]]\nname = \"lines\"\nkind = \"tally\"\n"
                               << "file = \"" << file_ << "\"\n"
                               << options;
    }
    [[nodiscard]] Arguments command(Arguments arguments) const {
        const char* product = std::getenv("OCTROI_BINARY");
        const auto folder =
            std::filesystem::path(product != nullptr ? product : "build/dev/octroi");
        arguments.insert(arguments.begin(), {(folder.parent_path() / "octroi_meter_kind").string(),
                                             "--ledger", ledger_, "--config", config_});
        return arguments;
    }
    [[nodiscard]] Ended run(const Arguments& arguments) const {
        return support::run(command(arguments));
    }
    // Runs the daemon until it has read the file, and stops it.
    [[nodiscard]] Ended run_daemon() const {
        return run({"run", "--for", "1500ms", "--local", "10.0.0.0/8"});
    }
    [[nodiscard]] std::uint64_t booked_bytes() const {
        const Ended usage = run(
            {"--json", "usage", "--by", "meter", "--since", "2023-11-01", "--until", "2023-12-01"});
        EXPECT_EQ(usage.status, 0) << usage.err;
        return json::parse(usage.out).at("observed_bytes").get<std::uint64_t>();
    }

    const Folder folder_;
    const std::string file_ = folder_ / "tally.txt";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string ledger_ = folder_ / "ledger.db";
};

TEST_F(MeterKindTest, RunsAndCountsEachLineOnceHoweverOftenItIsStarted) {
    configure("scale = 2\n");
    const Ended first = run_daemon();
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_THAT(first.err, HasSubstr("meter lines: follows " + file_));
    EXPECT_THAT(first.err, HasSubstr("tally: 1 files"));
    EXPECT_EQ(booked_bytes(), 2 * 1230U);
    EXPECT_EQ(run_daemon().status, 0);
    EXPECT_EQ(booked_bytes(), 2 * 1230U);
    append("1700000500 10.0.0.2 198.51.100.1 4000 1\n");
    EXPECT_EQ(run_daemon().status, 0);
    EXPECT_EQ(booked_bytes(), 2 * 5230U);

    const Ended offsets = run({"--json", "meters", "--offsets"});
    const json rows = json::parse(offsets.out);
    ASSERT_EQ(rows.size(), 1U) << offsets.out << offsets.err;
    EXPECT_EQ(rows[0].at("meter"), "lines");
    EXPECT_EQ(rows[0].at("offset"), std::filesystem::file_size(file_));
    EXPECT_EQ(run({"audit"}).status, 0);
}

TEST_F(MeterKindTest, CountsUnderTheNameOfAnotherKindsCounter) {
    configure("");
    Process daemon(command({"run", "--local", "10.0.0.0/8"}));
    json rows;
    const auto number_of = [&](const char* name) {
        return std::ranges::count_if(rows, [&](const json& row) {
            return row.value("counter", "") == name && row.value("meter", "") == "lines";
        });
    };
    EXPECT_TRUE(support::wait_until(
        [&] {
            const Ended asked = run({"--json", "meters", "--counters"});
            rows = asked.status == 0 ? json::parse(asked.out) : json::array();
            return number_of("tally_lines_total") > 0;
        },
        std::chrono::seconds(20)))
        << daemon.err_so_far();
    EXPECT_EQ(number_of("tally_lines_total"), 1);
    EXPECT_EQ(number_of("capture_frames_total"), 1) << rows;
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait().status, 0);
}

// A user, and else the domain of the user, is an identity that can be bound.
TEST_F(MeterKindTest, NamesUsersAndDomains) {
    write(std::string("1700000000 10.0.0.1 198.51.100.1 1000 10 alice@example.org\n") +
          "1700000001 10.0.0.1 198.51.100.1 200 2 bob@example.org\n"
          "1700000002 10.0.0.1 198.51.100.1 30 1\n" +
          // Too long for a name: the domain still pays.
          ("1700000003 10.0.0.1 198.51.100.1 4 1 " + std::string(300, 'u') + "@example.org\n"));
    configure("");
    const Ended applied = [&] {
        const std::string who = folder_ / "who.toml";
        std::ofstream(who)
            << "[[account]]\nname = \"alice\"\n[[account]]\nname = \"example\"\n"
               "[[binding]]\nidentity = \"user alice@example.org\"\naccount = \"alice\"\n"
               "[[binding]]\nidentity = \"domain example.org\"\naccount = \"example\"\n";
        return run({"apply", who});
    }();
    ASSERT_EQ(applied.status, 0) << applied.err;
    EXPECT_EQ(run_daemon().status, 0);
    const Ended usage = run(
        {"--json", "usage", "--by", "account", "--since", "2023-11-01", "--until", "2023-12-01"});
    std::map<std::string, std::uint64_t> sent;
    const json document = json::parse(usage.out);
    for (const json& row : document.at("rows"))
        sent[row.at("account")] = row.at("sent_bytes").get<std::uint64_t>();
    EXPECT_EQ(sent["alice"], 1000U) << usage.out;
    EXPECT_EQ(sent["example"], 204U) << usage.out;
    EXPECT_EQ(sent["@unattributed"], 30U) << usage.out;
}

// Volumes counted by a kernel are processed like readings: attributed at their time, split over
// buckets, listed under their names.
TEST_F(MeterKindTest, CommitsVolumesThatAreAlreadyCounted) {
    write(
        "counted 1700000000 1700000600 alice@example.org free http 1000 10\n"
        "counted 1700000000 1700000060 bob@example.net world streaming 70 7\n"
        "1700000002 10.0.0.1 198.51.100.1 30 1\n");
    configure("");
    const std::string declared = folder_ / "declared.toml";
    std::ofstream(declared) << "[[account]]\nname = \"alice\"\n[[binding]]\n"
                               "identity = \"user alice@example.org\"\naccount = \"alice\"\n";
    ASSERT_EQ(run({"apply", declared}).status, 0);
    EXPECT_EQ(run_daemon().status, 0);
    const auto table = [&](const char* keys) {
        const Ended usage =
            run({"usage", "--csv", "--by", keys, "--since", "2023-11-01", "--until", "2023-12-01"});
        EXPECT_EQ(usage.status, 0) << usage.err;
        return usage.out;
    };
    EXPECT_EQ(table("account,identity,class,service"),
              "account,identity,class,service,received_bytes,sent_bytes,total_bytes,"
              "received_packets,sent_packets,total_packets,flows,layer\r\n"
              "alice,user alice@example.org,free,http,0,1000,1000,0,10,10,1,3\r\n"
              "@unattributed,user bob@example.net,world,streaming,0,70,70,0,7,7,1,3\r\n"
              "@unattributed,10.0.0.1,world,hopopt,0,30,30,0,1,1,1,3\r\n");
    EXPECT_EQ(booked_bytes(), 1100U);
    EXPECT_EQ(run({"audit"}).status, 0);
}

// Such numbers come from a counter that was damaged. They are a loss; the other lines count.
TEST_F(MeterKindTest, ImpossibleVolumesStopNothing) {
    write(
        "counted 1700000000 1700000060 alice@example.org free http 1000 10\n"
        "counted 1700000000 1700000060 alice@example.org free http 9223372036854775808 10\n"
        "counted 1700000000 1700000060 alice@example.org free http 18446744073709551615 10\n"
        "1700000000 10.0.0.1 198.51.100.1 9223372036854775808 7\n"
        "1700000002 10.0.0.1 198.51.100.1 30 1\n");
    configure("");
    const Ended ended = run_daemon();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(booked_bytes(), 1030U);
    EXPECT_THAT(run({"meters", "--losses", "--csv"}).out, HasSubstr("corrupt"));
    EXPECT_EQ(run({"audit"}).status, 0);
}

TEST_F(MeterKindTest, RefusesWrongOptions) {
    const auto refusal = [&](const std::string& options) {
        configure(options);
        const Ended ended = run_daemon();
        EXPECT_EQ(ended.status, 2);
        return ended.err;
    };
    EXPECT_THAT(refusal("scale = 0\n"), HasSubstr("[meter] scale: must be from 1 to 1000"));
    EXPECT_THAT(refusal("listen = []\n"), HasSubstr("[meter] listen: an option of kind"));
    EXPECT_THAT(
        refusal("[[meter]]\nname = \"again\"\nkind = \"tally\"\nfile = \"" + file_ + "\"\n"),
        HasSubstr("again: reads the same file as lines"));
    EXPECT_THAT(refusal("[[meter]]\nname = \"b\"\nkind = \"tally\"\nfile = \"tally\"\n"),
                HasSubstr("'tally' is not an absolute path"));
    EXPECT_THAT(refusal("[[meter]]\nname = \"b\"\nkind = \"tally\"\n"),
                HasSubstr("[meter] file is missing"));
}

TEST_F(MeterKindTest, ImportsAFileOnce) {
    std::ofstream(config_) << "";
    const Arguments import{"import", "tally", file_, "--scale", "3", "--local", "10.0.0.0/8"};
    const Ended first = run(import);
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_THAT(first.out, HasSubstr("imported"));
    EXPECT_EQ(booked_bytes(), 3 * 1230U);
    EXPECT_THAT(run(import).err, HasSubstr("already imported"));
    EXPECT_EQ(booked_bytes(), 3 * 1230U);
    append("1700000500 10.0.0.2 198.51.100.1 4000 1\nno transfer\n");
    const Ended grown = run(import);
    EXPECT_THAT(grown.out, HasSubstr("continued"));
    EXPECT_EQ(grown.status, 1);  // a line was left out
    EXPECT_THAT(grown.err, HasSubstr("1 malformed lines"));
    EXPECT_EQ(booked_bytes(), 3 * 5230U);
    EXPECT_EQ(run({"import", "tally", file_, "--scale", "5000"}).status, 2);
    EXPECT_EQ(run({"audit"}).status, 0);
}

TEST_F(MeterKindTest, InspectsAFile) {
    std::ofstream(config_) << "";
    const Ended rows = run({"--ndjson", "inspect", "tally", file_});
    EXPECT_EQ(rows.status, 0) << rows.err;
    EXPECT_THAT(rows.out, HasSubstr(R"({"time":"2023-11-14T22:13:20Z","src":"10.0.0.1",)"
                                    R"("dst":"198.51.100.1","packets":10,"bytes":1000})"));
    append("no transfer\n");
    const Ended summary = run({"--json", "inspect", "tally", "--summary", file_});
    EXPECT_EQ(summary.status, 1);
    EXPECT_EQ(json::parse(summary.out), json::parse(R"({"lines":4,"malformed":1})"));
}

TEST_F(MeterKindTest, ExportsAFile) {
    std::ofstream(config_) << "";
    const std::string flows = folder_ / "flows.ipfix";
    const Ended exported = run({"export", "tally", file_, "--to", "file:" + flows});
    EXPECT_EQ(exported.status, 0) << exported.err;
    const Ended back = run({"--ndjson", "inspect", "flow", flows});
    EXPECT_THAT(back.out, HasSubstr(R"("src":"10.0.0.2","sport":0,"dst":"198.51.100.1")"));
}

TEST_F(MeterKindTest, IsExaminedByDoctor) {
    configure("");
    EXPECT_THAT(run({"doctor"}).out, HasSubstr(file_ + " can be read"));
    std::filesystem::remove(file_);
    EXPECT_THAT(run({"doctor"}).out, HasSubstr(file_ + " cannot be read"));
}

// The documentation of the program is made from its table: with the kind here, without it in docs/.
TEST_F(MeterKindTest, IsDocumented) {
    std::ofstream(config_) << "";
    const std::string docs = folder_ / "docs";
    EXPECT_EQ(run({"docs", docs}).status, 0);
    const auto text = [&](const char* name) { return support::text_of(docs + "/" + name); };
    EXPECT_THAT(text("options.md"), HasSubstr("### `kind = \"tally\"`"));
    EXPECT_THAT(text("options.md"), HasSubstr("| `scale` | integer | `1` | 1 to 1000 |"));
    EXPECT_THAT(text("octroi.example.toml"), HasSubstr("#file = \"/var/log/tally\""));
    EXPECT_THAT(text("counters.md"), HasSubstr("`tally_malformed_total`"));
    EXPECT_THAT(text("rows.md"), HasSubstr("## Tallies: `octroi inspect tally`"));
    EXPECT_THAT(text("commands.md"), HasSubstr("| `--scale FACTOR` |"));
    EXPECT_THAT(text("commands.md"), HasSubstr("`--offsets`"));
    EXPECT_THAT(text("octroi.1"), HasSubstr(".SS octroi import tally"));
    const json schema = json::parse(text("octroi.schema.json"));
    const json& kinds = schema.at("properties").at("meter").at("items").at("oneOf");
    EXPECT_EQ(kinds.back().at("properties").at("kind").at("const"), "tally");
    const char* source = std::getenv("OCTROI_SOURCE");
    const std::string product = std::string(source != nullptr ? source : ".") + "/docs/options.md";
    EXPECT_THAT(support::text_of(product), Not(HasSubstr("tally")));
}

}  // namespace
}  // namespace octroi
