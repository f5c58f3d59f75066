// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What becomes of the classes of one table under another one. The ledger keeps the class of an
// outside end and not its address, AS or next hop. So a class can be replaced only if all ends that
// could have it have one and the same class in the other table.

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "record/class_table.hpp"

namespace octroi {

// Immutable. The time to make it is linear in the routes of both tables.
class ClassChange {
public:
    ClassChange(const ClassTable& before, const ClassTable& after);

    struct Answer {
        // The class of all ends that had the class; nullopt: they have several.
        std::optional<std::string_view> now;
    };
    // A class that no end could have in the table before is one that the meter stated: it stays.
    // The view is valid while the object lives; of such a class, as long as `before`.
    [[nodiscard]] Answer of(std::string_view before) const;

private:
    class Maker;
    // nullopt: several classes.
    boost::unordered_flat_map<std::string, std::optional<std::string>> now_;
};

}  // namespace octroi
