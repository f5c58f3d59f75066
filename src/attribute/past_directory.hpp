// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A version of the directory with which batches were attributed, compared with the one in force
// now: which identities are bound now that were not, bucket by bucket.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attribute/directory.hpp"
#include "base/address.hpp"
#include "record/directory.hpp"

namespace octroi {

// The bindings of each identity, the newest last.
using BindingIndex = std::map<Identity, std::vector<Binding>>;
[[nodiscard]] BindingIndex index_bindings(const std::vector<Binding>& bindings);

// The order in which identities decide an end: the smallest first. As IdentityKindInfo::rank, with
// a single address before a MAC address and other prefixes after it.
[[nodiscard]] int rank_of(const Identity& identity);

// Used on one thread.
class PastDirectory {
public:
    struct Change {
        Identity identity;
        Prefix prefix;  // of a prefix
        int rank = 0;
        std::string account;  // to which it is bound where it is new; empty: several
        // It is bound now, at a moment at which it was not.
        bool is_new = false;
        // An end that was outside may have it: it is no prefix within one that was local or bound.
        bool reaches_outside = false;
    };

    // before: with the networks that were local. now: the bindings in force; must outlive it.
    PastDirectory(const Directory& before, const BindingIndex& now,
                  const std::vector<LocalNetwork>& local);

    // The identities that were bound otherwise in the bucket. Valid until the next call.
    [[nodiscard]] const std::vector<Change>& changes(UtcTime bucket) const;
    [[nodiscard]] bool networks_changed() const noexcept { return networks_changed_; }
    // Whether a local network had the whole prefix.
    [[nodiscard]] bool was_local(const Prefix& prefix) const;
    // Whether a binding had the whole prefix at a moment of the bucket.
    [[nodiscard]] bool was_bound(const Prefix& prefix, UtcTime bucket) const;
    // A local network that was not, or not as a whole; empty: none.
    [[nodiscard]] const std::string& new_network() const noexcept { return new_network_; }

private:
    [[nodiscard]] std::optional<Change> change_of(const Identity& identity, UtcTime bucket) const;
    [[nodiscard]] bool was_covered(const Prefix& prefix, UtcTime bucket) const;

    const BindingIndex* now_;
    BindingIndex before_;  // of the identities in touched_
    std::vector<Identity> touched_;
    CompiledDirectory compiled_;
    bool networks_changed_ = false;
    std::string new_network_;
    mutable std::optional<UtcTime> bucket_;  // of changes_
    mutable std::vector<Change> changes_;
};

}  // namespace octroi
