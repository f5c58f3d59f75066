// SPDX-License-Identifier: GPL-3.0-or-later
// The kind `journal`: lines of servers in the journal of systemd.
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "host/random.hpp"
#include "host/zone.hpp"
#include "meter/log/counters.hpp"
#include "meter/log/journal_meter.hpp"
#include "meter/log/journal_options.hpp"
#include "meter/log/kind.hpp"
#include "meter/log/open_follow.hpp"
#include "meter/log/options.hpp"

namespace octroi::logs {
namespace {

constexpr std::array journal_chapters{
    CounterChapter{"Server logs", "Lines of logs that are followed.", log_counters}};

Result<OpenedMeter> open_journal(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    JournalMeterOptions options;
    options.name = setup.config.name;
    for (const std::string& unit : values.texts("units"))
        options.matches.push_back("--unit=" + unit);
    for (const std::string& match : values.texts("matches")) options.matches.push_back(match);
    TRY_ASSIGN(options.reader, open_reader(values));
    options.format = format_of(values);
    TRY_ASSIGN(options.times, meter_times(values));
    options.readings = readings_options(values, logline::LineLayer::application);
    options.seed = random_seed();
    TRY_ASSIGN(auto meter, JournalMeter::open(std::move(options), setup.clock, setup.cursors));
    OpenedMeter opened;
    opened.warnings = meter->warnings();
    opened.notices.emplace_back("follows the journal");
    opened.meter = std::move(meter);
    return opened;
}

}  // namespace

constinit const MeterKind journal_kind{
    .name = "journal",
    .help = "Logs of servers in the journal of systemd.",
    .doc =
        "The entries are read as lines of syslog, by journalctl(1). Bytes are those of the "
        "application (layer 7). Each entry counts once, over restarts: docs/server-logs.md.",
    .layer = Layer::application,
    .options = journal_options,
    .check_options = check_journal_meters,
    .counters = journal_chapters,
    .cursor_prefix = journal_source,
    .open = open_journal,
};

}  // namespace octroi::logs
