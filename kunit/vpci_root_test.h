/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of the VPCI buses of the test host: a bus on a guest's own server, and a
 * client that does what the test says.
 *
 * It is the guest that opens the channel here, and VTL2's addresses are those that nobody
 * else has: that a server plays the host makes no difference to a bus.
 */
#ifndef _VPCI_ROOT_TEST_H
#define _VPCI_ROOT_TEST_H

#include <linux/kthread.h>
#include <linux/pci_regs.h>
#include <linux/vmalloc.h>

#include "endpoint_copy.h"
#include "fake_guest.h"
#include "ring_test.h"
#include "testroot_vpci.h"

#define VR_BUS		7
#define VR_GPADL	0x7c1
#define VR_RING		6			/* pages of each ring */
#define VR_MEM		48			/* first page of the guest that is free */
#define VR_BUF		SZ_64K
#define VR_MSIS		16
#define VR_WINDOW	0x4000000000ULL		/* of VTL2 */
#define VR_BAR		0xf8000000ULL		/* of the guest: the first that is free */
#define VR_HIGH		0x1000000000ULL		/* and the first above 4 GiB */
#define VR_ONES		0xffffffffULL

static_assert(FG_RING + 2 * VR_RING <= VR_MEM);

/**
 * struct vr - a bus and its client
 * @fg: guest
 * @bus: bus
 * @id: channel id
 * @up: ring to the host
 * @down: ring from the host
 * @trans: the last transaction id
 * @pkt: the last packet of the host
 * @buf: copy of it
 * @fired: MSIs that were raised, by number
 * @cookies: of those
 */
struct vr {
	struct fg *fg;
	struct tvp_bus *bus;
	u32 id;
	struct rt up, down;
	u64 trans;
	struct vsrv_packet pkt;
	u8 *buf;
	atomic_t fired[VR_MSIS];
	void *cookies[VR_MSIS];
};

/* ---- set-up ---------------------------------------------------------------------------- */

static inline void vr_free(void *ctx)
{
	struct vr *vr = ctx;

	tvp_request("unbus 7");
	vunmap(vr->up.base);
	vunmap(vr->down.base);
}

static inline void vr_expect_request(struct vr *vr, int err, const char *text)
{
	KUNIT_EXPECT_EQ_MSG(vr->fg->test, tvp_request(text), err, "%s", text);
}

static inline void vr_request(struct vr *vr, const char *text)
{
	KUNIT_ASSERT_EQ_MSG(vr->fg->test, tvp_request(text), 0, "%s", text);
}

/* A bus with nothing on it, not offered yet, and a guest that is not connected. */
static inline struct vr *vr_new(struct kunit *test)
{
	struct vr *vr = kunit_kzalloc(test, sizeof(*vr), GFP_KERNEL);
	struct page **pages;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vr);
	vr->fg = fg_new(test);
	vr->buf = kunit_kzalloc(test, VR_BUF, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vr->buf);
	for (i = 0; i < VR_MSIS; i++)
		vr->cookies[i] = &vr->fired[i];
	KUNIT_ASSERT_EQ(test, vpart_set_msis(vr->fg->part, vr->cookies, VR_MSIS), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, vr_free, vr), 0);
	pages = &vr->fg->pages[FG_RING];
	rt_map(test, &vr->up, pages, VR_RING);
	rt_map(test, &vr->down, pages + VR_RING, VR_RING);
	vr_request(vr, "bus 7 " FG_NAME);
	vr->bus = tvp_find(VR_BUS);
	KUNIT_ASSERT_NOT_NULL(test, vr->bus);
	return vr;
}

/* The bus is offered, and the guest connected. */
static inline void vr_offer(struct vr *vr)
{
	vr_request(vr, "offer 7");
	KUNIT_ASSERT_EQ(vr->fg->test, fg_connect_offers(vr->fg, FG_V(5, 3), 0), 1U);
	vr->id = vsrv_chan_id(vr->bus->chan);
	fg_gpadl(vr->fg, vr->id, VR_GPADL, 2 * VR_RING);
	fg_expect_created(vr->fg, vr->id, VR_GPADL, 0);
}

static inline void vr_post_open(struct vr *vr)
{
	struct vmbus_open_msg m = {
		.channel_id = cpu_to_le32(vr->id),
		.open_id = cpu_to_le32(0xb000 + vr->id),
		.ring_gpadl = cpu_to_le32(VR_GPADL),
		.downstream_page = cpu_to_le32(VR_RING),
	};

	memset(vr->up.hdr, 0, PAGE_SIZE);
	memset(vr->down.hdr, 0, PAGE_SIZE);
	KUNIT_ASSERT_EQ(vr->fg->test, vsrv_ring_out_init(&vr->up.out, vr->up.base, vr->up.size), 0);
	KUNIT_ASSERT_EQ(vr->fg->test,
			vsrv_ring_in_init(&vr->down.in, vr->down.base, vr->down.size), 0);
	fg_post(vr->fg, VMBUS_MSG_OPEN, &m, sizeof(m));
}

