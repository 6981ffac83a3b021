// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: requests of a guest about a device, and their answers.
 */
#include <linux/module.h>
#include <vmbus/compat.h>

#include "vpci_bus_test.h"

/* ---- what is refused ------------------------------------------------------------------- */

/**
 * struct va_type - a kind of request
 * @name: for messages
 * @type: VPCI_MSG_*
 * @min: bytes that there must be
 * @slot: it is about a device
 * @status: of an answer to zeros, where it is the whole of it
 */
struct va_type {
	const char *name;
	u32 type;
	u32 min;
	bool slot;
	u32 status;
};

static const struct va_type va_types[] = {
	{ "query", VPCI_MSG_QUERY_BUS_RELATIONS, 4 },
	{ "D0 entry", VPCI_MSG_D0_ENTRY, 16, .status = VPCI_STATUS_SUCCESS },
	{ "D0 exit", VPCI_MSG_D0_EXIT, 4, .status = VPCI_STATUS_SUCCESS },
	{ "power", VPCI_MSG_POWER, 16, true, VPCI_STATUS_BAD_DATA },
	{ "requirements", VPCI_MSG_REQUIREMENTS, 8, true },
	{ "resources", VPCI_MSG_GET_RESOURCES, 32, true },
	{ "read block", VPCI_MSG_READ_BLOCK, 16, .status = VPCI_STATUS_BAD_DATA },
	{ "write block", VPCI_MSG_WRITE_BLOCK, 16, .status = VPCI_STATUS_BAD_DATA },
	{ "eject complete", VPCI_MSG_EJECT_COMPLETE, 8, true, VPCI_STATUS_BAD_DATA },
	{ "assigned", VPCI_MSG_ASSIGNED_RESOURCES, 136, true },
	{ "assigned 2", VPCI_MSG_ASSIGNED_RESOURCES2, 136, true },
	{ "assigned 3", VPCI_MSG_ASSIGNED_RESOURCES3, 136, true },
	{ "release", VPCI_MSG_RELEASE_RESOURCES, 8, true, VPCI_STATUS_SUCCESS },
	{ "create", VPCI_MSG_CREATE_INTERRUPT, 24, true, VPCI_STATUS_BAD_DATA },
	{ "create 2", VPCI_MSG_CREATE_INTERRUPT2, 78, true, VPCI_STATUS_BAD_DATA },
	{ "create 3", VPCI_MSG_CREATE_INTERRUPT3, 82, true, VPCI_STATUS_BAD_DATA },
	{ "delete", VPCI_MSG_DELETE_INTERRUPT, 24, true, VPCI_STATUS_BAD_DATA },
	{ "delete 2", VPCI_MSG_DELETE_INTERRUPT2, 24, true, VPCI_STATUS_BAD_DATA },
	{ "reset", VPCI_MSG_RESET_DEVICE, 8, true, VPCI_STATUS_SUCCESS },
	{ "TDISP", VPCI_MSG_TDISP, 16, true, VPCI_STATUS_NOT_SUPPORTED },
};

static void va_describe(const struct va_type *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->name);
}

KUNIT_ARRAY_PARAM(va, va_types, va_describe);

/* Any length that is too short, and one that is not. */
static void vpci_answer_length_test(struct kunit *test)
{
	const struct va_type *c = test->param_value;
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);
	u32 len;

	vt_add(test, vt, 0);
	for (len = 0; len < c->min; len++) {
		memset(vt->packet, 0, 256);
		vt_expect_status(test, vt, vt_send(vt, c->type, 0, len), VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
		/* Nothing is sent to who does not ask for it. */
		KUNIT_EXPECT_EQ(test, vt_post(vt, len, false), VPCI_BUS_DONE);
	}
	memset(vt->packet, 0, 256);
	KUNIT_EXPECT_EQ(test, vt_send(vt, c->type, 0, c->min), VPCI_BUS_REPLY);
	if (vt->bus.reply_len)
		KUNIT_EXPECT_EQ(test, vt_status(vt), c->type == VPCI_MSG_GET_RESOURCES ?
				0x00010001 : c->status);
	KUNIT_EXPECT_EQ(test, vt->created, 0);
}

/* What is about a device needs one. */
static void vpci_answer_slot_test(struct kunit *test)
{
	static const u32 slots[] = { 1, 0x20, 0xfe, 0xff, 0x100, 0x80000000, U32_MAX };
	const struct va_type *c = test->param_value;
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);
	unsigned int i;
	u32 expected;

	vt_add(test, vt, 0);
	expected = c->slot ? VPCI_STATUS_BAD_DATA : c->status;
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		memset(vt->packet, 0, 256);
		KUNIT_EXPECT_EQ(test, vt_send(vt, c->type, slots[i], 200), VPCI_BUS_REPLY);
		if (vt->bus.reply_len)
			KUNIT_EXPECT_EQ_MSG(test, vt_status(vt), expected, "slot %#x", slots[i]);
	}
}

