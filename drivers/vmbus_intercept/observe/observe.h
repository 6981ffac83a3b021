/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_observe: counts the packets of a channel that pass through VTL2.
 *
 * main.c	the hook, between vmbus_pass and the host's device; debugfs
 * stats.c	counting
 */
#ifndef _VOBS_H
#define _VOBS_H

#include <linux/types.h>
#include <vmbus/ring.h>

#define VOBS_KINDS	64

/**
 * struct vobs_kind - packets of a kind
 * @type: VM_PKT_*
 * @opcode: the first word of the payload, 0 if there is none
 * @packets: how many
 * @bytes: of payload, all together
 * @min: of the shortest
 * @max: of the longest
 */
struct vobs_kind {
	u16 type;
	u32 opcode;
	u64 packets;
	u64 bytes;
	u32 min;
	u32 max;
};

/**
 * struct vobs_stats - packets of one direction
 * @skip: bytes of the payload ahead of the opcode
 * @n: kinds so far; published with release
 * @kinds: those; written by one reader of a ring
 * @other: packets of kinds that there was no room for
 */
struct vobs_stats {
	u32 skip;
	unsigned int n;
	struct vobs_kind kinds[VOBS_KINDS];
	u64 other;
};

/**
 * struct vobs_state - what is kept of a channel while it goes another way
 * @to_host: what has passed
 * @to_guest: what has passed
 */
struct vobs_state {
	struct vobs_stats to_host;
	struct vobs_stats to_guest;
};

void vobs_stats_add(struct vobs_stats *stats, const struct vsrv_packet *pkt);
bool vobs_stats_valid(const struct vobs_stats *stats);
const char *vobs_type_name(u16 type);

#endif /* _VOBS_H */
