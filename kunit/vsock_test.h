/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets of this kernel, and a fake guest at the other end, for tests of
 * vmbus_vsock.
 */
#ifndef _VSOCK_TEST_H
#define _VSOCK_TEST_H

#include <linux/delay.h>
#include <linux/net.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <vmbus/ring.h>

#include "fake_guest.h"
#include "../drivers/vmbus_vsock/vvsock.h"

#define VT_CID		0x4b55
#define VT_PORT		5001		/* on our side */
#define VT_PEER		0x70001		/* in the guest */
#define VT_SOCKETS	8
#define VT_BUF		SZ_32K

/**
 * struct vt - a guest and what connects with it
 * @fg: the guest
 * @guest: as configured
 * @up_base: ring of the guest, mapped twice in a row, with
 * @up: its writer
 * @down_base: ring to the guest, with
 * @down: its reader
 * @pkt: last packet that the guest read, in
 * @buf: which also is what is sent
 * @chan: channel id of the connection
 * @sockets: all that were made
 * @nsockets: of @sockets
 */
struct vt {
	struct fg *fg;
	struct vvsock_guest guest;
	void *up_base;
	struct vsrv_ring_out up;
	void *down_base;
	struct vsrv_ring_in down;
	struct vsrv_packet pkt;
	u8 *buf;
	u32 chan;
	struct socket *sockets[VT_SOCKETS];
	unsigned int nsockets;
};

/* ---- life ------------------------------------------------------------------------------ */

static inline void *vt_map(struct fg *fg, unsigned int first)
{
	struct page *pages[] = {
		fg->pages[first], fg->pages[first + 1], fg->pages[first + 1],
	};
	void *base = vmap(pages, ARRAY_SIZE(pages), VM_MAP, PAGE_KERNEL);

	KUNIT_ASSERT_NOT_NULL(fg->test, base);
	return base;
}

static inline void vt_close(struct socket **sock)
{
	if (*sock)
		sock_release(*sock);
	*sock = NULL;
}

static inline void vt_free(void *ctx)
{
	struct vt *vt = ctx;
	unsigned int i;

	for (i = 0; i < vt->nsockets; i++)
		vt_close(&vt->sockets[i]);
	if (vt->guest.srv)
		vvsock_guest_disable(&vt->guest);
	vunmap(vt->up_base);
	vunmap(vt->down_base);
}

/* A guest that has asked for the offers, of which there are none. */
static inline struct vt *vt_new_named(struct kunit *test, const char *name, u32 cid)
{
	struct vt *vt = kunit_kzalloc(test, sizeof(*vt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vt);
	vt->buf = kunit_kzalloc(test, VT_BUF, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vt->buf);
	vt->fg = fg_new_named(test, name);
	vvsock_guest_init(&vt->guest);
	strscpy(vt->guest.server_name, name);
	vt->guest.cid = cid;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, vt_free, vt), 0);
	KUNIT_ASSERT_EQ(test, vvsock_guest_enable(&vt->guest), 0);
	vt->up_base = vt_map(vt->fg, FG_RING);
	vt->down_base = vt_map(vt->fg, FG_RING + 2);
	fg_connect_offers(vt->fg, FG_V(5, 3), 0);
	return vt;
}

static inline struct vt *vt_new(struct kunit *test)
{
	return vt_new_named(test, FG_NAME, VT_CID);
}

/* Soon @cond is true. */
#define vt_expect_soon(_vt, _cond) do {						\
	unsigned long vt_end = jiffies + FG_TIMEOUT;				\
	bool vt_met;								\
										\
	while (!(vt_met = (_cond)) && time_before(jiffies, vt_end))		\
		usleep_range(500, 1000);					\
	KUNIT_ASSERT_TRUE_MSG((_vt)->fg->test, vt_met, #_cond);			\
} while (0)

static inline s64 vt_count(struct vt *vt, enum vvsock_counter counter)
{
	return atomic64_read(&vt->guest.counters[counter]);
}

/* All connections have come to their end. */
static inline void vt_expect_idle(struct vt *vt)
{
	vt_expect_soon(vt, !READ_ONCE(vt->guest.nconns));
}

/* ---- sockets --------------------------------------------------------------------------- */

