// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a server's files in debugfs: what they say of a guest that is there, and of
 * one that is not.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include "fake_guest.h"

#define DT_GPADL	0x10

typedef int (*dt_show_fn)(struct seq_file *m, void *v);

/* What a file says, until it is read again. */
static const char *dt_show(struct fg *fg, dt_show_fn show)
{
	struct seq_file m = { .size = PAGE_SIZE, .private = fg->srv };

	m.buf = kunit_kzalloc(fg->test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(fg->test, m.buf);
	KUNIT_EXPECT_EQ(fg->test, show(&m, NULL), 0);
	KUNIT_ASSERT_LT(fg->test, m.count, m.size);
	return m.buf;
}

static void dt_expect(struct fg *fg, const char *text, const char *part, bool there)
{
	KUNIT_EXPECT_EQ_MSG(fg->test, !!strstr(text, part), there, "\"%s\" in: %s", part, text);
}

static void debugfs_connection_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev;
	const char *text;

	text = dt_show(fg, vsrv_connection_show);
	dt_expect(fg, text, "state disconnected\nversion 0.0\nfeatures 0x0\n", true);
	dt_expect(fg, text, "offers_sent 0\nafter_disconnect nothing\ninterrupt_page 0\n"
		  "monitor_page 0x0\nmonitored_channels 0\nmonitor_page_of_host 0x0\n", true);
	dt_expect(fg, text, "\nchannels 0\ngpadls 0\ngpadl_words 0\ngpadl_pages 0\n", true);

	dev = fg_dev_first(fg);
	fg_gpadl(fg, vsrv_chan_id(dev->chan), DT_GPADL, 4);
	fg_expect_created(fg, vsrv_chan_id(dev->chan), DT_GPADL, 0);
	text = dt_show(fg, vsrv_connection_show);
	dt_expect(fg, text, "state connected\nversion 5.3\n", true);
	dt_expect(fg, text, "\npaused 0\noffers_sent 1\n", true);
	dt_expect(fg, text, "messages_in_waiting 0\nmessages_out_waiting 0\ncallbacks_waiting 0\n"
		  "requests_waiting 0\nchannels 1\ngpadls 1\ngpadl_words 5\ngpadl_pages 4\n"
		  "gpadls_in_progress 0\n", true);
}

/* What only an open channel has is said of no other. */
static void debugfs_channels_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev;
	const char *text;

	KUNIT_EXPECT_STREQ(test, dt_show(fg, vsrv_channels_show), "");
	dev = fg_dev_first(fg);
	text = dt_show(fg, vsrv_channels_show);
	dt_expect(fg, text, "1 fa4e0000-6e57-4a5f-9c5d-000000000000 ", true);
	dt_expect(fg, text, " 1257a9ce-6e57-4a5f-9c5d-000000000001.0 offered\n", true);
	dt_expect(fg, text, "  owner 1 stopped 0 open 0 listening 0 ", true);
	dt_expect(fg, text, "open_id", false);
	dt_expect(fg, text, "reserved", false);

	fg_dev_opened(fg, dev);
	text = dt_show(fg, vsrv_channels_show);
	dt_expect(fg, text, "-000000000001.0 open\n", true);
	dt_expect(fg, text, "  owner 1 stopped 0 open 1 listening 1 ", true);
	dt_expect(fg, text, "  open_id 0xb001 ring_gpadl 0x6a0000 downstream_page 2 ", true);
	dt_expect(fg, text, " target_vp 0 connection_id 0x2001 event_flag 1\n", true);
	dt_expect(fg, text, " size ", false);		/* its owner has no rings */
}

static void debugfs_gpadls_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	u32 id = vsrv_chan_id(dev->chan);

	KUNIT_EXPECT_STREQ(test, dt_show(fg, vsrv_gpadls_show), "");
	fg_gpadl(fg, id, DT_GPADL, 4);
	fg_expect_created(fg, id, DT_GPADL, 0);
	dt_expect(fg, dt_show(fg, vsrv_gpadls_show), "0x10 channel 1 ", true);
	dt_expect(fg, dt_show(fg, vsrv_gpadls_show), " ranges 1 words 5 of 5 users 0\n", true);
	fg_teardown(fg, id, DT_GPADL);
	fg_expect_torndown(fg, DT_GPADL);
	KUNIT_EXPECT_STREQ(test, dt_show(fg, vsrv_gpadls_show), "");
}

static struct kunit_case debugfs_cases[] = {
	KUNIT_CASE(debugfs_connection_test),
	KUNIT_CASE(debugfs_channels_test),
	KUNIT_CASE(debugfs_gpadls_test),
	{}
};

static struct kunit_suite debugfs_suite = {
	.name = "vmbus_srv_debugfs",
	.test_cases = debugfs_cases,
};

kunit_test_suite(debugfs_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_srv: debugfs");
MODULE_LICENSE("GPL");
