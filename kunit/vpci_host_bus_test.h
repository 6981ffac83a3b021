/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of a bus of the host: a host that says what the test says, and an owner that
 * writes down what it hears.
 */
#ifndef _KUNIT_VPCI_HOST_BUS_TEST_H
#define _KUNIT_VPCI_HOST_BUS_TEST_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/pci_regs.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <vmbus/compat.h>
#include <vmbus/ring.h>

#include "../drivers/vpci_relay/host_priv.h"

#define HB_WINDOW	0xf80002000ULL
#define HB_TIMEOUT	(30 * HZ)	/* nothing takes so long */
#define HB_MSGS		2048
#define HB_MSG_SIZE	96
#define HB_EVENTS	600
#define HB_MASK		0xffff0000	/* a BAR of 64 KiB */
#define HB_REFUSED	VPCI_STATUS_UNSUCCESSFUL

/* A message to the host. */
struct hb_msg {
	u64 id;
	u16 flags;
	u32 len;
	union {
		__le32 words[HB_MSG_SIZE / sizeof(__le32)];
		u8 bytes[HB_MSG_SIZE];
	};
};

enum hb_what {
	HB_ADDED,
	HB_REMOVED,
	HB_EJECT,
	HB_INVALIDATED,
	HB_READY,
	HB_INTERRUPT,
	HB_RESET,
	HB_POWER,
	HB_BLOCK,
	HB_FAILED,
};

/* What the owner has heard; @slot and @serial are of the device. */
struct hb_event {
	enum hb_what what;
	struct vpci_host_fn *fn;
	u32 slot;
	u32 serial;
	u64 value;		/* cookie or mask */
	int err;
	struct vpci_msi msi;
	struct vpci_block block;
	const char *why;
};

/**
 * struct hb - a bus, its host and its owner
 * @test: test
 * @link: to the host
 * @host: bus, or NULL
 * @dev_ops: of the bus, while its channel is open
 * @dev_ctx: their argument
 * @open_err: what comes of opening the channel
 * @opening: called meanwhile
 * @lock: protects what follows, up to @on_event
 * @send_err: what comes of sending
 * @msgs: what the host was sent
 * @nmsgs: how many
 * @taken: of those the test has seen
 * @events: what the owner has heard
 * @nevents: how many
 * @heard: of those the test has seen
 * @on_event: called in the callback, after it was written down
 * @mmios: accesses to the window
 * @slot_writes: of those, to its first page
 * @slot: what was written there last
 * @offset: of the last access
 * @size: of it
 * @write: it was a write
 * @value: what was written, or is to be read
 * @slot_err: what comes of an access to the first page
 * @config_err: and to the second
 */
struct hb {
	struct kunit *test;
	struct vpci_host_link link;
	struct vpci_host *host;
	const struct vrelay_dev_ops *dev_ops;
	void *dev_ctx;
	int open_err;
	void (*opening)(struct hb *hb);

	spinlock_t lock;	/* protects what follows, up to @on_event */
	int send_err;
	struct hb_msg *msgs;
	unsigned int nmsgs;
	unsigned int taken;
	struct hb_event *events;
	unsigned int nevents;
	unsigned int heard;
	void (*on_event)(struct hb *hb, const struct hb_event *event);

	unsigned int mmios;
	unsigned int slot_writes;
	u64 slot;
	u64 offset;
	unsigned int size;
	bool write;
	u64 value;
	int slot_err;
	int config_err;
};

/* ---- link -------------------------------------------------------------------------------- */

static inline int hb_link_open(struct vrelay_dev *dev, const struct vrelay_dev_ops *ops,
			       void *ctx, const struct vsrv_ring_params *params)
{
	struct hb *hb = (struct hb *)dev;

	KUNIT_EXPECT_EQ(hb->test, params->to_host_pages, 10);
	KUNIT_EXPECT_EQ(hb->test, params->from_host_pages, 10);
	hb->dev_ops = ops;
	hb->dev_ctx = ctx;
	if (hb->opening)
		hb->opening(hb);
	if (hb->open_err)
		hb->dev_ops = NULL;
	return hb->open_err;
}

