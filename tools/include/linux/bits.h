/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs of user space need of the kernel's header of this name. */
#ifndef _TOOLS_LINUX_BITS_H
#define _TOOLS_LINUX_BITS_H

#define BIT(n)			(1U << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(high, low)	((~0U >> (31 - (high))) & (~0U << (low)))
#define GENMASK_ULL(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))

#endif /* _TOOLS_LINUX_BITS_H */
