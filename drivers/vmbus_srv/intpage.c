// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt page of clients below version 2.4.  All channels share one event
 * flag toward the client, and below 1.1 one connection toward us; bits in the page
 * say which channels are meant.
 */
#include <linux/bitops.h>
#include <linux/hyperv.h>
#include <asm/sync_bitops.h>
#include "vsrv.h"

#define INT_PAGE_WORDS		(VMBUS_INT_PAGE_FLAGS / BITS_PER_LONG)

/* Where the server's half begins. */
static unsigned long *vsrv_intpage_from_client(const struct vpart_map *map)
{
	return vpart_map_addr(map) + HV_HYP_PAGE_SIZE / 2;
}

/* The client signalled: each bit is what a signal of its own is in later versions. */
static void vsrv_intpage_signal(struct vpart_port *port, u16 flag)
{
	struct vmbus_srv *srv = container_of(port, struct vmbus_srv, int_port);
	const struct vpart_map *map = rcu_dereference(srv->int_page);
	unsigned long *words, bits;
	unsigned int i, bit;

	/* The bits stay; pairs with vsrv_intpage_look(). */
	if (!map || vsrv_quiet(srv))
		return;
	words = vsrv_intpage_from_client(map);
	for (i = 0; i < INT_PAGE_WORDS; i++) {
		if (!READ_ONCE(words[i]))
			continue;
		bits = xchg(&words[i], 0);
		for_each_set_bit(bit, &bits, BITS_PER_LONG)
			vpart_hypercall_signal(srv->part,
					       VMBUS_CONN_EVENT(i * BITS_PER_LONG + bit, VMBUS_SINT,
								VPART_VTL_GUEST), 0);
	}
}

/**
 * vsrv_intpage_look - the client may have signalled while nobody looked
 * @srv: server, with an interrupt page or without
 *
 * Context: process.
 */
void vsrv_intpage_look(struct vmbus_srv *srv)
{
	rcu_read_lock();
	vsrv_intpage_signal(&srv->int_port, 0);
	rcu_read_unlock();
}

/**
 * vsrv_intpage_raise - interrupt the client for an event flag
 * @srv: server
 * @flag: event flag, at most VMBUS_MAX_EVENT_FLAG
 *
 * Context: any, within RCU.
 */
void vsrv_intpage_raise(struct vmbus_srv *srv, u16 flag)
{
	const struct vpart_map *map = rcu_dereference(srv->int_page);

	if (!map)
		return;
	/* The client clears it on another CPU, even if this kernel has but one. */
	sync_set_bit(flag, vpart_map_addr(map));
	vpart_set_event(srv->part, VPART_VTL_GUEST, 0, VMBUS_SINT, VMBUS_EVENT_FLAG_SHARED);
}

/**
 * vsrv_intpage_on - the client has an interrupt page
 * @srv: server without one
 * @gpa: guest physical address of the page
 *
 * Context: process, may sleep; vmbus_srv::lock held.
 * Return: 0, -EINVAL for an address within a page, or an error of vpart_map() or
 * vpart_port_register().
 */
int vsrv_intpage_on(struct vmbus_srv *srv, u64 gpa)
{
	u64 pfn = gpa >> HV_HYP_PAGE_SHIFT;
	struct vpart_map *map;
	int err;

	lockdep_assert_held(&srv->lock);
	if (offset_in_hvpage(gpa))
		return -EINVAL;
	map = vpart_map(srv->part, &pfn, 1, VPART_MAP_WRITE);
	if (IS_ERR(map))
		return PTR_ERR(map);
	rcu_assign_pointer(srv->int_page, map);
	srv->int_port.connection_id = VMBUS_CONN_EVENT_SHARED;
	srv->int_port.signal = vsrv_intpage_signal;
	err = vpart_port_register(srv->part, &srv->int_port);
	if (err) {
		RCU_INIT_POINTER(srv->int_page, NULL);
		/* Nobody has used it: no channel is open. */
		vpart_unmap(map);
	}
	return err;
}

/**
 * vsrv_intpage_off - the client has no interrupt page any more
 * @srv: server
 *
 * Context: process, may sleep; vmbus_srv::lock held.
 */
void vsrv_intpage_off(struct vmbus_srv *srv)
{
	struct vpart_map *map;

	map = rcu_replace_pointer(srv->int_page, NULL, lockdep_is_held(&srv->lock));
	if (!map)
		return;
	/* Waits for RCU readers, those of the page among them. */
	vpart_port_unregister(srv->part, &srv->int_port);
	vpart_unmap(map);
}