static inline void hb_link_close(struct vrelay_dev *dev)
{
	struct hb *hb = (struct hb *)dev;

	KUNIT_EXPECT_NOT_NULL(hb->test, hb->dev_ops);
	hb->dev_ops = NULL;
}

static inline int hb_link_send(struct vrelay_dev *dev, u16 type, u16 flags, u64 id,
			       const struct kvec *vec, unsigned int nvec)
{
	struct hb *hb = (struct hb *)dev;
	struct hb_msg *msg;
	int err;

	KUNIT_EXPECT_EQ(hb->test, type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(hb->test, nvec, 1);
	KUNIT_EXPECT_LE(hb->test, vec->iov_len, VPCI_MAX_REQUEST);
	KUNIT_EXPECT_NOT_NULL(hb->test, hb->dev_ops);
	spin_lock(&hb->lock);
	err = hb->send_err;
	if (!err && hb->nmsgs == HB_MSGS)
		err = -ENOSPC;
	if (!err) {
		msg = &hb->msgs[hb->nmsgs++];
		msg->id = id;
		msg->flags = flags;
		msg->len = vec->iov_len;
		memcpy(msg->bytes, vec->iov_base, min_t(size_t, vec->iov_len, HB_MSG_SIZE));
	}
	spin_unlock(&hb->lock);
	return err;
}

static inline int hb_link_mmio(struct vrelay_dev *dev, u64 gpa, unsigned int size, bool write,
			       u64 *value)
{
	struct hb *hb = (struct hb *)dev;

	hb->mmios++;
	hb->offset = gpa - HB_WINDOW;
	hb->size = size;
	hb->write = write;
	if (hb->offset < VPCI_WINDOW_CONFIG) {
		KUNIT_EXPECT_EQ(hb->test, hb->offset, VPCI_WINDOW_SLOT);
		KUNIT_EXPECT_EQ(hb->test, size, 4);
		KUNIT_EXPECT_TRUE(hb->test, write);
		hb->slot_writes++;
		if (!hb->slot_err)
			hb->slot = *value;
		return hb->slot_err;
	}
	if (write)
		hb->value = *value;
	else
		*value = hb->config_err ? U64_MAX : hb->value;
	return hb->config_err;
}

/* ---- owner ------------------------------------------------------------------------------- */

static inline void hb_hear(struct hb *hb, struct hb_event event)
{
	if (event.fn) {
		event.slot = vpci_host_fn_desc(event.fn)->slot;
		event.serial = vpci_host_fn_desc(event.fn)->serial;
	}
	spin_lock(&hb->lock);
	if (hb->nevents < HB_EVENTS)
		hb->events[hb->nevents] = event;
	hb->nevents++;
	spin_unlock(&hb->lock);
	if (hb->on_event)
		hb->on_event(hb, &event);
}

static inline void hb_added(void *ctx, struct vpci_host_fn *fn)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_ADDED, .fn = fn });
}

static inline void hb_removed(void *ctx, struct vpci_host_fn *fn)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_REMOVED, .fn = fn });
}

static inline void hb_eject(void *ctx, struct vpci_host_fn *fn)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_EJECT, .fn = fn });
}

static inline void hb_invalidated(void *ctx, struct vpci_host_fn *fn, u64 mask)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_INVALIDATED, .fn = fn, .value = mask });
}

static inline void hb_ready(void *ctx)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_READY });
}

static inline void hb_interrupt(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
				const struct vpci_msi *msi)
{
	struct hb *hb = ctx;
	struct hb_event event = { .what = HB_INTERRUPT, .fn = fn, .value = cookie, .err = err };

	KUNIT_EXPECT_EQ(hb->test, !msi, !!err);
	if (msi)
		event.msi = *msi;
	hb_hear(hb, event);
}

static inline void hb_reset(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	hb_hear(ctx, (struct hb_event) {
		.what = HB_RESET, .fn = fn, .value = cookie, .err = err,
	});
}

static inline void hb_power(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	hb_hear(ctx, (struct hb_event) {
		.what = HB_POWER, .fn = fn, .value = cookie, .err = err,
	});
}

