// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs that count in the kernel, and their maps: bpf(2) through libbpf, filters of tc(8)
// through rtnetlink. The abstract class is what tests replace.
//
// Maps are pinned in a folder of their own in bpffs, and the filters keep the programs: both stay
// when the process ends, and go on counting. Another process with the same folder continues with
// them. Nothing else in the kernel is changed.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

struct EbpfCount {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    bool operator==(const EbpfCount&) const = default;
};

// The content of a map of counts.
struct EbpfRows {
    std::size_t key_octets = 0;
    std::vector<std::byte> keys;  // one after the other
    std::vector<EbpfCount> counts;

    [[nodiscard]] std::span<const std::byte> key(std::size_t row) const {
        return std::span(keys).subspan(row * key_octets, key_octets);
    }
};

// An interface with programs for its direction: the names of functions in the object.
struct EbpfAttachment {
    int interface = 0;
    std::string ingress;
    std::string egress;
};

struct EbpfAttachOutcome {
    struct Failure {
        int interface = 0;
        Error error;
    };
    std::vector<Failure> failed;  // interfaces that exist, and have no programs
    // Interfaces that should have had programs since an earlier call, of this process or another
    // one, and had none: what passed there since was not counted.
    std::vector<int> reattached;
};

// An interface of this network namespace.
struct EbpfInterface {
    int index = 0;
    std::string name;
    bool covered = false;  // what comes in here has passed a program
};

// One thread. Errors: permission, no_space (memory for maps), unsupported, failed.
class EbpfMaps {
public:
    virtual ~EbpfMaps() = default;

    // Puts a new table into a slot at once: no packet sees a part. An array has entries in
    // blocks of 16. keys: of the trie, one after the other. Call set_settings() after the last one.
    [[nodiscard]] virtual Status set_array(const std::string& slot,
                                           std::span<const std::uint32_t> values) = 0;
    [[nodiscard]] virtual Status set_trie(const std::string& slot, std::span<const std::byte> keys,
                                          std::span<const std::uint32_t> values) = 0;
    // What the programs read for each packet. From its return on they also use the tables as they
    // are now: nothing that they decided before applies.
    [[nodiscard]] virtual Status set_settings(std::span<const std::byte> settings) = 0;

    // The ids of the maps that count, and that have counted; 0: there is none.
    struct Counting {
        std::uint32_t now = 0;
        std::uint32_t before = 0;
        std::uint32_t arrays = 0;  // the id of `others`, the same as long as the pins exist

        bool operator==(const Counting&) const = default;
    };
    [[nodiscard]] virtual Result<Counting> counting() = 0;
    // Counts in a new map of that many keys from now on. The one until now becomes
    // Counting::before; no program adds to it when this returns. Requires that there is no
    // `before`.
    [[nodiscard]] virtual Status count_in_new_map(std::uint32_t keys_max) = 0;
    // Frees Counting::before, if there is one.
    [[nodiscard]] virtual Status drop_map_before() = 0;
    // The rows of one of these maps.
    [[nodiscard]] virtual Result<EbpfRows> read(std::uint32_t map_id) = 0;
    // All entries of the array `others`, summed over the processors.
    [[nodiscard]] virtual Result<std::vector<EbpfCount>> read_others() = 0;

    // Texts by number, which stay with the maps.
    [[nodiscard]] virtual Result<std::map<std::uint32_t, std::string>> labels() = 0;
    [[nodiscard]] virtual Status add_label(std::uint32_t number, const std::string& text) = 0;

    // What the programs know of interfaces. Interfaces that are not in the list are deleted. Call
    // it before attach(): a packet that a program sees must find where it came in. Errors: no_space
    // (some have no entry).
    [[nodiscard]] virtual Status set_interfaces(std::span<const EbpfInterface> present) = 0;
    // The names of interfaces by the numbers that keys have: those that have gone too.
    [[nodiscard]] virtual Result<std::map<std::uint32_t, std::string>> interface_names() = 0;
    // Attaches the programs where they are not attached, also to an interface that was made again,
    // and detaches them from all other interfaces. An interface that is absent is left out. One
    // that fails does not keep programs from the others.
    [[nodiscard]] virtual Result<EbpfAttachOutcome> attach(
        std::span<const EbpfAttachment> wanted) = 0;
    // Attaches programs for the packets of all sockets, at the root of the control groups of
    // version 2. Does nothing if this process has done so. True: they should have been there since
    // an earlier call, and were not. Errors: unsupported (there are none).
    [[nodiscard]] virtual Result<bool> attach_to_sockets(const std::string& receive,
                                                         const std::string& send) = 0;
    // The paths of control groups by id: those that exist.
    [[nodiscard]] virtual Result<std::map<std::uint64_t, std::string>> control_groups() = 0;
};

struct EbpfOptions {
    std::span<const std::byte> object;  // ELF, as clang makes it
    std::vector<std::string> programs;  // those to load
    // One of them that runs once, for no packet, before others are attached; empty: none. It
    // returns 0, or a negative error number; after ENOMEM it is tried again.
    std::string prepare = {};
    std::string bpffs = "/sys/fs/bpf";  // is mounted if it is not
    std::string folder;                 // of the pins, below bpffs: "octroi/edge-v1"
};

// Loads the programs, and creates the maps or takes the pinned ones, which it locks. Needs root.
// Errors: busy (another process has them), permission, unsupported, failed.
[[nodiscard]] Result<std::unique_ptr<EbpfMaps>> open_ebpf(const EbpfOptions& options);

// Whether maps are pinned in that folder.
[[nodiscard]] bool has_ebpf_maps(const std::string& bpffs, const std::string& folder);

// Detaches the programs of that folder. The maps and their counts stay, and are final when this
// returns; a later attach() reports the interfaces as reattached. Errors: busy (a daemon counts
// with them). Returns a line for each program; none if there is no such folder.
[[nodiscard]] Result<std::vector<std::string>> detach_ebpf(const std::string& bpffs,
                                                           const std::string& folder);

// Removes the filters and the pins of that folder, and a clsact discipline that was added for them
// if nobody else uses it. Errors: busy (a daemon counts with them). Returns a line for each thing
// that was removed.
[[nodiscard]] Result<std::vector<std::string>> remove_ebpf(const std::string& bpffs,
                                                           const std::string& folder);

// Whether programs may call that function of the kernel (kfunc), in the kernel or in this module.
[[nodiscard]] bool kernel_has_function(const std::string& name, const std::string& module);

// Why programs cannot be loaded here, with what to do; empty: they can.
[[nodiscard]] std::string ebpf_obstacle(const std::string& bpffs);

}  // namespace octroi
