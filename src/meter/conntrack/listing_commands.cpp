// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/listing_commands.hpp"

#include <fmt/format.h>

#include <array>

#include "meter/file/line_reader.hpp"
#include "wire/conntrack/listing.hpp"

namespace octroi::conntrack {
namespace {

constexpr std::uint8_t number_of_icmp = 1;
constexpr std::uint8_t number_of_icmpv6 = 58;

// One direction of a connection.
struct ListedDirection {
    const ListedConnection* connection;
    bool is_reply;

    [[nodiscard]] const Tuple& tuple() const {
        const Connection& c = connection->entry.connection;
        return is_reply ? c.reply : c.original;
    }
    // The other direction: its ends, exchanged, are those of this one behind NAT.
    [[nodiscard]] const Tuple& other() const {
        const Connection& c = connection->entry.connection;
        return is_reply ? c.original : c.reply;
    }
    [[nodiscard]] const Count& count() const {
        return is_reply ? connection->entry.reply : connection->entry.original;
    }
    // A zone may apply to one direction only.
    [[nodiscard]] std::uint16_t zone() const {
        const Entry& entry = connection->entry;
        const std::uint16_t own = is_reply ? entry.reply_zone : entry.original_zone;
        return own != 0 ? own : entry.zone;
    }
    [[nodiscard]] bool is_query() const {
        return tuple().proto == number_of_icmp || tuple().proto == number_of_icmpv6;
    }
    [[nodiscard]] bool has_ports() const {
        return !is_query() && (tuple().sport != 0 || tuple().dport != 0);
    }
};

Cell number_if(bool known, std::uint64_t value) { return known ? Cell{value} : Cell{}; }

Cell event_of(const ListedConnection& c) {
    switch (c.event) {
        case ListedEvent::none:
            return {};
        case ListedEvent::begun:
            return std::string_view("new");
        case ListedEvent::updated:
            return std::string_view("update");
        case ListedEvent::ended:
            return std::string_view("destroy");
    }
    return {};
}

Cell first_of(const ListedDirection& d) {
    const ListedConnection& c = *d.connection;
    if (c.event == ListedEvent::begun && c.time) return Moment{*c.time, 6};
    if (!c.time || !c.age_seconds) return {};
    return Moment{*c.time - Duration::seconds(*c.age_seconds), 0};
}

Cell last_of(const ListedDirection& d) {
    const ListedConnection& c = *d.connection;
    if (!c.time || c.event != ListedEvent::ended) return {};
    return Moment{*c.time, 6};
}

struct ListingField {
    Column column;
    std::string_view type;
    std::string_view doc;
    Cell (*value)(const ListedDirection& direction);
};

const std::array listing_table{
    ListingField{{"event", "Event"},
                 "text",
                 "`new`, `update` or `destroy`; absent in a listing of the table.",
                 [](const ListedDirection& d) { return event_of(*d.connection); }},
    ListingField{{"direction", "Direction"},
                 "text",
                 "`original`: from the end that began the connection; `reply`: to it.",
                 [](const ListedDirection& d) {
                     return Cell{std::string_view(d.is_reply ? "reply" : "original")};
                 }},
    ListingField{{"src", "Source"},
                 "address",
                 "Source of packets of this direction as they come in.",
                 [](const ListedDirection& d) { return Cell{d.tuple().src}; }},
    ListingField{
        {"sport", "Port", ColumnKind::number},
        "integer",
        "Source port.",
        [](const ListedDirection& d) { return number_if(d.has_ports(), d.tuple().sport); }},
    ListingField{{"dst", "Destination"},
                 "address",
                 "Destination of these packets.",
                 [](const ListedDirection& d) { return Cell{d.tuple().dst}; }},
    ListingField{
        {"dport", "Port", ColumnKind::number},
        "integer",
        "Destination port.",
        [](const ListedDirection& d) { return number_if(d.has_ports(), d.tuple().dport); }},
    ListingField{{"proto", "Proto", ColumnKind::number},
                 "integer",
                 "IANA protocol number.",
                 [](const ListedDirection& d) { return Cell{std::uint64_t{d.tuple().proto}}; }},
    ListingField{{"packets", "Packets", ColumnKind::packets},
                 "integer",
                 "IP packets of this direction; absent without counters.",
                 [](const ListedDirection& d) {
                     return number_if(d.connection->entry.has_counts, d.count().packets);
                 }},
    ListingField{{"bytes", "Bytes", ColumnKind::bytes},
                 "integer",
                 "Layer 3 bytes of this direction; absent without counters.",
                 [](const ListedDirection& d) {
                     return number_if(d.connection->entry.has_counts, d.count().bytes);
                 }},
    ListingField{{"first", "First", ColumnKind::time, Audience::everyone, 1},
                 "time",
                 "When the connection began: of an event with a time, and with the age.",
                 first_of},
    ListingField{{"last", "Last", ColumnKind::time, Audience::machines},
                 "time",
                 "When it ended: of a `destroy` with a time.",
                 last_of},
    ListingField{
        {"icmp_type", "ICMP type", ColumnKind::number, Audience::machines},
        "integer",
        "ICMP and ICMPv6 only.",
        [](const ListedDirection& d) { return number_if(d.is_query(), d.tuple().icmp_type); }},
    ListingField{
        {"icmp_code", "ICMP code", ColumnKind::number, Audience::machines},
        "integer",
        "ICMP and ICMPv6 only.",
        [](const ListedDirection& d) { return number_if(d.is_query(), d.tuple().icmp_code); }},
    ListingField{{"nat_src", "NAT source", ColumnKind::text, Audience::everyone, 2},
                 "address",
                 "Source behind NAT; absent if it is the same.",
                 [](const ListedDirection& d) {
                     return d.other().dst == d.tuple().src ? Cell{} : Cell{d.other().dst};
                 }},
    ListingField{{"nat_sport", "NAT port", ColumnKind::number, Audience::machines},
                 "integer",
                 "Source port behind NAT; absent if it is the same.",
                 [](const ListedDirection& d) {
                     return number_if(d.has_ports() && d.other().dport != d.tuple().sport,
                                      d.other().dport);
                 }},
    ListingField{{"nat_dst", "NAT destination", ColumnKind::text, Audience::everyone, 2},
                 "address",
                 "Destination behind NAT; absent if it is the same.",
                 [](const ListedDirection& d) {
                     return d.other().src == d.tuple().dst ? Cell{} : Cell{d.other().src};
                 }},
    ListingField{{"nat_dport", "NAT port", ColumnKind::number, Audience::machines},
                 "integer",
                 "Destination port behind NAT; absent if it is the same.",
                 [](const ListedDirection& d) {
                     return number_if(d.has_ports() && d.other().sport != d.tuple().dport,
                                      d.other().sport);
                 }},
    ListingField{{"state", "State", ColumnKind::text, Audience::everyone, 3},
                 "text",
                 "State of the protocol: `ESTABLISHED`.",
                 [](const ListedDirection& d) {
                     const std::string_view state = d.connection->state;
                     return state.empty() ? Cell{} : Cell{state};
                 }},
    ListingField{{"id", "Id", ColumnKind::number, Audience::machines},
                 "integer",
                 "Number of the connection; the kernel uses numbers again.",
                 [](const ListedDirection& d) {
                     return number_if(d.connection->id.has_value(), d.connection->id.value_or(0));
                 }},
    ListingField{{"zone", "Zone", ColumnKind::number, Audience::machines},
                 "integer",
                 "Zone of this direction; absent if it is 0.",
                 [](const ListedDirection& d) { return number_if(d.zone() != 0, d.zone()); }},
    ListingField{{"mark", "Mark", ColumnKind::number, Audience::machines},
                 "integer",
                 "Mark of the connection; absent if it is 0.",
                 [](const ListedDirection& d) {
                     return number_if(d.connection->entry.mark != 0, d.connection->entry.mark);
                 }},
    ListingField{
        {"offloaded", "Offloaded", ColumnKind::text, Audience::machines},
        "boolean",
        "True: a flowtable forwards its packets. Absent: it does not.",
        [](const ListedDirection& d) { return d.connection->offloaded ? Cell{true} : Cell{}; }},
};

// What a file contains that is no connection.
struct BadLines {
    std::uint64_t count = 0;
    std::uint64_t first = 0;
};

}  // namespace

std::vector<DocumentedColumn> listing_fields() {
    std::vector<DocumentedColumn> fields;
    for (const ListingField& field : listing_table)
        fields.push_back({field.column, field.type, field.doc});
    return fields;
}

std::vector<Column> listing_columns(const OptionValues& /*options*/) {
    std::vector<Column> columns;
    for (const ListingField& field : listing_table) columns.push_back(field.column);
    return columns;
}

Result<std::string> inspect_listing(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(file::Stream stream, file::Stream::open(setup.path));
    const std::string name = setup.path == "-" ? "standard input" : setup.path;
    std::vector<Cell> cells;
    std::uint64_t connections = 0;
    BadLines bad;
    const auto print = [&](const file::Line& line) -> Status {
        ListedConnection connection;
        const ListingLine decoded =
            line.is_cut ? ListingLine::malformed : decode_line(line.text, connection);
        if (decoded == ListingLine::malformed && bad.count++ == 0) bad.first = line.number;
        if (decoded != ListingLine::connection) return {};
        ++connections;
        for (const bool is_reply : {false, true}) {
            cells.resize(listing_table.size());
            for (std::size_t i = 0; i < cells.size(); ++i)
                cells[i] = listing_table.at(i).value({&connection, is_reply});
            TRY(sink.row(cells));
        }
        return {};
    };
    file::LineReader lines(stream, listing_line_octets_max);
    for (;;) {
        TRY_ASSIGN(const auto line, lines.next());
        if (!line) break;
        TRY(print(*line));
    }
    if (const auto rest = lines.rest()) TRY(print(*rest));
    if (connections == 0 && bad.count > 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is no listing of connections; next: the output of conntrack -L "
                                "or conntrack -E, or /proc/net/nf_conntrack",
                                name));
    if (!stream.damage().empty()) return fmt::format("{}: {}", name, stream.damage());
    if (bad.count == 0) return std::string();
    return fmt::format("{}: lines that are no connections: {}; the first one is line {}", name,
                       bad.count, bad.first);
}

}  // namespace octroi::conntrack
