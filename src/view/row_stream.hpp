// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rows for machines, one at a time and without keeping them: a million rows take one buffer.

#include <span>

#include "view/cell_text.hpp"
#include "view/text_sink.hpp"

namespace octroi {

enum class MachineFormat {
    json,    // one document (RFC 8259)
    ndjson,  // an object in each line; absent cells are left out
    csv,     // RFC 4180: header, CRLF, absent cells are empty
};

// Not for several threads. Text reaches the sink in pieces of about 64 KiB.
class RowStream {
public:
    // Columns for people only are left out. meta and totals are JSON's alone (see Report).
    RowStream(std::span<const Column> columns, MachineFormat format, TextSink sink,
              std::span<const Fact> meta = {});

    // As many cells as columns were given.
    [[nodiscard]] Status row(std::span<const Cell> cells);
    // Ends the document and hands over what is left. Nothing may be called afterwards.
    [[nodiscard]] Status finish(std::span<const Cell> totals = {});

private:
    void object(std::span<const Cell> cells);
    void csv_line(std::span<const Cell> cells);
    void begin(std::span<const Fact> meta);
    [[nodiscard]] Status flush();

    struct Key {
        std::size_t column = 0;
        std::string text;  // JSON: "key": with quotes and colon
    };
    std::vector<Key> keys_;
    std::size_t columns_ = 0;
    MachineFormat format_;
    TextSink sink_;
    bool in_object_ = false;  // JSON with meta
    bool first_ = true;
    TextBuffer out_;
};

// The whole report.
[[nodiscard]] Status write_machine(const Report& report, MachineFormat format,
                                   const TextSink& sink);

// One JSON object: {"key":value,...}, absent facts left out, with a line end. For summaries.
[[nodiscard]] std::string json_object(std::span<const Fact> facts);

}  // namespace octroi