/* Messages that there are not, and those that only go the other way. */
static void vpci_answer_unknown_test(struct kunit *test)
{
	static const u32 types[] = {
		VPCI_MSG_BUS_RELATIONS, VPCI_MSG_BUS_RELATIONS2, VPCI_MSG_INVALIDATE_DEVICE,
		VPCI_MSG_INVALIDATE_BUS, VPCI_MSG_INVALIDATE_BLOCK, VPCI_MSG_EJECT,
		VPCI_MSG_QUERY_STOP, VPCI_MSG_RE_ENABLE, VPCI_MSG_QUERY_STOP_FAILED,
		0x4249001e, 0x424900ff, 0x42490100, 0x42480005, 0, U32_MAX,
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);
	unsigned int i;

	vt_add(test, vt, 0);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		vt_expect_status(test, vt, vt_send(vt, types[i], 0, 64), VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_EQ(test, vt_post(vt, 64, false), VPCI_BUS_DONE);
	}
	KUNIT_EXPECT_EQ(test, vt->bus.state, VPCI_BUS_READY);
}

static void vpci_answer_form_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);

	vt_add(test, vt, 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_REQUIREMENTS, 0, VPCI_MAX_MESSAGE),
			VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 28);
	vt_expect_status(test, vt, vt_post(vt, VPCI_MAX_MESSAGE + 1, true),
			 VPCI_STATUS_BAD_DATA);
	vt_expect_status(test, vt, vt_packet(vt, VM_PKT_DATA_USING_GPA_DIRECT, 1, 8),
			 VPCI_STATUS_BAD_DATA);
	vt_expect_status(test, vt, vt_packet(vt, VM_PKT_DATA_USING_XFER_PAGES, 1, 8),
			 VPCI_STATUS_BAD_DATA);
}

/* ---- resources ------------------------------------------------------------------------- */

static void vpci_answer_requirements_test(struct kunit *test)
{
	static const u8 bytes[28] = {
		0, 0, 0, 0, 0x0c, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff,
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);

	vt_add(test, vt, 0x21);
	memset(vt->reply, 0xff, 32);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_REQUIREMENTS, 0x21, 8), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 28);
	KUNIT_EXPECT_MEMEQ(test, vt->reply, bytes, 28);
}

static struct vpci_assigned_resources *va_assigned(struct vt *vt, u32 msis)
{
	struct vpci_assigned_resources *msg = (void *)vt->packet;

	memset(vt->packet, 0, VPCI_MAX_MESSAGE);
	msg->msis = cpu_to_le32(msis);
	return msg;
}

static void vpci_answer_resources_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	struct vpci_assigned_resources *msg;
	struct vpci_resources_reply *reply = (void *)vt->reply;
	struct vpci_resource resources[VPCI_BARS] = { };

	/* Whatever is in the registers: nobody has assigned it. */
	fn->regs[6] = 0xf9000000;
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_GET_RESOURCES, 0, 32), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 128);
	KUNIT_EXPECT_MEMEQ(test, vt->reply, "\1\0\1\0\6\0\0\0", 8);
	KUNIT_EXPECT_MEMEQ(test, reply->resources, resources, sizeof(resources));

	msg = va_assigned(vt, 0);
	vpci_resource_put(&msg->resources[0], 0x1200000000, 0x4000);
	vpci_resource_put(&msg->resources[2], 0xf8010000, 0x10000);
	memcpy(resources, msg->resources, sizeof(resources));
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_ASSIGNED_RESOURCES2, 0, 136),
			VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 136);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	KUNIT_EXPECT_EQ(test, fn->regs[4], 0);
	KUNIT_EXPECT_EQ(test, fn->regs[5], 0x12);
	KUNIT_EXPECT_EQ(test, fn->regs[6], 0xf8010000);
	KUNIT_EXPECT_EQ(test, fn->regs[7], 0);

	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_GET_RESOURCES, 0, 32), VPCI_BUS_REPLY);
	KUNIT_EXPECT_MEMEQ(test, reply->resources, resources, sizeof(resources));

	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RELEASE_RESOURCES, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, fn->regs[5], 0);
	KUNIT_EXPECT_EQ(test, fn->regs[6], 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_GET_RESOURCES, 0, 32), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, reply->resources[2].type, 0);
}

/* One wrong address, and no register is touched. */
static void vpci_answer_bad_bar_test(struct kunit *test)
{
	static const struct { u8 bar; u64 address, len; } bad[] = {
		{ 0, 0x2000, 0x4000 }, { 1, 0x4000, 0x4000 }, { 2, 0xf9000000, 0x20000 },
		{ 2, 0x100000000, 0x10000 }, { 3, 0xf9000000, 0x1000 },
		/* where the window is */
		{ 0, 0xf8000000, 0x4000 }, { 2, 0xf8000000, 0x10000 },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	struct vpci_assigned_resources *msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		msg = va_assigned(vt, 0);
		vpci_resource_put(&msg->resources[0], 0x1200000000, 0x4000);
		vpci_resource_put(&msg->resources[bad[i].bar], bad[i].address, bad[i].len);
		vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_ASSIGNED_RESOURCES, 0, 136),
				 VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
		KUNIT_EXPECT_EQ_MSG(test, fn->regs[5], 0, "case %u", i);
		KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
	}
	/* Without a window there is nothing in the way. */
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_D0_EXIT, 0, 8), 0);
	msg = va_assigned(vt, 0);
	vpci_resource_put(&msg->resources[2], 0xf8000000, 0x10000);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_ASSIGNED_RESOURCES, 0, 136), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
}

/* ---- power, reset ---------------------------------------------------------------------- */

