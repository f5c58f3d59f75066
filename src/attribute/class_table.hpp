// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Class tables: made from routes by rules, named by their content, compiled for look-ups.

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
// (names sorted, routes by prefix), and what there is of AS numbers and next hops. Tables that
// answer alike for every prefix, AS and next hop have the same version, whatever files, order or
// spelling they came from.
[[nodiscard]] std::string class_table_version(const ClassTable& table);

// Collects routes of any number of files, decides the class of each prefix and makes the table.
// Several routes of one prefix (from several peers, or files) are votes for a class: see
// route_votes.hpp; of equals the class whose name sorts first.
class ClassTableBuilder {
public:
    // default_class stands for "default = …" where no rule says so; bare_class is the class of
    // prefixes that stand alone on their line (empty: such lines are of the default class).
    ClassTableBuilder(std::vector<ClassRule> rules, std::string default_class,
                      std::string bare_class = {});

    // One route: origins (none: the table's own AS) or the word of a prefix list. `from_list`: a
    // prefix list, where a number without `as` rules is a class name and no second column means
    // bare.
    void add(const Prefix& prefix, std::span<const std::uint32_t> origins, std::string_view word,
             std::uint32_t votes, bool from_list);

    // Routes added that no rule and no word gave a class: they are of the default class.
    [[nodiscard]] std::uint64_t unmatched() const noexcept { return unmatched_; }

    // Fails where there are more than 65535 classes, or a word is no class name. The builder is
    // spent.
    [[nodiscard]] Result<ClassTable> finish();

private:
    [[nodiscard]] std::uint32_t label_of(const Prefix& prefix,
                                         std::span<const std::uint32_t> origins,
                                         std::string_view word, bool from_list);
    std::uint32_t intern(std::string_view class_name);
    Status name_classes(ClassTable& table);
    [[nodiscard]] std::uint16_t index_of(std::string_view class_name);
    void add_routes(ClassTable& table);
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
};

// A class table compiled. Immutable; shared by whoever looks up, replaced as a whole.
class CompiledClasses {
public:
    // No table: every address is of class "world" (or default_class), version empty.
    CompiledClasses();
    // The table's version must have been computed (class_table_version).
    explicit CompiledClasses(const ClassTable& table);

    // Of a far end with that AS (0: unknown), no next hop considered. Index into names(), which
    // belong to the object.
    [[nodiscard]] std::uint32_t find(const Address& address, std::uint32_t as = 0) const noexcept {
        const std::uint32_t found = lpm_.find(address);
        return found == Lpm::no_match ? find_as(as) : found;
    }
    // Of what was sent on to that router, whatever its destination: resolved once for each next hop
    // of a meter. no_class: its next hop does not decide.
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

// The one of disjoint, sorted ranges that holds the number; nullptr: none, or 0.
[[nodiscard]] const ClassAses* range_of(std::span<const ClassAses> ranges,
                                        std::uint32_t number) noexcept;

// For `class lookup`: also says what decided.
class ClassLookup {
public:
    struct Match {
        // One of them at most; none: the default class.
        std::optional<Prefix> prefix;
        const ClassAses* ases = nullptr;
        const ClassNextHop* next_hop = nullptr;
        std::string_view class_name;
    };
    explicit ClassLookup(const ClassTable& table);  // must outlive the look-up
    // Of a far end, with the AS and the next hop that a record states; 0 and empty: unknown.
    [[nodiscard]] Match find(const Address& address, std::uint32_t as = 0,
                             const Address& next_hop = {}) const;

private:
    const ClassTable& table_;
    Lpm lpm_;
};

}  // namespace octroi
