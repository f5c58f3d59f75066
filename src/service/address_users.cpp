// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/address_users.hpp"

#include "attribute/directory.hpp"
#include "record/identity.hpp"
#include "service/address_sessions.hpp"
#include "service/attribution.hpp"

namespace octroi {
namespace {

// What decides the parties of addresses at a time, as in attribution.
struct Deciders {
    CompiledDirectory directory;
    SessionsPtr sessions;
    UtcTime at;
    const MacOfAddress& mac_of;
};

// A binding or session first, then the local network, then the outside.
Party party_of(const Deciders& by, const CompiledDirectory::Answer& answer,
               const Address& address) {
    if (answer.held != nullptr) {
        const auto& owner = by.directory.owner_of(answer.target);
        return {owner.kind, owner.name, identity_text(answer.held->held)};
    }
    const auto target =
        answer.bound ? std::optional(answer.target) : by.directory.find_network(address);
    if (!target) return {PartyKind::outside, "", ""};
    const auto [index, per_address] = *target;
    if (!per_address) return by.directory.parties()[index];
    const auto& owner = by.directory.owners()[index];
    return {owner.kind, owner.name, to_string(address)};
}

AddressUser user_of(const Deciders& by, const Address& address) {
    const auto mac = by.mac_of ? by.mac_of(address) : std::nullopt;
    const auto answer =
        by.directory.find_address(address, mac.value_or(Mac{}), by.at, by.sessions.get());
    AddressUser user{.translation = {}, .party = party_of(by, answer, address)};
    const Prefix single = Prefix::of(address, address.bits());
    const HeldSessions* held = answer.held != nullptr ? answer.held : by.sessions->find(address);
    if (!answer.bound || held == nullptr) return user;
    const bool is_bound = answer.held == nullptr && by.directory.has_binding(single, by.at);
    const auto session = deciding_session(by.directory, *by.sessions, *held, by.at);
    if (is_bound || !session) return user;
    user.holder = session->holder;
    user.source = session->source;
    user.translation.valid = session->time;
    return user;
}

}  // namespace

Result<std::vector<AddressUser>> find_address_users(Ledger& ledger, const Config& config,
                                                    const OutsideEnd& end, UtcTime at,
                                                    const MacOfAddress& mac_of) {
    TRY_ASSIGN(const Directory declared, declared_directory(ledger, config.attribute));
    TRY_ASSIGN(auto sessions, all_sessions(ledger));
    const Deciders by{CompiledDirectory(declared), std::move(sessions), at, mac_of};
    TRY_ASSIGN(const auto translations,
               ledger.translations({end.address, end.port, end.protocol, at}));
    std::vector<AddressUser> users;
    for (const Translation& translation : translations) {
        users.push_back(user_of(by, translation.inside));
        users.back().translation = translation;
    }
    if (!users.empty()) return users;
    AddressUser own = user_of(by, end.address);
    own.translation.outside = end.address;
    if (own.party.kind == PartyKind::account) users.push_back(std::move(own));
    return users;
}

Result<std::vector<AddressUser>> find_identity_users(Ledger& ledger, const Identity& identity,
                                                     UtcTime at) {
    TRY_ASSIGN(const Directory directory, ledger.directory());
    const Binding* newest = nullptr;  // of several the newest counts
    for (const Binding& binding : directory.bindings)
        if (binding.identity == identity && binding.valid.contains(at) &&
            (newest == nullptr || binding.id > newest->id))
            newest = &binding;
    if (newest == nullptr) return std::vector<AddressUser>{};
    return std::vector{
        AddressUser{.translation = {},
                    .party = {PartyKind::account, newest->account, identity_text(identity)}}};
}

}  // namespace octroi
