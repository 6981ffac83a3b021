// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercalls by which VTL2 serves VTL0.  All of them leave through
 * vpart_hv_call(): what KUnit replaces, and the only place that touches the
 * hypervisor.
 */
#include <linux/bitfield.h>
#include <linux/hyperv.h>
#include <asm/mshyperv.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <vmbus/hypercall.h>
#include <vmbus/protocol.h>
#include "hyperv.h"

#define VPART_HV_OUT_MAX	64	/* bytes of output, at the end of the input page */
#define VPART_HV_VTL0		(VMBUS_HV_USE_TARGET_VTL | VPART_VTL_GUEST)

/**
 * vpart_hv_available - can this kernel call the hypervisor?
 *
 * Context: any.
 * Return: true on Hyper-V.
 */
bool vpart_hv_available(void)
{
	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_available);
	return hv_is_hyperv_initialized() && hyperv_pcpu_input_arg;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_available);

/**
 * vpart_hv_call - one hypercall with input, and output if any, in memory
 * @control: control word
 * @in: input
 * @in_len: its bytes; with @out_len no more than a page
 * @out: for the output, or NULL
 * @out_len: its bytes, up to VPART_HV_OUT_MAX, or 0
 *
 * The output shares the page of the input: a page for output exists only in
 * some kernels.
 *
 * Context: any but NMI, also with interrupts off.
 * Return: the result word, all ones where there is no Hyper-V.
 */
u64 vpart_hv_call(u64 control, const void *in, size_t in_len, void *out, size_t out_len)
{
	unsigned long flags;
	void *page;
	u64 result;

	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_call, control, in, in_len, out, out_len);
	if (!vpart_hv_available())
		return U64_MAX;

	local_irq_save(flags);
	page = *this_cpu_ptr(hyperv_pcpu_input_arg);
	memcpy(page, in, in_len);
	if (out_len) {
		result = hv_do_hypercall(control, page, page + HV_HYP_PAGE_SIZE - VPART_HV_OUT_MAX);
		memcpy(out, page + HV_HYP_PAGE_SIZE - VPART_HV_OUT_MAX, out_len);
	} else {
		result = hv_do_hypercall(control, page, NULL);
	}
	local_irq_restore(flags);
	return result;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_call);

/**
 * vpart_hv_call_fast - one hypercall with 8 bytes of input, in a register
 * @control: control word, with VMBUS_HVCALL_FAST
 * @in: input
 *
 * Context: any, also with interrupts off.
 * Return: the result word, all ones where there is no Hyper-V.
 */
u64 vpart_hv_call_fast(u64 control, u64 in)
{
	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_call_fast, control, in);
	if (!vpart_hv_available())
		return U64_MAX;
	return hv_do_fast_hypercall8(FIELD_GET(VMBUS_HVCALL_CODE, control), in);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_call_fast);

/**
 * vpart_hv_errno - what a result word means for the caller
 * @result: result word
 *
 * Return: 0; -EAGAIN for what passes by itself; -ENXIO where the VP cannot
 * receive; another error for what will not get better.
 */
int vpart_hv_errno(u64 result)
{
	switch (FIELD_GET(VMBUS_HVCALL_STATUS, result)) {
	case HV_STATUS_SUCCESS:
		return 0;
	case VMBUS_HV_OBJECT_IN_USE:
	case HV_STATUS_INSUFFICIENT_BUFFERS:
	case HV_STATUS_INSUFFICIENT_MEMORY:
	case HV_STATUS_TIME_OUT:
		return -EAGAIN;
	case VMBUS_HV_INVALID_VP_INDEX:
	case VMBUS_HV_INVALID_VP_STATE:
	case VMBUS_HV_INVALID_SYNIC_STATE:
		return -ENXIO;
	case HV_STATUS_INVALID_HYPERCALL_INPUT:
	case HV_STATUS_INVALID_ALIGNMENT:
	case HV_STATUS_INVALID_PARAMETER:
		return -EINVAL;
	case HV_STATUS_ACCESS_DENIED:
	case HV_STATUS_OPERATION_DENIED:
		return -EACCES;
	case HV_STATUS_INVALID_HYPERCALL_CODE:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_errno);

/**
 * vpart_hv_post - HvCallPostMessageDirect: a message into a slot of VTL0
 * @vp: VP index
 * @sint: SINT, below 16
 * @payload: message
 * @len: its bytes, up to VMBUS_MSG_MAX
 *
 * Context: any but NMI, also with interrupts off.
 * Return: 0, -EAGAIN while the slot is in use, or as vpart_hv_errno().
 */
int vpart_hv_post(u32 vp, u8 sint, const void *payload, u32 len)
{
	struct vmbus_hv_post_direct in = {
		.partition = cpu_to_le64(VMBUS_HV_SELF),
		.vp = cpu_to_le32(vp),
		.vtl = VPART_VTL_GUEST,
		.sint = sint,
		.message.type = cpu_to_le32(VMBUS_MSG_TYPE_HV),
		.message.size = len,
	};

	memcpy(in.message.payload, payload, len);
	return vpart_hv_errno(vpart_hv_call(VMBUS_HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in),
					    NULL, 0));
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_post);

