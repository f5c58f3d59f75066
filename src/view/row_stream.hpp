// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Writes rows for machines one at a time. It keeps no rows: a million rows need one buffer.

#include <span>

#include "view/cell_text.hpp"
#include "view/text_sink.hpp"

namespace octroi {

enum class MachineFormat {
    json,     // one document (RFC 8259)
    ndjson,   // one object per line; absent cells are left out
    csv,      // RFC 4180: header, CRLF; absent cells are empty; CsvTexts::neutral
    csv_raw,  // the same with CsvTexts::raw
};

// For one thread. The sink gets text in pieces of about 64 KiB.
class RowStream {
public:
    // Columns for people are left out. Only JSON has meta, lists and totals (see Report).
    RowStream(std::span<const Column> columns, MachineFormat format, TextSink sink,
              std::span<const Fact> meta = {}, std::span<const FactList> lists = {});

    // Exactly one cell per column.
    [[nodiscard]] Status row(std::span<const Cell> cells);
    // Ends the document and writes the rest to the sink. No function may be called after it.
    [[nodiscard]] Status finish(std::span<const Cell> totals = {});

private:
    void object(std::span<const Cell> cells);
    [[nodiscard]] bool is_csv() const {
        return format_ == MachineFormat::csv || format_ == MachineFormat::csv_raw;
    }
    void csv_line(std::span<const Cell> cells);
    void begin(std::span<const Fact> meta, std::span<const FactList> lists);
    [[nodiscard]] Status flush();

    struct Key {
        std::size_t column = 0;
        std::string text;  // JSON: "key": with quotes and colon
    };
    std::vector<Key> keys_;
    std::size_t columns_ = 0;
    MachineFormat format_;
    TextSink sink_;
    bool in_object_ = false;  // JSON with meta: the document is an object
    bool first_ = true;
    TextBuffer out_;
};

// The whole report.
[[nodiscard]] Status write_machine(const Report& report, MachineFormat format,
                                   const TextSink& sink);

// One JSON object for a summary: {"key":value,...} and a line end. Absent facts are left out.
[[nodiscard]] std::string json_object(std::span<const Fact> facts);

}  // namespace octroi
