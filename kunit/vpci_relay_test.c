// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: devices of a relayed bus between the host, the rules and the guest.
 */
#include <linux/module.h>

#include "vpci_relay_test.h"

static const struct hb_dev vr_two[] = { { HB_SLOT, 1 }, { HB_SLOT + 1, 1 } };

#define VR_TWO(first, second)						\
	"03.0 " VR_ID " serial=0x1 " first "\n04.0 " VR_ID " serial=0x1 " second "\n"

/* Two devices, which the guest has */
static struct vr *vr_run_two(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_on(vr, VPCI_VERSION_DT, vr_two, ARRAY_SIZE(vr_two));
	vr_expect(vr, VR_TWO("relayed", "relayed"));
	vr_join(vr, 2);
	return vr;
}

/* ---- the host wants it back ------------------------------------------------------------ */

/* Nobody has it: nobody is asked. */
static void vpci_relay_eject_denied_test(struct kunit *test)
{
	static const struct hb_dev again = { HB_SLOT, 2 };
	struct vr *vr = vr_new(test);

	vr_deny(vr);
	vr_on_one(vr);
	vr_expect_one(vr, 1, "denied");
	KUNIT_EXPECT_FALSE(test, vr_has_guest(vr));
	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT);
	vr_expect_given_back(vr, HB_SLOT);
	vr_flush(vr);
	vr_expect(vr, "");
	vr_expect_guest_quiet(vr);
	/* What comes in its place is denied, too, until a rule goes. */
	vr_list(vr, &again, 1, 1);
	vr_expect_one(vr, 2, "denied");
	vr_allow(vr);
	vr_expect_one(vr, 2, "relayed");
	fg_expect_offer(vr->gt->fg);
	hb_expect_no_msg(vr->hbs[0]);
	KUNIT_EXPECT_EQ(test, vpci_host_counter(vr->hbs[0]->host, VPCI_HOST_STRAYS), 0);
}

/* The guest has it, and lets it go: the bus stays for the other one, and goes with that. */
static void vpci_relay_eject_test(struct kunit *test)
{
	struct vr *vr = vr_run_two(test);
	struct gt *gt = vr->gt;

	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT);
	gt_expect_slot(gt, VPCI_MSG_EJECT, HB_SLOT);
	vr_expect(vr, VR_TWO("ejecting", "relayed"));
	hb_expect_no_msg(vr->hbs[0]);
	vr_complete(vr, HB_SLOT);
	vr_expect_given_back(vr, HB_SLOT);
	vr_expect(vr, "04.0 " VR_ID " serial=0x1 relayed\n");
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_TRUE(test, vr_has_guest(vr));

	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT + 1);
	gt_expect_slot(gt, VPCI_MSG_EJECT, HB_SLOT + 1);
	vr_complete(vr, HB_SLOT + 1);
	vr_expect_given_back(vr, HB_SLOT + 1);
	vr_expect_bus_gone(vr);
	vr_expect(vr, "");
	/* What its bus has counted stays. */
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECTS), 2);
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECT_TIMEOUTS), 0);
	KUNIT_EXPECT_GE(test, vr_counted(vr, VPCI_GUEST_REQUESTS), 4);
}

/* The guest was asked already, as a rule has come: it is not asked again. */
static void vpci_relay_eject_twice_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);

	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT);
	vr_expect_still(vr, 1, "ejecting");
	/* No rule gives it to the guest again. */
	vr_allow(vr);
	vr_expect_still(vr, 1, "ejecting");
	gt_expect_nothing(vr->gt);
	hb_expect_no_msg(vr->hbs[0]);
	vr_complete(vr, HB_SLOT);
	vr_expect_given_back(vr, HB_SLOT);
	vr_expect_bus_gone(vr);
	vr_expect(vr, "");
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECTS), 1);
}

/* ---- rules that change ----------------------------------------------------------------- */

