// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter kind is one row of one table: it states everything that the program needs to know about
// one kind of source. Each folder of src/meter defines its kind; service/meter_kinds.cpp lists
// them. The daemon, the commands, the configuration and the documentation read the table and know
// no kind by name.
//
// Rows are constants: all texts, spans and functions live as long as the program. A span may be
// empty and a function pointer null where a kind has nothing of that sort, except where a comment
// says otherwise. The functions are called on one thread; `open` also while other meters run, when
// a meter has failed and is opened again.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "config/option.hpp"
#include "host/capture.hpp"
#include "host/clock.hpp"
#include "host/file.hpp"
#include "meter/bucket_count.hpp"
#include "meter/file/once_meter.hpp"
#include "meter/meter.hpp"
#include "record/batch.hpp"
#include "record/counter.hpp"
#include "record/directory.hpp"
#include "record/report.hpp"

namespace octroi {

// ---- A meter that runs: `octroi run`, `octroi top`

// A cursor of a content source (is_content_source()) that another meter moved last.
struct OtherCursor {
    std::string meter;
    Cursor cursor;
};

struct MeterSetup {
    const MeterConfig& config;
    std::span<const Cursor>
        cursors;               // of this meter, those that begin with MeterKind::cursor_prefix
    std::string state_folder;  // for files of the meter, beside the ledger
    // Sockets that the service manager passed and that no meter has claimed yet. A kind that
    // listens moves them out.
    std::vector<Fd>& sockets;
    CaptureHost& host;   // must outlive the meter
    const Clock& clock;  // must outlive the meter
    // The same as `cursors`, of other meters. A meter that has a new name goes on from there.
    std::span<const OtherCursor> others = {};
    std::span<const MeterConfig> configured = {};  // all meters, this one included
    std::string ledger_id = {};                    // Store::ledger_id(); empty: there is no ledger
    std::span<const ExporterConfig> exporters = {};  // [[exporter]]
    std::span<const RuleRow> rules = {};             // [[rule]]
    // The meter was detached (MeterKind::detach): it hands over what the kernel has counted until
    // then, and ends. It does not count again.
    bool only_rest = false;
};

struct OpenedMeter {
    std::unique_ptr<Meter> meter;
    // For people, at the start: "exporters at udp [::]:2055". The caller writes the name of the
    // meter before each.
    std::vector<std::string> notices;
    // The same, logged as warnings: small socket buffers, damaged files.
    std::vector<std::string> warnings;
};

// ---- Files: `octroi import`, `octroi export`, `octroi inspect`, `octroi audit --against`

struct FileSetup {
    std::string path;                      // "-": standard input
    const OptionValues& options;           // of the command, by the keys of its rows
    std::span<const Cursor> cursors = {};  // of the ledger, those that begin with cursor_prefix
    std::span<const ExporterConfig> exporters = {};  // [[exporter]]
};

// The file command `octroi VERB noun`.
struct FileCommand {
    std::string_view noun;
    std::string_view help;       // no full stop, as in all help of the command line
    std::string_view file_help;  // of the operand FILE
    std::span<const Option> options;
};

// `octroi import noun FILE…`: reads each file once. `open` must be given.
struct Importer {
    FileCommand command;
    std::string_view default_meter;  // the name of the meter where --meter is not given
    std::string_view cursor_prefix;  // the source of each cursor begins with it
    Result<std::unique_ptr<file::OnceMeter>> (*open)(const FileSetup& setup) = nullptr;
    // For `octroi audit --against`, a simpler program that is independent of the meter; null: the
    // readings of the meter are counted. Errors: unsupported (it cannot read this file).
    Result<BucketCounts> (*recount)(const std::string& path) = nullptr;
};

// `octroi export noun FILE…`: the readings of a file are sent as flows. `open` must be given. Its
// meter does not split readings at the ledger's buckets.
struct FlowSource {
    FileCommand command;
    Result<std::unique_ptr<file::OnceMeter>> (*open)(const FileSetup& setup) = nullptr;
};

// Where an inspector puts what it finds.
class InspectSink {
public:
    virtual ~InspectSink() = default;
    // A row with a cell for each column. Texts in cells are borrowed during the call only. An error
    // ends the inspection.
    [[nodiscard]] virtual Status row(std::vector<Cell>& cells) = 0;
    // A line of another format, without its end: for inspectors that have no columns with these
    // options. JSON and CSV: an error.
    [[nodiscard]] virtual Status line(std::string_view text) = 0;
    // The facts of one file. JSON: one object for each file.
    [[nodiscard]] virtual Status facts(const std::string& file, std::span<const Fact> facts) = 0;
};

// `octroi inspect noun FILE…`: decodes and prints, and needs no ledger. `columns` and `inspect`
// must be given.
struct Inspector {
    FileCommand command;
    std::string_view rows_title;  // the chapter of docs/rows.md
    std::string_view rows_about;  // Markdown
    // The columns of the rows without options, with their documentation.
    std::vector<DocumentedColumn> (*fields)() = nullptr;
    // The columns of the rows with these options; empty: it writes facts, or lines.
    std::vector<Column> (*columns)(const OptionValues& options) = nullptr;
    // Reads one file to its end. Returns the defect of the file as a sentence for people that names
    // the file; empty: there is none. An error: the file cannot be read, or a row could not be
    // written.
    Result<std::string> (*inspect)(const FileSetup& setup, InspectSink& sink) = nullptr;
};

// ---- Reports about meters: `octroi meters`, `octroi doctor`

// A meter of the kind that the ledger knows.
struct KnownMeter {
    std::string name;
    const MeterConfig* config;  // null: it is configured no longer
    Cursor cursor;              // a meter with several cursors is there several times
};

struct MeterReportSetup {
    std::span<const KnownMeter> meters;
    std::string state_folder;  // as in MeterSetup
    const Directory& directory;
    UtcTime now;
    std::span<const ExporterConfig> exporters = {};  // [[exporter]]
};

// `octroi meters --flag`. `make` must be given. What cannot be read of one meter is logged, and the
// others are reported.
struct MeterReport {
    std::string_view flag;  // "--exporters"
    std::string_view help;
    Result<Report> (*make)(const MeterReportSetup& setup) = nullptr;
};

enum class Verdict : std::uint8_t { good, note, wrong };

// A line of `octroi doctor`.
struct Finding {
    Verdict verdict = Verdict::good;
    std::string about;
    std::string finding;
    std::string fix;  // empty: there is nothing to do
};

// What to do against losses of these reasons.
struct LossAdvice {
    std::span<const LossReason> reasons;
    std::string_view finding;  // "packets were dropped"
    std::string_view fix;
};

// A counter of the running daemon that is 0 where everything is right, for `octroi doctor`.
struct CounterAdvice {
    std::string_view counter;  // CounterInfo::name
    std::string_view finding;  // "datagrams of no known protocol"
    std::string_view fix;
};

// ---- Set-up: `octroi init`, and `octroi run` where nothing is configured

struct DiscoverySetup {
    std::string root;                         // "/", or the folder of another system
    std::span<const std::string> taken = {};  // names of configured meters: no section gets one
    std::span<const MeterConfig> configured = {};  // what these read is not offered
};

// Something that a meter of the kind could read.
struct FoundSource {
    std::string text;     // for people, without an end: "apache: /var/log/apache2/access.log"
    std::string section;  // [[meter]] in TOML, with comments, and an empty line at its end
};

struct FoundSources {
    std::vector<FoundSource> sources;
    std::vector<std::string> notes;  // for people: sources that are not offered, and why
};

// `octroi init --flag`. `find` must be given. It reads files and changes nothing.
struct Discovery {
    std::string_view flag;  // "--logs"
    std::string_view help;
    FoundSources (*find)(const DiscoverySetup& setup) = nullptr;
};

// ---- The row

struct MeterKind {
    std::string_view name;  // `kind = "…"` in [[meter]]; ledgers keep it: it never changes
    std::string_view help;  // one line
    std::string_view doc = "";
    // What the bytes of its readings include.
    Layer layer = Layer::ip;
    // The rows of [[meter]] that only this kind has, and the rules between them
    // (config/option.hpp).
    std::span<const Option> options;
    void (*check_options)(std::span<const MeterConfig* const> meters,
                          std::vector<Problem>& problems) = nullptr;
    // As MeterOptions::scope.
    MeterScope scope = MeterScope::elsewhere;
    // As MeterOptions::has_both_ends.
    bool has_both_ends = false;
    std::span<const CounterChapter> counters;