static void vpci_answer_power_test(struct kunit *test)
{
	static const struct { u32 state; bool good; u32 command; } table[] = {
		{ 1, true, 0x00100406 }, { 4, true, 0x00100404 }, { 0, false, 0x00100404 },
		{ 1, true, 0x00100406 }, { 2, false, 0x00100406 }, { 3, false, 0x00100406 },
		{ 5, false, 0x00100406 }, { U32_MAX, false, 0x00100406 }, { 4, true, 0x00100404 },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vpci_power *msg = (void *)vt->packet, *reply = (void *)vt->reply;
	struct vt_fn *fn = vt_add(test, vt, 0x21);
	unsigned int i, told = 0;

	fn->regs[1] = 0x00100404;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		msg->state = cpu_to_le32(table[i].state);
		memset(vt->reply, 0xff, 16);
		if (!table[i].good) {
			vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_POWER, 0x21, 16),
					 VPCI_STATUS_BAD_DATA);
		} else {
			KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_POWER, 0x21, 16),
					VPCI_BUS_REPLY);
			KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 16);
			KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->slot), 0x21);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->state), table[i].state);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->reserved), 0);
			KUNIT_EXPECT_EQ(test, vt->power, table[i].state);
			told++;
		}
		KUNIT_EXPECT_EQ_MSG(test, fn->regs[1], table[i].command, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vt->powers, told, "case %u", i);
	}
}

static enum vpci_bus_verdict va_power(struct vt *vt, u32 state)
{
	((struct vpci_power *)vt->packet)->state = cpu_to_le32(state);
	return vt_send(vt, VPCI_MSG_POWER, 0x21, sizeof(struct vpci_power));
}

static void va_expect_power(struct kunit *test, const struct vt *vt,
			    enum vpci_bus_verdict verdict, u32 state)
{
	const struct vpci_power *reply = (const void *)vt->reply;

	KUNIT_EXPECT_EQ(test, verdict, VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, sizeof(*reply));
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->slot), 0x21);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->state), state);
}

/* The host has a say, after the memory was switched. */
static void vpci_answer_slow_power_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0x21);
	struct vpci_bus_ops none = vt_ops;

	vt->power_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, va_power(vt, VPCI_POWER_D0), VPCI_BUS_PENDING);
	KUNIT_EXPECT_TRUE(test, fn->regs[1] & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie + 1, 0, NULL), VPCI_BUS_STALE);
	va_expect_power(test, vt, vpci_bus_done(&vt->bus, vt->cookie, 0, NULL), VPCI_POWER_D0);
	KUNIT_EXPECT_EQ(test, va_power(vt, VPCI_POWER_D3), VPCI_BUS_PENDING);
	KUNIT_EXPECT_FALSE(test, fn->regs[1] & PCI_COMMAND_MEMORY);
	vt_expect_status(test, vt, vpci_bus_done(&vt->bus, vt->cookie, -EREMOTEIO, NULL),
			 VPCI_STATUS_UNSUCCESSFUL);
	vt->power_err = -ENODEV;
	vt_expect_status(test, vt, va_power(vt, VPCI_POWER_D0), VPCI_STATUS_NO_SUCH_DEVICE);
	KUNIT_EXPECT_EQ(test, vt->powers, 3);

	/* It would switch on memory that must not be. */
	fn->dark = true;
	vt->power_err = 0;
	vt_expect_status(test, vt, va_power(vt, VPCI_POWER_D0), VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, vt->powers, 3);
	va_expect_power(test, vt, va_power(vt, VPCI_POWER_D3), VPCI_POWER_D3);
	KUNIT_EXPECT_EQ(test, vt->powers, 4);
	fn->dark = false;

	/* Without one, the memory is all that there is. */
	none.power = NULL;
	vt->bus.ops = &none;
	va_expect_power(test, vt, va_power(vt, VPCI_POWER_D0), VPCI_POWER_D0);
	KUNIT_EXPECT_EQ(test, vt->powers, 4);
	vt->bus.ops = &vt_ops;
}

static void vpci_answer_reset_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_GE);
	struct vpci_bus_ops none = vt_ops;

	vt_add(test, vt, 0);
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, vt->resets, 1);
	vt->reset_err = -EIO;
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8),
			 VPCI_STATUS_UNSUCCESSFUL);
	vt->reset_err = -EOPNOTSUPP;
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8),
			 VPCI_STATUS_NOT_SUPPORTED);
	none.reset = NULL;
	vt->bus.ops = &none;
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8),
			 VPCI_STATUS_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, vt->resets, 3);
	vt->bus.ops = &vt_ops;
}

static void vpci_answer_slow_reset_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_GE);

	vt_add(test, vt, 0);
	vt->reset_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8), VPCI_BUS_PENDING);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie + 1, 0, NULL), VPCI_BUS_STALE);
	vt_expect_status(test, vt, vpci_bus_done(&vt->bus, vt->cookie, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, NULL), VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_RESET_DEVICE, 0, 8), VPCI_BUS_PENDING);
	vt_expect_status(test, vt, vpci_bus_done(&vt->bus, vt->cookie, -EIO, NULL),
			 VPCI_STATUS_UNSUCCESSFUL);
	/* Nobody waits for the end of this one. */
	KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_PENDING);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, NULL), VPCI_BUS_DONE);
}

