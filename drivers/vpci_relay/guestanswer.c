// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of a guest, and their answers.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "vpci_pure.h"

/**
 * struct vpci_request_type - a kind of request
 * @type: VPCI_MSG_*
 * @min: bytes that there must be
 * @form: of the interrupts in it
 * @slot: it is about a device, whose slot follows the type
 * @handle: does it; returns the bytes of the answer, -EINPROGRESS, or -errno, which
 *	becomes a status
 */
struct vpci_request_type {
	u32 type;
	u32 min;
	enum vpci_msi_form form;
	bool slot;
	int (*handle)(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len);
};

static const u32 vpci_bus_versions[] = {
	VPCI_VERSION_DT, VPCI_VERSION_GE, VPCI_VERSION_FE, VPCI_VERSION_VB, VPCI_VERSION_RS1,
	VPCI_VERSION_WIN10,
};

/* Of a request that has failed. */
static u32 vpci_bus_status(int err)
{
	switch (err) {
	case -EINVAL:
	case -ENOENT:
		return VPCI_STATUS_BAD_DATA;
	case -EOPNOTSUPP:
		return VPCI_STATUS_NOT_SUPPORTED;
	case -ENODEV:
		return VPCI_STATUS_NO_SUCH_DEVICE;
	case -ENOMEM:
	case -ENOSPC:
		return VPCI_STATUS_NO_RESOURCES;
	default:
		return VPCI_STATUS_UNSUCCESSFUL;
	}
}

static int vpci_bus_refuse(struct vpci_bus *bus, const char *why)
{
	bus->why = why;
	return -EINVAL;
}

static enum vpci_bus_verdict vpci_bus_break(struct vpci_bus *bus, const char *why)
{
	bus->why = why;
	return VPCI_BUS_BROKEN;
}

/* An answer of @len bytes, all 0 but for the status, which is success. */
static void *vpci_bus_reply(struct vpci_bus *bus, u32 len)
{
	return memset(bus->reply, 0, len);
}

/* ---- the end of a request -------------------------------------------------------------- */

/* Interrupts of a request that failed: the guest will never hear of them. */
static void vpci_bus_undo(struct vpci_bus *bus)
{
	struct vpci_bus_call *call = &bus->call;
	struct vpci_msi_remapped remapped;
	struct vpci_msi msi;
	u32 i, stride;

	if (!call->how || !call->how->form)
		return;
	/* The only one of CREATE_INTERRUPT is not there when it has failed. */
	stride = vpci_msi_reply_stride(call->how->form);
	for (i = 0; i < call->next; i++) {
		memcpy(&remapped, bus->reply + sizeof(struct vpci_assigned_resources) + i * stride,
		       sizeof(remapped));
		vpci_msi_get(&msi, &remapped);
		if (msi.count && !vpci_msi_remove(&call->fn->msis, msi.address, msi.data, NULL))
			bus->ops->interrupt_delete(bus, call->fn, &msi);
	}
}

static enum vpci_bus_verdict vpci_bus_end(struct vpci_bus *bus, int result)
{
	bool complete = bus->call.complete;
	struct vpci_reply *reply = bus->reply;

	if (result == -EINPROGRESS)
		return VPCI_BUS_PENDING;
	bus->reply_len = result;
	if (result < 0) {
		vpci_bus_undo(bus);
		reply->status = cpu_to_le32(vpci_bus_status(result));
		bus->reply_len = sizeof(*reply);
	}
	bus->call = (struct vpci_bus_call) { };
	return complete ? VPCI_BUS_REPLY : VPCI_BUS_DONE;
}

/* ---- interrupts ------------------------------------------------------------------------ */

/* An interrupt is there: note it, in the answer too. */
static int vpci_bus_got_interrupt(struct vpci_bus *bus, const struct vpci_msi *given)
{
	struct vpci_bus_call *call = &bus->call;
	struct vpci_create_interrupt_reply *created = bus->reply;
	struct vpci_msi_remapped remapped;
	struct vpci_msi msi = *given;
	int err;

	/* Linux never deletes an interrupt of no vectors, whatever the host says. */
	msi.count = call->vectors;
	err = vpci_msi_add(&call->fn->msis, &msi);
	if (err) {
		bus->why = "the host gives an interrupt twice";
		return err;
	}
	vpci_msi_put(&remapped, &msi);
	if (call->stride)
		memcpy(bus->reply + sizeof(struct vpci_assigned_resources) +
		       call->next * vpci_msi_reply_stride(call->how->form), &remapped,
		       sizeof(remapped));
	else
		created->remapped = remapped;
	call->next++;
	return 0;
}

