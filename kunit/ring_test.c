// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ring reader and writer of vmbus_srv: one step at a time.
 */
#include <kunit/test.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <vmbus/ring.h>
#include "ring_test.h"

static void ring_init_test(struct kunit *test)
{
	static const u32 bad_sizes[] = { 0, 8, 4088, 4104, 6144, SZ_2G, 0xfffff000, 0xffffffff };
	static const u32 bad_indices[] = { 4, 1, 4090, 4096, 4104, 0x80000000, 0xfffffff8, ~0U };
	struct rt *rt = rt_new(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_sizes); i++) {
		KUNIT_EXPECT_EQ(test, vsrv_ring_in_init(&rt->in, rt->base, bad_sizes[i]), -EINVAL);
		KUNIT_EXPECT_EQ(test, vsrv_ring_out_init(&rt->out, rt->base, bad_sizes[i]),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
	}
	KUNIT_EXPECT_EQ(test, rt->hdr->feature_bits.value, 0);

	for (i = 0; i < ARRAY_SIZE(bad_indices); i++) {
		rt->hdr->read_index = bad_indices[i];
		rt->hdr->write_index = 0;
		KUNIT_EXPECT_EQ(test, vsrv_ring_in_init(&rt->in, rt->base, rt->size), -EIO);
		KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
		rt->hdr->read_index = 0;
		rt->hdr->write_index = bad_indices[i];
		KUNIT_EXPECT_EQ(test, vsrv_ring_out_init(&rt->out, rt->base, rt->size), -EIO);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
	}

	rt->hdr->read_index = 4088;
	rt->hdr->write_index = 16;
	rt->hdr->interrupt_mask = 1;
	rt->hdr->feature_bits.value = 0x80;
	KUNIT_EXPECT_EQ(test, vsrv_ring_in_init(&rt->in, rt->base, rt->size), 0);
	KUNIT_EXPECT_EQ(test, rt->hdr->feature_bits.value, 0x81);
	rt->hdr->feature_bits.value = 0x80;
	KUNIT_EXPECT_EQ(test, vsrv_ring_out_init(&rt->out, rt->base, rt->size), 0);
	KUNIT_EXPECT_EQ(test, vsrv_ring_readable(&rt->in), 24);
	KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 4096 - 24 - 8);
	KUNIT_EXPECT_EQ(test, rt->hdr->interrupt_mask, 1);
	KUNIT_EXPECT_EQ(test, rt->hdr->feature_bits.value, 0x81);
}

/* A packet at every position of the ring, in three pieces, of odd lengths. */
static void ring_wrap_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	u32 at, len, total, end;
	u64 footer;

	for (at = 0; at < rt->size; at += 8) {
		struct kvec vec[3];

		rt_reset(test, rt, at);
		len = (at / 8) % 61;
		total = RT_TOTAL(len);
		end = (at + total) % rt->size;
		rt_fill(rt->src, len, at + 1);
		memset(rt->data, 0xaa, rt->size);
		vec[0] = (struct kvec) { rt->src, len / 3 };
		vec[1] = (struct kvec) { NULL, 0 };
		vec[2] = (struct kvec) { rt->src + len / 3, len - len / 3 };

		KUNIT_ASSERT_EQ(test, vsrv_ring_write(&rt->out, RT_COMP, 1, at, vec, 3), 0);
		KUNIT_EXPECT_EQ(test, rt->hdr->write_index, at);
		KUNIT_EXPECT_EQ(test, rt_read(rt), 0);
		KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(&rt->out));
		KUNIT_EXPECT_EQ(test, rt->hdr->write_index, end);

		memcpy(&footer, rt->data + at + total - 8, 8);
		KUNIT_EXPECT_EQ(test, footer, (u64)at << 32);
		KUNIT_EXPECT_NULL(test, memchr_inv(rt->data + at + 16 + len, 0,
						   ALIGN(len, 8) - len));
		KUNIT_EXPECT_EQ(test, rt->data[end], 0xaa);

		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		KUNIT_EXPECT_EQ(test, rt->pkt.type, RT_COMP);
		KUNIT_EXPECT_EQ(test, rt->pkt.flags, 1);
		KUNIT_EXPECT_EQ(test, rt->pkt.trans_id, at);
		KUNIT_EXPECT_EQ(test, rt->pkt.len, ALIGN(len, 8));
		KUNIT_EXPECT_MEMEQ(test, rt->pkt.payload, rt->src, len);
		KUNIT_EXPECT_NULL(test, rt->pkt.ext);
		KUNIT_EXPECT_EQ(test, rt->hdr->read_index, at);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
		KUNIT_EXPECT_EQ(test, rt->hdr->read_index, end);
		KUNIT_EXPECT_EQ(test, rt_read(rt), 0);
	}
}

