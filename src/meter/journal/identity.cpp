// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/identity.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/id.hpp"
#include "host/file.hpp"
#include "host/random.hpp"
#include "meter/journal/segment.hpp"

namespace octroi::journal {
namespace {

// DO NOT CHANGE: names of files on disk.
constexpr std::string_view id_name = "id";
constexpr std::string_view ledger_name = "ledger";
constexpr std::size_t id_digits = 32;

bool is_id(std::string_view text) {
    return text.size() == id_digits && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::optional<std::string> read_id(const std::string& path) {
    const auto text = read_own_file(path, 2 * id_digits);
    if (!text || !is_id(*text)) return std::nullopt;
    return *text;
}

// Of the first segment that has one.
Result<std::optional<std::string>> id_in_segments(const OwnFolder& folder) {
    TRY_ASSIGN(const auto names, folder.names());
    for (const std::string& name : names) {
        if (!name.ends_with(".journal")) continue;
        // The boot is not compared here, so no message is dropped: only the head is read.
        const auto head = read_segment_journal(folder.path_of(name));
        if (head && is_id(*head)) return *head;
    }
    return std::nullopt;
}

}  // namespace

Result<std::string> journal_id(const OwnFolder& folder) {
    const std::string path = folder.path_of(std::string(id_name));
    if (auto known = read_id(path)) return *std::move(known);
    TRY_ASSIGN(auto id, id_in_segments(folder));
    if (!id) id = to_string(random_batch_id());
    TRY(replace_file(path, *id));
    return *std::move(id);
}

std::optional<std::string> find_journal_id(const std::string& folder) {
    return read_id(folder + "/" + std::string(id_name));
}

std::optional<std::string> find_ledger_of(const std::string& folder) {
    return read_id(folder + "/" + std::string(ledger_name));
}

Status set_ledger(const OwnFolder& folder, const std::string& ledger_id) {
    if (find_ledger_of(folder.path()) == ledger_id) return {};
    return replace_file(folder.path_of(std::string(ledger_name)), ledger_id);
}

std::vector<std::string> folders_with_journals(const std::string& parent) {
    std::vector<std::string> folders;
    std::error_code error;
    for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end;
         at.increment(error)) {
        std::string folder = at->path().string();
        if (find_journal_id(folder)) folders.push_back(std::move(folder));
    }
    std::ranges::sort(folders);
    return folders;
}

}  // namespace octroi::journal
