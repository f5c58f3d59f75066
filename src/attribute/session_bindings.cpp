// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/session_bindings.hpp"

#include <iterator>

namespace octroi {

std::vector<Binding> session_bindings(const CompiledDirectory& directory,
                                      const SessionTable& sessions, const HeldSessions& held) {
    std::vector<Binding> bindings;
    for (UtcTime at = UtcTime::min(); at < UtcTime::max();) {
        const auto answer = directory.find_sessions(held, at, sessions);
        if (answer.bound) {
            const std::string& account = directory.owner_of(answer.target).name;
            Binding* last = bindings.empty() ? nullptr : &bindings.back();
            if (last != nullptr && last->account == account && last->valid.end == at)
                last->valid.end = answer.valid.end;
            else
                bindings.push_back({.id = 0,
                                    .identity = held.held,
                                    .account = account,
                                    .valid = {at, answer.valid.end}});
        }
        at = answer.valid.end;
    }
    return bindings;
}

std::vector<Binding> session_bindings(const CompiledDirectory& directory,
                                      const SessionTable& sessions) {
    std::vector<Binding> all;
    sessions.each([&](const HeldSessions& held) {
        auto bindings = session_bindings(directory, sessions, held);
        all.insert(all.end(), std::make_move_iterator(bindings.begin()),
                   std::make_move_iterator(bindings.end()));
    });
    return all;
}

HeldIndex::HeldIndex(std::span<const SessionInput> events) {
    for (const SessionInput& input : events)
        if (input.event.is_held() && is_held_kind(input.event.holder.kind))
            held_by_[input.event.holder].insert(input.event.held);
}

std::vector<Identity> HeldIndex::concerned_by(std::span<const SessionInput> events) const {
    std::set<Identity> all;
    for (const SessionInput& input : events) {
        if (!all.insert(input.event.held).second) continue;
        const auto held = held_by_.find(input.event.held);
        if (held != held_by_.end()) all.insert(held->second.begin(), held->second.end());
    }
    return {all.begin(), all.end()};
}

}  // namespace octroi