static void ring_full_test(struct kunit *test)
{
	static const u32 starts[] = { 0, 8, 16, 2048, 4080, 4088 };
	struct rt *rt = rt_new(test, 1);
	struct kvec huge[2] = { { rt->src, SIZE_MAX }, { rt->src, SIZE_MAX } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		rt_reset(test, rt, starts[i]);
		KUNIT_EXPECT_EQ(test, rt_read(rt), 0);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
		KUNIT_EXPECT_FALSE(test, vsrv_ring_write_commit(&rt->out));
		KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 4088);
		KUNIT_EXPECT_EQ(test, vsrv_ring_readable(&rt->in), 0);

		/* Exactly the ring, and one byte too many for its gap. */
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 4096 - 24), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 4088 - 24 + 1), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, SIZE_MAX), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, vsrv_ring_write(&rt->out, RT_COMP, 0, 0, huge, 2), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, vsrv_ring_write(&rt->out, RT_GPA, 0, 0, huge, 0), -EINVAL);
		/* All but the gap. */
		rt_fill(rt->src, 4088 - 24, 7);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 1, rt->src, 4088 - 24), 0);
		KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 0);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 2, NULL, 0), -EAGAIN);
		KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(&rt->out));
		KUNIT_EXPECT_EQ(test, rt_write(rt, 2, NULL, 0), -EAGAIN);
		KUNIT_EXPECT_EQ(test, vsrv_ring_readable(&rt->in), 4088);
		KUNIT_EXPECT_EQ(test, hv_get_bytes_to_write(&rt->rbi), 8);

		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		KUNIT_EXPECT_EQ(test, rt->pkt.len, 4088 - 24);
		KUNIT_EXPECT_MEMEQ(test, rt->pkt.payload, rt->src, 4088 - 24);
		/* Read but not given back. */
		KUNIT_EXPECT_EQ(test, rt_write(rt, 2, NULL, 0), -EAGAIN);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
		KUNIT_EXPECT_EQ(test, rt_write(rt, 2, rt->src, 4080 - 24), 0);
		KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 8);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 3, NULL, 0), -EAGAIN);
	}

	/* Longer than the descriptor can say. */
	rt->out.size = SZ_1M;
	KUNIT_EXPECT_EQ(test, rt_write(rt, 0, NULL, U16_MAX * 8 - 16 + 1), -EMSGSIZE);
}

static void rt_expect_dead_in(struct kunit *test, struct rt *rt)
{
	u32 published = rt->hdr->read_index;

	KUNIT_EXPECT_TRUE(test, rt->in.error);
	/* Even if the peer mends its ways. */
	rt_desc(rt, 0, RT_INBAND, 2, 2, 0);
	rt->hdr->write_index = 24;
	KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
	KUNIT_EXPECT_EQ(test, vsrv_ring_readable(&rt->in), 0);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	KUNIT_EXPECT_TRUE(test, vsrv_ring_unmask(&rt->in));
	KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
	KUNIT_EXPECT_EQ(test, rt->hdr->read_index, published);
}

