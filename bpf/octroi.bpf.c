// SPDX-License-Identifier: GPL-3.0-or-later
// Counts IP packets by (local end, far end, service, direction, interface), at tc hooks; or by
// (user or control group, far end, service, direction), at the hooks of sockets.
//
// Each packet counts once. A packet that this machine forwards passes two hooks: ingress of one
// interface and egress of another one (docs/decisions/0501).
#include "flows.h"
#include "keys.h"
#include "maps.h"
#include "packet.h"
#include "sockets.h"
#include "tables.h"
#include "track.h"

// Each program is loaded in one of two forms: with connection tracking, where the kernel has
// bpf_skb_ct_lookup, or without.
enum { ethernet = 14, no_link_header = 0, usual_v4_octets = 28, usual_v6_octets = 48 };

// A packet at a hook.
struct place {
    struct octroi_state* state;
    __u32 came_in;  // interface; 0: this machine sends the packet
    int is_egress;
    int was_seen;  // at egress: it came in at a metered interface
    int tracks;
};

static __always_inline int is_metered(__u32 interface) {
    return bpf_map_lookup_elem(&interfaces, &interface) != 0;
}

// How it is decided where the packet counts: bits of octroi_decision for this hook.
static __always_inline __u32 decide_at_ingress(const struct place* at, const struct packet* p,
                                               __u32 source, __u32 target) {
    const struct octroi_settings* set = &at->state->settings;
    const __u32 here = OCTROI_KNOWN_IN | OCTROI_COUNTS_IN;
    if (set->single || source != 0 || target == 0) return here;
    if (!set->behind_nat || !is_flow(p)) return here;
    // It counts where it leaves, with the address behind NAT, unless this machine receives it.
    if ((target & OCTROI_OWN) == 0) return OCTROI_KNOWN_IN;
    return at->tracks ? here | OCTROI_ASKS : here;
}

// A packet that came in at a metered interface counts where it leaves if it did not there.
static __always_inline __u32 decide_at_egress(const struct place* at, const struct packet* p,
                                              __u32 source) {
    if (!at->was_seen) return OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT;
    if (source != 0 || !is_flow(p) || find_local(p, p->target) == 0) return OCTROI_KNOWN_OUT;
    return OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT | OCTROI_UNLESS_NEW;
}

// What a decision leaves open for each packet.
static __always_inline int counts_now(struct __sk_buff* skb, const struct packet* p, __u32 known) {
    if (known & OCTROI_ASKS) return is_for_this_machine(skb, p);
    return (known & OCTROI_UNLESS_NEW) == 0 || !was_counted_as_new(p);
}

static __always_inline void set_key(struct octroi_key* key, struct __sk_buff* skb,
                                    const struct place* at, const struct packet* p, __u32 source,
                                    __u32 target) {
    const __u32 source_length = source & OCTROI_LENGTH_MASK;
    const __u32 target_length = target & OCTROI_LENGTH_MASK;
    const int is_sent = source_length != 0 || target_length == 0;
    key->family = p->family;
    key->way = is_sent ? 1 : 0;
    key->service = service_of(p);
    if (is_sent) {
        key->local_length = source_length;
        if (source_length != 0) set_end(key->local, p, p->source, source_length);
        if (source_length != 0 && target_length != 0) {
            key->far_length = target_length;
            set_end(key->far, p, p->target, target_length);
        } else {
            key->far_class = find_class(p, p->target);
        }
    } else {
        key->local_length = target_length;
        set_end(key->local, p, p->target, target_length);
        key->far_class = find_class(p, p->source);
    }
    // The local end is behind this interface if its packet comes in here, or leaves here.
    if (is_sent != at->is_egress && key->local_length != 0) key->interface = skb->ifindex;
    key->processor = bpf_get_smp_processor_id();
}

// slot: 0 if this packet does not count here.
static __always_inline void remember_flow(struct octroi_decision* flow, __u32 known, __u32 leaves,
                                          __u32 slot, int is_egress) {
    __u32 other = flow->known & (is_egress ? OCTROI_OF_INGRESS : OCTROI_OF_EGRESS);
    const __u32 counts = OCTROI_COUNTS_IN | OCTROI_COUNTS_OUT;
    if ((other & counts) && (known & counts)) other = 0;  // there is one slot
    if (known & counts) {
        flow->slot = slot;
        flow->leaves = leaves;
    }
    flow->known = known | other;
}