    // The kind of a [[meter]] that states none, and of the meter that runs where the configuration
    // has none and no kind with `obstacle` can run. One kind of the table says so.
    bool runs_unconfigured = false;
    // Why this machine cannot have the meter: "octroi does not run as root". Empty: it can. A kind
    // that has this comes first where the configuration has no meter.
    std::string (*obstacle)() = nullptr;
    // Options of `octroi run` and `octroi top`, of the kind that runs unconfigured. A value that is
    // given replaces that of the same key in `options`.
    std::span<const Option> run_options;
    // The key of the run option that replaces the configured meters by one meter of this kind.
    std::string_view instead_option;
    // The source of each cursor of a running meter begins with this text.
    std::string_view cursor_prefix;
    // Opens a source that runs until the daemon stops. Acquires what needs privileges; reads
    // nothing. Errors: invalid (the configuration is wrong: the run does not begin); all others,
    // and errors of the meter while it runs, may go away: it is opened again later, with the
    // cursors that it has committed.
    Result<OpenedMeter> (*open)(MeterSetup& setup) = nullptr;
    // Removes what the meter left in the kernel, so that it counts no longer: `octroi run
    // --detach-kernel`. Returns a line for each thing that was removed. Null: it leaves nothing.
    Result<std::vector<std::string>> (*remove_from_kernel)(const MeterConfig& meter) = nullptr;
    // Ends the counting in the kernel and keeps the counts, for a last reading by a meter that is
    // opened with MeterSetup::only_rest. Returns a line for each thing that was removed. Null: the
    // kind has no such reading.
    Result<std::vector<std::string>> (*detach)(const MeterConfig& meter) = nullptr;
    // Whether there are counts of the meter in the kernel. Given with `detach`.
    bool (*is_in_kernel)(const MeterConfig& meter) = nullptr;
    // Start-up notices about all meters of the kind together: "left out: eth1 (down)".
    Result<std::vector<std::string>> (*overview)(std::span<const MeterConfig* const> meters,
                                                 CaptureHost& host) = nullptr;

    std::span<const Importer> importers;
    std::span<const FlowSource> flow_sources;
    std::span<const Inspector> inspectors;
    std::span<const MeterReport> reports;
    std::span<const Discovery> discoveries;
    // Examines this machine. meters: the configured ones of this kind; may be empty.
    std::vector<Finding> (*examine)(std::span<const MeterConfig* const> meters) = nullptr;
    std::span<const LossAdvice> loss_advice;
    std::span<const CounterAdvice> counter_advice;
};

using MeterKinds = std::span<const MeterKind* const>;

// Null: there is no such kind.
[[nodiscard]] const MeterKind* find_kind(MeterKinds kinds, std::string_view name);
// The kind that runs where nothing is configured.
[[nodiscard]] const MeterKind& default_kind(MeterKinds kinds);
// The option table of a program with these kinds.
[[nodiscard]] OptionTable option_table(MeterKinds kinds);
// The meters of one kind, in their order.
[[nodiscard]] std::vector<const MeterConfig*> meters_of(const MeterKind& kind,
                                                        std::span<const MeterConfig> meters);

}  // namespace octroi
