// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the programs know of the interfaces of this network namespace: the maps `interface_table`
// and `interface_names` (meter/ebpf/layout.h).
//
// Interfaces have numbers of their own, because the kernel may give the index of an interface that
// has gone to another one. A number belongs to a name, and no other name gets it.

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/result.hpp"
#include "host/ebpf/maps.hpp"

namespace octroi {

// One thread. table, names: descriptors of the maps. Errors: failed.

// The names by number: those of counts of before too.
[[nodiscard]] Result<std::map<std::uint32_t, std::string>> interface_names(int names);
// Makes the table that of these interfaces. is_changed: whether it was another one, also if this
// fails. Errors: no_space too (some interfaces have no entry: those that are not covered first).
[[nodiscard]] Status put_interfaces(int table, int names, std::span<const EbpfInterface> present,
                                    bool& is_changed);

}  // namespace octroi
