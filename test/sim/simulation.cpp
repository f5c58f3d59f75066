// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulation.hpp"

#include <fmt/format.h>

#include "imports.hpp"
#include "live_world.hpp"

namespace octroi::sim {
namespace {

constexpr UtcTime live_begin = UtcTime::from_seconds(1'772'366'537);
constexpr UtcTime recordings_begin = UtcTime::from_seconds(1'772'366'537 - 86'400);
constexpr std::uint64_t compare_every = 5;
constexpr std::uint64_t audit_every = 20;

class Simulation {
public:
    Simulation(std::uint64_t seed, const std::string& folder)
        : random_(seed),
          population_(random_),
          clock_(live_begin),
          box_(random_, folder + "/ledger.db"),
          declarations_(random_, population_, box_),
          sim_ledger_(random_, box_, auditor_, declarations_),
          captures_(random_, population_, folder, recordings_begin),
          imports_(random_, captures_, sim_ledger_, clock_),
          live_(random_, population_, clock_, sim_ledger_) {}

    Status run(std::uint64_t steps) {
        TRY(box_.open());
        TRY(declarations_.begin(recordings_begin));
        sim_ledger_.faults.commit = static_cast<unsigned>(random_.below(25));
        for (; figures_.steps < steps; ++figures_.steps) {
            TRY(step());
            if (figures_.steps % compare_every == 0) TRY(compare());
            if (figures_.steps % audit_every == 0) TRY(Auditor::audit_clean(box_.ledger()));
        }
        return finish();
    }

    [[nodiscard]] Figures figures() const {
        Figures f = figures_;
        f.packets = auditor_.total().packets;
        f.bytes = auditor_.total().bytes;
        f.batches = auditor_.batches();
        f.crashes = box_.crashes();
        f.full_disks = box_.full();
        f.retries = box_.retries();
        f.conflicts = imports_.conflicts();
        f.losses = auditor_.losses();
        return f;
    }

private:
    Status compare() { return auditor_.compare(box_.ledger(), declarations_.rules()); }

    Status step() {
        clock_.advance(Duration::milliseconds(random_.between(1, 30'000)));
        if (random_.chance(30)) {
            const UtcTime about = random_.chance(50) ? clock_.now() : recordings_begin;
            TRY_ASSIGN(const bool crashed, declarations_.change(about, sim_ledger_.faults.commit));
            if (crashed) TRY(after_crash());
            ++figures_.changes;
        }
        if (random_.one_in(40)) {
            TRY(box_.crash(random_.chance(50)));
            TRY(after_crash());
        }
        TRY(live());
        return files();
    }

    Status live() {
        if (random_.chance(70)) TRY(live_.start());
        const auto rounds = random_.between(1, 4);
        for (int i = 0; i < rounds; ++i) {
            live_.traffic();
            if (random_.chance(60)) TRY(live_.read());
            TRY(live_.mishaps());
        }
        // The daemon reads continuously, so it never gets a minute of traffic of a flow at once.
        TRY(live_.read());
        if (random_.chance(40)) return {};
        TRY_ASSIGN(const bool crashed, live_.commit());
        return crashed ? after_crash() : Status();
    }

    Status files() {
        auto& files = captures_.files();
        if (files.empty() || (files.size() < 12 && random_.one_in(8))) captures_.record();
        CaptureFile& file = random_.pick(files);
        if (!file.is_copy && random_.chance(60)) captures_.grow(file);
        if (random_.one_in(15) && files.size() < 20) captures_.copy(CaptureFile(file));
        const CaptureFile which = random_.pick(files);
        if (random_.chance(50)) return {};
        TRY_ASSIGN(const bool crashed,
                   random_.one_in(10) ? imports_.import_twice(which) : imports_.import(which));
        if (crashed) return after_crash();
        return {};
    }

    Status after_crash() {
        sim_ledger_.drop_tables();
        live_.kill(box_.was_machine());
        return compare();
    }

    Status finish() {
        sim_ledger_.faults.commit = 0;
        captures_.finish();
        live_.end_faults();
        for (int i = 0; i < 20; ++i) {
            TRY(live_.start());
            live_.traffic();
            TRY(live_.read());
            TRY_ASSIGN([[maybe_unused]] const bool crashed, live_.commit());
        }
        for (int round = 0; round < 200 && !all_booked(); ++round)
            for (const CaptureFile& file : captures_.files()) {
                TRY_ASSIGN([[maybe_unused]] const bool crashed, imports_.import(file));
            }
        if (!all_booked()) return fail(ErrorCode::failed, "not every file could be imported");
        TRY(compare());
        for (const CaptureFile& file : captures_.files()) TRY(imports_.import_adds_nothing(file));
        return Auditor::audit_clean(box_.ledger());
    }

    [[nodiscard]] bool all_booked() const {
        for (const auto& recording : captures_.recordings())
            if (recording->booked != recording->frames.size()) return false;
        return true;
    }

    Random random_;
    Population population_;
    SimClock clock_;
    FaultyLedger box_;
    Auditor auditor_;
    Declarations declarations_;
    SimLedger sim_ledger_;
    Captures captures_;
    Imports imports_;
    LiveWorld live_;
    Figures figures_;
};

}  // namespace

Figures& Figures::operator+=(const Figures& o) {
    steps += o.steps;
    packets += o.packets;
    bytes += o.bytes;
    batches += o.batches;
    crashes += o.crashes;
    full_disks += o.full_disks;
    retries += o.retries;
    conflicts += o.conflicts;
    losses += o.losses;
    changes += o.changes;
    return *this;
}

Outcome simulate(std::uint64_t seed, std::uint64_t steps, const std::string& folder) {
    Simulation simulation(seed, folder);
    Outcome outcome;
    outcome.status = simulation.run(steps);
    outcome.figures = simulation.figures();
    outcome.at_step = outcome.figures.steps;
    return outcome;
}

}  // namespace octroi::sim
