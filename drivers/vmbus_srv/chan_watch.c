// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open channels that the client has broken.
 */
#include "vsrv.h"
#include "trace.h"

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
