// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/os_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace octroi {

std::unexpected<Error> os_failure(std::string_view what) {
    const int number = errno;
    const auto code = [number] {
        switch (number) {
            case ENOENT:
            case ENOTDIR:
            case ENODEV:
                return ErrorCode::not_found;
            case EACCES:
            case EPERM:
            case EROFS:
                return ErrorCode::permission;
            case ENOSPC:
            case EDQUOT:
            case EFBIG:
                return ErrorCode::no_space;
            default:
                return ErrorCode::failed;
        }
    }();
    return fail(code, fmt::format("cannot {}: {}", what, std::generic_category().message(number)));
}

std::unexpected<Error> with_next(std::unexpected<Error> failure, std::string_view next) {
    failure.error().text += fmt::format("; next: {}", next);
    return failure;
}

}  // namespace octroi
