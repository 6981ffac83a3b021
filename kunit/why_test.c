// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the counters by reason: each thing that is dropped or refused counts
 * once, where it belongs, and in no other.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define NOBODY	99	/* a channel that there is not */
#define FEATURES \
	(VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT | \
	 VMBUS_FEATURE_MODIFY_CONNECTION | VMBUS_FEATURE_PAUSE_RESUME)

/**
 * struct wt - what a stimulus works on
 * @fg: guest, connected at 6.0 with FEATURES, offers taken
 * @dev: device that is offered as channel 1, closed, with GPADL 0x10
 * @other: device that is offered as channel 2
 */
struct wt {
	struct fg *fg;
	struct fg_dev *dev;
	struct fg_dev *other;
};

static struct wt wt_new(struct kunit *test)
{
	struct wt wt = { .fg = fg_new(test) };

	wt.dev = fg_dev_new(wt.fg);
	wt.other = fg_dev_new(wt.fg);
	fg_dev_offer(wt.fg, wt.dev, 1);
	fg_dev_offer(wt.fg, wt.other, 2);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(wt.fg, FG_V(6, 0), FEATURES), 2U);
	fg_gpadl(wt.fg, 1, 0x10, 4);
	fg_expect_created(wt.fg, 1, 0x10, 0);
	return wt;
}

/* ---- what is done wrong ------------------------------------------------------------- */

static void wt_short(struct wt *wt)
{
	struct vmbus_msg_hdr m;

	fg_post(wt->fg, VMBUS_MSG_OPEN, &m, sizeof(m));
}

static void wt_unknown(struct wt *wt)
{
	fg_simple(wt->fg, VMBUS_MSG_COUNT);
}

static void wt_server_message(struct wt *wt)
{
	fg_simple(wt->fg, VMBUS_MSG_ALL_OFFERS);
}

static void wt_state(struct wt *wt)
{
	fg_simple(wt->fg, VMBUS_MSG_UNLOAD);
	fg_drain(wt->fg);
	fg_simple(wt->fg, VMBUS_MSG_REQUEST_OFFERS);
}

static void wt_untrusted(struct wt *wt)
{
	wt->fg->trusted = true;
	fg_contact(wt->fg, FG_V(6, 0), FEATURES);
	fg_drain(wt->fg);
	wt->fg->trusted = false;
	fg_simple(wt->fg, VMBUS_MSG_REQUEST_OFFERS);
}

static void wt_paused(struct wt *wt)
{
	fg_simple(wt->fg, VMBUS_MSG_PAUSE);
	fg_simple(wt->fg, VMBUS_MSG_REQUEST_OFFERS);
}

