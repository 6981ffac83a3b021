// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to the guest that are no frames, by the primary channel: answers to RNDIS
 * control messages and news, which go through the receive buffer, and messages of NVSP.
 *
 * They wait in netvsp_queue::tells until the ring has room and one of the
 * sub-allocations for them is free.  The guest decides how soon that is, so there is a
 * bound on how many wait.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/slab.h>
#include "netvsp.h"
#include "trace.h"

/**
 * netvsp_tell - have a message sent to the guest
 * @nic: adapter
 * @control: it is an RNDIS message, at most NETVSP_ANSWER_MAX bytes, else one of NVSP
 * @data: message; copied
 * @len: bytes of it
 *
 * Nothing happens if the guest does not have the channel open.
 *
 * Context: process, may sleep.
 * Return: 0, -ENOBUFS if the guest leaves too many, or -ENOMEM.
 */
int netvsp_tell(struct netvsp_nic *nic, bool control, const void *data, u32 len)
{
	struct netvsp_queue *q = &nic->queues[0];
	struct netvsp_tell *tell;
	int err = 0;

	KUNIT_STATIC_STUB_REDIRECT(netvsp_tell, nic, control, data, len);
	tell = kmalloc(struct_size(tell, data, len), GFP_KERNEL);
	if (!tell)
		return -ENOMEM;
	tell->control = control;
	tell->len = len;
	memcpy(tell->data, data, len);
	spin_lock_bh(&q->lock);
	if (!q->running) {
		kfree(tell);
	} else if (q->ntells == NETVSP_TELLS_MAX) {
		kfree(tell);
		err = -ENOBUFS;
	} else {
		list_add_tail(&tell->node, &q->tells);
		q->ntells++;
	}
	spin_unlock_bh(&q->lock);
	/* Its flush sends it. */
	vsrv_reader_queue(&q->reader);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_tell);

static int netvsp_tell_control(struct netvsp_queue *q, const struct netvsp_tell *tell)
{
	struct netvsp_nic *nic = q->nic;
	unsigned int sub;
	struct {
		struct netvsp_told_head head;
		struct vmtransfer_page_range range;
	} __packed told;
	int err;

	sub = find_first_bit(q->control_free, NETVSP_CONTROL_SUBS);
	if (!q->up || sub == NETVSP_CONTROL_SUBS)
		return -EBUSY;
	told.range.byte_offset = sub * nic->cut.size;
	told.range.byte_count = tell->len;
	err = netvsp_write_ranges(q, NVSP_CHANNEL_CONTROL, sub, &told.head, 1);
	if (err)
		return err;
	/* The guest sees neither before the index moves. */
	memcpy(netvsp_sub_addr(nic, sub), tell->data, tell->len);
	clear_bit(sub, q->control_free);
	nic->subs[sub] = (struct netvsp_sub) { .next = NETVSP_SUB_NONE, .owner = q->index + 1 };
	return 0;
}

/*
 * Hosts give VF associations ids of their own and ask for a completion.  That says nothing
 * that is of use here, and Linux completes none, whoever asks: so it is not asked for, and a
 * completion means a packet of the receive buffer always.
 */
static int netvsp_tell_nvsp(struct netvsp_queue *q, const struct netvsp_tell *tell)
{
	struct kvec vec = { .iov_base = (void *)tell->data, .iov_len = tell->len };

	return vsrv_ring_write(&q->rings.out, VM_PKT_DATA_INBAND, 0, 0, &vec, 1);
}

/**
 * netvsp_tell_write - put into the ring what waits for the guest
 * @q: primary channel; its ring is to be committed
 *
 * Context: netvsp_queue::lock held.
 * Return: false if the ring has no room for it.
 */
bool netvsp_tell_write(struct netvsp_queue *q)
{
	struct netvsp_tell *tell, *next;
	int err;

	lockdep_assert_held(&q->lock);
	list_for_each_entry_safe(tell, next, &q->tells, node) {
		err = tell->control ? netvsp_tell_control(q, tell) : netvsp_tell_nvsp(q, tell);
		if (err == -EAGAIN)
			return false;
		/* The guest has them all; it gives one back. */
		if (err == -EBUSY)
			return true;
		if (err)
			vsrv_chan_error(q->chan, "bad index in the ring of answers");
		vsrv_chan_count(q->chan, err ? VSRV_CHAN_BAD_PACKETS : VSRV_CHAN_PACKETS_OUT, 1);
		trace_netvsp_tell(q->nic, tell, err);
		list_del(&tell->node);
		q->ntells--;
		kfree(tell);
	}
	return true;
}

/**
 * netvsp_tell_forget - the channel goes: nobody is told
 * @q: primary channel
 *
 * Context: process.
 */
void netvsp_tell_forget(struct netvsp_queue *q)
{
	struct netvsp_tell *tell, *next;

	spin_lock_bh(&q->lock);
	list_for_each_entry_safe(tell, next, &q->tells, node)
		kfree(tell);
	INIT_LIST_HEAD(&q->tells);
	q->ntells = 0;
	spin_unlock_bh(&q->lock);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_tell_forget);