static inline void hb_block(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
			    const struct vpci_block *block)
{
	struct hb *hb = ctx;
	struct hb_event event = { .what = HB_BLOCK, .fn = fn, .value = cookie, .err = err };

	KUNIT_EXPECT_EQ(hb->test, !block, !!err);
	if (block)
		event.block = *block;
	hb_hear(hb, event);
}

static inline void hb_failed(void *ctx, const char *why)
{
	hb_hear(ctx, (struct hb_event) { .what = HB_FAILED, .why = why });
}

static const struct vpci_host_ops hb_ops = {
	.added = hb_added,
	.removed = hb_removed,
	.eject = hb_eject,
	.invalidated = hb_invalidated,
	.ready = hb_ready,
	.interrupt = hb_interrupt,
	.reset = hb_reset,
	.power = hb_power,
	.block = hb_block,
	.failed = hb_failed,
};

/* ---- life -------------------------------------------------------------------------------- */

static inline void hb_close(struct hb *hb)
{
	vpci_host_close(hb->host);
	hb->host = NULL;
	KUNIT_EXPECT_NULL(hb->test, hb->dev_ops);
}

static inline void hb_exit(void *ctx)
{
	struct hb *hb = ctx;

	if (hb->host)
		hb_close(hb);
	kvfree(hb->msgs);
	kvfree(hb->events);
}

/* A link; nothing is open. */
static inline struct hb *hb_new(struct kunit *test)
{
	struct hb *hb = kunit_kzalloc(test, sizeof(*hb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, hb);
	hb->test = test;
	spin_lock_init(&hb->lock);
	hb->link = (struct vpci_host_link) {
		.open = hb_link_open,
		.close = hb_link_close,
		.send = hb_link_send,
		.mmio = hb_link_mmio,
		.request_limit = HB_TIMEOUT,
		.initial_limit = 2 * HB_TIMEOUT,
	};
	hb->msgs = kvcalloc(HB_MSGS, sizeof(*hb->msgs), GFP_KERNEL);
	hb->events = kvcalloc(HB_EVENTS, sizeof(*hb->events), GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, hb_exit, hb), 0);
	KUNIT_ASSERT_NOT_NULL(test, hb->msgs);
	KUNIT_ASSERT_NOT_NULL(test, hb->events);
	return hb;
}

static inline void hb_open(struct hb *hb)
{
	struct vpci_host *host;

	host = vpci_host_open_link(&hb->link, (struct vrelay_dev *)hb, HB_WINDOW, &hb_ops, hb);
	KUNIT_ASSERT_FALSE(hb->test, IS_ERR(host));
	hb->host = host;
}

/* On return the owner has heard all that there was when it was called. */
static inline void hb_flush(struct hb *hb)
{
	flush_delayed_work(&hb->host->work);
}

/* The host has had all the time that there is for an answer. */
static inline void hb_expire(struct hb *hb, const struct hb_msg *msg)
{
	struct vpci_host_request *request;

	/* Afterwards the work waits for a later time. */
	hb_flush(hb);
	mutex_lock(&hb->host->lock);
	request = xa_load(&hb->host->requests, msg->id);
	if (request)
		request->deadline = jiffies;
	mutex_unlock(&hb->host->lock);
	KUNIT_EXPECT_NOT_NULL(hb->test, request);
	hb_flush(hb);
}

/* ---- what was sent, what was heard --------------------------------------------------------- */

/* The next message to the host is of this type. */
static inline const struct hb_msg *hb_expect_msg(struct hb *hb, u32 type)
{
	const struct hb_msg *msg;

	KUNIT_ASSERT_GT_MSG(hb->test, hb->nmsgs, hb->taken, "no message %#x", type);
	msg = &hb->msgs[hb->taken++];
	KUNIT_ASSERT_EQ(hb->test, le32_to_cpu(msg->words[0]), type);
	return msg;
}

/* It wants an answer. */
static inline const struct hb_msg *hb_expect_request(struct hb *hb, u32 type)
{
	const struct hb_msg *msg = hb_expect_msg(hb, type);

	KUNIT_EXPECT_EQ(hb->test, msg->flags, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	KUNIT_EXPECT_NE(hb->test, msg->id, 0);
	return msg;
}

/* It wants none. */
static inline const struct hb_msg *hb_expect_notice(struct hb *hb, u32 type)
{
	const struct hb_msg *msg = hb_expect_msg(hb, type);

	KUNIT_EXPECT_EQ(hb->test, msg->flags, 0);
	KUNIT_EXPECT_EQ(hb->test, msg->id, 0);
	return msg;
}

/* It is about a slot. */
static inline void hb_expect_slot(struct hb *hb, const struct hb_msg *msg, u32 slot)
{
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[1]), slot);
}

