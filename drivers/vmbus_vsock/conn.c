// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a connection: offer, open, end.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <vmbus/deadline.h>
#include "vvsock.h"
#include "trace.h"

struct workqueue_struct *vvsock_wq;

static void vvsock_conn_free(struct kref *ref)
{
	struct vvsock_conn *conn = container_of(ref, struct vvsock_conn, ref);

	kvfree(conn->buf);
	kfree(conn);
}

/**
 * vvsock_conn_put - drop a reference
 * @conn: connection
 */
void vvsock_conn_put(struct vvsock_conn *conn)
{
	kref_put(&conn->ref, vvsock_conn_free);
}

/* ---- state -------------------------------------------------------------------------- */

static void vvsock_conn_set_state(struct vvsock_conn *conn, enum vvsock_state state)
{
	lockdep_assert_held(&conn->lock);
	trace_vvsock_conn_state(conn, state);
	/* The signal callback reads it without the lock. */
	WRITE_ONCE(conn->state, state);
}

static void vvsock_conn_kick_locked(struct vvsock_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	/* Nobody holds a reference for the work once it has come to its end. */
	if (conn->state != VVSOCK_GONE)
		mod_delayed_work(vvsock_wq, &conn->work, 0);
}

static void vvsock_conn_set_deadline(struct vvsock_conn *conn, unsigned long timeout)
{
	lockdep_assert_held(&conn->lock);
	conn->stops = vsrv_stops(conn->guest->srv);
	conn->timeout = timeout;
	conn->deadline = (jiffies + timeout) ?: 1;
}

/*
 * The deadline is over.  A guest that was stopped on the way, even for a moment, gets
 * all of the time again: it must find what was sent to it.
 */
static void vvsock_conn_expire(struct vvsock_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	if (vsrv_stopped(conn->stops) || conn->stops != vsrv_stops(conn->guest->srv))
		vvsock_conn_set_deadline(conn, conn->timeout);
	else
		vvsock_conn_kill_locked(conn, ECONNRESET);
}

/**
 * vvsock_conn_kill_locked - end a connection
 * @conn: connection
 * @err: error for the socket, positive; 0 for an orderly end
 *
 * The first error counts.
 *
 * Context: vvsock_conn::lock held; any.
 */
void vvsock_conn_kill_locked(struct vvsock_conn *conn, int err)
{
	if (conn->state >= VVSOCK_DEAD)
		return;
	conn->err = err;
	vvsock_conn_set_state(conn, VVSOCK_DEAD);
	vvsock_conn_kick_locked(conn);
}

/**
 * vvsock_conn_kill - the same, with the lock
 * @conn: connection
 * @err: error for the socket, positive; 0 for an orderly end
 *
 * Context: any.
 */
void vvsock_conn_kill(struct vvsock_conn *conn, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&conn->lock, flags);
	vvsock_conn_kill_locked(conn, err);
	spin_unlock_irqrestore(&conn->lock, flags);
}

/**
 * vvsock_conn_finish_locked - end a connection if both sides have
 * @conn: connection
 *
 * What we wrote last stays in the ring, which is the guest's, for it to read.
 *
 * Context: vvsock_conn::lock held; any.
 */
void vvsock_conn_finish_locked(struct vvsock_conn *conn)
{
	if (conn->fin_received && (conn->fin_sent || conn->guest_closed))
		vvsock_conn_kill_locked(conn, 0);
}

/**
 * vvsock_conn_release - the socket is closed, or neither read nor written any more
 * @conn: its connection
 *
 * The guest may go on for a moment, until it has seen that our side has ended.
 *
 * Context: the socket's lock held; does not sleep.
 */
void vvsock_conn_release(struct vvsock_conn *conn)
{
	unsigned long flags;

	vvsock_send_fin(conn);
	spin_lock_irqsave(&conn->lock, flags);
	if (conn->state == VVSOCK_OPEN) {
		vvsock_conn_set_state(conn, VVSOCK_CLOSING);
		vvsock_conn_set_deadline(conn, VVSOCK_CLOSE_TIMEOUT);
		vvsock_conn_kick_locked(conn);
	} else if (conn->state != VVSOCK_CLOSING) {
		vvsock_conn_kill_locked(conn, 0);
	}
	spin_unlock_irqrestore(&conn->lock, flags);
}

/* ---- callbacks of the server ---------------------------------------------------------- */