/* Go on with the interrupts that are still to be asked for. */
static int vpci_bus_next_interrupt(struct vpci_bus *bus)
{
	struct vpci_bus_call *call = &bus->call;
	enum vpci_msi_form form = call->how->form;
	struct vpci_msi_request request;
	struct vpci_msi msi = { };
	int err;

	while (call->next < call->count) {
		err = vpci_msi_parse(form, call->entries + call->next * call->stride,
				     vpci_msi_stride(form), bus->vps, &request);
		/* Its place in the answer stays empty. */
		if (err == -ENOENT) {
			call->next++;
			continue;
		}
		if (err)
			return err;
		if (call->fn->msis.n == VPCI_MAX_MSIS) {
			bus->why = "more interrupts than a device may have";
			return -ENOSPC;
		}
		call->vectors = request.count;
		call->cookie = ++bus->cookie;
		err = bus->ops->interrupt_create(bus, call->fn, &request, call->cookie, &msi);
		if (!err)
			err = vpci_bus_got_interrupt(bus, &msi);
		if (err)
			return err;
	}
	if (!call->stride)
		return sizeof(struct vpci_create_interrupt_reply);
	call->fn->assigned = true;
	return sizeof(struct vpci_assigned_resources) +
	       call->count * vpci_msi_reply_stride(form);
}

static int vpci_do_create(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	const u8 *desc = msg + sizeof(struct vpci_slot_msg);
	struct vpci_bus_call *call = &bus->call;
	struct vpci_msi_request request;

	if (vpci_msi_parse(call->how->form, desc, len - sizeof(struct vpci_slot_msg), bus->vps,
			   &request))
		return vpci_bus_refuse(bus, "an interrupt beyond what there is");
	/* It would never learn how the interrupt is raised. */
	if (!call->complete)
		return vpci_bus_refuse(bus, "an interrupt that nobody wants to know of");
	vpci_bus_reply(bus, sizeof(struct vpci_create_interrupt_reply));
	call->entries = desc;
	call->count = 1;
	return vpci_bus_next_interrupt(bus);
}

static int vpci_do_delete(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	const struct vpci_delete_interrupt *del = msg;
	struct vpci_msi msi;

	vpci_msi_get(&msi, &del->remapped);
	if (vpci_msi_remove(&fn->msis, msi.address, msi.data, &msi))
		return vpci_bus_refuse(bus, "an interrupt that is not there is deleted");
	bus->ops->interrupt_delete(bus, fn, &msi);
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	return sizeof(struct vpci_reply);
}

/* ---- resources ------------------------------------------------------------------------- */

static int vpci_do_requirements(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
				u32 len)
{
	struct vpci_requirements_reply *reply = vpci_bus_reply(bus, sizeof(*reply));
	u32 masks[VPCI_BARS];
	unsigned int i;

	vpci_bars_masks(&fn->bars, masks);
	for (i = 0; i < VPCI_BARS; i++)
		reply->masks[i] = cpu_to_le32(masks[i]);
	return sizeof(*reply);
}

static int vpci_do_get_resources(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
				 u32 len)
{
	struct vpci_resources_reply *reply = vpci_bus_reply(bus, sizeof(*reply));
	u32 regs[VPCI_BARS];
	unsigned int i;

	reply->version = cpu_to_le16(1);
	reply->revision = cpu_to_le16(1);
	reply->count = cpu_to_le32(VPCI_BARS);
	if (fn->assigned) {
		for (i = 0; i < VPCI_BARS; i++)
			regs[i] = bus->ops->config_read(fn, PCI_BASE_ADDRESS_0 + 4 * i, 4);
		vpci_bars_resources(&fn->bars, regs, reply->resources);
	}
	return sizeof(*reply);
}

