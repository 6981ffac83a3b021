// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: requests to the host, its answers in any order and at any time,
 * and a ring without room.
 */
#include <linux/module.h>

#include "vpci_host_bus_test.h"

static const struct vpci_msi_request hr_request = {
	.vector = 65, .count = 2, .nprocs = 2, .procs = { 1, 5 },
};

static const struct hb_msg *hr_create(struct hb *hb, struct vpci_host_fn *fn, u64 cookie)
{
	KUNIT_ASSERT_EQ(hb->test, vpci_host_interrupt_create(fn, &hr_request, cookie), 0);
	return hb_expect_request(hb, VPCI_MSG_CREATE_INTERRUPT3);
}

/* The interrupt that writes @data. */
static void hr_created(struct hb *hb, const struct hb_msg *msg, u32 status, u32 data)
{
	struct vpci_create_interrupt_reply reply = {
		.status = cpu_to_le32(status),
		.remapped = {
			.count = cpu_to_le16(2),
			.data = cpu_to_le32(data),
			.address = cpu_to_le64(0xfee00000),
		},
	};

	hb_answer(hb, msg->id, &reply, sizeof(reply));
}

static void hr_expect_deleted(struct hb *hb, u32 slot, u32 data)
{
	const struct hb_msg *msg = hb_expect_notice(hb, VPCI_MSG_DELETE_INTERRUPT);

	KUNIT_EXPECT_EQ(hb->test, msg->len, sizeof(struct vpci_delete_interrupt));
	hb_expect_slot(hb, msg, slot);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[2]), 2 << 16);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[3]), data);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[4]), 0xfee00000);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[5]), 0);
}

static void hr_expect_interrupt(struct hb *hb, u64 cookie, int err, u32 data)
{
	const struct hb_event *event = hb_expect(hb, HB_INTERRUPT);

	KUNIT_EXPECT_EQ(hb->test, event->slot, HB_SLOT);
	KUNIT_EXPECT_EQ(hb->test, event->value, cookie);
	KUNIT_EXPECT_EQ(hb->test, event->err, err);
	KUNIT_EXPECT_EQ(hb->test, event->msi.data, data);
	KUNIT_EXPECT_EQ(hb->test, event->msi.address, err ? 0 : 0xfee00000);
}

/* ---- interrupts -------------------------------------------------------------------------- */

/* The form is that of the version.  None that is spoken has the first one. */
static void vpci_host_forms_test(struct kunit *test)
{
	static const struct { u32 version; u32 type; u32 len; enum vpci_msi_form form; } cases[] = {
		{ VPCI_VERSION_RS1, VPCI_MSG_CREATE_INTERRUPT2, 80, VPCI_MSI_V2 },
		{ VPCI_VERSION_VB, VPCI_MSG_CREATE_INTERRUPT2, 80, VPCI_MSI_V2 },
		{ VPCI_VERSION_FE, VPCI_MSG_CREATE_INTERRUPT3, 84, VPCI_MSI_V3 },
		{ VPCI_VERSION_GE, VPCI_MSG_CREATE_INTERRUPT3, 84, VPCI_MSI_V3 },
		{ VPCI_VERSION_DT, VPCI_MSG_CREATE_INTERRUPT3, 84, VPCI_MSI_V3 },
	};
	struct vpci_msi_request back, wide = hr_request;
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;
	unsigned int i;
	struct hb *hb;

	wide.vector = 256;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hb = hb_new(test);
		fn = hb_on(hb, cases[i].version);
		KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &hr_request, 7), 0);
		msg = hb_expect_request(hb, cases[i].type);
		KUNIT_EXPECT_EQ(test, msg->len, cases[i].len);
		hb_expect_slot(hb, msg, HB_SLOT);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(cases[i].form, msg->bytes + 8, msg->len - 8,
						     0, &back), 0);
		KUNIT_EXPECT_MEMEQ(test, &back, &hr_request, sizeof(back));
		hr_created(hb, msg, 0, 0x4300);
		hr_expect_interrupt(hb, 7, 0, 0x4300);
		/* What cannot be said. */
		if (cases[i].form == VPCI_MSI_V2)
			KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &wide, 8), -ERANGE);
		hb_expect_no_msg(hb);
		hb_expect_no_event(hb);
		hb_close(hb);
	}
}

