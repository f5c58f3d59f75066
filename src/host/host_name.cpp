// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host_name.hpp"

#include <unistd.h>

#include <array>

namespace octroi {

std::string host_name() {
    std::array<char, 256> name{};
    // A name that does not fit may lack the final zero: the last octet stays free.
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

}  // namespace octroi
