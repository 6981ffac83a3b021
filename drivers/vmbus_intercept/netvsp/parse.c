// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the attributes of an adapter mean.
 */
#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include "config.h"

#define NETVSP_RECV_DEFAULT	(31U << 20)	/* what Linux asks for at most */
#define NETVSP_SEND_DEFAULT	(15U << 20)

/**
 * netvsp_config_init - what holds until something is said
 * @config: out
 * @instance: instance of the adapter: its address is made of it, and so stays the same
 */
void netvsp_config_init(struct netvsp_config *config, const guid_t *instance)
{
	*config = (struct netvsp_config) {
		.mtu = ETH_DATA_LEN,
		.queues = 8,
		.ifname = "vmnic%d",
		.recv_max = NETVSP_RECV_DEFAULT,
		.send_max = NETVSP_SEND_DEFAULT,
	};
	/* Locally administered, of one adapter. */
	config->mac[0] = 0x02;
	config->mac[1] = 0x15;
	put_unaligned_be32(jhash(instance, sizeof(*instance), 0), config->mac + 2);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_config_init);

/**
 * netvsp_parse_mac - the attribute "mac"
 * @page: what was written
 * @mac: out
 *
 * Return: false if it is not the address of one adapter; @mac may have changed.
 */
bool netvsp_parse_mac(const char *page, u8 *mac)
{
	const size_t len = 3 * ETH_ALEN - 1;
	size_t i;

	if (strcspn(page, "\n") != len)
		return false;
	for (i = 2; i < len; i += 3)
		if (page[i] != ':')
			return false;
	return mac_pton(page, mac) && is_valid_ether_addr(mac);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_parse_mac);

/**
 * netvsp_ifname_valid - the attribute "ifname"
 * @name: what was written, without the end of the line
 *
 * Return: true if an interface can have that name, with one "%d" for a number at most.
 */
bool netvsp_ifname_valid(const char *name)
{
	const char *percent = strchr(name, '%');

	if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
		return false;
	return dev_valid_name(name);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_ifname_valid);

/**
 * netvsp_enable_error - why an adapter could not be enabled
 * @err: error of netvsp_nic_create()
 *
 * Return: text.
 */
const char *netvsp_enable_error(int err)
{
	switch (err) {
	case -ENODEV:
		return "there is none, or it has no partition yet";
	case -EEXIST:
		return "an interface has that name, or the server a device of this instance";
	case -ENOSPC:
		return "the server has no channel left";
	default:
		return "no memory";
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_enable_error);