static inline void hb_expect_no_msg(struct hb *hb)
{
	hb_flush(hb);
	KUNIT_EXPECT_EQ(hb->test, hb->nmsgs, hb->taken);
}

static inline const struct hb_event *hb_expect(struct hb *hb, enum hb_what what)
{
	const struct hb_event *event;

	hb_flush(hb);
	KUNIT_ASSERT_GT_MSG(hb->test, hb->nevents, hb->heard, "no event %u", what);
	KUNIT_ASSERT_LE(hb->test, hb->nevents, HB_EVENTS);
	event = &hb->events[hb->heard++];
	KUNIT_ASSERT_EQ(hb->test, event->what, what);
	return event;
}

static inline struct vpci_host_fn *hb_expect_fn(struct hb *hb, enum hb_what what, u32 slot,
						u32 serial)
{
	const struct hb_event *event = hb_expect(hb, what);

	KUNIT_EXPECT_EQ(hb->test, event->slot, slot);
	KUNIT_EXPECT_EQ(hb->test, event->serial, serial);
	return event->fn;
}

static inline void hb_expect_no_event(struct hb *hb)
{
	hb_flush(hb);
	KUNIT_EXPECT_EQ(hb->test, hb->nevents, hb->heard);
}

static inline void hb_expect_count(struct hb *hb, enum vpci_host_counter which, u64 count)
{
	hb_flush(hb);
	KUNIT_EXPECT_EQ_MSG(hb->test, vpci_host_counter(hb->host, which), count, "counter %u",
			    which);
}

/* The bus has failed, and that is all. */
static inline void hb_expect_failed(struct hb *hb)
{
	const struct hb_event *event = hb_expect(hb, HB_FAILED);

	KUNIT_EXPECT_NOT_NULL(hb->test, event->why);
	hb_expect_no_event(hb);
	hb_expect_count(hb, VPCI_HOST_FAILURES, 1);
}

/* ---- what the host says ------------------------------------------------------------------- */

static inline void hb_packet(struct hb *hb, u16 type, u64 id, const void *payload, u32 len)
{
	struct vsrv_packet pkt = {
		.type = type, .trans_id = id, .payload = payload, .len = len,
	};

	hb->dev_ops->packet(hb->dev_ctx, &pkt);
}

static inline void hb_answer(struct hb *hb, u64 id, const void *reply, u32 len)
{
	hb_packet(hb, VM_PKT_COMP, id, reply, len);
}

static inline void hb_status(struct hb *hb, const struct hb_msg *msg, u32 status)
{
	__le32 reply[2] = { cpu_to_le32(status) };

	hb_answer(hb, msg->id, reply, sizeof(reply));
}

static inline void hb_masks(struct hb *hb, const struct hb_msg *msg, u32 mask)
{
	struct vpci_requirements_reply reply = { .masks[0] = cpu_to_le32(mask) };

	hb_answer(hb, msg->id, &reply, sizeof(reply));
}

/* A message of up to two words. */
static inline void hb_say(struct hb *hb, u32 type, u32 slot, u32 len)
{
	__le32 msg[2] = { cpu_to_le32(type), cpu_to_le32(slot) };

	hb_packet(hb, VM_PKT_DATA_INBAND, 0, msg, len);
}

static inline void hb_say_slot(struct hb *hb, u32 type, u32 slot)
{
	hb_say(hb, type, slot, 8);
}

static inline void hb_invalidate(struct hb *hb, u32 slot, u64 mask)
{
	struct vpci_invalidate_block msg = {
		.type = cpu_to_le32(VPCI_MSG_INVALIDATE_BLOCK),
		.slot = cpu_to_le32(slot),
		.mask = cpu_to_le64(mask),
	};

	hb_packet(hb, VM_PKT_DATA_INBAND, 0, &msg, sizeof(msg));
}

