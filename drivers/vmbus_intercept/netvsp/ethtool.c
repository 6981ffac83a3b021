// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ethtool shows of the interface, and sets.
 */
#include <linux/ethtool.h>
#include "netvsp.h"

static const char netvsp_counter_names[NETVSP_COUNTER_COUNT][ETH_GSTRING_LEN] = {
	[NETVSP_TX_FRAMES] = "tx_frames",
	[NETVSP_TX_BYTES] = "tx_bytes",
	[NETVSP_TX_BATCHES] = "tx_batches",
	[NETVSP_TX_PARTS] = "tx_parts",
	[NETVSP_TX_NO_ROOM] = "tx_no_room",
	[NETVSP_TX_NO_RING] = "tx_no_ring",
	[NETVSP_TX_STALLS] = "tx_stalls",
	[NETVSP_TX_DROPPED] = "tx_dropped",
	[NETVSP_TX_FILTERED] = "tx_filtered",
	[NETVSP_TX_RETURNS] = "tx_returns",
	[NETVSP_XDP_XMIT] = "xdp_xmit",
	[NETVSP_XDP_TX] = "xdp_tx",
	[NETVSP_XDP_NO_ROOM] = "xdp_no_room",
	[NETVSP_RX_FRAMES] = "rx_frames",
	[NETVSP_RX_BYTES] = "rx_bytes",
	[NETVSP_RX_COPIED_SECTION] = "rx_copied_section",
	[NETVSP_RX_COPIED_PAGES] = "rx_copied_pages",
	[NETVSP_RX_PAGES] = "rx_pages",
	[NETVSP_RX_LENGTH] = "rx_refused_length",
	[NETVSP_RX_CSUM] = "rx_refused_csum",
	[NETVSP_RX_LSO] = "rx_refused_lso",
	[NETVSP_RX_MEMORY] = "rx_refused_memory",
	[NETVSP_RX_BAD_RNDIS] = "rx_bad_rndis",
	[NETVSP_RX_DOWN] = "rx_down",
	[NETVSP_RX_BACKLOG] = "rx_backlog",
	[NETVSP_XDP_TOO_LARGE] = "xdp_too_large",
	[NETVSP_XDP_PASS] = "xdp_pass",
	[NETVSP_XDP_DROP] = "xdp_drop",
	[NETVSP_XDP_REDIRECT] = "xdp_redirect",
	[NETVSP_XDP_ABORTED] = "xdp_aborted",
	[NETVSP_CONTROL] = "control_requests",
	[NETVSP_CONTROL_REFUSED] = "control_refused",
	[NETVSP_CONTROL_LOST] = "control_lost",
	[NETVSP_BAD_MESSAGES] = "bad_messages",
};

static void netvsp_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	const struct netvsp_nic *nic = netdev_priv(dev);

	strscpy(info->driver, KBUILD_MODNAME);
	snprintf(info->bus_info, sizeof(info->bus_info), "%s", nic->config.server);
}

/* ---- statistics: of all queues, then of each ------------------------------------------- */

static int netvsp_get_sset_count(struct net_device *dev, int set)
{
	const struct netvsp_nic *nic = netdev_priv(dev);

	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return NETVSP_COUNTER_COUNT * (1 + nic->nqueues);
}

static void netvsp_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	const struct netvsp_nic *nic = netdev_priv(dev);
	unsigned int i, queue;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < NETVSP_COUNTER_COUNT; i++)
		ethtool_puts(&data, netvsp_counter_names[i]);
	for (queue = 0; queue < nic->nqueues; queue++)
		for (i = 0; i < NETVSP_COUNTER_COUNT; i++)
			ethtool_sprintf(&data, "q%u_%s", queue, netvsp_counter_names[i]);
}

static void netvsp_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats,
				     u64 *data)
{
	const struct netvsp_nic *nic = netdev_priv(dev);
	unsigned int i, queue;

	for (i = 0; i < NETVSP_COUNTER_COUNT; i++)
		*data++ = netvsp_counter(nic, i);
	for (queue = 0; queue < nic->nqueues; queue++)
		for (i = 0; i < NETVSP_COUNTER_COUNT; i++)
			*data++ = READ_ONCE(nic->queues[queue].counters[i]);
}

