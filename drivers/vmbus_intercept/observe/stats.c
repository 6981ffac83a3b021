// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting packets by type and opcode.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>

#include "observe.h"

static u32 vobs_opcode(const struct vobs_stats *stats, const struct vsrv_packet *pkt)
{
	if (pkt->len < stats->skip + sizeof(u32))
		return 0;
	return get_unaligned_le32(pkt->payload + stats->skip);
}

static struct vobs_kind *vobs_kind(struct vobs_stats *stats, u16 type, u32 opcode)
{
	struct vobs_kind *kind;
	unsigned int i;

	for (i = 0; i < stats->n; i++) {
		kind = &stats->kinds[i];
		if (kind->type == type && kind->opcode == opcode)
			return kind;
	}
	if (stats->n == VOBS_KINDS)
		return NULL;
	kind = &stats->kinds[stats->n];
	kind->type = type;
	kind->opcode = opcode;
	kind->min = U32_MAX;
	/* Pairs with smp_load_acquire() of who shows it. */
	smp_store_release(&stats->n, stats->n + 1);
	return kind;
}

/**
 * vobs_stats_add - a packet has passed
 * @stats: of its direction
 * @pkt: packet
 *
 * Context: any; one at a time.
 */
void vobs_stats_add(struct vobs_stats *stats, const struct vsrv_packet *pkt)
{
	struct vobs_kind *kind = vobs_kind(stats, pkt->type, vobs_opcode(stats, pkt));

	if (!kind) {
		WRITE_ONCE(stats->other, stats->other + 1);
		return;
	}
	WRITE_ONCE(kind->packets, kind->packets + 1);
	WRITE_ONCE(kind->bytes, kind->bytes + pkt->len);
	WRITE_ONCE(kind->min, min(kind->min, pkt->len));
	WRITE_ONCE(kind->max, max(kind->max, pkt->len));
}
EXPORT_SYMBOL_IF_KUNIT(vobs_stats_add);

/**
 * vobs_stats_valid - can one go on counting with these?
 * @stats: saved ones
 *
 * Return: false if there is more than there is room for.
 */
bool vobs_stats_valid(const struct vobs_stats *stats)
{
	return stats->n <= VOBS_KINDS;
}
EXPORT_SYMBOL_IF_KUNIT(vobs_stats_valid);

/**
 * vobs_type_name - name of a type of packets
 * @type: VM_PKT_*
 *
 * Return: name.
 */
const char *vobs_type_name(u16 type)
{
	switch (type) {
	case VM_PKT_DATA_INBAND:
		return "inband";
	case VM_PKT_COMP:
		return "completion";
	case VM_PKT_DATA_USING_GPA_DIRECT:
		return "gpa-direct";
	case VM_PKT_DATA_USING_XFER_PAGES:
		return "xfer-pages";
	default:
		return "unknown";
	}
}
EXPORT_SYMBOL_IF_KUNIT(vobs_type_name);
