// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of a network adapter: a guest that gives nothing back, one that takes a buffer
 * back, and one that goes while frames are under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nic.h"

#define SMALL_PAGES	16U		/* of a receive buffer */
#define RESERVED	16U		/* sub-allocations that frames do not get */
#define SHORT_MS	1000		/* a stall that nobody minds */
#define STALL_MS	10000		/* one that costs the carrier */
#define SLACK_MS	6000		/* as the watchdog of netdevs looks */
#define QUIET_MS	300
#define FRAME		200U
#define OUT		8U		/* frames of the guest under way */
#define PATTERN		0xa5

/* A NIC with room for few frames. */
static const struct nic_conf *small(void)
{
	static struct nic_conf conf;

	conf = nic_usual;
	conf.recv_pages = SMALL_PAGES;
	return &conf;
}

static unsigned int room(const struct nic *n)
{
	return n->cuts - RESERVED;
}

/* Returns how many were taken: sockets cannot send while the carrier is away. */
static unsigned int send_frames(struct host *h, unsigned int count, u64 seed)
{
	u8 frame[FRAME];
	unsigned int i;

	for (i = 0; i < count; i++) {
		frame_plain(frame, sizeof(frame), seed + i, true);
		if (!host_send(h->sock, frame, sizeof(frame)))
			break;
	}
	return i;
}

/* Takes frames until no more come for @ms; they must follow each other from @seed on. */
static unsigned int take_frames(struct nic *n, u64 seed, unsigned int max, int ms)
{
	const struct nic_frame *f;
	unsigned int i;

	for (i = 0; i < max; i++) {
		f = nic_take(n, ms);
		if (!f || !frame_is(f->data, f->len, FRAME, seed + i, true))
			break;
	}
	return i;
}

/* ---- a guest that gives nothing back ------------------------------------------------- */

/* For less time than counts: all comes, in order. */
static void test_short_stall(struct nic *n, struct host *h)
{
	u64 stalls = host_stat(h, "tx_stalls");
	unsigned int all = 3 * room(n), got;

	n->hold = true;
	ok(send_frames(h, all, 100) == all, "%u frames for a guest with room for %u", all, room(n));
	got = take_frames(n, 100, all, SHORT_MS);
	ok(got && got <= room(n), "as long as it gives nothing back it gets %u of them", got);
	nic_release(n);
	got += take_frames(n, 100 + got, all - got, TIMEOUT_MS);
	ok(got == all, "then it gets all %u, in order", got);
	ok(host_stat(h, "tx_stalls") == stalls, "that is no stall");
}

/* For so long that the adapter takes it for dead. */
static void test_long_stall(struct nic *n, struct host *h, const char *how)
{
	u64 stalls = host_stat(h, "tx_stalls"), sent, lost, start;
	unsigned int got, more;

	sent = host_counter(h, "tx_packets");
	lost = host_counter(h, "tx_dropped") + host_counter(h, "tx_errors");
	n->hold = true;
	start = now_us();
	ok(send_frames(h, 3 * room(n), 500), "frames for a guest that gives nothing back, %s", how);
	got = take_frames(n, 500, 3 * room(n), QUIET_MS);
	ok(host_running(h, false, STALL_MS + SLACK_MS), "the carrier goes");
	note("after %llu ms", (now_us() - start) / 1000);
	ok(now_us() - start >= (STALL_MS - 1000) * 1000ULL, "not earlier than after 10 s");
	ok(host_stat(h, "tx_stalls") == stalls + 1, "that is a stall");
	nic_release(n);
	ok(nic_poll(n) || !n->nheld, "all is given back");
	ok(host_running(h, true, TIMEOUT_MS), "and the carrier is back");
	/* What the adapter had taken comes, or is counted. */
	more = take_frames(n, 500 + got, 3 * room(n) - got, QUIET_MS);
	sent = host_counter(h, "tx_packets") - sent;
	lost = host_counter(h, "tx_dropped") + host_counter(h, "tx_errors") - lost;
	ok(got + more + lost >= sent,
	   "nothing is lost in silence: %u and %u of %llu came, %llu lost", got, more, sent, lost);
	ok(nic_works(n, h), "frames go");
}

