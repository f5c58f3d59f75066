// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Class tables: built from routes and rules, identified by a hash of their content, compiled for
// look-ups.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/class_rules.hpp"
#include "attribute/lpm.hpp"
#include "attribute/route_votes.hpp"
#include "base/result.hpp"
#include "record/class_table.hpp"

namespace octroi {

// The content hash: BLAKE2b-256 in hex over default class, classes and routes in canonical order
// (names sorted, routes by prefix), then AS numbers and next hops, if there are any. Tables that
// give the same class for every prefix, AS and next hop have the same version, whatever files,
// order or spelling they come from.
[[nodiscard]] std::string class_table_version(const ClassTable& table);

// Collects routes of any number of files, decides the class of each prefix, and makes the table.
// Several routes of one prefix (of several peers or files) are votes for a class (route_votes.hpp).
// If two classes have the most votes, the one that sorts first wins. But the lines of prefix lists
// state classes: a prefix to which they give two is a conflict, and is not in the table.
//
// Bound: RouteVotes::pairs_max routes, each with its class; with them a table takes about 0.4 GB
// while it is made.
class ClassTableBuilder {
public:
    // default_class: used without a rule "default = …". bare_class: of prefixes that are alone on
    // their line; empty: the default class.
    ClassTableBuilder(std::vector<ClassRule> rules, std::string default_class,
                      std::string bare_class = {});

    // One route, with its origins (none: the AS of the table itself) or the word of a prefix list.
    // place: its line in a prefix list. There a number is a class name if there are no `as` rules,
    // and a line without second column is bare. Errors: over_limit.
    [[nodiscard]] Status add(const Prefix& prefix, std::span<const std::uint32_t> origins,
                             std::string_view word, std::uint32_t votes, RoutePlace place);

    // Routes added that have the default class because no rule and no word gives another.
    [[nodiscard]] std::uint64_t unmatched() const noexcept { return unmatched_; }

    // Fails if there are more than 65535 classes or a word is not a class name. To be called once.
    [[nodiscard]] Result<ClassTable> finish();

    // After finish(): prefixes with two classes. conflicts() has the first of them.
    struct Conflict {
        Prefix prefix;
        RoutePlace first;
        RoutePlace second;
        std::string first_class;
        std::string second_class;
    };
    static constexpr std::size_t conflicts_max = 20;
    [[nodiscard]] const std::vector<Conflict>& conflicts() const noexcept { return conflicts_; }
    [[nodiscard]] std::uint64_t conflict_count() const noexcept { return conflict_count_; }

private:
    [[nodiscard]] std::uint32_t label_of(const Prefix& prefix,
                                         std::span<const std::uint32_t> origins,
                                         std::string_view word, bool from_list);
    std::uint32_t intern(std::string_view class_name);
    Status name_classes(ClassTable& table);
    [[nodiscard]] std::uint16_t index_of(std::string_view class_name);
    void drop_conflicts();
    [[nodiscard]] Status add_routes(ClassTable& table);
    void add_ases(ClassTable& table);
    void add_next_hops(ClassTable& table);

    std::vector<ClassRule> rules_;  // as, within, word, own: in order
    std::vector<ClassRule> routes_of_rules_;
    std::vector<ClassRule> next_hop_rules_;
    std::string default_class_;
    std::string bare_class_;
    bool has_as_rule_ = false;
    bool has_within_rule_ = false;
    std::vector<std::string> names_;
    boost::unordered_flat_map<std::string, std::uint32_t> labels_;
    std::vector<std::uint16_t> index_of_label_;  // into the finished table's classes
    boost::unordered_flat_map<std::uint32_t, std::uint32_t> by_as_;
    RouteVotes votes_;
    std::uint64_t unmatched_ = 0;
    std::vector<Conflict> conflicts_;
    std::uint64_t conflict_count_ = 0;
};

// A compiled class table. Immutable; any thread may call it.
class CompiledClasses {
public:
    // No table: every address has the class "world"; the version is empty.
    CompiledClasses();
    // Requires table.version (class_table_version()).
    explicit CompiledClasses(const ClassTable& table);

    // The class of an address with that AS (0: unknown), without regard to the next hop: an index
    // of names().
    [[nodiscard]] std::uint32_t find(const Address& address, std::uint32_t as = 0) const noexcept {
        const std::uint32_t found = lpm_.find(address);
        return found == Lpm::no_match ? find_as(as) : found;
    }
    // The class of all traffic that was forwarded to that router. To be called once for each next
    // hop of a meter. no_class: the next hop decides nothing.
    static constexpr std::uint32_t no_class = 0xFFFFFFFFU;
    [[nodiscard]] std::uint32_t find_next_hop(const Address& next_hop) const noexcept;
    [[nodiscard]] bool asks_next_hops() const noexcept { return !next_hops_.empty(); }
    // See Lpm::first_step.
    [[nodiscard]] const void* first_step(const Address& address) const noexcept {
        return lpm_.first_step(address);
    }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    [[nodiscard]] std::size_t memory() const noexcept { return lpm_.memory(); }

private:
    [[nodiscard]] std::uint32_t find_as(std::uint32_t number) const noexcept;

    std::vector<std::string> names_;
    std::uint32_t default_index_ = 0;
    std::string version_;
    Lpm lpm_;
    std::vector<ClassAses> ases_;
    std::vector<ClassNextHop> next_hops_;
};

// The range that contains the number; nullptr: none, or the number is 0. ranges: sorted, disjoint.
[[nodiscard]] const ClassAses* range_of(std::span<const ClassAses> ranges,
                                        std::uint32_t number) noexcept;

// For `class lookup`: also returns what decided.
class ClassLookup {
public:
    struct Match {
        // At most one is set; none: the default class.
        std::optional<Prefix> prefix;
        const ClassAses* ases = nullptr;
        const ClassNextHop* next_hop = nullptr;
        std::string_view class_name;
    };
    explicit ClassLookup(const ClassTable& table);  // must outlive the look-up
    // as and next_hop: as stated by a record; 0 and empty: unknown.
    [[nodiscard]] Match find(const Address& address, std::uint32_t as = 0,
                             const Address& next_hop = {}) const;

private:
    const ClassTable& table_;
    Lpm lpm_;
};

}  // namespace octroi