static void ring_hostile_index_test(struct kunit *test)
{
	static const u32 bad[] = { 1, 4, 7, 12, 4092, 4096, 4100, 4104, 8192, SZ_2G, ~7U, ~0U };
	struct rt *rt = rt_new(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		rt_reset(test, rt, 0);
		rt->hdr->write_index = bad[i];
		KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
		rt_expect_dead_in(test, rt);

		rt_reset(test, rt, 0);
		rt->hdr->write_index = bad[i];
		KUNIT_EXPECT_TRUE(test, vsrv_ring_unmask(&rt->in));
		rt_expect_dead_in(test, rt);

		rt_reset(test, rt, 0);
		rt->hdr->read_index = bad[i];
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
		rt->hdr->read_index = 0;
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
		KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 0);
		KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 8));
		KUNIT_EXPECT_FALSE(test, vsrv_ring_write_commit(&rt->out));
		KUNIT_EXPECT_EQ(test, rt->hdr->write_index, 0);

		rt_reset(test, rt, 0);
		rt->hdr->read_index = bad[i];
		KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 8));
		KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);
		KUNIT_EXPECT_TRUE(test, rt->out.error);
	}

	/* Our own indices are ours: what the peer makes of them is ignored. */
	rt_reset(test, rt, 0);
	KUNIT_EXPECT_EQ(test, rt_write(rt, 5, rt->src, 8), 0);
	rt->hdr->write_index = 0x12345678;
	KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(&rt->out));
	KUNIT_EXPECT_EQ(test, rt->hdr->write_index, 32);
	rt->hdr->read_index = 0x12345678;
	KUNIT_EXPECT_EQ(test, rt_read(rt), 1);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	KUNIT_EXPECT_EQ(test, rt->hdr->read_index, 32);

	/* Less than a packet. */
	for (i = 8; i < 24; i += 8) {
		rt_reset(test, rt, 0);
		rt_desc(rt, 0, RT_INBAND, 2, 2, 0);
		rt->hdr->write_index = i;
		KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
		rt_expect_dead_in(test, rt);
	}

	/* The writer goes back behind, or around to, what was read in a batch. */
	for (i = 0; i < 24; i += 8) {
		rt_reset(test, rt, 0);
		rt_desc(rt, 0, RT_INBAND, 2, 2, 0);
		rt->hdr->write_index = 24;
		KUNIT_EXPECT_EQ(test, rt_read(rt), 1);
		rt->hdr->write_index = i;
		KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
		rt_expect_dead_in(test, rt);
	}
	/* The reader claims to have read what it has not been shown: found by a look. */
	for (i = 8; i <= 32; i += 8) {
		rt_reset(test, rt, 0);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), 0);
		rt->hdr->read_index = i;
		KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 0);
		KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_write_commit(&rt->out));
		KUNIT_EXPECT_EQ(test, rt->hdr->write_index, 0);
	}
}

/* The writer looks at the reader's index when the room it knows of is too little. */
static void ring_room_test(struct kunit *test)
{
	/* Three that cannot be, one within what was not shown, and one that went back. */
	static const struct { u32 read_index; int err; } cases[] = {
		{ 4, -EIO }, { 4096, -EIO }, { ~0U, -EIO }, { 64, -EIO }, { 4088, -EAGAIN },
	};
	struct rt *rt = rt_new(test, 1);
	unsigned int i, n;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rt_reset(test, rt, 0);
		KUNIT_ASSERT_EQ(test, rt_write(rt, 0, rt->src, 8), 0);
		rt->hdr->read_index = cases[i].read_index;
		/* What the first look has found: 4088 bytes, and not one more. */
		for (n = 1, ret = 0; !ret && n < rt->size; n += !ret)
			ret = rt_write(rt, n, rt->src, 8);
		KUNIT_EXPECT_EQ(test, n, 4088 / RT_TOTAL(8));
		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ(test, rt->out.error, ret == -EIO);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_write_commit(&rt->out));
	}

	/* Room that the reader makes meanwhile is found, too. */
	rt_reset(test, rt, 0);
	KUNIT_ASSERT_EQ(test, rt_write(rt, 0, rt->src, 4088 - 24), 0);
	KUNIT_ASSERT_TRUE(test, vsrv_ring_write_commit(&rt->out));
	rt->hdr->read_index = 4088;
	for (n = 0; n < 4088 / RT_TOTAL(8); n++)
		KUNIT_ASSERT_EQ(test, rt_write(rt, n, rt->src, 8), 0);
	KUNIT_EXPECT_EQ(test, rt_write(rt, n, rt->src, 8), -EAGAIN);

	/* Whoever asks for room has a look. */
	rt_reset(test, rt, 0);
	KUNIT_ASSERT_EQ(test, rt_write(rt, 0, rt->src, 8), 0);
	rt->hdr->read_index = 4;
	KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 8));
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);
	KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), -EIO);
}

