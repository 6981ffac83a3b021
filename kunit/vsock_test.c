// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_vsock: connections begun by either side, data, and full rings.
 */
#include <linux/workqueue.h>
#include <linux/module.h>
#include "vsock_test.h"

/* ---- the guest connects --------------------------------------------------------- */

static void vsock_accept_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;
	const struct vmbus_offer_msg *m;
	struct sockaddr_vm addr;
	guid_t id;

	vt_request_port(vt, VT_PORT, VT_PEER);
	m = vt_expect_offer(vt, false);
	vvsock_port_to_id(VT_PORT, &id);
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &id));
	vvsock_port_to_id(VT_PEER, &id);
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->instance_id, &id));
	fg_expect_quiet(vt->fg);
	vt_open(vt);
	/* The guest may write before anybody has accepted. */
	vt_guest_write(vt, "early");
	sock = vt_accept(vt, *listener);
	KUNIT_EXPECT_EQ(test, kernel_getpeername(*sock, (struct sockaddr *)&addr),
			(int)sizeof(addr));
	KUNIT_EXPECT_EQ(test, addr.svm_cid, VT_CID);
	KUNIT_EXPECT_EQ(test, addr.svm_port, VT_PEER);
	KUNIT_EXPECT_EQ(test, kernel_getsockname(*sock, (struct sockaddr *)&addr),
			(int)sizeof(addr));
	KUNIT_EXPECT_EQ(test, addr.svm_cid, VMADDR_CID_HOST);
	KUNIT_EXPECT_EQ(test, addr.svm_port, VT_PORT);
	vt_expect_data(vt, *sock, "early", 0);

	/* Both ways, in pieces and in one. */
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, MSG_DONTWAIT), -EAGAIN);
	vt_guest_write(vt, "one");
	vt_guest_write(vt, "two");
	vt_expect_data(vt, *sock, "o", MSG_PEEK);
	vt_expect_data(vt, *sock, "on", 0);
	vt_expect_data(vt, *sock, "etwo", 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, MSG_DONTWAIT), -EAGAIN);
	memcpy(vt->buf, "answer", 6);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 6, 0), 6);
	KUNIT_EXPECT_TRUE(test, fg_event(vt->fg, 0, vt->chan));
	vt_guest_expect(vt, "answer");
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);

	/* Each side ends by itself; the channel goes when both have. */
	vt_guest_write(vt, "last");
	vt_guest_write(vt, "");
	vt_expect_data(vt, *sock, "last", 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	memcpy(vt->buf, "half", 4);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 4, 0), 4);
	vt_guest_expect(vt, "half");
	fg_expect_quiet(vt->fg);
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_WR), 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 4, 0), -EPIPE);
	vt_guest_expect(vt, "");
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_ACCEPTED), 1);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_REFUSED), 0);

	/* The same ports again: nothing is left of the first. */
	vt_close(sock);
	sock = vt_accepted(vt, *listener);
	vt_guest_write(vt, "again");
	vt_expect_data(vt, *sock, "again", 0);
}

static void vt_expect_refused(struct vt *vt, s64 refused)
{
	fg_expect(vt->fg, VMBUS_MSG_TL_CONNECT_RESULT, 44);
	fg_expect_quiet(vt->fg);
	vt_expect_soon(vt, vt_count(vt, VVSOCK_REFUSED) == refused);
}

