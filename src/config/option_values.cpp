// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/option_values.hpp"

#include "base/check.hpp"

namespace octroi {

template <typename T>
const T& OptionValues::at(std::string_view key) const {
    const auto found = values_.find(key);
    CHECK(found != values_.end());
    const T* value = std::get_if<T>(&found->second);
    CHECK(value != nullptr);
    return *value;
}

bool OptionValues::boolean(std::string_view key) const { return at<bool>(key); }
std::int64_t OptionValues::integer(std::string_view key) const { return at<std::int64_t>(key); }
Duration OptionValues::duration(std::string_view key) const { return at<Duration>(key); }
Bytes OptionValues::size(std::string_view key) const { return at<Bytes>(key); }
const std::string& OptionValues::text(std::string_view key) const { return at<std::string>(key); }
const std::vector<std::string>& OptionValues::texts(std::string_view key) const {
    return at<std::vector<std::string>>(key);
}
const std::vector<Prefix>& OptionValues::prefixes(std::string_view key) const {
    return at<std::vector<Prefix>>(key);
}

void OptionValues::set(std::string_view key, OptionValue value) {
    values_.insert_or_assign(std::string(key), std::move(value));
}

void OptionValues::merge(const OptionValues& others) {
    for (const auto& [key, value] : others.values_) values_.insert_or_assign(key, value);
}

bool OptionValues::contains(std::string_view key) const { return values_.contains(key); }

}  // namespace octroi
