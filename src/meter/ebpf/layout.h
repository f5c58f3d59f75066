/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Keys and values of the maps that the programs in bpf/ and the meter share: for C and C++. Pinned
 * maps contain them: a change needs another OCTROI_LAYOUT, which is part of the folder of the pins.
 *
 * Numbers are in the order of the processor; addresses in network order. */

#include <linux/types.h>

#define OCTROI_LAYOUT "v1"

/* Tables are arrays of entries. Those of the longest prefix match of IPv4 have 65536 entries for the
 * first 16 bits, then nodes of 256 entries. An entry with this bit is the number of a node. */
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
 * entries for each protocol with ports, for the upper half of the port; then nodes as above, for the
 * lower half. An entry is the rank of the rule in the upper 16 bits (of two ports the smaller one
 * decides), and the label in the lower ones. */
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
    __u8 local[16];     /* masked; IPv4 in the first 4 octets */
    __u8 far[16];       /* the same, where the far end is local too; else 0 */
    __u32 processor;    /* each counts for itself, and so needs no lock */
    __u32 interface;    /* where the local end is; 0: the packet was counted at the other end */
    __u16 far_class;    /* label; 0: none */
    __u16 service;      /* label; 0: none */
    __u8 family;        /* 4 or 6 */
    __u8 local_length;  /* of the prefix, plus 1; 0: neither end is local */
    __u8 far_length;    /* of the prefix, plus 1; 0: far_class states the far end */
    __u8 way;           /* bit 0: sent by the local end; from bit 1 on: OCTROI_BY_… */
};

struct octroi_count {
    __u64 bytes;
    __u64 packets;
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

struct octroi_settings {
    __u32 single; /* one interface is metered: each packet is seen once */
    /* TCP and UDP to local addresses count where they leave, behind NAT; needs connection
     * tracking. Else they count where they come in. */
    __u32 behind_nat;
};

/* Of an LPM trie. */
struct octroi_prefix {
    __u32 length;
    __u8 address[16];
};

/* Texts of labels, padded with 0. */
#define OCTROI_LABEL_OCTETS 256
#define OCTROI_LABELS 65536
