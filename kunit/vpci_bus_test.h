/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of a bus as the guest sees it: a bus, devices with registers, and a host
 * that does what the test says.
 */
#ifndef _KUNIT_VPCI_BUS_TEST_H
#define _KUNIT_VPCI_BUS_TEST_H

#include <kunit/test.h>
#include <linux/pci_regs.h>
#include <linux/string.h>

#include "../drivers/vpci_relay/vpci_pure.h"

#define VT_REGS		16		/* registers that a device has */
#define VT_MSI		0xfee00000	/* where its interrupts go */

/**
 * struct vt_fn - a device
 * @fn: as the bus knows it
 * @regs: configuration space
 * @created: interrupts that the host was asked for
 * @deleted: interrupts that were given back
 * @dark: its memory cannot be switched on
 */
struct vt_fn {
	struct vpci_bus_fn fn;
	u32 regs[VT_REGS];
	unsigned int created;
	unsigned int deleted;
	bool dark;
};

/**
 * struct vt - a bus and its surroundings
 * @bus: bus
 * @reply: its completions
 * @packet: of the guest
 * @relations: what is on the bus
 * @window: where the window is mapped; 0 if it is not
 * @windows: how often it was
 * @window_err: what comes of mapping it
 * @create_err: what comes of asking for an interrupt
 * @fail_at: the interrupt for which that is so, counted from 1; 0: all
 * @created: interrupts that the host was asked for
 * @request: the last of those
 * @cookie: the last one
 * @same: the host always gives the same interrupt
 * @reset_err: what comes of a reset
 * @resets: how often there was one
 * @power_err: what comes of a power state
 * @powers: how often there was one
 * @power: the last one
 * @block_err: what comes of a configuration block
 * @blocks: how often there was one
 * @block: the last one
 * @give: bytes that are read, whatever the guest wants; 0: those
 * @ejected: devices that the guest has let go
 * @remove: remove them at once
 */
struct vt {
	struct vpci_bus bus;
	u8 *reply;
	u8 *packet;
	u8 *relations;
	u64 window;
	unsigned int windows;
	int window_err;
	int create_err;
	unsigned int fail_at;
	unsigned int created;
	struct vpci_msi_request request;
	u64 cookie;
	bool same;
	int reset_err;
	unsigned int resets;
	int power_err;
	unsigned int powers;
	u32 power;
	int block_err;
	unsigned int blocks;
	struct vpci_block block;
	u32 give;
	unsigned int ejected;
	bool remove;
};

static inline struct vt *vt_of(struct vpci_bus *bus)
{
	return container_of(bus, struct vt, bus);
}

static inline struct vt_fn *vt_fn_of(struct vpci_bus_fn *fn)
{
	return container_of(fn, struct vt_fn, fn);
}

/* ---- what the bus needs ---------------------------------------------------------------- */

static int vt_window(struct vpci_bus *bus, u64 base)
{
	struct vt *vt = vt_of(bus);

	if (vt->window_err)
		return vt->window_err;
	vt->window = base;
	vt->windows++;
	return 0;
}

static void vt_unwindow(struct vpci_bus *bus)
{
	vt_of(bus)->window = 0;
}

static u32 vt_config_read(struct vpci_bus_fn *fn, u16 offset, u8 size)
{
	u32 value = vt_fn_of(fn)->regs[offset / 4 % VT_REGS];

	return size == 2 ? (value >> 8 * (offset & 2)) & U16_MAX : value;
}

static void vt_config_write(struct vpci_bus_fn *fn, u16 offset, u8 size, u32 value)
{
	u32 *reg = &vt_fn_of(fn)->regs[offset / 4 % VT_REGS];

	if (offset == PCI_COMMAND && vt_fn_of(fn)->dark)
		value &= ~PCI_COMMAND_MEMORY;
	/* Only the command register is written in halves: the other half clears by ones. */
	*reg = size == 2 ? (*reg & ~U16_MAX) | value : value;
}

