// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Templates as exporters announce them (RFC 7011 section 3.4, RFC 3954 section 5), and the sets of
// NetFlow v9 and IPFIX that hold them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/byte_cursor.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::ipfix {

// RFC 7011 section 3.2: "variable length" in the place of a length.
inline constexpr std::uint16_t variable_length = 65535;
// RFC 7011 section 3.4.1: ids below are those of sets.
inline constexpr std::uint16_t first_template_id = 256;
// Nobody describes a flow with so many fields; a template of 65535 octets could hold 16384.
inline constexpr std::size_t max_fields = 1024;

struct TemplateField {
    std::uint32_t enterprise = 0;
    std::uint16_t id = 0;
    std::uint16_t length = 0;
    auto operator<=>(const TemplateField&) const noexcept = default;
};

struct Template {
    std::uint16_t id = 0;
    bool options = false;
    std::uint16_t scope_fields = 0;  // the first so many describe the scope
    std::vector<TemplateField> fields;
    bool operator==(const Template&) const = default;
};

// How NetFlow v9 and IPFIX differ in writing templates: v9 has no enterprise bit, gives the lengths
// of an options template in octets, and has scope types of its own (RFC 3954 section 6.1), which
// become `v9_scope` elements here.
enum class Dialect : std::uint8_t { v9, ipfix };

// Stands for the enterprise of v9's scope types, which are no elements: 1 system, 2 interface,
// 3 line card, 4 cache, 5 template.
inline constexpr std::uint32_t v9_scope = 0xffffffffU;

// The set ids of templates and options templates: RFC 3954 section 5.2 and 6.1 (0, 1), RFC 7011
// section 3.3.2 (2, 3).
[[nodiscard]] constexpr std::uint16_t template_set(Dialect dialect) noexcept {
    return dialect == Dialect::v9 ? 0 : 2;
}
[[nodiscard]] constexpr std::uint16_t options_template_set(Dialect dialect) noexcept {
    return dialect == Dialect::v9 ? 1 : 3;
}

// Reads one template after the other from the content of such a set. The Template is used again and
// again: its memory is kept.
class TemplateReader {
public:
    TemplateReader(ByteSpan content, Dialect dialect, bool options) noexcept
        : cursor_(content), dialect_(dialect), options_(options) {}

    enum class Step : std::uint8_t {
        announced,   // `out` holds it
        withdrawn,   // out.id (RFC 7011 section 8.1); the set's own id: all of its kind
        over_limit,  // too many fields: passed over
        end,         // nothing but padding is left
        malformed,   // what is left cannot be a template
    };
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

// The sets of a message, one after the other. A set of length 0 ends the message: what follows is
// padding. A set that is longer than the message is given as far as it is there.
struct Set {
    std::uint16_t id = 0;
    bool whole = true;
    ByteSpan content;
};
class SetReader {
public:
    explicit SetReader(ByteSpan octets) noexcept : cursor_(octets) {}
    [[nodiscard]] bool next(Set& out) noexcept;
    // Once next() said no: ok, or how it ended before the octets did.
    [[nodiscard]] flow::Outcome outcome() const noexcept { return outcome_; }

private:
    ByteCursor cursor_;
    flow::Outcome outcome_ = flow::Outcome::ok;
};

}  // namespace octroi::ipfix
