/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes of an adapter: config.c has the files, parse.c what they mean.
 */
#ifndef _NETVSP_CONFIG_H
#define _NETVSP_CONFIG_H

#include "netvsp.h"

/* config.c */
int netvsp_configfs_init(void);
void netvsp_configfs_exit(void);

/* parse.c */
void netvsp_config_init(struct netvsp_config *config, const guid_t *instance);
bool netvsp_parse_mac(const char *page, u8 *mac);
bool netvsp_ifname_valid(const char *name);
const char *netvsp_enable_error(int err);

#endif /* _NETVSP_CONFIG_H */
