// SPDX-License-Identifier: GPL-3.0-or-later
// What the programs know of interfaces: whether a packet that came in there has passed a program,
// their numbers, and where a packet will leave.
#pragma once

#include "maps.h"
#include "packet.h"

enum { family_v4 = 2, family_v6 = 10 };  // AF_INET, AF_INET6

static __always_inline int is_covered(__u32 interface) {
    const __u32* entry = bpf_map_lookup_elem(&interface_table, &interface);
    return entry && (*entry & OCTROI_COVERED) != 0;
}

// 0: it has none.
static __always_inline __u32 number_of_interface(__u32 interface) {
    const __u32* entry = bpf_map_lookup_elem(&interface_table, &interface);
    return entry ? *entry & OCTROI_INTERFACE_NUMBER : 0;
}

// The interface by which the routes lead to the receiver; 0: none, or the packet is bridged.
static __noinline __u32 next_interface(struct __sk_buff* skb, const struct packet* p) {
    struct bpf_fib_lookup fib = {};
    fib.ifindex = skb->ifindex;
    fib.l4_protocol = p->proto;
    fib.sport = p->source_port;
    fib.dport = p->target_port;
    fib.tot_len = 1;  // the length does not matter
    if (p->family == 4) {
        fib.family = family_v4;
        fib.ipv4_src = p->source[0];
        fib.ipv4_dst = p->target[0];
    } else {
        fib.family = family_v6;
        __builtin_memcpy(fib.ipv6_src, p->source, 16);
        __builtin_memcpy(fib.ipv6_dst, p->target, 16);
    }
    const long outcome = bpf_fib_lookup(skb, &fib, sizeof fib, 0);
    return outcome == BPF_FIB_LKUP_RET_SUCCESS || outcome == BPF_FIB_LKUP_RET_NO_NEIGH ? fib.ifindex
                                                                                       : 0;
}
