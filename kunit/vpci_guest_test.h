/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest with a VPCI bus, for tests of its server's end: the guest's ends of both rings,
 * and its accesses to the window.
 */
#ifndef _KUNIT_VPCI_GUEST_TEST_H
#define _KUNIT_VPCI_GUEST_TEST_H

#include <linux/kthread.h>
#include <linux/vmalloc.h>
#include <vmbus/intercept.h>

#include "vpci_guest_host.h"

#define GT_UP		12		/* pages of the ring to the bus: for the longest request */
#define GT_DOWN		12		/* and from it, if the test does not want less */
#define GT_GPADL	0x6a0000
#define GT_BUF		SZ_64K
#define GT_WINDOW	0xf8000000ULL
#define GT_INSTANCE							\
	GUID_INIT(0x5c1b0000, 0x6e57, 0x4a5f, 0x9c, 0x5d, 0, 0, 0, 0, 0, 1)

/* ---- life ------------------------------------------------------------------------------ */

static inline void *gt_map(struct fg *fg, unsigned int first, unsigned int npages)
{
	struct page *pages[2 * GT_UP - 1];
	void *base;

	memcpy(pages, &fg->pages[first], npages * sizeof(*pages));
	memcpy(pages + npages, &fg->pages[first + 1], (npages - 1) * sizeof(*pages));
	base = vmap(pages, 2 * npages - 1, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(fg->test, base);
	return base;
}

static inline void gt_destroy(struct gt *gt)
{
	if (!IS_ERR_OR_NULL(gt->guest))
		vpci_guest_destroy(gt->guest);
	gt->guest = NULL;
}

static inline void gt_free(void *ctx)
{
	struct gt *gt = ctx;
	unsigned int i;

	for (i = 0; i < GT_FNS; i++)
		complete_all(&gt->fns[i].go);
	gt_destroy(gt);
	vunmap(gt->up_base);
	vunmap(gt->down_base);
}

static inline void gt_fn_init(struct gt *gt, struct gt_fn *f)
{
	f->gt = gt;
	init_completion(&f->entered);
	init_completion(&f->go);
	/* A device that was left switched on, with all the rest. */
	f->config[PCI_COMMAND] = 0x7;
}

static inline struct vsrv_offer gt_offer(void)
{
	return (struct vsrv_offer) {
		.class_id = VINT_CLASS_VPCI,
		.instance_id = GT_INSTANCE,
		.flags = VMBUS_OFFER_ENUMERATE,
		.order = VSRV_ORDER_NONE,
	};
}

/* A guest that has said nothing yet, and no bus. */
static inline struct gt *gt_alone(struct kunit *test, unsigned int down_pages)
{
	struct gt *gt = kunit_kzalloc(test, sizeof(*gt), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, gt);
	gt->test = test;
	gt->create_err = -EINPROGRESS;
	gt->reset_err = -EINPROGRESS;
	gt->power_err = -EINPROGRESS;
	gt->block_err = -EINPROGRESS;
	gt->buf = kunit_kzalloc(test, GT_BUF, GFP_KERNEL);
	gt->msg = kunit_kzalloc(test, GT_BUF, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, gt->buf);
	KUNIT_ASSERT_NOT_NULL(test, gt->msg);
	for (i = 0; i < GT_FNS; i++)
		gt_fn_init(gt, &gt->fns[i]);
	gt->fg = fg_new(test);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, gt_free, gt), 0);
	gt->down_pages = down_pages;
	gt->up_base = gt_map(gt->fg, FG_RING, GT_UP);
	gt->down_base = gt_map(gt->fg, FG_RING + GT_UP, down_pages);
	return gt;
}

/* It has memory for the bus, which it knows of. */
static inline void gt_begin_rings(struct gt *gt)
{
	gt->chan = vsrv_chan_id(gt->guest->chan);
	fg_gpadl(gt->fg, gt->chan, GT_GPADL, GT_UP + gt->down_pages);
	fg_expect_created(gt->fg, gt->chan, GT_GPADL, 0);
}

