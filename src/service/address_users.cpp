// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/address_users.hpp"

#include "attribute/directory.hpp"
#include "record/identity.hpp"
#include "service/attribution.hpp"

namespace octroi {
namespace {

// As attribution decides it: a binding first, then the local network, then the outside.
Party party_of(const CompiledDirectory& directory, const Address& address, UtcTime at,
               const MacOfAddress& mac_of) {
    const auto mac = mac_of ? mac_of(address) : std::nullopt;
    const auto answer = directory.find_address(address, mac.value_or(Mac{}), at);
    const auto target =
        answer.bound ? std::optional(answer.target) : directory.find_network(address);
    if (!target) return {PartyKind::outside, "", ""};
    const auto [index, per_address] = *target;
    if (!per_address) return directory.parties()[index];
    const auto& owner = directory.owners()[index];
    return {owner.kind, owner.name, to_string(address)};
}

}  // namespace

Result<std::vector<AddressUser>> find_address_users(Ledger& ledger, const Config& config,
                                                    const OutsideEnd& end, UtcTime at,
                                                    const MacOfAddress& mac_of) {
    TRY_ASSIGN(const Directory declared, declared_directory(ledger, config.attribute));
    const CompiledDirectory directory(declared);
    TRY_ASSIGN(const auto translations,
               ledger.translations({end.address, end.port, end.protocol, at}));
    std::vector<AddressUser> users;
    for (const Translation& translation : translations)
        users.push_back({translation, party_of(directory, translation.inside, at, mac_of)});
    if (!users.empty()) return users;
    AddressUser own{.translation = {.outside = end.address},
                    .party = party_of(directory, end.address, at, mac_of)};
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
