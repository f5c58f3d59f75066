// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Operating errors (of a file, a socket, a database, a configuration) are values of type Result.
// There are no exceptions between folders: host/ and store/ catch those of libraries.
//
// The text of an Error is one line for the user. It names the object first, then says why it failed
// and, where the user can do something, what to do next after "next: ". It has no final full stop.

#include <expected>
#include <string>
#include <utility>

namespace octroi {

// What a caller can act on. Codes are not stored and may be reordered.
enum class ErrorCode {
    failed,      // no more specific code fits
    invalid,     // an argument, option or file of the user is wrong (command line: exit status 2)
    not_found,   // the named object does not exist
    exists,      // an object of that name exists and is a different one
    conflict,    // another process changed the object since it was read: read it again
    busy,        // another process holds a lock or a queue is full: the same call may succeed later
    permission,  // the process lacks a privilege or a capability
    no_space,    // the disk is full, or a limit of the file system is reached
    unsupported,  // known, but this build, kernel or format version cannot do it
    corrupt,      // stored data does not have the form in which it was written
    over_limit,   // a stated bound of Octroi is reached
    interrupted,  // the user asked the process to stop
};

struct Error {
    ErrorCode code = ErrorCode::failed;
    std::string text;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// `return fail(ErrorCode::not_found, "account x does not exist");` in a function that returns a
// Result.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string text) {
    return std::unexpected<Error>(Error{code, std::move(text)});
}

}  // namespace octroi

#define OCTROI_JOIN2(a, b) a##b
#define OCTROI_JOIN(a, b) OCTROI_JOIN2(a, b)

// TRY(expression of type Status or Result): returns the error to the caller, if there is one.
#define TRY(...)                                                          \
    do {                                                                  \
        auto octroi_try_status = (__VA_ARGS__);                           \
        if (!octroi_try_status.has_value())                               \
            return std::unexpected(std::move(octroi_try_status.error())); \
    } while (false)

// TRY_ASSIGN(auto file, open(path)): assigns the value, or returns the error to the caller. Expands
// to several statements: it needs braces after an `if`.
#define TRY_ASSIGN(target, ...) \
    TRY_ASSIGN_IMPL(OCTROI_JOIN(octroi_try_, __COUNTER__), target, __VA_ARGS__)
#define TRY_ASSIGN_IMPL(name, target, ...)                                  \
    auto name = (__VA_ARGS__);                                              \
    if (!name.has_value()) return std::unexpected(std::move(name.error())); \
    target = *std::move(name)
