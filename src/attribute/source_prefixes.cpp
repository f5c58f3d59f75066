// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/source_prefixes.hpp"

#include <map>
#include <string>

namespace octroi {

std::vector<SourcePrefix> source_prefixes(const Directory& directory) {
    std::map<Prefix, bool> prefixes;
    const auto add = [&](const std::string& text, bool per_address) {
        const auto prefix = parse_prefix(text);
        if (!prefix) return;
        bool& known = prefixes[*prefix];
        known = known || per_address;
    };
    for (const Binding& binding : directory.bindings)
        if (binding.identity.kind == IdentityKind::prefix)
            add(binding.identity.value, binding.per_address);
    for (const LocalNetwork& network : directory.networks) add(network.prefix, network.per_address);
    std::vector<SourcePrefix> list;
    for (const auto& [prefix, per_address] : prefixes) list.push_back({prefix, per_address});
    return list;
}

}  // namespace octroi
