// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest may set: offloads, the spreading of frames over channels, its address.
 */
#include <kunit/visibility.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include "packet.h"

#define NETVSP_RSC		(NETVSP_VM_RX_RSC4 | NETVSP_VM_RX_RSC6)
#define NETVSP_ENCAPS		(NDIS_ENCAP_8023 | NDIS_ENCAP_8023PQ_OOB)
#define NETVSP_LSO_SEGMENTS	2	/* the least */
#define NETVSP_KEYWORD_SIZE	48	/* longer ones are not known */

/* Functions and types that settings.hash keeps */
#define NETVSP_HASH_FUNCTION	0xff
#define NETVSP_HASH_KNOWN	(NDIS_HASH_TOEPLITZ | NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4 | \
				 NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6)

/* True if [@offset, @offset + @size) is in @len bytes. */
static bool netvsp_inside(u32 len, u32 offset, u32 size)
{
	return offset <= len && size <= len - offset;
}

/**
 * netvsp_settings_reset - nothing is set
 * @settings: out
 *
 * Hosts begin with the offloads that they have; coalesced segments are only for guests
 * that ask for them.
 */
void netvsp_settings_reset(struct netvsp_settings *settings)
{
	*settings = (struct netvsp_settings) {
		.offloads = NETVSP_OFFLOADS & ~NETVSP_RSC,
		.entries = 1,
	};
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_settings_reset);

/* ---- offloads ------------------------------------------------------------------------- */

/**
 * netvsp_offloads_have - the offloads that there are
 * @adapter: adapter
 *
 * Return: NETVSP_TX_* and NETVSP_RX_*.
 */
u32 netvsp_offloads_have(const struct netvsp_adapter *adapter)
{
	return NETVSP_OFFLOADS & ~(adapter->rsc ? 0 : NETVSP_RSC);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_offloads_have);

/**
 * struct netvsp_knob - one setting of offloads
 * @keyword: name that Windows has for it
 * @member: of struct ndis_offload_parameters, or 0
 * @low: what bit 0 of the value switches on, to the guest's frames for sums
 * @high: what bit 1 does; or there is none
 */
struct netvsp_knob {
	const char *keyword;
	u8 member;
	u32 low;
	u32 high;
};

#define NETVSP_KNOB(_keyword, _member, _low, _high) \
	{ _keyword, offsetof(struct ndis_offload_parameters, _member), _low, _high }

static const struct netvsp_knob netvsp_knobs[] = {
	NETVSP_KNOB("*IPChecksumOffloadIPv4", ip4_csum, NETVSP_VM_TX_IP4, NETVSP_VM_RX_IP4),
	NETVSP_KNOB("*TCPChecksumOffloadIPv4", tcp4_csum, NETVSP_VM_TX_TCP4, NETVSP_VM_RX_TCP4),
	NETVSP_KNOB("*UDPChecksumOffloadIPv4", udp4_csum, NETVSP_VM_TX_UDP4, NETVSP_VM_RX_UDP4),
	NETVSP_KNOB("*TCPChecksumOffloadIPv6", tcp6_csum, NETVSP_VM_TX_TCP6, NETVSP_VM_RX_TCP6),
	NETVSP_KNOB("*UDPChecksumOffloadIPv6", udp6_csum, NETVSP_VM_TX_UDP6, NETVSP_VM_RX_UDP6),
	NETVSP_KNOB("*LsoV2IPv4", lso4, NETVSP_VM_TX_LSO4, 0),
	NETVSP_KNOB("*LsoV2IPv6", lso6, NETVSP_VM_TX_LSO6, 0),
	NETVSP_KNOB("*RscIPv4", rsc4, NETVSP_VM_RX_RSC4, 0),
	NETVSP_KNOB("*RscIPv6", rsc6, NETVSP_VM_RX_RSC6, 0),
	{ "*TCPUDPChecksumOffloadIPv4", 0, NETVSP_VM_TX_TCP4 | NETVSP_VM_TX_UDP4,
	  NETVSP_VM_RX_TCP4 | NETVSP_VM_RX_UDP4 },
	{ "*TCPUDPChecksumOffloadIPv6", 0, NETVSP_VM_TX_TCP6 | NETVSP_VM_TX_UDP6,
	  NETVSP_VM_RX_TCP6 | NETVSP_VM_RX_UDP6 },
};