/* The guest lets it go, and gets it again; the host has no part in it. */
static void vpci_relay_rule_back_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);

	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	vr_expect_one(vr, 1, "ejecting");
	vr_allow(vr);
	vr_expect_still(vr, 1, "ejecting");
	gt_expect_nothing(vr->gt);
	vr_complete(vr, HB_SLOT);
	vr_expect_rescind(vr, vr->gt->chan);
	vr->gt->guest = NULL;
	fg_expect_offer(vr->gt->fg);
	vr_expect_still(vr, 1, "relayed");
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECTS), 1);
	hb_expect_no_msg(vr->hbs[0]);
}

/* It has gone for the second time before the guest was done with the first. */
static void vpci_relay_rule_gone_again_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);

	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	vr_allow(vr);
	vr_expect_still(vr, 1, "ejecting");
	vr_deny(vr);
	vr_expect_still(vr, 1, "ejecting");
	gt_expect_nothing(vr->gt);
	vr_complete(vr, HB_SLOT);
	vr_expect_bus_gone(vr);
	vr_expect_still(vr, 1, "denied");
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECTS), 1);
	hb_expect_no_msg(vr->hbs[0]);
}

/* Both are asked for; as long as the guest has one it has the bus. */
static void vpci_relay_rule_two_test(struct kunit *test)
{
	struct vr *vr = vr_run_two(test);

	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT + 1);
	vr_complete(vr, HB_SLOT + 1);
	vr_expect(vr, VR_TWO("ejecting", "denied"));
	vr_expect_guest_quiet(vr);
	vr_complete(vr, HB_SLOT);
	vr_expect_bus_gone(vr);
	vr_expect(vr, VR_TWO("denied", "denied"));
	hb_expect_no_msg(vr->hbs[0]);
}

/* A guest that has no time does not keep it. */
static void vpci_relay_eject_timeout_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);

	WRITE_ONCE(vpci_relay_eject_ms, 0);
	vr_deny(vr);
	vr_expect_bus_gone(vr);
	vr_expect_one(vr, 1, "denied");
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECTS), 1);
	KUNIT_EXPECT_EQ(test, vr_counted(vr, VPCI_GUEST_EJECT_TIMEOUTS), 1);
}

/* ---- devices that go ------------------------------------------------------------------- */

/* The bus goes with the last one, and comes with the next. */
static void vpci_relay_last_test(struct kunit *test)
{
	static const struct hb_dev next = { 7, 1 };
	struct vr *vr = vr_run_two(test);

	vr_list(vr, vr_two, 1, 0);
	gt_relations(vr->gt, 1);
	vr_expect_one(vr, 1, "relayed");
	vr_expect_guest_quiet(vr);
	hb_list_none(vr->hbs[0]);
	vr_expect_bus_gone(vr);
	vr_expect(vr, "");
	vr_expect_guest_quiet(vr);
	vr_list(vr, &next, 1, 1);
	vr_expect(vr, "07.0 " VR_ID " serial=0x1 relayed\n");
	fg_expect_offer(vr->gt->fg);
	vr_expect_guest_quiet(vr);
	hb_expect_no_msg(vr->hbs[0]);
}

/* The guest was asked for it: what it says to that is too late, and the host hears nothing. */
static void vpci_relay_gone_ejecting_test(struct kunit *test)
{
	struct vr *vr = vr_run_two(test);

	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT + 1);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT + 1);
	vr_list(vr, vr_two, 1, 0);
	gt_relations(vr->gt, 1);
	vr_expect_one(vr, 1, "relayed");
	gt_ask(vr->gt, VPCI_MSG_EJECT_COMPLETE, HB_SLOT + 1, VPCI_STATUS_BAD_DATA);
	vr_expect_still(vr, 1, "relayed");
	hb_expect_no_msg(vr->hbs[0]);
	vr_expect_guest_quiet(vr);
}

