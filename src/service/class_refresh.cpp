// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_refresh.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "attribute/builtin_classes.hpp"
#include "base/id.hpp"
#include "base/narrow.hpp"
#include "host/command.hpp"
#include "host/file.hpp"
#include "host/http_fetch.hpp"
#include "host/log.hpp"
#include "ledger/chain.hpp"
#include "service/class_change.hpp"
#include "service/class_file.hpp"

namespace octroi {
namespace {

std::uint64_t unpacked_max(const ClassTableConfig& table) {
    return table.size_limit.value() * unpacked_times_max;
}

bool is_address(const std::string& source) { return !source.starts_with('/'); }

// What a source gave.
struct Fetched {
    bool is_unchanged = false;
    std::string path;  // of the content
    std::string etag;
    std::string last_modified;
};

// Changes whenever another program has written or replaced the file.
Result<std::string> stamp_of(const std::string& path, Bytes size_limit) {
    TRY_ASSIGN(const FileStatus status, status_of(path));
    if (status.size > size_limit.value())
        return fail(ErrorCode::over_limit,
                    fmt::format("{} has more than {} octets; next: a larger size_limit in "
                                "[class_table], if the file is right",
                                path, size_limit.value()));
    return fmt::format("{}-{}-{}", status.inode, status.size, status.modified.ns);
}

class Refresh {
public:
    Refresh(const ClassRefreshSettings& settings, DirectoryStore& directory_store, UtcTime now)
        : settings_(settings),
          table_(settings.config.class_table),
          directory_store_(directory_store),
          now_(now),
          files_(class_refresh_files(settings.ledger_path)) {}

    Result<ClassRefreshOutcome> run() {
        TRY(read_state());
        TRY_ASSIGN(const std::string current, directory_store_.current_class_version());
        // Another ledger at this path: it lacks the table that the source calls unchanged.
        if (current.empty()) {
            state_.etag.clear();
            state_.last_modified.clear();
        }
        const ClassRefreshState before = state_;
        state_.checked = now_;
        const auto outcome = look();
        if (outcome) {
            if (*outcome != ClassRefreshOutcome::held_back) state_.problem.clear();
            state_.good = now_;
        } else {
            state_.problem = outcome.error().text;
            if (state_.problem != before.problem)
                log_warning(
                    fmt::format("class table: {}. The table in force stays", state_.problem));
        }
        TRY(drop_accepted());
        TRY(write_class_refresh_state(files_.state, state_));
        std::error_code ignored;
        std::filesystem::remove(files_.fetched, ignored);
        if (is_ledger_error_) return std::unexpected(outcome.error());
        return outcome.value_or(ClassRefreshOutcome::failed);
    }

private:
    Status read_state() {
        auto known = read_class_refresh_state(files_.state);
        if (!known && known.error().code != ErrorCode::corrupt)
            return std::unexpected(known.error());
        const std::string source = class_source_name(table_);
        const std::string digest = class_source_digest(table_);
        const std::string rules =
            fmt::format("{}\n", fmt::join(settings_.config.attribute.class_rules, "\n"));
        const std::string bound = fmt::format("hold back {}", table_.hold_back_percent);
        if (known && *known) {
            ClassRefreshState& before = **known;
            is_other_table_ = before.source_digest != digest || !before.rules.starts_with(rules) ||
                              !before.rules.substr(rules.size()).starts_with("hold back ");
            if (is_other_table_)
                held_before_ = before.held;
            else
                state_ = before;
            // A table that was read with another bound is read again.
            if (before.rules != rules + bound) {
                state_.etag.clear();
                state_.last_modified.clear();
            }
        }
        state_.source = source;
        state_.source_digest = digest;
        state_.rules = rules + bound;
        return {};
    }

    // `octroi class accept` may have put the held table in force since the state was read.
    Status drop_accepted() {
        if (!state_.held) return {};
        TRY_ASSIGN(const std::string current, directory_store_.current_class_version());
        if (state_.held->version != current) return {};
        state_.held.reset();
        state_.problem.clear();
        return {};
    }

