// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ppp_lower.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace octroi {

void set_lower_of_ppp(std::span<Interface* const> all, std::span<const std::string> sessions) {
    std::vector<Interface*> ppp;
    for (Interface* one : all)
        if (one->kind == "ppp") ppp.push_back(one);
    std::set<int> lower;
    bool are_all_present = true;
    for (const std::string& name : sessions) {
        const auto found = std::ranges::find(all, name, &Interface::name);
        if (found == all.end())
            are_all_present = false;
        else
            lower.insert((*found)->index);
    }
    const bool are_all_pppoe = are_all_present && sessions.size() == ppp.size();
    for (Interface* one : ppp) {
        if (are_all_pppoe && lower.size() == 1) {
            one->lower = *lower.begin();
        } else {
            one->possible_lower.assign(lower.begin(), lower.end());
            one->is_on_possible_lower = are_all_pppoe;
        }
    }
}

}  // namespace octroi
