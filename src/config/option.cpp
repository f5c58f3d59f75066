// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/option.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"

namespace octroi {
namespace {

template <typename T>
const T& as(const OptionEntry& entry) {
    const T* value = std::get_if<T>(&entry.value);
    CHECK(value != nullptr);
    return *value;
}

}  // namespace

bool OptionEntry::boolean() const { return as<bool>(*this); }
std::int64_t OptionEntry::integer() const { return as<std::int64_t>(*this); }
Duration OptionEntry::duration() const { return as<Duration>(*this); }
Bytes OptionEntry::size() const { return as<Bytes>(*this); }
const std::string& OptionEntry::text() const { return as<std::string>(*this); }
const std::vector<std::string>& OptionEntry::texts() const {
    return as<std::vector<std::string>>(*this);
}
const std::vector<Prefix>& OptionEntry::prefixes() const { return as<std::vector<Prefix>>(*this); }

const Section* OptionTable::find_section(std::string_view name) const {
    const auto found = std::ranges::find(sections, name, &Section::name);
    return found == sections.end() ? nullptr : &*found;
}

const Option* OptionTable::find_option(std::string_view section, std::string_view key,
                                       std::string_view kind) const {
    const auto found = std::ranges::find_if(options, [&](const Option& o) {
        return o.section == section && o.key == key && (o.kind.empty() || o.kind == kind);
    });
    return found == options.end() ? nullptr : &*found;
}

const MeterOptions* OptionTable::find_kind(std::string_view kind) const {
    const auto found = std::ranges::find(kinds, kind, &MeterOptions::kind);
    return found == kinds.end() ? nullptr : &*found;
}

std::string_view OptionTable::default_kind() const {
    const auto found = std::ranges::find_if(kinds, &MeterOptions::is_default);
    return found == kinds.end() ? std::string_view() : found->kind;
}

MeterConfig OptionTable::default_meter(std::string_view kind) const {
    MeterConfig meter;
    meter.kind = kind;
    const MeterOptions* known = find_kind(kind);
    if (known != nullptr)
        meter.options = defaults.at(static_cast<std::size_t>(known - kinds.data()));
    return meter;
}

std::string_view to_string(OptionType type) {
    switch (type) {
        case OptionType::boolean:
            return "boolean";
        case OptionType::integer:
            return "integer";
        case OptionType::duration:
            return "duration";
        case OptionType::size:
            return "size";
        case OptionType::text:
            return "text";
        case OptionType::choice:
            return "choice";
        case OptionType::texts:
            return "list of texts";
        case OptionType::prefixes:
            return "list of prefixes";
    }
    return "";
}

std::string to_string(const SourceLine& where) {
    return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

}  // namespace octroi
