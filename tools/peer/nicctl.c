// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's driver of a network adapter: how it comes up and goes, and RNDIS control
 * messages.
 */
#include <string.h>
#include "nic.h"

#define FIRST_GPADL	0x8000U		/* of buffers; the rings' are below */
#define RESERVED	16U		/* sub-allocations for control messages */
#define NDIS_MAJOR	6
#define NDIS_MINOR	30
#define NDIS_MINOR_OLD	1		/* up to version 4 of NVSP */
#define PARAM_REVISION	3

/* NETVSP_CLASS */
static const guid_t nic_class = {
	{ 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
	  0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e }
};

/**
 * nic_find - find the adapter among the offers
 * @n: result: its primary channel, not open
 * @b: connected bed
 *
 * Return: false if there is none.
 */
bool nic_find(struct nic *n, struct bed *b)
{
	const struct vmbus_offer_msg *offer = bed_find(b, &nic_class);

	nic_forget(n);
	memset(n, 0, sizeof(*n));
	n->b = b;
	n->gpadl = FIRST_GPADL;
	if (offer)
		channel_init(&n->c[0], &b->g, offer);
	return offer;
}

/**
 * nic_open_channel - open one of the channels
 * @n: adapter
 * @i: which
 *
 * Return: false if it is refused.
 */
bool nic_open_channel(struct nic *n, unsigned int i)
{
	n->c[i].vp = i % VPS;
	n->open[i] = channel_open(&n->c[i], PAGE_RINGS + i * 2 * NIC_RING_PAGES, NIC_RING_PAGES,
				  NIC_RING_PAGES);
	return n->open[i];
}

/**
 * nic_open - open the primary channel; the guest knows nothing of the adapter then
 * @n: adapter, of nic_find() or closed
 *
 * Return: false if it is refused.
 */
bool nic_open(struct nic *n)
{
	nic_forget(n);
	n->n = 1;
	n->version = 0;
	n->size = 0;
	n->cut = 0;
	n->cuts = 0;
	n->sections = 0;
	n->nnews = 0;
	n->control_len = 0;
	memset(n->told, 0, sizeof(n->told));
	return nic_open_channel(n, 0);
}

/**
 * nic_init - ask for a version
 * @n: open adapter
 * @version: NVSP_VERSION_*
 *
 * Return: the status of the answer, NVSP_STATUS_NONE if there is none.
 */
u32 nic_init(struct nic *n, u32 version)
{
	struct nvsp_message m = { .type = NVSP_INIT, .init = { version, version } }, a;
	u32 size = version >= NVSP_VERSION_61 ? NVSP_MESSAGE_SIZE_61 : NVSP_MESSAGE_SIZE;

	if (!nic_ask(n, &m, &a) || a.type != NVSP_INIT_COMPLETE)
		return NVSP_STATUS_NONE;
	if (a.init_complete.status != NVSP_STATUS_SUCCESS)
		return a.init_complete.status ?: U32_MAX;
	/* Which size the answer has is not agreed on yet. */
	if (n->answer_len != (NVSP_MESSAGE_SIZE + 7) / 8 * 8 && n->answer_len != (size + 7) / 8 * 8)
		nic_fault(n, "an answer of %u bytes to INIT", n->answer_len);
	n->version = version;
	n->size = size;
	return NVSP_STATUS_SUCCESS;
}

/**
 * nic_tell - send a message that nobody answers
 * @n: initialized adapter
 * @m: message
 *
 * Return: false if there is no room.
 */
bool nic_tell(struct nic *n, const struct nvsp_message *m)
{
	if (!ring_put(&n->c[0].out, U32_MAX, m, n->size))
		return false;
	channel_send(&n->c[0]);
	return true;
}

/**
 * nic_config - say what the guest is
 * @n: initialized adapter
 * @conf: what it wants
 *
 * Return: false if there is no room.
 */
bool nic_config(struct nic *n, const struct nic_conf *conf)
{
	struct nvsp_message m = {
		.type = NVSP_NDIS_CONFIG,
		.config = { .mtu = conf->mtu + NIC_ETH, .caps = conf->caps },
	};

	n->mtu = conf->mtu;
	if (n->version != NVSP_VERSION_1 && !nic_tell(n, &m))
		return false;
	m = (struct nvsp_message) {
		.type = NVSP_NDIS_VERSION,
		.ndis_version = {
			NDIS_MAJOR, n->version > NVSP_VERSION_4 ? NDIS_MINOR : NDIS_MINOR_OLD,
		},
	};
	if (conf->ndis_major) {
		m.ndis_version.major = conf->ndis_major;
		m.ndis_version.minor = conf->ndis_minor;
	}
	return nic_tell(n, &m);
}

