// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the VPCI buses of the test host: what is offered, versions, what is on a bus,
 * its window, and what comes and goes.
 */
#include <linux/module.h>
#include <vmbus/compat.h>

#include "vpci_root_test.h"

/* ---- requests -------------------------------------------------------------------------- */

static const struct { int err; const char *text; } vr_requests[] = {
	{ -EINVAL, "" },
	{ -EINVAL, "bus" },
	{ -EINVAL, "bus x" },
	{ -EINVAL, "bus 64 " FG_NAME },
	{ -EINVAL, "bus -1 " FG_NAME },
	{ -EINVAL, "bus 8 " FG_NAME " more" },
	{ -EINVAL, "bux 8 " FG_NAME },
	{ -ENODEV, "bus 8 nobody" },
	{ -EEXIST, "bus 7 " FG_NAME },
	{ -ENOENT, "unbus 8" },
	{ -ENOENT, "offer 8" },
	{ -ENOENT, "add 8 0 copy" },
	{ -EINVAL, "add 7 0" },
	{ -EINVAL, "add 7 0 disk" },
	{ -EINVAL, "add 7 x copy" },
	{ -EINVAL, "add 7 255 copy" },
	{ -EINVAL, "add 7 4294967295 copy" },
	{ -ERANGE, "add 7 4294967296 copy" },
	{ -EINVAL, "add 7 0 copy speed=1" },
	{ -EINVAL, "add 7 0 copy queues=1" },
	{ -EINVAL, "add 7 0 copy serial=" },
	{ -EINVAL, "add 7 0 nvme" },
	{ -ENOENT, "add 7 0 nvme /tmp/no-such-file" },
	{ -ENOENT, "remove 7 0" },
	{ -EINVAL, "remove 7 0 0" },
	{ -ENOENT, "replace 7 0 1" },
	{ -ENOENT, "eject 7 0" },
	{ -ENOENT, "eject 7 255" },
	{ -ENOENT, "invalidate 7 0 1" },
	{ -EINVAL, "invalidate 7 0" },
	{ -EINVAL, "knob 7 speed 1" },
	{ -EINVAL, "knob 7 late x" },
	{ -ERANGE, "knob 7 late 4294967296" },
	{ 0, "knob 7 late 4294967295" },
	{ 0, "knob 7 late 0" },
	{ -EINVAL, "say 7 outband 0 00" },
	{ -EINVAL, "say 7 inband x 00" },
	{ -EINVAL, "say 7 inband 0 0" },
	{ -EINVAL, "say 7 inband 0 zz" },
	{ -ENOTCONN, "say 7 inband 0 00" },
	{ -ENOTCONN, "say 7 inband 0" },
	{ 0, "revoke 7" },
	{ 0, "add 7 0 copy" },
	{ -EEXIST, "add 7 0 copy" },
	{ 0, "add 7 254 copy serial=1 node=3" },
	{ -ENOTCONN, "eject 7 0" },
	{ -ENOTCONN, "invalidate 7 0 1" },
	{ 0, "replace 7 0 0x1234" },
	{ 0, "remove 7 0" },
	{ -ENOENT, "remove 7 0" },
	{ 0, "remove 7 254\n" },
};

static void vpci_root_request_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vr_requests); i++)
		vr_expect_request(vr, vr_requests[i].err, vr_requests[i].text);
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.nfns, 0U);
	KUNIT_EXPECT_NULL(test, tvp_find(8));
}

/* Many buses, and many functions on one */
static void vpci_root_many_things_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);
	char text[40];
	u32 i;

	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "bus %u " FG_NAME, TVP_BUSES - 1 - i);
		vr_expect_request(vr, 0, text);
	}
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "unbus %u", TVP_BUSES - 1 - i);
		vr_expect_request(vr, 0, text);
	}
	for (i = 0; i < VPCI_MAX_SLOTS; i += 8) {
		snprintf(text, sizeof(text), "add 7 %u copy", i);
		vr_expect_request(vr, 0, text);
	}
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.nfns, 32U);
}

/* ---- offers ---------------------------------------------------------------------------- */

