// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sub-channels of a controller: they come and go with the primary channel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include "storvsp.h"

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
