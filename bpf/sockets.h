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

// The parts of the kernel's structures that are read; libbpf finds where they are (CO-RE).
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
typedef struct {
    __u32 val;
} kuid_t;
struct net {
    __u64 net_cookie;
};
typedef struct {
    struct net* net;
} possible_net_t;
struct sock_common {
    possible_net_t skc_net;
};
struct sock {
    struct sock_common __sk_common;
    kuid_t sk_uid;
};
#pragma clang attribute pop

// bpf_get_socket_uid() would state the user as the owner of the network namespace sees it: in a
// container another one. So the fields of the kernel are read. 0: the packet has no socket.
static __always_inline const struct sock* socket_of(struct __sk_buff* skb) {
    struct bpf_sock* volatile known = skb->sk;
    const struct sock* socket = 0;
    if (!known) return 0;
    bpf_probe_read_kernel(&socket, sizeof socket, (const void*)&known);
    return socket;
}

static __always_inline __u32 user_of(const struct sock* socket) {
    __u32 uid = 0;
    bpf_probe_read_kernel(&uid, sizeof uid, &socket->sk_uid.val);
    return uid;
}

static __always_inline __u64 namespace_of(const struct sock* socket) {
    const struct net* net = 0;
    __u64 cookie = 0;
    bpf_probe_read_kernel(&net, sizeof net, &socket->__sk_common.skc_net.net);
    bpf_probe_read_kernel(&cookie, sizeof cookie, &net->net_cookie);
    return cookie;
}

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
    const struct sock* socket = socket_of(skb);
    struct packet p = {};
    if (!state || !socket) return pass_packet;
    if (state->settings.netns != 0 && state->settings.netns != namespace_of(socket))
        return pass_packet;
    const int kind = read_packet(skb, 0, &p);
    if (kind != OCTROI_IP) {
        count_other(kind, skb->len, 1);
        return pass_packet;
    }
    struct octroi_key key = {};
    key.family = p.family;
    key.way = (is_sent ? 1 : 0) | by << 1;
    const __u64 id = by == OCTROI_BY_UID ? user_of(socket) : bpf_skb_cgroup_id(skb);
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
