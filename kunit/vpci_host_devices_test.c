// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: devices that come and go on a bus of the host, in any order, and
 * what a host can say wrong.
 */
#include <linux/module.h>

#include "vpci_host_bus_test.h"

/* ---- lists ------------------------------------------------------------------------------- */

static const struct hb_dev hb_first[] = { { 9, 1 }, { 0, 2 }, { 254, 3 } };

static struct hb *hb_three(struct kunit *test)
{
	struct hb *hb = hb_new(test);

	hb_enter(hb, 0x10006, hb_first, 3);
	/* One at a time, by slot. */
	hb_prepare(hb, 0);
	hb_prepare(hb, 9);
	hb_expect_fn(hb, HB_ADDED, 0, 2);
	hb_expect_fn(hb, HB_ADDED, 9, 1);
	hb_expect_no_event(hb);
	hb_prepare(hb, 254);
	hb_expect_fn(hb, HB_ADDED, 254, 3);
	hb_expect(hb, HB_READY);
	hb_expect_no_msg(hb);
	return hb;
}

/* One is kept, one is gone, one is new, and one has taken the place of another. */
static void vpci_host_changes_test(struct kunit *test)
{
	static const struct hb_dev then[] = { { 254, 3 }, { 1, 5 }, { 0, 4 } };
	struct hb *hb = hb_three(test);

	hb_list(hb, then, 3);
	hb_prepare(hb, 0);
	hb_prepare(hb, 1);
	hb_expect_fn(hb, HB_REMOVED, 0, 2);
	hb_expect_fn(hb, HB_REMOVED, 9, 1);
	hb_expect_fn(hb, HB_ADDED, 0, 4);
	hb_expect_fn(hb, HB_ADDED, 1, 5);
	hb_expect_no_event(hb);
	/* The same again. */
	hb_list(hb, then, 3);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	hb_list_none(hb);
	hb_expect_fn(hb, HB_REMOVED, 0, 4);
	hb_expect_fn(hb, HB_REMOVED, 1, 5);
	hb_expect_fn(hb, HB_REMOVED, 254, 3);
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
}

/* As many as there can be, and one more. */
static void vpci_host_all_slots_test(struct kunit *test)
{
	struct hb_dev *devs = kunit_kcalloc(test, VPCI_MAX_SLOTS, sizeof(*devs), GFP_KERNEL);
	struct hb *hb = hb_new(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, devs);
	for (i = 0; i < VPCI_MAX_SLOTS; i++)
		devs[i] = (struct hb_dev) { i, i };
	hb_enter(hb, 0x10006, devs, VPCI_MAX_SLOTS);
	for (i = 0; i < VPCI_MAX_SLOTS; i++)
		hb_prepare(hb, i);
	for (i = 0; i < VPCI_MAX_SLOTS; i++)
		hb_expect_fn(hb, HB_ADDED, i, i);
	hb_expect(hb, HB_READY);
	devs[0].slot = VPCI_MAX_SLOTS;
	hb_list(hb, devs, 1);
	for (i = 0; i < VPCI_MAX_SLOTS; i++)
		hb_expect_fn(hb, HB_REMOVED, i, i);
	hb_expect_failed(hb);
}

/* ---- while a device is prepared ----------------------------------------------------------- */

/* A list in which it still is changes nothing. */
static void vpci_host_list_between_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;

	hb_enter(hb, 0x10006, hb_first, 1);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_list(hb, hb_first, 2);
	hb_expect_no_msg(hb);
	hb_masks(hb, msg, HB_MASK);
	msg = hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
	hb_expect_slot(hb, msg, 9);
	hb_list(hb, hb_first, 1);
	hb_status(hb, msg, 0);
	hb_expect_fn(hb, HB_ADDED, 9, 1);
	hb_expect(hb, HB_READY);
	hb_expect_no_msg(hb);
}

enum hb_moment {
	HB_REQUIREMENTS,
	HB_ASSIGNED,
	HB_MOMENTS
};