static void vsock_refuse_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener, **first;
	guid_t service, endpoint;
	s64 n = 0;

	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_refused(vt, ++n);
	/* Bound for programs of this kernel alone. */
	listener = vt_listen(vt, VMADDR_CID_LOCAL, 1);
	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_refused(vt, ++n);
	vt_close(listener);

	listener = vt_listen(vt, VMADDR_CID_HOST, 0);
	vvsock_port_to_id(VT_PORT, &service);
	vvsock_port_to_id(VT_PEER, &endpoint);
	service.b[15]++;
	vt_request(vt, &service, &endpoint);
	vt_expect_refused(vt, ++n);
	vt_request_port(vt, VT_PORT, VMADDR_PORT_ANY);
	vt_expect_refused(vt, ++n);
	vt_request_port(vt, VT_PORT + 1, VT_PEER);
	vt_expect_refused(vt, ++n);

	/* A full backlog. */
	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_offer(vt, false);
	vt_open(vt);
	vt_expect_soon(vt, vt_count(vt, VVSOCK_ACCEPTED) == 1);
	vt_request_port(vt, VT_PORT, VT_PEER + 1);
	vt_expect_refused(vt, ++n);
	first = vt_accept(vt, *listener);
	/* The same end twice. */
	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_refused(vt, ++n);
	vt_guest_write(vt, "still");
	vt_expect_data(vt, *first, "still", 0);

	/* As many as there may be. */
	spin_lock_irq(&vt->guest.conns_lock);
	vt->guest.nconns += VVSOCK_MAX_CONNS - 1;
	spin_unlock_irq(&vt->guest.conns_lock);
	vt_request_port(vt, VT_PORT, VT_PEER + 2);
	vt_expect_refused(vt, ++n);
	KUNIT_EXPECT_EQ(test, vt_connect(*vt_socket(vt), VT_CID, 7, 0), -ENOBUFS);
	spin_lock_irq(&vt->guest.conns_lock);
	vt->guest.nconns -= VVSOCK_MAX_CONNS - 1;
	spin_unlock_irq(&vt->guest.conns_lock);
	vt_request_port(vt, VT_PORT, VT_PEER + 2);
	vt_expect_offer(vt, false);
	KUNIT_EXPECT_EQ(test, fg_count(vt->fg, VSRV_TL_REFUSED), n);
}

/* Whoever listened at the connect need not listen any more at the open. */
static void vsock_listener_gone_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4);

	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_offer(vt, false);
	vt_close(listener);
	vt_open(vt);
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_REFUSED), 1);

	/* One that goes with a connection that was not accepted ends that. */
	listener = vt_listen(vt, VMADDR_CID_ANY, 4);
	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_offer(vt, false);
	vt_open(vt);
	vt_expect_soon(vt, vt_count(vt, VVSOCK_ACCEPTED) == 1);
	vt_close(listener);
	vt_guest_expect(vt, "");
	vt_guest_write(vt, "");
	vt_expect_end(vt);
}

/* ---- we connect ----------------------------------------------------------------- */

static void vsock_connect_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_socket(vt), **other;
	struct sockaddr_vm addr;
	const struct vmbus_offer_msg *m;
	guid_t id, first;

	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, O_NONBLOCK), -EINPROGRESS);
	m = vt_expect_offer(vt, true);
	vvsock_port_to_id(VT_PEER, &id);
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &id));
	first = m->instance_id;
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, O_NONBLOCK), -EALREADY);
	vt_open(vt);
	vt_expect_soon(vt, READ_ONCE((*sock)->state) == SS_CONNECTED);
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, 0), -EISCONN);
	kernel_getsockname(*sock, (struct sockaddr *)&addr);
	/* The guest takes our port from there. */
	KUNIT_EXPECT_EQ(test, vvsock_id_port(&first), addr.svm_port);
	memcpy(vt->buf, "hello", 5);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 5, 0), 5);
	vt_guest_expect(vt, "hello");
	vt_guest_write(vt, "you");
	vt_expect_data(vt, *sock, "you", 0);

	/* We end first; the guest goes on, and is not read. */
	vt_close(sock);
	vt_guest_expect(vt, "");
	vt_guest_write(vt, "what nobody hears");
	fg_expect_quiet(vt->fg);
	vt_guest_write(vt, "");
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_CONNECTED), 1);

	/* Another one to the same port is another end. */
	other = vt_socket(vt);
	KUNIT_EXPECT_EQ(test, vt_connect(*other, VT_CID, VT_PEER, O_NONBLOCK), -EINPROGRESS);
	m = vt_expect_offer(vt, true);
	KUNIT_EXPECT_FALSE(test, guid_equal(&m->instance_id, &first));
	/* Given up before it is open. */
	vt_close(other);
	fg_expect_rescind(vt->fg, vt->chan);
	vt_expect_idle(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_FAILED), 1);
}