    Result<ClassRefreshOutcome> look() {
        TRY_ASSIGN(const Fetched fetched, fetch_source());
        if (fetched.is_unchanged)
            return state_.held ? ClassRefreshOutcome::held_back : ClassRefreshOutcome::unchanged;
        TRY_ASSIGN(LoadedClasses loaded, read_table(fetched.path));
        const auto outcome = put(loaded.table, fetched.path);
        if (!outcome) {
            is_ledger_error_ = true;
            return outcome;
        }
        state_.etag = fetched.etag;
        state_.last_modified = fetched.last_modified;
        return outcome;
    }

    Result<Fetched> fetch_source() {
        if (!table_.command.empty()) return run_source();
        if (is_address(table_.source)) return download();
        TRY_ASSIGN(std::string stamp, stamp_of(table_.source, table_.size_limit));
        return Fetched{.is_unchanged = stamp == state_.etag,
                       .path = table_.source,
                       .etag = std::move(stamp),
                       .last_modified = {}};
    }

    [[nodiscard]] Duration time_max() const {
        return std::min(table_.timeout, settings_.time_max.value_or(table_.timeout));
    }

    Result<Fetched> run_source() {
        TRY_ASSIGN(const std::string text,
                   run_command(table_.command, {.octets = table_.size_limit.value(),
                                                .time = time_max(),
                                                .stop_requested = settings_.stop_requested}));
        TRY(replace_file(files_.fetched, text));
        return Fetched{.path = files_.fetched, .etag = {}, .last_modified = {}};
    }

    Result<Fetched> download() {
        TRY_ASSIGN(FetchAnswer answer, fetch({.url = table_.source,
                                              .etag = state_.etag,
                                              .last_modified = state_.last_modified,
                                              .ca_file = table_.ca_file,
                                              .octets_max = table_.size_limit.value(),
                                              .time_max = time_max(),
                                              .stop_requested = settings_.stop_requested}));
        if (answer.is_unchanged) return Fetched{.is_unchanged = true};
        TRY(replace_file(files_.fetched, answer.body));
        return Fetched{.path = files_.fetched,
                       .etag = std::move(answer.etag),
                       .last_modified = std::move(answer.last_modified)};
    }

    Result<LoadedClasses> read_table(const std::string& path) const {
        auto loaded = read_classes({.files = {path},
                                    .rules = settings_.config.attribute.class_rules,
                                    .default_class = std::string(no_table_class),
                                    .unpacked_max = unpacked_max(table_)});
        if (!loaded)
            return fail(loaded.error().code,
                        fmt::format("{} ({})", loaded.error().text, state_.source));
        if (loaded->table.routes.empty())
            return fail(ErrorCode::corrupt,
                        fmt::format("{}: has no prefix; next: look at what the source gives",
                                    state_.source));
        return loaded;
    }

    Result<ClassRefreshOutcome> put(const ClassTable& table, const std::string& path) {
        TRY_ASSIGN(const std::string current, directory_store_.current_class_version());
        if (table.version != current) {
            TRY_ASSIGN(const std::uint64_t in_force, prefixes_of(current));
            TRY_ASSIGN(const std::string reason, implausible(table, current, in_force));
            if (!reason.empty()) return hold_back(table, in_force, reason, path);
            TRY(directory_store_.load_class_table(table, state_.source, now_));
            log_info(
                fmt::format("class table {}: in force from now on, with {} prefixes instead "
                            "of {}",
                            state_.source, table.routes.size(), in_force));
        }
        if (state_.held) {
            state_.held.reset();
            std::error_code ignored;
            std::filesystem::remove(files_.held, ignored);
        }
        return ClassRefreshOutcome::loaded;
    }

    // Empty: it is plausible. A person who changed the source or the rules may have given the
    // classes other names: then only the number of all prefixes is compared.
    Result<std::string> implausible(const ClassTable& table, const std::string& current,
                                    std::uint64_t in_force) {
        if (lost_too_much(table.routes.size(), in_force, table_.hold_back_percent))
            return fmt::format("it has {} prefixes and the table in force {}", table.routes.size(),
                               in_force);
        if (held_before_ && held_before_->version == table.version) return held_before_->reason;
        if (current.empty() || is_other_table_) return std::string();
        TRY_ASSIGN(const auto before, directory_store_.class_table(current));
        if (!before) return std::string();
        return implausible_class(*before, table, table_.hold_back_percent);
    }

