/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs of user space that use include/vmbus/protocol.h. */
#ifndef _TOOLS_LINUX_UUID_H
#define _TOOLS_LINUX_UUID_H

#include <linux/types.h>

struct guid {
	__u8 b[16];
};

#define guid_t	struct guid

#define GUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)			\
	{ { (a) & 0xff, ((a) >> 8) & 0xff, ((a) >> 16) & 0xff, (a) >> 24,	\
	    (b) & 0xff, (b) >> 8, (c) & 0xff, (c) >> 8,				\
	    (d0), (d1), (d2), (d3), (d4), (d5), (d6), (d7) } }

#endif /* _TOOLS_LINUX_UUID_H */
