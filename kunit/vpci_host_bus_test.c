// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: how a bus of the host comes up, and how it ends.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "vpci_host_bus_test.h"

/* ---- open -------------------------------------------------------------------------------- */

static void vpci_host_window_test(struct kunit *test)
{
	static const struct { u64 window; int err; } cases[] = {
		{ 0, 0 }, { 0x1000, 0 }, { 0xf80000000, 0 }, { VPCI_ADDRESS_LIMIT - 0x2000, 0 },
		{ 1, -EINVAL }, { 0xfff, -EINVAL }, { 0x1800, -EINVAL },
		{ VPCI_ADDRESS_LIMIT - 0x1000, -EINVAL }, { VPCI_ADDRESS_LIMIT, -EINVAL },
		{ U64_MAX - 0xfff, -EINVAL }, { U64_MAX, -EINVAL },
	};
	struct hb *hb = hb_new(test);
	struct vpci_host *host;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host = vpci_host_open_link(&hb->link, (struct vrelay_dev *)hb, cases[i].window,
					   &hb_ops, hb);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(host), cases[i].err, "case %u", i);
		if (!IS_ERR(host))
			vpci_host_close(host);
		KUNIT_EXPECT_NULL(test, hb->dev_ops);
	}
	KUNIT_EXPECT_EQ(test, hb->nevents, 0);
}

static void hb_too_early(struct hb *hb)
{
	hb_list_one(hb, 1, 1);
	hb_say(hb, VPCI_MSG_EJECT, 1, 4);
	hb_answer(hb, 1, NULL, 0);
	hb->dev_ops->room(hb->dev_ctx);
}

/* What the host says before its channel is open counts for nothing, also if it is not then. */
static void vpci_host_open_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	struct vpci_host *host;

	hb->opening = hb_too_early;
	hb->open_err = -EIO;
	host = vpci_host_open_link(&hb->link, (struct vrelay_dev *)hb, HB_WINDOW, &hb_ops, hb);
	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(host), -EIO);
	KUNIT_EXPECT_EQ(test, hb->nevents, 0);
	KUNIT_EXPECT_EQ(test, hb->nmsgs, 0);
	hb->open_err = 0;
	hb_open(hb);
	KUNIT_EXPECT_EQ(test, vpci_host_version(hb->host), 0);
	hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
}

/* ---- versions ---------------------------------------------------------------------------- */

static const u32 hb_versions[] = { 0x10006, 0x10005, 0x10004, 0x10003, 0x10002 };

static void vpci_host_versions_test(struct kunit *test)
{
	const struct hb_msg *msg;
	unsigned int i, k;
	struct hb *hb;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(hb_versions); i++) {
		id = 0;
		hb = hb_new(test);
		hb_open(hb);
		for (k = 0; k <= i; k++) {
			msg = hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
			KUNIT_EXPECT_EQ(test, msg->len, 8);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[1]), hb_versions[k]);
			KUNIT_EXPECT_NE(test, msg->id, id);
			id = msg->id;
			KUNIT_EXPECT_EQ(test, vpci_host_version(hb->host), 0);
			hb_expect_no_msg(hb);
			hb_status(hb, msg, k < i ? VPCI_STATUS_REVISION_MISMATCH : 0);
		}
		KUNIT_EXPECT_EQ(test, vpci_host_version(hb->host), hb_versions[i]);
		msg = hb_expect_request(hb, VPCI_MSG_D0_ENTRY);
		KUNIT_EXPECT_EQ(test, msg->len, 16);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[2]), lower_32_bits(HB_WINDOW));
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[3]), upper_32_bits(HB_WINDOW));
		hb_expect_no_msg(hb);
		hb_expect_no_event(hb);
		hb_close(hb);
	}
}

