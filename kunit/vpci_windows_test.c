// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: where windows may be.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_relay.h"

#define WT_BASE		0xfe00000000ULL
#define WT_MAX		1024

/**
 * struct wt_case - what is written
 * @text: that
 * @shown: as it is read then; NULL if it is refused
 */
struct wt_case {
	const char *text;
	const char *shown;
};

static const struct wt_case wt_cases[] = {
	{ "none", "none\n" },
	{ "none\n", "none\n" },
	{ " 0xfe00000000-0xfe00002000 ", "0xfe00000000-0xfe00002000\n" },
	{ "1086626725888-1086626734080", "0xfd00000000-0xfd00002000\n" },
	{ "0xfe00000000-0xfe00800000", "0xfe00000000-0xfe00800000\n" },
	{ "0xfffffffffe000-0x10000000000000", "0xfffffffffe000-0x10000000000000\n" },
	{ "0xfe00000000-0xfe00802000" },		/* more than there may be */
	{ "0xfffffffffe000-0x10000000002000" },		/* beyond what there is */
	{ "0xfe00000000-0xfe00000000" },
	{ "0xfe00002000-0xfe00000000" },
	{ "0xfe00000000-0xfe00001000" },		/* half a window */
	{ "0xfe00000800-0xfe00002800" },		/* not from a page on */
	{ "0-0x2000" },
	{ "0xfe00000000" },
	{ "0xfe00000000-" },
	{ "-0xfe00000000" },
	{ "0xfe00000000-0xfe00002000-0xfe00004000" },
	{ "0xfe00000000 0xfe00002000" },
	{ "0x10000000000000000-0x10000000000002000" },
	{ "none of them" },
	{ "nothing" },
	{ "" },
	{ "0x000000000000000000000000000000000000000000000000001000-0x3000" },
};

static void wt_describe(const struct wt_case *c, char *desc)
{
	strscpy(desc, c->text, KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '\n', '.');
}

KUNIT_ARRAY_PARAM(wt_cases, wt_cases, wt_describe);

static char *wt_page(struct kunit *test)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static void wt_shows(struct kunit *test, const char *text)
{
	char *page = wt_page(test);

	KUNIT_EXPECT_EQ(test, vpci_windows_show(page), strlen(text));
	KUNIT_EXPECT_STREQ(test, page, text);
	free_page((unsigned long)page);
}

/* What is refused changes nothing. */
static void windows_text_test(struct kunit *test)
{
	const struct wt_case *c = test->param_value;

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0xfc00000000-0xfc00002000"), 0);
	if (c->shown) {
		KUNIT_EXPECT_EQ(test, vpci_windows_set(c->text), 0);
		wt_shows(test, c->shown);
	} else {
		KUNIT_EXPECT_EQ(test, vpci_windows_set(c->text), -EINVAL);
		wt_shows(test, "0xfc00000000-0xfc00002000\n");
	}
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
}

static void windows_none_test(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vpci_windows_set("none"), 0);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), 0);
	vpci_window_put(0);
}

/* The lowest that is free, and none twice */
static void windows_get_test(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00800000"), 0);
	for (i = 0; i < WT_MAX; i++)
		KUNIT_ASSERT_EQ(test, vpci_window_get(), WT_BASE + i * VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), 0);
	vpci_window_put(WT_BASE + 7 * VPCI_WINDOW_SIZE);
	vpci_window_put(WT_BASE + 3 * VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), WT_BASE + 3 * VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), WT_BASE + 7 * VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), 0);
	for (i = 0; i < WT_MAX; i++)
		vpci_window_put(WT_BASE + i * VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
}

/* While one is in use they stay where they are. */
static void windows_busy_test(struct kunit *test)
{
	u64 window;

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00004000"), 0);
	window = vpci_window_get();
	KUNIT_EXPECT_EQ(test, window, WT_BASE);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfd00000000-0xfd00004000"), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), -EBUSY);
	wt_shows(test, "0xfe00000000-0xfe00004000\n");
	/* More of them, and fewer, but not without that. */
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00008000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), WT_BASE + VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00002000"), -EBUSY);
	vpci_window_put(WT_BASE + VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00002000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_window_get(), 0);
	vpci_window_put(window);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
	wt_shows(test, "none\n");
}

static void wt_refused(struct kunit *test, u64 start)
{
	char text[64];

	snprintf(text, sizeof(text), "%#llx-%#llx", start, start + VPCI_WINDOW_SIZE);
	KUNIT_EXPECT_EQ_MSG(test, vpci_windows_set(text), -EBUSY, "%s", text);
	wt_shows(test, "0xfc00000000-0xfc00002000\n");
}

/* Where this kernel has its own memory the host serves nothing. */
static void windows_memory_test(struct kunit *test)
{
	char *page = wt_page(test);
	u64 addr = virt_to_phys(page);

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0xfc00000000-0xfc00002000"), 0);
	wt_refused(test, addr);
	/* Its last page is enough. */
	wt_refused(test, addr - SZ_4K);
	free_page((unsigned long)page);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
}

/* Nor where a driver has its device. */
static void windows_device_test(struct kunit *test)
{
	const u64 addr = WT_BASE + SZ_4K;

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0xfc00000000-0xfc00002000"), 0);
	KUNIT_ASSERT_NOT_NULL(test, request_mem_region(addr, SZ_4K, "vpci_windows_test"));
	wt_refused(test, WT_BASE);
	wt_refused(test, addr);
	/* Beside it, on both sides */
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfe00002000-0xfe00004000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfdffffe000-0xfe00000000"), 0);
	release_mem_region(addr, SZ_4K);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0xfe00000000-0xfe00002000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
}

static struct kunit_case vpci_windows_cases[] = {
	KUNIT_CASE_PARAM(windows_text_test, wt_cases_gen_params),
	KUNIT_CASE(windows_none_test),
	KUNIT_CASE(windows_get_test),
	KUNIT_CASE(windows_busy_test),
	KUNIT_CASE(windows_memory_test),
	KUNIT_CASE(windows_device_test),
	{}
};

static struct kunit_suite vpci_windows_suite = {
	.name = "vpci_windows",
	.test_cases = vpci_windows_cases,
};

kunit_test_suite(vpci_windows_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: windows");
MODULE_LICENSE("GPL");
