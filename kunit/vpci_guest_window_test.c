// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: the window to configuration space, while it moves and while devices
 * go, and memory that must not be where other memory is.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "vpci_guest_test.h"

#define GW_CONFIG	(GT_WINDOW + VPCI_WINDOW_CONFIG)

/* ---- accesses -------------------------------------------------------------------------- */

/* What is an access, and what is none. */
static void vpci_guest_access_test(struct kunit *test)
{
	static const struct { u16 offset; u8 size; bool read, write; } cases[] = {
		/* The page for the slot */
		{ 0x0000, 4, false, true },
		{ 0x0000, 1, false, false },
		{ 0x0000, 2, false, false },
		{ 0x0000, 8, false, false },
		{ 0x0004, 4, false, false },
		{ 0x0001, 4, false, false },
		{ 0x0ffc, 4, false, false },
		/* and over its end */
		{ 0x0ffe, 4, false, false },
		{ 0x0ffc, 8, false, false },
		/* Configuration space */
		{ 0x1000, 1, true, true },
		{ 0x1000, 2, true, true },
		{ 0x1000, 4, true, true },
		{ 0x1000, 8, false, false },
		{ 0x1001, 1, true, true },
		{ 0x1001, 2, false, false },
		{ 0x1002, 2, true, true },
		{ 0x1002, 4, false, false },
		{ 0x1ffc, 4, true, true },
		{ 0x1ffe, 2, true, true },
		{ 0x1fff, 1, true, true },
		{ 0x1ff8, 8, false, false },
	};
	u64 reads = 0, writes = 0, refused = 0, value;
	struct gt *gt = gt_run(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 0;
		KUNIT_EXPECT_EQ(test, gt_mmio(gt, GT_WINDOW + cases[i].offset, cases[i].size,
					      true, &value), 0);
		KUNIT_EXPECT_EQ(test, gt_mmio(gt, GT_WINDOW + cases[i].offset, cases[i].size,
					      false, &value), 0);
		if (!cases[i].read)
			KUNIT_EXPECT_EQ_MSG(test, value,
					    GENMASK_ULL(8 * cases[i].size - 1, 0), "case %u", i);
		reads += cases[i].read;
		writes += cases[i].write;
		refused += !cases[i].read + !cases[i].write;
		KUNIT_EXPECT_EQ_MSG(test, vpci_guest_count(gt->guest, VPCI_GUEST_CONFIG_READS),
				    reads, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vpci_guest_count(gt->guest, VPCI_GUEST_CONFIG_WRITES),
				    writes, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vpci_guest_count(gt->guest, VPCI_GUEST_CONFIG_REFUSED),
				    refused, "case %u", i);
	}
}

/* What is written and read is the device's own, up to the last byte. */
static void vpci_guest_config_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[1];

	gt_select(gt, 1);
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_VENDOR_ID, 4), 0xb1111414ULL);
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_DEVICE_ID, 2), 0xb111ULL);
	gt_put(gt, 0xffc, 4, 0x12345678);
	gt_put(gt, 0xffe, 1, 0xff);
	KUNIT_EXPECT_EQ(test, gt_config_word(f, 0xffc), 0x12ff5678U);
	KUNIT_EXPECT_EQ(test, gt_get(gt, 0xffc, 4), 0x12ff5678ULL);
	KUNIT_EXPECT_EQ(test, gt_get(gt, 0xfff, 1), 0x12ULL);
	KUNIT_EXPECT_EQ(test, gt_config_word(&gt->fns[0], 0xffc), 0U);
	gt_select(gt, 0);
	KUNIT_EXPECT_EQ(test, gt_get(gt, 0xffc, 4), 0ULL);
}

