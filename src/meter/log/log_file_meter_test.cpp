// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_file_meter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "host/testing/folder.hpp"
#include "meter/log/imported_files.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

std::string web_line(int second, std::string_view host, int octets) {
    return fmt::format(
        "{}:80 192.0.2.{} - - [01/May/2024:12:00:{:02} +0000] \"GET / HTTP/1.1\" 200 {} \"-\" "
        "\"x\"\n",
        host, second, second, octets);
}

class LogFile : public ::testing::Test, public FlowSink {
protected:
    void accept(std::span<const Reading> batch) override {
        for (const Reading& reading : batch) readings_.push_back({reading, name_of(reading)});
    }
    void write(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }

    Result<std::unique_ptr<LogFileMeter>> open() {
        TRY_ASSIGN(auto reader, logline::open_reader(format_, {.pattern = pattern_}));
        TimeResolver resolver({.zone = Zone::utc(), .first_year = 2023, .latest = {}});
        return LogFileMeter::open(path_, std::move(reader), resolver, options_, cursors_);
    }
    // Imports the file as `octroi import` does, and commits each checkpoint.
    Result<std::string> import(std::uint64_t commits_max = 1000) {
        TRY_ASSIGN(const auto meter, open());
        meter_ = meter.get();
        was_complete_ = meter->already_complete();
        for (std::uint64_t commits = 0; commits < commits_max;) {
            TRY_ASSIGN(const Pull pulled, meter->pull(*this, {}));
            if (pulled == Pull::more) continue;
            TRY(commit(*meter));
            ++commits;
            if (pulled == Pull::end) return meter->warning();
        }
        readings_.resize(committed_);  // like a kill
        return std::string("killed");
    }
    Status commit(LogFileMeter& meter) {
        TRY_ASSIGN(const Checkpoint checkpoint, meter.checkpoint(*this));
        Volume sum;
        for (std::size_t i = committed_; i < readings_.size(); ++i)
            sum.bytes = Bytes(sum.bytes.value() + readings_[i].reading.bytes);
        EXPECT_EQ(checkpoint.observed.bytes, sum.bytes);
        committed_ = readings_.size();
        losses_.insert(losses_.end(), checkpoint.losses.begin(), checkpoint.losses.end());
        for (const Cursor& cursor : checkpoint.cursors) {
            std::erase_if(cursors_, [&](const Cursor& c) { return c.source == cursor.source; });
            cursors_.push_back(cursor);
        }
        return {};
    }
    std::string name_of(const Reading& reading) {
        std::string text;
        for (NameRef ref = reading.near_name; ref != no_name;) {
            const Name& name = meter_->names().rows()[ref - 1];
            if (!text.empty()) text += " in ";
            text += (name.kind == NameKind::user ? "user " : "domain ") + name.text;
            ref = name.within;
        }
        return text;
    }
    // Octets to the client, by the name of the near end.
    std::map<std::string, std::uint64_t> octets_by_name() {
        std::map<std::string, std::uint64_t> sums;
        for (const auto& each : readings_) sums[each.name] += each.reading.bytes;
        return sums;
    }

    struct Named {
        Reading reading;
        std::string name;
    };
    const octroi::testing::Folder folder_;
    std::string path_ = folder_.file("log");
    std::string format_ = "vhost-combined";
    std::string pattern_;
    LogFileMeterOptions options_;
    LogFileMeter* meter_ = nullptr;
    std::vector<Named> readings_;
    std::size_t committed_ = 0;
    std::vector<Loss> losses_;
    std::vector<Cursor> cursors_;
    bool was_complete_ = false;
};

