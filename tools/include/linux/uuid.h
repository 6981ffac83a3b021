/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs of user space that use include/vmbus/protocol.h. */
#ifndef _TOOLS_LINUX_UUID_H
#define _TOOLS_LINUX_UUID_H

#include <linux/types.h>

struct guid {
	__u8 b[16];
};

#define guid_t	struct guid

#endif /* _TOOLS_LINUX_UUID_H */
