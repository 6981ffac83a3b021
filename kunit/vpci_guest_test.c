// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: a bus of the guest, its channel, and requests that take their time.
 */
#include <linux/module.h>

#include "vpci_guest_test.h"

/* ---- the offer ------------------------------------------------------------------------- */

static void vpci_guest_offer_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);
	const struct vsrv_offer *offer = vsrv_chan_offer(gt->guest->chan);
	struct vsrv_offer again = gt_offer();
	struct vpci_guest *other;
	u32 id;

	KUNIT_EXPECT_TRUE(test, guid_equal(&offer->class_id, &again.class_id));
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer->instance_id, &again.instance_id));
	/* One of a kind; another one comes and goes. */
	other = vpci_guest_create(gt->fg->srv, &again, &gt_ops, gt);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EEXIST);
	again.instance_id.b[15]++;
	other = vpci_guest_create(gt->fg->srv, &again, &gt_ops, gt);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	id = fg_expect_offer(gt->fg);
	vpci_guest_destroy(other);
	fg_expect_rescind(gt->fg, id);
	/* A guest that never opened the first one. */
	vpci_guest_revoke(gt->guest);
	fg_expect_rescind(gt->fg, gt->chan);
	vpci_guest_revoke(gt->guest);
	fg_expect_quiet(gt->fg);
}

/* Rings that are none. */
static void vpci_guest_open_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);

	gt_rings_init(gt);
	((struct hv_ring_buffer *)gt->up_base)->read_index = 3;
	gt_send_open(gt);
	KUNIT_EXPECT_NE(test, READ_ONCE(gt->guest->chan->state), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_FALSE(test, gt->guest->open);
	fg_drain(gt->fg);
	gt_open(gt);
	gt_version(gt, VPCI_VERSION_VB);
}

/* ---- versions -------------------------------------------------------------------------- */

static void vpci_guest_version_test(struct kunit *test)
{
	const struct vpci_version_reply *reply;
	struct gt *gt = gt_new(test);

	gt_open(gt);
	gt_send_version(gt, VPCI_VERSION(1, 7));
	reply = gt_completion(gt, gt->trans, sizeof(*reply));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->status), VPCI_STATUS_REVISION_MISMATCH);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->version), VPCI_VERSION_DT);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, 1);
	gt_version(gt, VPCI_VERSION_GE);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, 1);
	gt_expect_count(gt, VPCI_GUEST_REQUESTS, 2);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(gt->guest->chan));
}

/* Who does not begin with a version is heard again when he has closed the bus. */
static void vpci_guest_early_test(struct kunit *test)
{
	static const u32 types[] = {
		VPCI_MSG_QUERY_BUS_RELATIONS, VPCI_MSG_D0_ENTRY, VPCI_MSG_CREATE_INTERRUPT2,
		VPCI_MSG_EJECT_COMPLETE, VPCI_MSG_RESET_DEVICE, 0,
	};
	struct gt *gt = gt_new(test);
	struct gt_fn *f = gt_add(gt, 0);
	unsigned int i;

	vpci_guest_ready(gt->guest);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		gt_open(gt);
		gt_send(gt, types[i], 0, 64);
		gt_expect_nothing(gt);
		KUNIT_EXPECT_TRUE_MSG(test, vsrv_chan_broken(gt->guest->chan), "type %#x",
				      types[i]);
		/* Nor does it help to come to reason now. */
		gt_send_version(gt, VPCI_VERSION_FE);
		gt_expect_nothing(gt);
		gt_close(gt);
	}
	KUNIT_EXPECT_EQ(test, f->created, 0);
	KUNIT_EXPECT_EQ(test, f->resets, 0);
	gt_open(gt);
	gt_begin(gt, 1);
}

/* ---- what is on the bus ---------------------------------------------------------------- */

/* A guest that asks too early is told when all is there, and of each change from then on. */
static void vpci_guest_ready_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);
	const struct vpci_device2 *devices;

	gt_add(gt, 0);
	gt_open(gt);
	gt_version(gt, VPCI_VERSION_VB);
	gt_send(gt, VPCI_MSG_QUERY_BUS_RELATIONS, 0, sizeof(struct vpci_msg));
	gt_completion(gt, gt->trans, 0);
	gt_add(gt, 1);
	gt_expect_nothing(gt);
	vpci_guest_ready(gt->guest);
	devices = gt_relations(gt, 2);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(devices[0].v1.slot), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(devices[0].v1.serial), 0x5e000000);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(devices[1].v1.slot), 1);
	vpci_guest_ready(gt->guest);
	gt_expect_nothing(gt);
	gt_add(gt, 2);
	gt_relations(gt, 3);
	vpci_guest_remove(gt->guest, &gt->fns[1].fn);
	devices = gt_relations(gt, 2);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(devices[1].v1.slot), 2);
}

