// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter kind is one row of one table: it states everything that the program needs to know about
// one kind of source. Each folder of src/meter defines its kind; service/meter_kinds.cpp lists
// them. The daemon, the commands, the configuration and the documentation read the table and know
// no kind by name.
//
// Rows are constants: all texts, spans and functions live as long as the program. A function
// pointer may be null and a span empty where a kind has nothing of that sort. The functions are
// called on one thread, before a meter runs.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "host/capture.hpp"
#include "host/clock.hpp"
#include "host/file.hpp"
#include "meter/meter.hpp"
#include "record/batch.hpp"
#include "record/counter.hpp"

namespace octroi {

// The arguments of MeterKind::open.
struct MeterSetup {
    const MeterConfig& config;
    std::span<const Cursor> cursors;  // of this meter, as MeterKind::cursor_prefix says
    std::string state_folder;         // where files of meters stand (beside the ledger)
    // Sockets that the service manager passed and that no meter has claimed yet. A kind that
    // listens moves them out.
    std::vector<Fd>& sockets;
    CaptureHost& host;   // must outlive the meter
    const Clock& clock;  // must outlive the meter
};

struct OpenedMeter {
    std::unique_ptr<Meter> meter;
    // For people, at the start: "exporters at udp [::]:2055". The caller puts the name of the meter
    // before each.
    std::vector<std::string> notices;
};

struct MeterKind {
    std::string_view name;  // `kind = "…"` in [[meter]]; ledgers keep it: it never changes
    std::string_view help;  // one line
    std::span<const CounterChapter> counters;

    // The meter that runs where the configuration has none. One kind of the table has it.
    bool runs_unconfigured = false;
    // The source of each cursor of a running meter begins with this text.
    std::string_view cursor_prefix;
    // Opens a source that runs until the daemon stops. Acquires what needs privileges; reads
    // nothing.
    Result<OpenedMeter> (*open)(MeterSetup& setup) = nullptr;
    // Start-up notices about all meters of this kind together: "left out: eth1 (down)".
    Result<std::vector<std::string>> (*overview)(std::span<const MeterConfig* const> meters,
                                                 CaptureHost& host) = nullptr;
};

using MeterKinds = std::span<const MeterKind* const>;

// Null: there is no such kind.
[[nodiscard]] const MeterKind* find_kind(MeterKinds kinds, std::string_view name);
// The kind that runs where nothing is configured.
[[nodiscard]] const MeterKind& default_kind(MeterKinds kinds);

}  // namespace octroi
