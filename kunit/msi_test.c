// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of MSIs: requests, routes, what is raised when, and monitors that are slow, or
 * go.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <kunit/test.h>
#include <vmbus/compat.h>
#include "../drivers/vmbus_partition/vpart.h"

#define MI_NAME		"kunit-msi"
#define MI_VPS		3
#define MI_ADDRESS	0xfee00000ULL
#define MI_MAX		VMBUS_PARTITION_MAX_MSIS
#define MI_ACTIVE	VMBUS_PARTITION_MSI_ACTIVE

/**
 * struct mi - a monitor that counts what it is to raise
 * @test: running test
 * @part: partition
 * @attached: it is
 * @gone: it is not any more
 * @too_late: raised all the same
 * @fired: by number
 * @cookies: of the same
 */
struct mi {
	struct kunit *test;
	struct vmbus_partition *part;
	bool attached;
	bool gone;
	bool too_late;
	atomic_t fired[MI_MAX];
	void *cookies[MI_MAX];
};

static void mi_fire(void *ctx, void *cookie)
{
	struct mi *mi = ctx;

	if (READ_ONCE(mi->gone))
		mi->too_late = true;
	atomic_inc(cookie);
}

static void mi_interrupt(void *ctx, void *cookie, u8 sint)
{
}

static const struct vpart_backend_ops mi_ops = {
	.owner = THIS_MODULE,
	.interrupt = mi_interrupt,
	.msi = mi_fire,
};

static void mi_detach(struct mi *mi)
{
	if (mi->attached)
		vpart_backend_detach(mi->part);
	mi->attached = false;
	WRITE_ONCE(mi->gone, true);
}

static void mi_attach(struct mi *mi)
{
	u32 vp;

	KUNIT_ASSERT_EQ(mi->test, vpart_backend_attach(mi->part, &mi_ops, mi), 0);
	mi->attached = true;
	WRITE_ONCE(mi->gone, false);
	for (vp = 0; vp < MI_VPS; vp++)
		KUNIT_ASSERT_EQ(mi->test, vpart_set_vp(mi->part, vp, NULL), 0);
}

static void mi_free(void *ctx)
{
	struct mi *mi = ctx;

	mi_detach(mi);
	vpart_put(mi->part);
	kvfree(mi);
}

/* With @n MSIs, or none */
static struct mi *mi_new(struct kunit *test, unsigned int n)
{
	struct mi *mi = kvzalloc(sizeof(*mi), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mi);
	mi->test = test;
	mi->part = vpart_get(MI_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mi->part));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, mi_free, mi), 0);
	for (i = 0; i < MI_MAX; i++)
		mi->cookies[i] = &mi->fired[i];
	mi_attach(mi);
	if (n)
		KUNIT_ASSERT_EQ(test, vpart_set_msis(mi->part, mi->cookies, n), 0);
	return mi;
}

/* All messages of an MSI to VP @vp; its data, or -errno */
static int mi_create(struct mi *mi, u32 vector, u16 count, u32 vp)
{
	struct vpart_msi_request req = {
		.vector = vector, .count = count, .nvps = 1, .vps = &vp,
	};
	u64 address = 0;
	u32 data = 0;
	int err;

	err = vpart_msi_create(mi->part, &req, &address, &data);
	if (err)
		return err;
	KUNIT_EXPECT_EQ(mi->test, address, MI_ADDRESS);
	KUNIT_EXPECT_LT(mi->test, data, 0x10000);
	return data;
}

static int mi_raise(struct mi *mi, u32 data)
{
	return vpart_msi_raise(mi->part, MI_ADDRESS, data);
}

static int mi_retarget(struct mi *mi, u32 data, u32 vector, u32 vp)
{
	return vpart_msi_retarget(mi->part, MI_ADDRESS, data, vector, &vp, 1);
}

static void mi_expect_fired(struct mi *mi, u32 data, int n)
{
	KUNIT_EXPECT_EQ(mi->test, atomic_xchg(&mi->fired[data % MI_MAX], 0), n);
}