static void ring_hostile_packet_test(struct kunit *test)
{
	static const struct rt_packet_case {
		u16 type, offset8, len8, flags;
		u32 avail;
		u32 range_count;
		int ret;
	} cases[] = {
		{ RT_INBAND, 2, 2, 0, 24, 0, 1 },
		{ RT_INBAND, 2, 2, 1, 24, 0, 1 },
		{ RT_INBAND, 3, 3, 0, 32, 0, 1 },
		{ RT_COMP, 2, 510, 0, 4088, 0, 1 },
		{ RT_INBAND, 0, 2, 0, 24, 0, -EIO },		/* payload in the descriptor */
		{ RT_INBAND, 1, 2, 0, 24, 0, -EIO },
		{ RT_INBAND, 0, 0, 0, 24, 0, -EIO },
		{ RT_INBAND, 2, 0, 0, 24, 0, -EIO },		/* shorter than it must be */
		{ RT_INBAND, 2, 1, 0, 24, 0, -EIO },
		{ RT_INBAND, 4, 3, 0, 64, 0, -EIO },
		{ RT_INBAND, 0xffff, 2, 0, 24, 0, -EIO },
		{ RT_INBAND, 2, 3, 0, 24, 0, -EIO },		/* footer beyond */
		{ RT_INBAND, 2, 4, 0, 24, 0, -EIO },		/* all of it beyond */
		{ RT_INBAND, 2, 511, 0, 4088, 0, -EIO },
		{ RT_INBAND, 2, 512, 0, 4088, 0, -EIO },
		{ RT_INBAND, 2, 0xffff, 0, 4088, 0, -EIO },
		{ RT_INBAND, 0xffff, 0xffff, 0, 4088, 0, -EIO },
		{ RT_INBAND, 2, 2, 2, 24, 0, -EIO },		/* flags */
		{ RT_INBAND, 2, 2, 0x8001, 24, 0, -EIO },
		{ 0, 2, 2, 0, 24, 0, -EIO },			/* types */
		{ VM_PKT_ESTABLISH_GPADL, 2, 4, 0, 64, 1, -EIO },
		{ VM_PKT_DATA_USING_GPADL, 4, 4, 0, 64, 1, -EIO },
		{ VM_PKT_CANCEL_REQUEST, 2, 2, 0, 24, 0, -EIO },
		{ VM_PKT_ADDITIONAL_DATA, 2, 4, 0, 64, 1, -EIO },
		{ 0xffff, 2, 2, 0, 24, 0, -EIO },
		{ 0x100 | RT_INBAND, 2, 2, 0, 24, 0, -EIO },
		{ RT_GPA, 3, 3, 1, 32, 1, 1 },
		{ RT_GPA, 5, 6, 1, 56, 0xffffffff, 1 },		/* the count comes later */
		{ RT_GPA, 2, 2, 1, 24, 1, -EIO },		/* no extended header */
		{ RT_GPA, 2, 8, 1, 128, 1, -EIO },
		{ RT_GPA, 5, 5, 1, 48, 0, -EIO },		/* no range */
		{ RT_XFER, 3, 3, 1, 32, 0, 1 },
		{ RT_XFER, 4, 6, 1, 56, 1, 1 },
		{ RT_XFER, 2, 2, 1, 24, 1, -EIO },
		{ RT_XFER, 2, 8, 1, 128, 1, -EIO },
	};
	struct rt *rt = rt_new(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct rt_packet_case *c = &cases[i];
		bool ext = c->type == RT_GPA || c->type == RT_XFER;

		rt_reset(test, rt, 0);
		memset(rt->data, 0, rt->size);
		rt_desc(rt, 0, c->type, c->offset8, c->len8, c->flags);
		memcpy(rt->data + 20, &c->range_count, 4);
		rt->hdr->write_index = c->avail;
		KUNIT_EXPECT_EQ_MSG(test, rt_read(rt), c->ret, "case %u", i);
		if (c->ret < 0) {
			rt_expect_dead_in(test, rt);
			continue;
		}
		KUNIT_EXPECT_EQ(test, rt->pkt.type, c->type);
		KUNIT_EXPECT_EQ(test, rt->pkt.flags, c->flags);
		KUNIT_EXPECT_EQ(test, rt->pkt.len, (c->len8 - c->offset8) * 8);
		KUNIT_EXPECT_PTR_EQ(test, rt->pkt.payload, (void *)rt->buf + c->offset8 * 8);
		KUNIT_EXPECT_EQ(test, rt->pkt.ext_len, ext ? c->offset8 * 8 - 16 : 0);
		KUNIT_EXPECT_EQ(test, rt->pkt.range_count, ext ? c->range_count : 0);
		KUNIT_EXPECT_EQ(test, rt->pkt.ranges_len, ext ? c->offset8 * 8 - 24 : 0);
		if (ext)
			KUNIT_EXPECT_PTR_EQ(test, rt->pkt.ranges, (void *)rt->buf + 24);
	}

	/* The buffer's size is a limit, too. */
	for (i = 0; i < 4; i++) {
		rt_reset(test, rt, 0);
		rt_desc(rt, 0, RT_INBAND, 2, 4, 0);
		rt->hdr->write_index = 40;
		memset(rt->buf, 0x55, 64);
		KUNIT_EXPECT_EQ(test, vsrv_ring_read(&rt->in, &rt->pkt, rt->buf, 8 + 8 * i),
				i < 3 ? -EIO : 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(rt->buf + 8 + 8 * i, 0x55, 16));
	}
}

