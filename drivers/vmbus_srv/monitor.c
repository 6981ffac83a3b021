// SPDX-License-Identifier: GPL-2.0-only
/*
 * Monitor pages: instead of signalling a channel the client sets a bit in a page of
 * its memory, which is looked at often enough for the channels' latency.  A client
 * that sends a lot spares itself most hypercalls this way.
 *
 * Of the two pages that a client gives only the one from the client is used.
 */
#include <linux/bitmap.h>
#include <linux/hyperv.h>
#include <kunit/visibility.h>
#include <vmbus/compat.h>
#include "vsrv.h"

/* Guests have latencies in these. */
#define MONITOR_UNIT_NS		100

static struct vmbus_monitor_page *vsrv_monitor_page(const struct vsrv_monitor *mon)
{
	return vpart_map_addr(mon->map);
}

/* ---- triggers ------------------------------------------------------------------------- */

static void vsrv_monitor_trigger(struct vmbus_srv *srv, unsigned int id)
{
	/* Pairs with the barrier in vsrv_monitor_start(); a port that is gone is no harm. */
	if (test_bit_acquire(id, srv->mon.started))
		vpart_hypercall_signal(srv->part, READ_ONCE(srv->mon.connections[id]), 0);
	else
		vsrv_count(srv, VSRV_TRIGGERS_UNCLAIMED);
}

static void vsrv_monitor_look(struct vmbus_srv *srv)
{
	struct vmbus_monitor_page *page = vsrv_monitor_page(&srv->mon);
	unsigned long bits;
	unsigned int group, bit;

	for (group = 0; group < VMBUS_MONITOR_GROUPS; group++) {
		u32 *pending = &page->groups[group].pending;

		if (!READ_ONCE(*pending))
			continue;
		/* Clear, then look at rings: what comes later sets the bit again. */
		bits = xchg(pending, 0);
		for_each_set_bit(bit, &bits, VMBUS_MONITOR_TRIGGERS)
			vsrv_monitor_trigger(srv, group * VMBUS_MONITOR_TRIGGERS + bit);
	}
}

/* How long until the next look: as the channel that is most in a hurry wants. */
static ktime_t vsrv_monitor_period(const struct vsrv_monitor *mon)
{
	u32 least = U16_MAX;
	unsigned int id;

	for_each_set_bit(id, mon->started, VMBUS_MONITOR_IDS)
		least = min_t(u32, least, READ_ONCE(mon->latency[id]));
	return ns_to_ktime(least * MONITOR_UNIT_NS);
}

static enum hrtimer_restart vsrv_monitor_timer(struct hrtimer *timer)
{
	struct vmbus_srv *srv = container_of(timer, struct vmbus_srv, mon.timer);

	vsrv_monitor_look(srv);
	hrtimer_forward_now(timer, vsrv_monitor_period(&srv->mon));
	return HRTIMER_RESTART;
}

/* ---- channels ------------------------------------------------------------------------- */

static bool vsrv_monitor_possible(const struct vmbus_srv *srv)
{
	return srv->mon.map ||
	       (srv->redirect && (srv->conn.features & VMBUS_FEATURE_MODIFY_CONNECTION));
}

/**
 * vsrv_chan_monitored - does the client set a bit for this server instead of a signal?
 * @chan: channel
 *
 * Context: of vsrv_chan_ops::direct; elsewhere vmbus_srv::lock held, or the answer may be
 * of the past.
 * Return: true if so: the owner must leave the client's signals to the server.
 */
bool vsrv_chan_monitored(const struct vsrv_chan *chan)
{
	return chan->monitor_id != VMBUS_MONITOR_NONE && !chan->monitor_host;
}
EXPORT_SYMBOL_GPL(vsrv_chan_monitored);

