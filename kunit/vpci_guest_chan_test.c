// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: a bus of the guest that is closed, reset, stopped or taken back
 * whenever it may be, and guests that make its channel unusable.
 */
#include <linux/module.h>

#include "vpci_guest_test.h"

/* ---- the end of a bus ------------------------------------------------------------------ */

/* The guest closes the bus or resets itself, and opens it again. */
static void gc_again(struct gt *gt, bool reset)
{
	if (reset) {
		gt_restart(gt);
		return;
	}
	gt_close(gt);
	gt_open(gt);
}

static void vpci_guest_close_early_test(struct kunit *test)
{
	struct gt *gt = gt_new(test);
	unsigned int i;

	gt_add(gt, 0);
	vpci_guest_ready(gt->guest);
	gt_open(gt);
	for (i = 0; i < 2; i++) {
		gc_again(gt, i);
		gt_version(gt, VPCI_VERSION_FE);
		gc_again(gt, i);
		gt_version(gt, VPCI_VERSION_VB);
		gt_send(gt, VPCI_MSG_QUERY_BUS_RELATIONS, 0, sizeof(struct vpci_msg));
		gt_relations(gt, 1);
		gt_completion(gt, gt->trans, 0);
		gc_again(gt, i);
		gt_begin(gt, 1);
		gt_expect_nothing(gt);
		gc_again(gt, i);
	}
}

/* All that the guest has of a device goes back, and what the host still owes, too. */
static void vpci_guest_close_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];
	unsigned int i, n;
	u64 value;

	for (i = 0; i < 2; i++) {
		gt_create(gt, f, 2 * i);
		gt_memory_on(gt, 0, 0xe0000000);
		gt_select(gt, 1);
		n = f->created + 1;
		gt_send_create(gt, 0, 0x42);
		gt_expect_created(gt, f, n);
		gc_again(gt, i);
		KUNIT_EXPECT_EQ(test, f->deleted, 2 * i + 1);
		KUNIT_EXPECT_EQ(test, f->last.data, 2 * i);
		KUNIT_EXPECT_EQ(test, f->off, i + 1);
		KUNIT_EXPECT_FALSE(test, gt_config_word(f, PCI_COMMAND) & VPCI_COMMAND_OFF);
		KUNIT_EXPECT_EQ(test, gt_mmio(gt, GT_WINDOW + VPCI_WINDOW_CONFIG, 4, false,
					      &value), -ENXIO);
		/* The answer to what nobody waits for. */
		gt_done(f, 0, 2 * i + 1);
		gt_expect_soon(gt, READ_ONCE(f->deleted) == 2 * i + 2);
		KUNIT_EXPECT_EQ(test, f->last.data, 2 * i + 1);
		gt_expect_nothing(gt);

		gt_begin(gt, 2);
		KUNIT_EXPECT_EQ(test, gt->guest->slot, 0U);
		KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
		KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_BASE_ADDRESS_2, 4), 0);
	}
	gt_expect_count(gt, VPCI_GUEST_INTERRUPTS, 2);
	gt_expect_count(gt, VPCI_GUEST_TIMEOUTS, 0);
}

/* The answer comes before the bus is open again, or while it is not. */
static void vpci_guest_close_late_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	gt_close(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 0);
	gt_done(f, 0, 1);
	gt_expect_soon(gt, READ_ONCE(f->deleted) == 1);
	gt_open(gt);
	gt_begin(gt, 1);
	/* Nor does it end a request that came later. */
	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 2);
	gc_again(gt, false);
	gt_begin(gt, 1);
	f->cookie--;
	gt_done(f, 0, 1);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	gt_create(gt, f, 2);
}

static void vpci_guest_revoke_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	u64 value;

	gt_create(gt, f, 1);
	gt_memory_on(gt, 0, 0xe0000000);
	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 2);
	vpci_guest_revoke(gt->guest);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	KUNIT_EXPECT_EQ(test, f->off, 1);
	KUNIT_EXPECT_EQ(test, gt_mmio(gt, GT_WINDOW, 4, false, &value), -ENXIO);
	gt_done(f, 0, 2);
	gt_expect_soon(gt, READ_ONCE(f->deleted) == 2);
	vpci_guest_eject(gt->guest, &f->fn, 60000);
	gt_expect_soon(gt, READ_ONCE(gt->ejected) == 1);
	gt_destroy(gt);
	KUNIT_EXPECT_EQ(test, f->off, 1);
}

/* At once, with devices on it, one of which owes an answer that is there. */
static void vpci_guest_destroy_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];

	gt_memory_on(gt, 1, 0xe0000000);
	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	gt_done(f, 0, 1);
	gt_destroy(gt);
	KUNIT_EXPECT_EQ(test, f->deleted, 1);
	KUNIT_EXPECT_NULL(test, f->fn.guest);
	KUNIT_EXPECT_NULL(test, gt->fns[1].fn.guest);
	KUNIT_EXPECT_EQ(test, gt->fns[1].off, 1);
	KUNIT_EXPECT_EQ(test, gt->ejected, 0);
}

