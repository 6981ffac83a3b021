// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the channels of a controller have to do with each other: sub-channels come and
 * go with the primary channel, and a reset is one of all of them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include "storvsp.h"

/* ---- sub-channels ---------------------------------------------------------------------- */

static void storvsp_sub_free(struct storvsp_chan *sc)
{
	struct storvsp_ctrl *ctrl = sc->ctrl;

	spin_lock_irq(&ctrl->chans_lock);
	list_del(&sc->node);
	spin_unlock_irq(&ctrl->chans_lock);
	storvsp_chan_destroy(sc);
	kvfree(sc);
}

static int storvsp_sub_offer(struct storvsp_ctrl *ctrl, u16 index)
{
	struct storvsp_chan *sc = kvzalloc(sizeof(*sc), GFP_KERNEL);
	struct vsrv_chan *offer;
	int err;

	if (!sc)
		return -ENOMEM;
	storvsp_chan_setup(ctrl, sc);
	err = storvsp_chan_init(sc);
	if (err)
		goto free_sub;
	offer = vsrv_offer_sub(ctrl->primary.chan, index, &storvsp_chan_ops, sc);
	if (IS_ERR(offer)) {
		err = PTR_ERR(offer);
		goto free_sub;
	}
	storvsp_chan_publish(sc, offer);
	return 0;

free_sub:
	storvsp_sub_free(sc);
	return err;
}

/**
 * storvsp_subs_offer - the guest wants sub-channels
 * @ctrl: controller
 * @n: how many, all together
 *
 * If there is no room for all the guest gets those that there is room for.
 *
 * Context: in the reader of the primary channel.
 * Return: false if there is none.
 */
bool storvsp_subs_offer(struct storvsp_ctrl *ctrl, u16 n)
{
	int err;

	while (ctrl->nsubs < n) {
		err = storvsp_sub_offer(ctrl, ctrl->nsubs + 1);
		if (err) {
			pr_warn_ratelimited("%s: %u of %u sub-channels: error %d\n",
					    ctrl->port->name, ctrl->nsubs, n, err);
			break;
		}
		ctrl->nsubs++;
	}
	return ctrl->nsubs;
}

/**
 * storvsp_subs_end - the primary channel is closed, and the server has taken them back
 * @ctrl: controller; its primary channel is halted
 *
 * Context: process, may sleep.
 */
void storvsp_subs_end(struct storvsp_ctrl *ctrl)
{
	struct storvsp_chan *sc, *next;

	/* Nobody else changes the list now. */
	list_for_each_entry_safe(sc, next, &ctrl->chans, node) {
		if (!storvsp_chan_is_sub(sc))
			continue;
		storvsp_chan_revoke(sc);
		storvsp_sub_free(sc);
	}
	ctrl->nsubs = 0;
}

/* ---- resets ---------------------------------------------------------------------------- */

/*
 * A reset is answered after the commands of all channels that came before it.  Those
 * that come meanwhile wait, so that this has an end.
 */

static bool storvsp_ctrl_idle(struct storvsp_ctrl *ctrl)
{
	struct storvsp_chan *sc;
	unsigned long flags;
	bool idle = true;

	spin_lock_irqsave(&ctrl->chans_lock, flags);
	list_for_each_entry(sc, &ctrl->chans, node)
		idle &= !READ_ONCE(sc->busy);
	spin_unlock_irqrestore(&ctrl->chans_lock, flags);
	return idle;
}

/**
 * storvsp_reset_kick - have all channels look again
 * @ctrl: controller
 *
 * Context: any; storvsp_chan::lock of one channel may be held.
 */
void storvsp_reset_kick(struct storvsp_ctrl *ctrl)
{
	struct storvsp_chan *sc;
	unsigned long flags;

	spin_lock_irqsave(&ctrl->chans_lock, flags);
	list_for_each_entry(sc, &ctrl->chans, node)
		vsrv_reader_queue(&sc->reader);
	spin_unlock_irqrestore(&ctrl->chans_lock, flags);
}

/**
 * storvsp_reset_waits - does a reset wait for commands?
 * @ctrl: controller
 *
 * Context: any.
 * Return: true if so: nobody reads requests until storvsp_reset_kick().
 */
bool storvsp_reset_waits(struct storvsp_ctrl *ctrl)
{
	return atomic_read(&ctrl->resets);
}

/**
 * storvsp_reset_begin - a channel has a reset
 * @sc: channel, without one
 * @io: its request
 *
 * Context: in the channel's reader.
 */
void storvsp_reset_begin(struct storvsp_chan *sc, struct storvsp_io *io)
{
	atomic_inc(&sc->ctrl->resets);
	/* Pairs with that in storvsp_chan_complete(): it kicks, or we see it idle. */
	smp_mb__after_atomic();
	spin_lock_irq(&sc->lock);
	sc->reset = io;
	spin_unlock_irq(&sc->lock);
}

static void storvsp_reset_end(struct storvsp_chan *sc)
{
	sc->reset = NULL;
	atomic_dec(&sc->ctrl->resets);
	storvsp_reset_kick(sc->ctrl);
}

/**
 * storvsp_reset_step - answer the reset of a channel, if it is due
 * @sc: channel, with a reset or without
 *
 * Context: storvsp_chan::lock held.
 */
void storvsp_reset_step(struct storvsp_chan *sc)
{
	lockdep_assert_held(&sc->lock);
	if (!sc->reset || !storvsp_ctrl_idle(sc->ctrl))
		return;
	list_add_tail(&sc->reset->node, &sc->done);
	storvsp_reset_end(sc);
}

/**
 * storvsp_reset_forget - the channel is closed: its reset needs no answer
 * @sc: channel, with a reset or without
 *
 * Context: storvsp_chan::lock held.
 */
void storvsp_reset_forget(struct storvsp_chan *sc)
{
	lockdep_assert_held(&sc->lock);
	if (sc->reset)
		storvsp_reset_end(sc);
}
