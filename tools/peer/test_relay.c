// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of the host that the relay offers: what the guest is promised about their
 * order, and about its memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftest.h"

#define RELAY		"/sys/class/vmbus_relay/relay0/offers/"
#define TOLD		"/sys/class/vmbus_relay/relay0/host_messages_out"
#define HOST		"/sys/class/vmbus_srv/root/channels/"
#define PIPE		"/sys/module/vmbus_testroot/parameters/pipe"
#define RING_PAGES	4
#define STILL_MS	100
#define TIMES		10

static void attribute_path(char *path, size_t size, const struct vmbus_offer_msg *offer,
			   const char *name)
{
	const u8 *b = offer->instance_id.b;

	snprintf(path, size, RELAY
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x.%u/%s",
		 b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11],
		 b[12], b[13], b[14], b[15], offer->subchannel, name);
}

/* What is in a file, up to the end of the line; empty if there is no such file. */
static void file_read(const char *path, char *text, int size)
{
	FILE *f = fopen(path, "r");

	*text = 0;
	if (!f)
		return;
	if (!fgets(text, size, f))
		*text = 0;
	fclose(f);
	text[strcspn(text, "\n")] = 0;
}

static bool file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good;

	if (!f)
		return false;
	good = fputs(text, f) >= 0;
	return !fclose(f) && good;
}

static unsigned int host_channel(const struct vmbus_offer_msg *offer)
{
	char path[256], text[64];

	attribute_path(path, sizeof(path), offer, "host_channel_id");
	file_read(path, text, sizeof(text));
	return strtoul(text, NULL, 0);
}

/* Of each class, offers come as the host has numbered them. */
static bool in_order(const struct bed *b)
{
	unsigned int i, k, first, second;

	for (i = 0; i < b->n; i++) {
		for (k = i + 1; k < b->n; k++) {
			if (memcmp(&b->offers[i].class_id, &b->offers[k].class_id, sizeof(guid_t)))
				continue;
			first = host_channel(&b->offers[i]);
			second = host_channel(&b->offers[k]);
			if (first && second && first < second)
				continue;
			note("host channel %u is offered before %u", first, second);
			return false;
		}
	}
	return true;
}

/*
 * The pipe is hidden with packets on their way back; what is in the ring when the
 * guest hears of it stays as it is, for its memory is its own again.
 */
static bool take_away(struct bed *b)
{
	unsigned int bytes = 2 * RING_PAGES * PAGE, host = host_channel(&b->echo), i;
	char path[256], override[256], state[64];
	u8 *ring = ram_page(&b->g, PAGE_RINGS);
	u8 data[64] = { 1, 0, 0, 0, 56 };
	union message a;
	struct channel c;
	bool good;
	u8 *was;

	attribute_path(override, sizeof(override), &b->echo, "disposition_override");
	snprintf(path, sizeof(path), HOST "%u/state", host);
	was = malloc(bytes);
	if (!was)
		die("a copy of the ring");
	channel_init(&c, &b->g, &b->echo);
	good = channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES);
	for (i = 0; ring_put(&c.out, i, data, sizeof(data));)
		i++;
	channel_send(&c);
	good &= file_write(override, "hide");
	good &= guest_receive(&b->g, &a) == sizeof(a.channel) &&
		a.hdr.type == VMBUS_MSG_RESCIND && a.channel.channel_id == c.id;
	memcpy(was, ring, bytes);
	file_read(path, state, sizeof(state));
	if (strcmp(state, "offered")) {
		note("the host's channel %u is %s when the guest hears of it", host, state);
		good = false;
	}
	usleep(STILL_MS * 1000);
	if (memcmp(was, ring, bytes)) {
		note("the ring has changed since the guest has heard of it");
		good = false;
	}
	free(was);
	return file_write(override, "\n") && good;
}

static bool let_go(struct bed *b)
{
	return guest_teardown(&b->g, b->echo.channel_id, 0x1000 + b->echo.channel_id);
}

/* The guest lets go of the channel, and is offered it again. */
static bool give_back(struct bed *b)
{
	struct vmbus_channel_msg released = {
		.hdr.type = VMBUS_MSG_RELID_RELEASED,
		.channel_id = b->echo.channel_id,
	};
	union message a;

	if (!guest_post(&b->g, &released, sizeof(released)) ||
	    guest_receive(&b->g, &a) != sizeof(a.offer) || a.hdr.type != VMBUS_MSG_OFFER ||
	    memcmp(&a.offer.instance_id, &b->echo.instance_id, sizeof(guid_t)))
		return false;
	b->echo = a.offer;
	return true;
}

/* ---- taken away at any moment --------------------------------------------------------- */

/* How far the guest has come with the channel when it is taken away. */
enum point {
	OFFERED,
	GPADL_ASKED,
	GPADL_MADE,
	OPEN_ASKED,
	OPENED,
	BUSY,
	CLOSED,
	TEARDOWN_ASKED,
	POINTS
};

