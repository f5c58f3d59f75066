// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/counter_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text_hash.hpp"

namespace octroi::accounting {
namespace {

constexpr std::string_view out_prefix = "out-";
constexpr std::string_view in_prefix = "in-";
// No address begins with it.
constexpr char booking_prefix = 'x';
constexpr std::size_t booking_digits = 8;

// The part up to the next '/', which is removed.
std::string_view next_part(std::string_view& text) {
    const std::size_t slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    return part;
}

bool read_booking(std::string_view part, std::uint32_t& booking) {
    if (part.size() != booking_digits + 1) return false;
    const char* const end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data() + 1, end, booking, 16);
    return error == std::errc{} && stop == end && booking != 0;
}

bool read_address(std::string_view part, Address& address) {
    std::string text(part);
    std::ranges::replace(text, '_', ':');
    const auto parsed = parse_address(text);
    if (parsed) address = *parsed;
    return parsed.has_value();
}

}  // namespace

std::uint32_t booking_number(const Booking& booking) noexcept {
    if (booking == Booking{}) return 0;
    std::uint64_t hash = text_hash(booking.identity, 1);
    hash = text_hash(booking.service, hash);
    hash = text_hash(booking.far_class, hash);
    const auto number = static_cast<std::uint32_t>(hash ^ hash >> 32U);
    return number == 0 ? 1 : number;
}

std::string counter_text(const CounterName& name) {
    std::string text(name.direction == CountedDirection::out ? out_prefix : in_prefix);
    text += name.rule;
    if (name.booking != 0) text += fmt::format("/{}{:08x}", booking_prefix, name.booking);
    if (name.address.empty()) return text;
    std::string address = to_string(name.address);
    std::ranges::replace(address, ':', '_');
    return text + "/" + address;
}

std::optional<CounterName> parse_counter(std::string_view text) {
    CounterName name;
    if (text.starts_with(out_prefix))
        name.direction = CountedDirection::out;
    else if (!text.starts_with(in_prefix))
        return std::nullopt;
    text.remove_prefix(name.direction == CountedDirection::out ? out_prefix.size()
                                                               : in_prefix.size());
    if (text.ends_with('/')) return std::nullopt;
    name.rule = next_part(text);
    if (name.rule.empty()) return std::nullopt;
    if (text.starts_with(booking_prefix) && !read_booking(next_part(text), name.booking))
        return std::nullopt;
    if (!text.empty() && !read_address(text, name.address)) return std::nullopt;
    return name;
}

}  // namespace octroi::accounting
