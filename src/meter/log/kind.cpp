// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/kind.hpp"

#include <array>
#include <span>
#include <string_view>

#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/log/counters.hpp"
#include "meter/log/discovery.hpp"
#include "meter/log/follow_options.hpp"
#include "meter/log/followed_files.hpp"
#include "meter/log/inspect.hpp"
#include "meter/log/log_cursor.hpp"
#include "meter/log/log_file_meter.hpp"
#include "meter/log/open_follow.hpp"

namespace octroi::logs {
namespace {

// Of imported and of followed files.
constexpr std::string_view cursors_of_logs = "log";
static_assert(log_source_prefix.starts_with(cursors_of_logs));
static_assert(followed_source_prefix.starts_with(cursors_of_logs));

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup,
                                                     logline::LineLayer layer) {
    TRY(refuse_followed(setup.path, setup.cursors));
    LogFileMeterOptions options;
    options.readings = readings_options(setup.options, layer);
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_lines = checkpoint;
    options.format = format_of(setup.options);
    options.seed = random_seed();
    TRY_ASSIGN(auto reader, open_reader(setup.options));
    TRY_ASSIGN(const UtcTime latest, latest_time(setup.path));
    TRY_ASSIGN(const TimeResolver resolver, open_resolver(setup.options, latest));
    return LogFileMeter::open(setup.path, std::move(reader), resolver, options, setup.cursors);
}

Result<std::unique_ptr<file::OnceMeter>> import_server_log(const FileSetup& setup) {
    return open_import(setup, logline::LineLayer::application);
}

Result<std::unique_ptr<file::OnceMeter>> import_packet_log(const FileSetup& setup) {
    return open_import(setup, logline::LineLayer::ip);
}

// `octroi audit --against` states no options.
Result<BucketCounts> refuse_recount(const std::string& path) {
    return fail(ErrorCode::unsupported,
                path +
                    " is a log, and the ledger does not know its format, so that it cannot be "
                    "counted again. Next: compare octroi inspect log with octroi usage");
}

constexpr std::array chapters{
    CounterChapter{"Server logs", "Lines of logs that are followed.", log_counters}};

constexpr std::array importers{
    Importer{.command = {"log",
                         "Logs of servers: web, proxy, FTP, mail, rsync. Bytes are those of the "
                         "application (layer 7)",
                         "Logs, also compressed; - for standard input", import_options},
             .default_meter = "import-log",
             .cursor_prefix = cursors_of_logs,
             .open = import_server_log,
             .recount = refuse_recount}};

constexpr std::array packet_importers{
    Importer{.command = {"packet-log",
                         "Logs of packets: firewalls, and accounting programs (netfilter, nacctd, "
                         "pmacct, ulogd). Bytes are those of IP packets (layer 3)",
                         "Logs, also compressed; - for standard input",
                         std::span(import_options).first<import_options_of_packets>()},
             .default_meter = "import-packet-log",
             .cursor_prefix = cursors_of_logs,
             .open = import_packet_log,
             .recount = refuse_recount}};

constexpr std::array inspectors{Inspector{
    .command = {"log", "Logs of servers: web, proxy, FTP, mail, rsync",
                "Logs, also compressed; - for standard input", inspect_options},
    .rows_title = "Lines of logs",
    .rows_about =
        "A row is one line that reports traffic. Bytes are those of the application, as the log "
        "defines them: headers\nof packets, TLS and retransmissions are not included, so they are "
        "a lower bound of the packets. Lines that\ncannot be read are counted and change no other "
        "line; `--bad` prints `line`, `reason` and `text` of these\ninstead.",
    .fields = inspect_fields,
    .columns = inspect_columns,
    .inspect = inspect}};

constexpr std::array discoveries{Discovery{
    .flag = "--logs",
    .help = "Follow the logs of the servers of this machine: web, proxy, FTP, mail, rsync",
    .find = discover_logs}};

constexpr std::array counter_advice{
    CounterAdvice{"log_unreadable", "logs cannot be read",
                  "the log of the daemon names them; give its user the right to read them"},
    CounterAdvice{"log_bad_lines_total", "lines of logs cannot be read",
                  "octroi inspect log --bad FILE shows why; correct the format in [[meter]]"},
    CounterAdvice{"log_other_layer_total", "lines of logs count another layer than their meter",
                  "kind = \"log\" for servers, kind = \"packet-log\" for logs of packets"},
    CounterAdvice{"log_refused", "logs are beyond the limit of a meter",
                  "use several meters, or one log with the domain in each line"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "log",
    .help = "Logs of servers: what they report to have sent and received.",
    .doc =
        "Bytes are those of the application (layer 7), as the log defines them, and a lower "
        "bound of the packets. Each line counts once, over rotation, restarts and imports: "
        "docs/server-logs.md.",
    .layer = Layer::application,
    .options = follow_options,
    .check_options = check_log_meters,
    .counters = chapters,
    .cursor_prefix = cursors_of_logs,
    .open = open_server_logs,
    .importers = importers,
    .inspectors = inspectors,
    .discoveries = discoveries,
    .counter_advice = counter_advice,
};

constinit const MeterKind packets_kind{
    .name = "packet-log",
    .help = "Logs of packets: what firewalls and accounting programs have written.",
    .doc =
        "Bytes are those of IP packets (layer 3), header included. Both ends are found by their "
        "addresses. The options are those of kind = \"log\", without `no_user_needed`.",
    .layer = Layer::ip,
    .options = std::span(follow_options).first<follow_options.size() - options_of_users>(),
    .check_options = check_log_meters,
    .scope = MeterScope::chosen,
    .has_both_ends = true,
    .counters = chapters,
    .cursor_prefix = cursors_of_logs,
    .open = open_packet_logs,
    .importers = packet_importers,
};

}  // namespace octroi::logs
