// SPDX-License-Identifier: GPL-2.0-only
/*
 * The synthetic interrupt controller of each VP: a page with one message slot
 * per SINT, and a page with 2048 event flags per SINT.  Layout and rules: TLFS,
 * chapter "Inter-Partition Communication".
 *
 * Where the backend has a SynIC of its own (vpart_backend_ops::post) the pages
 * are not ours; what holds for a slot in use is the same.
 */
#include <linux/hyperv.h>
#include <linux/slab.h>
#include <asm/sync_bitops.h>
#include <vmbus/protocol.h>
#include "vpart.h"

#define VPART_RETRY_MAX		msecs_to_jiffies(50)
#define VPART_REG_ENABLE	BIT_ULL(0)

struct vpart_event_page {
	unsigned long flags[VPART_SINTS][VPART_EVENT_FLAGS / BITS_PER_LONG];
};

static_assert(sizeof(struct vpart_event_page) == HV_HYP_PAGE_SIZE);
static_assert(sizeof(struct hv_message) * VPART_SINTS == HV_HYP_PAGE_SIZE);

/* Does the hypervisor keep the pages?  VPs exist only with a backend. */
static bool vpart_vp_direct(const struct vpart_vp *vp)
{
	return vp->part->backend->post;
}

static void vpart_vp_interrupt(struct vpart_vp *vp, u8 sint)
{
	struct vmbus_partition *part = vp->part;

	part->backend->interrupt(part->backend_ctx, vp->cookie, sint);
}

/* ---- event flags -------------------------------------------------------------- */

static int vpart_vp_signal(struct vpart_vp *vp, u8 sint, u16 flag)
{
	struct vmbus_partition *part = vp->part;
	int ret = part->backend->signal(part->backend_ctx, READ_ONCE(vp->cookie), sint, flag);

	if (ret < 0)
		return ret;
	vpart_count(part, ret ? VPART_EVENTS_SET : VPART_EVENTS_MERGED);
	return 0;
}

static int vpart_vp_set_event(struct vpart_vp *vp, u8 sint, u16 flag)
{
	const struct vpart_map *map = rcu_dereference(vp->siefp);
	struct vpart_event_page *page;

	/* Clients keep what they have for the guest: this one does not know how. */
	if (READ_ONCE(vp->part->stopped))
		return -EBUSY;
	if (vpart_vp_direct(vp))
		return vpart_vp_signal(vp, sint, flag);
	if (!map)
		return -ENXIO;
	page = vpart_map_addr(map);
	/* The guest clears it on another CPU, even if this kernel has but one. */
	if (sync_test_and_set_bit(flag, page->flags[sint])) {
		vpart_count(vp->part, VPART_EVENTS_MERGED);
		return 0;
	}
	vpart_count(vp->part, VPART_EVENTS_SET);
	vpart_vp_interrupt(vp, sint);
	return 0;
}

/**
 * vpart_set_event - set an event flag, and interrupt if it was clear
 * @part: partition
 * @vtl: VPART_VTL_GUEST, or VPART_VTL_PARAVISOR for whoever called
 *	vpart_vtl2_bind()
 * @vp: VP index
 * @sint: SINT, below 16
 * @flag: event flag, below 2048
 *
 * Context: any, also with interrupts off.
 * Return: 0; -EINVAL for a bad @vtl, @sint or @flag; -ENXIO if there is no such
 * VP, its event flags page is off, or nobody listens in VTL2; -EBUSY if the guest is
 * stopped; or an error of the backend.
 */
int vpart_set_event(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint, u16 flag)
{
	struct vpart_vp *v;
	int err = -ENXIO;

	if (sint >= VPART_SINTS || flag >= VPART_EVENT_FLAGS)
		return -EINVAL;

	rcu_read_lock();
	switch (vtl) {
	case VPART_VTL_GUEST:
		v = xa_load(&part->vps, vp);
		if (v)
			err = vpart_vp_set_event(v, sint, flag);
		break;
	case VPART_VTL_PARAVISOR:
		err = vpart_vtl2_event(part, sint, flag);
		break;
	default:
		err = -EINVAL;
	}
	rcu_read_unlock();
	if (err)
		vpart_count(part, VPART_EVENTS_LOST);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_set_event);

