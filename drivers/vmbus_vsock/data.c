// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rings of a connection: one reader and one writer, whoever has the socket's
 * lock.
 *
 * The guest is interrupted after vvsock_conn::lock was dropped, as what that wakes
 * may signal us at once.  The channel is still there then: vvsock_conn_end() waits
 * for the RCU read-side sections in here before it revokes it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include "vvsock.h"

#define VVSOCK_BATCH	64	/* packets thrown away before others get their turn */

/* The guest does not keep to the rules.  Bad packets are counted by channel, too. */
static void vvsock_broken(struct vvsock_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	vsrv_chan_count(conn->chan, VSRV_CHAN_BAD_PACKETS, 1);
	vvsock_count(conn->guest, VVSOCK_BROKEN);
	vvsock_conn_kill_locked(conn, ECONNRESET);
}

/* Take a packet out of the ring.  False if there is none, or no ring any more. */
static bool vvsock_read(struct vvsock_conn *conn, bool *interrupt)
{
	struct vsrv_ring_in *in = &conn->rings.in;
	struct vsrv_packet pkt;
	int ret;

	ret = vsrv_ring_read(in, &pkt, conn->buf, VVSOCK_BUF_SIZE);
	if (!ret) {
		if (vsrv_ring_unmask(in))
			return true;
		/* A guest that closes the channel has said all. */
		if (conn->guest_closed)
			conn->fin_received = true;
		return false;
	}
	if (ret > 0) {
		*interrupt |= vsrv_ring_read_commit(in);
		vsrv_chan_count(conn->chan, VSRV_CHAN_PACKETS_IN, 1);
		ret = vvsock_parse(&pkt, &conn->data, &conn->len);
	}
	if (ret < 0) {
		vvsock_broken(conn);
		return false;
	}
	if (!conn->len)
		conn->fin_received = true;
	return true;
}

/**
 * vvsock_fill - have something to read, if there is
 * @conn: connection; afterwards vvsock_conn::len is not 0, or the ring is empty, or
 *	the guest's side has ended
 *
 * Context: the socket's lock held; does not sleep.
 */
void vvsock_fill(struct vvsock_conn *conn)
{
	bool interrupt = false, broken;
	unsigned long flags;

	if (conn->len)
		return;
	rcu_read_lock();
	spin_lock_irqsave(&conn->lock, flags);
	broken = !vvsock_conn_usable(conn);
	while (!conn->len && !conn->fin_received && vvsock_conn_usable(conn))
		if (!vvsock_read(conn, &interrupt))
			break;
	broken = !broken && conn->state == VVSOCK_DEAD;
	vvsock_conn_finish_locked(conn);
	spin_unlock_irqrestore(&conn->lock, flags);
	if (interrupt)
		vsrv_chan_interrupt(conn->chan);
	rcu_read_unlock();
	if (broken)
		pr_warn_ratelimited("guest %u: malformed packet or ring from port %u to %u: connection reset\n",
				    conn->cid, conn->peer_port, conn->local_port);
}

/**
 * vvsock_space - how much can be written
 * @conn: connection
 * @want: if nothing can, have the guest signal when that changes
 *
 * Context: the socket's lock held; does not sleep.
 * Return: bytes of payload for one packet.
 */