/* In a slot with nothing there are all ones, and writes go nowhere. */
static void vpci_guest_slot_test(struct kunit *test)
{
	static const u32 slots[] = { 1, 0x1f, 0x20, 254, 255, 256, 0x10000, U32_MAX };
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	unsigned int i, writes, reads;

	/* It begins with the first. */
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_VENDOR_ID, 2), 0x1414ULL);
	writes = f->writes;
	reads = f->reads;
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		gt_select(gt, slots[i]);
		KUNIT_EXPECT_EQ(test, gt_get(gt, 0, 4), (u64)U32_MAX);
		KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_COMMAND, 2), (u64)U16_MAX);
		gt_put(gt, PCI_COMMAND, 2, 0x7);
		gt_put(gt, 0xffc, 4, 0x7);
	}
	KUNIT_EXPECT_EQ(test, f->writes, writes);
	KUNIT_EXPECT_EQ(test, f->reads, reads);
	gt_expect_count(gt, VPCI_GUEST_CONFIG_REFUSED, 0);
	/* A device that comes is there at once, and one that goes is gone. */
	gt_select(gt, 1);
	gt_add(gt, 1);
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_VENDOR_ID, 2), 0x1414ULL);
	vpci_guest_remove(gt->guest, &gt->fns[1].fn);
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_VENDOR_ID, 2), (u64)U16_MAX);
}

/* ---- where the window is --------------------------------------------------------------- */

static bool gw_served(struct gt *gt, u64 gpa)
{
	u64 value;

	return !gt_mmio(gt, gpa, 4, false, &value);
}

static u64 gw_dummy_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	return 0;
}

static void gw_dummy_write(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value)
{
}

static const struct vpart_mmio_ops gw_dummy_ops = {
	.read = gw_dummy_read,
	.write = gw_dummy_write,
};

static void vpci_guest_move_test(struct kunit *test)
{
	static const u64 bad[] = {
		1, 0xf8000800, BIT_ULL(52), BIT_ULL(52) - 0x1000, U64_MAX, BIT_ULL(63),
	};
	struct gt *gt = gt_run(test, 1);
	u64 other = 0xfa000000;
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, gw_served(gt, GW_CONFIG));
	KUNIT_EXPECT_FALSE(test, gw_served(gt, GT_WINDOW + VPCI_WINDOW_SIZE));
	gt_enter(gt, other, 1);
	KUNIT_EXPECT_FALSE(test, gw_served(gt, GW_CONFIG));
	KUNIT_EXPECT_TRUE(test, gw_served(gt, other + VPCI_WINDOW_CONFIG));
	/* It may overlap the place where it was, and may be where it is. */
	gt_enter(gt, other + 0x1000, 1);
	gt_enter(gt, other + 0x1000, 1);
	KUNIT_EXPECT_FALSE(test, gw_served(gt, other));
	/* A place that cannot be leaves it. */
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		gt_send_window(gt, bad[i]);
		gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_TRUE(test, gw_served(gt, other + 0x1000));
	}
	gt_ask(gt, VPCI_MSG_D0_EXIT, 0, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_FALSE(test, gw_served(gt, other + 0x1000));
	gt_ask(gt, VPCI_MSG_D0_EXIT, 0, VPCI_STATUS_SUCCESS);
	gt_enter(gt, BIT_ULL(52) - VPCI_WINDOW_SIZE, 1);
	KUNIT_EXPECT_TRUE(test, gw_served(gt, BIT_ULL(52) - 4));
}

/* Somebody else is there: no window until the guest finds another place. */
static void vpci_guest_taken_test(struct kunit *test)
{
	static struct vpart_mmio dummy = {
		.gpa = 0xfa001000, .size = 0x1000, .vtl = VPART_VTL_GUEST, .ops = &gw_dummy_ops,
	};
	struct gt *gt = gt_run(test, 1);

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(gt->fg->part, &dummy), 0);
	gt_send_window(gt, 0xfa000000);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_FALSE(test, gw_served(gt, GW_CONFIG));
	KUNIT_EXPECT_TRUE(test, gw_served(gt, 0xfa001000));
	gt_enter(gt, GT_WINDOW, 1);
	/* What was not mapped is not in the way. */
	gt_memory_on(gt, 0, 0xfa000000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	vpart_mmio_remove(gt->fg->part, &dummy);
}

/* ---- overlaps -------------------------------------------------------------------------- */

