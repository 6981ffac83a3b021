// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSIs: interrupts of devices to the guest.
 *
 * A device raises an MSI by an address and data that the guest has got from here, and has
 * put into the device.  The address is that of x86's MSIs, and the same for all: the data
 * is what differs.  It has 16 bits, as much as a device without MSI-X can send: the
 * MSI's number, and a lap count, so that what is left over of an MSI that was deleted
 * raises nobody else's for long.  The messages of one MSI have consecutive data that
 * begin at a power of two, as PCI wants it.
 *
 * These are not the interrupts that vpci_relay passes on: address and data of those the
 * host has made, and the hypervisor knows them.  MSIs here are for a monitor on KVM, which
 * gives an eventfd for each: the host that tests play there calls vpart_msi_create(),
 * vpart_msi_delete() and vpart_msi_raise().
 *
 * Whether a message can be raised is decided under its lock: not before the monitor has
 * its route, and not while the guest is stopped.  It is kept until then.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include "vpart.h"

#define VPART_MSI_ADDRESS	0xfee00000ULL
#define VPART_MSI_ID_BITS	11
#define VPART_MSI_DATA_BITS	16
#define VPART_MSI_LAPS		BIT(VPART_MSI_DATA_BITS - VPART_MSI_ID_BITS)

/* Those below are for exceptions. */
#define VPART_VECTOR_MIN	16
#define VPART_VECTOR_MAX	255

static_assert(BIT(VPART_MSI_ID_BITS) == VMBUS_PARTITION_MAX_MSIS);

static struct vpart_msis *vpart_msis(struct vmbus_partition *part)
{
	return rcu_dereference_check(part->msis, lockdep_is_held(&part->msi_lock));
}

/* The message that may have this data; whether it has says vpart_msi_is(). */
static struct vpart_msi *vpart_msi_find(struct vpart_msis *msis, u64 address, u32 data)
{
	u32 id = data % VMBUS_PARTITION_MAX_MSIS;

	if (!msis || address != VPART_MSI_ADDRESS || id >= msis->n)
		return NULL;
	return &msis->msis[array_index_nospec(id, msis->n)];
}

static bool vpart_msi_is(const struct vpart_msi *msi, u32 data)
{
	lockdep_assert_held(&msi->lock);
	return msi->active && msi->data == data;
}

/* Raise it if that can be, or keep it. */
static void vpart_msi_fire(struct vmbus_partition *part, struct vpart_msi *msi)
{
	lockdep_assert_held(&msi->lock);
	msi->pending = !msi->routed || READ_ONCE(part->stopped);
	/* MSIs exist only with a backend. */
	if (!msi->pending)
		part->backend->msi(part->backend_ctx, msi->cookie);
}

static void vpart_msi_change(struct vpart_msis *msis, struct vpart_msi *msi)
{
	lockdep_assert_held(&msi->lock);
	msi->sequence++;
	msi->routed = false;
	set_bit(msi - msis->msis, msis->changed);
}

/* ---- the guest's and its devices' side ------------------------------------------------ */

/* Numbers are used in turn: the longer ago one was, the less of it is left. */
static unsigned int vpart_msis_room(struct vmbus_partition *part, struct vpart_msis *msis,
				    unsigned int count)
{
	unsigned long align = roundup_pow_of_two(count) - 1;
	unsigned int id;

	lockdep_assert_held(&part->msi_lock);
	id = bitmap_find_next_zero_area(msis->used, msis->n, msis->next, count, align);
	if (id >= msis->n) {
		part->msi_lap++;
		id = bitmap_find_next_zero_area(msis->used, msis->n, 0, count, align);
	}
	if (id < msis->n)
		msis->next = id + count;
	return id;
}

/* One of these that exists, or -ENXIO */
static int vpart_msi_vp(struct vmbus_partition *part, const u32 *vps, unsigned int nvps)
{
	unsigned int i;

	for (i = 0; i < nvps; i++)
		if (vps[i] < VMBUS_PARTITION_MAX_VPS && vpart_vp_valid(part, vps[i]))
			return vps[i];
	return -ENXIO;
}

static bool vpart_vectors_ok(u32 vector, u16 count)
{
	return vector >= VPART_VECTOR_MIN && vector <= VPART_VECTOR_MAX - (count - 1);
}

