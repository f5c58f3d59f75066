// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/attribution.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attribute/builtin_classes.hpp"
#include "attribute/source_prefixes.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "service/class_file.hpp"
#include "service/class_refresh.hpp"

namespace octroi {
namespace {

RulesPtr rules_of(const Config& config) {
    std::vector<RuleConfig> rules;
    for (const RuleRow& row : config.rules) rules.push_back(row.rule);
    return std::make_shared<const std::vector<RuleConfig>>(std::move(rules));
}

}  // namespace

Result<AttributionSource> AttributionSource::create(const Config& config,
                                                    DirectoryStore& directory_store,
                                                    std::vector<LocalNetwork> fallback) {
    AttributionSource source(config, directory_store, std::move(fallback));
    TRY_ASSIGN(source.tables_.services, configured_services(config));
    TRY(source.load_directory());
    TRY_ASSIGN(const std::string version, directory_store.current_class_version());
    TRY(source.load_classes(version));
    source.make_source_tables();
    source.tables_.rules = rules_of(config);
    return source;
}

Status AttributionSource::load_directory() {
    TRY_ASSIGN(Directory directory, declared_directory(*directory_store_, config_));
    assumed_ = directory.networks.empty();
    if (assumed_) directory.networks = fallback_;
    networks_ = directory.networks;
    directory_version_ = directory.version;
    fallback_is_new_ = false;
    auto compiled = std::make_shared<const CompiledDirectory>(directory);
    for (const std::string& problem : compiled->problems()) log_warning(problem);
    tables_.directory = std::move(compiled);
    source_.local = source_prefixes(directory);
    return {};
}

Status AttributionSource::load_classes(const std::string& version) {
    std::shared_ptr<const ClassTable> table;
    if (!version.empty()) {
        TRY_ASSIGN(auto loaded, directory_store_->class_table(version));
        if (loaded) table = std::make_shared<const ClassTable>(*std::move(loaded));
    }
    class_version_ = version;
    tables_.classes = table ? std::make_shared<const CompiledClasses>(*table)
                            : std::make_shared<const CompiledClasses>();
    source_.classes = std::move(table);
    return {};
}

void AttributionSource::use_classes(ClassTable table) {
    if (table.version == class_version_) return;
    class_version_ = table.version;
    tables_.classes = std::make_shared<const CompiledClasses>(table);
    source_.classes = std::make_shared<const ClassTable>(std::move(table));
}

void AttributionSource::make_source_tables() {
    source_.services = std::make_shared<const SourceServices>(tables_.services->source_services());
    tables_.source = std::make_shared<const SourceTables>(source_);
}

Result<bool> AttributionSource::refresh_directory() {
    TRY_ASSIGN(const std::uint64_t version, directory_store_->directory_version());
    if (version == directory_version_ && !(assumed_ && fallback_is_new_)) return false;
    TRY(load_directory());
    return true;
}

Result<bool> AttributionSource::refresh_classes() {
    TRY_ASSIGN(const std::string version, directory_store_->current_class_version());
    if (version == class_version_) return false;
    TRY(load_classes(version));
    return true;
}

AttributionSource::Refreshed AttributionSource::refresh() {
    const auto directory = refresh_directory();
    const auto classes = refresh_classes();
    const auto sessions = refresh_sessions();
    Refreshed refreshed{.is_new = directory.value_or(false) || classes.value_or(false),
                        .has_new_sessions = sessions.value_or(false),
                        .outcome = {}};
    if (!directory)
        refreshed.outcome = std::unexpected(directory.error());
    else if (!classes)
        refreshed.outcome = std::unexpected(classes.error());
    else if (!sessions)
        refreshed.outcome = std::unexpected(sessions.error());
    if (refreshed.is_new) make_source_tables();
    return refreshed;
}

Status AttributionSource::use_identities(IdentityStore& store, UtcTime since) {
    TRY_ASSIGN(identities_, IdentitySessions::load(store, since, random_seed()));
    tables_.sessions = identities_->table();
    return {};
}

Result<bool> AttributionSource::refresh_sessions() {
    if (!identities_) return false;
    TRY_ASSIGN(const bool is_new, identities_->refresh());
    // Also events that drop_known_identities() has read.
    if (!is_new && tables_.sessions == identities_->table()) return false;
    tables_.sessions = identities_->table();
    return true;
}

Status AttributionSource::drop_known_identities(Batch& batch) {
    return identities_ ? identities_->drop_known(batch) : Status();
}

Result<std::optional<ClassTable>> put_configured_classes(const Config& config,
                                                         DirectoryStore& directory_store,
                                                         UtcTime now) {
    const AttributeConfig& wanted = config.attribute;
    // The rules are applied to the table of the source, when it is read.
    if (has_class_source(config)) return std::nullopt;
    if (wanted.class_table.empty() && wanted.class_rules.empty()) return std::nullopt;
    ClassSources sources{.rules = wanted.class_rules, .default_class = std::string(no_table_class)};
    if (!wanted.class_table.empty()) sources.files = {wanted.class_table};
    TRY_ASSIGN(LoadedClasses loaded, read_classes(sources));
    TRY_ASSIGN(const std::string current, directory_store.current_class_version());
    // The version is a hash of the content: a restart with the same file writes nothing.
    if (current == loaded.table.version) return std::move(loaded.table);
    TRY(directory_store.load_class_table(loaded.table, name_of(sources), now));
    log_info(fmt::format("class table {}: in force from now on", name_of(sources)));
    return std::move(loaded.table);
}

Status AttributionSource::reconfigure(const Config& config, UtcTime now) {
    // On a copy: after an error this source is as it was.
    AttributionSource next = *this;
    next.config_ = config.attribute;
    TRY_ASSIGN(next.tables_.services, configured_services(config));
    TRY(next.load_directory());
    // Storing the table is the last step that can fail: after it, the ledger has a new table in
    // force.
    TRY_ASSIGN(auto named, put_configured_classes(config, *directory_store_, now));
    if (named)
        next.use_classes(*std::move(named));
    else
        TRY(next.refresh_classes());
    next.make_source_tables();
    next.tables_.rules = rules_of(config);
    *this = std::move(next);
    return {};
}

void AttributionSource::add_fallback(const std::vector<LocalNetwork>& networks,
                                     const std::vector<std::string>& outside) {
    const auto removed = std::erase_if(fallback_, [&](const LocalNetwork& network) {
        return std::ranges::find(outside, network.prefix) != outside.end();
    });
    fallback_is_new_ = fallback_is_new_ || removed > 0;
    for (const LocalNetwork& network : networks) {
        if (std::find(fallback_.begin(), fallback_.end(), network) != fallback_.end()) continue;
        fallback_.push_back(network);
        fallback_is_new_ = true;
    }
}

std::vector<LocalNetwork> private_networks() {
    std::vector<LocalNetwork> networks;
    // RFC 1918; RFC 6598 (carrier-grade NAT); link-local and unique local addresses: RFC 3927, RFC
    // 4291, RFC 4193.
    for (const char* prefix : {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12",
                               "192.168.0.0/16", "fc00::/7", "fe80::/10"})
        networks.push_back({prefix, true});
    return networks;
}

Result<Directory> declared_directory(DirectoryStore& directory_store,
                                     const AttributeConfig& config) {
    TRY_ASSIGN(Directory directory, directory_store.directory());
    for (const Prefix& prefix : config.local)
        directory.networks.push_back({to_string(prefix), config.per_address});
    return directory;
}

Result<Attributor::ServicesPtr> configured_services(const Config& config) {
    std::vector<ServiceRule> rules;
    for (const NamedList& list : config.services) rules.push_back({list.name, list.values});
    auto compiled = CompiledServices::compile(rules);
    if (!compiled) return fail(ErrorCode::invalid, "[services] " + compiled.error().text);
    return std::make_shared<const CompiledServices>(*std::move(compiled));
}

Result<Categories> configured_categories(const Config& config) {
    std::vector<Category> list;
    for (const NamedList& entry : config.categories) list.push_back({entry.name, entry.values});
    auto categories = Categories::make(std::move(list));
    if (!categories) return fail(ErrorCode::invalid, "[categories] " + categories.error().text);
    return categories;
}

}  // namespace octroi
