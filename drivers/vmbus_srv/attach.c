// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server and its partition: the message ports, and what the partition tells.
 */
#include <kunit/visibility.h>
#include "vsrv.h"

static void vsrv_deliverable(struct vpart_client *client, u8 vtl, u32 vp, u8 sint)
{
	vsrv_kick(container_of(client, struct vmbus_srv, client));
}

static void vsrv_partition_reset(struct vpart_client *client)
{
	vsrv_request(container_of(client, struct vmbus_srv, client), VSRV_REQ_RESET, NULL);
}

static void vsrv_partition_quiesce(struct vpart_client *client)
{
	vsrv_request(container_of(client, struct vmbus_srv, client), VSRV_REQ_QUIESCE, NULL);
}

static void vsrv_partition_resume(struct vpart_client *client)
{
	vsrv_request(container_of(client, struct vmbus_srv, client), VSRV_REQ_RESUME, NULL);
}

static const struct vpart_client_ops vsrv_client_ops = {
	.deliverable = vsrv_deliverable,
	.reset = vsrv_partition_reset,
	.quiesce = vsrv_partition_quiesce,
	.resume = vsrv_partition_resume,
};

static void vsrv_unregister_ports(struct vmbus_srv *srv)
{
	while (srv->nports)
		vpart_port_unregister(srv->part, &srv->ports[--srv->nports].port);
}

static int vsrv_register_port(struct vmbus_srv *srv, u32 connection_id, u8 min_vtl)
{
	struct vsrv_msg_port *p = &srv->ports[srv->nports];
	int err;

	*p = (struct vsrv_msg_port) {
		.port.connection_id = connection_id,
		.port.min_vtl = min_vtl,
		.port.message = vsrv_port_message,
		.srv = srv,
	};
	err = vpart_port_register(srv->part, &p->port);
	if (!err)
		srv->nports++;
	return err;
}

/**
 * vsrv_detach - the partition calls no more, and the client is forgotten
 * @srv: server, attached
 *
 * The partition stays: who has a channel may still use it.
 *
 * Context: process, may sleep; the caller serializes.
 */
void vsrv_detach(struct vmbus_srv *srv)
{
	vsrv_unregister_ports(srv);
	vpart_client_detach(srv->part, &srv->client);
	vsrv_request(srv, VSRV_REQ_FORGET, NULL);
	/* Nobody will tell that the guest goes on. */
	vsrv_request(srv, VSRV_REQ_RESUME, NULL);
}

/**
 * vsrv_start - begin to serve
 * @srv: server
 * @partition: name of the partition; made if there is none
 *
 * Context: process, may sleep; the caller serializes.
 * Return: 0; -EBUSY if the server has a partition, or the partition has a
 * server of this kind already; or another error of the partition.
 */
int vsrv_start(struct vmbus_srv *srv, const char *partition)
{
	struct vmbus_partition *part;
	int err;

	if (srv->started)
		return -EBUSY;
	part = vpart_get(partition);
	if (IS_ERR(part))
		return PTR_ERR(part);

	srv->part = part;
	srv->client.ops = &vsrv_client_ops;
	vpart_client_attach(part, &srv->client);
	if (srv->redirect) {
		err = vsrv_register_port(srv, VMBUS_CONN_MESSAGE_REDIRECT, VPART_VTL_PARAVISOR);
	} else {
		err = vsrv_register_port(srv, VMBUS_CONN_MESSAGE, VPART_VTL_GUEST);
		if (!err)
			err = vsrv_register_port(srv, VMBUS_CONN_MESSAGE_MULTI, VPART_VTL_GUEST);
	}
	if (!err) {
		/* Pairs with smp_load_acquire() in vsrv_partition(). */
		smp_store_release(&srv->started, true);
		return 0;
	}

	/* A port may have taken a message. */
	vsrv_detach(srv);
	srv->part = NULL;
	vpart_put(part);
	return err == -EEXIST ? -EBUSY : err;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_start);