// A flow that is not known, or a packet that is of none.
static __always_inline void account_by_tables(struct __sk_buff* skb, const struct place* at,
                                              const struct packet* p,
                                              struct octroi_decision* flow) {
    const __u32 source = find_local(p, p->source);
    __u32 target = 0;
    __u32 known = 0;
    if (at->is_egress) {
        known = decide_at_egress(at, p, source);
    } else {
        target = find_local(p, p->target);
        known = decide_at_ingress(at, p, source, target);
    }
    __u32 slot = 0;
    if ((known & (OCTROI_COUNTS_IN | OCTROI_COUNTS_OUT)) && counts_now(skb, p, known)) {
        if (at->is_egress) target = find_local(p, p->target);
        struct octroi_key key = {};
        set_key(&key, skb, at, p, source, target);
        slot = count(&key, at->state->pair, p->bytes, p->packets);
        if (slot == 0) return;
    }
    if (!is_flow(p)) return;
    if (!flow) flow = add_flow(at->state, p, at->came_in);
    remember_flow(flow, known, at->is_egress ? skb->ifindex : 0, slot, at->is_egress);
}

// Whether the flow decided for the packet.
static __always_inline int account_by_flow(struct __sk_buff* skb, const struct place* at,
                                           const struct packet* p,
                                           const struct octroi_decision* flow) {
    const __u32 known = flow->known & (at->is_egress ? OCTROI_OF_EGRESS : OCTROI_OF_INGRESS);
    if (known == 0) return 0;
    if ((known & (OCTROI_COUNTS_IN | OCTROI_COUNTS_OUT)) == 0) return 1;
    if (at->is_egress && flow->leaves != skb->ifindex) return 0;
    if (!counts_now(skb, p, known)) return 1;
    void* array = bpf_map_lookup_elem(&counts, &at->state->pair);
    return array && flow->slot != 0 && add_to_slot(array, flow->slot, p->bytes, p->packets);
}

// A packet that stands for itself. number: as in struct packet.
static __always_inline int account_usual(struct __sk_buff* skb, int is_egress,
                                         const struct octroi_state* state,
                                         const struct octroi_decision* flow, __u32 number,
                                         __u32 bytes) {
    const __u32 known = flow->known & (is_egress ? OCTROI_OF_EGRESS : OCTROI_OF_INGRESS);
    if (known == (is_egress ? OCTROI_KNOWN_OUT : OCTROI_KNOWN_IN)) return 1;
    if (is_egress) {
        if (known == OCTROI_OF_EGRESS ? may_be_new(number)
                                      : known != (OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT))
            return 0;
        if (flow->leaves != skb->ifindex) return 0;
    } else if (known != (OCTROI_KNOWN_IN | OCTROI_COUNTS_IN)) {
        return 0;
    }
    if (skb->gso_size != 0 || flow->slot == 0) return 0;
    void* array = bpf_map_lookup_elem(&counts, &state->pair);
    return array && add_to_slot(array, flow->slot, bytes, 1);
}

// Any packet.
static __always_inline int account_packet(struct __sk_buff* skb, __u32 link, int is_egress,
                                          int tracks) {
    struct place at = {.state = get_state(), .is_egress = is_egress, .tracks = tracks};
    if (!at.state) return TC_ACT_UNSPEC;
    const struct octroi_settings* set = &at.state->settings;
    at.came_in = is_egress ? skb->ingress_ifindex : skb->ifindex;
    at.was_seen = is_egress && at.came_in != 0 && !set->single && is_metered(at.came_in);
    if (at.was_seen && !set->behind_nat) return TC_ACT_UNSPEC;

    struct packet p = {};
    const int kind = read_packet(skb, link, &p);
    if (kind != OCTROI_IP) {
        if (!at.was_seen) count_other(kind, skb->len, 1);
        return TC_ACT_UNSPEC;
    }
    struct octroi_decision* flow = 0;
    if (is_flow(&p)) {
        flow = find_flow(at.state, &p, at.came_in);
        if (flow && account_by_flow(skb, &at, &p, flow)) return TC_ACT_UNSPEC;
    }
    account_by_tables(skb, &at, &p, flow);
    return TC_ACT_UNSPEC;
}

// The usual packet of a known flow: its headers are in the linear part and have no options, it is
// no fragment and stands for itself. Few instructions, because they compete with the rest of the
// kernel for the caches of the processor. 0: account_packet() does it.
static __always_inline int account_usual_v4(struct __sk_buff* skb, __u32 link, int is_egress,
                                            struct octroi_state* state) {
    const __u8* ip = (const __u8*)(long)skb->data + link;
    if (ip + usual_v4_octets > (const __u8*)(long)skb->data_end) return 0;
    if (ip[0] != 0x45 || (*(__u16*)(ip + 6) & bpf_htons(0xBFFF)) != 0) return 0;
    const __u8 proto = ip[9];
    if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) return 0;
    const __u32 bytes = bpf_ntohs(*(__u16*)(ip + 2));
    if (bytes < usual_v4_octets || bytes > skb->len - link) return 0;
    const struct octroi_decision* flow =
        find_flow_v4(state, *(__u32*)(ip + 12), *(__u32*)(ip + 16), *(__u32*)(ip + 20), proto,
                     is_egress ? skb->ingress_ifindex : skb->ifindex);
    if (!flow) return 0;
    const __u32 number = proto == IPPROTO_TCP
                             ? *(__u32*)(ip + 24)
                             : (__u32) * (__u16*)(ip + 4) << 16 | *(__u16*)(ip + 2);
    return account_usual(skb, is_egress, state, flow, number, bytes);
}

