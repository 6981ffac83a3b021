// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_vsock: connections that should end while their guest is stopped.
 */
#include <linux/module.h>
#include "vsock_test.h"

/* ---- time -------------------------------------------------------------------------- */

/* The deadline of the only connection is over, once it has one. */
static struct vvsock_conn *vs_expire(struct vt *vt)
{
	struct vvsock_conn *conn;

	conn = list_first_entry(&vt->guest.conns, struct vvsock_conn, node);
	vt_expect_soon(vt, READ_ONCE(conn->deadline) && delayed_work_pending(&conn->work));
	spin_lock_irq(&conn->lock);
	conn->deadline = jiffies - 1;
	mod_delayed_work(conn->work.wq, &conn->work, 0);
	spin_unlock_irq(&conn->lock);
	return conn;
}

/* The same, but the guest gets all of the time again. */
static void vs_expect_more_time(struct vt *vt, unsigned long timeout)
{
	struct vvsock_conn *conn = vs_expire(vt);

	vt_expect_soon(vt, time_after(READ_ONCE(conn->deadline), jiffies + timeout / 2));
}

struct vs_stop {
	bool offered;	/* waits for the guest to open; else, to end, too */
	bool closed;	/* the socket is closed before the guest is stopped */
	bool expires;	/* while it is stopped; else only after that */
};

static const struct vs_stop vs_stops[] = {
	{ .closed = true, .expires = true },
	{ .closed = true },
	{ .expires = true },
	{ },
	{ .offered = true, .expires = true },
	{ .offered = true },
};

/* The time for which a guest is stopped does not count: it finds all that was sent. */
static void vsock_stop_deadline_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;
	const struct vs_stop *row;
	unsigned long timeout;

	for (row = vs_stops; row < vs_stops + ARRAY_SIZE(vs_stops); row++) {
		sock = NULL;
		timeout = row->offered ? VVSOCK_OPEN_TIMEOUT : VVSOCK_CLOSE_TIMEOUT;
		if (row->offered) {
			vt_request_port(vt, VT_PORT, VT_PEER);
			vt_expect_offer(vt, false);
		} else {
			sock = vt_accepted(vt, *listener);
			memcpy(vt->buf, "last", 4);
			KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 4, 0), 4);
			if (row->closed)
				vt_close(sock);
		}
		fg_stop(vt->fg);
		if (sock)
			vt_close(sock);
		if (row->expires)
			vs_expect_more_time(vt, timeout);
		fg_start(vt->fg);
		vs_expect_more_time(vt, timeout);

		if (row->offered) {
			vt_open(vt);
			sock = vt_accept(vt, *listener);
			vt_close(sock);
		} else {
			vt_guest_expect(vt, "last");
		}
		vt_guest_expect(vt, "");
		KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
		fg_expect_quiet(vt->fg);
		vt->nsockets--;

		/* One that takes longer than that is not waited for. */
		vs_expire(vt);
		vt_expect_end(vt);
	}
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_REFUSED), 0);
}

/* ---- others -------------------------------------------------------------------------- */

/* Who waits for a guest that is stopped is not in the way of another guest. */
static void vsock_stop_many_test(struct kunit *test)
{
	struct vt *vt = vt_new(test), *other = vt_new_named(test, "kunit-other", VT_CID + 1);
	struct socket **socks = kunit_kcalloc(test, VVSOCK_MAX_CONNS, sizeof(*socks), GFP_KERNEL);
	struct socket **sock;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, socks);
	for (i = 0; i < VVSOCK_MAX_CONNS; i++) {
		if (sock_create_kern(&init_net, AF_VSOCK, SOCK_STREAM, 0, &socks[i]))
			break;
		/* So many take a while on a busy machine. */
		vsock_sk(socks[i]->sk)->connect_timeout = 3 * FG_TIMEOUT;
		KUNIT_EXPECT_EQ(test, vt_connect(socks[i], VT_CID, VT_PEER, O_NONBLOCK),
				-EINPROGRESS);
	}
	for (i = 0; i < 20000 && READ_ONCE(vt->fg->srv->nchans) < VVSOCK_MAX_CONNS; i++)
		usleep_range(500, 1000);
	fg_stop(vt->fg);
	for (i = 0; i < VVSOCK_MAX_CONNS; i++)
		vt_close(&socks[i]);
	KUNIT_EXPECT_EQ(test, vt->guest.nconns, (unsigned int)VVSOCK_MAX_CONNS);

	sock = vt_connected(other);
	vt_guest_write(other, "passes");
	vt_expect_data(other, *sock, "passes", 0);
	vt_close(sock);
	vt_guest_expect(other, "");
	vt_guest_write(other, "");
	vt_expect_end(other);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vt->guest.nconns), (unsigned int)VVSOCK_MAX_CONNS);
	KUNIT_EXPECT_EQ(test, vt->fg->srv->nchans, (unsigned int)VVSOCK_MAX_CONNS);

	fg_start(vt->fg);
	vt_expect_idle(vt);
	fg_drain(vt->fg);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_FAILED), VVSOCK_MAX_CONNS);
}

static struct kunit_case vsock_stop_cases[] = {
	KUNIT_CASE(vsock_stop_deadline_test),
	KUNIT_CASE(vsock_stop_many_test),
	{}
};

static struct kunit_suite vsock_stop_suite = {
	.name = "vmbus_vsock_stop",
	.test_cases = vsock_stop_cases,
};

kunit_test_suite(vsock_stop_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_vsock: a guest that is stopped");
MODULE_LICENSE("GPL");