/* A device on the host's list. */
struct hb_dev {
	u32 slot;
	u32 serial;
	u16 device;
};

struct hb_relations {
	struct vpci_bus_relations hdr;
	struct vpci_device2 devs[VPCI_MAX_SLOTS];
} __packed;

static inline void hb_list(struct hb *hb, const struct hb_dev *devs, unsigned int n)
{
	struct hb_relations *msg = kzalloc(sizeof(*msg), GFP_KERNEL);
	unsigned int i;

	/* Also called where a test cannot be ended. */
	KUNIT_EXPECT_NOT_NULL(hb->test, msg);
	if (!msg)
		return;
	msg->hdr.type = cpu_to_le32(VPCI_MSG_BUS_RELATIONS2);
	msg->hdr.count = cpu_to_le32(n);
	for (i = 0; i < n; i++) {
		msg->devs[i].v1.id.vendor = cpu_to_le16(0x1414);
		msg->devs[i].v1.id.device = cpu_to_le16(devs[i].device);
		msg->devs[i].v1.slot = cpu_to_le32(devs[i].slot);
		msg->devs[i].v1.serial = cpu_to_le32(devs[i].serial);
	}
	hb_packet(hb, VM_PKT_DATA_INBAND, 0, msg, sizeof(msg->hdr) + n * sizeof(msg->devs[0]));
	kfree(msg);
}

static inline void hb_list_one(struct hb *hb, u32 slot, u32 serial)
{
	struct hb_dev dev = { slot, serial };

	hb_list(hb, &dev, 1);
}

static inline void hb_list_none(struct hb *hb)
{
	hb_list(hb, NULL, 0);
}

/* ---- a good host --------------------------------------------------------------------------- */

/* It speaks this version and none above.  Returns its next request. */
static inline const struct hb_msg *hb_speak(struct hb *hb, u32 version)
{
	const struct hb_msg *msg;

	for (;;) {
		msg = hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
		KUNIT_ASSERT_GE(hb->test, le32_to_cpu(msg->words[1]), version);
		if (le32_to_cpu(msg->words[1]) == version)
			break;
		hb_status(hb, msg, VPCI_STATUS_REVISION_MISMATCH);
	}
	hb_status(hb, msg, 0);
	return hb_expect_request(hb, VPCI_MSG_D0_ENTRY);
}

/* The window is served, and the host says by itself what is on the bus. */
static inline void hb_enter(struct hb *hb, u32 version, const struct hb_dev *devs,
			    unsigned int n)
{
	const struct hb_msg *msg;

	hb_open(hb);
	msg = hb_speak(hb, version);
	hb_list(hb, devs, n);
	hb_status(hb, msg, 0);
}

/* It lets a device be prepared. */
static inline void hb_prepare(struct hb *hb, u32 slot)
{
	const struct hb_msg *msg;

	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_expect_slot(hb, msg, slot);
	hb_masks(hb, msg, HB_MASK);
	msg = hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
	hb_expect_slot(hb, msg, slot);
	hb_status(hb, msg, 0);
}

/* A bus with a device in slot 3, serial number 1. */
#define HB_SLOT		3

static inline struct vpci_host_fn *hb_on(struct hb *hb, u32 version)
{
	static const struct hb_dev dev = { HB_SLOT, 1 };
	struct vpci_host_fn *fn;

	hb_enter(hb, version, &dev, 1);
	hb_prepare(hb, HB_SLOT);
	fn = hb_expect_fn(hb, HB_ADDED, HB_SLOT, 1);
	hb_expect(hb, HB_READY);
	return fn;
}

/* That bus has failed: its device is gone, and nothing is under way. */
static inline void hb_expect_end(struct hb *hb)
{
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_failed(hb);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(hb->test, hb->host->nrequests, 0);
}

/* A device that has gone is not spoken of any more, and this is the last reference to it. */
static inline void hb_expect_forgotten(struct hb *hb, struct vpci_host_fn *fn)
{
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(hb->test, hb->host->nrequests, 0);
	KUNIT_EXPECT_EQ(hb->test, kref_read(&fn->ref), 1);
	kfree(fn);
}

#endif /* _KUNIT_VPCI_HOST_BUS_TEST_H */
