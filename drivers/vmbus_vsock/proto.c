// SPDX-License-Identifier: GPL-2.0-only
/*
 * What crosses the wire: ports as GUIDs, offers, and the packets of a pipe.
 * Nothing here touches a connection.
 *
 * Linux guests and Windows agree on this: net/vmw_vsock/hyperv_transport.c.
 */
#include <linux/unaligned.h>
#include <kunit/visibility.h>
#include "vvsock.h"

/* A port in the first four bytes makes it a service id. */
static const guid_t vvsock_template =
	GUID_INIT(0x00000000, 0xfacb, 0x11e6, 0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3);

/**
 * vvsock_port_to_id - service id of a port
 * @port: port
 * @id: out
 */
void vvsock_port_to_id(u32 port, guid_t *id)
{
	*id = vvsock_template;
	put_unaligned_le32(port, id->b);
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_port_to_id);

/**
 * vvsock_id_port - the port in an id
 * @id: of a service, or an endpoint; the latter may be of any form
 *
 * Return: the port.
 */
u32 vvsock_id_port(const guid_t *id)
{
	return get_unaligned_le32(id->b);
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_id_port);

/**
 * vvsock_is_port_id - does an id stand for a port?
 * @id: service id
 *
 * Return: true if it does, and the port is one that a socket can have.
 */
bool vvsock_is_port_id(const guid_t *id)
{
	return !memcmp(id->b + 4, vvsock_template.b + 4, sizeof(*id) - 4) &&
	       vvsock_id_port(id) != VMADDR_PORT_ANY;
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_is_port_id);

/**
 * vvsock_make_offer - what a connection is offered as
 * @offer: out
 * @service: service id that is connected to
 * @endpoint: id of the end that began the connection
 * @for_accept: this side began it, the guest has the service
 */
void vvsock_make_offer(struct vsrv_offer *offer, const guid_t *service, const guid_t *endpoint,
		       bool for_accept)
{
	struct vmbus_hvsock_params params = {
		.is_for_guest_accept = for_accept,
		.version = cpu_to_le32(1),
	};

	*offer = (struct vsrv_offer) {
		.class_id = *service,
		.instance_id = *endpoint,
		.flags = VMBUS_OFFER_ENUMERATE | VMBUS_OFFER_NAMED_PIPE | VMBUS_OFFER_TLNPI,
		.order = VSRV_ORDER_NONE,
	};
	memcpy(offer->user_defined, &params, sizeof(params));
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_make_offer);

/**
 * vvsock_parse - find the payload of a packet of the guest
 * @pkt: packet, in private memory
 * @data: out: payload, in the packet
 * @len: out: its bytes; 0 if the guest's side ends here
 *
 * Return: 0, or -EPROTO if this is no such packet.
 */
int vvsock_parse(const struct vsrv_packet *pkt, const u8 **data, u32 *len)
{
	const struct vmbus_pipe_hdr *hdr = pkt->payload;
	u32 n;

	if (pkt->type != VM_PKT_DATA_INBAND || pkt->len < sizeof(*hdr))
		return -EPROTO;
	n = le32_to_cpu(hdr->len);
	if (le32_to_cpu(hdr->type) != VMBUS_PIPE_DATA || n > VMBUS_PIPE_MAX_DATA ||
	    n > pkt->len - sizeof(*hdr))
		return -EPROTO;
	*data = (const u8 *)(hdr + 1);
	*len = n;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_parse);

/**
 * vvsock_writable - how much one packet may carry
 * @space: free bytes of the ring
 *
 * Room for the packet that ends our side is always left.
 *
 * Return: bytes of payload.
 */
u32 vvsock_writable(u32 space)
{
	u32 need = VVSOCK_PACKET(0) + VVSOCK_PACKET(0);

	return space > need ? round_down(space - need, 8) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_writable);

/**
 * vvsock_space_wanted - how much room to wait for, when there is none
 * @ring_size: bytes of data of the ring
 *
 * Enough for a full packet, so that a stream does not crumble; and what the
 * smallest ring can have.
 *
 * Return: free bytes of the ring.
 */
u32 vvsock_space_wanted(u32 ring_size)
{
	return min(VVSOCK_PACKET(VVSOCK_CHUNK) + VVSOCK_PACKET(0), ring_size / 2);
}
EXPORT_SYMBOL_IF_KUNIT(vvsock_space_wanted);