static void vpart_msi_begin(struct vmbus_partition *part, struct vpart_msis *msis, unsigned int id,
			    u16 count, u32 vp, u32 vector)
{
	struct vpart_msi *msi = &msis->msis[id];
	unsigned long flags;

	spin_lock_irqsave(&msi->lock, flags);
	msi->active = true;
	msi->count = count;
	msi->data = part->msi_lap % VPART_MSI_LAPS << VPART_MSI_ID_BITS | id;
	msi->vp = vp;
	msi->vector = vector;
	msi->pending = false;
	vpart_msi_change(msis, msi);
	spin_unlock_irqrestore(&msi->lock, flags);
}

/**
 * vpart_msi_create - make an MSI of a device
 * @part: partition
 * @req: what the guest wants
 * @address: out: address by which it is raised
 * @data: out: data of its first message; those of the others follow
 *
 * Does not wait for the monitor: what is raised before that has the routes is kept.
 * The MSI is gone after vpart_reset(), too.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for a request that cannot be; -ENXIO if no VP of it exists; -ENOSPC
 * if there are too many MSIs; -ENODEV if nobody can raise any.
 */
int vpart_msi_create(struct vmbus_partition *part, const struct vpart_msi_request *req,
		     u64 *address, u32 *data)
{
	struct vpart_msis *msis;
	unsigned int id, i;
	int vp;

	if (!req->count || req->count > VPART_MSI_MAX_COUNT || req->delivery > VPART_MSI_LOWEST ||
	    !vpart_vectors_ok(req->vector, req->count))
		return -EINVAL;
	vp = vpart_msi_vp(part, req->vps, req->nvps);
	if (vp < 0)
		return vp;
	scoped_guard(mutex, &part->msi_lock) {
		msis = vpart_msis(part);
		if (!msis)
			return -ENODEV;
		id = vpart_msis_room(part, msis, req->count);
		if (id >= msis->n)
			return -ENOSPC;
		bitmap_set(msis->used, id, req->count);
		for (i = 0; i < req->count; i++)
			vpart_msi_begin(part, msis, id + i, i ? 0 : req->count, vp,
					req->vector + i);
		*address = VPART_MSI_ADDRESS;
		*data = msis->msis[id].data;
	}
	vpart_event(part, VMBUS_PARTITION_EVENT_MSI, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_msi_create);

/* 1 if the route has changed, 0 if it was so already, or -errno */
static int vpart_msi_set_route(struct vpart_msis *msis, struct vpart_msi *msi, u32 data, u32 vp,
			       u32 vector)
{
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&msi->lock, flags);
	if (vpart_msi_is(msi, data)) {
		/* Linux says it again whenever it unmasks. */
		ret = msi->vp != vp || msi->vector != vector;
		if (ret) {
			msi->vp = vp;
			msi->vector = vector;
			vpart_msi_change(msis, msi);
		}
	}
	spin_unlock_irqrestore(&msi->lock, flags);
	return ret;
}

/**
 * vpart_msi_retarget - send a message elsewhere
 * @part: partition
 * @address: from vpart_msi_create()
 * @data: of the message
 * @vector: vector, 16 to 255
 * @vps: VPs, of which one is interrupted
 * @nvps: entries of @vps
 *
 * What is raised from now on is kept until the monitor has the new route.
 *
 * Context: any, also with interrupts off.
 * Return: 0; -ENOENT if there is no such message; -EINVAL for a bad @vector; -ENXIO if no VP
 * of @vps exists.
 */
int vpart_msi_retarget(struct vmbus_partition *part, u64 address, u32 data, u32 vector,
		       const u32 *vps, unsigned int nvps)
{
	struct vpart_msis *msis;
	struct vpart_msi *msi;
	int vp, ret = -ENOENT;

	if (!vpart_vectors_ok(vector, 1))
		return -EINVAL;
	vp = vpart_msi_vp(part, vps, nvps);
	if (vp < 0)
		return vp;
	rcu_read_lock();
	msis = vpart_msis(part);
	msi = vpart_msi_find(msis, address, data);
	if (msi)
		ret = vpart_msi_set_route(msis, msi, data, vp, vector);
	rcu_read_unlock();
	if (ret > 0)
		vpart_event(part, VMBUS_PARTITION_EVENT_MSI, 0);
	return min(ret, 0);
}
EXPORT_SYMBOL_GPL(vpart_msi_retarget);

static void vpart_msi_end(struct vpart_msis *msis, struct vpart_msi *msi)
{
	unsigned long flags;

	spin_lock_irqsave(&msi->lock, flags);
	msi->active = false;
	msi->count = 0;
	msi->vp = 0;
	msi->vector = 0;
	msi->pending = false;
	vpart_msi_change(msis, msi);
	spin_unlock_irqrestore(&msi->lock, flags);
}

