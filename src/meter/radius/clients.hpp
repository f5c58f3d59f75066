// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The clients of a RADIUS server (NAS, or a proxy) and the secrets that they share with it. A file
// has a line for each: a network or address, blanks, the secret (the rest of the line). Lines that
// begin with '#' and empty lines are left out.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi::radius_meter {

class Clients {
public:
    static constexpr std::size_t lines_max = 4096;
    // Secrets have at least one octet (RFC 2865 section 3) and at most this many.
    static constexpr std::size_t secret_octets_max = 253;

    // name: of the file, for errors, which never have a secret in them. Errors: invalid.
    [[nodiscard]] static Result<Clients> parse(std::string_view text, const std::string& name);
    // Errors: also those of files.
    [[nodiscard]] static Result<Clients> read(const std::string& path);

    // Of the longest network that contains the address; nullopt: it is no client.
    [[nodiscard]] std::optional<std::string_view> secret_of(const Address& address) const;
    [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }

private:
    struct Client {
        Prefix network;
        std::string secret;
    };
    std::vector<Client> clients_;  // longer networks first
};

}  // namespace octroi::radius_meter