static __always_inline int account_usual_v6(struct __sk_buff* skb, __u32 link, int is_egress,
                                            struct octroi_state* state) {
    const __u8* ip = (const __u8*)(long)skb->data + link;
    if (ip + usual_v6_octets > (const __u8*)(long)skb->data_end) return 0;
    const __u8 proto = ip[6];
    if (ip[0] >> 4 != 6 || (proto != IPPROTO_TCP && proto != IPPROTO_UDP)) return 0;
    const __u32 payload = bpf_ntohs(*(__u16*)(ip + 4));
    const __u32 bytes = payload + sizeof(struct ipv6hdr);
    if (payload == 0 || bytes > skb->len - link) return 0;
    const struct octroi_decision* flow =
        find_flow_v6(state, (const __u32*)(ip + 8), (const __u32*)(ip + 24), *(__u32*)(ip + 40),
                     proto, is_egress ? skb->ingress_ifindex : skb->ifindex);
    if (!flow) return 0;
    const __u32 number = proto == IPPROTO_TCP ? *(__u32*)(ip + 44) : *(__u16*)(ip + 4);
    return account_usual(skb, is_egress, state, flow, number, bytes);
}

static __always_inline int is_accounted(struct __sk_buff* skb, __u32 link, int is_egress) {
    struct octroi_state* state = get_state();
    if (!state) return 0;
    if (skb->protocol == bpf_htons(ETH_P_IP)) return account_usual_v4(skb, link, is_egress, state);
    return skb->protocol == bpf_htons(ETH_P_IPV6) && account_usual_v6(skb, link, is_egress, state);
}

// Functions of their own keep the rest out of the way of the usual packet.
static __noinline int receive(struct __sk_buff* skb, __u32 link) {
    return account_packet(skb, link, 0, 0);
}
static __noinline int receive_ct(struct __sk_buff* skb, __u32 link) {
    return account_packet(skb, link, 0, 1);
}
static __noinline int send(struct __sk_buff* skb, __u32 link) {
    return account_packet(skb, link, 1, 0);
}

SEC("tc") int ingress_eth(struct __sk_buff* skb) {
    return is_accounted(skb, ethernet, 0) ? TC_ACT_UNSPEC : receive(skb, ethernet);
}
SEC("tc") int ingress_eth_ct(struct __sk_buff* skb) {
    return is_accounted(skb, ethernet, 0) ? TC_ACT_UNSPEC : receive_ct(skb, ethernet);
}
SEC("tc") int egress_eth(struct __sk_buff* skb) {
    return is_accounted(skb, ethernet, 1) ? TC_ACT_UNSPEC : send(skb, ethernet);
}
SEC("tc") int ingress_ip(struct __sk_buff* skb) {
    return is_accounted(skb, no_link_header, 0) ? TC_ACT_UNSPEC : receive(skb, no_link_header);
}
SEC("tc") int ingress_ip_ct(struct __sk_buff* skb) {
    return is_accounted(skb, no_link_header, 0) ? TC_ACT_UNSPEC : receive_ct(skb, no_link_header);
}
SEC("tc") int egress_ip(struct __sk_buff* skb) {
    return is_accounted(skb, no_link_header, 1) ? TC_ACT_UNSPEC : send(skb, no_link_header);
}

SEC("cgroup_skb/ingress") int receive_by_uid(struct __sk_buff* skb) {
    return account_socket(skb, 0, OCTROI_BY_UID);
}
SEC("cgroup_skb/egress") int send_by_uid(struct __sk_buff* skb) {
    return account_socket(skb, 1, OCTROI_BY_UID);
}
SEC("cgroup_skb/ingress") int receive_by_cgroup(struct __sk_buff* skb) {
    return account_socket(skb, 0, OCTROI_BY_CGROUP);
}
SEC("cgroup_skb/egress") int send_by_cgroup(struct __sk_buff* skb) {
    return account_socket(skb, 1, OCTROI_BY_CGROUP);
}

char octroi_license[] SEC("license") = "GPL";
