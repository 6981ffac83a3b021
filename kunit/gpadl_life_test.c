// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the life of a GPADL in vmbus_srv: from header and bodies to its
 * teardown, whoever is slow, and whatever happens to its channel meanwhile.
 */
#include <linux/module.h>
#include <vmbus/ring.h>
#include "fake_guest.h"

#define FAILURE	VMBUS_STATUS_FAILURE

static void gl_expect_none(struct fg *fg)
{
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(fg->test, fg->srv->ngpadls, 0U);
	KUNIT_EXPECT_EQ(fg->test, fg->srv->gpadl_words, 0U);
	KUNIT_EXPECT_TRUE(fg->test, list_empty(&fg->srv->in_progress));
}

static void gpadl_life_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	fg_gpadl(fg, 1, 0x10, 8);
	fg_expect_created(fg, 1, 0x10, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_words, 9U);
	fg_teardown(fg, 1, 0x10);
	fg_expect_torndown(fg, 0x10);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	gl_expect_none(fg);

	/* A slow owner: no answer before its own, and no second teardown. */
	dev->slow = FG_SLOW;
	fg_gpadl(fg, 1, 0x11, 8);
	fg_teardown(fg, 1, 0x11);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 1);
	vsrv_gpadl_create_done(dev->chan, 0x11, 0);
	fg_expect_created(fg, 1, 0x11, 0);
	/* Answers that nobody asked for. */
	vsrv_gpadl_create_done(dev->chan, 0x11, -EIO);
	vsrv_gpadl_teardown_done(dev->chan, 0x11);
	vsrv_gpadl_create_done(dev->chan, 0x12, 0);
	vsrv_gpadl_teardown_done(dev->chan, 0x12);
	fg_expect_quiet(fg);
	fg_teardown(fg, 1, 0x11);
	fg_teardown(fg, 1, 0x11);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 2U);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 2);
	vsrv_gpadl_teardown_done(dev->chan, 0x11);
	fg_expect_torndown(fg, 0x11);
	gl_expect_none(fg);
}

/* An owner that will not have it. */
static void gpadl_rejected_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	dev->err = -EFAULT;
	fg_gpadl(fg, 1, 0x10, 8);
	fg_expect_created(fg, 1, 0x10, FAILURE);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_GPADLS_FAILED), 1);
	gl_expect_none(fg);
	/* Its id is free at once. */
	dev->err = 0;
	fg_gpadl(fg, 1, 0x10, 8);
	fg_expect_created(fg, 1, 0x10, 0);
}

/* ---- headers and bodies ------------------------------------------------------------ */

static void gpadl_bodies_test(struct kunit *test)
{
	static const u16 sizes[] = { 28, 29, 55, 56, 57, 112, 4097, 8191 };
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	unsigned int i, left, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fg_gpadl_begin(fg, 1, 0x10, sizes[i]);
		for (left = sizes[i] - 1; left; left -= n) {
			KUNIT_EXPECT_EQ(test, dev->creates, i);
			n = min(left, 28U);
			fg_gpadl_body(fg, 0x10, n);
		}
		fg_expect_created(fg, 1, 0x10, 0);
		KUNIT_EXPECT_EQ(test, dev->creates, i + 1);
		/* It is complete: there is nothing more to say of it. */
		fg_gpadl_body(fg, 0x10, 1);
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), i + 1);
		fg_teardown(fg, 1, 0x10);
		fg_expect_torndown(fg, 0x10);
	}
	gl_expect_none(fg);
}