/* All interrupts are looked at before anything is done. */
static int vpci_bus_check_msis(struct vpci_bus *bus, const u8 *entries, u32 count, u32 stride)
{
	struct vpci_msi_request request;
	u32 i;
	int err;

	for (i = 0; i < count; i++) {
		err = vpci_msi_parse(bus->call.how->form, entries + i * stride, stride, bus->vps,
				     &request);
		if (err && err != -ENOENT)
			return vpci_bus_refuse(bus, "an interrupt beyond what there is");
	}
	return 0;
}

static int vpci_do_assigned(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
			    u32 len)
{
	const struct vpci_assigned_resources *assigned = msg;
	struct vpci_bus_call *call = &bus->call;
	u32 count = le32_to_cpu(assigned->msis);
	u32 stride = vpci_msi_stride(call->how->form);
	struct vpci_assigned_resources *reply;
	const char *why = NULL;
	u32 regs[VPCI_BARS];
	unsigned int i;

	if (count > VPCI_MAX_MSIS || count > (len - sizeof(*assigned)) / stride)
		return vpci_bus_refuse(bus, "more interrupts than the message has");
	if (vpci_bars_assign(&fn->bars, assigned->resources, regs, &why))
		return vpci_bus_refuse(bus, why);
	if (bus->d0 && vpci_bars_overlap(&fn->bars, regs, bus->window, VPCI_WINDOW_SIZE))
		return vpci_bus_refuse(bus, "memory of a BAR overlaps the window");
	if (vpci_bus_check_msis(bus, msg + sizeof(*assigned), count, stride))
		return -EINVAL;
	for (i = 0; i < VPCI_BARS; i++)
		bus->ops->config_write(fn, PCI_BASE_ADDRESS_0 + 4 * i, 4, regs[i]);

	reply = vpci_bus_reply(bus, sizeof(*reply) +
			       count * vpci_msi_reply_stride(call->how->form));
	*reply = *assigned;
	reply->type = cpu_to_le32(VPCI_STATUS_SUCCESS);
	call->entries = msg + sizeof(*assigned);
	call->stride = stride;
	call->count = count;
	return vpci_bus_next_interrupt(bus);
}

static int vpci_do_release(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
			   u32 len)
{
	vpci_bus_release(bus, fn);
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	return sizeof(struct vpci_reply);
}

/* ---- power, reset, removal ------------------------------------------------------------- */

static int vpci_do_power(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	const struct vpci_power *power = msg;
	u32 state = le32_to_cpu(power->state);
	struct vpci_power *reply;
	u32 command;
	int err = 0;

	if (state != VPCI_POWER_D0 && state != VPCI_POWER_D3)
		return vpci_bus_refuse(bus, "a power state that there is not");
	command = bus->ops->config_read(fn, PCI_COMMAND, 2) & ~PCI_COMMAND_MEMORY;
	if (state == VPCI_POWER_D0)
		command |= PCI_COMMAND_MEMORY;
	bus->ops->config_write(fn, PCI_COMMAND, 2, command);
	/* Where the guest has put it, it must not be: that was said, and goes no further. */
	if (~bus->ops->config_read(fn, PCI_COMMAND, 2) & command & PCI_COMMAND_MEMORY)
		return -EINVAL;
	reply = vpci_bus_reply(bus, sizeof(*reply));
	reply->slot = cpu_to_le32(fn->desc.slot);
	reply->state = cpu_to_le32(state);
	bus->call.len = sizeof(*reply);
	if (bus->ops->power) {
		bus->call.cookie = ++bus->cookie;
		err = bus->ops->power(bus, fn, state, bus->call.cookie);
	}
	return err ? err : bus->call.len;
}

static int vpci_do_reset(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	int err;

	if (!bus->ops->reset)
		return -EOPNOTSUPP;
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	bus->call.len = sizeof(struct vpci_reply);
	bus->call.cookie = ++bus->cookie;
	err = bus->ops->reset(bus, fn, bus->call.cookie);
	return err ? err : bus->call.len;
}

static int vpci_do_eject_complete(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
				  u32 len)
{
	if (fn->state != VPCI_FN_EJECTING)
		return vpci_bus_refuse(bus, "a device that nobody wants is given back");
	vpci_bus_release(bus, fn);
	fn->state = VPCI_FN_EJECTED;
	/* Whoever removes the device finds no request about it under way. */
	bus->call.fn = NULL;
	bus->ops->ejected(bus, fn);
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	return sizeof(struct vpci_reply);
}

