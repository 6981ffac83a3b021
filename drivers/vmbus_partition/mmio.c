// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO: addresses that are no memory, and the devices behind them.
 *
 * A range counts the accesses that are under way in it, so that taking it away waits
 * for these alone: a device that moves a range of its own does so from an access to
 * another one.
 */
#include <linux/bits.h>
#include <linux/overflow.h>
#include <kunit/visibility.h>
#include "vpart.h"

/**
 * vpart_mmio_init - nothing is served
 * @part: partition
 */
void vpart_mmio_init(struct vmbus_partition *part)
{
	spin_lock_init(&part->mmio.lock);
	init_waitqueue_head(&part->mmio.idle);
	part->mmio.guest.ranges = RB_ROOT;
	part->mmio.paravisor.ranges = RB_ROOT;
}

static struct vpart_mmio_space *vpart_mmio_space(struct vmbus_partition *part, u8 vtl)
{
	switch (vtl) {
	case VPART_VTL_GUEST:
		return &part->mmio.guest;
	case VPART_VTL_PARAVISOR:
		return &part->mmio.paravisor;
	}
	return NULL;
}

static struct vpart_mmio *to_mmio(const struct rb_node *node)
{
	return rb_entry(node, struct vpart_mmio, node);
}

/* False if a part of it is served already. */
static bool vpart_mmio_insert(struct vpart_mmio_space *space, struct vpart_mmio *m)
{
	struct rb_node **link = &space->ranges.rb_node, *parent = NULL;
	const struct vpart_mmio *other;

	while (*link) {
		parent = *link;
		other = to_mmio(parent);
		if (m->gpa + (m->size - 1) < other->gpa)
			link = &parent->rb_left;
		else if (m->gpa > other->gpa + (other->size - 1))
			link = &parent->rb_right;
		else
			return false;
	}
	rb_link_node(&m->node, parent, link);
	rb_insert_color(&m->node, &space->ranges);
	space->n++;
	return true;
}

static int vpart_mmio_key_cmp(const void *key, const struct rb_node *node)
{
	const struct vpart_mmio *m = to_mmio(node);
	u64 gpa = *(const u64 *)key;

	if (gpa < m->gpa)
		return -1;
	return gpa - m->gpa >= m->size;
}

/**
 * vpart_mmio_add - serve addresses
 * @part: partition
 * @m: embedded in the caller; all but what is private is set
 *
 * Where the guest has memory it does not come here, whatever is added.
 *
 * Context: process.
 * Return: 0; -EINVAL for a range that is empty or wraps, or a bad VTL; -EEXIST if a part
 * of it is served already; -ENOSPC if there are too many ranges.
 */
int vpart_mmio_add(struct vmbus_partition *part, struct vpart_mmio *m)
{
	struct vpart_mmio_space *space = vpart_mmio_space(part, m->vtl);
	int err = 0;
	u64 last;

	if (!space || !m->size || check_add_overflow(m->gpa, m->size - 1, &last))
		return -EINVAL;
	m->users = 0;
	spin_lock(&part->mmio.lock);
	if (space->n >= VPART_MMIO_MAX)
		err = -ENOSPC;
	else if (!vpart_mmio_insert(space, m))
		err = -EEXIST;
	spin_unlock(&part->mmio.lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_mmio_add);

static bool vpart_mmio_used(struct vmbus_partition *part, const struct vpart_mmio *m)
{
	bool used;

	spin_lock(&part->mmio.lock);
	used = m->users;
	spin_unlock(&part->mmio.lock);
	return used;
}

/**
 * vpart_mmio_remove - serve them no more
 * @part: partition
 * @m: range that was added; on return none of its callbacks runs or will run
 *
 * Context: process, may sleep.  Not from a callback of @m.
 */
void vpart_mmio_remove(struct vmbus_partition *part, struct vpart_mmio *m)
{
	struct vpart_mmio_space *space = vpart_mmio_space(part, m->vtl);

	spin_lock(&part->mmio.lock);
	rb_erase(&m->node, &space->ranges);
	space->n--;
	spin_unlock(&part->mmio.lock);
	wait_event(part->mmio.idle, !vpart_mmio_used(part, m));
}
EXPORT_SYMBOL_GPL(vpart_mmio_remove);

/* The range that has all of the access. */
static struct vpart_mmio *vpart_mmio_find(struct vmbus_partition *part, u8 vtl, u64 gpa,
					  unsigned int size)
{
	struct vpart_mmio_space *space = vpart_mmio_space(part, vtl);
	struct rb_node *node;

	lockdep_assert_held(&part->mmio.lock);
	node = space ? rb_find(&gpa, &space->ranges, vpart_mmio_key_cmp) : NULL;
	if (!node || size > to_mmio(node)->size - (gpa - to_mmio(node)->gpa))
		return NULL;
	return to_mmio(node);
}

/* The same with a user more. */
static struct vpart_mmio *vpart_mmio_get(struct vmbus_partition *part, u8 vtl, u64 gpa,
					 unsigned int size)
{
	struct vpart_mmio *m;

	spin_lock(&part->mmio.lock);
	m = vpart_mmio_find(part, vtl, gpa, size);
	if (m)
		m->users++;
	spin_unlock(&part->mmio.lock);
	return m;
}

/**
 * vpart_mmio_served - is there a device behind an address?
 * @part: partition
 * @vtl: whose address it is, as vpart_mmio::vtl
 * @gpa: address
 * @size: bytes, not 0
 *
 * Context: process.
 * Return: true if one has all of it.  It may be gone at once.
 */
bool vpart_mmio_served(struct vmbus_partition *part, u8 vtl, u64 gpa, unsigned int size)
{
	bool served;

	spin_lock(&part->mmio.lock);
	served = vpart_mmio_find(part, vtl, gpa, size);
	spin_unlock(&part->mmio.lock);
	return served;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_mmio_served);

/* The range may be gone as soon as it has no user. */
static void vpart_mmio_put(struct vmbus_partition *part, struct vpart_mmio *m)
{
	bool last;

	spin_lock(&part->mmio.lock);
	last = !--m->users;
	spin_unlock(&part->mmio.lock);
	if (last)
		wake_up_all(&part->mmio.idle);
}

/**
 * vpart_mmio_access - access an address that is no memory
 * @part: partition
 * @vtl: whose address it is, as vpart_mmio::vtl
 * @gpa: address
 * @size: bytes: 1, 2, 4 or 8
 * @write: write, or else read
 * @value: of a write what is written, of a read out: what is read; all ones, of
 *	@size bytes, if nobody serves all of it
 *
 * Context: process, may sleep.
 * Return: 0; -ENXIO if nobody serves it; -EINVAL for a bad @size.
 */
int vpart_mmio_access(struct vmbus_partition *part, u8 vtl, u64 gpa, unsigned int size,
		      bool write, u64 *value)
{
	struct vpart_mmio *m;
	u64 mask;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -EINVAL;
	mask = GENMASK_ULL(size * BITS_PER_BYTE - 1, 0);
	m = vpart_mmio_get(part, vtl, gpa, size);
	if (!m) {
		vpart_count(part, VPART_MMIO_UNSERVED);
		if (!write)
			*value = mask;
		return -ENXIO;
	}
	vpart_count(part, VPART_MMIO_SERVED);
	if (write)
		m->ops->write(m, gpa - m->gpa, size, *value & mask);
	else
		*value = m->ops->read(m, gpa - m->gpa, size) & mask;
	vpart_mmio_put(part, m);
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_mmio_access);
