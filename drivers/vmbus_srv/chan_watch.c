// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open channels that are not as they should be: broken by the client, or with a
 * client that waits for a signal.
 */
#include <linux/jiffies.h>
#include <kunit/visibility.h>
#include <vmbus/ring.h>
#include "vsrv.h"
#include "trace.h"

/* ---- channels that are broken ---------------------------------------------------------- */

/**
 * vsrv_chan_error - the client has made a channel unusable
 * @chan: channel
 * @reason: what is wrong, for a log line
 *
 * The owner reads nothing any more until the client closes the channel and opens it
 * again, which makes it good.  Only the first call of an open counts.
 *
 * Context: any, from the open callback on.
 */
void vsrv_chan_error(struct vsrv_chan *chan, const char *reason)
{
	if (test_and_set_bit(0, &chan->broken))
		return;
	vsrv_chan_count(chan, VSRV_CHAN_ERRORS, 1);
	trace_vsrv_chan_error(chan, reason);
	pr_warn_ratelimited("%s: channel %u (%pUl): %s: nothing is read until the client opens it again\n",
			    chan->srv->name, READ_ONCE(chan->id), &chan->offer.instance_id,
			    reason);
}
EXPORT_SYMBOL_GPL(vsrv_chan_error);

/**
 * vsrv_chan_broken - was vsrv_chan_error() called for this open?
 * @chan: channel
 *
 * Context: any.
 * Return: true if it was.
 */
bool vsrv_chan_broken(const struct vsrv_chan *chan)
{
	return READ_ONCE(chan->broken);
}
EXPORT_SYMBOL_GPL(vsrv_chan_broken);

/* ---- signals that are missing ------------------------------------------------------------ */

/*
 * Linux drops an interrupt that comes before it has handled OPEN_RESULT, which it
 * may do long after it has taken the message: so the first look is soon.
 */
#define WATCH_FIRST	msecs_to_jiffies(100)
#define WATCH_AGAIN	(5 * HZ)
#define WATCH_NOWHERE	U64_MAX		/* never two indices */

/**
 * vsrv_chan_look - look at the rings of an open channel, and signal who waits
 * @timer: vsrv_chan::look
 *
 * A signal too many is harmless, so a client that seems to wait gets one.  One that
 * has not moved since the look before is counted, once for each place where it stands.
 *
 * Context: softirq.
 */
void vsrv_chan_look(struct timer_list *timer)
{
	struct vsrv_chan *chan = container_of(timer, struct vsrv_chan, look);
	struct vsrv_ring_state in, out;
	u64 at = WATCH_NOWHERE;

	if (!vsrv_chan_ring_state(chan, &in, &out))
		return;
	if (!in.valid || !out.valid) {
		vsrv_chan_error(chan, "impossible index in a ring");
		if (READ_ONCE(chan->live))
			chan->ops->signal(chan);
		return;
	}
	if (in.waits || out.waits) {
		at = (u64)in.write_index << 32 | out.read_index;
		if (at == chan->waits_at && at != chan->stalled_at) {
			chan->stalled_at = at;
			vsrv_chan_count(chan, VSRV_CHAN_STALLS, 1);
			trace_vsrv_chan_stalled(chan, in.waits ? "to write" : "to read");
		}
		vsrv_chan_interrupt(chan);
	} else {
		chan->stalled_at = WATCH_NOWHERE;
	}
	chan->waits_at = at;
	mod_timer(timer, round_jiffies(jiffies + WATCH_AGAIN));
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_chan_look);

/**
 * vsrv_chan_watch - the client was told that the channel is open
 * @chan: channel; nothing happens if its owner has no rings here, or while the guest
 *	is stopped
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_watch(struct vsrv_chan *chan)
{
	lockdep_assert_held(&chan->srv->lock);
	if (!READ_ONCE(chan->rings) || vsrv_quiet(chan->srv))
		return;
	chan->waits_at = WATCH_NOWHERE;
	chan->stalled_at = WATCH_NOWHERE;
	mod_timer(&chan->look, jiffies + WATCH_FIRST);
}
