// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_vsock: guests that do not keep to the rules, and connections that end
 * because somebody goes.
 */
#include <linux/module.h>
#include "vsock_test.h"

/* ---- a guest that does not keep to the rules ------------------------------------ */

struct vt_bad {
	u16 type;
	u32 pipe_type;
	u32 len;
	u32 size;
};

static const struct vt_bad vt_bad[] = {
	{ VM_PKT_DATA_INBAND, 1, 9, 16 },		/* longer than it is */
	{ VM_PKT_DATA_INBAND, 1, U32_MAX, 16 },
	{ VM_PKT_DATA_INBAND, 2, 1, 16 },		/* a pipe type that is never sent */
	{ VM_PKT_DATA_INBAND, 0, 0, 8 },
	{ VM_PKT_DATA_INBAND, 1, 0, 0 },		/* no header */
	{ VM_PKT_COMP, 1, 1, 16 },
};

static void vsock_bad_packet_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;
	struct hv_ring_buffer *hdr;
	unsigned int i;

	for (i = 0; i <= ARRAY_SIZE(vt_bad); i++) {
		struct {
			struct vmbus_pipe_hdr hdr;
			u64 data;
		} packet = { };

		sock = vt_accepted(vt, *listener);
		vt_guest_write(vt, "good");
		if (i < ARRAY_SIZE(vt_bad)) {
			packet.hdr.type = cpu_to_le32(vt_bad[i].pipe_type);
			packet.hdr.len = cpu_to_le32(vt_bad[i].len);
			KUNIT_ASSERT_EQ(test, vt_guest_write_raw(vt, vt_bad[i].type, &packet,
								 vt_bad[i].size), 0);
		} else {
			/* An index that points nowhere. */
			hdr = vt->up_base;
			WRITE_ONCE(hdr->write_index, 0x1001);
		}
		vt_signal(vt);
		/* What came before it is read, if it could be. */
		if (i < ARRAY_SIZE(vt_bad))
			vt_expect_data(vt, *sock, "good", 0);
		KUNIT_EXPECT_EQ_MSG(test, vt_recv(vt, *sock, 10, 0), -ECONNRESET, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, vt_send(vt, *sock, 10, 0), -ECONNRESET, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, vt_send(vt, *sock, 10, 0), -EPIPE, "%u", i);
		KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), i + 1);
		vt_expect_end(vt);
		vt_close(sock);
		vt->nsockets--;
	}
}

/* An index moved back where we write: nothing is overwritten, and nobody hangs. */
static void vsock_bad_index_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;
	struct hv_ring_buffer *hdr = vt->down_base;

	sock = vt_accepted(vt, *listener);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, vt_guest_read(vt), 100);
	/* As if the ring were full: there is no room for the end. */
	WRITE_ONCE(hdr->read_index, vt->down.next + 8);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 100, MSG_DONTWAIT), -EAGAIN);
	vt_close(sock);
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 1);

	sock = vt_accepted(vt, *listener);
	WRITE_ONCE(hdr->read_index, 0x1234);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 100, 0), -ECONNRESET);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), -ECONNRESET);
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 2);
}

/* A ring that cannot be: the open fails, and so does the connect. */
static void vsock_bad_open_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **sock = vt_socket(vt);

	KUNIT_EXPECT_EQ(test, vt_connect(*sock, VT_CID, VT_PEER, O_NONBLOCK), -EINPROGRESS);
	vt_expect_offer(vt, true);
	fg_open(vt->fg, vt->chan, 0xbad, 0);
	fg_expect_opened(vt->fg, vt->chan, VMBUS_STATUS_FAILURE);
	fg_expect_rescind(vt->fg, vt->chan);
	vt_expect_idle(vt);
	vt_expect_error(vt, *sock, -ECONNREFUSED);
}

/* ---- somebody goes -------------------------------------------------------------- */

/* How a guest can go with a connection open. */
static void vt_guest_goes(struct vt *vt, unsigned int how)
{
	switch (how) {
	case 0:
		vpart_reset(vt->fg->part);
		fg_synic_on(vt->fg);
		break;
	case 1:
		fg_simple(vt->fg, VMBUS_MSG_UNLOAD);
		fg_expect(vt->fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
		break;
	case 2:
		fg_contact(vt->fg, FG_V(5, 3), 0);
		fg_expect_version(vt->fg, true);
		break;
	}
}

static void vsock_guest_goes_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock, **waits;
	unsigned int how;

	for (how = 0; how < 3; how++) {
		waits = vt_socket(vt);
		KUNIT_EXPECT_EQ(test, vt_connect(*waits, VT_CID, VT_PEER, O_NONBLOCK),
				-EINPROGRESS);
		vt_expect_offer(vt, true);
		sock = vt_accepted(vt, *listener);
		vt_guest_write(vt, "read");
		vt_expect_data(vt, *sock, "re", 0);
		vt_guest_goes(vt, how);
		vt_expect_idle(vt);
		/* What was read is there; then it is known that more may be missing. */
		vt_expect_data(vt, *sock, "ad", 0);
		KUNIT_EXPECT_EQ_MSG(test, vt_recv(vt, *sock, 10, 0), -ECONNRESET, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, vt_send(vt, *sock, 10, 0), -ECONNRESET, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, vt_send(vt, *sock, 10, 0), -EPIPE, "%u", how);
		KUNIT_EXPECT_TRUE(test, vt_can_write(*sock));
		vt_expect_error(vt, *waits, -ECONNRESET);
		/* The listener is still there for the next guest. */
		KUNIT_EXPECT_EQ(test, fg_connect_offers(vt->fg, FG_V(5, 3), 0), 0U);
		vt_close(sock);
		vt_close(waits);
		vt->nsockets -= 2;
	}
	sock = vt_accepted(vt, *listener);
	vt_guest_write(vt, "next");
	vt_expect_data(vt, *sock, "next", 0);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 0);
}

