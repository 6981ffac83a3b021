// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of vmbus_netvsp: what the attributes of an adapter mean.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <vmbus/compat.h>
#include "../drivers/vmbus_intercept/netvsp/config.h"

static const struct mac_case {
	const char *text;
	bool ok;
	u8 mac[ETH_ALEN];
} mac_cases[] = {
	{ "02:00:00:12:34:56", true, { 0x02, 0, 0, 0x12, 0x34, 0x56 } },
	{ "02:00:00:12:34:56\n", true, { 0x02, 0, 0, 0x12, 0x34, 0x56 } },
	{ "fe:FF:ff:ff:ff:ff\n", true, { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ "" },
	{ "\n" },
	{ "02:00:00:12:34:5" },
	{ "02:00:00:12:34:567" },
	{ "02:00:00:12:34:56 " },
	{ "02:00:00:12:34:56:78" },
	{ "02:00:00:12:34:5g" },
	{ "02-00-00-12-34-56" },
	{ "020000123456" },
	{ "00:00:00:00:00:00" },
	{ "ff:ff:ff:ff:ff:ff" },
	{ "01:00:5e:00:00:01" },
};

static void mac_case_name(const struct mac_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%.*s\"", (int)strcspn(c->text, "\n"), c->text);
}

KUNIT_ARRAY_PARAM(mac, mac_cases, mac_case_name);

static void netvsp_mac_test(struct kunit *test)
{
	const struct mac_case *c = test->param_value;
	u8 mac[ETH_ALEN] = { };

	KUNIT_ASSERT_EQ(test, netvsp_parse_mac(c->text, mac), c->ok);
	if (c->ok)
		KUNIT_EXPECT_MEMEQ(test, mac, c->mac, ETH_ALEN);
}

static const struct ifname_case {
	const char *text;
	bool ok;
} ifname_cases[] = {
	{ "vmnic%d", true },
	{ "eth0", true },
	{ "abcdefghijklmno", true },
	{ "abcdefghijklmnop" },
	{ "%d", true },
	{ "" },
	{ "." },
	{ ".." },
	{ "a/b" },
	{ "a b" },
	{ "a:b" },
	{ "%s" },
	{ "a%" },
	{ "a%%" },
	{ "%d%d" },
	{ "a%dd%" },
};

static void ifname_case_name(const struct ifname_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\"", c->text);
}

KUNIT_ARRAY_PARAM(ifname, ifname_cases, ifname_case_name);

static void netvsp_ifname_test(struct kunit *test)
{
	const struct ifname_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, netvsp_ifname_valid(c->text), c->ok);
}

/* The address is of one adapter, and the same each time; another instance has another. */
static void netvsp_default_mac_test(struct kunit *test)
{
	const guid_t one = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	const guid_t other = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12);
	struct netvsp_config a, b, c;

	netvsp_config_init(&a, &one);
	netvsp_config_init(&b, &one);
	netvsp_config_init(&c, &other);
	KUNIT_EXPECT_TRUE(test, is_valid_ether_addr(a.mac));
	KUNIT_EXPECT_TRUE(test, is_local_ether_addr(a.mac));
	KUNIT_EXPECT_MEMEQ(test, a.mac, b.mac, ETH_ALEN);
	KUNIT_EXPECT_FALSE(test, ether_addr_equal(a.mac, c.mac));
}

static void netvsp_defaults_test(struct kunit *test)
{
	const guid_t instance = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	struct netvsp_config config;

	memset(&config, 0xff, sizeof(config));
	netvsp_config_init(&config, &instance);
	KUNIT_EXPECT_STREQ(test, config.server, "");
	KUNIT_EXPECT_EQ(test, config.mtu, ETH_DATA_LEN);
	KUNIT_EXPECT_GE(test, config.queues, 1);
	KUNIT_EXPECT_LE(test, config.queues, NETVSP_MAX_CHANNELS);
	KUNIT_EXPECT_TRUE(test, netvsp_ifname_valid(config.ifname));
	KUNIT_EXPECT_LE(test, config.recv_max, NETVSP_BUFFER_MAX);
	KUNIT_EXPECT_LE(test, config.send_max, NETVSP_BUFFER_MAX);
	KUNIT_EXPECT_FALSE(test, config.vf);
}

static struct kunit_case netvsp_config_cases[] = {
	KUNIT_CASE_PARAM(netvsp_mac_test, mac_gen_params),
	KUNIT_CASE_PARAM(netvsp_ifname_test, ifname_gen_params),
	KUNIT_CASE(netvsp_default_mac_test),
	KUNIT_CASE(netvsp_defaults_test),
	{}
};

static struct kunit_suite netvsp_config_suite = {
	.name = "netvsp_config",
	.test_cases = netvsp_config_cases,
};

kunit_test_suite(netvsp_config_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("KUnit tests of the attributes of a network adapter");
MODULE_LICENSE("GPL");
