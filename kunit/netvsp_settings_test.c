// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: what the guest sets of offloads, and parameters by name.
 */
#include "netvsp_settings.h"

/* ---- offloads ------------------------------------------------------------------------- */

static void ns_offload_header(struct ns *ns, u32 size)
{
	memset(&ns->in, 0, sizeof(ns->in));
	ns->in.offload.hdr.type = NDIS_OBJECT_DEFAULT;
	ns->in.offload.hdr.revision = 3;
	ns->in.offload.hdr.size = cpu_to_le16(size);
}

/* One member of the parameters */
static u32 ns_offload_one(struct ns *ns, u32 at, u8 value)
{
	ns_offload_header(ns, 28);
	ns->in.bytes[at] = value;
	return ns_set(ns, netvsp_set_offloads, 28);
}

/**
 * struct ns_member - a member that counts
 * @at: where it is
 * @tx: what the guest's frames get
 * @rx: what the guest's frames are told to have; 0 if it is only on or off
 */
struct ns_member {
	u32 at;
	u32 tx;
	u32 rx;
};

static const struct ns_member ns_members[] = {
	{ 4, NETVSP_VM_TX_IP4, NETVSP_VM_RX_IP4 },
	{ 5, NETVSP_VM_TX_TCP4, NETVSP_VM_RX_TCP4 },
	{ 6, NETVSP_VM_TX_UDP4, NETVSP_VM_RX_UDP4 },
	{ 7, NETVSP_VM_TX_TCP6, NETVSP_VM_RX_TCP6 },
	{ 8, NETVSP_VM_TX_UDP6, NETVSP_VM_RX_UDP6 },
	{ 11, NETVSP_VM_TX_LSO4 },
	{ 12, NETVSP_VM_TX_LSO6 },
	{ 22, NETVSP_VM_RX_RSC4 },
	{ 23, NETVSP_VM_RX_RSC6 },
};

static void settings_members_test(struct kunit *test)
{
	const struct ns_member *m;
	u32 start, status, want, all;
	struct ns *ns = ns_new(test);
	unsigned int i, k, value;

	for (i = 0; i < ARRAY_SIZE(ns_members); i++) {
		m = &ns_members[i];
		all = m->tx | m->rx;
		for (k = 0; k < 2; k++) {
			/* What LSO needs stays on, but when it is this that is set. */
			start = NETVSP_OFFLOADS & ~(NETVSP_VM_TX_LSO4 | NETVSP_VM_TX_LSO6);
			if (k)
				start &= ~all;
			else
				start |= all;
			for (value = 0; value < 256; value++) {
				ns->control.settings.offloads = start;
				status = ns_offload_one(ns, m->at, value);
				KUNIT_EXPECT_EQ_MSG(test, status,
						    value > (m->rx ? 4 : 2) ? NS_DATA : 0,
						    "member %u value %u", m->at, value);
				want = start;
				if (value && !status)
					want &= ~all;
				if (!status && (value == 2 || value == 4))
					want |= m->tx;
				if (!status && (value == 3 || value == 4))
					want |= m->rx;
				KUNIT_EXPECT_EQ_MSG(test, ns->control.settings.offloads, want,
						    "member %u value %u", m->at, value);
			}
		}
	}
}

/* Flags, IPsec, connections, version 1 of LSO, encapsulation: not looked at */
static void settings_other_members_test(struct kunit *test)
{
	static const u32 at[] = { 9, 10, 13, 14, 15, 16, 19, 20, 21, 24, 25, 26, 27 };
	struct ns *ns = ns_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		KUNIT_EXPECT_EQ_MSG(test, ns_offload_one(ns, at[i], 0xff), 0, "member %u", at[i]);
		KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
	}
}