/* Hosts with which there is none. */
static void vpci_host_no_version_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	unsigned int i;

	hb_open(hb);
	for (i = 0; i < ARRAY_SIZE(hb_versions); i++) {
		msg = hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
		hb_status(hb, msg, VPCI_STATUS_REVISION_MISMATCH);
	}
	hb_expect_failed(hb);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(test, vpci_host_version(hb->host), 0);
	hb_close(hb);
	/* Nothing was served. */
	KUNIT_EXPECT_EQ(test, hb->nmsgs, hb->taken);

	hb = hb_new(test);
	hb_open(hb);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_QUERY_VERSION), HB_REFUSED);
	hb_expect_failed(hb);
	hb_expect_no_msg(hb);

	hb = hb_new(test);
	hb_open(hb);
	hb_answer(hb, hb_expect_request(hb, VPCI_MSG_QUERY_VERSION)->id, "\0\0", 2);
	hb_expect_failed(hb);
	hb_expect_no_msg(hb);

	hb = hb_new(test);
	hb->link.request_limit = 0;
	hb_open(hb);
	hb_expect_failed(hb);
	hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
	hb_expect_no_msg(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, 1);
}

/* The limit ends by itself. */
static void vpci_host_silent_test(struct kunit *test)
{
	unsigned long deadline = jiffies + HB_TIMEOUT;
	struct hb *hb = hb_new(test);

	hb->link.request_limit = HZ / 20;
	hb_open(hb);
	while (!READ_ONCE(hb->nevents) && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_ASSERT_EQ(test, READ_ONCE(hb->nevents), 1);
	hb_expect_failed(hb);
}

/* ---- the window -------------------------------------------------------------------------- */

static const struct hb_dev hb_two[] = { { 0, 7 }, { HB_SLOT, 8 } };

/* The list may come by itself, before the answer or after it, or not. */
static void vpci_host_entry_test(struct kunit *test)
{
	const struct hb_msg *msg;
	struct hb *hb;

	/* Before: nothing is prepared until the bus is on. */
	hb = hb_new(test);
	hb_open(hb);
	hb_list(hb, hb_two, 2);
	msg = hb_speak(hb, 0x10006);
	hb_list(hb, hb_two, 1);
	hb_expect_no_msg(hb);
	hb_status(hb, msg, 0);
	hb_prepare(hb, 0);
	hb_expect_no_msg(hb);
	hb_expect_fn(hb, HB_ADDED, 0, 7);
	hb_expect(hb, HB_READY);
	/* After it: the host was asked, and is not asked again. */
	hb = hb_new(test);
	hb_open(hb);
	hb_status(hb, hb_speak(hb, 0x10006), 0);
	msg = hb_expect_notice(hb, VPCI_MSG_QUERY_BUS_RELATIONS);
	KUNIT_EXPECT_EQ(test, msg->len, 4);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	hb_list(hb, hb_two, 2);
	hb_prepare(hb, 0);
	hb_expect_fn(hb, HB_ADDED, 0, 7);
	hb_expect_no_event(hb);
	hb_prepare(hb, HB_SLOT);
	hb_expect_fn(hb, HB_ADDED, HB_SLOT, 8);
	hb_expect(hb, HB_READY);
	hb_expect_no_msg(hb);
	/* A bus with nothing on it. */
	hb = hb_new(test);
	hb_enter(hb, 0x10003, NULL, 0);
	hb_expect(hb, HB_READY);
	hb_list(hb, hb_two, 1);
	hb_prepare(hb, 0);
	hb_expect_fn(hb, HB_ADDED, 0, 7);
	/* Ready once. */
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
}

/* Somebody has left without goodbye; or the host does not want us at all. */
static void vpci_host_entry_refused_test(struct kunit *test)
{
	struct hb *hb;

	hb = hb_new(test);
	hb_open(hb);
	hb_status(hb, hb_speak(hb, 0x10006), HB_REFUSED);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	hb_list(hb, hb_two, 1);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_D0_ENTRY), 0);
	hb_prepare(hb, 0);
	hb_expect_fn(hb, HB_ADDED, 0, 7);
	hb_expect(hb, HB_READY);

	hb = hb_new(test);
	hb_open(hb);
	hb_status(hb, hb_speak(hb, 0x10006), HB_REFUSED);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_D0_ENTRY), HB_REFUSED);
	hb_expect_failed(hb);
	hb_expect_no_msg(hb);

	hb = hb_new(test);
	hb_open(hb);
	hb_answer(hb, hb_speak(hb, 0x10006)->id, NULL, 0);
	hb_expect_failed(hb);

	hb = hb_new(test);
	hb_open(hb);
	hb->link.request_limit = 0;
	hb_speak(hb, 0x10006);
	hb_expect_failed(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, 1);
}

