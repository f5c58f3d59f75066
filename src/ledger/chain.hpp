// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The hash chain: each batch is hashed together with the hash of the previous batch, so a change of
// anything that was committed changes every later hash. The hashed octets contain names, not the
// row numbers of a database: every store computes the same hash for the same batches.
//
// DO NOT CHANGE the format: stored hashes and anchors of years depend on it. New content gets an
// own tag and is hashed only where it exists. Specification, with a worked example:
// docs/format/chain.md.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/directory_store.hpp"
#include "record/batch.hpp"

namespace octroi {

inline constexpr std::size_t hash_octets = 32;

// Computes BLAKE2b-256 (RFC 7693, without a key) over texts and numbers, most significant octet
// first.
class Hasher {
public:
    Hasher();
    void u8(std::uint8_t v) { number(v, 1); }
    void be32(std::uint32_t v) { number(v, 4); }
    void be64(std::uint64_t v) { number(v, 8); }
    void raw(std::string_view octets);
    // Length (32 bits) and octets.
    void text(std::string_view octets);
    // The digest, hash_octets long. The last call on this object.
    [[nodiscard]] std::string finish();

private:
    void number(std::uint64_t v, unsigned octets) {
        if (buffered_ + 8 > buffer_.size()) flush();
        for (unsigned i = octets; i-- > 0;)
            buffer_[buffered_++] = static_cast<unsigned char>(v >> (8 * i));
    }
    void flush();

    // crypto_generichash_state of libsodium; size and alignment are checked in the .cpp.
    alignas(64) std::array<unsigned char, 384> state_{};
    std::array<unsigned char, 16384> buffer_{};
    std::size_t buffered_ = 0;
};

// The previous hash of the first link of a chain: zeros.
[[nodiscard]] std::string zero_hash();

// A batch in canonical form: parties, services, cursors, losses and translations are sorted,
// parties and services that no transfer uses are left out, and transfers are renumbered and sorted
// again. Batches with the same content have the same canonical form, whatever numbers their
// producer gave to names. Contains pointers into the batch, which must outlive it. The transfers
// are copied only if they are not in canonical order already.
struct CanonicalBatch {
    const Batch* batch = nullptr;
    std::vector<const Party*> parties;
    std::vector<const std::string*> services;
    std::span<const Transfer> transfers;  // of the batch, or of `renumbered`
    std::vector<Transfer> renumbered;
    std::span<const SampledVolume> sampled;  // of the batch, or of `sampled_renumbered`
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

// Precondition: find_violation(batch) found none.
[[nodiscard]] CanonicalBatch canonical(const Batch& batch);
// previous_hash: hash_octets long.
[[nodiscard]] std::string batch_hash(std::string_view previous_hash, const CanonicalBatch& batch);

// The difference between a version of the directory and the previous one: the rows that are new or
// changed, and the keys of the rows that are gone. Each list is sorted by its fields.
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
// A link of the chain of the directory.
[[nodiscard]] std::string directory_hash(std::string_view previous_hash,
                                         const DirectoryDelta& delta);

// A link of the chain of class tables: `version` is in use from `at` on.
[[nodiscard]] std::string class_use_hash(std::string_view previous_hash, std::string_view version,
                                         UtcTime at);

}  // namespace octroi