/**
 * vpart_hv_signal - HvCallSignalEventDirect: an event flag of VTL0
 * @vp: VP index
 * @sint: SINT, below 16
 * @flag: event flag, below 2048
 *
 * Context: any but NMI, also with interrupts off.
 * Return: 1 if it was clear, 0 if it was set already, or as vpart_hv_errno().
 */
int vpart_hv_signal(u32 vp, u8 sint, u16 flag)
{
	struct vmbus_hv_signal_direct in = {
		.partition = cpu_to_le64(VMBUS_HV_SELF),
		.vp = cpu_to_le32(vp),
		.vtl = VPART_VTL_GUEST,
		.sint = sint,
		.flag = cpu_to_le16(flag),
	};
	struct vmbus_hv_signal_direct_out out = {};
	int err;

	err = vpart_hv_errno(vpart_hv_call(VMBUS_HVCALL_SIGNAL_EVENT_DIRECT, &in, sizeof(in),
					   &out, sizeof(out)));
	return err ?: !!out.newly_signaled;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_signal);

/**
 * vpart_hv_post_message - HvCallPostMessage: a message of this kernel to the host
 * @connection_id: connection
 * @payload: message
 * @len: its bytes, up to VMBUS_MSG_MAX
 *
 * Context: any but NMI, also with interrupts off.
 * Return: an HV_STATUS code.
 */
u16 vpart_hv_post_message(u32 connection_id, const void *payload, u32 len)
{
	struct vmbus_hv_post_message in = {
		.connection_id = cpu_to_le32(connection_id),
		.type = cpu_to_le32(VMBUS_MSG_TYPE_HV),
		.size = cpu_to_le32(len),
	};

	memcpy(in.payload, payload, len);
	return FIELD_GET(VMBUS_HVCALL_STATUS,
			 vpart_hv_call(VMBUS_HVCALL_POST_MESSAGE, &in, sizeof(in), NULL, 0));
}
EXPORT_SYMBOL_GPL(vpart_hv_post_message);

/**
 * vpart_hv_signal_event - HvCallSignalEvent: an event of this kernel for the host
 * @connection_id: connection
 * @flag: event flag, counted from the connection's first
 *
 * Context: any, also with interrupts off.
 * Return: an HV_STATUS code.
 */
u16 vpart_hv_signal_event(u32 connection_id, u16 flag)
{
	return FIELD_GET(VMBUS_HVCALL_STATUS,
			 vpart_hv_call_fast(VMBUS_HVCALL_SIGNAL_EVENT | VMBUS_HVCALL_FAST,
					    connection_id | (u64)flag << 32));
}
EXPORT_SYMBOL_GPL(vpart_hv_signal_event);

/**
 * vpart_hv_intercept_synic - HvCallInstallIntercept: get VTL0's posts and signals
 *	to connections that the hypervisor does not know
 * @on: get them, or no more
 *
 * Context: any but NMI.
 * Return: 0 or as vpart_hv_errno().
 */
int vpart_hv_intercept_synic(bool on)
{
	struct vmbus_hv_install_intercept in = {
		.partition = cpu_to_le64(VMBUS_HV_SELF),
		.access = cpu_to_le32(on ? VMBUS_HV_INTERCEPT_EXECUTE : 0),
		.type = cpu_to_le32(VMBUS_HV_INTERCEPT_SYNIC),
	};

	return vpart_hv_errno(vpart_hv_call(VMBUS_HVCALL_INSTALL_INTERCEPT, &in, sizeof(in),
					    NULL, 0));
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_intercept_synic);