static void settings_lso_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);

	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 5, NDIS_PARAM_CSUM_RX), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads,
			NS_FIRST & ~(NETVSP_VM_TX_TCP4 | NETVSP_VM_TX_LSO4));
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 11, NDIS_PARAM_ON), 0);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO4);
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 7, NDIS_PARAM_OFF), 0);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO6);

	/* Both at once, whichever comes first. */
	ns_offload_header(ns, 28);
	ns->in.offload.tcp6_csum = NDIS_PARAM_CSUM_TX;
	ns->in.offload.lso6 = NDIS_PARAM_ON;
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_offloads, 28), 0);
	KUNIT_EXPECT_TRUE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO6);
	/* The sum of the IPv4 header is none of it: Linux does without. */
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 5, NDIS_PARAM_CSUM_BOTH), 0);
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 4, NDIS_PARAM_OFF), 0);
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 11, NDIS_PARAM_ON), 0);
	KUNIT_EXPECT_TRUE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO4);
}

static void settings_have_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);

	KUNIT_EXPECT_EQ(test, netvsp_offloads_have(&ns->control.adapter), NETVSP_OFFLOADS);
	ns->control.adapter.rsc = false;
	KUNIT_EXPECT_EQ(test, netvsp_offloads_have(&ns->control.adapter), NS_FIRST);
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 22, NDIS_PARAM_ON), 0);
	KUNIT_EXPECT_EQ(test, ns->changed, NETVSP_CHANGED_OFFLOADS);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
	ns->control.adapter.rsc = true;
	KUNIT_EXPECT_EQ(test, ns_offload_one(ns, 22, NDIS_PARAM_ON), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST | NETVSP_VM_RX_RSC4);
}

/* The news is awaited even if it is none. */
static void settings_offload_news_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);

	ns_offload_header(ns, 28);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_offloads, 28), 0);
	KUNIT_EXPECT_EQ(test, ns->changed, NETVSP_CHANGED_OFFLOADS);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
}

static void settings_offload_size_test(struct kunit *test)
{
	static const struct { u32 len, size; u8 type, revision; u32 status; } table[] = {
		{ 28, 28, 0x80, 3, 0 }, { 28, 22, 0x80, 3, 0 }, { 28, 20, 0x80, 1, 0 },
		{ 22, 22, 0x80, 3, 0 }, { 20, 20, 0x80, 1, 0 }, { 25, 25, 0x80, 3, 0 },
		{ 64, 64, 0x80, 4, 0 }, { 64, 28, 0x80, 255, 0 },
		{ 28, 29, 0x80, 3, NS_LENGTH }, { 22, 28, 0x80, 3, NS_LENGTH },
		{ 28, 19, 0x80, 3, NS_LENGTH }, { 28, 0, 0x80, 3, NS_LENGTH },
		{ 28, 0xffff, 0x80, 3, NS_LENGTH }, { 19, 19, 0x80, 1, NS_LENGTH },
		{ 4, 4, 0x80, 1, NS_LENGTH }, { 3, 28, 0x80, 1, NS_LENGTH },
		{ 0, 28, 0x80, 1, NS_LENGTH },
		{ 28, 28, 0x80, 0, NS_DATA }, { 28, 28, 0x81, 3, NS_DATA },
		{ 28, 28, 0xa7, 3, NS_DATA }, { 28, 28, 0, 3, NS_DATA },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		netvsp_settings_reset(&ns->control.settings);
		ns_offload_header(ns, table[i].size);
		ns->in.offload.hdr.type = table[i].type;
		ns->in.offload.hdr.revision = table[i].revision;
		ns->in.offload.udp6_csum = NDIS_PARAM_OFF;
		ns->in.offload.rsc4 = NDIS_PARAM_ON;
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_offloads, table[i].len),
				    table[i].status, "case %u", i);
		if (table[i].status)
			continue;
		KUNIT_EXPECT_FALSE(test, ns->control.settings.offloads & NETVSP_VM_TX_UDP6);
		/* What is behind the object is not part of it. */
		KUNIT_EXPECT_EQ(test, !!(ns->control.settings.offloads & NETVSP_VM_RX_RSC4),
				table[i].size >= 23);
	}
}

