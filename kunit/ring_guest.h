/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest with an open channel: its end of both rings, and an echo device that
 * reads with struct vsrv_reader in a thread of the partition.
 */
#ifndef _RING_GUEST_H
#define _RING_GUEST_H

#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/vmalloc.h>
#include <vmbus/compat.h>
#include <vmbus/reader.h>
#include "fake_guest.h"
#include "ring_test.h"

#define RG_GPADL	0x4177
#define RG_MAX_PACKET	256

/**
 * struct rg - the guest's channel, and the device at its other end
 * @fg: guest
 * @dev: device
 * @id: channel id
 * @first: page of the guest's memory where the rings begin
 * @in_pages: pages of the ring to the device, and
 * @out_pages: from it
 * @up: the guest's view of the first, and
 * @down: of the second
 * @worker: thread of the device
 * @reader: while open
 * @rings: while open
 * @open: they are
 * @refuse: the device breaks the channel at the packet of this number, if not 0
 * @returns: it looks at the ring again, whatever the guest does
 * @slow_ms: time that it takes for a packet
 * @in_packet: it is at one
 * @packets: that it was given
 * @flushes: calls
 * @backlog: @pkt found no room
 * @pkt: last packet
 * @buf: copy of it
 */
struct rg {
	struct fg *fg;
	struct fg_dev dev;
	u32 id;
	unsigned int first, in_pages, out_pages;
	struct rt up, down;
	struct kthread_worker *worker;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	bool open;
	u64 refuse;
	bool returns;
	unsigned int slow_ms;
	bool in_packet;
	unsigned int packets;
	unsigned int flushes;
	bool backlog;
	struct vsrv_packet pkt;
	u8 buf[RG_MAX_PACKET] __aligned(8);
};

/* ---- the device ---------------------------------------------------------------------- */

static inline struct rg *rg_of(struct vsrv_chan *chan)
{
	return container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct rg, dev);
}

/* Answer @pkt, or keep it. */
static inline void rg_answer(struct rg *rg)
{
	struct kvec vec = { .iov_base = (void *)rg->pkt.payload, .iov_len = rg->pkt.len };

	rg->backlog = vsrv_ring_write(&rg->rings.out, VM_PKT_COMP, 0, rg->pkt.trans_id,
				      &vec, 1) == -EAGAIN;
}

static inline bool rg_ready(struct vsrv_reader *reader)
{
	struct rg *rg = container_of(reader, struct rg, reader);

	if (rg->backlog)
		rg_answer(rg);
	return !rg->backlog;
}

static inline void rg_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct rg *rg = container_of(reader, struct rg, reader);

	WRITE_ONCE(rg->packets, rg->packets + 1);
	if (rg->slow_ms) {
		WRITE_ONCE(rg->in_packet, true);
		msleep(rg->slow_ms);
		WRITE_ONCE(rg->in_packet, false);
	}
	if (rg->refuse && pkt->trans_id == rg->refuse) {
		vsrv_chan_error(reader->chan, "refused by the test");
		return;
	}
	rg->pkt = *pkt;
	rg_answer(rg);
}

static inline bool rg_flush(struct vsrv_reader *reader)
{
	struct rg *rg = container_of(reader, struct rg, reader);
	bool interrupt = vsrv_ring_write_commit(&rg->rings.out);

	WRITE_ONCE(rg->flushes, rg->flushes + 1);
	if (rg->backlog && vsrv_ring_want_space(&rg->rings.out, RT_TOTAL(rg->pkt.len)))
		vsrv_reader_queue(reader);
	return interrupt;
}

static inline bool rg_returns(struct vsrv_reader *reader)
{
	return READ_ONCE(container_of(reader, struct rg, reader)->returns);
}

static const struct vsrv_reader_ops rg_reader_ops = {
	.ready = rg_ready,
	.packet = rg_packet,
	.flush = rg_flush,
	.returns = rg_returns,
};

static inline void rg_dev_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct rg *rg = rg_of(chan);
	int err;

	err = vsrv_rings_open(chan, params, &rg->rings);
	rg->open = !err;
	rg->backlog = false;
	rg->worker = vsrv_reader_worker(chan, params);
	if (rg->open)
		vsrv_reader_start(&rg->reader, &rg->rings, rg->worker);
	vsrv_open_done(chan, err);
}

static inline void rg_dev_signal(struct vsrv_chan *chan)
{
	struct rg *rg = rg_of(chan);

	atomic_inc(&rg->dev.signals);
	vsrv_reader_queue(&rg->reader);
}

