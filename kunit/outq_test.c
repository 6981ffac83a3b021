// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the outgoing queue of vmbus_srv.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_srv/vsrv.h"

#define OT_MAX	64

/**
 * struct ot - a queue and the client that takes from it
 * @q: queue
 * @busy_after: messages until the slot is busy
 * @bad: first byte of the message that cannot be sent, with
 * @bad_err: its error
 * @seen: first bytes of all messages that were tried, in order, with
 * @nseen: their number
 * @opened: channel that came with the last message
 * @len: length of the last message
 */
struct ot {
	struct vsrv_outq q;
	unsigned int busy_after;
	int bad;
	int bad_err;
	u8 seen[OT_MAX];
	unsigned int nseen;
	struct vsrv_chan *opened;
	u32 len;
};

static void ot_free(void *ctx)
{
	struct ot *ot = ctx;

	vsrv_outq_clear(&ot->q);
}

static struct ot *ot_new(struct kunit *test)
{
	struct ot *ot = kunit_kzalloc(test, sizeof(*ot), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ot);
	vsrv_outq_init(&ot->q);
	ot->busy_after = UINT_MAX;
	ot->bad = -1;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ot_free, ot), 0);
	return ot;
}

static int ot_send(void *ctx, const struct vsrv_out *out)
{
	struct ot *ot = ctx;

	if (!ot->busy_after)
		return -EAGAIN;
	ot->busy_after--;
	if (ot->nseen < OT_MAX)
		ot->seen[ot->nseen] = out->payload[0];
	ot->nseen++;
	ot->opened = out->opened;
	ot->len = out->len;
	return out->payload[0] == ot->bad ? ot->bad_err : 0;
}

/* Messages first to last, each of 1 + number bytes of its number. */
static void ot_add(struct kunit *test, struct ot *ot, u8 first, u8 last)
{
	u8 buf[OT_MAX];
	u8 i;

	for (i = first; i <= last; i++) {
		memset(buf, i, sizeof(buf));
		KUNIT_ASSERT_EQ(test, vsrv_outq_add(&ot->q, buf, 1 + i, NULL), 0);
	}
}

static void ot_expect_seen(struct kunit *test, struct ot *ot, const u8 *seen, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, ot->nseen, n);
	KUNIT_EXPECT_MEMEQ(test, ot->seen, seen, n);
	ot->nseen = 0;
}

static void outq_order_test(struct kunit *test)
{
	static const u8 first[] = { 0, 1, 2, 3, 4 }, then[] = { 9, 10 };
	struct ot *ot = ot_new(test);

	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	KUNIT_EXPECT_EQ(test, ot->nseen, 0U);
	ot_add(test, ot, 0, 4);
	KUNIT_EXPECT_EQ(test, ot->q.len, 5U);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, first, sizeof(first));
	KUNIT_EXPECT_EQ(test, ot->len, 5U);
	KUNIT_EXPECT_TRUE(test, list_empty(&ot->q.head));
	ot_add(test, ot, 9, 10);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, then, sizeof(then));
}

/* A busy slot keeps every message where it is; what comes later goes behind. */
static void outq_busy_test(struct kunit *test)
{
	static const u8 one[] = { 1 }, rest[] = { 2, 3, 4, 5 };
	struct ot *ot = ot_new(test);

	ot->busy_after = 0;
	ot_add(test, ot, 1, 3);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 3U);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 3U);
	ot_expect_seen(test, ot, one, 0);

	ot->busy_after = 1;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 2U);
	ot_expect_seen(test, ot, one, 1);
	ot_add(test, ot, 4, 4);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 3U);
	ot_add(test, ot, 5, 5);
	KUNIT_EXPECT_EQ(test, ot->q.len, 4U);

	ot->busy_after = UINT_MAX;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, rest, sizeof(rest));
}

/* A message that cannot be sent at all goes, alone; busy counts behind it, too. */
static void outq_error_test(struct kunit *test)
{
	static const int errs[] = { -ENXIO, -EINVAL, -EIO, -ENOMEM };
	static const u8 all[] = { 1, 2, 3 }, two[] = { 1, 2 }, last[] = { 3 };
	struct ot *ot = ot_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		ot->bad = 2;
		ot->bad_err = errs[i];
		ot_add(test, ot, 1, 3);
		KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
		ot_expect_seen(test, ot, all, sizeof(all));
	}

	ot_add(test, ot, 1, 3);
	ot->busy_after = 2;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 1U);
	ot_expect_seen(test, ot, two, sizeof(two));
	ot->busy_after = UINT_MAX;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, last, sizeof(last));
}

static void outq_clear_test(struct kunit *test)
{
	static const u8 after[] = { 7 };
	struct ot *ot = ot_new(test);

	vsrv_outq_clear(&ot->q);
	ot_add(test, ot, 1, 40);
	KUNIT_EXPECT_EQ(test, ot->q.len, 40U);
	vsrv_outq_clear(&ot->q);
	KUNIT_EXPECT_EQ(test, ot->q.len, 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&ot->q.head));
	ot_add(test, ot, 7, 7);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, after, sizeof(after));
}