/* Bodies name no channel: of one id only one can be under way, of others many. */
static void gpadl_interleaved_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg), *other = fg_dev_new(fg);

	fg_dev_offer(fg, other, 2);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 2U);
	fg_gpadl_begin(fg, 1, 0x10, 30);
	fg_gpadl_begin(fg, 2, 0x11, 30);
	fg_gpadl_body(fg, 0x10, 28);
	fg_expect_quiet(fg);
	/* The same id on either channel: refused, the first one is unharmed. */
	fg_gpadl_begin(fg, 2, 0x10, 30);
	fg_expect_created(fg, 2, 0x10, FAILURE);
	fg_gpadl_begin(fg, 1, 0x10, 30);
	fg_expect_created(fg, 1, 0x10, FAILURE);
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, FAILURE);
	/* Complete in one message, it needs no body and may have the id elsewhere. */
	fg_gpadl(fg, 2, 0x10, 4);
	fg_expect_created(fg, 2, 0x10, 0);
	fg_gpadl_body(fg, 0x11, 28);
	fg_gpadl_body(fg, 0x10, 1);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_gpadl_body(fg, 0x11, 1);
	fg_expect_created(fg, 2, 0x11, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	KUNIT_EXPECT_EQ(test, other->creates, 2U);
	fg_expect_quiet(fg);

	/* The id is that of the channel's own GPADL. */
	fg_teardown(fg, 2, 0x10);
	fg_expect_torndown(fg, 0x10);
	KUNIT_EXPECT_EQ(test, other->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 0U);
	fg_teardown(fg, 1, 0x11);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, other->teardowns, 1U);
}

/**
 * struct gl_bad - a header that is refused at once, or with its last body
 * @why: what is shown
 * @channel: it is for
 * @gpadl: its id; 0x10 exists
 * @bytes: as it says
 * @count: as it says
 * @first: first word; the others are page numbers
 * @nwords: in the message
 * @body: words in a body, or 0
 */
struct gl_bad {
	const char *why;
	u32 channel;
	u32 gpadl;
	u16 bytes;
	u16 count;
	u64 first;
	unsigned int nwords;
	unsigned int body;
};

static const struct gl_bad gl_bad[] = {
	{ "no such channel", 5, 1, 16, 1, 4096, 2 },
	{ "channel 0", 0, 1, 16, 1, 4096, 2 },
	{ "a channel far out", U32_MAX, 1, 16, 1, 4096, 2 },
	{ "no such channel, and more to come", 5, 1, 240, 1, 4096, 2 },
	{ "an id in use", 1, 0x10, 16, 1, 4096, 2 },
	{ "an id in use, and more to come", 1, 0x10, 240, 1, 4096, 2 },
	{ "ranges without words", 1, 1, 0, 1, 0, 0 },
	{ "words that are none", 1, 1, 7, 1, 4096, 2 },
	{ "no length", 1, 1, 16, 1, 0, 2 },
	{ "an offset beyond the page", 1, 1, 24, 1, 4096 | 0x1000ULL << 32, 3 },
	{ "too few pages", 1, 1, 16, 1, 4097, 2 },
	{ "too few ranges", 1, 1, 16, 2, 4096, 2 },
	{ "a length that wraps", 1, 1, 216, 1, 0xfffULL << 32 | U32_MAX, 27 },
	{ "too few pages in two messages", 1, 1, 240, 1, 31 * 4096, 27, 3 },
	{ "no length in two messages", 1, 1, 240, 1, 0, 27, 3 },
	{ "more ranges than there will be words for", 1, 1, 240, 16, 4096, 2 },
	{ "very many such", 1, 1, 240, 0xffff, 4096, 2 },
};

static void gpadl_malformed_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[VMBUS_GPADL_HEADER_WORDS];
	} __packed m;
	const struct gl_bad *b;
	unsigned int i, k;

	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	for (i = 0; i < ARRAY_SIZE(gl_bad); i++) {
		b = &gl_bad[i];
		memset(&m, 0, sizeof(m));
		m.head.channel_id = cpu_to_le32(b->channel);
		m.head.gpadl_id = cpu_to_le32(b->gpadl);
		m.head.range_bytes = cpu_to_le16(b->bytes);
		m.head.range_count = cpu_to_le16(b->count);
		for (k = 0; k < ARRAY_SIZE(m.words); k++)
			m.words[k] = cpu_to_le64(FG_RING + k);
		m.words[0] = cpu_to_le64(b->first);
		fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * b->nwords);
		if (b->body) {
			fg_expect_quiet(fg);
			fg_gpadl_body(fg, b->gpadl, b->body);
		}
		KUNIT_ASSERT_TRUE_MSG(test, fg_wait_take(fg, 0), "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_type(fg), VMBUS_MSG_GPADL_CREATED, "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_word(fg, 2), b->channel, "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_word(fg, 3), b->gpadl, "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_word(fg, 4), FAILURE, "%s", b->why);
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ_MSG(test, fg->srv->ngpadls, 1U, "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_count(fg, VSRV_GPADLS_FAILED), i + 1, "%s", b->why);
		KUNIT_EXPECT_EQ_MSG(test, fg_count(fg, VSRV_MESSAGES_REFUSED), i + 1, "%s", b->why);
	}
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 0);
}

