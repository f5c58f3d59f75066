// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/ledger_file.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <filesystem>

namespace octroi::sqlite {
namespace {

namespace fs = std::filesystem;

ErrorCode code_of(const std::error_code& error) {
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted)
        return ErrorCode::permission;
    return ErrorCode::failed;
}

std::string_view kind_of(fs::file_type type) {
    switch (type) {
        case fs::file_type::directory:
            return "a folder";
        case fs::file_type::fifo:
            return "a FIFO";
        case fs::file_type::socket:
            return "a socket";
        case fs::file_type::block:
        case fs::file_type::character:
            return "a device";
        default:
            return "no file";
    }
}

// RFC 3986: all octets but those that never have a meaning in a URI.
std::string percent_encoded(std::string_view path) {
    std::string out;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("/-._~").find(c) != std::string_view::npos;
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

bool has_content(const std::string& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return !error && size > 0;
}

}  // namespace

Status check_ledger_file(const std::string& path, OpenMode mode) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
        if (mode == OpenMode::create) return {};
        return fail(ErrorCode::not_found,
                    fmt::format("ledger {} does not exist; next: `octroi run` or `octroi import` "
                                "creates it, or choose another one with --ledger",
                                path));
    }
    if (error)
        return fail(code_of(error),
                    fmt::format("ledger {}: {}; next: run as root, or as the user that owns it",
                                path, error.message()));
    if (status.type() != fs::file_type::regular)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is {}, not a ledger; next: --ledger with the path of a file",
                                path, kind_of(status.type())));
    if (mode != OpenMode::create && !has_content(path) && !has_content(path + "-wal"))
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is an empty file, not a ledger; next: another path with "
                                "--ledger, or `octroi run`, which fills it",
                                path));
    return {};
}

ReadOnlyMedia read_only_media(const std::string& path) {
    struct statvfs media{};
    if (::statvfs(path.c_str(), &media) != 0 || (media.f_flag & ST_RDONLY) == 0) return {};
    std::error_code error;
    const std::string uri =
        "file:" + percent_encoded(fs::absolute(path, error).lexically_normal().string());
    if (error) return {};
    // Nobody can write there, so nothing has to be locked ("unix-none"). Not nolock=1: with it
    // SQLite refuses databases with a log.
    const bool reads_log = has_content(path + "-wal");
    return {.uri = uri + (reads_log ? "?vfs=unix-none" : "?immutable=1"), .reads_log = reads_log};
}

}  // namespace octroi::sqlite
