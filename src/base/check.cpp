// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace octroi {

void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "octroi: internal error: %s does not hold (%s:%d)\n", condition, file,
                 line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace octroi