/* False if it has no such value. */
static bool netvsp_turn(const struct netvsp_knob *knob, u32 value, u32 *offloads)
{
	if (value > (knob->high ? 3 : 1))
		return false;
	*offloads &= ~(knob->low | knob->high);
	if (value & BIT(0))
		*offloads |= knob->low;
	if (value & BIT(1))
		*offloads |= knob->high;
	return true;
}

/* What is not there stays off, and segments have sums. */
static u32 netvsp_possible(const struct netvsp_control *control, u32 offloads)
{
	offloads &= netvsp_offloads_have(&control->adapter);
	if (!(offloads & NETVSP_VM_TX_TCP4))
		offloads &= ~NETVSP_VM_TX_LSO4;
	if (!(offloads & NETVSP_VM_TX_TCP6))
		offloads &= ~NETVSP_VM_TX_LSO6;
	return offloads;
}

/**
 * netvsp_set_offloads - NDIS_OID_OFFLOAD_PARAMETERS
 * @control: adapter; its settings are changed on success only
 * @in: struct ndis_offload_parameters, of any revision; private
 * @len: bytes of @in
 * @changed: NETVSP_CHANGED_OFFLOADS is set on success: NDIS guests wait for the news
 *	even if it is none
 *
 * What the adapter does not have is not an error: the guest is told what is in use.
 *
 * Return: RNDIS_STATUS_*.
 */
u32 netvsp_set_offloads(struct netvsp_control *control, const void *in, u32 len, u32 *changed)
{
	struct ndis_offload_parameters p = { };
	u32 offloads = control->settings.offloads;
	const struct netvsp_knob *knob;
	unsigned int i;
	u32 size;
	u8 value;

	if (len < NDIS_PARAMETERS_SIZE_1)
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&p.hdr, in, sizeof(p.hdr));
	size = le16_to_cpu(p.hdr.size);
	if (p.hdr.type != NDIS_OBJECT_DEFAULT || !p.hdr.revision)
		return RNDIS_STATUS_INVALID_DATA;
	if (size < NDIS_PARAMETERS_SIZE_1 || size > len)
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&p, in, min_t(u32, size, sizeof(p)));

	for (i = 0; i < ARRAY_SIZE(netvsp_knobs); i++) {
		knob = &netvsp_knobs[i];
		if (!knob->member)
			continue;
		value = ((const u8 *)&p)[knob->member];
		/* The others are one more than the knob's. */
		if (value != NDIS_PARAM_NO_CHANGE && !netvsp_turn(knob, value - 1, &offloads))
			return RNDIS_STATUS_INVALID_DATA;
	}
	control->settings.offloads = netvsp_possible(control, offloads);
	*changed |= NETVSP_CHANGED_OFFLOADS;
	return RNDIS_STATUS_SUCCESS;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_set_offloads);

static void netvsp_describe_csum(struct ndis_csum_offload *csum, u32 tx, u32 rx)
{
	csum->tx = cpu_to_le32(tx);
	csum->tx_encap = cpu_to_le32(tx ? NETVSP_ENCAPS : NDIS_ENCAP_NONE);
	csum->rx = cpu_to_le32(rx);
	csum->rx_encap = cpu_to_le32(rx ? NETVSP_ENCAPS : NDIS_ENCAP_NONE);
}

static u32 netvsp_csum_bits(bool ip, bool tcp, bool udp, u32 options)
{
	return (ip || tcp || udp ? options : 0) | (ip ? NDIS_CSUM_IP : 0) |
	       (tcp ? NDIS_CSUM_TCP | NDIS_CSUM_TCP_OPTIONS : 0) | (udp ? NDIS_CSUM_UDP : 0);
}

