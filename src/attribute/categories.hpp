// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Categories over services: each service is in exactly one, so that the sum over the categories is
// the whole. The first category that names a service has it; what none names is in "other".

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace octroi {

inline constexpr std::string_view rest_category = "other";

struct Category {
    std::string name;
    // Service names, exact, or with one '*' at the end: "icmp/*". "*" alone takes all that is left.
    std::vector<std::string> services;

    bool operator==(const Category&) const = default;
};

class Categories {
public:
    Categories() = default;
    // Refuses names that are empty or stand twice, and a '*' anywhere but at the end. A category
    // may be called "other": it is then the same as the rest.
    [[nodiscard]] static Result<Categories> make(std::vector<Category> list);

    // The view belongs to the object (or is rest_category).
    [[nodiscard]] std::string_view category_of(std::string_view service) const noexcept;

private:
    std::vector<Category> list_;
};

}  // namespace octroi
