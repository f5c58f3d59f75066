// SPDX-License-Identifier: GPL-3.0-or-later
// The decisions for recent flows of TCP and UDP: a packet of a known flow needs no table. Each
// processor has its own, so there is no lock. An entry that is overwritten costs time only.
#pragma once

#include "maps.h"
#include "packet.h"

static __always_inline int is_flow(const struct packet* p) {
    return (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) && !p->later_fragment;
}

static __always_inline __u32 ports_of(const struct packet* p) {
    return (__u32)p->source_port | (__u32)p->target_port << 16;
}

// A multiplicative hash: the upper bits depend on all others.
static __always_inline __u32 flow_hash(__u32 source, __u32 target, __u32 ports, __u32 seed) {
    const __u64 addresses = (__u64)source << 32 | target;
    const __u64 mixed = addresses ^ (ports ^ seed) * 0x9E3779B97F4A7C15ULL;
    return mixed * 0xBF58476D1CE4E5B9ULL >> 40;
}

static __always_inline __u32 fold(const __u32* address) {
    return (address[0] ^ address[1]) * 0x9E3779B1U ^ address[2] * 0x85EBCA6BU ^ address[3];
}

static __always_inline __u32 hash_of(const struct packet* p, __u32 seed) {
    if (p->family == 4) return flow_hash(p->source[0], p->target[0], ports_of(p), seed);
    return flow_hash(fold(p->source), fold(p->target), ports_of(p), seed);
}

static __always_inline int is_of(const struct octroi_decision* d, __u32 ports, __u8 proto,
                                 __u32 came_in) {
    return d->known != 0 && d->ports == ports && d->came_in == came_in && d->proto == proto;
}

static __always_inline struct octroi_line_v4* line_v4(struct octroi_state* state, __u32 hash) {
    return &state->v4[hash % OCTROI_FLOW_LINES_V4];
}
static __always_inline struct octroi_flow_v6* line_v6(struct octroi_state* state, __u32 hash) {
    return &state->v6[hash % OCTROI_FLOW_LINES_V6];
}

// 0: the flow is not known.
static __always_inline struct octroi_decision* find_flow_v4(struct octroi_state* state,
                                                            __u32 source, __u32 target, __u32 ports,
                                                            __u8 proto, __u32 came_in) {
    const __u32 hash = flow_hash(source, target, ports, state->seed);
    struct octroi_line_v4* line = line_v4(state, hash);
    for (__u32 i = 0; i < OCTROI_FLOW_WAYS; ++i) {
        struct octroi_flow_v4* flow = &line->ways[i];
        if (flow->source == source && flow->target == target &&
            is_of(&flow->decision, ports, proto, came_in))
            return &flow->decision;
    }
    return 0;
}

static __always_inline struct octroi_decision* find_flow_v6(struct octroi_state* state,
                                                            const __u32* source,
                                                            const __u32* target, __u32 ports,
                                                            __u8 proto, __u32 came_in) {
    const __u32 hash = flow_hash(fold(source), fold(target), ports, state->seed);
    struct octroi_flow_v6* flow = line_v6(state, hash);
    for (int i = 0; i < 4; ++i)
        if (flow->source[i] != source[i] || flow->target[i] != target[i]) return 0;
    return is_of(&flow->decision, ports, proto, came_in) ? &flow->decision : 0;
}

static __always_inline struct octroi_decision* find_flow(struct octroi_state* state,
                                                         const struct packet* p, __u32 came_in) {
    if (p->family == 4)
        return find_flow_v4(state, p->source[0], p->target[0], ports_of(p), p->proto, came_in);
    return find_flow_v6(state, p->source, p->target, ports_of(p), p->proto, came_in);
}

// An empty entry for the flow, in the place of an older one.
static __always_inline struct octroi_decision* add_flow(struct octroi_state* state,
                                                        const struct packet* p, __u32 came_in) {
    const __u32 hash = hash_of(p, state->seed);
    struct octroi_decision* decision = 0;
    if (p->family == 4) {
        struct octroi_line_v4* line = line_v4(state, hash);
        line->ways[1] = line->ways[0];
        line->ways[0].source = p->source[0];
        line->ways[0].target = p->target[0];
        decision = &line->ways[0].decision;
    } else {
        struct octroi_flow_v6* flow = line_v6(state, hash);
        __builtin_memcpy(flow->source, p->source, sizeof flow->source);
        __builtin_memcpy(flow->target, p->target, sizeof flow->target);
        decision = &flow->decision;
    }
    decision->ports = ports_of(p);
    decision->came_in = came_in;
    decision->proto = p->proto;
    decision->known = 0;
    return decision;
}