/**
 * netvsp_offload_describe - the offloads as the guest is told of them
 * @control: adapter
 * @hardware: those that there are; else those in use
 * @revision: of struct ndis_offload: 1 to 3
 * @out: out
 * @room: bytes of @out
 *
 * Return: bytes, as long as the revision; 0 if there is no room.
 */
u32 netvsp_offload_describe(const struct netvsp_control *control, bool hardware, u8 revision,
			    void *out, u32 room)
{
	static const u8 sizes[] = { NDIS_OFFLOAD_SIZE_1, NDIS_OFFLOAD_SIZE_2, NDIS_OFFLOAD_SIZE_3 };
	u32 have = netvsp_offloads_have(&control->adapter);
	u32 on = hardware ? have : control->settings.offloads & have;
	struct ndis_offload offload = { };
	u32 size;

	revision = clamp_t(u8, revision, 1, ARRAY_SIZE(sizes));
	size = sizes[revision - 1];
	if (room < size)
		return 0;
	offload.hdr.type = NDIS_OBJECT_OFFLOAD;
	offload.hdr.revision = revision;
	offload.hdr.size = cpu_to_le16(size);

	netvsp_describe_csum(&offload.csum4,
			     netvsp_csum_bits(on & NETVSP_VM_TX_IP4, on & NETVSP_VM_TX_TCP4,
					      on & NETVSP_VM_TX_UDP4, NDIS_CSUM_IP_OPTIONS),
			     netvsp_csum_bits(on & NETVSP_VM_RX_IP4, on & NETVSP_VM_RX_TCP4,
					      on & NETVSP_VM_RX_UDP4, NDIS_CSUM_IP_OPTIONS));
	netvsp_describe_csum(&offload.csum6,
			     netvsp_csum_bits(false, on & NETVSP_VM_TX_TCP6, on & NETVSP_VM_TX_UDP6,
					      NDIS_CSUM_IP_OPTIONS),
			     netvsp_csum_bits(false, on & NETVSP_VM_RX_TCP6, on & NETVSP_VM_RX_UDP6,
					      NDIS_CSUM_IP_OPTIONS));
	if (on & NETVSP_VM_TX_LSO4) {
		offload.lso4_encap = cpu_to_le32(NETVSP_ENCAPS);
		offload.lso4_max = cpu_to_le32(NETVSP_LSO_MAX);
		offload.lso4_min = cpu_to_le32(NETVSP_LSO_SEGMENTS);
	}
	if (on & NETVSP_VM_TX_LSO6) {
		offload.lso6_encap = cpu_to_le32(NETVSP_ENCAPS);
		offload.lso6_max = cpu_to_le32(NETVSP_LSO_MAX);
		offload.lso6_min = cpu_to_le32(NETVSP_LSO_SEGMENTS);
		offload.lso6_options = cpu_to_le32(NDIS_LSO6_EXTENSIONS | NDIS_LSO6_TCP_OPTIONS);
	}
	offload.rsc4 = !!(on & NETVSP_VM_RX_RSC4);
	offload.rsc6 = !!(on & NETVSP_VM_RX_RSC6);
	memcpy(out, &offload, size);
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_offload_describe);

/* ---- spreading of frames -------------------------------------------------------------- */