static void vpci_answer_tdisp_test(struct kunit *test)
{
	static const struct { u64 length; u32 len; u32 status; } table[] = {
		{ 0, 16, VPCI_STATUS_NOT_SUPPORTED }, { 8, 24, VPCI_STATUS_NOT_SUPPORTED },
		{ 9, 24, VPCI_STATUS_BAD_DATA }, { 1, 16, VPCI_STATUS_BAD_DATA },
		{ U64_MAX, 24, VPCI_STATUS_BAD_DATA },
		{ 0x100000000, 24, VPCI_STATUS_BAD_DATA },
		{ VPCI_MAX_MESSAGE - 16, VPCI_MAX_MESSAGE, VPCI_STATUS_NOT_SUPPORTED },
		{ VPCI_MAX_MESSAGE - 15, VPCI_MAX_MESSAGE, VPCI_STATUS_BAD_DATA },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);
	struct vpci_tdisp *msg = (void *)vt->packet;
	unsigned int i;

	vt_add(test, vt, 0);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		msg->length = cpu_to_le64(table[i].length);
		vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_TDISP, 0, table[i].len),
				 table[i].status);
	}
}

/* ---- interrupts ------------------------------------------------------------------------ */

/* A request as Linux makes it, padded to 8 bytes. */
static enum vpci_bus_verdict va_create(struct vt *vt, enum vpci_msi_form form, u32 slot,
				       u16 count)
{
	static const u32 types[] = {
		0, VPCI_MSG_CREATE_INTERRUPT, VPCI_MSG_CREATE_INTERRUPT2,
		VPCI_MSG_CREATE_INTERRUPT3,
	};
	static const u32 lens[] = { 0, 24, 80, 88 };
	struct vpci_msi_request request = {
		.vector = 65, .count = count, .nprocs = 1, .procs = { 2 },
	};

	memset(vt->packet, 0, 128);
	if (vpci_msi_build(form, &request, vt->packet + 8) < 0)
		return VPCI_BUS_STALE;
	return vt_send(vt, types[form], slot, lens[form]);
}

static enum vpci_bus_verdict va_delete(struct vt *vt, u32 type, u64 address, u32 data)
{
	struct vpci_delete_interrupt *msg = (void *)vt->packet;
	struct vpci_msi msi = { .address = address, .data = data, .count = 0x1234 };

	vpci_msi_put(&msg->remapped, &msi);
	return vt_send(vt, type, 0, sizeof(*msg));
}

static void va_expect_created(struct kunit *test, const struct vt *vt,
			      enum vpci_bus_verdict verdict, u32 data, u16 count)
{
	const struct vpci_create_interrupt_reply *reply = (void *)vt->reply;

	KUNIT_EXPECT_EQ_MSG(test, verdict, VPCI_BUS_REPLY, "interrupt %u", data);
	KUNIT_EXPECT_EQ_MSG(test, vt->bus.reply_len, 24, "interrupt %u", data);
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->status), 0, "interrupt %u", data);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->reserved), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(reply->remapped.reserved), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(reply->remapped.address), VT_MSI);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->remapped.data), data);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(reply->remapped.count), count);
}

/* The count in the answer is never 0: Linux would not delete such an interrupt. */
static void vpci_answer_create_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		memset(vt->reply, 0xff, 32);
		va_expect_created(test, vt, va_create(vt, form, 0, form), form, form);
		KUNIT_EXPECT_EQ(test, vt->request.vector, 65);
		KUNIT_EXPECT_EQ(test, vt->request.count, form);
		KUNIT_EXPECT_EQ(test, vt->request.nprocs, 1);
		KUNIT_EXPECT_EQ(test, vt->request.procs[0], 2);
		KUNIT_EXPECT_EQ(test, fn->fn.msis.n, form);
	}
}

static void vpci_answer_limits_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		vt_expect_status(test, vt, va_create(vt, form, 0, 0), VPCI_STATUS_BAD_DATA);
		vt_expect_status(test, vt, va_create(vt, form, 0, 33), VPCI_STATUS_BAD_DATA);
		vt_expect_status(test, vt, va_create(vt, form, 1, 1), VPCI_STATUS_BAD_DATA);
		/* A VP that is not there. */
		vt->bus.vps = 2;
		vt_expect_status(test, vt, va_create(vt, form, 0, 1), VPCI_STATUS_BAD_DATA);
		vt->bus.vps = 0;
		/* Who does not want to know gets none. */
		va_create(vt, form, 1, 1);
		((struct vpci_slot_msg *)vt->packet)->slot = 0;
		KUNIT_EXPECT_EQ(test, vt_post(vt, 88, false), VPCI_BUS_DONE);
	}
	KUNIT_EXPECT_EQ(test, vt->created, 0);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V3, 0, 32), 1, 32);
}

static void vpci_answer_full_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int i;

	for (i = 1; i <= 494; i++)
		va_expect_created(test, vt, va_create(vt, VPCI_MSI_V2, 0, 1), i, 1);
	vt_expect_status(test, vt, va_create(vt, VPCI_MSI_V2, 0, 1), VPCI_STATUS_NO_RESOURCES);
	KUNIT_EXPECT_EQ(test, vt->created, 494);
	/* Another device has its own. */
	vt_add(test, vt, 1);
	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V2, 1, 1), 495, 1);
	vt_expect_status(test, vt, va_delete(vt, VPCI_MSG_DELETE_INTERRUPT, VT_MSI, 7), 0);
	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V2, 0, 1), 496, 1);
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_RELEASE_RESOURCES, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, fn->deleted, 495);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
}

