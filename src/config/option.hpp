// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The option table: one row for each thing that can be configured. The parser, its messages, the
// documentation, the JSON schema and the example file are made from these rows. Options of
// [[meter]] that belong to one kind of meter come from the caller: config knows no kind.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/option_values.hpp"

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

// A value that was read, and checked against the type and range of its row.
struct OptionEntry {
    std::string key;  // as the file has it: differs from Option::key in rows for any key
    OptionValue value;
    SourceLine where;

    // The value, which must be of this type: the type of the row.
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] Duration duration() const;
    [[nodiscard]] Bytes size() const;
    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] const std::vector<std::string>& texts() const;
    [[nodiscard]] const std::vector<Prefix>& prefixes() const;
};

// All texts are constants. Rows of a meter kind, and rows that only the command line has, leave
// `section` and `assign` out: their values are kept by key (OptionValues).
struct Option {
    std::string_view section;
    std::string_view key;  // any_key: every name that the user chooses
    OptionType type;
    std::string_view default_text;   // the default, as the user would write it in the file
    bool required = false;           // has no default: `default_text` is an example
    std::string_view range = "";     // "1s..1h"; "iec|si" for a choice; empty: any value
    std::string_view help;           // one line
    std::string_view doc = "";       // more, where one line is too short
    std::string_view since = "0.1";  // the first version that has it
    bool reload = false;             // a running daemon applies a change without a restart
    // In the row of an old name: the key in the same section that replaces it. Such a row needs a
    // type for readers only; the value is checked and assigned as that of the new key.
    std::string_view renamed_to = "";
    // A check that a range cannot express. The error names the mistake in the value. Null: none.
    Status (*check)(const OptionEntry&) = nullptr;
    // Stores the value in the Config; in a repeated section, in the last element.
    void (*assign)(Config&, const OptionEntry&) = nullptr;

    // On a command line: the names of the option ("-i,--interface"; empty: "--" and the key, with
    // '-' for '_') and the word for its value in --help ("PREFIX").
    std::string_view flags = "";
    std::string_view placeholder = "TEXT";
    // The meter kind that the row belongs to; empty: every kind, or no meter at all. Set by
    // make_option_table.
    std::string_view kind = "";
};

struct Section {
    std::string_view name;
    bool repeated = false;  // [[meter]]: any number of elements
    std::string_view help;
    // Repeated sections: appends an element, which the rows then fill.
    void (*append)(Config&, const SourceLine&) = nullptr;
    // More elements are refused. Bounds the checks that compare each meter with each other one.
    std::size_t rows_max = 256;
    // A running daemon applies every change of the section, also elements that come and go.
    bool reload = false;
};

inline constexpr std::string_view any_key = "*";
inline constexpr std::string_view meter_section = "meter";

// Something that is wrong in a configuration file.
struct Problem {
    SourceLine where;
    std::string text;

    auto operator<=>(const Problem&) const = default;
};

// Which packets the meters of a kind count. Two meters of role `bill` that may count the same ones
// are refused, unless one names the other in `disjoint_from`.
enum class MeterScope : std::uint8_t {
    elsewhere,   // those of other machines, or none: no other meter counts them
    interfaces,  // those of the interfaces in the option `interfaces` (empty: of all)
    machine,     // those of this machine, at all interfaces
    // Those that rules, names or keys choose. Meters of all other kinds may count them too; about
    // two meters of the kind, MeterOptions::check decides.
    chosen,
};

// The configuration's part of a meter kind.
struct MeterOptions {
    std::string_view kind;
    std::string_view help;            // one line
    std::string_view doc = "";        // more
    std::span<const Option> options;  // the rows of [[meter]] that only this kind has
    // Checks rules between options of one meter, and between the meters of this kind. Called when
    // each single value is valid. Null: nothing to check.
    void (*check)(std::span<const MeterConfig* const> meters,
                  std::vector<Problem>& problems) = nullptr;
    bool is_default = false;  // the kind of a [[meter]] that names none
    MeterScope scope = MeterScope::elsewhere;
    // Its readings have the single addresses of both ends of a packet or flow, bound or not: only
    // then can traffic be chosen by an address (same_bytes_as).
    bool has_both_ends = false;
};

// All sections and all rows, in the order in which documentation shows them.
struct OptionTable {
    std::vector<Section> sections;
    std::vector<Option> options;
    std::vector<MeterOptions> kinds;
    std::vector<OptionValues> defaults =
        {};  // of the options of each kind, in the order of `kinds`
    // Texts that rows refer to and that are not constants.
    std::vector<std::shared_ptr<const std::string>> texts = {};

    // Null: there is none. find_option does not find rows for any key. kind: of the meter; rows of
    // other kinds are not found.
    [[nodiscard]] const Section* find_section(std::string_view name) const;
    [[nodiscard]] const Option* find_option(std::string_view section, std::string_view key,
                                            std::string_view kind = "") const;
    [[nodiscard]] const MeterOptions* find_kind(std::string_view kind) const;
    // The kind of a meter that names none; empty: the table has no kinds.
    [[nodiscard]] std::string_view default_kind() const;
    // A meter of this kind, without a name, with the default of every option.
    [[nodiscard]] MeterConfig default_meter(std::string_view kind) const;
};

// The table of a program with these kinds of meters. Two kinds may have options of the same name;
// no kind may have one that every meter has.
[[nodiscard]] OptionTable make_option_table(std::span<const MeterOptions> kinds);

// "duration": the name of a type in messages and documentation.
[[nodiscard]] std::string_view to_string(OptionType type);

}  // namespace octroi