/**
 * nic_recv_buffer - give the adapter a receive buffer
 * @n: configured adapter
 * @pages: from PAGE_NIC_RECV on
 *
 * Return: false if it is refused, or cut so that it is of no use.
 */
bool nic_recv_buffer(struct nic *n, unsigned int pages)
{
	struct nvsp_message m = { .type = NVSP_RECV_BUFFER }, a;
	u32 gpadl = ++n->gpadl, bytes = pages * PAGE;

	if (!guest_gpadl(&n->b->g, n->c[0].id, gpadl, PAGE_NIC_RECV, pages))
		return false;
	n->recv_gpadl = gpadl;
	n->recv_bytes = bytes;
	m.buffer.gpadl = gpadl;
	m.buffer.id = NIC_RECV_ID;
	if (!nic_ask(n, &m, &a) || a.type != NVSP_RECV_BUFFER_COMPLETE)
		return false;
	if (a.recv_complete.status != NVSP_STATUS_SUCCESS) {
		note("receive buffer: status %u", a.recv_complete.status);
		return false;
	}
	if (a.recv_complete.sections != 1 || a.recv_complete.offset ||
	    a.recv_complete.size < NIC_HEAD + n->mtu + NIC_ETH + NIC_TAIL ||
	    a.recv_complete.count <= RESERVED || a.recv_complete.count > NIC_CUTS ||
	    (u64)a.recv_complete.size * a.recv_complete.count > bytes ||
	    a.recv_complete.end > bytes) {
		note("receive buffer: %u sections, %u times %u bytes from %u to %u",
		     a.recv_complete.sections, a.recv_complete.count, a.recv_complete.size,
		     a.recv_complete.offset, a.recv_complete.end);
		return false;
	}
	memset(n->owner, 0, sizeof(n->owner));
	n->cut = a.recv_complete.size;
	n->cuts = a.recv_complete.count;
	return true;
}

/**
 * nic_send_buffer - give the adapter a send buffer
 * @n: configured adapter
 * @pages: from PAGE_NIC_SEND on
 *
 * Return: false if it is refused, or has no sections.
 */
bool nic_send_buffer(struct nic *n, unsigned int pages)
{
	struct nvsp_message m = { .type = NVSP_SEND_BUFFER }, a;
	u32 gpadl = ++n->gpadl;

	if (!guest_gpadl(&n->b->g, n->c[0].id, gpadl, PAGE_NIC_SEND, pages))
		return false;
	n->send_gpadl = gpadl;
	m.buffer.gpadl = gpadl;
	if (!nic_ask(n, &m, &a) || a.type != NVSP_SEND_BUFFER_COMPLETE ||
	    a.send_complete.status != NVSP_STATUS_SUCCESS || a.send_complete.section_size < 68)
		return false;
	n->section = a.send_complete.section_size;
	n->sections = pages * PAGE / n->section;
	return n->sections;
}

/**
 * nic_revoke - take a buffer back
 * @n: adapter
 * @send: the send buffer
 *
 * Return: false if the adapter does not let go of it.
 */
bool nic_revoke(struct nic *n, bool send)
{
	struct nvsp_message m = {
		.type = send ? NVSP_REVOKE_SEND_BUFFER : NVSP_REVOKE_RECV_BUFFER,
		.revoke.id = send ? 0 : NIC_RECV_ID,
	};
	u32 *gpadl = send ? &n->send_gpadl : &n->recv_gpadl;
	struct nvsp_message a;

	if (!nic_ask(n, &m, &a) || n->answer_len ||
	    !guest_teardown(&n->b->g, n->c[0].id, *gpadl))
		return false;
	*gpadl = 0;
	if (send)
		n->sections = 0;
	return true;
}

/* ---- RNDIS --------------------------------------------------------------------------- */

/**
 * nic_request - send a control message, and wait for its answer
 * @n: adapter with a receive buffer
 * @req: message, with an id behind its header
 * @len: its bytes
 *
 * Return: false if no answer comes; it is in @n->control.
 */
