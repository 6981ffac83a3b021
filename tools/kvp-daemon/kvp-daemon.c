// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key-value daemon of a guest, for tests: answers what the host enumerates.
 *
 *	kvp-daemon
 *		goes to the background when the driver has taken it for the daemon
 *
 * It has two keys: who the guest is, and how often the host has asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/hyperv.h>

#define DEVICE	"/dev/vmbus/hv_kvp"

static unsigned int asked;

static int fail(const char *what)
{
	printf("kvp-daemon: %s: %s\n", what, strerror(errno));
	return 1;
}

static int answer(struct hv_kvp_msg *msg)
{
	struct hv_kvp_exchg_msg_value *data = &msg->body.kvp_enum_data.data;
	unsigned int index = msg->body.kvp_enum_data.index;
	char *value = (char *)data->value;

	if (msg->kvp_hdr.operation != KVP_OP_ENUMERATE || msg->kvp_hdr.pool != KVP_POOL_AUTO)
		return HV_E_FAIL;
	asked++;
	if (index > 1)
		return HV_S_CONT;
	snprintf((char *)data->key, sizeof(data->key), index ? "Asked" : "OSName");
	if (index)
		snprintf(value, sizeof(data->value), "%u", asked);
	else
		snprintf(value, sizeof(data->value), "guest of a test");
	return HV_S_OK;
}

int main(void)
{
	struct hv_kvp_msg msg = { .kvp_hdr.operation = KVP_OP_REGISTER1 };
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fail(DEVICE);
	/* What the driver answers is its version. */
	if (write(fd, &msg, sizeof(msg)) != sizeof(msg) || read(fd, &msg, sizeof(msg)) <= 0)
		return fail("the driver wants no daemon");
	if (daemon(0, 0))
		return fail("daemon");
	while (read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		msg.error = answer(&msg);
		if (write(fd, &msg, sizeof(msg)) != sizeof(msg))
			break;
	}
	return 1;
}