/* Memory of a device stays off while it would be where that of another is. */
static void vpci_guest_overlap_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[1];

	gt_memory_on(gt, 0, 0xe0000000);
	KUNIT_EXPECT_EQ(test, gt->fns[0].on, 1);
	KUNIT_EXPECT_EQ(test, gt->fns[0].regs[2], 0xe0000000U);
	gt_memory_on(gt, 1, 0xe0000000);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 1));
	KUNIT_EXPECT_FALSE(test, gt_config_word(f, PCI_COMMAND) & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, f->on, 0);
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 1);
	/* The last bytes of it, by another BAR. */
	gt_put(gt, PCI_BASE_ADDRESS_0, 4, 0xe000c000);
	gt_memory_on(gt, 1, 0xe0010000);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 1));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 2);
	gt_put(gt, PCI_BASE_ADDRESS_0, 4, 0xe0020000);
	gt_memory_on(gt, 1, 0xe0010000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 1));
	gt_put(gt, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, f->on, 1);
	KUNIT_EXPECT_EQ(test, f->off, 1);

	/* What the guest writes while memory is on does not move it. */
	gt_select(gt, 0);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, 0xe1000000);
	gt_memory_on(gt, 1, 0xe0000000);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 1));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 3);
	gt_select(gt, 0);
	gt_put(gt, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, gt->fns[0].regs[2], 0xe0000000U);
	gt_memory_on(gt, 1, 0xe0000000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 1));
	/* A device that is gone decodes nothing. */
	vpci_guest_remove(gt->guest, &f->fn);
	KUNIT_EXPECT_EQ(test, f->off, 2);
	gt_memory_on(gt, 0, 0xe0000000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 3);
}

/* Nor where the window is, nor the window where memory is. */
static void vpci_guest_window_overlap_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);

	gt_memory_on(gt, 0, GT_WINDOW);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 1);
	gt_memory_on(gt, 0, GT_WINDOW + 0x10000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));

	gt_send_window(gt, GT_WINDOW + 0xf000);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 2);
	KUNIT_EXPECT_FALSE(test, gw_served(gt, GW_CONFIG));
	gt_send_window(gt, GT_WINDOW + 0x1f000);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	gt_enter(gt, GT_WINDOW + 0x20000, 1);
	gt_enter(gt, GT_WINDOW, 1);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 3);
}

static void gw_destroy(void *ctx)
{
	vpci_guest_destroy(ctx);
}

/* Another bus of the same guest, which has not opened it. */
static struct vpci_guest *gw_other(struct gt *gt)
{
	struct vsrv_offer offer = gt_offer();
	struct vpci_guest *other;

	offer.instance_id.b[15]++;
	other = vpci_guest_create(gt->fg->srv, &offer, &gt_ops, gt);
	KUNIT_ASSERT_FALSE(gt->test, IS_ERR(other));
	KUNIT_ASSERT_EQ(gt->test, kunit_add_action(gt->test, gw_destroy, other), 0);
	fg_expect_offer(gt->fg);
	return other;
}

