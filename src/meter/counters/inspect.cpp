// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/inspect.hpp"

#include <fmt/format.h>

#include "meter/counters/listing_text.hpp"
#include "meter/file/stream.hpp"

namespace octroi::counters {
namespace {

constexpr std::size_t listing_octets_max = std::size_t{256} << 20U;

Result<std::string> read_listing(const std::string& path) {
    TRY_ASSIGN(file::Stream stream, file::Stream::open(path));
    std::string text;
    while (true) {
        TRY(stream.fill(1));
        const ByteSpan octets = stream.unread();
        if (octets.empty()) break;
        for (const std::byte octet : octets) text.push_back(static_cast<char>(octet));
        stream.consume(octets.size());
        if (text.size() > listing_octets_max)
            return fail(ErrorCode::over_limit,
                        fmt::format("{}: a listing has at most {} octets; next: "
                                    "list one table at a time",
                                    path, listing_octets_max));
    }
    return text;
}

// A listing may have no counter: of an empty ruleset, or without the option -c.
bool is_listing_of_rules(std::string_view text) {
    const auto has_line = [&](std::string_view begin) {
        return text.starts_with(begin) || text.contains("\n" + std::string(begin));
    };
    return has_line("*") || has_line("Chain ") || has_line("{") || has_line("IP ");
}

Cell text_cell(const std::string& text) {
    if (text.empty()) return absent;
    return std::string_view(text);
}

template <typename Number>
Cell number_cell(const std::optional<Number>& number) {
    if (!number) return absent;
    return std::uint64_t{*number};
}

// One column: how it is shown, and its cell.
struct CounterColumn {
    DocumentedColumn documented;
    Cell (*cell)(const ListedCounter& counter);
};

std::vector<CounterColumn> counter_columns() {
    using C = ListedCounter;
    const auto text = [](const char* key, const char* title, const char* doc, int drop,
                         Cell (*cell)(const C&)) {
        return CounterColumn{{{.key = key, .title = title, .drop_priority = drop}, "text", doc},
                             cell};
    };
    return {
        text("family", "Family", "Address family of the table, of nftables.", 6,
             [](const C& c) { return text_cell(c.family); }),
        text("table", "Table", "The table. `iptables -L` does not state it.", 4,
             [](const C& c) { return text_cell(c.table); }),
        text("chain", "Chain", "The chain of a rule or policy.", 0,
             [](const C& c) { return text_cell(c.chain); }),
        text("form", "Form",
             "`policy` (of a chain: traffic that no rule ended), `rule`, `counter` (a named one), "
             "`quota`, `element` (of a set or map).",
             0, [](const C& c) { return Cell(std::string_view(to_string(c.form))); }),
        text("name", "Name", "Of a named counter or quota, or of the set of an element.", 0,
             [](const C& c) { return text_cell(c.name); }),
        text("element", "Element", "The key of an element.", 1,
             [](const C& c) { return text_cell(c.element); }),
        {{{.key = "handle",
           .title = "Handle",
           .kind = ColumnKind::number,
           .audience = Audience::machines},
          "integer",
          "The kernel's number of the rule or object, of nftables."},
         [](const C& c) { return number_cell(c.handle); }},
        text("rule", "Rule", "The rule as the listing has it; of nftables its statements.", 7,
             [](const C& c) { return text_cell(c.rule); }),
        text("target", "Target", "Where the rule sends packets, or the policy.", 5,
             [](const C& c) { return text_cell(c.target); }),
        text("comment", "Comment", "The comment of the rule, object or element.", 3,
             [](const C& c) { return text_cell(c.comment); }),
        {{{.key = "uid", .title = "Uid", .kind = ColumnKind::number, .drop_priority = 2},
          "integer",
          "The rule matches packets of this user (`--uid-owner`)."},
         [](const C& c) { return number_cell(c.uid); }},
        {{{.key = "packets", .title = "Packets", .kind = ColumnKind::packets},
          "integer",
          "Packets."},
         [](const C& c) { return number_cell(c.packets); }},
        {{{.key = "bytes", .title = "Bytes", .kind = ColumnKind::bytes},
          "integer",
          "Bytes of the IP packets."},
         [](const C& c) { return number_cell(c.bytes); }},
        {{{.key = "used",
           .title = "Used",
           .kind = ColumnKind::bytes,
           .audience = Audience::machines},
          "integer",
          "Bytes that a quota has counted."},
         [](const C& c) { return number_cell(c.used); }},
        {{{.key = "rounded", .title = "Rounded", .audience = Audience::machines},
          "boolean",
          "The listing has rounded figures (K, M, G): they are no accounting data."},
         [](const C& c) { return c.rounded ? Cell(true) : Cell(absent); }},
    };
}

std::string defect_of(const CounterListing& listing, const std::string& path) {
    if (listing.unread == 0) return "";
    return fmt::format("{}: {} counters could not be read; the first is in: {}", path,
                       listing.unread, listing.first_unread);
}

}  // namespace

std::vector<DocumentedColumn> inspect_fields() {
    std::vector<DocumentedColumn> fields;
    for (CounterColumn& column : counter_columns()) fields.push_back(std::move(column.documented));
    return fields;
}

std::vector<Column> inspect_columns(const OptionValues& /*options*/) {
    std::vector<Column> columns;
    for (DocumentedColumn& field : inspect_fields()) columns.push_back(std::move(field.column));
    return columns;
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(const std::string text, read_listing(setup.path));
    TRY_ASSIGN(const CounterListing listing,
               parse_listing(text, setup.options.text("format"), setup.path));
    if (listing.counters.empty() && listing.unread == 0 && !is_listing_of_rules(text))
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is no listing of counters; next: iptables-save -c > FILE, "
                                "iptables -nvxL > FILE, or nft -j list ruleset > FILE",
                                setup.path));
    const auto columns = counter_columns();
    std::vector<Cell> cells;
    for (const ListedCounter& counter : listing.counters) {
        cells.clear();
        for (const CounterColumn& column : columns) cells.push_back(column.cell(counter));
        TRY(sink.row(cells));
    }
    return defect_of(listing, setup.path);
}

}  // namespace octroi::counters
