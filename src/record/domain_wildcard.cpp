// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/domain_wildcard.hpp"

namespace octroi {

std::string broader_wildcard(std::string_view domain) {
    if (domain.starts_with("*.")) domain.remove_prefix(2);
    const std::size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return {};
    return "*" + std::string(domain.substr(dot));
}

}  // namespace octroi
