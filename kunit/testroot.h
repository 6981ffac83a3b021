/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TESTROOT_H
#define _TESTROOT_H

struct vmbus_srv;

int testroot_ic_init(struct vmbus_srv *srv);
void testroot_ic_exit(void);

void testroot_wire_set(struct vmbus_srv *srv);

#endif /* _TESTROOT_H */