/* Another takes its place, and is prepared by itself: what is said of the old one is not. */
static void vpci_host_replaced_test(struct kunit *test)
{
	const struct hb_msg *old, *msg;
	enum hb_moment moment;
	struct vpci_host_fn *fn;
	struct hb *hb;

	for (moment = 0; moment < HB_MOMENTS; moment++) {
		hb = hb_new(test);
		hb_enter(hb, 0x10006, hb_first, 1);
		old = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
		if (moment == HB_ASSIGNED) {
			hb_masks(hb, old, HB_MASK);
			old = hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2);
		}
		hb_list_one(hb, 9, 2);
		msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
		hb_expect_slot(hb, msg, 9);
		KUNIT_EXPECT_NE(test, msg->id, old->id);
		/* Long enough for both kinds of answer. */
		hb_masks(hb, old, HB_MASK);
		hb_expect_no_msg(hb);
		hb_expect_no_event(hb);
		hb_masks(hb, msg, 0xfffffff0);
		hb_status(hb, hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2), 0);
		fn = hb_expect_fn(hb, HB_ADDED, 9, 2);
		KUNIT_EXPECT_EQ(test, vpci_host_fn_bars(fn)->size[0], 16);
		hb_expect(hb, HB_READY);
		hb_expect_no_msg(hb);
		hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 0);
		hb_expect_count(hb, VPCI_HOST_UNPREPARED, 0);
		hb_close(hb);
	}
}

/* It is gone, and nothing comes after it. */
static void vpci_host_gone_between_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;

	hb_enter(hb, 0x10006, hb_first, 1);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_list_none(hb);
	hb_expect(hb, HB_READY);
	hb_status(hb, msg, HB_REFUSED);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	hb_expect_count(hb, VPCI_HOST_UNPREPARED, 0);
}

/* In the callback to the owner, with another callback to come. */
static void hb_list_other(struct hb *hb, const struct hb_event *event)
{
	if (event->what == HB_ADDED && event->serial == 1)
		hb_list_one(hb, 9, 2);
}

static void vpci_host_replaced_in_callback_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);

	hb->on_event = hb_list_other;
	hb_enter(hb, 0x10006, hb_first, 1);
	hb_prepare(hb, 9);
	hb_expect_fn(hb, HB_ADDED, 9, 1);
	hb_expect_fn(hb, HB_REMOVED, 9, 1);
	hb_expect_no_event(hb);
	hb_prepare(hb, 9);
	hb_expect_fn(hb, HB_ADDED, 9, 2);
	hb_expect(hb, HB_READY);
}

/*
 * Lists without end: the last one counts, and no more is asked than there may be under
 * way.
 */
static void vpci_host_flood_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	unsigned int i;

	hb_enter(hb, 0x10006, hb_first, 1);
	for (i = 2; i <= 1000; i++) {
		hb_list_one(hb, 9, i);
		KUNIT_ASSERT_LE(test, hb->host->nrequests, VPCI_HOST_MAX_REQUESTS);
	}
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, hb->nmsgs - hb->taken, VPCI_HOST_MAX_REQUESTS);
	for (;;) {
		/* The device's turn comes when less is under way. */
		hb_flush(hb);
		if (hb->taken == hb->nmsgs)
			break;
		msg = &hb->msgs[hb->taken++];
		if (le32_to_cpu(msg->words[0]) == VPCI_MSG_REQUIREMENTS)
			hb_masks(hb, msg, HB_MASK);
		else
			hb_status(hb, msg, 0);
	}
	hb_expect_fn(hb, HB_ADDED, 9, 1000);
	hb_expect(hb, HB_READY);
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 0);
}

/* And if it answers to none of that. */
static void vpci_host_flood_silent_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	unsigned int i;

	hb_enter(hb, 0x10006, hb_first, 1);
	for (i = 2; i <= VPCI_HOST_MAX_SILENT; i++)
		hb_list_one(hb, 9, i);
	for (i = 1; i < VPCI_HOST_MAX_SILENT; i++)
		hb_expire(hb, hb_expect_request(hb, VPCI_MSG_REQUIREMENTS));
	hb_expect_no_event(hb);
	hb_expect_count(hb, VPCI_HOST_FAILURES, 0);
	hb_expire(hb, hb_expect_request(hb, VPCI_MSG_REQUIREMENTS));
	hb_expect_failed(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, VPCI_HOST_MAX_SILENT);
	hb_expect_no_msg(hb);
}

