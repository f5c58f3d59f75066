// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sets of IPFIX and NetFlow v9, and the templates in template sets (RFC 7011 section 3, RFC
// 3954 section 5).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/byte_cursor.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::ipfix {

// RFC 7011 section 3.2: this length means that each record states the length of the field.
inline constexpr std::uint16_t variable_length = 65535;
// RFC 7011 section 3.4.1. Lower ids name kinds of sets.
inline constexpr std::uint16_t first_template_id = 256;
// More fields than any exporter needs to describe a flow. Without a limit of ours a template of
// 65535 octets could hold 16384.
inline constexpr std::size_t max_fields = 1024;

struct TemplateField {
    std::uint32_t enterprise = 0;  // 0: IANA; see v9_scope
    std::uint16_t id = 0;          // of the information element, without the enterprise bit
    std::uint16_t length = 0;      // octets, or variable_length
    auto operator<=>(const TemplateField&) const noexcept = default;
};

// Ids are unique within an observation domain, and over TCP within a transport session; templates
// and options templates share them.
struct Template {
    std::uint16_t id = 0;            // at least first_template_id
    bool options = false;            // an options template
    std::uint16_t scope_fields = 0;  // of an options template: the first ones state the scope
    std::vector<TemplateField> fields;
    bool operator==(const Template&) const = default;
};

// How templates are written. v9 has no enterprise bit, states the size of an options template in
// octets and not in fields, and has scope types of its own (RFC 3954 section 6.1).
enum class Dialect : std::uint8_t { v9, ipfix };

// The `enterprise` of v9's scope types, which are no information elements: 1 system, 2 interface,
// 3 line card, 4 cache, 5 template.
inline constexpr std::uint32_t v9_scope = 0xffffffffU;

// The ids of template sets and of options template sets: 0 and 1 (RFC 3954 sections 5.2 and 6.1), 2
// and 3 (RFC 7011 section 3.3.2).
[[nodiscard]] constexpr std::uint16_t template_set(Dialect dialect) noexcept {
    return dialect == Dialect::v9 ? 0 : 2;
}
[[nodiscard]] constexpr std::uint16_t options_template_set(Dialect dialect) noexcept {
    return dialect == Dialect::v9 ? 1 : 3;
}

// Reads a field of variable length, which follows its length (RFC 7011 section 7): one octet, or
// 255 and two. False: the octets end too early.
[[nodiscard]] inline bool read_variable(ByteCursor& from, ByteSpan& out) noexcept {
    std::uint8_t short_length = 0;
    if (!from.u8(short_length)) return false;
    std::uint16_t length = short_length;
    if (short_length == 255 && !from.be16(length)) return false;
    return from.raw(length, out);
}

// Reads one template after the other from a template set or an options template set.
//
// After `announced` it is guaranteed that `out` has an id of a data set, at least one and at most
// max_fields fields, and no more scope fields than fields. Element ids and lengths are not checked.
class TemplateReader {
public:
    // `content`: the set without its header.
    TemplateReader(ByteSpan content, Dialect dialect, bool options) noexcept
        : cursor_(content), dialect_(dialect), options_(options) {}

    enum class Step : std::uint8_t {
        announced,   // a template
        withdrawn,   // out.id is withdrawn (RFC 7011 section 8.1); the id of the set itself: all
                     // templates of its kind
        over_limit,  // a template with too many fields was skipped
        end,         // only padding is left
        malformed,   // the rest is no template: do not call again
    };
    // `out` is overwritten; its memory is reused.
    Step next(Template& out);

private:
    struct Head {
        std::uint16_t id = 0;
        std::uint16_t fields = 0;
        std::uint16_t scope_fields = 0;
        bool withdrawal = false;
    };
    bool read_head(Head& head) noexcept;
    bool read_field(bool scope, TemplateField& field) noexcept;

    ByteCursor cursor_;
    Dialect dialect_;
    bool options_;
};

struct Set {
    std::uint16_t id = 0;  // the template's id, or that of template sets
    bool whole = true;     // false: the message ends within the set
    ByteSpan content;      // without the set header; padding may be at its end
};
// Reads one set after the other. Guaranteed: `content` lies within the message. Not checked: the
// id, and what the content holds. A set of length 0 ends the message: some exporters pad with
// zeros.
class SetReader {
public:
    // `octets`: the message without its header.
    explicit SetReader(ByteSpan octets) noexcept : cursor_(octets) {}
    // False: there are no more sets.
    [[nodiscard]] bool next(Set& out) noexcept;
    // After next() returned false. ok; incomplete: the last set was cut off; malformed: a set with
    // a length that is shorter than its header.
    [[nodiscard]] flow::Outcome outcome() const noexcept { return outcome_; }

private:
    ByteCursor cursor_;
    flow::Outcome outcome_ = flow::Outcome::ok;
};

}  // namespace octroi::ipfix
