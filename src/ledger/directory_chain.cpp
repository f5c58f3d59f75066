// SPDX-License-Identifier: GPL-3.0-or-later
// The chains of the directory and of the classes in use.
#include <algorithm>
#include <iterator>

#include "base/check.hpp"
#include "ledger/chain.hpp"
#include "ledger/hash_fields.hpp"

namespace octroi {
namespace {

constexpr std::string_view directory_tag = "octroi directory 1\n";
// With a mail address for each account. Versions of the directory without any keep the hash that
// they had before there were mail addresses.
constexpr std::string_view directory_tag_with_email = "octroi directory 2\n";
constexpr std::string_view class_tag = "octroi class 1\n";

// written: the items of `after` that are not in `before`. removed: the keys of `before` that no
// item of `after` has. A changed item is written, not removed, because its key stays.
template <typename T, typename Key, typename KeyOf>
void difference(std::vector<T> before, std::vector<T> after, KeyOf key_of, std::vector<T>& written,
                std::vector<Key>& removed) {
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(written));
    std::vector<Key> keys_before;
    std::vector<Key> keys_after;
    for (const T& item : before) keys_before.push_back(key_of(item));
    for (const T& item : after) keys_after.push_back(key_of(item));
    std::sort(keys_before.begin(), keys_before.end());
    std::sort(keys_after.begin(), keys_after.end());
    std::set_difference(keys_before.begin(), keys_before.end(), keys_after.begin(),
                        keys_after.end(), std::back_inserter(removed));
}

}  // namespace

DirectoryDelta directory_delta(const Directory& before, const Directory& after, UtcTime at) {
    DirectoryDelta delta;
    delta.version = after.version;
    delta.at = at;
    difference(
        before.accounts, after.accounts, [](const Account& a) { return a.name; }, delta.accounts,
        delta.accounts_removed);
    difference(
        before.bindings, after.bindings, [](const Binding& b) { return b.id; }, delta.bindings,
        delta.bindings_removed);
    difference(
        before.networks, after.networks, [](const LocalNetwork& n) { return n.prefix; },
        delta.networks, delta.networks_removed);
    return delta;
}

std::string directory_hash(std::string_view previous_hash, const DirectoryDelta& delta) {
    CHECK(previous_hash.size() == hash_octets);
    Hasher hasher;
    hasher.raw(previous_hash);
    const bool has_email = std::ranges::any_of(
        delta.accounts, [](const Account& account) { return !account.email.empty(); });
    hasher.raw(has_email ? directory_tag_with_email : directory_tag);
    hasher.be64(delta.version);
    add_time(hasher, delta.at);
    add_count(hasher, delta.accounts);
    for (const Account& account : delta.accounts) {
        hasher.text(account.name);
        hasher.text(account.parent);
        hasher.text(account.title);
        if (has_email) hasher.text(account.email);
    }
    add_count(hasher, delta.accounts_removed);
    for (const std::string& name : delta.accounts_removed) hasher.text(name);
    add_count(hasher, delta.bindings);
    for (const Binding& binding : delta.bindings) {
        hasher.be64(binding.id);
        hasher.u8(static_cast<std::uint8_t>(binding.identity.kind));
        hasher.text(binding.identity.value);
        hasher.text(binding.account);
        add_time(hasher, binding.valid.begin);
        add_time(hasher, binding.valid.end);
        hasher.u8(binding.per_address ? 1 : 0);
    }
    add_count(hasher, delta.bindings_removed);
    for (const std::uint64_t id : delta.bindings_removed) hasher.be64(id);
    add_count(hasher, delta.networks);
    for (const LocalNetwork& network : delta.networks) {
        hasher.text(network.prefix);
        hasher.u8(network.per_address ? 1 : 0);
    }
    add_count(hasher, delta.networks_removed);
    for (const std::string& prefix : delta.networks_removed) hasher.text(prefix);
    return hasher.finish();
}

std::string class_use_hash(std::string_view previous_hash, std::string_view version,
                           std::string_view checksum, UtcTime at) {
    CHECK(previous_hash.size() == hash_octets);
    Hasher hasher;
    hasher.raw(previous_hash);
    hasher.raw(class_tag);
    hasher.text(version);
    hasher.text(checksum);
    add_time(hasher, at);
    return hasher.finish();
}

}  // namespace octroi