u32 vvsock_space(struct vvsock_conn *conn, bool want)
{
	struct vsrv_ring_out *out = &conn->rings.out;
	unsigned long flags;
	u32 space = 0;

	spin_lock_irqsave(&conn->lock, flags);
	if (vvsock_conn_usable(conn) && !conn->fin_sent) {
		space = vvsock_writable(vsrv_ring_space(out));
		if (!space && want) {
			vsrv_chan_count(conn->chan, VSRV_CHAN_RING_FULL, 1);
			if (vsrv_ring_want_space(out, vvsock_space_wanted(out->size))) {
				space = vvsock_writable(vsrv_ring_space(out));
				/* Nobody would signal. */
				if (!space)
					vvsock_broken(conn);
			}
		}
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	return space;
}

static int vvsock_write_locked(struct vvsock_conn *conn, const void *data, u32 len)
{
	struct vmbus_pipe_hdr hdr = {
		.type = cpu_to_le32(VMBUS_PIPE_DATA), .len = cpu_to_le32(len),
	};
	struct kvec vec[] = {
		{ .iov_base = &hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = (void *)data, .iov_len = len },
	};
	int err;

	if (conn->quiet && conn->state < VVSOCK_DEAD && !conn->fin_sent)
		return -EAGAIN;
	if (!vvsock_conn_usable(conn) || conn->fin_sent)
		return -EPIPE;
	err = vsrv_ring_write(&conn->rings.out, VM_PKT_DATA_INBAND, 0, 0, vec, ARRAY_SIZE(vec));
	if (err) {
		/* There was room: the guest has moved its index back. */
		vvsock_broken(conn);
		return -ECONNRESET;
	}
	vsrv_chan_count(conn->chan, VSRV_CHAN_PACKETS_OUT, 1);
	return 0;
}

/**
 * vvsock_write - put a packet into the ring; the guest sees it after vvsock_flush()
 * @conn: connection
 * @data: payload
 * @len: its bytes, up to what vvsock_space() said
 *
 * Context: the socket's lock held; does not sleep.
 * Return: 0, -EAGAIN while the guest is stopped, -EPIPE if our side has ended,
 * -ECONNRESET.
 */
int vvsock_write(struct vvsock_conn *conn, const void *data, u32 len)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&conn->lock, flags);
	err = vvsock_write_locked(conn, data, len);
	spin_unlock_irqrestore(&conn->lock, flags);
	return err;
}

/**
 * vvsock_flush - show the guest what was written
 * @conn: connection
 *
 * Context: the socket's lock held; does not sleep.
 */
void vvsock_flush(struct vvsock_conn *conn)
{
	bool interrupt = false;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&conn->lock, flags);
	if (vvsock_conn_usable(conn))
		interrupt = vsrv_ring_write_commit(&conn->rings.out);
	else
		conn->flush_due = conn->quiet;
	spin_unlock_irqrestore(&conn->lock, flags);
	if (interrupt)
		vsrv_chan_interrupt(conn->chan);
	rcu_read_unlock();
}

/* True if the guest must be interrupted. */
static bool vvsock_send_fin_locked(struct vvsock_conn *conn)
{
	int err = vvsock_write_locked(conn, NULL, 0);
	bool interrupt;

	conn->fin_due = err == -EAGAIN;
	if (err)
		return false;
	conn->fin_sent = true;
	/* Before the connection may be at its end. */
	interrupt = vsrv_ring_write_commit(&conn->rings.out);
	vvsock_conn_finish_locked(conn);
	return interrupt;
}

/**
 * vvsock_send_fin - end our side, if that was not done before
 * @conn: connection
 *
 * Context: the socket's lock held; does not sleep.
 */
void vvsock_send_fin(struct vvsock_conn *conn)
{
	unsigned long flags;
	bool interrupt;

	rcu_read_lock();
	spin_lock_irqsave(&conn->lock, flags);
	interrupt = vvsock_send_fin_locked(conn);
	spin_unlock_irqrestore(&conn->lock, flags);
	if (interrupt)
		vsrv_chan_interrupt(conn->chan);
	rcu_read_unlock();
}

/**
 * vvsock_catch_up - do what waited while the guest was stopped
 * @conn: connection, not quiet any more
 *
 * Without the socket's lock: whole packets are in the ring, and whoever has ended our
 * side writes no more of them.
 *
 * Context: any.
 */
void vvsock_catch_up(struct vvsock_conn *conn)
{
	bool interrupt = false;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&conn->lock, flags);
	if (conn->flush_due && vvsock_conn_usable(conn))
		interrupt = vsrv_ring_write_commit(&conn->rings.out);
	conn->flush_due = false;
	if (conn->fin_due)
		interrupt |= vvsock_send_fin_locked(conn);
	spin_unlock_irqrestore(&conn->lock, flags);
	if (interrupt)
		vsrv_chan_interrupt(conn->chan);
	rcu_read_unlock();
}

/**
 * vvsock_drain - throw away what nobody will read
 * @conn: connection whose socket is closed
 *
 * Context: the socket's lock held; does not sleep.
 * Return: true if there may be more.
 */
bool vvsock_drain(struct vvsock_conn *conn)
{
	unsigned int n;

	for (n = 0; n < VVSOCK_BATCH; n++) {
		conn->len = 0;
		vvsock_fill(conn);
		if (!conn->len)
			return false;
	}
	return true;
}