/* The host does answer, but does not come to an end. */
static void vpci_host_initial_limit_test(struct kunit *test)
{
	const struct hb_msg *msg;
	struct hb *hb;

	/* Before the window is served. */
	hb = hb_new(test);
	hb->link.initial_limit = 0;
	hb_open(hb);
	hb_expect_failed(hb);
	/* It does not say what is on the bus. */
	hb = hb_new(test);
	hb_open(hb);
	hb_status(hb, hb_speak(hb, 0x10006), 0);
	hb_expect_no_event(hb);
	hb->host->initial = jiffies;
	hb_expect_failed(hb);
	/* A device takes its time: the owner need not wait, and has it later. */
	hb = hb_new(test);
	hb_enter(hb, 0x10006, hb_two, 2);
	hb_prepare(hb, 0);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_expect_fn(hb, HB_ADDED, 0, 7);
	hb_expect_no_event(hb);
	hb->host->initial = jiffies;
	hb_expect(hb, HB_READY);
	hb_masks(hb, msg, 0);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2), 0);
	hb_expect_fn(hb, HB_ADDED, HB_SLOT, 8);
	hb_expect_no_event(hb);
}

/* ---- preparing --------------------------------------------------------------------------- */

/* What the owner is told of a device. */
static void vpci_host_prepared_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct vpci_desc *desc;
	const struct vpci_bars *bars;
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	hb_enter(hb, 0x10006, hb_two + 1, 1);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	KUNIT_EXPECT_EQ(test, msg->len, 8);
	hb_expect_slot(hb, msg, HB_SLOT);
	hb_masks(hb, msg, HB_MASK);
	msg = hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
	KUNIT_EXPECT_EQ(test, msg->len, VPCI_MAX_REQUEST);
	hb_expect_slot(hb, msg, HB_SLOT);
	hb_expect_no_event(hb);
	hb_status(hb, msg, 0);
	fn = hb_expect_fn(hb, HB_ADDED, HB_SLOT, 8);
	desc = vpci_host_fn_desc(fn);
	KUNIT_EXPECT_EQ(test, desc->vendor, 0x1414);
	bars = vpci_host_fn_bars(fn);
	KUNIT_EXPECT_EQ(test, bars->kind[0], VPCI_BAR_32);
	KUNIT_EXPECT_EQ(test, bars->size[0], 0x10000);
	KUNIT_EXPECT_EQ(test, bars->kind[1], VPCI_BAR_NONE);
	KUNIT_EXPECT_NULL(test, vpci_host_fn_priv(fn));
	vpci_host_fn_set_priv(fn, hb);
	KUNIT_EXPECT_PTR_EQ(test, vpci_host_fn_priv(fn), hb);
}

/* What the host answers about a device that is not added. */
enum hb_bad {
	HB_BAD_MASKS,
	HB_REFUSE_REQUIREMENTS,
	HB_REFUSE_ASSIGNED,
	HB_SILENT_REQUIREMENTS,
	HB_SILENT_ASSIGNED,
	HB_BADS
};

static void hb_prepare_badly(struct hb *hb, enum hb_bad how)
{
	const struct hb_msg *msg;

	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	switch (how) {
	case HB_BAD_MASKS:
		hb_masks(hb, msg, PCI_BASE_ADDRESS_SPACE_IO | 0xff00);
		return;
	case HB_REFUSE_REQUIREMENTS:
		hb_status(hb, msg, HB_REFUSED);
		return;
	case HB_SILENT_REQUIREMENTS:
		hb_expire(hb, msg);
		return;
	default:
		break;
	}
	hb_masks(hb, msg, HB_MASK);
	msg = hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
	if (how == HB_REFUSE_ASSIGNED)
		hb_status(hb, msg, HB_REFUSED);
	else
		hb_expire(hb, msg);
}

