// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Writes messages of IPFIX and NetFlow, for tests and for the corpora of fuzz targets:
//
//     ipfix_message(7, {templates({{256, {{8, 4}, {12, 4}, {1, 8}}}}),
//               data(256, values().u32(src).u32(dst).u64(bytes))})

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.hpp"

namespace octroi::ipfix::testing {

// Fields of records, one after the other.
class Values {
public:
    Values& u8(std::uint64_t v) { return put(v, 1); }
    Values& u16(std::uint64_t v) { return put(v, 2); }
    Values& u32(std::uint64_t v) { return put(v, 4); }
    Values& u64(std::uint64_t v) { return put(v, 8); }
    Values& put(std::uint64_t v, unsigned octets) {
        for (unsigned i = octets; i-- > 0;)
            octets_.push_back(static_cast<char>(i < 8 ? v >> (8 * i) : 0));
        return *this;
    }
    Values& raw(std::string_view octets) {
        octets_.append(octets);
        return *this;
    }
    // A field of variable length: its length takes one octet, or three if it is long, or `wide`.
    Values& variable(std::string_view text, bool wide = false) {
        if (text.size() < 255 && !wide) return u8(text.size()).raw(text);
        return u8(255).u16(text.size()).raw(text);
    }
    Values& zeros(std::size_t count) { return raw(std::string(count, '\0')); }
    operator std::string() const { return octets_; }  // NOLINT: usable as a text

private:
    std::string octets_;
};
inline Values values() { return {}; }

struct FieldSpec {
    std::uint16_t id;
    std::uint16_t length;
    std::uint32_t enterprise = 0;
};
using Fields = std::vector<FieldSpec>;
struct TemplateSpec {
    std::uint16_t id;
    Fields fields;
};
struct OptionsSpec {
    std::uint16_t id;
    Fields scope;
    Fields fields;
};

inline std::string set(std::uint16_t id, const std::string& content) {
    return values().u16(id).u16(content.size() + 4).raw(content);
}
inline std::string data(std::uint16_t id, const std::string& content) { return set(id, content); }

inline std::string field(const FieldSpec& f) {
    if (f.enterprise == 0) return values().u16(f.id).u16(f.length);
    return values().u16(f.id | 0x8000U).u16(f.length).u32(f.enterprise);
}
inline std::string fields(const Fields& all) {
    std::string out;
    for (const FieldSpec& f : all) out += field(f);
    return out;
}

inline std::string templates(std::initializer_list<TemplateSpec> all) {
    std::string out;
    for (const TemplateSpec& t : all)
        out += std::string(values().u16(t.id).u16(t.fields.size())) + fields(t.fields);
    return set(2, out);
}
inline std::string options_template(const OptionsSpec& t) {
    return set(
        3,
        std::string(values().u16(t.id).u16(t.scope.size() + t.fields.size()).u16(t.scope.size())) +
            fields(t.scope) + fields(t.fields));
}
// RFC 7011 section 8.1. `kind`: 2 for templates, 3 for options templates; as id: all of the kind.
inline std::string withdrawal(std::uint16_t id, std::uint16_t kind = 2) {
    return set(kind, values().u16(id).u16(0));
}

inline std::string v9_templates(std::initializer_list<TemplateSpec> all) {
    std::string out;
    for (const TemplateSpec& t : all) {
        out += values().u16(t.id).u16(t.fields.size());
        for (const FieldSpec& f : t.fields) out += values().u16(f.id).u16(f.length);
    }
    return set(0, out);
}
inline std::string v9_options_template(const OptionsSpec& t) {
    Values out;
    out.u16(t.id).u16(t.scope.size() * 4).u16(t.fields.size() * 4);
    for (const Fields* part : {&t.scope, &t.fields})
        for (const FieldSpec& f : *part) out.u16(f.id).u16(f.length);
    return set(1, std::string(out));
}

inline std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts) out += part;
    return out;
}

inline constexpr std::uint32_t export_seconds = 1'790'000'000;

inline std::string ipfix_message(std::uint32_t domain, std::initializer_list<std::string> sets,
                                 std::uint32_t sequence = 0,
                                 std::uint32_t seconds = export_seconds) {
    const std::string body = joined(sets);
    return values().u16(10).u16(body.size() + 16).u32(seconds).u32(sequence).u32(domain).raw(body);
}

inline std::string v9_message(std::uint32_t source, std::initializer_list<std::string> sets,
                              std::uint32_t sequence = 0, std::uint32_t uptime_ms = 1'000'000,
                              std::uint32_t seconds = export_seconds) {
    return values()
        .u16(9)
        .u16(sets.size())
        .u32(uptime_ms)
        .u32(seconds)
        .u32(sequence)
        .u32(source)
        .raw(joined(sets));
}

struct V5 {
    std::uint32_t sequence = 0;
    std::uint32_t uptime_ms = 1'000'000;
    std::uint32_t seconds = export_seconds;
    std::uint16_t engine = 0;
    std::uint16_t sampling = 0;
};
// 48 octets: TCP from 10.0.0.1:1024 to 192.0.2.1:443.
inline std::string v5_record(std::uint32_t bytes, std::uint32_t packets,
                             std::uint32_t first_ms = 900'000, std::uint32_t last_ms = 950'000) {
    return values()
        .u32(0x0a000001)
        .u32(0xc0000201)
        .u32(0xc0000202)
        .u16(3)
        .u16(4)
        .u32(packets)
        .u32(bytes)
        .u32(first_ms)
        .u32(last_ms)
        .u16(1024)
        .u16(443)
        .u8(0)
        .u8(0x1b)
        .u8(6)
        .u8(0x20)
        .u16(64500)
        .u16(64501)
        .u8(24)
        .u8(16)
        .u16(0);
}
inline std::string v5_message(const V5& head, std::initializer_list<std::string> records) {
    return values()
        .u16(5)
        .u16(records.size())
        .u32(head.uptime_ms)
        .u32(head.seconds)
        .u32(500'000'000)
        .u32(head.sequence)
        .u16(head.engine)
        .u16(head.sampling)
        .raw(joined(records));
}

}  // namespace octroi::ipfix::testing