static inline void vr_open(struct vr *vr)
{
	vr_post_open(vr);
	fg_expect_opened(vr->fg, vr->id, 0);
}

static inline void vr_close(struct vr *vr)
{
	fg_channel(vr->fg, VMBUS_MSG_CLOSE, vr->id);
}

/* ---- packets --------------------------------------------------------------------------- */

static inline void vr_signal(struct vr *vr)
{
	KUNIT_ASSERT_EQ(vr->fg->test,
			vpart_hypercall_signal(vr->fg->part,
					       VMBUS_CONN_EVENT(vr->id, VMBUS_SINT, 0), 0),
			HV_STATUS_SUCCESS);
}

static inline void vr_packet(struct vr *vr, u16 type, u16 flags, const void *msg, u32 len)
{
	struct kvec vec = { .iov_base = (void *)msg, .iov_len = len };

	KUNIT_ASSERT_EQ(vr->fg->test,
			vsrv_ring_write(&vr->up.out, type, flags, ++vr->trans, &vec, 1), 0);
	if (vsrv_ring_write_commit(&vr->up.out))
		vr_signal(vr);
}

static inline void vr_post(struct vr *vr, const void *msg, u32 len)
{
	vr_packet(vr, VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED, msg, len);
}

/* The next packet of the host; false if there is none. */
static inline bool vr_read(struct vr *vr)
{
	int ret = vsrv_ring_read(&vr->down.in, &vr->pkt, vr->buf, VR_BUF);

	KUNIT_ASSERT_GE(vr->fg->test, ret, 0);
	if (vsrv_ring_read_commit(&vr->down.in))
		vr_signal(vr);
	return ret;
}

static inline void vr_wait(struct vr *vr)
{
	unsigned long end = jiffies + FG_TIMEOUT;
	bool there;

	while (!(there = vr_read(vr)) && time_before(jiffies, end))
		usleep_range(200, 500);
	KUNIT_ASSERT_TRUE_MSG(vr->fg->test, there, "the host says nothing");
}

/* What the bus has to do is done. */
static inline void vr_settle(struct vr *vr)
{
	unsigned int i;

	/* A reader queues itself again when it has looked once. */
	for (i = 0; i < 4; i++)
		kthread_flush_worker(vr->bus->worker);
}

static inline void vr_expect_quiet(struct vr *vr)
{
	vr_settle(vr);
	KUNIT_EXPECT_FALSE(vr->fg->test, vr_read(vr));
}

/* The next packet is this message, at least so long. */
static inline const void *vr_expect(struct vr *vr, u32 type, u32 len)
{
	const struct vpci_msg *msg;

	vr_wait(vr);
	msg = vr->pkt.payload;
	KUNIT_ASSERT_EQ_MSG(vr->fg->test, vr->pkt.type, VM_PKT_DATA_INBAND, "message %#x", type);
	KUNIT_ASSERT_GE_MSG(vr->fg->test, vr->pkt.len, len, "message %#x", type);
	KUNIT_ASSERT_EQ(vr->fg->test, le32_to_cpu(msg->type), type);
	KUNIT_EXPECT_EQ(vr->fg->test, vr->pkt.trans_id, 0ULL);
	KUNIT_EXPECT_EQ(vr->fg->test, vr->pkt.flags, 0);
	return msg;
}

/* The next packet is the answer to what was posted last. */
static inline const void *vr_answer(struct vr *vr, u32 len)
{
	vr_wait(vr);
	KUNIT_ASSERT_EQ(vr->fg->test, vr->pkt.type, VM_PKT_COMP);
	KUNIT_ASSERT_EQ(vr->fg->test, vr->pkt.trans_id, vr->trans);
	KUNIT_ASSERT_EQ(vr->fg->test, vr->pkt.len, ALIGN(len, 8));
	return vr->pkt.payload;
}

static inline u32 vr_status(struct vr *vr)
{
	return le32_to_cpu(((const struct vpci_reply *)vr->pkt.payload)->status);
}

/* It is of this length, and says this. */
static inline const void *vr_expect_answer(struct vr *vr, u32 len, u32 status)
{
	const void *reply = vr_answer(vr, len);

	KUNIT_ASSERT_EQ(vr->fg->test, vr_status(vr), status);
	return reply;
}

/* ---- requests -------------------------------------------------------------------------- */

static inline void vr_post_slot(struct vr *vr, u32 type, u32 slot)
{
	struct vpci_slot_msg msg = { .type = cpu_to_le32(type), .slot = cpu_to_le32(slot) };

	vr_post(vr, &msg, sizeof(msg));
}

static inline void vr_post_version(struct vr *vr, u32 version)
{
	struct vpci_query_version msg = {
		.type = cpu_to_le32(VPCI_MSG_QUERY_VERSION), .version = cpu_to_le32(version),
	};

	vr_post(vr, &msg, sizeof(msg));
}