/* In any order: an answer gets to the one who asked. */
static void vpci_host_order_test(struct kunit *test)
{
	static const unsigned int order[] = { 2, 0, 3, 1 };
	const struct hb_msg *msgs[ARRAY_SIZE(order)];
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;
	unsigned int i;

	fn = hb_on(hb, 0x10006);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		msgs[i] = hr_create(hb, fn, 100 + i);
	hb_expect_no_event(hb);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		hr_created(hb, msgs[order[i]], order[i] == 3 ? HB_REFUSED : 0, order[i]);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		hr_expect_interrupt(hb, 100 + order[i], order[i] == 3 ? -EREMOTEIO : 0,
				    order[i] == 3 ? 0 : order[i]);
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* An answer that is none ends the bus; nobody hears of it but for that. */
static void vpci_host_bad_answers_test(struct kunit *test)
{
	static const struct vpci_create_interrupt_reply odd = {
		.remapped.address = cpu_to_le64(0xfee00001),
	};
	static const u32 lengths[] = { 0, 3, 4, 8, 23, 24 };
	struct vpci_host_fn *fn;
	unsigned int i;
	struct hb *hb;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		hb = hb_new(test);
		fn = hb_on(hb, 0x10006);
		hb_answer(hb, hr_create(hb, fn, 1)->id, &odd, lengths[i]);
		hb_expect_end(hb);
		hb_close(hb);
	}
}

/* Answers to nothing are counted, and change nothing. */
static void vpci_host_unknown_answers_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	msg = hr_create(hb, fn, 1);
	hb_answer(hb, 0, NULL, 0);
	hb_answer(hb, msg->id + 1, NULL, 0);
	hb_answer(hb, msg->id - 1, NULL, 0);
	hb_answer(hb, msg->id | 1ULL << 32, NULL, 0);
	hb_answer(hb, U32_MAX, NULL, 0);
	hb_answer(hb, U64_MAX, NULL, 0);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 6);
	hb_expect_no_event(hb);
	hr_created(hb, msg, 0, 1);
	hr_expect_interrupt(hb, 1, 0, 1);
	/* For the second time. */
	hr_created(hb, msg, 0, 2);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 7);
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
}

static void vpci_host_delete_test(struct kunit *test)
{
	static const struct vpci_msi msi = { .address = 0xfee00000, .data = 0x99, .count = 2 };
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	vpci_host_interrupt_delete(fn, &msi);
	hr_expect_deleted(hb, HB_SLOT, 0x99);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
	/* They are gone with their device. */
	kref_get(&fn->ref);
	hb_list_none(hb);
	vpci_host_interrupt_delete(fn, &msi);
	KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &hr_request, 1), -ENODEV);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(test, kref_read(&fn->ref), 1);
	kfree(fn);
}

/* ---- too late ---------------------------------------------------------------------------- */

/* The owner does not wait for ever, and does not get what comes later. */
static void vpci_host_late_test(struct kunit *test)
{
	const struct hb_msg *good, *bad, *msg;
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	good = hr_create(hb, fn, 1);
	bad = hr_create(hb, fn, 2);
	msg = hr_create(hb, fn, 3);
	hb_expire(hb, good);
	hb_expire(hb, bad);
	hr_expect_interrupt(hb, 1, -ETIMEDOUT, 0);
	hr_expect_interrupt(hb, 2, -ETIMEDOUT, 0);
	hb_expect_no_event(hb);
	hr_created(hb, msg, 0, 3);
	hr_expect_interrupt(hb, 3, 0, 3);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 2);
	hr_created(hb, good, 0, 1);
	hr_expect_deleted(hb, HB_SLOT, 1);
	hr_created(hb, bad, HB_REFUSED, 2);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, 2);
	hb_expect_count(hb, VPCI_HOST_LATE_INTERRUPTS, 1);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 0);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
	KUNIT_EXPECT_EQ(test, hb->host->nsilent, 0);
}