/* Takes frames from @seed on until all room is in use. */
static bool take_all(struct nic *n, u64 seed)
{
	return take_frames(n, seed, room(n), TIMEOUT_MS) == room(n);
}

/* Each place of the receive buffer is used again. */
static void test_full_again(struct nic *n, struct host *h, const char *when)
{
	bool all;

	n->hold = true;
	send_frames(h, room(n), 2000);
	all = take_all(n, 2000);
	nic_release(n);
	ok(all, "%s there is room for %u frames again", when, room(n));
}

/* ---- a guest that takes buffers back ------------------------------------------------- */

static u64 put_out(struct nic *n, unsigned int i)
{
	static u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .len = frame_plain(frame, FRAME, 3000 + i, false) };
	static u8 msg[FRAME + 64];
	u32 len = rndis_put(msg, &o, 1);

	return nic_send_section(n, 0, i, msg, len);
}

/* The buffer is the guest's alone. */
static bool untouched(struct nic *n, unsigned int page, unsigned int pages)
{
	const u8 *p = ram_page(&n->b->g, page);
	size_t i;

	for (i = 0; i < (size_t)pages * PAGE; i++)
		if (p[i] != PATTERN) {
			note("byte %zu was written", i);
			return false;
		}
	return true;
}

static void host_drain(struct host *h)
{
	static struct host_frame f;

	while (host_take(h->sock, &f, QUIET_MS))
		;
}

static void test_revoke_recv(struct nic *n, struct host *h)
{
	u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .len = frame_plain(frame, FRAME, 1, false) };

	n->hold = true;
	send_frames(h, room(n) + 5, 4000);
	ok(take_all(n, 4000), "frames that are not given back");
	ok(nic_revoke(n, false), "the guest takes its receive buffer back");
	/* Of the frames that come no more nobody waits for an answer. */
	n->nheld = 0;
	memset(ram_page(&n->b->g, PAGE_NIC_RECV), PATTERN, SMALL_PAGES * PAGE);
	send_frames(h, 3, 5000);
	ok(!nic_pump(n, QUIET_MS) && untouched(n, PAGE_NIC_RECV, SMALL_PAGES),
	   "nobody writes into it any more");
	ok(nic_send(n, 0, &o) != NVSP_STATUS_NONE, "its own frames are answered");
	host_drain(h);
	n->hold = false;
	ok(nic_recv_buffer(n, SMALL_PAGES) && host_running(h, true, TIMEOUT_MS),
	   "it gives another");
	/* What had waited may come now. */
	while (nic_take(n, QUIET_MS))
		;
	ok(nic_works(n, h), "frames go");
	test_full_again(n, h, "then");
}

static void test_revoke_send(struct nic *n, struct host *h)
{
	static struct host_frame f;
	unsigned int i, done = 0, came = 0;
	u64 ids[OUT];
	u32 status;

	for (i = 0; i < OUT; i++)
		ids[i] = put_out(n, i);
	ok(nic_revoke(n, true), "the guest takes its send buffer back, with frames in it");
	for (i = 0; i < OUT; i++) {
		status = nic_status(n, ids[i]);
		done += status == NVSP_STATUS_SUCCESS;
		if (status == NVSP_STATUS_NONE)
			break;
	}
	ok(i == OUT, "each of them is answered");
	while (host_take(h->sock, &f, QUIET_MS))
		came++;
	ok(came == done, "%u were sent, and %u have come", done, came);
	ok(nic_works(n, h), "other frames go");
	ok(nic_send_buffer(n, NIC_SEND_PAGES) && nic_status(n, put_out(n, 1)) ==
	   NVSP_STATUS_SUCCESS && host_take(h->sock, &f, TIMEOUT_MS) &&
	   frame_is(f.data, f.len, FRAME, 3001, false), "it gives another");
}