/* The interrupt that the host gives: @n counts those that it was asked for. */
static struct vpci_msi vt_msi(unsigned int n)
{
	return (struct vpci_msi) { .address = VT_MSI, .data = n };
}

static int vt_create(struct vpci_bus *bus, struct vpci_bus_fn *fn,
		     const struct vpci_msi_request *request, u64 cookie, struct vpci_msi *msi)
{
	struct vt *vt = vt_of(bus);

	vt->created++;
	vt_fn_of(fn)->created++;
	vt->request = *request;
	vt->cookie = cookie;
	if (vt->create_err && (!vt->fail_at || vt->fail_at == vt->created))
		return vt->create_err;
	*msi = vt_msi(vt->same ? 1 : vt->created);
	return 0;
}

static void vt_delete(struct vpci_bus *bus, struct vpci_bus_fn *fn, const struct vpci_msi *msi)
{
	vt_fn_of(fn)->deleted++;
}

static int vt_reset(struct vpci_bus *bus, struct vpci_bus_fn *fn, u64 cookie)
{
	struct vt *vt = vt_of(bus);

	vt->resets++;
	vt->cookie = cookie;
	return vt->reset_err;
}

static int vt_power(struct vpci_bus *bus, struct vpci_bus_fn *fn, u32 state, u64 cookie)
{
	struct vt *vt = vt_of(bus);

	vt->powers++;
	vt->power = state;
	vt->cookie = cookie;
	return vt->power_err;
}

static int vt_block(struct vpci_bus *bus, struct vpci_bus_fn *fn, struct vpci_block *block,
		    u64 cookie)
{
	struct vt *vt = vt_of(bus);

	vt->blocks++;
	vt->block = *block;
	vt->cookie = cookie;
	if (vt->give)
		block->len = vt->give;
	if (!block->write)
		memset(block->data, block->id, sizeof(block->data));
	return vt->block_err;
}

static void vt_ejected(struct vpci_bus *bus, struct vpci_bus_fn *fn)
{
	struct vt *vt = vt_of(bus);

	vt->ejected++;
	if (vt->remove)
		vpci_bus_remove(bus, fn);
}

static const struct vpci_bus_ops vt_ops = {
	.window = vt_window,
	.unwindow = vt_unwindow,
	.config_read = vt_config_read,
	.config_write = vt_config_write,
	.interrupt_create = vt_create,
	.interrupt_delete = vt_delete,
	.reset = vt_reset,
	.power = vt_power,
	.block = vt_block,
	.ejected = vt_ejected,
};

/* ---- set-up ---------------------------------------------------------------------------- */

static inline struct vt *vt_new(struct kunit *test)
{
	struct vt *vt = kunit_kzalloc(test, sizeof(*vt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vt);
	vt->reply = kunit_kzalloc(test, VPCI_MAX_REPLY, GFP_KERNEL);
	vt->packet = kunit_kzalloc(test, VPCI_MAX_MESSAGE + 8, GFP_KERNEL);
	vt->relations = kunit_kzalloc(test, VPCI_MAX_RELATIONS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vt->reply);
	KUNIT_ASSERT_NOT_NULL(test, vt->packet);
	KUNIT_ASSERT_NOT_NULL(test, vt->relations);
	vpci_bus_init(&vt->bus, &vt_ops, vt->reply);
	return vt;
}

/* 16 KiB of 64 bits, and 64 KiB of 32 bits */
static const u32 vt_masks[VPCI_BARS] = { 0xffffc00c, 0xffffffff, 0xffff0000 };

static inline struct vt_fn *vt_add(struct kunit *test, struct vt *vt, u32 slot)
{
	struct vt_fn *fn = kunit_kzalloc(test, sizeof(*fn), GFP_KERNEL);
	const char *why;

	KUNIT_ASSERT_NOT_NULL(test, fn);
	fn->fn.desc = (struct vpci_desc) {
		.vendor = 0x1414, .device = 0xb111, .revision = 1, .prog_if = 2, .subclass = 8,
		.class = 1, .subvendor = 0x1af4, .subsystem = 0x1100, .slot = slot,
		.serial = 0x5e000000 + slot, .numa_valid = true, .numa_node = 3,
	};
	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&fn->fn.bars, vt_masks, &why), 0);
	KUNIT_ASSERT_EQ(test, vpci_bus_add(&vt->bus, &fn->fn), 0);
	return fn;
}