static inline void rg_dev_stop(struct vsrv_chan *chan)
{
	struct rg *rg = rg_of(chan);

	vsrv_reader_stop(&rg->reader);
	if (rg->open)
		vsrv_rings_close(&rg->rings);
	rg->open = false;
}

static inline void rg_dev_close(struct vsrv_chan *chan)
{
	rg_dev_stop(chan);
	vsrv_close_done(chan);
}

static inline void rg_dev_quiesce(struct vsrv_chan *chan)
{
	vsrv_reader_pause(&rg_of(chan)->reader);
}

static inline void rg_dev_resume(struct vsrv_chan *chan)
{
	vsrv_reader_resume(&rg_of(chan)->reader);
}

static const struct vsrv_chan_ops rg_dev_ops = {
	.open = rg_dev_open,
	.close = rg_dev_close,
	.signal = rg_dev_signal,
	.stop = rg_dev_stop,
	.quiesce = rg_dev_quiesce,
	.resume = rg_dev_resume,
};

/*
 * What the device's thread has to do is done.  A work that queues itself again does so
 * behind the flush: two of these in a row must find it quiet.
 */
static inline void rg_settle(struct rg *rg)
{
	unsigned int quiet = 0, flushes;

	while (quiet < 2) {
		flushes = READ_ONCE(rg->flushes);
		kthread_flush_worker(rg->worker);
		if (READ_ONCE(rg->flushes) == flushes && list_empty(&rg->reader.work.node))
			quiet++;
		else
			quiet = 0;
	}
}

/* ---- the guest ----------------------------------------------------------------------- */

static inline void rg_free(void *ctx)
{
	struct rg *rg = ctx;

	fg_dev_revoke(&rg->dev);
	vunmap(rg->up.base);
	vunmap(rg->down.base);
}

/*
 * A device with number @n, which the guest has not opened yet, and memory of the
 * guest for both rings, from page @first behind FG_RING on.
 */
static inline struct rg *rg_new(struct fg *fg, u16 n, unsigned int first, unsigned int in_pages,
				unsigned int out_pages)
{
	struct rg *rg = kunit_kzalloc(fg->test, sizeof(*rg), GFP_KERNEL);
	struct page **pages = &fg->pages[FG_RING + first];

	KUNIT_ASSERT_NOT_NULL(fg->test, rg);
	rg->fg = fg;
	rg->first = first;
	rg->in_pages = in_pages;
	rg->out_pages = out_pages;
	vsrv_reader_init(&rg->reader, &rg_reader_ops, rg->buf, sizeof(rg->buf));
	KUNIT_ASSERT_EQ(fg->test, kunit_add_action(fg->test, rg_free, rg), 0);
	rt_map(fg->test, &rg->up, pages, in_pages);
	rt_map(fg->test, &rg->down, pages + in_pages, out_pages);
	fg_dev_offer_as(fg, &rg->dev, n, &rg_dev_ops);
	return rg;
}

/* Open the channel; its GPADL stays for the next open. */
static inline void rg_open(struct rg *rg)
{
	struct fg *fg = rg->fg;
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[VMBUS_GPADL_HEADER_WORDS];
	} __packed m = {
		.head.range_count = cpu_to_le16(1),
	};
	struct vmbus_open_msg o = {
		.open_id = cpu_to_le32(0xb000 + vsrv_chan_id(rg->dev.chan)),
		.downstream_page = cpu_to_le32(rg->in_pages),
	};
	unsigned int i, n = rg->in_pages + rg->out_pages;

	if (!rg->id) {
		rg->id = vsrv_chan_id(rg->dev.chan);
		m.head.channel_id = cpu_to_le32(rg->id);
		m.head.gpadl_id = cpu_to_le32(RG_GPADL + rg->id);
		m.head.range_bytes = cpu_to_le16(8 * (1 + n));
		m.words[0] = cpu_to_le64(n * PAGE_SIZE);
		for (i = 0; i < n; i++)
			m.words[1 + i] = cpu_to_le64(FG_RING + rg->first + i);
		fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * (1 + n));
		fg_expect_created(fg, rg->id, RG_GPADL + rg->id, 0);
	}
	memset(rg->up.hdr, 0, PAGE_SIZE);
	memset(rg->down.hdr, 0, PAGE_SIZE);
	o.channel_id = cpu_to_le32(rg->id);
	o.ring_gpadl = cpu_to_le32(RG_GPADL + rg->id);
	fg_post(fg, VMBUS_MSG_OPEN, &o, sizeof(o));
	fg_expect_opened(fg, rg->id, 0);
	rg_settle(rg);
}

