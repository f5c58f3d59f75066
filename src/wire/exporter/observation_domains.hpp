// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The observation domains (RFC 7011 section 2; NetFlow v9: source ids) of one exporter, each with
// its templates. Domains of UDP and those of each TCP session are apart: the key holds the session.
//
// Charges each domain and its templates to the exporter.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/exporter_start.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/seeded_table.hpp"
#include "wire/exporter/snapshot_values.hpp"
#include "wire/exporter/stream_key.hpp"
#include "wire/exporter/template_cache.hpp"

namespace octroi::exporter {

struct ObservationDomain {
    ObservationDomain(std::uint64_t seed, TemplateUsage& usage) : templates(seed, usage) {}

    TemplateCache templates;
    ExporterStart start;
    UtcTime last_seen;  // when its last message was received
    std::uint64_t records = 0;

    // Octets charged for one, with its entry and the empty table of its templates.
    static constexpr std::size_t cost = 512;
};
static_assert(sizeof(ObservationDomain) +
                  entry_octets<StreamKey, std::unique_ptr<ObservationDomain>> <
              ObservationDomain::cost);

class ObservationDomains {
public:
    // `limits` and `memory` must outlive the object.
    ObservationDomains(std::uint64_t seed, const Limits& limits, MemoryShare& memory)
        : seed_(seed), limits_(limits), memory_(memory), domains_(0, SeededHash{seed}) {}

    // nullptr: not known. Valid until the domain is dropped.
    [[nodiscard]] ObservationDomain* find(StreamKey key) const noexcept {
        const auto found = domains_.find(key);
        return found == domains_.end() ? nullptr : found->second.get();
    }

    // What has to be dropped before a domain of this key can be added.
    struct Admission {
        enum class Verdict : std::uint8_t {
            free,          // nothing
            drop_domain,   // the domain `victim`
            drop_session,  // the whole transport session of the domain `victim`
            refused,       // no domain may be added
        };
        Verdict verdict = Verdict::free;
        StreamKey victim = 0;
    };
    // Over UDP the domain that was silent longest goes; domains that never sent a record go first,
    // and those that did are kept for Limits::idle_ns. Over TCP templates are not sent again: the
    // transport session that was silent longest goes as a whole, and never the one of `key`.
    // `now`: the receive time of the message. Times beyond it (our clock was set back) become
    // `now`.
    [[nodiscard]] Admission admission(StreamKey key, UtcTime now) noexcept;

    // The key must not be known.
    ObservationDomain& add(StreamKey key);
    // The key must be known. Its templates go with it.
    void drop(StreamKey key) noexcept;
    // Drops templates that were not repeated (TemplateCache::expire). Looks at all of them at most
    // once a minute.
    void expire_templates(UtcTime now);

    [[nodiscard]] const TemplateUsage& template_usage() const noexcept { return usage_; }
    [[nodiscard]] UtcTime last_expiry() const noexcept { return last_expiry_; }
    void set_last_expiry(UtcTime time) noexcept { last_expiry_ = time; }
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [key, domain] : domains_) visit(key, *domain);
    }

    void save(ByteWriter& to) const;
    // Into an empty object. False: not what save() of that version wrote, or beyond the limits.
    [[nodiscard]] bool restore(ByteCursor& from, std::uint64_t wanted,
                               std::uint32_t version = snapshot_version);

private:
    const std::uint64_t seed_;
    const Limits& limits_;
    MemoryShare& memory_;
    TemplateUsage usage_{memory_};
    SeededTable<StreamKey, std::unique_ptr<ObservationDomain>> domains_;
    UtcTime last_expiry_;
};

}  // namespace octroi::exporter
