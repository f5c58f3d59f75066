// SPDX-License-Identifier: GPL-3.0-or-later
// Counts the packets of this machine's sockets by user or control group: at the root of the control
// groups, where each packet that a socket sends or receives passes once. Other packets may be
// counted on the same processor in between, so this does not use the flows.
#pragma once

#include "keys.h"
#include "maps.h"
#include "packet.h"
#include "tables.h"

enum { pass_packet = 1, loopback_interface = 1 };

// 127.0.0.1 or ::1, whatever address of this machine it has: attribution keeps it apart.
static __always_inline void set_loopback(struct octroi_key* key) {
    if (key->family == 4) {
        *(__u32*)key->far = bpf_htonl(0x7F000001);
        key->far_length = 33;
    } else {
        key->far[15] = 1;
        key->far_length = 129;
    }
}

static __always_inline void set_far_end(struct octroi_key* key, const struct packet* p,
                                        const __u32* address) {
    const __u32 length = find_local(p, address) & OCTROI_LENGTH_MASK;
    if (length != 0) {
        key->far_length = length;
        set_end(key->far, p, address, length);
    } else {
        key->far_class = find_class(p, address);
    }
}

static __always_inline int account_socket(struct __sk_buff* skb, int is_sent, int by) {
    const struct octroi_state* state = get_state();
    struct packet p = {};
    if (!state) return pass_packet;
    const int kind = read_packet(skb, 0, &p);
    if (kind != OCTROI_IP) {
        count_other(kind, skb->len, 1);
        return pass_packet;
    }
    struct octroi_key key = {};
    key.family = p.family;
    key.way = (is_sent ? 1 : 0) | by << 1;
    const __u64 id = by == OCTROI_BY_UID ? bpf_get_socket_uid(skb) : bpf_skb_cgroup_id(skb);
    __builtin_memcpy(key.local, &id, sizeof id);
    key.local_length = 1;
    key.service = service_of(&p);
    if (skb->ifindex == loopback_interface)
        set_loopback(&key);
    else
        set_far_end(&key, &p, is_sent ? p.target : p.source);
    key.processor = bpf_get_smp_processor_id();
    count_shared(&key, state->pair, p.bytes, p.packets);
    return pass_packet;
}
