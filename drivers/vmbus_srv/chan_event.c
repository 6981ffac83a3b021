// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals of the client, and interrupts to it.
 */
#include <linux/bitfield.h>
#include "vsrv.h"
#include "trace.h"

/*
 * Where interrupts go, in one word so that it changes at once under
 * vsrv_chan_interrupt().  Never 0 when set: an event flag is at least 1.
 */
#define ROUTE_VP	GENMASK_ULL(31, 0)
#define ROUTE_FLAG	GENMASK_ULL(47, 32)
#define ROUTE_SINT	GENMASK_ULL(55, 48)
#define ROUTE_VTL	GENMASK_ULL(62, 56)
#define ROUTE_SHARED	BIT_ULL(63)	/* by the interrupt page; only the flag counts */

#define DUE_INTERRUPT	0	/* bit of vsrv_chan::due */

/* Within RCU. */
static void vsrv_chan_raise(struct vsrv_chan *chan, u64 route)
{
	trace_vsrv_chan_sched(chan, FIELD_GET(ROUTE_VP, route), FIELD_GET(ROUTE_FLAG, route));
	if (route & ROUTE_SHARED)
		vsrv_intpage_raise(chan->srv, FIELD_GET(ROUTE_FLAG, route));
	else
		vpart_set_event(chan->srv->part, FIELD_GET(ROUTE_VTL, route),
				FIELD_GET(ROUTE_VP, route), FIELD_GET(ROUTE_SINT, route),
				FIELD_GET(ROUTE_FLAG, route));
}

/* Where an interrupt may go now, or 0. */
static u64 vsrv_chan_route(const struct vsrv_chan *chan)
{
	return vsrv_quiet(chan->srv) ? 0 : READ_ONCE(chan->route);
}

/**
 * vsrv_chan_interrupt - interrupt the client
 * @chan: channel
 *
 * Before the client was told that the channel is open the interrupt is kept: a
 * client drops one that comes too early.  So it is while the guest is stopped.
 *
 * Context: any.
 */
void vsrv_chan_interrupt(struct vsrv_chan *chan)
{
	u64 route;

	/* Pairs with synchronize_rcu() in vsrv_chan_retarget() and vsrv_do_quiesce(). */
	rcu_read_lock();
	route = vsrv_chan_route(chan);
	if (!route) {
		set_bit(DUE_INTERRUPT, &chan->due);
		/* Pairs with smp_mb() in vsrv_chan_interrupt_due(). */
		smp_mb__after_atomic();
		route = vsrv_chan_route(chan);
	}
	if (route) {
		atomic64_inc(&chan->interrupts);
		vsrv_chan_raise(chan, route);
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(vsrv_chan_interrupt);

void vsrv_chan_port_signal(struct vpart_port *port, u16 flag)
{
	struct vsrv_chan *chan = container_of(port, struct vsrv_chan, port);

	trace_vsrv_setevent(chan);
	atomic64_inc(&chan->signals);
	/* A signal that comes earlier is made up for by vsrv_open_done(). */
	if (READ_ONCE(chan->live))
		chan->ops->signal(chan);
}

static u64 vsrv_chan_make_route(const struct vsrv_chan *chan, u32 vp)
{
	bool redirect = chan->srv->redirect && chan->open.redirect;

	if (rcu_access_pointer(chan->srv->int_page))
		return ROUTE_SHARED | FIELD_PREP(ROUTE_FLAG, chan->open.event_flag);
	return FIELD_PREP(ROUTE_VP, vp) | FIELD_PREP(ROUTE_FLAG, chan->open.event_flag) |
	       FIELD_PREP(ROUTE_SINT, redirect ? VMBUS_SINT_REDIRECT : VMBUS_SINT) |
	       FIELD_PREP(ROUTE_VTL, redirect ? VPART_VTL_PARAVISOR : VPART_VTL_GUEST);
}

/**
 * vsrv_chan_interrupt_due - make up for an interrupt that was kept
 * @chan: channel that may interrupt since just now
 *
 * Context: vmbus_srv::lock held.
 * Return: true if there was one.
 */
bool vsrv_chan_interrupt_due(struct vsrv_chan *chan)
{
	lockdep_assert_held(&chan->srv->lock);
	/* Pairs with smp_mb__after_atomic() in vsrv_chan_interrupt(). */
	smp_mb();
	if (!test_and_clear_bit(DUE_INTERRUPT, &chan->due))
		return false;
	vsrv_chan_interrupt(chan);
	return true;
}

/**
 * vsrv_chan_armed - the client was told that the channel is open
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_armed(struct vsrv_chan *chan)
{
	lockdep_assert_held(&chan->srv->lock);
	if (chan->state != VSRV_CHAN_OPEN || chan->stopped ||
	    chan->open.target_vp == VMBUS_VP_NONE)
		return;
	WRITE_ONCE(chan->route, vsrv_chan_make_route(chan, chan->open.target_vp));
	if (!vsrv_chan_interrupt_due(chan) && chan->direct) {
		/*
		 * The other end interrupts by itself, and may have done so too early.  The
		 * guest runs: while it is stopped it is told nothing.
		 */
		rcu_read_lock();
		vsrv_chan_raise(chan, chan->route);
		rcu_read_unlock();
	}
	vsrv_chan_watch(chan);
}

/* On return no interrupt goes to the old VP any more. */
void vsrv_chan_retarget(struct vsrv_chan *chan, u32 vp)
{
	WRITE_ONCE(chan->open.target_vp, vp);
	if (chan->route) {
		WRITE_ONCE(chan->route, vsrv_chan_make_route(chan, vp));
		/* Pairs with rcu_read_lock() in vsrv_chan_interrupt(). */
		synchronize_rcu();
	}
}

/* The owner hears no signals any more; it may still interrupt. */
void vsrv_chan_deafen(struct vsrv_chan *chan)
{
	WRITE_ONCE(chan->live, false);
	vsrv_monitor_stop(chan);
	timer_delete_sync(&chan->look);
	if (chan->port_on) {
		vpart_port_unregister(chan->srv->part, &chan->port);
		chan->port_on = false;
	}
}

void vsrv_chan_disarm(struct vsrv_chan *chan)
{
	vsrv_chan_deafen(chan);
	WRITE_ONCE(chan->route, 0);
	clear_bit(DUE_INTERRUPT, &chan->due);
	WRITE_ONCE(chan->broken, 0);
}
