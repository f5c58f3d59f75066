// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/cell_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include "view/text.hpp"

namespace octroi {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

template <typename... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// Octets that need no escape in a JSON string: printable ASCII except quote and backslash.
constexpr std::array<bool, 256> plain_json = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x20; c < 0x7F; ++c) table.at(c) = c != '"' && c != '\\';
    return table;
}();

void append_escaped(TextBuffer& out, char32_t c) {
    switch (c) {
        case '"':
            return append(out, "\\\"");
        case '\\':
            return append(out, "\\\\");
        case '\n':
            return append(out, "\\n");
        case '\r':
            return append(out, "\\r");
        case '\t':
            return append(out, "\\t");
        default:
            break;
    }
    append(out, "\\u00");
    out.push_back(hex[(c >> 4U) & 0xFU]);
    out.push_back(hex[c & 0xFU]);
}

void append_two(TextBuffer& out, unsigned value) {
    out.push_back(static_cast<char>('0' + value / 10));
    out.push_back(static_cast<char>('0' + value % 10));
}

void append_number(TextBuffer& out, const auto value) {
    const fmt::format_int text(value);
    append(out, {text.data(), text.size()});
}

void append_seconds(TextBuffer& out, Duration d) {
    constexpr std::uint64_t second = 1'000'000'000;
    const auto bits = static_cast<std::uint64_t>(d.ns);
    const std::uint64_t ns = d.ns < 0 ? 0 - bits : bits;
    if (d.ns < 0) out.push_back('-');
    append_number(out, ns / second);
    if (ns % second == 0) return;
    std::string fraction = fmt::format("{:09}", ns % second);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out.push_back('.');
    append(out, fraction);
}

void append_double(TextBuffer& out, double value) {
    // JSON has no notation for NaN and infinity (RFC 8259 section 6).
    if (std::isfinite(value)) {
        fmt::format_to(fmt::appender(out), "{}", value);
    } else {
        append(out, "null");
    }
}

void append_group(TextBuffer& out, unsigned group) {
    bool begun = false;
    for (unsigned shift = 16; shift > 0; shift -= 4) {
        const unsigned digit = (group >> (shift - 4)) & 0xFU;
        begun = begun || digit != 0 || shift == 4;
        if (begun) out.push_back(hex[digit]);
    }
}

// RFC 5952: "::" replaces the longest run of two or more zero groups, the first one if several are
// equally long.
void append_v6(TextBuffer& out, const Address& address) {
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i)
        groups.at(i) = unsigned{address.octets.at(2 * i)} << 8U | address.octets.at(2 * i + 1);
    std::size_t gap = 8;
    std::size_t gap_length = 1;
    for (std::size_t i = 0; i < 8;) {
        std::size_t end = i;
        while (end < 8 && groups.at(end) == 0) ++end;
        if (end - i > gap_length) {
            gap = i;
            gap_length = end - i;
        }
        i = end + 1;
    }
    // base knows the few forms that end in dotted decimal (section 5).
    if (gap == 0 && gap_length >= 5) return append(out, to_string(address));
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap) {
            append(out, "::");
            i += gap_length - 1;
            continue;
        }
        if (i > 0 && i != gap + gap_length) out.push_back(':');
        append_group(out, groups.at(i));
    }
}

std::string joined(const std::vector<std::string>& list, std::string_view between) {
    return fmt::format("{}", fmt::join(list, between));
}

}  // namespace

void append_json_string(TextBuffer& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && plain_json[static_cast<unsigned char>(text[plain])]) ++plain;
        append(out, text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto [c, octets] = decode_code_point(text);
        // 0x7F and the C1 controls are legal in JSON, but a terminal that prints them obeys them.
        const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
        if (control || c == '"' || c == '\\') {
            append_escaped(out, c);
        } else {
            append(out, octets);
        }
    }
    out.push_back('"');
}

namespace {

bool is_obeyed(char32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
}

// Spreadsheets take a cell that begins with one of these as a formula. Names of our own parties
// ("@unattributed", "@excluded/non-ip") are none: they have no sign that a formula needs.
bool is_formula(std::string_view text) {
    if (text.empty()) return false;
    if (std::string_view("=+-\t\r").find(text.front()) != std::string_view::npos) return true;
    return text.front() == '@' && std::ranges::any_of(text, [](char c) {
               return !std::isalnum(static_cast<unsigned char>(c)) &&
                      std::string_view("@/._-:").find(c) == std::string_view::npos;
           });
}

}  // namespace

