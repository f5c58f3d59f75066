// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/template_cache.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {
namespace {

// What the allocator adds to the template, its fields and its plan.
constexpr std::size_t allocator_octets = 3 * 16;

void put_template(ByteWriter& to, const CachedTemplate& cached) {
    to.be16(cached.definition.id);
    to.u8(cached.definition.options ? 1 : 0);
    to.be16(cached.definition.scope_fields);
    put(to, cached.announced);
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
    if (!from.be16(t.scope_fields) || !get(from, cached.announced) || !from.be16(fields))
        return false;
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
           plan.memory() + entry_octets<std::uint64_t, std::unique_ptr<CachedTemplate>> +
           allocator_octets;
}

std::unique_ptr<CachedTemplate> compile_template(const ipfix::Template& definition,
                                                 std::uint64_t wanted, UtcTime announced) {
    auto cached = std::make_unique<CachedTemplate>();
    cached->definition = definition;
    cached->definition.fields.shrink_to_fit();
    if (!definition.options) cached->plan = ipfix::compile(definition, wanted);
    cached->announced = announced;
    return cached;
}

// The exporter goes on without this domain, so the memory of its templates is released.
TemplateCache::~TemplateCache() {
    while (!templates_.empty()) withdraw(templates_.begin()->second->definition.id);
}

void TemplateCache::add(std::unique_ptr<CachedTemplate> fresh) {
    const std::uint16_t id = fresh->definition.id;
    const std::size_t octets = fresh->octets();
    CHECK(templates_.emplace(id, std::move(fresh)).second);
    usage_.memory.charge(octets);
    usage_.octets += octets;
    ++usage_.templates;
}

void TemplateCache::withdraw(std::uint16_t id) {
    const auto found = templates_.find(id);
    if (found == templates_.end()) return;
    const std::size_t octets = found->second->octets();
    usage_.memory.release(octets);
    usage_.octets -= octets;
    --usage_.templates;
    if (last_ == found->second.get()) last_ = nullptr;
    templates_.erase(found);
}

void TemplateCache::withdraw_all(bool options) {
    std::vector<std::uint16_t> ids;
    for (const auto& [id, cached] : templates_)
        if (cached->definition.options == options) ids.push_back(cached->definition.id);
    for (const std::uint16_t id : ids) withdraw(id);
}

void TemplateCache::expire(UtcTime now, UtcTime last_used) {
    std::vector<std::uint16_t> expired;
    for (const auto& [id, cached] : templates_) {
        cached->announced = std::min(cached->announced, now);
        const UtcTime refreshed = std::max(cached->announced, last_used);
        if ((now - refreshed).ns > lifetime.ns) expired.push_back(cached->definition.id);
    }
    for (const std::uint16_t id : expired) withdraw(id);
}

void TemplateCache::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(templates_.size()));
    for (const auto& [id, cached] : templates_) put_template(to, *cached);
}

bool TemplateCache::restore(ByteCursor& from, const Limits& limits, std::uint64_t wanted) {
    std::uint32_t count = 0;
    if (!get_count(from, limits.templates, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        CachedTemplate read;
        if (!get_template(from, read)) return false;
        if (find(read.definition.id) != nullptr) return false;
        // Plans are not saved: they depend on the fields that this version wants.
        add(compile_template(read.definition, wanted, read.announced));
    }
    return usage_.templates <= limits.templates && usage_.octets <= limits.template_octets;
}

}  // namespace octroi::exporter
