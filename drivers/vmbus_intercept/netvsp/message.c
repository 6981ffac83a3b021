// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest says, as long as a channel is open: messages of NVSP.  Those with RNDIS in
 * them are looked at in rx.c, which takes frames itself and gives control messages back.
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "netvsp.h"
#include "trace.h"

/* In 100 bits per second: there is no wire, and Linux knows this speed. */
#define NETVSP_SPEED	(10ULL * 1000 * 1000 * 1000 / 100)

/* ---- NVSP --------------------------------------------------------------------------- */

/* What the guest says of itself; transmitters look at it. */
static void netvsp_take_config(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;

	WRITE_ONCE(nic->max_len, min(q->proto.mtu, nic->config.mtu + ETH_HLEN));
}

static void netvsp_recv_buffer(struct netvsp_queue *q, const struct netvsp_request *req,
			       struct nvsp_message *answer)
{
	struct netvsp_nic *nic = q->nic;
	int err;

	netvsp_take_config(q);
	/* What it gave back earlier in this batch was of the buffer before. */
	netvsp_xmit_given(q);
	err = netvsp_recv_map(q, req->gpadl);
	netvsp_answer_recv(&q->proto, err ? NULL : &nic->cut, answer);
	if (err) {
		netdev_warn_once(nic->dev, "receive buffer of the guest refused: error %d\n",
				 err);
		netvsp_count(q, NETVSP_BAD_MESSAGES, 1);
		return;
	}
	nic->recv_id = q->proto.recv_id;
	netvsp_recv_start(nic);
	netvsp_carrier(nic);
}

static void netvsp_send_buffer(struct netvsp_queue *q, const struct netvsp_request *req,
			       struct nvsp_message *answer)
{
	int err = netvsp_send_map(q, req->gpadl);

	netvsp_answer_send(&q->proto, !err, answer);
	if (err) {
		netdev_warn_once(q->nic->dev, "send buffer of the guest refused: error %d\n", err);
		netvsp_count(q, NETVSP_BAD_MESSAGES, 1);
	}
}

/**
 * netvsp_message - a message of NVSP came
 * @q: channel
 * @pkt: packet
 *
 * Context: in the reader.
 */
void netvsp_message(struct netvsp_queue *q, const struct vsrv_packet *pkt)
{
	bool wanted = pkt->flags & VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;
	struct netvsp_nic *nic = q->nic;
	struct nvsp_message answer = { };
	struct netvsp_request req;
	enum netvsp_act act;
	u16 count;

	act = netvsp_proto_step(&q->proto, pkt->payload, pkt->len, &req, &answer);
	if (act != NETVSP_ACT_RNDIS)
		trace_netvsp_message(q, &req, act);
	switch (act) {
	case NETVSP_ACT_RNDIS:
		answer.rndis_complete.status = cpu_to_le32(netvsp_rndis(q, pkt, &req));
		break;
	case NETVSP_ACT_RECV_BUFFER:
		netvsp_recv_buffer(q, &req, &answer);
		break;
	case NETVSP_ACT_REVOKE_RECV:
		netvsp_recv_unmap(nic);
		netvsp_carrier(nic);
		break;
	case NETVSP_ACT_SEND_BUFFER:
		netvsp_send_buffer(q, &req, &answer);
		break;
	case NETVSP_ACT_REVOKE_SEND:
		netvsp_send_unmap(nic);
		break;
	case NETVSP_ACT_SUBCHANNELS:
		/* While it is drained we are in a callback of the server. */
		count = q->ending ? 0 : netvsp_subs_offer(nic, req.count);
		netvsp_answer_subchannels(count, &answer);
		break;
	case NETVSP_ACT_DATA_PATH:
		WRITE_ONCE(nic->data_path_vf, req.vf);
		break;
	case NETVSP_ACT_FATAL:
		netvsp_broken(q, "malformed message, or one that must not come now");
		break;
	case NETVSP_ACT_ANSWER:
		break;
	}
	if (wanted)
		netvsp_answer(q, pkt->trans_id, &answer, netvsp_answer_len(&q->proto, &answer));
}

/* ---- RNDIS control messages ------------------------------------------------------------ */

static void netvsp_fill_adapter(struct netvsp_queue *q, struct netvsp_adapter *adapter)
{
	struct netvsp_nic *nic = q->nic;

	ether_addr_copy(adapter->mac, nic->mac);
	ether_addr_copy(adapter->permanent_mac, nic->config.mac);
	adapter->mtu = nic->max_len - ETH_HLEN;
	adapter->speed = NETVSP_SPEED;
	adapter->link = READ_ONCE(nic->link.want);
	adapter->queues = nic->nqueues;
	adapter->rsc = netvsp_knows_parts(&q->proto);
	netvsp_guest_stats(nic, adapter->stats);
}

static void netvsp_swap_rss(struct netvsp_nic *nic, struct netvsp_rss *rss)
{
	struct netvsp_rss *old;

	spin_lock_bh(&nic->lock);
	old = rcu_replace_pointer(nic->rss, rss, lockdep_is_held(&nic->lock));
	spin_unlock_bh(&nic->lock);
	if (!old)
		return;
	/* Not later by itself: of a guest that sets it again and again there is one to free. */
	synchronize_rcu();
	kfree(old);
}