static u32 netvsp_rss_function(u32 hash, struct netvsp_settings *next)
{
	/* Another way to say that frames are not to be spread. */
	if (!(hash & NETVSP_HASH_FUNCTION)) {
		next->hash = 0;
		return RNDIS_STATUS_SUCCESS;
	}
	if ((hash & NETVSP_HASH_FUNCTION) != NDIS_HASH_TOEPLITZ)
		return RNDIS_STATUS_INVALID_DATA;
	next->hash = hash & NETVSP_HASH_KNOWN;
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_rss_table(const u8 *in, u32 len, const struct ndis_rss_parameters *p,
			    u16 max_queues, struct netvsp_settings *next)
{
	u32 offset = le32_to_cpu(p->table_offset);
	u32 size = le16_to_cpu(p->table_size);
	u32 i, entries, queue;

	if (!size || size % sizeof(__le32) || size > NDIS_RSS_TABLE_MAX * sizeof(__le32) ||
	    !netvsp_inside(len, offset, size))
		return RNDIS_STATUS_INVALID_LENGTH;
	entries = size / sizeof(__le32);
	for (i = 0; i < entries; i++) {
		queue = get_unaligned_le32(in + offset + i * sizeof(__le32));
		if (queue >= max_queues)
			return RNDIS_STATUS_INVALID_DATA;
		next->table[i] = array_index_nospec(queue, max_queues);
	}
	next->entries = roundup_pow_of_two(entries);
	for (i = entries; i < next->entries; i++)
		next->table[i] = next->table[i % entries];
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_rss_key(const u8 *in, u32 len, const struct ndis_rss_parameters *p,
			  struct netvsp_settings *next)
{
	u32 offset = le32_to_cpu(p->key_offset);
	u32 size = le16_to_cpu(p->key_size);

	if (size != NDIS_RSS_KEY_SIZE || !netvsp_inside(len, offset, size))
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(next->key, in + offset, size);
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_rss_parse(const void *in, u32 len, u16 max_queues,
			    struct netvsp_settings *next)
{
	struct ndis_rss_parameters p = { };
	u32 status = RNDIS_STATUS_SUCCESS;
	u16 flags;

	if (len < NDIS_RSS_PARAMETERS_SIZE_1)
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&p, in, min_t(u32, len, sizeof(p)));
	if (p.hdr.type != NDIS_OBJECT_RSS_PARAMETERS || !p.hdr.revision)
		return RNDIS_STATUS_INVALID_DATA;
	flags = le16_to_cpu(p.flags);
	next->rss = false;
	if (flags & NDIS_RSS_DISABLE)
		return RNDIS_STATUS_SUCCESS;

	if (!(flags & NDIS_RSS_INFO_UNCHANGED))
		status = netvsp_rss_function(le32_to_cpu(p.hash), next);
	if (status || !next->hash)
		return status;
	if (!(flags & NDIS_RSS_TABLE_UNCHANGED))
		status = netvsp_rss_table(in, len, &p, max_queues, next);
	if (!status && !(flags & NDIS_RSS_KEY_UNCHANGED))
		status = netvsp_rss_key(in, len, &p, next);
	next->rss = !status;
	return status;
}

/**
 * netvsp_set_rss - NDIS_OID_RSS_PARAMETERS
 * @control: adapter; its settings are changed on success only
 * @in: struct ndis_rss_parameters, and what it points at; private
 * @len: bytes of @in
 * @changed: NETVSP_CHANGED_RSS is set on success
 *
 * Return: RNDIS_STATUS_*.
 */
u32 netvsp_set_rss(struct netvsp_control *control, const void *in, u32 len, u32 *changed)
{
	struct netvsp_settings next = control->settings;
	u32 status = netvsp_rss_parse(in, len, control->max_queues, &next);

	if (status)
		return status;
	control->settings = next;
	*changed |= NETVSP_CHANGED_RSS;
	return RNDIS_STATUS_SUCCESS;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_set_rss);

/* ---- parameters by name --------------------------------------------------------------- */

/* False if it is not ASCII, or too long. */
static bool netvsp_ascii(const u8 *from, u32 len, char *to, u32 room)
{
	u32 i;
	u16 c;

	if (len % 2 || len / 2 >= room)
		return false;
	for (i = 0; i < len / 2; i++) {
		c = get_unaligned_le16(from + 2 * i);
		if (c > 0x7f)
			return false;
		to[i] = c;
	}
	to[i] = '\0';
	return true;
}

static u32 netvsp_set_mac(struct netvsp_control *control, const char *text, u32 *changed)
{
	u8 mac[ETH_ALEN] __aligned(2);
	unsigned int i;

	for (i = 0; i < ETH_ALEN; i++) {
		if (hex2bin(mac + i, text, 1))
			return RNDIS_STATUS_INVALID_DATA;
		text += 2;
		if (*text == '-' && i < ETH_ALEN - 1)
			text++;
	}
	if (*text || !is_valid_ether_addr(mac))
		return RNDIS_STATUS_INVALID_DATA;
	if (memcmp(control->settings.mac, mac, ETH_ALEN)) {
		memcpy(control->settings.mac, mac, ETH_ALEN);
		*changed |= NETVSP_CHANGED_MAC;
	}
	return RNDIS_STATUS_SUCCESS;
}

static u32 netvsp_set_knob(struct netvsp_control *control, const struct netvsp_knob *knob,
			   u32 value, u32 *changed)
{
	u32 offloads = control->settings.offloads;

	if (!netvsp_turn(knob, value, &offloads))
		return RNDIS_STATUS_INVALID_DATA;
	offloads = netvsp_possible(control, offloads);
	if (offloads != control->settings.offloads)
		*changed |= NETVSP_CHANGED_OFFLOADS;
	control->settings.offloads = offloads;
	return RNDIS_STATUS_SUCCESS;
}

static const struct netvsp_knob *netvsp_find_knob(const char *keyword)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netvsp_knobs); i++)
		if (!strcasecmp(netvsp_knobs[i].keyword, keyword))
			return &netvsp_knobs[i];
	return NULL;
}

