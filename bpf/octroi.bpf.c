// SPDX-License-Identifier: GPL-3.0-or-later
// Counts IP packets by (local end, far end, service, direction, interface), at tc hooks.
//
// Each packet counts once. A packet that this machine forwards passes two hooks: ingress of one
// interface and egress of another one (docs/decisions/0501).
#include "maps.h"
#include "packet.h"
#include "tables.h"
#include "track.h"

// Each program is loaded in one of two forms: with connection tracking, where the kernel has
// bpf_skb_ct_lookup, or without.
enum { ethernet = 14, no_link_header = 0 };

static __always_inline int is_metered(__u32 interface) {
    return bpf_map_lookup_elem(&interfaces, &interface) != 0;
}

static __always_inline int has_ports_tracked(const struct packet* p) {
    return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
}

// Where the packet comes in.
static __always_inline int counts_at_ingress(struct __sk_buff* skb, const struct packet* p,
                                             __u32 source, __u32 target, int tracks) {
    const struct octroi_settings* set = get_settings();
    if (set->single || source != 0 || target == 0) return 1;
    if (!set->behind_nat || !has_ports_tracked(p) || p->later_fragment) return 1;
    // It counts where it leaves, with the address behind NAT, unless this machine receives it.
    if ((target & OCTROI_OWN) == 0) return 0;
    return tracks ? is_for_this_machine(skb, p) : 1;
}

// Where the packet leaves, if it came in at a metered interface: whether it counts here, because it
// did not there. source: of its address.
static __always_inline int counts_where_it_leaves(const struct packet* p, __u32 source) {
    return source == 0 && has_ports_tracked(p) && !p->later_fragment && find_local(p, p->target) &&
           !was_counted_as_new(p);
}

static __always_inline void set_end(__u8* to, const struct packet* p, const __u32* address,
                                    __u32 length_plus_1) {
    if (p->family == 4) {
        *(__u32*)to = address[0] & mask32(length_plus_1 - 1);
        return;
    }
    __u32* words = (__u32*)to;
    for (int i = 0; i < 4; ++i) {
        const int rest = (int)length_plus_1 - 1 - 32 * i;
        words[i] = rest <= 0 ? 0 : address[i] & mask32(rest > 32 ? 32 : rest);
    }
}

static __always_inline int account(struct __sk_buff* skb, __u32 link, int is_egress, int tracks) {
    const struct octroi_settings* set = get_settings();
    const __u32 came_in = is_egress ? skb->ingress_ifindex : 0;
    const int was_seen = came_in != 0 && !set->single && is_metered(came_in);
    if (was_seen && !set->behind_nat) return TC_ACT_UNSPEC;

    struct packet p = {};
    const int kind = read_packet(skb, link, &p);
    if (kind != OCTROI_IP) {
        if (!was_seen) count_other(kind, skb->len, 1);
        return TC_ACT_UNSPEC;
    }
    const __u32 source = find_local(&p, p.source);
    if (was_seen && !counts_where_it_leaves(&p, source)) return TC_ACT_UNSPEC;
    const __u32 target = find_local(&p, p.target);
    if (!is_egress && !counts_at_ingress(skb, &p, source, target, tracks)) return TC_ACT_UNSPEC;

    struct octroi_key key = {};
    const __u32 source_length = source & OCTROI_LENGTH_MASK;
    const __u32 target_length = target & OCTROI_LENGTH_MASK;
    const int is_sent = source_length != 0 || target_length == 0;
    key.family = p.family;
    key.way = is_sent ? 1 : 0;
    key.service = service_of(&p);
    if (is_sent) {
        key.local_length = source_length;
        if (source_length != 0) set_end(key.local, &p, p.source, source_length);
        if (source_length != 0 && target_length != 0) {
            key.far_length = target_length;
            set_end(key.far, &p, p.target, target_length);
        } else {
            key.far_class = find_class(&p, p.target);
        }
    } else {
        key.local_length = target_length;
        set_end(key.local, &p, p.target, target_length);
        key.far_class = find_class(&p, p.source);
    }
    // The local end is behind this interface if its packet comes in here, or leaves here.
    if (is_sent != is_egress && key.local_length != 0) key.interface = skb->ifindex;
    key.processor = bpf_get_smp_processor_id();
    count(&key, p.bytes, p.packets);
    return TC_ACT_UNSPEC;
}

SEC("tc") int ingress_eth(struct __sk_buff* skb) { return account(skb, ethernet, 0, 0); }
SEC("tc") int ingress_eth_ct(struct __sk_buff* skb) { return account(skb, ethernet, 0, 1); }
SEC("tc") int egress_eth(struct __sk_buff* skb) { return account(skb, ethernet, 1, 0); }
SEC("tc") int ingress_ip(struct __sk_buff* skb) { return account(skb, no_link_header, 0, 0); }
SEC("tc") int ingress_ip_ct(struct __sk_buff* skb) { return account(skb, no_link_header, 0, 1); }
SEC("tc") int egress_ip(struct __sk_buff* skb) { return account(skb, no_link_header, 1, 0); }

char octroi_license[] SEC("license") = "GPL";
