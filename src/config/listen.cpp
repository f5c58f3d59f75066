// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/listen.hpp"

#include <fmt/format.h>

#include <charconv>

namespace octroi {
namespace {

std::unexpected<Error> not_an_address(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is no address to listen on: {}. Write \"udp/2055\", "
                            "\"udp/192.0.2.1:2055\", \"udp/[2001:db8::1]:2055\" or \"tcp/4739\"",
                            text, why));
}

// "[address:]port" into `listen`. The reason why the text is wrong; null: it is not.
const char* read_endpoint(std::string_view text, ListenAddress& listen) {
    // The last colon: an IPv6 address has others before it.
    if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        std::string_view address = text.substr(0, colon);
        if (address.starts_with('[') && address.ends_with(']'))
            address = address.substr(1, address.size() - 2);
        const auto parsed = parse_address(address);
        if (!parsed) return "before the port stands an address";
        listen.address = *parsed;
        text = text.substr(colon + 1);
    }
    const auto read = std::from_chars(text.data(), text.data() + text.size(), listen.port);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || listen.port == 0)
        return "the port is a number from 1 to 65535";
    return nullptr;
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
    ListenAddress listen;
    std::string_view rest = text;
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        const std::string_view transport = rest.substr(0, slash);
        if (transport == "tcp")
            listen.transport = ListenTransport::tcp;
        else if (transport == "tls")
            listen.transport = ListenTransport::tls;
        else if (transport != "udp")
            return not_an_address(text, "before the slash stands udp, tcp or tls");
        rest = rest.substr(slash + 1);
    }
    if (const char* why = read_endpoint(rest, listen)) return not_an_address(text, why);
    return listen;
}

Result<ListenAddress> parse_http_listen(std::string_view text) {
    ListenAddress listen{.transport = ListenTransport::tcp};
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no address to listen on: {}. Write \"127.0.0.1:9465\", "
                                "\"[::1]:9465\" or \":9465\"",
                                text, why));
    };
    if (text.find(':') == std::string_view::npos)
        return refuse("before the port stands an address and a colon");
    if (const char* why = read_endpoint(text.starts_with(':') ? text.substr(1) : text, listen))
        return refuse(why);
    return listen;
}

std::string to_string(const ListenAddress& listen) {
    const char* const transport = listen.transport == ListenTransport::udp   ? "udp"
                                  : listen.transport == ListenTransport::tcp ? "tcp"
                                                                             : "tls";
    if (listen.address.empty()) return fmt::format("{}/{}", transport, listen.port);
    const std::string address = to_string(listen.address);
    return listen.address.family == Family::v4
               ? fmt::format("{}/{}:{}", transport, address, listen.port)
               : fmt::format("{}/[{}]:{}", transport, address, listen.port);
}

}  // namespace octroi
