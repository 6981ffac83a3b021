// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of how the test host misbehaves on its VPCI buses when it is told to.
 */
#include <linux/module.h>
#include <vmbus/compat.h>

#include "vpci_root_test.h"

static void vk_ask(struct vr *vr)
{
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
}

static void vk_expect_good(struct vr *vr)
{
	vk_ask(vr);
	vr_expect_answer(vr, sizeof(struct vpci_requirements_reply), VPCI_STATUS_SUCCESS);
}

/* An answer that is late lets others pass. */
static void vpci_root_late_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	u64 first;

	vr_request(vr, "knob 7 late 60000");
	vk_ask(vr);
	vr_expect_quiet(vr);
	first = vr->trans;
	vr_request(vr, "knob 7 late 0");
	vk_expect_good(vr);
	vr_expect_count(vr, TVP_MISBEHAVED, 1);
	/* One that is not so late comes by itself, and ahead of the other. */
	vr_request(vr, "knob 7 late 30");
	vk_expect_good(vr);
	KUNIT_EXPECT_GT(test, vr->trans, first);
	KUNIT_EXPECT_EQ(test, vr->bus->nout, 1U);
}

/* So many answers wait, and then no request is read; when they are written it goes on. */
static void vpci_root_late_full_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	unsigned int i;

	vr_request(vr, "knob 7 late 300");
	for (i = 0; i < TVP_MAX_OUT + 5; i++)
		vk_ask(vr);
	vr_settle(vr);
	KUNIT_EXPECT_LE(test, vr->bus->nout, (unsigned int)TVP_MAX_OUT);
	for (i = 0; i < TVP_MAX_OUT + 5; i++) {
		vr_wait(vr);
		KUNIT_EXPECT_EQ(test, vr->pkt.type, VM_PKT_COMP);
		KUNIT_EXPECT_EQ(test, vr->pkt.trans_id, vr->trans - (TVP_MAX_OUT + 5) + 1 + i);
	}
	vr_expect_quiet(vr);
}

static void vpci_root_silent_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	/* Twice, and then all is well. */
	vr_request(vr, "knob 7 times 2");
	vr_request(vr, "knob 7 silent 1");
	vk_ask(vr);
	vk_ask(vr);
	vr_expect_quiet(vr);
	vk_expect_good(vr);
	vr_expect_count(vr, TVP_MISBEHAVED, 2);
	KUNIT_EXPECT_EQ(test, vr->bus->knobs[TVP_SILENT], 0U);
	KUNIT_EXPECT_EQ(test, vr->bus->knobs[TVP_TIMES], 0U);
}

/* To requests of one type, and to no others */
static void vpci_root_only_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	vr_request(vr, "knob 7 only 8");
	vr_request(vr, "knob 7 status 0xc0000001");
	vk_expect_good(vr);
	vr_expect_count(vr, TVP_MISBEHAVED, 0);
	vr_post_slot(vr, VPCI_MSG_D0_EXIT, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_UNSUCCESSFUL);
	vr_expect_count(vr, TVP_MISBEHAVED, 1);
}

static void vpci_root_short_test(struct kunit *test)
{
	static const struct { const char *text; u32 len; } cases[] = {
		{ "knob 7 short 8", 20 },
		{ "knob 7 short 20", 8 },
		{ "knob 7 short 28", 0 },
		{ "knob 7 short 4294967295", 0 },
	};
	struct vr *vr = vr_running(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vr_request(vr, cases[i].text);
		vk_ask(vr);
		vr_answer(vr, cases[i].len);
	}
	vr_request(vr, "knob 7 short 0");
	vk_expect_good(vr);
}

/* An answer to what nobody has asked for */
static void vpci_root_trans_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	vr_request(vr, "knob 7 trans 1000");
	vk_ask(vr);
	vr_wait(vr);
	KUNIT_EXPECT_EQ(test, vr->pkt.type, VM_PKT_COMP);
	KUNIT_EXPECT_EQ(test, vr->pkt.trans_id, vr->trans + 1000);
}

static void vpci_root_masks_test(struct kunit *test)
{
	const struct vpci_requirements_reply *reply;
	struct vr *vr = vr_running(test, 1);

	/* A BAR of 64 bits that is the last one */
	vr_request(vr, "knob 7 masks 0x21");
	vr_request(vr, "knob 7 mask0 1");
	vr_request(vr, "knob 7 mask5 0xfffff004");
	vk_ask(vr);
	reply = vr_expect_answer(vr, sizeof(*reply), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->masks[0]), 1U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->masks[2]), 0xffff000cU);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->masks[5]), 0xfffff004U);
}

static void vpci_root_bad_version_test(struct kunit *test)
{
	const struct vpci_version_reply *reply;
	struct vr *vr = vr_new(test);

	vr_offer(vr);
	vr_open(vr);
	vr_request(vr, "knob 7 version 0x20000");
	vr_post_version(vr, VPCI_VERSION_FE);
	reply = vr_expect_answer(vr, sizeof(*reply), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->version), 0x20000U);
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.version, VPCI_VERSION_FE);
}

static void vpci_root_fail_open_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_offer(vr);
	vr_request(vr, "knob 7 fail_open 1");
	vr_post_open(vr);
	fg_expect(vr->fg, VMBUS_MSG_OPEN_RESULT, sizeof(struct vmbus_open_result_msg));
	KUNIT_EXPECT_NE(test, fg_word(vr->fg, 4), 0U);
	vr_expect_count(vr, TVP_OPENS, 0);
	vr_request(vr, "knob 7 fail_open 0");
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
}

static void vpci_root_say_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	const struct vpci_slot_msg *msg;

	vr_request(vr, "say 7 inband 0 0b00494205000000");
	msg = vr_expect(vr, VPCI_MSG_EJECT, 8);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->slot), 5U);
	vr_request(vr, "say 7 completion 0x123456789 00");
	vr_wait(vr);
	KUNIT_EXPECT_EQ(test, vr->pkt.type, VM_PKT_COMP);
	KUNIT_EXPECT_EQ(test, vr->pkt.trans_id, 0x123456789ULL);
	vr_request(vr, "say 7 completion 7");
	vr_wait(vr);
	KUNIT_EXPECT_EQ(test, vr->pkt.len, 0U);
	vk_expect_good(vr);
}

static struct kunit_case vpci_root_knob_cases[] = {
	KUNIT_CASE(vpci_root_late_test),
	KUNIT_CASE(vpci_root_late_full_test),
	KUNIT_CASE(vpci_root_silent_test),
	KUNIT_CASE(vpci_root_only_test),
	KUNIT_CASE(vpci_root_short_test),
	KUNIT_CASE(vpci_root_trans_test),
	KUNIT_CASE(vpci_root_masks_test),
	KUNIT_CASE(vpci_root_bad_version_test),
	KUNIT_CASE(vpci_root_fail_open_test),
	KUNIT_CASE(vpci_root_say_test),
	{}
};

static struct kunit_suite vpci_root_knob_suite = {
	.name = "vpci_root_knob",
	.test_cases = vpci_root_knob_cases,
};

kunit_test_suite(vpci_root_knob_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VPCI buses of the test host: misbehaviour");
MODULE_LICENSE("GPL");
