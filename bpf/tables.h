// SPDX-License-Identifier: GPL-3.0-or-later
// Look-ups: the local end and the class of an address, the service of a packet.
#pragma once

#include "maps.h"
#include "packet.h"

static __always_inline __u32 mask32(__u32 bits) {
    return bits == 0 ? 0 : bpf_htonl(0xFFFFFFFFU << (32 - bits));
}

// Three steps at most. address: in network order.
static __always_inline __u32 find_v4(void* slot, __u32 address) {
    const __u32 zero = 0;
    void* table = bpf_map_lookup_elem(slot, &zero);
    if (!table) return 0;
    const __u32 value = bpf_ntohl(address);
    __u32 entry = entry_at(table, value >> 16);
    if ((entry & OCTROI_CHILD) == 0) return entry;
    entry = entry_at(table, OCTROI_TRIE_FIRST + (entry & ~OCTROI_CHILD) * OCTROI_TRIE_NODE +
                                (value >> 8 & 0xFF));
    if ((entry & OCTROI_CHILD) == 0) return entry;
    return entry_at(
        table, OCTROI_TRIE_FIRST + (entry & ~OCTROI_CHILD) * OCTROI_TRIE_NODE + (value & 0xFF));
}

static __always_inline __u32 find_v6(void* slot, const __u32* address) {
    const __u32 zero = 0;
    void* table = bpf_map_lookup_elem(slot, &zero);
    if (!table) return 0;
    struct octroi_prefix key = {.length = 128};
    __builtin_memcpy(key.address, address, 16);
    const __u32* value = bpf_map_lookup_elem(table, &key);
    return value ? *value : 0;
}

static __always_inline __u32 find_local(const struct packet* p, const __u32* address) {
    return p->family == 4 ? find_v4(&local_v4, address[0]) : find_v6(&local_v6, address);
}

static __always_inline __u16 find_class(const struct packet* p, const __u32* address) {
    return p->family == 4 ? find_v4(&class_v4, address[0]) : find_v6(&class_v6, address);
}

static __always_inline __u32 of_port(void* table, __u32 protocol, __u32 port) {
    const __u32 bits = entry_at(table, protocol * OCTROI_PORT_WORDS + port / 32);
    if ((bits >> (port % 32) & 1) == 0) return OCTROI_NO_RANK << 16;
    const __u32 entry = entry_at(table, OCTROI_OF_PORT + protocol * 256 + port / 256);
    if ((entry & OCTROI_CHILD) == 0) return entry;
    return entry_at(
        table, OCTROI_SERVICES_FIRST + (entry & ~OCTROI_CHILD) * OCTROI_TRIE_NODE + port % 256);
}

static __always_inline __u16 service_of(const struct packet* p) {
    const __u32 zero = 0;
    void* table = bpf_map_lookup_elem(&services, &zero);
    if (!table) return 0;
    __u32 protocol = OCTROI_PORT_PROTOCOLS;
    if (p->proto == IPPROTO_TCP) protocol = 0;
    if (p->proto == IPPROTO_UDP) protocol = 1;
    if (p->proto == IPPROTO_DCCP) protocol = 2;
    if (p->proto == IPPROTO_SCTP) protocol = 3;
    if (p->proto == IPPROTO_UDPLITE) protocol = 4;
    __u32 at = OCTROI_OF_PROTOCOL + p->proto;
    if (p->later_fragment) {
        at = OCTROI_OF_FRAGMENT;
    } else if (p->proto == IPPROTO_ICMP) {
        at = OCTROI_OF_ICMP + p->icmp_type;
    } else if (p->proto == IPPROTO_ICMPV6) {
        at = OCTROI_OF_ICMPV6 + p->icmp_type;
    } else if (protocol < OCTROI_PORT_PROTOCOLS) {
        const __u32 a = of_port(table, protocol, bpf_ntohs(p->source_port));
        const __u32 b = of_port(table, protocol, bpf_ntohs(p->target_port));
        const __u32 first = a < b ? a : b;
        if (first != OCTROI_NO_RANK << 16) return first;
    }
    return entry_at(table, at);
}