/* ---- messages ------------------------------------------------------------------- */

static struct hv_message *vpart_vp_slot(struct vpart_vp *vp, u8 sint)
{
	const struct vpart_map *map = rcu_dereference(vp->simp);

	return map ? (struct hv_message *)vpart_map_addr(map) + sint : NULL;
}

static bool vpart_slot_free(struct hv_message *slot)
{
	return READ_ONCE(slot->header.message_type) == HVMSG_NONE;
}

/* Come back when the guest has taken the message that is in the slot. */
static void vpart_vp_wait(struct vpart_vp *vp, u8 sint)
{
	lockdep_assert_held(&vp->slot_lock);
	if (!vp->delay)
		vp->delay = 1;
	vp->waiting |= BIT(sint);
	queue_delayed_work(vpart_wq, &vp->retry, vp->delay);
}

static int vpart_slot_write(struct vpart_vp *vp, u8 sint, const void *payload, u32 len)
{
	struct hv_message *slot = vpart_vp_slot(vp, sint);

	lockdep_assert_held(&vp->slot_lock);
	if (!slot)
		return -ENXIO;
	if (!vpart_slot_free(slot)) {
		/* As the TLFS asks of whoever has to wait. */
		WRITE_ONCE(slot->header.message_flags.asu8,
			   READ_ONCE(slot->header.message_flags.asu8) | BIT(0));
		/*
		 * Ask before looking again.  Pairs with the barrier in the
		 * guest's vmbus_signal_eom(), between freeing the slot and
		 * reading the flag.
		 */
		virt_mb();
		if (!vpart_slot_free(slot))
			return -EAGAIN;
	}
	slot->header.payload_size = len;
	slot->header.message_flags.asu8 = 0;
	slot->header.reserved[0] = 0;
	slot->header.reserved[1] = 0;
	slot->header.sender = 0;
	memcpy(slot->u.payload, payload, len);
	/* The type makes it a message: last.  Pairs with the guest's read of it. */
	virt_store_release(&slot->header.message_type, (u32)VMBUS_MSG_TYPE_HV);
	return 0;
}

static int vpart_vp_send(struct vpart_vp *vp, u8 sint, const void *payload, u32 len)
{
	const struct vpart_backend_ops *ops = vp->part->backend;
	bool direct = vpart_vp_direct(vp);
	void *ctx = vp->part->backend_ctx;
	void *cookie = READ_ONCE(vp->cookie);
	unsigned long flags;
	int err;

	spin_lock_irqsave(&vp->slot_lock, flags);
	if (READ_ONCE(vp->part->stopped)) {
		/* Pairs with vpart_synic_started(). */
		vp->waiting |= BIT(sint);
		vp->delay = vp->delay ?: 1;
		spin_unlock_irqrestore(&vp->slot_lock, flags);
		return -EAGAIN;
	}
	err = direct ? ops->post(ctx, cookie, sint, payload, len) :
		       vpart_slot_write(vp, sint, payload, len);
	if (err == -EAGAIN)
		vpart_vp_wait(vp, sint);
	else if (!vp->waiting)
		vp->delay = 0;
	spin_unlock_irqrestore(&vp->slot_lock, flags);

	if (!err && !direct)
		vpart_vp_interrupt(vp, sint);
	if (err == -EAGAIN && ops->await)
		ops->await(ctx, cookie, sint);
	return err;
}

