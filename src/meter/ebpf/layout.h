/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Keys and values of the maps that the programs in bpf/ and the meter share: for C and C++. Pinned
 * maps contain them: a change needs another OCTROI_LAYOUT, which is part of the folder of the pins.
 *
 * Numbers are in the order of the processor; addresses in network order. */

#include <linux/types.h>

#define OCTROI_LAYOUT "v5"

/* Tables are arrays of entries. Those of the longest prefix match of IPv4 have 65536 entries for
 * the first 16 bits, then nodes of 256 entries. An entry with this bit is the number of a node. */
#define OCTROI_CHILD 0x80000000U
#define OCTROI_TRIE_FIRST 65536U
#define OCTROI_TRIE_NODE 256U

/* A leaf of the tables of local addresses; 0: not local. */
#define OCTROI_LENGTH_MASK 0xFFU /* length of the identity's prefix, plus 1 */
#define OCTROI_OWN 0x100U        /* an address of this machine */

/* The kernel makes each value of an array a multiple of 8 octets; a block is a cache line. */
#define OCTROI_BLOCK 16U
struct octroi_block {
    __u32 entries[OCTROI_BLOCK];
};

/* The table of services, for each of 5 protocols with ports (TCP, UDP, DCCP, SCTP, UDP-Lite): a bit
 * for each port that has an entry. Most have none, and the bits of all stay in a cache. Then
 * protocols (also for ports without an entry), ICMP types, ICMPv6 types, later fragments; then 256
 * entries for each protocol with ports, for the upper half of the port; then nodes as above, for
 * the lower half. An entry is the rank of the rule in the upper 16 bits (of two ports the smaller
 * one decides), and the label in the lower ones. */
#define OCTROI_PORT_PROTOCOLS 5U
#define OCTROI_PORT_WORDS 2048U
#define OCTROI_OF_PROTOCOL (OCTROI_PORT_PROTOCOLS * OCTROI_PORT_WORDS)
#define OCTROI_OF_ICMP (OCTROI_OF_PROTOCOL + 256U)
#define OCTROI_OF_ICMPV6 (OCTROI_OF_ICMP + 256U)
#define OCTROI_OF_FRAGMENT (OCTROI_OF_ICMPV6 + 256U)
#define OCTROI_OF_PORT (OCTROI_OF_FRAGMENT + OCTROI_BLOCK)
#define OCTROI_SERVICES_FIRST (OCTROI_OF_PORT + OCTROI_PORT_PROTOCOLS * 256U)
#define OCTROI_NO_RANK 0x7FFFU

/* What `local` of a key is. */
#define OCTROI_BY_ADDRESS 0
#define OCTROI_BY_UID 1    /* the first 4 octets are a user id */
#define OCTROI_BY_CGROUP 2 /* the first 8 octets are the id of a control group */

struct octroi_key {
    __u8 local[16];    /* masked; IPv4 in the first 4 octets */
    __u8 far[16];      /* the same, where the far end is local too; else 0 */
    __u32 processor;   /* each counts for itself, and so needs no lock */
    __u32 interface;   /* number of the one where the local end is; 0: not known, or this machine */
    __u16 far_class;   /* label; 0: none */
    __u16 service;     /* label; 0: none */
    __u8 family;       /* 4 or 6 */
    __u8 local_length; /* of the prefix, plus 1; 0: neither end is local */
    __u8 far_length;   /* of the prefix, plus 1; 0: far_class states the far end */
    __u8 way;          /* bit 0: sent by the local end; from bit 1 on: OCTROI_BY_… */
};

/* A map of keys has for each key the number of a slot, from 1 on, in an array of counts. The first
 * slot states how many slots are given away (`bytes`), and a number that no other array has
 * (`packets`). A processor takes a cache line of slots at a time. */
struct octroi_count {
    __u64 bytes;
    __u64 packets;
};
#define OCTROI_SLOTS_OF_LINE 4U
struct octroi_next_slot {
    __u64 array; /* its number */
    __u32 next;
    __u32 left; /* of the cache line */
};

