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

#include "attribute/changed_bindings.hpp"
#include "attribute/directory.hpp"
#include "attribute/session_table.hpp"
#include "base/address.hpp"
#include "record/directory.hpp"

namespace octroi {

// The bindings of each identity, the newest last.
using BindingIndex = std::map<Identity, std::vector<Binding>>;
[[nodiscard]] BindingIndex index_bindings(const std::vector<Binding>& bindings);

// What decided then. All but `sessions` is shared by the versions of one directory.
struct PastTablesOfVersion {
    std::shared_ptr<const Directory> directory;         // with the networks that were local
    std::shared_ptr<const CompiledDirectory> compiled;  // the same
    std::shared_ptr<const BindingIndex> bindings;       // of the directory, without sessions
    SessionsPtr sessions;                               // that were known; null: none

    // Without sessions.
    [[nodiscard]] static PastTablesOfVersion of(Directory directory);
};

// Used on one thread.
class PastDirectory {
public:
    // now: the bindings in force, with those that the sessions make (session_bindings.hpp); must
    // outlive it. candidates: the identities of which bindings or sessions may differ, each once;
    // nullptr: any.
    PastDirectory(PastTablesOfVersion before, const BindingIndex& now,
                  const std::vector<LocalNetwork>& local,
                  const std::vector<Identity>* candidates = nullptr);

    // The identities that were bound otherwise in the bucket. Valid until the next call.
    [[nodiscard]] const ChangedBindings& changes(UtcTime bucket) const;
    [[nodiscard]] bool networks_changed() const noexcept { return networks_changed_; }
    // Whether a local network had the whole prefix.
    [[nodiscard]] bool was_local(const Prefix& prefix) const;
    // Whether a binding had the whole prefix at a moment of the bucket.
    [[nodiscard]] bool was_bound(const Prefix& prefix, UtcTime bucket) const;
    // A local network that was not, or not as a whole; empty: none.
    [[nodiscard]] const std::string& new_network() const noexcept { return new_network_; }

private:
    // An identity with other bindings now, and its change in the bucket of the last call, which is
    // the same in all buckets within `stable`.
    struct Touched {
        Identity identity;
        Prefix prefix;
        int rank = 0;
        std::vector<Binding> before;
        const std::vector<Binding>* now = nullptr;
        mutable std::optional<BindingChange> change;
        mutable Interval stable{UtcTime::max(), UtcTime::min()};
    };
    void add_touched(const Identity& identity, std::vector<Binding> before,
                     const std::vector<Binding>& now);
    void compare_networks(const Directory& before, const std::vector<LocalNetwork>& local);
    [[nodiscard]] std::optional<BindingChange> change_of(const Touched& touched, UtcTime bucket,
                                                         Interval& stable) const;
    [[nodiscard]] bool was_covered(const Prefix& prefix, UtcTime bucket, Interval& stable) const;

    [[nodiscard]] std::vector<Binding> bindings_before(const Identity& identity) const;
    [[nodiscard]] CompiledDirectory::Answer find_prefix(const Prefix& prefix, UtcTime at) const {
        return before_.compiled->find_prefix(prefix, at, before_.sessions.get());
    }

    PastTablesOfVersion before_;
    std::vector<Touched> touched_;
    bool networks_changed_ = false;
    std::string new_network_;
    mutable Interval stable_{UtcTime::max(), UtcTime::min()};  // of changes_
    mutable ChangedBindings changes_;
};

}  // namespace octroi
