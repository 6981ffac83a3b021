// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network adapter with sub-channels: how they share the receive buffer, and what becomes
 * of the others when one is full, gives nothing back, or is broken by the guest.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "nic.h"

#define SUBS		2U
#define PAGES		32U		/* of the receive buffer */
#define RESERVED	16U		/* sub-allocations that frames do not get */
#define FIRST_PORT	5000U
#define MANY_FLOWS	256U		/* that spread over all channels, or chance is against it */
#define FRAME		300U
#define PAYLOAD		100U
#define EXTRA		8U		/* frames beyond what there is room for */
#define SOME		5U		/* frames that the guest keeps */
#define ROUNDS		10U
#define QUIET_MS	200
#define LOOK_MS		100
#define TICK_MS		20		/* the kernel counts time in ticks */
#define STALL_MS	10000		/* after so long a channel takes no frames */
#define SLACK_MS	20000		/* that is looked at once a second, on a fast machine */
#define LARGE		(10 * MSS)
#define MSS		1400U

/* With little memory, so that it is soon in use */
static const struct nic_conf few = {
	.version = NVSP_VERSION_61,
	.mtu = NIC_MTU,
	.recv_pages = PAGES,
	.send_pages = NIC_SEND_PAGES,
	.filter = RNDIS_PACKET_TYPE_DIRECTED,
};

/**
 * struct lanes - flows that go by different channels
 * @port: of a flow by each channel
 * @room: frames that each may have under way
 * @errors: that each has had before
 * @gone: packets of earlier times that were never given back
 */
struct lanes {
	u16 port[NIC_CHANNELS];
	unsigned int room[NIC_CHANNELS];
	u64 errors[NIC_CHANNELS];
	u64 gone;
};

static u64 queue_stat(struct host *h, unsigned int queue, const char *name)
{
	char text[40];

	snprintf(text, sizeof(text), "q%u_%s", queue, name);
	return host_stat(h, text);
}

static bool queue_stat_is(struct host *h, unsigned int queue, const char *name, u64 value)
{
	char text[40];

	snprintf(text, sizeof(text), "q%u_%s", queue, name);
	return host_stat_is(h, text, value);
}

/* The server has taken back all that the guest has completed. */
static bool all_back(struct host *h, const struct lanes *l)
{
	return host_stat_is(h, "tx_returns", host_stat(h, "tx_batches") - l->gone);
}

/* Opens it.  Nothing is under way then. */
static bool up(struct nic *n, struct host *h, struct lanes *l)
{
	*l = (struct lanes) { };
	if (!nic_ready(n, h, &few))
		return false;
	l->gone = host_stat(h, "tx_batches") - host_stat(h, "tx_returns");
	return true;
}

/* Frames are spread over all channels, and of each one flow is known that goes by it. */
static bool find_lanes(struct nic *n, struct host *h, struct lanes *l)
{
	unsigned int i, found = 0;
	int ch;

	if (!nic_spread(n, 0, n->n))
		return false;
	memset(l->port, 0, sizeof(l->port));
	for (i = 0; i < MANY_FLOWS && found < n->n; i++) {
		ch = nic_flow_in(n, h, FIRST_PORT + i);
		if (ch < 0 || ch >= (int)n->n)
			return false;
		found += !l->port[ch];
		l->port[ch] = FIRST_PORT + i;
	}
	for (i = 0; i < n->n; i++) {
		l->room[i] = (n->cuts - RESERVED) / n->n;
		l->errors[i] = chan_number(&n->c[i], "errors");
	}
	/* The first one has what is left over. */
	l->room[0] += (n->cuts - RESERVED) % n->n;
	return found == n->n && all_back(h, l);
}

static bool lane_send(struct host *h, u16 port, unsigned int count)
{
	struct flow w = { .port = port };
	u8 frame[FRAME];
	unsigned int i;
	u32 len;

	for (i = 0; i < count; i++) {
		len = frame_flow(frame, &w, PAYLOAD, i, true);
		if (!host_send(h->sock, frame, len))
			return false;
	}
	return true;
}