/* @knob is NULL for the address. */
static u32 netvsp_set_value(struct netvsp_control *control, const struct netvsp_knob *knob,
			    u32 type, const u8 *from, u32 len, u32 *changed)
{
	char text[NETVSP_KEYWORD_SIZE];
	u32 value;

	switch (type) {
	case RNDIS_PARAMETER_INTEGER:
		if (len != sizeof(__le32))
			return RNDIS_STATUS_INVALID_LENGTH;
		if (!knob)
			return RNDIS_STATUS_INVALID_DATA;
		return netvsp_set_knob(control, knob, get_unaligned_le32(from), changed);
	case RNDIS_PARAMETER_STRING:
		if (!netvsp_ascii(from, len, text, sizeof(text)))
			return RNDIS_STATUS_INVALID_DATA;
		if (!knob)
			return netvsp_set_mac(control, text, changed);
		if (kstrtou32(text, 10, &value))
			return RNDIS_STATUS_INVALID_DATA;
		return netvsp_set_knob(control, knob, value, changed);
	default:
		return RNDIS_STATUS_INVALID_DATA;
	}
}

/**
 * netvsp_set_parameter - RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER
 * @control: adapter; its settings are changed on success only
 * @in: struct rndis_config_parameter, and what it points at; private
 * @len: bytes of @in
 * @changed: NETVSP_CHANGED_MAC or NETVSP_CHANGED_OFFLOADS is set if they did
 *
 * Return: RNDIS_STATUS_*; success for a name that is not known.
 */
u32 netvsp_set_parameter(struct netvsp_control *control, const void *in, u32 len, u32 *changed)
{
	u32 name_offset, name_len, offset, value_len;
	struct rndis_config_parameter p;
	const struct netvsp_knob *knob;
	char name[NETVSP_KEYWORD_SIZE];

	if (len < sizeof(p))
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&p, in, sizeof(p));
	name_offset = le32_to_cpu(p.name_offset);
	name_len = le32_to_cpu(p.name_len);
	offset = le32_to_cpu(p.value_offset);
	value_len = le32_to_cpu(p.value_len);
	if (!netvsp_inside(len, name_offset, name_len) || !netvsp_inside(len, offset, value_len))
		return RNDIS_STATUS_INVALID_LENGTH;

	/* Guests hand on all that they have; what is not known is not for us. */
	if (!netvsp_ascii(in + name_offset, name_len, name, sizeof(name)))
		return RNDIS_STATUS_SUCCESS;
	knob = netvsp_find_knob(name);
	if (!knob && strcasecmp(name, "NetworkAddress"))
		return RNDIS_STATUS_SUCCESS;
	return netvsp_set_value(control, knob, le32_to_cpu(p.type), in + offset, value_len,
				changed);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_set_parameter);