/* The next route that has changed is this one. */
static u32 mi_expect_next(struct mi *mi, u32 data, u32 flags, u32 vp, u32 vector)
{
	struct vmbus_partition_msi route = { };

	KUNIT_EXPECT_EQ(mi->test, vpart_msi_next(mi->part, &route), 0);
	KUNIT_EXPECT_EQ(mi->test, route.msi, data % MI_MAX);
	KUNIT_EXPECT_EQ(mi->test, route.flags, flags);
	KUNIT_EXPECT_EQ(mi->test, route.vp, vp);
	KUNIT_EXPECT_EQ(mi->test, route.vector, vector);
	KUNIT_EXPECT_EQ(mi->test, route.reserved, 0);
	return route.sequence;
}

static void mi_expect_none(struct mi *mi)
{
	struct vmbus_partition_msi route;

	KUNIT_EXPECT_EQ(mi->test, vpart_msi_next(mi->part, &route), -ENOENT);
}

/* What a monitor does; how many there were */
static unsigned int mi_sync(struct mi *mi)
{
	struct vmbus_partition_msi route;
	unsigned int n;

	for (n = 0; !vpart_msi_next(mi->part, &route); n++)
		vpart_msi_routed(mi->part, route.msi, route.sequence);
	return n;
}

/* Has the monitor been told, since the last look? */
static bool mi_told(struct mi *mi)
{
	struct vmbus_partition_event event;
	bool told = false;

	while (vpart_events_take(mi->part, &event))
		told |= event.type == VMBUS_PARTITION_EVENT_MSI;
	return told;
}

static u64 mi_count(struct mi *mi, enum vpart_counter counter)
{
	return atomic64_read(&mi->part->counters[counter]);
}

/* ---- requests --------------------------------------------------------------------- */

static void msi_request_test(struct kunit *test)
{
	static const u32 good[] = { 1 }, late[] = { U32_MAX, 1024, 1023, 3, 2, 0 };
	static const u32 bad[] = { 3, 1023, 1024, 1U << 31, U32_MAX };
	static const struct {
		struct vpart_msi_request req;
		int err;
		u32 vp;
	} cases[] = {
		{ { 16, 0, 1, 1, good }, 0, 1 },
		{ { 255, 0, 1, 1, good }, 0, 1 },
		{ { 32, 1, 1, 1, good }, 0, 1 },
		{ { 32, 0, 32, 1, good }, 0, 1 },
		{ { 224, 0, 32, 1, good }, 0, 1 },
		{ { 32, 0, 3, 1, good }, 0, 1 },
		{ { 32, 0, 1, ARRAY_SIZE(late), late }, 0, 2 },
		{ { 0, 0, 1, 1, good }, -EINVAL },
		{ { 15, 0, 1, 1, good }, -EINVAL },
		{ { 256, 0, 1, 1, good }, -EINVAL },
		{ { 1U << 31, 0, 1, 1, good }, -EINVAL },
		{ { U32_MAX, 0, 1, 1, good }, -EINVAL },
		{ { U32_MAX - 30, 0, 32, 1, good }, -EINVAL },
		{ { 255, 0, 2, 1, good }, -EINVAL },
		{ { 225, 0, 32, 1, good }, -EINVAL },
		{ { 32, 0, 0, 1, good }, -EINVAL },
		{ { 32, 0, 33, 1, good }, -EINVAL },
		{ { 32, 0, 0xffff, 1, good }, -EINVAL },
		{ { 32, 2, 1, 1, good }, -EINVAL },
		{ { 32, 255, 1, 1, good }, -EINVAL },
		{ { 32, 0, 1, 0, NULL }, -ENXIO },
		{ { 32, 0, 1, ARRAY_SIZE(bad), bad }, -ENXIO },
	};
	struct mi *mi = mi_new(test, 0);
	unsigned int i, n;
	u64 address;
	u32 data;

	KUNIT_EXPECT_EQ(test, vpart_msi_create(mi->part, &cases[0].req, &address, &data), -ENODEV);
	KUNIT_EXPECT_EQ(test, vpart_set_msis(mi->part, mi->cookies, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_set_msis(mi->part, mi->cookies, MI_MAX + 1), -EINVAL);
	KUNIT_ASSERT_EQ(test, vpart_set_msis(mi->part, mi->cookies, MI_MAX), 0);
	KUNIT_EXPECT_EQ(test, vpart_set_msis(mi->part, mi->cookies, MI_MAX), -EBUSY);
	mi_told(mi);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vpart_msi_create(mi->part, &cases[i].req, &address,
							   &data), cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mi_told(mi), !cases[i].err, "case %u", i);
		for (n = 0; !cases[i].err && n < cases[i].req.count; n++)
			mi_expect_next(mi, data + n, MI_ACTIVE, cases[i].vp,
				       cases[i].req.vector + n);
		mi_expect_none(mi);
	}
}

