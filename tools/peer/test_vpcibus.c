// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VPCI bus from outside: what the relay promises a guest, and what it refuses.
 *
 * The host has a copy engine in slot 0 and an NVMe controller in slot 1.
 */
#include <string.h>
#include "vpcibus.h"

#define PCI_COMMAND		4
#define COMMAND_MEMORY		2U
#define ID(vendor, device)	((device) << 16 | (vendor))
#define COPY_ID			ID(0x1414U, 0xe9c0U)
#define NVME_ID			ID(0x1414U, 0xb111U)

/* Room for a message that is too long, too */
static u32 message[VPCI_MAX_MESSAGE / 4 + 2];

/* ---- versions -------------------------------------------------------------------------- */

static bool version_refused(struct vpci *v, u32 version)
{
	struct vpci_query_version msg = { .type = VPCI_MSG_QUERY_VERSION, .version = version };

	return vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_REVISION_MISMATCH) &&
	       v->answer.version.version == VPCI_VERSION_DT;
}

static void test_version(struct vpci *v, u32 version, u32 list_type)
{
	struct vpci_msg query = { .type = VPCI_MSG_QUERY_BUS_RELATIONS };
	unsigned int lists = v->lists;
	bool good;

	good = vpci_open(v) && vpci_hello(v, version) &&
	       vpci_put(v, &query, sizeof(query), false) &&
	       !vpci_slot_status(v, VPCI_MSG_REQUIREMENTS, SLOT_COPY) && v->lists == lists + 1 &&
	       v->list_type == list_type && v->n == 2;
	ok(vpci_close(v) && good, "version %u.%u, and its list of what the bus has", version >> 16,
	   version & 0xffff);
}

static void test_versions_of(struct vpci *v)
{
	static const u32 unknown[] = {
		0, VPCI_VERSION_WIN8, VPCI_VERSION_DT + 1, VPCI_VERSION(2, 0), U32_MAX
	};
	unsigned int i;
	bool good = true;

	if (!ok(vpci_open(v), "the channel opens"))
		return;
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		good &= version_refused(v, unknown[i]);
	ok(good, "%zu versions that there are not", ARRAY_SIZE(unknown));
	ok(vpci_hello(v, VPCI_VERSION_FE), "and then one that there is");
	ok(vpci_close(v), "closed");
	for (i = VPCI_VERSION_WIN10; i < VPCI_VERSION_VB; i++)
		test_version(v, i, VPCI_MSG_BUS_RELATIONS);
	for (; i <= VPCI_VERSION_DT; i++)
		test_version(v, i, VPCI_MSG_BUS_RELATIONS2);
}

/* ---- what ends the channel --------------------------------------------------------------- */

static bool put_completion(struct vpci *v)
{
	struct vmpacket_descriptor d = { .type = VM_PKT_COMP, .offset8 = sizeof(d) / 8 };
	u64 status = 0;

	if (!ring_put_packet(&v->c.out, &d, &status, sizeof(status)))
		return false;
	channel_send(&v->c);
	return true;
}

/* A completion, or a request that asks for one */
static bool put_any(struct vpci *v, u32 type, u32 len)
{
	message[0] = type;
	message[1] = VPCI_VERSION_FE;
	return type ? vpci_put(v, message, len, true) : put_completion(v);
}

static void test_broken(struct vpci *v)
{
	static const struct {
		const char *what;
		bool hello;
		u32 type;	/* 0: a completion */
		u32 len;
	} cases[] = {
		{ "a request ahead of the version", false, VPCI_MSG_D0_EXIT, 8 },
		{ "nothing ahead of the version", false, VPCI_MSG_QUERY_VERSION, 0 },
		{ "a completion ahead of the version", false, 0, 0 },
		{ "a version for the second time", true, VPCI_MSG_QUERY_VERSION, 8 },
		{ "a completion", true, 0, 0 },
		{ "a message longer than any", true, VPCI_MSG_D0_EXIT, sizeof(message) },
	};
	unsigned int i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		good = vpci_open(v) && (!cases[i].hello || vpci_hello(v, VPCI_VERSION_FE)) &&
		       put_any(v, cases[i].type, cases[i].len) && vpci_broken(v);
		ok(vpci_close(v) && good, "%s ends the channel", cases[i].what);
	}
	ok(vpci_open(v) && vpci_hello(v, VPCI_VERSION_FE), "which can be opened again");
}

/* ---- what the bus has -------------------------------------------------------------------- */