static void vpci_answer_create_failed_test(struct kunit *test)
{
	static const struct { int err; u32 status; } table[] = {
		{ -EIO, VPCI_STATUS_UNSUCCESSFUL }, { -EINVAL, VPCI_STATUS_BAD_DATA },
		{ -ENODEV, VPCI_STATUS_NO_SUCH_DEVICE }, { -ENOSPC, VPCI_STATUS_NO_RESOURCES },
		{ -ENOMEM, VPCI_STATUS_NO_RESOURCES }, { -ERANGE, VPCI_STATUS_UNSUCCESSFUL },
		{ -EOPNOTSUPP, VPCI_STATUS_NOT_SUPPORTED },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		vt->create_err = table[i].err;
		vt_expect_status(test, vt, va_create(vt, VPCI_MSI_V3, 0, 1), table[i].status);
	}
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
	KUNIT_EXPECT_EQ(test, fn->deleted, 0);
}

/* An interrupt that the device has already is not given back: it is in use. */
static void vpci_answer_twice_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);

	vt->same = true;
	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V3, 0, 1), 1, 1);
	vt_expect_status(test, vt, va_create(vt, VPCI_MSI_V3, 0, 1), VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 1);
	KUNIT_EXPECT_EQ(test, fn->deleted, 0);
}

static void vpci_answer_slow_create_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	struct vpci_msi msi = vt_msi(77);
	u64 old;

	vt->create_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, va_create(vt, VPCI_MSI_V3, 0, 4), VPCI_BUS_PENDING);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie + 1, 0, &msi), VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, 0, 0, &msi), VPCI_BUS_STALE);
	va_expect_created(test, vt, vpci_bus_done(&vt->bus, vt->cookie, 0, &msi), 77, 4);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 1);
	/* Once only. */
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, &msi), VPCI_BUS_STALE);
	old = vt->cookie;
	KUNIT_EXPECT_EQ(test, va_create(vt, VPCI_MSI_V3, 0, 1), VPCI_BUS_PENDING);
	KUNIT_EXPECT_NE(test, vt->cookie, old);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, old, 0, &msi), VPCI_BUS_STALE);
	vt_expect_status(test, vt, vpci_bus_done(&vt->bus, vt->cookie, -EIO, NULL),
			 VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 1);
}

/* One request at a time; what is given up is answered, and comes too late then. */
static void vpci_answer_abort_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vpci_msi msi = vt_msi(77);
	struct vt_fn *fn = vt_add(test, vt, 0);

	KUNIT_EXPECT_EQ(test, vpci_bus_abort(&vt->bus, -ETIMEDOUT), VPCI_BUS_DONE);
	vt->create_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, va_create(vt, VPCI_MSI_V3, 0, 1), VPCI_BUS_PENDING);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_REQUIREMENTS, 0, 8), VPCI_BUS_BROKEN);
	vt_expect_status(test, vt, vpci_bus_abort(&vt->bus, -ETIMEDOUT),
			 VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, &msi), VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_REQUIREMENTS, 0, 8), VPCI_BUS_REPLY);
	/* So it is when the guest closes the channel. */
	KUNIT_EXPECT_EQ(test, va_create(vt, VPCI_MSI_V3, 0, 1), VPCI_BUS_PENDING);
	vpci_bus_close(&vt->bus);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, &msi), VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
}

static void vpci_answer_removed_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *a = vt_add(test, vt, 0), *b = vt_add(test, vt, 1);
	struct vpci_msi msi = vt_msi(77);

	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V3, 0, 1), 1, 1);
	vt->create_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, va_create(vt, VPCI_MSI_V3, 0, 1), VPCI_BUS_PENDING);
	/* The other one is not waited for. */
	KUNIT_EXPECT_EQ(test, vpci_bus_remove(&vt->bus, &b->fn), VPCI_BUS_DONE);
	vt_expect_status(test, vt, vpci_bus_remove(&vt->bus, &a->fn), VPCI_STATUS_NO_SUCH_DEVICE);
	KUNIT_EXPECT_EQ(test, a->deleted, 1);
	KUNIT_EXPECT_EQ(test, vpci_bus_done(&vt->bus, vt->cookie, 0, &msi), VPCI_BUS_STALE);
}

static void vpci_answer_delete_test(struct kunit *test)
{
	static const u32 types[] = { VPCI_MSG_DELETE_INTERRUPT, VPCI_MSG_DELETE_INTERRUPT2 };
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		vt->created = 0;
		va_expect_created(test, vt, va_create(vt, VPCI_MSI_V3, 0, 4), 1, 4);
		vt_expect_status(test, vt, va_delete(vt, types[i], VT_MSI, 2),
				 VPCI_STATUS_BAD_DATA);
		vt_expect_status(test, vt, va_delete(vt, types[i], VT_MSI + 4, 1),
				 VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_EQ(test, fn->deleted, i);
		/* As Linux does it; how many it says there are does not count. */
		if (i) {
			vt_expect_status(test, vt, va_delete(vt, types[i], VT_MSI, 1), 0);
		} else {
			va_delete(vt, 0, VT_MSI, 1);
			((__le32 *)vt->packet)[0] = cpu_to_le32(types[i]);
			KUNIT_EXPECT_EQ(test, vt_post(vt, 24, false), VPCI_BUS_DONE);
		}
		KUNIT_EXPECT_EQ(test, fn->deleted, i + 1);
		KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 0);
		vt_expect_status(test, vt, va_delete(vt, types[i], VT_MSI, 1),
				 VPCI_STATUS_BAD_DATA);
	}
}