static void ring_gpa_range_test(struct kunit *test)
{
	static const struct rt_range_case {
		u32 count, index, nwords;
		u64 words[6];
		int ret;
		u32 npfns, first;
	} cases[] = {
		{ 1, 0, 2, { RT_RANGE(4096, 0), 7 }, 0, 1, 1 },
		{ 1, 0, 2, { RT_RANGE(1, 4095), 7 }, 0, 1, 1 },
		{ 1, 0, 3, { RT_RANGE(2, 4095), 7, 8 }, 0, 2, 1 },
		{ 1, 0, 4, { RT_RANGE(8192, 1), 7, 8, 9 }, 0, 3, 1 },
		{ 2, 1, 5, { RT_RANGE(8, 0), 7, RT_RANGE(8192, 0), 8, 9 }, 0, 2, 3 },
		{ 3, 2, 6, { RT_RANGE(8, 0), 7, RT_RANGE(9, 0), 8, RT_RANGE(1, 0), 9 }, 0, 1, 5 },
		{ 2, 0, 2, { RT_RANGE(8, 0), 7 }, 0, 1, 1 },		/* the bad one is later */
		{ 2, 1, 2, { RT_RANGE(8, 0), 7 }, -EINVAL },		/* claimed only */
		{ 2, 1, 3, { RT_RANGE(8, 0), 7, RT_RANGE(8, 0) }, -EINVAL },
		{ 1, 1, 4, { RT_RANGE(8, 0), 7, RT_RANGE(8, 0), 8 }, -EINVAL },
		{ ~0U, ~0U - 1, 4, { RT_RANGE(8, 0), 7, RT_RANGE(8, 0), 8 }, -EINVAL },
		{ ~0U, ~0U, 4, { RT_RANGE(8, 0), 7, RT_RANGE(8, 0), 8 }, -EINVAL },
		{ 0, 0, 2, { RT_RANGE(8, 0), 7 }, -EINVAL },
		{ 1, 0, 0, { }, -EINVAL },
		{ 1, 0, 1, { RT_RANGE(1, 0) }, -EINVAL },			/* no pfn */
		{ 1, 0, 2, { RT_RANGE(0, 0), 7 }, -EINVAL },		/* no length */
		{ 1, 0, 1, { RT_RANGE(0, 0) }, -EINVAL },
		{ 1, 0, 3, { RT_RANGE(1, 4096), 7, 8 }, -EINVAL },		/* offset */
		{ 1, 0, 3, { RT_RANGE(1, 0xffffffff), 7, 8 }, -EINVAL },
		{ 1, 0, 2, { RT_RANGE(4097, 0), 7 }, -EINVAL },		/* pfns short */
		{ 1, 0, 2, { RT_RANGE(2, 4095), 7 }, -EINVAL },
		{ 1, 0, 2, { RT_RANGE(0xffffffff, 0), 7 }, -EINVAL },
		{ 1, 0, 2, { RT_RANGE(0xfffff001, 0xffe), 7 }, -EINVAL },
		{ 1, 0, 2, { RT_RANGE(0xfffff001, 0xfff), 7 }, -EINVAL },	/* 2^32 */
		{ 1, 0, 2, { RT_RANGE(0xffffffff, 2), 7 }, -EINVAL },
		{ 2, 1, 4, { RT_RANGE(0, 0), 7, RT_RANGE(8, 0), 8 }, -EINVAL },	/* bad one first */
		{ 2, 1, 4, { RT_RANGE(0xffffffff, 2), 7, RT_RANGE(8, 0), 8 }, -EINVAL },
	};
	struct rt *rt = rt_new(test, 1);
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct rt_range_case *c = &cases[i];
		struct vsrv_gpa_range range = { .len = 1234 };
		struct { u32 reserved, count; u64 words[6]; u64 payload; } body = {
			.count = c->count ?: 1,
		};
		bool signal;

		rt_reset(test, rt, 0);
		/* Good ranges where the header has ended: they must not be found. */
		for (n = 0; n < ARRAY_SIZE(body.words); n++)
			body.words[n] = RT_RANGE(8, 0);
		memcpy(body.words, c->words, c->nwords * 8);
		KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_GPA, 3 + c->nwords, 0, &body,
						       sizeof(body), &signal));
		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		rt->pkt.range_count = c->count;
		KUNIT_EXPECT_EQ_MSG(test, vsrv_packet_range(&rt->pkt, c->index, &range), c->ret,
				    "case %u", i);
		if (c->ret) {
			KUNIT_EXPECT_EQ(test, range.len, 1234);
			continue;
		}
		KUNIT_EXPECT_EQ(test, RT_RANGE(range.len, range.offset), c->words[c->first - 1]);
		KUNIT_EXPECT_EQ(test, range.npfns, c->npfns);
		KUNIT_EXPECT_MEMEQ(test, range.pfns, &c->words[c->first], 8 * c->npfns);
		/* Transfer pages are ranges of another kind. */
		rt->pkt.type = RT_XFER;
		KUNIT_EXPECT_EQ(test, vsrv_packet_range(&rt->pkt, c->index, &range), -EINVAL);
	}
}

