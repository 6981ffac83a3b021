// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: a bus as the guest sees it, its versions, devices and window.
 */
#include <linux/module.h>
#include <vmbus/compat.h>

#include "vpci_bus_test.h"

static const u32 vb_types[] = {
	VPCI_MSG_BUS_RELATIONS, VPCI_MSG_QUERY_BUS_RELATIONS, VPCI_MSG_INVALIDATE_DEVICE,
	VPCI_MSG_INVALIDATE_BUS, VPCI_MSG_POWER, VPCI_MSG_REQUIREMENTS, VPCI_MSG_GET_RESOURCES,
	VPCI_MSG_D0_ENTRY, VPCI_MSG_D0_EXIT, VPCI_MSG_READ_BLOCK, VPCI_MSG_WRITE_BLOCK,
	VPCI_MSG_EJECT, VPCI_MSG_QUERY_STOP, VPCI_MSG_RE_ENABLE, VPCI_MSG_QUERY_STOP_FAILED,
	VPCI_MSG_EJECT_COMPLETE, VPCI_MSG_ASSIGNED_RESOURCES, VPCI_MSG_RELEASE_RESOURCES,
	VPCI_MSG_INVALIDATE_BLOCK, VPCI_MSG_CREATE_INTERRUPT, VPCI_MSG_DELETE_INTERRUPT,
	VPCI_MSG_ASSIGNED_RESOURCES2, VPCI_MSG_CREATE_INTERRUPT2, VPCI_MSG_DELETE_INTERRUPT2,
	VPCI_MSG_BUS_RELATIONS2, VPCI_MSG_ASSIGNED_RESOURCES3, VPCI_MSG_CREATE_INTERRUPT3,
	VPCI_MSG_RESET_DEVICE, VPCI_MSG_TDISP, 0x4249001e, 0, 1, U32_MAX,
	/* and the query in another order of bytes */
	0x13004942,
};

/* ---- versions -------------------------------------------------------------------------- */

static const struct { u32 version; bool good; } vb_versions[] = {
	{ 0x10000, false },
	{ 0x10001, true },
	{ 0x10002, true },
	{ 0x10003, true },
	{ 0x10004, true },
	{ 0x10005, true },
	{ 0x10006, true },
	{ 0x10007, false },
	{ 0x20003, false },
	{ 0x00003, false },
	{ 0x30001, false },
	{ 0, false },
	{ U32_MAX, false },
};

/* What is accepted is repeated; else the best of ours is named, and the guest may go on. */
static void vpci_bus_version_test(struct kunit *test)
{
	const struct vpci_version_reply *reply;
	struct vt *vt = vt_new(test);
	unsigned int i;
	u32 version;
	bool good;

	reply = (void *)vt->reply;
	for (i = 0; i < ARRAY_SIZE(vb_versions); i++) {
		version = vb_versions[i].version;
		good = vb_versions[i].good;
		memset(vt->reply, 0xff, 16);
		KUNIT_EXPECT_EQ(test, vt_version(vt, version), VPCI_BUS_REPLY);
		KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 8);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->status), good ? 0 : 0xc0000059,
				    "version %#x", version);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->version), good ? version : 0x10006,
				    "version %#x", version);
		KUNIT_EXPECT_EQ_MSG(test, vt->bus.state, good ? VPCI_BUS_READY : VPCI_BUS_INIT,
				    "version %#x", version);
		KUNIT_EXPECT_EQ_MSG(test, vt->bus.version, good ? version : 0, "version %#x",
				    version);
		vpci_bus_close(&vt->bus);
	}
}

/* A guest of the future comes down to what there is. */
static void vpci_bus_retry_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	u32 version;

	for (version = 0x1000a; version > 0x10006; version--) {
		KUNIT_EXPECT_EQ(test, vt_version(vt, version), VPCI_BUS_REPLY);
		KUNIT_EXPECT_EQ(test, vt_status(vt), VPCI_STATUS_REVISION_MISMATCH);
		KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
	}
	KUNIT_EXPECT_EQ(test, vt_version(vt, version), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	KUNIT_EXPECT_NULL(test, vt->bus.why);
}