TEST_F(LogFile, OctetsBelongToTheVirtualHost) {
    write(web_line(1, "A.example", 100) + web_line(2, "b.example", 7) +
          web_line(3, "a.example.", 1));
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(octets_by_name(), (std::map<std::string, std::uint64_t>{{"domain a.example", 101},
                                                                      {"domain b.example", 7}}));
    const Reading& first = readings_.at(0).reading;
    EXPECT_EQ(to_string(first.dst), "192.0.2.1");
    EXPECT_EQ(first.direction, Direction::in) << "the near end, the server, is the source";
    EXPECT_EQ(first.sport, 80);
    EXPECT_EQ(first.proto, 6);
    EXPECT_EQ(first.flows, 1U);
    EXPECT_EQ(first.packets, 0U);
    EXPECT_EQ(to_rfc3339(first.last), "2024-05-01T12:00:01Z");
}

TEST_F(LogFile, IsInTheLedgerOnce) {
    write(web_line(1, "a.example", 100));
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(import().value(), "");
    EXPECT_TRUE(was_complete_);
    // Rotation gives it another name; then it grows.
    const std::string rotated = folder_.file("log.1");
    std::ofstream(rotated, std::ios::binary)
        << web_line(1, "a.example", 100) + web_line(2, "a.example", 5);
    path_ = rotated;
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(octets_by_name()["domain a.example"], 105U);
    EXPECT_EQ(readings_.size(), 2U);
}

TEST_F(LogFile, ALineCountsOnceWhereverTheFileEndedInIt) {
    const std::string whole = web_line(1, "a.example", 100) + web_line(2, "a.example", 123);
    for (std::size_t size = whole.find('\n') + 1; size < whole.size(); ++size) {
        cursors_.clear();
        readings_.clear();
        committed_ = 0;
        write(whole.substr(0, size));
        ASSERT_TRUE(import().has_value());
        EXPECT_GE(octets_by_name()["domain a.example"], 100U) << size;
        EXPECT_LE(octets_by_name()["domain a.example"], 223U) << size;
        write(whole);
        ASSERT_TRUE(import().has_value());
        EXPECT_EQ(octets_by_name()["domain a.example"], 223U) << size;
    }
}

TEST_F(LogFile, TheLastLineCountsWithoutAnEnd) {
    const std::string whole = web_line(1, "a.example", 100) + web_line(2, "b.example", 123);
    write(whole.substr(0, whole.size() - 1));
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(octets_by_name()["domain b.example"], 123U);
    EXPECT_EQ(readings_.size(), 2U);
    EXPECT_EQ(import().value(), "");
    EXPECT_TRUE(was_complete_);
    // A meter that follows the log from now on goes on behind the counted part.
    const ImportedPart part = ImportedFiles(cursors_, 1).find(path_).value();
    EXPECT_EQ(part.offset, whole.size() - 1);
    for (const std::string& content : {whole, whole + web_line(3, "c.example", 7)}) {
        write(content);
        EXPECT_EQ(import().value(), "");
        EXPECT_FALSE(was_complete_);
    }
    EXPECT_EQ(octets_by_name()["domain b.example"], 123U);
    EXPECT_EQ(octets_by_name()["domain c.example"], 7U);
    EXPECT_EQ(readings_.size(), 3U);
    EXPECT_TRUE(losses_.empty());
}

