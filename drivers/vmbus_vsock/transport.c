// SPDX-License-Identifier: GPL-2.0-only
/*
 * What AF_VSOCK asks of a transport, and what a connection does to its socket.
 *
 * The core calls with the socket's lock held, and some of the functions from a
 * task that is about to sleep: these must not.
 */
#include <linux/slab.h>
#include <net/sock.h>
#include <vmbus/compat.h>
#include "vvsock.h"

/* ---- life --------------------------------------------------------------------------- */

static u32 vvsock_get_local_cid(void)
{
	return VMADDR_CID_HOST;
}

static int vvsock_init_sock(struct vsock_sock *vsk, struct vsock_sock *psk)
{
	vsk->trans = NULL;
	return 0;
}

static void vvsock_destruct(struct vsock_sock *vsk)
{
	if (vsk->trans)
		vvsock_conn_put(vsk->trans);
	vsk->trans = NULL;
}

/* The connection may outlive its place in the core's tables: nobody looks there for it. */
static void vvsock_release(struct vsock_sock *vsk)
{
	if (vsk->trans)
		vvsock_conn_release(vsk->trans);
	vsock_remove_sock(vsk);
}

static int vvsock_connect(struct vsock_sock *vsk)
{
	const struct sockaddr_vm *to = &vsk->remote_addr;
	struct vvsock_conn *conn = ERR_PTR(-ENODEV);
	struct vvsock_guest *guest;

	if (to->svm_port == VMADDR_PORT_ANY)
		return -EINVAL;
	mutex_lock(&vvsock_guests_lock);
	guest = vvsock_guest_find(to->svm_cid);
	/* A network namespace that has AF_VSOCK to itself has no guests. */
	if (guest && vmbus_vsock_is_global(vsk))
		conn = vvsock_conn_connect(guest, sk_vsock(vsk), vsk->local_addr.svm_port,
					   to->svm_port);
	mutex_unlock(&vvsock_guests_lock);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	/* That of an earlier connect, which failed. */
	vvsock_destruct(vsk);
	vsk->trans = conn;
	return 0;
}

/* The program has waited long enough for the guest. */
static int vvsock_cancel(struct vsock_sock *vsk)
{
	if (vsk->trans)
		vvsock_conn_kill(vsk->trans, ETIMEDOUT);
	return 0;
}

static int vvsock_shutdown(struct vsock_sock *vsk, int mode)
{
	if (!vsk->trans)
		return 0;
	/* The guest waits for the end of a connection that nobody reads, too. */
	if (sk_vsock(vsk)->sk_shutdown == SHUTDOWN_MASK)
		vvsock_conn_release(vsk->trans);
	else if (mode & SEND_SHUTDOWN)
		vvsock_send_fin(vsk->trans);
	return 0;
}

/* ---- data --------------------------------------------------------------------------- */

static s64 vvsock_stream_has_data(struct vsock_sock *vsk)
{
	struct vvsock_conn *conn = vsk->trans;

	if (!conn)
		return 0;
	vvsock_fill(conn);
	if (conn->fin_received)
		WRITE_ONCE(vsk->peer_shutdown, vsk->peer_shutdown | SEND_SHUTDOWN);
	return conn->len;
}

static ssize_t vvsock_stream_dequeue(struct vsock_sock *vsk, struct msghdr *msg, size_t len,
				     int flags)
{
	struct vvsock_conn *conn = vsk->trans;
	size_t done = 0;
	u32 n;
	int err;

	while (done < len && vvsock_stream_has_data(vsk)) {
		n = min_t(size_t, len - done, conn->len);
		err = memcpy_to_msg(msg, (void *)conn->data, n);
		if (err)
			return done ?: err;
		done += n;
		if (flags & MSG_PEEK)
			break;
		conn->data += n;
		conn->len -= n;
	}
	return done;
}

static s64 vvsock_stream_has_space(struct vsock_sock *vsk)
{
	return vsk->trans ? vvsock_space(vsk->trans, true) : 0;
}

static ssize_t vvsock_stream_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct vvsock_conn *conn = vsk->trans;
	size_t done = 0;
	int err = 0;
	void *buf;
	u32 n;

	buf = kmalloc(min_t(size_t, len, VVSOCK_CHUNK), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (done < len) {
		n = min_t(size_t, len - done, min(vvsock_space(conn, false), VVSOCK_CHUNK));
		if (!n)
			break;
		err = memcpy_from_msg(buf, msg, n);
		if (!err)
			err = vvsock_write(conn, buf, n);
		if (err == -EAGAIN) {
			/* The guest has just been stopped: as if there were no room. */
			iov_iter_revert(&msg->msg_iter, n);
			err = 0;
			break;
		}
		if (err)
			break;
		done += n;
	}
	vvsock_flush(conn);
	kfree(buf);
	return done ?: err;
}