static void netvsp_take_rss(struct netvsp_nic *nic, const struct netvsp_settings *settings)
{
	struct netvsp_rss *rss = NULL;

	if (settings->rss) {
		rss = kmalloc(sizeof(*rss), GFP_KERNEL);
		if (rss)
			netvsp_rss_init(rss, settings);
		else
			netdev_warn_once(nic->dev,
					 "no memory for RSS: off until the guest sets it again\n");
	}
	netvsp_swap_rss(nic, rss);
}

/* Have transmitters see what the guest has set. */
static void netvsp_take_settings(struct netvsp_nic *nic, u32 changed)
{
	const struct netvsp_settings *settings = &nic->control.settings;

	if (changed & (NETVSP_CHANGED_RSS | NETVSP_CHANGED_HALT))
		netvsp_take_rss(nic, settings);
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->filter, settings->filter);
	WRITE_ONCE(nic->offloads, settings->offloads);
	if (changed & NETVSP_CHANGED_HALT)
		ether_addr_copy(nic->mac, nic->config.mac);
	else if (changed & NETVSP_CHANGED_MAC)
		ether_addr_copy(nic->mac, settings->mac);
	spin_unlock_bh(&nic->lock);
	if (!nic->control.initialized)
		netvsp_link_end(nic);
	netvsp_carrier(nic);
}

/**
 * netvsp_reset_guest - the guest has set nothing
 * @nic: adapter
 *
 * Context: in the reader of the primary channel, or with that stopped.
 */
void netvsp_reset_guest(struct netvsp_nic *nic)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->filter, 0);
	WRITE_ONCE(nic->offloads, 0);
	WRITE_ONCE(nic->data_path_vf, false);
	ether_addr_copy(nic->mac, nic->config.mac);
	spin_unlock_bh(&nic->lock);
	netvsp_swap_rss(nic, NULL);
	WRITE_ONCE(nic->max_len, nic->config.mtu + ETH_HLEN);
	nic->control_on = false;
	netvsp_carrier(nic);
}

/* News that the guest awaits after it was answered. */
static int netvsp_tell_changes(struct netvsp_nic *nic, u32 changed, void *buf)
{
	int err = 0;

	if (changed & NETVSP_CHANGED_INIT)
		netvsp_link_begin(nic);
	if (changed & NETVSP_CHANGED_OFFLOADS)
		err = netvsp_tell(nic, true, buf, netvsp_indicate_offloads(&nic->control, buf));
	if (changed & NETVSP_CHANGED_INIT)
		netvsp_nic_tell_vf(nic);
	return err;
}

/* The guest does not get an answer, or the news behind it. */
static void netvsp_not_told(struct netvsp_queue *q, int err)
{
	if (err == -ENOBUFS) {
		netvsp_broken(q, "it leaves too many messages to it");
		return;
	}
	/* Not its fault: it is told by the status of its packet, and goes on. */
	netvsp_count(q, NETVSP_CONTROL_LOST, 1);
	netdev_warn_once(q->nic->dev, "an answer to the guest is lost: error %d\n", err);
}

/**
 * netvsp_control_packet - a control message of RNDIS came
 * @q: channel
 * @msg: private copy
 * @len: bytes of it
 *
 * Context: in the reader.
 * Return: false if the guest is not told what it awaits, or the channel is broken.
 */
bool netvsp_control_packet(struct netvsp_queue *q, const void *msg, u32 len)
{
	struct netvsp_nic *nic = q->nic;
	u8 *answer = nic->answer;
	u32 changed = 0;
	int ret;

	netvsp_count(q, NETVSP_CONTROL, 1);
	if (netvsp_is_sub(q)) {
		netvsp_broken(q, "control message on a sub-channel");
		return false;
	}
	if (!nic->control_on) {
		netvsp_control_init(&nic->control, nic->nqueues, q->proto.ndis_major,
				    q->proto.ndis_minor);
		nic->control_on = true;
	}
	netvsp_fill_adapter(q, &nic->control.adapter);
	ret = netvsp_control_step(&nic->control, msg, len, answer, &changed);
	trace_netvsp_control(q, msg, len, answer, ret);
	if (ret < 0) {
		netvsp_count(q, NETVSP_CONTROL_REFUSED, 1);
		netvsp_broken(q, "malformed control message");
		return false;
	}
	if (netvsp_answer_status(answer, ret))
		netvsp_count(q, NETVSP_CONTROL_REFUSED, 1);
	/* For a channel that goes they are of no use, and spreading frames anew takes time. */
	if (changed && !q->ending)
		netvsp_take_settings(nic, changed);
	if (ret)
		ret = netvsp_tell(nic, true, answer, ret);
	/* It does not know of an answer that is lost, and may ask again. */
	if (ret && changed & NETVSP_CHANGED_INIT)
		nic->control.initialized = false;
	if (!ret)
		ret = netvsp_tell_changes(nic, changed, answer);
	if (ret)
		netvsp_not_told(q, ret);
	return !ret;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_control_packet);
