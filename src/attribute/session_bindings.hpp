// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sessions as bindings: the accounts that the holders of an identity had, by the bindings of a
// directory. For corrections, which compare the bindings of then with those of now.

#include <map>
#include <set>
#include <span>
#include <vector>

#include "attribute/directory.hpp"
#include "attribute/session_table.hpp"
#include "record/directory.hpp"

namespace octroi {

// By time, without overlaps. Their id is 0: a declared binding of the same identity comes before
// them, as in attribution.
[[nodiscard]] std::vector<Binding> session_bindings(const CompiledDirectory& directory,
                                                    const SessionTable& sessions,
                                                    const HeldSessions& held);
// Of all held identities.
[[nodiscard]] std::vector<Binding> session_bindings(const CompiledDirectory& directory,
                                                    const SessionTable& sessions);

// Which identities an event may concern: the one that it is about, and those that were ever held by
// that one (an address by a MAC address).
class HeldIndex {
public:
    HeldIndex() = default;
    explicit HeldIndex(std::span<const SessionInput> events);

    // Sorted, each once.
    [[nodiscard]] std::vector<Identity> concerned_by(std::span<const SessionInput> events) const;

private:
    std::map<Identity, std::set<Identity>> held_by_;
};

}  // namespace octroi
