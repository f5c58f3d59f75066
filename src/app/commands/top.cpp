// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/option_rows.hpp"
#include "host/stop.hpp"
#include "host/terminal.hpp"
#include "service/metering_loop.hpp"
#include "service/watched_meter.hpp"
#include "view/top_sample.hpp"
#include "view/top_screen.hpp"

namespace octroi {
namespace {

// The longest delay between a key and its effect.
constexpr Duration key_interval = Duration::milliseconds(50);

struct Options {
    std::string interval = "1s";
};

// The full screen. Its end restores the terminal, after an error too.
class Screen {
public:
    explicit Screen(Session& session) : session_(session) { (void)session_.print(screen_enter); }
    ~Screen() { (void)session_.print(screen_leave); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    Status draw(const TopModel& model, const ScreenOptions& options) {
        const TerminalSize size = terminal_size(STDOUT_FILENO).value_or(TerminalSize{});
        return session_.print(render(model, {size.columns, size.rows}, options));
    }

private:
    Session& session_;
};

// Batches become samples of the model; keys and new samples redraw the screen.
class TopTarget final : public BatchTarget {
public:
    TopTarget(TopModel& model, Screen& screen, const ScreenOptions& options, Duration interval,
              const Clock& clock)
        : model_(model),
          screen_(screen),
          options_(options),
          interval_(interval),
          clock_(clock),
          last_(clock.uptime()) {}

    bool go_on() override {
        if (stop_requested()) return false;
        bool redraw = std::exchange(has_sample_, false);
        while (const auto key = keyboard_.key({})) {
            const TopModel::Answer answer = model_.key(*key);
            if (answer == TopModel::Answer::quit) return false;
            redraw = redraw || answer == TopModel::Answer::redraw;
        }
        if (redraw) outcome_ = screen_.draw(model_, options_);
        return outcome_.has_value();
    }
    [[nodiscard]] std::optional<Duration> commit_interval() const override { return interval_; }
    [[nodiscard]] bool is_ready() const override { return true; }
    Status put(Batch batch) override {
        const Duration now = clock_.uptime();
        // Not 0: rates divide by the time.
        model_.add(top_sample(batch, clock_.now(), std::max(now - last_, Duration{1})));
        last_ = now;
        has_sample_ = true;
        return {};
    }
    // Why the screen could not be drawn.
    [[nodiscard]] const Status& outcome() const { return outcome_; }

private:
    TopModel& model_;
    Screen& screen_;
    const ScreenOptions& options_;
    Duration interval_;
    const Clock& clock_;
    RawTerminal keyboard_;
    Duration last_;  // uptime of the last sample
    bool has_sample_ = false;
    Status outcome_;
};

Status watch(Session& session, const MeterName& name, Meter& meter, const AttributionTables& tables,
             Duration interval) {
    TRY_ASSIGN(const TableOptions table, session.table_options());
    TRY_ASSIGN(const Units units, session.units());
    const ScreenOptions options{
        .colour = table.colour, .unicode = table.unicode, .zone = table.zone};
    std::vector<std::string> interfaces;
    for (const Name& row : meter.names().rows())
        if (row.kind == NameKind::interface) interfaces.push_back(row.text);
    TopModel model(std::move(interfaces), units);
    Screen screen(session);
    TopTarget target(model, screen, options, interval, session.clock());
    TRY(screen.draw(model, options));
    TRY(MeteringLoop(name, meter, tables, target, session.clock(), key_interval).run());
    return target.outcome();
}

Result<ExitStatus> top(Session& session, const Options& options, const OptionRows& meter_options) {
    if (!is_terminal(STDOUT_FILENO))
        return fail(ErrorCode::invalid, "octroi top needs a terminal. Next: octroi usage");
    TRY_ASSIGN(const Duration interval, of_option("--interval", parse_duration(options.interval)));
    TRY_ASSIGN(const Config* config, session.config());
    SystemCaptureHost host;
    TRY_ASSIGN(const OptionValues given, meter_options.given_values());
    const auto ledger = open_ledger(session, OpenMode::read_only);
    TRY_ASSIGN(
        const WatchedMeter watched,
        open_watched_meter(*config, session.kinds(), session.option_table(), given, ledger, host));
    catch_stop_signals();
    TRY(watch(session, watched.name, *watched.opened.meter, watched.tables, interval));
    return ExitStatus::done;
}

}  // namespace

void add_top(const Command& app, Session& session) {
    Command command =
        app.sub("top", "Show current traffic on the full screen, without writing to a ledger");
    auto meter_options =
        std::make_shared<OptionRows>(command, default_kind(session.kinds()).run_options);
    auto options = std::make_shared<Options>();
    command
        .text("--interval", options->interval, "Time between two updates (default: 1s)", "DURATION")
        .does(
            [&session, options, meter_options] { return top(session, *options, *meter_options); });
}

}  // namespace octroi