bool nic_request(struct nic *n, const void *req, u32 len)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	const struct rndis_header *hdr = (const void *)n->control;
	struct nic_range r = { .len = len, .page = PAGE_NIC_CTL };
	u64 id = nic_id(n);
	u32 type, status;

	n->control_len = 0;
	memcpy(&type, req, sizeof(type));
	memcpy(ram_page(&n->b->g, PAGE_NIC_CTL), req, len);
	if (!nic_put(n, 0, id, &m, n->size, &r, 1))
		return false;
	channel_send(&n->c[0]);
	status = nic_status(n, id);
	if (status != NVSP_STATUS_SUCCESS) {
		note("control message %#x: status %#x", type, status);
		return false;
	}
	while (!n->control_len)
		if (!nic_pump(n, TIMEOUT_MS)) {
			note("control message %#x: no answer", type);
			return false;
		}
	return hdr->type == (type | RNDIS_MSG_COMPLETION);
}

/* A request with an id, of which the answer has it, too, and a status. */
static bool nic_request_id(struct nic *n, struct rndis_request *req, const void *in, u32 in_len,
			   u32 len)
{
	const struct rndis_answer *a = (const void *)n->control;
	u8 buf[1024];

	req->hdr.len = len + in_len;
	req->id = ++n->rndis;
	memcpy(buf, req, len);
	if (in_len)
		memcpy(buf + len, in, in_len);
	if (!nic_request(n, buf, len + in_len) || a->id != n->rndis)
		return false;
	n->status = a->status;
	return true;
}

/**
 * nic_query - ask for a value
 * @n: initialized adapter
 * @oid: which
 * @out: result
 * @max: room in @out
 *
 * Return: its bytes, -1 if there is no answer, or an error: @n->status.
 */
int nic_query(struct nic *n, u32 oid, void *out, u32 max)
{
	struct rndis_request req = {
		.hdr.type = RNDIS_MSG_QUERY,
		.query = { .oid = oid, .offset = sizeof(req) - sizeof(req.hdr) },
	};
	const struct rndis_answer *a = (const void *)n->control;
	u32 base = sizeof(a->hdr), left;

	n->status = U32_MAX;
	if (!nic_request_id(n, &req, NULL, 0, sizeof(req)) || n->status)
		return -1;
	left = n->control_len - base;
	if (n->control_len < 24 || a->query.len > max ||
	    (a->query.len && (a->query.offset > left || a->query.len > left - a->query.offset))) {
		nic_fault(n, "answer to %#x: %u bytes at %u of %u", oid, a->query.len,
			  a->query.offset, left);
		return -1;
	}
	memcpy(out, n->control + base + a->query.offset, a->query.len);
	return a->query.len;
}

/**
 * nic_set - set a value
 * @n: initialized adapter
 * @oid: which
 * @in: value
 * @len: its bytes
 *
 * Return: RNDIS_STATUS_*, U32_MAX if there is no answer.
 */
u32 nic_set(struct nic *n, u32 oid, const void *in, u32 len)
{
	struct rndis_request req = {
		.hdr.type = RNDIS_MSG_SET,
		.query = { .oid = oid, .len = len, .offset = sizeof(req) - sizeof(req.hdr) },
	};

	return nic_request_id(n, &req, in, len, sizeof(req)) ? n->status : U32_MAX;
}

/**
 * nic_rndis_init - begin with control messages
 * @n: adapter with a receive buffer
 *
 * Return: false if that is refused.
 */
bool nic_rndis_init(struct nic *n)
{
	struct rndis_request req = {
		.hdr.type = RNDIS_MSG_INIT,
		.init = { .major = 1, .max_transfer = 0x4000 },
	};
	const struct rndis_answer *a = (const void *)n->control;
	u32 len = sizeof(req.hdr) + sizeof(req.id) + sizeof(req.init);

	return nic_request_id(n, &req, NULL, 0, len) && !n->status &&
	       n->control_len >= sizeof(*a) && a->init.major == 1 && !a->init.minor &&
	       a->init.max_packets && a->init.max_transfer >= NIC_MTU && a->init.alignment < 16;
}

/**
 * nic_filter - say which frames are wanted
 * @n: initialized adapter
 * @filter: RNDIS_PACKET_TYPE_*, 0 for none
 *
 * Return: false if that is refused.
 */
bool nic_filter(struct nic *n, u32 filter)
{
	return !nic_set(n, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, &filter, sizeof(filter));
}

/**
 * nic_offloads - say which offloads are used
 * @n: initialized adapter
 * @csum: NDIS_PARAM_*, of all checksums
 * @lso: the same, of large frames
 * @rsc: the same, of coalesced segments; not up to version 4
 *
 * Return: false if that is refused.
 */
