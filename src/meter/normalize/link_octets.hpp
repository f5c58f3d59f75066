// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Records that state octets of layer 2 only (elements 352 and 353): their layer 3 octets are
// derived, by the packets and the length of what stands before the IP header.

#include <cstdint>
#include <optional>

#include "wire/flow/flow_record.hpp"

namespace octroi::normalize {

[[nodiscard]] inline bool has_link_octets_only(const flow::FlowRecord& record) noexcept {
    return !record.has(flow::Field::bytes) && record.has(flow::Field::frame_bytes) &&
           record.section_kind == flow::SectionKind::none;
}

// None: the record has no packets, or fewer octets than their headers have.
[[nodiscard]] std::optional<std::uint64_t> layer3_octets(const flow::FlowRecord& record,
                                                         std::uint32_t link_header) noexcept;

}  // namespace octroi::normalize