/* The bus does not end, and the next device is prepared. */
static void vpci_host_unprepared_test(struct kunit *test)
{
	const struct hb_msg *late;
	enum hb_bad how;
	struct hb *hb;

	for (how = 0; how < HB_BADS; how++) {
		hb = hb_new(test);
		hb_enter(hb, 0x10006, hb_two, 2);
		hb_prepare_badly(hb, how);
		late = &hb->msgs[hb->taken - 1];
		hb_prepare(hb, HB_SLOT);
		hb_expect_fn(hb, HB_ADDED, HB_SLOT, 8);
		hb_expect(hb, HB_READY);
		hb_expect_count(hb, VPCI_HOST_UNPREPARED, 1);
		hb_expect_count(hb, VPCI_HOST_TIMEOUTS, how >= HB_SILENT_REQUIREMENTS);
		/* It stays as it is while it is listed. */
		hb_list(hb, hb_two, 2);
		if (how >= HB_SILENT_REQUIREMENTS)
			hb_masks(hb, late, HB_MASK);
		hb_expect_no_msg(hb);
		hb_expect_no_event(hb);
		/* Away and back: another try. */
		hb_list(hb, hb_two + 1, 1);
		hb_list(hb, hb_two, 2);
		hb_prepare(hb, 0);
		hb_expect_fn(hb, HB_ADDED, 0, 7);
		hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 0);
		hb_close(hb);
	}
}

/* An answer cut short is another thing. */
static void vpci_host_prepare_short_test(struct kunit *test)
{
	static const u8 zeros[28];
	const struct hb_msg *msg;
	struct hb *hb;
	u32 len;

	for (len = 0; len < sizeof(zeros); len += 4) {
		hb = hb_new(test);
		hb_enter(hb, 0x10006, hb_two, 1);
		msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
		hb_answer(hb, msg->id, zeros, len);
		hb_expect_failed(hb);
		hb_expect_no_msg(hb);
		hb_close(hb);
	}
	hb = hb_new(test);
	hb_enter(hb, 0x10006, hb_two, 1);
	hb_masks(hb, hb_expect_request(hb, VPCI_MSG_REQUIREMENTS), 0);
	hb_answer(hb, hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2)->id, zeros, 3);
	hb_expect_failed(hb);
}

/* ---- close ------------------------------------------------------------------------------- */

enum hb_stage {
	HB_AT_VERSION,
	HB_AT_ENTRY,
	HB_AT_LIST,
	HB_AT_REQUIREMENTS,
	HB_AT_ASSIGNED,
	HB_AT_ADDED,
	HB_AT_EJECT,
	HB_AT_INTERRUPT,
	HB_AT_ANSWERED,
	HB_AT_FULL,		/* there is no room in the ring */
	HB_AT_FAILURE,
	HB_STAGES
};

static void hb_go(struct hb *hb, enum hb_stage stage)
{
	static const struct vpci_msi_request request = { .vector = 65, .count = 1, .nprocs = 1 };
	static const struct vpci_create_interrupt_reply reply;
	struct vpci_host_fn *fn;

	switch (stage) {
	case HB_AT_VERSION:
		hb_open(hb);
		hb_expect_request(hb, VPCI_MSG_QUERY_VERSION);
		return;
	case HB_AT_ENTRY:
		hb_open(hb);
		hb_speak(hb, 0x10006);
		return;
	case HB_AT_LIST:
		hb_enter(hb, 0x10006, NULL, 0);
		return;
	case HB_AT_REQUIREMENTS:
	case HB_AT_ASSIGNED:
		hb_enter(hb, 0x10006, hb_two, 2);
		if (stage == HB_AT_REQUIREMENTS)
			hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
		else
			hb_masks(hb, hb_expect_request(hb, VPCI_MSG_REQUIREMENTS), 0);
		if (stage == HB_AT_ASSIGNED)
			hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
		return;
	default:
		break;
	}
	fn = hb_on(hb, 0x10006);
	if (stage == HB_AT_EJECT)
		hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	if (stage == HB_AT_INTERRUPT || stage == HB_AT_ANSWERED) {
		KUNIT_ASSERT_EQ(hb->test, vpci_host_interrupt_create(fn, &request, 1), 0);
		hb_expect_request(hb, VPCI_MSG_CREATE_INTERRUPT3);
	}
	if (stage == HB_AT_ANSWERED)
		hb_answer(hb, hb->msgs[hb->taken - 1].id, &reply, sizeof(reply));
	if (stage == HB_AT_FULL) {
		hb->send_err = -EAGAIN;
		KUNIT_ASSERT_EQ(hb->test, vpci_host_interrupt_create(fn, &request, 1), 0);
	}
	if (stage == HB_AT_FAILURE)
		hb_say(hb, 0, 0, 0);
}

