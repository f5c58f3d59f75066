// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of attribution, in the form that the programs read.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/ebpf/maps.hpp"
#include "meter/ebpf/labels.hpp"
#include "meter/ebpf/prefix_trie.hpp"
#include "record/source_tables.hpp"

namespace octroi::ebpf {

struct PrefixList {
    std::vector<PrefixValue> v4;  // shorter prefixes first
    std::vector<PrefixValue> v6;
};

// The local end of each address (layout.h: OCTROI_LENGTH_MASK, OCTROI_OWN). An address within a
// prefix with per_address is an identity of its own, also if it is in a longer prefix without that.
[[nodiscard]] PrefixList local_prefixes(const std::vector<SourcePrefix>& local,
                                        const std::vector<Address>& own);
// The label of the class of each address, with the classes that need no table (RFC 5771 and
// others).
[[nodiscard]] Result<PrefixList> class_prefixes(const ClassTable* table, Labels& labels);
// The table of services (layout.h).
[[nodiscard]] Result<std::vector<std::uint32_t>> service_entries(const SourceServices& services,
                                                                 Labels& labels);

// Puts them into the kernel. Returns how many prefixes had no space: shorter ones apply to them.
[[nodiscard]] Result<std::uint64_t> put_prefixes(EbpfMaps& maps, const std::string& slot_v4,
                                                 const std::string& slot_v6,
                                                 const PrefixList& list);

}  // namespace octroi::ebpf