/* The device is gone when the answer comes, and another is in its slot. */
static void vpci_host_gone_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	msg = hr_create(hb, fn, 1);
	hb_list_one(hb, HB_SLOT, 2);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_prepare(hb, HB_SLOT);
	hb_expect_fn(hb, HB_ADDED, HB_SLOT, 2);
	hr_created(hb, msg, 0, 1);
	hb_expect_no_event(hb);
	hr_expect_deleted(hb, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	hb_expect_count(hb, VPCI_HOST_LATE_INTERRUPTS, 1);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* Its time is over, too: nobody is told. */
static void vpci_host_gone_silent_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	msg = hr_create(hb, fn, 1);
	hb_list_none(hb);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expire(hb, msg);
	hb_expect_no_event(hb);
	hr_created(hb, msg, 0, 1);
	hr_expect_deleted(hb, HB_SLOT, 1);
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* The answer is there, and the owner about to be told, when the device goes. */
static void hr_answer_and_take(struct hb *hb, const struct hb_event *event)
{
	if (event->what != HB_RESET)
		return;
	hr_created(hb, &hb->msgs[hb->taken - 1], 0, 1);
	hb_list_none(hb);
}

static void vpci_host_gone_answered_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *reset;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	KUNIT_ASSERT_EQ(test, vpci_host_reset(fn, 9), 0);
	reset = hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
	hr_create(hb, fn, 1);
	hb->on_event = hr_answer_and_take;
	hb_status(hb, reset, 0);
	hb_expect_fn(hb, HB_RESET, HB_SLOT, 1);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_event(hb);
	hr_expect_deleted(hb, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	hb_expect_count(hb, VPCI_HOST_LATE_INTERRUPTS, 1);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* ... or while it is told that there is none. */
static void hr_answer_late(struct hb *hb, const struct hb_event *event)
{
	if (event->what == HB_INTERRUPT)
		hr_created(hb, &hb->msgs[hb->taken - 1], 0, 1);
}

static void vpci_host_late_in_callback_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	hb->on_event = hr_answer_late;
	hb_expire(hb, hr_create(hb, fn, 1));
	hr_expect_interrupt(hb, 1, -ETIMEDOUT, 0);
	hr_expect_deleted(hb, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	hb_expect_no_event(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* ---- resets ------------------------------------------------------------------------------ */

static void hr_expect_done(struct hb *hb, enum hb_what what, u64 cookie, int err)
{
	const struct hb_event *event = hb_expect(hb, what);

	KUNIT_EXPECT_EQ(hb->test, event->value, cookie);
	KUNIT_EXPECT_EQ(hb->test, event->err, err);
}

static void hr_expect_reset(struct hb *hb, u64 cookie, int err)
{
	hr_expect_done(hb, HB_RESET, cookie, err);
}

static void vpci_host_reset_test(struct kunit *test)
{
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;
	struct hb *hb;

	hb = hb_new(test);
	fn = hb_on(hb, VPCI_VERSION_FE);
	KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 1), -EOPNOTSUPP);
	hb_expect_no_msg(hb);

	hb = hb_new(test);
	fn = hb_on(hb, VPCI_VERSION_GE);
	KUNIT_ASSERT_EQ(test, vpci_host_reset(fn, 1), 0);
	msg = hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
	hb_expect_slot(hb, msg, HB_SLOT);
	hb_expect_no_event(hb);
	hb_status(hb, msg, 0);
	hr_expect_reset(hb, 1, 0);
	KUNIT_ASSERT_EQ(test, vpci_host_reset(fn, 2), 0);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_RESET_DEVICE), VPCI_STATUS_NOT_SUPPORTED);
	hr_expect_reset(hb, 2, -EREMOTEIO);
	KUNIT_ASSERT_EQ(test, vpci_host_reset(fn, 3), 0);
	msg = hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
	hb_expire(hb, msg);
	hr_expect_reset(hb, 3, -ETIMEDOUT);
	hb_status(hb, msg, 0);
	/* Whose device is gone. */
	KUNIT_ASSERT_EQ(test, vpci_host_reset(fn, 4), 0);
	msg = hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
	hb_list_none(hb);
	hb_status(hb, msg, 0);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_event(hb);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
}