/* ---- the guest ------------------------------------------------------------------------- */

static inline enum vpci_bus_verdict vt_packet(struct vt *vt, u16 type, u16 flags, u32 len)
{
	struct vsrv_packet pkt = {
		.type = type, .flags = flags, .trans_id = 1, .payload = vt->packet, .len = len,
	};

	return vpci_bus_packet(&vt->bus, &pkt);
}

static inline enum vpci_bus_verdict vt_post(struct vt *vt, u32 len, bool complete)
{
	return vt_packet(vt, VM_PKT_DATA_INBAND,
			 complete ? VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED : 0, len);
}

/* The request in vt::packet; the rest of it may have been set. */
static inline enum vpci_bus_verdict vt_send(struct vt *vt, u32 type, u32 slot, u32 len)
{
	struct vpci_slot_msg *msg = (void *)vt->packet;

	msg->type = cpu_to_le32(type);
	/* Nobody looks at it in a message without a slot. */
	msg->slot = cpu_to_le32(slot);
	return vt_post(vt, len, true);
}

static inline u32 vt_status(const struct vt *vt)
{
	return le32_to_cpu(((const struct vpci_reply *)vt->reply)->status);
}

/* The answer is a status and nothing else. */
static inline void vt_expect_status(struct kunit *test, const struct vt *vt,
				    enum vpci_bus_verdict verdict, u32 status)
{
	KUNIT_EXPECT_EQ_MSG(test, verdict, VPCI_BUS_REPLY, "status %#x expected", status);
	KUNIT_EXPECT_EQ_MSG(test, vt->bus.reply_len, 4, "status %#x expected", status);
	KUNIT_EXPECT_EQ(test, vt_status(vt), status);
}

static inline enum vpci_bus_verdict vt_version(struct vt *vt, u32 version)
{
	struct vpci_query_version *msg = (void *)vt->packet;

	msg->type = cpu_to_le32(VPCI_MSG_QUERY_VERSION);
	msg->version = cpu_to_le32(version);
	return vt_post(vt, sizeof(*msg), true);
}

static inline enum vpci_bus_verdict vt_d0_entry(struct vt *vt, u64 window)
{
	struct vpci_d0_entry *msg = (void *)vt->packet;

	*msg = (struct vpci_d0_entry) {
		.type = cpu_to_le32(VPCI_MSG_D0_ENTRY), .window = cpu_to_le64(window),
	};
	return vt_post(vt, sizeof(*msg), true);
}

/* A bus that speaks @version, ready. */
static inline struct vt *vt_ready(struct kunit *test, u32 version)
{
	struct vt *vt = vt_new(test);

	vpci_bus_ready(&vt->bus);
	KUNIT_ASSERT_EQ(test, vt_version(vt, version), VPCI_BUS_REPLY);
	KUNIT_ASSERT_EQ(test, vt->bus.state, VPCI_BUS_READY);
	return vt;
}

/* One whose guest knows what there is. */
static inline struct vt *vt_running(struct kunit *test, u32 version)
{
	struct vt *vt = vt_ready(test, version);

	KUNIT_ASSERT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_REPLY);
	KUNIT_ASSERT_TRUE(test, vt->bus.announce);
	vpci_bus_relations(&vt->bus, vt->relations);
	return vt;
}

#endif /* _KUNIT_VPCI_BUS_TEST_H */
