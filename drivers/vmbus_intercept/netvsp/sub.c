// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sub-channels of an adapter: they come and go with the primary channel.
 */
#include "netvsp.h"

/**
 * netvsp_subs_offer - the guest wants sub-channels
 * @nic: adapter with a receive buffer
 * @n: how many
 *
 * If there is no room for all the guest gets those that there is room for; the share of
 * the others in the receive buffer is not used.
 *
 * Context: in the reader of the primary channel.
 * Return: how many it gets.
 */
u16 netvsp_subs_offer(struct netvsp_nic *nic, u16 n)
{
	struct netvsp_queue *primary = &nic->queues[0], *q;
	struct vsrv_chan *offer;
	u16 i;

	n = min_t(u16, n, nic->nqueues - 1);
	netvsp_recv_share(nic, n + 1);
	for (i = 1; i <= n; i++) {
		q = &nic->queues[i];
		/* Before the guest can open it. */
		netvsp_proto_init_sub(&q->proto, &primary->proto);
		offer = vsrv_offer_sub(primary->chan, i, &netvsp_chan_ops, q);
		if (IS_ERR(offer)) {
			netdev_warn_once(nic->dev, "%u of %u sub-channels: error %ld\n", i - 1, n,
					 PTR_ERR(offer));
			break;
		}
		netvsp_queue_publish(q, offer);
	}
	WRITE_ONCE(nic->channels, i);
	netvsp_tell_channels(nic);
	return i - 1;
}

/**
 * netvsp_subs_end - the primary channel is closed, and the server has taken them back
 * @nic: adapter; its primary channel is halted
 *
 * Context: process, may sleep.
 */
void netvsp_subs_end(struct netvsp_nic *nic)
{
	u16 i;

	for (i = 1; i < nic->nqueues; i++)
		netvsp_queue_revoke(&nic->queues[i]);
	WRITE_ONCE(nic->channels, 1);
}

/**
 * netvsp_tell_channels - tell the guest by which channels to send, once all are there
 * @nic: adapter
 *
 * Context: in the reader of the primary channel, or in a callback of the server.
 */
void netvsp_tell_channels(struct netvsp_nic *nic)
{
	u16 channels, i;
	struct nvsp_message msg = { };

	/*
	 * The primary channel has said how many there are, the others that they run: each
	 * before it looks at what the other has said.  Pairs with itself there.
	 */
	smp_mb();
	channels = READ_ONCE(nic->channels);
	for (i = 1; i < channels; i++)
		if (!READ_ONCE(nic->queues[i].running))
			return;
	/* Whoever sees all of them is the last one, and may be two. */
	if (channels == 1 || test_and_set_bit(0, &nic->told_table))
		return;
	netvsp_tell_table(&msg, channels);
	if (netvsp_tell(nic, false, &msg, sizeof(msg)))
		netdev_warn_once(nic->dev, "the guest could not be told of its channels\n");
}
