// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/option_rows.hpp"
#include "host/stop.hpp"
#include "host/terminal.hpp"
#include "service/attribution.hpp"
#include "service/local_networks.hpp"
#include "service/metering.hpp"
#include "service/open_meters.hpp"
#include "view/top_screen.hpp"

namespace octroi {
namespace {

struct Options {
    std::string interval = "1s";
};

// A registry for machines that have no ledger yet: nothing is declared.
class EmptyRegistry final : public Registry {
public:
    Result<Directory> directory() override { return Directory{}; }
    Result<Directory> directory_at(std::uint64_t /*version*/) override { return Directory{}; }
    Result<std::uint64_t> directory_version() override { return 0; }
    Result<std::string> current_class_version() override { return std::string(); }
    Result<bool> apply(const Change& /*change*/, UtcTime /*now*/) override { return nothing(); }
    Status load_class_table(const ClassTable& /*table*/, std::string_view /*name*/,
                            UtcTime /*now*/) override {
        return nothing();
    }
    Result<std::optional<ClassTable>> class_table(std::string_view /*version*/) override {
        return std::optional<ClassTable>();
    }
    Result<std::vector<ClassTableInfo>> class_tables() override {
        return std::vector<ClassTableInfo>();
    }

private:
    static std::unexpected<Error> nothing() {
        return fail(ErrorCode::unsupported, "there is no ledger here");
    }
};

// A transfer as its ends see it: one entry for each local end; where there is none, one that says
// what it is.

void add_entries(const Batch& batch, std::vector<TopEntry>& entries) {
    const auto is_local = [](const Party& p) {
        return p.kind == PartyKind::account || p.kind == PartyKind::unattributed;
    };
    for (const Transfer& transfer : batch.transfers) {
        const Party& from = batch.parties[transfer.from];
        const Party& to = batch.parties[transfer.to];
        const std::string& service = batch.services[transfer.service];
        if (is_local(from))
            entries.push_back(
                {from.identity, to_string(from), service, to_string(to), {}, transfer.volume});
        if (!is_local(from) && !is_local(to)) {
            const std::string name =
                from.kind == PartyKind::excluded ? to_string(from) : "@transit";
            entries.push_back({name, name, service, to_string(to), {}, transfer.volume});
        }
        if (is_local(to))
            entries.push_back(
                {to.identity, to_string(to), service, to_string(from), transfer.volume, {}});
    }
}

TopSample sample_of(const Batch& batch, UtcTime at, Duration length) {
    TopSample sample{.at = at, .length = length};
    add_entries(batch, sample.entries);
    for (const Loss& loss : batch.losses)
        if (loss.reason != LossReason::not_running) sample.lost_packets += loss.packets.value_or(0);
    return sample;
}

// The screen while it lives; also with an error the terminal gets its own picture back.
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

Status watch(Session& session, Metering& metering, TopModel& model, Duration interval) {
    TRY_ASSIGN(const TableOptions table, session.table_options());
    const ScreenOptions options{
        .colour = table.colour, .unicode = table.unicode, .zone = table.zone};
    RawTerminal keyboard;
    Screen screen(session);
    Duration last = session.clock().uptime();
    TRY(screen.draw(model, options));
    while (!stop_requested()) {
        TRY_ASSIGN([[maybe_unused]] const Pull pull, metering.pull(Duration::milliseconds(50)));
        bool redraw = false;
        while (const auto key = keyboard.key({})) {
            const TopModel::Answer answer = model.key(*key);
            if (answer == TopModel::Answer::quit) return {};
            redraw = redraw || answer == TopModel::Answer::redraw;
        }
        const Duration now = session.clock().uptime();
        if (now - last >= interval) {
            TRY_ASSIGN(const Batch batch, metering.make_batch());
            model.add(sample_of(batch, session.clock().now(), now - last));
            last = now;
            redraw = true;
        }
        if (redraw) TRY(screen.draw(model, options));
    }
    return {};
}

Result<ExitStatus> top(Session& session, const Options& options, const OptionRows& meter_options) {
    if (!is_terminal(STDOUT_FILENO))
        return fail(ErrorCode::invalid,
                    "octroi top needs a terminal; octroi usage prints figures anywhere");
    TRY_ASSIGN(const Duration interval, parse_duration(options.interval));
    TRY_ASSIGN(const Config* config, session.config());
    SystemCaptureHost host;
    TRY_ASSIGN(const auto present, host.interfaces());
    const MeterKind& kind = default_kind(session.kinds());
    TRY_ASSIGN(const OptionValues given, meter_options.given_values());
    const auto meters = meters_to_run({}, session.option_table(), kind, given);
    // Names come from the ledger, if there is one; nothing is written to it.
    const auto ledger = open_ledger(session, OpenMode::read_only);
    if (!ledger && ledger.error().code != ErrorCode::not_found)
        return std::unexpected(ledger.error());
    EmptyRegistry nothing;
    Registry& registry = ledger ? static_cast<Registry&>(**ledger) : nothing;
    TRY_ASSIGN(const auto attribution,
               AttributionSource::create(*config, registry, networks_of(present)));
    std::vector<Fd> sockets;
    MeterSetup setup{meters.front(), {}, {}, sockets, host, session.clock()};
    TRY_ASSIGN(const auto opened, kind.open(setup));
    catch_stop_signals();
    Metering metering({"top", std::string(kind.name), MeterRole::witness}, *opened.meter,
                      attribution.tables(), session.clock());
    TRY_ASSIGN(const Units units, session.units());
    const auto interfaces = opened.meter->interfaces();
    TopModel model({interfaces.begin(), interfaces.end()}, units);
    TRY(watch(session, metering, model, interval));
    return ExitStatus::done;
}

}  // namespace

void add_top(const Command& app, Session& session) {
    Command command =
        app.sub("top", "Who uses the network right now, full screen; writes no ledger");
    auto meter_options =
        std::make_shared<OptionRows>(command, default_kind(session.kinds()).run_options);
    auto options = std::make_shared<Options>();
    command
        .text("--interval", options->interval, "Time between two looks (default: 1s)", "DURATION")
        .does(
            [&session, options, meter_options] { return top(session, *options, *meter_options); });
}

}  // namespace octroi
