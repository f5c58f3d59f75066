// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// For corrections after late statements of who held an address: the ends of a slice of `octroi
// rebook` that have the affected identities, and the party that each belongs to now. Only these
// ends move. The far end, the class and the service of a row stay as they are booked
// (docs/decisions/0610-identities-over-time.md). Pure; one thread.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/quantity.hpp"
#include "base/time.hpp"
#include "record/transfer.hpp"
#include "service/rebook_slice.hpp"

namespace octroi {

class LateEnds {
public:
    // identities: identity_text() of those that the statements affect. Must outlive it.
    explicit LateEnds(const std::set<std::string>& identities) : identities_(identities) {}

    // An end of a row as the meter observed it, and its party now (the same, if that is in doubt).
    void add_observed(const SliceKey& row, const Party& end, const Party& now,
                      const Volume& volume);
    // An end of a row as it is booked, with corrections. After all observed ones.
    void add_booked(const SliceKey& row, const Party& end, const Volume& volume);

    // Whether the booked rows of this meter and bucket show which of them the statements affect.
    // False where an earlier correction replaced the identity, as that of an address by its
    // network: then only the observed rows show it. After all add_booked().
    [[nodiscard]] bool shows_ends(const SliceKey& row) const;
    // Of a booked row for which shows_ends() is true: the party that its end belongs to now.
    [[nodiscard]] Party party_now(const SliceKey& row, const Party& booked) const;

private:
    // All ends with one identity in a bucket of a meter, by party.
    struct Ends {
        std::map<Party, std::set<Party>> now;  // by the observed party
        std::map<Party, Volume> observed;
        std::map<Party, Volume> wanted;
        std::map<Party, Volume> booked;

        [[nodiscard]] bool show_who_moves() const;
    };
    struct Place {
        std::map<std::string, Ends> ends;  // by identity_text()
        bool has_other = false;            // an affected identity that no meter observed
    };

    const std::set<std::string>& identities_;
    std::map<std::pair<std::uint32_t, UtcTime>, Place> places_;  // by meter and bucket
};

// Whether the classes of outside ends and the services of a bucket have the same volume with and
// without corrections: then no correction has changed one of them. Pure; one thread.
class LatePrices {
public:
    void add_observed(const Party& from, const Party& to, const std::string& service,
                      const Volume& volume) {
        add(from, to, service, volume, &Sums::observed);
    }
    void add_booked(const Party& from, const Party& to, const std::string& service,
                    const Volume& volume) {
        add(from, to, service, volume, &Sums::booked);
    }
    [[nodiscard]] bool are_as_observed() const;

private:
    struct Sums {
        Volume observed;
        Volume booked;
    };
    void add(const Party& from, const Party& to, const std::string& service, const Volume& volume,
             Volume Sums::* sum);

    std::map<std::string, Sums> classes_;
    std::map<std::string, Sums> services_;
};

}  // namespace octroi
