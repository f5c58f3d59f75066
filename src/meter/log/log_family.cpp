// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_family.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "host/found_files.hpp"
#include "meter/log/rotated_names.hpp"

namespace octroi::logs {
namespace {

std::unique_ptr<file::Stream> opened(const std::string& path) {
    auto stream = file::Stream::open_regular(path);
    if (!stream) return nullptr;
    return std::make_unique<file::Stream>(*std::move(stream));
}

}  // namespace

LogFamily::LogFamily(std::string path, const std::string& old_folder, IsLog is_log)
    : path_(std::move(path)), is_log_(std::move(is_log)) {
    const std::filesystem::path at(path_);
    name_ = at.filename().string();
    folders_.push_back(at.parent_path().string());
    if (!old_folder.empty())
        folders_.push_back((at.parent_path() / old_folder).lexically_normal().string());
}

std::vector<LogFamily::Member> LogFamily::members() const {
    std::vector<Member> members;
    for (const std::string& folder : folders_) add_members(folder, members);
    std::ranges::stable_sort(members, {}, [](const Member& m) { return m.status.modified; });
    return members;
}

void LogFamily::add_members(const std::string& folder, std::vector<Member>& members) const {
    const auto names = file_names_in(folder);
    if (!names) return;
    for (const std::string& name : *names) {
        if (!is_rotated_name(name_, name)) continue;
        std::string path = folder + "/" + name;
        if (is_log_(path)) continue;
        const auto status = status_of(path);
        if (!status || !status->regular || status->size == 0) continue;
        members.push_back({std::move(path), *status});
    }
}

std::optional<LogFamily::Found> LogFamily::find(const SeenFile& lost,
                                                const FileStatus* not_this) const {
    // A program that compresses a file removes it when the compressed one is complete: between the
    // list and the opening it may be gone, and a second list has the new one.
    constexpr int attempts = 3;
    std::optional<Found> shorter;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        std::vector<Member> candidates = members();
        std::ranges::stable_partition(candidates,
                                      [&](const Member& m) { return lost.is_inode_of(m.status); });
        bool is_one_gone = false;
        for (Member& member : candidates) {
            if (not_this != nullptr && member.status.device == not_this->device &&
                member.status.inode == not_this->inode)
                continue;
            auto stream = opened(member.path);
            is_one_gone = is_one_gone || stream == nullptr;
            if (stream == nullptr) continue;
            const auto likeness = compare(*stream, lost);
            if (!likeness) continue;
            if (*likeness == Likeness::same ||
                (*likeness == Likeness::unknown && lost.is_inode_of(member.status)))
                return Found{std::move(member), *likeness, std::move(stream)};
            if (*likeness == Likeness::shorter)
                shorter = Found{std::move(member), *likeness, std::move(stream)};
        }
        if (!is_one_gone) break;
    }
    return shorter;
}

}  // namespace octroi::logs