/* The first message of an MSI: how many it has; else 0 */
static unsigned int vpart_msi_count(struct vpart_msi *msi, u32 data)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&msi->lock, flags);
	count = vpart_msi_is(msi, data) ? msi->count : 0;
	spin_unlock_irqrestore(&msi->lock, flags);
	return count;
}

/**
 * vpart_msi_delete - delete an MSI
 * @part: partition
 * @address: from vpart_msi_create()
 * @data: of its first message
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOENT if there is no such MSI.
 */
int vpart_msi_delete(struct vmbus_partition *part, u64 address, u32 data)
{
	unsigned int id, count, i;
	struct vpart_msis *msis;
	struct vpart_msi *msi;

	scoped_guard(mutex, &part->msi_lock) {
		msis = vpart_msis(part);
		msi = vpart_msi_find(msis, address, data);
		count = msi ? vpart_msi_count(msi, data) : 0;
		if (!count)
			return -ENOENT;
		id = msi - msis->msis;
		for (i = 0; i < count; i++)
			vpart_msi_end(msis, msi + i);
		bitmap_clear(msis->used, id, count);
	}
	vpart_event(part, VMBUS_PARTITION_EVENT_MSI, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_msi_delete);

/**
 * vpart_msi_raise - a device interrupts the guest
 * @part: partition
 * @address: what the guest has put into the device
 * @data: the same, plus the number of the message if there are several
 *
 * Context: any, also with interrupts off; but not from vpart_port::signal, since an
 * eventfd must not signal another one.
 * Return: 0, or -ENOENT if there is no such message.
 */
int vpart_msi_raise(struct vmbus_partition *part, u64 address, u32 data)
{
	struct vpart_msi *msi;
	unsigned long flags;
	int err = -ENOENT;

	rcu_read_lock();
	msi = vpart_msi_find(vpart_msis(part), address, data);
	if (msi) {
		spin_lock_irqsave(&msi->lock, flags);
		if (vpart_msi_is(msi, data)) {
			vpart_msi_fire(part, msi);
			err = 0;
		}
		spin_unlock_irqrestore(&msi->lock, flags);
	}
	rcu_read_unlock();
	vpart_count(part, err ? VPART_MSIS_LOST : VPART_MSIS_RAISED);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_msi_raise);

/* ---- the monitor's side ----------------------------------------------------------------- */

/**
 * vpart_set_msis - the backend can raise MSIs
 * @part: partition with a backend that has vpart_backend_ops::msi
 * @cookies: one for each, for its callback
 * @n: their number, 1 to VMBUS_PARTITION_MAX_MSIS
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a bad @n, -EBUSY if it has been called already, -ENOMEM.
 */
int vpart_set_msis(struct vmbus_partition *part, void *const *cookies, unsigned int n)
{
	struct vpart_msis *msis;
	unsigned int i;

	if (!n || n > VMBUS_PARTITION_MAX_MSIS)
		return -EINVAL;
	guard(mutex)(&part->msi_lock);
	if (vpart_msis(part))
		return -EBUSY;
	msis = kvzalloc(struct_size(msis, msis, n), GFP_KERNEL_ACCOUNT);
	if (!msis)
		return -ENOMEM;
	msis->n = n;
	for (i = 0; i < n; i++) {
		spin_lock_init(&msis->msis[i].lock);
		msis->msis[i].cookie = cookies[i];
	}
	/* The last monitor's MSIs are over. */
	part->msi_lap++;
	rcu_assign_pointer(part->msis, msis);
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_set_msis);

/* The number of one whose route has changed, and which does not count as such any more */
static unsigned int vpart_msis_take(struct vpart_msis *msis)
{
	unsigned int id;

	do {
		id = find_first_bit(msis->changed, msis->n);
	} while (id < msis->n && !test_and_clear_bit(id, msis->changed));
	return id;
}

/**
 * vpart_msi_next - fetch a route that has changed
 * @part: partition
 * @route: out: the route
 *
 * Context: any.
 * Return: 0, or -ENOENT if there is none.
 */
int vpart_msi_next(struct vmbus_partition *part, struct vmbus_partition_msi *route)
{
	struct vpart_msis *msis;
	struct vpart_msi *msi;
	unsigned long flags;
	unsigned int id;
	int err = -ENOENT;

	rcu_read_lock();
	msis = vpart_msis(part);
	id = msis ? vpart_msis_take(msis) : 0;
	if (msis && id < msis->n) {
		msi = &msis->msis[id];
		spin_lock_irqsave(&msi->lock, flags);
		*route = (struct vmbus_partition_msi) {
			.msi = id,
			.flags = msi->active ? VMBUS_PARTITION_MSI_ACTIVE : 0,
			.sequence = msi->sequence,
			.vp = msi->vp,
			.vector = msi->vector,
		};
		spin_unlock_irqrestore(&msi->lock, flags);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(vpart_msi_next);

/**
 * vpart_msi_again - a route did not reach anybody
 * @part: partition
 * @msi: number, from vpart_msi_next()
 *
 * Context: any.
 */
void vpart_msi_again(struct vmbus_partition *part, u32 msi)
{
	struct vpart_msis *msis;

	rcu_read_lock();
	msis = vpart_msis(part);
	if (msis && msi < msis->n)
		set_bit(msi, msis->changed);
	rcu_read_unlock();
	vpart_event(part, VMBUS_PARTITION_EVENT_MSI, 0);
}
EXPORT_SYMBOL_GPL(vpart_msi_again);

static void vpart_msi_set_routed(struct vmbus_partition *part, struct vpart_msi *msi, u32 sequence)
{
	unsigned long flags;

	spin_lock_irqsave(&msi->lock, flags);
	if (msi->sequence == sequence) {
		msi->routed = true;
		if (msi->pending)
			vpart_msi_fire(part, msi);
	}
	spin_unlock_irqrestore(&msi->lock, flags);
}

/**
 * vpart_msi_routed - the monitor has a route
 * @part: partition
 * @msi: number
 * @sequence: of the route, from vpart_msi_next(); nothing happens if it has changed
 *
 * Context: any, also with interrupts off.
 * Return: 0, or -EINVAL if there never is such an MSI.
 */
int vpart_msi_routed(struct vmbus_partition *part, u32 msi, u32 sequence)
{
	struct vpart_msis *msis;
	int err = -EINVAL;

	rcu_read_lock();
	msis = vpart_msis(part);
	if (msis && msi < msis->n) {
		vpart_msi_set_routed(part, &msis->msis[array_index_nospec(msi, msis->n)],
				     sequence);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(vpart_msi_routed);

/* ---- the partition's side ----------------------------------------------------------------- */

/**
 * vpart_msis_started - the guest goes on
 * @part: partition, not stopped any more
 *
 * Context: process.
 */
void vpart_msis_started(struct vmbus_partition *part)
{
	struct vpart_msis *msis;
	struct vpart_msi *msi;
	unsigned long flags;
	unsigned int i;

	rcu_read_lock();
	msis = vpart_msis(part);
	for (i = 0; msis && i < msis->n; i++) {
		msi = &msis->msis[i];
		/* Who sees the guest still stopped has the lock before, and is seen. */
		spin_lock_irqsave(&msi->lock, flags);
		if (msi->pending)
			vpart_msi_fire(part, msi);
		spin_unlock_irqrestore(&msi->lock, flags);
	}
	rcu_read_unlock();
}

/**
 * vpart_msis_reset - delete all MSIs: the guest was reset
 * @part: partition
 *
 * Context: process, may sleep.
 */
void vpart_msis_reset(struct vmbus_partition *part)
{
	struct vpart_msis *msis;
	unsigned int id;

	scoped_guard(mutex, &part->msi_lock) {
		msis = vpart_msis(part);
		if (!msis || bitmap_empty(msis->used, msis->n))
			return;
		for_each_set_bit(id, msis->used, msis->n)
			vpart_msi_end(msis, &msis->msis[id]);
		bitmap_zero(msis->used, msis->n);
	}
	vpart_event(part, VMBUS_PARTITION_EVENT_MSI, 0);
}

/**
 * vpart_msis_clear - the backend raises none any more
 * @part: partition; on return the cookies of vpart_set_msis() are not used any more
 *
 * Context: process, may sleep.
 */
void vpart_msis_clear(struct vmbus_partition *part)
{
	struct vpart_msis *msis;

	scoped_guard(mutex, &part->msi_lock)
		msis = rcu_replace_pointer(part->msis, NULL, lockdep_is_held(&part->msi_lock));
	if (!msis)
		return;
	/* Pairs with rcu_read_lock() in vpart_msi_raise() and the others. */
	synchronize_rcu();
	kvfree(msis);
}