/* Nothing but a query for a version begins. */
static void vpci_bus_begin_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vb_types); i++) {
		vt->bus.why = NULL;
		KUNIT_EXPECT_EQ_MSG(test, vt_send(vt, vb_types[i], 0x10004, 64),
				    VPCI_BUS_BROKEN, "type %#x", vb_types[i]);
		KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
		KUNIT_EXPECT_EQ(test, vt->bus.state, VPCI_BUS_INIT);
	}
}

static void vpci_bus_begin_form_test(struct kunit *test)
{
	static const u16 types[] = {
		VM_PKT_COMP, VM_PKT_DATA_USING_GPA_DIRECT, VM_PKT_DATA_USING_XFER_PAGES, 0, U16_MAX,
	};
	struct vt *vt = vt_new(test);
	unsigned int i;

	/* Leaves a good query in the packet. */
	vt_version(vt, 0);
	((struct vpci_query_version *)vt->packet)->version = cpu_to_le32(VPCI_VERSION_FE);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		KUNIT_EXPECT_EQ_MSG(test, vt_packet(vt, types[i], 1, 8), VPCI_BUS_BROKEN,
				    "packet type %u", types[i]);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ_MSG(test, vt_post(vt, i, true), VPCI_BUS_BROKEN, "%u bytes", i);
	KUNIT_EXPECT_EQ(test, vt->bus.state, VPCI_BUS_INIT);
	/* Who asks for no completion gets none. */
	KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_EQ(test, vt->bus.state, VPCI_BUS_READY);
}

static void vpci_bus_again_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);

	KUNIT_EXPECT_EQ(test, vt_version(vt, VPCI_VERSION_VB), VPCI_BUS_BROKEN);
	KUNIT_EXPECT_EQ(test, vt_post(vt, 4, true), VPCI_BUS_BROKEN);
	KUNIT_EXPECT_EQ(test, vt->bus.version, VPCI_VERSION_FE);
}

static void vpci_bus_completion_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);

	KUNIT_EXPECT_EQ(test, vt_packet(vt, VM_PKT_COMP, 0, 8), VPCI_BUS_BROKEN);
	KUNIT_EXPECT_EQ(test, vt_packet(vt, VM_PKT_COMP, 0, 0), VPCI_BUS_BROKEN);
	KUNIT_EXPECT_EQ(test, vt_packet(vt, VM_PKT_COMP, 1, 8), VPCI_BUS_BROKEN);
}

/* ---- relations ------------------------------------------------------------------------- */

static const u8 vb_relations2[] = {
	0x19, 0, 0x49, 0x42, 2, 0, 0, 0,
	0x14, 0x14, 0x11, 0xb1, 1, 2, 8, 1, 0xf4, 0x1a, 0x00, 0x11,
	0, 0, 0, 0, 0x00, 0, 0, 0x5e, 1, 0, 0, 0, 3, 0, 0, 0,
	0x14, 0x14, 0x11, 0xb1, 1, 2, 8, 1, 0xf4, 0x1a, 0x00, 0x11,
	0x21, 0, 0, 0, 0x21, 0, 0, 0x5e, 0, 0, 0, 0, 0, 0, 0, 0,
};

static void vpci_bus_relations2_test(struct kunit *test)
{
	struct vt *vt;
	u32 version;

	for (version = VPCI_VERSION_VB; version <= VPCI_VERSION_DT; version++) {
		vt = vt_ready(test, version);
		vt_add(test, vt, VPCI_SLOT(0, 0));
		vt_add(test, vt, VPCI_SLOT(1, 1))->fn.desc.numa_valid = false;
		memset(vt->relations, 0xff, VPCI_MAX_RELATIONS);
		KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations),
				sizeof(vb_relations2));
		KUNIT_EXPECT_MEMEQ_MSG(test, vt->relations, vb_relations2,
				       sizeof(vb_relations2), "version %#x", version);
	}
}

/* The first form is the second without flags and node. */
static void vpci_bus_relations1_test(struct kunit *test)
{
	struct vt *vt;
	u32 version;

	for (version = VPCI_VERSION_WIN10; version < VPCI_VERSION_VB; version++) {
		vt = vt_ready(test, version);
		vt_add(test, vt, VPCI_SLOT(0, 0));
		vt_add(test, vt, VPCI_SLOT(1, 1));
		memset(vt->relations, 0xff, VPCI_MAX_RELATIONS);
		KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 48);
		KUNIT_EXPECT_EQ(test, vt->relations[0], 0);
		KUNIT_EXPECT_MEMEQ(test, vt->relations + 1, vb_relations2 + 1, 27);
		KUNIT_EXPECT_MEMEQ(test, vt->relations + 28, vb_relations2 + 36, 20);
		KUNIT_EXPECT_EQ(test, vt->relations[48], 0xff);
	}
}

