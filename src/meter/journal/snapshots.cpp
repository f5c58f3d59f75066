// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/snapshots.hpp"

#include <fmt/format.h>

#include "host/file.hpp"

namespace octroi::journal {
namespace {

// DO NOT CHANGE: names of files on disk.
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
    return read_own_file(path, snapshot_max);
}

}  // namespace octroi::journal
