// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The configuration as typed values. `Config{}` is the configuration of an empty file: the defaults
// below are those of the option table (config/options.cpp), and a test compares the two.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "config/export_target.hpp"
#include "config/option_values.hpp"
#include "config/rule_config.hpp"

namespace octroi {

// A place in a configuration file, for messages. Line 0: the value is in no file.
struct SourceLine {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    auto operator<=>(const SourceLine&) const = default;
};

// "octroi.toml:12:5"
[[nodiscard]] std::string to_string(const SourceLine& where);

struct LedgerConfig {
    std::string path;  // file or postgresql:// address; empty: the default path
    Duration commit_interval = Duration::seconds(60);
    Duration busy_timeout = Duration::seconds(30);
    std::string node;  // empty: the host name
    // How long transfers of 5 minutes, and sums by hour, are kept. 0: for ever.
    Duration keep_fine{0};
    Duration keep_hours{0};

    auto operator<=>(const LedgerConfig&) const = default;
};

// Whether the traffic of a meter is charged, or only kept and compared.
enum class RoleChoice { bill, witness };

// A [[meter]]. The options that only its kind has are values by key: only the kind (meter/kind.hpp)
// gives them a meaning.
struct MeterConfig {
    std::string name;  // unique among the meters
    std::string kind;
    RoleChoice role = RoleChoice::bill;
    // Names of meters that count other packets, though the configuration does not show it.
    std::vector<std::string> disjoint_from;
    OptionValues options;  // a value for every option of the kind
    SourceLine where;      // of its [[meter]] line

    auto operator<=>(const MeterConfig&) const = default;
};

struct ExportConfig {
    ExportTarget to;
    ExportFormat format = ExportFormat::ipfix;
    std::string meter;  // empty: all of them
    SourceLine where;   // of its [[export]] line

    auto operator<=>(const ExportConfig&) const = default;
};

// What elements 23 and 24 of an exporter count.
enum class OutBytesChoice { automatic, same, reverse };

// An [[exporter]]: what differs between senders of flow exports. The first row that fits applies.
struct ExporterConfig {
    std::vector<Prefix> prefixes;         // of its address
    std::optional<std::uint32_t> domain;  // observation domain; none: all
    std::string name;                     // for reports
    std::uint64_t sampling = 0;           // 0: as the exporter states
    OutBytesChoice out_bytes = OutBytesChoice::automatic;
    Duration clock_offset{0};                                       // how far its clock is ahead
    std::vector<std::pair<std::uint32_t, std::string>> interfaces;  // names by ifIndex
    bool trusted_nat = false;
    bool duplicates = false;
    std::uint32_t link_header = 14;                   // octets before the IP header
    std::uint64_t link_speed_bits = 800'000'000'000;  // bits per second
    SourceLine where;                                 // of its [[exporter]] line

    auto operator<=>(const ExporterConfig&) const = default;
};

// A [[rule]] with its place in the file.
struct RuleRow {
    RuleConfig rule;
    SourceLine where;  // of its [[rule]] line

    auto operator<=>(const RuleRow&) const = default;
};

// The row for an exporter; null: there is none.
[[nodiscard]] const ExporterConfig* find_exporter(std::span<const ExporterConfig> rows,
                                                  const Address& address, std::uint32_t domain);

struct AttributeConfig {
    std::vector<Prefix> local;  // empty: the networks of the metered interfaces
    bool per_address = true;
    std::string class_table;  // file of prefixes or routes; empty: none
    // Rules as in attribute/class_rules.hpp. Without rules and without class_table, the class table
    // of the ledger is in force.
    std::vector<std::string> class_rules;

    auto operator<=>(const AttributeConfig&) const = default;
};

// A class table that the daemon reads again and again. Neither source nor command: there is none.
struct ClassTableConfig {
    std::string source;                // absolute path, or http:// or https:// address
    std::vector<std::string> command;  // program and arguments
    Duration refresh_every = Duration::hours(1);
    std::int64_t hold_back_percent = 50;  // of the prefixes, see the option table
    Duration timeout = Duration::seconds(60);
    Bytes size_limit{std::uint64_t{256} << 20U};
    std::string ca_file;  // empty: the certificates of the system

    auto operator<=>(const ClassTableConfig&) const = default;
};

// `name = ["tcp/80", …]` as it is written; attribute/ parses the texts.
struct NamedList {
    std::string name;
    std::vector<std::string> values;
    SourceLine where;

    auto operator<=>(const NamedList&) const = default;
};

enum class UnitsChoice { iec, si };

struct DisplayConfig {
    UnitsChoice units = UnitsChoice::iec;
    std::string timezone = "local";  // or a name of the IANA database

    auto operator<=>(const DisplayConfig&) const = default;
};

enum class LogLevelChoice { error, warning, info, debug };
enum class LogFormatChoice { automatic, text, journal, json };

// Of the daemon; other commands write plain lines.
struct LogConfig {
    LogLevelChoice level = LogLevelChoice::info;
    LogFormatChoice format = LogFormatChoice::automatic;

    auto operator<=>(const LogConfig&) const = default;
};

struct MetricsConfig {
    std::string listen;  // "127.0.0.1:9465" (parse_http_listen); empty: no listener

    auto operator<=>(const MetricsConfig&) const = default;
};

// A section of the file, or one of the repeated ones, with the values that it states.
struct ConfigElement {
    std::string section;                                      // "ledger", "meter"
    std::string kind;                                         // of a [[meter]]
    std::vector<std::pair<std::string, OptionValue>> values;  // by key, in the order of the file

    auto operator<=>(const ConfigElement&) const = default;
};

struct Config {
    LedgerConfig ledger;
    std::vector<MeterConfig> meters;  // in the order of the file
    std::vector<ExportConfig> exports;
    std::vector<ExporterConfig> exporters;  // in the order of the file
    std::vector<RuleRow> rules;             // in the order of the file
    AttributeConfig attribute;
    ClassTableConfig class_table;
    std::vector<NamedList> services;    // in the order of the file: the first match wins
    std::vector<NamedList> categories;  // likewise
    DisplayConfig display;
    LogConfig log;
    MetricsConfig metrics;
    std::vector<std::string> notices;  // for the user: old names in the file
    // The same as the file states it, for a comparison of two files (config/changes.hpp).
    std::vector<ConfigElement> elements;

    auto operator<=>(const Config&) const = default;
};

}  // namespace octroi