/* As PCI wants it: the low bits of the data count the messages. */
static void msi_messages_test(struct kunit *test)
{
	static const u16 counts[] = { 1, 2, 3, 32, 1, 4, 16, 5, 8, 1 };
	struct mi *mi = mi_new(test, 128);
	int data[ARRAY_SIZE(counts)];
	unsigned int i, n, total = 0;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		data[i] = mi_create(mi, 0x40, counts[i], 0);
		KUNIT_ASSERT_GE(test, data[i], 0);
		KUNIT_EXPECT_EQ(test, data[i] % roundup_pow_of_two(counts[i]), 0);
		total += counts[i];
	}
	KUNIT_EXPECT_EQ(test, mi_sync(mi), total);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (n = 0; n < counts[i]; n++) {
			KUNIT_EXPECT_EQ(test, mi_raise(mi, data[i] + n), 0);
			mi_expect_fired(mi, data[i] + n, 1);
		}
	}
	/* Each goes where it is sent, and only all of them go together. */
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data[3] + 31, 0x33, 2), 0);
	mi_expect_next(mi, data[3] + 31, MI_ACTIVE, 2, 0x33);
	mi_expect_none(mi);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data[3] + 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data[3]), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data[3]), -ENOENT);
	for (n = 0; n < 32; n++) {
		KUNIT_EXPECT_EQ(test, mi_raise(mi, data[3] + n), -ENOENT);
		mi_expect_next(mi, data[3] + n, 0, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data[2] + 2), 0);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data[2] + 3), -ENOENT);
}

static void msi_limit_test(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 2, 63, 64, 65, MI_MAX };
	struct mi *mi = mi_new(test, 0);
	unsigned int i, n, bad;
	int data = 0, last;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_EQ(test, vpart_set_msis(mi->part, mi->cookies, sizes[i]), 0);
		for (n = 0, bad = 0; n < sizes[i]; n++) {
			data = mi_create(mi, 0x40, 1, 0);
			bad += data < 0;
		}
		KUNIT_EXPECT_EQ(test, bad, 0);
		KUNIT_EXPECT_EQ(test, mi_create(mi, 0x40, 1, 0), -ENOSPC);
		KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), 0);
		last = mi_create(mi, 0x40, 1, 0);
		KUNIT_EXPECT_EQ(test, last % MI_MAX, data % MI_MAX);
		KUNIT_EXPECT_NE(test, last, data);
		KUNIT_EXPECT_EQ(test, mi_sync(mi), sizes[i]);
		mi_detach(mi);
		mi_attach(mi);
	}
	/* Room for one of 32 at a place that is right, and no more. */
	KUNIT_ASSERT_EQ(test, vpart_set_msis(mi->part, mi->cookies, 63), 0);
	data = mi_create(mi, 0x40, 32, 0);
	KUNIT_EXPECT_GE(test, data, 0);
	KUNIT_EXPECT_EQ(test, mi_create(mi, 0x40, 32, 0), -ENOSPC);
	KUNIT_EXPECT_GE(test, mi_create(mi, 0x40, 16, 0), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), 0);
	KUNIT_EXPECT_GE(test, mi_create(mi, 0x40, 32, 0), 0);
}

