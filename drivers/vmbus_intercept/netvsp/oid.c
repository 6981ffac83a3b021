// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest may ask for: the OIDs of an adapter.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include "packet.h"

#define NETVSP_BUFFER_SPACE	(256 * 1024)	/* nobody knows what guests do with it */
#define NETVSP_SEND_PACKETS	8
#define NETVSP_LIST_MAX		32		/* multicast addresses */
#define NETVSP_VENDOR_ID	0x00ffffff	/* of those without one */
#define NETVSP_DRIVER_VERSION	0x00010000
#define NETVSP_NAME_CHARS	256		/* as hosts answer; Linux has room for that */

/* Guests that have an OID: NDIS 5, 6.0 and 6.30 are what matters. */
enum netvsp_since {
	NETVSP_NDIS5,
	NETVSP_NDIS6,
	NETVSP_NDIS630,
};

#define NETVSP_QUERY	BIT(0)
#define NETVSP_SET	BIT(1)

/**
 * struct netvsp_oid - an OID
 * @oid: which
 * @since: guests that have it
 * @how: NETVSP_QUERY, NETVSP_SET
 */
struct netvsp_oid {
	u32 oid;
	u8 since;
	u8 how;
};

static const struct netvsp_oid netvsp_oids[] = {
	{ RNDIS_OID_GEN_SUPPORTED_LIST, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_HARDWARE_STATUS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MEDIA_SUPPORTED, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MEDIA_IN_USE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MAXIMUM_LOOKAHEAD, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_LINK_SPEED, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_TRANSMIT_BUFFER_SPACE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RECEIVE_BUFFER_SPACE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_TRANSMIT_BLOCK_SIZE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RECEIVE_BLOCK_SIZE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_VENDOR_ID, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_VENDOR_DESCRIPTION, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_CURRENT_PACKET_FILTER, NETVSP_NDIS5, NETVSP_QUERY | NETVSP_SET },
	{ RNDIS_OID_GEN_CURRENT_LOOKAHEAD, NETVSP_NDIS5, NETVSP_QUERY | NETVSP_SET },
	{ RNDIS_OID_GEN_DRIVER_VERSION, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MAXIMUM_TOTAL_SIZE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_PROTOCOL_OPTIONS, NETVSP_NDIS5, NETVSP_SET },
	{ RNDIS_OID_GEN_MAC_OPTIONS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MEDIA_CONNECT_STATUS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_MAXIMUM_SEND_PACKETS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_VENDOR_DRIVER_VERSION, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_NETWORK_LAYER_ADDRESSES, NETVSP_NDIS5, NETVSP_SET },
	{ RNDIS_OID_GEN_PHYSICAL_MEDIUM, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_FRIENDLY_NAME, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, NETVSP_NDIS5, NETVSP_SET },
	{ RNDIS_OID_GEN_XMIT_OK, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RCV_OK, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_XMIT_ERROR, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RCV_ERROR, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_GEN_RCV_NO_BUFFER, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_PERMANENT_ADDRESS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_CURRENT_ADDRESS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_MULTICAST_LIST, NETVSP_NDIS5, NETVSP_QUERY | NETVSP_SET },
	{ RNDIS_OID_802_3_MAXIMUM_LIST_SIZE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_MAC_OPTIONS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_RCV_ERROR_ALIGNMENT, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_ONE_COLLISION, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_MORE_COLLISIONS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_DEFERRED, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_MAX_COLLISIONS, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_RCV_OVERRUN, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_UNDERRUN, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_HEARTBEAT_FAILURE, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_TIMES_CRS_LOST, NETVSP_NDIS5, NETVSP_QUERY },
	{ RNDIS_OID_802_3_XMIT_LATE_COLLISIONS, NETVSP_NDIS5, NETVSP_QUERY },
	{ NDIS_OID_MAX_LINK_SPEED, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_LINK_STATE, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_BYTES_RCV, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_BYTES_XMIT, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_OFFLOAD_CURRENT, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_OFFLOAD_PARAMETERS, NETVSP_NDIS6, NETVSP_SET },
	{ NDIS_OID_OFFLOAD_HARDWARE, NETVSP_NDIS6, NETVSP_QUERY },
	{ NDIS_OID_OFFLOAD_ENCAPSULATION, NETVSP_NDIS6, NETVSP_QUERY | NETVSP_SET },
	{ NDIS_OID_RSS_CAPABILITIES, NETVSP_NDIS630, NETVSP_QUERY },
	{ NDIS_OID_RSS_PARAMETERS, NETVSP_NDIS630, NETVSP_SET },
};

