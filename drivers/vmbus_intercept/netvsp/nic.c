// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface of an adapter, from when it is enabled until it is disabled.
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/xdp.h>
#include "netvsp.h"
#include "trace.h"

/* ---- statistics ------------------------------------------------------------------------ */

/**
 * netvsp_counter - a counter of all queues
 * @nic: adapter
 * @counter: which
 *
 * Return: its value.
 */
u64 netvsp_counter(const struct netvsp_nic *nic, enum netvsp_counter counter)
{
	u64 sum = 0;
	u16 i;

	for (i = 0; i < nic->nqueues; i++)
		sum += READ_ONCE(nic->queues[i].counters[counter]);
	return sum;
}

/**
 * netvsp_get_stats64 - ndo_get_stats64
 * @dev: interface
 * @stats: out
 */
void netvsp_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	const struct netvsp_nic *nic = netdev_priv(dev);

	stats->tx_packets = netvsp_counter(nic, NETVSP_TX_FRAMES);
	stats->tx_bytes = netvsp_counter(nic, NETVSP_TX_BYTES);
	stats->tx_dropped = netvsp_counter(nic, NETVSP_TX_DROPPED) +
			    netvsp_counter(nic, NETVSP_TX_FILTERED);
	stats->rx_packets = netvsp_counter(nic, NETVSP_RX_FRAMES);
	stats->rx_bytes = netvsp_counter(nic, NETVSP_RX_BYTES);
	stats->rx_dropped = netvsp_counter(nic, NETVSP_RX_DOWN) +
			    netvsp_counter(nic, NETVSP_RX_MEMORY) +
			    netvsp_counter(nic, NETVSP_XDP_ABORTED);
	stats->rx_length_errors = netvsp_counter(nic, NETVSP_RX_LENGTH) +
				  netvsp_counter(nic, NETVSP_XDP_TOO_LARGE);
	stats->rx_frame_errors = netvsp_counter(nic, NETVSP_RX_BAD_RNDIS);
	stats->rx_errors = stats->rx_length_errors + stats->rx_frame_errors +
			   netvsp_counter(nic, NETVSP_RX_CSUM) +
			   netvsp_counter(nic, NETVSP_RX_LSO);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_get_stats64);

/**
 * netvsp_guest_stats - what the guest is told of its frames
 * @nic: adapter
 * @stats: out: NETVSP_STATS values
 *
 * Its errors are frames that were refused or lost here, not those that nobody wanted: what a
 * program has dropped, or its filter, or came while the link was down.
 */
void netvsp_guest_stats(const struct netvsp_nic *nic, u64 *stats)
{
	stats[NETVSP_STAT_XMIT_OK] = netvsp_counter(nic, NETVSP_RX_FRAMES);
	stats[NETVSP_STAT_RCV_OK] = netvsp_counter(nic, NETVSP_TX_FRAMES);
	stats[NETVSP_STAT_XMIT_ERROR] = netvsp_counter(nic, NETVSP_RX_BAD_RNDIS) +
					netvsp_counter(nic, NETVSP_RX_LENGTH) +
					netvsp_counter(nic, NETVSP_RX_CSUM) +
					netvsp_counter(nic, NETVSP_RX_LSO) +
					netvsp_counter(nic, NETVSP_RX_MEMORY) +
					netvsp_counter(nic, NETVSP_XDP_TOO_LARGE);
	stats[NETVSP_STAT_RCV_ERROR] = netvsp_counter(nic, NETVSP_TX_DROPPED);
	stats[NETVSP_STAT_RCV_NO_BUFFER] = netvsp_counter(nic, NETVSP_TX_NO_ROOM);
	stats[NETVSP_STAT_RCV_BYTES] = netvsp_counter(nic, NETVSP_TX_BYTES);
	stats[NETVSP_STAT_XMIT_BYTES] = netvsp_counter(nic, NETVSP_RX_BYTES);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_guest_stats);

/* ---- up and down ------------------------------------------------------------------------- */

/**
 * netvsp_napi_schedule - there are frames in the backlog
 * @q: channel
 *
 * Context: process.
 */