static void vpci_bus_empty_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);

	memset(vt->relations, 0xff, 16);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 8);
	KUNIT_EXPECT_MEMEQ(test, vt->relations, "\x19\0\x49\x42\0\0\0\0", 8);
	KUNIT_EXPECT_EQ(test, vt->relations[8], 0xff);
}

static void vpci_bus_full_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);
	struct vpci_bus_fn *last = kunit_kzalloc(test, sizeof(*last), GFP_KERNEL);
	u32 slot;

	KUNIT_ASSERT_NOT_NULL(test, last);
	for (slot = 0; slot < VPCI_MAX_SLOTS; slot++)
		vt_add(test, vt, slot);
	KUNIT_EXPECT_EQ(test, vt->bus.nfns, 255);
	for (slot = 255; slot < 300; slot++) {
		last->desc.slot = slot;
		KUNIT_EXPECT_EQ_MSG(test, vpci_bus_add(&vt->bus, last), -EINVAL, "slot %u", slot);
		KUNIT_EXPECT_NULL(test, vpci_bus_find(&vt->bus, slot));
	}
	last->desc.slot = 254;
	KUNIT_EXPECT_EQ(test, vpci_bus_add(&vt->bus, last), -EEXIST);
	last->desc.slot = U32_MAX;
	KUNIT_EXPECT_EQ(test, vpci_bus_add(&vt->bus, last), -EINVAL);
	KUNIT_EXPECT_EQ(test, vt->bus.nfns, 255);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), VPCI_MAX_RELATIONS);
}

static void vpci_bus_query_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);

	vt_add(test, vt, 0);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vt_send(vt, VPCI_MSG_QUERY_BUS_RELATIONS, 0, 8), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt->bus.reply_len, 0);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 36);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	/* As Linux asks: four bytes of eight, no completion. */
	KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
}

/* Who asks before the host has told is answered when it has. */
static void vpci_bus_early_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);

	KUNIT_ASSERT_EQ(test, vt_version(vt, VPCI_VERSION_FE), VPCI_BUS_REPLY);
	vt_send(vt, VPCI_MSG_QUERY_BUS_RELATIONS, 0, 8);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_status(vt), 0);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	vt_add(test, vt, 0);
	vt_add(test, vt, 1);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	vpci_bus_ready(&vt->bus);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 64);
	/* Once is enough. */
	vpci_bus_ready(&vt->bus);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
}

static void vpci_bus_hotplug_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);
	struct vt_fn *a, *b;

	a = vt_add(test, vt, 0);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_REPLY);
	/* Ahead of that completion. */
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	vpci_bus_relations(&vt->bus, vt->relations);
	b = vt_add(test, vt, 1);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 64);
	KUNIT_EXPECT_EQ(test, vpci_bus_remove(&vt->bus, &a->fn), VPCI_BUS_DONE);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 36);
	KUNIT_EXPECT_EQ(test, vt->relations[8 + 12], 1);
	KUNIT_EXPECT_NULL(test, vpci_bus_find(&vt->bus, 0));
	KUNIT_EXPECT_PTR_EQ(test, vpci_bus_find(&vt->bus, 1), &b->fn);
	KUNIT_EXPECT_EQ(test, vt->bus.nfns, 1);
	vt_add(test, vt, 0);
}

/* ---- the window ------------------------------------------------------------------------ */

static const struct { u64 window; bool good; } vb_windows[] = {
	{ 0xf8000000, true },
	{ 0, true },
	{ VPCI_ADDRESS_LIMIT - 0x2000, true },
	{ VPCI_ADDRESS_LIMIT - 0x1000, false },
	{ VPCI_ADDRESS_LIMIT, false },
	{ 0xfffffffffffff000, false },
	{ 0xffffffffffffe000, false },
	{ U64_MAX, false },
	{ 0xf8000001, false },
	{ 0xf8000800, false },
};