static void ring_writer_signal_test(struct kunit *test)
{
	/* Read index where the ring stands when the batch begins: at 32. */
	static const struct { u32 mask, read_index; bool signal; } cases[] = {
		{ 0, 32, true }, { 1, 32, false }, { 0xffffffff, 32, false }, { 2, 32, false },
		{ 0, 0, false }, { 1, 0, false }, { 0, 64, false }, { 0, 33, false },
		{ 0, 0xffffffff, false },
	};
	struct rt *rt = rt_new(test, 1);
	unsigned int i, batch, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (batch = 1; batch <= 3; batch++) {
			rt_reset(test, rt, 0);
			KUNIT_ASSERT_EQ(test, rt_write(rt, 0, rt->src, 8), 0);
			KUNIT_ASSERT_TRUE(test, vsrv_ring_write_commit(&rt->out));
			for (n = 0; n < batch; n++)
				KUNIT_ASSERT_EQ(test, rt_write(rt, n, rt->src, 8), 0);
			KUNIT_EXPECT_EQ(test, rt->hdr->write_index, 32);
			rt->hdr->interrupt_mask = cases[i].mask;
			rt->hdr->read_index = cases[i].read_index;
			KUNIT_EXPECT_EQ_MSG(test, vsrv_ring_write_commit(&rt->out),
					    cases[i].signal, "case %u", i);
			KUNIT_EXPECT_EQ(test, rt->hdr->write_index, 32 + 32 * batch);
			/* One signal per batch. */
			KUNIT_EXPECT_FALSE(test, vsrv_ring_write_commit(&rt->out));
		}
	}
}

static void ring_reader_signal_test(struct kunit *test)
{
	/*
	 * Each of 16 packets takes 128 bytes, and 4 are read: so the free space
	 * goes from 4096 - 2048 - 8 = 2040 to 2552.
	 */
	static const struct { u32 pending; bool signal; } cases[] = {
		{ 0, false }, { 1, false }, { 7, false }, { 8, false }, { 2032, false },
		{ 2040, false }, { 2047, false }, { 2048, true }, { 2049, true }, { 2055, true },
		{ 2544, true }, { 2551, true }, { 2552, true }, { 2559, true }, { 2560, false },
		{ 4088, false }, { 4095, false }, { 4096, false }, { 0xffffffff, false },
	};
	struct rt *rt = rt_new(test, 1);
	unsigned int i, n;
	bool signal;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		/* Once plain, once with packets and index around the end. */
		rt_reset(test, rt, i & 1 ? 4096 - 256 : 0);
		for (n = 0; n < 16; n++)
			KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, n, rt->src, 104,
							       &signal));
		for (n = 0; n < 4; n++)
			KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		rt->hdr->pending_send_sz = cases[i / 2].pending;
		/* The mask is for the other direction. */
		rt->hdr->interrupt_mask = i & 1;
		KUNIT_EXPECT_EQ_MSG(test, vsrv_ring_read_commit(&rt->in), cases[i / 2].signal,
				    "pending %u", cases[i / 2].pending);
		/* One signal per batch, and none for space that was there before. */
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		KUNIT_EXPECT_EQ(test, vsrv_ring_read_commit(&rt->in),
				cases[i / 2].pending == 2560);
	}

	/* "All of it", as some guests write it. */
	rt_reset(test, rt, 0);
	for (n = 0; n < 2; n++)
		KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, n, rt->src, 8, &signal));
	rt->hdr->pending_send_sz = 4095;
	KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_read_commit(&rt->in));

	/* No signal for a writer that lies about its index: unaligned, or beyond. */
	for (i = 0; i < 2; i++) {
		rt_reset(test, rt, 0);
		for (n = 0; n < 2; n++)
			KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, n, rt->src, 8,
							       &signal));
		KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
		rt->hdr->pending_send_sz = 4056;
		rt->hdr->write_index = i ? 0xffffffff : 60;
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	}
}