/* ---- raising ----------------------------------------------------------------------- */

static void msi_raise_test(struct kunit *test)
{
	static const struct {
		u64 address;
		u32 add;
	} strangers[] = {
		{ 0, 0 }, { MI_ADDRESS + 4, 0 }, { MI_ADDRESS | 1ULL << 32, 0 }, { U64_MAX, 0 },
		{ MI_ADDRESS, 1 }, { MI_ADDRESS, MI_MAX }, { MI_ADDRESS, 0x10000 },
		{ MI_ADDRESS, 1U << 31 }, { MI_ADDRESS, MI_MAX - 1 }, { MI_ADDRESS, U32_MAX },
	};
	struct mi *mi = mi_new(test, 4);
	int data = mi_create(mi, 0x41, 1, 1);
	unsigned int i;
	u32 sequence;

	KUNIT_ASSERT_GE(test, data, 0);
	/* Nobody has routed it. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	mi_expect_fired(mi, data, 0);
	sequence = mi_expect_next(mi, data, MI_ACTIVE, 1, 0x41);
	mi_expect_fired(mi, data, 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, data % MI_MAX, sequence + 1), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, data % MI_MAX, sequence - 1), 0);
	mi_expect_fired(mi, data, 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, 4, sequence), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, U32_MAX, sequence), -EINVAL);
	/* Once for all three, and only once. */
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, data % MI_MAX, sequence), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, data % MI_MAX, sequence), 0);
	mi_expect_fired(mi, data, 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	mi_expect_fired(mi, data, 3);
	KUNIT_EXPECT_EQ(test, mi_count(mi, VPART_MSIS_RAISED), 6);

	for (i = 0; i < ARRAY_SIZE(strangers); i++)
		KUNIT_EXPECT_EQ_MSG(test, vpart_msi_raise(mi->part, strangers[i].address,
							  data + strangers[i].add), -ENOENT,
				    "case %u", i);
	KUNIT_EXPECT_EQ(test, mi_count(mi, VPART_MSIS_LOST), ARRAY_SIZE(strangers));
	for (i = 0; i < 4; i++)
		mi_expect_fired(mi, i, 0);
	mi_expect_none(mi);
}

static void msi_retarget_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 4);
	int data = mi_create(mi, 0x41, 1, 1);
	u32 old;

	KUNIT_ASSERT_GE(test, data, 0);
	mi_sync(mi);
	mi_told(mi);
	/* What is so already is no change. */
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x41, 1), 0);
	KUNIT_EXPECT_FALSE(test, mi_told(mi));
	mi_expect_none(mi);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	mi_expect_fired(mi, data, 1);

	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x42, 1), 0);
	KUNIT_EXPECT_TRUE(test, mi_told(mi));
	old = mi_expect_next(mi, data, MI_ACTIVE, 1, 0x42);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x42, 2), 0);
	/* It waits for the last route. */
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, data % MI_MAX, old), 0);
	mi_expect_fired(mi, data, 0);
	KUNIT_EXPECT_EQ(test, mi_sync(mi), 1);
	mi_expect_fired(mi, data, 1);

	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 15, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 256, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, U32_MAX, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x42, MI_VPS), -ENXIO);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x42, U32_MAX), -ENXIO);
	KUNIT_EXPECT_EQ(test, vpart_msi_retarget(mi->part, MI_ADDRESS, data, 0x42, NULL, 0),
			-ENXIO);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data + 1, 0x42, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data ^ 1 << 15, 0x42, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, U32_MAX, 0x42, 1), -ENOENT);
	mi_expect_none(mi);
	/* What was raised for a message that goes is gone. */
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x43, 2), 0);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), 0);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x42, 1), -ENOENT);
	mi_sync(mi);
	mi_expect_fired(mi, data, 0);
}