/* As a request of the guest does: put the second BAR there, and switch memory on or off. */
static bool gw_memory(struct vpci_guest *other, struct gt_fn *f, u32 address)
{
	const struct vpci_bus_ops *ops = other->bus.ops;

	ops->config_write(&f->fn.fn, PCI_COMMAND, 2, 0);
	ops->config_write(&f->fn.fn, PCI_BASE_ADDRESS_2, 4, address);
	ops->config_write(&f->fn.fn, PCI_COMMAND, 2, address ? PCI_COMMAND_MEMORY : 0);
	return ops->config_read(&f->fn.fn, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

static int gw_window(struct vpci_guest *other, u64 base)
{
	int err;

	mutex_lock(&other->lock);
	err = other->bus.ops->window(&other->bus, base);
	mutex_unlock(&other->lock);
	return err;
}

static void gw_unwindow(struct vpci_guest *other)
{
	mutex_lock(&other->lock);
	other->bus.ops->unwindow(&other->bus);
	mutex_unlock(&other->lock);
}

/* Another bus is no other place. */
static void vpci_guest_buses_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct vpci_guest *other = gw_other(gt);
	struct gt_fn *f = &gt->fns[1];

	gt_describe(test, f, 5);
	KUNIT_ASSERT_EQ(test, vpci_guest_add(other, &f->fn), 0);
	gt_memory_on(gt, 0, 0xe0000000);
	KUNIT_EXPECT_FALSE(test, gw_memory(other, f, 0xe0000000));
	KUNIT_EXPECT_FALSE(test, gt_config_word(f, PCI_COMMAND) & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, f->on, 0);
	KUNIT_EXPECT_EQ(test, vpci_guest_count(other, VPCI_GUEST_OVERLAPS), 1);
	KUNIT_EXPECT_FALSE(test, gw_memory(other, f, GT_WINDOW));
	KUNIT_EXPECT_EQ(test, vpci_guest_count(other, VPCI_GUEST_OVERLAPS), 2);
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 0);
	KUNIT_EXPECT_TRUE(test, gw_memory(other, f, 0xe0010000));
	/* The other way round, and a window over memory */
	gt_put(gt, PCI_COMMAND, 2, 0);
	gt_memory_on(gt, 0, 0xe0010000);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 1);
	gt_send_window(gt, 0xe001f000);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 2);
	gt_enter(gt, GT_WINDOW, 1);
	/* Memory that is off, or whose device is gone, is not in the way. */
	KUNIT_EXPECT_FALSE(test, gw_memory(other, f, 0));
	gt_memory_on(gt, 0, 0xe0010000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_put(gt, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_TRUE(test, gw_memory(other, f, 0xe0010000));
	vpci_guest_remove(other, &f->fn);
	gt_memory_on(gt, 0, 0xe0010000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	gt_put(gt, PCI_COMMAND, 2, 0);
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 2);

	/* Its window */
	KUNIT_EXPECT_EQ(test, gw_window(other, GT_WINDOW + 0x1000), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpci_guest_count(other, VPCI_GUEST_OVERLAPS), 3);
	KUNIT_EXPECT_EQ(test, gw_window(other, 0xfb000000), 0);
	gt_memory_on(gt, 0, 0xfb000000);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 3);
	gw_unwindow(other);
	gt_memory_on(gt, 0, 0xfb000000);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 0));
	/* A bus that is closed has none. */
	gt_close(gt);
	KUNIT_EXPECT_EQ(test, gw_window(other, GT_WINDOW), 0);
	gw_unwindow(other);
	KUNIT_EXPECT_EQ(test, gw_window(other, 0xfb000000), 0);
	gw_unwindow(other);
}

/* By a message it is no other way. */
static void vpci_guest_power_test(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gt_plain_ops, GT_DOWN, 2);

	gt_memory_on(gt, 0, 0xe0000000);
	gt_select(gt, 1);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, 0xe0000000);
	gt_send_power(gt, 1, VPCI_POWER_D0);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 1));
	gt_expect_count(gt, VPCI_GUEST_OVERLAPS, 1);
	gt_ask(gt, VPCI_MSG_RELEASE_RESOURCES, 0, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	gt_send_power(gt, 1, VPCI_POWER_D0);
	gt_expect_power(gt, VPCI_POWER_D0);
	KUNIT_EXPECT_TRUE(test, gt_memory(gt, 1));
}

/* ---- several at once ------------------------------------------------------------------- */

/**
 * struct gw_access - an access of another VP, or something else at the same time
 * @wq: for nothing else
 * @work: does it
 * @gt: test
 * @remove: device to remove instead
 * @release: device whose access is to go on, a moment later, instead
 * @value: what was read
 * @begun: it is on its way
 * @done: it is over
 */
struct gw_access {
	struct workqueue_struct *wq;
	struct work_struct work;
	struct gt *gt;
	struct gt_fn *remove;
	struct gt_fn *release;
	u64 value;
	struct completion begun, done;
};

