// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a channel of a controller ends: the guest lets go of the disks, and is
 * answered all that it asked for.
 *
 * what happens		what is waited for, at most			by whom
 * the client closes	what is under way; then until nothing comes any	a work of the channel
 *			more, from a guest that sees no disks: 8 s
 * "enable" is 0	until the guest has looked and seen none: 20 s;	who writes to it
 *			then as if it was gone
 * the guest is gone	what is under way; if anything was, until	the server's work
 *			nothing comes any more: 8 s
 *
 * "Under way" is what LIO has: it completes every command, but in its own time, and has
 * the guest's pages until then.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include "storvsp.h"

/* A guest that is told to look at its disks is given so long for each, and for all. */
#define STORVSP_LOOK_MAX	(5 * HZ)
#define STORVSP_RETIRE_MAX	(20 * HZ)
/* A relay that closes a channel waits for no more than 10 s. */
#define STORVSP_QUIET_MAX	(8 * HZ)

static bool storvsp_ctrl_retired(const struct storvsp_ctrl *ctrl, unsigned long since)
{
	const struct storvsp_scan *scan = &ctrl->scan;
	unsigned long most;

	most = READ_ONCE(scan->look) == STORVSP_LOOK_ENDED ? scan->quiet : STORVSP_LOOK_MAX;
	return !READ_ONCE(ctrl->primary.running) || !READ_ONCE(scan->scanned) ||
	       storvsp_scan_silent(scan, most) ||
	       time_after(jiffies, since + STORVSP_RETIRE_MAX);
}

/**
 * storvsp_ctrl_retire - take the disks from the guest, before the controller goes
 * @ctrl: controller, open or not
 *
 * A Linux guest that loses the channel of a disk with a write cache tries for
 * ever to flush it.  So first the disks are gone, which it copes with.  There is
 * no message that says when it has: wait until it has looked at all addresses, as
 * it did when it opened the channel, and has nothing to ask any more.
 *
 * Context: process, may sleep; as long as STORVSP_RETIRE_MAX, not counting the time
 * that the guest is stopped.
 */
void storvsp_ctrl_retire(struct storvsp_ctrl *ctrl)
{
	unsigned long since = jiffies;

	storvsp_scan_retire(&ctrl->scan);
	storvsp_chan_notify(&ctrl->primary);
	while (READ_ONCE(ctrl->primary.stopped) || !storvsp_ctrl_retired(ctrl, since)) {
		/* A guest that is stopped gets its time when it goes on. */
		if (READ_ONCE(ctrl->primary.stopped))
			since = jiffies;
		msleep(20);
	}
}

static bool storvsp_chan_idle(struct storvsp_chan *sc)
{
	bool idle;

	/* With the lock: then the last completion has let go of the channel. */
	spin_lock_irq(&sc->lock);
	idle = !sc->busy;
	spin_unlock_irq(&sc->lock);
	return idle;
}

/**
 * storvsp_chan_wait_idle - wait until nothing is under way
 * @sc: channel whose reader does not run
 *
 * Context: process, may sleep; bounded by the backstores: LIO completes every command.
 */
void storvsp_chan_wait_idle(struct storvsp_chan *sc)
{
	wait_event(sc->idle, storvsp_chan_idle(sc));
}

/* Answer all that comes, until nothing has come for so long by any of the channels. */
static void storvsp_drain_ring(struct storvsp_chan *sc, unsigned long quiet)
{
	const struct storvsp_scan *scan = &sc->ctrl->scan;
	unsigned long start = jiffies;

	do {
		vsrv_reader_drain(&sc->reader);
		usleep_range(1000, 2000);
	} while (!storvsp_scan_silent(scan, quiet) &&
		 time_before(jiffies, start + STORVSP_QUIET_MAX));
}

/*
 * The guest may not know yet that the channel goes.  It waits for an answer to
 * everything, and a Linux guest loses what it sends after the rescind.  So where it
 * uses disks they go first: all it asks for in the next moments is answered so, as far
 * as it empties its ring.  But it is not told to look: if the guest was reset without
 * a word the ring is memory of the next kernel, and nothing may be written unasked.
 *
 * Who closes may be a relay, and the guest behind it goes on.  Otherwise (!@asked)
 * the guest was reset, or the disks are gone: only what is under way matters.
 */
static void storvsp_drain(struct storvsp_chan *sc, bool asked)
{
	struct storvsp_scan *scan = &sc->ctrl->scan;
	bool used = storvsp_scan_hide(scan), busy;
	unsigned long quiet = scan->quiet;

	spin_lock_irq(&sc->lock);
	busy = sc->busy;
	sc->notify = false;
	spin_unlock_irq(&sc->lock);
	if (!asked) {
		used = busy;
		quiet = STORVSP_QUIET;
	}
	storvsp_chan_wait_idle(sc);
	/* Its answers can lead to more, however long they took. */
	if (busy)
		storvsp_scan_request(scan);
	if (used)
		storvsp_drain_ring(sc, quiet);
	/* A batch each time: a guest that sends on does not keep the disks. */
	vsrv_reader_finish(&sc->reader, jiffies);
}

/**
 * storvsp_chan_halt - let go of the rings, with all answered that can be
 * @sc: channel, open or not
 * @asked: the client closes it; otherwise it is gone, or the disks are
 *
 * Context: process, may sleep; as long as STORVSP_QUIET_MAX and the backstores take.
 */
void storvsp_chan_halt(struct storvsp_chan *sc, bool asked)
{
	if (!sc->open)
		return;
	vsrv_reader_stop(&sc->reader);
	/* If it is stopped it must not be answered, and nothing is under way. */
	if (!sc->stopped)
		storvsp_drain(sc, asked);
	/* Answers that are not in the ring now are dropped: the guest has left it full. */
	spin_lock_irq(&sc->lock);
	vsrv_chan_count(sc->chan, VSRV_CHAN_RING_FULL, list_count_nodes(&sc->done));
	storvsp_reset_forget(sc);
	WRITE_ONCE(sc->running, false);
	sc->stopped = false;
	spin_unlock_irq(&sc->lock);
	timer_delete_sync(&sc->look);
	vsrv_rings_close(&sc->rings);
	sc->open = false;
}
