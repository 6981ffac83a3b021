// SPDX-License-Identifier: GPL-2.0-only
/*
 * RNDIS headers of frames: that of a frame of the guest is looked at, that of a frame
 * to the guest is made.
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/if_vlan.h>
#include <linux/minmax.h>
#include <linux/rndis.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include "packet.h"

/* Offsets in struct rndis_packet count from here, and what they point at is behind it. */
#define RNDIS_BASE	offsetof(struct rndis_packet, data_offset)
#define RNDIS_FIXED	(sizeof(struct rndis_packet) - RNDIS_BASE)

/* ---- frames of the guest -------------------------------------------------------------- */

static int netvsp_take_ppi(const struct rndis_ppi *ppi, u32 size, unsigned long *seen,
			   struct netvsp_frame *frame)
{
	u32 type = le32_to_cpu(ppi->type);
	u32 offset = le32_to_cpu(ppi->offset);
	u32 value;

	if (type != RNDIS_PPI_CSUM && type != RNDIS_PPI_LSO && type != RNDIS_PPI_VLAN)
		return 0;
	/* Of two that differ neither is known to be what the guest means. */
	if (*seen & BIT(type))
		return -EINVAL;
	*seen |= BIT(type);

	/* Windows gives a pointer's size, of which the first 4 bytes are used. */
	if (offset < sizeof(*ppi) || offset > size || size - offset < sizeof(value))
		return -EINVAL;
	value = get_unaligned_le32((const u8 *)ppi + offset);

	switch (type) {
	case RNDIS_PPI_CSUM:
		frame->csum = value;
		break;
	case RNDIS_PPI_LSO:
		frame->lso = value;
		break;
	case RNDIS_PPI_VLAN:
		frame->tagged = true;
		frame->tci = FIELD_PREP(VLAN_PRIO_MASK, FIELD_GET(RNDIS_VLAN_PRIORITY, value)) |
			     FIELD_PREP(VLAN_CFI_MASK, FIELD_GET(RNDIS_VLAN_DEI, value)) |
			     FIELD_PREP(VLAN_VID_MASK, FIELD_GET(RNDIS_VLAN_ID, value));
		break;
	}
	return 0;
}

static int netvsp_take_ppis(const void *head, u32 at, u32 end, struct netvsp_frame *frame)
{
	const struct rndis_ppi *ppi;
	unsigned long seen = 0;
	u32 size;
	int err;

	while (at < end) {
		if (end - at < sizeof(*ppi))
			return -EINVAL;
		ppi = head + at;
		size = le32_to_cpu(ppi->size);
		if (size < sizeof(*ppi) || size > end - at)
			return -EINVAL;
		err = netvsp_take_ppi(ppi, size, &seen, frame);
		if (err)
			return err;
		at += size;
	}
	return 0;
}

/**
 * netvsp_frame_parse - look at the RNDIS header of a frame of the guest
 * @head: private copy of the first bytes of the message
 * @head_len: how many: as many as there are, which is @left, up to NETVSP_HEAD_MAX
 * @left: bytes from the beginning of the message to the end of the packet's data
 * @frame: out: what is to be done with the frame
 *
 * Alignment is not insisted on, because nothing here needs it.  Whether the frame can
 * be treated as its per-packet information wants is for netvsp_offload() to say.
 *
 * Context: any.
 * Return: 0, or -EINVAL if it is no good message; what follows it is not known then.
 */
int netvsp_frame_parse(const void *head, u32 head_len, u32 left, struct netvsp_frame *frame)
{
	const struct rndis_packet *packet = head;
	u32 room, offset, len;

	memset(frame, 0, sizeof(*frame));
	if (head_len < sizeof(*packet) || le32_to_cpu(packet->hdr.type) != RNDIS_MSG_PACKET)
		return -EINVAL;
	frame->len = le32_to_cpu(packet->hdr.len);
	if (frame->len < sizeof(*packet) || frame->len > left)
		return -EINVAL;
	/* What follows can only be another one: guests that pad count that in the length. */
	if (frame->len != left && left - frame->len < sizeof(*packet))
		return -EINVAL;
	if (packet->oob_len || packet->oob_count || packet->vc)
		return -EINVAL;

	room = frame->len - RNDIS_BASE;
	offset = le32_to_cpu(packet->data_offset);
	len = le32_to_cpu(packet->data_len);
	if (offset < RNDIS_FIXED || offset > room || len > room - offset || len < ETH_HLEN)
		return -EINVAL;
	frame->data_offset = RNDIS_BASE + offset;
	frame->data_len = len;

	len = le32_to_cpu(packet->ppi_len);
	if (!len)
		return 0;
	room = min(frame->len, head_len) - RNDIS_BASE;
	offset = le32_to_cpu(packet->ppi_offset);
	if (offset < RNDIS_FIXED || offset > room || len > room - offset)
		return -EINVAL;
	offset += RNDIS_BASE;
	return netvsp_take_ppis(head, offset, offset + len, frame);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_frame_parse);

