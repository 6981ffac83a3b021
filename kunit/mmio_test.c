// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of MMIO: which addresses are served and by whom, what accesses of nobody do,
 * and ranges that go while they are in use.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "../drivers/vmbus_relay/vrelay.h"
#include "part_file.h"

#define MT_MMIO		VMBUS_PARTITION_F_MMIO
#define MT_GUEST	VPART_VTL_GUEST
#define MT_VTL2		VPART_VTL_PARAVISOR
#define MT_PATTERN	0x8877665544332211ULL

/**
 * struct mt_dev - a device
 * @m: its addresses
 * @part: partition
 * @accesses: calls
 * @offset: of the last one
 * @size: its size
 * @value: of the last write
 * @child: range that a write adds (1) or removes (0), or NULL
 * @child_err: what adding said
 * @hold: an access waits for @go
 * @entered: an access is under way
 * @go: it may end
 */
struct mt_dev {
	struct vpart_mmio m;
	struct vmbus_partition *part;
	unsigned int accesses;
	u64 offset;
	unsigned int size;
	u64 value;
	struct mt_dev *child;
	int child_err;
	bool hold;
	struct completion entered;
	struct completion go;
};

static void mt_enter(struct mt_dev *d, u64 offset, unsigned int size)
{
	d->accesses++;
	d->offset = offset;
	d->size = size;
	if (d->hold) {
		complete(&d->entered);
		wait_for_completion_timeout(&d->go, 10 * HZ);
	}
}

/* More bits than were asked for. */
static u64 mt_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	mt_enter(container_of(m, struct mt_dev, m), offset, size);
	return MT_PATTERN;
}

static void mt_write(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value)
{
	struct mt_dev *d = container_of(m, struct mt_dev, m);

	mt_enter(d, offset, size);
	d->value = value;
	if (!d->child)
		return;
	if (value)
		d->child_err = vpart_mmio_add(d->part, &d->child->m);
	else
		vpart_mmio_remove(d->part, &d->child->m);
}

static const struct vpart_mmio_ops mt_ops = {
	.read = mt_read,
	.write = mt_write,
};

static struct mt_dev *mt_dev(struct kunit *test, struct vmbus_partition *part, u64 gpa, u64 size,
			     u8 vtl)
{
	struct mt_dev *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->part = part;
	d->m = (struct vpart_mmio) { .gpa = gpa, .size = size, .vtl = vtl, .ops = &mt_ops };
	init_completion(&d->entered);
	init_completion(&d->go);
	return d;
}

static void mt_put(void *part)
{
	vpart_put(part);
}

static struct vmbus_partition *mt_part(struct kunit *test)
{
	struct vmbus_partition *part = vpart_get("kunit-mmio");

	KUNIT_ASSERT_FALSE(test, IS_ERR(part));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, mt_put, part), 0);
	return part;
}

static u64 mt_count(struct vmbus_partition *part, enum vpart_counter counter)
{
	return atomic64_read(&part->counters[counter]);
}

/* ---- ranges ----------------------------------------------------------------------- */

static void mmio_add_test(struct kunit *test)
{
	static const struct {
		u64 gpa, size;
		u8 vtl;
		int err;
	} cases[] = {
		/* Beside 0x1000 to 0x2fff of the guest */
		{ 0x3000, 1, MT_GUEST, 0 },
		{ 0xfff, 1, MT_GUEST, 0 },
		{ 0, 0xfff, MT_GUEST, 0 },
		{ 0x1000, 0x2000, MT_VTL2, 0 },
		{ U64_MAX, 1, MT_GUEST, 0 },
		{ 1ULL << 63, 1ULL << 62, MT_GUEST, 0 },
		{ 0x1000, 0x2000, MT_GUEST, -EEXIST },
		{ 0xfff, 2, MT_GUEST, -EEXIST },
		{ 0x2fff, 1, MT_GUEST, -EEXIST },
		{ 0x2fff, U64_MAX - 0x2ffe, MT_GUEST, -EEXIST },
		{ 0x1800, 1, MT_GUEST, -EEXIST },
		{ 0, U64_MAX, MT_GUEST, -EEXIST },
		{ 0x3000, 0, MT_GUEST, -EINVAL },
		{ 0, 0, MT_GUEST, -EINVAL },
		{ U64_MAX, 2, MT_GUEST, -EINVAL },
		{ 2, U64_MAX, MT_GUEST, -EINVAL },
		{ 1ULL << 63, (1ULL << 63) + 1, MT_GUEST, -EINVAL },
		{ 0x3000, 1, 1, -EINVAL },
		{ 0x3000, 1, 3, -EINVAL },
		{ 0x3000, 1, 255, -EINVAL },
	};
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *base = mt_dev(test, part, 0x1000, 0x2000, MT_GUEST), *d;
	unsigned int i;
	int err;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &base->m), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		d = mt_dev(test, part, cases[i].gpa, cases[i].size, cases[i].vtl);
		err = vpart_mmio_add(part, &d->m);
		KUNIT_EXPECT_EQ_MSG(test, err, cases[i].err, "case %u", i);
		if (!err)
			vpart_mmio_remove(part, &d->m);
	}
	vpart_mmio_remove(part, &base->m);
	KUNIT_EXPECT_EQ(test, part->mmio.guest.n, 0);
	KUNIT_EXPECT_EQ(test, part->mmio.paravisor.n, 0);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&part->mmio.guest.ranges));
}

