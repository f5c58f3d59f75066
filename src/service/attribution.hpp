// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of attribution, made from the configuration and the ledger.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attribute/attributor.hpp"
#include "attribute/categories.hpp"
#include "config/config.hpp"
#include "ledger/directory_store.hpp"
#include "record/duplicate_traffic.hpp"
#include "record/source_tables.hpp"
#include "service/identity_sessions.hpp"

namespace octroi {

// By the name of the meter.
using DuplicatesByMeter = std::map<std::string, std::vector<DuplicateTraffic>, std::less<>>;
using DuplicatesPtr = std::shared_ptr<const DuplicatesByMeter>;

struct AttributionTables {
    Attributor::DirectoryPtr directory;
    Attributor::ClassesPtr classes;
    Attributor::ServicesPtr services;
    // Who held which address when. Null: nobody states it.
    SessionsPtr sessions = nullptr;
    // The same for meters that attribute where they count. Null: there is no such meter (imports).
    SourceTablesPtr source = nullptr;
    // [[rule]], for meters that count by rules. Null: as `source`.
    RulesPtr rules = nullptr;
    // What meters see and others are charged for (service/precedence.hpp); stays as it is for the
    // whole run. Null: nothing.
    DuplicatesPtr duplicates = nullptr;
};

// Makes the tables from the configuration and the ledger, and again when one of them has changed.
class AttributionSource {
public:
    // fallback: the networks that count as local where neither the configuration nor the ledger
    // declares any. The directory_store must outlive the source.
    [[nodiscard]] static Result<AttributionSource> create(const Config& config,
                                                          DirectoryStore& directory_store,
                                                          std::vector<LocalNetwork> fallback);

    [[nodiscard]] const AttributionTables& tables() const { return tables_; }
    // Before the first meter gets the tables.
    void use_duplicates(DuplicatesPtr duplicates) { tables_.duplicates = std::move(duplicates); }
    // The networks that count as local now.
    [[nodiscard]] const std::vector<LocalNetwork>& networks() const { return networks_; }
    // No network is declared: networks() are the fallback.
    [[nodiscard]] bool assumed() const { return assumed_; }

    // Adds networks to the fallback, from the next refresh() on, and removes those in `outside`,
    // which are not local after all (a default route came later than the address). No other one is
    // removed: an address that goes may have had traffic until now.
    void add_fallback(const std::vector<LocalNetwork>& networks,
                      const std::vector<std::string>& outside = {});
    // Loads who held which address when, and keeps it up to date. The store must outlive the
    // source. since: see IdentityQuestion.
    [[nodiscard]] Status use_identities(IdentityStore& store, UtcTime since);
    // Reads events that came since. True: tables().sessions are new.
    [[nodiscard]] Result<bool> refresh_sessions();
    // IdentitySessions::drop_known(). Without use_identities() the batch stays as it is.
    [[nodiscard]] Status drop_known_identities(Batch& batch);

    struct Refreshed {
        bool is_new = false;  // tables() are new, also where another part could not be read
        bool has_new_sessions = false;  // tables().sessions are new
        Status outcome;  // of the first part that failed; the next call tries it again
    };
    // Asks the ledger for changes of the directory and of the class table.
    [[nodiscard]] Refreshed refresh();
    // Makes the tables of another configuration, and puts its class table in force as
    // put_configured_classes does. After an error the old tables hold, here and in the ledger.
    [[nodiscard]] Status reconfigure(const Config& config, UtcTime now);

private:
    AttributionSource(const Config& config, DirectoryStore& directory_store,
                      std::vector<LocalNetwork> fallback)
        : config_(config.attribute),
          directory_store_(&directory_store),
          fallback_(std::move(fallback)) {}
    // Each loads its part and notes its version, or changes nothing.
    [[nodiscard]] Status load_directory();
    [[nodiscard]] Status load_classes(const std::string& version);
    // True: the part was new and is loaded.
    [[nodiscard]] Result<bool> refresh_directory();
    [[nodiscard]] Result<bool> refresh_classes();
    void use_classes(ClassTable table);
    // After a change of a part.
    void make_source_tables();

    AttributeConfig config_;
    DirectoryStore* directory_store_;
    std::vector<LocalNetwork> fallback_;
    std::vector<LocalNetwork> networks_;
    bool assumed_ = false;
    bool fallback_is_new_ = false;  // since the directory was loaded
    std::uint64_t directory_version_ = 0;
    std::string class_version_;
    SourceTables source_;
    AttributionTables tables_;
    std::optional<IdentitySessions> identities_;
};

// Puts the class table that the configuration names into the ledger and in force there, because
// batches refer to versions that the ledger holds. Nothing happens where the configuration names
// none, or the ledger's is the same. Returns the table; nullopt: none is named, or
// [class_table] has a source, which class_refresh.hpp reads.
[[nodiscard]] Result<std::optional<ClassTable>> put_configured_classes(
    const Config& config, DirectoryStore& directory_store, UtcTime now);

// The networks of RFC 1918, RFC 6598 and RFC 4193, and the link-local ones: the fallback for files
// from somewhere else.
[[nodiscard]] std::vector<LocalNetwork> private_networks();

// The ledger's directory, with the networks that the configuration declares local.
[[nodiscard]] Result<Directory> declared_directory(DirectoryStore& directory_store,
                                                   const AttributeConfig& config);

// [services] and [categories], compiled. Errors: invalid.
[[nodiscard]] Result<Attributor::ServicesPtr> configured_services(const Config& config);
[[nodiscard]] Result<Categories> configured_categories(const Config& config);

}  // namespace octroi
