// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/template_cache.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"
#include "wire/ipfix/unread_counts.hpp"

namespace octroi::exporter {
namespace {

// What the allocator adds to the template, its fields and its plan.
constexpr std::size_t allocator_octets = 3 * 16;

void put_template(ByteWriter& to, const CachedTemplate& cached) {
    to.be16(cached.definition.id);
    to.u8(cached.definition.options ? 1 : 0);
    to.be16(cached.definition.scope_fields);
    put(to, cached.announced);
    to.be16(cached.port);
    to.be16(static_cast<std::uint16_t>(cached.definition.fields.size()));
    for (const ipfix::TemplateField& field : cached.definition.fields) {
        to.be32(field.enterprise);
        to.be16(field.id);
        to.be16(field.length);
    }
}

bool get_template(ByteCursor& from, CachedTemplate& cached) {
    std::uint16_t fields = 0;
    ipfix::Template& t = cached.definition;
    if (!from.be16(t.id) || t.id < ipfix::first_template_id || !get(from, t.options)) return false;
    if (!from.be16(t.scope_fields) || !get(from, cached.announced)) return false;
    if (!from.be16(cached.port) || !from.be16(fields)) return false;
    if (fields == 0 || fields > ipfix::max_fields || t.scope_fields > fields) return false;
    t.fields.resize(fields);
    for (ipfix::TemplateField& field : t.fields)
        if (!from.be32(field.enterprise) || !from.be16(field.id) || !from.be16(field.length))
            return false;
    return true;
}

}  // namespace

std::size_t CachedTemplate::octets() const noexcept {
    return sizeof(CachedTemplate) + definition.fields.capacity() * sizeof(ipfix::TemplateField) +
           plan.memory() +
           entry_octets<std::uint64_t, std::vector<std::unique_ptr<CachedTemplate>>> +
           allocator_octets;
}

std::unique_ptr<CachedTemplate> compile_template(const ipfix::Template& definition,
                                                 std::uint64_t wanted, UtcTime announced,
                                                 std::uint16_t port) {
    auto cached = std::make_unique<CachedTemplate>();
    cached->definition = definition;
    cached->definition.fields.shrink_to_fit();
    if (!definition.options) cached->plan = ipfix::compile(definition, wanted);
    cached->has_unread_counts = !ipfix::unread_counts(definition, cached->plan).empty();
    cached->announced = announced;
    cached->port = port;
    return cached;
}

// The exporter goes on without this domain, so the memory of its templates is released.
TemplateCache::~TemplateCache() {
    for (const auto& [id, ports] : templates_)
        for (const auto& cached : ports) release(*cached);
}

void TemplateCache::release(const CachedTemplate& cached) noexcept {
    const std::size_t octets = cached.octets();
    usage_.memory.release(octets);
    usage_.octets -= octets;
    --usage_.templates;
    last_ = nullptr;
}

CachedTemplate* TemplateCache::best_of(const Ports& ports, std::uint16_t port) noexcept {
    for (const auto& cached : ports)
        if (cached->port == port) return cached.get();
    return ports.back().get();
}

CachedTemplate* TemplateCache::own(std::uint16_t id, std::uint16_t port) noexcept {
    CachedTemplate* const best = find(id, port);
    return best != nullptr && best->port == port ? best : nullptr;
}

bool TemplateCache::has_any_of(std::uint16_t port) const noexcept {
    return std::any_of(templates_.begin(), templates_.end(), [port](const auto& entry) {
        return std::ranges::any_of(entry.second,
                                   [port](const auto& cached) { return cached->port == port; });
    });
}

void TemplateCache::add(std::unique_ptr<CachedTemplate> fresh) {
    Ports& ports = templates_[fresh->definition.id];
    const auto drop = [&](auto which) {
        release(**which);
        ports.erase(which);
    };
    const auto before =
        std::ranges::find(ports, fresh->port, [](const auto& cached) { return cached->port; });
    if (before != ports.end()) {
        drop(before);
    } else if (ports.size() >= ports_max) {
        drop(std::ranges::min_element(ports, {},
                                      [](const auto& cached) { return cached->announced; }));
    }
    const std::size_t octets = fresh->octets();
    usage_.memory.charge(octets);
    usage_.octets += octets;
    ++usage_.templates;
    ports.push_back(std::move(fresh));
    last_ = nullptr;
}

void TemplateCache::withdraw(std::uint16_t id) {
    const auto found = templates_.find(id);
    if (found == templates_.end()) return;
    for (const auto& cached : found->second) release(*cached);
    templates_.erase(found);
}

void TemplateCache::withdraw_all(bool options) {
    std::vector<std::uint16_t> ids;
    for (const auto& [id, ports] : templates_)
        if (ports.back()->definition.options == options) ids.push_back(ports.back()->definition.id);
    for (const std::uint16_t id : ids) withdraw(id);
}

void TemplateCache::expire(UtcTime now, UtcTime last_used) {
    const auto is_expired = [&](const std::unique_ptr<CachedTemplate>& cached) {
        cached->announced = std::min(cached->announced, now);
        const UtcTime refreshed = std::max(cached->announced, last_used);
        const bool expired = (now - refreshed).ns > lifetime.ns;
        if (expired) release(*cached);
        return expired;
    };
    erase_if(templates_, [&](auto& entry) {
        std::erase_if(entry.second, is_expired);
        return entry.second.empty();
    });
}

void TemplateCache::save(ByteWriter& to) const {
    std::uint32_t count = 0;
    for (const auto& [id, ports] : templates_) count += static_cast<std::uint32_t>(ports.size());
    to.be32(count);
    for (const auto& [id, ports] : templates_)
        for (const auto& cached : ports) put_template(to, *cached);
}

bool TemplateCache::restore(ByteCursor& from, const Limits& limits, std::uint64_t wanted) {
    std::uint32_t count = 0;
    if (!get_count(from, limits.templates, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        CachedTemplate read;
        if (!get_template(from, read)) return false;
        if (own(read.definition.id, read.port) != nullptr) return false;
        // Plans are not saved: they depend on the fields that this version wants.
        add(compile_template(read.definition, wanted, read.announced, read.port));
    }
    return usage_.templates <= limits.templates && usage_.octets <= limits.template_octets;
}

}  // namespace octroi::exporter