/* A guest that is stopped finds in its ring what was there before, until it goes on. */
static void vpci_guest_stop_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];

	gt_send_create(gt, 0, 0x42);
	gt_expect_created(gt, f, 1);
	fg_stop(gt->fg);
	gt_done(f, 0, 1);
	gt_add(gt, 1);
	vpci_guest_invalidate(gt->guest, &f->fn, 1);
	gt_expect_nothing(gt);
	fg_start(gt->fg);
	gt_relations(gt, 2);
	gt_completion(gt, gt->trans, sizeof(struct vpci_create_interrupt_reply));
	gt_expect_slot(gt, VPCI_MSG_INVALIDATE_BLOCK, 0);
	gt_expect_nothing(gt);
}

/* ---- a ring that is full --------------------------------------------------------------- */

#define GC_MANY		300

/* Who does not read is not read.  Nothing is lost, and all comes in order. */
static void vpci_guest_full_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_ops, 2, 1);
	u64 next = gt->trans + 1, before;
	unsigned int i, relations = 0;

	before = vpci_guest_count(gt->guest, VPCI_GUEST_REQUESTS);
	for (i = 0; i < GC_MANY; i++)
		gt_send(gt, VPCI_MSG_REQUIREMENTS, 0, sizeof(struct vpci_slot_msg));
	gt_settle(gt);
	KUNIT_EXPECT_LT(test, vpci_guest_count(gt->guest, VPCI_GUEST_REQUESTS),
			before + GC_MANY / 2);
	KUNIT_EXPECT_GT(test, gt_chan_count(gt, VSRV_CHAN_RING_FULL), 0LL);
	gt_add(gt, 1);
	gt_settle(gt);
	for (i = 0; i <= GC_MANY; i++) {
		gt_read(gt);
		if (gt->pkt.type != VM_PKT_COMP) {
			relations++;
			continue;
		}
		KUNIT_ASSERT_EQ(test, gt->pkt.trans_id, next);
		KUNIT_ASSERT_EQ(test, gt->pkt.len, 32);
		next++;
	}
	KUNIT_EXPECT_EQ(test, relations, 1);
	gt_expect_nothing(gt);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, 0);
}

/* A guest with a full ring can close the bus, and loses devices as any other. */
static void vpci_guest_full_end_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_ops, 2, 2);
	unsigned int i, n;

	for (i = 0; i < 2; i++) {
		for (n = 0; n < GC_MANY; n++)
			gt_send(gt, VPCI_MSG_REQUIREMENTS, 0, sizeof(struct vpci_slot_msg));
		gt_settle(gt);
		vpci_guest_eject(gt->guest, &gt->fns[1].fn, 20);
		gt_expect_soon(gt, READ_ONCE(gt->ejected) == i + 1);
		gc_again(gt, i);
		gt_begin(gt, 1);
		gt_add(gt, 1);
		gt_relations(gt, 2);
	}
	gt_expect_count(gt, VPCI_GUEST_EJECT_TIMEOUTS, 2);
}

/* An answer that does not fit at all. */
static void vpci_guest_small_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_ops, 2, 1);

	gt_send_assigned(gt, 54, false);
	gt_completion(gt, gt->trans, 136 + 54 * 72);
	gt_send_assigned(gt, 55, false);
	gt_expect_nothing(gt);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_broken(gt->guest->chan));
	vpci_guest_remove(gt->guest, &gt->fns[0].fn);
	gt_expect_nothing(gt);
	gc_again(gt, false);
	gt_begin(gt, 0);
}

/* ---- hostile guests -------------------------------------------------------------------- */