// Of a format with lines that may end within a number.
TEST_F(LogFile, OfALineThatGrewTheDifferenceCounts) {
    format_ = "clf";
    const std::string line = "192.0.2.1 - - [01/May/2024:12:00:01 +0000] \"GET / HTTP/1.1\" 200 ";
    for (const char* part : {"12", "123", "1234", "12345\n"}) {
        write(line + part);
        EXPECT_EQ(import().value(), "");
    }
    EXPECT_EQ(octets_by_name()[""], 12'345U);
    std::uint64_t requests = 0;
    for (const auto& each : readings_) requests += each.reading.flows;
    EXPECT_EQ(requests, 1U);
    EXPECT_TRUE(losses_.empty());
    EXPECT_NE(cursors_.at(0).note.find("1 lines"), std::string::npos) << cursors_.at(0).note;
}

TEST_F(LogFile, ALineThatCannotBeReadAsAWholeIsALoss) {
    format_ = "clf";
    const std::string line = "192.0.2.1 - - [01/May/2024:12:00:01 +0000] \"GET / HTTP/1.1\" 200 ";
    write(line + "99");
    EXPECT_EQ(import().value(), "");
    write(line + "99x\n" + line + "1\n");
    ASSERT_TRUE(import().has_value());
    EXPECT_EQ(octets_by_name()[""], 100U);
    ASSERT_EQ(losses_.size(), 1U);
    EXPECT_EQ(losses_[0].reason, LossReason::corrupt);
}

TEST_F(LogFile, GoesOnInTheFormatOfItsFirstImport) {
    options_.format = "vhost-combined\n\n\n\n";
    write(web_line(1, "a.example", 100));
    EXPECT_EQ(import().value(), "");
    std::ofstream(path_, std::ios::binary | std::ios::app) << web_line(3, "a.example", 5);
    options_.format = "apache\n%v %h %b\n\n\n";
    const auto result = import();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::conflict);
    EXPECT_TRUE(result.error().text.contains("imported in the format vhost-combined;"))
        << result.error().text;
    options_.format = "vhost-combined\n\n\n\n";
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(octets_by_name()["domain a.example"], 105U);
}

TEST_F(LogFile, GoesOnAfterAKillWithTheStateOfItsFormat) {
    format_ = "postfix";
    options_.checkpoint_lines = 1;
    const auto line = [](std::string_view program, std::string_view text) {
        return fmt::format("Dec 31 23:59:58 mail postfix/{}[23]: A01234: {}\n", program, text);
    };
    write(line("smtpd", "client=h[192.0.2.9], sasl_method=PLAIN, sasl_username=ann") +
          line("qmgr", "from=<x@a.example>, size=70, nrcpt=1 (queue active)") +
          "Jan  1 00:00:01 mail postfix/smtp[23]: A01234: to=<bob@b.example>, "
          "relay=mx[192.0.2.25]:25, delay=1, status=sent (ok)\n");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(import(1).value(), "killed");
    EXPECT_EQ(import().value(), "");
    ASSERT_EQ(readings_.size(), 2U);
    EXPECT_EQ(readings_[0].name, "user ann");
    EXPECT_EQ(readings_[0].reading.direction, Direction::out) << "the server is the destination";
    EXPECT_EQ(to_rfc3339(readings_[0].reading.last), "2023-12-31T23:59:58Z");
    EXPECT_EQ(readings_[1].name, "user bob@b.example in domain b.example");
    EXPECT_EQ(readings_[1].reading.bytes, 70U);
    EXPECT_EQ(to_rfc3339(readings_[1].reading.last), "2024-01-01T00:00:01Z");
}

TEST_F(LogFile, OfAProxyBelongsToItsClients) {
    format_ = "squid";
    write(
        "1259844091.407 2000 192.0.2.1 TCP_MISS/200 1015 GET http://e.org/ ann DIRECT/192.0.2.80 "
        "-\n1259844091.407 1 192.0.2.2 TCP_DENIED/407 9 GET http://e.org/ bob NONE/- -\n");
    EXPECT_EQ(import().value(), "");
    ASSERT_EQ(readings_.size(), 2U);
    EXPECT_EQ(readings_[0].name, "user ann");
    EXPECT_EQ(readings_[0].reading.direction, Direction::out) << "the near end is the destination";
    EXPECT_EQ(to_rfc3339(readings_[0].reading.first, 3), "2009-12-03T12:41:29.407Z");
    EXPECT_EQ(to_rfc3339(readings_[0].reading.last, 3), "2009-12-03T12:41:31.407Z");
    EXPECT_EQ(readings_[1].name, "") << "the password was refused";
    EXPECT_EQ(readings_[0].reading.sport, 80);
}