/* While words are missing there is nothing to tear down, and only words are counted. */
static void gpadl_in_progress_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	fg_gpadl_begin(fg, 1, 0x10, 5);
	fg_teardown(fg, 1, 0x10);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_NO_GPADL]), 1);
	fg_gpadl_body(fg, 0x10, 0);
	fg_gpadl_body(fg, 0x10, 3);
	fg_gpadl_body(fg, 0x10, 0);
	fg_expect_quiet(fg);
	/* More than are missing. */
	fg_gpadl_body(fg, 0x10, 28);
	fg_expect_created(fg, 1, 0x10, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	fg_teardown(fg, 1, 0x10);
	fg_expect_torndown(fg, 0x10);

	/* It goes with its channel: the rest of it is for nobody. */
	fg_gpadl_begin(fg, 1, 0x11, 5);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	gl_expect_none(fg);
	fg_gpadl_body(fg, 0x11, 4);
	gl_expect_none(fg);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_NO_GPADL]), 2);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
}

/* Nothing in it, and well-formed. */
static void gpadl_empty_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	struct vmbus_gpadl_header_msg m = {
		.channel_id = cpu_to_le32(1), .gpadl_id = cpu_to_le32(0x10),
	};

	fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m));
	fg_expect_created(fg, 1, 0x10, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	fg_teardown(fg, 1, 0x10);
	fg_expect_torndown(fg, 0x10);
	gl_expect_none(fg);
}

/* ---- the channel goes -------------------------------------------------------------- */

/* A device with a GPADL of each state: 0x10 to 0x14. */
static void gl_every_state(struct fg *fg, struct fg_dev *dev)
{
	dev->slow = 0;
	fg_gpadl(fg, 1, 0x11, 4);
	fg_expect_created(fg, 1, 0x11, 0);
	fg_gpadl(fg, 1, 0x12, 4);
	fg_expect_created(fg, 1, 0x12, 0);
	dev->slow = FG_SLOW;
	fg_teardown(fg, 1, 0x12);		/* the owner is asked to let go */
	fg_gpadl(fg, 1, 0x13, 4);		/* the owner is asked */
	fg_gpadl_begin(fg, 1, 0x10, 5);		/* words are missing */
	fg_expect_quiet(fg);
	KUNIT_ASSERT_EQ(fg->test, fg->srv->ngpadls, 4U);
}

