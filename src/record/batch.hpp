// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The content of one commit. The metering loop of one meter makes it. The store commits it
// completely or not at all. A second commit of the same batch changes nothing.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/sampling.hpp"
#include "record/identity_event.hpp"
#include "record/transfer.hpp"
#include "record/translation.hpp"

namespace octroi {

enum class MeterRole : std::uint8_t { bill = 1, witness = 2 };

// What the bytes of a meter include, by the layer of the OSI model. Bytes of two layers are never
// added up. The numbers are stored in ledgers: do not change them, only add.
enum class Layer : std::uint8_t {
    frame = 2,        // frames: link headers included
    ip = 3,           // IP packets: IP header included
    application = 7,  // data of applications, as server logs state it
};
inline constexpr std::array layers{Layer::frame, Layer::ip, Layer::application};

struct MeterName {
    std::string name;  // chosen by the user
    std::string kind;  // "capture", "collector", …
    MeterRole role = MeterRole::bill;
    Layer layer = Layer::ip;

    auto operator<=>(const MeterName&) const = default;
};

// The position at which a meter continues after a restart. A meter has one cursor for each source
// that it reads.
struct Cursor {
    std::string source;    // "file:<fingerprint>", "interface:eth0"
    std::string position;  // in a format of the meter's own
    // Number of commits of this cursor, of a content source: by all meters (is_content_source()). A
    // batch moves it from `version - 1` to `version`. If the
    // ledger has another version, another process reads the same source: the commit is refused.
    std::uint64_t version = 0;
    // For people: "capture.pcap, 1.2 GiB read".
    std::string note;

    auto operator<=>(const Cursor&) const = default;
};

// Sources that are named by their content, and so are one thing for all meters: each octet in them
// counts once, whichever meter reads it. Their cursors have one sequence of versions in a ledger:
// another meter may go on where the last one stopped, and two at the same time cannot. The prefixes
// are stored in ledgers: do not change them, only add.
inline constexpr std::array<std::string_view, 6> content_source_prefixes{
    "file:", "flowfile:", "journal:", "conntrackfile:", "logfile:", "logfollow:"};
[[nodiscard]] constexpr bool is_content_source(std::string_view source) noexcept {
    for (const std::string_view prefix : content_source_prefixes)
        if (source.starts_with(prefix)) return true;
    return false;
}

// For a transfer that was scaled up from samples, completely or in part: the counted part, and the
// variance of the volume (base/sampling.hpp).
struct SampledVolume {
    std::uint32_t transfer = 0;  // place in Batch::transfers
    Bytes bytes;                 // counted; includes unsampled traffic completely
    Packets packets;
    std::uint64_t bytes_variance = 0;    // KiB²; at variance_max: that or more
    std::uint64_t packets_variance = 0;  // packets²; at variance_max: that or more

    auto operator<=>(const SampledVolume&) const = default;
};

// A batch observes traffic, or corrects how earlier batches attributed it. The numbers are stored
// in ledgers: do not change them, only add.
enum class BatchKind : std::uint8_t { observation = 1, correction = 2 };

// Makes a batch a correction: volume moves to other parties, classes, services or excluded reasons,
// in the bucket in which the traffic was. Batch::transfers are added, those in `removed` are
// subtracted. In each bucket both add up to the same bytes, packets and flows, counted and scaled
// ones.
struct Correction {
    std::string reason;             // for people: "bindings, services of 2026-11-21"
    Interval corrected;             // contains the buckets of all transfers
    std::vector<Transfer> removed;  // as Batch::transfers; indices of the same lists of names
    std::vector<SampledVolume> removed_sampled;  // `transfer` is a place in `removed`

    auto operator<=>(const Correction&) const = default;
};

struct Batch {
    BatchId id;
    MeterName meter;
    UtcTime booked_at;          // when the batch was made; transfers have the time of the traffic
    std::string class_version;  // content hash of the class table used, in hex; empty: none
    std::uint64_t directory_version = 0;

    std::vector<Party> parties;         // each once
    std::vector<std::string> services;  // each once
    std::vector<Transfer> transfers;    // sorted, one row per (bucket, from, to, service)
    // One for each transfer that was scaled up, in the order of the transfers.
    std::vector<SampledVolume> sampled;
    std::vector<Cursor> cursors;
    std::vector<Loss> losses;
    // Translations that began, and those that ended, with their end. At most one entry for each:
    // none differs from another in its end only.
    std::vector<Translation> translations;
    // Who held which address or MAC address from when on, as the source of this meter states it.
    // Sorted, each once.
    std::vector<IdentityEvent> identities;
    // The number of the newest event that the sessions had with which the batch was attributed
    // (ledger/identity_store.hpp); 0: none. Where that changed within the batch, the smallest.
    std::uint64_t identities_known = 0;

    // The total that the meter counted for this batch. The ledger refuses a batch if the sum of the
    // transfers differs (conservation), and stores the total for audits. Zero in a correction.
    Volume observed;
    // The latest packet, or end of a record, that this volume includes. Absent: there was none, or
    // the batch is a correction.
    std::optional<UtcTime> last_traffic;

    // Absent: the batch is an observation. A correction has no cursors, losses or translations.
    std::optional<Correction> correction;

    [[nodiscard]] BatchKind kind() const noexcept {
        return correction ? BatchKind::correction : BatchKind::observation;
    }
};

}  // namespace octroi
