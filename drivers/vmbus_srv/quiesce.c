// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that is stopped: nothing of the server or the owners of its channels
 * writes to its memory or interrupts it.
 *
 * What could, are the owners, whom the server asks to keep still, the interrupts that
 * they raise all the same, the look at rings and monitor pages by time, and messages.
 */
#include <linux/rcupdate.h>
#include "vsrv.h"

/**
 * vsrv_stops - was the guest stopped?
 * @srv: server
 *
 * For owners that give the guest time for something: what passes while it is stopped
 * does not count, and a channel that is not open gets no callback.
 *
 * Context: any.
 * Return: another number each time that the guest stops or goes on, for vsrv_stopped().
 */
unsigned int vsrv_stops(const struct vmbus_srv *srv)
{
	return READ_ONCE(srv->stops);
}
EXPORT_SYMBOL_GPL(vsrv_stops);

/* Make a callback, if the owner has the channel open.  Drops the lock meanwhile. */
static void vsrv_chan_tell(struct vsrv_chan *chan, void (*callback)(struct vsrv_chan *chan))
{
	if (!callback || !chan->has_owner || !chan->owner_open)
		return;
	/* Only this work removes channels. */
	mutex_unlock(&chan->srv->lock);
	callback(chan);
	mutex_lock(&chan->srv->lock);
}

/**
 * vsrv_do_quiesce - the guest stops
 * @srv: server
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_do_quiesce(struct vmbus_srv *srv)
{
	struct vsrv_chan *chan;

	lockdep_assert_held(&srv->lock);
	if (vsrv_quiet(srv))
		return;
	WRITE_ONCE(srv->stops, srv->stops + 1);
	vsrv_monitor_quiesce(srv);
	list_for_each_entry(chan, &srv->chans, node) {
		timer_delete_sync(&chan->look);
		vsrv_chan_tell(chan, chan->ops->quiesce);
	}
	/* Pairs with rcu_read_lock() in vsrv_chan_interrupt() and of vsrv_intpage_signal(). */
	synchronize_rcu();
}

static void vsrv_chan_resume(struct vsrv_chan *chan)
{
	vsrv_chan_tell(chan, chan->ops->resume);
	if (!chan->route)
		return;
	vsrv_chan_interrupt_due(chan);
	vsrv_chan_watch(chan);
}

/**
 * vsrv_do_resume - the guest goes on
 * @srv: server, quiet or not
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_do_resume(struct vmbus_srv *srv)
{
	struct vsrv_chan *chan;

	lockdep_assert_held(&srv->lock);
	if (!vsrv_quiet(srv))
		return;
	WRITE_ONCE(srv->stops, srv->stops + 1);
	vsrv_monitor_resume(srv);
	list_for_each_entry(chan, &srv->chans, node)
		vsrv_chan_resume(chan);
	vsrv_intpage_look(srv);
}
