// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Categories of services. Each service is in exactly one category, so that the categories add up to
// the total: the first one that names it, else "other".

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace octroi {

inline constexpr std::string_view rest_category = "other";

struct Category {
    std::string name;
    // Service names, exact or with one '*' at the end: "icmp/*". "*" matches all.
    std::vector<std::string> services;

    bool operator==(const Category&) const = default;
};

class Categories {
public:
    Categories() = default;
    // Refuses empty names, a name that is used twice, and a '*' that is not at the end. A category
    // named "other" also has the services that no category names.
    [[nodiscard]] static Result<Categories> make(std::vector<Category> list);

    // The view is valid while the object lives.
    [[nodiscard]] std::string_view category_of(std::string_view service) const noexcept;

private:
    std::vector<Category> list_;
};

}  // namespace octroi
