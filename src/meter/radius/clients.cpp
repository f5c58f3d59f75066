// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/clients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/file.hpp"

namespace octroi::radius_meter {
namespace {

constexpr std::size_t file_octets_max = std::size_t{16} << 20U;

std::string_view trim_line(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<Clients> Clients::parse(std::string_view text, const std::string& name) {
    Clients made;
    std::size_t number = 0;
    const auto wrong = [&](std::string_view why) {
        return fail(ErrorCode::invalid,
                    fmt::format("{}, line {}: {}; next: write a network or an address, a blank and "
                                "the secret",
                                name, number, why));
    };
    while (!text.empty()) {
        const std::string_view line = trim_line(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const auto blank = line.find_first_of(" \t");
        const auto network = parse_prefix(line.substr(0, blank));
        if (!network) return wrong(network.error().text);
        if (blank == std::string_view::npos) return wrong("it has no secret");
        const std::string_view secret = trim_line(line.substr(blank));
        if (secret.size() > secret_octets_max) return wrong("the secret is too long");
        const auto same = std::ranges::find(made.clients_, *network, &Client::network);
        if (same != made.clients_.end()) return wrong("another line has the same network");
        if (made.clients_.size() == lines_max) return wrong("the file has too many clients");
        made.clients_.push_back({*network, std::string(secret)});
    }
    if (made.clients_.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("{}: the file has no client; next: write a line for each NAS: its "
                                "address, a blank and the secret",
                                name));
    std::ranges::stable_sort(made.clients_, std::greater{},
                             [](const Client& client) { return client.network.length; });
    return made;
}

Result<Clients> Clients::read(const std::string& path) {
    TRY_ASSIGN(const std::string text, read_file(path, file_octets_max));
    return parse(text, path);
}

std::optional<std::string_view> Clients::secret_of(const Address& address) const {
    for (const Client& client : clients_)
        if (client.network.contains(address)) return client.secret;
    return std::nullopt;
}

}  // namespace octroi::radius_meter
