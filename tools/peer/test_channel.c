// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open, close, release, modify; rings that cannot be.
 */
#include <string.h>
#include <unistd.h>
#include "selftest.h"

#define DOWNSTREAM	4		/* page of the second ring */
#define PAGES		8

static void open_init(struct vmbus_open2_msg *msg, u32 channel, u32 gpadl)
{
	*msg = (struct vmbus_open2_msg) {
		.open = {
			.hdr.type = VMBUS_MSG_OPEN,
			.channel_id = channel,
			.open_id = 0xabcd1234,
			.ring_gpadl = gpadl,
			.downstream_page = DOWNSTREAM,
		},
		.connection_id = VMBUS_CONN_EVENT(channel, VMBUS_SINT, 0),
		.event_flag = channel,
	};
}

/* The status of an open, or -1 if there is no answer to it. */
static long open_status(struct guest *g, const struct vmbus_open2_msg *msg)
{
	union message a;
	u32 size = g->features & VMBUS_FEATURE_GUEST_SIGNAL ? sizeof(*msg) : sizeof(msg->open);

	if (guest_ask(g, msg, size, &a, VMBUS_MSG_OPEN_RESULT) != sizeof(a.open_result) ||
	    a.open_result.channel_id != msg->open.channel_id ||
	    a.open_result.open_id != msg->open.open_id)
		return -1;
	return a.open_result.status;
}

static void post_channel(struct guest *g, enum vmbus_msg_type type, u32 id)
{
	struct vmbus_channel_msg msg = { .hdr.type = type, .channel_id = id };

	guest_post(g, &msg, sizeof(msg));
}

static void refused(struct guest *g, const struct vmbus_open2_msg *msg, const char *what)
{
	ok(open_status(g, msg) == VMBUS_STATUS_FAILURE, "open fails: %s", what);
}

/* A GPADL of the ring pages, of this first word. */
static bool odd_gpadl(struct guest *g, u32 id, u32 gpadl, u64 first, u64 last_pfn, u16 ranges)
{
	u64 words[2 + 2 * PAGES];
	unsigned int i;
	union message a;

	words[0] = first;
	for (i = 0; i < PAGES; i++)
		words[1 + i] = ram_pfn(PAGE_RINGS + i);
	words[PAGES] = last_pfn;
	words[PAGES + 1] = PAGE;
	words[PAGES + 2] = ram_pfn(PAGE_RINGS);
	return guest_gpadl_post(g, id, gpadl, words, PAGES + 3, ranges) &&
	       guest_receive(g, &a) == sizeof(a.created) &&
	       a.hdr.type == VMBUS_MSG_GPADL_CREATED && !a.created.status;
}

static void test_bad_rings(struct guest *g, u32 id)
{
	static const u32 pages[] = { 0, 1, PAGES - 1, PAGES, PAGES + 1, 0xffffffff };
	u32 *index = ram_page(g, PAGE_RINGS);
	struct vmbus_open2_msg msg;
	unsigned int i;

	memset(index, 0, PAGES * PAGE);
	open_init(&msg, id, 9);
	refused(g, &msg, "there is no such GPADL");
	ok(guest_gpadl(g, id, 9, PAGE_RINGS, PAGES), "a GPADL");
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		msg.open.downstream_page = pages[i];
		ok(open_status(g, &msg) == VMBUS_STATUS_FAILURE,
		   "open fails: second ring at page %u of %u", pages[i], PAGES);
	}
	open_init(&msg, id, 9);
	msg.open.target_vp = VPS;
	refused(g, &msg, "there is no such VP");
	open_init(&msg, id, 9);
	index[1] = 3;
	refused(g, &msg, "a read index that is odd");
	index[1] = (DOWNSTREAM - 1) * PAGE;
	refused(g, &msg, "a read index behind the ring");
	index[1] = 0;
	index[DOWNSTREAM * PAGE / 4] = (PAGES - DOWNSTREAM - 1) * PAGE;
	refused(g, &msg, "a write index behind the ring");
	index[DOWNSTREAM * PAGE / 4] = 0;
	ok(!open_status(g, &msg), "and then it is opened");
	post_channel(g, VMBUS_MSG_CLOSE, id);
	ok(guest_teardown(g, id, 9), "closed");

	ok(odd_gpadl(g, id, 9, PAGES * PAGE - 8, ram_pfn(PAGE_RINGS), 1), "a GPADL");
	refused(g, &msg, "its length is not in pages");
	ok(guest_teardown(g, id, 9) &&
	   odd_gpadl(g, id, 9, ((u64)8 << 32) | (PAGES * PAGE - 8), ram_pfn(PAGE_RINGS), 1),
	   "a GPADL");
	refused(g, &msg, "it begins within a page");
	ok(guest_teardown(g, id, 9) && odd_gpadl(g, id, 9, PAGES * PAGE, ram_pfn(PAGE_RINGS), 2),
	   "a GPADL");
	refused(g, &msg, "it has two ranges");
	ok(guest_teardown(g, id, 9), "torn down");
}

