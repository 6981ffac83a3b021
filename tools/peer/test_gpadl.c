// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: from one page to as many as a header can say, and every way to get one
 * wrong.
 */
#include <string.h>
#include "selftest.h"

#define MAX_WORDS	(0xffff / sizeof(u64))
#define RANGE(bytes, offset)	((bytes) | (u64)(offset) << 32)

static u64 words[MAX_WORDS];

static void fill(u32 n)
{
	u32 i;

	words[0] = (u64)n * PAGE;
	for (i = 1; i <= n; i++)
		words[i] = ram_pfn(i % RAM_PAGES);
}

/* The answer to a GPADL: its status, or -1 if there is another or none. */
static long created(struct guest *g, u32 channel, u32 gpadl)
{
	union message a;

	if (guest_receive(g, &a) != sizeof(a.created) || a.hdr.type != VMBUS_MSG_GPADL_CREATED ||
	    a.created.channel_id != channel || a.created.gpadl_id != gpadl)
		return -1;
	return a.created.status;
}

static long create(struct guest *g, u32 channel, u32 gpadl, u32 nwords, u16 ranges)
{
	return guest_gpadl_post(g, channel, gpadl, words, nwords, ranges) ?
	       created(g, channel, gpadl) : -1;
}

/* A header that promises @nwords and brings @have. */
static void post_header(struct guest *g, u32 channel, u32 gpadl, u32 nwords, u16 ranges, u32 have)
{
	union message msg = { };

	msg.header.hdr.type = VMBUS_MSG_GPADL_HEADER;
	msg.header.channel_id = channel;
	msg.header.gpadl_id = gpadl;
	msg.header.range_bytes = nwords * sizeof(u64);
	msg.header.range_count = ranges;
	memcpy(msg.bytes + sizeof(msg.header), words, have * sizeof(u64));
	guest_post(g, &msg, sizeof(msg.header) + have * sizeof(u64));
}

static void post_body(struct guest *g, u32 gpadl, const u64 *from, u32 n)
{
	union message msg = { };

	msg.body.hdr.type = VMBUS_MSG_GPADL_BODY;
	msg.body.gpadl_id = gpadl;
	memcpy(msg.bytes + sizeof(msg.body), from, n * sizeof(u64));
	guest_post(g, &msg, sizeof(msg.body) + n * sizeof(u64));
}

static void test_sizes(struct guest *g, u32 id)
{
	/* Around what header and bodies have room for. */
	static const u32 pages[] = {
		1, 2, 25, 26, 27, 53, 54, 55, 81, 82, 83, 512, 4096, MAX_WORDS - 1
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		fill(pages[i]);
		ok(!create(g, id, 1, pages[i] + 1, 1) && guest_teardown(g, id, 1),
		   "%u pages", pages[i]);
	}
}

static void test_forms(struct guest *g, u32 id)
{
	static const struct {
		const char *what;
		u64 word;
		u32 nwords;
		u16 ranges;
		bool good;
	} forms[] = {
		{ "no words and no range", 0, 0, 0, true },
		{ "no words and a range", 0, 0, 1, false },
		{ "words without range", RANGE(PAGE, 0), 2, 0, true },
		{ "one byte", RANGE(1, 0), 2, 1, true },
		{ "the last byte of a page", RANGE(1, PAGE - 1), 2, 1, true },
		{ "a range without bytes", RANGE(0, 0), 2, 1, false },
		{ "an offset of a page", RANGE(1, PAGE), 2, 1, false },
		{ "a page and one byte in one page", RANGE(PAGE + 1, 0), 2, 1, false },
		{ "the same in two", RANGE(PAGE + 1, 0), 3, 1, true },
		{ "two bytes across two pages", RANGE(2, PAGE - 1), 3, 1, true },
		{ "the same in one", RANGE(2, PAGE - 1), 2, 1, false },
		{ "a length that overflows", RANGE(0xffffffff, PAGE - 1), 3, 1, false },
		{ "words behind the last range", RANGE(PAGE, 0), 10, 1, true },
		{ "ranges that are not there", RANGE(PAGE, 0), 2, 2, false },
		{ "very many such", RANGE(PAGE, 0), 2, 0xffff, false },
	};
	unsigned int i;
	long want;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		fill(20);
		words[0] = forms[i].word;
		want = forms[i].good ? 0 : VMBUS_STATUS_FAILURE;
		ok(create(g, id, 1, forms[i].nwords, forms[i].ranges) == want &&
		   (want || guest_teardown(g, id, 1)), "%s: %s", forms[i].what,
		   want ? "refused" : "accepted");
	}
	/* Several ranges, the last of them in a body. */
	memset(words, 0, sizeof(words));
	for (i = 0; i < 20; i++) {
		words[2 * i] = RANGE(PAGE, 0);
		words[2 * i + 1] = ram_pfn(i);
	}
	ok(!create(g, id, 1, 40, 20) && guest_teardown(g, id, 1), "20 ranges: accepted");
	words[38] = 0;
	ok(create(g, id, 1, 40, 20) == VMBUS_STATUS_FAILURE, "20 ranges, the last empty: refused");
}