/* ---- power ------------------------------------------------------------------------------- */

static const struct hb_msg *hr_set_power(struct hb *hb, struct vpci_host_fn *fn, u32 state,
					 u64 cookie)
{
	const struct hb_msg *msg;

	KUNIT_ASSERT_EQ(hb->test, vpci_host_set_power(fn, state, cookie), 0);
	msg = hb_expect_request(hb, VPCI_MSG_POWER);
	KUNIT_EXPECT_EQ(hb->test, msg->len, sizeof(struct vpci_power));
	hb_expect_slot(hb, msg, HB_SLOT);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[2]), state);
	hb_expect_no_event(hb);
	return msg;
}

/* In any version; the owner hears what came of it. */
static void vpci_host_power_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, VPCI_VERSION_RS1);
	hb_status(hb, hr_set_power(hb, fn, VPCI_POWER_D3, 1), 0);
	hr_expect_done(hb, HB_POWER, 1, 0);
	hb_status(hb, hr_set_power(hb, fn, VPCI_POWER_D0, 2), HB_REFUSED);
	hr_expect_done(hb, HB_POWER, 2, -EREMOTEIO);
	msg = hr_set_power(hb, fn, VPCI_POWER_D3, 3);
	hb_expire(hb, msg);
	hr_expect_done(hb, HB_POWER, 3, -ETIMEDOUT);
	hb_status(hb, msg, 0);
	hb_expect_no_event(hb);
	/* Whose device is gone. */
	kref_get(&fn->ref);
	msg = hr_set_power(hb, fn, VPCI_POWER_D0, 4);
	hb_list_none(hb);
	KUNIT_EXPECT_EQ(test, vpci_host_set_power(fn, VPCI_POWER_D0, 5), -ENODEV);
	hb_status(hb, msg, 0);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_forgotten(hb, fn);
}

/* ---- limits ------------------------------------------------------------------------------ */

static void vpci_host_too_many_test(struct kunit *test)
{
	const struct hb_msg *first, *msg;
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;
	unsigned int i;

	fn = hb_on(hb, 0x10006);
	first = hr_create(hb, fn, 1);
	for (i = 2; i <= VPCI_HOST_MAX_REQUESTS; i++)
		hr_create(hb, fn, i);
	KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &hr_request, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_host_set_power(fn, VPCI_POWER_D0, 0), -EBUSY);
	/* A device has to wait for its turn. */
	hb_list_one(hb, 1, 1);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_no_msg(hb);
	/* Nobody is told of that one, whose device is gone. */
	hr_created(hb, first, HB_REFUSED, 0);
	hb_flush(hb);
	msg = hb_expect_request(hb, VPCI_MSG_REQUIREMENTS);
	hb_masks(hb, msg, 0);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_ASSIGNED_RESOURCES2), 0);
	hb_expect_fn(hb, HB_ADDED, 1, 1);
	hb_expect_no_event(hb);
}

/* A host that answers to nothing any more. */
static void vpci_host_all_silent_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;
	unsigned int i;

	fn = hb_on(hb, 0x10006);
	for (i = 1; i < VPCI_HOST_MAX_SILENT; i++) {
		hb_expire(hb, hr_create(hb, fn, i));
		hr_expect_interrupt(hb, i, -ETIMEDOUT, 0);
	}
	hb_expect_no_event(hb);
	hb_expire(hb, hr_create(hb, fn, i));
	hb_expect_end(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, VPCI_HOST_MAX_SILENT);
}

/* ---- a ring without room ------------------------------------------------------------------- */

static const struct vpci_msi hr_msi = { .address = 0xfee00000, .data = 5, .count = 2 };

static void hr_room(struct hb *hb)
{
	hb->dev_ops->room(hb->dev_ctx);
}