/* Nobody is told what he has not asked for. */
static void vpci_guest_unasked_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);

	vpci_guest_ready(gt->guest);
	gt_add(gt, 0);
	gt_open(gt);
	gt_add(gt, 1);
	gt_version(gt, VPCI_VERSION_VB);
	vpci_guest_remove(gt->guest, &gt->fns[0].fn);
	gt_expect_nothing(gt);
	gt_enter(gt, GT_WINDOW, 1);
	gt_expect_nothing(gt);
}

static void vpci_guest_relations1_test(struct kunit *test)
{
	const struct vpci_bus_relations *msg;
	struct gt *gt = gt_new(test);

	gt_add(gt, 0);
	vpci_guest_ready(gt->guest);
	gt_open(gt);
	gt_version(gt, VPCI_VERSION_RS1);
	gt_send_window(gt, GT_WINDOW);
	msg = gt_read(gt);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->type), VPCI_MSG_BUS_RELATIONS);
	KUNIT_EXPECT_EQ(test, gt->pkt.len, ALIGN(8 + 20, 8));
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
}

/* ---- requests that take their time ----------------------------------------------------- */

/* One at a time: the next is not looked at before. */
static void vpci_guest_pending_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	const struct vpci_create_interrupt_reply *reply;
	struct gt_fn *f = &gt->fns[0];
	u64 first;

	gt_send_create(gt, 0, 0x42);
	first = gt->trans;
	gt_expect_created(gt, f, 1);
	KUNIT_EXPECT_EQ(test, f->request.vector, 0x42);
	KUNIT_EXPECT_EQ(test, f->request.count, 1);
	KUNIT_EXPECT_EQ(test, f->request.nprocs, 1);
	gt_send_create(gt, 0, 0x43);
	gt_send(gt, VPCI_MSG_REQUIREMENTS, 0, sizeof(struct vpci_slot_msg));
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->created, 1);

	gt_done(f, 0, 7);
	reply = gt_completion(gt, first, sizeof(*reply));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->status), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(reply->remapped.address), GT_MSI);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->remapped.data), 7);
	gt_expect_created(gt, f, 2);
	KUNIT_EXPECT_EQ(test, f->request.vector, 0x43);
	gt_expect_nothing(gt);
	gt_done(f, -EIO, 0);
	gt_expect_status(gt, first + 1, VPCI_STATUS_UNSUCCESSFUL);
	gt_completion(gt, first + 2, sizeof(struct vpci_requirements_reply));
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 1);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, 1);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 0);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
}

/* What changes meanwhile is told at once, and ahead of the completion. */
static void vpci_guest_meanwhile_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	gt_add(gt, 1);
	gt_relations(gt, 2);
	gt_expect_nothing(gt);
	gt_done(f, 0, 7);
	gt_completion(gt, gt->trans, sizeof(struct vpci_create_interrupt_reply));
}

/* The host refuses at once: no answer is owed then. */
static void vpci_guest_refused_test(struct kunit *test)
{
	static const struct { int err; u32 status; } cases[] = {
		{ -EINVAL, VPCI_STATUS_BAD_DATA },
		{ -ENODEV, VPCI_STATUS_NO_SUCH_DEVICE },
		{ -ENOSPC, VPCI_STATUS_NO_RESOURCES },
		{ -EIO, VPCI_STATUS_UNSUCCESSFUL },
	};
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		gt->create_err = cases[i].err;
		gt_send_create(gt, 0, 0x42);
		gt_expect_status(gt, gt->trans, cases[i].status);
		gt_done(f, 0, 7);
		gt_expect_nothing(gt);
	}
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, ARRAY_SIZE(cases));
	gt->create_err = -EINPROGRESS;
	gt_create(gt, f, 8);
}

/* Answers that nobody waits for. */
static void vpci_guest_stray_test(struct kunit *test)
{
	struct vpci_msi msi = { .address = GT_MSI, .data = 1 };
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &f->fn, 0, 0, &msi));
	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &f->fn, 1, 0, &msi));
	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &f->fn, U64_MAX, -EIO, NULL));
	gt_expect_nothing(gt);
	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	/* Of another device, or to another question. */
	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &gt->fns[1].fn, f->cookie, 0, &msi));
	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &f->fn, f->cookie + 1, 0, &msi));
	gt_expect_nothing(gt);
	gt_done(f, 0, 7);
	gt_completion(gt, gt->trans, sizeof(struct vpci_create_interrupt_reply));
	/* And once more. */
	gt_done(f, 0, 7);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted + gt->fns[1].deleted, 0);
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 1);
}