static void vpci_root_offer_test(struct kunit *test)
{
	static const guid_t class = GUID_INIT(0x44c4f61d, 0x4444, 0x4400, 0x9d, 0x52, 0x80, 0x2e,
					      0x27, 0xed, 0xe1, 0x9f);
	struct vr *vr = vr_new(test);
	const struct vmbus_offer_msg *m;
	guid_t instance;
	u32 id;

	vr_request(vr, "offer 7");
	vr_expect_request(vr, -EBUSY, "offer 7");
	fg_connect(vr->fg, FG_V(5, 3), 0);
	fg_simple(vr->fg, VMBUS_MSG_REQUEST_OFFERS);
	m = fg_expect(vr->fg, VMBUS_MSG_OFFER, sizeof(*m));
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &class));
	instance = m->instance_id;
	id = le32_to_cpu(m->channel_id);
	/* Linux makes a domain of these two. */
	KUNIT_EXPECT_EQ(test, instance.b[5] << 8 | instance.b[4], TVP_DOMAIN + VR_BUS);
	fg_expect(vr->fg, VMBUS_MSG_ALL_OFFERS, sizeof(struct vmbus_msg_hdr));

	vr_request(vr, "revoke 7");
	fg_expect_rescind(vr->fg, id);
	fg_channel(vr->fg, VMBUS_MSG_RELID_RELEASED, id);
	vr_request(vr, "offer 7");
	m = fg_expect(vr->fg, VMBUS_MSG_OFFER, sizeof(*m));
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->instance_id, &instance));
}

/* It is taken back while it is in use, and nothing of it is left. */
static void vpci_root_revoke_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_power(vr, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), COPY_MAGIC);
	vr_request(vr, "revoke 7");
	vr_expect_count(vr, TVP_CLOSES, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 4), U32_MAX);
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.nfns, 2U);
	KUNIT_EXPECT_EQ(test, vr->bus->nout, 0U);
	/* Once more, with what is on it */
	fg_drain(vr->fg);
	vr_request(vr, "offer 7");
	vr_request(vr, "revoke 7");
}

/* ---- versions -------------------------------------------------------------------------- */

static const struct { u32 max; u32 version; bool good; } vr_versions[] = {
	{ 0, 0x10000, false },
	{ 0, 0x10001, true },
	{ 0, 0x10006, true },
	{ 0, 0x10007, false },
	{ 0x10003, 0x10003, true },
	{ 0x10003, 0x10004, false },
	{ 0x10003, 0x10002, true },
	{ 1, 0x10001, false },
};

static void vpci_root_version_test(struct kunit *test)
{
	const struct vpci_version_reply *reply;
	struct vr *vr = vr_new(test);
	unsigned int i;

	vr_offer(vr);
	for (i = 0; i < ARRAY_SIZE(vr_versions); i++) {
		vr->bus->knobs[TVP_MAX_VERSION] = vr_versions[i].max;
		vr_open(vr);
		vr_post_version(vr, vr_versions[i].version);
		reply = vr_answer(vr, sizeof(*reply));
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->status),
				    vr_versions[i].good ? 0 : VPCI_STATUS_REVISION_MISMATCH,
				    "case %u", i);
		if (vr_versions[i].max && !vr_versions[i].good)
			KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->version), vr_versions[i].max,
					    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vr->bus->vpci.version,
				    vr_versions[i].good ? vr_versions[i].version : 0, "case %u", i);
		vr_close(vr);
	}
	vr_expect_count(vr, TVP_OPENS, ARRAY_SIZE(vr_versions));
	vr_expect_count(vr, TVP_CLOSES, ARRAY_SIZE(vr_versions));
	KUNIT_EXPECT_EQ(test, atomic64_read(&vr->bus->requests[0x13]), ARRAY_SIZE(vr_versions));
}

/* A client that begins with something else is heard again when it opens anew. */
static void vpci_root_begin_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_offer(vr);
	vr_open(vr);
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	vr_expect_quiet(vr);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_broken(vr->bus->chan));
	vr_expect_count(vr, TVP_BROKEN, 1);
	vr_expect_count(vr, TVP_REFUSED, 1);
	vr_close(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_VB);
	/* Neither a message without a type nor an unknown one breaks it. */
	vr_post(vr, "", 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vr_post_slot(vr, 0x42490020, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vr_expect_count(vr, TVP_UNKNOWN, 2);
	vr_expect_count(vr, TVP_REFUSED, 3);
	/* Nor one that wants no answer */
	vr_packet(vr, VM_PKT_DATA_INBAND, 0, vr->buf, 3000);
	vr_expect_quiet(vr);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(vr->bus->chan));
}

/* ---- what is on it --------------------------------------------------------------------- */