/* ---- a guest that goes --------------------------------------------------------------- */

/* Frames both ways that are not done, and more that wait. */
static bool busy(struct nic *n, struct host *h)
{
	unsigned int i;

	n->hold = true;
	for (i = 0; i < OUT; i++)
		if (!put_out(n, i))
			return false;
	return send_frames(h, room(n) + 5, 6000) && take_all(n, 6000);
}

static void test_close_busy(struct nic *n, struct host *h)
{
	ok(busy(n, h), "frames both ways under way");
	ok(nic_close(n), "closed: the guest gets all its memory back");
	memset(ram_page(&n->b->g, PAGE_NIC_RECV), PATTERN, SMALL_PAGES * PAGE);
	usleep(QUIET_MS * 1000);
	ok(untouched(n, PAGE_NIC_RECV, SMALL_PAGES), "nobody writes into it any more");
	host_drain(h);
	ok(nic_ready(n, h, small()) && nic_works(n, h), "opened again: frames go");
	test_full_again(n, h, "then");
}

/* The guest resets itself: all that was begun is forgotten. */
static void test_reset_busy(struct nic *n, struct host *h)
{
	struct bed *b = n->b;
	unsigned int vp;

	ok(busy(n, h), "frames both ways under way");
	monitor_reset(&b->m);
	memset(b->m.ram, 0, (size_t)PAGE_SCRATCH * PAGE);
	for (vp = 0; vp < VPS; vp++)
		monitor_set_synic(&b->m, vp);
	b->g.version = 0;
	host_drain(h);
	ok(bed_contact(b, VMBUS_VERSION(5, 3), 0) && nic_find(n, b) && nic_ready(n, h, small()) &&
	   nic_works(n, h), "reset: it comes up again, and frames go");
}

/* In a process of its own, which ends without a word. */
static bool child(struct nic *n, struct host *h)
{
	struct bed *b = n->b;

	bed_up(b);
	return bed_contact(b, VMBUS_VERSION(5, 3), 0) && nic_find(n, b) &&
	       nic_ready(n, h, small()) && nic_works(n, h) && busy(n, h);
}

static void test_vanish(struct nic *n, struct host *h)
{
	struct bed *b = n->b;
	int status = -1;
	pid_t pid;

	nic_forget(n);
	bed_down(b);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(child(n, h) ? 0 : 1);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status),
	   "a guest vanishes with frames under way");
	host_drain(h);
	bed_up(b);
	ok(host_running(h, false, TIMEOUT_MS), "the carrier goes");
	ok(bed_contact(b, VMBUS_VERSION(5, 3), 0) && nic_find(n, b) && nic_ready(n, h, small()) &&
	   nic_works(n, h), "the next one comes up, and frames go");
	test_full_again(n, h, "then");
}

/**
 * test_nicbuffers - buffers that are full, taken back and left behind
 */
void test_nicbuffers(void)
{
	static struct nic n;
	struct host h;

	if (nic_begin(&n, &h, NIC_MTU, 1) && ok(nic_ready(&n, &h, small()), "up")) {
		test_short_stall(&n, &h);
		test_long_stall(&n, &h, "with the stack's limits");
		ok(host_limits(&h, 1, "1000000") && nic_works(&n, &h), "the stack has no limits");
		test_short_stall(&n, &h);
		test_full_again(&n, &h, "then");
		test_long_stall(&n, &h, "without limits");
		ok(nic_works(&n, &h), "frames go again");
		test_full_again(&n, &h, "then");
		test_revoke_recv(&n, &h);
		test_revoke_send(&n, &h);
		test_close_busy(&n, &h);
		ok(!n.faults, "nothing was wrong so far");
		test_reset_busy(&n, &h);
		test_vanish(&n, &h);
	}
	nic_end(&n, &h);
}