static int vpart_hv_get_register(u32 vp, u8 vtl, u32 name, u64 *value)
{
	struct vmbus_hv_get_register in = {
		.partition = cpu_to_le64(VMBUS_HV_SELF),
		.vp = cpu_to_le32(vp),
		.vtl = vtl,
		.name = cpu_to_le32(name),
	};
	struct vmbus_hv_register_value out = {};
	int err;

	err = vpart_hv_errno(vpart_hv_call(VMBUS_HVCALL_GET_VP_REGISTERS |
					   FIELD_PREP(VMBUS_HVCALL_REP_COUNT, 1),
					   &in, sizeof(in), &out, sizeof(out)));
	*value = le64_to_cpu(out.low);
	return err;
}

static int vpart_hv_set_register(u32 vp, u8 vtl, u32 name, u64 value)
{
	struct vmbus_hv_set_register in = {
		.partition = cpu_to_le64(VMBUS_HV_SELF),
		.vp = cpu_to_le32(vp),
		.vtl = vtl,
		.name = cpu_to_le32(name),
		.value.low = cpu_to_le64(value),
	};

	return vpart_hv_errno(vpart_hv_call(VMBUS_HVCALL_SET_VP_REGISTERS |
					    FIELD_PREP(VMBUS_HVCALL_REP_COUNT, 1),
					    &in, sizeof(in), NULL, 0));
}

/**
 * vpart_hv_notify - ask to be told when slots of VTL0 are free
 * @vp: VP index
 * @sints: mask of SINTs
 *
 * The answer is an intercept of the VP, of type VMBUS_HVMSG_DELIVERABLE, once.
 *
 * The register also holds what a monitor in user space asked for, who writes it
 * from the VP's own CPU: called there, neither loses a bit of the other.
 *
 * Context: any but NMI.
 * Return: 0 or as vpart_hv_errno().
 */
int vpart_hv_notify(u32 vp, u16 sints)
{
	unsigned long flags;
	u64 value;
	int err;

	local_irq_save(flags);
	err = vpart_hv_get_register(vp, VPART_HV_VTL0, VMBUS_HV_REG_NOTIFICATIONS, &value);
	if (!err)
		err = vpart_hv_set_register(vp, VPART_HV_VTL0, VMBUS_HV_REG_NOTIFICATIONS,
					    value | (u64)sints << VMBUS_HV_NOTIFY_SINTS);
	local_irq_restore(flags);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_notify);

/**
 * vpart_hv_set_rip - where a VP of VTL0 goes on
 * @vp: VP index
 * @rip: address
 *
 * The other registers but RSP and RFLAGS are shared by all VTLs: whoever runs VTL0 keeps
 * them meanwhile.
 *
 * Context: any but NMI, on the VP's own CPU.
 * Return: 0 or as vpart_hv_errno().
 */
int vpart_hv_set_rip(u32 vp, u64 rip)
{
	return vpart_hv_set_register(vp, VPART_HV_VTL0, VMBUS_HV_REG_RIP, rip);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_set_rip);

/**
 * vpart_hv_intercept_unmapped - get VTL0's accesses to addresses that are not mapped
 * @on: get all of them, or leave them to the host
 *
 * The register has more of what VTL2 wants of the hypervisor, and mshv_vtl and a monitor
 * write it, too, when they begin.
 *
 * Context: any but NMI; one call at a time.
 * Return: 1 if that is a change, 0 if it was so already, -EOPNOTSUPP if the hypervisor
 * cannot do it, or as vpart_hv_errno().
 */
int vpart_hv_intercept_unmapped(bool on)
{
	u64 capabilities, config;
	int err;

	err = vpart_hv_get_register(VMBUS_HV_VP_SELF, VMBUS_HV_OWN_VTL,
				    VMBUS_HV_REG_VSM_CAPABILITIES, &capabilities);
	if (!err && !(capabilities & VMBUS_HV_CAN_INTERCEPT_UNMAPPED))
		err = -EOPNOTSUPP;
	if (!err)
		err = vpart_hv_get_register(VMBUS_HV_VP_SELF, VMBUS_HV_OWN_VTL,
					    VMBUS_HV_REG_VSM_CONFIG, &config);
	if (err || on == !!(config & VMBUS_HV_INTERCEPT_UNMAPPED))
		return err;
	err = vpart_hv_set_register(VMBUS_HV_VP_SELF, VMBUS_HV_OWN_VTL, VMBUS_HV_REG_VSM_CONFIG,
				    config ^ VMBUS_HV_INTERCEPT_UNMAPPED);
	return err ?: 1;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_intercept_unmapped);