static void vpci_bus_window_test(struct kunit *test)
{
	unsigned int i;
	struct vt *vt;
	u64 window;
	bool good;

	for (i = 0; i < ARRAY_SIZE(vb_windows); i++) {
		window = vb_windows[i].window;
		good = vb_windows[i].good;
		vt = vt_ready(test, VPCI_VERSION_FE);
		vt_expect_status(test, vt, vt_d0_entry(vt, window),
				 good ? 0 : VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_EQ_MSG(test, vt->bus.d0, good, "%#llx", window);
		KUNIT_EXPECT_EQ_MSG(test, vt->windows, good ? 1 : 0, "%#llx", window);
		KUNIT_EXPECT_EQ_MSG(test, vt->window, good ? window : 0, "%#llx", window);
		KUNIT_EXPECT_EQ_MSG(test, vt->bus.announce, good, "%#llx", window);
	}
}

static void vpci_bus_d0_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);

	/* The same once more, then another. */
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8000000), 0);
	KUNIT_EXPECT_EQ(test, vt->windows, 1);
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8010000), 0);
	KUNIT_EXPECT_EQ(test, vt->windows, 2);
	KUNIT_EXPECT_EQ(test, vt->window, 0xf8010000);
	/* What is refused leaves all as it was. */
	vt_expect_status(test, vt, vt_d0_entry(vt, 1), VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, vt->window, 0xf8010000);
	KUNIT_EXPECT_TRUE(test, vt->bus.d0);
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_D0_EXIT, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, vt->window, 0);
	KUNIT_EXPECT_FALSE(test, vt->bus.d0);
	/* Linux does so to get rid of what another kernel has left. */
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_D0_EXIT, 0, 4), 0);
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8010000), 0);
	KUNIT_EXPECT_EQ(test, vt->windows, 3);
}

static void vpci_bus_no_window_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);

	vt->window_err = -ENOMEM;
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8000000), VPCI_STATUS_NO_RESOURCES);
	KUNIT_EXPECT_FALSE(test, vt->bus.d0);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	vt->window_err = -EIO;
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8000000), VPCI_STATUS_UNSUCCESSFUL);
	vt->window_err = 0;
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8000000), 0);
	/* A new window that fails takes the old one with it. */
	vt->window_err = -EBUSY;
	vt_expect_status(test, vt, vt_d0_entry(vt, 0xf8010000), VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_FALSE(test, vt->bus.d0);
	KUNIT_EXPECT_EQ(test, vt->window, 0);
}

/* ---- eject ----------------------------------------------------------------------------- */

static void vpci_bus_eject_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *a = vt_add(test, vt, 0), *b = vt_add(test, vt, 0x21);
	struct vpci_slot_msg msg;

	vpci_bus_relations(&vt->bus, vt->relations);
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &b->fn, &msg), 8);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&msg, "\x0b\0\x49\x42\x21\0\0\0", 8);
	/* Not twice. */
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &b->fn, &msg), 0);
	/* Until it has let it go, it may use it. */
	KUNIT_EXPECT_PTR_EQ(test, vpci_bus_find(&vt->bus, 0x21), &b->fn);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 64);
	b->regs[1] = 0x00100007;
	b->regs[4] = 0x4000;
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_EJECT_COMPLETE, 0x21, 16), 0);
	KUNIT_EXPECT_EQ(test, vt->ejected, 1);
	KUNIT_EXPECT_EQ(test, b->fn.state, VPCI_FN_EJECTED);
	KUNIT_EXPECT_EQ(test, b->regs[1], 0x00100001);
	KUNIT_EXPECT_EQ(test, b->regs[4], 0);
	KUNIT_EXPECT_NULL(test, vpci_bus_find(&vt->bus, 0x21));
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &b->fn, &msg), 0);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 36);
	/* The guest needs not to be told what it has done. */
	vpci_bus_remove(&vt->bus, &b->fn);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	KUNIT_EXPECT_PTR_EQ(test, vpci_bus_find(&vt->bus, 0), &a->fn);
	/* And the slot is free for another. */
	vt_add(test, vt, 0x21);
	KUNIT_EXPECT_TRUE(test, vt->bus.announce);
}

