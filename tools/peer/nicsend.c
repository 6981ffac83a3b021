// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's driver of a network adapter: frames out.
 */
#include <string.h>
#include "nic.h"

static u32 put_ppi(u8 *p, u32 type, u32 value)
{
	struct rndis_ppi ppi = {
		.size = sizeof(ppi) + sizeof(value),
		.type = type,
		.offset = sizeof(ppi),
	};

	memcpy(p, &ppi, sizeof(ppi));
	memcpy(p + sizeof(ppi), &value, sizeof(value));
	return ppi.size;
}

/**
 * rndis_put - make an RNDIS message of a frame
 * @buf: result
 * @o: frame
 * @align: bytes that its length is a multiple of
 *
 * Return: bytes of the message.
 */
u32 rndis_put(u8 *buf, const struct nic_out *o, u32 align)
{
	u32 len = sizeof(struct rndis_packet);
	struct rndis_packet r = {
		.hdr.type = RNDIS_MSG_PACKET,
		.data_len = o->len,
		.ppi_offset = len - sizeof(r.hdr),
	};

	if (o->tagged)
		len += put_ppi(buf + len, RNDIS_PPI_VLAN, o->vlan);
	if (o->lso)
		len += put_ppi(buf + len, RNDIS_PPI_LSO, o->lso);
	if (o->csum)
		len += put_ppi(buf + len, RNDIS_PPI_CSUM, o->csum);
	r.ppi_len = len - sizeof(r);
	if (!r.ppi_len)
		r.ppi_offset = 0;
	r.data_offset = len - sizeof(r.hdr);
	memcpy(buf + len, o->frame, o->len);
	len += o->len;
	r.hdr.len = (len + align - 1) / align * align;
	memset(buf + len, 0, r.hdr.len - len);
	memcpy(buf, &r, sizeof(r));
	return r.hdr.len;
}

/**
 * nic_send_both - send RNDIS messages that are partly in a section and partly in ranges
 * @n: adapter
 * @ch: channel
 * @section: of the send buffer, or NVSP_SECTION_NONE
 * @msgs: what is put there
 * @len: its bytes
 * @ranges: what follows, or NULL
 * @nranges: how many
 *
 * Return: id of the packet, or 0 if there is no room.
 */
u64 nic_send_both(struct nic *n, unsigned int ch, u32 section, const void *msgs, u32 len,
		  const struct nic_range *ranges, unsigned int nranges)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_DATA, section, len },
	};
	u64 id = nic_id(n);

	if (section != NVSP_SECTION_NONE && len)
		memcpy(ram_page(&n->b->g, PAGE_NIC_SEND) + section * n->section, msgs, len);
	if (!nic_put(n, ch, id, &m, n->size, ranges, nranges))
		return 0;
	channel_send(&n->c[ch]);
	return id;
}

/**
 * nic_send_section - send RNDIS messages in a section of the send buffer
 * @n: adapter
 * @ch: channel
 * @section: which
 * @msgs: messages
 * @len: their bytes
 *
 * Return: id of the packet, or 0 if there is no room.
 */
u64 nic_send_section(struct nic *n, unsigned int ch, u32 section, const void *msgs, u32 len)
{
	return nic_send_both(n, ch, section, msgs, len, NULL, 0);
}

/**
 * nic_send_ranges - send RNDIS messages that lie anywhere
 * @n: adapter
 * @ch: channel
 * @ranges: where
 * @nranges: how many
 *
 * Return: id of the packet, or 0 if there is no room.
 */
u64 nic_send_ranges(struct nic *n, unsigned int ch, const struct nic_range *ranges,
		    unsigned int nranges)
{
	return nic_send_both(n, ch, NVSP_SECTION_NONE, NULL, 0, ranges, nranges);
}

/**
 * nic_send - send a frame from memory of the guest, and wait until that is done
 * @n: adapter
 * @ch: channel
 * @o: frame
 *
 * Return: NVSP_STATUS_*.
 */
u32 nic_send(struct nic *n, unsigned int ch, const struct nic_out *o)
{
	struct nic_range r = { .page = PAGE_NIC_DATA };
	u64 id;

	r.len = rndis_put(nic_data(n, 0), o, 1);
	id = nic_send_ranges(n, ch, &r, 1);
	return id ? nic_status(n, id) : NVSP_STATUS_NONE;
}
