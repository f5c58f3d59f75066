// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/state/state_files.hpp"

#include "host/file.hpp"

namespace octroi {
namespace {

// DO NOT CHANGE: names of files on disk.
constexpr std::string_view state_prefix = "state-";
// Larger than any state that the limits of exporters, flows, connections and counters allow.
constexpr std::size_t state_max = std::size_t{1} << 30U;

}  // namespace

Result<std::string> StateFiles::write(std::string_view place, std::string_view content) const {
    std::string name{state_prefix};
    name += place;
    TRY(replace_file(folder_->path_of(name), content));
    return name;
}

void StateFiles::remove_all_but(const std::string& name) const {
    const auto names = folder_->names();
    if (!names) return;
    for (const std::string& other : *names)
        if (other.starts_with(state_prefix) && other != name)
            static_cast<void>(folder_->remove(other));
}

Result<std::string> read_state_file(const std::string& path) {
    return read_own_file(path, state_max);
}

}  // namespace octroi
