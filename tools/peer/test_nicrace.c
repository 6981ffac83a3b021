// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network adapter whose guest changes messages while they are read: each is answered by
 * what the server has seen once, or costs the guest its channel.
 */
#include <pthread.h>
#include <string.h>
#include "nic.h"

#define RACE_MS		1000
#define FRAME		300U
#define VID		5U
#define SECTION		1U

/**
 * struct flipper - somebody who changes words of the guest's memory
 * @words: these; each is what it was, and something else, by turns
 * @at: which of them
 * @count: how many
 * @stop: enough
 * @flips: changes so far
 */
struct flipper {
	u32 *words;
	const u8 *at;
	unsigned int count;
	bool stop;
	unsigned long flips;
};

static void *flip(void *arg)
{
	static const u32 others[] = { 0, 1, 8, 16, 36, 44, 60, 400, 0x7fffffff, 0x80000000,
				      U32_MAX - 7, U32_MAX };
	struct flipper *f = arg;
	u64 state = opt.seed;
	u32 was, i, *word;

	for (; !__atomic_load_n(&f->stop, __ATOMIC_RELAXED); f->flips++) {
		i = rnd_below(&state, ARRAY_SIZE(others));
		word = &f->words[f->at[rnd_below(&state, f->count)]];
		was = *word;
		__atomic_store_n(word, others[i], __ATOMIC_RELAXED);
		/* So that some get through */
		__atomic_store_n(word, was, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool is_broken(struct nic *n)
{
	char state[32];

	return chan_value(&n->c[0], "state", state, sizeof(state)) &&
	       !strcmp(state, "open-broken");
}

/**
 * struct race - what has come of it
 * @good: messages that were taken
 * @bad: that were refused
 * @broken: times that the channel was broken
 */
struct race {
	unsigned int good;
	unsigned int bad;
	unsigned int broken;
};

/* Waits for the answer to a packet, or for the end of the channel; false if there is neither. */
static bool settle(struct nic *n, struct host *h, u64 id, struct race *r)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;

	while (id && !n->done[id % NIC_IDS] && !is_broken(n) && now_us() < end)
		nic_pump(n, 2);
	n->control_len = 0;
	if (is_broken(n)) {
		r->broken++;
		return nic_close(n) && nic_ready(n, h, &nic_usual);
	}
	if (!id || !n->done[id % NIC_IDS])
		return false;
	if (n->done[id % NIC_IDS] == NVSP_STATUS_SUCCESS)
		r->good++;
	else
		r->bad++;
	return true;
}

static u32 tagged_message(u8 *msg)
{
	u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .tagged = true, .vlan = VID << 4 };

	o.len = frame_plain(frame, sizeof(frame), 1, false);
	return rndis_put(msg, &o, 1);
}

static u64 put_frame(struct nic *n)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_DATA, SECTION, sizeof(struct rndis_packet) + 16 + FRAME },
	};
	u64 id = nic_id(n);

	return nic_put(n, 0, id, &m, n->size, NULL, 0) ? id : 0;
}

static u64 put_control(struct nic *n)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	struct nic_range r = { .len = sizeof(struct rndis_request) + 4, .page = PAGE_NIC_DATA };
	u64 id = nic_id(n);

	return nic_put(n, 0, id, &m, n->size, &r, 1) ? id : 0;
}

static bool race(struct nic *n, struct host *h, struct flipper *f, u64 (*put)(struct nic *n),
		 struct race *r)
{
	u64 end = now_us() + RACE_MS * 1000ULL, id;
	pthread_t thread;
	bool good = true;

	*r = (struct race) { };
	if (pthread_create(&thread, NULL, flip, f))
		return false;
	while (good && now_us() < end) {
		id = put(n);
		channel_send(&n->c[0]);
		good = settle(n, h, id, r);
	}
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	note("%u good, %u bad, %u times broken, %lu changes", r->good, r->bad, r->broken,
	     f->flips);
	return good && r->good && f->flips;
}

/* Frames of the guest that have come, whatever became of them */
static bool lives(struct nic *n, struct host *h)
{
	static struct host_frame f;

	while (host_take(h->sock, &f, 20))
		;
	return nic_works(n, h);
}

/* Of a frame: lengths and offsets, and a tag; and then the type of the message, too. */
static void test_frame_race(struct nic *n, struct host *h)
{
	static const u8 at[] = { 1, 2, 3, 7, 8, 11, 12, 13, 14, 0 };
	u8 *section = ram_page(&n->b->g, PAGE_NIC_SEND) + SECTION * n->section;
	struct flipper f = {
		.words = (u32 *)section, .at = at, .count = ARRAY_SIZE(at) - 1,
	};
	struct race r;

	tagged_message(section);
	ok(race(n, h, &f, put_frame, &r) && r.bad && !r.broken,
	   "a frame that changes: each is taken or refused");
	ok(lives(n, h), "frames go");
	f = (struct flipper) {
		.words = (u32 *)section, .at = at, .count = ARRAY_SIZE(at),
	};
	tagged_message(section);
	ok(race(n, h, &f, put_frame, &r), "a message whose type changes, too");
	ok(lives(n, h), "frames go");
}

/* A SET of the filter: type, length, OID, length and place of the value */
static void test_control_race(struct nic *n, struct host *h)
{
	static const u8 at[] = { 0, 1, 3, 4, 5, 7 };
	const u32 set[8] = { RNDIS_MSG_SET, sizeof(set), 77, RNDIS_OID_GEN_CURRENT_PACKET_FILTER,
			     4, 20, 0, nic_usual.filter };
	/* Not where the guest has its others, which it needs to open the channel again. */
	struct flipper f = { .words = nic_data(n, 0), .at = at, .count = ARRAY_SIZE(at) };
	struct race r;

	memcpy(nic_data(n, 0), set, sizeof(set));
	ok(race(n, h, &f, put_control, &r), "a control message that changes");
	ok(nic_close(n) && nic_ready(n, h, &nic_usual) && lives(n, h), "opened again: frames go");
}

/**
 * test_nicrace - messages that change while they are read
 */
void test_nicrace(void)
{
	static struct nic n;
	struct host h;

	if (nic_begin(&n, &h, NIC_MTU, 1) && ok(nic_ready(&n, &h, &nic_usual), "up")) {
		test_frame_race(&n, &h);
		test_control_race(&n, &h);
		ok(nic_close(&n), "closed");
	}
	nic_end(&n, &h);
}