static void gw_access_work(struct work_struct *work)
{
	struct gw_access *a = container_of(work, struct gw_access, work);

	complete(&a->begun);
	if (a->remove) {
		vpci_guest_remove(a->gt->guest, &a->remove->fn);
	} else if (a->release) {
		msleep(50);
		complete(&a->release->go);
	} else {
		gt_mmio(a->gt, GW_CONFIG + PCI_STATUS, 2, false, &a->value);
	}
	complete(&a->done);
}

static void gw_access_end(void *ctx)
{
	struct gw_access *a = ctx;
	unsigned int i;

	for (i = 0; i < GT_FNS; i++)
		complete_all(&a->gt->fns[i].go);
	destroy_workqueue(a->wq);
}

static struct gw_access *gw_new(struct gt *gt, work_func_t func)
{
	struct gw_access *a = kunit_kzalloc(gt->test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(gt->test, a);
	INIT_WORK(&a->work, func);
	init_completion(&a->begun);
	init_completion(&a->done);
	a->gt = gt;
	a->wq = alloc_workqueue("vpci_guest_test", WQ_UNBOUND, 0);
	KUNIT_ASSERT_NOT_NULL(gt->test, a->wq);
	return a;
}

static struct gw_access *gw_begin(struct gt *gt, struct gt_fn *remove, struct gt_fn *release)
{
	struct gw_access *a = gw_new(gt, gw_access_work);

	a->remove = remove;
	a->release = release;
	KUNIT_ASSERT_EQ(gt->test, kunit_add_action(gt->test, gw_access_end, a), 0);
	queue_work(a->wq, &a->work);
	KUNIT_ASSERT_TRUE(gt->test, wait_for_completion_timeout(&a->begun, FG_TIMEOUT));
	return a;
}

static bool gw_over(struct gw_access *a)
{
	return wait_for_completion_timeout(&a->done, FG_TIMEOUT);
}

/* An access that hangs in the host. */
static struct gw_access *gw_hang(struct gt *gt)
{
	struct gt_fn *f = &gt->fns[0];
	struct gw_access *a;

	gt_select(gt, 0);
	WRITE_ONCE(f->hold, true);
	a = gw_begin(gt, NULL, NULL);
	KUNIT_ASSERT_TRUE(gt->test, wait_for_completion_timeout(&f->entered, FG_TIMEOUT));
	WRITE_ONCE(f->hold, false);
	return a;
}

/* A device goes when nobody is in it any more. */
static void vpci_guest_remove_busy_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 2);
	struct gt_fn *f = &gt->fns[0];
	struct gw_access *a, *b, *remove;

	f->config[PCI_STATUS] = 0x10;
	a = gw_hang(gt);
	remove = gw_begin(gt, f, NULL);
	b = gw_begin(gt, NULL, NULL);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&a->done));
	KUNIT_EXPECT_FALSE(test, completion_done(&remove->done));
	complete(&f->go);
	KUNIT_EXPECT_TRUE(test, gw_over(a));
	KUNIT_EXPECT_TRUE(test, gw_over(remove));
	KUNIT_EXPECT_TRUE(test, gw_over(b));
	KUNIT_EXPECT_EQ(test, a->value, 0x10ULL);
	/* It was before, or it was after. */
	KUNIT_EXPECT_TRUE(test, b->value == 0x10 || b->value == U16_MAX);
	KUNIT_EXPECT_NULL(test, f->fn.guest);
	gt_relations(gt, 1);
	KUNIT_EXPECT_EQ(test, gt_get(gt, PCI_STATUS, 2), (u64)U16_MAX);
}

/* The window goes when nobody is in it any more; the answer tells. */
static void vpci_guest_move_busy_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gt_fn *f = &gt->fns[0];
	struct gw_access *a = gw_hang(gt);

	gt_send_window(gt, 0xfa000000);
	/* It is out of the way for others at once. */
	gt_expect_soon(gt, !gw_served(gt, GT_WINDOW));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, gt_try_read(gt));
	complete(&f->go);
	KUNIT_EXPECT_TRUE(test, gw_over(a));
	gt_relations(gt, 1);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_TRUE(test, gw_served(gt, 0xfa001000));
}