static void vpci_root_relations_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);
	const struct vpci_device2 *dev;
	struct vpci_desc desc;

	vr_request(vr, "add 7 2 copy");
	vr_request(vr, "add 7 33 copy serial=0x1234 node=5");
	vr_offer(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
	vr_expect_quiet(vr);
	vr_post_d0_entry(vr, VR_WINDOW);
	dev = vr_expect_relations(vr, 2);
	vpci_desc_get2(&desc, &dev[0]);
	KUNIT_EXPECT_EQ(test, desc.vendor, ENDPOINT_VENDOR);
	KUNIT_EXPECT_EQ(test, desc.device, ENDPOINT_COPY_DEVICE);
	KUNIT_EXPECT_EQ(test, desc.class << 16 | desc.subclass << 8 | desc.prog_if, 0x088000);
	KUNIT_EXPECT_EQ(test, desc.revision, 1);
	KUNIT_EXPECT_EQ(test, desc.subvendor, ENDPOINT_VENDOR);
	KUNIT_EXPECT_EQ(test, desc.subsystem, 1);
	KUNIT_EXPECT_EQ(test, desc.slot, 2U);
	KUNIT_EXPECT_EQ(test, desc.serial, 0x5e000702U);
	KUNIT_EXPECT_FALSE(test, desc.numa_valid);
	vpci_desc_get2(&desc, &dev[1]);
	KUNIT_EXPECT_EQ(test, desc.slot, VPCI_SLOT(1, 1));
	KUNIT_EXPECT_EQ(test, desc.serial, 0x1234U);
	KUNIT_EXPECT_TRUE(test, desc.numa_valid);
	KUNIT_EXPECT_EQ(test, desc.numa_node, 5);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	vr_expect_count(vr, TVP_RELATIONS, 1);
}

/* An old client knows the first form alone. */
static void vpci_root_relations1_test(struct kunit *test)
{
	const struct vpci_bus_relations *msg;
	struct vr *vr = vr_new(test);

	vr_offer(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_RS1);
	vr_request(vr, "add 7 0 copy");
	vr_expect_quiet(vr);
	vr_post_d0_entry(vr, VR_WINDOW);
	msg = vr_expect(vr, VPCI_MSG_BUS_RELATIONS, 28);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->count), 1U);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
}

static void vpci_root_requirements_test(struct kunit *test)
{
	static const u32 masks[VPCI_BARS] = {
		0xfffff000, 0, 0xffff000c, 0xffffffff, 0xfffff000, 0,
	};
	const struct vpci_requirements_reply *reply;
	struct vr *vr = vr_running(test, 1);
	unsigned int i;

	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	reply = vr_expect_answer(vr, sizeof(*reply), VPCI_STATUS_SUCCESS);
	for (i = 0; i < VPCI_BARS; i++)
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(reply->masks[i]), masks[i], "BAR %u", i);
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 1);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
}

/* ---- the window ------------------------------------------------------------------------ */

static void vpci_root_window_test(struct kunit *test)
{
	const u32 id = ENDPOINT_COPY_DEVICE << 16 | ENDPOINT_VENDOR;
	struct vr *vr = vr_running(test, 2);
	u32 slot;

	for (slot = 0; slot < 2; slot++) {
		vr_select(vr, slot);
		KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_VENDOR_ID, 4), id);
		KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_DEVICE_ID, 2), id >> 16);
		KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_CLASS_DEVICE + 1, 1), 8U);
		vr_config_write(vr, PCI_INTERRUPT_LINE, 1, 0x40 + slot);
	}
	for (slot = 0; slot < 2; slot++) {
		vr_select(vr, slot);
		KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_INTERRUPT_LINE, 1), 0x40 + slot);
	}
	vr_expect_count(vr, TVP_CONFIG_READS, 8);
	vr_expect_count(vr, TVP_CONFIG_WRITES, 2);
	/* Where nothing is */
	for (slot = 2; slot; slot <<= 1) {
		vr_select(vr, slot);
		KUNIT_EXPECT_EQ_MSG(test, vr_config_read(vr, 0, 4), U32_MAX, "slot %#x", slot);
		vr_config_write(vr, PCI_COMMAND, 2, 0xffff);
	}
	vr_expect_count(vr, TVP_WINDOW_ERRORS, 0);
}