/* ---- eject ------------------------------------------------------------------------------- */

static void hb_eject_at_once(struct hb *hb, const struct hb_event *event)
{
	if (event->what == HB_EJECT)
		vpci_host_ejected(event->fn);
}

static void vpci_host_eject_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	/* Nobody has asked. */
	vpci_host_ejected(fn);
	hb_expect_no_msg(hb);
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	KUNIT_EXPECT_PTR_EQ(test, hb_expect_fn(hb, HB_EJECT, HB_SLOT, 1), fn);
	/* Once is enough. */
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	hb_expect_count(hb, VPCI_HOST_STRAYS, 1);
	hb_list_one(hb, HB_SLOT, 1);
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
	vpci_host_ejected(fn);
	msg = hb_expect_notice(hb, VPCI_MSG_EJECT_COMPLETE);
	KUNIT_EXPECT_EQ(test, msg->len, 12);
	hb_expect_slot(hb, msg, HB_SLOT);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_event(hb);
	/* It is not there any more. */
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	hb_expect_count(hb, VPCI_HOST_STRAYS, 2);
	hb_list_none(hb);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	/* It comes again, the same: a new one. */
	hb->on_event = hb_eject_at_once;
	hb_list_one(hb, HB_SLOT, 1);
	hb_prepare(hb, HB_SLOT);
	hb_expect_fn(hb, HB_ADDED, HB_SLOT, 1);
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	hb_expect_fn(hb, HB_EJECT, HB_SLOT, 1);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_EJECT_COMPLETE), HB_SLOT);
	/* Still on the list: the host has not seen that yet. */
	hb_list_one(hb, HB_SLOT, 1);
	hb_prepare(hb, HB_SLOT);
	hb_expect_fn(hb, HB_ADDED, HB_SLOT, 1);
	hb_expect_no_event(hb);
}

/* The host takes it before it is let go: no answer is owed. */
static void vpci_host_eject_removed_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	hb_expect_fn(hb, HB_EJECT, HB_SLOT, 1);
	/* It is not freed as long as this is not told. */
	kref_get(&fn->ref);
	hb_list_none(hb);
	vpci_host_ejected(fn);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	vpci_host_ejected(fn);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, kref_read(&fn->ref), 1);
	kfree(fn);
}

/* Nobody has it: the host has it back at once. */
static void vpci_host_eject_unused_test(struct kunit *test)
{
	const struct hb_msg *msg;
	struct hb *hb;

	/* While it is prepared. */
	hb = hb_new(test);
	hb_enter(hb, 0x10006, hb_first, 2);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_say_slot(hb, VPCI_MSG_EJECT, 0);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_EJECT_COMPLETE), 0);
	hb_masks(hb, msg, HB_MASK);
	/* The next one's turn. */
	hb_prepare(hb, 9);
	hb_expect_fn(hb, HB_ADDED, 9, 1);
	hb_expect(hb, HB_READY);
	hb_expect_no_msg(hb);
	/* Before, and when it could not be. */
	hb = hb_new(test);
	hb_enter(hb, 0x10006, hb_first, 3);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_REQUIREMENTS), HB_REFUSED);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_say_slot(hb, VPCI_MSG_EJECT, 254);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_EJECT_COMPLETE), 254);
	hb_say_slot(hb, VPCI_MSG_EJECT, 0);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_EJECT_COMPLETE), 0);
	hb_expect_no_event(hb);
	hb_masks(hb, msg, HB_MASK);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2), 0);
	hb_expect_fn(hb, HB_ADDED, 9, 1);
	hb_expect(hb, HB_READY);
	hb_expect_count(hb, VPCI_HOST_UNPREPARED, 1);
	hb_expect_count(hb, VPCI_HOST_STRAYS, 0);
	hb_expect_no_msg(hb);
}

