// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rings of an open channel: from the GPADL that the client named at OPEN
 * to a mapped reader and writer.
 *
 * Clients clear the control pages between creating the GPADL and OPEN, so this
 * must not happen before OPEN.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hyperv.h>
#include <linux/string.h>
#include <vmbus/partition.h>
#include <vmbus/ring.h>
#include "vsrv.h"

/* One ring: @n pages, the first of which is the control page. */
static struct vpart_map *rings_map(struct vsrv_chan *chan, const u64 *pfns, unsigned int n)
{
	/* The client of a server that plays the host is in VTL2, and may have its own. */
	return vpart_map(vsrv_partition(chan->srv), pfns, n, VPART_MAP_WRITE | VPART_MAP_RING |
			 (chan->srv->redirect ? VPART_MAP_VTL2 : 0));
}

static u32 rings_data_size(unsigned int npages)
{
	return (npages - 1) * HV_HYP_PAGE_SIZE;
}

/*
 * The ring GPADL is one range of whole pages, the upstream ring first.  Each
 * half needs its control page and data.
 */
static int rings_pages(const struct vsrv_gpadl *gpadl, u32 downstream_page, const u64 **pfns,
		       unsigned int *npfns)
{
	u32 len, offset;
	int err;

	if (vsrv_gpadl_range_count(gpadl) != 1)
		return -EINVAL;
	err = vsrv_gpadl_range(gpadl, 0, &len, &offset, pfns, npfns);
	if (err)
		return err;
	if (offset || offset_in_hvpage(len) || HVPFN_DOWN(len) != *npfns)
		return -EINVAL;
	if (downstream_page < VSRV_RING_MIN_PAGES || downstream_page >= *npfns ||
	    *npfns - downstream_page < VSRV_RING_MIN_PAGES)
		return -EINVAL;
	return 0;
}

/* Who looks at the rings from outside does so with the lock. */
static void rings_publish(struct vsrv_chan *chan, struct vsrv_rings *rings)
{
	spin_lock_bh(&chan->rings_lock);
	chan->rings = rings;
	spin_unlock_bh(&chan->rings_lock);
}

/**
 * vsrv_rings_open() - map both rings of a channel that the client opens
 * @chan: the channel
 * @params: parameters of the open
 * @rings: filled in, and not to be moved; undefined after an error
 *
 * Call it from the open callback or later, before vsrv_open_done().  Holds the
 * GPADL until vsrv_rings_close(): its teardown is answered after that.
 * Sleeps.
 *
 * Return: 0, -ENOENT if the channel has no such GPADL, -EINVAL if it does not
 * make two rings, -EIO for a bad index in a control page, or an error of
 * vpart_map().
 */
int vsrv_rings_open(struct vsrv_chan *chan, const struct vsrv_open_params *params,
		    struct vsrv_rings *rings)
{
	unsigned int in_pages, out_pages, npfns;
	const u64 *pfns;
	int err;

	memset(rings, 0, sizeof(*rings));
	rings->gpadl = vsrv_gpadl_get(chan, params->ring_gpadl);
	if (!rings->gpadl)
		return -ENOENT;

	err = rings_pages(rings->gpadl, params->downstream_page, &pfns, &npfns);
	if (err)
		goto err_gpadl;
	in_pages = params->downstream_page;
	out_pages = npfns - in_pages;

	rings->in_map = rings_map(chan, pfns, in_pages);
	if (IS_ERR(rings->in_map)) {
		err = PTR_ERR(rings->in_map);
		goto err_gpadl;
	}
	err = vsrv_ring_in_init(&rings->in, vpart_map_addr(rings->in_map),
				rings_data_size(in_pages));
	if (err)
		goto err_in;

	rings->out_map = rings_map(chan, pfns + in_pages, out_pages);
	if (IS_ERR(rings->out_map)) {
		err = PTR_ERR(rings->out_map);
		goto err_in;
	}
	err = vsrv_ring_out_init(&rings->out, vpart_map_addr(rings->out_map),
				 rings_data_size(out_pages));
	if (err)
		goto err_out;
	rings->chan = chan;
	rings_publish(chan, rings);
	return 0;

err_out:
	vpart_unmap(rings->out_map);
err_in:
	vpart_unmap(rings->in_map);
err_gpadl:
	vsrv_gpadl_put(rings->gpadl);
	return err;
}
EXPORT_SYMBOL_GPL(vsrv_rings_open);

/**
 * vsrv_rings_close() - let go of both rings
 * @rings: filled in by vsrv_rings_open(); nobody reads or writes them any more
 *
 * Call it before vsrv_close_done(), or from the stop callback.  Sleeps.
 */
void vsrv_rings_close(struct vsrv_rings *rings)
{
	rings_publish(rings->chan, NULL);
	/* Nothing may be reached through the rings from here on. */
	rings->in.error = true;
	rings->out.error = true;
	vpart_unmap(rings->out_map);
	vpart_unmap(rings->in_map);
	vsrv_gpadl_put(rings->gpadl);
}
EXPORT_SYMBOL_GPL(vsrv_rings_close);

/**
 * vsrv_chan_ring_state() - look at the rings of a channel
 * @chan: channel
 * @in: ring from the client
 * @out: ring to the client
 *
 * Context: process or softirq.
 * Return: false if its owner has no rings open, as always with a relayed channel.
 */
bool vsrv_chan_ring_state(struct vsrv_chan *chan, struct vsrv_ring_state *in,
			  struct vsrv_ring_state *out)
{
	bool open;

	spin_lock_bh(&chan->rings_lock);
	open = chan->rings;
	if (open) {
		vsrv_ring_in_state(&chan->rings->in, in);
		vsrv_ring_out_state(&chan->rings->out, out);
	}
	spin_unlock_bh(&chan->rings_lock);
	return open;
}
EXPORT_SYMBOL_GPL(vsrv_chan_ring_state);
