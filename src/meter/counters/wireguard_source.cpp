// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/wireguard_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/wireguard/wireguard.hpp"

namespace octroi::counters {
namespace {

constexpr std::string_view link_kind = "wireguard";  // IFLA_INFO_KIND
// Peers that come and go all the time must not block the meter for ever.
constexpr int peer_listings_max = 16;

struct PeerListing {
    std::vector<wireguard::Peer> peers;
    bool is_damaged = false;
};

void add_message(void* to, ByteSpan message) {
    auto& listing = *static_cast<PeerListing*>(to);
    auto device = wireguard::decode_device(message);
    if (!device) {
        listing.is_damaged = true;
        return;
    }
    for (wireguard::Peer& peer : device->peers) {
        if (peer.received && peer.sent)
            listing.peers.push_back(std::move(peer));
        else if (!listing.peers.empty() && listing.peers.back().key == peer.key)
            listing.peers.back().allowed.insert(listing.peers.back().allowed.end(),
                                                peer.allowed.begin(), peer.allowed.end());
    }
}

Sample sample_of_peer(const Interface& interface, const std::string& key, bool from_peer,
                      std::uint64_t bytes) {
    const std::string_view way = from_peer ? "received" : "sent";
    Sample sample;
    sample.counter = fmt::format("peer {} {} {}", interface.index, key, way);
    sample.values = {bytes, 0};
    sample.kind = NameKind::peer;
    sample.identity = key;
    sample.direction = from_peer ? CountedDirection::out : CountedDirection::in;
    sample.label = fmt::format("{} peer {} {}", interface.name, key, way);
    // The interface may move to another network namespace and back.
    sample.appearance = Appearance::continued;
    return sample;
}

}  // namespace

Status WireguardSource::check() {
    constexpr int no_interface = 0;
    PeerListing none;
    Status asked = wireguard_->list(no_interface, add_message, &none);
    if (!asked && (asked.error().code == ErrorCode::unsupported ||
                   asked.error().code == ErrorCode::permission))
        return asked;
    return {};
}

Result<std::vector<Interface>> WireguardSource::interfaces() {
    TRY_ASSIGN(auto all, host_->interfaces());
    std::erase_if(all, [&](const Interface& interface) {
        return interface.kind != link_kind ||
               (!names_.empty() && std::ranges::find(names_, interface.name) == names_.end());
    });
    return all;
}

Status WireguardSource::add_peers(const Interface& interface, Listing& listing) {
    PeerListing found;
    Status listed = wireguard_->list(interface.index, add_message, &found);
    for (int i = 1; i < peer_listings_max && !listed && listed.error().code == ErrorCode::busy;
         ++i) {
        found = {};
        listed = wireguard_->list(interface.index, add_message, &found);
    }
    if (!listed && listed.error().code == ErrorCode::not_found) return {};
    TRY(std::move(listed));
    if (found.is_damaged)
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: a message of WireGuard cannot be read; next: compare with "
                                "wg show {}",
                                interface.name, interface.name));
    for (const wireguard::Peer& peer : found.peers) {
        const std::string key = wireguard::key_text(peer.key);
        if (states_addresses_)
            for (const Prefix& prefix : peer.allowed) listing.addresses.push_back({prefix, key});
        for (const bool from_peer : {true, false}) {
            Sample& sample = listing.samples.emplace_back(
                sample_of_peer(interface, key, from_peer, from_peer ? *peer.received : *peer.sent));
            sample.generation = fmt::format("{} {}", listing.boot, listing.space);
            sample.part = names_.empty() ? std::string(link_kind) : interface.name;
        }
    }
    return {};
}

Result<Listing> WireguardSource::read() {
    Listing listing;
    TRY_ASSIGN(listing.boot, host_->boot());
    TRY_ASSIGN(listing.space, host_->space());
    TRY_ASSIGN(const auto all, interfaces());
    listing.parts = names_;
    if (names_.empty()) listing.parts.emplace_back(link_kind);
    for (const Interface& interface : all) TRY(add_peers(interface, listing));
    for (const std::string& name : names_)
        if (std::ranges::find(all, name, &Interface::name) == all.end())
            listing.missing.push_back("WireGuard interface " + name);
    return listing;
}

Result<std::vector<std::string>> WireguardSource::present() {
    TRY_ASSIGN(const auto all, interfaces());
    std::vector<std::string> names;
    for (const Interface& interface : all) names.push_back(interface.name);
    return names;
}

}  // namespace octroi::counters