/* ---- changes of configuration -------------------------------------------------------------- */

/* Blocks of a busy owner come together; also with a wish to eject. */
static void hb_invalidate_more(struct hb *hb, const struct hb_event *event)
{
	if (event->what != HB_INVALIDATED || event->value != 1)
		return;
	hb_invalidate(hb, HB_SLOT, 2);
	hb_invalidate(hb, HB_SLOT, 0);
	hb_say_slot(hb, VPCI_MSG_EJECT, HB_SLOT);
	hb_invalidate(hb, HB_SLOT, 1ULL << 63);
}

static void vpci_host_blocks_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);

	hb_on(hb, 0x10006);
	hb->on_event = hb_invalidate_more;
	hb_invalidate(hb, HB_SLOT, 0);
	hb_expect_no_event(hb);
	hb_invalidate(hb, HB_SLOT, 1);
	KUNIT_EXPECT_EQ(test, hb_expect(hb, HB_INVALIDATED)->value, 1);
	hb_expect_fn(hb, HB_EJECT, HB_SLOT, 1);
	KUNIT_EXPECT_EQ(test, hb_expect(hb, HB_INVALIDATED)->value, 1ULL << 63 | 2);
	hb_expect_no_event(hb);
	hb_invalidate(hb, HB_SLOT, U64_MAX);
	KUNIT_EXPECT_EQ(test, hb_expect(hb, HB_INVALIDATED)->value, U64_MAX);
	/* Of nothing. */
	hb_invalidate(hb, 0, 1);
	hb_expect_count(hb, VPCI_HOST_STRAYS, 1);
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
}

/* The host wants to be asked what is on the bus, but not over and over. */
static void vpci_host_invalid_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	unsigned int i;

	hb_on(hb, 0x10006);
	hb_say(hb, VPCI_MSG_INVALIDATE_BUS, 0, 4);
	hb_expect_notice(hb, VPCI_MSG_QUERY_BUS_RELATIONS);
	for (i = 0; i < 100; i++) {
		hb_say(hb, VPCI_MSG_INVALIDATE_BUS, 0, 8);
		hb_say_slot(hb, VPCI_MSG_INVALIDATE_DEVICE, HB_SLOT);
	}
	hb_expect_no_msg(hb);
	hb_list_one(hb, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	hb_say_slot(hb, VPCI_MSG_INVALIDATE_DEVICE, HB_SLOT);
	hb_expect_notice(hb, VPCI_MSG_QUERY_BUS_RELATIONS);
	hb_list_one(hb, HB_SLOT, 1);
	hb_say_slot(hb, VPCI_MSG_INVALIDATE_DEVICE, 0);
	hb_expect_count(hb, VPCI_HOST_STRAYS, 1);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	/* Before the bus is on, it is asked anyway. */
	hb = hb_new(test);
	hb_open(hb);
	hb_say(hb, VPCI_MSG_INVALIDATE_BUS, 0, 4);
	hb_speak(hb, 0x10006);
	hb_expect_no_msg(hb);
}

/* ---- hostile hosts ------------------------------------------------------------------------- */

