// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Operating errors (a file, a socket, a database, a configuration) are values of type Result.
// An Error's text says what failed, why, and, where there is something to be done, what next.

#include <expected>
#include <string>
#include <utility>

namespace octroi {

enum class ErrorCode {
    failed,       // the operation did not succeed and no finer code fits
    invalid,      // what the caller or the user gave is wrong (exit status 2 on the command line)
    not_found,    // a named thing does not exist
    exists,       // a thing of that name exists already, and differs
    conflict,     // somebody else changed it meanwhile (another importer, another daemon)
    busy,         // somebody else is at it for the moment: the same call may do later
    permission,   // a privilege or capability is missing
    no_space,     // disk full or a limit of the file system
    unsupported,  // known, but not handled by this build, kernel or format version
    corrupt,      // data that should be ours or well-formed is not
    over_limit,   // a stated bound of Octroi was reached
    interrupted,  // the user asked to stop
};

struct Error {
    ErrorCode code = ErrorCode::failed;
    std::string text;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// `return fail(ErrorCode::not_found, "no account named x");` in a function that returns a Result.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string text) {
    return std::unexpected<Error>(Error{code, std::move(text)});
}

}  // namespace octroi

#define OCTROI_JOIN2(a, b) a##b
#define OCTROI_JOIN(a, b) OCTROI_JOIN2(a, b)

// TRY(status_expression): returns the error to the caller if there is one.
#define TRY(...)                                                          \
    do {                                                                  \
        auto octroi_try_status = (__VA_ARGS__);                           \
        if (!octroi_try_status.has_value())                               \
            return std::unexpected(std::move(octroi_try_status.error())); \
    } while (false)

// TRY_ASSIGN(auto file, open(path)): the value, or the error to the caller.
#define TRY_ASSIGN(target, ...) \
    TRY_ASSIGN_IMPL(OCTROI_JOIN(octroi_try_, __COUNTER__), target, __VA_ARGS__)
#define TRY_ASSIGN_IMPL(name, target, ...)                                  \
    auto name = (__VA_ARGS__);                                              \
    if (!name.has_value()) return std::unexpected(std::move(name.error())); \
    target = *std::move(name)