/* ---- frames to the guest ---------------------------------------------------------------- */

#define RNDIS_PPIS_PUT	4	/* kinds of PPI that the guest is given */

static_assert(sizeof(struct rndis_packet) +
	      RNDIS_PPIS_PUT * (sizeof(struct rndis_ppi) + sizeof(__le32)) <= NETVSP_FRAME_HEAD);

static u32 netvsp_put_ppi(void *head, u32 at, u32 type, u32 value)
{
	struct rndis_ppi *ppi = head + at;

	ppi->size = cpu_to_le32(sizeof(*ppi) + sizeof(value));
	ppi->type = cpu_to_le32(type);
	ppi->offset = cpu_to_le32(sizeof(*ppi));
	put_unaligned_le32(value, ppi + 1);
	return at + sizeof(*ppi) + sizeof(value);
}

/* struct rndis_ppi_id as one number */
static u32 netvsp_id_value(const struct netvsp_told *told)
{
	struct rndis_ppi_id id = {
		.version = RNDIS_ID_VERSION,
		.flags = told->part,
		.id = cpu_to_le16(told->id),
	};

	return get_unaligned_le32(&id);
}

/**
 * netvsp_frame_put - make the RNDIS header of a frame to the guest
 * @head: out: NETVSP_FRAME_HEAD bytes, of which not all are written
 * @told: what the guest is told of the frame
 *
 * The frame's data belongs NETVSP_FRAME_HEAD bytes behind the beginning of the header,
 * and the message ends with it; what is between them does not matter.  Linux guests
 * stop for good at a PPI that is too long, and complain of an offset where there is no
 * PPI, thus there is none then.
 *
 * Context: any.
 * Return: bytes of the header, a multiple of 4.
 */
u32 netvsp_frame_put(void *head, const struct netvsp_told *told)
{
	struct rndis_packet *packet = head;
	u32 at = sizeof(*packet);

	memset(packet, 0, sizeof(*packet));
	packet->hdr.type = cpu_to_le32(RNDIS_MSG_PACKET);
	packet->hdr.len = cpu_to_le32(NETVSP_FRAME_HEAD + told->data_len);
	packet->data_offset = cpu_to_le32(NETVSP_FRAME_HEAD - RNDIS_BASE);
	packet->data_len = cpu_to_le32(told->data_len);

	if (told->csum)
		at = netvsp_put_ppi(head, at, RNDIS_PPI_CSUM, told->csum);
	if (told->tagged)
		at = netvsp_put_ppi(head, at, RNDIS_PPI_VLAN,
				    FIELD_PREP(RNDIS_VLAN_PRIORITY,
					       FIELD_GET(VLAN_PRIO_MASK, told->tci)) |
				    FIELD_PREP(RNDIS_VLAN_DEI,
					       FIELD_GET(VLAN_CFI_MASK, told->tci)) |
				    FIELD_PREP(RNDIS_VLAN_ID,
					       FIELD_GET(VLAN_VID_MASK, told->tci)));
	if (told->hashed)
		at = netvsp_put_ppi(head, at, RNDIS_PPI_HASH, told->hash);
	if (told->part)
		at = netvsp_put_ppi(head, at, RNDIS_PPI_ID, netvsp_id_value(told));
	if (at > sizeof(*packet)) {
		packet->ppi_offset = cpu_to_le32(RNDIS_FIXED);
		packet->ppi_len = cpu_to_le32(at - sizeof(*packet));
	}
	return at;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_frame_put);