/* A guest that knows of the bus, which is empty and not ready. */
static inline struct gt *gt_new_with(struct kunit *test, const struct vpci_guest_ops *ops,
				     unsigned int down_pages)
{
	struct gt *gt = gt_alone(test, down_pages);
	struct vsrv_offer offer = gt_offer();

	gt->guest = vpci_guest_create(gt->fg->srv, &offer, ops, gt);
	KUNIT_ASSERT_FALSE(test, IS_ERR(gt->guest));
	fg_settle(gt->fg);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(gt->fg, FG_V(5, 3), 0), 1U);
	gt_begin_rings(gt);
	return gt;
}

static inline struct gt *gt_new(struct kunit *test)
{
	return gt_new_with(test, &gt_ops, GT_DOWN);
}

static inline void gt_rings_init(struct gt *gt)
{
	memset(gt->up_base, 0, PAGE_SIZE);
	memset(gt->down_base, 0, PAGE_SIZE);
	KUNIT_ASSERT_EQ(gt->test, vsrv_ring_out_init(&gt->up, gt->up_base,
						     (GT_UP - 1) * PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(gt->test, vsrv_ring_in_init(&gt->down, gt->down_base,
						    (gt->down_pages - 1) * PAGE_SIZE), 0);
}

static inline void gt_send_open(struct gt *gt)
{
	struct vmbus_open_msg m = {
		.channel_id = cpu_to_le32(gt->chan),
		.open_id = cpu_to_le32(0xb000 + gt->chan),
		.ring_gpadl = cpu_to_le32(GT_GPADL),
		.downstream_page = cpu_to_le32(GT_UP),
	};

	fg_post(gt->fg, VMBUS_MSG_OPEN, &m, sizeof(m));
}

static inline void gt_open(struct gt *gt)
{
	gt_rings_init(gt);
	gt_send_open(gt);
	fg_expect_opened(gt->fg, gt->chan, 0);
}

static inline void gt_close(struct gt *gt)
{
	fg_channel(gt->fg, VMBUS_MSG_CLOSE, gt->chan);
	KUNIT_ASSERT_EQ(gt->test, READ_ONCE(gt->guest->chan->state), VSRV_CHAN_CLOSED);
}

/* The guest resets itself, and begins anew with the bus. */
static inline void gt_restart(struct gt *gt)
{
	vpart_reset(gt->fg->part);
	fg_synic_on(gt->fg);
	KUNIT_ASSERT_EQ(gt->test, fg_connect_offers(gt->fg, FG_V(5, 3), 0), 1U);
	gt_begin_rings(gt);
	gt_open(gt);
}

/*
 * The bus has done what there is to do.  Its work and its reader queue each other: two
 * flushes in a row must find both quiet.
 */
static inline void gt_settle(struct gt *gt)
{
	struct kthread_worker *worker = vpart_worker(gt->fg->part, 0);
	unsigned int quiet = 0;

	KUNIT_ASSERT_NOT_NULL(gt->test, worker);
	while (quiet < 2) {
		flush_work(&gt->guest->work);
		kthread_flush_worker(worker);
		if (work_busy(&gt->guest->work) || !list_empty(&gt->guest->reader.work.node))
			quiet = 0;
		else
			quiet++;
	}
}

/* Soon @cond is true. */
#define gt_expect_soon(_gt, _cond) do {						\
	unsigned long gt_end = jiffies + FG_TIMEOUT;				\
	bool gt_met;								\
										\
	while (!(gt_met = (_cond)) && time_before(jiffies, gt_end))		\
		usleep_range(500, 1000);					\
	KUNIT_ASSERT_TRUE_MSG((_gt)->test, gt_met, #_cond);			\
} while (0)

static inline s64 gt_chan_count(struct gt *gt, enum vsrv_chan_counter counter)
{
	return atomic64_read(&gt->guest->chan->counters[counter]);
}

static inline void gt_expect_count(struct gt *gt, enum vpci_guest_counter counter, u64 n)
{
	KUNIT_EXPECT_EQ_MSG(gt->test, vpci_guest_count(gt->guest, counter), n, "counter %u",
			    counter);
}

/* ---- devices --------------------------------------------------------------------------- */

/* 16 KiB of 64 bits, and 64 KiB of 32 bits */
static const u32 gt_masks[VPCI_BARS] = { 0xffffc00c, 0xffffffff, 0xffff0000 };

static inline void gt_describe(struct kunit *test, struct gt_fn *f, u32 slot)
{
	const char *why;

	f->fn.fn.desc = (struct vpci_desc) {
		.vendor = 0x1414, .device = 0xb111, .revision = 1, .prog_if = 2, .subclass = 8,
		.class = 1, .subvendor = 0x1af4, .subsystem = 0x1100, .slot = slot,
		.serial = 0x5e000000 + slot,
	};
	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&f->fn.fn.bars, gt_masks, &why), 0);
}