static void vsrv_monitor_assign_own(struct vsrv_chan *chan)
{
	struct vsrv_monitor *mon = &chan->srv->mon;
	u16 latency = READ_ONCE(chan->srv->monitor_latency);
	unsigned int id;

	if (!latency || !vsrv_monitor_possible(chan->srv) || !chan->ops->signal ||
	    (chan->ops->direct && !chan->offer.monitored))
		return;
	id = find_first_zero_bit(mon->ids, VMBUS_MONITOR_IDS);
	if (id >= VMBUS_MONITOR_IDS)
		return;
	/* The period is computed from what is set: the latency comes first. */
	WRITE_ONCE(mon->latency[id], latency);
	set_bit(id, mon->ids);
	chan->monitor_id = id;
	mon->by = VSRV_MONITOR_BY_SERVER;
}

/**
 * vsrv_monitor_assign - give a channel a monitor id, if it can have one
 * @chan: channel that is about to be offered
 *
 * Only channels that are signalled in this kernel, or that their owner has signalled here
 * then; or, while the host has the client's pages, those that it looks for.  A server that
 * plays the host offers ids before it knows of pages: its client connects before there is
 * a guest.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_assign(struct vsrv_chan *chan)
{
	const struct vsrv_offer *offer = &chan->offer;

	lockdep_assert_held(&chan->srv->lock);
	chan->monitor_id = VMBUS_MONITOR_NONE;
	chan->monitor_host = chan->srv->mon.host.has && offer->host_monitored;
	if (chan->monitor_host)
		chan->monitor_id = offer->monitor_id;
	else
		vsrv_monitor_assign_own(chan);
}

/**
 * vsrv_monitor_release - take the monitor id of a channel back
 * @chan: channel that is not started
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_release(struct vsrv_chan *chan)
{
	lockdep_assert_held(&chan->srv->lock);
	if (vsrv_chan_monitored(chan))
		clear_bit(chan->monitor_id, chan->srv->mon.ids);
	chan->monitor_id = VMBUS_MONITOR_NONE;
	chan->monitor_host = false;
}

/* Clients show it. */
static void vsrv_monitor_show(struct vsrv_monitor *mon, unsigned int id)
{
	WRITE_ONCE(vsrv_monitor_page(mon)->latency[id], READ_ONCE(mon->latency[id]));
}

/**
 * vsrv_monitor_start - the client may trigger a channel
 * @chan: channel whose event port is registered
 *
 * A channel without interrupts is signalled by its client, too.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_start(struct vsrv_chan *chan)
{
	struct vsrv_monitor *mon = &chan->srv->mon;
	unsigned int id = chan->monitor_id;

	lockdep_assert_held(&chan->srv->lock);
	if (!vsrv_chan_monitored(chan) || !mon->map || chan->open.target_vp == VMBUS_VP_NONE)
		return;
	/* What VTL2 has opened for itself it signals: the page is the guest's. */
	if (vsrv_chan_only_vtl2(chan))
		return;
	/* Which may be 0: it does not say what is started. */
	WRITE_ONCE(mon->connections[id], chan->open.connection_id);
	/* Pairs with test_bit_acquire() in vsrv_monitor_trigger(). */
	smp_mb__before_atomic();
	set_bit(id, mon->started);
	mon->active++;
	/* Pairs with vsrv_monitor_resume(). */
	if (vsrv_quiet(chan->srv))
		return;
	vsrv_monitor_show(mon, id);
	if (mon->active == 1)
		hrtimer_start(&mon->timer, vsrv_monitor_period(mon), HRTIMER_MODE_REL_SOFT);
}

