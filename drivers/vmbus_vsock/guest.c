// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guests: which CID is which server's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include "vvsock.h"

DEFINE_MUTEX(vvsock_guests_lock);	/* protects vvsock_guests */
static LIST_HEAD(vvsock_guests);

/**
 * vvsock_guest_find - the guest with a CID
 * @cid: CID
 *
 * Context: vvsock_guests_lock held; the guest stays as long as that.
 * Return: the guest, enabled, or NULL.
 */
struct vvsock_guest *vvsock_guest_find(u32 cid)
{
	struct vvsock_guest *guest;

	lockdep_assert_held(&vvsock_guests_lock);
	list_for_each_entry(guest, &vvsock_guests, node)
		if (guest->cid == cid)
			return guest;
	return NULL;
}

/* ---- callbacks of the server ---------------------------------------------------------- */

/* A guest can reach ports only; a silo is the guest's own affair. */
static void vvsock_tl_connect(void *ctx, u32 id, const struct vsrv_tl_request *req)
{
	struct vvsock_guest *guest = ctx;
	int err = -ECONNREFUSED;

	if (vvsock_is_port_id(&req->service_id) &&
	    vvsock_id_port(&req->endpoint_id) != VMADDR_PORT_ANY)
		err = vvsock_sk_check_listener(vvsock_id_port(&req->service_id));
	if (!err)
		err = vvsock_conn_accept(guest, id, req);
	if (err) {
		vvsock_count(guest, VVSOCK_REFUSED);
		vsrv_tl_connect_done(guest->srv, id, err);
	}
}

static void vvsock_guest_kill_all(struct vvsock_guest *guest)
{
	struct vvsock_conn *conn;

	spin_lock_irq(&guest->conns_lock);
	list_for_each_entry(conn, &guest->conns, node) {
		spin_lock(&conn->lock);
		vvsock_conn_kill_locked(conn, ECONNRESET);
		spin_unlock(&conn->lock);
	}
	spin_unlock_irq(&guest->conns_lock);
}

static void vvsock_tl_reset(void *ctx)
{
	vvsock_guest_kill_all(ctx);
}

static const struct vsrv_tl_ops vvsock_tl_ops = {
	.connect = vvsock_tl_connect,
	.reset = vvsock_tl_reset,
};

/* ---- enable, disable ------------------------------------------------------------------ */

/**
 * vvsock_guest_init - make a guest that is not enabled
 * @guest: zero
 */
void vvsock_guest_init(struct vvsock_guest *guest)
{
	mutex_init(&guest->lock);
	spin_lock_init(&guest->conns_lock);
	INIT_LIST_HEAD(&guest->conns);
	init_waitqueue_head(&guest->idle);
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_guest_init);

/**
 * vvsock_guest_enable - connect programs of this kernel with a guest
 * @guest: guest, not enabled, with server name and CID
 *
 * Context: process, may sleep; vvsock_guest::lock held, or nobody else has it.
 * Return: 0, -ENODEV if there is no such server, -EBUSY if it has a handler of
 * hv_sock connects, -EADDRINUSE if the CID is another guest's.
 */
int vvsock_guest_enable(struct vvsock_guest *guest)
{
	const char *name = config_item_name(&guest->item);
	struct vmbus_srv *srv;
	int err;

	srv = vsrv_get(guest->server_name);
	if (!srv) {
		pr_err("%s: enable: no VMBus server \"%s\"\n", name, guest->server_name);
		return -ENODEV;
	}

	mutex_lock(&vvsock_guests_lock);
	if (vvsock_guest_find(guest->cid)) {
		pr_err("%s: enable: another guest has the CID %u\n", name, guest->cid);
		err = -EADDRINUSE;
		goto unlock;
	}
	/* The callbacks may come at once. */
	guest->srv = srv;
	err = vsrv_tl_register(srv, &vvsock_tl_ops, guest);
	if (err) {
		pr_err("%s: enable: server \"%s\" %s (%d)\n", name, guest->server_name,
		       err == -EBUSY ? "has a handler of hv_sock connects already" :
		       "was removed", err);
		guest->srv = NULL;
		goto unlock;
	}
	list_add_tail(&guest->node, &vvsock_guests);
unlock:
	mutex_unlock(&vvsock_guests_lock);
	if (err)
		vsrv_put(srv);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_guest_enable);

static bool vvsock_guest_idle(struct vvsock_guest *guest)
{
	bool idle;

	/* With the lock: then vvsock_conn_unlink() has let go of the guest. */
	spin_lock_irq(&guest->conns_lock);
	idle = !guest->nconns;
	spin_unlock_irq(&guest->conns_lock);
	return idle;
}

/**
 * vvsock_guest_disable - end all connections with a guest
 * @guest: guest, enabled
 *
 * Context: process, may sleep, and waits while the guest is stopped and has
 * connections; vvsock_guest::lock held, or nobody else has it.
 */
void vvsock_guest_disable(struct vvsock_guest *guest)
{
	mutex_lock(&vvsock_guests_lock);
	list_del(&guest->node);
	mutex_unlock(&vvsock_guests_lock);
	vsrv_tl_unregister(guest->srv);
	/* No new ones from here on. */
	vvsock_guest_kill_all(guest);
	/*
	 * The work of a connection waits for the server only; but while the guest is
	 * stopped no channel can be revoked: until it goes on, or is gone.
	 */
	wait_event(guest->idle, vvsock_guest_idle(guest));
	vsrv_put(guest->srv);
	guest->srv = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_guest_disable);