void append_csv_field(TextBuffer& out, std::string_view text, CsvTexts texts) {
    const bool neutral = texts == CsvTexts::neutral;
    // RFC 4180 counts spaces as part of the field, but some readers trim unquoted ones.
    const bool edge_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    const bool quoted = edge_space || text.find_first_of(",\"\r\n") != std::string_view::npos;
    if (quoted) out.push_back('"');
    if (neutral && is_formula(text)) out.push_back('\'');
    while (!text.empty()) {
        const auto [c, octets] = decode_code_point(text);
        append(out, neutral && is_obeyed(c) ? "\uFFFD" : octets);
        if (c == '"') out.push_back('"');
    }
    if (quoted) out.push_back('"');
}

void append_rfc3339(TextBuffer& out, const Moment& moment) {
    namespace chrono = std::chrono;
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t rest_ns = moment.at.ns % second;
    const std::int64_t whole = moment.at.ns / second - (rest_ns < 0 ? 1 : 0);
    const chrono::sys_seconds when{chrono::seconds{whole}};
    const auto day = chrono::floor<chrono::days>(when);
    const chrono::year_month_day date{day};
    const auto of_day = static_cast<unsigned>((when - day).count());
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    append_two(out, year / 100);
    append_two(out, year % 100);
    out.push_back('-');
    append_two(out, static_cast<unsigned>(date.month()));
    out.push_back('-');
    append_two(out, static_cast<unsigned>(date.day()));
    out.push_back('T');
    append_two(out, of_day / 3600);
    out.push_back(':');
    append_two(out, of_day / 60 % 60);
    out.push_back(':');
    append_two(out, of_day % 60);
    if (moment.digits > 0) {
        out.push_back('.');
        const auto rest = static_cast<std::uint64_t>(rest_ns < 0 ? rest_ns + second : rest_ns);
        std::uint64_t unit = second / 10;
        for (int i = 0; i < moment.digits && i < 9; ++i, unit /= 10)
            out.push_back(static_cast<char>('0' + rest / unit % 10));
    }
    out.push_back('Z');
}

void append_address(TextBuffer& out, const Address& address) {
    if (address.family == Family::v6) return append_v6(out, address);
    if (address.empty()) return;
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) out.push_back('.');
        append_number(out, static_cast<unsigned>(address.octets.at(i)));
    }
}

void append_json(TextBuffer& out, const Cell& cell) {
    std::visit(Overloaded{
                   [&](std::monostate) { append(out, "null"); },
                   [&](bool value) { append(out, value ? "true" : "false"); },
                   [&](std::uint64_t value) { append_number(out, value); },
                   [&](std::int64_t value) { append_number(out, value); },
                   [&](double value) { append_double(out, value); },
                   [&](const std::string& text) { append_json_string(out, text); },
                   [&](std::string_view text) { append_json_string(out, text); },
                   [&](const Address& address) {
                       out.push_back('"');
                       append_address(out, address);
                       out.push_back('"');
                   },
                   [&](const Mac& mac) { append_json_string(out, to_string(mac)); },
                   [&](const Moment& moment) {
                       out.push_back('"');
                       append_rfc3339(out, moment);
                       out.push_back('"');
                   },
                   [&](Duration d) { append_seconds(out, d); },
                   [&](const std::vector<std::string>& list) {
                       out.push_back('[');
                       for (std::size_t i = 0; i < list.size(); ++i) {
                           if (i > 0) out.push_back(',');
                           append_json_string(out, list[i]);
                       }
                       out.push_back(']');
                   },
               },
               cell);
}

void append_csv(TextBuffer& out, const Cell& cell, CsvTexts texts) {
    std::visit(Overloaded{
                   [&](std::monostate) {},
                   [&](bool value) { append(out, value ? "true" : "false"); },
                   [&](std::uint64_t value) { append_number(out, value); },
                   [&](std::int64_t value) { append_number(out, value); },
                   [&](double value) {
                       if (std::isfinite(value)) append_double(out, value);
                   },
                   [&](const std::string& text) { append_csv_field(out, text, texts); },
                   [&](std::string_view text) { append_csv_field(out, text, texts); },
                   [&](const Address& address) { append_address(out, address); },
                   [&](const Mac& mac) { append(out, to_string(mac)); },
                   [&](const Moment& moment) { append_rfc3339(out, moment); },
                   [&](Duration d) { append_seconds(out, d); },
                   [&](const std::vector<std::string>& list) {
                       append_csv_field(out, joined(list, ";"), texts);
                   },
               },
               cell);
}

}  // namespace octroi
