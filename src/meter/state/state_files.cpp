// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/state/state_files.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "host/file.hpp"

namespace octroi {
namespace {

// DO NOT CHANGE: names of files on disk.
constexpr std::string_view state_prefix = "state-";
constexpr char checksum_mark = '.';
// Larger than any state that the limits of exporters, flows, connections and counters allow.
constexpr std::size_t state_max = std::size_t{1} << 30U;

// FNV-1a with 64 bits. It finds files of another time and damage, not forgery: the folder belongs
// to Octroi alone.
std::uint64_t checksum(std::string_view content) noexcept {
    constexpr std::uint64_t basis = 0xcbf29ce484222325U;
    constexpr std::uint64_t prime = 0x100000001b3U;
    std::uint64_t sum = basis;
    for (const char octet : content) sum = (sum ^ static_cast<unsigned char>(octet)) * prime;
    return sum;
}

std::string checksum_text(std::string_view content) {
    return fmt::format("{:016x}", checksum(content));
}

}  // namespace

std::string state_file_name(std::string_view place, std::string_view content) {
    return fmt::format("{}{}{}{}", state_prefix, place, checksum_mark, checksum_text(content));
}

Result<std::string> StateFiles::write(std::string_view place, std::string_view content) const {
    std::string name = state_file_name(place, content);
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
    TRY_ASSIGN(std::string content, read_own_file(path, state_max));
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    const std::size_t mark = name.rfind(checksum_mark);
    if (mark != std::string_view::npos && name.substr(mark + 1) != checksum_text(content))
        return fail(
            ErrorCode::corrupt,
            fmt::format("{}: the content is not the one that the ledger's cursor names", path));
    return content;
}

}  // namespace octroi
