// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/options.hpp"

#include <algorithm>

#include "wire/ipfix/rate.hpp"

namespace octroi::ipfix {
namespace {

constexpr std::uint16_t v9_interface = 2;
constexpr std::uint16_t v9_template = 5;

// Parameters of a sampler; they may stand in any order.
struct RateParts {
    std::uint64_t interval = 0;         // 34
    std::uint64_t random_interval = 0;  // 50
    std::uint64_t count = 0;            // 305
    std::uint64_t space = 0;            // 306
    std::uint64_t size = 0;             // 309
    std::uint64_t population = 0;       // 310
    std::uint64_t probability = 0;      // 311, as the rate that it makes
    bool has_space = false;
    bool has_interval = false;  // 34 or 50

    [[nodiscard]] std::uint64_t rate() const noexcept {
        if (interval != 0) return interval;
        if (random_interval != 0) return random_interval;
        if (has_space && count != 0) return rate_of_count_space(count, space);
        if (size != 0) return rate_of_size_population(size, population);
        return probability;
    }
};

// None of these elements is signed or longer than 8 octets.
std::uint64_t number(ByteSpan value) noexcept {
    if (value.size() > 8) return 0;
    std::uint64_t out = 0;
    for (const std::byte octet : value) out = out << 8U | static_cast<std::uint64_t>(octet);
    return out;
}

std::string_view text(ByteSpan value) noexcept {
    const auto end = std::find(value.begin(), value.end(), std::byte{0});
    return {reinterpret_cast<const char*>(value.data()),
            static_cast<std::size_t>(end - value.begin())};
}

bool read_rate(std::uint16_t id, ByteSpan value, RateParts& parts) noexcept {
    switch (id) {
        case 34:
            parts.interval = number(value);
            parts.has_interval = true;
            return true;
        case 50:
            parts.random_interval = number(value);
            parts.has_interval = true;
            return true;
        case 305:
            parts.count = number(value);
            return true;
        case 306:
            parts.space = number(value);
            parts.has_space = true;
            return true;
        case 309:
            parts.size = number(value);
            return true;
        case 310:
            parts.population = number(value);
            return true;
        case 311:
            if (value.size() == 4 || value.size() == 8)
                parts.probability = rate_of_probability(number(value), value.size());
            return true;
        default:
            return false;
    }
}

void read_value(const TemplateField& field, ByteSpan value, RateParts& parts,
                OptionsRecord& out) noexcept {
    if (value.empty()) return;
    if (field.enterprise == v9_scope) {
        if (field.id == v9_interface) out.interface = number(value);
        if (field.id == v9_template) out.template_id = number(value);
        return;
    }
    if (field.enterprise != 0 || read_rate(field.id, value, parts)) return;
    switch (field.id) {
        case 10:
        case 14:
            if (!out.interface) out.interface = number(value);
            return;
        case 48:
        case 302:
            if (!out.selector) out.selector = number(value);
            return;
        case 82:
            out.name = text(value);
            return;
        case 83:
            out.description = text(value);
            return;
        case 145:
            out.template_id = number(value);
            return;
        case 160:
            out.init_ms = number(value);
            return;
        default:
            return;
    }
}

}  // namespace

bool read_options(const Template& from, ByteCursor& set, OptionsRecord& out) noexcept {
    ByteCursor attempt = set;
    out = {};
    RateParts parts;
    for (const TemplateField& field : from.fields) {
        ByteSpan value;
        const bool whole = field.length == variable_length ? read_variable(attempt, value)
                                                           : attempt.raw(field.length, value);
        if (!whole) return false;
        read_value(field, value, parts, out);
    }
    if (attempt.left() == set.left()) return false;  // a record without octets would never end
    out.sampling = parts.rate();
    out.unsampled = parts.has_interval && out.sampling == 0;
    set = attempt;
    return true;
}

}  // namespace octroi::ipfix
