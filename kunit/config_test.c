// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a vmbus_srv server may be told in configfs: what is good is taken
 * whole and read back, what is not changes nothing.
 */
#include <linux/module.h>
#include "config_file.h"
#include "fake_guest.h"

#define CT_32	"12345678901234567890123456789012"

static const struct cf_step ct_steps[] = {
	{ "redirect", "1", 0, "1\n" },
	{ "redirect", "x", -EINVAL, "1\n" },
	{ "redirect", "0\n", 0, "0\n" },
	{ "max_version", "0.13", 0, "0.13\n" },
	{ "max_version", "0.12", -EINVAL, "0.13\n" },
	{ "max_version", "65537.0", -EINVAL, "0.13\n" },
	{ "max_version", "6", -EINVAL, "0.13\n" },
	{ "max_version", "6.0x", -EINVAL, "0.13\n" },
	{ "max_version", "6.0\n", 0, "6.0\n" },
	{ "feature_mask", "0", 0, "0x0\n" },
	{ "feature_mask", "0x100", -EINVAL, "0x0\n" },
	{ "feature_mask", "", -EINVAL, "0x0\n" },
	{ "feature_mask", "255\n", 0, "0xff\n" },
	{ "monitor_latency_us", "10", 0, "10\n" },
	{ "monitor_latency_us", "9", -EINVAL, "10\n" },
	{ "monitor_latency_us", "6554", -EINVAL, "10\n" },
	{ "monitor_latency_us", "6553\n", 0, "6553\n" },
	{ "monitor_latency_us", "0", 0, "0\n" },
	{ "monitor_page", "0x12345000", 0, "0x12345000\n" },
	{ "monitor_page", "0x12345008", -EINVAL, "0x12345000\n" },
	{ "monitor_page", "page", -EINVAL, "0x12345000\n" },
	{ "monitor_page", "0\n", 0, "0x0\n" },
	{ "max_gpadls", "8193", -EINVAL, "8192\n" },
	{ "max_gpadls", "0", 0, "0\n" },
	{ "max_gpadls", "-1", -EINVAL, "0\n" },
	{ "max_gpadls", "8192\n", 0, "8192\n" },
	{ "max_gpadl_pages", "2097153", -EINVAL, "2097152\n" },
	{ "max_gpadl_pages", "0", 0, "0\n" },
	{ "max_gpadl_pages", "2097152\n", 0, "2097152\n" },
	{ "partition", "", -EINVAL, "\n" },
	{ "partition", "\n", -EINVAL, "\n" },
	{ "partition", CT_32, -EINVAL, "\n" },
	{ "partition", "a/b", -EINVAL, "\n" },
	/* The guest has a server of this kind. */
	{ "partition", FG_NAME, -EBUSY, "\n" },
	{ "redirect", "1", 0, "1\n" },
	{ "partition", FG_NAME "\n", 0, FG_NAME "\n" },
	{ "partition", FG_NAME, -EBUSY, FG_NAME "\n" },
	{ "redirect", "0", -EBUSY, "1\n" },
	/* These may change while the server runs. */
	{ "max_gpadls", "7", 0, "7\n" },
	{ "max_version", "5.3", 0, "5.3\n" },
};

static void config_files_test(struct kunit *test)
{
	struct vmbus_srv *srv;

	fg_new(test);
	srv = vsrv_create("kunit-config");
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	cf_run(test, &srv->group.cg_item, vsrv_config_attrs, ct_steps, ARRAY_SIZE(ct_steps));
	vsrv_destroy(srv);
}

/* What a server has in sysfs is given back. */
static void config_sysfs_test(struct kunit *test)
{
	struct vmbus_srv *srv = vsrv_create("kunit-config");
	struct kobject *channels;
	struct device *dev;

	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	channels = kobject_get(srv->channels_kobj);
	dev = get_device(srv->dev);
	vsrv_destroy(srv);
	KUNIT_EXPECT_EQ(test, kref_read(&channels->kref), 1U);
	kobject_put(channels);
	/* It was the parent of the other. */
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), 1U);
	put_device(dev);
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(config_files_test),
	KUNIT_CASE(config_sysfs_test),
	{}
};

static struct kunit_suite config_suite = {
	.name = "vmbus_config",
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: what configfs and sysfs have of it");
MODULE_LICENSE("GPL");