static void vvsock_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vvsock_conn *conn = vsrv_chan_ctx(chan);
	unsigned long flags;
	int err;

	/* vsrv_offer() may not have returned it yet. */
	conn->chan = chan;
	if (READ_ONCE(conn->state) != VVSOCK_OFFERED) {
		vsrv_open_done(chan, -ENOTCONN);
		return;
	}
	if (!conn->buf)
		conn->buf = kvmalloc(VVSOCK_BUF_SIZE, GFP_KERNEL);
	err = conn->buf ? vsrv_rings_open(chan, params, &conn->rings) : -ENOMEM;
	if (err) {
		vsrv_open_done(chan, err);
		vvsock_conn_kill(conn, ECONNREFUSED);
		return;
	}

	/* Revoked in the meantime: the stop callback unmaps the rings. */
	spin_lock_irqsave(&conn->lock, flags);
	conn->mapped = true;
	if (conn->state == VVSOCK_OFFERED) {
		conn->deadline = 0;
		vvsock_conn_set_state(conn, VVSOCK_OPEN);
		vvsock_conn_kick_locked(conn);
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	vsrv_open_done(chan, 0);
}

/*
 * The guest closes the channel: it has let go of the connection.  What it sent
 * before may still be read for a while; rings and channel go with the revoke.
 */
static void vvsock_chan_close(struct vsrv_chan *chan)
{
	struct vvsock_conn *conn = vsrv_chan_ctx(chan);
	unsigned long flags;

	spin_lock_irqsave(&conn->lock, flags);
	conn->guest_closed = true;
	if (!conn->deadline)
		vvsock_conn_set_deadline(conn, VVSOCK_CLOSE_TIMEOUT);
	vvsock_conn_kick_locked(conn);
	spin_unlock_irqrestore(&conn->lock, flags);
}

static void vvsock_chan_stop(struct vsrv_chan *chan)
{
	struct vvsock_conn *conn = vsrv_chan_ctx(chan);
	unsigned long flags;
	bool mapped;

	spin_lock_irqsave(&conn->lock, flags);
	mapped = conn->mapped;
	conn->mapped = false;
	vvsock_conn_kill_locked(conn, ECONNRESET);
	spin_unlock_irqrestore(&conn->lock, flags);
	if (mapped)
		vsrv_rings_close(&conn->rings);
}

static void vvsock_chan_signal(struct vsrv_chan *chan)
{
	struct vvsock_conn *conn = vsrv_chan_ctx(chan);
	struct sock *sk = READ_ONCE(conn->sk);
	unsigned long flags;

	/* vvsock_conn_release() looks at the ring after it has changed the state. */
	if (READ_ONCE(conn->state) == VVSOCK_CLOSING) {
		spin_lock_irqsave(&conn->lock, flags);
		vvsock_conn_kick_locked(conn);
		spin_unlock_irqrestore(&conn->lock, flags);
	} else if (sk) {
		sk->sk_data_ready(sk);
		sk->sk_write_space(sk);
	}
}

static void vvsock_chan_set_quiet(struct vvsock_conn *conn, bool quiet)
{
	unsigned long flags;

	spin_lock_irqsave(&conn->lock, flags);
	conn->quiet = quiet;
	spin_unlock_irqrestore(&conn->lock, flags);
}

static void vvsock_chan_quiesce(struct vsrv_chan *chan)
{
	vvsock_chan_set_quiet(vsrv_chan_ctx(chan), true);
}

static void vvsock_chan_resume(struct vsrv_chan *chan)
{
	struct vvsock_conn *conn = vsrv_chan_ctx(chan);

	vvsock_chan_set_quiet(conn, false);
	vvsock_catch_up(conn);
	/* Sockets look again. */
	vvsock_chan_signal(chan);
}

static const struct vsrv_chan_ops vvsock_chan_ops = {
	.open = vvsock_chan_open,
	.close = vvsock_chan_close,
	.signal = vvsock_chan_signal,
	.stop = vvsock_chan_stop,
	.quiesce = vvsock_chan_quiesce,
	.resume = vvsock_chan_resume,
};

/* ---- the work --------------------------------------------------------------------------- */

