// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// CHECK(condition): a bug if it does not hold. On in every build; prints where and aborts.
// Recovery after an abort is the ledger's job (a batch is atomic), so stopping is always safe.
// Bad input and operating errors are not bugs: they are counted, or returned as Result.

namespace octroi {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace octroi

#define CHECK(condition)                               \
    (__builtin_expect(static_cast<bool>(condition), 1) \
         ? static_cast<void>(0)                        \
         : ::octroi::check_failed(#condition, __FILE__, __LINE__))
