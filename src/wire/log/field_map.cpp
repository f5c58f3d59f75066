// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/field_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"

namespace octroi::logline {
namespace {

constexpr std::array<std::pair<std::string_view, EntryField>, 20> entry_field_names{{
    {"time", EntryField::time},
    {"client", EntryField::client},
    {"client_port", EntryField::client_port},
    {"server", EntryField::server},
    {"server_port", EntryField::server_port},
    {"user", EntryField::user},
    {"login", EntryField::login},
    {"domain", EntryField::domain},
    {"client_domain", EntryField::client_domain},
    {"section", EntryField::section},
    {"service", EntryField::service},
    {"status", EntryField::status},
    {"mac", EntryField::mac},
    {"proto", EntryField::proto},
    {"in", EntryField::in},
    {"out", EntryField::out},
    {"both", EntryField::both},
    {"packets", EntryField::packets},
    {"duration", EntryField::duration},
    {"duration_ns", EntryField::duration_ns},
}};

std::string all_field_names() {
    std::string names;
    for (const auto& [name, field] : entry_field_names)
        names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
}

Status add_mapping(std::string_view name, std::string_view source, FieldMap& map) {
    if (name == "separator") {
        if (source != "tab" && source.size() != 1)
            return fail(ErrorCode::invalid,
                        "field map: the separator is one character; next: separator=tab for a tab");
        map.separator = source == "tab" ? '\t' : source.front();
        return {};
    }
    if (name == "layer") {
        if (source != "3" && source != "7")
            return fail(ErrorCode::invalid,
                        "field map: the layer is 3 (IP packets) or 7 (application data)");
        map.layer = source == "3" ? LineLayer::ip : LineLayer::application;
        return {};
    }
    const auto at =
        std::ranges::find(entry_field_names, name, &std::pair<std::string_view, EntryField>::first);
    if (at == entry_field_names.end())
        return fail(ErrorCode::invalid,
                    fmt::format("field map: '{}' is no field; next: one of {}, separator, layer",
                                name, all_field_names()));
    map.fields.push_back({at->second, std::string(source)});
    return {};
}

// "tcp", "UDP" or a number.
BadReason set_proto(std::string_view text, std::uint8_t& proto) {
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 6> names{
        {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"ipv6-icmp", 58}, {"gre", 47}, {"esp", 50}}};
    for (const auto& [name, number] : names) {
        const bool is_same = std::ranges::equal(
            name, text, [](char a, char b) { return a == b || a == (b | 0x20); });
        if (is_same) {
            proto = number;
            return BadReason::none;
        }
    }
    std::uint64_t number = 0;
    // Names of other protocols are left out.
    if (parse_number(text, number) && number <= UINT8_MAX)
        proto = static_cast<std::uint8_t>(number);
    return BadReason::none;
}

// "12.5ms", "3us", "0.5s", as Go writes them; forms with minutes and hours are left out.
bool parse_unit_duration(std::string_view text, std::int64_t& ns) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units{
        {{"ms", 1000},
         {"us", 1'000'000},
         {"\xc2\xb5s", 1'000'000},
         {"ns", 1'000'000'000},
         {"s", 1}}};
    for (const auto& [unit, divisor] : units) {
        if (!text.ends_with(unit)) continue;
        text.remove_suffix(unit.size());
        if (!parse_seconds(text, ns)) return false;
        ns /= divisor;
        return true;
    }
    return false;
}

BadReason set_mapped_duration(EntryField field, std::string_view text, Entry& entry) {
    std::uint64_t ns = 0;
    if (field == EntryField::duration_ns) {
        if (!parse_number(text, ns) || ns > volume_max) return BadReason::number;
        entry.duration_ns = static_cast<std::int64_t>(ns);
    } else if (!parse_seconds(text, entry.duration_ns) &&
               !parse_unit_duration(text, entry.duration_ns)) {
        entry.duration_ns = 0;
        // JSON writes small numbers as "9.3e-05": below a millisecond. Without a duration the
        // octets count all the same.
        if (!text.contains("e-")) return BadReason::none;
    }
    entry.has_duration = true;
    return BadReason::none;
}

BadReason set_mapped_end(EntryField field, std::string_view text, Entry& entry) {
    End& end = field == EntryField::client ? entry.client : entry.server;
    const std::uint16_t port = end.port;
    end = make_end_with_port(text);
    if (end.port == 0) end.port = port;
    return BadReason::none;
}

BadReason set_mapped_time(std::string_view text, Entry& entry) {
    std::string_view rest = text;
    return read_any_time(rest, entry.time) && rest.empty() ? BadReason::none : BadReason::time;
}

}  // namespace

