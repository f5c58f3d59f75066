// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/outside_end.hpp"

#include <fmt/format.h>

#include <charconv>

#include "attribute/service_names.hpp"

namespace octroi {
namespace {

template <typename T>
std::optional<T> number(std::string_view text) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' {}; write 203.0.113.5, 203.0.113.5:40000/tcp or "
                            "[2001:db8::5]:443/udp",
                            text, why));
}

// Position of the colon before the port; npos: no port. IPv6 addresses have colons too.
std::size_t port_place(std::string_view text) {
    const std::size_t bracket = text.find(']');
    if (bracket != std::string_view::npos)
        return bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
    const std::size_t colon = text.find(':');
    return colon == text.rfind(':') ? colon : std::string_view::npos;
}

}  // namespace

Result<OutsideEnd> parse_outside_end(std::string_view text) {
    OutsideEnd end;
    std::string_view rest = text;
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
        const std::string_view name = rest.substr(slash + 1);
        end.protocol = number<std::uint8_t>(name);
        if (!end.protocol) end.protocol = number_of(protocol_names(), name);
        if (!end.protocol) return refuse(text, "names no protocol behind the slash");
        rest = rest.substr(0, slash);
    }
    if (const std::size_t colon = port_place(rest); colon != std::string_view::npos) {
        if (rest[colon] == ':') end.port = number<std::uint16_t>(rest.substr(colon + 1));
        if (!end.port) return refuse(text, "has no port behind the colon");
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    const auto address = parse_address(rest);
    if (!address) return refuse(text, "is no address");
    end.address = *address;
    return end;
}

}  // namespace octroi