static void gpadl_revoke_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	gl_every_state(fg, dev);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	/* What was asked for is answered before the rescind; the rest stays. */
	fg_expect_torndown(fg, 0x12);
	fg_expect_created(fg, 1, 0x13, FAILURE);
	fg_expect_rescind(fg, 1);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 2U);

	/* The guest may not know yet: a GPADL on a revoked channel must succeed. */
	fg_gpadl_body(fg, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_gpadl(fg, 1, 0x15, 4);
	fg_expect_created(fg, 1, 0x15, 0);
	fg_gpadl_begin(fg, 1, 0x16, 5);
	fg_gpadl_body(fg, 0x16, 4);
	fg_expect_created(fg, 1, 0x16, 0);
	fg_gpadl(fg, 1, 0x16, 4);
	fg_expect_created(fg, 1, 0x16, FAILURE);
	fg_teardown(fg, 1, 0x11);
	fg_expect_torndown(fg, 0x11);
	fg_teardown(fg, 1, 0x10);
	fg_expect_torndown(fg, 0x10);
	fg_gpadl_begin(fg, 1, 0x17, 5);
	/* Those that are left go with the channel, in silence. */
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	gl_expect_none(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	fg_gpadl_body(fg, 0x17, 4);
	gl_expect_none(fg);
}

/* The guest lets go of a channel whose owner is slow: no word of the GPADLs any more. */
static void gpadl_release_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	gl_every_state(fg, dev);
	fg_gpadl(fg, 1, 0x14, 4);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	/* 0x10 is gone, the owner is asked for 0x11 and still owes three answers. */
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 4U);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 2U);
	KUNIT_EXPECT_EQ(test, dev->gpadl, 0x11U);
	vsrv_gpadl_teardown_done(dev->chan, 0x11);
	vsrv_gpadl_teardown_done(dev->chan, 0x12);
	/* Created after all, and torn down at once. */
	vsrv_gpadl_create_done(dev->chan, 0x13, 0);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 3U);
	KUNIT_EXPECT_EQ(test, dev->gpadl, 0x13U);
	vsrv_gpadl_teardown_done(dev->chan, 0x13);
	vsrv_gpadl_create_done(dev->chan, 0x14, -EIO);
	gl_expect_none(fg);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 3U);
	KUNIT_EXPECT_EQ(test, dev->stops, 0U);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
}

/* And the owner goes then: nobody is to be told. */
static void gpadl_release_revoke_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	gl_every_state(fg, dev);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 3U);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	gl_expect_none(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_GPADLS_FAILED), 0);
}

/* The same by an unload, which waits for the last of them. */
static void gpadl_unload_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);

	gl_every_state(fg, dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	vsrv_gpadl_teardown_done(dev->chan, 0x11);
	vsrv_gpadl_teardown_done(dev->chan, 0x12);
	fg_expect_quiet(fg);
	vsrv_gpadl_create_done(dev->chan, 0x13, -EIO);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	gl_expect_none(fg);
}

/* Answers that overlap the stop leave nothing behind. */
static void gl_answer_all(struct fg_dev *dev)
{
	vsrv_gpadl_create_done(dev->chan, 0x13, 0);
	vsrv_gpadl_teardown_done(dev->chan, 0x12);
}

static void gpadl_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	unsigned int round;

	for (round = 0; round < 3; round++) {
		gl_every_state(fg, dev);
		dev->on_stop = round ? gl_answer_all : NULL;
		/* Released, the owner is asked to let go of what it answers now. */
		if (round == 2)
			fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
		dev->teardowns = 0;
		dev->creates = 0;
		vpart_reset(fg->part);
		fg_synic_on(fg);
		fg_settle(fg);
		KUNIT_EXPECT_EQ(test, dev->stops, round + 1);
		KUNIT_EXPECT_EQ(test, dev->teardowns, 0U);
		KUNIT_EXPECT_EQ(test, dev->creates, 0U);
		gl_expect_none(fg);
		vsrv_gpadl_create_done(dev->chan, 0x13, 0);
		gl_expect_none(fg);
		KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	}
}

/**
 * struct gl_due - a device that is told of a reset while it has a callback
 * @dev: device
 * @fg: guest
 * @reset: resets it
 */
struct gl_due {
	struct fg_dev dev;
	struct fg *fg;
	struct work_struct reset;
};

static void gl_due_reset(struct work_struct *work)
{
	vpart_reset(container_of(work, struct gl_due, reset)->fg->part);
}

/* The first of two: the second is due when this comes back, and so is the reset. */
static void gl_due_teardown(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct gl_due *due = container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct gl_due, dev);

	if (due->dev.teardowns++)
		return;
	vsrv_gpadl_create_done(chan, 0x11, 0);
	schedule_work(&due->reset);
	KUNIT_EXPECT_TRUE(due->fg->test, fg_wait_request(due->fg->srv));
}

