// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/inspect.hpp"

#include <fmt/format.h>

#include "host/log.hpp"
#include "meter/file/line_reader.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/line_writer.hpp"
#include "meter/log/log_rows.hpp"

namespace octroi::logs {
namespace {

using logline::BadReason;
using logline::LineKind;
using logline::LineResult;

struct BadLines {
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    BadReason first_reason = BadReason::none;
};

// One file on its way to the sink.
class Inspection {
public:
    struct Output {
        bool prints_bad = false;
        WriteLine write = nullptr;  // null: rows
        Zone zone = Zone::utc();    // of written lines
    };
    Inspection(std::unique_ptr<logline::LineReader> reader, const TimeResolver& resolver,
               const Output& output, InspectSink& sink)
        : reader_(std::move(reader)), resolver_(resolver), output_(output), sink_(sink) {}

    Status line(const file::Line& line) {
        ++number_;
        LineResult result =
            line.is_cut ? LineResult::bad(BadReason::too_long) : reader_->read(line.text, entry_);
        std::optional<UtcTime> time;
        if (result.kind == LineKind::traffic || result.kind == LineKind::identity) {
            time = resolver_.resolve(entry_.time);
            if (entry_.time.stated && !time) result = LineResult::bad(BadReason::time);
        }
        if (result.kind == LineKind::bad) return bad(line.text, result.reason);
        if (result.kind == LineKind::other || output_.prints_bad) return {};
        if (output_.write != nullptr) return write(result.kind, time);
        if (result.kind == LineKind::identity) return {};
        cells_.clear();
        for (const RowField& field : row_fields())
            cells_.push_back(field.value({entry_, number_, time}));
        return sink_.row(cells_);
    }

    [[nodiscard]] const BadLines& bad_lines() const { return bad_; }
    // Lines that the written format cannot state.
    [[nodiscard]] std::uint64_t unwritten() const { return unwritten_; }
    [[nodiscard]] std::uint64_t evicted() const { return reader_->evicted(); }

private:
    Status write(LineKind kind, const std::optional<UtcTime>& time) {
        const auto text = time ? output_.write(kind, entry_, *time, output_.zone) : std::nullopt;
        if (text) return sink_.line(*text);
        ++unwritten_;
        return {};
    }

    Status bad(std::string_view text, BadReason reason) {
        if (bad_.count++ == 0) {
            bad_.first = number_;
            bad_.first_reason = reason;
        }
        if (!output_.prints_bad) return {};
        constexpr std::size_t shown_octets = 4096;
        cells_.assign({number_, to_string(reason), text.substr(0, shown_octets)});
        return sink_.row(cells_);
    }

    std::unique_ptr<logline::LineReader> reader_;
    TimeResolver resolver_;
    Output output_;
    InspectSink& sink_;
    logline::Entry entry_;
    std::vector<Cell> cells_;
    std::uint64_t number_ = 0;
    BadLines bad_;
    std::uint64_t unwritten_ = 0;
};

void log_defects(const Inspection& inspection, const std::string& name) {
    const BadLines& bad = inspection.bad_lines();
    if (bad.count > 0)
        log_warning(fmt::format(
            "{}: {} line{} cannot be read; the first is line {}: {}; next: "
            "--bad prints them",
            name, bad.count, bad.count == 1 ? "" : "s", bad.first, to_string(bad.first_reason)));
    if (inspection.unwritten() > 0)
        log_warning(fmt::format(
            "{}: {} line{} left out: the format of --write cannot state a name with blanks, an end "
            "that is no address, octets of both directions together, or no time; next: --write "
            "rows",
            name, inspection.unwritten(), inspection.unwritten() == 1 ? " is" : "s are"));
    if (inspection.evicted() > 0)
        log_warning(
            fmt::format("{}: {} sessions or mails were open at the same time and had to be "
                        "dropped; their later lines lack names or sizes",
                        name, inspection.evicted()));
}

}  // namespace

std::vector<DocumentedColumn> inspect_fields() {
    std::vector<DocumentedColumn> fields;
    for (const RowField& field : row_fields())
        fields.push_back({field.column, field.type, field.doc});
    return fields;
}

std::vector<Column> inspect_columns(const OptionValues& options) {
    if (options.boolean("bad"))
        return {{.key = "line", .title = "Line", .kind = ColumnKind::number},
                {.key = "reason", .title = "Reason"},
                {.key = "text", .title = "Text"}};
    std::vector<Column> columns;
    if (find_line_format(options.text("write")) != nullptr) return columns;
    for (const RowField& field : row_fields()) columns.push_back(field.column);
    return columns;
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(auto reader, open_reader(setup.options));
    TRY_ASSIGN(file::Stream stream, file::Stream::open(setup.path));
    TRY_ASSIGN(const UtcTime latest, latest_time(setup.path));
    TRY_ASSIGN(const auto resolver, open_resolver(setup.options, latest));
    TRY_ASSIGN(const Zone zone, zone_of(setup.options));
    const Inspection::Output output{.prints_bad = setup.options.boolean("bad"),
                                    .write = find_line_format(setup.options.text("write")),
                                    .zone = zone};
    Inspection inspection(std::move(reader), resolver, output, sink);
    file::LineReader lines(stream, logline::line_octets_max);
    for (;;) {
        TRY_ASSIGN(const auto line, lines.next());
        if (!line) break;
        TRY(inspection.line(*line));
    }
    if (const auto rest = lines.rest()) TRY(inspection.line(*rest));
    const std::string name = setup.path == "-" ? "standard input" : setup.path;
    log_defects(inspection, name);
    if (!stream.damage().empty()) return fmt::format("{}: {}", name, stream.damage());
    return std::string();
}

}  // namespace octroi::logs
