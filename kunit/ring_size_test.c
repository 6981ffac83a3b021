// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the rings of vmbus_srv: every size that a guest may choose, and where
 * it may split a GPADL into two.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>
#include "fake_guest.h"
#include "ring_test.h"

#define RS_MAX_GPADL	8190		/* pages that the 65535 bytes of a GPADL can name */
#define RS_GPADL	0x51

/* ---- reader and writer ------------------------------------------------------------- */

/* As many packets as fit, each with its number at both ends. */
static u32 rs_fill(struct kunit *test, struct rt *rt, u32 len)
{
	u32 n = 0;
	int ret;

	while (true) {
		memcpy(rt->src, &n, 4);
		memcpy(rt->src + len - 4, &n, 4);
		ret = rt_write(rt, n, rt->src, len);
		if (ret)
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(&rt->out));
	return n;
}

static void rs_empty(struct kunit *test, struct rt *rt, u32 len, u32 n)
{
	u32 i, head, tail;

	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		KUNIT_ASSERT_EQ(test, rt->pkt.len, len);
		memcpy(&head, rt->pkt.payload, 4);
		memcpy(&tail, rt->pkt.payload + len - 4, 4);
		KUNIT_ASSERT_EQ(test, head, i);
		KUNIT_ASSERT_EQ(test, tail, i);
	}
	KUNIT_EXPECT_EQ(test, rt_read(rt), 0);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
}

/* A ring of each size is filled to its last packet from both of its ends. */
static void ring_size_test(struct kunit *test)
{
	static const unsigned int pages[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 511, 513, RS_MAX_GPADL - 3,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		struct rt *rt = rt_new(test, pages[i]);
		u32 len = min(rt->size / 4, RT_BUF_SIZE) - 16, n;
		u32 starts[] = { 0, 8, rt->size / 2, rt->size - 8, rt->size - 16 };

		KUNIT_ASSERT_EQ(test, rt->size, pages[i] * 4096);
		for (k = 0; k < ARRAY_SIZE(starts); k++) {
			rt_reset(test, rt, starts[k]);
			KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), rt->size - 8);
			n = rs_fill(test, rt, len);
			KUNIT_EXPECT_EQ(test, n, (rt->size - 8) / RT_TOTAL(len));
			KUNIT_EXPECT_EQ(test, vsrv_ring_readable(&rt->in), n * RT_TOTAL(len));
			KUNIT_EXPECT_EQ(test, hv_get_bytes_to_read(&rt->rbi), n * RT_TOTAL(len));
			rs_empty(test, rt, len, n);
			KUNIT_EXPECT_EQ(test, rt->hdr->read_index,
					(starts[k] + n * RT_TOTAL(len)) % rt->size);
			KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), rt->size - 8);
		}
		kunit_release_action(test, rt_free, rt);
	}
}

/* ---- a GPADL of both ---------------------------------------------------------------- */

/**
 * struct rs - a device that opens its rings
 * @dev: device
 * @rings: while open
 * @open: they are
 * @err: of the last open
 */
struct rs {
	struct fg_dev dev;
	struct vsrv_rings rings;
	bool open;
	int err;
};

static struct rs *to_rs(struct vsrv_chan *chan)
{
	return container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct rs, dev);
}

static void rs_dev_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct rs *rs = to_rs(chan);

	rs->err = vsrv_rings_open(chan, params, &rs->rings);
	rs->open = !rs->err;
	vsrv_open_done(chan, rs->err);
}

static void rs_dev_stop(struct vsrv_chan *chan)
{
	struct rs *rs = to_rs(chan);

	if (rs->open)
		vsrv_rings_close(&rs->rings);
	rs->open = false;
}

static void rs_dev_close(struct vsrv_chan *chan)
{
	rs_dev_stop(chan);
	vsrv_close_done(chan);
}

static const struct vsrv_chan_ops rs_dev_ops = {
	.open = rs_dev_open,
	.close = rs_dev_close,
	.signal = fg_dev_signal,
	.stop = rs_dev_stop,
};

/*
 * Page @i of the GPADL.  The guest has not as many: control pages and those beside
 * them are its own, all others are the same few again and again.
 */
static u64 rs_pfn(unsigned int i, unsigned int npages, unsigned int split)
{
	if (i < 2)
		return FG_RING + i;
	if (i + 1 == split)
		return FG_RING + 2;
	if (i == split || i == split + 1)
		return FG_RING + 3 + i - split;
	if (i + 1 == npages)
		return FG_RING + 5;
	return FG_RING + 6 + i % 16;
}

static void rs_gpadl(struct fg *fg, unsigned int npages, unsigned int split)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[VMBUS_GPADL_HEADER_WORDS];
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(RS_GPADL),
		.head.range_bytes = cpu_to_le16(8 * (1 + npages)),
		.head.range_count = cpu_to_le16(1),
		.words[0] = cpu_to_le64(npages * PAGE_SIZE),
	};
	struct {
		struct vmbus_gpadl_body_msg head;
		__le64 words[VMBUS_GPADL_BODY_WORDS];
	} __packed b = {
		.head.gpadl_id = cpu_to_le32(RS_GPADL),
	};
	unsigned int i, n;

	for (i = 0; i < npages && i + 1 < VMBUS_GPADL_HEADER_WORDS; i++)
		m.words[1 + i] = cpu_to_le64(rs_pfn(i, npages, split));
	fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * (1 + i));
	while (i < npages) {
		for (n = 0; i < npages && n < VMBUS_GPADL_BODY_WORDS; n++, i++)
			b.words[n] = cpu_to_le64(rs_pfn(i, npages, split));
		fg_post(fg, VMBUS_MSG_GPADL_BODY, &b, sizeof(b.head) + 8 * n);
	}
	fg_expect_created(fg, 1, RS_GPADL, 0);
}