void netvsp_napi_schedule(struct netvsp_queue *q)
{
	local_bh_disable();
	napi_schedule(&q->napi);
	/* It runs here and now, as a rule. */
	local_bh_enable();
}

static void netvsp_rx_switch(struct netvsp_queue *q, bool on)
{
	spin_lock_bh(&q->backlog.lock);
	WRITE_ONCE(q->rx_on, on);
	spin_unlock_bh(&q->backlog.lock);
}

static int netvsp_queue_up(struct netvsp_queue *q)
{
	int err;

	napi_enable(&q->napi);
	err = netvsp_xdp_open(q);
	if (err) {
		napi_disable(&q->napi);
		return err;
	}
	netvsp_rx_switch(q, true);
	return 0;
}

static void netvsp_queue_down(struct netvsp_queue *q)
{
	struct net_device *dev = q->nic->dev;
	u32 lost;

	/* First: then nothing is added that nobody would take. */
	netvsp_rx_switch(q, false);
	napi_disable(&q->napi);
	for (lost = skb_queue_len(&q->backlog) + q->backlog_raws.n; lost; lost--)
		dev_core_stats_rx_dropped_inc(dev);
	skb_queue_purge(&q->backlog);
	netvsp_raws_purge(&q->backlog_raws);
	WRITE_ONCE(q->backlog_bytes, 0);
	netvsp_xdp_stop(q);
	/* Its reader may wait for room there. */
	WRITE_ONCE(q->rx_waits, false);
	vsrv_reader_queue(&q->reader);
}

static int netvsp_open(struct net_device *dev)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	int err;
	u16 i;

	for (i = 0; i < nic->nqueues; i++) {
		err = netvsp_queue_up(&nic->queues[i]);
		if (err)
			goto down;
	}
	netif_tx_start_all_queues(dev);
	netvsp_link_set(nic, true);
	return 0;

down:
	while (i--)
		netvsp_queue_down(&nic->queues[i]);
	return err;
}

static int netvsp_stop(struct net_device *dev)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	u16 i;

	netif_tx_disable(dev);
	for (i = 0; i < nic->nqueues; i++)
		netvsp_queue_down(&nic->queues[i]);
	netvsp_link_set(nic, false);
	return 0;
}

static const struct net_device_ops netvsp_netdev_ops = {
	.ndo_open = netvsp_open,
	.ndo_stop = netvsp_stop,
	.ndo_start_xmit = netvsp_start_xmit,
	.ndo_select_queue = netvsp_select_queue,
	.ndo_features_check = netvsp_features_check,
	.ndo_get_stats64 = netvsp_get_stats64,
	.ndo_change_mtu = netvsp_xdp_change_mtu,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_bpf = netvsp_bpf,
	.ndo_xdp_xmit = netvsp_xdp_xmit,
};

/* ---- what the administrator changes meanwhile --------------------------------------------- */

/* Is there a guest that can be told of VFs? */
static bool netvsp_knows_vf(const struct netvsp_nic *nic)
{
	const struct netvsp_queue *q = &nic->queues[0];

	return nic->link.active && q->proto.version >= NVSP_VERSION_4 &&
	       q->proto.caps & NVSP_CAP_SRIOV;
}

/**
 * netvsp_nic_tell_vf - the guest has its adapter ready: tell it of the VF, if there is one
 * @nic: adapter
 *
 * Context: in the reader of the primary channel.
 */
void netvsp_nic_tell_vf(struct netvsp_nic *nic)
{
	struct nvsp_message msg = { };
	bool tell;

	mutex_lock(&nic->vf_lock);
	spin_lock_bh(&nic->lock);
	tell = nic->vf && netvsp_knows_vf(nic);
	netvsp_tell_vf(&msg, true, nic->vf_serial);
	spin_unlock_bh(&nic->lock);
	if (tell && netvsp_tell(nic, false, &msg, netvsp_message_size(&nic->queues[0].proto)))
		netdev_warn_once(nic->dev, "the guest could not be told of its VF\n");
	mutex_unlock(&nic->vf_lock);
}