static void wt_monitor_used(struct wt *wt)
{
	struct vmbus_modify_connection_msg m = { .parent_to_child = cpu_to_le64(PAGE_SIZE) };

	fg_post(wt->fg, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
}

static void wt_contact(struct wt *wt, u32 vp, u64 target_info)
{
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(FG_V(6, 0)),
		.target_vp = cpu_to_le32(vp),
		.target_info = cpu_to_le64(target_info),
	};

	KUNIT_EXPECT_EQ(wt->fg->test,
			fg_try_post(wt->fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	fg_settle(wt->fg);
}

static void wt_contact_short(struct wt *wt)
{
	wt_contact(wt, 0, (u64)VMBUS_FEATURE_CLIENT_ID << 32 | VMBUS_SINT);
}

static void wt_contact_vtl(struct wt *wt)
{
	wt_contact(wt, 0, 1 << 8 | VMBUS_SINT);
}

static void wt_contact_sint(struct wt *wt)
{
	wt_contact(wt, 0, 5);
}

static void wt_contact_vp(struct wt *wt)
{
	wt_contact(wt, FG_VPS, VMBUS_SINT);
}

static void wt_offers_sent(struct wt *wt)
{
	fg_simple(wt->fg, VMBUS_MSG_REQUEST_OFFERS);
}

static void wt_open_nobody(struct wt *wt)
{
	fg_open(wt->fg, NOBODY, 0x10, 0);
}

static void wt_close_nobody(struct wt *wt)
{
	fg_channel(wt->fg, VMBUS_MSG_CLOSE, NOBODY);
}

static void wt_release_nobody(struct wt *wt)
{
	fg_channel(wt->fg, VMBUS_MSG_RELID_RELEASED, NOBODY);
}

static void wt_modify_nobody(struct wt *wt)
{
	fg_modify(wt->fg, NOBODY, 0);
}

static void wt_gpadl_nobody(struct wt *wt)
{
	fg_gpadl(wt->fg, NOBODY, 0x11, 4);
}

static void wt_teardown_nobody(struct wt *wt)
{
	fg_teardown(wt->fg, NOBODY, 0x10);
}

static void wt_open_twice(struct wt *wt)
{
	fg_dev_opened(wt->fg, wt->dev);
	fg_open(wt->fg, 1, 0x10, 0);
}

static void wt_close_closed(struct wt *wt)
{
	fg_channel(wt->fg, VMBUS_MSG_CLOSE, 1);
}

static void wt_release_open(struct wt *wt)
{
	fg_dev_opened(wt->fg, wt->dev);
	fg_channel(wt->fg, VMBUS_MSG_RELID_RELEASED, 1);
}

static void wt_modify_closed(struct wt *wt)
{
	fg_modify(wt->fg, 1, 0);
}

static void wt_open_reserved(struct wt *wt)
{
	struct vmbus_open_reserved_msg m = {
		.channel_id = cpu_to_le32(1),
		.ring_gpadl = cpu_to_le32(0x10),
		.downstream_page = cpu_to_le32(2),
		.target_sint = cpu_to_le32(VMBUS_SINT),
	};

	fg_post(wt->fg, VMBUS_MSG_OPEN_RESERVED, &m, sizeof(m));
	fg_drain(wt->fg);
}

static void wt_reserved_close(struct wt *wt)
{
	wt_open_reserved(wt);
	fg_channel(wt->fg, VMBUS_MSG_CLOSE, 1);
}

static void wt_reserved_release(struct wt *wt)
{
	wt_open_reserved(wt);
	fg_channel(wt->fg, VMBUS_MSG_RELID_RELEASED, 1);
}

static void wt_reserved_gpadl(struct wt *wt)
{
	wt_open_reserved(wt);
	fg_gpadl(wt->fg, 1, 0x11, 4);
}

static void wt_reserved_teardown(struct wt *wt)
{
	wt_open_reserved(wt);
	fg_teardown(wt->fg, 1, 0x10);
}

static void wt_close_reserved(struct wt *wt, u32 channel)
{
	struct vmbus_close_reserved_msg m = {
		.channel_id = cpu_to_le32(channel),
		.target_sint = cpu_to_le32(VMBUS_SINT),
	};

	fg_post(wt->fg, VMBUS_MSG_CLOSE_RESERVED, &m, sizeof(m));
}

static void wt_not_reserved(struct wt *wt)
{
	fg_dev_opened(wt->fg, wt->dev);
	wt_close_reserved(wt, 1);
}

static void wt_reserved_closed(struct wt *wt)
{
	wt_close_reserved(wt, 1);
}

static void wt_reserved_nobody(struct wt *wt)
{
	wt_close_reserved(wt, NOBODY);
}

static void wt_modify_vp(struct wt *wt)
{
	fg_dev_opened(wt->fg, wt->dev);
	fg_modify(wt->fg, 1, FG_VPS);
}

static void wt_modify_busy(struct wt *wt)
{
	fg_dev_opened(wt->fg, wt->dev);
	wt->dev->slow = FG_SLOW_MODIFY;
	fg_modify(wt->fg, 1, 1);
	fg_modify(wt->fg, 1, 0);
}

static void wt_body_none(struct wt *wt)
{
	fg_gpadl_body(wt->fg, 0x11, 4);
}

static void wt_teardown_none(struct wt *wt)
{
	fg_teardown(wt->fg, 1, 0x11);
}

static void wt_gpadl_again(struct wt *wt)
{
	fg_gpadl(wt->fg, 1, 0x10, 4);
}

/* Bodies name no channel. */
static void wt_gpadl_elsewhere(struct wt *wt)
{
	fg_gpadl_begin(wt->fg, 1, 0x11, 4);
	fg_gpadl_begin(wt->fg, 2, 0x11, 4);
}

static void wt_gpadl_form(struct wt *wt)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[2];
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(0x11),
		.head.range_bytes = cpu_to_le16(sizeof(m.words)),
		.head.range_count = cpu_to_le16(1),
	};

	fg_post(wt->fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m));
}