static void vvsock_conn_offer(struct vvsock_conn *conn)
{
	struct vmbus_srv *srv = conn->guest->srv;
	struct vsrv_offer offer;
	struct vsrv_chan *chan;
	int err = 0;

	spin_lock_irq(&conn->lock);
	if (conn->state != VVSOCK_NEW) {
		spin_unlock_irq(&conn->lock);
		return;
	}
	vvsock_conn_set_state(conn, VVSOCK_OFFERED);
	/* The other way round the program has a time-out of its own. */
	if (conn->from_guest)
		vvsock_conn_set_deadline(conn, VVSOCK_OPEN_TIMEOUT);
	spin_unlock_irq(&conn->lock);

	vvsock_make_offer(&offer, &conn->service, &conn->endpoint, !conn->from_guest);
	chan = vsrv_offer(srv, &offer, &vvsock_chan_ops, conn);
	if (IS_ERR(chan))
		err = PTR_ERR(chan);
	else
		conn->chan = chan;
	vsrv_tl_connect_done(srv, conn->request, err);
	conn->request = 0;
	if (err)
		vvsock_conn_kill(conn, err == -ENODEV || err == -ENOTCONN ? EHOSTUNREACH : -err);
}

static void vvsock_conn_opened(struct vvsock_conn *conn)
{
	struct sock *sk;
	int err;

	if (!conn->established) {
		err = conn->from_guest ? vvsock_sk_accept(conn) : vvsock_sk_connected(conn);
		if (err) {
			vvsock_conn_kill(conn, -err);
			return;
		}
		vvsock_count(conn->guest, conn->from_guest ? VVSOCK_ACCEPTED : VVSOCK_CONNECTED);
	}
	if (!READ_ONCE(conn->guest_closed))
		return;
	/* Nothing can be sent any more; and there may be nothing to read, either. */
	sk = conn->sk;
	lock_sock(sk);
	WRITE_ONCE(vsock_sk(sk)->peer_shutdown, vsock_sk(sk)->peer_shutdown | RCV_SHUTDOWN);
	sk->sk_state_change(sk);
	vvsock_fill(conn);
	release_sock(sk);
}

static void vvsock_conn_closing(struct vvsock_conn *conn)
{
	bool more;

	lock_sock(conn->sk);
	more = vvsock_drain(conn);
	release_sock(conn->sk);
	if (more) {
		spin_lock_irq(&conn->lock);
		vvsock_conn_kick_locked(conn);
		spin_unlock_irq(&conn->lock);
	}
}

/* Look at the deadline, and come back for it. */
static bool vvsock_conn_alive(struct vvsock_conn *conn)
{
	bool alive;

	spin_lock_irq(&conn->lock);
	if (conn->deadline && time_after_eq(jiffies, conn->deadline))
		vvsock_conn_expire(conn);
	alive = conn->state < VVSOCK_DEAD;
	/* Does nothing if the work is wanted earlier. */
	if (alive && conn->deadline)
		queue_delayed_work(vvsock_wq, &conn->work, vmbus_jiffies_left(conn->deadline));
	spin_unlock_irq(&conn->lock);
	return alive;
}

static void vvsock_conn_unlink(struct vvsock_conn *conn)
{
	struct vvsock_guest *guest = conn->guest;

	spin_lock_irq(&guest->conns_lock);
	list_del(&conn->node);
	/* With the lock: then whoever is woken may free the guest. */
	if (!--guest->nconns)
		wake_up(&guest->idle);
	spin_unlock_irq(&guest->conns_lock);
}

/* False if that must wait, as the guest is stopped. */
static bool vvsock_conn_revoke(struct vvsock_conn *conn)
{
	if (!conn->chan)
		return true;
	/* It may stop after this, too; but most of the time that is all. */
	if (vsrv_stopped(vsrv_stops(conn->guest->srv)))
		return false;
	/*
	 * Whoever has seen the connection alive is done with the channel.
	 * Pairs with rcu_read_lock() in vvsock_fill(), vvsock_flush(), vvsock_send_fin()
	 * and vvsock_catch_up().
	 */
	synchronize_rcu();
	return vsrv_try_revoke(conn->chan);
}

