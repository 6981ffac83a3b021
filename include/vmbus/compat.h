/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that tests kernel versions.  Each entry names the version
 * from which on it is not needed.
 */
#ifndef _VMBUS_COMPAT_H
#define _VMBUS_COMPAT_H

#include <linux/version.h>

/* 6.13: the name of a namespace is a string. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define VMBUS_IMPORT_KUNIT_NS MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING)
#else
#define VMBUS_IMPORT_KUNIT_NS MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING")
#endif

/* 6.13: one call sets up a timer. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* 6.14: kthread_create_worker() makes a worker, kthread_run_worker() also starts it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define kthread_run_worker kthread_create_worker
#endif

/* 6.16: callbacks of a binary attribute get it const. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define VMBUS_BIN_ATTR_CONST
#else
#define VMBUS_BIN_ATTR_CONST const
#endif

/* 7.0: AF_VSOCK knows network namespaces, and asks a transport about a socket. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define VMBUS_STREAM_ALLOW_ARGS u32 cid, u32 port
#define vmbus_vsock_is_global(vsk) ((void)(vsk), true)
#else
#define VMBUS_STREAM_ALLOW_ARGS struct vsock_sock *vsk, u32 cid, u32 port
#define vmbus_vsock_is_global(vsk) vsock_net_mode_global(vsk)
#endif

/* 6.19: the address of a socket has another type in the kernel. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define VMBUS_SOCKADDR(addr) ((struct sockaddr *)(addr))
#else
#define VMBUS_SOCKADDR(addr) ((struct sockaddr_unsized *)(addr))
#endif

/* 7.3: LIO completes a command in the context that its backstore does, if one lets it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define VMBUS_TARGET_DIRECT_COMPL
#else
#define VMBUS_TARGET_DIRECT_COMPL					\
	.default_compl_type = TARGET_DIRECT_COMPL,			\
	.direct_compl_supp = 1,
#endif

/* A kernel that has the macro gives its threads no root directory. */
#include <linux/fs_struct.h>

#ifndef scoped_with_init_fs
#define scoped_with_init_fs() for (bool once = true; once; once = false)
#endif

#endif /* _VMBUS_COMPAT_H */
