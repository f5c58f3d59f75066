// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/kind.hpp"

#include <array>

#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/log/inspect.hpp"
#include "meter/log/log_file_meter.hpp"

namespace octroi::logs {
namespace {

NearEnd near_end(std::string_view text) {
    if (text == "server") return NearEnd::server;
    return text == "client" ? NearEnd::client : NearEnd::automatic;
}

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup) {
    LogFileMeterOptions options;
    options.readings.near = near_end(setup.options.text("near"));
    options.readings.trusts_client_domains = setup.options.boolean("client_names");
    options.readings.user = setup.options.text("user");
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_lines = checkpoint;
    options.seed = random_seed();
    TRY_ASSIGN(auto reader, open_reader(setup.options));
    TRY_ASSIGN(const UtcTime latest, latest_time(setup.path));
    TRY_ASSIGN(const TimeResolver resolver, open_resolver(setup.options, latest));
    return LogFileMeter::open(setup.path, std::move(reader), resolver, options, setup.cursors);
}

// `octroi audit --against` states no options.
Result<BucketCounts> refuse_recount(const std::string& path) {
    return fail(ErrorCode::unsupported,
                path +
                    " is a log, and the ledger does not know its format, so that it cannot be "
                    "counted again. Next: compare octroi inspect log with octroi usage");
}

constexpr std::array importers{
    Importer{.command = {"log",
                         "Logs of servers: web, proxy, FTP, mail, rsync. Bytes are those of the "
                         "application (layer 7)",
                         "Logs, also compressed; - for standard input", import_options},
             .default_meter = "import-log",
             .cursor_prefix = log_source_prefix,
             .open = open_import,
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

}  // namespace

constinit const MeterKind kind{
    .name = "log",
    .help = "Logs of servers: what they report to have sent and received.",
    .layer = Layer::application,
    .cursor_prefix = log_source_prefix,
    .importers = importers,
    .inspectors = inspectors,
};

}  // namespace octroi::logs