static void ring_mask_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	bool signal;

	rt_reset(test, rt, 0);
	vsrv_ring_mask(&rt->in);
	KUNIT_EXPECT_EQ(test, rt->hdr->interrupt_mask, 1);
	KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, 0, rt->src, 8, &signal));
	KUNIT_EXPECT_FALSE(test, signal);
	/* That packet came unannounced: unmasking must find it. */
	KUNIT_EXPECT_TRUE(test, vsrv_ring_unmask(&rt->in));
	KUNIT_EXPECT_EQ(test, rt->hdr->interrupt_mask, 0);
	KUNIT_EXPECT_EQ(test, rt_read(rt), 1);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	KUNIT_EXPECT_FALSE(test, vsrv_ring_unmask(&rt->in));
	KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, 1, rt->src, 8, &signal));
	KUNIT_EXPECT_TRUE(test, signal);
}

static void ring_want_space_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);

	rt_reset(test, rt, 0);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 4088));
	KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 0xffffffff));
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);
	KUNIT_ASSERT_EQ(test, rt_write(rt, 0, rt->src, 4096 - 8 - 24 - 64), 0);
	KUNIT_ASSERT_TRUE(test, vsrv_ring_write_commit(&rt->out));
	KUNIT_EXPECT_EQ(test, vsrv_ring_space(&rt->out), 64);

	KUNIT_EXPECT_TRUE(test, vsrv_ring_want_space(&rt->out, 64));
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_want_space(&rt->out, 0xffffffff));
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 4088);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_want_space(&rt->out, 65));
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 72);
	/* A packet that does not fit leaves the wait alone; one that fits ends it. */
	KUNIT_EXPECT_EQ(test, rt_write(rt, 1, rt->src, 72 - 24), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 72);
	KUNIT_EXPECT_EQ(test, rt_write(rt, 1, rt->src, 8), 0);
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);

	/* So does the first one if it was a previous writer that has asked. */
	rt_reset(test, rt, 0);
	rt->hdr->pending_send_sz = 64;
	KUNIT_ASSERT_EQ(test, vsrv_ring_out_init(&rt->out, rt->base, rt->size), 0);
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 64);
	KUNIT_EXPECT_EQ(test, rt_write(rt, 0, rt->src, 8), 0);
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 0);
	/* What the peer makes of it then is not looked at. */
	rt->hdr->pending_send_sz = 64;
	KUNIT_EXPECT_EQ(test, rt_write(rt, 1, rt->src, 8), 0);
	KUNIT_EXPECT_EQ(test, rt->hdr->pending_send_sz, 64);
}

static void ring_freeze_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	u32 at[] = { 0, 8, HV_HYP_PAGE_SIZE - 8 };
	unsigned int i;
	bool signal;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		rt_reset(test, rt, at[i]);
		/* Nothing there: no guest finds room for the smallest packet. */
		KUNIT_EXPECT_TRUE(test, vsrv_ring_freeze(&rt->in));
		KUNIT_EXPECT_FALSE(test, rt_guest_write(rt, RT_INBAND, 2, 1, NULL, 0, &signal));

		/* A packet is there: it is read first, and the ring goes on until then. */
		rt_reset(test, rt, at[i]);
		KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, 7, NULL, 0, &signal));
		KUNIT_EXPECT_FALSE(test, vsrv_ring_freeze(&rt->in));
		KUNIT_EXPECT_EQ(test, rt->hdr->read_index, at[i]);
		KUNIT_EXPECT_EQ(test, rt_read(rt), 1);
		KUNIT_EXPECT_EQ(test, rt->pkt.trans_id, 7);
		KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
		KUNIT_EXPECT_TRUE(test, vsrv_ring_freeze(&rt->in));
		KUNIT_EXPECT_FALSE(test, rt_guest_write(rt, RT_INBAND, 2, 8, NULL, 0, &signal));
		KUNIT_EXPECT_EQ(test, rt_read(rt), 0);
	}

	/* A peer that published late is heard the second time. */
	rt_reset(test, rt, 0);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_freeze(&rt->in));
	rt->hdr->read_index = 0;
	KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_INBAND, 2, 9, NULL, 0, &signal));
	KUNIT_EXPECT_FALSE(test, vsrv_ring_freeze(&rt->in));
	KUNIT_EXPECT_EQ(test, rt_read(rt), 1);

	/* A dead ring needs no freezing. */
	rt->hdr->write_index = 4;
	KUNIT_EXPECT_TRUE(test, vsrv_ring_freeze(&rt->in));
	KUNIT_EXPECT_EQ(test, rt_read(rt), -EIO);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_freeze(&rt->in));
}

