/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TESTROOT_H
#define _TESTROOT_H

#include <linux/mutex.h>
#include <linux/types.h>

struct vmbus_srv;

extern struct mutex testroot_lock;	/* held by what a parameter asks for */
extern bool testroot_up;		/* under the lock: the devices are there */
extern struct vmbus_srv *testroot_srv;	/* while they are */

int testroot_ic_init(struct vmbus_srv *srv);
void testroot_ic_exit(void);

#endif /* _TESTROOT_H */
