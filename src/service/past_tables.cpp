// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/past_tables.hpp"

#include <algorithm>
#include <utility>

#include "attribute/builtin_classes.hpp"
#include "host/random.hpp"
#include "service/attribution.hpp"

namespace octroi {
namespace {

// Versions of the directory, each with the newest event that was known.
constexpr std::size_t directories_kept = 256;

// A table of no version: everything has one class.
Result<std::optional<ClassTable>> class_table_of(Ledger& ledger, const std::string& version) {
    if (!version.empty()) return ledger.class_table(version);
    ClassTable none;
    none.default_class = no_table_class;
    return none;
}

// Names that a meter states for the near end beside its address.
bool is_near_name(const Identity& identity) {
    return identity.kind == IdentityKind::user || identity.kind == IdentityKind::domain ||
           identity.kind == IdentityKind::uid || identity.kind == IdentityKind::cgroup ||
           identity.kind == IdentityKind::peer || identity.kind == IdentityKind::rule;
}

template <typename Row, typename Key>
void put(std::vector<Row>& rows, const Row& row, Key Row::* key) {
    const auto found = std::ranges::find(rows, row.*key, key);
    if (found == rows.end())
        rows.push_back(row);
    else
        *found = row;
}

}  // namespace

Result<std::unique_ptr<PastTables>> PastTables::create(Ledger& ledger, const Config& config,
                                                       std::uint64_t seed) {
    std::unique_ptr<PastTables> past(new PastTables(ledger));
    TRY(ledger.snapshot([&] { return past->load(config, seed); }));
    return past;
}

Status PastTables::load(const Config& config, std::uint64_t seed) {
    Reattribution::Tables tables;
    TRY(load_identities());
    tables.sessions = sessions_;
    TRY_ASSIGN(tables.directory, declared_directory(ledger_, config.attribute));
    for (const Prefix& prefix : config.attribute.local)
        configured_.push_back({to_string(prefix), config.attribute.per_address});
    assumed_ = tables.directory.networks.empty();
    fallback_ = private_networks();
    if (assumed_) tables.directory.networks = fallback_;
    TRY_ASSIGN(const std::string version, ledger_.current_class_version());
    TRY_ASSIGN(auto classes, class_table_of(ledger_, version));
    if (classes) tables.classes = *std::move(classes);
    TRY_ASSIGN(const auto loaded, ledger_.class_tables());
    class_versions_ = {""};
    for (const ClassTableInfo& table : loaded) class_versions_.insert(table.version);
    for (const NamedList& rule : config.services) tables.rules.push_back({rule.name, rule.values});
    TRY(ledger_.each_directory_change([&](const StoredDirectoryChange& change) -> Status {
        history_.push_back(change.delta);
        return {};
    }));
    for (const DirectoryDelta& delta : history_)
        tables.has_names = tables.has_names ||
                           std::ranges::any_of(delta.bindings, is_near_name, &Binding::identity);
    auto now = Reattribution::create(std::move(tables), seed);
    if (!now) return fail(ErrorCode::invalid, "[services] " + now.error().text);
    now_ = *std::move(now);
    return {};
}

Directory PastTables::directory_of(std::uint64_t version) const {
    Directory directory;
    directory.version = version;
    std::map<std::uint64_t, Binding> bindings;
    for (const DirectoryDelta& delta : history_) {
        if (delta.version > version) break;
        for (const std::uint64_t id : delta.bindings_removed) bindings.erase(id);
        for (const Binding& binding : delta.bindings) bindings[binding.id] = binding;
        for (const std::string& prefix : delta.networks_removed)
            std::erase_if(directory.networks, [&](const auto& n) { return n.prefix == prefix; });
        for (const LocalNetwork& network : delta.networks)
            put(directory.networks, network, &LocalNetwork::prefix);
    }
    for (auto& [id, binding] : bindings) directory.bindings.push_back(std::move(binding));
    directory.networks.insert(directory.networks.end(), configured_.begin(), configured_.end());
    return directory;
}

Status PastTables::load_identities() {
    sessions_ = SessionTable::without_events(random_seed());
    known_sessions_[0] = sessions_;
    TRY(ledger_.each_identity({}, [&](const StoredIdentity& stored) -> Status {
        events_.push_back({stored.number, stored.source, stored.event});
        return {};
    }));
    sessions_ = SessionTable::with(sessions_, events_);
    held_ = HeldIndex(events_);
    return {};
}

std::span<const SessionInput> PastTables::events_between(std::uint64_t after,
                                                         std::uint64_t until) const {
    const auto first = std::ranges::upper_bound(events_, after, {}, &SessionInput::number);
    return {first, std::ranges::upper_bound(events_, until, {}, &SessionInput::number)};
}

// Made from the nearest one with fewer events.
SessionsPtr PastTables::sessions_at(std::uint64_t number) {
    if (number == sessions_->number()) return sessions_;
    const auto before = std::prev(known_sessions_.upper_bound(number));
    if (before->first == number) return before->second;
    auto made = SessionTable::with(before->second, events_between(before->first, number), number);
    return known_sessions_.emplace(number, std::move(made)).first->second;
}

const PastTables::PastVersion& PastTables::version_at(std::uint64_t version) {
    PastVersion& past = versions_[version];
    if (past.tables.directory) return past;
    Directory directory = directory_of(version);
    past.assumed_networks = directory.networks.empty();
    if (past.assumed_networks) directory.networks = fallback_;
    past.tables = PastTablesOfVersion::of(std::move(directory));
    return past;
}

const PastDirectory& PastTables::directory_at(const DirectoryKey& key) {
    std::unique_ptr<PastDirectory>& past = directories_[key];
    if (past) return *past;
    const auto [version, known] = key;
    PastTablesOfVersion before = version_at(version).tables;
    before.sessions = sessions_at(known);
    // Under the directory of now only later events make a difference.
    std::optional<std::vector<Identity>> changed;
    if (version == directory_version())
        changed = held_.concerned_by(events_between(known, identities_known()));
    past =
        std::make_unique<PastDirectory>(std::move(before), now_->bindings(),
                                        tables().directory.networks, changed ? &*changed : nullptr);
    return *past;
}

Status PastTables::add_classes(const std::string& version) {
    if (version == class_version() || classes_.contains(version)) return {};
    TRY_ASSIGN(const auto before, class_table_of(ledger_, version));
    if (before) classes_.emplace(version, std::make_unique<ClassChange>(*before, tables().classes));
    return {};
}

Result<const Reattribution::Past*> PastTables::find(std::uint64_t version,
                                                    const std::string& classes,
                                                    std::uint64_t known) {
    if (version > directory_version() || !class_versions_.contains(classes) ||
        known > identities_known())
        return nullptr;
    const DirectoryKey key{version, known};
    const auto found = past_.find({key, classes});
    if (found != past_.end()) return &found->second;
    TRY(add_classes(classes));
    const PastDirectory& directory = directory_at(key);
    const auto change = classes_.find(classes);
    const Reattribution::Past past{
        .directory = &directory,
        .classes = change == classes_.end() ? nullptr : change->second.get(),
        .assumed_networks = assumed_ && version_at(version).assumed_networks};
    return &past_.emplace(Key{key, classes}, past).first->second;
}

void PastTables::drop() {
    if (directories_.size() <= directories_kept) return;
    past_.clear();
    directories_.clear();
    known_sessions_.erase(std::next(known_sessions_.begin()), known_sessions_.end());
    if (versions_.size() > directories_kept) versions_.clear();
}

}  // namespace octroi
