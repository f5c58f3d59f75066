// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/name.hpp"

#include <algorithm>

#include "record/identity.hpp"
#include "record/utf8.hpp"

namespace octroi {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }

}  // namespace

bool is_usable(const Name& name) {
    if (const auto kind = identity_kind(name.kind)) return is_canonical({*kind, name.text});
    if (name.kind == NameKind::far_class && name.text.starts_with('@')) return false;
    return !name.text.empty() && name.text.size() <= class_name_octets_max &&
           std::ranges::none_of(name.text, is_control) && is_utf8(name.text);
}

}  // namespace octroi