/* ---- interrupts among resources -------------------------------------------------------- */

static const u32 va_assigned_types[] = {
	0, VPCI_MSG_ASSIGNED_RESOURCES, VPCI_MSG_ASSIGNED_RESOURCES2, VPCI_MSG_ASSIGNED_RESOURCES3,
};

static void va_put(struct vt *vt, enum vpci_msi_form form, u32 i, u16 count)
{
	struct vpci_msi_request request = {
		.vector = 32, .count = count, .nprocs = 1, .procs = { 1 },
	};
	u8 *to = vt->packet + sizeof(struct vpci_assigned_resources) + i * vpci_msi_stride(form);

	if (vpci_msi_build(form, &request, to) < 0)
		memset(to, 0xff, 16);
}

/* @n interrupts, of 1, 2, 3 and again 1 vectors, but for one of none. */
static enum vpci_bus_verdict va_assign(struct vt *vt, enum vpci_msi_form form, u32 n, u32 none)
{
	u32 i;

	va_assigned(vt, n);
	for (i = 0; i < n; i++)
		va_put(vt, form, i, i == none ? 0 : i % 3 + 1);
	return vt_send(vt, va_assigned_types[form], 0, 136 + n * vpci_msi_stride(form));
}

/* Each answer has its place; the third form is answered in the second. */
static void va_expect_assigned(struct kunit *test, struct vt *vt, enum vpci_msi_form form, u32 n,
			       u32 none, u32 data)
{
	const struct vpci_assigned_resources *reply = (void *)vt->reply;
	u32 stride = form == VPCI_MSI_V1 ? 16 : 72;
	const struct vpci_msi_remapped *msi;
	static const u8 zeros[72];
	u32 i;

	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 136 + n * stride);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->type), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply->msis), n);
	for (i = 0; i < n; i++) {
		msi = (const void *)(vt->reply + 136 + i * stride);
		if (i == none) {
			KUNIT_EXPECT_MEMEQ(test, (const u8 *)msi, zeros, stride);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(msi->data), data, "interrupt %u", i);
		KUNIT_EXPECT_EQ_MSG(test, le64_to_cpu(msi->address), VT_MSI, "interrupt %u", i);
		KUNIT_EXPECT_EQ_MSG(test, le16_to_cpu(msi->count), i % 3 + 1, "interrupt %u", i);
		KUNIT_EXPECT_MEMEQ(test, (const u8 *)(msi + 1), zeros, stride - sizeof(*msi));
		data++;
	}
}

static void vpci_answer_assigned_test(struct kunit *test)
{
	static const u32 counts[] = { 0, 1, 2, 33, 494 };
	unsigned int form, i;
	struct vt_fn *fn;
	struct vt *vt;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			vt = vt_running(test, VPCI_VERSION_FE);
			fn = vt_add(test, vt, 0);
			memset(vt->reply, 0xff, VPCI_MAX_REPLY);
			KUNIT_EXPECT_EQ(test, va_assign(vt, form, counts[i], U32_MAX),
					VPCI_BUS_REPLY);
			va_expect_assigned(test, vt, form, counts[i], U32_MAX, 1);
			KUNIT_EXPECT_EQ(test, fn->fn.msis.n, counts[i]);
			KUNIT_EXPECT_TRUE(test, fn->fn.assigned);
		}
	}
}

/* An interrupt of no vectors is none, and keeps its place. */
static void vpci_answer_none_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form, i;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		for (i = 0; i < 4; i++) {
			vt->created = 0;
			KUNIT_EXPECT_EQ(test, va_assign(vt, form, 4, i), VPCI_BUS_REPLY);
			va_expect_assigned(test, vt, form, 4, i, 1);
			KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 3);
			vt_send(vt, VPCI_MSG_RELEASE_RESOURCES, 0, 8);
		}
	}
	/* What OpenHCL sends: none, and room for one. */
	va_assigned(vt, 0);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_ASSIGNED_RESOURCES, 0, 216), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 136);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
}

static void vpci_answer_msis_count_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form, stride;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		stride = vpci_msi_stride(form);
		va_assigned(vt, 2);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0,
						   136 + 2 * stride - 1), VPCI_STATUS_BAD_DATA);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0, 136),
				 VPCI_STATUS_BAD_DATA);
		va_assigned(vt, U32_MAX);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0,
						   VPCI_MAX_MESSAGE), VPCI_STATUS_BAD_DATA);
		/* There is room for them in the first form. */
		va_assigned(vt, 495);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0,
						   VPCI_MAX_MESSAGE), VPCI_STATUS_BAD_DATA);
		va_assigned(vt, U32_MAX / stride + 2);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0,
						   136 + 2 * stride), VPCI_STATUS_BAD_DATA);
	}
	KUNIT_EXPECT_EQ(test, vt->created, 0);
	KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
}

/* The last of many is wrong: nothing is asked for. */
static void vpci_answer_last_bad_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vpci_assigned_resources *msg;
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form, i;

	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		msg = va_assigned(vt, 8);
		vpci_resource_put(&msg->resources[2], 0xf9000000, 0x10000);
		for (i = 0; i < 8; i++)
			va_put(vt, form, i, i == 7 ? 33 : 1);
		vt_expect_status(test, vt, vt_send(vt, va_assigned_types[form], 0, 1024),
				 VPCI_STATUS_BAD_DATA);
	}
	KUNIT_EXPECT_EQ(test, vt->created, 0);
	KUNIT_EXPECT_EQ(test, fn->regs[6], 0);
}