static void settings_offload_linux_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);
	unsigned int lro;

	for (lro = 0; lro < 2; lro++) {
		ns_offload_header(ns, 28);
		ns->in.offload.ip4_csum = NDIS_PARAM_OFF;
		ns->in.offload.tcp4_csum = NDIS_PARAM_CSUM_BOTH;
		ns->in.offload.udp4_csum = NDIS_PARAM_CSUM_BOTH;
		ns->in.offload.tcp6_csum = NDIS_PARAM_CSUM_BOTH;
		ns->in.offload.udp6_csum = NDIS_PARAM_CSUM_BOTH;
		ns->in.offload.lso4 = NDIS_PARAM_ON;
		ns->in.offload.lso6 = NDIS_PARAM_ON;
		ns->in.offload.rsc4 = lro ? NDIS_PARAM_ON : NDIS_PARAM_OFF;
		ns->in.offload.rsc6 = lro ? NDIS_PARAM_ON : NDIS_PARAM_OFF;
		KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_offloads, 28), 0);
		KUNIT_EXPECT_EQ(test, ns->control.settings.offloads,
				(NETVSP_OFFLOADS & ~(NETVSP_VM_TX_IP4 | NETVSP_VM_RX_IP4)) &
				~(lro ? 0 : NS_RSC));
	}
}

/* The last of the members is wrong: those before it have no effect. */
static void settings_offload_all_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);

	ns_offload_header(ns, 28);
	ns->in.offload.ip4_csum = NDIS_PARAM_OFF;
	ns->in.offload.lso4 = NDIS_PARAM_OFF;
	ns->in.offload.rsc6 = 3;
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_offloads, 28), NS_DATA);
	ns->in.offload.rsc6 = NDIS_PARAM_ON;
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_offloads, 28), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads,
			(NS_FIRST & ~(NETVSP_VM_TX_IP4 | NETVSP_VM_RX_IP4 | NETVSP_VM_TX_LSO4)) |
			NETVSP_VM_RX_RSC6);
}

/* ---- parameters by name --------------------------------------------------------------- */

static u32 ns_utf16(u8 *to, const char *text)
{
	u32 i;

	for (i = 0; text[i]; i++)
		put_unaligned_le16(text[i], to + 2 * i);
	return 2 * i;
}

/* Make one; returns the bytes of it. */
static u32 ns_param(struct ns *ns, const char *name, u32 type, const char *text, u32 number)
{
	struct rndis_config_parameter *p = &ns->in.param;
	u32 name_len, value_len;

	memset(&ns->in, 0, sizeof(ns->in));
	name_len = ns_utf16(ns->in.bytes + 20, name);
	if (text) {
		value_len = ns_utf16(ns->in.bytes + 20 + name_len, text);
	} else {
		put_unaligned_le32(number, ns->in.bytes + 20 + name_len);
		value_len = 4;
	}
	p->name_offset = cpu_to_le32(20);
	p->name_len = cpu_to_le32(name_len);
	p->type = cpu_to_le32(type);
	p->value_offset = cpu_to_le32(20 + name_len);
	p->value_len = cpu_to_le32(value_len);
	return 20 + name_len + value_len;
}

static u32 ns_set_text(struct ns *ns, const char *name, const char *text)
{
	return ns_set(ns, netvsp_set_parameter,
		      ns_param(ns, name, RNDIS_PARAMETER_STRING, text, 0));
}

static u32 ns_set_number(struct ns *ns, const char *name, u32 number)
{
	return ns_set(ns, netvsp_set_parameter,
		      ns_param(ns, name, RNDIS_PARAMETER_INTEGER, NULL, number));
}