static void vpci_root_window_form_test(struct kunit *test)
{
	static const struct { u64 off; unsigned int size; bool write; } bad[] = {
		{ 0, 4, false },
		{ 0, 2, true },
		{ 0, 1, true },
		{ 0, 8, true },
		{ 4, 4, true },
		{ 0xffc, 4, true },
		{ 0xfff, 1, false },
		{ 0x1000, 8, false },
		{ 0x1000, 8, true },
		{ 0x1001, 4, false },
		{ 0x1003, 2, true },
		{ 0xffe, 4, false },
	};
	struct vr *vr = vr_running(test, 1);
	unsigned int i;
	u64 value;

	vr_select(vr, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		value = 0;
		KUNIT_EXPECT_EQ(test,
				vpart_mmio_access(vr->fg->part, VPART_VTL_PARAVISOR,
						  VR_WINDOW + bad[i].off, bad[i].size,
						  bad[i].write, &value), 0);
		if (!bad[i].write)
			KUNIT_EXPECT_EQ_MSG(test, value, U64_MAX >> (64 - 8 * bad[i].size),
					    "case %u", i);
	}
	vr_expect_count(vr, TVP_WINDOW_ERRORS, ARRAY_SIZE(bad));
	/* The slot is still the same, and the last dword is one. */
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 2), ENDPOINT_VENDOR);
	vr_config_read(vr, 0xffc, 4);
	vr_expect_count(vr, TVP_WINDOW_ERRORS, ARRAY_SIZE(bad));
}

/* It is where the client has said last, and nowhere in the guest's addresses. */
static void vpci_root_window_moves_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 2), ENDPOINT_VENDOR);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_WINDOW + 0x1000, 4), VR_ONES);
	vr_post_d0_entry(vr, VR_WINDOW + SZ_64K);
	vr_expect_relations(vr, 1);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 4), U32_MAX);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, SZ_64K, 2), ENDPOINT_VENDOR);
	vr_post_slot(vr, VPCI_MSG_D0_EXIT, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, SZ_64K, 4), U32_MAX);
	vr_enter(vr, 1);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 2), ENDPOINT_VENDOR);
	vr_expect_count(vr, TVP_WINDOWS, 3);
	/* Addresses that another bus has */
	vr_request(vr, "bus 6 " FG_NAME);
	tvp_find(6)->window.gpa = VR_WINDOW + SZ_1M + PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, vpart_mmio_add(vr->fg->part, &tvp_find(6)->window), 0);
	vr_post_d0_entry(vr, VR_WINDOW + SZ_1M);
	vr_expect_answer(vr, 4, VPCI_STATUS_UNSUCCESSFUL);
	vpart_mmio_remove(vr->fg->part, &tvp_find(6)->window);
	vr_request(vr, "unbus 6");
	vr_enter(vr, 1);
}

/* ---- what comes and goes --------------------------------------------------------------- */

static void vpci_root_hotplug_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	const struct vpci_device2 *dev;

	vr_request(vr, "add 7 3 copy");
	dev = vr_expect_relations(vr, 2);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev[1].v1.slot), 3U);
	vr_power(vr, 3);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + 3 * SZ_1M, 4), COPY_MAGIC);

	vr_request(vr, "remove 7 3");
	vr_expect_relations(vr, 1);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 4), U32_MAX);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + 3 * SZ_1M, 4), VR_ONES);
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 3);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);

	vr_request(vr, "replace 7 0 0x4711");
	dev = vr_expect_relations(vr, 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev[0].v1.serial), 0x4711U);
	vr_expect_quiet(vr);
	vr_select(vr, 0);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 2), ENDPOINT_VENDOR);
	vr_request(vr, "remove 7 0");
	vr_expect_relations(vr, 0);
}

static void vpci_root_eject_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);
	const struct vpci_slot_msg *msg;

	vr_power(vr, 1);
	vr_request(vr, "eject 7 1");
	msg = vr_expect(vr, VPCI_MSG_EJECT, sizeof(*msg));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->slot), 1U);
	vr_expect_request(vr, -EALREADY, "eject 7 1");
	/* Until it has let go the client may do as before. */
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), COPY_MAGIC);
	vr_expect_count(vr, TVP_EJECTED, 0);
	vr_post_slot(vr, VPCI_MSG_EJECT_COMPLETE, 1);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	vr_expect_count(vr, TVP_EJECTS, 1);
	vr_expect_count(vr, TVP_EJECTED, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.nfns, 1U);
	vr_expect_request(vr, -ENOENT, "eject 7 1");
	/* Nobody has asked for that. */
	vr_post_slot(vr, VPCI_MSG_EJECT_COMPLETE, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vr_expect_count(vr, TVP_EJECTED, 1);
	/* The slot is free. */
	vr_request(vr, "add 7 1 copy");
	vr_expect_relations(vr, 2);
}