/* The relay is being told of it: then of its end. */
static void vpci_relay_gone_added_test(struct kunit *test)
{
	static const struct hb_dev dev = { HB_SLOT, 1 };
	struct vr *vr = vr_new(test);

	vr_on(vr, VPCI_VERSION_DT, NULL, 0);
	vr_meanwhile = hb_list_none;
	vr_list(vr, &dev, 1, 1);
	vr_flush(vr);
	KUNIT_EXPECT_TRUE(test, !vr_meanwhile);
	vr_expect(vr, "");
	KUNIT_EXPECT_FALSE(test, vr_has_guest(vr));
	vr_expect_rescind(vr, fg_expect_offer(vr->gt->fg));
	vr_expect_guest_quiet(vr);
	hb_expect_no_msg(vr->hbs[0]);
}

/* The guest is letting it go. */
static void vpci_relay_gone_ejected_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);

	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	vr_meanwhile = hb_list_none;
	vr_complete(vr, HB_SLOT);
	vr_expect_bus_gone(vr);
	KUNIT_EXPECT_TRUE(test, !vr_meanwhile);
	vr_expect(vr, "");
	vr_expect_guest_quiet(vr);
	hb_expect_no_msg(vr->hbs[0]);
}

/* All are gone, and nothing brings them back. */
static void vpci_relay_failed_test(struct kunit *test)
{
	struct vr *vr = vr_run_two(test);

	/* A message that is cut short */
	hb_say(vr->hbs[0], VPCI_MSG_EJECT, 0, 4);
	vr_expect_bus_gone(vr);
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_FAILED);
	KUNIT_EXPECT_NOT_NULL(test, vr->buses[0]->why);
	vr_expect(vr, "");
	vr_deny(vr);
	vr_flush(vr);
	vr_allow(vr);
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_FAILED);
	vr_revoke(vr, 0);
}

/* ---- what goes through ----------------------------------------------------------------- */

static void vpci_relay_invalidate_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	const struct vpci_invalidate_block *msg;
	struct hb *hb = vr->hbs[0];

	hb_invalidate(hb, HB_SLOT, 5);
	msg = gt_read(vr->gt);
	KUNIT_EXPECT_EQ(test, vr->gt->pkt.type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->type), VPCI_MSG_INVALIDATE_BLOCK);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->slot), HB_SLOT);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(msg->mask), 5ULL);
	/* Also while the guest is asked for it. */
	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	hb_invalidate(hb, HB_SLOT, BIT_ULL(63));
	msg = gt_read(vr->gt);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(msg->mask), BIT_ULL(63));
	/* Then it is nobody's. */
	vr_complete(vr, HB_SLOT);
	vr_expect_bus_gone(vr);
	hb_invalidate(hb, HB_SLOT, 1);
	vr_expect_still(vr, 1, "denied");
	vr_expect_guest_quiet(vr);
	hb_expect_no_msg(hb);
}

static void vr_send_reset(struct vr *vr)
{
	gt_send(vr->gt, VPCI_MSG_RESET_DEVICE, HB_SLOT, sizeof(struct vpci_slot_msg));
}

/* The host's answer is the guest's. */
static void vpci_relay_reset_test(struct kunit *test)
{
	static const struct {
		u32 host, guest;
	} cases[] = {
		{ VPCI_STATUS_SUCCESS, VPCI_STATUS_SUCCESS },
		{ HB_REFUSED, VPCI_STATUS_UNSUCCESSFUL },
		{ VPCI_STATUS_SUCCESS, VPCI_STATUS_SUCCESS },
	};
	struct vr *vr = vr_run(test);
	const struct hb_msg *msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vr_send_reset(vr);
		vr_wait_msg(vr);
		msg = hb_expect_request(vr->hbs[0], VPCI_MSG_RESET_DEVICE);
		hb_expect_slot(vr->hbs[0], msg, HB_SLOT);
		gt_expect_nothing(vr->gt);
		hb_status(vr->hbs[0], msg, cases[i].host);
		gt_expect_status(vr->gt, vr->gt->trans, cases[i].guest);
	}
	vr_expect_still(vr, 1, "relayed");
	hb_expect_no_msg(vr->hbs[0]);
}

