// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The option table: one row for each thing that can be configured. Parser, validator,
// documentation, schema and example are all made from these rows, so a new option is one row
// (config/options.cpp) and one member of Config.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi {

enum class OptionType {
    boolean,   // true
    integer,   // 1000
    duration,  // "1m30s"
    size,      // "64 MiB", or a number of bytes
    text,      // "eth0"
    choice,    // one of the texts that `range` lists
    texts,     // ["a", "b"]
    prefixes,  // ["192.0.2.0/24", "2001:db8::/32"]
};

using OptionValue = std::variant<bool, std::int64_t, Duration, Bytes, std::string,
                                 std::vector<std::string>, std::vector<Prefix>>;

// A value that was read, checked against type and range, on its way into a Config.
struct OptionEntry {
    std::string key;  // as the file has it: differs from Option::key in rows for any key
    OptionValue value;
    SourceLine where;

    // The value as the row's type has it. Asking for another is a bug.
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] Duration duration() const;
    [[nodiscard]] Bytes size() const;
    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] const std::vector<std::string>& texts() const;
    [[nodiscard]] const std::vector<Prefix>& prefixes() const;
};

struct Option {
    std::string_view section;
    std::string_view key;  // any_key: every name that the user likes
    OptionType type;
    std::string_view default_text;   // the default, as one would write it in the file
    bool required = false;           // has no default: `default_text` is an example
    std::string_view range = "";     // "1s..1h"; "iec|si" for a choice; empty: any
    std::string_view help;           // one line
    std::string_view doc = "";       // more, where one line does not do
    std::string_view since = "0.1";  // version that has it first
    bool reload = false;             // a running daemon takes a change without a restart
    // Set in the row of an old name: the key in the same section that has taken its place. Such a
    // row needs a type only for readers; what is written is checked and taken as the new key.
    std::string_view renamed_to = "";
    // What a range cannot say; the error tells what is wrong with the value. Null: nothing.
    Status (*check)(const OptionEntry&) = nullptr;
    // Puts the value into the Config; in a repeated section, into the last element.
    void (*assign)(Config&, const OptionEntry&) = nullptr;
};

struct Section {
    std::string_view name;
    bool repeated = false;  // [[meter]]: as many as one likes
    std::string_view help;
    // Repeated sections: appends an element, which the rows then fill.
    void (*append)(Config&, const SourceLine&) = nullptr;
};

inline constexpr std::string_view any_key = "*";

// All sections and all rows, in the order in which documentation shows them.
struct OptionTable {
    std::span<const Section> sections;
    std::span<const Option> options;

    // Null when there is none. find_option does not look at rows for any key.
    [[nodiscard]] const Section* find_section(std::string_view name) const;
    [[nodiscard]] const Option* find_option(std::string_view section, std::string_view key) const;
};

// The table of this program.
[[nodiscard]] const OptionTable& option_table();

// "duration": how a type is called in messages and documentation.
[[nodiscard]] std::string_view to_string(OptionType type);

}  // namespace octroi