static bool device_is(const struct vpci_device2 *d, u32 slot, u16 device, u8 class, u8 subclass,
		      u8 prog_if)
{
	const struct vpci_pnp_id *id = &d->v1.id;

	return d->v1.slot == slot && id->vendor == 0x1414 && id->device == device &&
	       id->class == class && id->subclass == subclass && id->prog_if == prog_if &&
	       id->subvendor == 0x1414 && id->subsystem == 1 && id->revision == 1 && d->v1.serial;
}

static bool masks_are(struct vpci *v, u32 slot, const u32 *want)
{
	return !vpci_slot_status(v, VPCI_MSG_REQUIREMENTS, slot) &&
	       !memcmp(v->answer.requirements.masks, want, VPCI_BARS * sizeof(*want));
}

static void test_devices(struct vpci *v)
{
	static const u32 copy[VPCI_BARS] = { 0xfffff000, 0, 0xffff000c, U32_MAX, 0xfffff000, 0 };
	static const u32 nvme[VPCI_BARS] = { 0xffffc004, U32_MAX };
	struct vpci_msg query = { .type = VPCI_MSG_QUERY_BUS_RELATIONS };
	unsigned int lists = v->lists;

	vpci_put(v, &query, sizeof(query), false);
	ok(masks_are(v, SLOT_COPY, copy), "BARs of the copy engine");
	ok(masks_are(v, SLOT_NVME, nvme), "BARs of the controller");
	ok(v->lists == lists + 1, "one list of what the bus has, ahead of answers that follow");
	ok(v->n == 2 && device_is(&v->devices[0], SLOT_COPY, 0xe9c0, 0x08, 0x80, 0) &&
	   device_is(&v->devices[1], SLOT_NVME, 0xb111, 0x01, 0x08, 0x02), "with both functions");
}

/* ---- D0 ---------------------------------------------------------------------------------- */

static bool window_at(struct vpci *v, u64 window)
{
	return vpci_config(v, window, SLOT_COPY, 0, 4) == COPY_ID &&
	       vpci_config(v, window, SLOT_NVME, 0, 4) == NVME_ID &&
	       vpci_config(v, window, SLOT_NOBODY, 0, 4) == U32_MAX;
}

static bool no_window_at(struct vpci *v, u64 window)
{
	return vpci_config(v, window, SLOT_COPY, 0, 4) == U32_MAX;
}

static bool window_refused(struct vpci *v, u64 window)
{
	struct vpci_d0_entry msg = { .type = VPCI_MSG_D0_ENTRY, .window = window };

	return vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA);
}

static void test_d0(struct vpci *v)
{
	struct vpci_msg leave = { .type = VPCI_MSG_D0_EXIT };
	unsigned int lists = v->lists;

	ok(no_window_at(v, WINDOW_A), "no window at first");
	ok(!vpci_enter(v, WINDOW_A) && v->lists == lists + 1,
	   "D0 entry, with a list of what the bus has ahead of the answer");
	ok(window_at(v, WINDOW_A), "a window, to both functions and to nothing");
	ok(!vpci_enter(v, WINDOW_A) && window_at(v, WINDOW_A), "D0 entry once more");
	ok(!vpci_enter(v, WINDOW_B) && window_at(v, WINDOW_B) && no_window_at(v, WINDOW_A),
	   "D0 entry with another window, which takes the place of the first");
	ok(window_refused(v, WINDOW_A + 0x800) && window_refused(v, 1ULL << 52) &&
	   window_refused(v, -4096ULL), "windows that cannot be");
	ok(window_at(v, WINDOW_B), "the last good one stays");
	ok(!vpci_status(v, &leave, sizeof(leave)) && no_window_at(v, WINDOW_B),
	   "D0 exit: the window is gone");
	ok(!vpci_status(v, &leave, sizeof(leave)), "D0 exit once more");
	ok(!vpci_slot_status(v, VPCI_MSG_REQUIREMENTS, SLOT_NVME), "functions are still there");
	lists = v->lists;
	ok(!vpci_enter(v, WINDOW_A) && window_at(v, WINDOW_A) && v->lists == lists + 1,
	   "D0 entry after it");
}