    Result<std::uint64_t> prefixes_of(const std::string& version) {
        if (version.empty()) return 0;
        TRY_ASSIGN(const auto tables, directory_store_.class_tables());
        for (const ClassTableInfo& info : tables)
            if (info.version == version) return info.prefixes;
        return 0;
    }

    Result<ClassRefreshOutcome> hold_back(const ClassTable& table, std::uint64_t in_force,
                                          const std::string& reason, const std::string& path) {
        TRY_ASSIGN(const std::string content, read_file(path, table_.size_limit.value()));
        TRY(replace_file(files_.held, content));
        const bool is_new = !state_.held || state_.held->version != table.version;
        if (is_new)
            state_.held = {.version = table.version,
                           .prefixes = table.routes.size(),
                           .prefixes_in_force = in_force,
                           .since = now_,
                           .reason = reason};
        state_.problem = fmt::format(
            "{}: held back, because {}; next: octroi class accept {}, if the new table is right",
            state_.source, reason, table.version.substr(0, accepted_digits));
        if (is_new) log_warning(fmt::format("class table: {}", state_.problem));
        return ClassRefreshOutcome::held_back;
    }

    const ClassRefreshSettings& settings_;
    const ClassTableConfig& table_;
    DirectoryStore& directory_store_;
    UtcTime now_;
    ClassRefreshFiles files_;
    ClassRefreshState state_;
    bool is_other_table_ = false;  // than the one of the last attempt: another source, other rules
    std::optional<HeldClasses> held_before_;  // of that one
    bool is_ledger_error_ = false;
};

}  // namespace

bool has_class_source(const Config& config) {
    return !config.class_table.source.empty() || !config.class_table.command.empty();
}

std::string class_source_name(const ClassTableConfig& table) {
    if (table.command.empty()) return url_for_messages(table.source);
    return table.command.front();
}

std::string class_source_digest(const ClassTableConfig& table) {
    constexpr std::size_t digest_octets = 16;
    Hasher hasher;
    hasher.text(table.source);
    hasher.be64(table.command.size());
    for (const std::string& argument : table.command) hasher.text(argument);
    return to_hex(hasher.finish().substr(0, digest_octets));
}

Result<ClassRefreshOutcome> refresh_classes(const ClassRefreshSettings& settings,
                                            DirectoryStore& directory_store, UtcTime now) {
    return Refresh(settings, directory_store, now).run();
}

Result<HeldClasses> accept_held_classes(const Config& config, const std::string& ledger_path,
                                        std::string_view version, DirectoryStore& directory_store,
                                        UtcTime now) {
    const ClassRefreshFiles files = class_refresh_files(ledger_path);
    TRY_ASSIGN(auto state, read_class_refresh_state(files.state));
    if (!state || !state->held)
        return fail(ErrorCode::not_found,
                    "no class table is held back. Next: octroi doctor says whether the last one "
                    "could be read");
    TRY_ASSIGN(LoadedClasses loaded,
               read_classes({.files = {files.held},
                             .rules = config.attribute.class_rules,
                             .default_class = std::string(no_table_class),
                             .unpacked_max = unpacked_max(config.class_table)}));
    if (version.size() < accepted_digits || !loaded.table.version.starts_with(version))
        return fail(ErrorCode::conflict,
                    fmt::format("the class table that is held back has the version {}, and not {}: "
                                "another one may have come since. Next: look at {}, then octroi "
                                "class accept {}",
                                loaded.table.version.substr(0, accepted_digits), version,
                                files.held, loaded.table.version.substr(0, accepted_digits)));
    TRY(directory_store.load_class_table(loaded.table, state->source, now));
    HeldClasses held = *std::exchange(state->held, std::nullopt);
    held.prefixes = loaded.table.routes.size();
    held.version = loaded.table.version;
    state->problem.clear();
    TRY(write_class_refresh_state(files.state, *state));
    std::error_code ignored;
    std::filesystem::remove(files.held, ignored);
    return held;
}

}  // namespace octroi
