// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reset is answered after the commands of all channels that came before it.  Later ones
 * go on meanwhile: a disk that is slow, or hangs, holds up the reset and not the others.
 */
#include <kunit/visibility.h>
#include <linux/list.h>
#include "storvsp.h"

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
