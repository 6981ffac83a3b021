// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay's end of the transport loopback: this kernel as a receiver in VTL2, for
 * whoever plays the host on the same partition.  In a real VTL2 the hypervisor delivers
 * to its SynIC instead, see drivers/vmbus_relay/vtl2.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "vpart.h"

/**
 * struct vpart_vtl2 - the receiver
 * @ops: callbacks
 * @ctx: their argument
 */
struct vpart_vtl2 {
	const struct vpart_vtl2_ops *ops;
	void *ctx;
};

/**
 * vpart_vtl2_bind - receive messages and events for VTL2
 * @part: partition
 * @ops: callbacks
 * @ctx: their first argument
 *
 * Context: process, may sleep.
 * Return: 0, -EBUSY if somebody does already, -ENOMEM.
 */
int vpart_vtl2_bind(struct vmbus_partition *part, const struct vpart_vtl2_ops *ops, void *ctx)
{
	struct vpart_vtl2 *vtl2 = kzalloc(sizeof(*vtl2), GFP_KERNEL);
	int err = 0;

	if (!vtl2)
		return -ENOMEM;
	vtl2->ops = ops;
	vtl2->ctx = ctx;
	mutex_lock(&part->vtl2_lock);
	if (rcu_access_pointer(part->vtl2))
		err = -EBUSY;
	else
		rcu_assign_pointer(part->vtl2, vtl2);
	mutex_unlock(&part->vtl2_lock);
	if (err)
		kfree(vtl2);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_vtl2_bind);

/**
 * vpart_vtl2_unbind - receive no more
 * @part: partition; on return no callback runs or will run
 *
 * Context: process, may sleep.
 */
void vpart_vtl2_unbind(struct vmbus_partition *part)
{
	struct vpart_vtl2 *vtl2;

	mutex_lock(&part->vtl2_lock);
	vtl2 = rcu_replace_pointer(part->vtl2, NULL, lockdep_is_held(&part->vtl2_lock));
	mutex_unlock(&part->vtl2_lock);
	/* Pairs with rcu_read_lock() in vpart_send_message() and vpart_set_event(). */
	synchronize_rcu();
	kfree(vtl2);
	/* Who waits for room shall learn that there is no receiver. */
	vpart_deliverable(part, VPART_VTL_PARAVISOR, 0, 0);
}
EXPORT_SYMBOL_GPL(vpart_vtl2_unbind);

/**
 * vpart_vtl2_ready - there is room for messages again
 * @part: partition; vpart_vtl2_ops::message() returned -EAGAIN before
 * @sint: SINT of the message
 *
 * Context: any.
 */
void vpart_vtl2_ready(struct vmbus_partition *part, u8 sint)
{
	vpart_deliverable(part, VPART_VTL_PARAVISOR, 0, sint);
}
EXPORT_SYMBOL_GPL(vpart_vtl2_ready);

/**
 * vpart_vtl2_share - let whoever plays the host have pages of this kernel
 * @part: partition
 * @pages: pages; each is held until it was unshared and nobody has it mapped
 * @n: their number
 * @pfns: out: page frame numbers to name them by, see VPART_MAP_VTL2
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY for a page that is shared already, or -ENOMEM; then none is.
 */
int vpart_vtl2_share(struct vmbus_partition *part, struct page **pages, unsigned int n, u64 *pfns)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		pfns[i] = VPART_VTL2_PFN | page_to_pfn(pages[i]);
		err = xa_insert(&part->vtl2_pages, pfns[i], pages[i], GFP_KERNEL);
		if (err) {
			vpart_vtl2_unshare(part, pfns, i);
			return err;
		}
		get_page(pages[i]);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_vtl2_share);

/**
 * vpart_vtl2_unshare - the opposite
 * @part: partition
 * @pfns: from vpart_vtl2_share()
 * @n: their number
 *
 * Whoever has them mapped keeps them; nobody can map them any more.
 *
 * Context: process, may sleep.
 */
void vpart_vtl2_unshare(struct vmbus_partition *part, const u64 *pfns, unsigned int n)
{
	struct page *page;
	unsigned int i;

	for (i = 0; i < n; i++) {
		page = xa_erase(&part->vtl2_pages, pfns[i]);
		if (page)
			put_page(page);
	}
}
EXPORT_SYMBOL_GPL(vpart_vtl2_unshare);

/**
 * vpart_vtl2_pin - hold pages that VTL2 shares
 * @part: partition
 * @pfns: page frame numbers
 * @n: their number
 * @pages: out: pages
 *
 * Return: 0, or -EFAULT if one of them is not shared; then none is held.
 */
int vpart_vtl2_pin(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
		   struct page **pages)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		/* The lock keeps it while it is found and not yet held. */
		xa_lock(&part->vtl2_pages);
		pages[i] = xa_load(&part->vtl2_pages, pfns[i]);
		if (pages[i])
			get_page(pages[i]);
		xa_unlock(&part->vtl2_pages);
		if (!pages[i]) {
			vpart_vtl2_unpin(pages, i);
			return -EFAULT;
		}
	}
	return 0;
}

/* Let them go. */
void vpart_vtl2_unpin(struct page **pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_page(pages[i]);
}

/* Within RCU. */
int vpart_vtl2_message(struct vmbus_partition *part, u8 sint, const void *payload, u32 len)
{
	const struct vpart_vtl2 *vtl2 = rcu_dereference(part->vtl2);

	return vtl2 ? vtl2->ops->message(vtl2->ctx, sint, payload, len) : -ENXIO;
}

/* Within RCU. */
int vpart_vtl2_event(struct vmbus_partition *part, u8 sint, u16 flag)
{
	const struct vpart_vtl2 *vtl2 = rcu_dereference(part->vtl2);

	if (!vtl2)
		return -ENXIO;
	vtl2->ops->event(vtl2->ctx, sint, flag);
	return 0;
}