static void test_bad_pages(struct guest *g, u32 id)
{
	static const u64 pfns[] = {
		0, RAM_GPA / PAGE - 1, RAM_GPA / PAGE + RAM_PAGES, 1ULL << 40, 1ULL << 52, ~0ULL
	};
	struct vmbus_open2_msg msg;
	unsigned int i;

	open_init(&msg, id, 9);
	for (i = 0; i < ARRAY_SIZE(pfns); i++) {
		ok(odd_gpadl(g, id, 9, PAGES * PAGE, pfns[i], 1) &&
		   open_status(g, &msg) == VMBUS_STATUS_FAILURE && guest_teardown(g, id, 9),
		   "open fails: page %#llx is not the guest's", pfns[i]);
	}
}

static void test_life(struct bed *b)
{
	struct guest *g = &b->g;
	u32 id = b->echo.channel_id;
	struct vmbus_gpadl_teardown_msg td = {
		.hdr.type = VMBUS_MSG_GPADL_TEARDOWN,
		.channel_id = id,
		.gpadl_id = 9,
	};
	struct vmbus_open2_msg msg;
	unsigned int i, good;
	struct channel c;
	union message a;

	open_init(&msg, id, 9);
	ok(guest_gpadl(g, id, 9, PAGE_RINGS, PAGES), "a GPADL");
	post_channel(g, VMBUS_MSG_CLOSE, id);
	ok(guest_quiet(g), "a close of what is not open is dropped");
	memset(ram_page(g, PAGE_RINGS), 0, PAGES * PAGE);
	ok(!open_status(g, &msg), "open");
	guest_post(g, &msg, sizeof(msg.open));
	ok(guest_quiet(g), "a second open is dropped");
	post_channel(g, VMBUS_MSG_RELID_RELEASED, id);
	ok(guest_quiet(g), "so is a release of what is open");
	/* Nothing answers to a close: who opens at once must not be too early. */
	for (good = 0, i = 0; i < 100; i++) {
		post_channel(g, VMBUS_MSG_CLOSE, id);
		msg.open.open_id = i;
		good += !open_status(g, &msg);
	}
	ok(good == 100, "closed and opened again at once, 100 times: %u", good);
	guest_post(g, &td, sizeof(td));
	ok(guest_quiet(g), "a teardown of open rings is not answered");
	post_channel(g, VMBUS_MSG_CLOSE, id);
	ok(guest_receive(g, &a) == sizeof(a.torndown) &&
	   a.hdr.type == VMBUS_MSG_GPADL_TORNDOWN && a.torndown.gpadl_id == 9,
	   "but at the close");
	refused(g, &msg, "its rings are gone");

	post_channel(g, VMBUS_MSG_RELID_RELEASED, id);
	guest_post(g, &msg, sizeof(msg.open));
	post_channel(g, VMBUS_MSG_CLOSE, id);
	post_channel(g, VMBUS_MSG_RELID_RELEASED, id);
	ok(guest_quiet(g), "after the release it is not known any more");
	ok(!guest_gpadl(g, id, 9, PAGE_RINGS, PAGES), "and takes no GPADL");
	ok(bed_connect(b, VMBUS_VERSION(5, 3), 0) && b->echo.channel_id == id,
	   "the next connection has it again");

	channel_init(&c, g, &b->echo);
	c.vp = VMBUS_VP_NONE;
	ok(channel_open(&c, PAGE_RINGS, 4, 4), "open without interrupts");
	/* The opens before may have left theirs. */
	for (c.vp = 0; c.vp < VPS; c.vp++)
		channel_event(&c);
	ring_put(&c.out, 1, "12345678", 8);
	channel_send(&c);
	for (good = 0; good < 500 && !c.in.hdr->write_index; good++)
		guest_wait(g, 0, 10);
	ok(c.in.hdr->write_index == ring_packet_size(8), "a packet comes back");
	channel_close(&c);
	for (c.vp = 0; c.vp < VPS; c.vp++)
		ok(!channel_event(&c), "and no interrupt at VP %u", c.vp);
	ok(guest_teardown(g, c.id, c.gpadl), "closed");
}

/* The answer to a modify: its status, or -1 if there is another or none. */
static long modify(struct guest *g, u32 id, u32 vp)
{
	struct vmbus_modify_channel_msg msg = {
		.hdr.type = VMBUS_MSG_MODIFY_CHANNEL,
		.channel_id = id,
		.target_vp = vp,
	};
	union message a;

	if (g->version < VMBUS_VERSION(5, 3)) {
		if (!guest_post(g, &msg, sizeof(msg)) || !guest_quiet(g))
			return -1;
		/* The host does not say either when it has done it. */
		if (opt.relayed)
			usleep(50000);
		return 0;
	}
	if (guest_ask(g, &msg, sizeof(msg), &a, VMBUS_MSG_MODIFY_CHANNEL_RESP) !=
	    sizeof(a.modified) || a.modified.channel_id != id)
		return -1;
	return a.modified.status;
}

