// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"

#include <algorithm>

namespace octroi::logline {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::uint64_t seconds_max = 3'600'000'000;

// Dotted decimal, as base/address.hpp reads it, without the text of an error: four numbers up to
// 255 of one to three digits, without leading zeros.
bool parse_dotted(std::string_view text, Address& address) noexcept {
    std::array<std::uint8_t, 4> octets{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t part = 0; part < octets.size(); ++part) {
        if (part > 0 && (at == end || *at++ != '.')) return false;
        if (at == end || !is_digit(*at)) return false;
        auto value = static_cast<unsigned>(*at++ - '0');
        const bool is_zero = value == 0;
        for (int more = 0; more < 2 && at != end && is_digit(*at); ++more) {
            if (is_zero) return false;
            value = value * 10 + static_cast<unsigned>(*at++ - '0');
        }
        if (value > 255) return false;
        octets[part] = static_cast<std::uint8_t>(value);
    }
    if (at != end) return false;
    address = Address::v4(octets.data());
    return true;
}

// The form "::ffff:192.0.2.1" of a server that listens on both families (RFC 4291, 2.5.5.2).
Address without_mapping(const Address& address) noexcept {
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.family != Family::v6 ||
        !std::equal(mapped.begin(), mapped.end(), address.octets.begin()))
        return address;
    return Address::v4(address.octets.data() + mapped.size());
}

}  // namespace

bool parse_seconds(std::string_view text, std::int64_t& ns) noexcept {
    std::uint64_t seconds = 0;
    const std::size_t point = text.find('.');
    if (!parse_number(text.substr(0, point), seconds) || seconds > seconds_max) return false;
    std::int64_t fraction = 0;
    if (point != std::string_view::npos) {
        std::int64_t unit = ns_per_second / 10;
        for (const char c : text.substr(point + 1)) {
            if (!is_digit(c)) return false;
            fraction += unit * (c - '0');
            unit /= 10;
        }
    }
    ns = static_cast<std::int64_t>(seconds) * ns_per_second + fraction;
    return true;
}

void read_end(std::string_view text, End& end) noexcept {
    end.text = stated(text);
    if (end.text.empty() || parse_dotted(end.text, end.address)) return;
    std::string_view inner = end.text;
    if (inner.size() > 2 && inner.front() == '[' && inner.back() == ']')
        inner = inner.substr(1, inner.size() - 2);
    // The zone of a link-local address (RFC 4007, 11): IIS writes it.
    inner = inner.substr(0, inner.find('%'));
    constexpr std::size_t longest = 45;  // INET6_ADDRSTRLEN, without its end
    if (inner.size() > longest || inner.find(':') == std::string_view::npos) return;
    if (const auto parsed = parse_address(inner)) end.address = without_mapping(*parsed);
}

std::uint16_t parse_port(std::string_view text) noexcept {
    std::uint64_t port = 0;
    return parse_number(text, port) && port <= UINT16_MAX ? static_cast<std::uint16_t>(port) : 0;
}

End make_end_with_port(std::string_view text) noexcept {
    const std::string_view host = without_port(text);
    End end = make_end(host);
    if (host.size() < text.size()) end.port = parse_port(text.substr(host.size() + 1));
    return end;
}

End make_end_before_port(std::string_view text) noexcept {
    const std::size_t colon = text.rfind(':');
    std::uint64_t port = 0;
    if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), port) ||
        port > UINT16_MAX)
        return make_end(text);
    End end = make_end(text.substr(0, colon));
    end.port = static_cast<std::uint16_t>(port);
    return end;
}

std::string_view without_port(std::string_view host) noexcept {
    std::size_t digits = host.size();
    while (digits > 0 && is_digit(host[digits - 1])) --digits;
    if (digits == 0 || digits == host.size() || host[digits - 1] != ':') return host;
    const std::string_view name = host.substr(0, digits - 1);
    // "2001:db8::1" has no port.
    if (find_char(name, ':') != std::string_view::npos && !name.ends_with(']')) return host;
    return name;
}

std::string_view domain_of(std::string_view mail_address) noexcept {
    const std::size_t at = mail_address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : mail_address.substr(at + 1);
}

bool repeat_entry(std::uint64_t times, Entry& entry) noexcept {
    if (times > repeats_max) return false;
    for (Count* const count : {&entry.in, &entry.out, &entry.both, &entry.packets}) {
        if (times > 1 && count->value > volume_max / times) return false;
        count->value *= times;
    }
    entry.requests = times;
    return true;
}

bool set_both(Entry& entry) noexcept {
    const std::uint64_t both = entry.both.value;
    if (entry.in.stated != entry.out.stated) {
        const Count& known = entry.in.stated ? entry.in : entry.out;
        Count& other = entry.in.stated ? entry.out : entry.in;
        if (known.value > both) return false;
        other = {both - known.value, true};
    }
    if (entry.in.stated) entry.both = {};
    return true;
}

}  // namespace octroi::logline