Result<FieldMap> parse_field_map(std::string_view text) {
    FieldMap map;
    for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos || equals + 1 == word.size())
            return fail(ErrorCode::invalid,
                        fmt::format("field map: '{}' has not the form field=name; next: "
                                    "time=ts user=login in=rx out=tx",
                                    word));
        TRY(add_mapping(word.substr(0, equals), word.substr(equals + 1), map));
    }
    if (map.fields.size() > mapped_fields_max)
        return fail(ErrorCode::invalid,
                    fmt::format("field map: more than {} fields", mapped_fields_max));
    if (!has_source(map, EntryField::in) && !has_source(map, EntryField::out) &&
        !has_source(map, EntryField::both))
        return fail(ErrorCode::invalid,
                    "field map: no field states octets; next: add in=, out= or both=");
    return map;
}

BadReason set_field(EntryField field, std::string_view text, Entry& entry) {
    if (stated(text).empty()) return BadReason::none;
    switch (field) {
        case EntryField::time:
            return set_mapped_time(text, entry);
        case EntryField::client:
        case EntryField::server:
            return set_mapped_end(field, text, entry);
        case EntryField::client_port:
            entry.client.port = parse_port(text);
            break;
        case EntryField::server_port:
            entry.server.port = parse_port(text);
            break;
        case EntryField::user:
            entry.user = text;
            break;
        case EntryField::login:
            entry.login = text;
            break;
        case EntryField::domain:
            entry.domain = without_port(text);
            break;
        case EntryField::client_domain:
            entry.domain = without_port(text);
            entry.domain_unverified = true;
            break;
        case EntryField::section:
            entry.section = text;
            break;
        case EntryField::service:
            entry.service = text;
            break;
        case EntryField::status:
            entry.status = text;
            break;
        case EntryField::mac:
            entry.mac = text;
            break;
        case EntryField::proto:
            return set_proto(text, entry.proto);
        case EntryField::in:
            return parse_count(text, entry.in);
        case EntryField::out:
            return parse_count(text, entry.out);
        case EntryField::both:
            return parse_count(text, entry.both);
        case EntryField::packets:
            return parse_count(text, entry.packets);
        case EntryField::duration:
        case EntryField::duration_ns:
            return set_mapped_duration(field, text, entry);
    }
    return BadReason::none;
}

bool has_field(EntryField field, const Entry& entry) {
    switch (field) {
        case EntryField::time:
            return entry.time.stated;
        case EntryField::client:
            return !entry.client.text.empty();
        case EntryField::client_port:
            return entry.client.port != 0;
        case EntryField::server:
            return !entry.server.text.empty();
        case EntryField::server_port:
            return entry.server.port != 0;
        case EntryField::user:
            return !entry.user.empty();
        case EntryField::login:
            return !entry.login.empty();
        case EntryField::domain:
        case EntryField::client_domain:
            return !entry.domain.empty();
        case EntryField::section:
            return !entry.section.empty();
        case EntryField::service:
            return !entry.service.empty();
        case EntryField::status:
            return !entry.status.empty();
        case EntryField::mac:
            return !entry.mac.empty();
        case EntryField::proto:
            return entry.proto != 0;
        case EntryField::in:
            return entry.in.stated;
        case EntryField::out:
            return entry.out.stated;
        case EntryField::both:
            return entry.both.stated;
        case EntryField::packets:
            return entry.packets.stated;
        case EntryField::duration:
        case EntryField::duration_ns:
            return entry.has_duration;
    }
    return false;
}

bool has_source(const FieldMap& map, EntryField field) {
    return std::ranges::any_of(map.fields,
                               [&](const MappedField& each) { return each.field == field; });
}

LineResult finish_mapped(const FieldMap& map, bool needs_time, Entry& entry) {
    if (!entry.in.stated && !entry.out.stated && !entry.both.stated) return LineResult::other();
    if (needs_time && !entry.time.stated) return LineResult::bad(BadReason::time);
    if (entry.both.stated && !set_both(entry)) return LineResult::bad(BadReason::number);
    entry.layer = map.layer;
    entry.time_is_begin = map.time_is_begin;
    if (entry.service.empty()) entry.service = map.service;
    entry.user_unverified = entry.status == "401" || entry.status == "407";
    return LineResult::traffic();
}

}  // namespace octroi::logline