static void netvsp_change_vf(struct netvsp_nic *nic, bool vf, u32 serial)
{
	struct netvsp_queue *q = &nic->queues[0];
	struct nvsp_message msg = { };
	bool active, was_vf, had, gone;
	u32 old;
	int err = 0;

	lockdep_assert_held(&nic->vf_lock);
	spin_lock_bh(&nic->lock);
	had = nic->vf;
	old = nic->vf_serial;
	nic->vf = vf;
	nic->vf_serial = serial;
	active = netvsp_knows_vf(nic);
	was_vf = nic->data_path_vf;
	spin_unlock_bh(&nic->lock);
	if (!active)
		return;
	gone = had && (!vf || old != serial);
	/* Its frames must not be lost with the VF. */
	if (was_vf && (gone || !vf)) {
		netvsp_tell_data_path(&msg, false);
		err = netvsp_tell(nic, false, &msg, netvsp_message_size(&q->proto));
	}
	if (!err && gone) {
		netvsp_tell_vf(&msg, false, old);
		err = netvsp_tell(nic, false, &msg, netvsp_message_size(&q->proto));
	}
	if (!err && vf) {
		netvsp_tell_vf(&msg, true, serial);
		err = netvsp_tell(nic, false, &msg, netvsp_message_size(&q->proto));
	}
	if (err)
		netdev_warn_once(nic->dev, "the guest could not be told of its VF\n");
}

/**
 * netvsp_nic_set_vf - a VF has come for the adapter, or gone
 * @nic: adapter
 * @vf: it is there
 * @serial: serial number of its VPCI device
 *
 * Context: process, may sleep.
 */
void netvsp_nic_set_vf(struct netvsp_nic *nic, bool vf, u32 serial)
{
	mutex_lock(&nic->vf_lock);
	netvsp_change_vf(nic, vf, serial);
	mutex_unlock(&nic->vf_lock);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_nic_set_vf);

/**
 * netvsp_set_busy_poll - how long readers look at an empty ring
 * @nic: adapter
 * @us: microseconds, or NETVSP_POLL_DEFAULT
 *
 * Context: process.
 */
void netvsp_set_busy_poll(struct netvsp_nic *nic, u16 us)
{
	unsigned int poll = us == NETVSP_POLL_DEFAULT ? vsrv_busy_poll_default() : us;
	u16 i;

	spin_lock_bh(&nic->lock);
	nic->busy_poll_us = us;
	for (i = 0; i < nic->nqueues; i++)
		if (nic->queues[i].offer)
			vsrv_chan_set_busy_poll(nic->queues[i].offer, poll);
	spin_unlock_bh(&nic->lock);
}

/* ---- life --------------------------------------------------------------------------------- */

static void netvsp_setup_dev(struct net_device *dev, const struct netvsp_config *config)
{
	dev->netdev_ops = &netvsp_netdev_ops;
	dev->ethtool_ops = &netvsp_ethtool_ops;
	dev->features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_TSO |
			NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_HIGHDMA | NETIF_F_RXCSUM |
			NETIF_F_HW_VLAN_CTAG_TX;
	/* What the guest sends has no wrong sums, or leaves them to us; its tags are apart. */
	dev->hw_features = dev->features & ~(NETIF_F_HIGHDMA | NETIF_F_RXCSUM);
	dev->features |= NETIF_F_HW_VLAN_CTAG_RX;
	dev->vlan_features = dev->features & ~(NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX);
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT);
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = config->mtu;
	dev->mtu = config->mtu;
	netif_set_tso_max_size(dev, GSO_LEGACY_MAX_SIZE);
	/* Not the guest's: they talk to each other. */
	eth_hw_addr_random(dev);
	strscpy(dev->name, config->ifname);
}

static void netvsp_free_queues(struct netvsp_nic *nic)
{
	u16 i;

	for (i = 0; i < nic->nqueues; i++) {
		netif_napi_del(&nic->queues[i].napi);
		netvsp_queue_destroy(&nic->queues[i]);
	}
	kvfree(nic->queues);
}