static const struct ns_keyword {
	const char *name;
	u32 tx;
	u32 rx;
} ns_keywords[] = {
	{ "*IPChecksumOffloadIPv4", NETVSP_VM_TX_IP4, NETVSP_VM_RX_IP4 },
	{ "*TCPChecksumOffloadIPv4", NETVSP_VM_TX_TCP4, NETVSP_VM_RX_TCP4 },
	{ "*TCPChecksumOffloadIPv6", NETVSP_VM_TX_TCP6, NETVSP_VM_RX_TCP6 },
	{ "*UDPChecksumOffloadIPv4", NETVSP_VM_TX_UDP4, NETVSP_VM_RX_UDP4 },
	{ "*UDPChecksumOffloadIPv6", NETVSP_VM_TX_UDP6, NETVSP_VM_RX_UDP6 },
	{ "*TCPUDPChecksumOffloadIPv4", NETVSP_VM_TX_TCP4 | NETVSP_VM_TX_UDP4,
	  NETVSP_VM_RX_TCP4 | NETVSP_VM_RX_UDP4 },
	{ "*TCPUDPChecksumOffloadIPv6", NETVSP_VM_TX_TCP6 | NETVSP_VM_TX_UDP6,
	  NETVSP_VM_RX_TCP6 | NETVSP_VM_RX_UDP6 },
	{ "*LsoV2IPv4", NETVSP_VM_TX_LSO4 },
	{ "*LsoV2IPv6", NETVSP_VM_TX_LSO6 },
	{ "*RscIPv4", NETVSP_VM_RX_RSC4 },
	{ "*RscIPv6", NETVSP_VM_RX_RSC6 },
};

static void settings_keyword_test(struct kunit *test)
{
	static const char * const texts[] = { "0", "1", "2", "3", "4", "4294967295" };
	static const u32 numbers[] = { 0, 1, 2, 3, 4, U32_MAX };
	const struct ns_keyword *k;
	struct ns *ns = ns_new(test);
	u32 start, want, status;
	unsigned int i, v, as;

	for (i = 0; i < ARRAY_SIZE(ns_keywords); i++) {
		k = &ns_keywords[i];
		start = NETVSP_OFFLOADS & ~(NETVSP_VM_TX_LSO4 | NETVSP_VM_TX_LSO6);
		for (v = 0; v < ARRAY_SIZE(texts); v++) {
			for (as = 0; as < 2; as++) {
				ns->control.settings.offloads = start;
				status = as ? ns_set_text(ns, k->name, texts[v]) :
					      ns_set_number(ns, k->name, numbers[v]);
				KUNIT_EXPECT_EQ_MSG(test, status,
						    numbers[v] > (k->rx ? 3 : 1) ? NS_DATA : 0,
						    "%s=%s", k->name, texts[v]);
				if (status)
					continue;
				want = start & ~(k->tx | k->rx);
				want |= numbers[v] & 1 ? k->tx : 0;
				want |= numbers[v] & 2 ? k->rx : 0;
				KUNIT_EXPECT_EQ_MSG(test, ns->control.settings.offloads, want,
						    "%s=%s", k->name, texts[v]);
				KUNIT_EXPECT_EQ(test, ns->changed,
						want == start ? 0 : NETVSP_CHANGED_OFFLOADS);
			}
		}
	}
}

static void settings_keyword_need_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);

	ns->control.adapter.rsc = false;
	KUNIT_EXPECT_EQ(test, ns_set_text(ns, "*RscIPv4", "1"), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
	KUNIT_EXPECT_EQ(test, ns->changed, 0);
	KUNIT_EXPECT_EQ(test, ns_set_text(ns, "*TCPChecksumOffloadIPv6", "2"), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads,
			NS_FIRST & ~(NETVSP_VM_TX_TCP6 | NETVSP_VM_TX_LSO6));
	KUNIT_EXPECT_EQ(test, ns_set_text(ns, "*lsov2ipv6", "1"), 0);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO6);
	KUNIT_EXPECT_EQ(test, ns_set_text(ns, "*LSOV2IPV4", "0"), 0);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.offloads & NETVSP_VM_TX_LSO4);
}

/* Guests hand on all that they have. */
static void settings_keyword_unknown_test(struct kunit *test)
{
	static const char * const names[] = {
		"", "*", "*RSS", "*JumboPacket", "*LsoV1IPv4", "*LsoV2IPv", "*LsoV2IPv44",
		"LsoV2IPv4", " *LsoV2IPv4", "NetworkAddres", "NetworkAddress2",
		"*EncapsulatedPacketTaskOffloadNvgreForAllThatThereIs",
	};
	struct ns *ns = ns_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ_MSG(test, ns_set_text(ns, names[i], "0"), 0, "%s", names[i]);
		KUNIT_EXPECT_EQ(test, ns->changed, 0);
		KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
		KUNIT_EXPECT_TRUE(test, is_zero_ether_addr(ns->control.settings.mac));
	}
	/* Letters that are none in ASCII, and half of one */
	len = ns_param(ns, "*LsoV2IPv4", RNDIS_PARAMETER_STRING, "0", 0);
	ns->in.bytes[21] = 1;
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len), 0);
	ns->in.bytes[21] = 0;
	ns->in.param.name_len = cpu_to_le32(19);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.offloads, NS_FIRST);
}