static void mmio_limit_test(struct kunit *test)
{
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev **devs, **d;
	struct mt_dev *other = mt_dev(test, part, 0, 1, MT_VTL2);
	unsigned int i, bad = 0;
	u64 value;

	devs = kunit_kcalloc(test, VPART_MMIO_MAX + 1, sizeof(*devs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, devs);
	d = devs;
	/* In an order that is neither up nor down. */
	for (i = 0; i <= VPART_MMIO_MAX; i++)
		devs[i] = mt_dev(test, part, (i * 7ULL % (VPART_MMIO_MAX + 1)) << 12, PAGE_SIZE,
				 MT_GUEST);
	for (i = 0; i < VPART_MMIO_MAX; i++, d++)
		KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &(*d)->m), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_add(part, &(*d)->m), -ENOSPC);
	/* The other VTL has room of its own. */
	KUNIT_EXPECT_EQ(test, vpart_mmio_add(part, &other->m), 0);
	vpart_mmio_remove(part, &other->m);

	for (i = 0; i < VPART_MMIO_MAX; i++) {
		value = i;
		if (vpart_mmio_access(part, MT_GUEST, devs[i]->m.gpa + 8, 8, true, &value) ||
		    devs[i]->value != i || devs[i]->accesses != 1)
			bad++;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	vpart_mmio_remove(part, &devs[0]->m);
	KUNIT_EXPECT_EQ(test, vpart_mmio_add(part, &(*d)->m), 0);
	devs[0] = *d;
	for (i = 0; i < VPART_MMIO_MAX; i++)
		vpart_mmio_remove(part, &devs[i]->m);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&part->mmio.guest.ranges));
}

/* ---- accesses --------------------------------------------------------------------- */