static inline void vr_post_d0_entry(struct vr *vr, u64 window)
{
	struct vpci_d0_entry msg = {
		.type = cpu_to_le32(VPCI_MSG_D0_ENTRY), .window = cpu_to_le64(window),
	};

	vr_post(vr, &msg, sizeof(msg));
}

/* The next packet says that the bus has so many functions. */
static inline const struct vpci_device2 *vr_expect_relations(struct vr *vr, u32 n)
{
	const struct vpci_bus_relations *msg;

	msg = vr_expect(vr, VPCI_MSG_BUS_RELATIONS2, sizeof(*msg));
	KUNIT_ASSERT_EQ(vr->fg->test, le32_to_cpu(msg->count), n);
	KUNIT_ASSERT_GE(vr->fg->test, vr->pkt.len,
			(u32)(sizeof(*msg) + n * sizeof(struct vpci_device2)));
	return (const void *)(msg + 1);
}

static inline void vr_hello(struct vr *vr, u32 version)
{
	vr_post_version(vr, version);
	vr_expect_answer(vr, sizeof(struct vpci_version_reply), VPCI_STATUS_SUCCESS);
}

/* What the bus has is said first. */
static inline void vr_enter(struct vr *vr, u32 n)
{
	vr_post_d0_entry(vr, VR_WINDOW);
	vr_expect_relations(vr, n);
	vr_expect_answer(vr, sizeof(struct vpci_reply), VPCI_STATUS_SUCCESS);
}

/* A bus in use, with so many copy engines, from slot 0 on. */
static inline struct vr *vr_running(struct kunit *test, unsigned int n)
{
	struct vr *vr = vr_new(test);
	char text[32];
	unsigned int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "add 7 %u copy", i);
		vr_request(vr, text);
	}
	vr_offer(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
	vr_enter(vr, n);
	return vr;
}

/* ---- addresses ------------------------------------------------------------------------- */

static inline u64 vr_mmio_read(struct vr *vr, u8 vtl, u64 gpa, unsigned int size)
{
	u64 value = 0;

	vpart_mmio_access(vr->fg->part, vtl, gpa, size, false, &value);
	return value;
}

static inline void vr_mmio_write(struct vr *vr, u8 vtl, u64 gpa, unsigned int size, u64 value)
{
	vpart_mmio_access(vr->fg->part, vtl, gpa, size, true, &value);
}

static inline void vr_select(struct vr *vr, u32 slot)
{
	vr_mmio_write(vr, VPART_VTL_PARAVISOR, VR_WINDOW, 4, slot);
}

/* In the slot that is selected */
static inline u32 vr_config_read(struct vr *vr, u32 off, unsigned int size)
{
	return vr_mmio_read(vr, VPART_VTL_PARAVISOR, VR_WINDOW + VPCI_WINDOW_CONFIG + off, size);
}

static inline void vr_config_write(struct vr *vr, u32 off, unsigned int size, u32 value)
{
	vr_mmio_write(vr, VPART_VTL_PARAVISOR, VR_WINDOW + VPCI_WINDOW_CONFIG + off, size, value);
}

static inline u64 vr_guest_read(struct vr *vr, u64 gpa, unsigned int size)
{
	return vr_mmio_read(vr, VPART_VTL_GUEST, gpa, size);
}

static inline void vr_guest_write(struct vr *vr, u64 gpa, unsigned int size, u64 value)
{
	vr_mmio_write(vr, VPART_VTL_GUEST, gpa, size, value);
}

/*
 * The copy engine that is selected gets addresses: registers at VR_BAR, MSI-X one page
 * behind, scratch memory at VR_HIGH; each of them 1 MiB higher by slot.
 */
static inline void vr_put_bars(struct vr *vr, u32 slot)
{
	u64 more = (u64)slot * SZ_1M;

	vr_config_write(vr, PCI_BASE_ADDRESS_0, 4, VR_BAR + more);
	vr_config_write(vr, PCI_BASE_ADDRESS_2, 4, lower_32_bits(VR_HIGH + more));
	vr_config_write(vr, PCI_BASE_ADDRESS_3, 4, upper_32_bits(VR_HIGH + more));
	vr_config_write(vr, PCI_BASE_ADDRESS_4, 4, VR_BAR + more + COPY_REGS_SIZE);
}

/* The same, and it is on. */
static inline void vr_power(struct vr *vr, u32 slot)
{
	vr_select(vr, slot);
	vr_put_bars(vr, slot);
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static inline s64 vr_count(struct vr *vr, enum tvp_counter counter)
{
	return atomic64_read(&vr->bus->counters[counter]);
}

static inline void vr_expect_count(struct vr *vr, enum tvp_counter counter, s64 n)
{
	KUNIT_EXPECT_EQ_MSG(vr->fg->test, vr_count(vr, counter), n, "counter %d", counter);
}

#endif /* _VPCI_ROOT_TEST_H */
