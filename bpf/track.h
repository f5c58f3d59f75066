// SPDX-License-Identifier: GPL-3.0-or-later
// The end of a packet that is behind the NAT of this machine, from connection tracking.
#pragma once

#include "flows.h"
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
union nf_conntrack_man_proto {
    __u16 all;
};
struct nf_conntrack_man {
    union nf_inet_addr u3;
    union nf_conntrack_man_proto u;
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

// The tuple of the packet as it comes in. Of one that leaves: of its answer, because only the
// answer has the addresses that NAT has given to the packet.
static __always_inline __u32 set_tuple(struct bpf_sock_tuple* tuple, const struct packet* p,
                                       int is_egress) {
    const __u16 source_port = is_egress ? p->target_port : p->source_port;
    const __u16 target_port = is_egress ? p->source_port : p->target_port;
    if (p->family == 4) {
        tuple->ipv4.saddr = is_egress ? p->target[0] : p->source[0];
        tuple->ipv4.daddr = is_egress ? p->source[0] : p->target[0];
        tuple->ipv4.sport = source_port;
        tuple->ipv4.dport = target_port;
        return sizeof tuple->ipv4;
    }
    for (int i = 0; i < 4; ++i) {
        tuple->ipv6.saddr[i] = is_egress ? p->target[i] : p->source[i];
        tuple->ipv6.daddr[i] = is_egress ? p->source[i] : p->target[i];
    }
    tuple->ipv6.sport = source_port;
    tuple->ipv6.dport = target_port;
    return sizeof tuple->ipv6;
}

// Of a packet that comes in: who receives it. Of one that leaves: who has sent it. Puts that end
// into the packet, if it is local. Returns 0 if no connection is known.
static __always_inline int find_end(struct __sk_buff* skb, struct packet* p, int is_egress) {
    struct bpf_ct_opts___octroi options = {.netns_id = current_netns, .l4proto = p->proto};
    struct bpf_sock_tuple tuple = {};
    const __u32 size = set_tuple(&tuple, p, is_egress);
    struct nf_conn* connection =
        size == sizeof tuple.ipv4
            ? bpf_skb_ct_lookup(skb, &tuple, sizeof tuple.ipv4, &options, sizeof options)
            : bpf_skb_ct_lookup(skb, &tuple, sizeof tuple.ipv6, &options, sizeof options);
    if (!connection) return 0;
    // The other direction begins at the end without NAT.
    __u32 address[4] = {};
    __u16 port = 0;
    if (options.dir == 0) {
        __builtin_memcpy(address, connection->tuplehash[1].tuple.src.u3.all, 16);
        port = connection->tuplehash[1].tuple.src.u.all;
    } else {
        __builtin_memcpy(address, connection->tuplehash[0].tuple.src.u3.all, 16);
        port = connection->tuplehash[0].tuple.src.u.all;
    }
    bpf_ct_release(connection);
    if (find_local(p, address) == 0) return 1;
    if (is_egress) {
        __builtin_memcpy(p->source, address, 16);
        p->source_port = port;
    } else {
        __builtin_memcpy(p->target, address, 16);
        p->target_port = port;
    }
    return 1;
}

// A hash of the end that find_end() has put into the packet.
static __always_inline __u32 end_of(const struct packet* p, int is_egress) {
    const __u32 address = p->family == 4 ? (is_egress ? p->source[0] : p->target[0])
                                         : fold(is_egress ? p->source : p->target);
    return address ^ (is_egress ? p->source_port : p->target_port) * 0x9E3779B1U;
}
