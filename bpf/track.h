// SPDX-License-Identifier: GPL-3.0-or-later
// Who receives a packet to an address of this machine: this machine, or a host behind its NAT.
#pragma once

#include "maps.h"
#include "packet.h"
#include "tables.h"

// Of net/netfilter/nf_conntrack_bpf.c; the kernel accepts 12 octets.
struct bpf_ct_opts___octroi {
    __s32 netns_id;  // -1: that of the interface
    __s32 error;
    __u8 l4proto;
    __u8 dir;
    __u8 reserved[2];
};
enum { current_netns = -1 };

// The parts of the kernel's structures that are read; libbpf finds where they are (CO-RE).
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
union nf_inet_addr {
    __u32 all[4];
};
struct nf_conntrack_man {
    union nf_inet_addr u3;
};
struct nf_conntrack_tuple {
    struct nf_conntrack_man src;
};
struct nf_conntrack_tuple_hash {
    struct nf_conntrack_tuple tuple;
};
struct nf_conn {
    struct nf_conntrack_tuple_hash tuplehash[2];
};
#pragma clang attribute pop

extern struct nf_conn* bpf_skb_ct_lookup(struct __sk_buff*, struct bpf_sock_tuple*, __u32,
                                         struct bpf_ct_opts___octroi*, __u32)
__ksym __weak;
extern void bpf_ct_release(struct nf_conn*) __ksym __weak;

// Packets that counted where they came in, because no connection was known yet. If NAT forwards
// such a packet, it must not count again where it leaves.
struct new_packet {
    __u32 source[4];
    __u32 number;
    __u16 source_port;
    __u8 proto;
    __u8 family;
};
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct new_packet);
    __type(value, __u8);
} new_packets SEC(".maps");

// When a packet with that hash of its number was remembered last, in ticks of the kernel: most
// packets need no look-up. A packet takes much less than the longest age from one hook to the next.
enum { hints_log = 10, hint_ticks_max = 16384 };
struct octroi_hints {
    __u32 tick[1 << hints_log];
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct octroi_hints);
} new_hints SEC(".maps");

static __always_inline __u32* hint_of(__u32 number) {
    const __u32 zero = 0;
    struct octroi_hints* hints = bpf_map_lookup_elem(&new_hints, &zero);
    return hints ? &hints->tick[number * 0x9E3779B1U >> (32 - hints_log)] : 0;
}

static __always_inline int may_be_new(__u32 number) {
    const __u32* hint = hint_of(number);
    return !hint || (__u32)bpf_jiffies64() - *hint <= hint_ticks_max;
}

static __always_inline void set_new_packet(struct new_packet* key, const struct packet* p) {
    __builtin_memcpy(key->source, p->source, sizeof key->source);
    key->number = p->number;
    key->source_port = p->source_port;
    key->proto = p->proto;
    key->family = p->family;
}

static __always_inline int was_counted_as_new(const struct packet* p) {
    if (!may_be_new(p->number)) return 0;
    struct new_packet key = {};
    set_new_packet(&key, p);
    if (!bpf_map_lookup_elem(&new_packets, &key)) return 0;
    return bpf_map_delete_elem(&new_packets, &key) == 0;
}

static __always_inline void remember_new(const struct packet* p) {
    struct new_packet key = {};
    const __u8 one = 1;
    set_new_packet(&key, p);
    bpf_map_update_elem(&new_packets, &key, &one, BPF_ANY);
    __u32* hint = hint_of(p->number);
    if (hint) *hint = bpf_jiffies64();
}

static __always_inline int is_for_this_machine(struct __sk_buff* skb, const struct packet* p) {
    struct bpf_ct_opts___octroi options = {.netns_id = current_netns, .l4proto = p->proto};
    struct bpf_sock_tuple tuple = {};
    __u32 size = sizeof tuple.ipv4;
    if (p->family == 4) {
        tuple.ipv4.saddr = p->source[0];
        tuple.ipv4.daddr = p->target[0];
        tuple.ipv4.sport = p->source_port;
        tuple.ipv4.dport = p->target_port;
    } else {
        size = sizeof tuple.ipv6;
        __builtin_memcpy(tuple.ipv6.saddr, p->source, 16);
        __builtin_memcpy(tuple.ipv6.daddr, p->target, 16);
        tuple.ipv6.sport = p->source_port;
        tuple.ipv6.dport = p->target_port;
    }
    struct nf_conn* connection = bpf_skb_ct_lookup(skb, &tuple, size, &options, sizeof options);
    if (!connection) {
        remember_new(p);
        return 1;
    }
    // The other direction begins at the true receiver.
    __u32 receiver[4];
    if (options.dir == 0)
        __builtin_memcpy(receiver, connection->tuplehash[1].tuple.src.u3.all, 16);
    else
        __builtin_memcpy(receiver, connection->tuplehash[0].tuple.src.u3.all, 16);
    bpf_ct_release(connection);
    return (find_local(p, receiver) & OCTROI_OWN) != 0;
}
