/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of endpoints: a device with all that there is, which remembers what it is
 * asked.
 */
#ifndef _ENDPOINT_DEV_TEST_H
#define _ENDPOINT_DEV_TEST_H

#include <linux/sizes.h>

#include "endpoint_test.h"

#define DT_TABLE	0x2000		/* in BAR 2 of the device */
#define DT_PENDING	0x3000
#define DT_VECTORS	8

/**
 * struct dt - a device that remembers what it is asked
 * @reads: times it was read
 * @writes: times it was written
 * @bar: BAR of the last access
 * @off: where
 * @size: bytes
 * @val: what was written, and what is read
 * @resets: times it was reset
 * @destroyed: times it was destroyed
 */
struct dt {
	unsigned int reads;
	unsigned int writes;
	unsigned int bar;
	u64 off;
	u32 size;
	u64 val;
	unsigned int resets;
	unsigned int destroyed;
};

static inline u64 dt_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size)
{
	struct dt *dt = endpoint_priv(ep);

	dt->reads++;
	dt->bar = bar;
	dt->off = off;
	dt->size = size;
	return dt->val;
}

static inline void dt_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val)
{
	struct dt *dt = endpoint_priv(ep);

	dt->writes++;
	dt->bar = bar;
	dt->off = off;
	dt->size = size;
	dt->val = val;
}

static inline void dt_reset(struct endpoint *ep)
{
	struct dt *dt = endpoint_priv(ep);

	dt->resets++;
}

static inline void dt_destroy(struct endpoint *ep)
{
	struct dt *dt = endpoint_priv(ep);

	dt->destroyed++;
}

static const struct endpoint_ops dt_ops = {
	.bar_read = dt_read,
	.bar_write = dt_write,
	.reset = dt_reset,
	.destroy = dt_destroy,
};

static const struct endpoint_desc dt_desc = {
	.vendor = 0x1414,
	.device = 0xabcd,
	.subvendor = 0x1234,
	.subdevice = 0x5678,
	.class = 0x010802,
	.revision = 0x42,
	.config_size = 4096,
	.express = true,
	.bars[0] = { .size = SZ_4K },
	.bars[2] = { .size = SZ_16K, .wide = true, .prefetch = true },
	.bars[5] = { .size = 16 },
	.msix_vectors = DT_VECTORS,
	.msix_bar = 2,
	.msix_table = DT_TABLE,
	.msix_pending = DT_PENDING,
	.msi_vectors = 4,
	.ops = &dt_ops,
};

static inline struct dt *dt_of(struct et *et)
{
	return endpoint_priv(et->ep);
}

static inline struct et *dt_make(struct kunit *test, const struct endpoint_desc *desc)
{
	struct dt *dt = kunit_kzalloc(test, sizeof(*dt), GFP_KERNEL);
	struct et *et = et_new(test);

	KUNIT_ASSERT_NOT_NULL(test, dt);
	et_put(et, endpoint_create(desc, &et_env, et, dt));
	return et;
}

static inline struct et *dt_new(struct kunit *test)
{
	return dt_make(test, &dt_desc);
}

#endif /* _ENDPOINT_DEV_TEST_H */
