// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a channel ends: a Linux guest that has sent something waits for the answer for ever,
 * also after the channel was rescinded, and so it does if it cannot send what it has to
 * give back.  So before the rings go all that came is answered, without effect, and the
 * guest gives back what it has; then its ring is left full, which it copes with.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include "netvsp.h"

/* A guest that was reset gives nothing back, and all of its server waits for that. */
#define NETVSP_GIVE_BACK_MAX	HZ
/* What a guest that sends on has of that at least. */
#define NETVSP_EMPTY_MAX	(HZ / 4)

static void netvsp_set_ending(struct netvsp_queue *q)
{
	spin_lock_bh(&q->lock);
	WRITE_ONCE(q->ending, true);
	/* The guest never saw them. */
	netvsp_xmit_drop(q);
	spin_unlock_bh(&q->lock);
}

/* Has the guest something that it will give back? */
static bool netvsp_guest_holds(struct netvsp_queue *q)
{
	bool holds;

	spin_lock_bh(&q->lock);
	holds = q->up && (q->held || (!netvsp_is_sub(q) &&
				      !bitmap_full(q->control_free, NETVSP_CONTROL_SUBS)));
	spin_unlock_bh(&q->lock);
	return holds;
}

/**
 * netvsp_drain - answer what the guest has sent, before the channel goes
 * @q: channel whose reader was stopped; its rings are open, and the guest is not stopped
 *
 * Context: process, may sleep; as long as NETVSP_GIVE_BACK_MAX for all channels together, or
 * NETVSP_EMPTY_MAX for each.
 */
void netvsp_drain(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;
	unsigned long end = jiffies + NETVSP_EMPTY_MAX;

	netvsp_set_ending(q);
	/* Once for all channels, which come one after the other. */
	if (!nic->drain_end)
		nic->drain_end = (jiffies + NETVSP_GIVE_BACK_MAX) | 1;
	if (time_before(end, nic->drain_end))
		end = nic->drain_end;
	/* No frame is made any more, so this is faster than a guest that sends on. */
	do {
		vsrv_reader_drain_until(&q->reader, end);
		usleep_range(1000, 2000);
	} while (netvsp_guest_holds(q) && !READ_ONCE(q->broken) && time_before(jiffies, end));
	vsrv_reader_finish(&q->reader, end);
}