static void mmio_access_test(struct kunit *test)
{
	static const struct {
		u64 gpa;
		unsigned int size;
		u64 value;
		u64 offset;
		int err;
	} cases[] = {
		{ 0x1000, 1, 0x11, 0, 0 },
		{ 0x1000, 2, 0x2211, 0, 0 },
		{ 0x1000, 4, 0x44332211, 0, 0 },
		{ 0x1000, 8, MT_PATTERN, 0, 0 },
		{ 0x1fff, 1, 0x11, 0xfff, 0 },
		{ 0x1001, 8, MT_PATTERN, 1, 0 },
		{ 0x1ff8, 8, MT_PATTERN, 0xff8, 0 },
		/* Partly outside is outside. */
		{ 0x1fff, 2, 0xffff, 0, -ENXIO },
		{ 0x1ff9, 8, U64_MAX, 0, -ENXIO },
		{ 0xfff, 2, 0xffff, 0, -ENXIO },
		{ 0xfff, 1, 0xff, 0, -ENXIO },
		{ 0x2000, 4, U32_MAX, 0, -ENXIO },
		{ 0, 4, U32_MAX, 0, -ENXIO },
		{ U64_MAX, 1, 0xff, 0, -ENXIO },
		{ U64_MAX, 8, U64_MAX, 0, -ENXIO },
		{ U64_MAX - 7, 8, U64_MAX, 0, -ENXIO },
		{ 0x1000, 0, 5, 0, -EINVAL },
		{ 0x1000, 3, 5, 0, -EINVAL },
		{ 0x1000, 7, 5, 0, -EINVAL },
		{ 0x1000, 9, 5, 0, -EINVAL },
		{ 0x1000, 16, 5, 0, -EINVAL },
		{ 0x1000, U32_MAX, 5, 0, -EINVAL },
	};
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *d = mt_dev(test, part, 0x1000, 0x1000, MT_GUEST);
	u64 served = 0, unserved = 0, value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &d->m), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 5;
		KUNIT_EXPECT_EQ_MSG(test, vpart_mmio_access(part, MT_GUEST, cases[i].gpa,
							    cases[i].size, false, &value),
				    cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, value, cases[i].value, "case %u", i);
		value = ~MT_PATTERN;
		KUNIT_EXPECT_EQ_MSG(test, vpart_mmio_access(part, MT_GUEST, cases[i].gpa,
							    cases[i].size, true, &value),
				    cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ(test, value, ~MT_PATTERN);
		if (cases[i].err != -EINVAL)
			KUNIT_EXPECT_EQ_MSG(test, vpart_mmio_served(part, MT_GUEST, cases[i].gpa,
								    cases[i].size),
					    !cases[i].err, "case %u", i);
		if (!cases[i].err)
			served += 2;
		else if (cases[i].err == -ENXIO)
			unserved += 2;
		KUNIT_EXPECT_EQ_MSG(test, d->accesses, served, "case %u", i);
		if (cases[i].err)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, d->offset, cases[i].offset, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, d->size, cases[i].size, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, d->value,
				    ~MT_PATTERN & (U64_MAX >> (64 - cases[i].size * 8)),
				    "case %u", i);
	}
	/* Of another VTL, and of none */
	value = 5;
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_VTL2, 0x1000, 4, false, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, value, U32_MAX);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, 1, 0x1000, 4, false, &value), -ENXIO);
	KUNIT_EXPECT_FALSE(test, vpart_mmio_served(part, MT_VTL2, 0x1000, 4));
	KUNIT_EXPECT_FALSE(test, vpart_mmio_served(part, 1, 0x1000, 4));
	KUNIT_EXPECT_EQ(test, mt_count(part, VPART_MMIO_SERVED), served);
	KUNIT_EXPECT_EQ(test, mt_count(part, VPART_MMIO_UNSERVED), unserved + 2);
	vpart_mmio_remove(part, &d->m);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x1000, 4, false, &value), -ENXIO);
}

/* At the very end of the addresses nothing wraps. */
static void mmio_last_test(struct kunit *test)
{
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *d = mt_dev(test, part, U64_MAX - 3, 4, MT_VTL2);
	u64 value = 0;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &d->m), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_VTL2, U64_MAX - 3, 4, false, &value), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_VTL2, U64_MAX, 1, false, &value), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_VTL2, U64_MAX - 3, 8, false, &value),
			-ENXIO);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_VTL2, 0, 1, false, &value), -ENXIO);
	vpart_mmio_remove(part, &d->m);
}

/* A write to one range moves another one: a BAR is switched on and off. */
static void mmio_nested_test(struct kunit *test)
{
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *config = mt_dev(test, part, 0x1000, 0x2000, MT_GUEST);
	u64 on = 1, off = 0, value;

	config->child = mt_dev(test, part, 0x8000, 0x1000, MT_GUEST);
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &config->m), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x1000, 4, true, &on), 0);
	KUNIT_EXPECT_EQ(test, config->child_err, 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x8ffc, 4, false, &value), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x1000, 4, true, &off), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x8ffc, 4, false, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, config->child->accesses, 1);
	vpart_mmio_remove(part, &config->m);
}

/* ---- removal ----------------------------------------------------------------------- */

struct mt_work {
	struct work_struct work;
	struct mt_dev *d;
	u64 gpa;
	u64 value;
	int ret;
	bool done;
};

static void mt_access_work(struct work_struct *work)
{
	struct mt_work *w = container_of(work, struct mt_work, work);

	w->ret = vpart_mmio_access(w->d->part, MT_GUEST, w->gpa, 4, false, &w->value);
	WRITE_ONCE(w->done, true);
}

static void mt_remove_work(struct work_struct *work)
{
	struct mt_work *w = container_of(work, struct mt_work, work);

	vpart_mmio_remove(w->d->part, &w->d->m);
	WRITE_ONCE(w->done, true);
}

