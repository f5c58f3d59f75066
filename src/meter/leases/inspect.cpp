// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/inspect.hpp"

#include <fmt/format.h>

#include "meter/file/stream.hpp"
#include "wire/leases/open_reader.hpp"

namespace octroi::dhcp {

using leases::Lease;
using leases::LeaseFormat;
using leases::LeaseState;

namespace {

constexpr std::size_t part_octets = std::size_t{64} * 1024;

std::string_view state_text(LeaseState state) {
    switch (state) {
        case LeaseState::active:
            return "active";
        case LeaseState::ended:
            return "ended";
        case LeaseState::removed:
            break;
    }
    return "removed";
}

Cell time_cell(const std::optional<UtcTime>& time) {
    return time ? Cell(Moment{*time}) : Cell(absent);
}

std::string shown_prefix(const Prefix& prefix) {
    return prefix.length == prefix.address.bits() ? to_string(prefix.address) : to_string(prefix);
}

Status write_row(const Lease& lease, std::vector<Cell>& cells, InspectSink& sink) {
    const std::string address = shown_prefix(lease.prefix);
    const std::string mac = to_string(lease.mac);
    cells = {std::string_view(address),
             lease.mac.empty() ? Cell(absent) : Cell(std::string_view(mac)),
             state_text(lease.state), time_cell(lease.begin), time_cell(lease.end)};
    return sink.row(cells);
}

std::string_view stream_text(ByteSpan octets) {
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

}  // namespace

LeaseFormat format_of(std::string_view word) {
    for (const LeaseFormat format : {LeaseFormat::dhcpd, LeaseFormat::kea, LeaseFormat::dnsmasq})
        if (leases::to_string(format) == word) return format;
    return LeaseFormat::unknown;
}

std::vector<DocumentedColumn> lease_fields() {
    return {
        {{.key = "address", .title = "Address"}, "prefix", "The address, or the prefix."},
        {{.key = "mac", .title = "MAC"},
         "text",
         "The MAC address of the client; of IPv6 that of its DUID."},
        {{.key = "state", .title = "State"},
         "text",
         "`active`; `ended`: nobody holds the address after `end`; `removed`: nobody holds it."},
        {{.key = "begin", .title = "Begin", .kind = ColumnKind::time},
         "time",
         "When the lease began or was last renewed; dnsmasq does not state it."},
        {{.key = "end", .title = "End", .kind = ColumnKind::time},
         "time",
         "When it ends at the latest, or ended."}};
}

std::vector<Column> lease_columns(const OptionValues& /*options*/) {
    std::vector<Column> columns;
    for (DocumentedColumn& field : lease_fields()) columns.push_back(std::move(field.column));
    return columns;
}

Result<std::string> inspect_leases(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(file::Stream stream, file::Stream::open(setup.path));
    TRY(stream.fill(part_octets));
    LeaseFormat format = format_of(setup.options.text("format"));
    if (format == LeaseFormat::unknown)
        format = leases::recognise_format(stream_text(stream.unread()));
    const auto reader = leases::open_reader(format);
    if (reader == nullptr)
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: the first line is not one of a lease file; next: --format "
                                "dhcpd, kea or dnsmasq",
                                setup.path));
    std::string text;
    std::vector<Lease> read;
    std::vector<Cell> cells;
    do {
        text += stream_text(stream.unread());
        stream.consume(stream.unread().size());
        read.clear();
        text.erase(0, reader->decode(text, read));
        for (const Lease& lease : read) TRY(write_row(lease, cells, sink));
        TRY(stream.fill(part_octets));
    } while (!stream.unread().empty());
    const std::uint64_t bad = reader->counts().bad;
    const bool has_rest = text.find_first_not_of(" \t\r\n") != std::string::npos;
    if (bad == 0 && !has_rest) return std::string();
    return fmt::format("{}: {} records cannot be read{}", setup.path, bad,
                       has_rest ? ", and the file ends within a record" : "");
}

}  // namespace octroi::dhcp