/* ---- channels and RSS: what the guest has chosen, and how much of it is used --------------- */

/*
 * What was set: the core does not have it set again.  The guest may have fewer channels, now;
 * how many is what netvsp_get_rxnfc() says.
 */
static void netvsp_get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	const struct netvsp_nic *nic = netdev_priv(dev);

	channels->max_combined = nic->nqueues;
	channels->combined_count = READ_ONCE(nic->limit);
}

/* The core has looked at the maximum. */
static int netvsp_set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct netvsp_nic *nic = netdev_priv(dev);

	WRITE_ONCE(nic->limit, channels->combined_count);
	return 0;
}

static int netvsp_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	const struct netvsp_nic *nic = netdev_priv(dev);

	if (info->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	info->data = READ_ONCE(nic->channels);
	return 0;
}

static u32 netvsp_get_rxfh_indir_size(struct net_device *dev)
{
	return NDIS_RSS_TABLE_MAX;
}

static u32 netvsp_get_rxfh_key_size(struct net_device *dev)
{
	return NDIS_RSS_KEY_SIZE;
}

static int netvsp_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	const struct netvsp_rss *rss;
	unsigned int i;

	spin_lock_bh(&nic->lock);
	rss = rcu_dereference_protected(nic->rss, lockdep_is_held(&nic->lock));
	rxfh->hfunc = rss ? ETH_RSS_HASH_TOP : ETH_RSS_HASH_UNKNOWN;
	for (i = 0; rxfh->indir && i < NDIS_RSS_TABLE_MAX; i++)
		rxfh->indir[i] = rss ? netvsp_rss_channel(rss, i) : 0;
	if (rxfh->key && rss)
		memcpy(rxfh->key, rss->key, sizeof(rss->key));
	else if (rxfh->key)
		memset(rxfh->key, 0, NDIS_RSS_KEY_SIZE);
	spin_unlock_bh(&nic->lock);
	return 0;
}

/* ---- batches and polling ------------------------------------------------------------------ */

static int netvsp_get_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			       struct kernel_ethtool_coalesce *kernel,
			       struct netlink_ext_ack *extack)
{
	const struct netvsp_nic *nic = netdev_priv(dev);
	u16 us = READ_ONCE(nic->busy_poll_us);

	coalesce->rx_coalesce_usecs = us == NETVSP_POLL_DEFAULT ? vsrv_busy_poll_default() : us;
	coalesce->tx_max_coalesced_frames = READ_ONCE(nic->batch_max);
	return 0;
}

static int netvsp_set_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			       struct kernel_ethtool_coalesce *kernel,
			       struct netlink_ext_ack *extack)
{
	struct netvsp_nic *nic = netdev_priv(dev);

	if (coalesce->rx_coalesce_usecs > VSRV_BUSY_POLL_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "rx-usecs: give 0 to 10000");
		return -EINVAL;
	}
	if (!coalesce->tx_max_coalesced_frames ||
	    coalesce->tx_max_coalesced_frames > NETVSP_BATCH_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "tx-frames: give 1 to 64");
		return -EINVAL;
	}
	if (coalesce->rx_coalesce_usecs != vsrv_busy_poll_default() ||
	    READ_ONCE(nic->busy_poll_us) != NETVSP_POLL_DEFAULT)
		netvsp_set_busy_poll(nic, coalesce->rx_coalesce_usecs);
	WRITE_ONCE(nic->batch_max, coalesce->tx_max_coalesced_frames);
	return 0;
}

const struct ethtool_ops netvsp_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS |
				     ETHTOOL_COALESCE_TX_MAX_FRAMES,
	.get_drvinfo = netvsp_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = netvsp_get_sset_count,
	.get_strings = netvsp_get_strings,
	.get_ethtool_stats = netvsp_get_ethtool_stats,
	.get_channels = netvsp_get_channels,
	.set_channels = netvsp_set_channels,
	.get_rxnfc = netvsp_get_rxnfc,
	.get_rxfh_indir_size = netvsp_get_rxfh_indir_size,
	.get_rxfh_key_size = netvsp_get_rxfh_key_size,
	.get_rxfh = netvsp_get_rxfh,
	.get_coalesce = netvsp_get_coalesce,
	.set_coalesce = netvsp_set_coalesce,
};