static const struct vsrv_chan_ops gl_due_ops = {
	.open = fg_dev_open,
	.close = fg_dev_close,
	.gpadl_create = fg_dev_gpadl_create,
	.gpadl_teardown = gl_due_teardown,
	.signal = fg_dev_signal,
	.stop = fg_dev_stop,
};

/* A callback that was due when its GPADL went is not made. */
static void gpadl_due_test(struct kunit *test)
{
	struct gl_due *due = kunit_kzalloc(test, sizeof(*due), GFP_KERNEL);
	struct fg *fg = fg_new(test);

	KUNIT_ASSERT_NOT_NULL(test, due);
	due->fg = fg;
	INIT_WORK(&due->reset, gl_due_reset);
	fg_dev_offer_as(fg, &due->dev, 1, &gl_due_ops);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fg_dev_revoke, &due->dev), 0);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	due->dev.slow = FG_SLOW_CREATE;
	fg_gpadl(fg, 1, 0x11, 4);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, due->dev.creates, 2U);

	fg_simple(fg, VMBUS_MSG_UNLOAD);
	flush_work(&due->reset);
	fg_synic_on(fg);
	KUNIT_EXPECT_EQ(test, due->dev.stops, 1U);
	KUNIT_EXPECT_EQ(test, due->dev.teardowns, 1U);
	gl_expect_none(fg);
	KUNIT_EXPECT_TRUE(test, list_empty(&fg->srv->ops));
}

/* ---- in use ------------------------------------------------------------------------ */

/* Without a teardown callback the server waits for the last user. */
static void gpadl_users_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	struct vsrv_gpadl *a, *b;

	fg_dev_offer_as(fg, dev, 1, &fg_local_ops);
	fg_dev_offer_as(fg, other, 2, &fg_local_ops);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(dev->chan, 0x10));
	fg_gpadl_begin(fg, 1, 0x10, 5);
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(dev->chan, 0x10));
	fg_gpadl_body(fg, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(other->chan, 0x10));
	a = vsrv_gpadl_get(dev->chan, 0x10);
	b = vsrv_gpadl_get(dev->chan, 0x10);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_id(a), 0x10U);

	fg_teardown(fg, 1, 0x10);
	fg_expect_quiet(fg);
	/* No new users, and its id stays taken. */
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(dev->chan, 0x10));
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, FAILURE);
	vsrv_gpadl_put(a);
	fg_expect_quiet(fg);
	vsrv_gpadl_put(b);
	fg_expect_torndown(fg, 0x10);
	gl_expect_none(fg);

	/* In use or not, a reset makes an end of it; the user still has its words. */
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	a = vsrv_gpadl_get(dev->chan, 0x10);
	KUNIT_ASSERT_NOT_NULL(test, a);
	vpart_reset(fg->part);
	fg_synic_on(fg);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_range_count(a), 1U);
	vsrv_gpadl_put(a);
	gl_expect_none(fg);
}

struct gl_rings {
	struct fg_dev dev;
	struct vsrv_rings rings;
	bool open;
	int err;
};

static void gl_rings_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct gl_rings *r = container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct gl_rings,
					  dev);

	r->err = vsrv_rings_open(chan, params, &r->rings);
	r->open = !r->err;
	vsrv_open_done(chan, r->err);
}

static void gl_rings_stop(struct vsrv_chan *chan)
{
	struct gl_rings *r = container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct gl_rings,
					  dev);

	r->dev.stops++;
	if (r->open)
		vsrv_rings_close(&r->rings);
	r->open = false;
}

static void gl_rings_close(struct vsrv_chan *chan)
{
	struct gl_rings *r = container_of((struct fg_dev *)vsrv_chan_ctx(chan), struct gl_rings,
					  dev);

	if (r->open)
		vsrv_rings_close(&r->rings);
	r->open = false;
	vsrv_close_done(chan);
}

static const struct vsrv_chan_ops gl_rings_ops = {
	.open = gl_rings_open,
	.close = gl_rings_close,
	.signal = fg_dev_signal,
	.stop = gl_rings_stop,
};

