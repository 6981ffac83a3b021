/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs of user space need of the kernel's header of this name. */
#ifndef _TOOLS_LINUX_SIZES_H
#define _TOOLS_LINUX_SIZES_H

#define SZ_2K	0x00000800
#define SZ_4K	0x00001000
#define SZ_64K	0x00010000
#define SZ_16M	0x01000000

#endif /* _TOOLS_LINUX_SIZES_H */