/* The words are missing, and there are fewer than the range needs. */
static void wt_gpadl_form_late(struct wt *wt)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 word;
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(0x11),
		.head.range_bytes = cpu_to_le16(2 * sizeof(u64)),
		.head.range_count = cpu_to_le16(1),
		.word = cpu_to_le64(2 * PAGE_SIZE),
	};

	fg_post(wt->fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m));
	fg_gpadl_body(wt->fg, 0x11, 1);
}

static void wt_gpadl_limit(struct wt *wt)
{
	unsigned int i, words = 8191;

	for (i = 0; i <= VSRV_MAX_GPADL_WORDS / words; i++)
		fg_gpadl_begin(wt->fg, 1, 0x100 + i, words);
}

static void wt_type(struct wt *wt)
{
	struct vpart_message msg = {
		.connection_id = VMBUS_CONN_MESSAGE, .type = 2, .size = 8,
	};

	KUNIT_EXPECT_EQ(wt->fg->test, vpart_hypercall_post(wt->fg->part, &msg),
			HV_STATUS_INVALID_PARAMETER);
}

/* One monitor page of two. */
static void wt_page(struct wt *wt)
{
	struct vmbus_contact_msg m = {
		.version = cpu_to_le32(FG_V(5, 3)),
		.parent_to_child = cpu_to_le64(PAGE_SIZE),
	};

	fg_post(wt->fg, VMBUS_MSG_CONTACT, &m, sizeof(m));
}

static void wt_open_vp(struct wt *wt)
{
	fg_open(wt->fg, 1, 0x10, FG_VPS);
}

static void wt_open_connection(struct wt *wt)
{
	struct vmbus_open2_msg m = {
		.open.channel_id = cpu_to_le32(2),
		.connection_id = cpu_to_le32(VMBUS_CONN_EVENT(1, VMBUS_SINT, 0)),
		.event_flag = cpu_to_le16(2),
	};

	fg_dev_opened(wt->fg, wt->dev);
	fg_post(wt->fg, VMBUS_MSG_OPEN, &m, sizeof(m));
}

static void wt_open_owner(struct wt *wt)
{
	wt->dev->err = -EIO;
	fg_open(wt->fg, 1, 0x10, 0);
}

static void wt_hvsock_none(struct wt *wt)
{
	struct vmbus_tl_connect_msg m = { };

	fg_post(wt->fg, VMBUS_MSG_TL_CONNECT, &m, sizeof(m));
}

static void wt_gpadl_owner(struct wt *wt)
{
	wt->dev->err = -EIO;
	fg_gpadl(wt->fg, 1, 0x11, 4);
}

static void wt_gpadl_revoked(struct wt *wt)
{
	wt->dev->slow = FG_SLOW_CREATE;
	fg_gpadl(wt->fg, 1, 0x11, 4);
	fg_dev_revoke(wt->dev);
}

/* ---- the table ------------------------------------------------------------------------ */

