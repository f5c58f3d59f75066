// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/address_users.hpp"

#include "attribute/directory.hpp"
#include "service/attribution.hpp"

namespace octroi {
namespace {

// As attribution decides it: a binding first, then the local network, then the outside.
Party party_of(const CompiledDirectory& directory, const Address& address, UtcTime at) {
    const auto answer = directory.find_address(address, {}, at);
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
                                                    const OutsideEnd& end, UtcTime at) {
    TRY_ASSIGN(const Directory declared, declared_directory(ledger, config.attribute));
    const CompiledDirectory directory(declared);
    TRY_ASSIGN(const auto translations,
               ledger.translations({end.address, end.port, end.protocol, at}));
    std::vector<AddressUser> users;
    for (const Translation& translation : translations)
        users.push_back({translation, party_of(directory, translation.inside, at)});
    if (!users.empty()) return users;
    AddressUser own{.translation = {.outside = end.address},
                    .party = party_of(directory, end.address, at)};
    if (own.party.kind == PartyKind::account) users.push_back(std::move(own));
    return users;
}

}  // namespace octroi
