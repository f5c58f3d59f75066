// SPDX-License-Identifier: GPL-3.0-or-later
// Packets to an address of this machine for which no connection is known yet: the first ones of
// connections, and those of protocols that bpf_skb_ct_lookup does not know. Such a packet is held
// apart for a second. If NAT forwards it, it counts where it leaves, for the host that receives it;
// else it counts when the second is over, for this machine.
#pragma once

#include "maps.h"
#include "packet.h"

enum { held_max = 8192, clock_monotonic = 1, held_octets = 8 };
#define OCTROI_HELD_NANOSECONDS 1000000000ULL

// What NAT does not change of a packet: no addresses, ports and checksums.
struct held_key {
    __u32 number;  // as in struct packet
    __u8 proto;
    __u8 family;
    __u16 unused;
    __u8 octets[held_octets];  // behind ports and checksum; of a later fragment: its first ones
};
struct held_packet {
    struct bpf_timer timer;
    __u64 bytes;
    __u64 packets;
    __u32 source[4];
    struct octroi_key key;  // if this machine receives it
    __u32 is_counted;
    __u16 source_port;
    __u16 unused;
};
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, held_max);
    __type(key, struct held_key);
    __type(value, struct held_packet);
} held_packets SEC(".maps");

// When a packet with that hash of its number was held last, in ticks of the kernel: most packets
// need no look-up. 16384 ticks are much more than a second.
enum { hints_log = 10, hint_ticks_max = 16384 };
struct octroi_hints {
    __u32 tick[1 << hints_log];
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct octroi_hints);
} held_hints SEC(".maps");

static __always_inline __u32* hint_of(__u32 number) {
    const __u32 zero = 0;
    struct octroi_hints* hints = bpf_map_lookup_elem(&held_hints, &zero);
    return hints ? &hints->tick[number * 0x9E3779B1U >> (32 - hints_log)] : 0;
}

static __always_inline int may_be_held(__u32 number) {
    const __u32* hint = hint_of(number);
    return hint && *hint != 0 && (__u32)bpf_jiffies64() - *hint < hint_ticks_max;
}

static __always_inline void set_held_key(struct held_key* id, struct __sk_buff* skb,
                                         const struct packet* p) {
    id->number = p->number;
    id->proto = p->proto;
    id->family = p->family;
    const __u32 at = p->transport + (p->later_fragment ? 0 : held_octets);
    bpf_skb_load_bytes(skb, at, id->octets, held_octets);
}

static int count_when_over(void* map, struct held_key* id, struct held_packet* held) {
    const struct octroi_state* state = get_state();
    if (state && __sync_lock_test_and_set(&held->is_counted, 1) == 0) {
        held->key.processor = bpf_get_smp_processor_id();
        count(&held->key, state->pair, held->bytes, held->packets);
    }
    bpf_map_delete_elem(map, id);
    return 0;
}

// 0: it cannot be held, and must count at once.
static __noinline int hold_packet(struct __sk_buff* skb, const struct packet* p,
                                  const struct octroi_key* key) {
    struct held_key id = {};
    struct held_packet held = {
        .bytes = p->bytes, .packets = p->packets, .key = *key, .source_port = p->source_port};
    __builtin_memcpy(held.source, p->source, sizeof held.source);
    set_held_key(&id, skb, p);
    if (bpf_map_update_elem(&held_packets, &id, &held, BPF_NOEXIST)) return 0;
    struct held_packet* entry = bpf_map_lookup_elem(&held_packets, &id);
    if (!entry) return 0;
    if (bpf_timer_init(&entry->timer, &held_packets, clock_monotonic) ||
        bpf_timer_set_callback(&entry->timer, count_when_over) ||
        bpf_timer_start(&entry->timer, OCTROI_HELD_NANOSECONDS, 0)) {
        bpf_map_delete_elem(&held_packets, &id);
        return 0;
    }
    __u32* hint = hint_of(p->number);
    if (hint) {
        const __u32 now = bpf_jiffies64();
        *hint = now == 0 ? 1 : now;
    }
    return 1;
}

// Gives the packet the volume and the sender that it had when it came in. 0: it is not held.
static __noinline int take_held(struct __sk_buff* skb, struct packet* p) {
    struct held_key id = {};
    set_held_key(&id, skb, p);
    struct held_packet* held = bpf_map_lookup_elem(&held_packets, &id);
    if (!held || __sync_lock_test_and_set(&held->is_counted, 1) != 0) return 0;
    p->bytes = held->bytes;
    p->packets = held->packets;
    p->source_port = held->source_port;
    __builtin_memcpy(p->source, held->source, sizeof held->source);
    bpf_map_delete_elem(&held_packets, &id);
    return 1;
}