static void mmio_remove_busy_test(struct kunit *test)
{
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *d = mt_dev(test, part, 0x1000, 0x1000, MT_GUEST);
	struct mt_dev *other = mt_dev(test, part, 0x5000, 0x1000, MT_GUEST);
	struct mt_work access = { .d = d, .gpa = 0x1000 }, remove = { .d = d };
	unsigned long deadline = jiffies + 10 * HZ;
	u64 value;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &d->m), 0);
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &other->m), 0);
	d->hold = true;
	INIT_WORK_ONSTACK(&access.work, mt_access_work);
	INIT_WORK_ONSTACK(&remove.work, mt_remove_work);
	schedule_work(&access.work);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&d->entered, 10 * HZ), 0);
	schedule_work(&remove.work);

	/* Gone for the next one, and yet in use. */
	while (READ_ONCE(part->mmio.guest.n) != 1 && time_before(jiffies, deadline))
		usleep_range(100, 200);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x1000, 4, false, &value), -ENXIO);
	/* Nobody else waits for it, who is removed or comes in its place. */
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x5000, 4, false, &value), 0);
	vpart_mmio_remove(part, &other->m);
	other->m.gpa = 0x1000;
	KUNIT_EXPECT_EQ(test, vpart_mmio_add(part, &other->m), 0);
	KUNIT_EXPECT_EQ(test, vpart_mmio_access(part, MT_GUEST, 0x1000, 4, false, &value), 0);
	KUNIT_EXPECT_EQ(test, other->accesses, 2);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(remove.done));

	complete(&d->go);
	flush_work(&access.work);
	flush_work(&remove.work);
	destroy_work_on_stack(&access.work);
	destroy_work_on_stack(&remove.work);
	KUNIT_EXPECT_TRUE(test, remove.done);
	KUNIT_EXPECT_EQ(test, access.ret, 0);
	KUNIT_EXPECT_EQ(test, access.value, 0x44332211);
	KUNIT_EXPECT_EQ(test, d->accesses, 1);
	vpart_mmio_remove(part, &other->m);
}

/* ---- this kernel toward the test root -------------------------------------------------- */

static void mt_destroy(void *ctx)
{
	struct vrelay_host *host = ctx;

	host->ops->destroy(host);
}

/* The relay's loopback has the addresses that whoever plays the host serves. */
static void mmio_loopback_test(struct kunit *test)
{
	struct vmbus_partition *part = mt_part(test);
	struct mt_dev *guest = mt_dev(test, part, 0x1000, 0x1000, MT_GUEST);
	struct mt_dev *window = mt_dev(test, part, 0x8000, 0x2000, MT_VTL2);
	struct vrelay_host *host = vrelay_loopback_create();
	u64 value = 0x1234;

	KUNIT_ASSERT_FALSE(test, IS_ERR(host));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, mt_destroy, host), 0);
	KUNIT_ASSERT_EQ(test, host->ops->start(host, part), 0);
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &guest->m), 0);
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(part, &window->m), 0);
	KUNIT_EXPECT_EQ(test, host->ops->mmio(host, 0x9000, 2, true, &value), 0);
	KUNIT_EXPECT_EQ(test, window->offset, 0x1000);
	KUNIT_EXPECT_EQ(test, window->value, 0x1234);
	KUNIT_EXPECT_EQ(test, host->ops->mmio(host, 0x9ffc, 4, false, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0x44332211);
	KUNIT_EXPECT_EQ(test, host->ops->mmio(host, 0x1000, 4, false, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, guest->accesses, 0);
	vpart_mmio_remove(part, &guest->m);
	vpart_mmio_remove(part, &window->m);
	host->ops->stop(host);
}

/* ---- a monitor's call --------------------------------------------------------------- */

static struct vmbus_partition_mmio mt_args(u64 gpa, u32 size, u32 flags, u64 value)
{
	return (struct vmbus_partition_mmio) {
		.gpa = gpa, .size = size, .flags = flags, .value = value,
	};
}

static void mmio_feature_test(struct kunit *test)
{
	struct vmbus_partition_mmio a = mt_args(0x1000, 4, 0, 5);
	struct pf *pf = pf_open(test);
	u64 features = 0;

	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_FEATURES, &features), 0);
	KUNIT_EXPECT_TRUE(test, features & MT_MMIO);
	features &= ~MT_MMIO;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, a.value, 5);
}

