// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The directories and class tables with which the batches of a ledger were attributed, compared
// with those in force now.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "attribute/reattribution.hpp"
#include "attribute/session_bindings.hpp"
#include "config/config.hpp"
#include "ledger/chain.hpp"
#include "ledger/ledger.hpp"

namespace octroi {

class PastTables {
public:
    // The ledger must outlive it. Reads the history of the directory.
    [[nodiscard]] static Result<std::unique_ptr<PastTables>> create(Ledger& ledger,
                                                                    const Config& config,
                                                                    std::uint64_t seed);

    [[nodiscard]] Reattribution& reattribution() noexcept { return *now_; }
    // nullptr: the batch was attributed with tables that came into force after create(), or with a
    // class table that the ledger does not have. Else valid until drop().
    [[nodiscard]] Result<const Reattribution::Past*> find(std::uint64_t directory_version,
                                                          const std::string& class_version,
                                                          std::uint64_t identities_known);
    // Frees what find() has made, if it is much.
    void drop();

    [[nodiscard]] const std::string& class_version() const { return tables().classes.version; }
    [[nodiscard]] std::uint64_t directory_version() const { return tables().directory.version; }
    [[nodiscard]] std::uint64_t identities_known() const { return sessions_->number(); }
    [[nodiscard]] const SessionTable& sessions() const { return *sessions_; }

private:
    explicit PastTables(Ledger& ledger) : ledger_(ledger) {}
    [[nodiscard]] Status load(const Config& config, std::uint64_t seed);
    [[nodiscard]] const Reattribution::Tables& tables() const { return now_->tables(); }
    // Of a version of the directory.
    struct PastVersion {
        PastTablesOfVersion tables;  // without sessions
        bool assumed_networks = false;
    };
    // Of a version of the directory, and the number of the newest event that was known.
    using DirectoryKey = std::pair<std::uint64_t, std::uint64_t>;
    [[nodiscard]] const PastVersion& version_at(std::uint64_t version);
    [[nodiscard]] const PastDirectory& directory_at(const DirectoryKey& key);
    [[nodiscard]] Status load_identities();
    [[nodiscard]] SessionsPtr sessions_at(std::uint64_t number);
    [[nodiscard]] std::span<const SessionInput> events_between(std::uint64_t after,
                                                               std::uint64_t until) const;
    [[nodiscard]] Directory directory_of(std::uint64_t version) const;
    [[nodiscard]] Status add_classes(const std::string& version);

    using Key = std::pair<DirectoryKey, std::string>;
    Ledger& ledger_;
    std::unique_ptr<Reattribution> now_;
    std::vector<DirectoryDelta> history_;
    std::set<std::string> class_versions_;  // loaded before create(); and that of no table
    std::vector<LocalNetwork> configured_;  // networks that count at all times
    std::vector<LocalNetwork> fallback_;    // where none is declared
    bool assumed_ = false;                  // they count now
    std::vector<SessionInput> events_;      // by number
    HeldIndex held_;
    SessionsPtr sessions_;                                 // of all events
    std::map<std::uint64_t, SessionsPtr> known_sessions_;  // by the number of the newest event
    std::map<std::uint64_t, PastVersion> versions_;
    std::map<DirectoryKey, std::unique_ptr<PastDirectory>> directories_;
    std::map<std::string, std::unique_ptr<ClassChange>> classes_;
    std::map<Key, Reattribution::Past> past_;
};

}  // namespace octroi