/* A host that is slow: the guest goes on, and an interrupt that comes late goes back. */
static void vpci_guest_timeout_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt->guest->timeout = msecs_to_jiffies(30);
	gt_send_create(gt, 0, 0x42);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 1);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, 1);
	KUNIT_EXPECT_EQ(test, f->created, 1);
	gt_done(f, 0, 7);
	gt_expect_soon(gt, READ_ONCE(f->deleted) == 1);
	KUNIT_EXPECT_EQ(test, f->last.data, 7);
	gt_expect_nothing(gt);
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 0);
	/* One that never comes is no harm, nor one that says no. */
	gt_send_create(gt, 0, 0x42);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	gt_done(f, -EIO, 0);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	gt->guest->timeout = FG_TIMEOUT;
	gt_create(gt, f, 7);
}

/* What a host owes is bounded. */
static void vpci_guest_wedged_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	u64 first = 0;
	unsigned int i;

	gt->guest->timeout = 1;
	for (i = 1; i <= VPCI_GUEST_WAITS; i++) {
		gt_send_create(gt, 0, 0x42);
		gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
		if (!first)
			first = f->cookie;
	}
	KUNIT_EXPECT_EQ(test, f->created, VPCI_GUEST_WAITS);
	gt_send_create(gt, 0, 0x42);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NO_RESOURCES);
	KUNIT_EXPECT_EQ(test, f->created, VPCI_GUEST_WAITS);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, VPCI_GUEST_WAITS);
	/* It awakes, with the first of its answers. */
	gt->guest->timeout = FG_TIMEOUT;
	f->cookie = first;
	gt_done(f, -EIO, 0);
	gt_settle(gt);
	gt_create(gt, f, 9);
}

/* Several interrupts are asked for one after the other. */
static void vpci_guest_assigned_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	const union vpci_msi_resource2 *msi;
	unsigned int i;

	gt_send_assigned(gt, 3, true);
	for (i = 0; i < 3; i++) {
		gt_expect_created(gt, f, i + 1);
		KUNIT_EXPECT_EQ(test, f->request.vector, 0x30 + i);
		gt_expect_nothing(gt);
		gt_done(f, 0, i);
	}
	msi = gt_completion(gt, gt->trans, 136 + 3 * 72) + 136;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msi[i].remapped.data), i);
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 3);

	/* The last of them does not come: the others go back. */
	gt_send_assigned(gt, 3, true);
	for (i = 0; i < 2; i++) {
		gt_expect_created(gt, f, 3 + i + 1);
		if (i)
			gt->guest->timeout = msecs_to_jiffies(30);
		gt_done(f, 0, 3 + i);
	}
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_EQ(test, f->created, 6);
	KUNIT_EXPECT_EQ(test, f->deleted, 2);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 1);
	/* And so does it, when it comes after all. */
	gt_done(f, 0, 5);
	gt_expect_soon(gt, READ_ONCE(f->deleted) == 3);
	KUNIT_EXPECT_EQ(test, f->last.data, 5);
}

/* The longest request, and the longest answer. */
static void vpci_guest_longest_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct vpci_assigned_resources *msg = (void *)gt->msg;

	memset(msg, 0, VPCI_MAX_MESSAGE);
	msg->msis = cpu_to_le32(VPCI_MAX_MSIS);
	gt_send(gt, VPCI_MSG_ASSIGNED_RESOURCES3, 0, VPCI_MAX_MESSAGE);
	gt_completion(gt, gt->trans, VPCI_MAX_REPLY);
	KUNIT_EXPECT_EQ(test, gt->fns[0].created, 0);
	/* A byte more is none of this protocol. */
	gt_send(gt, VPCI_MSG_ASSIGNED_RESOURCES3, 0, VPCI_MAX_MESSAGE + 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_broken(gt->guest->chan));
}

/* ---- resets of a device ---------------------------------------------------------------- */

/* Its base addresses and memory are as after power-on. */
static void vpci_guest_reset_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_memory_on(gt, 0, 0xe0000000);
	gt_send(gt, VPCI_MSG_RESET_DEVICE, 0, sizeof(struct vpci_slot_msg));
	gt_expect_soon(gt, READ_ONCE(f->resets) == 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_done(f, -EIO, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));

	gt_send(gt, VPCI_MSG_RESET_DEVICE, 0, sizeof(struct vpci_slot_msg));
	gt_expect_soon(gt, READ_ONCE(f->resets) == 2);
	gt_settle(gt);
	vpci_guest_done(gt->guest, &f->fn, f->cookie, 0, NULL);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_BASE_ADDRESS_2, 4), 0);
	KUNIT_EXPECT_EQ(test, f->off, 1);

	gt->reset_err = -EBUSY;
	gt_ask(gt, VPCI_MSG_RESET_DEVICE, 0, VPCI_STATUS_UNSUCCESSFUL);
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 0);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
}