static void mmio_call_test(struct kunit *test)
{
	static const struct {
		struct vmbus_partition_mmio arg;
		long err;
		u64 value;
	} cases[] = {
		{ { .gpa = 0x1000, .size = 4, .value = 5 }, 0, 0x44332211 },
		{ { .gpa = 0x1000, .size = 8 }, 0, MT_PATTERN },
		{ { .gpa = 0x1ffe, .size = 2, .value = U64_MAX }, 0, 0x2211 },
		{ { .gpa = 0x1000, .size = 4, .value = 5, .flags = 1 }, 0, 5 },
		{ { .gpa = 0x3000, .size = 1, .value = 5 }, 0, 0xff },
		{ { .gpa = 0x3000, .size = 4, .value = 5 }, 0, U32_MAX },
		{ { .gpa = U64_MAX, .size = 8, .value = 5 }, 0, U64_MAX },
		{ { .gpa = 0x3000, .size = 8, .value = 5, .flags = 1 }, 0, 5 },
		/* An address of the other VTL is no address of the guest. */
		{ { .gpa = 0x4000, .size = 2, .value = 5 }, 0, 0xffff },
		{ { .gpa = 0x1000, .size = 0, .value = 5 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 3, .value = 5 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 16, .value = 5 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = U32_MAX, .value = 5, .flags = 1 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 4, .value = 5, .flags = 2 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 4, .value = 5, .flags = 1U << 31 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 4, .value = 5, .reserved = 1 }, -EINVAL, 5 },
		{ { .gpa = 0x1000, .size = 4, .value = 5, .reserved = 1ULL << 63 }, -EINVAL, 5 },
	};
	struct pf *pf = pf_guest(test, MT_MMIO, 0);
	struct mt_dev *d = mt_dev(test, pf->part, 0x1000, 0x1000, MT_GUEST);
	struct mt_dev *host = mt_dev(test, pf->part, 0x4000, 0x1000, MT_VTL2);
	struct vmbus_partition_mmio a;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(pf->part, &d->m), 0);
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(pf->part, &host->m), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		a = cases[i].arg;
		KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), cases[i].err,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, a.value, cases[i].value, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, d->accesses, 4);
	KUNIT_EXPECT_EQ(test, d->value, 5);
	KUNIT_EXPECT_EQ(test, host->accesses, 0);
	KUNIT_EXPECT_EQ(test, vpart_file_ops.unlocked_ioctl(pf->file, VMBUS_PARTITION_MMIO, 8),
			-EFAULT);
	vpart_mmio_remove(pf->part, &d->m);
	vpart_mmio_remove(pf->part, &host->m);
}

/* A guest that is stopped or was reset still gets an answer. */
static void mmio_stop_test(struct kunit *test)
{
	struct pf *pf = pf_guest(test, MT_MMIO | VMBUS_PARTITION_F_STOP, 0);
	struct mt_dev *d = mt_dev(test, pf->part, 0x1000, 0x1000, MT_GUEST);
	struct vmbus_partition_mmio a = mt_args(0x1000, 4, 0, 0);

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(pf->part, &d->m), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), 0);
	KUNIT_EXPECT_EQ(test, a.value, 0x44332211);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	/* Its owner takes a range away, and not a reset. */
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), 0);
	KUNIT_EXPECT_EQ(test, a.value, 0x44332211);
	vpart_mmio_remove(pf->part, &d->m);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MMIO, &a), 0);
	KUNIT_EXPECT_EQ(test, a.value, U32_MAX);
}

static struct kunit_case mmio_cases[] = {
	KUNIT_CASE(mmio_add_test),
	KUNIT_CASE(mmio_limit_test),
	KUNIT_CASE(mmio_access_test),
	KUNIT_CASE(mmio_last_test),
	KUNIT_CASE(mmio_nested_test),
	KUNIT_CASE(mmio_remove_busy_test),
	KUNIT_CASE(mmio_loopback_test),
	KUNIT_CASE(mmio_feature_test),
	KUNIT_CASE(mmio_call_test),
	KUNIT_CASE(mmio_stop_test),
	{}
};

static struct kunit_suite mmio_suite = {
	.name = "vmbus_mmio",
	.test_cases = mmio_cases,
};

kunit_test_suite(mmio_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: MMIO");
MODULE_LICENSE("GPL");