/**
 * vpart_send_message - put a message into the slot of a VP
 * @part: partition
 * @vtl: VPART_VTL_GUEST, or VPART_VTL_PARAVISOR for whoever called
 *	vpart_vtl2_bind()
 * @vp: VP index; not used for VTL2
 * @sint: SINT, below 16
 * @payload: message
 * @len: its bytes, up to VMBUS_PARTITION_MESSAGE_SIZE
 *
 * Context: any.
 * Return: 0; -EAGAIN if the slot is in use or the guest is stopped:
 * vpart_client_ops::deliverable() says when to try again; -EINVAL for a bad @vtl,
 * @sint or @len; -ENXIO if there is no such VP, its message page is off, or nobody
 * listens in VTL2; or an error of the backend.
 */
int vpart_send_message(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint,
		       const void *payload, u32 len)
{
	struct vpart_vp *v;
	int err = -ENXIO;

	if (sint >= VPART_SINTS || len > VMBUS_PARTITION_MESSAGE_SIZE)
		return -EINVAL;

	rcu_read_lock();
	switch (vtl) {
	case VPART_VTL_GUEST:
		v = xa_load(&part->vps, vp);
		if (v)
			err = vpart_vp_send(v, sint, payload, len);
		break;
	case VPART_VTL_PARAVISOR:
		err = vpart_vtl2_message(part, sint, payload, len);
		break;
	default:
		err = -EINVAL;
	}
	rcu_read_unlock();

	if (!err)
		vpart_count(part, VPART_MESSAGES_SENT);
	else
		vpart_count(part, err == -EAGAIN ? VPART_MESSAGES_BUSY : VPART_MESSAGES_LOST);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_send_message);

/*
 * Which of the SINTs that somebody waits for can take a message, or never will.  A
 * slot of the hypervisor cannot be looked at: may be.
 */
static u16 vpart_vp_ready(struct vpart_vp *vp)
{
	struct hv_message *slot;
	u16 ready = 0;
	u8 sint;

	lockdep_assert_held(&vp->slot_lock);
	if (vpart_vp_direct(vp))
		ready = vp->waiting;
	for (sint = 0; sint < VPART_SINTS; sint++) {
		if (!(vp->waiting & ~ready & BIT(sint)))
			continue;
		slot = vpart_vp_slot(vp, sint);
		if (!slot || vpart_slot_free(slot))
			ready |= BIT(sint);
	}
	vp->waiting &= ~ready;
	return ready;
}

static void vpart_vp_deliverable(struct vpart_vp *vp, u16 sints)
{
	u8 sint;

	for (sint = 0; sint < VPART_SINTS; sint++)
		if (sints & BIT(sint))
			vpart_deliverable(vp->part, VPART_VTL_GUEST, vp->index, sint);
}

static void vpart_vp_retry(struct work_struct *work)
{
	struct vpart_vp *vp = container_of(work, struct vpart_vp, retry.work);
	u16 ready;

	rcu_read_lock();
	spin_lock_irq(&vp->slot_lock);
	ready = vpart_vp_ready(vp);
	/* Also for the next wait, if whoever is told now finds the slot in use again. */
	vp->delay = min(vp->delay * 2, VPART_RETRY_MAX);
	if (vp->waiting)
		queue_delayed_work(vpart_wq, &vp->retry, vp->delay);
	spin_unlock_irq(&vp->slot_lock);
	rcu_read_unlock();
	vpart_vp_deliverable(vp, ready);
}

/**
 * vpart_sints_deliverable - the hypervisor says that slots of a VP are free
 * @part: partition
 * @vp: VP index
 * @sints: mask of SINTs
 *
 * Context: any, also with interrupts off.
 * Return: those of @sints that somebody waited for; they know it now.
 */
