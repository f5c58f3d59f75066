// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Attributes rows of a ledger again, with other tables than those that the meter used: for
// corrections. A row keeps the identity that decided an end, or the class of an outside end. The
// resolver of the meters looks that identity up again. What this cannot know, because the row does
// not keep it, is a doubt: the end then stays as it was. The rules and their reasons:
// docs/decisions/0402-rebook.md.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attribute/class_change.hpp"
#include "attribute/party_resolver.hpp"
#include "attribute/past_directory.hpp"
#include "attribute/service_change.hpp"
#include "record/class_table.hpp"
#include "record/directory.hpp"
#include "record/transfer.hpp"

namespace octroi {

// Why an end or a service cannot be attributed again.
enum class DoubtKind : std::uint8_t {
    finer,             // a binding within the prefix that the row has
    other,             // the end may have had this identity too, which is bound now
    not_kept,          // the identity is bound to nothing now, and the row has no address
    within,            // the bindings of the identity change within the five minutes of the row
    networks,          // the local networks have changed
    networks_unknown,  // it was local or bound, and the tables of then do not say so
    class_of_end,      // ends of this class have several classes now
    class_of_address,  // an address is outside now; its AS, next hop or name decides
    service,           // the rules do not give this service now
};

struct Doubt {
    DoubtKind kind = DoubtKind::finer;
    std::string subject;  // the identity that is in the way, the class or the service

    auto operator<=>(const Doubt&) const = default;
};

// Used on one thread.
class Reattribution {
public:
    struct Tables {
        Directory directory;  // with all networks that count as local
        ClassTable classes;   // with a default class
        std::vector<ServiceRule> rules;
        // Who held which address when; null: nobody stated it.
        SessionsPtr sessions;
        // Meters may state names of the near end (users, domains): one was bound at some time. An
        // address that is not local is listed under its name then.
        bool has_names = false;
    };
    // Error: invalid (a service rule).
    [[nodiscard]] static Result<std::unique_ptr<Reattribution>> create(Tables tables,
                                                                       std::uint64_t seed);

    // How batches of the past were attributed.
    struct Past {
        const PastDirectory* directory = nullptr;
        const ClassChange* classes = nullptr;  // nullptr: with the class table in force
        // Neither then nor now has anybody declared a network: those of now are a guess, and an
        // address that was local stays so.
        bool assumed_networks = false;
    };
    struct End {
        Party party;
        std::optional<Doubt> doubt;  // then the party is the one of before, or of its class
    };
    // bucket: the start of the bucket of the row.
    [[nodiscard]] End end(const Party& before, UtcTime bucket, const Past& past);

    struct Service {
        std::string name;
        std::optional<Doubt> doubt;
    };
    [[nodiscard]] Service service(const std::string& before);

    [[nodiscard]] const Tables& tables() const noexcept { return tables_; }
    // The bindings in force, with those that the sessions make.
    [[nodiscard]] const BindingIndex& bindings() const noexcept { return bindings_; }
    [[nodiscard]] const CompiledDirectory& directory() const noexcept {
        return resolver_.directory();
    }

private:
    Reattribution(Tables tables, PartyResolver::ServicesPtr services, std::uint64_t seed);

    struct Known {
        Identity identity;
        Prefix prefix;  // of a prefix
        int rank = 0;
        NameRef name = no_name;
    };
    [[nodiscard]] const Known* known(const std::string& text);
    [[nodiscard]] Party look_up(const Known& known, UtcTime bucket, Interval& valid);
    [[nodiscard]] End outside(const Party& before, UtcTime bucket, const Past& past) const;
    [[nodiscard]] std::optional<Doubt> doubt_about(const Known& known, const Party& before,
                                                   const Party& now, UtcTime bucket,
                                                   const Past& past) const;
    [[nodiscard]] std::optional<Doubt> doubt_of_unbound(const Known& known, const Party& before,
                                                        const Party& now, UtcTime bucket,
                                                        const Past& past) const;
    [[nodiscard]] static bool explains(const Past& past, const Known& known, const Party& before,
                                       UtcTime bucket);
    [[nodiscard]] bool has_certain_class(const Address& address) const;
    [[nodiscard]] static std::optional<Doubt> doubt_of_changes(const Known& known,
                                                               const ChangedBindings& changes,
                                                               const Party& now, int rank);
    [[nodiscard]] std::optional<Doubt> doubt_of_networks(const Known& known, int rank,
                                                         UtcTime bucket) const;
    [[nodiscard]] const Binding* hidden_link(const Known& known, int below, const Party& now,
                                             UtcTime bucket) const;
    [[nodiscard]] int rank_now(const Known& known, UtcTime bucket) const;

    // Bindings of identities of one kind, other than prefixes, that are valid in a bucket.
    struct Links {
        int rank = 0;
        bool of_near_end = false;
        FirstOfAccounts<Binding> bindings;
    };
    [[nodiscard]] const std::vector<Links>& links_in(UtcTime bucket) const;

    Tables tables_;
    PartyResolver::ServicesPtr services_;
    ServiceChange service_change_;
    PartyResolver::ClassesPtr classes_;
    PartyResolver resolver_;
    BindingIndex bindings_;
    std::vector<Binding> links_;  // of bindings_ those of identities other than prefixes
    mutable std::optional<UtcTime> links_bucket_;
    mutable std::vector<Links> links_in_bucket_;
    std::vector<Name> names_;
    boost::unordered_flat_map<std::string, Known> known_;
};

}  // namespace octroi
