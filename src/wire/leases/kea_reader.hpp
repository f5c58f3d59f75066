// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lease files of Kea's memfile backend (Kea Administrator Reference Manual, "Lease Database
// Configuration"; the columns are those of the first line). The server appends a row at each
// change; the lease file cleanup moves rows to files beside it. Times are in seconds since 1970.

#include <string>

#include "wire/leases/lease.hpp"

namespace octroi::leases {

class KeaReader final : public LeaseReader {
public:
    [[nodiscard]] std::size_t decode(std::string_view text, std::vector<Lease>& leases) override;
    [[nodiscard]] DecodeCounts counts() const override { return counts_; }

private:
    void read_header(std::string_view line);
    void read_row(std::string_view line, std::vector<Lease>& leases);

    // Places of the columns that are used; absent: no_column.
    static constexpr std::size_t no_column = SIZE_MAX;
    struct Columns {
        std::size_t address = no_column;
        std::size_t mac = no_column;
        std::size_t duid = no_column;
        std::size_t lifetime = no_column;
        std::size_t expire = no_column;
        std::size_t type = no_column;           // IPv6
        std::size_t prefix_length = no_column;  // IPv6
        std::size_t state = no_column;
    };
    Columns columns_;
    DecodeCounts counts_;
};

}  // namespace octroi::leases
