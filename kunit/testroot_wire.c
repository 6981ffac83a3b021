// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that says what it should not: whatever is written to the parameter "host_says",
 * as bytes in hexadecimal with or without spaces, goes to VTL2 as a message of the host.
 */
#include <linux/hex.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <vmbus/partition.h>
#include <vmbus/protocol.h>
#include <vmbus/server.h>

#include "testroot.h"

static int wire_parse(const char *text, u8 *msg)
{
	int n = 0;

	for (text = skip_spaces(text); *text; text = skip_spaces(text + 2)) {
		if (n == VMBUS_MSG_MAX || hex2bin(msg + n, text, 1))
			return -EINVAL;
		n++;
	}
	return n;
}

static int host_says_set(const char *val, const struct kernel_param *kp)
{
	struct vmbus_partition *part;
	u8 msg[VMBUS_MSG_MAX];
	int err = -ENODEV, n;

	n = wire_parse(val, msg);
	if (n < 0)
		return n;
	mutex_lock(&testroot_lock);
	part = testroot_up ? vsrv_partition(testroot_srv) : NULL;
	if (part)
		err = vpart_send_message(part, VPART_VTL_PARAVISOR, 0, VMBUS_SINT_REDIRECT, msg, n);
	mutex_unlock(&testroot_lock);
	return err;
}

static const struct kernel_param_ops host_says_ops = {
	.set = host_says_set,
};
module_param_cb(host_says, &host_says_ops, NULL, 0200);
