// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: memory of a relayed device is where the guest has put it by the time
 * the host decodes it, and no access to it comes to this kernel.
 */
#include <linux/module.h>

#include "vpci_guest_test.h"
#include "../drivers/vmbus_partition/vpart.h"

#define GM_LOG		16
#define GM_LOW		0xe0004000U	/* the first BAR, of 64 bits: its lower half, */
#define GM_HIGH		0x12U		/* its upper half, */
#define GM_FIRST	((u64)GM_HIGH << 32 | GM_LOW)
#define GM_SECOND	0xe0010000U	/* and the second one, of 32 bits */

/**
 * struct gm_write - a write of configuration space
 * @offset: where
 * @size: bytes
 * @value: what
 */
struct gm_write {
	u16 offset;
	u8 size;
	u32 value;
};

/* What the host has been told, in this order; a request is over before the test looks. */
static struct gm_write gm_log[GM_LOG];
static unsigned int gm_writes;

static void gm_config_write(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size, u32 value)
{
	if (gm_writes < GM_LOG)
		gm_log[gm_writes] = (struct gm_write) { offset, size, value };
	gm_writes++;
	gt_config_write(ctx, fn, offset, size, value);
}

static const struct vpci_guest_ops gm_ops = {
	.config_read = gt_config_read,
	.config_write = gm_config_write,
	.interrupt_create = gt_interrupt_create,
	.interrupt_delete = gt_interrupt_delete,
	.mapped = gt_mapped,
	.ejected = gt_ejected,
};

static struct gt *gm_run(struct kunit *test)
{
	struct gt *gt = gt_run_with(test, &gm_ops, GT_DOWN, 1);

	gt_select(gt, 0);
	gm_writes = 0;
	return gt;
}

/* The host has been told where both are, and then to decode them, and nothing else. */
static void gm_expect_on(struct gt *gt, unsigned int order)
{
	static const struct gm_write want[] = {
		{ PCI_BASE_ADDRESS_0, 4, GM_LOW | 0xc },
		{ PCI_BASE_ADDRESS_1, 4, GM_HIGH },
		{ PCI_BASE_ADDRESS_2, 4, GM_SECOND },
	};
	unsigned int i;

	KUNIT_ASSERT_EQ_MSG(gt->test, gm_writes, ARRAY_SIZE(want) + 1, "order %u", order);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		KUNIT_EXPECT_EQ_MSG(gt->test, gm_log[i].offset, want[i].offset, "order %u", order);
		KUNIT_EXPECT_EQ_MSG(gt->test, gm_log[i].size, want[i].size, "order %u", order);
		KUNIT_EXPECT_EQ_MSG(gt->test, gm_log[i].value, want[i].value, "order %u", order);
	}
	KUNIT_EXPECT_EQ(gt->test, gm_log[i].offset, PCI_COMMAND);
	KUNIT_EXPECT_TRUE(gt->test, gm_log[i].value & PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_TRUE(gt->test, gt_memory(gt, 0));
}

/* It is the host's alone: of all the guest's addresses only the window is served. */
static void gm_expect_direct(struct gt *gt)
{
	static const u64 addresses[] = {
		GM_FIRST, GM_FIRST + 0x1000, GM_FIRST + 0x3ffc,
		GM_SECOND, GM_SECOND + 0x8000, GM_SECOND + 0xfffc,
	};
	struct vmbus_partition *part = gt->fg->part;
	unsigned int i, writes = gm_writes, reads = gt->fns[0].reads;
	u64 value;

	KUNIT_EXPECT_EQ(gt->test, part->mmio.guest.n, 1);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		KUNIT_EXPECT_FALSE(gt->test, vpart_mmio_served(part, VPART_VTL_GUEST,
							       addresses[i], 1));
		KUNIT_EXPECT_EQ(gt->test, gt_mmio(gt, addresses[i], 4, false, &value), -ENXIO);
	}
	KUNIT_EXPECT_EQ(gt->test, gm_writes, writes);
	KUNIT_EXPECT_EQ(gt->test, gt->fns[0].reads, reads);
}