TEST_F(LogFile, NamesThatClientsChoseChargeNobody) {
    format_ = "lighttpd";
    write("192.0.2.1 victim.example - [01/May/2024:12:00:00 +0000] \"GET /\" 200 61 \"-\" \"x\"\n");
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(readings_.at(0).name, "");
    cursors_.clear();
    options_.readings.trusts_client_domains = true;
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(readings_.at(1).name, "domain victim.example");
    // A sender without a login.
    format_ = "postfix";
    write(
        "Dec 31 23:59:58 m postfix/qmgr[1]: A01234: from=<x@a.example>, size=70, nrcpt=1 (queue "
        "active)\n");
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(readings_.at(2).name, "");
    EXPECT_EQ(readings_.at(2).reading.bytes, 70U);
}

TEST_F(LogFile, LinesThatCannotBeReadAreALoss) {
    write(web_line(1, "a.example", 100) + "garbage\n" + std::string(300'000, 'x') + "\n" +
          web_line(2, "a.example", 5));
    EXPECT_EQ(import().value(), path_ +
                                    ": 2 lines cannot be read; the first is line 2: no line of "
                                    "this format");
    EXPECT_EQ(octets_by_name()["domain a.example"], 105U);
    ASSERT_EQ(losses_.size(), 1U);
    EXPECT_EQ(losses_[0].reason, LossReason::corrupt);
    EXPECT_EQ(losses_[0].packets, 2U);
}

TEST_F(LogFile, TheRestOfALineThatIsTooLongIsNoLine) {
    write(web_line(1, "a.example", 100) + std::string(300'000, 'x'));
    ASSERT_TRUE(import().has_value());
    std::ofstream(path_, std::ios::binary | std::ios::app)
        << web_line(2, "a.example", 999) << web_line(3, "a.example", 5);
    ASSERT_TRUE(import().has_value());
    EXPECT_EQ(octets_by_name()["domain a.example"], 105U);
}

TEST_F(LogFile, OfAnotherLayerIsRefused) {
    format_ = "netfilter";
    write(
        "May  1 12:00:00 gw kernel: IN=eth0 OUT=eth1 SRC=10.0.0.1 DST=192.0.2.1 LEN=60 TOS=0x00 "
        "PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=4000 DPT=80 WINDOW=1 RES=0x00 SYN URGP=0\n");
    const auto result = import();
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().text.contains("import packet-log")) << result.error().text;
    // The driver asks for a last checkpoint also after an error.
    const auto meter = open().value();
    EXPECT_FALSE(meter->pull(*this, {}));
    EXPECT_TRUE(meter->checkpoint(*this).value().cursors.empty());
    options_.readings.layer = logline::LineLayer::ip;
    EXPECT_EQ(import().value(), "");
    ASSERT_EQ(readings_.size(), 1U);
    EXPECT_EQ(readings_[0].reading.bytes, 60U);
}

// The beginning of a name is another name: of another account.
TEST_F(LogFile, ALastLineThatEndsWithinANameWaits) {
    format_ = "apache";
    pattern_ = "%h %t %b %v";
    const std::string whole = "192.0.2.1 [01/May/2024:12:00:01 +0000] 100 example.com\n";
    write(whole + whole.substr(0, whole.size() - 5));
    EXPECT_TRUE(import().value().contains("a name in it may be incomplete"));
    EXPECT_EQ(octets_by_name(),
              (std::map<std::string, std::uint64_t>{{"domain example.com", 100}}));
    write(whole + whole);
    EXPECT_EQ(import().value(), "");
    EXPECT_EQ(octets_by_name(),
              (std::map<std::string, std::uint64_t>{{"domain example.com", 200}}));
}

TEST_F(LogFile, OfAnotherFormatIsRefused) {
    write("garbage\n");
    const auto result = import();
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().text.contains("no line has the format"));
    EXPECT_TRUE(cursors_.empty());
    write(web_line(1, "a.example", 100));
    ASSERT_TRUE(import().has_value());
    std::ofstream(path_, std::ios::binary | std::ios::app) << web_line(3, "a.example", 5);
    format_ = "clf";
    ASSERT_TRUE(import().has_value()) << "both formats keep no state";
}

}  // namespace
}  // namespace octroi::logs
