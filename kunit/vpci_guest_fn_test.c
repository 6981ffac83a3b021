// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: devices on a bus of the guest that come, go, and are asked back.
 */
#include <linux/module.h>

#include "vpci_guest_test.h"

#define GF_LONG		60000		/* ms, longer than any test */
#define GF_SHORT	200		/* and enough to write a message */

static void gf_expect_ejected(struct gt *gt, unsigned int n)
{
	gt_expect_soon(gt, READ_ONCE(gt->ejected) == n);
	gt_settle(gt);
	KUNIT_EXPECT_EQ(gt->test, gt->ejected, n);
}

/* The guest is asked for the device in a slot. */
static void gf_eject(struct gt *gt, unsigned int i)
{
	vpci_guest_eject(gt->guest, &gt->fns[i].fn, GF_LONG);
	gt_expect_slot(gt, VPCI_MSG_EJECT, i);
}

/* ---- come and go ----------------------------------------------------------------------- */

static void vpci_guest_add_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0], *other = &gt->fns[1];

	/* Memory that somebody has left on is off. */
	KUNIT_EXPECT_EQ(test, gt_config_word(f, PCI_COMMAND), 0x1U);
	gt_describe(test, other, 0);
	KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &other->fn), -EEXIST);
	gt_describe(test, other, VPCI_MAX_SLOTS);
	KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &other->fn), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &f->fn), -EEXIST);
	KUNIT_EXPECT_EQ(test, other->reads + other->writes, 0);
	/* These were never on it. */
	vpci_guest_remove(gt->guest, &other->fn);
	vpci_guest_eject(gt->guest, &other->fn, 0);
	vpci_guest_invalidate(gt->guest, &other->fn, 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
	gt_expect_count(gt, VPCI_GUEST_EJECTS, 0);
	gt_describe(test, other, VPCI_MAX_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &other->fn), 0);
	gt_relations(gt, 2);
	gt_create(gt, f, 1);
}

/* What the guest has of it is given back, but the device itself is not touched. */
static void vpci_guest_remove_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];
	unsigned int touched;

	gt_create(gt, f, 1);
	gt_create(gt, f, 2);
	gt_memory_on(gt, 0, 0xe0000000);
	touched = f->reads + f->writes;
	vpci_guest_remove(gt->guest, &f->fn);
	KUNIT_EXPECT_EQ(test, f->reads + f->writes, touched);
	KUNIT_EXPECT_EQ(test, f->deleted, 2);
	KUNIT_EXPECT_EQ(test, f->off, 1);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
	gt_relations(gt, 1);
	gt_ask(gt, VPCI_MSG_REQUIREMENTS, 0, VPCI_STATUS_BAD_DATA);
	vpci_guest_remove(gt->guest, &f->fn);
	gt_expect_nothing(gt);

	/* Another one takes its place. */
	gt_describe(test, f, 0);
	f->fn.fn.desc.serial = 0x77;
	KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &f->fn), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(gt_relations(gt, 2)[1].v1.serial), 0x77U);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	gt_create(gt, f, 1);
}

/* The request fails, and nothing comes of the answer to it. */
static void vpci_guest_remove_pending_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	gt_create(gt, f, 1);
	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 2);
	/* Another device is no matter. */
	vpci_guest_remove(gt->guest, &gt->fns[1].fn);
	gt_relations(gt, 1);
	gt_expect_nothing(gt);
	vpci_guest_remove(gt->guest, &f->fn);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	gt_relations(gt, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NO_SUCH_DEVICE);
	gt_done(f, 0, 2);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	gt_add(gt, 0);
	gt_relations(gt, 1);
	/* Nor if the device is back. */
	gt_done(f, 0, 2);
	gt_expect_nothing(gt);
	gt_create(gt, f, 3);
}

