// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the headers of a packet, and its volume on the wire.
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "maps.h"

#define OCTROI_IP OCTROI_OTHERS

#ifndef IPPROTO_DCCP
#define IPPROTO_DCCP 33
#endif
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

enum {
    vlan_tags_max = 2,
    vlan_octets = 4,
    pppoe_octets = 8,       // RFC 2516: 6 octets, and the protocol of PPP
    ppp_ip = 0x0021,        // RFC 1332
    ppp_ipv6 = 0x0057,      // RFC 5072
    ethertype_min = 0x600,  // below it the field is a length (IEEE 802.3)
    segments_max = 65535,
    by_fragments = 0xFFFF,  // GSO_BY_FRAGS of the kernel: segments of any size (SCTP)
    extensions_max = 6,
};

struct packet {
    __u32 source[4];  // network order; IPv4: the first
    __u32 target[4];
    __u64 bytes;  // layer 3, on the wire
    __u64 packets;
    // Of TCP: the sequence number. Of others: the identification of IPv4, or 0, and the length. Of
    // later fragments the offset too, for IPv4 instead of the length: routers give fragments of
    // IPv6 another identification.
    __u32 number;
    __u16 source_port;  // network order
    __u16 target_port;
    __u8 family;
    __u8 proto;
    __u8 icmp_type;
    __u8 later_fragment;
    __u16 transport;  // where its header is
    __u16 unused;
    __u32 end;  // of the IP packet: where padding begins
};

// Without a call of the kernel, if the octets are in the linear part of the packet. at: below 256.
static __always_inline int read_octets(struct __sk_buff* skb, __u32 at, void* to, __u32 octets) {
    const void* data = (const void*)(long)skb->data + (at & 0xFF);
    if (data + octets > (const void*)(long)skb->data_end)
        return bpf_skb_load_bytes(skb, at, to, octets);
    __builtin_memcpy(to, data, octets);
    return 0;
}

static __always_inline int read_transport_octets(struct __sk_buff* skb, __u32 at, void* to,
                                                 __u32 octets) {
    return at < 256 ? read_octets(skb, at, to, octets) : bpf_skb_load_bytes(skb, at, to, octets);
}

// Ports, and the length of the transport header for packets that stand for several.
static __always_inline __u32 read_transport(struct __sk_buff* skb, __u32 at, struct packet* p) {
    p->transport = at;
    if (p->later_fragment) return 0;
    if (p->proto == IPPROTO_TCP) {
        __u8 tcp[14];
        if (read_transport_octets(skb, at, tcp, sizeof tcp)) return 0;
        p->source_port = *(__u16*)&tcp[0];
        p->target_port = *(__u16*)&tcp[2];
        p->number = *(__u16*)&tcp[4] | (__u32) * (__u16*)&tcp[6] << 16;
        return (tcp[12] >> 4) * 4;
    }
    if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6) {
        bpf_skb_load_bytes(skb, at, &p->icmp_type, 1);
        return 0;
    }
    if (p->proto == IPPROTO_UDP || p->proto == IPPROTO_SCTP || p->proto == IPPROTO_DCCP ||
        p->proto == IPPROTO_UDPLITE) {
        __u16 ports[2];
        if (read_transport_octets(skb, at, ports, sizeof ports)) return 0;
        p->source_port = ports[0];
        p->target_port = ports[1];
        return p->proto == IPPROTO_SCTP ? 12 : 8;
    }
    return 0;
}

// A packet that the kernel has merged, or will split: its segments on the wire, each with headers.
// available: octets of the packet from its IP header on; headers: of IP and transport.
static __always_inline int set_segments(struct __sk_buff* skb, __u32 available, __u32 headers,
                                        struct packet* p) {
    const __u32 size = skb->gso_size;
    if (size == 0) return 0;
    p->end = skb->len;
    p->bytes = available;
    p->packets = 1;
    if (headers >= available) return 1;
    __u32 segments = skb->gso_segs;
    if (size != by_fragments) segments = (available - headers + size - 1) / size;
    if (segments <= 1 || segments > segments_max) return 1;
    p->packets = segments;
    p->bytes = available + (__u64)(segments - 1) * headers;
    return 1;
}