/* Device number @i comes, in the slot of that number. */
static inline struct gt_fn *gt_add(struct gt *gt, unsigned int i)
{
	struct gt_fn *f = &gt->fns[i];

	gt_describe(gt->test, f, i);
	KUNIT_ASSERT_EQ(gt->test, vpci_guest_add(gt->guest, &f->fn), 0);
	return f;
}

static inline u32 gt_config_word(const struct gt_fn *f, u16 offset)
{
	__le32 value;

	memcpy(&value, f->config + offset, sizeof(value));
	return le32_to_cpu(value);
}

/* ---- the guest's end of the rings ------------------------------------------------------ */

static inline void gt_signal(struct gt *gt)
{
	KUNIT_ASSERT_EQ(gt->test,
			vpart_hypercall_signal(gt->fg->part,
					       VMBUS_CONN_EVENT(gt->chan, VMBUS_SINT, 0), 0),
			HV_STATUS_SUCCESS);
}

/* Send @len bytes of gt::msg; false if there is no room. */
static inline bool gt_try_post(struct gt *gt, u16 type, u16 flags, u32 len)
{
	struct kvec vec = { .iov_base = gt->msg, .iov_len = len };

	if (vsrv_ring_write(&gt->up, type, flags, gt->trans + 1, &vec, 1))
		return false;
	gt->trans++;
	if (vsrv_ring_write_commit(&gt->up))
		gt_signal(gt);
	return true;
}

static inline void gt_post(struct gt *gt, u16 type, u16 flags, u32 len)
{
	KUNIT_ASSERT_TRUE(gt->test, gt_try_post(gt, type, flags, len));
}

/* The request in gt::msg; what is behind the slot may have been set. */
static inline void gt_send(struct gt *gt, u32 type, u32 slot, u32 len)
{
	struct vpci_slot_msg *msg = (void *)gt->msg;

	msg->type = cpu_to_le32(type);
	msg->slot = cpu_to_le32(slot);
	gt_post(gt, VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED, len);
}

static inline bool gt_try_read(struct gt *gt)
{
	int ret = vsrv_ring_read(&gt->down, &gt->pkt, gt->buf, GT_BUF);

	KUNIT_ASSERT_GE(gt->test, ret, 0);
	if (ret && vsrv_ring_read_commit(&gt->down))
		gt_signal(gt);
	return ret;
}

/* The next packet, which comes soon. */
static inline const void *gt_read(struct gt *gt)
{
	gt_expect_soon(gt, gt_try_read(gt));
	return gt->pkt.payload;
}

static inline void gt_expect_nothing(struct gt *gt)
{
	gt_settle(gt);
	KUNIT_EXPECT_FALSE_MSG(gt->test, gt_try_read(gt), "unexpected packet of type %u",
			       gt->pkt.type);
}

/* The next packet is the completion of request @trans, of @len bytes. */
static inline const void *gt_completion(struct gt *gt, u64 trans, u32 len)
{
	const void *reply = gt_read(gt);

	KUNIT_ASSERT_EQ(gt->test, gt->pkt.type, VM_PKT_COMP);
	KUNIT_ASSERT_EQ(gt->test, gt->pkt.trans_id, trans);
	KUNIT_ASSERT_EQ(gt->test, gt->pkt.len, ALIGN(len, 8));
	return reply;
}

/* It is a status, and nothing else. */
static inline void gt_expect_status(struct gt *gt, u64 trans, u32 status)
{
	const struct vpci_reply *reply = gt_completion(gt, trans, sizeof(*reply));

	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(reply->status), status);
}