/* The answer is there, but nobody has looked: the interrupt goes back, or is the guest's. */
static void vpci_guest_remove_answered_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	unsigned int i;

	for (i = 1; i <= 20; i++) {
		gt_send_create(gt, 0, 0x42);
		gt_expect_created(gt, f, i);
		gt_done(f, 0, i);
		vpci_guest_remove(gt->guest, &f->fn);
		KUNIT_EXPECT_EQ(test, f->deleted, i);
		KUNIT_EXPECT_EQ(test, f->last.data, i);
		/* Two packets in any order, as it happens. */
		gt_read(gt);
		gt_read(gt);
		gt_expect_nothing(gt);
		gt_add(gt, 0);
		gt_relations(gt, 1);
	}
}

/* ---- asked back ------------------------------------------------------------------------ */

static void vpci_guest_eject_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	gt_create(gt, f, 1);
	gt_memory_on(gt, 0, 0xe0000000);
	gf_eject(gt, 0);
	/* Once is enough. */
	vpci_guest_eject(gt->guest, &f->fn, 0);
	gt_expect_nothing(gt);
	/* It is the guest's until it says so. */
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_create(gt, f, 2);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);

	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 0, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, gt->ejected, 1);
	KUNIT_EXPECT_EQ(test, f->ejected, 1);
	KUNIT_EXPECT_EQ(test, f->deleted, 2);
	KUNIT_EXPECT_EQ(test, f->off, 1);
	KUNIT_EXPECT_FALSE(test, gt_config_word(f, PCI_COMMAND) & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_NULL(test, f->fn.guest);
	gt_select(gt, 0);
	KUNIT_EXPECT_EQ(test, gt_get(gt, 0, 4), (u64)U32_MAX);
	/* It knows by itself what there is now. */
	gt_expect_nothing(gt);
	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 0, VPCI_STATUS_BAD_DATA);
	vpci_guest_remove(gt->guest, &f->fn);
	gt_expect_nothing(gt);
	gt_expect_count(gt, VPCI_GUEST_EJECTS, 1);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 0);
	gt_add(gt, 0);
	gt_relations(gt, 2);
	gf_eject(gt, 0);
	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 0, VPCI_STATUS_SUCCESS);
	gf_expect_ejected(gt, 2);
}

/* Without completion, and with more in it, as Linux does. */
static void vpci_guest_eject_linux_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct vpci_eject_complete *msg = (void *)gt->msg;

	gf_eject(gt, 0);
	*msg = (struct vpci_eject_complete) {
		.type = cpu_to_le32(VPCI_MSG_EJECT_COMPLETE),
	};
	gt_post(gt, VM_PKT_DATA_INBAND, 0, sizeof(*msg));
	gf_expect_ejected(gt, 1);
	gt_expect_nothing(gt);
}

/* A guest that does not answer loses the device; what it says later is too late. */
static void vpci_guest_eject_timeout_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	gt_create(gt, f, 1);
	gt_memory_on(gt, 0, 0xe0000000);
	vpci_guest_eject(gt->guest, &f->fn, GF_SHORT);
	gt_expect_slot(gt, VPCI_MSG_EJECT, 0);
	gf_expect_ejected(gt, 1);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 1);
	/* The device is powered off all the same. */
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	KUNIT_EXPECT_FALSE(test, gt_config_word(f, PCI_COMMAND) & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, f->off, 1);
	gt_relations(gt, 1);
	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 0, VPCI_STATUS_BAD_DATA);
	/* Also if there is another device now. */
	gt_add(gt, 0);
	gt_relations(gt, 2);
	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 0, VPCI_STATUS_BAD_DATA);
	gt_create(gt, f, 2);
	gf_expect_ejected(gt, 1);
}

/* No time at all. */
static void vpci_guest_eject_zero_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);

	vpci_guest_eject(gt->guest, &gt->fns[0].fn, 0);
	gf_expect_ejected(gt, 1);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 1);
}

