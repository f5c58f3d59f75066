// SPDX-License-Identifier: GPL-3.0-or-later
// The maps of the programs. Each is pinned under its name. The tables that a change of the
// configuration replaces are inner maps: the programs see the old one or the new one.
#pragma once

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "meter/ebpf/layout.h"

// Sizes instead of types: clang leaves the types of inner maps out of BTF.
struct octroi_array {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);  // of any size
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct octroi_block));
};

struct octroi_trie {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(key_size, sizeof(struct octroi_prefix));
    __uint(value_size, sizeof(__u32));
};

struct octroi_counts {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(key_size, sizeof(struct octroi_key));
    __uint(value_size, sizeof(struct octroi_count));
};

#define OCTROI_SLOTS(name, inner, slots)          \
    struct {                                      \
        __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); \
        __uint(max_entries, slots);               \
        __type(key, __u32);                       \
        __array(values, inner);                   \
    } name SEC(".maps")

OCTROI_SLOTS(local_v4, struct octroi_array, 1);
OCTROI_SLOTS(local_v6, struct octroi_trie, 1);
OCTROI_SLOTS(class_v4, struct octroi_array, 1);
OCTROI_SLOTS(class_v6, struct octroi_trie, 1);
OCTROI_SLOTS(services, struct octroi_array, 1);
// 0: counts. 1: has counted, and is read once more.
OCTROI_SLOTS(counts, struct octroi_counts, 2);

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, OCTROI_OTHERS);
    __type(key, __u32);
    __type(value, struct octroi_count);
} others SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct octroi_settings);
} settings SEC(".maps");

// The metered interfaces, by index. Value: 1 if the meter added the clsact discipline.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, __u32);
} interfaces SEC(".maps");

// The programs do not use it: it keeps the texts of the labels with the counts.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, OCTROI_LABELS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u8[OCTROI_LABEL_OCTETS]);
} labels SEC(".maps");

static __always_inline const struct octroi_settings* get_settings(void) {
    static const struct octroi_settings none = {};
    const __u32 zero = 0;
    const struct octroi_settings* set = bpf_map_lookup_elem(&settings, &zero);
    return set ? set : &none;
}

static __always_inline void count_other(__u32 which, __u64 bytes, __u64 packets) {
    struct octroi_count* value = bpf_map_lookup_elem(&others, &which);
    if (!value) return;
    value->bytes += bytes;
    value->packets += packets;
}

static __always_inline __u32 entry_at(void* table, __u32 at) {
    const __u32 number = at / OCTROI_BLOCK;
    const struct octroi_block* block = bpf_map_lookup_elem(table, &number);
    return block ? block->entries[at % OCTROI_BLOCK] : 0;
}

// A key that cannot be added counts in the overflow.
static __always_inline void count(const struct octroi_key* key, __u64 bytes, __u64 packets) {
    const __u32 zero = 0;
    void* table = bpf_map_lookup_elem(&counts, &zero);
    if (table) {
        struct octroi_count* value = bpf_map_lookup_elem(table, key);
        if (!value) {
            const struct octroi_count first = {bytes, packets};
            if (bpf_map_update_elem(table, key, &first, BPF_NOEXIST) == 0) return;
        } else {
            value->bytes += bytes;
            value->packets += packets;
            return;
        }
    }
    count_other((key->way & 1) ? OCTROI_OVERFLOW_OUT : OCTROI_OVERFLOW_IN, bytes, packets);
}