/* The same with a guest that closes the bus: its close ends then. */
static void vpci_guest_close_busy_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gw_access *a = gw_hang(gt);

	gw_begin(gt, NULL, &gt->fns[0]);
	gt_close(gt);
	KUNIT_EXPECT_TRUE(test, gw_over(a));
	KUNIT_EXPECT_FALSE(test, gw_served(gt, GW_CONFIG));
	gt_open(gt);
	gt_begin(gt, 1);
}

#define GW_ROUNDS	200

/* VPs read while devices come and go, and the window moves. */
static void gw_storm_work(struct work_struct *work)
{
	struct gw_access *a = container_of(work, struct gw_access, work);
	u64 value = 0;
	u32 slot;

	for (slot = 0; !completion_done(&a->begun); slot++) {
		value = slot % 3;
		gt_mmio(a->gt, GT_WINDOW, 4, true, &value);
		gt_mmio(a->gt, GW_CONFIG + PCI_STATUS, 2, false, &value);
		a->value |= value && value != U16_MAX;
		value = slot & PCI_COMMAND_MEMORY;
		gt_mmio(a->gt, GW_CONFIG + PCI_COMMAND, 2, true, &value);
		cond_resched();
	}
}

static void gw_storm_end(void *ctx)
{
	struct gw_access *a = ctx;

	complete_all(&a->begun);
	destroy_workqueue(a->wq);
}

static void vpci_guest_storm_test(struct kunit *test)
{
	struct gt *gt = gt_run(test, 1);
	struct gw_access *a[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++) {
		a[i] = gw_new(gt, gw_storm_work);
		KUNIT_ASSERT_EQ(test, kunit_add_action(test, gw_storm_end, a[i]), 0);
		queue_work(a[i]->wq, &a[i]->work);
	}
	for (i = 0; i < GW_ROUNDS; i++) {
		gt_describe(test, &gt->fns[1], 1);
		KUNIT_EXPECT_EQ(test, vpci_guest_add(gt->guest, &gt->fns[1].fn), 0);
		gt_send_window(gt, i & 1 ? GT_WINDOW : 0xfa000000);
		vpci_guest_remove(gt->guest, &gt->fns[1].fn);
		/* Lists of what there is, and the answer at last. */
		do {
			gt_expect_soon(gt, gt_try_read(gt));
		} while (gt->pkt.type != VM_PKT_COMP);
	}
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		kunit_release_action(test, gw_storm_end, a[i]);
		/* All that is read is zero, or nothing. */
		KUNIT_EXPECT_EQ(test, a[i]->value, 0ULL);
	}
	KUNIT_EXPECT_FALSE(test, gt->fns[1].fn.decodes);
	KUNIT_EXPECT_EQ(test, gt->fns[1].on, gt->fns[1].off);
}

static struct kunit_case vpci_guest_window_cases[] = {
	KUNIT_CASE(vpci_guest_access_test),
	KUNIT_CASE(vpci_guest_config_test),
	KUNIT_CASE(vpci_guest_slot_test),
	KUNIT_CASE(vpci_guest_move_test),
	KUNIT_CASE(vpci_guest_taken_test),
	KUNIT_CASE(vpci_guest_overlap_test),
	KUNIT_CASE(vpci_guest_window_overlap_test),
	KUNIT_CASE(vpci_guest_buses_test),
	KUNIT_CASE(vpci_guest_power_test),
	KUNIT_CASE(vpci_guest_remove_busy_test),
	KUNIT_CASE(vpci_guest_move_busy_test),
	KUNIT_CASE(vpci_guest_close_busy_test),
	KUNIT_CASE(vpci_guest_storm_test),
	{}
};

static struct kunit_suite vpci_guest_window_suite = {
	.name = "vpci_guest_window",
	.test_cases = vpci_guest_window_cases,
};

kunit_test_suite(vpci_guest_window_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: the window to configuration space");
MODULE_LICENSE("GPL");