/* Amid a request about the device, which takes longer than the guest has. */
static void vpci_guest_eject_pending_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	vpci_guest_eject(gt->guest, &f->fn, GF_SHORT);
	gt_expect_slot(gt, VPCI_MSG_EJECT, 0);
	gf_expect_ejected(gt, 1);
	gt_relations(gt, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NO_SUCH_DEVICE);
	gt_done(f, 0, 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
}

/* The device itself goes while the guest is asked for it. */
static void vpci_guest_eject_remove_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);

	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_SHORT);
	gt_expect_slot(gt, VPCI_MSG_EJECT, 0);
	vpci_guest_remove(gt->guest, &gt->fns[0].fn);
	/* Before or after its time was over, but not more than once. */
	gt_relations(gt, 1);
	gt->ejected = 0;
	msleep(2 * GF_SHORT);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
	gf_eject(gt, 1);
	vpci_guest_remove(gt->guest, &gt->fns[1].fn);
	gt_relations(gt, 0);
	gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 1, VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
}

/* A guest that does not know the device is not asked. */
static void vpci_guest_eject_unknown_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);

	/* Before the bus is ready, or open. */
	gt_add(gt, 0);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_LONG);
	gt_expect_soon(gt, READ_ONCE(gt->ejected) == 1);
	vpci_guest_ready(gt->guest);
	gt_add(gt, 0);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_LONG);
	gt_expect_soon(gt, READ_ONCE(gt->ejected) == 2);
	/* Before the guest has asked. */
	gt_open(gt);
	gt_add(gt, 0);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_LONG);
	gf_expect_ejected(gt, 3);
	gt_version(gt, VPCI_VERSION_FE);
	gt_add(gt, 0);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_LONG);
	gf_expect_ejected(gt, 4);
	gt_expect_nothing(gt);
	gt_expect_count(gt, VPCI_GUEST_EJECTS, 4);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 0);
	gt_enter(gt, GT_WINDOW, 0);
}

/* A guest that closes the bus, or is gone, has let the device go; others stay. */
static void vpci_guest_eject_close_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);

	gf_eject(gt, 0);
	gt_close(gt);
	KUNIT_EXPECT_EQ(test, gt->ejected, 1);
	KUNIT_EXPECT_NULL(test, gt->fns[0].fn.guest);
	gt_open(gt);
	gt_begin(gt, 1);
	gt_add(gt, 0);
	gt_relations(gt, 2);
	gf_eject(gt, 1);
	gt_restart(gt);
	KUNIT_EXPECT_EQ(test, gt->ejected, 2);
	KUNIT_EXPECT_EQ(test, gt->fns[1].ejected, 1);
	gt_begin(gt, 1);
	gf_eject(gt, 0);
	vpci_guest_revoke(gt->guest);
	KUNIT_EXPECT_EQ(test, gt->ejected, 3);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 0);
}

/* The time of a guest that is stopped stands still. */
static void vpci_guest_eject_stop_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);

	fg_stop(gt->fg);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_SHORT);
	msleep(3 * GF_SHORT);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
	fg_start(gt->fg);
	gt_expect_slot(gt, VPCI_MSG_EJECT, 0);
	gf_expect_ejected(gt, 1);
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 1);
	gt_relations(gt, 1);
	/* But for a device that it does not know nobody waits. */
	vpci_guest_remove(gt->guest, &gt->fns[1].fn);
	gt_relations(gt, 0);
	gt_close(gt);
	gt_add(gt, 0);
	fg_stop(gt->fg);
	vpci_guest_eject(gt->guest, &gt->fns[0].fn, GF_LONG);
	gt_expect_soon(gt, READ_ONCE(gt->ejected) == 2);
}