static int vpci_do_tdisp(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	const struct vpci_tdisp *tdisp = msg;

	if (le64_to_cpu(tdisp->length) > len - sizeof(*tdisp))
		return vpci_bus_refuse(bus, "a command longer than its message");
	return -EOPNOTSUPP;
}

/* ---- configuration blocks -------------------------------------------------------------- */

/* No more than the guest has asked for; of a block that was written, nothing. */
static int vpci_bus_block(struct vpci_bus *bus, const struct vpci_block *block)
{
	struct vpci_read_block_reply *reply = bus->reply;
	u32 len = min_t(u32, block->len, bus->call.len - sizeof(reply->status));

	memcpy(reply->data, block->data, len);
	return sizeof(reply->status) + len;
}

/* Its slot is elsewhere than in other messages. */
static int vpci_do_block(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	const struct vpci_write_block *asked = msg;
	struct vpci_bus_call *call = &bus->call;
	struct vpci_block block = {
		.id = le32_to_cpu(asked->block),
		.write = call->how->type == VPCI_MSG_WRITE_BLOCK,
		.len = le32_to_cpu(asked->length),
	};
	int err;

	fn = vpci_bus_find(bus, le32_to_cpu(asked->slot));
	if (!fn)
		return vpci_bus_refuse(bus, "a slot with nothing in it");
	if (!block.len || block.len > VPCI_BLOCK_SIZE)
		return vpci_bus_refuse(bus, "a block of no bytes, or of too many");
	if (block.write && block.len > len - sizeof(struct vpci_read_block))
		return vpci_bus_refuse(bus, "a block longer than its message");
	if (!block.write && !call->complete)
		return vpci_bus_refuse(bus, "a block that nobody wants to know of");
	if (!bus->ops->block)
		return -EOPNOTSUPP;
	if (block.write)
		memcpy(block.data, asked->data, block.len);
	vpci_bus_reply(bus, sizeof(struct vpci_read_block_reply));
	call->fn = fn;
	call->len = sizeof(struct vpci_reply) + (block.write ? 0 : block.len);
	call->cookie = ++bus->cookie;
	err = bus->ops->block(bus, fn, &block, call->cookie);
	return err ? err : vpci_bus_block(bus, &block);
}

/* ---- the bus --------------------------------------------------------------------------- */

static int vpci_do_query(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg, u32 len)
{
	bus->asked = true;
	bus->announce = bus->ready;
	return 0;
}

static int vpci_do_d0_entry(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
			    u32 len)
{
	const struct vpci_d0_entry *entry = msg;
	u64 window = le64_to_cpu(entry->window);
	int err;

	if (window & (SZ_4K - 1) || window > VPCI_ADDRESS_LIMIT - VPCI_WINDOW_SIZE)
		return vpci_bus_refuse(bus, "a window that is not in memory");
	if (!bus->d0 || bus->window != window) {
		vpci_bus_unwindow(bus);
		bus->window = window;
		err = bus->ops->window(bus, window);
		bus->d0 = !err;
		if (err)
			return err;
	}
	bus->asked = true;
	bus->announce = bus->ready;
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	return sizeof(struct vpci_reply);
}

static int vpci_do_d0_exit(struct vpci_bus *bus, struct vpci_bus_fn *fn, const void *msg,
			   u32 len)
{
	vpci_bus_unwindow(bus);
	vpci_bus_reply(bus, sizeof(struct vpci_reply));
	return sizeof(struct vpci_reply);
}

/* ---- dispatch -------------------------------------------------------------------------- */

#define VPCI_CREATE(n, _form) {								\
	.type = VPCI_MSG_CREATE_INTERRUPT##n, .form = _form, .slot = true,		\
	.min = sizeof(struct vpci_slot_msg), .handle = vpci_do_create }
#define VPCI_ASSIGNED(n, _form) {							\
	.type = VPCI_MSG_ASSIGNED_RESOURCES##n, .form = _form, .slot = true,		\
	.min = sizeof(struct vpci_assigned_resources), .handle = vpci_do_assigned }
#define VPCI_DEVICE(_type, _min, _handle) {						\
	.type = _type, .min = sizeof(_min), .slot = true, .handle = _handle }
#define VPCI_WHOLE_BUS(_type, _min, _handle) {						\
	.type = _type, .min = sizeof(_min), .handle = _handle }

