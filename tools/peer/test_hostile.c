// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anything at all, as fast as the server takes it, without waiting for answers.  A
 * connection must be had after each burst, and its channel must work.
 */
#include <string.h>
#include <unistd.h>
#include "selftest.h"

#define BURST		2000
#define LAST_TYPE	(VMBUS_MSG_COUNT + 3)

static u64 state;

static u32 below(u32 n)
{
	return rnd_below(&state, n);
}

/* Small numbers are ids; some lead into the scratch pages. */
static u64 random_word(void)
{
	switch (below(8)) {
	case 0:
		return rnd(&state);
	case 1:
		return (u64)below(20) * PAGE;
	case 2 ... 4:
		return RAM_GPA / PAGE + PAGE_SCRATCH + below(SCRATCH_PAGES);
	case 5:
		return below(1U << 16);
	default:
		return below(8);
	}
}

static void make_scratch(struct bed *b)
{
	unsigned int i, j;

	for (i = 0; i < SCRATCH_PAGES; i++) {
		u32 *page = ram_page(&b->g, PAGE_SCRATCH + i);

		for (j = 0; j < PAGE / sizeof(u32); j++)
			page[j] = below(4) ? below(PAGE / 8) * 8 : rnd(&state);
		if (below(2))
			memset(page, 0, 16);
	}
}

static u32 make_message(union message *m)
{
	u32 type = below(LAST_TYPE);
	unsigned int i;
	u64 word;

	for (i = 0; i + 8 <= sizeof(*m); i += 8) {
		word = random_word();
		memcpy(m->bytes + i, &word, sizeof(word));
	}
	for (i = 1; i < 8; i++)
		if (below(2))
			m->words[i] = random_word();
	/* Few contacts, or there is never a connection to disturb. */
	if ((type == VMBUS_MSG_CONTACT || type == VMBUS_MSG_UNLOAD) && below(8))
		type = VMBUS_MSG_GPADL_HEADER;
	m->hdr.type = type;
	if (type == VMBUS_MSG_CONTACT) {
		/* settle() must know its own answer. */
		m->contact.version = VMBUS_VERSION(below(8), below(4));
		m->contact.target_vp = below(VPS + 1);
		/* Nobody takes what is sent to another SINT. */
		m->contact.target_info = (rnd(&state) & ~0xffffULL) | VMBUS_SINT;
		if (below(4)) {
			m->contact.parent_to_child = 0;
			m->contact.child_to_parent = 0;
		} else {
			m->contact.target_info |= below(4) << 8;
		}
	}
	if (type == VMBUS_MSG_OPEN && below(2)) {
		m->open.target_vp = below(VPS);
		m->open.downstream_page = 2;
	}
	return below(4) ? sizeof(*m) : below(sizeof(*m) + 1);
}

/* Take what there is, anywhere. */
static unsigned int discard(struct guest *g)
{
	unsigned int vp, n = 0;
	union message m;

	for (vp = 0; vp < VPS; vp++)
		n += !!guest_take(g, vp, VMBUS_SINT, &m);
	return n;
}

/* What was there before is discarded; the answer to this message is not. */
static bool post(struct guest *g, u32 connection, const union message *m, u32 size)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;

	discard(g);
	while (monitor_post(g->m, connection, m, size) == HV_STATUS_BUSY) {
		if (now_us() > end)
			return false;
		if (!discard(g))
			usleep(100);
	}
	return true;
}

/* Connection 1 in 5.3 says so in its answer, and nobody else has asked there. */
static bool settle(struct bed *b)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	union message m = { };
	u32 size;

	contact_init(&m.contact2, VMBUS_VERSION(5, 3), 0);
	if (!post(&b->g, VMBUS_CONN_MESSAGE, &m, sizeof(m.contact)))
		return false;
	while (now_us() < end) {
		guest_take(&b->g, 1, VMBUS_SINT, &m);
		size = guest_take(&b->g, 0, VMBUS_SINT, &m);
		if (size == sizeof(m.version.v1) && m.hdr.type == VMBUS_MSG_VERSION_RESPONSE &&
		    m.version.v1.supported && m.version.v1.selected == VMBUS_CONN_MESSAGE) {
			b->g.vp = 0;
			b->g.version = VMBUS_VERSION(5, 3);
			b->g.features = 0;
			return true;
		}
		if (!size)
			usleep(100);
	}
	return false;
}