/* As Linux answers, 12 bytes without completion, and as others do; removed at once. */
static void vpci_bus_ejected_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vpci_slot_msg msg;
	struct vt_fn *fn;
	unsigned int i;

	vt->remove = true;
	for (i = 0; i < 4; i++) {
		fn = vt_add(test, vt, 2);
		KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 8);
		if (i & 1) {
			vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_EJECT_COMPLETE, 2, 8), 0);
		} else {
			((__le32 *)vt->packet)[0] = cpu_to_le32(VPCI_MSG_EJECT_COMPLETE);
			((__le32 *)vt->packet)[1] = cpu_to_le32(2);
			KUNIT_EXPECT_EQ(test, vt_post(vt, 16, false), VPCI_BUS_DONE);
		}
		KUNIT_EXPECT_EQ(test, vt->ejected, i + 1);
		KUNIT_EXPECT_EQ(test, vt->bus.nfns, 0);
	}
}

/* Nobody asked for that. */
static void vpci_bus_unasked_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);

	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_EJECT_COMPLETE, 0, 8),
			 VPCI_STATUS_BAD_DATA);
	vt_expect_status(test, vt, vt_send(vt, VPCI_MSG_EJECT_COMPLETE, 1, 8),
			 VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, vt_post(vt, 8, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_EQ(test, vt->ejected, 0);
	KUNIT_EXPECT_EQ(test, fn->fn.state, VPCI_FN_PRESENT);
}

/* A guest that knows of no device has nothing to let go. */
static void vpci_bus_eject_early_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);
	struct vt_fn *fn = vt_add(test, vt, 0);
	struct vpci_slot_msg msg;

	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 0);
	vt_version(vt, VPCI_VERSION_FE);
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 0);
	vt_send(vt, VPCI_MSG_QUERY_BUS_RELATIONS, 0, 8);
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 0);
	KUNIT_EXPECT_EQ(test, fn->fn.state, VPCI_FN_PRESENT);
	vpci_bus_ready(&vt->bus);
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 8);
}

static void vpci_bus_invalidate_test(struct kunit *test)
{
	struct vt *vt = vt_ready(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0x42);
	struct vpci_invalidate_block msg;

	KUNIT_EXPECT_EQ(test, vpci_bus_invalidate_block(&vt->bus, &fn->fn, 1, &msg), 0);
	KUNIT_EXPECT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vpci_bus_invalidate_block(&vt->bus, &fn->fn, 0x8000000000000001,
							&msg), 16);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&msg, "\x12\0\x49\x42\x42\0\0\0\1\0\0\0\0\0\0\x80", 16);
	fn->fn.state = VPCI_FN_EJECTED;
	KUNIT_EXPECT_EQ(test, vpci_bus_invalidate_block(&vt->bus, &fn->fn, 1, &msg), 0);
}

/* ---- close ----------------------------------------------------------------------------- */

static void vpci_bus_close_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *a = vt_add(test, vt, 0), *b = vt_add(test, vt, 1);
	struct vpci_msi msi = { .address = VT_MSI, .count = 1 };
	struct vpci_slot_msg msg;
	unsigned int i;

	for (msi.data = 0; msi.data < 3; msi.data++)
		KUNIT_ASSERT_EQ(test, vpci_msi_add(&a->fn.msis, &msi), 0);
	a->fn.assigned = true;
	a->regs[1] = 0x7;
	for (i = 0; i < VPCI_BARS; i++)
		a->regs[4 + i] = 0x1000;
	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &b->fn, &msg), 8);
	vt->remove = true;
	vpci_bus_close(&vt->bus);

	KUNIT_EXPECT_EQ(test, vt->bus.state, VPCI_BUS_INIT);
	KUNIT_EXPECT_EQ(test, vt->window, 0);
	KUNIT_EXPECT_FALSE(test, vt->bus.d0);
	KUNIT_EXPECT_FALSE(test, vt->bus.asked);
	KUNIT_EXPECT_FALSE(test, vt->bus.announce);
	KUNIT_EXPECT_EQ(test, a->deleted, 3);
	KUNIT_EXPECT_EQ(test, a->fn.msis.n, 0);
	KUNIT_EXPECT_FALSE(test, a->fn.assigned);
	KUNIT_EXPECT_EQ(test, a->regs[1], 0x1);
	for (i = 0; i < VPCI_BARS; i++)
		KUNIT_EXPECT_EQ(test, a->regs[4 + i], 0);
	/* It has let go what it was asked to. */
	KUNIT_EXPECT_EQ(test, vt->ejected, 1);
	KUNIT_EXPECT_EQ(test, vt->bus.nfns, 1);

	/* All from the beginning. */
	KUNIT_EXPECT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_BROKEN);
	KUNIT_EXPECT_EQ(test, vt_version(vt, VPCI_VERSION_RS1), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vt_d0_entry(vt, 0xf8000000), VPCI_BUS_REPLY);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 28);
}