/* The GPADL of both rings may be torn down first: that is answered after the close. */
static void gpadl_rings_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct gl_rings *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	int pinned = atomic_read(&fg->pinned);
	struct kvec vec = { .iov_base = "rings", .iov_len = 5 };

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fg_dev_revoke, &r->dev), 0);
	fg_dev_offer_as(fg, &r->dev, 1, &gl_rings_ops);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	/* None, one without room for a second ring, and then a good one. */
	fg_open(fg, 1, 0x10, 0);
	fg_expect_opened(fg, 1, FAILURE);
	KUNIT_EXPECT_EQ(test, r->err, -ENOENT);
	fg_gpadl(fg, 1, 0x0f, 3);
	fg_expect_created(fg, 1, 0x0f, 0);
	fg_open(fg, 1, 0x0f, 0);
	fg_expect_opened(fg, 1, FAILURE);
	KUNIT_EXPECT_EQ(test, r->err, -EINVAL);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);
	fg_gpadl(fg, 1, 0x10, 5);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_open(fg, 1, 0x10, 0);
	fg_expect_opened(fg, 1, 0);
	KUNIT_EXPECT_EQ(test, r->rings.in.size, 4096U);
	KUNIT_EXPECT_EQ(test, r->rings.out.size, 8192U);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned + 5);
	/* The second ring begins at the page that OPEN named. */
	KUNIT_EXPECT_EQ(test, vsrv_ring_write(&r->rings.out, VM_PKT_DATA_INBAND, 0, 1, &vec, 1), 0);
	KUNIT_EXPECT_TRUE(test, vsrv_ring_write_commit(&r->rings.out));
	KUNIT_EXPECT_EQ(test, ((u32 *)page_address(fg->pages[FG_RING + 2]))[0], 32U);
	KUNIT_EXPECT_MEMEQ(test, page_address(fg->pages[FG_RING + 3]) + 16, vec.iov_base, 5);

	fg_teardown(fg, 1, 0x10);
	fg_expect_quiet(fg);
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	fg_expect_torndown(fg, 0x10);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);

	/* The same when the owner goes, and when the guest does. */
	fg_gpadl(fg, 1, 0x10, 5);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_open(fg, 1, 0x10, 0);
	fg_expect_opened(fg, 1, 0);
	fg_teardown(fg, 1, 0x10);
	fg_expect_quiet(fg);
	fg_dev_revoke(&r->dev);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);
	fg_expect_torndown(fg, 0x10);
	fg_expect_rescind(fg, 1);
	fg_expect_quiet(fg);
	fg_dev_offer_as(fg, &r->dev, 1, &gl_rings_ops);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_gpadl(fg, 1, 0x10, 5);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_open(fg, 1, 0x10, 0);
	fg_expect_opened(fg, 1, 0);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), 0);
	fg_synic_on(fg);
	gl_expect_none(fg);
}

static struct kunit_case gpadl_life_cases[] = {
	KUNIT_CASE(gpadl_life_test),
	KUNIT_CASE(gpadl_rejected_test),
	KUNIT_CASE(gpadl_bodies_test),
	KUNIT_CASE(gpadl_interleaved_test),
	KUNIT_CASE(gpadl_malformed_test),
	KUNIT_CASE(gpadl_in_progress_test),
	KUNIT_CASE(gpadl_empty_test),
	KUNIT_CASE(gpadl_revoke_test),
	KUNIT_CASE(gpadl_release_test),
	KUNIT_CASE(gpadl_release_revoke_test),
	KUNIT_CASE(gpadl_unload_test),
	KUNIT_CASE(gpadl_reset_test),
	KUNIT_CASE(gpadl_due_test),
	KUNIT_CASE(gpadl_users_test),
	KUNIT_CASE(gpadl_rings_test),
	{}
};

static struct kunit_suite gpadl_life_suite = {
	.name = "vmbus_gpadl_life",
	.test_cases = gpadl_life_cases,
};

kunit_test_suite(gpadl_life_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: the life of a GPADL");
MODULE_LICENSE("GPL");
