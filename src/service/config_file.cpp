// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/config_file.hpp"

#include <fmt/format.h>

#include "host/file.hpp"

namespace octroi {
namespace {

// In octets. The parser refuses a longer file too.
constexpr std::size_t config_text_max = 1U << 20U;

}  // namespace

Result<std::string> ConfigFile::read() {
    auto text = read_file(path_, config_text_max);
    const bool is_absent = !text && text.error().code == ErrorCode::not_found && optional_;
    if (!text && !is_absent) return fail(ErrorCode::invalid, text.error().text);
    const bool has_text = text && text->find_first_not_of(" \t\r\n") != std::string::npos;
    if (had_text_ && !has_text)
        return fail(ErrorCode::invalid,
                    fmt::format("{} is {}. Next: restore it, or restart octroi to run with the "
                                "defaults",
                                path_, is_absent ? "gone" : "empty"));
    had_text_ = has_text;
    return is_absent ? std::string() : text;
}

}  // namespace octroi