static const struct vpci_request_type vpci_request_types[] = {
	VPCI_WHOLE_BUS(VPCI_MSG_QUERY_BUS_RELATIONS, struct vpci_msg, vpci_do_query),
	VPCI_WHOLE_BUS(VPCI_MSG_D0_ENTRY, struct vpci_d0_entry, vpci_do_d0_entry),
	VPCI_WHOLE_BUS(VPCI_MSG_D0_EXIT, struct vpci_msg, vpci_do_d0_exit),
	VPCI_DEVICE(VPCI_MSG_POWER, struct vpci_power, vpci_do_power),
	VPCI_DEVICE(VPCI_MSG_REQUIREMENTS, struct vpci_slot_msg, vpci_do_requirements),
	VPCI_DEVICE(VPCI_MSG_GET_RESOURCES, struct vpci_get_resources, vpci_do_get_resources),
	VPCI_WHOLE_BUS(VPCI_MSG_READ_BLOCK, struct vpci_read_block, vpci_do_block),
	VPCI_WHOLE_BUS(VPCI_MSG_WRITE_BLOCK, struct vpci_read_block, vpci_do_block),
	VPCI_DEVICE(VPCI_MSG_EJECT_COMPLETE, struct vpci_slot_msg, vpci_do_eject_complete),
	VPCI_ASSIGNED(, VPCI_MSI_V1),
	VPCI_ASSIGNED(2, VPCI_MSI_V2),
	VPCI_ASSIGNED(3, VPCI_MSI_V3),
	VPCI_DEVICE(VPCI_MSG_RELEASE_RESOURCES, struct vpci_slot_msg, vpci_do_release),
	VPCI_CREATE(, VPCI_MSI_V1),
	VPCI_CREATE(2, VPCI_MSI_V2),
	VPCI_CREATE(3, VPCI_MSI_V3),
	VPCI_DEVICE(VPCI_MSG_DELETE_INTERRUPT, struct vpci_delete_interrupt, vpci_do_delete),
	VPCI_DEVICE(VPCI_MSG_DELETE_INTERRUPT2, struct vpci_delete_interrupt, vpci_do_delete),
	VPCI_DEVICE(VPCI_MSG_RESET_DEVICE, struct vpci_slot_msg, vpci_do_reset),
	VPCI_DEVICE(VPCI_MSG_TDISP, struct vpci_tdisp, vpci_do_tdisp),
};

static int vpci_bus_request(struct vpci_bus *bus, const struct vsrv_packet *pkt)
{
	const struct vpci_slot_msg *msg = pkt->payload;
	const struct vpci_request_type *how;
	unsigned int i;

	if (pkt->type != VM_PKT_DATA_INBAND)
		return vpci_bus_refuse(bus, "a packet of another kind");
	if (pkt->len < sizeof(struct vpci_msg) || pkt->len > VPCI_MAX_MESSAGE)
		return vpci_bus_refuse(bus, "a message too short or too long");
	for (i = 0; i < ARRAY_SIZE(vpci_request_types); i++) {
		how = &vpci_request_types[i];
		if (le32_to_cpu(msg->type) == how->type)
			break;
	}
	if (i == ARRAY_SIZE(vpci_request_types))
		return vpci_bus_refuse(bus, "an unknown message");
	if (pkt->len < how->min)
		return vpci_bus_refuse(bus, "a message too short for its type");
	if (how->slot) {
		bus->call.fn = vpci_bus_find(bus, le32_to_cpu(msg->slot));
		if (!bus->call.fn)
			return vpci_bus_refuse(bus, "a slot with nothing in it");
	}
	bus->call.how = how;
	return how->handle(bus, bus->call.fn, msg, pkt->len);
}