/* A request about a device that says no more, and its status. */
static inline void gt_ask(struct gt *gt, u32 type, u32 slot, u32 status)
{
	gt_send(gt, type, slot, sizeof(struct vpci_slot_msg));
	gt_expect_status(gt, gt->trans, status);
}

/* The next packet says that there are @n devices. */
static inline const struct vpci_device2 *gt_relations(struct gt *gt, u32 n)
{
	const struct vpci_bus_relations *msg = gt_read(gt);

	KUNIT_ASSERT_EQ(gt->test, gt->pkt.type, VM_PKT_DATA_INBAND);
	KUNIT_ASSERT_EQ(gt->test, gt->pkt.flags, 0);
	KUNIT_ASSERT_EQ(gt->test, gt->pkt.trans_id, 0ULL);
	KUNIT_ASSERT_EQ(gt->test, le32_to_cpu(msg->type), VPCI_MSG_BUS_RELATIONS2);
	KUNIT_ASSERT_EQ(gt->test, le32_to_cpu(msg->count), n);
	KUNIT_ASSERT_EQ(gt->test, gt->pkt.len,
			ALIGN(sizeof(*msg) + n * sizeof(struct vpci_device2), 8));
	return (const void *)(msg + 1);
}

/* The next packet is about one device. */
static inline void gt_expect_slot(struct gt *gt, u32 type, u32 slot)
{
	const struct vpci_slot_msg *msg = gt_read(gt);

	KUNIT_ASSERT_EQ(gt->test, gt->pkt.type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(msg->type), type);
	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(msg->slot), slot);
}

static inline void gt_send_version(struct gt *gt, u32 version)
{
	struct vpci_query_version *msg = (void *)gt->msg;

	gt_send(gt, VPCI_MSG_QUERY_VERSION, version, sizeof(*msg));
}

static inline void gt_version(struct gt *gt, u32 version)
{
	const struct vpci_version_reply *reply;

	gt_send_version(gt, version);
	reply = gt_completion(gt, gt->trans, sizeof(*reply));
	KUNIT_ASSERT_EQ(gt->test, le32_to_cpu(reply->status), VPCI_STATUS_SUCCESS);
	KUNIT_ASSERT_EQ(gt->test, le32_to_cpu(reply->version), version);
}

static inline void gt_send_window(struct gt *gt, u64 window)
{
	struct vpci_d0_entry *msg = (void *)gt->msg;

	msg->window = cpu_to_le64(window);
	gt_send(gt, VPCI_MSG_D0_ENTRY, 0, sizeof(*msg));
}

/* The guest wants the window there, and is told of @n devices first. */
static inline void gt_enter(struct gt *gt, u64 window, u32 n)
{
	gt_send_window(gt, window);
	gt_relations(gt, n);
	gt_expect_status(gt, gt->trans, VPCI_STATUS_SUCCESS);
}

/* As a guest begins with a bus that it has opened. */
static inline void gt_begin(struct gt *gt, u32 n)
{
	gt_version(gt, VPCI_VERSION_FE);
	gt_enter(gt, GT_WINDOW, n);
}

/* A bus with @n devices that a guest uses. */
static inline struct gt *gt_run_with(struct kunit *test, const struct vpci_guest_ops *ops,
				     unsigned int down_pages, unsigned int n)
{
	struct gt *gt = gt_new_with(test, ops, down_pages);
	unsigned int i;

	for (i = 0; i < n; i++)
		gt_add(gt, i);
	vpci_guest_ready(gt->guest);
	gt_open(gt);
	gt_begin(gt, n);
	return gt;
}

static inline struct gt *gt_run(struct kunit *test, unsigned int n)
{
	return gt_run_with(test, &gt_ops, GT_DOWN, n);
}

/* Ask for an interrupt; what the host says is up to the test. */
static inline void gt_send_create(struct gt *gt, u32 slot, u8 vector)
{
	struct vpci_create_interrupt2 *msg = (void *)gt->msg;

	msg->desc = (struct vpci_msi_desc2) {
		.vector = vector, .count = cpu_to_le16(1), .nprocs = cpu_to_le16(1),
	};
	gt_send(gt, VPCI_MSG_CREATE_INTERRUPT2, slot, sizeof(*msg));
}