/* The host fails at any one of them: those before it are given back. */
static void vpci_answer_undo_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	unsigned int form, at;

	va_expect_created(test, vt, va_create(vt, VPCI_MSI_V2, 0, 1), 1, 1);
	vt->create_err = -EIO;
	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		for (at = 1; at <= 6; at++) {
			vt->fail_at = 100 + at;
			vt->created = 100;
			fn->deleted = 0;
			vt_expect_status(test, vt, va_assign(vt, form, 6, U32_MAX),
					 VPCI_STATUS_UNSUCCESSFUL);
			KUNIT_EXPECT_EQ(test, fn->deleted, at - 1);
			/* The one from before stays. */
			KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 1);
			KUNIT_EXPECT_EQ(test, fn->fn.msis.msis[0].data, 1);
			KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
		}
	}
}

/* More than a device may have, together with those that it has. */
static void vpci_answer_too_many_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);

	KUNIT_EXPECT_EQ(test, va_assign(vt, VPCI_MSI_V1, 490, U32_MAX), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	vt_expect_status(test, vt, va_assign(vt, VPCI_MSI_V2, 5, U32_MAX),
			 VPCI_STATUS_NO_RESOURCES);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 490);
	KUNIT_EXPECT_EQ(test, fn->deleted, 4);
	KUNIT_EXPECT_EQ(test, va_assign(vt, VPCI_MSI_V2, 4, U32_MAX), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 494);
}

/* Each one takes its time. */
static void vpci_answer_slow_assigned_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	enum vpci_bus_verdict verdict;
	struct vpci_msi msi;
	unsigned int form, i;

	vt->create_err = -EINPROGRESS;
	for (form = VPCI_MSI_V1; form <= VPCI_MSI_V3; form++) {
		vt->created = 0;
		memset(vt->reply, 0xff, VPCI_MAX_REPLY);
		verdict = va_assign(vt, form, 5, 2);
		for (i = 1; i <= 4; i++) {
			KUNIT_ASSERT_EQ(test, verdict, VPCI_BUS_PENDING);
			KUNIT_EXPECT_EQ(test, vt->created, i);
			KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
			msi = vt_msi(200 + i);
			verdict = vpci_bus_done(&vt->bus, vt->cookie, 0, &msi);
		}
		KUNIT_EXPECT_EQ(test, verdict, VPCI_BUS_REPLY);
		va_expect_assigned(test, vt, form, 5, 2, 201);
		KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 4);
		vt_send(vt, VPCI_MSG_RELEASE_RESOURCES, 0, 8);
	}
}

/* It ends in the middle: the host fails, the device or the guest goes. */
static void vpci_answer_slow_undo_test(struct kunit *test)
{
	enum vpci_bus_verdict verdict;
	unsigned int how, i;
	struct vpci_msi msi;
	struct vt_fn *fn;
	struct vt *vt;

	for (how = 0; how < 3; how++) {
		vt = vt_running(test, VPCI_VERSION_FE);
		fn = vt_add(test, vt, 0);
		vt->create_err = -EINPROGRESS;
		verdict = va_assign(vt, VPCI_MSI_V3, 5, U32_MAX);
		for (i = 1; i <= 3; i++) {
			msi = vt_msi(i);
			verdict = vpci_bus_done(&vt->bus, vt->cookie, 0, &msi);
		}
		KUNIT_EXPECT_EQ(test, verdict, VPCI_BUS_PENDING);
		KUNIT_EXPECT_EQ(test, fn->fn.msis.n, 3);
		if (how == 0)
			vt_expect_status(test, vt, vpci_bus_done(&vt->bus, vt->cookie, -EIO, NULL),
					 VPCI_STATUS_UNSUCCESSFUL);
		else if (how == 1)
			vt_expect_status(test, vt, vpci_bus_remove(&vt->bus, &fn->fn),
					 VPCI_STATUS_NO_SUCH_DEVICE);
		else
			vpci_bus_close(&vt->bus);
		KUNIT_EXPECT_EQ_MSG(test, fn->deleted, 3, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, fn->fn.msis.n, 0, "%u", how);
		KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
	}
}

/* ---- a guest as a whole ---------------------------------------------------------------- */

