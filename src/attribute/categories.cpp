// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/categories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace octroi {
namespace {

bool covers(std::string_view pattern, std::string_view service) noexcept {
    if (!pattern.ends_with('*')) return pattern == service;
    return service.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Result<Categories> Categories::make(std::vector<Category> list) {
    std::set<std::string_view> names;
    for (const Category& category : list) {
        if (category.name.empty()) return fail(ErrorCode::invalid, "a category needs a name");
        if (!names.insert(category.name).second) {
            return fail(ErrorCode::invalid,
                        fmt::format("category '{}' is listed twice; put its services into one list",
                                    category.name));
        }
        for (const std::string& pattern : category.services) {
            if (pattern.find('*') < pattern.size() - 1 || pattern.empty()) {
                return fail(
                    ErrorCode::invalid,
                    fmt::format(
                        "category '{}': '{}' is no service; a '*' may stand at the end only",
                        category.name, pattern));
            }
        }
    }
    Categories categories;
    categories.list_ = std::move(list);
    return categories;
}

std::string_view Categories::category_of(std::string_view service) const noexcept {
    for (const Category& category : list_) {
        const auto fits = [&](const std::string& pattern) { return covers(pattern, service); };
        if (std::any_of(category.services.begin(), category.services.end(), fits))
            return category.name;
    }
    return rest_category;
}

}  // namespace octroi