/* A program that neither reads nor writes any more, and does not close its socket. */
static void vsock_shutdown_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_connected(vt);

	vt_guest_write(vt, "not read");
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_RD), 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
	memcpy(vt->buf, "out", 3);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 3, 0), 3);
	vt_guest_expect(vt, "out");
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_RDWR), 0);
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_RDWR), 0);
	vt_guest_expect(vt, "");
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
	fg_expect_quiet(vt->fg);
	vt_guest_write(vt, "");
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 0);

	/* Closed before the guest has answered: it still may. */
	sock = vt_connected(vt);
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_RDWR), 0);
	vt_close(sock);
	vt_guest_expect(vt, "");
	fg_expect_quiet(vt->fg);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vt->guest.nconns), 1U);
	vt_guest_write(vt, "");
	vt_expect_end(vt);
}

static void vsock_connect_fails_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_socket(vt);

	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID + 1, VT_PEER, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VMADDR_PORT_ANY, 0), -EINVAL);
	/* The guest does not listen: it does nothing then. */
	vsock_sk((*sock)->sk)->connect_timeout = HZ / 2;
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, 0), -ETIMEDOUT);
	vt_expect_offer(vt, true);
	fg_expect_rescind(vt->fg, vt->chan);
	vt_expect_idle(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_FAILED), 1);
	fg_channel(vt->fg, VMBUS_MSG_RELID_RELEASED, vt->chan);

	/* The same socket can try again. */
	vsock_sk((*sock)->sk)->connect_timeout = FG_TIMEOUT;
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, O_NONBLOCK), -EINPROGRESS);
	vt_expect_offer(vt, true);
	vt_open(vt);
	vt_expect_soon(vt, READ_ONCE((*sock)->state) == SS_CONNECTED);
	vt_close(sock);
	vt_guest_write(vt, "");
	vt_expect_end(vt);

	/* A guest that has not asked for offers, or is not there. */
	fg_connect(vt->fg, FG_V(5, 3), 0);
	sock = vt_socket(vt);
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, 0), -EHOSTUNREACH);
	fg_simple(vt->fg, VMBUS_MSG_UNLOAD);
	fg_expect(vt->fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, 0), -EHOSTUNREACH);
	fg_expect_quiet(vt->fg);
}

/* ---- room ----------------------------------------------------------------------- */

static void vsock_full_ring_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_connected(vt);
	struct hv_ring_buffer *hdr = vt->down_base;
	unsigned int i, sent = 0, got = 0;
	int n;

	/* A pattern that a lost or doubled byte would shift. */
	for (i = 0; i < 2048; i++)
		vt->buf[i] = i % 251;
	KUNIT_EXPECT_TRUE(test, vt_can_write(*sock));
	while ((n = vt_send(vt, *sock, 251, MSG_DONTWAIT)) > 0) {
		sent += n;
		/* Go on where that one stopped. */
		if (n != 251)
			break;
	}
	n = vt_send(vt, *sock, 251, MSG_DONTWAIT);
	KUNIT_EXPECT_EQ(test, n, -EAGAIN);
	KUNIT_EXPECT_GT(test, sent, 3000U);
	KUNIT_EXPECT_FALSE(test, vt_can_write(*sock));
	KUNIT_EXPECT_EQ(test, hdr->pending_send_sz, vvsock_space_wanted(PAGE_SIZE));

	while (!vt_can_write(*sock)) {
		n = vt_guest_read(vt);
		KUNIT_ASSERT_GT(test, n, 0);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, ((u8 *)vt->pkt.payload)[8 + i], (got + i) % 251);
		got += n;
	}
	KUNIT_EXPECT_LT(test, got, sent);

	/* However full it is, the end can be said. */
	while (vt_send(vt, *sock, 1, MSG_DONTWAIT) == 1)
		;
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_WR), 0);
	while ((n = vt_guest_read(vt)) > 0)
		;
	KUNIT_EXPECT_EQ(test, n, 0);
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 0);
}

struct vt_sleeper {
	struct work_struct work;
	struct socket *sock;
	int result;
};

static void vt_sleeper(struct work_struct *work)
{
	struct vt_sleeper *sleeper = container_of(work, struct vt_sleeper, work);
	u8 byte = 0x5a;
	struct kvec vec = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };

	sleeper->result = kernel_sendmsg(sleeper->sock, &msg, &vec, 1, 1);
}

