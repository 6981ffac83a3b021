// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of MSIs, by the calls of a monitor.  Nothing is raised: there are no eventfds.
 */
#include <linux/module.h>
#include "part_file.h"

#define MC_ADDRESS	0xfee00000ULL
#define MC_ACTIVE	VMBUS_PARTITION_MSI_ACTIVE
#define MC_FEATURES	(VMBUS_PARTITION_F_MSI | VMBUS_PARTITION_F_EVENTS)

static void msi_call_feature_test(struct kunit *test)
{
	static const unsigned int cmds[] = {
		VMBUS_PARTITION_SET_MSIS, VMBUS_PARTITION_NEXT_MSI, VMBUS_PARTITION_MSI_ROUTED,
		VMBUS_PARTITION_RETARGET,
	};
	struct vmbus_partition_retarget arg = { };	/* the longest */
	struct pf *pf = pf_open(test);
	u64 features = VMBUS_PARTITION_F_MSI;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		KUNIT_EXPECT_EQ(test, pf_ioctl(pf, cmds[i], &arg), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), -EINVAL);
	features = VMBUS_PARTITION_F_EVENTS;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		KUNIT_EXPECT_EQ(test, pf_ioctl(pf, cmds[i], &arg), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_FEATURES, &features), 0);
	KUNIT_EXPECT_EQ(test, features & MC_FEATURES, MC_FEATURES);
}

static void msi_call_set_test(struct kunit *test)
{
	static const struct {
		u32 count;
		u32 flags;
		long err;
	} cases[] = {
		{ 0, 0, -EINVAL },
		{ VMBUS_PARTITION_MAX_MSIS + 1, 0, -EINVAL },
		{ U32_MAX, 0, -EINVAL },
		{ 1, 1, -EINVAL },
		{ 1, 1U << 31, -EINVAL },
		/* The file descriptors are none. */
		{ 1, 0, -EBADF },
		{ 1024, 0, -EBADF },
	};
	struct pf *pf = pf_guest(test, MC_FEATURES, 0);
	struct vmbus_partition_msis m;
	struct vmbus_partition_msi route = { };
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(s32); i++)
		KUNIT_ASSERT_EQ(test, put_user(-1, (s32 __user *)(pf->arg + PAGE_SIZE) + i), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m = (struct vmbus_partition_msis) {
			.count = cases[i].count, .flags = cases[i].flags,
			.fds = pf->arg + PAGE_SIZE,
		};
		KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_SET_MSIS, &m),
				    cases[i].err, "case %u", i);
	}
	m = (struct vmbus_partition_msis) { .count = 1, .fds = 8 };
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_MSIS, &m), -EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_file_ops.unlocked_ioctl(pf->file, VMBUS_PARTITION_SET_MSIS, 8),
			-EFAULT);
	/* Without a pool */
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(pf->part->msis));
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), -ENOENT);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &route), -EINVAL);
}

static bool msi_is_routed(struct pf *pf, u32 msi)
{
	bool routed;

	rcu_read_lock();
	routed = rcu_dereference(pf->part->msis)->msis[msi].routed;
	rcu_read_unlock();
	return routed;
}

static void msi_call_route_test(struct kunit *test)
{
	static void *const no_cookies[8];
	static const u32 vp;
	struct pf *pf = pf_guest(test, MC_FEATURES, 0);
	struct vpart_msi_request req = { .vector = 0x41, .count = 1, .nvps = 1, .vps = &vp };
	struct vmbus_partition_msi route = { }, bad;
	struct vmbus_partition_event event = { };
	u64 address;
	u32 data;

	KUNIT_ASSERT_EQ(test, vpart_set_msis(pf->part, no_cookies, 8), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pf->part, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), -ENOENT);
	KUNIT_ASSERT_EQ(test, vpart_msi_create(pf->part, &req, &address, &data), 0);
	KUNIT_EXPECT_TRUE(test, vpart_events_take(pf->part, &event));
	KUNIT_EXPECT_EQ(test, event.type, VMBUS_PARTITION_EVENT_MSI);
	KUNIT_EXPECT_EQ(test, event.count, 1);
	KUNIT_EXPECT_EQ(test, event.data, 0);

	/* A structure that cannot be written: the route is fetched another time. */
	KUNIT_EXPECT_EQ(test, vpart_file_ops.unlocked_ioctl(pf->file, VMBUS_PARTITION_NEXT_MSI, 8),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), 0);
	KUNIT_EXPECT_EQ(test, route.msi, data % VMBUS_PARTITION_MAX_MSIS);
	KUNIT_EXPECT_EQ(test, route.flags, MC_ACTIVE);
	KUNIT_EXPECT_EQ(test, route.vector, 0x41);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &bad), -ENOENT);

	bad = route;
	bad.flags = 2;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &bad), -EINVAL);
	bad = route;
	bad.reserved = 1;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &bad), -EINVAL);
	bad = route;
	bad.msi = 8;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &bad), -EINVAL);
	KUNIT_EXPECT_FALSE(test, msi_is_routed(pf, route.msi));
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &route), 0);
	KUNIT_EXPECT_TRUE(test, msi_is_routed(pf, route.msi));
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), 0);
	KUNIT_EXPECT_EQ(test, route.flags, 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_MSI_ROUTED, &route), 0);
}