/* Takes so many frames, and says how many of them came by each channel. */
static bool lane_take(struct nic *n, unsigned int count, unsigned int *by)
{
	const struct nic_frame *f;

	memset(by, 0, NIC_CHANNELS * sizeof(*by));
	for (; count; count--) {
		f = nic_take(n, TIMEOUT_MS);
		if (!f)
			return false;
		by[f->channel]++;
	}
	return true;
}

/* More frames than there is room for: each channel has what is its share, and no more. */
static bool shares(struct nic *n, struct host *h, const struct lanes *l)
{
	unsigned int i, by[NIC_CHANNELS] = { }, all = n->cuts - RESERVED;
	bool good = true;

	n->hold = true;
	for (i = 0; i < n->n; i++)
		good = good && lane_send(h, l->port[i], l->room[i] + EXTRA);
	good = good && lane_take(n, all, by) && !nic_take(n, QUIET_MS);
	for (i = 0; i < n->n; i++) {
		if (by[i] == l->room[i])
			continue;
		note("%u frames by channel %u instead of %u", by[i], i, l->room[i]);
		good = false;
	}
	nic_release(n);
	good = good && lane_take(n, n->n * EXTRA, by);
	for (i = 0; i < n->n; i++)
		good = good && by[i] == EXTRA;
	return good && all_back(h, l);
}

/* So many frames of each flow, each by its channel, but for those of the channels @not. */
static bool lanes_work(struct nic *n, struct host *h, const struct lanes *l, u32 not,
		       unsigned int rounds)
{
	unsigned int i, k;
	int ch;

	for (k = 0; k < rounds; k++) {
		for (i = 0; i < n->n; i++) {
			if (not >> i & 1)
				continue;
			ch = nic_flow_in(n, h, l->port[i]);
			if (ch != (int)i) {
				note("a frame for channel %u came by %d", i, ch);
				return false;
			}
		}
	}
	return true;
}

static bool is_broken(struct nic *n, unsigned int ch)
{
	char state[32];

	return chan_value(&n->c[ch], "state", state, sizeof(state)) &&
	       !strcmp(state, "open-broken");
}

static bool breaks(struct nic *n, unsigned int ch)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;

	while (!is_broken(n, ch) && now_us() < end)
		nic_pump(n, 10);
	return is_broken(n, ch);
}

static void break_channel(struct nic *n, unsigned int ch)
{
	u32 bad[7] = { 0xffff };

	ring_put(&n->c[ch].out, 1, bad, sizeof(bad));
	channel_send(&n->c[ch]);
}

/* All but one are as they were. */
static bool others_whole(struct nic *n, const struct lanes *l, unsigned int ch)
{
	unsigned int i;

	for (i = 0; i < n->n; i++)
		if (i != ch && (is_broken(n, i) ||
				chan_number(&n->c[i], "errors") != l->errors[i]))
			return false;
	return true;
}

/* ---- the receive buffer -------------------------------------------------------------- */

/*
 * It is shared out while the guest has most of it: what it gives back goes to whom it
 * belongs then.
 */
static void test_share(struct nic *n, struct host *h, unsigned int subs)
{
	unsigned int by[NIC_CHANNELS], held;
	struct lanes l;

	if (!ok(up(n, h, &l), "up"))
		return;
	held = n->cuts - RESERVED - subs;
	/* The stack must not wait for what is given back. */
	ok(nic_flow_in(n, h, FIRST_PORT) == 0 && all_back(h, &l), "a frame by the only channel");
	n->hold = true;
	ok(lane_send(h, FIRST_PORT, held) && lane_take(n, held, by) && by[0] == held,
	   "the guest keeps %u frames of %u", held, n->cuts - RESERVED);
	ok(nic_subs(n, subs), "and asks for %u sub-channels", subs);
	nic_release(n);
	ok(all_back(h, &l), "it gives all back");
	ok(find_lanes(n, h, &l), "frames come by each channel");
	ok(shares(n, h, &l), "each has its share, %u, and the first %u", l.room[1], l.room[0]);
	ok(shares(n, h, &l), "and has it again");
	ok(nic_close(n), "closed");
}

/* ---- what the stack counts ------------------------------------------------------------ */

