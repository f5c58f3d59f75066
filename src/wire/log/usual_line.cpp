// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/usual_line.hpp"

#include <cstring>

#include "wire/log/fields.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {
namespace {

// "192.0.2.1 " at the place, which is moved behind the blank. Numbers as parse_address() reads
// them: without leading zeros.
bool decode_dotted(const char*& place, const char* end, Address& address) noexcept {
    constexpr std::ptrdiff_t longest = 16;  // with the blank
    if (end - place < longest) return false;
    const char* at = place;
    std::array<std::uint8_t, 4> octets{};
    for (std::size_t part = 0; part < octets.size(); ++part) {
        auto value = static_cast<unsigned>(*at - '0');
        if (value > 9) return false;
        ++at;
        for (int more = 0; more < 2 && is_digit(*at); ++more) {
            if (value == 0) return false;
            value = value * 10 + static_cast<unsigned>(*at++ - '0');
        }
        if (value > 255 || *at++ != (part < 3 ? '.' : ' ')) return false;
        octets[part] = static_cast<std::uint8_t>(value);
    }
    address = Address::v4(octets.data());
    place = at;
    return true;
}

// "example.org:443". False: it has a form that is rarer.
bool read_host(std::string_view host, Entry& entry) noexcept {
    if (host.empty() || (host.size() == 1 && host.front() == '-')) return false;
    const std::size_t colon = find_near_char(host, ':');
    entry.domain = host.substr(0, colon);
    if (colon == std::string_view::npos) return true;
    constexpr std::size_t digits_max = 4;  // a fifth may be too large
    std::uint64_t port = 0;
    const std::string_view digits = host.substr(colon + 1);
    if (colon == 0 || digits.size() > digits_max || !parse_short_number(digits, port)) return false;
    entry.server.port = static_cast<std::uint16_t>(port);
    return true;
}

// " 200 612" behind the request, to the end of the line or a blank.
bool read_counts(const char* at, const char* end, Entry& entry) noexcept {
    constexpr std::ptrdiff_t least = 6;  // " 200 6"
    if (end - at < least || at[0] != ' ' || at[4] != ' ') return false;
    unsigned code = 0;
    for (int i = 1; i <= 3; ++i) {
        if (!is_digit(at[i])) return false;
        code = code * 10 + static_cast<unsigned>(at[i] - '0');
    }
    entry.status = {at + 1, 3};
    entry.user_unverified = code == 401 || code == 407;
    constexpr int digits_max = 15;
    const char* const first = at + 5;
    std::uint64_t value = 0;
    const char* digit = first;
    for (; digit != end && is_digit(*digit); ++digit) {
        if (digit - first == digits_max) return false;
        value = value * 10 + static_cast<std::uint64_t>(*digit - '0');
    }
    if (digit == first || (digit != end && *digit != ' ')) return false;
    entry.out = {value, true};
    return true;
}

}  // namespace

bool UsualLine::read_time(const char* text, LineTime& time) noexcept {
    if (std::memcmp(text, time_text_.data(), time_octets) != 0) {
        std::string_view rest(text, time_octets);
        if (!clock_.read(rest, time_) || !rest.empty()) {
            time_text_ = {};
            return false;
        }
        std::memcpy(time_text_.data(), text, time_octets);
    }
    time = time_;
    return true;
}

bool UsualLine::read(std::string_view line, Entry& entry) noexcept {
    if (line.size() > line_octets_max) return false;
    const char* at = line.data();
    const char* const end = at + line.size();
    if (has_host_) {
        const std::size_t blank = find_near_char(line, ' ');
        if (blank == std::string_view::npos || !read_host(line.substr(0, blank), entry))
            return false;
        at += blank + 1;
    }
    const char* const client = at;
    if (!decode_dotted(at, end, entry.client.address)) return false;
    entry.client.text = {client, static_cast<std::size_t>(at - client - 1)};
    constexpr std::string_view nobody = "- - [";
    constexpr std::string_view behind_time = "] \"";
    constexpr std::size_t head = nobody.size() + time_octets + behind_time.size();
    if (static_cast<std::size_t>(end - at) < head ||
        std::memcmp(at, nobody.data(), nobody.size()) != 0)
        return false;
    at += nobody.size();
    if (!read_time(at, entry.time)) return false;
    at += time_octets;
    if (std::memcmp(at, behind_time.data(), behind_time.size()) != 0) return false;
    at += behind_time.size();
    const auto* const quote =
        static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    if (quote == nullptr || quote[-1] == '\\') return false;
    entry.service = "http";
    return read_counts(quote + 1, end, entry);
}

}  // namespace octroi::logline
