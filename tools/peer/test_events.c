// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a monitor can read about its guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include "selftest.h"

static bool is_next(struct bed *b, u32 type, u64 count, u64 data, const char *what)
{
	struct vmbus_partition_event e = { };
	bool good = read(b->m.fd, &e, sizeof(e)) == sizeof(e) && e.type == type &&
		    !e.flags && e.count == count && e.data == data;

	if (!ok(good, "%s", what))
		note("type %u, count %llu, data %#llx", e.type, e.count, e.data);
	return good;
}

static bool is_readable(struct bed *b)
{
	struct pollfd p = { .fd = b->m.fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static void nothing_more(struct bed *b)
{
	struct vmbus_partition_event e;

	ok(!is_readable(b) && read(b->m.fd, &e, sizeof(e)) == -1 && errno == EAGAIN,
	   "and nothing else");
}

static void test_guest(struct bed *b)
{
	struct vmbus_partition_event e[16];
	struct iovec nowhere = { .iov_base = (void *)8, .iov_len = sizeof(e) };

	is_next(b, VMBUS_PARTITION_EVENT_SERVER, 1, 1, "there is a server");
	nothing_more(b);
	ok(bed_connect(b, VMBUS_VERSION(5, 3), 0), "a connection");
	ok(is_readable(b), "poll() tells");
	ok(read(b->m.fd, e, sizeof(e[0]) - 1) == -1 && errno == EINVAL, "a short buffer");
	ok(readv(b->m.fd, &nowhere, 1) == -1 && errno == EFAULT, "a bad buffer");
	is_next(b, VMBUS_PARTITION_EVENT_CONNECTED, 1, VMBUS_VERSION(5, 3), "the guest connected");
	ok(guest_contact(&b->g, VMBUS_VERSION(4, 0), 0), "a connection anew");
	ok(guest_unload(&b->g), "and its end");
	is_next(b, VMBUS_PARTITION_EVENT_DISCONNECTED, 2, 0, "it disconnected twice");
	is_next(b, VMBUS_PARTITION_EVENT_CONNECTED, 1, VMBUS_VERSION(4, 0), "connected once");
	nothing_more(b);
}

/* A GPADL of pages that are not there; the status of its answer. */
static u32 bad_gpadl(struct bed *b)
{
	u64 words[5] = { 4 * PAGE, 7, 7, 7, 7 };
	union message a;

	if (!guest_gpadl_post(&b->g, b->echo.channel_id, 9, words, 5, 1) ||
	    guest_receive(&b->g, &a) != sizeof(a.created))
		return 1;
	return a.created.status;
}

static void test_faults(struct bed *b)
{
	struct vmbus_open_msg msg = {
		.hdr.type = VMBUS_MSG_OPEN,
		.ring_gpadl = 9,
		.downstream_page = 2,
	};
	union message a;
	unsigned int i;

	ok(bed_connect(b, VMBUS_VERSION(5, 3), 0), "a connection");
	is_next(b, VMBUS_PARTITION_EVENT_CONNECTED, 1, VMBUS_VERSION(5, 3), "connected");
	if (opt.relayed) {
		ok(bad_gpadl(b), "a relay takes no pages that are not there");
		is_next(b, VMBUS_PARTITION_EVENT_FAULT, 1, 7, "the first is told");
		nothing_more(b);
		return;
	}
	ok(!bad_gpadl(b), "a GPADL of pages that are not there");
	msg.channel_id = b->echo.channel_id;
	for (i = 0; i < 3; i++)
		guest_ask(&b->g, &msg, sizeof(msg), &a, VMBUS_MSG_OPEN_RESULT);
	is_next(b, VMBUS_PARTITION_EVENT_FAULT, 3, 7, "used three times, they are told");
	ok(guest_teardown(&b->g, b->echo.channel_id, 9), "torn down");
	nothing_more(b);
}

static void test_monitor(struct bed *b)
{
	ok(!ioctl(b->m.fd, VMBUS_PARTITION_STOP) && !ioctl(b->m.fd, VMBUS_PARTITION_START) &&
	   !ioctl(b->m.fd, VMBUS_PARTITION_STOP), "stop, start, stop");
	monitor_reset(&b->m);
	is_next(b, VMBUS_PARTITION_EVENT_STOPPED, 2, 0, "stopped twice");
	is_next(b, VMBUS_PARTITION_EVENT_STARTED, 1, 0, "started once");
	is_next(b, VMBUS_PARTITION_EVENT_DISCONNECTED, 1, 0, "disconnected by the reset");
	is_next(b, VMBUS_PARTITION_EVENT_RESET, 1, 0, "reset");
	nothing_more(b);
}

/**
 * test_events - read() and poll()
 */
void test_events(void)
{
	struct vmbus_partition_event e;
	struct bed b;

	bed_up_with(&b, VMBUS_PARTITION_F_EVENTS | VMBUS_PARTITION_F_STOP);
	ok(!fcntl(b.m.fd, F_SETFL, O_RDWR | O_NONBLOCK), "reads do not wait");
	test_guest(&b);
	test_faults(&b);
	test_monitor(&b);
	bed_down(&b);

	bed_up(&b);
	ok(read(b.m.fd, &e, sizeof(e)) == -1 && errno == EOPNOTSUPP, "no read without the feature");
	bed_down(&b);
}
