// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Values of options that were checked against their rows (config/option.hpp), by key: those of a
// meter in the configuration, or those of a command line.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/quantity.hpp"
#include "base/time.hpp"

namespace octroi {

using OptionValue = std::variant<bool, std::int64_t, Duration, Bytes, std::string,
                                 std::vector<std::string>, std::vector<Prefix>>;

// Holds a value for each row that it was made from, given or default. It is a bug, and aborts, to
// read a key that no row has or as another type than the row's.
class OptionValues {
public:
    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] Duration duration(std::string_view key) const;
    [[nodiscard]] Bytes size(std::string_view key) const;
    // Of a text or a choice.
    [[nodiscard]] const std::string& text(std::string_view key) const;
    [[nodiscard]] const std::vector<std::string>& texts(std::string_view key) const;
    [[nodiscard]] const std::vector<Prefix>& prefixes(std::string_view key) const;

    // Adds the key, or replaces its value.
    void set(std::string_view key, OptionValue value);
    // Sets all of the other values.
    void merge(const OptionValues& others);
    [[nodiscard]] bool contains(std::string_view key) const;

    auto operator<=>(const OptionValues&) const = default;

private:
    template <typename T>
    [[nodiscard]] const T& at(std::string_view key) const;

    std::map<std::string, OptionValue, std::less<>> values_;
};

}  // namespace octroi
