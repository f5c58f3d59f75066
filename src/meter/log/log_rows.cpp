// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_rows.hpp"

#include <array>

namespace octroi::logs {
namespace {

using logline::Count;
using logline::Entry;
using logline::LineLayer;

Cell text_or_absent(std::string_view text) { return text.empty() ? Cell{} : Cell{text}; }
Cell true_or_absent(bool value) { return value ? Cell{true} : Cell{}; }
Cell count_or_absent(const Count& count) { return count.stated ? Cell{count.value} : Cell{}; }
Cell port_or_absent(std::uint16_t port) { return port != 0 ? Cell{std::uint64_t{port}} : Cell{}; }
Cell end_cell(const logline::End& end) {
    return end.address.empty() ? text_or_absent(end.text) : Cell{end.address};
}

Cell layer_cell(const RowSource& source) {
    switch (source.entry.layer) {
        case LineLayer::application:
            return std::uint64_t{7};
        case LineLayer::ip:
            return std::uint64_t{3};
        case LineLayer::unknown:
            break;
    }
    return {};
}

const std::array fields{
    RowField{{"line", "Line", ColumnKind::number},
             "integer",
             "Number of the line in the file, from 1.",
             [](const RowSource& s) { return Cell{s.line}; }},
    RowField{{"time", "Time", ColumnKind::time},
             "time",
             "Time stamp of the line; absent if it names no moment.",
             [](const RowSource& s) {
                 return s.time ? Cell{Moment{*s.time, s.entry.time.digits}} : Cell{};
             }},
    RowField{{"duration", "Duration", ColumnKind::duration, Audience::machines},
             "number",
             "Seconds that the transfer lasted.",
             [](const RowSource& s) {
                 return s.entry.has_duration ? Cell{Duration{s.entry.duration_ns}} : Cell{};
             }},
    RowField{{"peer", "Peer"},
             "address",
             "The client: its address, or its name as the line has it.",
             [](const RowSource& s) { return end_cell(s.entry.client); }},
    RowField{{"peer_port", "Port", ColumnKind::number, Audience::machines},
             "integer",
             "Port of the client.",
             [](const RowSource& s) { return port_or_absent(s.entry.client.port); }},
    RowField{{"server", "Server", ColumnKind::text, Audience::machines},
             "address",
             "The server, or the host that received a mail.",
             [](const RowSource& s) { return end_cell(s.entry.server); }},
    RowField{{"server_port", "Port", ColumnKind::number, Audience::machines},
             "integer",
             "Port of the server.",
             [](const RowSource& s) { return port_or_absent(s.entry.server.port); }},
    RowField{{"user", "User"},
             "text",
             "The name that the traffic belongs to: a login, the sender or recipient of a mail.",
             [](const RowSource& s) { return text_or_absent(s.entry.user); }},
    RowField{{"login", "Login", ColumnKind::text, Audience::machines},
             "text",
             "The authenticated name, where `user` is another one.",
             [](const RowSource& s) { return text_or_absent(s.entry.login); }},
    RowField{{"domain", "Domain"},
             "text",
             "Virtual host, domain of the mail address, bucket.",
             [](const RowSource& s) { return text_or_absent(s.entry.domain); }},
    RowField{{"section", "Section", ColumnKind::text, Audience::machines},
             "text",
             "Part of the server: frontend, rsync module, network interface.",
             [](const RowSource& s) { return text_or_absent(s.entry.section); }},
    RowField{{"mac", "MAC", ColumnKind::text, Audience::machines},
             "text",
             "MAC address of the client, as the line has it.",
             [](const RowSource& s) { return text_or_absent(s.entry.mac); }},
    RowField{{"proto", "Proto", ColumnKind::number, Audience::machines},
             "integer",
             "IANA protocol number.",
             [](const RowSource& s) {
                 return s.entry.proto != 0 ? Cell{std::uint64_t{s.entry.proto}} : Cell{};
             }},
    RowField{{"packets", "Packets", ColumnKind::packets, Audience::machines},
             "integer",
             "Packets of all directions.",
             [](const RowSource& s) { return count_or_absent(s.entry.packets); }},
    RowField{{"bytes_in", "In", ColumnKind::bytes},
             "integer",
             "Bytes from the client, as the format defines them.",
             [](const RowSource& s) { return count_or_absent(s.entry.in); }},
    RowField{{"bytes_out", "Out", ColumnKind::bytes},
             "integer",
             "Bytes to the client.",
             [](const RowSource& s) { return count_or_absent(s.entry.out); }},
    RowField{{"bytes", "Both", ColumnKind::bytes, Audience::everyone, 1},
             "integer",
             "Bytes of both directions, where the line does not separate them.",
             [](const RowSource& s) { return count_or_absent(s.entry.both); }},
    RowField{{"service", "Service"},
             "text",
             "`http`, `proxy`, `ftp`, `smtp`…",
             [](const RowSource& s) { return text_or_absent(s.entry.service); }},
    RowField{{"status", "Status"},
             "text",
             "Status code; `complete` or `incomplete`; of mails `queued` or `sent`.",
             [](const RowSource& s) { return text_or_absent(s.entry.status); }},
    RowField{{"layer", "Layer", ColumnKind::number, Audience::machines},
             "integer",
             "Where bytes are counted: 7 (application data), 3 (IP packets).",
             layer_cell},
    RowField{{"unverified_user", "Unverified user", ColumnKind::text, Audience::machines},
             "boolean",
             "True: the client chose `user` and was not authenticated.",
             [](const RowSource& s) {
                 return true_or_absent(s.entry.user_unverified && !s.entry.user.empty());
             }},
    RowField{{"unverified_domain", "Unverified domain", ColumnKind::text, Audience::machines},
             "boolean",
             "True: `domain` is the name that the client sent.",
             [](const RowSource& s) { return true_or_absent(s.entry.domain_unverified); }},
    RowField{{"ambiguous_user", "Ambiguous user", ColumnKind::text, Audience::machines},
             "boolean",
             "True: a name in the line imitates its fields; the user is left out.",
             [](const RowSource& s) { return true_or_absent(s.entry.user_ambiguous); }},
};

}  // namespace

std::span<const RowField> row_fields() { return fields; }

}  // namespace octroi::logs