/* A read returns what there is, however much was asked for. */
static u64 vvsock_stream_rcvhiwat(struct vsock_sock *vsk)
{
	return U64_MAX;
}

static bool vvsock_stream_is_active(struct vsock_sock *vsk)
{
	return vsk->trans;
}

/* vvsock_connect() knows better. */
static bool vvsock_stream_allow(VMBUS_STREAM_ALLOW_ARGS)
{
	return true;
}

static int vvsock_notify_poll_in(struct vsock_sock *vsk, size_t target, bool *readable)
{
	*readable = vvsock_stream_has_data(vsk) > 0;
	return 0;
}

static int vvsock_notify_poll_out(struct vsock_sock *vsk, size_t target, bool *writable)
{
	/* Whoever writes to a connection that has ended is told at once. */
	*writable = vsk->peer_shutdown & RCV_SHUTDOWN || vvsock_stream_has_space(vsk) > 0;
	return 0;
}

static int vvsock_notify_recv(struct vsock_sock *vsk, size_t target,
			      struct vsock_transport_recv_notify_data *data)
{
	return 0;
}

static int vvsock_notify_recv_post(struct vsock_sock *vsk, size_t target, ssize_t copied,
				   bool data_read, struct vsock_transport_recv_notify_data *data)
{
	return 0;
}

static int vvsock_notify_send(struct vsock_sock *vsk,
			      struct vsock_transport_send_notify_data *data)
{
	return 0;
}

static int vvsock_notify_send_post(struct vsock_sock *vsk, ssize_t written,
				   struct vsock_transport_send_notify_data *data)
{
	return 0;
}

/* More than a packet is never seen at once. */
static int vvsock_notify_set_rcvlowat(struct vsock_sock *vsk, int val)
{
	return -EOPNOTSUPP;
}

struct vsock_transport vvsock_transport = {
	.module = THIS_MODULE,

	.init = vvsock_init_sock,
	.destruct = vvsock_destruct,
	.release = vvsock_release,
	.connect = vvsock_connect,
	.cancel_pkt = vvsock_cancel,
	.shutdown = vvsock_shutdown,
	.get_local_cid = vvsock_get_local_cid,

	.stream_dequeue = vvsock_stream_dequeue,
	.stream_enqueue = vvsock_stream_enqueue,
	.stream_has_data = vvsock_stream_has_data,
	.stream_has_space = vvsock_stream_has_space,
	.stream_rcvhiwat = vvsock_stream_rcvhiwat,
	.stream_is_active = vvsock_stream_is_active,
	.stream_allow = vvsock_stream_allow,

	.notify_poll_in = vvsock_notify_poll_in,
	.notify_poll_out = vvsock_notify_poll_out,
	.notify_recv_init = vvsock_notify_recv,
	.notify_recv_pre_block = vvsock_notify_recv,
	.notify_recv_pre_dequeue = vvsock_notify_recv,
	.notify_recv_post_dequeue = vvsock_notify_recv_post,
	.notify_send_init = vvsock_notify_send,
	.notify_send_pre_block = vvsock_notify_send,
	.notify_send_pre_enqueue = vvsock_notify_send,
	.notify_send_post_enqueue = vvsock_notify_send_post,
	.notify_set_rcvlowat = vvsock_notify_set_rcvlowat,
};

/* ---- what a connection does to its socket -------------------------------------------------- */

static struct sock *vvsock_sk_find_listener(u32 port)
{
	struct sockaddr_vm addr;

	vsock_addr_init(&addr, VMADDR_CID_HOST, port);
	return vsock_find_bound_socket(&addr);
}

/* With the socket's lock this is final, without it a guess. */
static bool vvsock_sk_listens(const struct sock *sk)
{
	return READ_ONCE(sk->sk_state) == TCP_LISTEN && !sk_acceptq_is_full(sk) &&
	       READ_ONCE(sk->sk_shutdown) != SHUTDOWN_MASK;
}

/**
 * vvsock_sk_check_listener - does it look as if somebody listened?
 * @port: port
 *
 * Context: process; takes no lock of a socket.
 * Return: 0 or -ECONNREFUSED.
 */