/* A guest that closes the channel: what it sent is still read. */
static void vsock_guest_closes_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;

	sock = vt_accepted(vt, *listener);
	vt_guest_write(vt, "one");
	vt_guest_write(vt, "two");
	fg_channel(vt->fg, VMBUS_MSG_CLOSE, vt->chan);
	fg_expect_quiet(vt->fg);
	vt_expect_data(vt, *sock, "one", 0);
	fg_expect_quiet(vt->fg);
	vt_expect_data(vt, *sock, "two", 0);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, *sock, 10, 0), -EPIPE);
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	vt_close(sock);

	/* With nothing to read it ends at once. */
	sock = vt_accepted(vt, *listener);
	fg_channel(vt->fg, VMBUS_MSG_CLOSE, vt->chan);
	vt_expect_end(vt);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_BROKEN), 0);
}

static void vsock_disable_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock, **waits;
	struct vvsock_guest other = { .cid = VT_CID };

	/* One handler per server, one guest per CID. */
	vvsock_guest_init(&other);
	strscpy(other.server_name, FG_NAME);
	KUNIT_EXPECT_EQ(test, vvsock_guest_enable(&other), -EADDRINUSE);
	other.cid++;
	KUNIT_EXPECT_EQ(test, vvsock_guest_enable(&other), -EBUSY);
	strscpy(other.server_name, "kunit-nowhere");
	KUNIT_EXPECT_EQ(test, vvsock_guest_enable(&other), -ENODEV);
	KUNIT_EXPECT_NULL(test, other.srv);

	sock = vt_accepted(vt, *listener);
	waits = vt_socket(vt);
	KUNIT_EXPECT_EQ(test, vt_connect(*waits, VT_CID, VT_PEER, O_NONBLOCK), -EINPROGRESS);
	vvsock_guest_disable(&vt->guest);
	KUNIT_EXPECT_EQ(test, vt->guest.nconns, 0U);
	KUNIT_EXPECT_EQ(test, vt_recv(vt, *sock, 10, 0), -ECONNRESET);
	vt_expect_error(vt, *waits, -ECONNRESET);
	fg_drain(vt->fg);
	vt_request_port(vt, VT_PORT, VT_PEER);
	fg_expect(vt->fg, VMBUS_MSG_TL_CONNECT_RESULT, 44);
	KUNIT_EXPECT_EQ(test, vt_connect(*vt_socket(vt), VT_CID, VT_PEER, 0), -ENODEV);

	/* And back. */
	KUNIT_ASSERT_EQ(test, vvsock_guest_enable(&vt->guest), 0);
	fg_connect_offers(vt->fg, FG_V(5, 3), 0);
	sock = vt_accepted(vt, *listener);
	vt_guest_write(vt, "back");
	vt_expect_data(vt, *sock, "back", 0);
}

/* Nothing waits for ever: a guest that does not open, and one that does not end. */
static void vsock_deadline_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct socket **listener = vt_listen(vt, VMADDR_CID_ANY, 4), **sock;
	unsigned long start;
	u32 lazy;

	sock = vt_accepted(vt, *listener);
	vt_close(sock);
	start = jiffies;
	vt_request_port(vt, VT_PORT, VT_PEER + 1);
	lazy = fg_expect_offer(vt->fg);
	fg_expect_quiet(vt->fg);
	msleep(jiffies_to_msecs(VVSOCK_OPEN_TIMEOUT) / 2);
	fg_expect_quiet(vt->fg);
	KUNIT_EXPECT_EQ(test, READ_ONCE(vt->guest.nconns), 2U);
	fg_expect_rescind(vt->fg, lazy);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + VVSOCK_OPEN_TIMEOUT - 1));
	fg_expect_rescind(vt->fg, vt->chan);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + VVSOCK_CLOSE_TIMEOUT - 1));
	vt_expect_idle(vt);
	KUNIT_EXPECT_EQ(test, vt_count(vt, VVSOCK_REFUSED), 1);
}

static struct kunit_case vsock_end_cases[] = {
	KUNIT_CASE(vsock_bad_packet_test),
	KUNIT_CASE(vsock_bad_index_test),
	KUNIT_CASE(vsock_bad_open_test),
	KUNIT_CASE(vsock_guest_goes_test),
	KUNIT_CASE(vsock_guest_closes_test),
	KUNIT_CASE(vsock_disable_test),
	KUNIT_CASE_SLOW(vsock_deadline_test),
	{}
};

static struct kunit_suite vsock_end_suite = {
	.name = "vmbus_vsock_end",
	.test_cases = vsock_end_cases,
};

kunit_test_suite(vsock_end_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_vsock: bad guests, and ends of connections");
MODULE_LICENSE("GPL");
