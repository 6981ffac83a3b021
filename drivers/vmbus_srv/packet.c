// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet says, once it is a private copy: its type, and the ranges of the guest's
 * memory that it refers to.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hyperv.h>
#include <linux/types.h>
#include <vmbus/partition.h>
#include <vmbus/ring.h>
#include "vsrv.h"

/* Head of the extended header of both packet types that have one. */
struct packet_ext_head {
	u32 set_id;		/* reserved for GPA direct */
	u32 range_count;
};

#define PACKET_EXT_HEAD_SIZE	((u32)sizeof(struct packet_ext_head))

/**
 * vsrv_packet_parse() - fill in what depends on the type
 * @pkt: packet; its type is set
 * @buf: private copy of it, from the descriptor on
 * @data_offset: of the payload in @buf, checked to be behind the descriptor
 * @len: bytes of @buf, at least @data_offset
 *
 * Return: false if it is malformed.
 */
bool vsrv_packet_parse(struct vsrv_packet *pkt, const void *buf, u32 data_offset, u32 len)
{
	const struct packet_ext_head *head;

	pkt->ext = NULL;
	pkt->ext_len = 0;
	pkt->range_count = 0;
	pkt->ranges = NULL;
	pkt->ranges_len = 0;
	pkt->payload = buf + data_offset;
	pkt->len = len - data_offset;

	switch (pkt->type) {
	case VM_PKT_DATA_INBAND:
	case VM_PKT_COMP:
		return true;
	case VM_PKT_DATA_USING_XFER_PAGES:
	case VM_PKT_DATA_USING_GPA_DIRECT:
		break;
	default:
		return false;
	}

	if (data_offset < VSRV_PACKET_DESC + PACKET_EXT_HEAD_SIZE)
		return false;
	head = buf + VSRV_PACKET_DESC;
	pkt->ext = head;
	pkt->ext_len = data_offset - VSRV_PACKET_DESC;
	pkt->range_count = head->range_count;
	pkt->ranges = head + 1;
	pkt->ranges_len = pkt->ext_len - PACKET_EXT_HEAD_SIZE;
	return pkt->type != VM_PKT_DATA_USING_GPA_DIRECT || pkt->range_count;
}

/* Check the range at *@pos, of *@left bytes, and step over it; may it be @empty? */
static int range_next(const void **pos, u32 *left, bool empty, struct vsrv_gpa_range *range)
{
	const struct gpa_range *r = *pos;

	if (*left < sizeof(*r))
		return -EINVAL;
	*left -= sizeof(*r);
	range->len = r->byte_count;
	range->offset = r->byte_offset;
	range->npfns = vsrv_range_pages(range->len, range->offset);
	range->pfns = r->pfn_array;
	if (!range->npfns && !(empty && !range->len && range->offset < HV_HYP_PAGE_SIZE))
		return -EINVAL;
	if (range->npfns > *left / sizeof(u64))
		return -EINVAL;
	*left -= range->npfns * sizeof(u64);
	*pos = range->pfns + range->npfns;
	return 0;
}

/**
 * vsrv_packet_range() - find and check one range of a GPA-direct packet
 * @pkt: the packet
 * @index: which range, below @pkt->range_count
 * @range: set to the range; its page frame numbers stay where the packet is
 *
 * Checks all ranges up to and including @index.  Whoever wants many of them
 * limits @pkt->range_count first, as each call starts from the first range.
 *
 * Return: 0, or -EINVAL if the packet has no such range or a bad one before it.
 */
int vsrv_packet_range(const struct vsrv_packet *pkt, unsigned int index,
		      struct vsrv_gpa_range *range)
{
	struct vsrv_gpa_range found;
	const void *pos = pkt->ranges;
	u32 left = pkt->ranges_len;
	unsigned int i;
	int err;

	if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT || index >= pkt->range_count)
		return -EINVAL;
	for (i = 0; i <= index; i++) {
		err = range_next(&pos, &left, false, &found);
		if (err)
			return err;
	}
	*range = found;
	return 0;
}
EXPORT_SYMBOL_GPL(vsrv_packet_range);

/**
 * vsrv_packet_next_range() - walk through the ranges of a GPA-direct packet
 * @pkt: the packet
 * @pos: where the walk is, 0 in the beginning; moved on
 * @range: set to the range; its page frame numbers stay where the packet is
 *
 * Other than vsrv_packet_range() it takes a range of no bytes, which has no pages.
 *
 * Return: 0, or -EINVAL if the packet has no more ranges, or a bad one there.
 */
int vsrv_packet_next_range(const struct vsrv_packet *pkt, u32 *pos, struct vsrv_gpa_range *range)
{
	const void *at = pkt->ranges + *pos;
	u32 left = pkt->ranges_len - *pos;
	int err;

	if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT)
		return -EINVAL;
	err = range_next(&at, &left, true, range);
	if (!err)
		*pos = pkt->ranges_len - left;
	return err;
}
EXPORT_SYMBOL_GPL(vsrv_packet_next_range);

/**
 * vsrv_packet_check_memory() - does a packet refer to memory of the guest only?
 * @pkt: the packet, of any type
 * @part: partition of the guest
 *
 * For a packet that goes on to somebody who could reach other memory, too.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a malformed range, -EOPNOTSUPP for transfer pages, whose GPADL
 * could be anybody's, or an error of vpart_check_pfns().
 */
int vsrv_packet_check_memory(const struct vsrv_packet *pkt, struct vmbus_partition *part)
{
	struct vsrv_gpa_range range;
	const void *pos = pkt->ranges;
	u32 left = pkt->ranges_len;
	unsigned int i;
	int err;

	if (pkt->type == VM_PKT_DATA_USING_XFER_PAGES)
		return -EOPNOTSUPP;
	if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT)
		return 0;
	for (i = 0; i < pkt->range_count; i++) {
		err = range_next(&pos, &left, false, &range);
		if (!err)
			err = vpart_check_pfns(part, range.pfns, range.npfns, true);
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vsrv_packet_check_memory);