/* So many frames of lane_send() or nic_flow_in() are under way by one channel, and no others. */
static bool under_way(struct nic *n, struct host *h, unsigned int ch, unsigned int frames)
{
	struct flow w = { };
	unsigned int i;
	bool good = true;

	for (i = 0; i < NIC_CHANNELS; i++)
		good = good && host_in_flight_is(h, i, i == ch ?
						 (u64)frames * (frame_head(&w) + PAYLOAD) : 0);
	return good;
}

/* What the guest has counts for the limits of a queue until it is given back, or gone. */
static void test_counted(struct nic *n, struct host *h)
{
	unsigned int by[NIC_CHANNELS];
	struct lanes l;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	ok(under_way(n, h, 1, 0), "nothing is under way");
	n->hold = true;
	ok(lane_send(h, l.port[1], SOME) && lane_take(n, SOME, by) && by[1] == SOME &&
	   under_way(n, h, 1, SOME), "%u frames that the guest keeps are", SOME);
	nic_release(n);
	ok(under_way(n, h, 1, 0), "it gives them back");
	n->hold = true;
	ok(lane_send(h, l.port[1], SOME) && lane_take(n, SOME, by) && by[1] == SOME &&
	   under_way(n, h, 1, SOME), "it keeps as many again");
	ok(nic_close_sub(n, 1) && under_way(n, h, 1, 0), "their channel is closed");
	ok(nic_open_channel(n, 1) && nic_flow_in(n, h, l.port[1]) == 1 && under_way(n, h, 1, 1),
	   "opened again: what is new counts, and nothing of old");
	nic_release(n);
	ok(under_way(n, h, 1, 0), "it gives that back");
	n->hold = true;
	ok(lane_send(h, l.port[0], SOME) && lane_take(n, SOME, by) && by[0] == SOME &&
	   under_way(n, h, 0, SOME), "it keeps frames of the primary channel");
	ok(nic_close(n) && under_way(n, h, 0, 0), "closed");
	ok(up(n, h, &l) && nic_flow_in(n, h, FIRST_PORT) == 0 && under_way(n, h, 0, 0) &&
	   nic_close(n), "opened again: frames go, and are given back");
}

/* ---- one that is full, and stalls ----------------------------------------------------- */

/* Nothing of @ch is given back until it stalls; the others go on all the time. */
static bool stalls(struct nic *n, struct host *h, const struct lanes *l, unsigned int ch, u64 from)
{
	u64 end = now_us() + (STALL_MS + SLACK_MS) * 1000ULL;

	while (queue_stat(h, ch, "tx_stalls") == from) {
		if (now_us() > end || !lanes_work(n, h, l, 1U << ch, 1) ||
		    !host_running(h, true, 0))
			return false;
		usleep(LOOK_MS * 1000);
	}
	return true;
}

static void test_one_full(struct nic *n, struct host *h, const struct lanes *l)
{
	u64 full = queue_stat(h, 1, "tx_no_room"), back = queue_stat(h, 2, "tx_returns");
	u64 dropped = queue_stat(h, 1, "tx_dropped"), from = queue_stat(h, 1, "tx_stalls");
	unsigned int by[NIC_CHANNELS];
	u64 start = now_us();

	n->keep = 1U << 1;
	ok(lane_send(h, l->port[1], l->room[1] + EXTRA) && lane_take(n, l->room[1], by) &&
	   by[1] == l->room[1] && !nic_take(n, QUIET_MS) &&
	   queue_stat(h, 1, "tx_no_room") > full,
	   "channel 1 is full: the guest keeps all %u frames of it", l->room[1]);
	ok(lanes_work(n, h, l, 1U << 1, ROUNDS), "frames come by the others");
	ok(queue_stat_is(h, 2, "tx_returns", back + ROUNDS), "and are given back");
	ok(nic_out_once(n, h, 1, 200, 1) && nic_out_once(n, h, 2, 200, 2),
	   "the guest's own go by that one, too");
	ok(stalls(n, h, l, 1, from), "it stalls, and the others go on, with a carrier");
	note("after %llu ms", (now_us() - start) / 1000);
	ok(now_us() - start >= (STALL_MS - TICK_MS) * 1000ULL, "not earlier than after 10 s");
	ok(queue_stat_is(h, 1, "tx_dropped", dropped + EXTRA), "what has waited for it is dropped");
	ok(lane_send(h, l->port[1], EXTRA) && lane_take(n, EXTRA, by) && by[0] == EXTRA &&
	   queue_stat_is(h, 1, "tx_dropped", dropped + EXTRA),
	   "what comes for it then goes by another");
	ok(lanes_work(n, h, l, 1U << 1, ROUNDS) && host_running(h, true, 0), "the others go on");
}