/* A client that goes instead of an answer has let go, too, but has not said so. */
static void vpci_root_eject_close_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_request(vr, "eject 7 0");
	vr_expect(vr, VPCI_MSG_EJECT, 8);
	vr_close(vr);
	vr_expect_count(vr, TVP_EJECTED, 0);
	KUNIT_EXPECT_EQ(test, vr->bus->vpci.nfns, 1U);
	vr_expect_request(vr, -ENOENT, "remove 7 0");
	vr_expect_request(vr, -ENOTCONN, "eject 7 1");
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
	vr_enter(vr, 1);
}

/* One that is taken away while it was to be let go */
static void vpci_root_eject_remove_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	vr_request(vr, "eject 7 0");
	vr_expect(vr, VPCI_MSG_EJECT, 8);
	vr_request(vr, "remove 7 0");
	vr_expect_relations(vr, 0);
	vr_post_slot(vr, VPCI_MSG_EJECT_COMPLETE, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vr_expect_count(vr, TVP_EJECTED, 0);
}

static void vpci_root_invalidate_test(struct kunit *test)
{
	const struct vpci_invalidate_block *msg;
	struct vr *vr = vr_running(test, 1);

	vr_request(vr, "invalidate 7 0 0x8000000000000001");
	msg = vr_expect(vr, VPCI_MSG_INVALIDATE_BLOCK, sizeof(*msg));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->slot), 0U);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(msg->mask), 0x8000000000000001ULL);
}

/* More than the client's ring takes */
static void vpci_root_full_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	unsigned int i, n = 2 * VR_RING * PAGE_SIZE / 48;

	for (i = 0; i < n; i++)
		vr_request(vr, "invalidate 7 0 1");
	for (i = 0; i < n; i++)
		vr_expect(vr, VPCI_MSG_INVALIDATE_BLOCK, 16);
	vr_expect_quiet(vr);
	KUNIT_EXPECT_EQ(test, vr->bus->nout, 0U);
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	vr_expect_answer(vr, sizeof(struct vpci_requirements_reply), VPCI_STATUS_SUCCESS);
}

/* All that is under way ends with the bus. */
static void vpci_root_unbus_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 3);

	vr_power(vr, 0);
	vr_power(vr, 2);
	vr->bus->knobs[TVP_LATE] = 3600 * MSEC_PER_SEC;
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	vr_settle(vr);
	KUNIT_EXPECT_EQ(test, vr->bus->nout, 1U);
	vr_request(vr, "eject 7 1");
	vr_request(vr, "unbus 7");
	KUNIT_EXPECT_NULL(test, tvp_find(VR_BUS));
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, 0, 4), U32_MAX);
}

static struct kunit_case vpci_root_cases[] = {
	KUNIT_CASE(vpci_root_request_test),
	KUNIT_CASE(vpci_root_many_things_test),
	KUNIT_CASE(vpci_root_offer_test),
	KUNIT_CASE(vpci_root_revoke_test),
	KUNIT_CASE(vpci_root_version_test),
	KUNIT_CASE(vpci_root_begin_test),
	KUNIT_CASE(vpci_root_relations_test),
	KUNIT_CASE(vpci_root_relations1_test),
	KUNIT_CASE(vpci_root_requirements_test),
	KUNIT_CASE(vpci_root_window_test),
	KUNIT_CASE(vpci_root_window_form_test),
	KUNIT_CASE(vpci_root_window_moves_test),
	KUNIT_CASE(vpci_root_hotplug_test),
	KUNIT_CASE(vpci_root_eject_test),
	KUNIT_CASE(vpci_root_eject_close_test),
	KUNIT_CASE(vpci_root_eject_remove_test),
	KUNIT_CASE(vpci_root_invalidate_test),
	KUNIT_CASE(vpci_root_full_test),
	KUNIT_CASE(vpci_root_unbus_test),
	{}
};

static struct kunit_suite vpci_root_suite = {
	.name = "vpci_root",
	.test_cases = vpci_root_cases,
};

kunit_test_suite(vpci_root_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VPCI buses of the test host: buses and what is on them");
MODULE_LICENSE("GPL");
