// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which channel a frame to the guest goes by, and with which hash: as the guest has set it.
 */
#include <kunit/visibility.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include "netvsp.h"

/* The channel that the guest wants, as far as there is that one. */
static u16 netvsp_usable(const struct netvsp_nic *nic, u16 index)
{
	u16 channels = min(READ_ONCE(nic->channels), READ_ONCE(nic->limit));

	if (index >= channels)
		index %= channels;
	return netvsp_queue_good(&nic->queues[index]) ? index : netvsp_first_good(nic);
}

/**
 * netvsp_xdp_queue - the queue for frames that XDP redirects here
 * @nic: adapter
 *
 * They are spread by where they come from: all of a call go to one queue.
 *
 * Context: NAPI.
 * Return: index of the queue.
 */
u16 netvsp_xdp_queue(const struct netvsp_nic *nic)
{
	const struct netvsp_rss *rss;
	u16 index = 0;

	rcu_read_lock();
	rss = rcu_dereference(nic->rss);
	if (rss)
		index = netvsp_rss_channel(rss, smp_processor_id());
	rcu_read_unlock();
	return netvsp_usable(nic, index);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_queue);

/**
 * netvsp_select_queue - ndo_select_queue
 * @dev: interface
 * @skb: frame
 * @sb: not used
 *
 * Return: index of the queue.
 */
u16 netvsp_select_queue(struct net_device *dev, struct sk_buff *skb, struct net_device *sb)
{
	const struct netvsp_nic *nic = netdev_priv(dev);
	const struct netvsp_rss *rss;
	u16 index = 0;
	u32 hash;

	/* The hash takes time. */
	if (READ_ONCE(nic->channels) < 2)
		return 0;
	rcu_read_lock();
	rss = rcu_dereference(nic->rss);
	if (rss && netvsp_rss_hash(rss, skb, &hash)) {
		/* Linux has such a key after ethtool -L from one channel, and wants all. */
		if (rss->blank)
			hash = skb_get_hash(skb);
		index = netvsp_rss_channel(rss, hash);
	}
	rcu_read_unlock();
	return netvsp_usable(nic, index);
}

/**
 * netvsp_tell_hash - the hash that the guest is told
 * @nic: adapter
 * @skb: frame
 * @told: out: hashed and hash
 *
 * It is made anew: skb->hash may be another one, and some senders choose the queue themselves.
 *
 * Context: any.
 */
void netvsp_tell_hash(const struct netvsp_nic *nic, const struct sk_buff *skb,
		      struct netvsp_told *told)
{
	const struct netvsp_rss *rss;

	rcu_read_lock();
	rss = rcu_dereference(nic->rss);
	told->hashed = rss && netvsp_rss_hash(rss, skb, &told->hash);
	rcu_read_unlock();
}
