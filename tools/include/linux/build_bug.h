/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For programs of user space that use include/vmbus/protocol.h.  The sizes are
 * asserted in the kernel build, where the structures that they are compared with
 * are at hand.
 */
#ifndef _TOOLS_LINUX_BUILD_BUG_H
#define _TOOLS_LINUX_BUILD_BUG_H

#undef static_assert
#define static_assert(...)	extern int build_bug_unused

#endif /* _TOOLS_LINUX_BUILD_BUG_H */