int vvsock_sk_check_listener(u32 port)
{
	struct sock *sk = vvsock_sk_find_listener(port);
	int err = -ECONNREFUSED;

	if (!sk)
		return err;
	if (vvsock_sk_listens(sk))
		err = 0;
	sock_put(sk);
	return err;
}

/* Newer kernels count what is in the queue there, older ones leave it to us. */
static void vvsock_sk_enqueue(struct sock *listener, struct sock *child)
{
	u32 backlog = listener->sk_ack_backlog;

	vsock_enqueue_accept(listener, child);
	if (listener->sk_ack_backlog == backlog)
		sk_acceptq_added(listener);
}

static int vvsock_sk_accept_locked(struct vvsock_conn *conn, struct sock *listener)
{
	struct vsock_sock *vchild;
	struct sock *child;
	int err;

	if (!vvsock_sk_listens(listener))
		return -ECONNREFUSED;
	child = vsock_create_connected(listener);
	if (!child)
		return -ENOMEM;

	lock_sock_nested(child, SINGLE_DEPTH_NESTING);
	vchild = vsock_sk(child);
	vsock_addr_init(&vchild->local_addr, VMADDR_CID_HOST, conn->local_port);
	vsock_addr_init(&vchild->remote_addr, conn->cid, conn->peer_port);
	err = vsock_assign_transport(vchild, vsock_sk(listener));
	if (!err && vchild->transport != &vvsock_transport)
		err = -ENODEV;
	if (!err) {
		child->sk_state = TCP_ESTABLISHED;
		kref_get(&conn->ref);
		vchild->trans = conn;
		conn->established = true;
		sock_hold(child);
		/* The signal callback reads it. */
		WRITE_ONCE(conn->sk, child);
		vsock_insert_connected(vchild);
		vvsock_sk_enqueue(listener, child);
	}
	release_sock(child);
	if (err)
		sock_put(child);
	else
		listener->sk_data_ready(listener);
	return err;
}

/**
 * vvsock_sk_accept - make a socket for a connection that the guest began
 * @conn: connection, open
 *
 * Context: process, may sleep; takes locks of sockets.
 * Return: 0, -ECONNREFUSED if nobody listens, or another error.
 */
int vvsock_sk_accept(struct vvsock_conn *conn)
{
	struct sock *listener = vvsock_sk_find_listener(conn->local_port);
	int err;

	if (!listener)
		return -ECONNREFUSED;
	lock_sock(listener);
	err = vvsock_sk_accept_locked(conn, listener);
	release_sock(listener);
	sock_put(listener);
	return err;
}

/**
 * vvsock_sk_connected - tell the socket that its connect succeeded
 * @conn: connection, open
 *
 * Context: process, may sleep; takes the socket's lock.
 * Return: 0, or -ECONNRESET if nobody waits for it any more.
 */
int vvsock_sk_connected(struct vvsock_conn *conn)
{
	struct sock *sk = conn->sk;
	struct vsock_sock *vsk = vsock_sk(sk);
	int err = -ECONNRESET;

	lock_sock(sk);
	if (vsk->trans == conn && sk->sk_state == TCP_SYN_SENT && sk->sk_socket) {
		conn->established = true;
		sk->sk_state = TCP_ESTABLISHED;
		sk->sk_socket->state = SS_CONNECTED;
		vsock_insert_connected(vsk);
		sk->sk_state_change(sk);
		err = 0;
	}
	release_sock(sk);
	return err;
}

/**
 * vvsock_sk_ended - tell the socket that its connection ended
 * @conn: connection, dead, with a socket
 *
 * What was read from the ring is still the program's.
 *
 * Context: process, may sleep; takes the socket's lock.
 */
void vvsock_sk_ended(struct vvsock_conn *conn)
{
	struct sock *sk = conn->sk;
	struct vsock_sock *vsk = vsock_sk(sk);

	lock_sock(sk);
	/* The program may have given it up, and try another. */
	if (vsk->trans != conn)
		goto release;
	if (conn->established) {
		sock_set_flag(sk, SOCK_DONE);
		WRITE_ONCE(vsk->peer_shutdown, SHUTDOWN_MASK);
		if (conn->err)
			sk->sk_err = conn->err;
		sk->sk_state_change(sk);
	} else if (sk->sk_state == TCP_SYN_SENT) {
		sk->sk_state = TCP_CLOSE;
		if (sk->sk_socket)
			sk->sk_socket->state = SS_UNCONNECTED;
		sk->sk_err = conn->err ?: ECONNREFUSED;
	}
	if (sk->sk_err)
		sk_error_report(sk);
release:
	release_sock(sk);
}