/* The guest tries versions from its best one down until one is accepted. */
static enum vpci_bus_verdict vpci_bus_negotiate(struct vpci_bus *bus,
						const struct vsrv_packet *pkt)
{
	const struct vpci_query_version *query = pkt->payload;
	struct vpci_version_reply *reply;
	u32 version = 0;
	unsigned int i;

	if (pkt->type != VM_PKT_DATA_INBAND || pkt->len < sizeof(*query) ||
	    le32_to_cpu(query->type) != VPCI_MSG_QUERY_VERSION)
		return vpci_bus_break(bus, "not a query for a version to begin with");
	reply = vpci_bus_reply(bus, sizeof(*reply));
	for (i = 0; i < ARRAY_SIZE(vpci_bus_versions); i++)
		if (le32_to_cpu(query->version) == vpci_bus_versions[i])
			version = vpci_bus_versions[i];
	if (version) {
		bus->state = VPCI_BUS_READY;
		bus->version = version;
	} else {
		bus->why = "a version that is not known";
		version = vpci_bus_versions[0];
		reply->status = cpu_to_le32(VPCI_STATUS_REVISION_MISMATCH);
	}
	reply->version = cpu_to_le32(version);
	bus->reply_len = sizeof(*reply);
	return pkt->flags & VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED ?
	       VPCI_BUS_REPLY : VPCI_BUS_DONE;
}

/**
 * vpci_bus_packet() - a packet of the guest
 * @bus: bus, with no request under way
 * @pkt: packet; stays as it is until a request that is under way has ended
 *
 * A completion that follows belongs to this packet.  vpci_bus::announce is to be looked
 * at before it is sent.
 *
 * Return: see enum.
 */
enum vpci_bus_verdict vpci_bus_packet(struct vpci_bus *bus, const struct vsrv_packet *pkt)
{
	const struct vpci_msg *msg = pkt->payload;
	bool complete = pkt->flags & VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;

	bus->why = NULL;
	if (bus->call.how)
		return vpci_bus_break(bus, "a request while another is under way");
	if (pkt->type == VM_PKT_COMP)
		return vpci_bus_break(bus, "a completion of what nobody asked for");
	if (bus->state == VPCI_BUS_INIT)
		return vpci_bus_negotiate(bus, pkt);
	if (pkt->type == VM_PKT_DATA_INBAND && pkt->len >= sizeof(*msg) &&
	    le32_to_cpu(msg->type) == VPCI_MSG_QUERY_VERSION)
		return vpci_bus_break(bus, "a query for a version in the middle");
	bus->call = (struct vpci_bus_call) { .complete = complete };
	return vpci_bus_end(bus, vpci_bus_request(bus, pkt));
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_packet);

/* ---- what takes longer ----------------------------------------------------------------- */

/**
 * vpci_bus_done() - what an operation said to be in progress has come to an end
 * @bus: bus
 * @cookie: that the operation got
 * @err: 0 or -errno
 * @msi: the interrupt, if that is what was asked for
 *
 * Return: see enum; VPCI_BUS_STALE: an interrupt that came is nobody's, and must be
 * deleted.
 */
enum vpci_bus_verdict vpci_bus_done(struct vpci_bus *bus, u64 cookie, int err,
				    const struct vpci_msi *msi)
{
	struct vpci_bus_call *call = &bus->call;

	if (!call->how || call->cookie != cookie)
		return VPCI_BUS_STALE;
	bus->why = NULL;
	if (!call->how->form)
		return vpci_bus_end(bus, err ? err : call->len);
	if (!err)
		err = vpci_bus_got_interrupt(bus, msi);
	return vpci_bus_end(bus, err ? err : vpci_bus_next_interrupt(bus));
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_done);

/**
 * vpci_bus_block_done() - a block was read or written, or not, which was said to be in progress
 * @bus: bus
 * @cookie: that the operation got
 * @err: 0 or -errno
 * @block: what was read, if @err is 0
 *
 * Return: see enum.
 */
enum vpci_bus_verdict vpci_bus_block_done(struct vpci_bus *bus, u64 cookie, int err,
					  const struct vpci_block *block)
{
	if (!bus->call.how || bus->call.cookie != cookie)
		return VPCI_BUS_STALE;
	bus->why = NULL;
	return vpci_bus_end(bus, err ? err : vpci_bus_block(bus, block));
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_block_done);

/**
 * vpci_bus_abort() - give up what is under way
 * @bus: bus
 * @err: -errno for the guest
 *
 * vpci_bus_done() finds then that nobody waits for it.
 *
 * Return: VPCI_BUS_REPLY or VPCI_BUS_DONE.
 */
enum vpci_bus_verdict vpci_bus_abort(struct vpci_bus *bus, int err)
{
	return bus->call.how ? vpci_bus_end(bus, err) : VPCI_BUS_DONE;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_abort);