static bool go_to(struct bed *b, struct channel *c, enum point point, u64 seed)
{
	u8 data[64] = { 1, 0, 0, 0, 56 };

	switch (point) {
	case OFFERED:
		return true;
	case GPADL_ASKED:
		return guest_gpadl_ask(&b->g, c->id, c->gpadl, PAGE_RINGS, 2 * RING_PAGES);
	case GPADL_MADE:
		return guest_gpadl(&b->g, c->id, c->gpadl, PAGE_RINGS, 2 * RING_PAGES);
	case OPEN_ASKED:
		return guest_gpadl(&b->g, c->id, c->gpadl, PAGE_RINGS, 2 * RING_PAGES) &&
		       channel_open_ask(c, RING_PAGES);
	default:
		break;
	}
	if (!channel_open(c, PAGE_RINGS, RING_PAGES, RING_PAGES) ||
	    !echo(c, 20, 0, 1000, seed))
		return false;
	if (point == BUSY) {
		while (ring_put(&c->out, 0, data, sizeof(data)))
			;
		channel_send(c);
	}
	if (point == CLOSED || point == TEARDOWN_ASKED)
		channel_close(c);
	return point != TEARDOWN_ASKED || guest_teardown_ask(&b->g, c->id, c->gpadl);
}

/*
 * Whatever was asked for is answered before or after the RESCIND, or not at all; but
 * each GPADL is given back.
 */
static bool gone(struct bed *b, const struct channel *c, enum point point)
{
	bool rescinded = false, torndown = point == OFFERED, asked = point == TEARDOWN_ASKED;
	union message a;

	while (!rescinded || !torndown) {
		if (rescinded && !torndown && !asked) {
			if (!guest_teardown_ask(&b->g, c->id, c->gpadl))
				return false;
			asked = true;
		}
		if (!guest_receive(&b->g, &a))
			return false;
		switch (a.hdr.type) {
		case VMBUS_MSG_RESCIND:
			if (rescinded || a.channel.channel_id != c->id)
				return false;
			rescinded = true;
			break;
		case VMBUS_MSG_GPADL_TORNDOWN:
			if (torndown || a.torndown.gpadl_id != c->gpadl)
				return false;
			torndown = true;
			break;
		case VMBUS_MSG_GPADL_CREATED:
			/* One that was refused is none. */
			if (point != GPADL_ASKED || a.created.gpadl_id != c->gpadl)
				return false;
			torndown |= a.created.status;
			break;
		case VMBUS_MSG_OPEN_RESULT:
			if (point != OPEN_ASKED)
				return false;
			break;
		default:
			note("message %u", a.hdr.type);
			return false;
		}
	}
	return true;
}

/* Either the host takes the pipe away, or a rule does. */
static bool take_at(struct bed *b, unsigned int i, u64 *seed)
{
	enum point point = rnd_below(seed, POINTS);
	bool host = rnd_below(seed, 2);
	unsigned int us = rnd_below(seed, 3000);
	char override[256];
	struct channel c;
	bool good;

	attribute_path(override, sizeof(override), &b->echo, "disposition_override");
	channel_init(&c, &b->g, &b->echo);
	good = go_to(b, &c, point, i + 1);
	usleep(us);
	good &= host ? file_write(PIPE, "0") : file_write(override, "hide");
	good &= gone(b, &c, point);
	good &= host ? file_write(PIPE, "1") : file_write(override, "\n");
	good &= give_back(b);
	if (!good)
		note("cycle %u: %s takes the pipe away at point %u, after %u us", i,
		     host ? "the host" : "a rule", point, us);
	return good;
}

static u64 told_host(void)
{
	char text[64];

	file_read(TOLD, text, sizeof(text));
	return strtoull(text, NULL, 0);
}

/* Monitor pages are for the host, if they are the guest's own memory. */
static void test_monitor(struct bed *b)
{
	u64 p2c = RAM_GPA + 9 * PAGE, c2p = RAM_GPA + 10 * PAGE, nowhere = 1ULL << 50, told;
	struct guest *g = &b->g;

	if (!ok(guest_contact(g, VMBUS_VERSION(6, 0), VMBUS_FEATURE_MODIFY_CONNECTION),
		"a connection that can be modified"))
		return;
	told = told_host();
	ok(guest_modify(g, p2c, c2p) == VMBUS_CONNECTION_OK && told_host() == told + 1,
	   "the host hears of its monitor pages");
	told = told_host();
	ok(guest_modify(g, p2c, nowhere) == VMBUS_CONNECTION_FAILED &&
	   guest_modify(g, nowhere, c2p) == VMBUS_CONNECTION_FAILED &&
	   guest_modify(g, p2c, c2p + 8) == VMBUS_CONNECTION_FAILED && told_host() == told,
	   "not of what is no page of it");
	ok(guest_modify(g, c2p, p2c) == VMBUS_CONNECTION_OK &&
	   guest_modify(g, 0, 0) == VMBUS_CONNECTION_OK && told_host() == told + 2,
	   "and that it takes them back");
}

/**
 * test_relay - what the relay promises the guest
 */
void test_relay(void)
{
	u64 seed = opt.seed;
	unsigned int i;
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "connected")) {
		ok(b.n > 1 && in_order(&b), "%u offers, in the host's order", b.n);
		for (i = 0; i < TIMES && take_away(&b) && let_go(&b) && give_back(&b);)
			i++;
		ok(i == TIMES, "taken away %u times: the host lets go before the guest hears of it",
		   i);
		ok(bed_echo(&b, opt.count), "it works again");
		for (i = 0; i < opt.cycles && take_at(&b, i, &seed);)
			i++;
		ok(i == opt.cycles, "taken away %u times, at any moment", i);
		ok(bed_echo(&b, opt.count), "it works again");
		test_monitor(&b);
	}
	bed_down(&b);
}
