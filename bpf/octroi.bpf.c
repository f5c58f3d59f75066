// SPDX-License-Identifier: GPL-3.0-or-later
// Counts IP packets by (local end, far end, service, direction, interface), at tc hooks; or by
// (user or control group, far end, service, direction), at the hooks of sockets.
//
// A packet counts once, at the first hook that it passes, with its addresses behind NAT
// (docs/decisions/0501).
#include "flows.h"
#include "held.h"
#include "interfaces.h"
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
    int tracks;  // the form with connection tracking
    int asks;    // it does, and connection tracking knows the ends behind NAT
};

// What is known of a packet before it is counted.
struct lookup {
    __u32 came_in;  // as in struct place
    int is_egress;
    __u32 leaves;  // where it will leave, if it comes in for a local end; 0: not known
    __u32 source;  // entries of the tables of local addresses
    __u32 target;
    __u32 end;     // as in struct octroi_decision
    int is_asked;  // it may have an inner end
    int is_found;  // connection tracking has stated it
};

// The number of the interface where the local end is.
static __always_inline __u32 local_interface(struct __sk_buff* skb, const struct lookup* found,
                                             int is_sent) {
    if (is_sent) return found->came_in == 0 ? 0 : number_of_interface(found->came_in);
    if (found->is_egress) return number_of_interface(skb->ifindex);
    return found->leaves == 0 ? 0 : number_of_interface(found->leaves);
}

// Not static: see read_packet(). key: all octets are 0.
__noinline int set_key(struct octroi_key* key, struct __sk_buff* skb, const struct packet* p,
                       const struct lookup* found) {
    if (!key || !p || !found) return 0;
    const __u32 source_length = found->source & OCTROI_LENGTH_MASK;
    const __u32 target_length = found->target & OCTROI_LENGTH_MASK;
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
    if (key->local_length != 0) key->interface = local_interface(skb, found, is_sent);
    key->processor = bpf_get_smp_processor_id();
    return 0;
}

static __always_inline void remember_flow(struct octroi_decision* flow, int asks, __u32 end,
                                          __u32 slot, int is_egress) {
    __u32 other = flow->known & (is_egress ? OCTROI_OF_INGRESS : OCTROI_OF_EGRESS);
    if (other & (OCTROI_COUNTS_IN | OCTROI_COUNTS_OUT)) other = 0;  // there is one slot
    __u32 known =
        is_egress ? OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT : OCTROI_KNOWN_IN | OCTROI_COUNTS_IN;
    if (asks) known |= is_egress ? OCTROI_ASKS_OUT : OCTROI_ASKS_IN;
    flow->slot = slot;
    flow->end = end;
    flow->known = known | other;
}

static __always_inline int add_to_flow(const struct place* at, const struct octroi_decision* flow,
                                       const struct packet* p) {
    void* array = bpf_map_lookup_elem(&counts, &at->state->pair);
    return array && flow->slot != 0 && add_to_slot(array, flow->slot, p->bytes, p->packets);
}

// An address of this machine may stand for a host behind its NAT. What this machine sends itself
// has not come in anywhere.
static __always_inline int may_have_inner_end(const struct place* at, __u32 source, __u32 target) {
    if (at->is_egress) return at->came_in != 0 && (source & OCTROI_OWN) != 0;
    return (target & OCTROI_OWN) != 0;
}

// A packet that has passed no hook before this one. flow: its decision, which may be empty; null:
// the packet is of no flow. 0: it is counted.
static __always_inline int look_up_first(struct __sk_buff* skb, const struct place* at,
                                         struct packet* p, const struct octroi_decision* flow,
                                         struct lookup* found) {
    const __u32 asks = at->is_egress ? OCTROI_ASKS_OUT : OCTROI_ASKS_IN;
    const __u32 usual =
        at->is_egress ? OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT : OCTROI_KNOWN_IN | OCTROI_COUNTS_IN;
    const __u32 known = flow ? flow->known & (usual | asks) : 0;
    found->end = at->is_egress ? skb->ifindex : 0;
    if (known == usual && flow->end == found->end && add_to_flow(at, flow, p)) return 0;
    found->is_asked = at->tracks && (known & asks) != 0;
    if (!found->is_asked) {
        found->source = find_local(p, p->source);
        found->target = find_local(p, p->target);
        found->is_asked = at->asks && may_have_inner_end(at, found->source, found->target);
        if (!found->is_asked) return 1;
    }
    found->is_found = at->tracks && flow != 0 && find_end(skb, p, at->is_egress);
    if (found->is_found) {
        found->end = end_of(p, at->is_egress);
        if (known == (usual | asks) && flow->end == found->end && add_to_flow(at, flow, p))
            return 0;
    }
    found->source = find_local(p, p->source);
    found->target = find_local(p, p->target);
    return 1;
}

