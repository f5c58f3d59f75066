// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/state/state_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace octroi {
namespace {

namespace fs = std::filesystem;

std::string earlier_path(const std::string& state_folder, const StateOwner& owner) {
    return (fs::path(state_folder) / owner.kind / owner.meter).string();
}

bool has_state_of(const std::string& folder, std::span<const Cursor> cursors) {
    return std::ranges::any_of(cursors, [&](const Cursor& cursor) {
        std::error_code ignored;
        return !cursor.position.empty() && !cursor.position.contains('/') &&
               fs::is_regular_file(folder + "/" + cursor.position, ignored);
    });
}

}  // namespace

std::string state_folder_path(const std::string& state_folder, const StateOwner& owner) {
    constexpr std::size_t id_characters = 8;
    std::string path = earlier_path(state_folder, owner);
    if (owner.ledger_id.empty()) return path;
    return fmt::format("{}-{}", path, owner.ledger_id.substr(0, id_characters));
}

Result<OwnFolder> open_state_folder(const std::string& state_folder, const StateOwner& owner,
                                    std::span<const Cursor> cursors) {
    const std::string path = state_folder_path(state_folder, owner);
    const std::string earlier = earlier_path(state_folder, owner);
    std::error_code ignored;
    if (path == earlier || fs::exists(path, ignored) || !has_state_of(earlier, cursors))
        return OwnFolder::open(path);
    TRY_ASSIGN(OwnFolder folder, OwnFolder::open(earlier));
    TRY(folder.rename_to(path));
    return folder;
}

}  // namespace octroi