static void settings_keyword_value_test(struct kunit *test)
{
	static const char * const bad[] = {
		"", " ", "-1", "x", "1x", "0x1", "1 ", "4294967296", "99999999999999999999",
	};
	static const u32 types[] = { 1, 3, 4, U32_MAX };
	struct ns *ns = ns_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, ns_set_text(ns, "*LsoV2IPv4", bad[i]), NS_DATA,
				    "\"%s\"", bad[i]);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		len = ns_param(ns, "*LsoV2IPv4", types[i], "0", 0);
		KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len), NS_DATA);
	}
	for (i = 0; i < 8; i++) {
		len = ns_param(ns, "*LsoV2IPv4", RNDIS_PARAMETER_INTEGER, NULL, 0);
		ns->in.param.value_len = cpu_to_le32(i);
		KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len + 4),
				i == 4 ? 0 : NS_LENGTH);
	}
	/* A string that does not fit, of which the beginning would do */
	len = ns_param(ns, "*LsoV2IPv4", RNDIS_PARAMETER_STRING, "0", 0);
	ns->in.param.value_len = cpu_to_le32(200);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len + 200), NS_DATA);
	ns->in.param.value_len = cpu_to_le32(3);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len + 200), NS_DATA);
	/* Its end may be part of it. */
	ns->in.param.value_len = cpu_to_le32(4);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len + 200), 0);
}

/* Where name and value are, in 42 bytes with the value at the end */
static void settings_parameter_bounds_test(struct kunit *test)
{
	static const struct { u32 name, name_len, value, value_len, status; } table[] = {
		{ 20, 20, 40, 2, 0 },
		{ 20, 22, 40, 2, 0 },
		{ 20, 23, 40, 2, NS_LENGTH },
		{ 42, 0, 42, 0, 0 },
		{ 43, 0, 40, 2, NS_LENGTH },
		{ 20, 20, 43, 0, NS_LENGTH },
		{ 20, 20, 41, 2, NS_LENGTH },
		{ 20, 20, 40, 3, NS_LENGTH },
		{ 20, U32_MAX, 40, 2, NS_LENGTH },
		{ 20, U32_MAX - 19, 40, 2, NS_LENGTH },
		{ U32_MAX, 20, 40, 2, NS_LENGTH },
		{ U32_MAX - 19, 20, 40, 2, NS_LENGTH },
		{ 20, 20, U32_MAX, 2, NS_LENGTH },
		{ 20, 20, U32_MAX - 1, 2, NS_LENGTH },
		{ 20, 20, 40, U32_MAX, NS_LENGTH },
		{ 0x80000000, 0x80000000, 40, 2, NS_LENGTH },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		len = ns_param(ns, "*LsoV2IPv4", RNDIS_PARAMETER_STRING, "1", 0);
		KUNIT_ASSERT_EQ(test, len, 42);
		ns->in.param.name_offset = cpu_to_le32(table[i].name);
		ns->in.param.name_len = cpu_to_le32(table[i].name_len);
		ns->in.param.value_offset = cpu_to_le32(table[i].value);
		ns->in.param.value_len = cpu_to_le32(table[i].value_len);
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_parameter, len), table[i].status,
				    "case %u", i);
	}
	for (len = 0; len < 42; len++) {
		ns_param(ns, "*LsoV2IPv4", RNDIS_PARAMETER_STRING, "1", 0);
		KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_parameter, len), NS_LENGTH);
	}
}