/* All is sent later, in order; a host cannot answer before. */
static void vpci_host_full_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, 0x10006);
	hb->send_err = -EAGAIN;
	KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &hr_request, 1), 0);
	vpci_host_interrupt_delete(fn, &hr_msi);
	KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 2), 0);
	hr_room(hb);
	hb_expect_no_msg(hb);
	/* Its ids can be guessed. */
	hb_answer(hb, hb->host->next_id - 1, NULL, 0);
	hb_answer(hb, hb->host->next_id - 2, NULL, 0);
	hb_expect_count(hb, VPCI_HOST_UNKNOWN_ANSWERS, 2);
	hb_expect_no_event(hb);
	hb->send_err = 0;
	hr_room(hb);
	msg = hb_expect_request(hb, VPCI_MSG_CREATE_INTERRUPT3);
	hr_expect_deleted(hb, HB_SLOT, 5);
	hr_created(hb, msg, 0, 1);
	hr_expect_interrupt(hb, 1, 0, 1);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_RESET_DEVICE), 0);
	hr_expect_reset(hb, 2, 0);
	hb_expect_no_msg(hb);
	KUNIT_EXPECT_EQ(test, hb->host->nrequests, 0);
	/* What goes out later takes along what had to wait. */
	hb->send_err = -EAGAIN;
	vpci_host_interrupt_delete(fn, &hr_msi);
	hb->send_err = 0;
	KUNIT_EXPECT_EQ(test, vpci_host_reset(fn, 3), 0);
	hr_expect_deleted(hb, HB_SLOT, 5);
	hb_expect_request(hb, VPCI_MSG_RESET_DEVICE);
	hb_expect_no_msg(hb);
}

/* For too long, too much, or for ever. */
static void vpci_host_full_for_long_test(struct kunit *test)
{
	struct vpci_host_fn *fn;
	unsigned int i;
	struct hb *hb;

	/* A message without an answer has a limit, too. */
	hb = hb_new(test);
	fn = hb_on(hb, 0x10006);
	hb->send_err = -EAGAIN;
	hb->link.request_limit = 0;
	vpci_host_interrupt_delete(fn, &hr_msi);
	hb_expect_end(hb);
	hb_expect_count(hb, VPCI_HOST_TIMEOUTS, 1);

	hb = hb_new(test);
	fn = hb_on(hb, 0x10006);
	hb->send_err = -EAGAIN;
	for (i = 0; i < VPCI_HOST_MAX_REQUESTS + VPCI_HOST_MAX_NOTICES; i++)
		vpci_host_interrupt_delete(fn, &hr_msi);
	hb_expect_no_event(hb);
	vpci_host_interrupt_delete(fn, &hr_msi);
	hb_expect_end(hb);

	hb = hb_new(test);
	fn = hb_on(hb, 0x10006);
	hb->send_err = -EIO;
	KUNIT_EXPECT_EQ(test, vpci_host_interrupt_create(fn, &hr_request, 1), 0);
	hb_expect_end(hb);

	hb = hb_new(test);
	fn = hb_on(hb, 0x10006);
	hb->send_err = -EAGAIN;
	vpci_host_interrupt_delete(fn, &hr_msi);
	hb->send_err = -EIO;
	hr_room(hb);
	hb_expect_end(hb);
}

static struct kunit_case vpci_host_request_cases[] = {
	KUNIT_CASE(vpci_host_forms_test),
	KUNIT_CASE(vpci_host_order_test),
	KUNIT_CASE(vpci_host_bad_answers_test),
	KUNIT_CASE(vpci_host_unknown_answers_test),
	KUNIT_CASE(vpci_host_delete_test),
	KUNIT_CASE(vpci_host_late_test),
	KUNIT_CASE(vpci_host_gone_test),
	KUNIT_CASE(vpci_host_gone_silent_test),
	KUNIT_CASE(vpci_host_gone_answered_test),
	KUNIT_CASE(vpci_host_late_in_callback_test),
	KUNIT_CASE(vpci_host_reset_test),
	KUNIT_CASE(vpci_host_power_test),
	KUNIT_CASE(vpci_host_too_many_test),
	KUNIT_CASE(vpci_host_all_silent_test),
	KUNIT_CASE(vpci_host_full_test),
	KUNIT_CASE(vpci_host_full_for_long_test),
	{}
};

static struct kunit_suite vpci_host_request_suite = {
	.name = "vpci_host_request",
	.test_cases = vpci_host_request_cases,
};

kunit_test_suite(vpci_host_request_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: requests to the host");
MODULE_LICENSE("GPL");