/* It says goodbye, if it has said hello; the owner does not hear that a device is gone. */
static void vpci_host_close_test(struct kunit *test)
{
	unsigned int stage, i;
	bool flush;
	struct hb *hb;

	for (stage = 0; stage < 2 * HB_STAGES; stage++) {
		flush = stage >= HB_STAGES;
		hb = hb_new(test);
		hb_go(hb, stage % HB_STAGES);
		/* What is about to be told may be, or not. */
		if (flush)
			hb_flush(hb);
		hb_close(hb);
		switch (stage % HB_STAGES) {
		case HB_AT_VERSION:
		case HB_AT_FULL:
			break;
		case HB_AT_ADDED:
		case HB_AT_EJECT:
		case HB_AT_INTERRUPT:
		case HB_AT_ANSWERED:
			hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_RELEASE_RESOURCES),
				       HB_SLOT);
			fallthrough;
		default:
			if (stage % HB_STAGES != HB_AT_FAILURE || flush)
				hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
			break;
		}
		/* A device of a bus that has failed may be there still, or not. */
		if (stage % HB_STAGES == HB_AT_FAILURE)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, hb->nmsgs, hb->taken, "stage %u", stage);
		for (i = 0; i < hb->nevents; i++)
			KUNIT_EXPECT_NE_MSG(test, hb->events[i].what, HB_REMOVED, "stage %u",
					    stage);
	}
}

/* Until the bus is told to close. */
static void hb_linger(struct hb *hb, const struct hb_event *event)
{
	unsigned long deadline = jiffies + HB_TIMEOUT;

	if (event->what != HB_ADDED)
		return;
	while (READ_ONCE(hb->host->state) != VPCI_HOST_CLOSED && time_before(jiffies, deadline))
		usleep_range(100, 200);
	/* The device is there, though gone, until this is over. */
	msleep(20);
	KUNIT_EXPECT_EQ(hb->test, vpci_host_config_read(event->fn, 0, 2), 0xffff);
	KUNIT_EXPECT_EQ(hb->test, vpci_host_reset(event->fn, 1), -ENODEV);
	vpci_host_ejected(event->fn);
	KUNIT_EXPECT_NOT_NULL(hb->test, hb->dev_ops);
	WRITE_ONCE(hb->value, 1);
}

/* A callback is waited for, and is the last. */
static void vpci_host_close_waits_test(struct kunit *test)
{
	unsigned long deadline = jiffies + HB_TIMEOUT;
	struct hb *hb = hb_new(test);

	hb->on_event = hb_linger;
	hb_enter(hb, 0x10006, hb_two, 1);
	hb_prepare(hb, 0);
	while (!READ_ONCE(hb->nevents) && time_before(jiffies, deadline))
		usleep_range(100, 200);
	hb_close(hb);
	KUNIT_EXPECT_EQ(test, READ_ONCE(hb->value), 1);
	KUNIT_EXPECT_EQ(test, hb->nevents, 1);
	KUNIT_EXPECT_EQ(test, hb->mmios, 0);
}

static struct kunit_case vpci_host_bus_cases[] = {
	KUNIT_CASE(vpci_host_window_test),
	KUNIT_CASE(vpci_host_open_test),
	KUNIT_CASE(vpci_host_versions_test),
	KUNIT_CASE(vpci_host_no_version_test),
	KUNIT_CASE(vpci_host_silent_test),
	KUNIT_CASE(vpci_host_entry_test),
	KUNIT_CASE(vpci_host_entry_refused_test),
	KUNIT_CASE(vpci_host_initial_limit_test),
	KUNIT_CASE(vpci_host_prepared_test),
	KUNIT_CASE(vpci_host_unprepared_test),
	KUNIT_CASE(vpci_host_prepare_short_test),
	KUNIT_CASE(vpci_host_close_test),
	KUNIT_CASE(vpci_host_close_waits_test),
	{}
};

static struct kunit_suite vpci_host_bus_suite = {
	.name = "vpci_host_bus",
	.test_cases = vpci_host_bus_cases,
};

kunit_test_suite(vpci_host_bus_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: buses of the host");
MODULE_LICENSE("GPL");