static void rs_open(struct fg *fg, u32 split)
{
	struct vmbus_open2_msg m = {
		.open.channel_id = cpu_to_le32(1),
		.open.open_id = cpu_to_le32(0xb001),
		.open.ring_gpadl = cpu_to_le32(RS_GPADL),
		.open.downstream_page = cpu_to_le32(split),
	};

	fg_post(fg, VMBUS_MSG_OPEN, &m, sizeof(m.open));
}

static void *rs_page(struct fg *fg, unsigned int n)
{
	return page_address(fg->pages[FG_RING + n]);
}

/* A packet over the end of a ring of which these are the first and the last page. */
static void rs_check_wrap(struct kunit *test, struct rs *rs, void *first, void *last)
{
	static const u64 words[] = { 0x1111, 0x2222 };
	struct kvec vec = { .iov_base = (void *)words, .iov_len = sizeof(words) };
	struct vsrv_ring_out *out = &rs->rings.out;

	KUNIT_ASSERT_EQ(test, out->next, out->size - 24);
	KUNIT_EXPECT_EQ(test, vsrv_ring_write(out, VM_PKT_DATA_INBAND, 0, 5, &vec, 1), 0);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(out));
	/* 16 bytes of descriptor and the first word; the other and the footer. */
	KUNIT_EXPECT_EQ(test, ((u64 *)(last + PAGE_SIZE))[-1], words[0]);
	KUNIT_EXPECT_EQ(test, ((u64 *)first)[0], words[1]);
	KUNIT_EXPECT_EQ(test, ((u64 *)first)[1], (u64)(out->size - 24) << 32);
}

struct rs_case {
	unsigned int npages;
	u32 split;
	bool good;
};

static const struct rs_case rs_cases[] = {
	{ 4, 2, true }, { 5, 2, true }, { 5, 3, true }, { 6, 2, true }, { 6, 3, true },
	{ 6, 4, true }, { 48, 2, true }, { 48, 3, true }, { 48, 45, true }, { 48, 46, true },
	{ 513, 256, true }, { RS_MAX_GPADL, 2, true }, { RS_MAX_GPADL, 3, true },
	{ RS_MAX_GPADL, RS_MAX_GPADL / 2, true }, { RS_MAX_GPADL, RS_MAX_GPADL - 2, true },
	/* One has no data, or they overlap, or there is only one. */
	{ 2, 1, false }, { 3, 1, false }, { 3, 2, false }, { 4, 0, false }, { 4, 1, false },
	{ 4, 3, false }, { 4, 4, false }, { 4, 5, false }, { 4, U32_MAX, false },
	{ 4, 0x80000002, false }, { 1, 0, false },
	{ RS_MAX_GPADL, 1, false }, { RS_MAX_GPADL, RS_MAX_GPADL - 1, false },
	{ RS_MAX_GPADL, RS_MAX_GPADL, false },
};

static void ring_split_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct rs *rs = kunit_kzalloc(test, sizeof(*rs), GFP_KERNEL);
	int pinned = atomic_read(&fg->pinned);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, rs);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fg_dev_revoke, &rs->dev), 0);
	fg_dev_offer_as(fg, &rs->dev, 1, &rs_dev_ops);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	for (i = 0; i < ARRAY_SIZE(rs_cases); i++) {
		const struct rs_case *c = &rs_cases[i];
		u32 in_size = (c->split - 1) * 4096, out_size = (c->npages - c->split - 1) * 4096;
		struct hv_ring_buffer *hdr = rs_page(fg, 3);

		rs_gpadl(fg, c->npages, c->split);
		memset(rs_page(fg, 0), 0, PAGE_SIZE);
		memset(hdr, 0, PAGE_SIZE);
		if (c->good) {
			hdr->read_index = out_size - 24;
			hdr->write_index = out_size - 24;
		}
		rs_open(fg, c->split);
		fg_expect_opened(fg, 1, c->good ? 0 : VMBUS_STATUS_FAILURE);
		KUNIT_EXPECT_EQ_MSG(test, rs->err, c->good ? 0 : -EINVAL, "%u of %u", c->split,
				    c->npages);
		if (c->good) {
			KUNIT_EXPECT_EQ(test, rs->rings.in.size, in_size);
			KUNIT_EXPECT_EQ(test, rs->rings.out.size, out_size);
			KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned + c->npages);
			rs_check_wrap(test, rs, rs_page(fg, 4),
				      rs_page(fg, out_size == 4096 ? 4 : 5));
			fg_channel(fg, VMBUS_MSG_CLOSE, 1);
		}
		KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);
		fg_teardown(fg, 1, RS_GPADL);
		fg_expect_torndown(fg, RS_GPADL);
	}
}

static struct kunit_case ring_size_cases[] = {
	KUNIT_CASE_SLOW(ring_size_test),
	KUNIT_CASE(ring_split_test),
	{}
};

static struct kunit_suite ring_size_suite = {
	.name = "vmbus_ring_size",
	.test_cases = ring_size_cases,
};

kunit_test_suite(ring_size_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the sizes of VMBus rings");
MODULE_LICENSE("GPL");