/**
 * struct wt_case - a stimulus
 * @name: name
 * @run: stimulus
 * @why: what it counts as
 * @total: counter that goes up with it, or VSRV_COUNTERS
 */
struct wt_case {
	const char *name;
	void (*run)(struct wt *wt);
	enum vsrv_why why;
	enum vsrv_counter total;
};

#define BAD(_run, _why)		{ #_run, _run, VSRV_WHY_##_why, VSRV_MESSAGES_BAD }
#define REFUSED(_run, _why)	{ #_run, _run, VSRV_WHY_##_why, VSRV_MESSAGES_REFUSED }

static const struct wt_case wt_cases[] = {
	BAD(wt_short, SHORT),
	BAD(wt_unknown, UNKNOWN),
	BAD(wt_server_message, UNKNOWN),
	REFUSED(wt_state, STATE),
	REFUSED(wt_untrusted, UNTRUSTED),
	REFUSED(wt_paused, PAUSED),
	REFUSED(wt_monitor_used, MONITOR_USED),
	REFUSED(wt_contact_short, CONTACT_SHORT),
	REFUSED(wt_contact_vtl, CONTACT_VTL),
	REFUSED(wt_contact_sint, CONTACT_SINT),
	REFUSED(wt_contact_vp, CONTACT_VP),
	REFUSED(wt_offers_sent, OFFERS_SENT),
	REFUSED(wt_open_nobody, NO_CHANNEL),
	REFUSED(wt_close_nobody, NO_CHANNEL),
	REFUSED(wt_release_nobody, NO_CHANNEL),
	REFUSED(wt_modify_nobody, NO_CHANNEL),
	REFUSED(wt_gpadl_nobody, NO_CHANNEL),
	REFUSED(wt_teardown_nobody, NO_CHANNEL),
	REFUSED(wt_reserved_nobody, NO_CHANNEL),
	REFUSED(wt_reserved_closed, CHANNEL_STATE),
	REFUSED(wt_reserved_close, RESERVED),
	REFUSED(wt_reserved_release, RESERVED),
	REFUSED(wt_reserved_gpadl, RESERVED),
	REFUSED(wt_reserved_teardown, RESERVED),
	REFUSED(wt_not_reserved, RESERVED),
	REFUSED(wt_open_twice, CHANNEL_STATE),
	REFUSED(wt_close_closed, CHANNEL_STATE),
	REFUSED(wt_release_open, CHANNEL_STATE),
	REFUSED(wt_modify_closed, CHANNEL_STATE),
	REFUSED(wt_modify_vp, MODIFY_VP),
	REFUSED(wt_modify_busy, MODIFY_BUSY),
	REFUSED(wt_body_none, NO_GPADL),
	REFUSED(wt_teardown_none, NO_GPADL),
	REFUSED(wt_gpadl_again, GPADL_ID),
	REFUSED(wt_gpadl_elsewhere, GPADL_ID),
	REFUSED(wt_gpadl_form, GPADL_FORM),
	REFUSED(wt_gpadl_form_late, GPADL_FORM),
	REFUSED(wt_gpadl_limit, GPADL_LIMIT),
	{ "wt_type", wt_type, VSRV_WHY_TYPE, VSRV_COUNTERS },
	{ "wt_page", wt_page, VSRV_WHY_PAGE, VSRV_COUNTERS },
	{ "wt_open_vp", wt_open_vp, VSRV_WHY_OPEN_PARAMETERS, VSRV_OPENS_FAILED },
	{ "wt_open_connection", wt_open_connection, VSRV_WHY_OPEN_CONNECTION,
	  VSRV_OPENS_FAILED },
	{ "wt_open_owner", wt_open_owner, VSRV_WHY_OPEN_OWNER, VSRV_OPENS_FAILED },
	{ "wt_hvsock_none", wt_hvsock_none, VSRV_WHY_HVSOCK_NONE, VSRV_TL_REFUSED },
	{ "wt_gpadl_owner", wt_gpadl_owner, VSRV_WHY_GPADL_OWNER, VSRV_GPADLS_FAILED },
	{ "wt_gpadl_revoked", wt_gpadl_revoked, VSRV_WHY_GPADL_OWNER, VSRV_GPADLS_FAILED },
};

