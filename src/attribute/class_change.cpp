// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_change.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "attribute/builtin_classes.hpp"
#include "attribute/class_table.hpp"
#include "base/address.hpp"

namespace octroi {
namespace {

// What the same routes, AS or next hop decide in the two tables; an empty name: nothing.
using ClassPair = std::pair<std::string_view, std::string_view>;
using ClassPairs = std::set<ClassPair>;

// The address behind the last one of the prefix; empty: there is none.
Address behind(const Prefix& prefix) {
    Address next = prefix.address;
    for (int bit = prefix.length - 1; bit >= 0; --bit) {
        std::uint8_t& octet = next.octets[static_cast<std::size_t>(bit) / 8];
        const auto mask = static_cast<std::uint8_t>(0x80U >> (static_cast<unsigned>(bit) % 8));
        if ((octet & mask) == 0) {
            octet |= mask;
            return next;
        }
        octet = static_cast<std::uint8_t>(octet & ~mask);
    }
    return {};
}

}  // namespace

class ClassChange::Maker {
public:
    Maker(const ClassTable& before, const ClassTable& after) : before_(before), after_(after) {}

    // An end has the class of its next hop, else of its route, else of its AS, else the default.
    void make(ClassChange& change) {
        find_routes();
        find_ases();
        find_next_hops();
        combine(routes_, ases_, ends_);
        combine(next_hops_, ends_, all_);
        for (const auto& [old_class, now] : all_) {
            const auto [known, is_new] = change.now_.try_emplace(std::string(old_class), now);
            if (!is_new && known->second != now) known->second.reset();
        }
    }

private:
    // The pairs of `first`, and those of `next` where `first` decides nothing. Of three and more
    // new classes of one old class only two are listed, so that tables with thousands of classes
    // do not make millions of pairs.
    static void combine(const ClassPairs& first, const ClassPairs& next, ClassPairs& out) {
        std::set<std::string_view> old_next;
        std::set<std::string_view> new_next;
        for (const auto& [old_class, new_class] : next) {
            old_next.insert(old_class);
            if (new_next.size() < 2) new_next.insert(new_class);
        }
        std::set<std::string_view> new_only;
        for (const auto& [old_class, new_class] : first) {
            if (!old_class.empty() && !new_class.empty()) out.emplace(old_class, new_class);
            if (old_class.empty() && new_class.empty()) out.insert(next.begin(), next.end());
            if (old_class.empty() && !new_class.empty() && new_only.size() < 2)
                new_only.insert(new_class);
            if (!old_class.empty() && new_class.empty())
                for (const std::string_view now : new_next) out.emplace(old_class, now);
        }
        for (const std::string_view now : new_only)
            for (const std::string_view old_class : old_next) out.emplace(old_class, now);
    }

    // The addresses at which the result of either table may change: each stands for those up to the
    // next one.
    void find_routes() {
        std::vector<Address> edges = {*parse_address("0.0.0.0"), *parse_address("::")};
        for (const ClassTable* table : {&before_, &after_}) {
            for (const ClassRoute& route : table->routes) {
                edges.push_back(route.prefix.address);
                if (const Address next = behind(route.prefix); !next.empty()) edges.push_back(next);
            }
        }
        std::sort(edges.begin(), edges.end());
        edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
        const ClassLookup before(before_);
        const ClassLookup after(after_);
        for (const Address& edge : edges) {
            const auto old_match = before.find(edge);
            const auto new_match = after.find(edge);
            routes_.emplace(old_match.prefix ? old_match.class_name : "",
                            new_match.prefix ? new_match.class_name : "");
        }
    }

    void find_ases() {
        std::vector<std::uint32_t> edges = {0, 1};
        for (const ClassTable* table : {&before_, &after_}) {
            for (const ClassAses& range : table->ases) {
                edges.push_back(range.first);
                if (range.last != UINT32_MAX) edges.push_back(range.last + 1);
            }
        }
        for (const std::uint32_t as : edges)
            ases_.emplace(class_of(before_, as), class_of(after_, as));
    }
    static std::string_view class_of(const ClassTable& table, std::uint32_t as) {
        const ClassAses* range = range_of(table.ases, as);
        if (range != nullptr) return table.classes[range->class_index];
        return table.default_class.empty() ? no_table_class : std::string_view(table.default_class);
    }

    void find_next_hops() {
        next_hops_.emplace("", "");
        const ClassLookup before(before_);
        const ClassLookup after(after_);
        for (const ClassTable* table : {&before_, &after_}) {
            for (const ClassNextHop& entry : table->next_hops) {
                const auto old_match = before.find({}, 0, entry.next_hop);
                const auto new_match = after.find({}, 0, entry.next_hop);
                next_hops_.emplace(old_match.next_hop != nullptr ? old_match.class_name : "",
                                   new_match.next_hop != nullptr ? new_match.class_name : "");
            }
        }
    }

    const ClassTable& before_;
    const ClassTable& after_;
    ClassPairs routes_;
    ClassPairs ases_;
    ClassPairs next_hops_;
    ClassPairs ends_;  // without next hops
    ClassPairs all_;
};

ClassChange::ClassChange(const ClassTable& before, const ClassTable& after) {
    Maker(before, after).make(*this);
}

ClassChange::Answer ClassChange::of(std::string_view before) const {
    const auto found = now_.find(std::string(before));
    if (found == now_.end()) return {before};
    if (!found->second) return {};
    return {*found->second};
}

}  // namespace octroi
