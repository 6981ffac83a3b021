// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a vmbus_srv server may be told in configfs: what is good is taken
 * whole and read back, what is not changes nothing.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define CT_32	"12345678901234567890123456789012"

/* One step: what is written to which file, and what the file says then */
static const struct ct_step {
	const char *file, *text;
	int err;
	const char *shown;
} ct_steps[] = {
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

static const struct configfs_attribute *ct_file(const char *name)
{
	struct configfs_attribute **attr;

	for (attr = vsrv_config_attrs; *attr; attr++)
		if (!strcmp((*attr)->ca_name, name))
			return *attr;
	return NULL;
}

static void config_files_test(struct kunit *test)
{
	char *page = (char *)kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	const struct configfs_attribute *file;
	struct vmbus_srv *srv;
	unsigned int i;
	ssize_t want;

	KUNIT_ASSERT_NOT_NULL(test, page);
	fg_new(test);
	srv = vsrv_create("kunit-config");
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	for (i = 0; i < ARRAY_SIZE(ct_steps); i++) {
		const struct ct_step *s = &ct_steps[i];

		file = ct_file(s->file);
		KUNIT_EXPECT_NOT_NULL_MSG(test, file, "%s", s->file);
		if (!file)
			continue;
		strscpy(page, s->text, PAGE_SIZE);
		want = s->err ?: (ssize_t)strlen(s->text);
		KUNIT_EXPECT_EQ_MSG(test, file->store(&srv->group.cg_item, page, strlen(page)),
				    want, "\"%s\" to %s", s->text, s->file);
		want = strlen(s->shown);
		KUNIT_EXPECT_EQ_MSG(test, file->show(&srv->group.cg_item, page), want,
				    "%s after \"%s\"", s->file, s->text);
		KUNIT_EXPECT_STREQ_MSG(test, page, s->shown, "%s after \"%s\"", s->file,
				       s->text);
	}
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