/* A host that knows of no reset is not asked. */
static void vpci_relay_no_reset_test(struct kunit *test)
{
	static const struct hb_dev dev = { HB_SLOT, 1 };
	struct vr *vr = vr_new(test);

	vr_on(vr, VPCI_VERSION_FE, &dev, 1);
	vr_join(vr, 1);
	vr_send_reset(vr);
	gt_expect_status(vr->gt, vr->gt->trans, VPCI_STATUS_NOT_SUPPORTED);
	hb_expect_no_msg(vr->hbs[0]);
}

static const struct hb_msg *vr_expect_power(struct vr *vr, bool request, u32 state)
{
	struct hb *hb = vr->hbs[0];
	const struct hb_msg *msg;

	vr_wait_msg(vr);
	if (request)
		msg = hb_expect_request(hb, VPCI_MSG_POWER);
	else
		msg = hb_expect_notice(hb, VPCI_MSG_POWER);
	hb_expect_slot(hb, msg, HB_SLOT);
	KUNIT_EXPECT_EQ(vr->test, le32_to_cpu(msg->words[2]), state);
	return msg;
}

/* As with a reset; and memory is not switched on where the host takes the device for asleep. */
static void vpci_relay_power_test(struct kunit *test)
{
	static const struct {
		u32 state;
		bool woken;
		bool refused;
	} steps[] = {
		{ VPCI_POWER_D3, false, false },
		{ VPCI_POWER_D0, true, false },
		{ VPCI_POWER_D3, false, true },
		{ VPCI_POWER_D0, false, false },
		{ VPCI_POWER_D0, false, true },
	};
	struct vr *vr = vr_run(test);
	struct gt *gt = vr->gt;
	const struct hb_msg *msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		gt_send_power(gt, HB_SLOT, steps[i].state);
		if (steps[i].woken)
			vr_expect_power(vr, false, VPCI_POWER_D0);
		msg = vr_expect_power(vr, true, steps[i].state);
		gt_expect_nothing(gt);
		hb_status(vr->hbs[0], msg, steps[i].refused ? HB_REFUSED : 0);
		if (steps[i].refused)
			gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
		else
			gt_expect_power(gt, steps[i].state);
	}
	vr_expect_still(vr, 1, "relayed");
	hb_expect_no_msg(vr->hbs[0]);
}

#define VR_BLOCK	9

/* Block number VR_BLOCK; what is written are three bytes. */
static const struct hb_msg *vr_ask_block(struct vr *vr, bool write, u32 length)
{
	u32 type = write ? VPCI_MSG_WRITE_BLOCK : VPCI_MSG_READ_BLOCK;
	struct vpci_write_block *block = (void *)vr->gt->msg;
	const struct hb_msg *msg;

	*block = (struct vpci_write_block) {
		.type = cpu_to_le32(type), .block = cpu_to_le32(VR_BLOCK),
		.slot = cpu_to_le32(HB_SLOT), .length = cpu_to_le32(length), .data = { 1, 2, 3 },
	};
	gt_post(vr->gt, VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		write ? sizeof(*block) : sizeof(struct vpci_read_block));
	vr_wait_msg(vr);
	msg = hb_expect_request(vr->hbs[0], type);
	KUNIT_EXPECT_EQ(vr->test, le32_to_cpu(msg->words[1]), VR_BLOCK);
	KUNIT_EXPECT_EQ(vr->test, le32_to_cpu(msg->words[2]), HB_SLOT);
	KUNIT_EXPECT_EQ(vr->test, le32_to_cpu(msg->words[3]), length);
	gt_expect_nothing(vr->gt);
	return msg;
}

