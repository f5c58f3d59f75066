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

struct octroi_keys {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(key_size, sizeof(struct octroi_key));
    __uint(value_size, sizeof(__u32));
};

struct octroi_counts {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct octroi_count));
};

// One for each processor: the loader sets how many.
struct octroi_states {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct octroi_state));
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
// Two pairs of a map of keys and an array of counts. The state says which one counts; the other one
// has counted, and is read once more.
OCTROI_SLOTS(keys, struct octroi_keys, 2);
OCTROI_SLOTS(counts, struct octroi_counts, 2);
OCTROI_SLOTS(states, struct octroi_states, 1);

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, OCTROI_OTHERS);
    __type(key, __u32);
    __type(value, struct octroi_count);
} others SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct octroi_next_slot);
} next_slot SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct octroi_free_slot);
} free_slot SEC(".maps");

// The interfaces that should have programs, by index; 0: the sockets should. The programs do not use
// it (host/ebpf/attachments.cpp has the values).
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, OCTROI_INTERFACES);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u32);
} interfaces SEC(".maps");

// All interfaces, by index: OCTROI_COVERED and a number (layout.h).
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, OCTROI_INTERFACES);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u32);
} interface_table SEC(".maps");

// The programs do not use it: it keeps the names of the numbers with the counts.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, OCTROI_INTERFACE_NAMES);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u8[OCTROI_INTERFACE_NAME]);
} interface_names SEC(".maps");

// The programs do not use it: it keeps the texts of the labels with the counts.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, OCTROI_LABELS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u8[OCTROI_LABEL_OCTETS]);
} labels SEC(".maps");

static __always_inline struct octroi_state* get_state(void) {
    const __u32 zero = 0;
    const __u32 processor = bpf_get_smp_processor_id();
    void* all = bpf_map_lookup_elem(&states, &zero);
    return all ? bpf_map_lookup_elem(all, &processor) : 0;
}

static __always_inline void count_other(__u32 which, __u64 bytes, __u64 packets) {
    struct octroi_count* value = bpf_map_lookup_elem(&others, &which);
    if (!value) return;
    __sync_fetch_and_add(&value->bytes, bytes);
    __sync_fetch_and_add(&value->packets, packets);
}

static __always_inline __u32 entry_at(void* table, __u32 at) {
    const __u32 number = at / OCTROI_BLOCK;
    const struct octroi_block* block = bpf_map_lookup_elem(table, &number);
    return block ? block->entries[at % OCTROI_BLOCK] : 0;
}

static __always_inline int add_to_slot(void* array, __u32 slot, __u64 bytes, __u64 packets) {
    struct octroi_count* value = bpf_map_lookup_elem(array, &slot);
    if (!value) return 0;
    value->bytes += bytes;
    value->packets += packets;
    return 1;
}

// Adds the key, with a slot of this processor. 0: there is no space; then the slot is still free.
static __always_inline __u32 add_key(void* table, void* array, const struct octroi_key* key) {
    const __u32 zero = 0;
    struct octroi_count* head = bpf_map_lookup_elem(array, &zero);
    struct octroi_next_slot* own = bpf_map_lookup_elem(&next_slot, &zero);
    if (!head || !own) return 0;
    if (own->array != head->packets || own->left == 0) {
        own->array = head->packets;
        own->next = __sync_fetch_and_add(&head->bytes, OCTROI_SLOTS_OF_LINE);
        own->left = OCTROI_SLOTS_OF_LINE;
    }
    const __u32 slot = own->next;
    if (!bpf_map_lookup_elem(array, &slot)) return 0;
    if (bpf_map_update_elem(table, key, &slot, BPF_NOEXIST)) return 0;
    own->next = slot + 1;
    --own->left;
    return slot;
}

// Returns the slot. 0: the key cannot be added, and the overflow counts.
static __always_inline __u32 count(const struct octroi_key* key, __u32 pair, __u64 bytes,
                                   __u64 packets) {
    void* table = bpf_map_lookup_elem(&keys, &pair);
    void* array = bpf_map_lookup_elem(&counts, &pair);
    if (table && array) {
        const __u32* known = bpf_map_lookup_elem(table, key);
        const __u32 slot = known ? *known : add_key(table, array, key);
        if (slot != 0 && add_to_slot(array, slot, bytes, packets)) return slot;
    }
    count_other((key->way & 1) ? OCTROI_OVERFLOW_OUT : OCTROI_OVERFLOW_IN, bytes, packets);
    return 0;
}

// Adds the key where another packet may be counted on the processor in between: the free slot is
// taken and put back at once. A slot that was not needed is used for the next key.
static __always_inline void add_key_shared(void* table, void* array, struct octroi_count* head,
                                           const struct octroi_key* key) {
    const __u32 zero = 0;
    struct octroi_free_slot* own = bpf_map_lookup_elem(&free_slot, &zero);
    if (!own) return;
    __u64 taken = __sync_lock_test_and_set(&own->slot, 0);
    if (taken >> 32 != (__u32)head->packets || (__u32)taken == 0)
        taken = head->packets << 32 | (__u32)__sync_fetch_and_add(&head->bytes, 1);
    const __u32 slot = taken;
    if (bpf_map_lookup_elem(array, &slot) && !bpf_map_update_elem(table, key, &slot, BPF_NOEXIST))
        return;
    __sync_lock_test_and_set(&own->slot, taken);
}

// As count(), where another packet may be counted on the processor before this one is.
static __always_inline void count_shared(const struct octroi_key* key, __u32 pair, __u64 bytes,
                                         __u64 packets) {
    const __u32 zero = 0;
    void* table = bpf_map_lookup_elem(&keys, &pair);
    void* array = bpf_map_lookup_elem(&counts, &pair);
    struct octroi_count* head = array ? bpf_map_lookup_elem(array, &zero) : 0;
    if (table && head) {
        const __u32* known = bpf_map_lookup_elem(table, key);
        if (!known) {
            add_key_shared(table, array, head, key);
            known = bpf_map_lookup_elem(table, key);
        }
        struct octroi_count* value = known ? bpf_map_lookup_elem(array, known) : 0;
        if (value) {
            __sync_fetch_and_add(&value->bytes, bytes);
            __sync_fetch_and_add(&value->packets, packets);
            return;
        }
    }
    count_other((key->way & 1) ? OCTROI_OVERFLOW_OUT : OCTROI_OVERFLOW_IN, bytes, packets);
}
