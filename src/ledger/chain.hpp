// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The hash chains. Each writer of a ledger has a chain of its own, so that writers do not wait for
// each other. A batch is a link of the chain of its writer: the hash of its header covers the hash
// of the previous link, so a change of anything that was committed changes every later hash. The
// header contains digests of the rows, so a chain still holds when old rows have been replaced by
// sums. The hashed octets contain names, not the row numbers of a database: every store computes
// the same hash for the same batches.
//
// DO NOT CHANGE the format: stored hashes and anchors of years depend on it. Another content needs
// another number in a tag. Specification, with worked examples: docs/format/chain.md.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
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
        if (buffered_ + sizeof v > buffer_.size()) flush();
        // All octets at once, the first ones of the number in front; `buffered_` keeps some.
        const std::uint64_t first = v << (8 * (sizeof v - octets));
        const std::uint64_t ordered =
            std::endian::native == std::endian::little ? std::byteswap(first) : first;
        std::memcpy(buffer_.data() + buffered_, &ordered, sizeof ordered);
        buffered_ += octets;
    }
    void flush();

    // crypto_generichash_state of libsodium; size and alignment are checked in the .cpp.
    alignas(64) std::array<unsigned char, 384> state_{};
    std::array<unsigned char, 16384> buffer_{};
    std::size_t buffered_ = 0;
};

// The previous hash of the first link of a chain: zeros.
[[nodiscard]] std::string zero_hash();

// A writer: a process, or several ones after each other, that commits to a ledger.
struct Writer {
    std::string node;  // the machine, as the configuration names it
    WriterId id;       // distinguishes the writers of all ledgers

    auto operator<=>(const Writer&) const = default;
};

// A link of the chain of a writer.
struct ChainPosition {
    Writer writer;
    std::uint64_t sequence = 0;  // 1, 2, 3, … without gaps; 0: before the first link
    std::string hash = zero_hash();

    auto operator<=>(const ChainPosition&) const = default;
};

// A batch in canonical form: parties, services, cursors, losses and translations are sorted,
// parties and services that no transfer uses are left out, and transfers are renumbered and sorted
// again. Batches with the same content have the same canonical form, whatever numbers their
// producer gave to names. The transfers that a correction removes are among `transfers`, with
// figures in two's complement, each before the added one of the same bucket, parties and service;
// the same holds for `sampled`. Contains pointers into the batch, which must outlive it. The
// transfers are copied only if they are not in canonical order already.
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
    std::span<const IdentityEvent> identities;  // of the batch: they are sorted

    CanonicalBatch() = default;
    CanonicalBatch(CanonicalBatch&&) = default;  // a copy would refer to the original
    CanonicalBatch& operator=(CanonicalBatch&&) = default;
    CanonicalBatch(const CanonicalBatch&) = delete;
    CanonicalBatch& operator=(const CanonicalBatch&) = delete;
    ~CanonicalBatch() = default;
};

// Precondition: find_violation(batch) found none.
[[nodiscard]] CanonicalBatch canonical(const Batch& batch);

// The lists of a batch, in the order of its header.
enum class BatchList : std::uint8_t {
    transfers,
    sampled,
    cursors,
    losses,
    translations,
    identities
};
inline constexpr std::size_t batch_lists = 6;
// Whether the header has the part about identities: the number of the newest event that was known,
// and the digest of the events. Batches without either have the header of ledgers before format 5.
[[nodiscard]] inline bool has_identity_part(const Batch& batch) noexcept {
    return batch.identities_known != 0 || !batch.identities.empty();
}

// One list: the number of its rows, and the digest of their octets.
struct ListDigest {
    std::uint64_t rows = 0;
    std::string digest;  // hash_octets long

    bool operator==(const ListDigest&) const = default;
};
using BatchDigests = std::array<ListDigest, batch_lists>;  // index: BatchList

[[nodiscard]] BatchDigests digests(const CanonicalBatch& batch);
// The hash of the link `sequence` of the chain of the writer. Of `header` all fields count but the
// lists, which the digests stand for. previous_hash: hash_octets long. The digest of the events
// counts if the header has a part about identities, which the number of events in it also says.
[[nodiscard]] std::string batch_hash(const Writer& writer, std::uint64_t sequence,
                                     std::string_view previous_hash, const Batch& header,
                                     const BatchDigests& digests);

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

// A link of the chain of class tables: `version` is in use from `at` on. checksum: of the whole
// table (32 octets), so that the chain covers its content.
[[nodiscard]] std::string class_use_hash(std::string_view previous_hash, std::string_view version,
                                         std::string_view checksum, UtcTime at);

}  // namespace octroi