static void msi_call_retarget_test(struct kunit *test)
{
	static void *const no_cookies[8];
	static const u32 vp;
	static const struct {
		u64 address;
		u32 data, vector, flags;
		u64 low, high;
		long err;
		u32 status, goes_to;
	} cases[] = {
		{ MC_ADDRESS, 0, 0x50, 0, 1, 0, 0, 0, 0 },
		{ MC_ADDRESS, 0, 0x50, 0, ~1ULL, U64_MAX, 0, 0, 5 },
		{ MC_ADDRESS, 0, 0x50, 0, 0, 1ULL << 63, 0, 0, 1023 },
		{ MC_ADDRESS, 0, 0x50, 0, 0, 0, 0, 0x0e, 0 },
		{ MC_ADDRESS, 0, 0x50, 0, 2, 1, 0, 0x0e, 0 },
		{ MC_ADDRESS, 0, 15, 0, 1, 0, 0, 5, 0 },
		{ MC_ADDRESS, 0, U32_MAX, 0, 1, 0, 0, 5, 0 },
		{ MC_ADDRESS, 1, 0x50, 0, 1, 0, 0, 5, 0 },
		{ MC_ADDRESS, U32_MAX, 0x50, 0, 1, 0, 0, 5, 0 },
		{ 0, 0, 0x50, 0, 1, 0, 0, 5, 0 },
		{ U64_MAX, 0, 0x50, 0, 1, 0, 0, 5, 0 },
		{ MC_ADDRESS, 0, 0x50, 1, 1, 0, -EINVAL, 0x77, 0 },
		{ MC_ADDRESS, 0, 0x50, 1U << 31, 1, 0, -EINVAL, 0x77, 0 },
	};
	struct pf *pf = pf_guest(test, MC_FEATURES, 0);
	struct vpart_msi_request req = { .vector = 0x41, .count = 1, .nvps = 1, .vps = &vp };
	struct vmbus_partition_retarget r;
	struct vmbus_partition_msi route = { };
	unsigned int i;
	u64 address;
	u32 data;

	KUNIT_ASSERT_EQ(test, vpart_set_msis(pf->part, no_cookies, 8), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pf->part, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pf->part, 5, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pf->part, 1023, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_msi_create(pf->part, &req, &address, &data), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		r = (struct vmbus_partition_retarget) {
			.address = cases[i].address, .data = data + cases[i].data,
			.vector = cases[i].vector, .flags = cases[i].flags, .status = 0x77,
			.vps = { cases[i].low, [15] = cases[i].high },
		};
		KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_RETARGET, &r),
				    cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, r.status, cases[i].status, "case %u", i);
		if (cases[i].err || cases[i].status) {
			KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route),
					    -ENOENT, "case %u", i);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_NEXT_MSI, &route), 0,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, route.vp, cases[i].goes_to, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, route.vector, cases[i].vector, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, vpart_file_ops.unlocked_ioctl(pf->file, VMBUS_PARTITION_RETARGET, 8),
			-EFAULT);
}

static struct kunit_case msi_call_cases[] = {
	KUNIT_CASE(msi_call_feature_test),
	KUNIT_CASE(msi_call_set_test),
	KUNIT_CASE(msi_call_route_test),
	KUNIT_CASE(msi_call_retarget_test),
	{}
};

static struct kunit_suite msi_call_suite = {
	.name = "vmbus_msi_call",
	.test_cases = msi_call_cases,
};

kunit_test_suite(msi_call_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: a monitor's calls for MSIs");
MODULE_LICENSE("GPL");