static s64 wt_why(struct fg *fg, enum vsrv_why why)
{
	return atomic64_read(&fg->srv->whys[why]);
}

static void why_counted_test(struct kunit *test)
{
	const struct wt_case *c = test->param_value;
	struct wt wt = wt_new(test);
	unsigned int why;

	for (why = 0; why < VSRV_WHY_COUNT; why++)
		KUNIT_ASSERT_EQ(test, wt_why(wt.fg, why), 0);
	c->run(&wt);
	fg_drain(wt.fg);
	for (why = 0; why < VSRV_WHY_COUNT; why++)
		KUNIT_EXPECT_EQ_MSG(test, wt_why(wt.fg, why), why == c->why, "%s",
				    vsrv_why_text(why));
	if (c->total != VSRV_COUNTERS)
		KUNIT_EXPECT_EQ(test, fg_count(wt.fg, c->total), 1);
	KUNIT_EXPECT_EQ(test, fg_count(wt.fg, VSRV_MESSAGES_BAD) +
			fg_count(wt.fg, VSRV_MESSAGES_REFUSED),
			c->total == VSRV_MESSAGES_BAD || c->total == VSRV_MESSAGES_REFUSED);
}

static void wt_describe(const struct wt_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wt, wt_cases, wt_describe);

/*
 * A guest that takes no answer, when it is reset: the first is in its slot and the
 * second behind that, so the other two questions wait.
 */
static void why_reset_test(struct kunit *test)
{
	struct wt wt = wt_new(test);
	unsigned int i;

	for (i = 0; i < 4; i++)
		fg_modify(wt.fg, i ? NOBODY : 1, 0);
	vpart_reset(wt.fg->part);
	fg_synic_on(wt.fg);
	fg_settle(wt.fg);
	KUNIT_EXPECT_EQ(test, wt_why(wt.fg, VSRV_WHY_CHANNEL_STATE), 1);
	KUNIT_EXPECT_EQ(test, wt_why(wt.fg, VSRV_WHY_NO_CHANNEL), 1);
	KUNIT_EXPECT_EQ(test, wt_why(wt.fg, VSRV_WHY_UNSENT), 1);
	KUNIT_EXPECT_EQ(test, wt_why(wt.fg, VSRV_WHY_RESET), 2);
	KUNIT_EXPECT_GT(test, fg_count(wt.fg, VSRV_SENDS_RETRIED), 0);
	KUNIT_EXPECT_EQ(test, fg_count(wt.fg, VSRV_MESSAGES_REFUSED), 4);
	KUNIT_EXPECT_EQ(test, fg_count(wt.fg, VSRV_MESSAGES_LOST), 0);
}

/* Of no reason is there no text, and no two have the same. */
static void why_text_test(struct kunit *test)
{
	unsigned int i, k;

	for (i = 0; i < VSRV_WHY_COUNT; i++) {
		KUNIT_ASSERT_NOT_NULL(test, vsrv_why_text(i));
		KUNIT_EXPECT_GT(test, strlen(vsrv_why_text(i)), 0);
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_STRNEQ(test, vsrv_why_text(i), vsrv_why_text(k));
	}
}

static struct kunit_case why_cases[] = {
	KUNIT_CASE_PARAM(why_counted_test, wt_gen_params),
	KUNIT_CASE(why_reset_test),
	KUNIT_CASE(why_text_test),
	{}
};

static struct kunit_suite why_suite = {
	.name = "vmbus_why",
	.test_cases = why_cases,
};

kunit_test_suite(why_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the counters by reason of the VMBus server");
MODULE_LICENSE("GPL");
