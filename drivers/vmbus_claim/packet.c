// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of the host as hv_vmbus gives them: in private memory, descriptor first.
 *
 * The test includes this file: the module does not load where there is no VMBus.
 */
#include <linux/hyperv.h>

#include "claim.h"

/**
 * vclaim_passes - may packets of a type pass?
 * @type: VM_PKT_*
 *
 * Return: false for those that refer to memory: the guest's is not the host's.
 */
bool vclaim_passes(u16 type)
{
	return type == VM_PKT_DATA_INBAND || type == VM_PKT_COMP;
}

/**
 * vclaim_parse - look at a packet of the host
 * @buf: packet
 * @len: bytes of it
 * @pkt: out: points into @buf
 *
 * Return: false if it is none that may pass.
 */
bool vclaim_parse(const void *buf, u32 len, struct vsrv_packet *pkt)
{
	const struct vmpacket_descriptor *desc = buf;
	u32 offset, total;

	if (len < sizeof(*desc))
		return false;
	offset = desc->offset8 * 8;
	total = desc->len8 * 8;
	if (offset < sizeof(*desc) || offset > total || total > len)
		return false;
	if (!vclaim_passes(desc->type) ||
	    desc->flags & ~VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED)
		return false;
	*pkt = (struct vsrv_packet) {
		.type = desc->type,
		.flags = desc->flags,
		.trans_id = desc->trans_id,
		.payload = buf + offset,
		.len = total - offset,
	};
	return true;
}
