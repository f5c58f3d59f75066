// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a user has configured, as typed values: all that other layers see of the configuration.
// A Config made by `Config{}` is the configuration of an empty file: the defaults below are those
// of the option table (config/options.cpp), and a test holds the two together.

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/quantity.hpp"
#include "base/time.hpp"
#include "config/export_target.hpp"

namespace octroi {

// A place in a configuration file, for messages; line 0 when the value was not written by anybody.
struct SourceLine {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    auto operator<=>(const SourceLine&) const = default;
};

// "octroi.toml:12:5"
[[nodiscard]] std::string to_string(const SourceLine& where);

struct LedgerConfig {
    std::string path;  // file or postgresql:// address; empty: the default place
    Duration commit_interval = Duration::seconds(60);
    Duration busy_timeout = Duration::seconds(30);

    auto operator<=>(const LedgerConfig&) const = default;
};

enum class RoleChoice { bill, witness };
enum class FragmentsChoice { first, separate };

enum class DeduplicateChoice { none, ingress, flow_key };
enum class NatEventsChoice { apply, keep };

// What only a meter of kind `collector` looks at.
struct CollectorConfig {
    std::vector<std::string> listen = {"udp/2055", "udp/4739", "udp/6343"};  // parse_listen
    std::vector<Prefix> exporters;                                           // empty: all
    std::int64_t sampling = 0;  // where the exporter does not say; 0: none
    DeduplicateChoice deduplicate = DeduplicateChoice::none;
    Duration duplicate_window = Duration::minutes(5);
    std::vector<Prefix> duplicates_from;
    NatEventsChoice nat_events = NatEventsChoice::apply;
    std::vector<Prefix> nat_events_from;
    Duration clock_skew = Duration::minutes(5);
    Bytes socket_buffer{64ULL << 20U};
    std::string journal;  // folder; empty: beside the ledger
    Bytes journal_size{1ULL << 30U};
    Duration journal_sync = Duration::seconds(5);
    std::string tls_certificate;  // file; needed where `listen` has tls/…
    std::string tls_key;
    std::string tls_clients;

    auto operator<=>(const CollectorConfig&) const = default;
};

struct MeterConfig {
    std::string name;                     // unique among the meters
    std::string kind = "capture";         // what is metered: a folder of src/meter
    std::vector<std::string> interfaces;  // empty: every physical interface
    bool promiscuous = false;
    std::string filter;  // pcap-filter(7) text; empty: everything
    std::int64_t snap_length = 128;
    Bytes ring_size{64ULL << 20U};
    RoleChoice role = RoleChoice::bill;
    FragmentsChoice fragments = FragmentsChoice::first;
    Duration active_timeout = Duration::seconds(300);
    Duration inactive_timeout = Duration::seconds(60);
    std::int64_t flow_limit = 1'000'000;
    CollectorConfig collector;
    SourceLine where;  // of its [[meter]] line

    auto operator<=>(const MeterConfig&) const = default;
};

struct ExportConfig {
    ExportTarget to;
    ExportFormat format = ExportFormat::ipfix;
    std::string meter;  // empty: all of them
    SourceLine where;   // of its [[export]] line

    auto operator<=>(const ExportConfig&) const = default;
};

struct AttributeConfig {
    std::vector<Prefix> local;  // empty: the networks of the metered interfaces
    bool per_address = true;
    std::string class_table;  // file of prefixes or routes; empty: none
    // As attribute/class_rules.hpp. With no class_table either: what the ledger holds.
    std::vector<std::string> class_rules;

    auto operator<=>(const AttributeConfig&) const = default;
};

// `name = ["tcp/80", …]` as it is written: what the texts mean is attribute's to say.
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

struct Config {
    LedgerConfig ledger;
    std::vector<MeterConfig>
        meters;  // in the order of the file; empty: the caller meters everything
    std::vector<ExportConfig> exports;
    AttributeConfig attribute;
    std::vector<NamedList> services;    // in the order of the file: the first match wins
    std::vector<NamedList> categories;  // likewise
    DisplayConfig display;
    std::vector<std::string> notices;  // for the user: old names that were understood

    auto operator<=>(const Config&) const = default;
};

}  // namespace octroi