static int ot_compare(void *ctx, const struct vsrv_out *out)
{
	if (out->len != VMBUS_MSG_MAX || memcmp(out->payload, ctx, VMBUS_MSG_MAX))
		return -EAGAIN;
	return 0;
}

static void outq_length_test(struct kunit *test)
{
	struct ot *ot = ot_new(test);
	u8 *msg = kunit_kzalloc(test, VMBUS_MSG_MAX + 1, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, msg);
	for (i = 0; i <= VMBUS_MSG_MAX; i++)
		msg[i] = i ^ 0x5a;
	KUNIT_EXPECT_EQ(test, vsrv_outq_add(&ot->q, msg, VMBUS_MSG_MAX + 1, NULL), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, vsrv_outq_add(&ot->q, msg, U32_MAX, NULL), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, ot->q.len, 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&ot->q.head));
	KUNIT_EXPECT_EQ(test, vsrv_outq_add(&ot->q, msg, VMBUS_MSG_MAX, NULL), 0);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_compare, msg), 0U);
}

/* The queue holds a channel as long as its message, and hands it over with it. */
static void outq_opened_test(struct kunit *test)
{
	struct vsrv_chan *chan = kunit_kzalloc(test, sizeof(*chan), GFP_KERNEL);
	struct ot *ot = ot_new(test);
	u8 msg[1] = { 1 };

	KUNIT_ASSERT_NOT_NULL(test, chan);
	kref_init(&chan->ref);
	KUNIT_ASSERT_EQ(test, vsrv_outq_add(&ot->q, msg, 1, chan), 0);
	KUNIT_ASSERT_EQ(test, vsrv_outq_add(&ot->q, msg, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 2U);
	ot->busy_after = 0;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 2U);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 2U);
	ot->busy_after = 1;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 1U);
	KUNIT_EXPECT_PTR_EQ(test, ot->opened, chan);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 1U);
	ot->busy_after = 1;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	KUNIT_EXPECT_NULL(test, ot->opened);

	/* A message that cannot be sent, and one that is thrown away. */
	ot->busy_after = UINT_MAX;
	ot->bad = 1;
	ot->bad_err = -ENXIO;
	KUNIT_ASSERT_EQ(test, vsrv_outq_add(&ot->q, msg, 1, chan), 0);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 1U);
	KUNIT_ASSERT_EQ(test, vsrv_outq_add(&ot->q, msg, 1, chan), 0);
	vsrv_outq_clear(&ot->q);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 1U);
	/* Nor does one that is refused keep it. */
	KUNIT_EXPECT_EQ(test, vsrv_outq_add(&ot->q, msg, VMBUS_MSG_MAX + 1, chan), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, kref_read(&chan->ref), 1U);
}

/* Held: what was there leaves, the rest waits for the end of it. */
static void outq_hold_test(struct kunit *test)
{
	static const u8 first[] = { 1, 2 }, rest[] = { 3, 4, 5 }, after[] = { 9 };
	struct ot *ot = ot_new(test);

	ot_add(test, ot, 1, 2);
	vsrv_outq_hold(&ot->q);
	ot_add(test, ot, 3, 4);
	ot->busy_after = 0;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 2U);
	ot->busy_after = UINT_MAX;
	ot->nseen = 0;
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, first, sizeof(first));
	/* A second one changes nothing. */
	vsrv_outq_hold(&ot->q);
	ot_add(test, ot, 5, 5);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	KUNIT_EXPECT_EQ(test, ot->nseen, 0U);
	KUNIT_EXPECT_EQ(test, ot->q.len, 3U);
	vsrv_outq_unhold(&ot->q);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, rest, sizeof(rest));

	/* Clearing ends it. */
	vsrv_outq_hold(&ot->q);
	ot_add(test, ot, 6, 6);
	vsrv_outq_clear(&ot->q);
	ot_add(test, ot, 9, 9);
	KUNIT_EXPECT_EQ(test, vsrv_outq_flush(&ot->q, ot_send, ot), 0U);
	ot_expect_seen(test, ot, after, sizeof(after));
}

static struct kunit_case outq_cases[] = {
	KUNIT_CASE(outq_order_test),
	KUNIT_CASE(outq_busy_test),
	KUNIT_CASE(outq_error_test),
	KUNIT_CASE(outq_clear_test),
	KUNIT_CASE(outq_length_test),
	KUNIT_CASE(outq_opened_test),
	KUNIT_CASE(outq_hold_test),
	{}
};

static struct kunit_suite outq_suite = {
	.name = "vmbus_outq",
	.test_cases = outq_cases,
};

kunit_test_suite(outq_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the outgoing queue of the VMBus server");
MODULE_LICENSE("GPL");
