// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the channels of a controller have to do with each other: sub-channels come and
 * go with the primary channel, and a reset is one of all of them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
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

/* No command of theirs is under way, and none is being closed. */
static bool storvsp_subs_idle(struct storvsp_ctrl *ctrl)
{
	struct storvsp_chan *sc;
	bool idle = true;

	spin_lock_irq(&ctrl->chans_lock);
	list_for_each_entry(sc, &ctrl->chans, node)
		if (storvsp_chan_is_sub(sc))
			idle &= !READ_ONCE(sc->busy) && !READ_ONCE(sc->closing);
	spin_unlock_irq(&ctrl->chans_lock);
	return idle;
}

/**
 * storvsp_subs_drain_work - the device is to be closed: can its sub-channels be stopped?
 * @work: storvsp_ctrl::drain
 *
 * Context: process.
 */
void storvsp_subs_drain_work(struct work_struct *work)
{
	struct storvsp_ctrl *ctrl = container_of(to_delayed_work(work), struct storvsp_ctrl,
						 drain);

	if (storvsp_subs_idle(ctrl))
		vsrv_drain_done(ctrl->primary.chan);
	else
		schedule_delayed_work(&ctrl->drain, msecs_to_jiffies(20));
}

/**
 * storvsp_subs_drain - the guest has closed the device
 * @ctrl: controller, with sub-channels; vsrv_drain_done() follows when it takes no
 *	time any more to stop them
 *
 * Context: process.
 */
void storvsp_subs_drain(struct storvsp_ctrl *ctrl)
{
	schedule_delayed_work(&ctrl->drain, 0);
}

/**
 * storvsp_subs_drain_stop - the opposite: nobody waits for an answer
 * @ctrl: controller
 *
 * Context: process, may sleep.
 */
void storvsp_subs_drain_stop(struct storvsp_ctrl *ctrl)
{
	cancel_delayed_work_sync(&ctrl->drain);
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
 * A reset is answered after the commands of all channels that came before it.  Later ones
 * go on meanwhile: a disk that is slow, or hangs, holds up the reset and not the others.
 */

/**
 * storvsp_reset_note_begin - LIO gets a command
 * @io: command
 *
 * Context: storvsp_chan::lock held.
 */
void storvsp_reset_note_begin(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;

	lockdep_assert_held(&sc->lock);
	io->seq = atomic_long_read(&sc->ctrl->reset_seq);
	if (list_empty(&sc->begun))
		WRITE_ONCE(sc->oldest, io->seq);
	list_add_tail(&io->node, &sc->begun);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_note_begin);

/**
 * storvsp_reset_note_end - LIO is done with it
 * @io: command, in no list any more
 *
 * Context: storvsp_chan::lock held, which is taken again for storvsp_reset_check().
 */
void storvsp_reset_note_end(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;
	struct storvsp_io *first;

	lockdep_assert_held(&sc->lock);
	list_del(&io->node);
	first = list_first_entry_or_null(&sc->begun, struct storvsp_io, node);
	WRITE_ONCE(sc->oldest, first ? first->seq : STORVSP_NOTHING);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_note_end);

/* Is anything under way that LIO got before? */
static bool storvsp_reset_due(struct storvsp_ctrl *ctrl, unsigned long seq)
{
	struct storvsp_chan *sc;
	unsigned long flags;
	bool due = true;

	spin_lock_irqsave(&ctrl->chans_lock, flags);
	list_for_each_entry(sc, &ctrl->chans, node)
		due &= READ_ONCE(sc->oldest) >= seq;
	spin_unlock_irqrestore(&ctrl->chans_lock, flags);
	return due;
}

/**
 * storvsp_reset_check - have resets that wait looked at
 * @ctrl: controller
 *
 * Context: storvsp_chan::lock of one channel held: taken after storvsp_reset_note_end().
 */
void storvsp_reset_check(struct storvsp_ctrl *ctrl)
{
	struct storvsp_chan *sc;
	unsigned long flags;

	/* Pairs with storvsp_reset_begin(): it sees the oldest, or we see it. */
	smp_mb__after_spinlock();
	if (!atomic_read(&ctrl->resets))
		return;
	spin_lock_irqsave(&ctrl->chans_lock, flags);
	list_for_each_entry(sc, &ctrl->chans, node)
		if (!list_empty(&sc->resets))
			vsrv_reader_queue(&sc->reader);
	spin_unlock_irqrestore(&ctrl->chans_lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_check);

/**
 * storvsp_reset_begin - a channel has a reset
 * @io: its request
 *
 * Context: in the channel's reader, which calls storvsp_reset_step() next.
 */
void storvsp_reset_begin(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;
	struct storvsp_ctrl *ctrl = sc->ctrl;

	spin_lock_irq(&sc->lock);
	io->seq = atomic_long_inc_return(&ctrl->reset_seq);
	list_add_tail(&io->node, &sc->resets);
	/* Fully ordered.  Pairs with the barrier in storvsp_reset_check(). */
	atomic_inc_return(&ctrl->resets);
	spin_unlock_irq(&sc->lock);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_begin);

/**
 * storvsp_reset_step - answer the resets of a channel that are due
 * @sc: channel
 *
 * Context: storvsp_chan::lock held.
 */
void storvsp_reset_step(struct storvsp_chan *sc)
{
	struct storvsp_io *io, *next;

	lockdep_assert_held(&sc->lock);
	list_for_each_entry_safe(io, next, &sc->resets, node) {
		if (!storvsp_reset_due(sc->ctrl, io->seq))
			return;
		list_move_tail(&io->node, &sc->done);
		atomic_dec(&sc->ctrl->resets);
	}
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_step);

/**
 * storvsp_reset_forget - the channel is closed: its resets need no answer
 * @sc: channel
 *
 * Context: storvsp_chan::lock held.
 */
void storvsp_reset_forget(struct storvsp_chan *sc)
{
	lockdep_assert_held(&sc->lock);
	atomic_sub(list_count_nodes(&sc->resets), &sc->ctrl->resets);
	INIT_LIST_HEAD(&sc->resets);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_reset_forget);