/* Only when no channel is left that works the carrier goes. */
static void test_all_full(struct nic *n, struct host *h, struct lanes *l)
{
	u64 from = host_stat(h, "tx_stalls");
	unsigned int by[NIC_CHANNELS];

	n->keep = 7;
	ok(lane_send(h, l->port[0], l->room[0] + EXTRA) &&
	   lane_send(h, l->port[2], l->room[2] + EXTRA) &&
	   lane_take(n, l->room[0] + l->room[2], by) && by[0] == l->room[0] &&
	   by[2] == l->room[2], "all channels are full");
	ok(host_running(h, true, 0) && host_running(h, false, STALL_MS + SLACK_MS) &&
	   host_stat_is(h, "tx_stalls", from + 2), "all stall: the carrier goes");
	nic_release(n);
	ok(host_running(h, true, TIMEOUT_MS), "all is given back: the carrier is there again");
	/* What had not been dropped */
	while (nic_take(n, QUIET_MS))
		;
	ok(find_lanes(n, h, l) && shares(n, h, l), "each channel has its share");
}

static void test_full(struct nic *n, struct host *h)
{
	struct lanes l;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	test_one_full(n, h, &l);
	test_all_full(n, h, &l);
	ok(nic_close(n), "closed");
}

/* ---- channels that the guest breaks --------------------------------------------------- */

static void test_first_broken(struct nic *n, struct host *h)
{
	unsigned int i, good = 0;
	struct lanes l;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	break_channel(n, 0);
	ok(breaks(n, 0), "the primary channel is broken by the guest");
	for (i = 1; i < n->n; i++)
		good += nic_out_once(n, h, i, 300 + i, i);
	ok(good == SUBS, "%u others send frames", good);
	ok(lanes_work(n, h, &l, 1, ROUNDS), "and get frames");
	ok(nic_flow_in(n, h, l.port[0]) > 0, "what went by the broken one goes by another");
	ok(others_whole(n, &l, 0) && host_running(h, true, 0),
	   "they have no errors, and a carrier");
	for (i = 1; i < n->n; i++)
		break_channel(n, i);
	ok(breaks(n, 1) && breaks(n, 2) && host_running(h, false, TIMEOUT_MS),
	   "all are broken: the carrier goes");
	ok(nic_close(n), "closed");
	ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l) && shares(n, h, &l),
	   "opened again: all channels work");
	ok(nic_close(n), "closed");
}

/* The carrier goes and comes with the last channel that works, and at once. */
static void test_last_closed(struct nic *n, struct host *h)
{
	unsigned int i, off = 0, on = 0;
	struct lanes l;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	break_channel(n, 0);
	break_channel(n, 1);
	ok(breaks(n, 0) && breaks(n, 1) && host_running(h, true, 0) &&
	   nic_flow_in(n, h, l.port[0]) == SUBS && all_back(h, &l), "one channel is left");
	for (i = 0; i < ROUNDS; i++) {
		off += nic_close_sub(n, SUBS) && host_running(h, false, 0);
		on += nic_open_channel(n, SUBS) && host_running(h, true, 0);
	}
	ok(off == ROUNDS, "closed, there is no carrier: %u times", off);
	ok(on == ROUNDS && nic_flow_in(n, h, l.port[0]) == SUBS,
	   "opened again, there is: %u times, and frames go", on);
	ok(nic_close(n), "closed");
}

static void complete_as(struct nic *n, unsigned int ch, u64 id)
{
	struct vmpacket_descriptor d = {
		.type = VM_PKT_COMP, .offset8 = sizeof(d) / 8, .trans_id = id,
	};
	u32 done[2] = { NVSP_RNDIS_PACKET_COMPLETE, NVSP_STATUS_SUCCESS };

	ring_put_packet(&n->c[ch].out, &d, done, sizeof(done));
	channel_send(&n->c[ch]);
}

