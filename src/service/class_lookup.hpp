// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The class of a remote address, and the entry of the class table that decides it:
// `octroi class lookup`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "ledger/directory_store.hpp"

namespace octroi {

struct ClassQuestion {
    std::vector<Address> addresses;
    std::string version;   // of the class table, or its first digits; empty: the one in force
    std::uint32_t as = 0;  // that a flow record states; 0: none
    Address next_hop;      // the same; empty: none
};

struct AddressClass {
    Address address;
    std::optional<Prefix> prefix;  // where a prefix decides
    std::string class_name;
    std::string decided_by;  // "prefix 192.0.2.0/24", "as 64500", "default", "built in"
};

// Errors: not_found (there is no class table of this version).
[[nodiscard]] Result<std::vector<AddressClass>> look_up_classes(DirectoryStore& directory_store,
                                                                const ClassQuestion& question);

}  // namespace octroi
