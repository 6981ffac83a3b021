// SPDX-License-Identifier: GPL-2.0-only
/*
 * The carrier of the interface, which says whether the guest takes frames, and the link
 * of the guest's adapter, which says whether the interface is up.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include "netvsp.h"

/* Linux guests look at what they were told in the last two seconds as one change. */
#define NETVSP_LINK_SPACING	(5 * HZ)
#define NETVSP_WATCH		HZ
/* A guest that gives nothing back by a channel for so long takes no frames there. */
#define NETVSP_STALL		(10 * HZ)

/* ---- the carrier ------------------------------------------------------------------------ */

/**
 * netvsp_first_good - the first channel by which the guest takes frames
 * @nic: adapter
 *
 * Any may be broken or stall, the primary one too, and the others go on.
 *
 * Context: any.
 * Return: its index; 0 if there is none.
 */
u16 netvsp_first_good(const struct netvsp_nic *nic)
{
	u16 i;

	for (i = 0; i < nic->nqueues; i++)
		if (netvsp_queue_good(&nic->queues[i]))
			return i;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_first_good);

/**
 * netvsp_carrier - have the carrier say what is so
 * @nic: adapter
 *
 * Context: process or softirq, without netvsp_queue::lock.
 */
void netvsp_carrier(struct netvsp_nic *nic)
{
	const struct netvsp_queue *q;

	/* With the lock: who is last knows best. */
	spin_lock_bh(&nic->lock);
	q = &nic->queues[netvsp_first_good(nic)];
	if (netvsp_queue_good(q) && nic->filter)
		netif_carrier_on(nic->dev);
	else
		netif_carrier_off(nic->dev);
	spin_unlock_bh(&nic->lock);
}

/*
 * Senders get their frames back, as with a link that is down, and do not wait for ever.
 * What the guest has counts for BQL no more, when it gives it back neither.
 */
static void netvsp_stall(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;
	u32 i;

	lockdep_assert_held(&q->lock);
	netvsp_count(q, NETVSP_TX_STALLS, 1);
	WRITE_ONCE(q->stalled, true);
	/* Those of others change under their lock. */
	for (i = 0; i < nic->cut.count; i++)
		if (READ_ONCE(nic->subs[i].owner) == q->index + 1)
			nic->subs[i].bytes = 0;
	q->batch.bytes = 0;
	netvsp_xmit_free(q);
}

/**
 * netvsp_stall_end - the guest has given something back, or cannot: it gets its time anew
 * @q: channel
 *
 * Context: netvsp_queue::lock held; netvsp_carrier() is to follow if it returns true.
 * Return: true if the channel had stalled.
 */
bool netvsp_stall_end(struct netvsp_queue *q)
{
	bool stalled = q->stalled;

	lockdep_assert_held(&q->lock);
	q->since = jiffies;
	q->xdp_waits = false;
	WRITE_ONCE(q->stalled, false);
	return stalled;
}

/**
 * netvsp_look - does a channel stall?
 * @q: channel
 *
 * Senders of the stack that wait are stopped; nobody knows of those of XDP.
 *
 * Context: process.
 */
void netvsp_look(struct netvsp_queue *q)
{
	spin_lock_bh(&q->lock);
	if (netif_running(q->nic->dev) && q->up && !q->stopped && !q->stalled &&
	    ((netif_xmit_stopped(netvsp_txq(q)) && (q->held || q->batch.n || q->wait_room)) ||
	     q->xdp_waits) &&
	    time_after(jiffies, q->since + NETVSP_STALL))
		netvsp_stall(q);
	spin_unlock_bh(&q->lock);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_look);

static void netvsp_watch(struct work_struct *work)
{
	struct netvsp_nic *nic = container_of(to_delayed_work(work), struct netvsp_nic, watch);
	u16 i;

	for (i = 0; i < nic->nqueues; i++)
		netvsp_look(&nic->queues[i]);
	netvsp_carrier(nic);
	schedule_delayed_work(&nic->watch, NETVSP_WATCH);
}

/* ---- the guest's link --------------------------------------------------------------------- */

static void netvsp_link_work(struct work_struct *work)
{
	struct netvsp_nic *nic = container_of(to_delayed_work(work), struct netvsp_nic, link.work);
	struct netvsp_link *link = &nic->link;
	u8 msg[sizeof(struct rndis_indicate)];
	bool want, tell;
	long wait;

	spin_lock_bh(&nic->lock);
	want = link->want;
	tell = link->active && want != link->told;
	wait = link->when + NETVSP_LINK_SPACING - jiffies;
	if (tell && wait <= 0) {
		link->told = want;
		link->when = jiffies;
	}
	spin_unlock_bh(&nic->lock);
	if (!tell)
		return;
	if (wait > 0) {
		schedule_delayed_work(&link->work, wait);
		return;
	}
	if (!netvsp_tell(nic, true, msg, netvsp_indicate_link(msg, want)))
		return;
	spin_lock_bh(&nic->lock);
	link->told = !want;
	spin_unlock_bh(&nic->lock);
	schedule_delayed_work(&link->work, HZ);
}

/**
 * netvsp_link_set - the interface is up, or down: the guest's link is
 * @nic: adapter
 * @up: this
 *
 * Context: process.
 */
void netvsp_link_set(struct netvsp_nic *nic, bool up)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->link.want, up);
	spin_unlock_bh(&nic->lock);
	/* It may wait on behalf of a guest that is gone: it looks for itself how long it has to. */
	mod_delayed_work(system_wq, &nic->link.work, 0);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_link_set);

/**
 * netvsp_link_begin - the guest has initialized its adapter, and asks for the link next
 * @nic: adapter
 *
 * Context: in the reader of the primary channel.
 */
void netvsp_link_begin(struct netvsp_nic *nic)
{
	spin_lock_bh(&nic->lock);
	nic->link.active = true;
	nic->link.told = nic->link.want;
	nic->link.when = jiffies - NETVSP_LINK_SPACING;
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_link_begin);

/**
 * netvsp_link_end - there is nobody to be told
 * @nic: adapter
 *
 * Context: process.
 */
void netvsp_link_end(struct netvsp_nic *nic)
{
	spin_lock_bh(&nic->lock);
	nic->link.active = false;
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_link_end);

/**
 * netvsp_link_init - set up carrier and link, both down
 * @nic: adapter; netvsp_nic::watch and link.work are to be cancelled in the end
 */
void netvsp_link_init(struct netvsp_nic *nic)
{
	INIT_DELAYED_WORK(&nic->link.work, netvsp_link_work);
	INIT_DELAYED_WORK(&nic->watch, netvsp_watch);
	schedule_delayed_work(&nic->watch, NETVSP_WATCH);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_link_init);