/* Who takes care of the device may do so later. */
static void vpci_bus_close_ejecting_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_FE);
	struct vt_fn *fn = vt_add(test, vt, 0);
	struct vpci_slot_msg msg;

	KUNIT_EXPECT_EQ(test, vpci_bus_eject(&vt->bus, &fn->fn, &msg), 8);
	vpci_bus_close(&vt->bus);
	vpci_bus_close(&vt->bus);
	KUNIT_EXPECT_EQ(test, vt->ejected, 1);
	KUNIT_EXPECT_EQ(test, fn->fn.state, VPCI_FN_EJECTED);
	/* The next guest on this channel does not see it, unless it comes again. */
	vt_version(vt, VPCI_VERSION_FE);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 8);
	vpci_bus_remove(&vt->bus, &fn->fn);
	fn->fn.assigned = true;
	KUNIT_EXPECT_EQ(test, vpci_bus_add(&vt->bus, &fn->fn), 0);
	KUNIT_EXPECT_EQ(test, fn->fn.state, VPCI_FN_PRESENT);
	KUNIT_EXPECT_FALSE(test, fn->fn.assigned);
	KUNIT_EXPECT_EQ(test, vpci_bus_relations(&vt->bus, vt->relations), 36);
}

static void vpci_bus_close_early_test(struct kunit *test)
{
	struct vt *vt = vt_new(test);

	vpci_bus_close(&vt->bus);
	vt_add(test, vt, 0);
	vpci_bus_close(&vt->bus);
	vpci_bus_close(&vt->bus);
	KUNIT_EXPECT_EQ(test, vt->bus.nfns, 1);
	KUNIT_EXPECT_EQ(test, vt->ejected, 0);
	KUNIT_EXPECT_EQ(test, vt_version(vt, VPCI_VERSION_FE), VPCI_BUS_REPLY);
}

static struct kunit_case vpci_bus_cases[] = {
	KUNIT_CASE(vpci_bus_version_test),
	KUNIT_CASE(vpci_bus_retry_test),
	KUNIT_CASE(vpci_bus_begin_test),
	KUNIT_CASE(vpci_bus_begin_form_test),
	KUNIT_CASE(vpci_bus_again_test),
	KUNIT_CASE(vpci_bus_completion_test),
	KUNIT_CASE(vpci_bus_relations2_test),
	KUNIT_CASE(vpci_bus_relations1_test),
	KUNIT_CASE(vpci_bus_empty_test),
	KUNIT_CASE(vpci_bus_full_test),
	KUNIT_CASE(vpci_bus_query_test),
	KUNIT_CASE(vpci_bus_early_test),
	KUNIT_CASE(vpci_bus_hotplug_test),
	KUNIT_CASE(vpci_bus_window_test),
	KUNIT_CASE(vpci_bus_d0_test),
	KUNIT_CASE(vpci_bus_no_window_test),
	KUNIT_CASE(vpci_bus_eject_test),
	KUNIT_CASE(vpci_bus_ejected_test),
	KUNIT_CASE(vpci_bus_unasked_test),
	KUNIT_CASE(vpci_bus_eject_early_test),
	KUNIT_CASE(vpci_bus_invalidate_test),
	KUNIT_CASE(vpci_bus_close_test),
	KUNIT_CASE(vpci_bus_close_ejecting_test),
	KUNIT_CASE(vpci_bus_close_early_test),
	{}
};

static struct kunit_suite vpci_bus_suite = {
	.name = "vpci_bus",
	.test_cases = vpci_bus_cases,
};

kunit_test_suite(vpci_bus_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: a bus toward the guest");
MODULE_LICENSE("GPL");