/* A frame in many parts is one packet: only its first part is a name of it. */
static void test_part_completed(struct nic *n, struct host *h)
{
	static u8 frame[NIC_LONGEST];
	struct flow w = { .port = FIRST_PORT };
	struct nic_conf conf = few;
	const struct nic_frame *f;
	u32 len, i, part = 0;
	bool good;
	u64 bad;

	conf.caps |= NVSP_CAP_RSC;
	if (!ok(nic_ready(n, h, &conf), "up, with segments coalesced"))
		return;
	bad = host_stat(h, "bad_messages");
	n->hold = true;
	len = frame_flow(frame, &w, LARGE, 1, true);
	frame_leave_sums(frame, &w, false);
	f = host_send_sums(h->sock, frame, len, &w, MSS) ? nic_take(n, TIMEOUT_MS) : NULL;
	good = f && f->parts > 2 && n->nheld == 1;
	for (i = 0; good && i < n->cuts; i++)
		if (n->owner[i] == n->held[0].id + 1 && i != n->held[0].id)
			part = i;
	ok(good && part, "a packet of %u parts", f ? f->parts : 0);
	complete_as(n, 0, part);
	ok(breaks(n, 0) && host_stat_is(h, "bad_messages", bad + 1),
	   "a part of it is completed: the channel is broken");
	ok(nic_close(n) && nic_ready(n, h, &conf) && nic_works(n, h) && nic_close(n),
	   "opened again: frames go");
}

/* What came by one channel is given back by another. */
static void test_other_completed(struct nic *n, struct host *h)
{
	struct lanes l;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	n->hold = true;
	ok(nic_flow_in(n, h, l.port[0]) == 0 && n->nheld == 1 && !n->held[0].channel,
	   "a frame by the primary channel");
	complete_as(n, 1, n->held[0].id);
	ok(breaks(n, 1) && others_whole(n, &l, 1), "completed by another, that one is broken");
	nic_release(n);
	ok(all_back(h, &l) && others_whole(n, &l, 1), "and then by its own");
	ok(lanes_work(n, h, &l, 1U << 1, ROUNDS) && others_whole(n, &l, 1), "the others go on");
	ok(nic_close(n), "closed");
}

/* Sub-channels are for frames. */
static void test_sub_control(struct nic *n, struct host *h)
{
	struct {
		struct rndis_header hdr;
		u32 id;
	} alive = { { RNDIS_MSG_KEEPALIVE, sizeof(alive) }, 0x1234 };
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	struct nic_range r = { .len = sizeof(alive), .page = PAGE_NIC_CTL };
	struct lanes l;
	u64 bad;

	if (!ok(up(n, h, &l) && nic_subs(n, SUBS) && find_lanes(n, h, &l), "up, with %u channels",
		SUBS + 1))
		return;
	bad = queue_stat(h, 2, "bad_messages");
	n->control_len = 0;
	memcpy(ram_page(&n->b->g, PAGE_NIC_CTL), &alive, sizeof(alive));
	nic_put(n, 2, nic_id(n), &m, n->size, &r, 1);
	channel_send(&n->c[2]);
	ok(breaks(n, 2) && queue_stat_is(h, 2, "bad_messages", bad + 1) && !n->control_len,
	   "a control message by a sub-channel breaks that");
	ok(lanes_work(n, h, &l, 1U << 2, ROUNDS) && others_whole(n, &l, 2), "the others go on");
	ok(nic_request(n, &alive, sizeof(alive)), "and answer control messages");
	ok(nic_close(n), "closed");
}

/**
 * test_nicqueues - what a channel does to the others
 */
void test_nicqueues(void)
{
	static struct nic n;
	struct host h;

	if (nic_begin(&n, &h, NIC_MTU, NIC_CHANNELS) &&
	    ok(host_limits(&h, NIC_CHANNELS, "1000000"), "the stack has no limits")) {
		test_share(&n, &h, SUBS);
		test_share(&n, &h, NIC_CHANNELS - 1);
		test_counted(&n, &h);
		test_full(&n, &h);
		test_first_broken(&n, &h);
		test_last_closed(&n, &h);
		test_part_completed(&n, &h);
		test_other_completed(&n, &h);
		test_sub_control(&n, &h);
	}
	nic_end(&n, &h);
}