/* In whatever order and pieces the guest gives the addresses, the host gets them whole. */
static void vpci_guest_memory_order_test(struct kunit *test)
{
	static const struct gm_write orders[][7] = {
		{ { 0x10, 4, GM_LOW }, { 0x14, 4, GM_HIGH }, { 0x18, 4, GM_SECOND } },
		{ { 0x18, 4, GM_SECOND }, { 0x14, 4, GM_HIGH }, { 0x10, 4, GM_LOW } },
		/* What is no address is not the guest's to choose. */
		{ { 0x10, 4, GM_LOW | 0x3fff }, { 0x14, 4, GM_HIGH }, { 0x18, 4, GM_SECOND | 1 } },
		/* Sizes first */
		{ { 0x10, 4, U32_MAX }, { 0x14, 4, U32_MAX }, { 0x18, 4, U32_MAX },
		  { 0x10, 4, GM_LOW }, { 0x14, 4, GM_HIGH }, { 0x18, 4, GM_SECOND } },
		/* In halves, and by bytes */
		{ { 0x12, 2, GM_LOW >> 16 }, { 0x10, 2, GM_LOW & 0xffff }, { 0x14, 1, GM_HIGH },
		  { 0x15, 1, 0 }, { 0x16, 2, 0 }, { 0x1a, 2, GM_SECOND >> 16 }, { 0x18, 2, 0 } },
	};
	struct gt *gt = gm_run(test);
	const struct gm_write *w;
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (w = orders[i]; w < orders[i] + ARRAY_SIZE(orders[i]) && w->size; w++)
			gt_put(gt, w->offset, w->size, w->value);
		KUNIT_EXPECT_EQ(test, gm_writes, 0);
		gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		gm_expect_on(gt, i);
		KUNIT_EXPECT_EQ(test, gt->fns[0].on, ++n);
		gm_expect_direct(gt);
		gt_put(gt, PCI_COMMAND, 2, 0);
		gt_put(gt, 0x10, 4, 0);
		gt_put(gt, 0x14, 4, 0);
		gt_put(gt, 0x18, 4, 0);
		gm_writes = 0;
	}
}

/* While memory is on it stays where it is. */
static void vpci_guest_memory_stays_test(struct kunit *test)
{
	struct gt *gt = gm_run(test);

	gt_put(gt, PCI_BASE_ADDRESS_0, 4, 0xf0000000);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, 0xf0010000);
	gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, gm_writes, 4);
	gm_writes = 0;
	gt_put(gt, PCI_BASE_ADDRESS_0, 4, GM_LOW);
	gt_put(gt, PCI_BASE_ADDRESS_1, 4, GM_HIGH);
	gt_put(gt, PCI_BASE_ADDRESS_2, 4, GM_SECOND);
	KUNIT_EXPECT_EQ(test, gm_writes, 0);
	/* On once more is nothing new, off says nothing of addresses. */
	gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, gm_writes, 2);
	KUNIT_EXPECT_EQ(test, gm_log[0].offset, PCI_COMMAND);
	KUNIT_EXPECT_EQ(test, gm_log[1].offset, PCI_COMMAND);
	KUNIT_EXPECT_FALSE(test, gm_log[1].value & PCI_COMMAND_MEMORY);
	gm_writes = 0;
	gt_put(gt, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	gm_expect_on(gt, 0);
	gm_expect_direct(gt);
}

/* As Windows does it: by requests. */
static void vpci_guest_memory_assigned_test(struct kunit *test)
{
	struct gt *gt = gm_run(test);
	struct vpci_assigned_resources *msg = (void *)gt->msg;

	memset(msg, 0, sizeof(*msg));
	msg->resources[0] = (struct vpci_resource) {
		.type = VPCI_RESOURCE_MEMORY, .address = cpu_to_le64(GM_FIRST),
		.length = cpu_to_le32(0x4000),
	};
	msg->resources[2] = (struct vpci_resource) {
		.type = VPCI_RESOURCE_MEMORY, .address = cpu_to_le64(GM_SECOND),
		.length = cpu_to_le32(0x10000),
	};
	gt_send(gt, VPCI_MSG_ASSIGNED_RESOURCES2, 0, sizeof(*msg));
	gt_completion(gt, gt->trans, sizeof(*msg));
	KUNIT_EXPECT_EQ(test, gm_writes, 0);
	gt_send_power(gt, 0, VPCI_POWER_D0);
	gt_expect_power(gt, VPCI_POWER_D0);
	gm_expect_on(gt, 0);
	gm_expect_direct(gt);
	gm_writes = 0;
	gt_ask(gt, VPCI_MSG_RELEASE_RESOURCES, 0, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_FALSE(test, gt_memory(gt, 0));
	KUNIT_EXPECT_EQ(test, gm_writes, 1);
	KUNIT_EXPECT_EQ(test, gm_log[0].offset, PCI_COMMAND);
}

static struct kunit_case vpci_guest_memory_cases[] = {
	KUNIT_CASE(vpci_guest_memory_order_test),
	KUNIT_CASE(vpci_guest_memory_stays_test),
	KUNIT_CASE(vpci_guest_memory_assigned_test),
	{}
};

static struct kunit_suite vpci_guest_memory_suite = {
	.name = "vpci_guest_memory",
	.test_cases = vpci_guest_memory_cases,
};

kunit_test_suite(vpci_guest_memory_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: memory of devices in the guest");
MODULE_LICENSE("GPL");