static bool netvsp_oid_there(const struct netvsp_control *control, const struct netvsp_oid *oid)
{
	switch (oid->since) {
	case NETVSP_NDIS630:
		return netvsp_ndis_since(control, 6, 30);
	case NETVSP_NDIS6:
		return netvsp_ndis_since(control, 6, 0);
	default:
		return true;
	}
}

static bool netvsp_oid_can(const struct netvsp_control *control, u32 oid, u8 how)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netvsp_oids); i++)
		if (netvsp_oids[i].oid == oid)
			return (netvsp_oids[i].how & how) &&
			       netvsp_oid_there(control, &netvsp_oids[i]);
	return false;
}

/* ---- queries -------------------------------------------------------------------------- */

/**
 * struct netvsp_out - where an answer goes
 * @to: information buffer
 * @room: bytes of it
 * @len: bytes written
 */
struct netvsp_out {
	void *to;
	u32 room;
	u32 len;
};

static u32 netvsp_put(struct netvsp_out *out, const void *data, u32 len)
{
	if (len > out->room - out->len)
		return RNDIS_STATUS_BUFFER_TOO_SHORT;
	memcpy(out->to + out->len, data, len);
	out->len += len;
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_put_u32(struct netvsp_out *out, u32 value)
{
	__le32 wire = cpu_to_le32(value);

	return netvsp_put(out, &wire, sizeof(wire));
}

static u32 netvsp_put_list(const struct netvsp_control *control, struct netvsp_out *out)
{
	u32 status = RNDIS_STATUS_SUCCESS;
	unsigned int i;

	for (i = 0; !status && i < ARRAY_SIZE(netvsp_oids); i++)
		if (netvsp_oid_there(control, &netvsp_oids[i]))
			status = netvsp_put_u32(out, netvsp_oids[i].oid);
	return status;
}

/* Guests say by their own buffer whether they want the long form. */
static u32 netvsp_put_stat(struct netvsp_out *out, u64 value, u32 in_len)
{
	__le64 wire = cpu_to_le64(value);

	if (in_len < sizeof(wire))
		return netvsp_put_u32(out, value);
	return netvsp_put(out, &wire, sizeof(wire));
}

/* Both ways the same */
static struct ndis_link_speed netvsp_link_speed(const struct netvsp_control *control)
{
	__le64 wire = cpu_to_le64(control->adapter.speed * 100ULL);

	return (struct ndis_link_speed) { .xmit = wire, .rcv = wire };
}

static u32 netvsp_put_link_speed(const struct netvsp_control *control, struct netvsp_out *out)
{
	struct ndis_link_speed speed = netvsp_link_speed(control);

	return netvsp_put(out, &speed, sizeof(speed));
}

static u32 netvsp_put_link_state(const struct netvsp_control *control, struct netvsp_out *out)
{
	struct ndis_link_state state = {
		.hdr.type = NDIS_OBJECT_DEFAULT,
		.hdr.revision = 1,
		.hdr.size = cpu_to_le16(sizeof(state)),
		.connected = cpu_to_le32(control->adapter.link ? NDIS_LINK_CONNECTED :
								 NDIS_LINK_DISCONNECTED),
		.duplex = cpu_to_le32(NDIS_LINK_FULL_DUPLEX),
		.speed = netvsp_link_speed(control),
	};

	return netvsp_put(out, &state, sizeof(state));
}

static u32 netvsp_put_version(const struct netvsp_control *control, struct netvsp_out *out)
{
	__le16 wire = cpu_to_le16((control->ndis_major & 0xff) << 8 |
				  (control->ndis_minor & 0xff));

	return netvsp_put(out, &wire, sizeof(wire));
}

static u32 netvsp_put_name(struct netvsp_out *out)
{
	/* Linux guests do not show this one. */
	static const char name[] = "Network Adapter";
	__le16 wire[NETVSP_NAME_CHARS] = { };
	unsigned int i;

	for (i = 0; i < sizeof(name); i++)
		wire[i] = cpu_to_le16(name[i]);
	return netvsp_put(out, wire, sizeof(wire));
}

static u32 netvsp_put_mac(const struct netvsp_control *control, struct netvsp_out *out)
{
	const u8 *set = control->settings.mac;

	return netvsp_put(out, is_zero_ether_addr(set) ? control->adapter.mac : set, ETH_ALEN);
}

/* The revision of an object that the guest wants: it may say so. */
static u8 netvsp_revision(u8 known, u8 type, const void *in, u32 in_len)
{
	struct ndis_object hdr;

	if (in_len < sizeof(hdr))
		return known;
	memcpy(&hdr, in, sizeof(hdr));
	return hdr.type == type && hdr.revision ? hdr.revision : known;
}

static u8 netvsp_offload_revision(const struct netvsp_control *control)
{
	if (netvsp_ndis_since(control, 6, 30))
		return 3;
	return netvsp_ndis_since(control, 6, 1) ? 2 : 1;
}

static u32 netvsp_put_offload(const struct netvsp_control *control, struct netvsp_out *out,
			      bool hardware, const void *in, u32 in_len)
{
	u8 revision = netvsp_revision(netvsp_offload_revision(control), NDIS_OBJECT_OFFLOAD,
				      in, in_len);

	out->len = netvsp_offload_describe(control, hardware, revision, out->to, out->room);
	return out->len ? RNDIS_STATUS_SUCCESS : RNDIS_STATUS_BUFFER_TOO_SHORT;
}

static u32 netvsp_put_rss(const struct netvsp_control *control, struct netvsp_out *out,
			  const void *in, u32 in_len)
{
	struct ndis_rss_capabilities caps = {
		.hdr.type = NDIS_OBJECT_RSS_CAPABILITIES,
		.hdr.revision = 2,
		.flags = cpu_to_le32(NDIS_RSS_CAP_MSI | NDIS_RSS_CAP_AT_ISR |
				     NDIS_RSS_CAP_AT_DPC | NDIS_RSS_CAP_TCP_IPV4 |
				     NDIS_RSS_CAP_TCP_IPV6 | NDIS_HASH_TOEPLITZ),
		.interrupts = cpu_to_le32(1),
		.queues = cpu_to_le32(control->max_queues),
		.entries = cpu_to_le16(NDIS_RSS_TABLE_MAX),
	};
	u32 size = sizeof(caps);

	if (netvsp_revision(2, caps.hdr.type, in, in_len) < 2) {
		caps.hdr.revision = 1;
		size = NDIS_RSS_CAPABILITIES_SIZE_1;
	}
	caps.hdr.size = cpu_to_le16(size);
	return netvsp_put(out, &caps, size);
}

static u32 netvsp_put_encapsulation(struct netvsp_out *out)
{
	struct ndis_encapsulation encap = {
		.hdr.type = NDIS_OBJECT_ENCAPSULATION,
		.hdr.revision = 1,
		.hdr.size = cpu_to_le16(sizeof(encap)),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(encap.ip); i++) {
		encap.ip[i].enabled = cpu_to_le32(NDIS_ENCAP_ON);
		encap.ip[i].encap = cpu_to_le32(NDIS_ENCAP_8023);
		encap.ip[i].header_size = cpu_to_le32(ETH_HLEN);
	}
	return netvsp_put(out, &encap, sizeof(encap));
}

/* OIDs that are one number; 0 are those that a real adapter would count. */
static u32 netvsp_number(const struct netvsp_control *control, u32 oid)
{
	const struct netvsp_adapter *adapter = &control->adapter;

	switch (oid) {
	case RNDIS_OID_GEN_MEDIA_SUPPORTED:
	case RNDIS_OID_GEN_MEDIA_IN_USE:
		return RNDIS_MEDIUM_802_3;
	case RNDIS_OID_GEN_MAXIMUM_LOOKAHEAD:
	case RNDIS_OID_GEN_CURRENT_LOOKAHEAD:
	case RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE:
		return adapter->mtu;
	case RNDIS_OID_GEN_MAXIMUM_TOTAL_SIZE:
		return adapter->mtu + ETH_HLEN;
	case RNDIS_OID_GEN_LINK_SPEED:
		return adapter->speed;
	case RNDIS_OID_GEN_TRANSMIT_BUFFER_SPACE:
	case RNDIS_OID_GEN_RECEIVE_BUFFER_SPACE:
		return NETVSP_BUFFER_SPACE;
	case RNDIS_OID_GEN_TRANSMIT_BLOCK_SIZE:
	case RNDIS_OID_GEN_RECEIVE_BLOCK_SIZE:
		return 1;
	case RNDIS_OID_GEN_VENDOR_ID:
		return NETVSP_VENDOR_ID;
	case RNDIS_OID_GEN_VENDOR_DRIVER_VERSION:
		return NETVSP_DRIVER_VERSION;
	case RNDIS_OID_GEN_CURRENT_PACKET_FILTER:
		return control->settings.filter;
	case RNDIS_OID_GEN_MAC_OPTIONS:
		return RNDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | RNDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
		       RNDIS_MAC_OPTION_NO_LOOPBACK | RNDIS_MAC_OPTION_8021P_PRIORITY;
	case RNDIS_OID_GEN_MEDIA_CONNECT_STATUS:
		return adapter->link ? RNDIS_MEDIA_STATE_CONNECTED : RNDIS_MEDIA_STATE_DISCONNECTED;
	case RNDIS_OID_GEN_MAXIMUM_SEND_PACKETS:
		return NETVSP_SEND_PACKETS;
	case RNDIS_OID_802_3_MAXIMUM_LIST_SIZE:
		return NETVSP_LIST_MAX;
	default:
		return 0;
	}
}

static u32 netvsp_query(const struct netvsp_control *control, u32 oid, const void *in,
			u32 in_len, struct netvsp_out *out)
{
	static const char vendor[] = "vmbus_netvsp";

	switch (oid) {
	case RNDIS_OID_GEN_SUPPORTED_LIST:
		return netvsp_put_list(control, out);
	case RNDIS_OID_GEN_VENDOR_DESCRIPTION:
		return netvsp_put(out, vendor, sizeof(vendor));
	case RNDIS_OID_GEN_DRIVER_VERSION:
		return netvsp_put_version(control, out);
	case RNDIS_OID_GEN_FRIENDLY_NAME:
		return netvsp_put_name(out);
	case RNDIS_OID_GEN_XMIT_OK ... RNDIS_OID_GEN_RCV_NO_BUFFER:
		return netvsp_put_stat(out, control->adapter.stats[oid - RNDIS_OID_GEN_XMIT_OK],
				       in_len);
	case NDIS_OID_BYTES_RCV:
		return netvsp_put_stat(out, control->adapter.stats[NETVSP_STAT_RCV_BYTES], in_len);
	case NDIS_OID_BYTES_XMIT:
		return netvsp_put_stat(out, control->adapter.stats[NETVSP_STAT_XMIT_BYTES],
				       in_len);
	case NDIS_OID_MAX_LINK_SPEED:
		return netvsp_put_link_speed(control, out);
	case NDIS_OID_LINK_STATE:
		return netvsp_put_link_state(control, out);
	case RNDIS_OID_802_3_PERMANENT_ADDRESS:
		return netvsp_put(out, control->adapter.permanent_mac, ETH_ALEN);
	case RNDIS_OID_802_3_CURRENT_ADDRESS:
		return netvsp_put_mac(control, out);
	case RNDIS_OID_802_3_MULTICAST_LIST:
		/* It is not kept: the guest gets what its filter lets pass. */
		return RNDIS_STATUS_SUCCESS;
	case NDIS_OID_OFFLOAD_CURRENT:
		return netvsp_put_offload(control, out, false, in, in_len);
	case NDIS_OID_OFFLOAD_HARDWARE:
		return netvsp_put_offload(control, out, true, in, in_len);
	case NDIS_OID_OFFLOAD_ENCAPSULATION:
		return netvsp_put_encapsulation(out);
	case NDIS_OID_RSS_CAPABILITIES:
		return netvsp_put_rss(control, out, in, in_len);
	default:
		return netvsp_put_u32(out, netvsp_number(control, oid));
	}
}

static_assert(RNDIS_OID_GEN_RCV_NO_BUFFER - RNDIS_OID_GEN_XMIT_OK == NETVSP_STAT_RCV_NO_BUFFER);

/**
 * netvsp_oid_query - the guest asks for the value of an OID
 * @control: adapter
 * @oid: which
 * @in: information buffer of the request; private
 * @in_len: bytes of @in, may be 0
 * @out: out: information buffer of the answer
 * @room: bytes of @out
 * @out_len: out: bytes written; 0 if that failed
 *
 * Return: RNDIS_STATUS_*; RNDIS_STATUS_NOT_SUPPORTED for an OID that is not known to
 * guests of this version of NDIS, or cannot be asked for.
 */
u32 netvsp_oid_query(const struct netvsp_control *control, u32 oid, const void *in, u32 in_len,
		     void *out, u32 room, u32 *out_len)
{
	struct netvsp_out answer = { .to = out, .room = room };
	u32 status = RNDIS_STATUS_NOT_SUPPORTED;

	if (netvsp_oid_can(control, oid, NETVSP_QUERY))
		status = netvsp_query(control, oid, in, in_len, &answer);
	*out_len = status ? 0 : answer.len;
	return status;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_oid_query);

/**
 * netvsp_indicate_offloads - make the news that the offloads in use have changed
 * @control: adapter
 * @answer: out: NETVSP_ANSWER_MAX bytes
 *
 * Return: bytes.
 */
u32 netvsp_indicate_offloads(const struct netvsp_control *control, void *answer)
{
	struct rndis_indicate *msg = answer;
	u32 len;

	len = netvsp_offload_describe(control, false, netvsp_offload_revision(control), msg + 1,
				      NETVSP_ANSWER_MAX - sizeof(*msg));
	*msg = (struct rndis_indicate) {
		.hdr.type = cpu_to_le32(RNDIS_MSG_INDICATE),
		.hdr.len = cpu_to_le32(sizeof(*msg) + len),
		.status = cpu_to_le32(RNDIS_STATUS_TASK_OFFLOAD),
		.len = cpu_to_le32(len),
		.offset = cpu_to_le32(sizeof(*msg) - offsetof(struct rndis_indicate, status)),
	};
	return sizeof(*msg) + len;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_indicate_offloads);

/* ---- sets ----------------------------------------------------------------------------- */

static u32 netvsp_set_filter(struct netvsp_control *control, const void *in, u32 len,
			     u32 *changed)
{
	u32 filter;

	if (len < sizeof(__le32))
		return RNDIS_STATUS_INVALID_LENGTH;
	filter = get_unaligned_le32(in);
	if (filter != control->settings.filter)
		*changed |= NETVSP_CHANGED_FILTER;
	control->settings.filter = filter;
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_set_multicast(u32 len)
{
	if (len % ETH_ALEN)
		return RNDIS_STATUS_INVALID_LENGTH;
	return len / ETH_ALEN > NETVSP_LIST_MAX ? RNDIS_STATUS_MULTICAST_FULL :
						  RNDIS_STATUS_SUCCESS;
}

/* It ends the guest's set-up of offloads; what it says of frames is always so. */
static u32 netvsp_set_encapsulation(const void *in, u32 len, u32 *changed)
{
	struct ndis_encapsulation encap;
	unsigned int i;
	u32 enabled;

	if (len < sizeof(encap))
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&encap, in, sizeof(encap));
	if (encap.hdr.type != NDIS_OBJECT_ENCAPSULATION || !encap.hdr.revision)
		return RNDIS_STATUS_INVALID_DATA;
	for (i = 0; i < ARRAY_SIZE(encap.ip); i++) {
		enabled = le32_to_cpu(encap.ip[i].enabled);
		if (enabled > NDIS_ENCAP_OFF)
			return RNDIS_STATUS_INVALID_DATA;
		if (enabled == NDIS_ENCAP_ON &&
		    !(le32_to_cpu(encap.ip[i].encap) & NDIS_ENCAP_8023))
			return RNDIS_STATUS_NOT_SUPPORTED;
	}
	*changed |= NETVSP_CHANGED_OFFLOADS;
	return RNDIS_STATUS_SUCCESS;
}

/**
 * netvsp_oid_set - the guest sets an OID
 * @control: adapter; its settings are changed on success only
 * @oid: which
 * @in: information buffer of the request; private
 * @in_len: bytes of @in, may be 0
 * @changed: NETVSP_CHANGED_* that apply are set
 *
 * Return: RNDIS_STATUS_*; RNDIS_STATUS_NOT_SUPPORTED for an OID that is not known to
 * guests of this version of NDIS, or cannot be set.
 */
u32 netvsp_oid_set(struct netvsp_control *control, u32 oid, const void *in, u32 in_len,
		   u32 *changed)
{
	if (!netvsp_oid_can(control, oid, NETVSP_SET))
		return RNDIS_STATUS_NOT_SUPPORTED;
	switch (oid) {
	case RNDIS_OID_GEN_CURRENT_PACKET_FILTER:
		return netvsp_set_filter(control, in, in_len, changed);
	case RNDIS_OID_GEN_CURRENT_LOOKAHEAD:
	case RNDIS_OID_GEN_PROTOCOL_OPTIONS:
		return in_len < sizeof(__le32) ? RNDIS_STATUS_INVALID_LENGTH :
						 RNDIS_STATUS_SUCCESS;
	case RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER:
		return netvsp_set_parameter(control, in, in_len, changed);
	case RNDIS_OID_802_3_MULTICAST_LIST:
		return netvsp_set_multicast(in_len);
	case NDIS_OID_OFFLOAD_PARAMETERS:
		return netvsp_set_offloads(control, in, in_len, changed);
	case NDIS_OID_OFFLOAD_ENCAPSULATION:
		return netvsp_set_encapsulation(in, in_len, changed);
	case NDIS_OID_RSS_PARAMETERS:
		return netvsp_set_rss(control, in, in_len, changed);
	default:
		/* RNDIS_OID_GEN_NETWORK_LAYER_ADDRESSES */
		return RNDIS_STATUS_SUCCESS;
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_oid_set);
