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
    if (text) {
        was_read_ = true;
        return text;
    }
    if (text.error().code != ErrorCode::not_found || !optional_)
        return fail(ErrorCode::invalid, text.error().text);
    if (!was_read_) return std::string();
    return fail(ErrorCode::invalid,
                fmt::format("{} is gone. Next: restore it, or restart octroi to run with the "
                            "defaults",
                            path_));
}

}  // namespace octroi