static inline struct socket **vt_keep(struct vt *vt, struct socket *sock)
{
	KUNIT_ASSERT_LT(vt->fg->test, vt->nsockets, VT_SOCKETS);
	/* No test waits for ever. */
	sock->sk->sk_rcvtimeo = FG_TIMEOUT;
	sock->sk->sk_sndtimeo = FG_TIMEOUT;
	vt->sockets[vt->nsockets] = sock;
	return &vt->sockets[vt->nsockets++];
}

static inline struct socket **vt_socket(struct vt *vt)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(vt->fg->test,
			sock_create_kern(&init_net, AF_VSOCK, SOCK_STREAM, 0, &sock), 0);
	return vt_keep(vt, sock);
}

static inline struct socket **vt_listen(struct vt *vt, u32 cid, int backlog)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = VT_PORT,
	};
	struct socket **sock = vt_socket(vt);

	KUNIT_ASSERT_EQ(vt->fg->test, kernel_bind(*sock, VMBUS_SOCKADDR(&addr), sizeof(addr)), 0);
	KUNIT_ASSERT_EQ(vt->fg->test, kernel_listen(*sock, backlog), 0);
	return sock;
}

static inline struct socket **vt_accept(struct vt *vt, struct socket *listener)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(vt->fg->test, kernel_accept(listener, &sock, 0), 0);
	return vt_keep(vt, sock);
}

static inline int vt_connect(struct socket *sock, u32 cid, u32 port, int flags)
{
	struct sockaddr_vm addr = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };

	return kernel_connect(sock, VMBUS_SOCKADDR(&addr), sizeof(addr), flags);
}

/* A connect that was begun has failed. */
static inline void vt_expect_error(struct vt *vt, struct socket *sock, int err)
{
	vt_expect_soon(vt, READ_ONCE(sock->sk->sk_err));
	KUNIT_EXPECT_EQ(vt->fg->test, sock_error(sock->sk), err);
}

static inline int vt_send(struct vt *vt, struct socket *sock, size_t len, int flags)
{
	struct kvec vec = { .iov_base = vt->buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = flags | MSG_NOSIGNAL };

	return kernel_sendmsg(sock, &msg, &vec, 1, len);
}

static inline int vt_recv(struct vt *vt, struct socket *sock, size_t len, int flags)
{
	struct kvec vec = { .iov_base = vt->buf, .iov_len = len };
	struct msghdr msg = { };

	return kernel_recvmsg(sock, &msg, &vec, 1, len, flags);
}

/* Receive and compare. */
static inline void vt_expect_data(struct vt *vt, struct socket *sock, const char *text, int flags)
{
	int len = vt_recv(vt, sock, strlen(text), flags);

	KUNIT_ASSERT_EQ(vt->fg->test, len, (int)strlen(text));
	KUNIT_EXPECT_MEMEQ(vt->fg->test, vt->buf, text, len);
}

static inline bool vt_can_write(struct socket *sock)
{
	return sock->ops->poll(NULL, sock, NULL) & EPOLLOUT;
}

/* ---- the guest --------------------------------------------------------------------------- */

static inline void vt_request(struct vt *vt, const guid_t *service, const guid_t *endpoint)
{
	struct vmbus_tl_connect2_msg m = {
		.v1.service_id = *service, .v1.endpoint_id = *endpoint,
	};

	fg_post(vt->fg, VMBUS_MSG_TL_CONNECT, &m, sizeof(m));
}

static inline void vt_request_port(struct vt *vt, u32 port, u32 peer)
{
	guid_t service, endpoint;

	vvsock_port_to_id(port, &service);
	vvsock_port_to_id(peer, &endpoint);
	vt_request(vt, &service, &endpoint);
}

/* The offer of a connection; keeps its channel id. */
static inline const struct vmbus_offer_msg *vt_expect_offer(struct vt *vt, bool accept)
{
	const struct vmbus_hvsock_params *params;
	const struct vmbus_offer_msg *m;

	m = fg_expect(vt->fg, VMBUS_MSG_OFFER, sizeof(*m));
	params = (const void *)m->user_defined;
	KUNIT_EXPECT_EQ(vt->fg->test, le16_to_cpu(m->flags), 0x2011);
	KUNIT_EXPECT_EQ(vt->fg->test, params->is_for_guest_accept, accept);
	vt->chan = le32_to_cpu(m->channel_id);
	return m;
}