// A packet that has passed a hook where it came in. 0: it has counted there, or a second ago.
static __always_inline int look_up_held(struct __sk_buff* skb, const struct place* at,
                                        struct packet* p, struct lookup* found) {
    if (!at->asks || !may_be_held(p->number) || !take_held(skb, p)) return 0;
    found->source = find_local(p, p->source);
    found->target = find_local(p, p->target);
    return 1;
}

// A packet that stands for itself. number: as in struct packet.
static __always_inline int account_usual(struct __sk_buff* skb, int is_egress,
                                         const struct octroi_state* state,
                                         const struct octroi_decision* flow, __u32 number,
                                         __u32 bytes) {
    const __u32 known = flow->known & (is_egress ? OCTROI_OF_EGRESS : OCTROI_OF_INGRESS);
    if (is_egress) {
        // A flow that is known with the same addresses where it comes in is not held there.
        if (known == OCTROI_KNOWN_OUT)
            return (flow->known & OCTROI_COUNTS_IN) != 0 || !may_be_held(number);
        if (known != (OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT) || flow->end != skb->ifindex) return 0;
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
    at.asks = tracks && at.state->settings.behind_nat != 0;
    at.came_in = is_egress ? skb->ingress_ifindex : skb->ifindex;
    const int was_seen = is_egress && at.came_in != 0 && is_covered(at.came_in);
    struct packet p = {};
    const int kind = read_packet(skb, link, &p);
    if (kind != OCTROI_IP) {
        if (!was_seen) count_other(kind, skb->len, 1);
        return TC_ACT_UNSPEC;
    }
    struct octroi_decision* flow = 0;
    if (is_flow(&p)) {
        flow = find_flow(at.state, &p, at.came_in);
        if (!flow) flow = add_flow(at.state, &p, at.came_in);
    }
    struct lookup found = {.came_in = at.came_in, .is_egress = is_egress};
    if (was_seen) {
        if (flow) flow->known = (flow->known & OCTROI_OF_INGRESS) | OCTROI_KNOWN_OUT;
        if (!look_up_held(skb, &at, &p, &found)) return TC_ACT_UNSPEC;
    } else if (!look_up_first(skb, &at, &p, flow, &found)) {
        return TC_ACT_UNSPEC;
    }
    if (!is_egress && found.source == 0 && found.target != 0 && (found.target & OCTROI_OWN) == 0)
        found.leaves = next_interface(skb, &p);
    struct octroi_key key = {};
    set_key(&key, skb, &p, &found);
    const int is_open = tracks && found.is_asked && !found.is_found;
    if (is_open && !is_egress && hold_packet(skb, &p, &key)) return TC_ACT_UNSPEC;
    const __u32 slot = count(&key, at.state->pair, p.bytes, p.packets);
    if (slot != 0 && flow && !was_seen && !is_open)
        remember_flow(flow, found.is_asked, found.end, slot, is_egress);
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
static __noinline int send_ct(struct __sk_buff* skb, __u32 link) {
    return account_packet(skb, link, 1, 1);
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
SEC("tc") int egress_eth_ct(struct __sk_buff* skb) {
    return is_accounted(skb, ethernet, 1) ? TC_ACT_UNSPEC : send_ct(skb, ethernet);
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
SEC("tc") int egress_ip_ct(struct __sk_buff* skb) {
    return is_accounted(skb, no_link_header, 1) ? TC_ACT_UNSPEC : send_ct(skb, no_link_header);
}

// Runs once, without a packet: the timer needs memory, which the other programs could fail to get.
SEC("tc") int prepare_held(struct __sk_buff* skb) {
    (void)skb;
    return prepare_timer();
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