static void settings_mac_test(struct kunit *test)
{
	static const struct { const char *text; u8 mac[6]; u32 status; } table[] = {
		{ "02abcdef0123", { 0x02, 0xab, 0xcd, 0xef, 0x01, 0x23 } },
		{ "02ABCDEF0124", { 0x02, 0xab, 0xcd, 0xef, 0x01, 0x24 } },
		{ "00-15-5d-00-01-02", { 0x00, 0x15, 0x5d, 0x00, 0x01, 0x02 } },
		{ "", { }, NS_DATA }, { "0", { }, NS_DATA }, { "02abcdef012", { }, NS_DATA },
		{ "02abcdef01234", { }, NS_DATA }, { "02abcdef012345", { }, NS_DATA },
		{ "02abcdef012g", { }, NS_DATA }, { "02:ab:cd:ef:01:23", { }, NS_DATA },
		{ "-02abcdef0123", { }, NS_DATA }, { "02abcdef0123-", { }, NS_DATA },
		{ "02--abcdef0123", { }, NS_DATA }, { "0-2abcdef0123", { }, NS_DATA },
		/* Of nobody, of many, of all */
		{ "000000000000", { }, NS_DATA }, { "01005e000001", { }, NS_DATA },
		{ "03abcdef0123", { }, NS_DATA }, { "ffffffffffff", { }, NS_DATA },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, ns_set_text(ns, "NetworkAddress", table[i].text),
				    table[i].status, "\"%s\"", table[i].text);
		if (table[i].status)
			continue;
		KUNIT_EXPECT_MEMEQ(test, ns->control.settings.mac, table[i].mac, 6);
		KUNIT_EXPECT_EQ(test, ns->changed, NETVSP_CHANGED_MAC);
		/* The second time it is nothing new. */
		KUNIT_EXPECT_EQ(test, ns_set_text(ns, "networkaddress", table[i].text), 0);
		KUNIT_EXPECT_EQ(test, ns->changed, 0);
	}
	KUNIT_EXPECT_EQ(test, ns_set_number(ns, "NetworkAddress", 2), NS_DATA);
}

/* ---- at first ------------------------------------------------------------------------- */

static void settings_reset_test(struct kunit *test)
{
	struct netvsp_settings *settings;
	struct ns *ns = ns_new(test);
	unsigned int i;

	settings = &ns->control.settings;
	memset(settings, 0xa5, sizeof(*settings));
	netvsp_settings_reset(settings);
	KUNIT_EXPECT_EQ(test, settings->filter, 0);
	KUNIT_EXPECT_EQ(test, settings->offloads, NS_FIRST);
	KUNIT_EXPECT_FALSE(test, settings->rss);
	KUNIT_EXPECT_EQ(test, settings->hash, 0);
	KUNIT_EXPECT_EQ(test, settings->entries, 1);
	KUNIT_EXPECT_TRUE(test, is_zero_ether_addr(settings->mac));
	for (i = 0; i < NDIS_RSS_TABLE_MAX; i++)
		KUNIT_EXPECT_EQ(test, settings->table[i], 0);
}

static struct kunit_case netvsp_settings_cases[] = {
	KUNIT_CASE(settings_members_test),
	KUNIT_CASE(settings_other_members_test),
	KUNIT_CASE(settings_lso_test),
	KUNIT_CASE(settings_have_test),
	KUNIT_CASE(settings_offload_news_test),
	KUNIT_CASE(settings_offload_size_test),
	KUNIT_CASE(settings_offload_linux_test),
	KUNIT_CASE(settings_offload_all_test),
	KUNIT_CASE(settings_keyword_test),
	KUNIT_CASE(settings_keyword_need_test),
	KUNIT_CASE(settings_keyword_unknown_test),
	KUNIT_CASE(settings_keyword_value_test),
	KUNIT_CASE(settings_parameter_bounds_test),
	KUNIT_CASE(settings_mac_test),
	KUNIT_CASE(settings_reset_test),
	{}
};

static struct kunit_suite netvsp_settings_suite = {
	.name = "vmbus_netvsp_settings",
	.test_cases = netvsp_settings_cases,
};

kunit_test_suite(netvsp_settings_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: settings of the guest");
MODULE_LICENSE("GPL");