/* Open the channel, with rings as a guest has them then. */
static inline void vt_open(struct vt *vt)
{
	struct fg *fg = vt->fg;

	memset(vt->up_base, 0, PAGE_SIZE);
	memset(vt->down_base, 0, PAGE_SIZE);
	KUNIT_ASSERT_EQ(fg->test, vsrv_ring_out_init(&vt->up, vt->up_base, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(fg->test, vsrv_ring_in_init(&vt->down, vt->down_base, PAGE_SIZE), 0);
	fg_gpadl(fg, vt->chan, 0x6a0000, 4);
	fg_expect_created(fg, vt->chan, 0x6a0000, 0);
	fg_open(fg, vt->chan, 0x6a0000, 0);
	fg_expect_opened(fg, vt->chan, 0);
}

static inline void vt_signal(struct vt *vt)
{
	vpart_hypercall_signal(vt->fg->part, VMBUS_CONN_EVENT(vt->chan, VMBUS_SINT, 0), 0);
}

static inline int vt_guest_write_raw(struct vt *vt, u16 type, const void *data, u32 len)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	int err = vsrv_ring_write(&vt->up, type, 0, 0, &vec, 1);

	if (!err && vsrv_ring_write_commit(&vt->up))
		vt_signal(vt);
	return err;
}

/* A packet of the guest; with no text the end of its side. */
static inline void vt_guest_write(struct vt *vt, const char *text)
{
	struct {
		struct vmbus_pipe_hdr hdr;
		u8 data[64];
	} packet = {
		.hdr.type = cpu_to_le32(1),
		.hdr.len = cpu_to_le32(strlen(text)),
	};

	memcpy(packet.data, text, strlen(text));
	KUNIT_ASSERT_EQ(vt->fg->test,
			vt_guest_write_raw(vt, VM_PKT_DATA_INBAND, &packet, 8 + strlen(text)), 0);
}

/* The guest reads a packet: bytes of its data, -1 if there is none. */
static inline int vt_guest_read(struct vt *vt)
{
	const struct vmbus_pipe_hdr *hdr;
	int ret = vsrv_ring_read(&vt->down, &vt->pkt, vt->buf, VT_BUF);

	KUNIT_ASSERT_GE(vt->fg->test, ret, 0);
	if (!ret)
		return -1;
	if (vsrv_ring_read_commit(&vt->down))
		vt_signal(vt);
	hdr = vt->pkt.payload;
	KUNIT_ASSERT_EQ(vt->fg->test, vt->pkt.type, VM_PKT_DATA_INBAND);
	KUNIT_ASSERT_EQ(vt->fg->test, le32_to_cpu(hdr->type), 1U);
	KUNIT_ASSERT_LE(vt->fg->test, 8 + le32_to_cpu(hdr->len), vt->pkt.len);
	return le32_to_cpu(hdr->len);
}

static inline void vt_guest_expect(struct vt *vt, const char *text)
{
	int len = vt_guest_read(vt);

	KUNIT_ASSERT_EQ(vt->fg->test, len, (int)strlen(text));
	KUNIT_EXPECT_MEMEQ(vt->fg->test, (const u8 *)vt->pkt.payload + 8, text, len);
}

/* A connection that the guest has begun. */
static inline struct socket **vt_accepted(struct vt *vt, struct socket *listener)
{
	vt_request_port(vt, VT_PORT, VT_PEER);
	vt_expect_offer(vt, false);
	vt_open(vt);
	return vt_accept(vt, listener);
}

/* The guest hears of the end and lets go. */
static inline void vt_expect_end(struct vt *vt)
{
	fg_expect_rescind(vt->fg, vt->chan);
	fg_channel(vt->fg, VMBUS_MSG_CLOSE, vt->chan);
	fg_channel(vt->fg, VMBUS_MSG_RELID_RELEASED, vt->chan);
	fg_expect_quiet(vt->fg);
	vt_expect_idle(vt);
}

/* A connect of ours that the guest has opened. */
static inline struct socket **vt_connected(struct vt *vt)
{
	struct socket **sock = vt_socket(vt);

	KUNIT_ASSERT_EQ(vt->fg->test, vt_connect(*sock, vt->guest.cid, VT_PEER, O_NONBLOCK),
			-EINPROGRESS);
	vt_expect_offer(vt, true);
	vt_open(vt);
	vt_expect_soon(vt, READ_ONCE((*sock)->state) == SS_CONNECTED);
	return sock;
}

#endif /* _VSOCK_TEST_H */
