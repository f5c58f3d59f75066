// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/interface_name.hpp"

#include <net/if.h>

#include <array>

namespace octroi {

std::string interface_name(int index) {
    std::array<char, IF_NAMESIZE> name{};
    if (index <= 0 || ::if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr)
        return {};
    return name.data();
}

}  // namespace octroi
