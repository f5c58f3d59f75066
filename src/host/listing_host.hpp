// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Listings of the counters that others keep in the firewall. Nothing here changes a rule or a
// counter. The abstract class lets tests replace the machine.

#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace octroi {

// One thread. Texts have at most 64 MiB, except those of nftables.
class ListingHost {
public:
    virtual ~ListingHost() = default;
    // A table of nftables with its rules and objects, as JSON (libnftables-json(5)), without the
    // elements of its sets. Errors: not_found (there is no such table), permission, failed.
    [[nodiscard]] virtual Result<std::string> nft_table(const std::string& family,
                                                        const std::string& table) = 0;
    // As run_command().
    [[nodiscard]] virtual Result<std::string> command(std::span<const std::string> arguments) = 0;
    // As read_file().
    [[nodiscard]] virtual Result<std::string> file(const std::string& path) = 0;
};

[[nodiscard]] std::unique_ptr<ListingHost> listing_host();

}  // namespace octroi