bool nic_offloads(struct nic *n, u8 csum, u8 lso, u8 rsc)
{
	u16 size = n->version > NVSP_VERSION_4 ? sizeof(struct ndis_offload_parameters) : 22;
	struct ndis_offload_parameters p = {
		.hdr = { NDIS_OBJECT_DEFAULT, PARAM_REVISION, size },
		.ip4_csum = csum, .tcp4_csum = csum, .udp4_csum = csum,
		.tcp6_csum = csum, .udp6_csum = csum, .lso4 = lso, .lso6 = lso,
		.rsc4 = rsc, .rsc6 = rsc,
	};

	return !nic_set(n, NDIS_OID_OFFLOAD_PARAMETERS, &p, size);
}

/* ---- up and down --------------------------------------------------------------------- */

/**
 * nic_up - all that is to be done before frames go
 * @n: open adapter
 * @conf: what the guest wants
 *
 * Return: false if anything is refused.
 */
bool nic_up(struct nic *n, const struct nic_conf *conf)
{
	bool can = conf->version >= NVSP_VERSION_61 && conf->caps & NVSP_CAP_RSC;
	/* NDIS 5 does not know of offloads. */
	bool knows = !conf->ndis_major || conf->ndis_major > 5;
	u8 rsc = can ? NDIS_PARAM_ON : NDIS_PARAM_NO_CHANGE;

	return nic_init(n, conf->version) == NVSP_STATUS_SUCCESS && nic_config(n, conf) &&
	       nic_recv_buffer(n, conf->recv_pages) &&
	       (!conf->send_pages || nic_send_buffer(n, conf->send_pages)) &&
	       nic_rndis_init(n) &&
	       (!knows || nic_offloads(n, NDIS_PARAM_CSUM_BOTH, NDIS_PARAM_ON, rsc)) &&
	       (!conf->filter || nic_filter(n, conf->filter));
}

/**
 * nic_subs - ask for sub-channels, and open them
 * @n: adapter that is up
 * @count: how many
 *
 * Return: false if any of that is refused.
 */
bool nic_subs(struct nic *n, unsigned int count)
{
	struct nvsp_message m = {
		.type = NVSP_SUBCHANNEL,
		.subchannel = { NVSP_SUBCHANNEL_ALLOCATE, count },
	}, a;
	struct vmbus_offer_msg *o;
	union message offer;
	unsigned int i;

	if (!nic_ask(n, &m, &a) || a.type != NVSP_SUBCHANNEL ||
	    a.subchannel_complete.status != NVSP_STATUS_SUCCESS ||
	    a.subchannel_complete.count != count)
		return false;
	o = &offer.offer;
	for (i = 1; i <= count; i++) {
		if (guest_receive(&n->b->g, &offer) != sizeof(*o) ||
		    offer.hdr.type != VMBUS_MSG_OFFER || o->subchannel != i) {
			note("no offer of sub-channel %u", i);
			return false;
		}
		channel_init(&n->c[i], &n->b->g, o);
		n->open[i] = false;
		n->n++;
	}
	for (i = 1; i <= count; i++)
		if (!nic_open_channel(n, i))
			return false;
	return true;
}

/* Sub-channels go when the primary one is closed. */
static bool subs_gone(struct nic *n)
{
	struct vmbus_channel_msg released = { .hdr.type = VMBUS_MSG_RELID_RELEASED };
	struct guest *g = &n->b->g;
	unsigned int gone[NIC_CHANNELS], i, k;
	union message a;

	for (i = 1; i < n->n; i++) {
		if (guest_receive(g, &a) != sizeof(a.channel) || a.hdr.type != VMBUS_MSG_RESCIND)
			return false;
		for (k = 1; k < n->n && n->c[k].id != a.channel.channel_id;)
			k++;
		if (k == n->n)
			return false;
		gone[i] = k;
	}
	for (i = 1; i < n->n; i++) {
		k = gone[i];
		released.channel_id = n->c[k].id;
		if ((n->open[k] && !guest_teardown(g, n->c[k].id, n->c[k].gpadl)) ||
		    !guest_post(g, &released, sizeof(released)))
			return false;
		n->open[k] = false;
	}
	n->n = 1;
	return true;
}

/**
 * nic_close - close the adapter, whatever it does, and take all memory back
 * @n: open adapter
 *
 * Return: false if the server does not let go of all.
 */
bool nic_close(struct nic *n)
{
	struct guest *g = &n->b->g;
	u32 id = n->c[0].id, recv = n->recv_gpadl, send = n->send_gpadl;

	channel_close(&n->c[0]);
	n->open[0] = false;
	n->recv_gpadl = 0;
	n->send_gpadl = 0;
	return subs_gone(n) && (!recv || guest_teardown(g, id, recv)) &&
	       (!send || guest_teardown(g, id, send)) && guest_teardown(g, id, n->c[0].gpadl);
}
