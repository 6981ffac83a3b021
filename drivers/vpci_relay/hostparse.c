// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host answers, and what it tells on its own accord.  It is not trusted: of
 * what it sends no byte is used that was not checked to be there.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "vpci_pure.h"

static int vpci_host_wrong(const char **why, const char *text)
{
	*why = text;
	return -EPROTO;
}

/* ---- answers --------------------------------------------------------------------------- */

/**
 * vpci_host_status() - an answer that is a status, or begins with one
 * @reply: answer
 * @len: bytes of it
 * @why: the reason of a failure
 *
 * Return: 0, -EREMOTEIO if the host could not do it, -EPROTO if it is no answer.
 */
int vpci_host_status(const void *reply, u32 len, const char **why)
{
	const struct vpci_reply *status = reply;

	if (len < sizeof(*status))
		return vpci_host_wrong(why, "an answer without a status");
	/* As for Linux: what has the highest bit is a failure, or close to it. */
	if (le32_to_cpu(status->status) <= S32_MAX)
		return 0;
	*why = "the host has failed";
	return -EREMOTEIO;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_status);

/**
 * vpci_host_version_reply() - the answer to vpci_host_query_version()
 * @reply: answer
 * @len: bytes of it; some hosts tell a version of theirs, which does not matter
 * @why: the reason of a failure
 *
 * Return: 0, -EAGAIN if another version should be tried, else as vpci_host_status().
 */
int vpci_host_version_reply(const void *reply, u32 len, const char **why)
{
	int err = vpci_host_status(reply, len, why);
	const struct vpci_reply *status = reply;

	if (err != -EREMOTEIO || le32_to_cpu(status->status) != VPCI_STATUS_REVISION_MISMATCH)
		return err;
	*why = "the host does not speak this version";
	return -EAGAIN;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_version_reply);

/**
 * vpci_host_requirements_reply() - the answer to vpci_host_requirements()
 * @reply: answer
 * @len: bytes of it
 * @bars: result
 * @why: the reason of a failure
 *
 * Return: 0, -EINVAL for base addresses that make no sense, else as vpci_host_status().
 */
int vpci_host_requirements_reply(const void *reply, u32 len, struct vpci_bars *bars,
				 const char **why)
{
	const struct vpci_requirements_reply *answer = reply;
	int err = vpci_host_status(reply, len, why);
	u32 masks[VPCI_BARS];
	unsigned int i;

	if (err)
		return err;
	if (len < sizeof(*answer))
		return vpci_host_wrong(why, "requirements too short");
	for (i = 0; i < VPCI_BARS; i++)
		masks[i] = le32_to_cpu(answer->masks[i]);
	return vpci_bars_probed(bars, masks, why);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_requirements_reply);

/**
 * vpci_host_create_reply() - the answer to vpci_host_create()
 * @reply: answer
 * @len: bytes of it
 * @msi: result
 * @why: the reason of a failure
 *
 * Return: 0, else as vpci_host_status().
 */
int vpci_host_create_reply(const void *reply, u32 len, struct vpci_msi *msi, const char **why)
{
	const struct vpci_create_interrupt_reply *answer = reply;
	int err = vpci_host_status(reply, len, why);

	if (err)
		return err;
	if (len < sizeof(*answer))
		return vpci_host_wrong(why, "an interrupt too short");
	vpci_msi_get(msi, &answer->remapped);
	/* No device can write there. */
	if (msi->address & 3)
		return vpci_host_wrong(why, "an interrupt at an address that is not aligned");
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_create_reply);

/**
 * vpci_host_block_reply() - the answer to vpci_host_access_block()
 * @request: as it was sent
 * @reply: answer
 * @len: bytes of it
 * @block: result: what was read
 * @why: the reason of a failure
 *
 * The host may give less than it was asked for, and a few bytes more, which fill the packet.
 *
 * Return: 0, else as vpci_host_status().
 */
int vpci_host_block_reply(const void *request, const void *reply, u32 len,
			  struct vpci_block *block, const char **why)
{
	const struct vpci_read_block_reply *answer = reply;
	const struct vpci_read_block *asked = request;
	int err = vpci_host_status(reply, len, why);