/* One that is over too late was one all the same. */
static void vpci_guest_late_reset_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_memory_on(gt, 0, 0xe0000000);
	gt->guest->timeout = msecs_to_jiffies(30);
	gt_ask(gt, VPCI_MSG_RESET_DEVICE, 0, VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	vpci_guest_done(gt->guest, &f->fn, f->cookie, 0, NULL);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
}

/* ---- power ----------------------------------------------------------------------------- */

static void vpci_guest_host_power_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	gt_memory_on(gt, 0, 0xe0000000);
	gt_send_power(gt, 0, VPCI_POWER_D3);
	gt_expect_soon(gt, READ_ONCE(f->powers) == 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->power, VPCI_POWER_D3);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	vpci_guest_done(gt->guest, &f->fn, f->cookie, 0, NULL);
	gt_expect_power(gt, VPCI_POWER_D3);
	/* The host does not want to. */
	gt_send_power(gt, 0, VPCI_POWER_D0);
	gt_expect_soon(gt, READ_ONCE(f->powers) == 2);
	gt_settle(gt);
	KUNIT_EXPECT_EQ(test, f->power, VPCI_POWER_D0);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_done(f, -EREMOTEIO, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	/* It is not told of what cannot be. */
	gt_select(gt, 1);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, 0xe0000000);
	gt_send_power(gt, 1, VPCI_POWER_D0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, gt->fns[1].powers, 0);

	/* It does not say, or says so when the device is gone. */
	gt->guest->timeout = msecs_to_jiffies(30);
	gt_send_power(gt, 0, VPCI_POWER_D0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 1);
	vpci_guest_done(gt->guest, &f->fn, f->cookie, 0, NULL);
	gt_expect_nothing(gt);
	gt->guest->timeout = FG_TIMEOUT;
	gt_send_power(gt, 0, VPCI_POWER_D3);
	gt_expect_soon(gt, READ_ONCE(f->powers) == 4);
	gt_settle(gt);
	vpci_guest_remove(gt->guest, &f->fn);
	gt_relations(gt, 1);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NO_SUCH_DEVICE);
	KUNIT_EXPECT_FALSE(test, vpci_guest_done(gt->guest, &f->fn, f->cookie, 0, NULL));
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 0);
}

/* What may be left out is. */
static void vpci_guest_plain_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_plain_ops, GT_DOWN, 1);

	gt_ask(gt, VPCI_MSG_RESET_DEVICE, 0, VPCI_STATUS_NOT_SUPPORTED);
	gt_send_power(gt, 0, VPCI_POWER_D3);
	gt_expect_power(gt, VPCI_POWER_D3);
	gt_memory_on(gt, 0, 0xe0000000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_put(gt, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
}

static struct kunit_case vpci_guest_cases[] = {
	KUNIT_CASE(vpci_guest_offer_test),
	KUNIT_CASE(vpci_guest_open_test),
	KUNIT_CASE(vpci_guest_version_test),
	KUNIT_CASE(vpci_guest_early_test),
	KUNIT_CASE(vpci_guest_ready_test),
	KUNIT_CASE(vpci_guest_unasked_test),
	KUNIT_CASE(vpci_guest_relations1_test),
	KUNIT_CASE(vpci_guest_pending_test),
	KUNIT_CASE(vpci_guest_meanwhile_test),
	KUNIT_CASE(vpci_guest_refused_test),
	KUNIT_CASE(vpci_guest_stray_test),
	KUNIT_CASE(vpci_guest_timeout_test),
	KUNIT_CASE(vpci_guest_wedged_test),
	KUNIT_CASE(vpci_guest_assigned_test),
	KUNIT_CASE(vpci_guest_longest_test),
	KUNIT_CASE(vpci_guest_reset_test),
	KUNIT_CASE(vpci_guest_late_reset_test),
	KUNIT_CASE(vpci_guest_host_power_test),
	KUNIT_CASE(vpci_guest_plain_test),
	{}
};

static struct kunit_suite vpci_guest_suite = {
	.name = "vpci_guest",
	.test_cases = vpci_guest_cases,
};

kunit_test_suite(vpci_guest_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: a bus of the guest and its requests");
MODULE_LICENSE("GPL");