/* Put a device to a power state; what the host says is up to the test. */
static inline void gt_send_power(struct gt *gt, u32 slot, u32 state)
{
	struct vpci_power *msg = (void *)gt->msg;

	*msg = (struct vpci_power) { .state = cpu_to_le32(state) };
	gt_send(gt, VPCI_MSG_POWER, slot, sizeof(*msg));
}

static inline void gt_expect_power(struct gt *gt, u32 state)
{
	const struct vpci_power *reply = gt_completion(gt, gt->trans, sizeof(*reply));

	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(reply->type), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(reply->state), state);
}

/* Assign no memory and @n interrupts, of a vector each or of none. */
static inline void gt_send_assigned(struct gt *gt, unsigned int n, bool vectors)
{
	struct vpci_assigned_resources *msg = (void *)gt->msg;
	union vpci_msi_resource2 *msi = (void *)(msg + 1);
	unsigned int i;

	memset(msg, 0, sizeof(*msg) + n * sizeof(*msi));
	msg->msis = cpu_to_le32(n);
	for (i = 0; i < n && vectors; i++)
		msi[i].desc = (struct vpci_msi_desc2) {
			.vector = 0x30 + i, .count = cpu_to_le16(1), .nprocs = cpu_to_le16(1),
		};
	gt_send(gt, VPCI_MSG_ASSIGNED_RESOURCES2, 0, sizeof(*msg) + n * sizeof(*msi));
}

/* The host was asked for @n interrupts in all. */
static inline void gt_expect_created(struct gt *gt, struct gt_fn *f, unsigned int n)
{
	gt_expect_soon(gt, READ_ONCE(f->created) == n);
	gt_settle(gt);
}

/* An interrupt that the host gives. */
static inline void gt_create(struct gt *gt, struct gt_fn *f, u32 data)
{
	const struct vpci_create_interrupt_reply *reply;
	unsigned int n = f->created + 1;

	gt_send_create(gt, f->fn.fn.desc.slot, 0x20);
	gt_expect_created(gt, f, n);
	gt_done(f, 0, data);
	reply = gt_completion(gt, gt->trans, sizeof(*reply));
	KUNIT_ASSERT_EQ(gt->test, le32_to_cpu(reply->status), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(gt->test, le64_to_cpu(reply->remapped.address), GT_MSI);
	KUNIT_EXPECT_EQ(gt->test, le32_to_cpu(reply->remapped.data), data);
	KUNIT_EXPECT_EQ(gt->test, le16_to_cpu(reply->remapped.count), 1);
}

/* ---- the guest's accesses to the window ------------------------------------------------ */

static inline int gt_mmio(struct gt *gt, u64 gpa, unsigned int size, bool write, u64 *value)
{
	return vpart_mmio_access(gt->fg->part, VPART_VTL_GUEST, gpa, size, write, value);
}

static inline void gt_select(struct gt *gt, u32 slot)
{
	u64 value = slot;

	KUNIT_ASSERT_EQ(gt->test, gt_mmio(gt, GT_WINDOW, 4, true, &value), 0);
}

static inline u64 gt_get(struct gt *gt, u16 offset, unsigned int size)
{
	u64 value;

	KUNIT_ASSERT_EQ(gt->test, gt_mmio(gt, GT_WINDOW + VPCI_WINDOW_CONFIG + offset, size,
					  false, &value), 0);
	return value;
}

static inline void gt_put(struct gt *gt, u16 offset, unsigned int size, u64 value)
{
	KUNIT_ASSERT_EQ(gt->test, gt_mmio(gt, GT_WINDOW + VPCI_WINDOW_CONFIG + offset, size,
					  true, &value), 0);
}

/* Put the second BAR of a device at @address, and switch memory on. */
static inline void gt_memory_on(struct gt *gt, u32 slot, u32 address)
{
	gt_select(gt, slot);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, address);
	gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
}

static inline bool gt_memory(struct gt *gt, u32 slot)
{
	gt_select(gt, slot);
	return gt_get(gt, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

#endif /* _KUNIT_VPCI_GUEST_TEST_H */