	block->len = 0;
	if (err || le32_to_cpu(asked->type) == VPCI_MSG_WRITE_BLOCK)
		return err;
	len -= sizeof(answer->status);
	if (!len)
		return vpci_host_wrong(why, "a block without a byte of it");
	block->len = min(len, le32_to_cpu(asked->length));
	memcpy(block->data, answer->data, block->len);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_block_reply);

/* ---- notifications --------------------------------------------------------------------- */

static int vpci_host_relations(const void *msg, u32 len, struct vpci_host_event *event,
			       const char **why)
{
	const struct vpci_bus_relations *relations = msg;
	u32 size = event->v2 ? sizeof(struct vpci_device2) : sizeof(struct vpci_device);

	if (len < sizeof(*relations))
		return vpci_host_wrong(why, "relations too short");
	event->type = VPCI_HOST_RELATIONS;
	event->count = le32_to_cpu(relations->count);
	event->devices = relations + 1;
	if (event->count > VPCI_MAX_SLOTS)
		return vpci_host_wrong(why, "relations with more devices than slots");
	if (event->count > (len - sizeof(*relations)) / size)
		return vpci_host_wrong(why, "relations with more devices than the message has");
	return 0;
}

static int vpci_host_about(const void *msg, u32 len, struct vpci_host_event *event,
			   enum vpci_host_event_type type, const char **why)
{
	const struct vpci_invalidate_block *block = msg;
	const struct vpci_slot_msg *about = msg;

	if (len < sizeof(*about))
		return vpci_host_wrong(why, "a message about a device too short");
	event->type = type;
	event->slot = le32_to_cpu(about->slot);
	if (event->slot >= VPCI_MAX_SLOTS)
		return vpci_host_wrong(why, "a message about a slot that cannot be");
	if (type != VPCI_HOST_INVALIDATE_BLOCK)
		return 0;
	if (len < sizeof(*block))
		return vpci_host_wrong(why, "a message about blocks too short");
	event->mask = le64_to_cpu(block->mask);
	return 0;
}

/**
 * vpci_host_parse() - what the host tells on its own accord
 * @msg: payload of the packet
 * @len: bytes of it
 * @event: result, of use on success only; points into @msg
 * @why: the reason of a failure
 *
 * Both forms of relations are taken in any version.
 *
 * Return: 0 or -EPROTO.
 */
int vpci_host_parse(const void *msg, u32 len, struct vpci_host_event *event, const char **why)
{
	const struct vpci_msg *hdr = msg;

	*event = (struct vpci_host_event) { .type = VPCI_HOST_UNKNOWN };
	if (len < sizeof(*hdr))
		return vpci_host_wrong(why, "a message without a type");
	switch (le32_to_cpu(hdr->type)) {
	case VPCI_MSG_BUS_RELATIONS2:
		event->v2 = true;
		fallthrough;
	case VPCI_MSG_BUS_RELATIONS:
		return vpci_host_relations(msg, len, event, why);
	case VPCI_MSG_EJECT:
		return vpci_host_about(msg, len, event, VPCI_HOST_EJECT, why);
	case VPCI_MSG_INVALIDATE_DEVICE:
		return vpci_host_about(msg, len, event, VPCI_HOST_INVALIDATE_DEVICE, why);
	case VPCI_MSG_INVALIDATE_BLOCK:
		return vpci_host_about(msg, len, event, VPCI_HOST_INVALIDATE_BLOCK, why);
	case VPCI_MSG_INVALIDATE_BUS:
		event->type = VPCI_HOST_INVALIDATE_BUS;
		return 0;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_parse);

/**
 * vpci_host_device() - a device of VPCI_HOST_RELATIONS
 * @event: event, checked
 * @i: which; below vpci_host_event::count
 * @desc: result
 */
void vpci_host_device(const struct vpci_host_event *event, u32 i, struct vpci_desc *desc)
{
	if (event->v2)
		vpci_desc_get2(desc, (const struct vpci_device2 *)event->devices + i);
	else
		vpci_desc_get(desc, (const struct vpci_device *)event->devices + i);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_device);
