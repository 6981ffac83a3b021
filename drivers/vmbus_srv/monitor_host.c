// SPDX-License-Identifier: GPL-2.0-only
/*
 * Monitor pages that somebody else has looked at: the host, for the channels that are
 * relayed from it.
 *
 * A server that looks into them by itself (its knob says so) keeps them to itself.  Else
 * they go to who has registered, and until he has answered none of the client's messages
 * is handled: what the client hears next depends on the answer.
 */
#include "vsrv.h"

void vsrv_monitor_host_init(struct vmbus_srv *srv)
{
	INIT_LIST_HEAD(&srv->mon.host.op.node);
}

/**
 * vsrv_monitor_host_waits - is an answer awaited?
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 * Return: true if so: the client's messages wait.
 */
bool vsrv_monitor_host_waits(const struct vmbus_srv *srv)
{
	lockdep_assert_held(&srv->lock);
	return srv->mon.host.asked != VSRV_MONITOR_NOTHING;
}

static void vsrv_monitor_host_ask(struct vmbus_srv *srv, enum vsrv_monitor_asked why, u64 p2c,
				  u64 c2p)
{
	struct vsrv_monitor_host *host = &srv->mon.host;

	host->asked = why;
	host->ask_p2c = p2c;
	host->ask_c2p = c2p;
	vsrv_queue_op(srv, &host->op, VSRV_OP_MONITOR, NULL);
}

/* Are the client's pages for the host to look into? */
static bool vsrv_monitor_host_wants(const struct vmbus_srv *srv)
{
	if (srv->mon.by != VSRV_MONITOR_BY_NOBODY)
		return srv->mon.by == VSRV_MONITOR_BY_HOST;
	return srv->mon.host.ops && !READ_ONCE(srv->monitor_latency);
}

static void vsrv_monitor_host_set(struct vmbus_srv *srv, bool has)
{
	srv->mon.host.has = has;
	if (has)
		srv->mon.by = VSRV_MONITOR_BY_HOST;
}

/**
 * vsrv_monitor_host_note - the client's pages are these, whoever looks
 * @srv: server
 * @p2c: page toward the client, 0 for none
 * @c2p: page from the client, 0 for none
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_host_note(struct vmbus_srv *srv, u64 p2c, u64 c2p)
{
	srv->mon.host.p2c = p2c;
	srv->mon.host.c2p = c2p;
}

/**
 * vsrv_monitor_host_contact - a client connects
 * @srv: server, with the contact in vsrv_conn::contact
 *
 * Context: vmbus_srv::lock held, in the server's work.
 * Return: true if it is vsrv_conn_finish_contact() that goes on, once there is an answer.
 */
bool vsrv_monitor_host_contact(struct vmbus_srv *srv)
{
	const struct vsrv_contact *contact = &srv->conn.contact;

	vsrv_monitor_host_note(srv, contact->monitor_p2c, contact->monitor_gpa);
	if (!contact->monitor_gpa || !vsrv_monitor_host_wants(srv))
		return false;
	vsrv_monitor_host_ask(srv, VSRV_MONITOR_CONTACT, contact->monitor_p2c,
			      contact->monitor_gpa);
	return true;
}

/**
 * vsrv_monitor_host_modify - the client gives other pages, or takes them back
 * @srv: server
 * @p2c: page toward the client, 0 for none
 * @c2p: page from the client, 0 for none
 *
 * Context: vmbus_srv::lock held, in the server's work.
 * Return: true if it is vsrv_conn_finish_modify() that goes on, once there is an answer.
 */
bool vsrv_monitor_host_modify(struct vmbus_srv *srv, u64 p2c, u64 c2p)
{
	struct vsrv_monitor_host *host = &srv->mon.host;

	if (!vsrv_monitor_host_wants(srv) || (!host->has && !c2p))
		return false;
	vsrv_monitor_host_ask(srv, VSRV_MONITOR_MODIFY, p2c, c2p);
	return true;
}

/**
 * vsrv_monitor_host_disconnect - the client has let go of all channels
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 * Return: true if it is vsrv_conn_finish_disconnect() that goes on, once there is an answer.
 */
bool vsrv_monitor_host_disconnect(struct vmbus_srv *srv)
{
	vsrv_monitor_host_note(srv, 0, 0);
	if (!srv->mon.host.has)
		return false;
	vsrv_monitor_host_ask(srv, VSRV_MONITOR_DISCONNECT, 0, 0);
	return true;
}

/**
 * vsrv_monitor_host_used - is a channel open that the host looks for?
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 * Return: true if so: the pages must stay where they are.
 */
bool vsrv_monitor_host_used(const struct vmbus_srv *srv)
{
	const struct vsrv_chan *chan;

	lockdep_assert_held(&srv->lock);
	list_for_each_entry(chan, &srv->chans, node)
		if (chan->monitor_host && chan->owner_open &&
		    chan->open.target_vp != VMBUS_VP_NONE)
			return true;
	return false;
}

/* Is it for what the client gave, and not for the state that the host is in? */
static bool vsrv_monitor_host_refused(int err)
{
	return err == -EIO || err == -EFAULT || err == -EINVAL;
}