/* A device that goes on with what it had does not reach the next one's. */
static void msi_stale_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 1);
	int old[32], data;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		data = mi_create(mi, 0x50, 1, 0);
		KUNIT_ASSERT_GE(test, data, 0);
		mi_sync(mi);
		for (n = 0; n < i; n++) {
			KUNIT_EXPECT_NE(test, data, old[n]);
			KUNIT_EXPECT_EQ(test, mi_raise(mi, old[n]), -ENOENT);
			KUNIT_EXPECT_EQ(test, mi_retarget(mi, old[n], 0x51, 1), -ENOENT);
			KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, old[n]),
					-ENOENT);
		}
		mi_expect_none(mi);
		mi_expect_fired(mi, data, 0);
		KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
		mi_expect_fired(mi, data, 1);
		/* Nor does what it has raised last. */
		KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x52, 2), 0);
		KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
		KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), 0);
		old[i] = data;
	}
}

/* ---- the guest stops, the guest begins anew, the monitor goes --------------------------- */

static void msi_stop_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 4);
	int routed = mi_create(mi, 0x41, 1, 0), other;
	unsigned int i;

	KUNIT_ASSERT_GE(test, routed, 0);
	mi_sync(mi);
	vpart_stop(mi->part);
	other = mi_create(mi, 0x42, 1, 1);
	KUNIT_ASSERT_GE(test, other, 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, mi_raise(mi, routed), 0);
		KUNIT_EXPECT_EQ(test, mi_raise(mi, other), 0);
	}
	KUNIT_EXPECT_EQ(test, mi_sync(mi), 1);
	mi_expect_fired(mi, routed, 0);
	mi_expect_fired(mi, other, 0);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, routed, 0x44, 2), 0);
	vpart_start(mi->part);
	mi_expect_fired(mi, routed, 0);
	mi_expect_fired(mi, other, 1);
	KUNIT_EXPECT_EQ(test, mi_sync(mi), 1);
	mi_expect_fired(mi, routed, 1);
	/* Nothing is left over. */
	vpart_stop(mi->part);
	vpart_start(mi->part);
	mi_expect_fired(mi, routed, 0);
	mi_expect_fired(mi, other, 0);
}

static void msi_reset_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 4);
	int data = mi_create(mi, 0x41, 2, 0);

	KUNIT_ASSERT_GE(test, data, 0);
	mi_sync(mi);
	mi_told(mi);
	KUNIT_EXPECT_EQ(test, mi_retarget(mi, data, 0x50, 1), 0);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	vpart_reset(mi->part);
	KUNIT_EXPECT_TRUE(test, mi_told(mi));
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), -ENOENT);
	mi_expect_next(mi, data, 0, 0, 0);
	mi_expect_next(mi, data + 1, 0, 0, 0);
	mi_expect_none(mi);
	mi_expect_fired(mi, data, 0);
	/* Its owner may not have heard of it yet. */
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), -ENOENT);
	KUNIT_EXPECT_GE(test, mi_create(mi, 0x41, 4, 0), 0);
	/* Nothing to delete is nothing to tell. */
	vpart_reset(mi->part);
	mi_sync(mi);
	mi_told(mi);
	vpart_reset(mi->part);
	KUNIT_EXPECT_FALSE(test, mi_told(mi));
	mi_expect_none(mi);
}

static void msi_detach_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 4);
	int data = mi_create(mi, 0x41, 1, 0), next;

	KUNIT_ASSERT_GE(test, data, 0);
	mi_sync(mi);
	mi_detach(mi);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpart_msi_delete(mi->part, MI_ADDRESS, data), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpart_msi_routed(mi->part, 0, 1), -EINVAL);
	vpart_msi_again(mi->part, 0);
	mi_expect_none(mi);
	/* There is no VP either. */
	KUNIT_EXPECT_EQ(test, mi_create(mi, 0x41, 1, 0), -ENXIO);

	mi_attach(mi);
	KUNIT_EXPECT_EQ(test, mi_create(mi, 0x41, 1, 0), -ENODEV);
	KUNIT_ASSERT_EQ(test, vpart_set_msis(mi->part, mi->cookies, 4), 0);
	next = mi_create(mi, 0x41, 1, 0);
	KUNIT_EXPECT_GE(test, next, 0);
	KUNIT_EXPECT_NE(test, next, data);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), -ENOENT);
	mi_expect_fired(mi, data, 0);
}