/* What was read from one ring is the same in another, whatever its type. */
static void ring_write_packet_test(struct kunit *test)
{
	static const struct { u16 type; u16 ext; u16 payload; } cases[] = {
		{ RT_INBAND, 0, 0 }, { RT_INBAND, 0, 8 }, { RT_INBAND, 0, 4000 },
		{ RT_COMP, 0, 64 },
		{ RT_GPA, 24, 64 }, { RT_GPA, 8 + 8 + 65 * 8, 64 }, { RT_GPA, 16, 0 },
		{ RT_XFER, 8, 0 }, { RT_XFER, 16, 40 },
	};
	struct rt *from = rt_new(test, 2), *to = rt_new(test, 2);
	unsigned int i, len;
	bool signal;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rt_reset(test, from, 0);
		rt_reset(test, to, 4096 + 8 * i);
		len = cases[i].ext + cases[i].payload;
		rt_fill(from->src, len, i);
		if (cases[i].ext)
			put_unaligned_le32(1, from->src + 4);
		KUNIT_ASSERT_TRUE(test, rt_guest_write(from, cases[i].type, 2 + cases[i].ext / 8,
						       i, from->src, len, &signal));
		KUNIT_ASSERT_EQ_MSG(test, rt_read(from), 1, "case %u", i);
		KUNIT_ASSERT_EQ(test, vsrv_ring_write_packet(&to->out, &from->pkt), 0);
		(void)!vsrv_ring_write_commit(&to->out);
		KUNIT_ASSERT_EQ_MSG(test, rt_read(to), 1, "case %u", i);
		KUNIT_EXPECT_EQ(test, to->pkt.type, cases[i].type);
		KUNIT_EXPECT_EQ(test, to->pkt.flags, from->pkt.flags);
		KUNIT_EXPECT_EQ(test, to->pkt.trans_id, i);
		KUNIT_ASSERT_EQ(test, to->pkt.ext_len, cases[i].ext);
		KUNIT_ASSERT_EQ(test, to->pkt.len, cases[i].payload);
		KUNIT_EXPECT_EQ(test, memcmp(to->buf + 16, from->src, len), 0);
	}

	/* As long as there is room. */
	for (i = 0; i < to->size / 8; i++) {
		if (vsrv_ring_write_packet(&to->out, &from->pkt))
			break;
	}
	KUNIT_EXPECT_EQ(test, vsrv_ring_write_packet(&to->out, &from->pkt), -EAGAIN);
	from->pkt.len = to->size;
	KUNIT_EXPECT_EQ(test, vsrv_ring_write_packet(&to->out, &from->pkt), -EMSGSIZE);
	to->out.error = true;
	KUNIT_EXPECT_EQ(test, vsrv_ring_write_packet(&to->out, &from->pkt), -EIO);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_init_test),
	KUNIT_CASE(ring_wrap_test),
	KUNIT_CASE(ring_full_test),
	KUNIT_CASE(ring_hostile_index_test),
	KUNIT_CASE(ring_room_test),
	KUNIT_CASE(ring_hostile_packet_test),
	KUNIT_CASE(ring_gpa_range_test),
	KUNIT_CASE(ring_writer_signal_test),
	KUNIT_CASE(ring_reader_signal_test),
	KUNIT_CASE(ring_mask_test),
	KUNIT_CASE(ring_want_space_test),
	KUNIT_CASE(ring_freeze_test),
	KUNIT_CASE(ring_write_packet_test),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "vmbus_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("Tests of the VMBus ring reader and writer");
MODULE_LICENSE("GPL");