/* After these the host is not to be believed any more. */
static void vpci_host_bad_messages_test(struct kunit *test)
{
	static const struct { u32 type; u32 slot; u32 len; } cases[] = {
		{ 0, 0, 0 }, { VPCI_MSG_BUS_RELATIONS2, 0, 3 }, { VPCI_MSG_BUS_RELATIONS2, 0, 4 },
		{ VPCI_MSG_BUS_RELATIONS2, 1, 8 }, { VPCI_MSG_BUS_RELATIONS, 1, 8 },
		{ VPCI_MSG_BUS_RELATIONS2, 256, 8 }, { VPCI_MSG_BUS_RELATIONS2, U32_MAX, 8 },
		{ VPCI_MSG_EJECT, 0, 4 }, { VPCI_MSG_EJECT, 255, 8 },
		{ VPCI_MSG_EJECT, U32_MAX, 8 }, { VPCI_MSG_INVALIDATE_DEVICE, 0, 7 },
		{ VPCI_MSG_INVALIDATE_DEVICE, 255, 8 }, { VPCI_MSG_INVALIDATE_BLOCK, 0, 8 },
	};
	static const struct vpci_msi_request request = { .vector = 65, .count = 1, .nprocs = 1 };
	struct vpci_msi msi = { };
	struct vpci_host_fn *fn;
	unsigned int i;
	struct hb *hb;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hb = hb_new(test);
		fn = hb_on(hb, 0x10006);
		kref_get(&fn->ref);
		KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 1), 0);
		hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
		hb_say(hb, cases[i].type, cases[i].slot, cases[i].len);
		hb_expect_end(hb);
		/* Nothing counts any more, from neither side. */
		hb_list_one(hb, HB_SLOT, 2);
		hb_status(hb, &hb->msgs[hb->taken - 1], 0);
		hb->dev_ops->room(hb->dev_ctx);
		KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &request, 1), -ENODEV);
		KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 1), -ENODEV);
		vpci_host_interrupt_delete(fn, &msi);
		vpci_host_ejected(fn);
		hb_expect_forgotten(hb, fn);
		hb_close(hb);
	}
}

static void vpci_host_bad_lists_test(struct kunit *test)
{
	static const struct hb_dev cases[][2] = {
		{ { 0, 1 }, { 0, 1 } }, { { HB_SLOT, 1 }, { HB_SLOT, 2 } },
		{ { HB_SLOT, 1 }, { 255, 1 } }, { { HB_SLOT, 1 }, { U32_MAX, 1 } },
		{ { 0x100, 1 }, { HB_SLOT, 1 } },
	};
	unsigned int i;
	struct hb *hb;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hb = hb_new(test);
		hb_on(hb, 0x10006);
		hb_list(hb, cases[i], 2);
		hb_expect_end(hb);
		hb_close(hb);
	}
}

/* These are counted, and the bus goes on. */
static void vpci_host_unknown_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);

	hb_on(hb, 0x10006);
	hb_say(hb, 0x42490001, 0, 8);
	hb_say(hb, 0x4249ffff, 0, 4);
	hb_say(hb, 0, 0, 8);
	hb_packet(hb, VM_PKT_DATA_USING_GPA_DIRECT, 0, NULL, 0);
	hb_packet(hb, VM_PKT_DATA_USING_XFER_PAGES, 0, "\2\0\x49\x42\3\0\0\0", 8);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_MESSAGES, 5);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	hb_list_none(hb);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_event(hb);
}

static struct kunit_case vpci_host_devices_cases[] = {
	KUNIT_CASE(vpci_host_changes_test),
	KUNIT_CASE(vpci_host_all_slots_test),
	KUNIT_CASE(vpci_host_list_between_test),
	KUNIT_CASE(vpci_host_replaced_test),
	KUNIT_CASE(vpci_host_gone_between_test),
	KUNIT_CASE(vpci_host_replaced_in_callback_test),
	KUNIT_CASE(vpci_host_flood_test),
	KUNIT_CASE(vpci_host_flood_silent_test),
	KUNIT_CASE(vpci_host_eject_test),
	KUNIT_CASE(vpci_host_eject_removed_test),
	KUNIT_CASE(vpci_host_eject_unused_test),
	KUNIT_CASE(vpci_host_blocks_test),
	KUNIT_CASE(vpci_host_invalid_test),
	KUNIT_CASE(vpci_host_bad_messages_test),
	KUNIT_CASE(vpci_host_bad_lists_test),
	KUNIT_CASE(vpci_host_unknown_test),
	{}
};

static struct kunit_suite vpci_host_devices_suite = {
	.name = "vpci_host_devices",
	.test_cases = vpci_host_devices_cases,
};

kunit_test_suite(vpci_host_devices_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: devices on a bus of the host");
MODULE_LICENSE("GPL");
