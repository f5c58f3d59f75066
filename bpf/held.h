// SPDX-License-Identifier: GPL-3.0-or-later
// Packets to an address of this machine for which no connection is known yet: the first ones of
// connections, and those of protocols that bpf_skb_ct_lookup does not know. Such a packet is held
// apart for a second. If NAT forwards it, it counts where it leaves, for the host that receives it;
// else it counts when the second is over, for this machine.
//
// The memory for all of them is there from the start: an allocation for each packet would fail now
// and then, as that of a timer does. Where there is no space, the oldest packet counts early.
#pragma once

#include <asm-generic/errno-base.h>

#include "maps.h"
#include "packet.h"

enum { held_sets_log = 11, held_sets = 1 << held_sets_log, held_ways = 4, held_octets = 8 };
enum { clock_monotonic = 1, held_missing = -2, sctp_header_octets = 12 };
#define OCTROI_HELD_NANOSECONDS 1000000000ULL
// A search looks at a part of the sets, so that it takes little time: a packet counts at most a
// quarter of a second late.
enum { held_sets_of_search = held_sets / 8 };
#define OCTROI_HELD_STEP_NANOSECONDS 31250000ULL

// What NAT does not change of a packet: no addresses, ports and checksums.
struct held_id {
    __u32 number;  // as in struct packet
    __u8 proto;
    __u8 family;
    __u16 unused;
    __u64 octets;  // behind ports and checksum; of a later fragment: its first ones
};

// A program owns an entry that it has made busy, and no other one reads or writes it.
enum held_state { held_free, held_busy, held_waiting };
struct held_packet {
    __u32 state;
    __u16 source_port;
    __u16 unused;
    struct held_id id;
    __u64 since;  // monotonic time, ns
    __u64 bytes;
    __u64 packets;
    __u32 source[4];
    struct octroi_key key;  // if this machine receives it
};
struct held_set {
    struct held_packet ways[held_ways];
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, held_sets);
    __type(key, __u32);
    __type(value, struct held_set);
} held_packets SEC(".maps");

// The timer that looks for packets that have waited a second. host/ebpf/attachments.cpp reads `packets`.
struct held_timer {
    __u32 packets;   // that are held, or are being counted
    __u32 is_armed;  // the timer runs, or a search
    __u32 next;      // set of the next search
    __u32 unused;
    struct bpf_timer timer;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct held_timer);
} held_timer SEC(".maps");

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

static __always_inline __u32 held_hash(__u32 number, __u32 bits) {
    return number * 0x9E3779B1U >> (32 - bits);
}

// The octets too, because the number of UDP over IPv4 often has no identification.
static __always_inline struct held_set* held_set_of(const struct held_id* id) {
    const __u32 octets = (__u32)id->octets ^ (__u32)(id->octets >> 32);
    const __u32 at = held_hash(id->number ^ octets * 0x85EBCA6BU, held_sets_log);
    return bpf_map_lookup_elem(&held_packets, &at);
}

static __always_inline __u32* hint_of(__u32 number) {
    const __u32 zero = 0;
    struct octroi_hints* hints = bpf_map_lookup_elem(&held_hints, &zero);
    return hints ? &hints->tick[held_hash(number, hints_log)] : 0;
}

static __always_inline int may_be_held(__u32 number) {
    const __u32* hint = hint_of(number);
    return hint && *hint != 0 && (__u32)bpf_jiffies64() - *hint < hint_ticks_max;
}

static __always_inline struct held_timer* held_head(void) {
    const __u32 zero = 0;
    return bpf_map_lookup_elem(&held_timer, &zero);
}

// Octets behind the end of the IP packet are padding, which the kernel cuts off on the way.
static __always_inline void set_held_id(struct held_id* id, struct __sk_buff* skb,
                                        const struct packet* p) {
    id->number = p->number;
    id->proto = p->proto;
    id->family = p->family;
    __u32 at = p->transport;
    if (!p->later_fragment) at += p->proto == IPPROTO_SCTP ? sctp_header_octets : held_octets;
    if (at + held_octets <= p->end) bpf_skb_load_bytes(skb, at, &id->octets, held_octets);
}

static __always_inline int is_same_id(const struct held_id* a, const struct held_id* b) {
    return a->number == b->number && a->proto == b->proto && a->family == b->family &&
           a->octets == b->octets;
}

static __always_inline int change_state(struct held_packet* held, __u32 from, __u32 to) {
    return __sync_val_compare_and_swap(&held->state, from, to) == from;
}

static __always_inline void set_state(struct held_packet* held, __u32 state) {
    __sync_lock_test_and_set(&held->state, state);
}

// held: busy. It counts for this machine.
static __noinline int count_held(struct held_packet* held) {
    const struct octroi_state* state = get_state();
    if (!state) return 0;
    held->key.processor = bpf_get_smp_processor_id();
    count(&held->key, state->pair, held->bytes, held->packets);
    return 0;
}

static __always_inline void release_held(struct held_timer* head, struct held_packet* held) {
    set_state(held, held_free);
    __sync_fetch_and_add(&head->packets, -1);
}

// For the packets that have waited a second.
struct held_search {
    __u64 before;  // monotonic time, ns
    __u32 first;   // set
};