u16 vpart_sints_deliverable(struct vmbus_partition *part, u32 vp, u16 sints)
{
	unsigned long flags;
	struct vpart_vp *v;

	rcu_read_lock();
	v = xa_load(&part->vps, vp);
	if (v) {
		spin_lock_irqsave(&v->slot_lock, flags);
		sints &= v->waiting;
		v->waiting &= ~sints;
		spin_unlock_irqrestore(&v->slot_lock, flags);
		vpart_vp_deliverable(v, sints);
	}
	rcu_read_unlock();
	return v ? sints : 0;
}
EXPORT_SYMBOL_GPL(vpart_sints_deliverable);

/* ---- registers -------------------------------------------------------------------- */

/* Point @page to what @reg says.  @shown: the register that it stands for now. */
static int vpart_vp_set_page(struct vpart_vp *vp, struct vpart_map __rcu **page, u64 *shown,
			     u64 reg)
{
	struct vpart_map *map = NULL, *old;
	u64 pfn = reg >> HV_HYP_PAGE_SHIFT;
	int err = 0;

	lockdep_assert_held(&vp->part->config_lock);
	if (!(reg & VPART_REG_ENABLE))
		reg = 0;
	if (reg == *shown)
		return 0;
	if (reg) {
		map = vpart_map(vp->part, &pfn, 1, VPART_MAP_WRITE);
		if (IS_ERR(map)) {
			err = PTR_ERR(map);
			map = NULL;
			reg = 0;
		}
	}
	old = rcu_replace_pointer(*page, map, lockdep_is_held(&vp->part->config_lock));
	*shown = reg;
	if (old) {
		/* Pairs with rcu_read_lock() in vpart_set_event(), vpart_send_message(). */
		synchronize_rcu();
		vpart_unmap(old);
	}
	return err;
}

static int vpart_vp_set_synic(struct vpart_vp *vp, u64 control, u64 simp, u64 siefp)
{
	bool on = control & VPART_REG_ENABLE;
	int err, err2;

	err = vpart_vp_set_page(vp, &vp->simp, &vp->simp_reg, on ? simp : 0);
	err2 = vpart_vp_set_page(vp, &vp->siefp, &vp->siefp_reg, on ? siefp : 0);
	/* Who waits for a slot shall learn that it is gone. */
	mod_delayed_work(vpart_wq, &vp->retry, 0);
	return err ?: err2;
}

/**
 * vpart_set_synic - the guest wrote SynIC registers of a VP
 * @part: partition
 * @vp: VP index
 * @control: SCONTROL
 * @simp: SIMP
 * @siefp: SIEFP
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT if there is no such VP; -EOPNOTSUPP where the backend keeps
 * the SynIC; or an error of vpart_map(): then the page that cannot be had counts
 * as disabled.
 */