/* The owner may free the device at once, whichever way it goes. */
static void vpci_guest_eject_free_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 0);
	struct gt_fn *f;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		f = kzalloc(sizeof(*f), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, f);
		gt_fn_init(gt, f);
		f->free = true;
		gt_describe(test, f, 5);
		KUNIT_ASSERT_EQ(test, vpci_guest_add(gt->guest, &f->fn), 0);
		gt_relations(gt, 1);
		/* Then it is not known any more. */
		if (i == 3)
			gt_close(gt);
		vpci_guest_eject(gt->guest, &f->fn, i ? GF_LONG : GF_SHORT);
		if (i < 3)
			gt_expect_slot(gt, VPCI_MSG_EJECT, 5);
		if (i == 1)
			gt_ask(gt, VPCI_MSG_EJECT_COMPLETE, 5, VPCI_STATUS_SUCCESS);
		if (i == 2) {
			gt_close(gt);
			gt_open(gt);
			gt_begin(gt, 0);
		}
		gt_expect_soon(gt, READ_ONCE(gt->ejected) == i + 1);
		if (!i)
			gt_relations(gt, 0);
	}
}

/* ---- configuration blocks -------------------------------------------------------------- */

static void vpci_guest_invalidate_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);
	const struct vpci_invalidate_block *msg;
	struct gt_fn *f = gt_add(gt, 3);

	/* A guest that does not know the device has read nothing of it. */
	vpci_guest_invalidate(gt->guest, &f->fn, 1);
	vpci_guest_ready(gt->guest);
	gt_open(gt);
	gt_version(gt, VPCI_VERSION_FE);
	vpci_guest_invalidate(gt->guest, &f->fn, 2);
	gt_settle(gt);
	gt_enter(gt, GT_WINDOW, 1);
	gt_expect_nothing(gt);
	vpci_guest_invalidate(gt->guest, &f->fn, 0);
	gt_expect_nothing(gt);
	vpci_guest_invalidate(gt->guest, &f->fn, BIT_ULL(63) | 1);
	msg = gt_read(gt);
	KUNIT_EXPECT_EQ(test, gt->pkt.type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(test, gt->pkt.len, 16);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->type), VPCI_MSG_INVALIDATE_BLOCK);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->slot), 3);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(msg->mask), BIT_ULL(63) | 1);
	/* What cannot be told yet is told at once. */
	fg_stop(gt->fg);
	vpci_guest_invalidate(gt->guest, &f->fn, 4);
	vpci_guest_invalidate(gt->guest, &f->fn, 8);
	fg_start(gt->fg);
	msg = gt_read(gt);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(msg->mask), 12ULL);
	gt_expect_nothing(gt);
	/* The next guest begins anew. */
	gt_close(gt);
	vpci_guest_invalidate(gt->guest, &f->fn, 4);
	gt_open(gt);
	gt_begin(gt, 1);
	gt_expect_nothing(gt);
}

static void gf_send_block(struct gt *gt, u32 slot, bool write, u32 length)
{
	struct vpci_write_block *msg = (void *)gt->msg;

	*msg = (struct vpci_write_block) {
		.type = cpu_to_le32(write ? VPCI_MSG_WRITE_BLOCK : VPCI_MSG_READ_BLOCK),
		.block = cpu_to_le32(9), .slot = cpu_to_le32(slot), .length = cpu_to_le32(length),
		.data = { 1, 2, 3 },
	};
	gt_post(gt, VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		write ? sizeof(*msg) : sizeof(struct vpci_read_block));
}

/* The host was asked for @n of them in all. */
static void gf_expect_blocks(struct gt *gt, struct gt_fn *f, unsigned int n)
{
	gt_expect_soon(gt, READ_ONCE(f->blocks) == n);
	gt_settle(gt);
}