static __always_inline int read_v4(struct __sk_buff* skb, __u32 at, struct packet* p) {
    struct iphdr ip;
    const __u32 available = skb->len - at;
    if (skb->len < at || read_octets(skb, at, &ip, sizeof ip)) return OCTROI_MALFORMED;
    const __u32 header = ip.ihl * 4;
    if (ip.version != 4 || header < sizeof ip || header > available) return OCTROI_MALFORMED;
    p->family = 4;
    p->proto = ip.protocol;
    p->source[0] = ip.saddr;
    p->target[0] = ip.daddr;
    p->later_fragment = (ip.frag_off & bpf_htons(0x1FFF)) != 0;
    p->number = (__u32)ip.id << 16 | (p->later_fragment ? ip.frag_off : ip.tot_len);
    const __u32 transport = read_transport(skb, at + header, p);
    if (set_segments(skb, available, header + transport, p)) return OCTROI_IP;
    const __u32 total = bpf_ntohs(ip.tot_len);
    if (total != 0 && (total < header || total > available)) return OCTROI_MALFORMED;
    p->bytes = total == 0 ? available : total;  // 0: longer than the field can state
    p->end = at + p->bytes;
    p->packets = 1;
    return OCTROI_IP;
}

// RFC 8200 section 4: the headers before the transport header.
static __always_inline __u32 skip_extensions(struct __sk_buff* skb, __u32 at, struct packet* p) {
    for (int i = 0; i < extensions_max; ++i) {
        __u8 head[4];
        if (p->proto != 0 && p->proto != 43 && p->proto != 44 && p->proto != 51 && p->proto != 60)
            break;
        if (bpf_skb_load_bytes(skb, at, head, sizeof head)) break;
        if (p->proto == 44) {
            if (((head[2] << 8 | head[3]) & 0xFFF8) != 0) {
                p->later_fragment = 1;
                p->number |= (__u32)(head[2] << 8 | head[3]) << 16;
            }
            at += 8;
        } else {
            at += p->proto == 51 ? (head[1] + 2) * 4 : (head[1] + 1) * 8;  // 51: RFC 4302
        }
        p->proto = head[0];
        if (p->later_fragment) break;
    }
    return at;
}

static __always_inline int read_v6(struct __sk_buff* skb, __u32 at, struct packet* p) {
    struct ipv6hdr ip;
    const __u32 available = skb->len - at;
    if (skb->len < at || bpf_skb_load_bytes(skb, at, &ip, sizeof ip)) return OCTROI_MALFORMED;
    if (ip.version != 6) return OCTROI_MALFORMED;
    p->family = 6;
    p->proto = ip.nexthdr;
    __builtin_memcpy(p->source, &ip.saddr, 16);
    __builtin_memcpy(p->target, &ip.daddr, 16);
    p->number = ip.payload_len;
    const __u32 behind = skip_extensions(skb, at + sizeof ip, p);
    const __u32 transport = read_transport(skb, behind, p);
    if (set_segments(skb, available, behind - at + transport, p)) return OCTROI_IP;
    const __u32 payload = bpf_ntohs(ip.payload_len);
    const __u32 total = payload + sizeof ip;
    if (payload != 0 && total > available) return OCTROI_MALFORMED;
    const int is_jumbogram = payload == 0 && ip.nexthdr == 0;  // RFC 2675
    p->bytes = is_jumbogram ? available : total;
    p->end = at + p->bytes;
    p->packets = 1;
    return OCTROI_IP;
}

// Returns OCTROI_IP, or what else it is (enum octroi_other). p: all octets are 0. Not static: the
// kernel examines the function alone, and not again for each path that leads to it or from it.
__noinline int read_packet(struct __sk_buff* skb, __u32 at, struct packet* p) {
    if (!p) return OCTROI_MALFORMED;
    __u32 protocol = bpf_ntohs(skb->protocol);
    for (int i = 0; i < vlan_tags_max; ++i) {
        __u16 tag[2];
        if (protocol != ETH_P_8021Q && protocol != ETH_P_8021AD) break;
        if (bpf_skb_load_bytes(skb, at, tag, sizeof tag)) return OCTROI_OTHER_ETHERTYPE;
        protocol = bpf_ntohs(tag[1]);
        at += vlan_octets;
    }
    if (protocol == ETH_P_PPP_SES) {
        __u16 inner = 0;
        if (bpf_skb_load_bytes(skb, at + pppoe_octets - 2, &inner, sizeof inner))
            return OCTROI_OTHER_ETHERTYPE;
        if (bpf_ntohs(inner) == ppp_ip) protocol = ETH_P_IP;
        if (bpf_ntohs(inner) == ppp_ipv6) protocol = ETH_P_IPV6;
        at += pppoe_octets;
    }
    if (protocol == ETH_P_IP) return read_v4(skb, at, p);
    if (protocol == ETH_P_IPV6) return read_v6(skb, at, p);
    if (protocol == ETH_P_ARP) return OCTROI_ARP;
    return protocol < ethertype_min ? OCTROI_LLC : OCTROI_OTHER_ETHERTYPE;
}
