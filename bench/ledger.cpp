// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to a large ledger, as `octroi usage` asks them, beside plain SQL over the fine rows.
#include "ledger.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "arguments.hpp"
#include "ledger/audit.hpp"
#include "ledger_traffic.hpp"
#include "peers.hpp"
#include "service/usage_answer.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::bench {
namespace {

using sqlite::Database;
using sqlite::Statement;

struct LedgerBench {
    std::string directory = std::filesystem::temp_directory_path().string();
    std::uint64_t rows = 10'000'000;
    unsigned repeat = 3;
    bool keep = false;
    bool nfdump = true;
    bool sql = true;
};

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The shortest of some runs; of one run, where that takes long.
double best_of(unsigned repeat, const std::function<void()>& work) {
    constexpr double long_enough = 20;
    double best = seconds_of(work);
    for (unsigned i = 1; i < repeat && best < long_enough; ++i)
        best = std::min(best, seconds_of(work));
    return best;
}

[[noreturn]] void end_with(const Error& error) {
    fmt::print(stderr, "octroi_bench: {}\n", error.text);
    std::exit(1);
}

template <typename T>
T value_of(Result<T> result) {
    if (!result) end_with(result.error());
    return std::move(*result);
}

void line(std::string_view name, const std::string& text) {
    fmt::print("{:<34} {}\n", name, text);
    std::fflush(stdout);
}

// ---- the ledger

struct Filled {
    std::uint64_t rows = 0;
    double seconds = 0;  // within commit()
    double slowest = 0;  // commit
};

Filled fill(Ledger& ledger, SiteTraffic& traffic) {
    Filled filled;
    const Status done = traffic.each_batch([&](const Batch& batch) -> Status {
        Result<CommitOutcome> outcome = CommitOutcome::committed;
        const double seconds = seconds_of([&] { outcome = ledger.commit(batch); });
        if (!outcome) return std::unexpected(outcome.error());
        filled.rows += batch.transfers.size();
        filled.seconds += seconds;
        filled.slowest = std::max(filled.slowest, seconds);
        return {};
    });
    if (!done) end_with(done.error());
    return filled;
}

void make_ledger(const std::string& path, const LedgerBench& bench) {
    auto ledger = value_of(SqliteLedger::open(path, {.mode = OpenMode::create}));
    value_of(ledger->apply(site_directory(), year_begin));
    SiteTraffic traffic(bench.rows);
    const Filled filled = fill(*ledger, traffic);
    ledger.reset();  // the last connection moves the write-ahead log into the database
    const auto octets = static_cast<double>(sqlite_files_octets(path).value_or(0));
    line("commit",
         fmt::format("{:.0f} rows/s; the slowest commit took {:.1f} ms",
                     static_cast<double>(filled.rows) / filled.seconds, filled.slowest * 1e3));
    line("size", fmt::format("{:.2f} GB: {:.1f} octets per fine row, {:.0f} per account and day",
                             octets / 1e9, octets / static_cast<double>(filled.rows),
                             octets / static_cast<double>(traffic.account_days())));
}

// ---- questions

// A question to `octroi usage`, and the same in SQL. ?1, ?2: the period in buckets; ?3: the
// account.
struct LedgerQuestion {
    std::string_view name;
    std::vector<std::string> by;
    std::string account;
    bool tree = false;
    Interval period;
    std::string_view sql;
};

constexpr std::string_view one_account_sql =
    "SELECT sum(CASE WHEN th.name = ?3 THEN bytes END), sum(CASE WHEN fh.name = ?3 THEN bytes END) "
    "FROM transfer t JOIN party fp ON fp.party_id = t.from_party JOIN holder fh ON fh.holder_id = "
    "fp.holder JOIN party tp ON tp.party_id = t.to_party JOIN holder th ON th.holder_id = "
    "tp.holder WHERE t.bucket >= ?1 AND t.bucket < ?2 AND (fh.kind = 1 AND fh.name = ?3 OR "
    "th.kind = 1 AND th.name = ?3)";
constexpr std::string_view all_accounts_sql =
    "SELECT h.name, sum(received), sum(sent) FROM (SELECT to_party AS party, bytes AS received, 0 "
    "AS sent FROM transfer WHERE bucket >= ?1 AND bucket < ?2 UNION ALL SELECT from_party, 0, "
    "bytes FROM transfer WHERE bucket >= ?1 AND bucket < ?2) x JOIN party ON party.party_id = "
    "x.party "
    "JOIN holder h ON h.holder_id = party.holder WHERE h.kind = 1 AND ?3 = '' GROUP BY h.name";
constexpr std::string_view departments_sql =
    "SELECT fa.parent, ta.parent, sum(bytes) FROM transfer t JOIN party fp ON fp.party_id = "
    "t.from_party JOIN holder fh ON fh.holder_id = fp.holder AND fh.kind = 1 JOIN account fa ON "
    "fa.name = fh.name JOIN party tp ON tp.party_id = t.to_party JOIN holder th ON th.holder_id = "
    "tp.holder AND th.kind = 1 JOIN account ta ON ta.name = th.name WHERE t.bucket >= ?1 AND "
    "t.bucket < ?2 AND ?3 = '' GROUP BY 1, 2";

std::vector<LedgerQuestion> ledger_questions() {
    const Interval month{month_begin, year_end};
    const Interval year{year_begin, year_end};
    const Interval day{year_end - Duration::hours(24), year_end};
    static const std::string by_day = fmt::format("{} GROUP BY t.bucket / 288", one_account_sql);
    return {
        {"heaviest account, month", {}, account_name(0), false, month, one_account_sql},
        {"median account, month", {}, account_name(accounts / 2), false, month, one_account_sql},
        {"all accounts, month", {"account"}, "", false, month, all_accounts_sql},
        {"account per day, year", {"day"}, account_name(100), false, year, by_day},
        {"departments to departments, day", {"from", "to"}, "", true, day, departments_sql},
    };
}

struct Answered {
    double seconds = 0;
    std::size_t rows = 0;
    std::string refusal;  // empty: answered
};

// Opens the ledger as a new process of `octroi usage` does.
Answered ask_octroi(const std::string& path, const LedgerQuestion& question, unsigned repeat) {
    Answered answered;
    answered.seconds = best_of(repeat, [&] {
        const auto ledger = value_of(SqliteLedger::open(path, {.mode = OpenMode::read_only}));
        UsageRequest request;
        if (!question.account.empty()) request.question.account = question.account;
        request.question.tree = question.tree;
        request.question.period = question.period;
        auto by = parse_grouping(question.by);
        if (!by) {
            answered.refusal = by.error().text;
            return;
        }
        request.question.by = by->keys;
        request.unit = by->unit;
        const UsageReports reports = value_of(answer_usage(*ledger, Config{}, request));
        answered.rows = reports.rows.rows.size();
    });
    return answered;
}

Database reader(const std::string& path) {
    return value_of(Database::open(path, SQLITE_OPEN_READONLY));
}

Answered ask_sql(const std::string& path, const LedgerQuestion& question) {
    Answered answered;
    answered.seconds = seconds_of([&] {
        const Database db = reader(path);
        auto rows = value_of(Statement::prepare(db, question.sql));
        rows.bind(1, sqlite::bucket_number(question.period.begin));
        rows.bind(2, sqlite::bucket_number(question.period.end));
        rows.bind_text(3, question.account);
        while (value_of(rows.step())) ++answered.rows;
    });
    return answered;
}

double scan(const std::string& path, unsigned repeat) {
    return best_of(repeat,
                   [&] { value_of(reader(path).number("SELECT sum(bytes) FROM transfer")); });
}

void ask_all(const std::string& path, const LedgerBench& bench, double floor) {
    fmt::print("\n{:<34} {:>10} {:>8} {:>10} {:>12} {:>9} {:>7}\n", "question", "octroi ms", "rows",
               "GROUP BY", "/ GROUP BY", "/ scan", "SQL rows");
    for (const LedgerQuestion& question : ledger_questions()) {
        const Answered octroi = ask_octroi(path, question, bench.repeat);
        if (!octroi.refusal.empty()) {
            line(question.name, "not answered: " + octroi.refusal);
            continue;
        }
        if (!bench.sql) {
            fmt::print("{:<34} {:>10.1f} {:>8}\n", question.name, octroi.seconds * 1e3,
                       octroi.rows);
            std::fflush(stdout);
            continue;
        }
        const Answered sql = ask_sql(path, question);
        fmt::print("{:<34} {:>10.1f} {:>8} {:>10.1f} {:>12.4f} {:>9.4f} {:>7}\n", question.name,
                   octroi.seconds * 1e3, octroi.rows, sql.seconds * 1e3,
                   octroi.seconds / sql.seconds, octroi.seconds / floor, sql.rows);
        std::fflush(stdout);
    }
}

void run_audit(const std::string& path, std::uint64_t rows, double floor) {
    const auto ledger = value_of(SqliteLedger::open(path, {.mode = OpenMode::read_only}));
    AuditReport report;
    const double seconds = seconds_of([&] { report = value_of(audit(*ledger)); });
    if (!report.holds()) end_with({ErrorCode::corrupt, report.findings.front().text});
    line("audit", fmt::format("{:.0f} rows/s: {:.1f} s, {:.2f} scans",
                              static_cast<double>(rows) / seconds, seconds, seconds / floor));
}

void measure_ledger(const LedgerBench& bench) {
    const std::string path =
        fmt::format("{}/octroi-bench-ledger-{}.db", bench.directory, bench.rows);
    if (!std::filesystem::exists(path))
        make_ledger(path, bench);
    else
        line("ledger", "of an earlier run: " + path);
    const auto rows = static_cast<std::uint64_t>(
        value_of(reader(path).number("SELECT max(transfer_id) FROM transfer")));
    const double floor = scan(path, bench.repeat);
    line("scan", fmt::format("{:.0f} ms for {} fine rows: SELECT sum(bytes) FROM transfer",
                             floor * 1e3, rows));
    ask_all(path, bench, floor);
    fmt::print("\n");
    if (bench.nfdump) {
        const auto seconds = nfdump_by_source(rows, bench.directory);
        line("nfdump by source address",
             seconds ? fmt::format("{:.1f} ms for as many flows; {:.2f} scans", *seconds * 1e3,
                                   *seconds / floor)
                     : "not measured: nfcapd and nfdump are not installed, or lost flows");
    }
    run_audit(path, rows, floor);
    if (bench.keep) return;
    for (const char* suffix : {"", "-wal", "-shm", ".writers"})
        std::filesystem::remove(path + suffix);
}

bool parse_ledger_bench(std::span<const char* const> arguments, LedgerBench& bench) {
    if (const char* rows = std::getenv("OCTROI_BENCH_ROWS"); rows != nullptr)
        if (!number(rows, bench.rows)) return false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--keep" || name == "--no-nfdump" || name == "--no-sql") {
            if (name == "--keep") bench.keep = true;
            if (name == "--no-nfdump") bench.nfdump = false;
            if (name == "--no-sql") bench.sql = false;
            continue;
        }
        if (i + 1 == arguments.size()) return false;
        const std::string_view value = arguments[++i];
        if (name == "--directory")
            bench.directory = value;
        else if (name == "--rows"     ? !number(value, bench.rows)
                 : name == "--repeat" ? !number(value, bench.repeat)
                                      : true)
            return false;
    }
    return true;
}

}  // namespace

int ledger(std::span<const char* const> arguments) {
    LedgerBench bench;
    if (!parse_ledger_bench(arguments, bench)) {
        fmt::print(stderr,
                   "usage: octroi_bench ledger [--rows N] [--repeat N] [--directory DIR] [--keep] "
                   "[--no-nfdump] [--no-sql]\nOCTROI_BENCH_ROWS=N is the default of --rows\n");
        return 2;
    }
    fmt::print(
        "{} fine rows in {} days, and a tenth of that in {} days before; {} identities of "
        "{} accounts in {} departments\n",
        bench.rows, month_days, year_days - month_days, accounts * identities_per_account, accounts,
        departments);
    measure_ledger(bench);
    return 0;
}

}  // namespace octroi::bench