static void test_accesses(struct vpci *v)
{
	static const struct { u64 at; unsigned int size; bool served; } bad[] = {
		{ VPCI_WINDOW_SLOT, 4, true },
		{ VPCI_WINDOW_SLOT, 1, true },
		{ VPCI_WINDOW_CONFIG, 8, true },
		{ VPCI_WINDOW_CONFIG + 1, 2, true },
		{ VPCI_WINDOW_CONFIG + 3, 4, true },
		{ VPCI_WINDOW_SIZE, 4, false },
	};
	u64 refused = vpci_counter(v, "config_refused"), all;
	struct monitor *m = &v->b->m;
	bool good = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		all = bad[i].size == 8 ? ~0ULL : (1ULL << 8 * bad[i].size) - 1;
		good &= monitor_mmio_read(m, WINDOW_A + bad[i].at, bad[i].size) == all;
		refused += bad[i].served;
	}
	ok(good, "reads of the window that are none");
	monitor_mmio_write(m, WINDOW_A + VPCI_WINDOW_SLOT, 2, SLOT_NVME);
	monitor_mmio_write(m, WINDOW_A + VPCI_WINDOW_SLOT + 4, 4, SLOT_NVME);
	monitor_mmio_write(m, WINDOW_A + VPCI_WINDOW_CONFIG + PCI_COMMAND, 8, ~0ULL);
	refused += 3;
	ok(window_at(v, WINDOW_A) && !vpci_config(v, WINDOW_A, SLOT_COPY, PCI_COMMAND, 2),
	   "writes that are none");
	ok(vpci_counter(v, "config_refused") == refused, "each was counted");
	ok(vpci_config(v, WINDOW_A, SLOT_COPY, 2, 2) == COPY_ID >> 16 &&
	   vpci_config(v, WINDOW_A, SLOT_COPY, 1, 1) == (COPY_ID >> 8 & 0xff) &&
	   vpci_config(v, WINDOW_A, SLOT_NVME, VPCI_CONFIG_SIZE - 4, 4) == 0,
	   "reads of 2 bytes, of 1, and of the last ones");
}

/* ---- requests that are none ------------------------------------------------------------- */

static const struct {
	u32 type;
	u32 min;
	bool slot;
} types[] = {
	{ VPCI_MSG_D0_ENTRY, sizeof(struct vpci_d0_entry), false },
	{ VPCI_MSG_POWER, sizeof(struct vpci_power), true },
	{ VPCI_MSG_REQUIREMENTS, sizeof(struct vpci_slot_msg), true },
	{ VPCI_MSG_GET_RESOURCES, sizeof(struct vpci_get_resources), true },
	{ VPCI_MSG_READ_BLOCK, sizeof(struct vpci_read_block), false },
	{ VPCI_MSG_WRITE_BLOCK, sizeof(struct vpci_read_block), false },
	{ VPCI_MSG_EJECT_COMPLETE, sizeof(struct vpci_slot_msg), true },
	{ VPCI_MSG_ASSIGNED_RESOURCES, sizeof(struct vpci_assigned_resources), true },
	{ VPCI_MSG_ASSIGNED_RESOURCES2, sizeof(struct vpci_assigned_resources), true },
	{ VPCI_MSG_ASSIGNED_RESOURCES3, sizeof(struct vpci_assigned_resources), true },
	{ VPCI_MSG_RELEASE_RESOURCES, sizeof(struct vpci_slot_msg), true },
	{ VPCI_MSG_CREATE_INTERRUPT, sizeof(struct vpci_create_interrupt), true },
	{ VPCI_MSG_CREATE_INTERRUPT2, sizeof(struct vpci_create_interrupt2), true },
	{ VPCI_MSG_CREATE_INTERRUPT3, sizeof(struct vpci_create_interrupt3), true },
	{ VPCI_MSG_DELETE_INTERRUPT, sizeof(struct vpci_delete_interrupt), true },
	{ VPCI_MSG_DELETE_INTERRUPT2, sizeof(struct vpci_delete_interrupt), true },
	{ VPCI_MSG_RESET_DEVICE, sizeof(struct vpci_slot_msg), true },
	{ VPCI_MSG_TDISP, sizeof(struct vpci_tdisp), true },
};

static void test_lengths(struct vpci *v)
{
	bool good = true, slots = true;
	unsigned int i;
	u32 len;

	memset(message, 0, sizeof(message));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		message[0] = types[i].type;
		for (len = 0; len < types[i].min; len += 8)
			good &= vpci_refuses(v, message, len, VPCI_STATUS_BAD_DATA);
	}
	ok(good, "messages that are too short, of %zu types", ARRAY_SIZE(types));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (!types[i].slot)
			continue;
		message[0] = types[i].type;
		message[1] = SLOT_NOBODY;
		slots &= vpci_refuses(v, message, types[i].min, VPCI_STATUS_BAD_DATA);
		message[1] = U32_MAX;
		slots &= vpci_refuses(v, message, types[i].min, VPCI_STATUS_BAD_DATA);
	}
	ok(slots, "slots with nothing in them");
	message[0] = VPCI_MSG_REQUIREMENTS;
	message[1] = SLOT_COPY;
	ok(!vpci_status(v, message, VPCI_MAX_MESSAGE), "the longest message that there may be");
}