static void test_ids(struct guest *g, u32 id)
{
	struct vmbus_gpadl_teardown_msg td = {
		.hdr.type = VMBUS_MSG_GPADL_TEARDOWN,
		.channel_id = id,
		.gpadl_id = 7,
	};

	fill(1);
	ok(create(g, id + 1000, 7, 2, 1) == VMBUS_STATUS_FAILURE, "a channel that is not offered");
	guest_post(g, &td, sizeof(td));
	ok(guest_quiet(g), "a teardown of what is not there is dropped");
	ok(!create(g, id, 7, 2, 1), "GPADL 7");
	ok(create(g, id, 7, 2, 1) == VMBUS_STATUS_FAILURE, "a second of the same id");
	td.channel_id = id + 1000;
	guest_post(g, &td, sizeof(td));
	ok(guest_quiet(g), "its teardown for another channel is dropped");
	ok(guest_teardown(g, id, 7), "its teardown");
	ok(!create(g, id, 7, 2, 1) && guest_teardown(g, id, 7), "the id can be used again");
	td.channel_id = id;
	guest_post(g, &td, sizeof(td));
	ok(guest_quiet(g), "a second teardown is dropped");
	ok(!create(g, id, 0, 2, 1) && !create(g, id, 0xffffffff, 2, 1) &&
	   guest_teardown(g, id, 0) && guest_teardown(g, id, 0xffffffff), "the ids at both ends");
}

/* GPADLs that come in pieces. */
static void test_progress(struct guest *g, u32 id)
{
	struct vmbus_channel_msg rel = { .hdr.type = VMBUS_MSG_RELID_RELEASED, .channel_id = id };
	struct vmbus_gpadl_teardown_msg td = {
		.hdr.type = VMBUS_MSG_GPADL_TEARDOWN,
		.channel_id = id,
		.gpadl_id = 5,
	};
	union message msg = { };

	fill(60);
	post_body(g, 5, words, 10);
	ok(guest_quiet(g), "a body without header is dropped");
	post_header(g, id, 5, 61, 1, 20);
	post_header(g, id, 6, 61, 1, 0);
	ok(guest_quiet(g), "a header with part of the words is not answered");
	guest_post(g, &td, sizeof(td));
	ok(guest_quiet(g), "nor can it be torn down");
	post_header(g, id, 5, 61, 1, 20);
	ok(created(g, id, 5) == VMBUS_STATUS_FAILURE, "another header of that id is refused");
	post_body(g, 5, words + 20, 20);
	post_body(g, 6, words, 25);
	post_body(g, 5, words + 40, 20);
	post_body(g, 6, words + 25, 25);
	ok(guest_quiet(g), "two at a time, in pieces");
	post_body(g, 5, words + 60, 1);
	ok(!created(g, id, 5), "the first is complete");
	/* More words than are missing. */
	post_body(g, 6, words + 50, 28);
	ok(!created(g, id, 6), "the second, too");
	post_body(g, 6, words, 28);
	ok(guest_quiet(g), "a body for what is complete is dropped");
	ok(guest_teardown(g, id, 5) && guest_teardown(g, id, 6), "both are torn down");

	words[0] = RANGE(PAGE, PAGE);
	post_header(g, id, 5, 61, 1, 27);
	post_body(g, 5, words + 27, 28);
	post_body(g, 5, words + 55, 6);
	ok(created(g, id, 5) == VMBUS_STATUS_FAILURE, "a malformed one is refused at its end");
	post_body(g, 5, words, 28);
	ok(guest_quiet(g), "and forgotten");

	post_header(g, id, 5, 60, 31, 0);
	ok(created(g, id, 5) == VMBUS_STATUS_FAILURE, "31 ranges of 60 words are refused at once");

	/* A length that is no multiple of 8 is rounded down. */
	fill(1);
	msg.header = (struct vmbus_gpadl_header_msg) {
		.hdr.type = VMBUS_MSG_GPADL_HEADER,
		.channel_id = id,
		.gpadl_id = 5,
		.range_bytes = 23,
		.range_count = 1,
	};
	memcpy(msg.bytes + sizeof(msg.header), words, 16);
	guest_post(g, &msg, sizeof(msg.header) + 16);
	ok(!created(g, id, 5) && guest_teardown(g, id, 5), "23 bytes are two words");

	fill(60);
	post_header(g, id, 5, 61, 1, 20);
	guest_post(g, &rel, sizeof(rel));
	post_body(g, 5, words + 20, 28);
	post_body(g, 5, words + 48, 28);
	ok(guest_quiet(g), "a channel that is released takes with it what is in progress");
}

/**
 * test_gpadl - GPADLs
 */
void test_gpadl(void)
{
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		test_sizes(&b.g, b.echo.channel_id);
		test_forms(&b.g, b.echo.channel_id);
		test_ids(&b.g, b.echo.channel_id);
		test_progress(&b.g, b.echo.channel_id);
		ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && bed_echo(&b, 10), "a channel works");
	}
	bed_down(&b);
}
