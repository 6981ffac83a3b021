/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of a bus of the guest: its owner, which plays the host as the test says.
 */
#ifndef _KUNIT_VPCI_GUEST_HOST_H
#define _KUNIT_VPCI_GUEST_HOST_H

#include <linux/completion.h>
#include <linux/pci_regs.h>
#include <vmbus/ring.h>

#include "fake_guest.h"
#include "../drivers/vpci_relay/guest_priv.h"

#define GT_FNS		4
#define GT_MSI		0xfee00000ULL	/* where interrupts go */

struct gt;

/**
 * struct gt_fn - a device of the host
 * @fn: as the bus knows it
 * @gt: test
 * @config: configuration space
 * @reads: of it
 * @writes: of it
 * @created: interrupts that were asked for
 * @request: the last of those
 * @cookie: of what was asked for last
 * @deleted: interrupts that were given back
 * @last: the last of those
 * @resets: that were asked for
 * @powers: power states that it was put to
 * @power: the last of those
 * @blocks: configuration blocks that were asked for
 * @block: the last of those
 * @on: how often memory was switched on
 * @off: and off
 * @regs: where
 * @ejected: calls
 * @free: @ejected frees it
 * @hold: an access to configuration space waits for @go
 * @entered: it does
 * @go: it may go on
 */
struct gt_fn {
	struct vpci_guest_fn fn;
	struct gt *gt;
	u8 config[VPCI_CONFIG_SIZE];
	unsigned int reads, writes;
	unsigned int created;
	struct vpci_msi_request request;
	u64 cookie;
	unsigned int deleted;
	struct vpci_msi last;
	unsigned int resets;
	unsigned int powers;
	u32 power;
	unsigned int blocks;
	struct vpci_block block;
	unsigned int on, off;
	u32 regs[VPCI_BARS];
	unsigned int ejected;
	bool free;
	bool hold;
	struct completion entered, go;
};

/**
 * struct gt - the guest and its bus
 * @test: running test
 * @fg: guest
 * @guest: bus
 * @chan: channel id
 * @down_pages: pages of the ring from the bus
 * @up_base: ring to the bus, data mapped twice in a row, with
 * @up: its writer
 * @down_base: ring from the bus, with
 * @down: its reader
 * @pkt: last packet that the guest read, in
 * @buf: this
 * @msg: what it sends
 * @trans: transaction id of the last request
 * @create_err: what comes of asking for an interrupt
 * @reset_err: what comes of asking for a reset
 * @power_err: and for a power state
 * @block_err: and for a configuration block
 * @ejected: devices that were let go
 * @fns: devices, on the bus or not
 */
struct gt {
	struct kunit *test;
	struct fg *fg;
	struct vpci_guest *guest;
	u32 chan;
	unsigned int down_pages;
	void *up_base, *down_base;
	struct vsrv_ring_out up;
	struct vsrv_ring_in down;
	struct vsrv_packet pkt;
	u8 *buf;
	u8 *msg;
	u64 trans;
	int create_err;
	int reset_err;
	int power_err;
	int block_err;
	unsigned int ejected;
	struct gt_fn fns[GT_FNS];
};

/* ---- the host -------------------------------------------------------------------------- */

static inline struct gt_fn *gt_fn_of(struct vpci_guest_fn *fn)
{
	return container_of(fn, struct gt_fn, fn);
}

static inline void gt_hold(struct gt_fn *f)
{
	if (!READ_ONCE(f->hold))
		return;
	complete(&f->entered);
	wait_for_completion_timeout(&f->go, FG_TIMEOUT);
}

static u32 gt_config_read(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size)
{
	struct gt_fn *f = gt_fn_of(fn);
	__le32 value = 0;

	f->reads++;
	gt_hold(f);
	memcpy(&value, f->config + offset, size);
	return le32_to_cpu(value);
}

static void gt_config_write(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size, u32 value)
{
	struct gt_fn *f = gt_fn_of(fn);
	__le32 bytes = cpu_to_le32(value);

	f->writes++;
	gt_hold(f);
	memcpy(f->config + offset, &bytes, size);
}

static int gt_interrupt_create(void *ctx, struct vpci_guest_fn *fn,
			       const struct vpci_msi_request *request, u64 cookie)
{
	struct gt_fn *f = gt_fn_of(fn);
	struct gt *gt = ctx;

	f->request = *request;
	f->cookie = cookie;
	WRITE_ONCE(f->created, f->created + 1);
	return gt->create_err;
}

static void gt_interrupt_delete(void *ctx, struct vpci_guest_fn *fn, const struct vpci_msi *msi)
{
	struct gt_fn *f = gt_fn_of(fn);

	f->last = *msi;
	WRITE_ONCE(f->deleted, f->deleted + 1);
}

static int gt_reset(void *ctx, struct vpci_guest_fn *fn, u64 cookie)
{
	struct gt_fn *f = gt_fn_of(fn);
	struct gt *gt = ctx;

	f->cookie = cookie;
	WRITE_ONCE(f->resets, f->resets + 1);
	return gt->reset_err;
}

static int gt_power(void *ctx, struct vpci_guest_fn *fn, u32 state, u64 cookie)
{
	struct gt_fn *f = gt_fn_of(fn);
	struct gt *gt = ctx;

	f->cookie = cookie;
	f->power = state;
	WRITE_ONCE(f->powers, f->powers + 1);
	return gt->power_err;
}

static int gt_block(void *ctx, struct vpci_guest_fn *fn, const struct vpci_block *block,
		    u64 cookie)
{
	struct gt_fn *f = gt_fn_of(fn);
	struct gt *gt = ctx;

	f->cookie = cookie;
	f->block = *block;
	WRITE_ONCE(f->blocks, f->blocks + 1);
	return gt->block_err;
}

static void gt_mapped(void *ctx, struct vpci_guest_fn *fn, const u32 regs[VPCI_BARS], bool on)
{
	struct gt_fn *f = gt_fn_of(fn);

	f->on += on;
	f->off += !on;
	memcpy(f->regs, regs, sizeof(f->regs));
}

static void gt_ejected(void *ctx, struct vpci_guest_fn *fn)
{
	struct gt_fn *f = gt_fn_of(fn);
	struct gt *gt = ctx;

	f->ejected++;
	WRITE_ONCE(gt->ejected, gt->ejected + 1);
	if (f->free)
		kfree(f);
}

static const struct vpci_guest_ops gt_ops __maybe_unused = {
	.config_read = gt_config_read,
	.config_write = gt_config_write,
	.interrupt_create = gt_interrupt_create,
	.interrupt_delete = gt_interrupt_delete,
	.reset = gt_reset,
	.power = gt_power,
	.block = gt_block,
	.mapped = gt_mapped,
	.ejected = gt_ejected,
};

/* What may be left out is. */
static const struct vpci_guest_ops gt_plain_ops __maybe_unused = {
	.config_read = gt_config_read,
	.config_write = gt_config_write,
	.interrupt_create = gt_interrupt_create,
	.interrupt_delete = gt_interrupt_delete,
	.ejected = gt_ejected,
};

/* The answer to what @f was asked for last; @data names the interrupt. */
static inline void gt_done(struct gt_fn *f, int err, u32 data)
{
	struct vpci_msi msi = { .address = GT_MSI, .data = data, .count = 1 };

	vpci_guest_done(f->gt->guest, &f->fn, f->cookie, err, err ? NULL : &msi);
}

#endif /* _KUNIT_VPCI_GUEST_HOST_H */