/* These cost nobody anything but the one who sends them. */
static void vpci_guest_refuse_test(struct kunit *test)
{
	static const struct { u32 type, slot, len; } cases[] = {
		{ VPCI_MSG_BUS_RELATIONS, 0, 64 },
		{ VPCI_MSG_BUS_RELATIONS2, 0, 64 },
		{ VPCI_MSG_EJECT, 0, 64 },
		{ VPCI_MSG_INVALIDATE_BLOCK, 0, 64 },
		{ 0x4249001e, 0, 64 },
		{ U32_MAX, U32_MAX, 8 },
		{ 0, 0, 8 },
		{ VPCI_MSG_REQUIREMENTS, 1, 8 },
		{ VPCI_MSG_REQUIREMENTS, 255, 8 },
		{ VPCI_MSG_REQUIREMENTS, U32_MAX, 8 },
		{ VPCI_MSG_POWER, 0, 8 },
		{ VPCI_MSG_D0_ENTRY, 0, 8 },
		{ VPCI_MSG_CREATE_INTERRUPT, 0, 8 },
		{ VPCI_MSG_CREATE_INTERRUPT2, 0, 72 },
		{ VPCI_MSG_ASSIGNED_RESOURCES2, 0, 128 },
		{ VPCI_MSG_EJECT_COMPLETE, 0, 8 },
		{ VPCI_MSG_DELETE_INTERRUPT, 0, 24 },
	};
	struct gt *gt = gt_run(test, 1);
	s64 bad = gt_chan_count(gt, VSRV_CHAN_BAD_PACKETS);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(gt->msg, 0xff, 256);
		gt_send(gt, cases[i].type, cases[i].slot, cases[i].len);
		gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	}
	/* Nothing but a type, or not even that. */
	gt_post(gt, VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED, 0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, i + 1);
	/* Who wants no answer gets none. */
	gt_post(gt, VM_PKT_DATA_INBAND, 0, 0);
	gt_expect_nothing(gt);
	gt_expect_count(gt, VPCI_GUEST_REFUSED, i + 2);
	KUNIT_EXPECT_EQ(test, gt_chan_count(gt, VSRV_CHAN_BAD_PACKETS), bad + i + 2);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(gt->guest->chan));
	KUNIT_EXPECT_EQ(test, gt->fns[0].created, 0);
	gt_create(gt, &gt->fns[0], 1);
}

enum gc_spoil {
	GC_VERSION,		/* a second one */
	GC_COMPLETION,		/* of nothing */
	GC_WRITE_INDEX,		/* of the ring to the bus */
	GC_READ_INDEX,		/* of the ring from the bus */
	GC_SPOILS
};

static void gc_spoil(struct gt *gt, enum gc_spoil how)
{
	struct hv_ring_buffer *up = gt->up_base, *down = gt->down_base;
	unsigned int i;

	switch (how) {
	case GC_VERSION:
		gt_send_version(gt, VPCI_VERSION_FE);
		break;
	case GC_COMPLETION:
		gt_post(gt, VM_PKT_COMP, 0, 8);
		break;
	case GC_WRITE_INDEX:
		WRITE_ONCE(up->write_index, U32_MAX);
		gt_signal(gt);
		break;
	case GC_READ_INDEX:
		WRITE_ONCE(down->read_index, 3);
		/* It is looked at when room runs short. */
		for (i = 0; i < GC_MANY; i++)
			gt_send(gt, VPCI_MSG_REQUIREMENTS, 0, sizeof(struct vpci_slot_msg));
		break;
	default:
		break;
	}
}

/* Idle, and with a request under way: what the host says then is not lost either. */
static void vpci_guest_spoil_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_ops, 2, 1);
	struct gt_fn *f = &gt->fns[0];
	unsigned int how, n, pending;

	for (how = 0; how < GC_SPOILS; how++) {
		for (pending = 0; pending < 2; pending++) {
			n = f->created + 1;
			if (pending) {
				gt_send_create(gt, 0, 0x42);
				gt_expect_created(gt, f, n);
			}
			gc_spoil(gt, how);
			if (pending) {
				gt_settle(gt);
				gt_done(f, 0, n);
			}
			gt_settle(gt);
			KUNIT_EXPECT_TRUE_MSG(test, vsrv_chan_broken(gt->guest->chan),
					      "way %u, %u under way", how, pending);
			gc_again(gt, false);
			gt_begin(gt, 1);
		}
	}
	gt_create(gt, f, 1);
	/* One each time that there was one. */
	KUNIT_EXPECT_EQ(test, f->created, GC_SPOILS + 1);
	KUNIT_EXPECT_EQ(test, f->deleted, GC_SPOILS);
}

static struct kunit_case vpci_guest_chan_cases[] = {
	KUNIT_CASE(vpci_guest_close_early_test),
	KUNIT_CASE(vpci_guest_close_test),
	KUNIT_CASE(vpci_guest_close_late_test),
	KUNIT_CASE(vpci_guest_revoke_test),
	KUNIT_CASE(vpci_guest_destroy_test),
	KUNIT_CASE(vpci_guest_stop_test),
	KUNIT_CASE(vpci_guest_full_test),
	KUNIT_CASE(vpci_guest_full_end_test),
	KUNIT_CASE(vpci_guest_small_test),
	KUNIT_CASE(vpci_guest_refuse_test),
	KUNIT_CASE(vpci_guest_spoil_test),
	{}
};

static struct kunit_suite vpci_guest_chan_suite = {
	.name = "vpci_guest_chan",
	.test_cases = vpci_guest_chan_cases,
};

kunit_test_suite(vpci_guest_chan_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: the channel of a bus of the guest");
MODULE_LICENSE("GPL");