static void vvsock_conn_end(struct vvsock_conn *conn)
{
	struct sock *sk = conn->sk;

	if (!vvsock_conn_revoke(conn)) {
		/* Come back: the workqueue is that of other guests, too. */
		queue_delayed_work(vvsock_wq, &conn->work, VVSOCK_REVOKE_RETRY);
		return;
	}
	if (!conn->established)
		vvsock_count(conn->guest, conn->from_guest ? VVSOCK_REFUSED : VVSOCK_FAILED);
	vsrv_tl_connect_done(conn->guest->srv, conn->request, -ECONNREFUSED);
	/* Before the socket, whose lock may be held for long. */
	vvsock_conn_unlink(conn);
	if (sk)
		vvsock_sk_ended(conn);

	spin_lock_irq(&conn->lock);
	vvsock_conn_set_state(conn, VVSOCK_GONE);
	spin_unlock_irq(&conn->lock);
	cancel_delayed_work(&conn->work);
	/* Nobody signals any more, and nobody else looks at it. */
	if (sk)
		sock_put(sk);
	vvsock_conn_put(conn);
}

static void vvsock_conn_work(struct work_struct *work)
{
	struct vvsock_conn *conn = container_of(to_delayed_work(work), struct vvsock_conn, work);

	switch (READ_ONCE(conn->state)) {
	case VVSOCK_NEW:
		vvsock_conn_offer(conn);
		break;
	case VVSOCK_OPEN:
		vvsock_conn_opened(conn);
		break;
	case VVSOCK_CLOSING:
		vvsock_conn_closing(conn);
		break;
	default:
		break;
	}
	if (!vvsock_conn_alive(conn))
		vvsock_conn_end(conn);
}

/* ---- new ones ----------------------------------------------------------------------------- */

static struct vvsock_conn *vvsock_conn_new(struct vvsock_guest *guest)
{
	struct vvsock_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	kref_init(&conn->ref);
	conn->guest = guest;
	conn->cid = guest->cid;
	spin_lock_init(&conn->lock);
	INIT_DELAYED_WORK(&conn->work, vvsock_conn_work);
	return conn;
}

/* From here on it may end at any time. */
static int vvsock_conn_begin(struct vvsock_conn *conn)
{
	struct vvsock_guest *guest = conn->guest;
	int err = 0;

	spin_lock_irq(&guest->conns_lock);
	if (guest->nconns < VVSOCK_MAX_CONNS) {
		list_add_tail(&conn->node, &guest->conns);
		guest->nconns++;
		queue_delayed_work(vvsock_wq, &conn->work, 0);
	} else {
		err = -ENOBUFS;
	}
	spin_unlock_irq(&guest->conns_lock);
	return err;
}

/**
 * vvsock_conn_accept - the guest wants to connect
 * @guest: guest
 * @request: to be answered with vsrv_tl_connect_done()
 * @req: what it wants; the service is a port
 *
 * Context: process, may sleep; a callback of the server.
 * Return: 0 if the request will be answered, or an error.
 */
int vvsock_conn_accept(struct vvsock_guest *guest, u32 request, const struct vsrv_tl_request *req)
{
	struct vvsock_conn *conn = vvsock_conn_new(guest);
	int err;

	if (!conn)
		return -ENOMEM;
	conn->from_guest = true;
	conn->request = request;
	conn->service = req->service_id;
	conn->endpoint = req->endpoint_id;
	conn->local_port = vvsock_id_port(&req->service_id);
	conn->peer_port = vvsock_id_port(&req->endpoint_id);
	err = vvsock_conn_begin(conn);
	if (err)
		vvsock_conn_put(conn);
	return err;
}

/**
 * vvsock_conn_connect - a program wants to connect
 * @guest: guest, enabled
 * @sk: its socket
 * @local_port: the socket's
 * @peer_port: in the guest
 *
 * Context: process, may sleep; the socket's lock and vvsock_guests_lock held.
 * Return: connection with a reference for the socket, or an ERR_PTR.
 */
struct vvsock_conn *vvsock_conn_connect(struct vvsock_guest *guest, struct sock *sk,
					u32 local_port, u32 peer_port)
{
	struct vvsock_conn *conn = vvsock_conn_new(guest);
	int err;

	if (!conn)
		return ERR_PTR(-ENOMEM);
	conn->local_port = local_port;
	conn->peer_port = peer_port;
	vvsock_port_to_id(peer_port, &conn->service);
	/* An end that was never there before, with our port where guests look for it. */
	guid_gen(&conn->endpoint);
	put_unaligned_le32(local_port, conn->endpoint.b);
	sock_hold(sk);
	conn->sk = sk;
	kref_get(&conn->ref);
	err = vvsock_conn_begin(conn);
	if (!err)
		return conn;

	sock_put(sk);
	vvsock_conn_put(conn);
	vvsock_conn_put(conn);
	return ERR_PTR(err);
}