/* A writer that sleeps is woken by the guest's signal. */
static void vsock_wake_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_connected(vt);
	struct hv_ring_buffer *hdr = vt->down_base;
	struct vt_sleeper sleeper = { .sock = *sock };

	while (vt_send(vt, *sock, 1000, MSG_DONTWAIT) > 0)
		;
	/* What the tries have asked for. */
	WRITE_ONCE(hdr->pending_send_sz, 0);
	INIT_WORK_ONSTACK(&sleeper.work, vt_sleeper);
	schedule_work(&sleeper.work);
	vt_expect_soon(vt, READ_ONCE(hdr->pending_send_sz));
	while (vsrv_ring_readable(&vt->down))
		vt_guest_read(vt);
	flush_work(&sleeper.work);
	destroy_work_on_stack(&sleeper.work);
	KUNIT_EXPECT_EQ(test, sleeper.result, 1);
	/* Its byte is the last that came, or comes. */
	vt_guest_read(vt);
	KUNIT_EXPECT_EQ(test, vt->buf[24], 0x5a);
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
}

/* A guest whose ring is full is told when it is read. */
static void vsock_guest_full_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_connected(vt);
	struct vmbus_pipe_hdr *packet = (void *)vt->buf;
	struct hv_ring_buffer *hdr = vt->up_base;
	unsigned int n = 0;

	packet->type = cpu_to_le32(1);
	packet->len = cpu_to_le32(1000);
	while (!vt_guest_write_raw(vt, VM_PKT_DATA_INBAND, packet, 1008))
		n++;
	KUNIT_EXPECT_EQ(test, n, 3U);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_want_space(&vt->up, 1032));
	fg_event(vt->fg, 0, vt->chan);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 1, 0), 1);
	KUNIT_EXPECT_TRUE(test, fg_event(vt->fg, 0, vt->chan));
	KUNIT_EXPECT_EQ(test, hdr->pending_send_sz, 1032U);
	packet->type = cpu_to_le32(1);
	packet->len = cpu_to_le32(1000);
	KUNIT_EXPECT_EQ(test, vt_guest_write_raw(vt, VM_PKT_DATA_INBAND, packet, 1008), 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, VT_BUF, 0), 3999);
}

/* A guest that is stopped: its rings stand still, and what the program does waits. */
static void vsock_stopped_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 1);
	struct socket **sock = vt_accepted(vt, *listener);

	fg_stop(vt->fg);
	vt_guest_write(vt, "late");
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, MSG_DONTWAIT), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 4, MSG_DONTWAIT), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, vt_can_write(*sock));
	KUNIT_EXPECT_EQ(test, vt->up.hdr->read_index, 0U);
	KUNIT_EXPECT_EQ(test, vt->down.hdr->pending_send_sz, 0U);
	fg_start(vt->fg);
	vt_expect_data(vt, *sock, "late", 0);
	KUNIT_EXPECT_TRUE(test, vt_can_write(*sock));
	memcpy(vt->buf, "data", 4);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 4, 0), 4);
	vt_guest_expect(vt, "data");

	/* The end of our side, and of the socket. */
	fg_stop(vt->fg);
	KUNIT_EXPECT_EQ(test, kernel_sock_shutdown(*sock, SHUT_WR), 0);
	vt_close(sock);
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
	fg_start(vt->fg);
	vt_guest_expect(vt, "");
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), -1);
	vt_guest_write(vt, "");
	vt_expect_end(vt);
}

static struct kunit_case vsock_cases[] = {
	KUNIT_CASE(vsock_accept_test),
	KUNIT_CASE(vsock_refuse_test),
	KUNIT_CASE(vsock_listener_gone_test),
	KUNIT_CASE(vsock_connect_test),
	KUNIT_CASE(vsock_shutdown_test),
	KUNIT_CASE(vsock_connect_fails_test),
	KUNIT_CASE(vsock_full_ring_test),
	KUNIT_CASE(vsock_wake_test),
	KUNIT_CASE(vsock_guest_full_test),
	KUNIT_CASE(vsock_stopped_test),
	{}
};

static struct kunit_suite vsock_suite = {
	.name = "vmbus_vsock",
	.test_cases = vsock_cases,
};

kunit_test_suite(vsock_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_vsock with a fake guest");
MODULE_LICENSE("GPL");
