// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What attribution looks things up in, made from the configuration and the ledger.

#include <memory>
#include <optional>
#include <vector>

#include "attribute/attributor.hpp"
#include "attribute/categories.hpp"
#include "config/config.hpp"
#include "ledger/directory_store.hpp"

namespace octroi {

struct AttributionTables {
    Attributor::DirectoryPtr directory;
    Attributor::ClassesPtr classes;
    Attributor::ServicesPtr services;
};

// Makes the tables, and makes them anew when the ledger's directory or class table has changed.
class AttributionSource {
public:
    // The networks that count as local where neither the configuration nor the ledger declares any.
    [[nodiscard]] static Result<AttributionSource> create(const Config& config,
                                                          DirectoryStore& directory_store,
                                                          std::vector<LocalNetwork> undeclared);

    [[nodiscard]] const AttributionTables& tables() const { return tables_; }
    // Directory::networks as they are in force.
    [[nodiscard]] const std::vector<LocalNetwork>& networks() const { return networks_; }
    // Nobody has declared a network: `undeclared` are in force.
    [[nodiscard]] bool assumed() const { return assumed_; }

    // Networks that count as local from the next refresh() on, beside those of create(): where none
    // is declared. They stay: an address that goes may have had traffic until now.
    void learn(const std::vector<LocalNetwork>& undeclared);
    // True: the tables are new.
    [[nodiscard]] Result<bool> refresh();

private:
    AttributionSource(const Config& config, DirectoryStore& directory_store,
                      std::vector<LocalNetwork> undeclared)
        : config_(config), directory_store_(directory_store), undeclared_(std::move(undeclared)) {}
    [[nodiscard]] Status load_directory();
    [[nodiscard]] Status load_classes(const std::string& version);

    const Config& config_;
    DirectoryStore& directory_store_;
    std::vector<LocalNetwork> undeclared_;
    std::vector<LocalNetwork> networks_;
    bool assumed_ = false;
    bool learned_ = false;
    std::uint64_t directory_version_ = 0;
    std::string class_version_;
    AttributionTables tables_;
};

// Puts the class table that the configuration names into the ledger, and in force: batches name
// versions that the ledger has. Read once: another file comes into force with the next start.
[[nodiscard]] Status keep_configured_classes(const Config& config, DirectoryStore& directory_store,
                                             UtcTime now);

// RFC 1918, RFC 6598, RFC 4193 and link-local: what a capture from somewhere most likely calls its
// own.
[[nodiscard]] std::vector<LocalNetwork> private_networks();

[[nodiscard]] Result<Categories> configured_categories(const Config& config);

}  // namespace octroi
