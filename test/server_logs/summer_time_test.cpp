// SPDX-License-Identifier: GPL-3.0-or-later
// Logs with local times of Europe/Berlin and without a zone, while clocks are set forward and back.
// The daemon reads them line by line and is killed within the hour that clocks show twice: each
// line counts in its own hour, as in an import of the whole log.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "web_log.hpp"

namespace octroi::server_logs {
namespace {

namespace chrono = std::chrono;
using Seconds = chrono::sys_seconds;

struct Change {
    const char* name;
    chrono::month month;  // the clocks are set on its last Sunday at 01:00 UTC
    int hours_before;     // east of UTC
    int hours_after;
    const char* format;
};
constexpr Change changes[] = {
    {"SpringWithYears", chrono::March, 1, 2, "vsftpd"},
    {"AutumnWithYears", chrono::October, 2, 1, "vsftpd"},
    {"SpringWithoutYears", chrono::March, 1, 2, "dovecot"},
    {"AutumnWithoutYears", chrono::October, 2, 1, "dovecot"},
};
std::ostream& operator<<(std::ostream& out, const Change& change) { return out << change.name; }

using OctetsByHour = std::map<std::string, std::uint64_t>;  // "2026-03-29 01"

// The last change of such a kind that is some days ago: a time without a year is never later than
// its file.
Seconds moment_of(const Change& change) {
    const auto now = Seconds(chrono::seconds(SystemClock().now().ns / 1'000'000'000));
    const chrono::year_month_day today(chrono::floor<chrono::days>(now - chrono::days(3)));
    for (chrono::year year = today.year();; --year) {
        const Seconds moment =
            chrono::sys_days(year / change.month / chrono::Sunday[chrono::last]) + chrono::hours(1);
        if (moment < now - chrono::days(3)) return moment;
    }
}

std::string line_of(const Change& change, Seconds utc, Seconds moment, std::uint64_t octets) {
    const auto local = utc + chrono::hours(utc < moment ? change.hours_before : change.hours_after);
    const std::time_t shown = local.time_since_epoch().count();
    if (std::string_view(change.format) == "vsftpd")
        return fmt::format(
            "{:%a %b %e %H:%M:%S %Y} [pid 3] [ann] OK DOWNLOAD: Client \"198.51.100.7\", "
            "\"/file\", {} bytes, 12.50Kbyte/sec\n",
            fmt::gmtime(shown), octets);
    return fmt::format("{:%b %e %H:%M:%S} host dovecot: imap(ann)<7><s>: Logged out in=0 out={}\n",
                       fmt::gmtime(shown), octets);
}

class SummerTimeTest : public ::testing::TestWithParam<Change>, protected WebLog {
protected:
    void SetUp() override {
        std::ofstream(config_)
            << "[ledger]\ncommit_interval = \"1s\"\n[[meter]]\nname = \"users\"\n"
            << "kind = \"log\"\npoll = \"100ms\"\ntimezone = \"Europe/Berlin\"\n"
            << "format = \"" << GetParam().format << "\"\npaths = [\"" << log_ << "\"]\n";
    }
    void write_times(Seconds from, Seconds until, Seconds moment) {
        std::ofstream out(log_, std::ios::app);
        for (Seconds at = from; at < until; at += chrono::minutes(5)) {
            const std::uint64_t octets = 1000 + random_() % 100'000;
            out << line_of(GetParam(), at, moment, octets) << std::flush;
            truth_by_hour_[fmt::format("{:%Y-%m-%d %H}",
                                       fmt::gmtime(at.time_since_epoch().count()))] += octets;
        }
    }
    [[nodiscard]] static OctetsByHour hours_in(const std::string& ledger) {
        OctetsByHour sums;
        const json answer =
            ask_ledger(ledger, {"--tz", "UTC", "usage", "--by", "hour", "--layer", "application"});
        if (!answer.is_object()) return sums;
        for (const json& row : answer.value("rows", json::array())) {
            const auto sent = row.value("sent_bytes", std::uint64_t{0});
            if (sent > 0) sums[row.value("hour", "").substr(0, 13)] += sent;
        }
        return sums;
    }
    void wait_until_read() {
        EXPECT_TRUE(support::wait_until([&] { return hours_in(ledger_) == truth_by_hour_; },
                                        chrono::seconds(15)));
    }
    OctetsByHour truth_by_hour_;
};

TEST_P(SummerTimeTest, EachLineCountsInItsOwnHour) {
    const Seconds moment = moment_of(GetParam());
    start();
    write_times(moment - chrono::hours(3), moment - chrono::minutes(30), moment);
    wait_until_read();
    // The first half of the hour that clocks will show again, then its second half.
    write_times(moment - chrono::minutes(30), moment + chrono::minutes(20), moment);
    wait_until_read();
    kill();
    write_times(moment + chrono::minutes(20), moment + chrono::minutes(40), moment);
    start();
    wait_until_read();
    write_times(moment + chrono::minutes(40), moment + chrono::hours(3), moment);
    wait_until_read();
    stop();
    EXPECT_EQ(hours_in(ledger_), truth_by_hour_);
    const std::string imported = folder_ / "undisturbed.db";
    const Ended ended =
        support::run(support::octroi(imported, {"import", "log", "--format", GetParam().format,
                                                "--timezone", "Europe/Berlin", log_}));
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(hours_in(imported), truth_by_hour_);
}

INSTANTIATE_TEST_SUITE_P(Changes, SummerTimeTest, ::testing::ValuesIn(changes),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace octroi::server_logs