static void vsrv_monitor_host_answer(struct vmbus_srv *srv, int err)
{
	struct vsrv_monitor_host *host = &srv->mon.host;
	enum vsrv_monitor_asked asked = host->asked;

	lockdep_assert_held(&srv->lock);
	host->asked = VSRV_MONITOR_NOTHING;
	if (asked != VSRV_MONITOR_NOTHING && vsrv_monitor_host_refused(err))
		vsrv_count_why(srv, VSRV_WHY_PAGE);
	switch (asked) {
	case VSRV_MONITOR_NOTHING:
		break;
	case VSRV_MONITOR_CONTACT:
		vsrv_monitor_host_set(srv, !err);
		vsrv_conn_finish_contact(srv);
		break;
	case VSRV_MONITOR_LATE:
		vsrv_monitor_host_set(srv, !err);
		break;
	case VSRV_MONITOR_MODIFY:
		if (!err) {
			vsrv_monitor_host_note(srv, host->ask_p2c, host->ask_c2p);
			vsrv_monitor_host_set(srv, host->c2p);
		}
		vsrv_conn_finish_modify(srv, !err);
		break;
	case VSRV_MONITOR_DISCONNECT:
		host->has = false;
		vsrv_conn_finish_disconnect(srv);
		break;
	}
}

/**
 * vsrv_monitor_host_run_op - make the callback
 * @op: callback, taken off the queue
 *
 * The handler stays: it goes in the server's work only.
 *
 * Context: in the server's work, without vmbus_srv::lock.
 */
void vsrv_monitor_host_run_op(struct vsrv_op *op)
{
	struct vsrv_monitor_host *host = container_of(op, struct vsrv_monitor_host, op);

	host->ops->modify(host->ctx, host->ask_p2c, host->ask_c2p);
}

/**
 * vsrv_monitor_done - answer to vsrv_monitor_ops::modify
 * @srv: server
 * @err: 0, or why the host does not look: -EIO if it does not want to, -EFAULT or -EINVAL
 *	if these cannot be pages of the client, and else why it cannot be asked
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_monitor_done(struct vmbus_srv *srv, int err)
{
	mutex_lock(&srv->lock);
	vsrv_monitor_host_answer(srv, err);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_monitor_done);

/**
 * vsrv_monitor_busy - is the host being asked?
 * @srv: server
 *
 * What is offered meanwhile has no monitor id yet.
 *
 * Context: process, may sleep; takes the server's lock.
 * Return: true if vsrv_monitor_done() is awaited.
 */
bool vsrv_monitor_busy(struct vmbus_srv *srv)
{
	bool busy;

	mutex_lock(&srv->lock);
	busy = vsrv_monitor_host_waits(srv);
	mutex_unlock(&srv->lock);
	return busy;
}
EXPORT_SYMBOL_GPL(vsrv_monitor_busy);

/**
 * vsrv_monitor_host_reset - the client is gone without a word
 * @srv: server; its channels have been reset already
 *
 * Context: vmbus_srv::lock held, dropped and taken again; in the server's work.
 */
void vsrv_monitor_host_reset(struct vmbus_srv *srv)
{
	struct vsrv_monitor_host *host = &srv->mon.host;
	bool stop = host->has || vsrv_monitor_host_waits(srv);

	lockdep_assert_held(&srv->lock);
	vsrv_cancel_op(&host->op);
	host->asked = VSRV_MONITOR_NOTHING;
	host->has = false;
	vsrv_monitor_host_note(srv, 0, 0);
	if (!stop)
		return;
	/* Only this work takes the handler away. */
	mutex_unlock(&srv->lock);
	host->ops->stop(host->ctx);
	mutex_lock(&srv->lock);
}

/**
 * vsrv_monitor_register - have a client's monitor pages looked at by somebody else
 * @srv: server
 * @ops: callbacks
 * @ctx: for the callbacks
 *
 * A client that is connected with pages keeps its offers; those to come have monitor
 * ids, once vsrv_monitor_busy() says false.
 *
 * Context: process, may sleep; takes the server's lock.  Not from a callback.
 * Return: 0, -EBUSY if somebody has, -ENODEV if the server was removed.
 */
int vsrv_monitor_register(struct vmbus_srv *srv, const struct vsrv_monitor_ops *ops, void *ctx)
{
	struct vsrv_monitor_host *host = &srv->mon.host;
	int err = 0;

	mutex_lock(&srv->lock);
	if (srv->dead) {
		err = -ENODEV;
	} else if (host->ops) {
		err = -EBUSY;
	} else {
		host->ops = ops;
		host->ctx = ctx;
		if (srv->conn.state == VSRV_CONNECTED && host->c2p && vsrv_monitor_host_wants(srv))
			vsrv_monitor_host_ask(srv, VSRV_MONITOR_LATE, host->p2c, host->c2p);
	}
	mutex_unlock(&srv->lock);
	return err;
}
EXPORT_SYMBOL_GPL(vsrv_monitor_register);

/**
 * vsrv_monitor_do_unregister - the server's part of vsrv_monitor_unregister()
 * @srv: server
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_monitor_do_unregister(struct vmbus_srv *srv)
{
	struct vsrv_monitor_host *host = &srv->mon.host;

	vsrv_cancel_op(&host->op);
	host->ops = NULL;
	vsrv_monitor_host_answer(srv, -ENODEV);
	host->has = false;
	/* He has offered no channel any more. */
	if (srv->mon.by == VSRV_MONITOR_BY_HOST)
		srv->mon.by = VSRV_MONITOR_BY_NOBODY;
}

/**
 * vsrv_monitor_unregister - the opposite of vsrv_monitor_register()
 * @srv: server; the host looks at no page any more, and has offered no channel
 *
 * On return no callback runs or will run.
 *
 * Context: process, may sleep.  Not from a callback.
 */
void vsrv_monitor_unregister(struct vmbus_srv *srv)
{
	vsrv_request(srv, VSRV_REQ_MONITOR_UNREGISTER, NULL);
}
EXPORT_SYMBOL_GPL(vsrv_monitor_unregister);
