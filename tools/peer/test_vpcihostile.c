// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anything at all on a VPCI bus: messages, configuration space, memory of functions, and
 * a ring that is spoilt or not read.  After each burst the bus must be had again, and work.
 */
#include <string.h>
#include <unistd.h>
#include "vpcibus.h"

#define BURST		300U
#define WAITING		48U		/* answers that may be left in the ring */
#define WORDS		64U
#define PATIENCE_MS	10
#define PCI_COMMAND	4U
#define COMMAND_MASTER	4U
#define COMMAND_BITS	6U	/* memory, and that */

static u64 state;

static u32 below(u32 n)
{
	return rnd_below(&state, n);
}

/* Small numbers are slots and counts, others are addresses that mean something. */
static u32 random_word(void)
{
	switch (below(8)) {
	case 0:
		return rnd(&state);
	case 1:
		return WINDOW_A + below(32) * PAGE;
	case 2:
		return 1U << below(32);
	case 3:
		return 0;
	default:
		return below(8);
	}
}

/* What a type needs to get beyond the first check. */
static void make_sense(u32 *msg, u32 type)
{
	struct vpci_create_interrupt3 *create = (void *)msg;

	msg[1] = below(8) ? below(3) : random_word();
	switch (type) {
	case VPCI_MSG_D0_ENTRY:
		msg[2] = WINDOW_A + below(8) * PAGE;
		msg[3] = 0;
		break;
	case VPCI_MSG_CREATE_INTERRUPT3:
		create->desc.count = below(5);
		create->desc.vector = 16 + below(240);
		create->desc.nprocs = below(3);
		break;
	case VPCI_MSG_POWER:
		msg[2] = below(5);
		break;
	case VPCI_MSG_ASSIGNED_RESOURCES:
	case VPCI_MSG_ASSIGNED_RESOURCES2:
	case VPCI_MSG_ASSIGNED_RESOURCES3:
		if (below(2))
			memset(msg + 2, 0, sizeof(struct vpci_assigned_resources) - 8);
		break;
	}
}

static u32 make_message(u32 *msg)
{
	u32 type = VPCI_MSG_BUS_RELATIONS + below(0x20);
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		msg[i] = random_word();
	/* Few of those that end the channel */
	if (type == VPCI_MSG_QUERY_VERSION && below(16))
		type = VPCI_MSG_CREATE_INTERRUPT3;
	msg[0] = below(32) ? type : random_word();
	if (below(4))
		make_sense(msg, type);
	return below(4) ? WORDS * 4 : below(WORDS / 2) * 8;
}

/*
 * Where the window may be, and memory of the functions.  These are not made bus masters: the
 * memory that they would write to is that of these tests.
 */
static void random_access(struct vpci *v)
{
	u64 gpa = WINDOW_A + below(32) * PAGE;
	unsigned int size = 1U << below(4);
	u32 value = random_word();

	gpa += below(2) ? below(16) * 4 : below(PAGE / 8) * 8;
	if (gpa % PAGE == PCI_COMMAND)
		value &= ~COMMAND_MASTER;
	if (below(2))
		monitor_mmio_read(&v->b->m, gpa, size);
	else
		monitor_mmio_write(&v->b->m, gpa, size, value);
}

static void spoil(struct vpci *v)
{
	u64 junk[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(junk); i++)
		junk[i] = rnd(&state);
	if (below(2))
		ring_put_raw(&v->c.out, junk, sizeof(junk));
	else
		v->c.out.hdr->write_index = random_word();
	ring_push(&v->c.out);
	channel_kick(&v->c);
}

/* Packets of all kinds that come, without a look at them */
static bool drain(struct vpci *v, unsigned int left)
{
	static u8 data[VPCI_RING_PAGES * PAGE];
	struct vmpacket_descriptor d;
	unsigned int n = 0;
	int len;

	while ((len = ring_get_packet(&v->c.in, &d, data, sizeof(data))) >= 0)
		n++;
	channel_receive(&v->c);
	if (!n && left)
		channel_wait(&v->c, PATIENCE_MS);
	return len != -2;
}

static unsigned int burst(struct vpci *v, bool *good)
{
	unsigned int n, waiting = 0, sent = 0;
	bool reads = below(4);
	u32 msg[WORDS];
	u32 len;

	for (n = 0; n < BURST; n++) {
		len = make_message(msg);
		if (below(4) == 0)
			random_access(v);
		if (vpci_put(v, msg, len, below(4))) {
			sent++;
			waiting++;
		} else if (!reads) {
			break;
		}
		/* A channel that is broken answers nothing: it is not waited for long. */
		if (reads && waiting > WAITING) {
			*good &= drain(v, waiting);
			waiting = 0;
		}
	}
	if (below(4) == 0)
		spoil(v);
	return sent;
}

static bool step(bool good, const char *what)
{
	if (!good)
		note("after a burst: no %s", what);
	return good;
}

/* It can be opened again, is as new, and has both functions. */
static bool works(struct vpci *v)
{
	v->n = 0;
	return step(vpci_open(v), "channel") && step(vpci_hello(v, VPCI_VERSION_FE), "version") &&
	       step(!vpci_enter(v, WINDOW_B), "window") && step(v->n == 2, "functions") &&
	       step(vpci_config(v, WINDOW_B, SLOT_COPY, 0, 4) == 0xe9c01414, "copy engine") &&
	       step(!(vpci_config(v, WINDOW_B, SLOT_COPY, PCI_COMMAND, 2) & COMMAND_BITS),
		    "function that is off") &&
	       step(!vpci_slot_status(v, VPCI_MSG_REQUIREMENTS, SLOT_NVME), "controller") &&
	       step(vpci_close(v), "end");
}

/**
 * test_vpcihostile - anything at all
 */
void test_vpcihostile(void)
{
	u64 end = now_us() + opt.ms * 1000ULL, start = now_us(), sent = 0;
	unsigned int bursts = 0;
	static struct vpci v;
	bool good = true;
	struct bed b;

	state = opt.seed;
	if (!ok(vpci_begin(&v, &b), "a VPCI bus"))
		goto out;
	while (good && now_us() < end) {
		good = step(vpci_open(&v), "channel");
		if (!good)
			break;
		/* Most of what follows needs a version. */
		if (below(8))
			good = step(vpci_hello(&v, VPCI_VERSION_WIN10 + below(6)), "version");
		sent += burst(&v, &good);
		step(good, "well-formed packet");
		good &= step(vpci_close(&v), "end") && works(&v);
		bursts++;
	}
	ok(good && bursts, "%u bursts, %llu messages, seed %llu", bursts, sent, opt.seed);
	note("%llu messages per second", sent * 1000000 / (now_us() - start + 1));
out:
	bed_down(&b);
}