/* Blocks go to the host and back, one at a time, and not for ever. */
static void vpci_guest_block_test(struct kunit *test)
{
	struct vpci_block block = { .len = 13, .data = { 0xa, 0xb, 0xc } };
	const struct vpci_read_block_reply *reply;
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[1];

	gf_send_block(gt, 1, false, 100);
	gf_expect_blocks(gt, f, 1);
	KUNIT_EXPECT_EQ(test, f->block.id, 9);
	KUNIT_EXPECT_EQ(test, f->block.len, 100);
	KUNIT_EXPECT_FALSE(test, f->block.write);
	gf_send_block(gt, 1, true, 3);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->blocks, 1);
	KUNIT_EXPECT_TRUE(test, vpci_guest_block_done(gt->guest, &f->fn, f->cookie, 0, &block));
	reply = gt_completion(gt, gt->trans - 1, 4 + 13);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->status), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_MEMEQ(test, reply->data, block.data, 13);
	gf_expect_blocks(gt, f, 2);
	KUNIT_EXPECT_TRUE(test, f->block.write);
	KUNIT_EXPECT_MEMEQ(test, f->block.data, (const u8 *)"\1\2\3", 3);
	block.len = 0;
	vpci_guest_block_done(gt->guest, &f->fn, f->cookie, 0, &block);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
	gf_send_block(gt, 1, false, 8);
	gf_expect_blocks(gt, f, 3);
	vpci_guest_block_done(gt->guest, &f->fn, f->cookie, -EREMOTEIO, NULL);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);

	/* It fails at once, or is not answered. */
	gt->block_err = -EBUSY;
	gf_send_block(gt, 1, false, 8);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_FALSE(test, vpci_guest_block_done(gt->guest, &f->fn, f->cookie, 0, &block));
	gt->block_err = -EINPROGRESS;
	gt->guest->timeout = msecs_to_jiffies(30);
	gf_send_block(gt, 1, false, 8);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 1);
	KUNIT_EXPECT_TRUE(test, vpci_guest_block_done(gt->guest, &f->fn, f->cookie, 0, &block));
	gt_expect_nothing(gt);
	gt->guest->timeout = FG_TIMEOUT;

	/* The device goes meanwhile. */
	gf_send_block(gt, 1, true, 8);
	gf_expect_blocks(gt, f, 6);
	vpci_guest_remove(gt->guest, &f->fn);
	gt_relations(gt, 1);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NO_SUCH_DEVICE);
	KUNIT_EXPECT_FALSE(test, vpci_guest_block_done(gt->guest, &f->fn, f->cookie, 0, &block));
	gf_send_block(gt, 1, true, 8);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->blocks, 6);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
}

/* An owner that has none */
static void vpci_guest_no_block_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_plain_ops, GT_DOWN, 1);

	gf_send_block(gt, 0, false, 8);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NOT_SUPPORTED);
	gf_send_block(gt, 0, true, 8);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_NOT_SUPPORTED);
}

static struct kunit_case vpci_guest_fn_cases[] = {
	KUNIT_CASE(vpci_guest_add_test),
	KUNIT_CASE(vpci_guest_remove_test),
	KUNIT_CASE(vpci_guest_remove_pending_test),
	KUNIT_CASE(vpci_guest_remove_answered_test),
	KUNIT_CASE(vpci_guest_eject_test),
	KUNIT_CASE(vpci_guest_eject_linux_test),
	KUNIT_CASE(vpci_guest_eject_timeout_test),
	KUNIT_CASE(vpci_guest_eject_zero_test),
	KUNIT_CASE(vpci_guest_eject_pending_test),
	KUNIT_CASE(vpci_guest_eject_remove_test),
	KUNIT_CASE(vpci_guest_eject_unknown_test),
	KUNIT_CASE(vpci_guest_eject_close_test),
	KUNIT_CASE(vpci_guest_eject_stop_test),
	KUNIT_CASE(vpci_guest_eject_free_test),
	KUNIT_CASE(vpci_guest_invalidate_test),
	KUNIT_CASE(vpci_guest_block_test),
	KUNIT_CASE(vpci_guest_no_block_test),
	{}
};

static struct kunit_suite vpci_guest_fn_suite = {
	.name = "vpci_guest_fn",
	.test_cases = vpci_guest_fn_cases,
};

kunit_test_suite(vpci_guest_fn_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: devices on a bus of the guest");
MODULE_LICENSE("GPL");
