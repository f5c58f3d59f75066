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
    if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
        std::string_view address = rest.substr(0, colon);
        if (address.starts_with('[') && address.ends_with(']'))
            address = address.substr(1, address.size() - 2);
        const auto parsed = parse_address(address);
        if (!parsed) return not_an_address(text, "before the port stands an address");
        listen.address = *parsed;
        rest = rest.substr(colon + 1);
    }
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), listen.port);
    if (read.ec != std::errc() || read.ptr != rest.data() + rest.size() || listen.port == 0)
        return not_an_address(text, "the port is a number from 1 to 65535");
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
