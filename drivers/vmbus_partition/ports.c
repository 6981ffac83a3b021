// SPDX-License-Identifier: GPL-2.0-only
/*
 * The port table: who gets what the guest posts and signals.
 */
#include <linux/hyperv.h>
#include <vmbus/protocol.h>
#include "vpart.h"

/**
 * vpart_port_register - be called for a connection id
 * @part: partition
 * @port: embedded in the caller, all fields set
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for an id that cannot be, -EEXIST if it is taken, -ENOMEM.
 */
int vpart_port_register(struct vmbus_partition *part, struct vpart_port *port)
{
	int err;

	if (port->connection_id >= VPART_CONNECTION_IDS)
		return -EINVAL;
	err = xa_insert(&part->ports, port->connection_id, port, GFP_KERNEL);
	if (!err && port->connection_id == VMBUS_CONN_MESSAGE)
		vpart_event(part, VMBUS_PARTITION_EVENT_SERVER, 1);
	return err == -EBUSY ? -EEXIST : err;
}
EXPORT_SYMBOL_GPL(vpart_port_register);

/**
 * vpart_port_unregister - be called no more
 * @part: partition
 * @port: registered; on return no callback runs or will run
 *
 * Context: process, may sleep.
 */
void vpart_port_unregister(struct vmbus_partition *part, struct vpart_port *port)
{
	xa_erase(&part->ports, port->connection_id);
	/* Pairs with rcu_read_lock() in vpart_hypercall_post() and _signal(). */
	synchronize_rcu();
	if (port->connection_id == VMBUS_CONN_MESSAGE)
		vpart_event(part, VMBUS_PARTITION_EVENT_SERVER, 0);
}
EXPORT_SYMBOL_GPL(vpart_port_unregister);

/**
 * vpart_port_served - is there a VMBus server?
 * @part: partition
 *
 * Context: any.
 * Return: true if somebody takes the guest's VMBus messages.
 */
bool vpart_port_served(struct vmbus_partition *part)
{
	return xa_load(&part->ports, VMBUS_CONN_MESSAGE);
}

/* Nobody serves the guest's VMBus right now; somebody will. */
static bool vpart_port_expected(u32 connection_id)
{
	return connection_id == VMBUS_CONN_MESSAGE || connection_id == VMBUS_CONN_MESSAGE_MULTI;
}

/**
 * vpart_hypercall_post - the guest, or VTL2, called HvCallPostMessage
 * @part: partition
 * @msg: message, in private memory
 *
 * While the guest's VMBus has no server the guest is asked to try again: a
 * server may be replaced under it.  So it is while it is stopped.
 *
 * Context: any that vpart_port::message can be called in; no port sleeps.
 * Return: HV_STATUS for the caller.
 */
u16 vpart_hypercall_post(struct vmbus_partition *part, const struct vpart_message *msg)
{
	u16 status = HV_STATUS_INVALID_CONNECTION_ID;
	struct vpart_port *port;

	if (msg->size > sizeof(msg->payload))
		return HV_STATUS_INVALID_PARAMETER;

	rcu_read_lock();
	port = xa_load(&part->ports, msg->connection_id);
	if (READ_ONCE(part->stopped) && msg->vtl == VPART_VTL_GUEST) {
		vpart_count(part, VPART_POSTS_STOPPED);
		status = HV_STATUS_INSUFFICIENT_BUFFERS;
	} else if (port && port->message) {
		if (msg->vtl < port->min_vtl) {
			vpart_count(part, VPART_POSTS_DENIED);
			status = HV_STATUS_OPERATION_DENIED;
		} else {
			status = port->message(port, msg);
		}
	} else {
		vpart_count(part, VPART_POSTS_UNCLAIMED);
		if (vpart_port_expected(msg->connection_id))
			status = HV_STATUS_INSUFFICIENT_BUFFERS;
	}
	rcu_read_unlock();
	return status;
}
EXPORT_SYMBOL_GPL(vpart_hypercall_post);

/**
 * vpart_hypercall_signal - the guest, or VTL2, called HvCallSignalEvent
 * @part: partition
 * @connection_id: connection
 * @flag: flag number
 *
 * Context: any, also with interrupts off.
 * Return: HV_STATUS for the caller.
 */
u16 vpart_hypercall_signal(struct vmbus_partition *part, u32 connection_id, u16 flag)
{
	u16 status = HV_STATUS_INVALID_CONNECTION_ID;
	struct vpart_port *port;

	rcu_read_lock();
	port = xa_load(&part->ports, connection_id);
	if (port && port->signal) {
		port->signal(port, flag);
		status = HV_STATUS_SUCCESS;
	} else {
		/* Whoever opens the channel looks at its ring first: nothing is lost. */
		vpart_count(part, VPART_SIGNALS_UNCLAIMED);
	}
	rcu_read_unlock();
	return status;
}
EXPORT_SYMBOL_GPL(vpart_hypercall_signal);