/* The order in which Linux brings a bus up, and down, with the lengths that it uses. */
static void vpci_answer_linux_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct vt_fn *fns[2];
	unsigned int i;

	vpci_bus_ready(&vt->bus);
	fns[0] = vt_add(test, vt, VPCI_SLOT(0, 0));
	fns[1] = vt_add(test, vt, VPCI_SLOT(1, 0));
	KUNIT_EXPECT_EQ(test, vt_version(vt, VPCI_VERSION_FE), VPCI_BUS_REPLY);
	memset(vt->packet, 0, 256);
	((__le32 *)vt->packet)[0] = cpu_to_le32(VPCI_MSG_QUERY_BUS_RELATIONS);
	KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	vpci_bus_relations(&vt->bus, vt->relations);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_REQUIREMENTS, i, 8), VPCI_BUS_REPLY);
		KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 28);
	}
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8000000), 0);
	for (i = 0; i < 2; i++) {
		va_assigned(vt, 0);
		KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_ASSIGNED_RESOURCES2, i, 208),
				VPCI_BUS_REPLY);
		KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	}
	for (i = 0; i < 2; i++)
		va_expect_created(test, vt, va_create(vt, VPCI_MSI_V3, i, 1), i + 1, 1);
	for (i = 2; i-- > 0;) {
		((__le32 *)vt->packet)[0] = cpu_to_le32(VPCI_MSG_RELEASE_RESOURCES);
		((__le32 *)vt->packet)[1] = cpu_to_le32(i);
		KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_DONE);
		KUNIT_EXPECT_EQ(test, fns[i]->deleted, 1);
	}
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_D0_EXIT, 0, 8), 0);
	vpci_bus_close(&vt->bus);
	KUNIT_EXPECT_EQ(test, vt->window, 0);
	KUNIT_EXPECT_EQ(test, fns[0]->created, 1);
	KUNIT_EXPECT_EQ(test, fns[1]->created, 1);
}

/* Anything at all: the answer is one, and the books stay in order. */
static void vpci_answer_noise_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_DT);
	struct vt_fn *fns[3];
	u32 seed = 12345, type, slot, len, fn;
	enum vpci_bus_verdict verdict;
	unsigned int i, k, replies = 0;
	struct vpci_msi msi;

	for (i = 0; i < 3; i++)
		fns[i] = vt_add(test, vt, i);
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < 64; k++) {
			seed = seed * 1664525 + 1013904223;
			/* Mostly small numbers, which get further. */
			((__le32 *)vt->packet)[k] = cpu_to_le32(seed >> (seed & 31));
		}
		type = va_types[(seed >> 8) % ARRAY_SIZE(va_types)].type;
		slot = seed >> 16 & 3;
		len = seed >> 20 & 0xff;
		vt->create_err = seed >> 28 & 1 ? -EINPROGRESS : 0;
		verdict = vt_send(vt, type, slot, len);
		while (verdict == VPCI_BUS_PENDING) {
			msi = vt_msi(vt->created);
			verdict = vpci_bus_done(&vt->bus, vt->cookie, seed & 1 ? -EIO : 0, &msi);
		}
		KUNIT_ASSERT_EQ(test, verdict, VPCI_BUS_REPLY);
		KUNIT_ASSERT_LE(test, vt->bus.reply_len, VPCI_MAX_REPLY);
		if (vt->bus.reply_len > 4)
			replies++;
		for (fn = 0; fn < 3; fn++)
			KUNIT_ASSERT_LE(test, fns[fn]->fn.msis.n, VPCI_MAX_MSIS);
	}
	/* It was not all refused. */
	KUNIT_EXPECT_GT(test, replies, 100);
	vpci_bus_close(&vt->bus);
	for (fn = 0; fn < 3; fn++) {
		KUNIT_EXPECT_EQ(test, fns[fn]->fn.msis.n, 0);
		KUNIT_EXPECT_LE(test, fns[fn]->deleted, fns[fn]->created);
	}
}

static struct kunit_case vpci_answer_cases[] = {
	KUNIT_CASE_PARAM(vpci_answer_length_test, va_gen_params),
	KUNIT_CASE_PARAM(vpci_answer_slot_test, va_gen_params),
	KUNIT_CASE(vpci_answer_unknown_test),
	KUNIT_CASE(vpci_answer_form_test),
	KUNIT_CASE(vpci_answer_requirements_test),
	KUNIT_CASE(vpci_answer_resources_test),
	KUNIT_CASE(vpci_answer_bad_bar_test),
	KUNIT_CASE(vpci_answer_power_test),
	KUNIT_CASE(vpci_answer_slow_power_test),
	KUNIT_CASE(vpci_answer_reset_test),
	KUNIT_CASE(vpci_answer_slow_reset_test),
	KUNIT_CASE(vpci_answer_tdisp_test),
	KUNIT_CASE(vpci_answer_create_test),
	KUNIT_CASE(vpci_answer_limits_test),
	KUNIT_CASE(vpci_answer_full_test),
	KUNIT_CASE(vpci_answer_create_failed_test),
	KUNIT_CASE(vpci_answer_twice_test),
	KUNIT_CASE(vpci_answer_slow_create_test),
	KUNIT_CASE(vpci_answer_abort_test),
	KUNIT_CASE(vpci_answer_removed_test),
	KUNIT_CASE(vpci_answer_delete_test),
	KUNIT_CASE(vpci_answer_assigned_test),
	KUNIT_CASE(vpci_answer_none_test),
	KUNIT_CASE(vpci_answer_msis_count_test),
	KUNIT_CASE(vpci_answer_last_bad_test),
	KUNIT_CASE(vpci_answer_undo_test),
	KUNIT_CASE(vpci_answer_too_many_test),
	KUNIT_CASE(vpci_answer_slow_assigned_test),
	KUNIT_CASE(vpci_answer_slow_undo_test),
	KUNIT_CASE(vpci_answer_linux_test),
	KUNIT_CASE(vpci_answer_noise_test),
	{}
};

static struct kunit_suite vpci_answer_suite = {
	.name = "vpci_answer",
	.test_cases = vpci_answer_cases,
};

kunit_test_suite(vpci_answer_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: requests of a guest");
MODULE_LICENSE("GPL");