/* What the host gives is the guest's, and that it does not. */
static void vpci_relay_block_test(struct kunit *test)
{
	static const struct vpci_read_block_reply answer = { .data = { 0xa, 0xb, 0xc } };
	const struct vpci_read_block_reply *reply;
	struct vr *vr = vr_run(test);
	struct hb *hb = vr->hbs[0];
	const struct hb_msg *msg;
	struct gt *gt = vr->gt;

	msg = vr_ask_block(vr, false, 100);
	hb_answer(hb, msg->id, &answer, sizeof(answer.status) + 12);
	reply = gt_completion(gt, gt->trans, sizeof(answer.status) + 12);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->status), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_MEMEQ(test, reply->data, answer.data, 12);
	msg = vr_ask_block(vr, false, 1);
	hb_status(hb, msg, HB_REFUSED);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);

	msg = vr_ask_block(vr, true, 3);
	KUNIT_EXPECT_MEMEQ(test, msg->bytes + sizeof(struct vpci_read_block), (const u8 *)"\1\2\3",
			   3);
	hb_status(hb, msg, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
	msg = vr_ask_block(vr, true, 3);
	hb_status(hb, msg, HB_REFUSED);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	vr_expect_still(vr, 1, "relayed");
	hb_expect_no_msg(hb);
}

/* Nobody has the device any more for which it was: it goes back to the host. */
static void vpci_relay_late_interrupt_test(struct kunit *test)
{
	static const struct vpci_create_interrupt_reply reply = {
		.remapped = {
			.count = cpu_to_le16(1),
			.data = cpu_to_le32(0x77),
			.address = cpu_to_le64(GT_MSI),
		},
	};
	struct vr *vr = vr_run(test);
	struct hb *hb = vr->hbs[0];
	const struct hb_msg *msg;

	gt_send_create(vr->gt, HB_SLOT, 0x42);
	vr_wait_msg(vr);
	msg = hb_expect_request(hb, VPCI_MSG_CREATE_INTERRUPT3);
	WRITE_ONCE(vpci_relay_eject_ms, 0);
	vr_deny(vr);
	vr_expect_bus_gone(vr);
	vr_expect_one(vr, 1, "denied");
	hb_expect_no_msg(hb);
	hb_answer(hb, msg->id, &reply, sizeof(reply));
	vr_wait_msg(vr);
	msg = hb_expect_notice(hb, VPCI_MSG_DELETE_INTERRUPT);
	hb_expect_slot(hb, msg, HB_SLOT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[3]), 0x77);
	hb_expect_no_msg(hb);
}

static struct kunit_case vpci_relay_cases[] = {
	KUNIT_CASE(vpci_relay_eject_denied_test),
	KUNIT_CASE(vpci_relay_eject_test),
	KUNIT_CASE(vpci_relay_eject_twice_test),
	KUNIT_CASE(vpci_relay_rule_back_test),
	KUNIT_CASE(vpci_relay_rule_gone_again_test),
	KUNIT_CASE(vpci_relay_rule_two_test),
	KUNIT_CASE(vpci_relay_eject_timeout_test),
	KUNIT_CASE(vpci_relay_last_test),
	KUNIT_CASE(vpci_relay_gone_ejecting_test),
	KUNIT_CASE(vpci_relay_gone_added_test),
	KUNIT_CASE(vpci_relay_gone_ejected_test),
	KUNIT_CASE(vpci_relay_failed_test),
	KUNIT_CASE(vpci_relay_invalidate_test),
	KUNIT_CASE(vpci_relay_reset_test),
	KUNIT_CASE(vpci_relay_no_reset_test),
	KUNIT_CASE(vpci_relay_power_test),
	KUNIT_CASE(vpci_relay_block_test),
	KUNIT_CASE(vpci_relay_late_interrupt_test),
	{}
};

static struct kunit_suite vpci_relay_suite = {
	.name = "vpci_relay",
	.test_cases = vpci_relay_cases,
};

kunit_test_suite(vpci_relay_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: devices of a relayed bus");
MODULE_LICENSE("GPL");
