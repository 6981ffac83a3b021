// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of NVMe commands: where PRPs say that it is, and moving it.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "endpoint_nvme.h"

#define NVME_EP_PRP_BYTES	sizeof(__le64)

static u32 nvme_ep_page_offset(u64 addr)
{
	return addr & (NVME_EP_PAGE - 1);
}

/* Pages that follow each other become one piece. */
static void nvme_ep_add_seg(struct nvme_ep_data *data, u64 addr, u32 len)
{
	struct nvme_ep_seg *seg = &data->segs[data->nsegs];

	if (data->nsegs && seg[-1].addr + seg[-1].len == addr) {
		seg[-1].len += len;
		return;
	}
	*seg = (struct nvme_ep_seg){ addr, len };
	data->nsegs++;
}

/*
 * A list, whose last entry in its page leads to the next page of it if there must be one.
 * All but the first page begin at their beginning, so that each has 511 entries and the
 * guest can make no chain that does not end.
 */
static u16 nvme_ep_map_list(struct nvme_ep_sq *sq, u64 list, u32 left)
{
	__le64 *entries = (__le64 *)sq->piece;
	u32 n, i, part;
	u64 addr;

	if (list % NVME_EP_PRP_BYTES)
		return NVME_EP_NEVER(NVME_SC_PRP_INVALID_OFFSET);
	while (left) {
		n = (NVME_EP_PAGE - nvme_ep_page_offset(list)) / NVME_EP_PRP_BYTES;
		n = min_t(u32, n, DIV_ROUND_UP(left, NVME_EP_PAGE));
		if (endpoint_dma(sq->nvme->ep, list, entries, n * NVME_EP_PRP_BYTES, false))
			return NVME_SC_DATA_XFER_ERROR;
		for (i = 0; i < n; i++) {
			addr = le64_to_cpu(entries[i]);
			if (nvme_ep_page_offset(addr))
				return NVME_EP_NEVER(NVME_SC_PRP_INVALID_OFFSET);
			if (left > NVME_EP_PAGE &&
			    !nvme_ep_page_offset(list + (i + 1) * NVME_EP_PRP_BYTES)) {
				list = addr;
				break;
			}
			part = min_t(u32, left, NVME_EP_PAGE);
			nvme_ep_add_seg(&sq->data, addr, part);
			left -= part;
		}
	}
	return NVME_SC_SUCCESS;
}

/**
 * nvme_ep_map - find out where the data of a command is
 * @sq: queue; what is in its buffer is lost
 * @cmd: command, without SGLs
 * @len: bytes, 1 to NVME_EP_DATA_MAX
 *
 * Whether there is guest memory at these places shows when data is moved.
 *
 * Return: a status.
 */
u16 nvme_ep_map(struct nvme_ep_sq *sq, const struct nvme_command *cmd, u32 len)
{
	u64 first = le64_to_cpu(cmd->common.dptr.prp1);
	u64 second = le64_to_cpu(cmd->common.dptr.prp2);
	u32 part = min_t(u32, len, NVME_EP_PAGE - nvme_ep_page_offset(first));

	sq->data.nsegs = 0;
	sq->data.at = 0;
	sq->data.done = 0;
	if (first & 3)
		return NVME_EP_NEVER(NVME_SC_PRP_INVALID_OFFSET);
	nvme_ep_add_seg(&sq->data, first, part);
	len -= part;
	if (!len)
		return NVME_SC_SUCCESS;
	if (len > NVME_EP_PAGE)
		return nvme_ep_map_list(sq, second, len);
	if (nvme_ep_page_offset(second))
		return NVME_EP_NEVER(NVME_SC_PRP_INVALID_OFFSET);
	nvme_ep_add_seg(&sq->data, second, len);
	return NVME_SC_SUCCESS;
}

/**
 * nvme_ep_move - move the next part of a command's data
 * @sq: queue, after nvme_ep_map()
 * @buf: here
 * @len: bytes; no more than there are
 * @to_guest: to guest memory
 *
 * Return: a status.
 */
u16 nvme_ep_move(struct nvme_ep_sq *sq, void *buf, u32 len, bool to_guest)
{
	struct nvme_ep_data *data = &sq->data;
	const struct nvme_ep_seg *seg;
	u32 part;

	while (len && data->at < data->nsegs) {
		seg = &data->segs[data->at];
		part = min(len, seg->len - data->done);
		if (endpoint_dma(sq->nvme->ep, seg->addr + data->done, buf, part, to_guest))
			return NVME_SC_DATA_XFER_ERROR;
		buf += part;
		len -= part;
		data->done += part;
		if (data->done == seg->len) {
			data->at++;
			data->done = 0;
		}
	}
	return NVME_SC_SUCCESS;
}

/**
 * nvme_ep_reply - give the guest the data that a command asks for
 * @sq: queue
 * @cmd: command
 * @buf: data; not the buffer of the queue
 * @len: bytes, at most NVME_EP_DATA_MAX
 *
 * Return: a status.
 */
u16 nvme_ep_reply(struct nvme_ep_sq *sq, const struct nvme_command *cmd, void *buf, u32 len)
{
	u16 status = nvme_ep_map(sq, cmd, len);

	return status ?: nvme_ep_move(sq, buf, len, true);
}
