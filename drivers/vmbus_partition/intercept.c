// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor hands to VTL2 while it runs VTL0: posts and signals to
 * connections that it does not know, and the news that a message slot is free.
 *
 * The hypervisor is trusted; what the guest put into registers and memory is not.
 */
#include <linux/bitfield.h>
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <vmbus/hypercall.h>
#include "hyperv.h"

/* Input in memory: aligned, within a page, and the guest's.  TLFS, "Hypercall Inputs". */
static u16 vpart_intercept_input(struct vmbus_partition *part, u64 gpa, void *buf, size_t len)
{
	if (!IS_ALIGNED(gpa, 8) || offset_in_page(gpa) + len > PAGE_SIZE ||
	    vpart_hv_read(part, gpa, buf, len))
		return HV_STATUS_INVALID_ALIGNMENT;
	return HV_STATUS_SUCCESS;
}

static u16 vpart_intercept_post(struct vmbus_partition *part, u32 vp, u64 control, u64 gpa)
{
	struct vmbus_hv_post_message in;
	struct vpart_message msg;
	u16 status;

	/* More than registers can hold. */
	if (control & VMBUS_HVCALL_FAST)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = vpart_intercept_input(part, gpa, &in, sizeof(in));
	if (status)
		return status;
	msg = (struct vpart_message) {
		.vp = vp,
		.vtl = VPART_VTL_GUEST,
		.connection_id = le32_to_cpu(in.connection_id),
		.type = le32_to_cpu(in.type),
		.size = le32_to_cpu(in.size),
	};
	if (msg.size > sizeof(in.payload))
		return HV_STATUS_INVALID_PARAMETER;
	memcpy(msg.payload, in.payload, msg.size);
	return vpart_hypercall_post(part, &msg);
}

static u16 vpart_intercept_signal(struct vmbus_partition *part, u64 control, u64 input)
{
	struct vmbus_hv_signal_event in;
	__le64 word = cpu_to_le64(input);
	u16 status;

	static_assert(sizeof(word) == sizeof(in));
	if (control & VMBUS_HVCALL_FAST) {
		memcpy(&in, &word, sizeof(in));
	} else {
		status = vpart_intercept_input(part, input, &in, sizeof(in));
		if (status)
			return status;
	}
	return vpart_hypercall_signal(part, le32_to_cpu(in.connection_id), le16_to_cpu(in.flag));
}

static int vpart_intercept_hypercall(struct vmbus_partition *part,
				     const struct vmbus_hv_hypercall_intercept *m, u64 *rax)
{
	const u16 mode = VMBUS_HV_STATE_PROTECTED | VMBUS_HV_STATE_LONG;
	u16 state = le16_to_cpu(m->header.state), status;
	u64 control = le64_to_cpu(m->rcx), input = le64_to_cpu(m->rdx);
	u64 code = FIELD_GET(VMBUS_HVCALL_CODE, control);

	/* Where the registers are is known for 64-bit callers; VTL1 has no VMBus. */
	if ((state & mode) != mode || FIELD_GET(VMBUS_HV_STATE_VTL, state) != VPART_VTL_GUEST)
		return VPART_INTERCEPT_OTHER;
	if (code != VMBUS_HVCALL_POST_MESSAGE && code != VMBUS_HVCALL_SIGNAL_EVENT)
		return VPART_INTERCEPT_OTHER;

	if (control & ~(VMBUS_HVCALL_CODE | VMBUS_HVCALL_FAST))
		status = HV_STATUS_INVALID_HYPERCALL_INPUT;
	else if (code == VMBUS_HVCALL_POST_MESSAGE)
		status = vpart_intercept_post(part, le32_to_cpu(m->header.vp), control, input);
	else
		status = vpart_intercept_signal(part, control, input);
	/* A monitor may serve connections, too. */
	if (status == HV_STATUS_INVALID_CONNECTION_ID)
		return VPART_INTERCEPT_OTHER;
	*rax = status;
	return VPART_INTERCEPT_ANSWERED;
}

static int vpart_intercept_deliverable(struct vmbus_partition *part,
				       const struct vmbus_hv_deliverable *m)
{
	u16 sints = le16_to_cpu(m->sints);

	/* A monitor may wait for the same register's other bits. */
	return sints == vpart_sints_deliverable(part, le32_to_cpu(m->header.vp), sints) ?
	       VPART_INTERCEPT_RESUME : VPART_INTERCEPT_OTHER;
}

/**
 * vpart_hv_intercept - a message of the hypervisor to the loop that runs VTL0
 * @msg: message, from the VP assist page or SINT 0 of this CPU, in memory that
 *	does not change
 * @rax: out, for VPART_INTERCEPT_ANSWERED: result for the caller's RAX
 *
 * Serves HvCallPostMessage and HvCallSignalEvent of VTL0 to connections of the
 * partition whose guest VTL0 is, and sint-deliverable notifications.
 *
 * Context: any but NMI, also with preemption or interrupts off; does not sleep.
 * Return: VPART_INTERCEPT_ANSWERED: write @rax and step over the instruction;
 * VPART_INTERCEPT_RESUME: return to VTL0; VPART_INTERCEPT_OTHER: nothing was
 * done, hand it to the monitor.
 */
int vpart_hv_intercept(const struct hv_message *msg, u64 *rax)
{
	const void *payload = msg->u.payload;
	int ret = VPART_INTERCEPT_OTHER;
	struct vmbus_partition *part;

	rcu_read_lock();
	part = vpart_hv_current();
	if (!part)
		goto unlock;
	switch (msg->header.message_type) {
	case VMBUS_HVMSG_HYPERCALL:
		if (msg->header.payload_size >= sizeof(struct vmbus_hv_hypercall_intercept))
			ret = vpart_intercept_hypercall(part, payload, rax);
		break;
	case VMBUS_HVMSG_DELIVERABLE:
		if (msg->header.payload_size >= sizeof(struct vmbus_hv_deliverable))
			ret = vpart_intercept_deliverable(part, payload);
		break;
	}
unlock:
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_hv_intercept);