static __always_inline void count_if_over(struct held_timer* head, struct held_packet* held,
                                          __u64 before) {
    if (held->state != held_waiting || held->since > before) return;
    if (!change_state(held, held_waiting, held_busy)) return;
    if (held->since > before) {  // another packet has taken the entry meanwhile
        set_state(held, held_waiting);
        return;
    }
    count_held(held);
    release_held(head, held);
}

static long search_set(__u32 index, struct held_search* search) {
    const __u32 at = (search->first + index) % held_sets;
    struct held_set* set = bpf_map_lookup_elem(&held_packets, &at);
    struct held_timer* head = held_head();
    if (!set || !head) return 1;
#pragma unroll
    for (int i = 0; i < held_ways; ++i) count_if_over(head, &set->ways[i], search->before);
    return 0;
}

static __always_inline void start_timer(struct held_timer* head) {
    if (__sync_val_compare_and_swap(&head->is_armed, 0, 1) != 0) return;
    if (bpf_timer_start(&head->timer, OCTROI_HELD_STEP_NANOSECONDS, 0))
        __sync_lock_test_and_set(&head->is_armed, 0);  // the next packet tries again
}

// A packet that is held after the look at `packets` finds the timer free, and starts it.
static int count_those_over(void* map, __u32* key, struct held_timer* head) {
    (void)map, (void)key;
    struct held_search search = {.before = bpf_ktime_get_ns() - OCTROI_HELD_NANOSECONDS,
                                 .first = head->next};
    head->next = (head->next + held_sets_of_search) % held_sets;
    bpf_loop(held_sets_of_search, search_set, &search, 0);
    __sync_lock_test_and_set(&head->is_armed, 0);
    if (head->packets != 0) start_timer(head);
    return 0;
}

// Another program than before may have set its own function, which goes on until this one is set.
static __always_inline int prepare_timer(void) {
    struct held_timer* head = held_head();
    if (!head) return held_missing;
    const long made = bpf_timer_init(&head->timer, &held_timer, clock_monotonic);
    if (made != 0 && made != -EBUSY) return made;
    return bpf_timer_set_callback(&head->timer, count_those_over);
}

// An entry that is busy now. 0: other processors use all of them.
static __always_inline struct held_packet* free_entry(struct held_timer* head,
                                                      struct held_set* set) {
    struct held_packet* oldest = 0;
#pragma unroll
    for (int i = 0; i < held_ways; ++i) {
        struct held_packet* held = &set->ways[i];
        if (change_state(held, held_free, held_busy)) {
            __sync_fetch_and_add(&head->packets, 1);
            return held;
        }
        if (held->state == held_waiting && (!oldest || held->since < oldest->since)) oldest = held;
    }
    if (!oldest || !change_state(oldest, held_waiting, held_busy)) return 0;
    count_held(oldest);
    return oldest;
}

// 0: it cannot be held, and must count at once.
static __noinline int hold_packet(struct __sk_buff* skb, const struct packet* p,
                                  const struct octroi_key* key) {
    struct held_id id = {};
    set_held_id(&id, skb, p);
    struct held_timer* head = held_head();
    struct held_set* set = held_set_of(&id);
    struct held_packet* held = set && head ? free_entry(head, set) : 0;
    if (!held) return 0;
    held->id = id;
    held->since = bpf_ktime_get_ns();
    held->bytes = p->bytes;
    held->packets = p->packets;
    held->key = *key;
    held->source_port = p->source_port;
    __builtin_memcpy(held->source, p->source, sizeof held->source);
    __u32* hint = hint_of(p->number);
    if (hint) {
        const __u32 now = bpf_jiffies64();
        *hint = now == 0 ? 1 : now;
    }
    set_state(held, held_waiting);
    start_timer(head);
    return 1;
}

// Of several packets with that id the one from the same source: NAT seldom changes it.
static __always_inline struct held_packet* find_held(struct held_set* set, const struct held_id* id,
                                                     const struct packet* p) {
    struct held_packet* found = 0;
#pragma unroll
    for (int i = 0; i < held_ways; ++i) {
        struct held_packet* held = &set->ways[i];
        if (held->state != held_waiting || !is_same_id(&held->id, id)) continue;
        if (!found || held->source[0] == p->source[0]) found = held;
    }
    return found;
}

// Gives the packet the volume and the sender that it had when it came in. 0: it is not held.
static __noinline int take_held(struct __sk_buff* skb, struct packet* p) {
    struct held_id id = {};
    set_held_id(&id, skb, p);
    struct held_timer* head = held_head();
    struct held_set* set = held_set_of(&id);
    if (!set || !head) return 0;
#pragma unroll
    for (int i = 0; i < held_ways; ++i) {  // another processor may take what was found
        struct held_packet* held = find_held(set, &id, p);
        if (!held) return 0;
        if (!change_state(held, held_waiting, held_busy)) continue;
        if (!is_same_id(&held->id, &id)) {
            set_state(held, held_waiting);
            continue;
        }
        p->bytes = held->bytes;
        p->packets = held->packets;
        p->source_port = held->source_port;
        __builtin_memcpy(p->source, held->source, sizeof held->source);
        release_held(head, held);
        return 1;
    }
    return 0;
}