static void test_modify(struct bed *b)
{
	static const struct {
		u32 version;
		bool moves;
	} versions[] = {
		{ VMBUS_VERSION(4, 0), false },
		{ VMBUS_VERSION(4, 1), true },
		{ VMBUS_VERSION(5, 2), true },
		{ VMBUS_VERSION(5, 3), true },
		{ VMBUS_VERSION(6, 0), true },
	};
	struct guest *g = &b->g;
	unsigned int i, n, good;
	struct channel c;
	u64 before;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!ok(bed_connect(b, versions[i].version, 0), "version %u.%u",
			versions[i].version >> 16, versions[i].version & 0xffff))
			continue;
		channel_init(&c, g, &b->echo);
		ok(channel_open(&c, PAGE_RINGS, 4, 4) && echo(&c, 10, 8, 8, 1), "VP 0 is used");
		before = g->interrupts[1];
		ok(!modify(g, c.id, 1), "modify: VP 1");
		c.vp = versions[i].moves;
		ok(echo(&c, 10, 8, 8, 2), "packets come back");
		for (n = 0; n < 100 && versions[i].moves && before == g->interrupts[1]; n++)
			guest_wait(g, 1, 10);
		ok((before != g->interrupts[1]) == versions[i].moves, "VP %u is interrupted", c.vp);
		for (good = 0, n = 0; n < 20; n++) {
			good += !modify(g, c.id, n & 1);
			c.vp = versions[i].moves ? n & 1 : 0;
			good += echo(&c, 5, 8, 8, n);
		}
		ok(good == 40, "20 times to and fro: %u", good);
		channel_close(&c);
		ok(guest_teardown(g, c.id, c.gpadl), "closed");
	}

	channel_init(&c, g, &b->echo);
	ok(modify(g, c.id, 0) == VMBUS_STATUS_FAILURE, "modify fails: closed");
	ok(modify(g, 2000, 0) == VMBUS_STATUS_FAILURE, "modify fails: no such channel");
	ok(channel_open(&c, PAGE_RINGS, 4, 4), "open");
	ok(modify(g, c.id, VPS) == VMBUS_STATUS_FAILURE, "modify fails: no such VP");
	ok(modify(g, c.id, VMBUS_VP_NONE) == VMBUS_STATUS_FAILURE, "modify fails: none");
	ok(echo(&c, 10, 8, 8, 1), "VP 0 is interrupted");
	channel_close(&c);
	ok(guest_teardown(g, c.id, c.gpadl), "closed");
	c.vp = VMBUS_VP_NONE;
	ok(channel_open(&c, PAGE_RINGS, 4, 4), "open without interrupts");
	ok(modify(g, c.id, 0) == VMBUS_STATUS_FAILURE, "modify fails: opened without");
	channel_close(&c);
	ok(guest_teardown(g, c.id, c.gpadl), "closed");
}

/* Version 6.0: the guest chooses connection and event flag. */
static void test_guest_signal(struct bed *b)
{
	static const struct {
		u32 connection;
		u16 flag;
		bool good;
	} tries[] = {
		{ 0x2f00, 77, true },
		{ 0xffff, VMBUS_MAX_EVENT_FLAG, true },
		{ 0x3000, 1, true },
		{ 0x3000, 0, false },
		{ 0x3000, VMBUS_MAX_EVENT_FLAG + 1, false },
		{ 0x10000, 1, false },
		{ 0x27fff, 1, false },	/* VTL2 signals by such */
		{ 0xffffff, 1, false },
		{ 0x1000000, 1, false },
		{ VMBUS_CONN_MESSAGE, 1, false },
		{ VMBUS_CONN_MESSAGE_MULTI, 1, false },
	};
	struct guest *g = &b->g;
	struct vmbus_open2_msg msg;
	struct channel c;
	unsigned int i;
	bool good;

	ok(bed_connect(b, VMBUS_VERSION(6, 0), VMBUS_FEATURE_GUEST_SIGNAL) && g->features == 1,
	   "guest-specified signals");
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		channel_init(&c, g, &b->echo);
		c.connection = tries[i].connection;
		c.flag = tries[i].flag;
		good = channel_open(&c, PAGE_RINGS, 4, 4);
		if (good && tries[i].good)
			good = echo(&c, 100, 8, 500, i);
		ok(good == tries[i].good, "connection %#x, flag %u: %s", c.connection, c.flag,
		   good ? "works" : "refused");
		channel_close(&c);
		ok(guest_teardown(g, c.id, c.gpadl), "closed");
		ok(monitor_signal(&b->m, c.connection, 0) != 0, "nobody has the connection");
	}
	/* The message is longer now. */
	ok(guest_gpadl(g, c.id, 9, PAGE_RINGS, PAGES), "a GPADL");
	open_init(&msg, c.id, 9);
	guest_post(g, &msg, sizeof(msg) - 1);
	ok(guest_quiet(g), "an open without these fields is dropped");
	ok(guest_teardown(g, c.id, 9), "torn down");
}

/**
 * test_channel - channels
 */
void test_channel(void)
{
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		if (!opt.relayed) {
			test_bad_rings(&b.g, b.echo.channel_id);
			test_bad_pages(&b.g, b.echo.channel_id);
		}
		test_life(&b);
		test_modify(&b);
		test_guest_signal(&b);
		ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && bed_echo(&b, 10), "a channel works");
	}
	bed_down(&b);
}