/* Reserved channels outlive connections. */
static void close_reserved(struct bed *b)
{
	struct vmbus_close_reserved_msg *close;
	union message m = { };
	unsigned int id;

	close = (struct vmbus_close_reserved_msg *)&m;
	for (id = 1; id <= MAX_OFFERS; id++) {
		close->hdr.type = VMBUS_MSG_CLOSE_RESERVED;
		close->channel_id = id;
		post(&b->g, VMBUS_CONN_MESSAGE, &m, sizeof(*close));
	}
}

static bool step(bool good, const char *what)
{
	if (!good)
		note("after a burst: no %s", what);
	return good;
}

/*
 * The host may still be closing what was opened with the connection id of the pipe:
 * a close has no answer, and a disk takes its time.
 */
static bool echo_soon(struct bed *b)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	bool good;

	while (!(good = bed_echo(b, 20)) && now_us() < end)
		usleep(100000);
	return good;
}

/* Every type but contact in every length, on a connection that begins with 5.3. */
static bool post_nonsense(struct bed *b)
{
	union message m;
	u32 type, size;
	unsigned int i;

	for (type = 0; type < LAST_TYPE; type++) {
		if (type == VMBUS_MSG_CONTACT)
			continue;
		for (size = 0; size <= sizeof(m); size += sizeof(m.words[0])) {
			for (i = 1; i < ARRAY_SIZE(m.words); i++)
				m.words[i] = below(3) ? below(8) : rnd(&state);
			m.hdr.type = type;
			if (!post(&b->g, VMBUS_CONN_MESSAGE_MULTI, &m, size))
				return false;
		}
	}
	return true;
}

/**
 * test_nonsense - every type and length, with nonsense inside
 *
 * Needs no echo pipe.
 */
void test_nonsense(void)
{
	struct bed b;

	bed_up(&b);
	state = opt.seed;
	ok(guest_contact(&b.g, VMBUS_VERSION(5, 3), 0), "a connection to disturb");
	ok(post_nonsense(&b), "nonsense of every type and length is taken");
	ok(settle(&b) && guest_quiet(&b.g) && guest_unload(&b.g), "the server serves on");
	bed_down(&b);
}

/**
 * test_hostile - anything
 */
void test_hostile(void)
{
	u64 start = now_us(), end = start + opt.ms * 1000ULL, sent = 0;
	union message m = { };
	unsigned int i;
	struct bed b;
	bool good = true;
	u32 size;

	bed_up(&b);
	state = opt.seed;
	do {
		make_scratch(&b);
		contact_init(&m.contact2, VMBUS_VERSION(6, 0), ~VMBUS_FEATURE_CLIENT_ID);
		post(&b.g, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m.contact));
		m.hdr.type = VMBUS_MSG_REQUEST_OFFERS;
		post(&b.g, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m.hdr));
		for (i = 0; i < BURST && good; i++, sent++) {
			size = make_message(&m);
			good = post(&b.g, VMBUS_CONN_MESSAGE_MULTI, &m, size);
			if (!below(8))
				monitor_signal(&b.m, random_word(), below(3));
		}
		good = good && step(settle(&b), "contact");
		/* The host may not have answered to an open of one. */
		if (opt.relayed)
			usleep(20000);
		close_reserved(&b);
		good = good && step(settle(&b), "second contact") &&
		       step(guest_quiet(&b.g), "silence") &&
		       step(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "offers") &&
		       step(echo_soon(&b), "echo");
	} while (good && now_us() < end);
	ok(good, "%llu random messages, and the server serves on (seed %llu)", sent, opt.seed);
	note("%llu messages per second", sent * 1000000 / (now_us() - start));
	bed_down(&b);
}