int vpart_set_synic(struct vmbus_partition *part, u32 vp, u64 control, u64 simp, u64 siefp)
{
	struct vpart_vp *v;
	int err = -ENOENT;

	mutex_lock(&part->config_lock);
	v = xa_load(&part->vps, vp);
	if (v)
		err = vpart_vp_direct(v) ? -EOPNOTSUPP :
					   vpart_vp_set_synic(v, control, simp, siefp);
	mutex_unlock(&part->config_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_set_synic);

/**
 * vpart_synic_off - disable every SynIC
 * @part: partition
 *
 * Context: vmbus_partition::config_lock held.
 */
void vpart_synic_off(struct vmbus_partition *part)
{
	struct vpart_vp *vp;
	unsigned long index;

	xa_for_each(&part->vps, index, vp)
		vpart_vp_set_synic(vp, 0, 0, 0);
}

/**
 * vpart_synic_started - the guest goes on
 * @part: partition, not stopped any more
 *
 * Context: vmbus_partition::config_lock held.
 */
void vpart_synic_started(struct vmbus_partition *part)
{
	struct vpart_vp *vp;
	unsigned long index;

	/* Whoever has sent a message meanwhile waits for this. */
	xa_for_each(&part->vps, index, vp)
		mod_delayed_work(vpart_wq, &vp->retry, 0);
}

/* ---- VPs ---------------------------------------------------------------------------- */

static int vpart_vp_create(struct vmbus_partition *part, u32 index, void *cookie)
{
	struct vpart_vp *vp = kzalloc(sizeof(*vp), GFP_KERNEL);
	int err;

	if (!vp)
		return -ENOMEM;
	vp->part = part;
	vp->index = index;
	vp->cookie = cookie;
	spin_lock_init(&vp->slot_lock);
	INIT_DELAYED_WORK(&vp->retry, vpart_vp_retry);
	err = xa_insert(&part->vps, index, vp, GFP_KERNEL);
	if (err)
		kfree(vp);
	else
		WRITE_ONCE(part->nvps, part->nvps + 1);
	return err;
}

/**
 * vpart_set_vp - make a VP known, or give it another cookie
 * @part: partition
 * @vp: VP index, below VMBUS_PARTITION_MAX_VPS
 * @cookie: for the backend's interrupt callback; on return the one before is
 *	not used any more
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a bad @vp, -ENOMEM.
 */
int vpart_set_vp(struct vmbus_partition *part, u32 vp, void *cookie)
{
	struct vpart_vp *v;
	int err = 0;

	if (vp >= VMBUS_PARTITION_MAX_VPS)
		return -EINVAL;
	mutex_lock(&part->config_lock);
	v = xa_load(&part->vps, vp);
	if (v) {
		WRITE_ONCE(v->cookie, cookie);
		/* Pairs with rcu_read_lock() in vpart_set_event(), vpart_send_message(). */
		synchronize_rcu();
	} else {
		err = vpart_vp_create(part, vp, cookie);
	}
	mutex_unlock(&part->config_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_set_vp);

static void vpart_vp_remove(struct vpart_vp *vp)
{
	struct vmbus_partition *part = vp->part;

	lockdep_assert_held(&part->config_lock);
	xa_erase(&part->vps, vp->index);
	WRITE_ONCE(part->nvps, part->nvps - 1);
	vpart_vp_set_synic(vp, 0, 0, 0);
	/* Pairs with rcu_read_lock() in vpart_set_event(), vpart_send_message(). */
	synchronize_rcu();
	/* The last one that waits hears of it. */
	flush_delayed_work(&vp->retry);
	cancel_delayed_work_sync(&vp->retry);
	kfree_rcu(vp, rcu);
}

/**
 * vpart_clear_vp - take a VP away
 * @part: partition
 * @vp: VP index; on return its cookie is not used any more
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOENT if there is no such VP.
 */
int vpart_clear_vp(struct vmbus_partition *part, u32 vp)
{
	struct vpart_vp *v;

	mutex_lock(&part->config_lock);
	v = xa_load(&part->vps, vp);
	if (v)
		vpart_vp_remove(v);
	mutex_unlock(&part->config_lock);
	return v ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(vpart_clear_vp);

/**
 * vpart_vps_clear - take every VP away
 * @part: partition
 *
 * Context: vmbus_partition::config_lock held.
 */
void vpart_vps_clear(struct vmbus_partition *part)
{
	struct vpart_vp *vp;
	unsigned long index;

	xa_for_each(&part->vps, index, vp)
		vpart_vp_remove(vp);
}

/**
 * vpart_vp_valid - is there such a VP?
 * @part: partition
 * @vp: VP index
 *
 * Context: any.
 * Return: true if the monitor made it known.
 */
bool vpart_vp_valid(struct vmbus_partition *part, u32 vp)
{
	return xa_load(&part->vps, vp);
}
EXPORT_SYMBOL_GPL(vpart_vp_valid);

/**
 * vpart_vp_count - how many VPs are there?
 * @part: partition
 *
 * Context: any.
 * Return: those that the monitor has made known so far.
 */
unsigned int vpart_vp_count(struct vmbus_partition *part)
{
	return READ_ONCE(part->nvps);
}
EXPORT_SYMBOL_GPL(vpart_vp_count);
