// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of Hyper-V comes out of KVM: writes to the SynIC's registers, messages, and
 * signals of connections that have no eventfd.
 */
#include "vtl0.h"

#define HVCALL_POST_MESSAGE			0x5c
#define HVCALL_SIGNAL_EVENT			0x5d

#define HVCALL_CODE(input)			((uint16_t)(input))
#define HVCALL_FAST				BIT_ULL(16)

#define HV_STATUS_INVALID_HYPERCALL_CODE	0x02
#define HV_STATUS_INVALID_HYPERCALL_INPUT	0x03
#define HV_STATUS_INVALID_ALIGNMENT		0x04
#define HV_STATUS_INVALID_PARAMETER		0x05

#define HVCALL_INPUT_ALIGNMENT			8

/* Input of HvCallPostMessage; the payload follows. */
struct hv_post_message {
	uint32_t connection_id;
	uint32_t reserved;
	uint32_t message_type;
	uint32_t size;
};

static uint16_t post_message(struct partition *p, const struct memory *mem, unsigned int vp,
			     uint64_t input, uint64_t gpa)
{
	struct vmbus_partition_message msg = { .vp = vp };
	struct hv_post_message head;

	/* The message is longer than registers. */
	if (input & HVCALL_FAST)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (gpa % HVCALL_INPUT_ALIGNMENT)
		return HV_STATUS_INVALID_ALIGNMENT;
	if (!memory_read(mem, gpa, &head, sizeof(head)))
		return HV_STATUS_INVALID_PARAMETER;
	if (head.size > sizeof(msg.payload) ||
	    !memory_read(mem, gpa + sizeof(head), msg.payload, head.size))
		return HV_STATUS_INVALID_PARAMETER;

	msg.connection_id = head.connection_id;
	msg.message_type = head.message_type;
	msg.size = head.size;
	partition_post(p, &msg);
	return msg.status;
}

static uint16_t signal_event(struct partition *p, const struct memory *mem, unsigned int vp,
			     uint64_t input, uint64_t param)
{
	struct vmbus_partition_signal sig = { .vp = vp };
	uint64_t gpa = param;

	if (!(input & HVCALL_FAST)) {
		if (gpa % HVCALL_INPUT_ALIGNMENT)
			return HV_STATUS_INVALID_ALIGNMENT;
		if (!memory_read(mem, gpa, &param, sizeof(param)))
			return HV_STATUS_INVALID_PARAMETER;
	}
	sig.connection_id = (uint32_t)param;
	sig.flag_number = (uint16_t)(param >> 32);
	partition_signal(p, &sig);
	return sig.status;
}

/**
 * hyperv_exit - handle an exit of type KVM_EXIT_HYPERV
 * @p: partition
 * @mem: guest memory
 * @vp: VP that it comes from
 * @exit: what it is; gets a hypercall's result
 *
 * Context: thread of the vCPU.
 */
void hyperv_exit(struct partition *p, const struct memory *mem, unsigned int vp,
		 struct kvm_hyperv_exit *exit)
{
	uint64_t input = exit->u.hcall.input;
	uint64_t param = exit->u.hcall.params[0];

	if (exit->type == KVM_EXIT_HYPERV_SYNIC) {
		partition_set_synic(p, vp, exit->u.synic.control, exit->u.synic.msg_page,
				    exit->u.synic.evt_page);
		return;
	}
	if (exit->type != KVM_EXIT_HYPERV_HCALL)
		die(STATUS_FAILED, "vCPU %u: unexpected Hyper-V exit %u", vp, exit->type);

	switch (HVCALL_CODE(input)) {
	case HVCALL_POST_MESSAGE:
		exit->u.hcall.result = post_message(p, mem, vp, input, param);
		break;
	case HVCALL_SIGNAL_EVENT:
		exit->u.hcall.result = signal_event(p, mem, vp, input, param);
		break;
	default:
		exit->u.hcall.result = HV_STATUS_INVALID_HYPERCALL_CODE;
	}
}