/* Of programs that may be interrupted by one of their kind: the lower 32 bits of the number of the
 * array, and a slot of it that is given away and not used; 0: there is none. */
struct octroi_free_slot {
    __u64 slot;
};

/* Counters beside those of keys, one for each processor. */
enum octroi_other {
    OCTROI_OVERFLOW_IN, /* the map of keys is full: to the local end */
    OCTROI_OVERFLOW_OUT,
    OCTROI_ARP, /* without IP: octets of frames */
    OCTROI_LLC,
    OCTROI_OTHER_ETHERTYPE,
    OCTROI_MALFORMED, /* octets of frames */
    OCTROI_OTHERS
};

/* An entry of the map of interfaces: a number, which no interface with another name gets. */
#define OCTROI_COVERED 0x80000000U /* packets that come in here have passed a program */
#define OCTROI_INTERFACE_NUMBER 0x7FFFFFFFU
#define OCTROI_INTERFACE_NAME 16
#define OCTROI_INTERFACES 65536U
#define OCTROI_INTERFACE_NAMES 65536U

struct octroi_settings {
    /* Packets to an address of this machine may be for a host behind its NAT: the programs look
     * connections up. */
    __u32 behind_nat;
    __u32 unused;
    __u64 netns; /* cookie of the network namespace of the sockets that count; 0: all */
};

/* What was decided for the packets of a flow of TCP or UDP: whether they count where they come in,
 * or where they leave, and in which slot. */
#define OCTROI_KNOWN_IN 1U
#define OCTROI_COUNTS_IN 2U
#define OCTROI_ASKS_IN 4U /* counts in the slot if connection tracking states `end` */
#define OCTROI_KNOWN_OUT 16U
#define OCTROI_COUNTS_OUT 32U
#define OCTROI_ASKS_OUT 64U
#define OCTROI_OF_INGRESS (OCTROI_KNOWN_IN | OCTROI_COUNTS_IN | OCTROI_ASKS_IN)
#define OCTROI_OF_EGRESS (OCTROI_KNOWN_OUT | OCTROI_COUNTS_OUT | OCTROI_ASKS_OUT)
struct octroi_decision {
    __u32 ports;   /* source, target: network order */
    __u32 came_in; /* interface; 0: this machine sends it */
    __u32 end;     /* where it asks: the end behind NAT, folded. Of other COUNTS_OUT: interface */
    __u32 slot;    /* 0: not known yet */
    __u8 proto;
    __u8 known; /* bits as above; 0: the entry is empty */
    __u16 unused[3];
};
struct octroi_flow_v4 {
    __u32 source;
    __u32 target;
    struct octroi_decision decision;
};
struct octroi_flow_v6 {
    __u32 source[4];
    __u32 target[4];
    struct octroi_decision decision;
    __u32 unused[2];
};

/* What a processor uses: which maps, how, and the decisions for recent flows. Each change of a
 * table is followed by a new array of these, so that no decision of before is used. */
#define OCTROI_FLOW_LINES_V4 32768U /* each is a cache line */
#define OCTROI_FLOW_LINES_V6 16384U
#define OCTROI_FLOW_WAYS 2U
struct octroi_line_v4 {
    struct octroi_flow_v4 ways[OCTROI_FLOW_WAYS]; /* the newer one first */
};
struct octroi_state {
    __u32 pair; /* which map of keys and which array of counts: 0 or 1 */
    __u32 seed; /* of the hash of flows */
    struct octroi_settings settings;
    __u32 unused[10];
    struct octroi_line_v4 v4[OCTROI_FLOW_LINES_V4];
    struct octroi_flow_v6 v6[OCTROI_FLOW_LINES_V6];
};

/* Of an LPM trie. */
struct octroi_prefix {
    __u32 length;
    __u8 address[16];
};

/* Texts of labels, padded with 0. */
#define OCTROI_LABEL_OCTETS 256
#define OCTROI_LABELS 65536