/**
 * vsrv_monitor_stop - the client's triggers of a channel are not heard any more
 * @chan: channel, started or not
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_stop(struct vsrv_chan *chan)
{
	struct vsrv_monitor *mon = &chan->srv->mon;
	unsigned int id = chan->monitor_id;

	lockdep_assert_held(&chan->srv->lock);
	if (!vsrv_chan_monitored(chan) || !test_and_clear_bit(id, mon->started))
		return;
	if (!--mon->active)
		hrtimer_cancel(&mon->timer);
}

/**
 * vsrv_monitor_quiesce - the guest stops: look no more
 * @srv: server, quiet
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_quiesce(struct vmbus_srv *srv)
{
	lockdep_assert_held(&srv->lock);
	if (srv->mon.active)
		hrtimer_cancel(&srv->mon.timer);
}

/**
 * vsrv_monitor_resume - the guest goes on: look again
 * @srv: server, not quiet any more
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_resume(struct vmbus_srv *srv)
{
	struct vsrv_monitor *mon = &srv->mon;
	unsigned int id;

	lockdep_assert_held(&srv->lock);
	if (!mon->active)
		return;
	for_each_set_bit(id, mon->started, VMBUS_MONITOR_IDS)
		vsrv_monitor_show(mon, id);
	hrtimer_start(&mon->timer, vsrv_monitor_period(mon), HRTIMER_MODE_REL_SOFT);
}

/**
 * vsrv_monitor_set_latency - how late may a trigger be heard?
 * @chan: channel with a monitor id, which it keeps meanwhile
 * @latency: in units of 100 ns, at least VSRV_MONITOR_MIN_LATENCY
 *
 * Counts from the next look on.
 *
 * Context: any.
 */
void vsrv_monitor_set_latency(struct vsrv_chan *chan, u16 latency)
{
	WRITE_ONCE(chan->srv->mon.latency[chan->monitor_id], latency);
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_monitor_set_latency);

/* ---- pages ---------------------------------------------------------------------------- */

/**
 * vsrv_monitor_off - the client has no monitor pages any more
 * @srv: server; no channel of it is started
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_off(struct vmbus_srv *srv)
{
	struct vsrv_monitor *mon = &srv->mon;

	lockdep_assert_held(&srv->lock);
	if (!mon->map)
		return;
	/* Nobody is left; if that were wrong it would be a page that is not there. */
	if (mon->active)
		hrtimer_cancel(&mon->timer);
	mon->active = 0;
	bitmap_zero(mon->started, VMBUS_MONITOR_IDS);
	vpart_unmap(mon->map);
	mon->map = NULL;
	mon->from_server = false;
}

/**
 * vsrv_monitor_forget - the client is gone, and its channels have no ids any more
 * @srv: server; no channel of it is started
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_monitor_forget(struct vmbus_srv *srv)
{
	vsrv_monitor_off(srv);
	srv->mon.by = VSRV_MONITOR_BY_NOBODY;
}

/**
 * vsrv_monitor_on - the client has monitor pages
 * @srv: server with or without others; no channel of it is started
 * @gpa: guest physical address of the page from the client
 * @from_server: the server, not the client, said where they are
 *
 * Context: vmbus_srv::lock held, may sleep.
 * Return: 0, -EINVAL for an address within a page, or an error of vpart_map(); then
 * there are none.
 */
int vsrv_monitor_on(struct vmbus_srv *srv, u64 gpa, bool from_server)
{
	struct vsrv_monitor *mon = &srv->mon;
	u64 pfn = gpa >> HV_HYP_PAGE_SHIFT;
	struct vpart_map *map;

	vsrv_monitor_off(srv);
	if (offset_in_hvpage(gpa))
		return -EINVAL;
	map = vpart_map(srv->part, &pfn, 1, VPART_MAP_WRITE);
	if (IS_ERR(map))
		return PTR_ERR(map);
	mon->map = map;
	mon->gpa = gpa;
	mon->from_server = from_server;
	mon->by = VSRV_MONITOR_BY_SERVER;
	return 0;
}

/**
 * vsrv_monitor_init - a new server has no monitor pages
 * @srv: server
 */
void vsrv_monitor_init(struct vmbus_srv *srv)
{
	hrtimer_setup(&srv->mon.timer, vsrv_monitor_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	vsrv_monitor_host_init(srv);
}
