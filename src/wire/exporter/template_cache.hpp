// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The templates of one observation domain. Their ids are unique within it, templates and options
// templates together (RFC 7011 section 3.4.1). They belong to the transport session, and over UDP
// the source port is part of that (section 8): two exporters behind one address may use an id for
// different templates. Many exporters change their port, though, or send templates from another one
// than data: a port that announced no template of an id uses the newest one of the address.
//
// The cache charges its content to its exporter and releases it when an entry goes, or with the
// cache. It does not refuse: callers ask TemplateUsage and ExporterRegistry::reserve() before
// add().

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/seeded_table.hpp"
#include "wire/ipfix/plan.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::exporter {

struct CachedTemplate {
    ipfix::Template definition;
    ipfix::Plan plan;        // empty for options templates: those are read by their definition
    UtcTime announced;       // when it was last received
    std::uint16_t port = 0;  // the source port that announced it
    bool has_unread_counts = false;  // ipfix::unread_counts() is not empty

    // Its charge, with its entry in the cache.
    [[nodiscard]] std::size_t octets() const noexcept;
};

// `wanted`: bits of flow::Field, as in Settings.
[[nodiscard]] std::unique_ptr<CachedTemplate> compile_template(const ipfix::Template& definition,
                                                               std::uint64_t wanted,
                                                               UtcTime announced,
                                                               std::uint16_t port = 0);

// The templates of one exporter over all its observation domains.
struct TemplateUsage {
    MemoryShare& memory;
    std::size_t templates = 0;
    std::size_t octets = 0;

    [[nodiscard]] bool fits(std::size_t more_octets, const Limits& limits) const noexcept {
        return templates < limits.templates && octets + more_octets <= limits.template_octets;
    }
};

class TemplateCache {
public:
    // RFC 7011 section 8.4: over UDP a template must be sent again within minutes (10 by default).
    static constexpr Duration lifetime = Duration::minutes(30);

    // `usage` must outlive the cache.
    TemplateCache(std::uint64_t seed, TemplateUsage& usage)
        : templates_(0, SeededHash{seed}), usage_(usage) {}
    TemplateCache(const TemplateCache&) = delete;
    TemplateCache& operator=(const TemplateCache&) = delete;
    ~TemplateCache();

    // Ports of one id with templates of their own. Beyond it the one that was announced longest ago
    // goes.
    static constexpr std::size_t ports_max = 8;

    // The template for data from that port: its own, or else the newest one. nullptr: not cached.
    // Valid until that template is withdrawn, expired or replaced.
    [[nodiscard]] CachedTemplate* find(std::uint16_t id, std::uint16_t port = 0) noexcept {
        // Messages hold many sets of few templates.
        if (last_ != nullptr && last_id_ == id && last_port_ == port) return last_;
        const auto found = templates_.find(id);
        if (found == templates_.end()) return nullptr;
        last_ = best_of(found->second, port);
        last_id_ = id;
        last_port_ = port;
        return last_;
    }
    // The template that this port announced itself. nullptr: it announced none.
    [[nodiscard]] CachedTemplate* own(std::uint16_t id, std::uint16_t port) noexcept;
    // Whether this port announced any template.
    [[nodiscard]] bool has_any_of(std::uint16_t port) const noexcept;
    // Takes the place of the template that its port announced under that id.
    void add(std::unique_ptr<CachedTemplate> fresh);
    // Of all ports. Nothing happens if it is not cached.
    void withdraw(std::uint16_t id);
    // All templates, or all options templates (RFC 7011 section 8.1).
    void withdraw_all(bool options);
    // Drops templates that were not announced for `lifetime`. Over TCP a template is sent once and
    // holds as long as its session: then `last_used` counts as an announcement. Times that lie in
    // the future of `now` (our clock was set back) become `now`.
    void expire(UtcTime now, UtcTime last_used);

    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [id, ports] : templates_)
            for (const auto& cached : ports) visit(*cached);
    }

    // Appends all templates. restore() reads them into an empty cache; false if that is not what
    // save() wrote, or exceeds the limits: the cache must then be thrown away.
    void save(ByteWriter& to) const;
    [[nodiscard]] bool restore(ByteCursor& from, const Limits& limits, std::uint64_t wanted);

private:
    using Ports = std::vector<std::unique_ptr<CachedTemplate>>;  // the newest last
    [[nodiscard]] static CachedTemplate* best_of(const Ports& ports, std::uint16_t port) noexcept;
    void release(const CachedTemplate& cached) noexcept;

    SeededTable<std::uint64_t, Ports> templates_;  // by id
    TemplateUsage& usage_;
    CachedTemplate* last_ = nullptr;  // what find() returned last, for these:
    std::uint16_t last_id_ = 0;
    std::uint16_t last_port_ = 0;
};

}  // namespace octroi::exporter