/* No look of the server from now on but what the test asks for. */
static inline void rg_unwatch(struct rg *rg)
{
	timer_delete_sync(&rg->dev.chan->look);
}

/* A guest on 5.3, and one device that it has open. */
static inline struct rg *rg_new_open(struct kunit *test, unsigned int in_pages,
				     unsigned int out_pages)
{
	struct fg *fg = fg_new(test);
	struct rg *rg = rg_new(fg, 1, 0, in_pages, out_pages);

	fg_connect_offers(fg, FG_V(5, 3), 0);
	rg_open(rg);
	return rg;
}

static inline void rg_close(struct rg *rg)
{
	fg_channel(rg->fg, VMBUS_MSG_CLOSE, rg->id);
	KUNIT_ASSERT_EQ(rg->fg->test, fg_dev_state(&rg->dev), VSRV_CHAN_CLOSED);
}

static inline void rg_signal(struct rg *rg)
{
	KUNIT_ASSERT_EQ(rg->fg->test,
			vpart_hypercall_signal(rg->fg->part,
					       VMBUS_CONN_EVENT(rg->id, VMBUS_SINT, 0), 0),
			HV_STATUS_SUCCESS);
}

/* Write packet @n of @len bytes; returns whether the guest is to signal. */
static inline bool rg_write(struct rg *rg, u64 n, u32 len)
{
	u8 body[RG_MAX_PACKET] = { };
	bool signal;

	memcpy(body, &n, min(len, 8U));
	KUNIT_ASSERT_TRUE(rg->fg->test,
			  rt_guest_write(&rg->up, RT_INBAND, 2, n, body, len, &signal));
	return signal;
}

/* The next answer is that to packet @n; false if there is none yet. */
static inline bool rg_read(struct rg *rg, u64 n)
{
	struct rt *rt = &rg->down;
	u32 old = rt->hdr->read_index, bytes;
	struct vmpacket_descriptor *d = (void *)rt->data + old;

	/* Pairs with the release in vsrv_ring_write_commit(). */
	if (virt_load_acquire(&rt->hdr->write_index) == old)
		return false;
	KUNIT_ASSERT_EQ(rg->fg->test, d->trans_id, n);
	KUNIT_ASSERT_EQ(rg->fg->test, d->type, VM_PKT_COMP);
	bytes = hv_pkt_len(d) + 8;
	/* Pairs with the acquire in ring_out_look(). */
	virt_store_release(&rt->hdr->read_index, (old + bytes) % rt->size);
	/* Pairs with the barrier in vsrv_ring_want_space(). */
	virt_mb();
	if (rt_guest_read_signal(rt, bytes))
		rg_signal(rg);
	return true;
}

static inline bool rg_wait_read(struct rg *rg, u64 n)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	while (!rg_read(rg, n)) {
		if (time_after(jiffies, end))
			return false;
		cond_resched();
	}
	return true;
}

/* Was the channel's interrupt raised?  Clears it. */
static inline bool rg_event(struct rg *rg)
{
	return fg_event(rg->fg, 0, rg->id);
}

static inline s64 rg_count(struct rg *rg, enum vsrv_chan_counter counter)
{
	return atomic64_read(&rg->dev.chan->counters[counter]);
}

/* ---- sysfs --------------------------------------------------------------------------- */

static inline struct file *rg_file(struct rg *rg, const char *name, int flags)
{
	struct file *file;
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/vmbus_srv/%s/channels/%u/%s", FG_NAME, rg->id,
		 name);
	scoped_with_init_fs()
		file = filp_open(path, flags, 0);
	return file;
}

static inline void rg_expect_file(struct rg *rg, const char *name, const char *text)
{
	struct file *file = rg_file(rg, name, O_RDONLY);
	char buf[64] = { };
	loff_t pos = 0;

	KUNIT_ASSERT_FALSE_MSG(rg->fg->test, IS_ERR(file), "%s: %pe", name, file);
	KUNIT_EXPECT_GT(rg->fg->test, kernel_read(file, buf, sizeof(buf) - 1, &pos), 0);
	KUNIT_EXPECT_STREQ(rg->fg->test, strim(buf), text);
	fput(file);
}

static inline ssize_t rg_write_file(struct rg *rg, const char *name, const char *text)
{
	struct file *file = rg_file(rg, name, O_WRONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	fput(file);
	return n;
}

#endif /* _RING_GUEST_H */
