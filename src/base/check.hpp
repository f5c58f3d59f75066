// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// CHECK(condition) states an invariant of the program. When it does not hold, that is a bug: the
// condition, file and line go to standard error and the process aborts. Active in every build.
//
// Aborting is safe at any moment, because a batch is committed as a whole or not at all and the
// meters continue from the last committed cursor. Bad input and operating errors are not bugs: bad
// input is counted, operating errors are returned as Result.

namespace octroi {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace octroi

#define CHECK(condition)                               \
    (__builtin_expect(static_cast<bool>(condition), 1) \
         ? static_cast<void>(0)                        \
         : ::octroi::check_failed(#condition, __FILE__, __LINE__))