static void test_unknown(struct vpci *v)
{
	static const u32 unknown[] = {
		0, VPCI_MSG_BUS_RELATIONS, VPCI_MSG_INVALIDATE_DEVICE, VPCI_MSG_INVALIDATE_BUS,
		VPCI_MSG_EJECT, VPCI_MSG_QUERY_STOP, VPCI_MSG_RE_ENABLE, VPCI_MSG_QUERY_STOP_FAILED,
		VPCI_MSG_INVALIDATE_BLOCK, VPCI_MSG_BUS_RELATIONS2, VPCI_MSG_TDISP + 1, U32_MAX
	};
	struct vpci_tdisp tdisp = { .type = VPCI_MSG_TDISP, .slot = SLOT_COPY };
	struct vpci_slot_msg msg = { .slot = SLOT_COPY };
	bool good = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		msg.type = unknown[i];
		good &= vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA);
	}
	ok(good, "types that there are not, or that are not for the guest to use");
	good = vpci_refuses(v, &tdisp, sizeof(tdisp), VPCI_STATUS_NOT_SUPPORTED);
	tdisp.length = 1;
	ok(vpci_refuses(v, &tdisp, sizeof(tdisp), VPCI_STATUS_BAD_DATA) && good, "TDISP");
	msg.type = VPCI_MSG_EJECT_COMPLETE;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA),
	   "a function that nobody wants back");
}

/* The last block of a copy engine, and those that there are not */
static void test_blocks(struct vpci *v)
{
	struct vpci_write_block block = {
		.type = VPCI_MSG_WRITE_BLOCK, .block = 63, .slot = SLOT_COPY,
		.length = VPCI_BLOCK_SIZE,
	};
	const u32 head = sizeof(struct vpci_read_block);
	bool good;

	memset(block.data, 0x5a, sizeof(block.data));
	good = !vpci_status(v, &block, sizeof(block));
	block.type = VPCI_MSG_READ_BLOCK;
	good &= !vpci_status(v, &block, head);
	ok(good && !memcmp(v->answer.block.data, block.data, sizeof(block.data)),
	   "a configuration block is what was written");
	block.block = 64;
	good = vpci_refuses(v, &block, head, VPCI_ANY_FAILURE);
	block.block = 0;
	block.slot = SLOT_NVME;
	good &= vpci_refuses(v, &block, head, VPCI_ANY_FAILURE);
	ok(good, "there are no others");
	block.slot = SLOT_COPY;
	block.length = 0;
	good = vpci_refuses(v, &block, head, VPCI_STATUS_BAD_DATA);
	block.length = VPCI_BLOCK_SIZE + 1;
	good &= vpci_refuses(v, &block, head, VPCI_STATUS_BAD_DATA);
	block.type = VPCI_MSG_WRITE_BLOCK;
	good &= vpci_refuses(v, &block, sizeof(block), VPCI_STATUS_BAD_DATA);
	block.length = VPCI_BLOCK_SIZE;
	good &= vpci_refuses(v, &block, sizeof(block) - 8, VPCI_STATUS_BAD_DATA);
	ok(good, "nor of no bytes, or of too many");
}

static void test_reset(struct vpci *v)
{
	vpci_config_set(v, WINDOW_A, SLOT_COPY, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(vpci_config(v, WINDOW_A, SLOT_COPY, PCI_COMMAND, 2) == COMMAND_MEMORY, "memory is on");
	ok(!vpci_slot_status(v, VPCI_MSG_RESET_DEVICE, SLOT_COPY) &&
	   !vpci_config(v, WINDOW_A, SLOT_COPY, PCI_COMMAND, 2), "a reset switches it off");
}

/**
 * test_vpcibus - requests of a guest on its bus, the good and the bad
 *
 * What functions do is in test_vpcifn().
 */
void test_vpcibus(void)
{
	static struct vpci v;
	struct bed b;

	if (!ok(vpci_begin(&v, &b), "a VPCI bus"))
		goto out;
	v.refused = vpci_counter(&v, "refused");
	test_versions_of(&v);
	test_broken(&v);
	test_devices(&v);
	test_d0(&v);
	test_accesses(&v);
	test_lengths(&v);
	test_unknown(&v);
	test_blocks(&v);
	test_reset(&v);
	ok(window_at(&v, WINDOW_A), "the bus works");
	ok(vpci_close(&v) && no_window_at(&v, WINDOW_A), "closed, and without a window");
	ok(vpci_counter(&v, "refused") == v.refused, "%llu requests were refused, and counted",
	   v.refused);
	ok(!v.others, "nothing came that was not asked for");
out:
	bed_down(&b);
}
