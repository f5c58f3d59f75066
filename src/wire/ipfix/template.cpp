// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {
namespace {

constexpr std::uint16_t enterprise_bit = 0x8000;
// An id and a count of fields. Fewer octets at the end of a set are padding.
constexpr std::size_t least_head = 4;

}  // namespace

bool TemplateReader::read_head(Head& head) noexcept {
    std::uint16_t count = 0;
    if (!cursor_.be16(head.id) || !cursor_.be16(count)) return false;
    head.fields = count;
    if (!options_) {
        head.withdrawal = dialect_ == Dialect::ipfix && count == 0;
        return true;
    }
    if (dialect_ == Dialect::ipfix) {
        // The withdrawal of an options template has no count of scope fields (RFC 7011
        // section 8.1).
        head.withdrawal = count == 0;
        if (head.withdrawal) return true;
        return cursor_.be16(head.scope_fields) && head.scope_fields <= head.fields;
    }
    // RFC 3954 section 6.1: the octets of scope fields and of other fields, four for each.
    std::uint16_t options_octets = 0;
    if (!cursor_.be16(options_octets)) return false;
    if (count % 4 != 0 || options_octets % 4 != 0) return false;
    head.scope_fields = count / 4;
    head.fields = static_cast<std::uint16_t>(count / 4 + options_octets / 4);
    return true;
}

bool TemplateReader::read_field(bool scope, TemplateField& field) noexcept {
    field.enterprise = 0;
    if (!cursor_.be16(field.id) || !cursor_.be16(field.length)) return false;
    if (dialect_ == Dialect::v9) {
        if (scope) field.enterprise = v9_scope;
        return true;
    }
    if ((field.id & enterprise_bit) == 0) return true;
    field.id = static_cast<std::uint16_t>(field.id & ~enterprise_bit);
    return cursor_.be32(field.enterprise);
}

TemplateReader::Step TemplateReader::next(Template& out) {
    // No template has the id 0: what begins with it is padding, which may be longer than a head.
    if (cursor_.left() < least_head || load_be16(cursor_.rest().data()) == 0) return Step::end;
    Head head;
    if (!read_head(head)) return Step::malformed;
    out.id = head.id;
    out.options = options_;
    out.scope_fields = head.scope_fields;
    out.fields.clear();
    if (head.withdrawal) return Step::withdrawn;
    const bool too_many = head.fields > max_fields;
    for (std::size_t i = 0; i < head.fields; ++i) {
        TemplateField field;
        if (!read_field(i < head.scope_fields, field)) return Step::malformed;
        if (!too_many) out.fields.push_back(field);
    }
    if (too_many) return Step::over_limit;
    if (head.id < first_template_id || out.fields.empty()) return Step::malformed;
    return Step::announced;
}

bool SetReader::next(Set& out) noexcept {
    if (outcome_ != flow::Outcome::ok) return false;
    ByteCursor attempt = cursor_;
    std::uint16_t length = 0;
    // Fewer octets than a set header are padding.
    if (!attempt.be16(out.id) || !attempt.be16(length) || length == 0) return false;
    if (length < 4) {
        outcome_ = flow::Outcome::malformed;
        return false;
    }
    out.whole = attempt.raw(length - 4U, out.content);
    if (!out.whole) {
        out.content = attempt.rest();
        outcome_ = flow::Outcome::incomplete;
    }
    cursor_ = attempt;
    return true;
}

}  // namespace octroi::ipfix