/* ---- all at once ------------------------------------------------------------------------ */

/* A device that raises MSI @data until it is told to stop; @raised counts. */
struct mi_device {
	struct mi *mi;
	u32 data;
	unsigned int raised;
};

static int mi_device_thread(void *ctx)
{
	struct mi_device *d = ctx;

	while (!kthread_should_stop()) {
		if (!mi_raise(d->mi, d->data))
			WRITE_ONCE(d->raised, d->raised + 1);
		cond_resched();
	}
	return 0;
}

/* Whatever becomes of its route, the last one raised arrives. */
static void msi_concurrent_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 2);
	struct mi_device d = { .mi = mi };
	unsigned int i, raised, seen = 0;
	struct task_struct *task;
	int data = mi_create(mi, 0x41, 1, 0);

	KUNIT_ASSERT_GE(test, data, 0);
	d.data = data;
	mi_sync(mi);
	task = kthread_run(mi_device_thread, &d, "msi_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < 400; i++) {
		mi_retarget(mi, data, 0x41 + i % 2, i % MI_VPS);
		if (i % 16 == 3)
			vpart_stop(mi->part);
		mi_sync(mi);
		if (i % 16 == 3) {
			seen = atomic_read(&mi->fired[data % MI_MAX]);
			usleep_range(10, 20);
			KUNIT_EXPECT_EQ(test, atomic_read(&mi->fired[data % MI_MAX]), seen);
			vpart_start(mi->part);
		}
		cond_resched();
	}
	kthread_stop(task);
	raised = d.raised;
	KUNIT_EXPECT_LE(test, (unsigned int)atomic_read(&mi->fired[data % MI_MAX]), raised);
	atomic_set(&mi->fired[data % MI_MAX], 0);
	mi_retarget(mi, data, 0x60, 0);
	KUNIT_EXPECT_EQ(test, mi_raise(mi, data), 0);
	mi_sync(mi);
	mi_expect_fired(mi, data, 1);
	mi_expect_none(mi);
}

/* On return from detach nothing is raised. */
static void msi_detach_busy_test(struct kunit *test)
{
	struct mi *mi = mi_new(test, 2);
	struct mi_device d = { .mi = mi };
	unsigned long deadline = jiffies + 10 * HZ;
	struct task_struct *task;
	int data = mi_create(mi, 0x41, 1, 0);

	KUNIT_ASSERT_GE(test, data, 0);
	d.data = data;
	mi_sync(mi);
	task = kthread_run(mi_device_thread, &d, "msi_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (READ_ONCE(d.raised) < 100 && time_before(jiffies, deadline))
		usleep_range(100, 200);
	mi_detach(mi);
	msleep(20);
	kthread_stop(task);
	KUNIT_EXPECT_GE(test, d.raised, 100);
	KUNIT_EXPECT_FALSE(test, mi->too_late);
}

static struct kunit_case msi_cases[] = {
	KUNIT_CASE(msi_request_test),
	KUNIT_CASE(msi_messages_test),
	KUNIT_CASE(msi_limit_test),
	KUNIT_CASE(msi_raise_test),
	KUNIT_CASE(msi_retarget_test),
	KUNIT_CASE(msi_stale_test),
	KUNIT_CASE(msi_stop_test),
	KUNIT_CASE(msi_reset_test),
	KUNIT_CASE(msi_detach_test),
	KUNIT_CASE(msi_concurrent_test),
	KUNIT_CASE(msi_detach_busy_test),
	{}
};

static struct kunit_suite msi_suite = {
	.name = "vmbus_msi",
	.test_cases = msi_cases,
};

kunit_test_suite(msi_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: MSIs");
MODULE_LICENSE("GPL");
