// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The hash chain: every batch is hashed together with the hash of the batch before it, so that a
// change of anything that was committed changes every hash behind it. The octets that are hashed
// are made of names, not of a database's numbers: every store gives the same hash for the same
// batches. Format, with a worked example: docs/format/chain.md. Do not change it: hashes are kept
// for years.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/registry.hpp"
#include "record/batch.hpp"

namespace octroi {

inline constexpr std::size_t hash_octets = 32;

// BLAKE2b-256 (RFC 7693, no key) of texts and numbers, most significant octet first.
class Hasher {
public:
    Hasher();
    void u8(std::uint8_t v) { number(v, 1); }
    void be32(std::uint32_t v) { number(v, 4); }
    void be64(std::uint64_t v) { number(v, 8); }
    void raw(std::string_view octets);
    // Length (32 bit) and octets.
    void text(std::string_view octets);
    // The digest; the hasher is spent.
    [[nodiscard]] std::string finish();

private:
    void number(std::uint64_t v, unsigned octets) {
        if (buffered_ + 8 > buffer_.size()) flush();
        for (unsigned i = octets; i-- > 0;)
            buffer_[buffered_++] = static_cast<unsigned char>(v >> (8 * i));
    }
    void flush();

    // crypto_generichash_state, which wants 64-octet alignment (checked in the .cpp).
    alignas(64) std::array<unsigned char, 384> state_{};
    std::array<unsigned char, 16384> buffer_{};
    std::size_t buffered_ = 0;
};

// What stands before the first link of a chain.
[[nodiscard]] std::string zero_hash();

// A batch in canonical order: parties, services, cursors, losses and translations sorted, what no
// transfer uses left out, transfers renumbered and sorted again. Two batches that say the same have
// the same canonical form, however their producer numbered the names. Refers to the batch, which
// must outlive it; one that is in canonical order already is not copied.
struct CanonicalBatch {
    const Batch* batch = nullptr;
    std::vector<const Party*> parties;
    std::vector<const std::string*> services;
    std::span<const Transfer> transfers;  // the batch's own, or `renumbered`
    std::vector<Transfer> renumbered;
    std::span<const SampledVolume> sampled;  // likewise, with the places of `transfers`
    std::vector<SampledVolume> sampled_renumbered;
    std::vector<const Cursor*> cursors;
    std::vector<const Loss*> losses;
    std::vector<const Translation*> translations;

    CanonicalBatch() = default;
    CanonicalBatch(CanonicalBatch&&) = default;  // a copy would refer to the original
    CanonicalBatch& operator=(CanonicalBatch&&) = default;
    CanonicalBatch(const CanonicalBatch&) = delete;
    CanonicalBatch& operator=(const CanonicalBatch&) = delete;
    ~CanonicalBatch() = default;
};

// The batch must keep the rules (ledger/rules.hpp).
[[nodiscard]] CanonicalBatch canonical(const Batch& batch);
[[nodiscard]] std::string batch_hash(std::string_view previous_hash, const CanonicalBatch& batch);

// What a version of the directory changed: the rows that it wrote, and the keys of those that it
// took away. Sorted as the fields are.
struct DirectoryDelta {
    std::uint64_t version = 0;
    UtcTime at;
    std::vector<Account> accounts;
    std::vector<std::string> accounts_removed;
    std::vector<Binding> bindings;
    std::vector<std::uint64_t> bindings_removed;
    std::vector<LocalNetwork> networks;
    std::vector<std::string> networks_removed;

    bool operator==(const DirectoryDelta&) const = default;
};

// The rows of `after` that are not in `before`, and the keys of `before` that are not in `after`.
[[nodiscard]] DirectoryDelta directory_delta(const Directory& before, const Directory& after,
                                             UtcTime at);
// The directory's own chain.
[[nodiscard]] std::string directory_hash(std::string_view previous_hash,
                                         const DirectoryDelta& delta);

// The chain of which class table was in use since when.
[[nodiscard]] std::string class_use_hash(std::string_view previous_hash, std::string_view version,
                                         UtcTime at);

}  // namespace octroi
