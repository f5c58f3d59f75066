// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/snapshots.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "host/file.hpp"
#include "host/random.hpp"

namespace octroi::journal {
namespace {

// DO NOT CHANGE: names of files on disk.
constexpr std::string_view id_name = "id";
constexpr std::string_view snapshot_prefix = "state-";
// Larger than any state that the limits of exporters, flows and mappings allow.
constexpr std::size_t snapshot_max = std::size_t{1} << 30U;

}  // namespace

Result<std::string> Snapshots::write(const Position& at, std::uint64_t version,
                                     std::string_view content) const {
    std::string name = fmt::format("{}{}-{}-{}", snapshot_prefix, at.segment, at.slot, version);
    TRY(replace_file(folder_->path_of(name), content));
    return name;
}

void Snapshots::remove_all_but(const std::string& name) const {
    const auto names = folder_->names();
    if (!names) return;
    for (const std::string& other : *names)
        if (other.starts_with(snapshot_prefix) && other != name)
            static_cast<void>(folder_->remove(other));
}

Result<std::string> read_snapshot_file(const std::string& path) {
    return read_file(path, snapshot_max);
}

Result<std::string> journal_id(const OwnFolder& folder) {
    const std::string path = folder.path_of(std::string(id_name));
    const auto known = read_file(path, 64);
    if (known) return *known;
    if (known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
    std::string made = to_string(random_batch_id());
    TRY(replace_file(path, made));
    return made;
}

}  // namespace octroi::journal