static int netvsp_make_queues(struct netvsp_nic *nic)
{
	int err = 0;
	u16 i;

	nic->queues = kvcalloc(nic->nqueues, sizeof(*nic->queues), GFP_KERNEL);
	if (!nic->queues)
		return -ENOMEM;
	for (i = 0; i < nic->nqueues; i++) {
		netvsp_queue_setup(nic, &nic->queues[i], i);
		err = err ?: netvsp_queue_init(&nic->queues[i]);
		netif_napi_add(nic->dev, &nic->queues[i].napi, netvsp_poll);
	}
	if (err)
		netvsp_free_queues(nic);
	return err;
}

static int netvsp_offer(struct netvsp_nic *nic)
{
	struct vsrv_offer offer = {
		.class_id = NETVSP_CLASS,
		.instance_id = nic->instance,
		.order = VSRV_ORDER_NONE,
	};
	struct vsrv_chan *chan;

	chan = vsrv_offer(nic->srv, &offer, &netvsp_chan_ops, &nic->queues[0]);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	netvsp_queue_publish(&nic->queues[0], chan);
	return 0;
}

static void netvsp_cancel(struct netvsp_nic *nic)
{
	cancel_delayed_work_sync(&nic->watch);
	cancel_delayed_work_sync(&nic->link.work);
}

/**
 * netvsp_nic_create - enable an adapter: make its interface, and offer it to the guest
 * @config: attributes
 * @instance: instance of the offer
 *
 * Context: process, may sleep; without rtnl.
 * Return: adapter, or an ERR_PTR: -ENODEV without the server, or an error of
 * register_netdev() or vsrv_offer().
 */
struct netvsp_nic *netvsp_nic_create(const struct netvsp_config *config, const guid_t *instance)
{
	struct net_device *dev;
	struct netvsp_nic *nic;
	int err;

	dev = alloc_etherdev_mqs(sizeof(*nic), config->queues, config->queues);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	nic = netdev_priv(dev);
	nic->dev = dev;
	nic->config = *config;
	nic->instance = *instance;
	nic->nqueues = config->queues;
	nic->channels = 1;
	nic->limit = config->queues;
	nic->busy_poll_us = NETVSP_POLL_DEFAULT;
	nic->batch_max = NETVSP_BATCH_DEFAULT;
	nic->vf = config->vf;
	nic->vf_serial = config->vf_serial;
	nic->max_len = config->mtu + ETH_HLEN;
	nic->part_len = nic->max_len;
	ether_addr_copy(nic->mac, config->mac);
	spin_lock_init(&nic->lock);
	mutex_init(&nic->vf_lock);
	netvsp_setup_dev(dev, config);
	err = init_srcu_struct(&nic->send_srcu);
	if (err)
		goto free_dev;
	err = netvsp_make_queues(nic);
	if (err)
		goto cleanup_srcu;
	err = -ENODEV;
	nic->srv = vsrv_get(config->server);
	if (!nic->srv)
		goto free_queues;
	netvsp_link_init(nic);
	netif_carrier_off(dev);
	err = register_netdev(dev);
	if (err)
		goto cancel;
	err = netvsp_offer(nic);
	if (err)
		goto unregister;
	return nic;

unregister:
	unregister_netdev(dev);
cancel:
	netvsp_cancel(nic);
	vsrv_put(nic->srv);
free_queues:
	netvsp_free_queues(nic);
cleanup_srcu:
	cleanup_srcu_struct(&nic->send_srcu);
free_dev:
	free_netdev(dev);
	return ERR_PTR(err);
}

/**
 * netvsp_nic_destroy - disable an adapter
 * @nic: adapter
 *
 * Context: process, may sleep; without rtnl.
 */
void netvsp_nic_destroy(struct netvsp_nic *nic)
{
	struct net_device *dev = nic->dev;

	netvsp_queue_revoke(&nic->queues[0]);
	unregister_netdev(dev);
	netvsp_cancel(nic);
	vsrv_put(nic->srv);
	netvsp_free_queues(nic);
	cleanup_srcu_struct(&nic->send_srcu);
	free_netdev(dev);
}
