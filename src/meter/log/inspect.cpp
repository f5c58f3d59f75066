// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/inspect.hpp"

#include <fmt/format.h>

#include "host/log.hpp"
#include "meter/file/line_reader.hpp"
#include "meter/file/stream.hpp"
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
    Inspection(std::unique_ptr<logline::LineReader> reader, const TimeResolver& resolver,
               bool prints_bad, InspectSink& sink)
        : reader_(std::move(reader)), resolver_(resolver), prints_bad_(prints_bad), sink_(sink) {}

    Status line(const file::Line& line) {
        ++number_;
        LineResult result =
            line.is_cut ? LineResult::bad(BadReason::too_long) : reader_->read(line.text, entry_);
        std::optional<UtcTime> time;
        if (result.kind == LineKind::traffic) {
            time = resolver_.resolve(entry_.time);
            if (entry_.time.stated && !time) result = LineResult::bad(BadReason::time);
        }
        if (result.kind == LineKind::bad) return bad(line.text, result.reason);
        if (result.kind == LineKind::other || result.kind == LineKind::identity || prints_bad_)
            return {};
        cells_.clear();
        for (const RowField& field : row_fields())
            cells_.push_back(field.value({entry_, number_, time}));
        return sink_.row(cells_);
    }

    [[nodiscard]] const BadLines& bad_lines() const { return bad_; }
    [[nodiscard]] std::uint64_t evicted() const { return reader_->evicted(); }

private:
    Status bad(std::string_view text, BadReason reason) {
        if (bad_.count++ == 0) {
            bad_.first = number_;
            bad_.first_reason = reason;
        }
        if (!prints_bad_) return {};
        constexpr std::size_t shown_octets = 4096;
        cells_.assign({number_, to_string(reason), text.substr(0, shown_octets)});
        return sink_.row(cells_);
    }

    std::unique_ptr<logline::LineReader> reader_;
    TimeResolver resolver_;
    bool prints_bad_;
    InspectSink& sink_;
    logline::Entry entry_;
    std::vector<Cell> cells_;
    std::uint64_t number_ = 0;
    BadLines bad_;
};

void log_defects(const Inspection& inspection, const std::string& name) {
    const BadLines& bad = inspection.bad_lines();
    if (bad.count > 0)
        log_warning(fmt::format(
            "{}: {} line{} cannot be read; the first is line {}: {}; next: "
            "--bad prints them",
            name, bad.count, bad.count == 1 ? "" : "s", bad.first, to_string(bad.first_reason)));
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
    for (const RowField& field : row_fields()) columns.push_back(field.column);
    return columns;
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(auto reader, open_reader(setup.options));
    TRY_ASSIGN(file::Stream stream, file::Stream::open(setup.path));
    TRY_ASSIGN(const UtcTime latest, latest_time(setup.path));
    TRY_ASSIGN(const auto resolver, open_resolver(setup.options, latest));
    Inspection inspection(std::move(reader), resolver, setup.options.boolean("bad"), sink);
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
