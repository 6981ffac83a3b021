// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the functions on VPCI buses of the test host: BARs in the guest's addresses,
 * interrupts to the guest, data in its memory, and a guest that stops or is reset.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/nvme.h>
#include <vmbus/compat.h>

#include "vpci_root_test.h"

#define VF_FILE		"/tmp/vpci_root_fn_test"
#define VF_VECTOR	0x41

/* Guest memory for the copy engine to move */
static u64 vf_gpa(unsigned int n)
{
	return (u64)(VR_MEM + n) << PAGE_SHIFT;
}

static u8 *vf_page(struct vr *vr, unsigned int n)
{
	return page_address(vr->fg->pages[VR_MEM + n]);
}

/* ---- BARs ------------------------------------------------------------------------------ */

static void vpci_root_bar_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_select(vr, 0);
	vr_put_bars(vr, 0);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), COPY_MAGIC);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + COPY_REGS_SIZE + 12, 4), 1U);
	vr_guest_write(vr, VR_HIGH + 24, 8, 0x1122334455667788ULL);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + 28, 2), 0x3344U);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + COPY_SCRATCH_SIZE, 4), VR_ONES);
	vr_expect_count(vr, TVP_BAR_READS, 3);
	vr_expect_count(vr, TVP_BAR_WRITES, 1);
	/* They are not in VTL2's addresses. */
	KUNIT_EXPECT_EQ(test, vr_mmio_read(vr, VPART_VTL_PARAVISOR, VR_BAR, 4), VR_ONES);

	/* The second function is there at the same time. */
	vr_power(vr, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), COPY_MAGIC);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + SZ_1M + 24, 8), 0ULL);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + 24, 8), 0x1122334455667788ULL);

	vr_select(vr, 0);
	vr_config_write(vr, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), COPY_MAGIC);
}

/* BARs that are written while they answer move; also to where another one was. */
static void vpci_root_bar_moves_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_power(vr, 0);
	vr_config_write(vr, PCI_BASE_ADDRESS_0, 4, VR_BAR + SZ_64K);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_64K, 4), COPY_MAGIC);
	vr_config_write(vr, PCI_BASE_ADDRESS_4, 4, VR_BAR);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + 12, 4), 1U);
	vr_expect_count(vr, TVP_BAR_CONFLICTS, 0);

	/* The other function wants the same addresses. */
	vr_select(vr, 1);
	vr_config_write(vr, PCI_BASE_ADDRESS_0, 4, VR_BAR + SZ_64K);
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	vr_expect_count(vr, TVP_BAR_CONFLICTS, 1);
	vr_guest_write(vr, VR_BAR + SZ_64K + COPY_REG_LENGTH, 4, 0x123);
	vr_config_write(vr, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_64K + COPY_REG_LENGTH, 4), 0x123U);
	/* When they are free it gets them. */
	vr_request(vr, "remove 7 0");
	vr_expect_relations(vr, 1);
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_64K + COPY_REG_LENGTH, 4), 0U);
	vr_expect_count(vr, TVP_BAR_CONFLICTS, 1);
}

/* By messages, as an old client does it */
static void vpci_root_resources_test(struct kunit *test)
{
	struct vpci_assigned_resources assigned = {
		.type = cpu_to_le32(VPCI_MSG_ASSIGNED_RESOURCES2),
	};
	struct vpci_power power = { .type = cpu_to_le32(VPCI_MSG_POWER) };
	struct vr *vr = vr_running(test, 1);

	vpci_resource_put(&assigned.resources[0], VR_BAR, COPY_REGS_SIZE);
	vr_post(vr, &assigned, sizeof(assigned));
	vr_expect_answer(vr, sizeof(assigned), VPCI_STATUS_SUCCESS);
	power.state = cpu_to_le32(VPCI_POWER_D0);
	vr_post(vr, &power, sizeof(power));
	vr_expect_answer(vr, sizeof(power), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), COPY_MAGIC);
	power.state = cpu_to_le32(VPCI_POWER_D3);
	vr_post(vr, &power, sizeof(power));
	vr_expect_answer(vr, sizeof(power), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	vr_power(vr, 0);
	vr_post_slot(vr, VPCI_MSG_RELEASE_RESOURCES, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_BASE_ADDRESS_0, 4), 0U);
}

/* ---- interrupts ------------------------------------------------------------------------ */

static void vf_post_create(struct vr *vr, u32 slot, u8 vector, u16 count, u16 vp)
{
	struct vpci_create_interrupt2 msg = {
		.type = cpu_to_le32(VPCI_MSG_CREATE_INTERRUPT2),
		.slot = cpu_to_le32(slot),
		.desc.vector = vector,
		.desc.count = cpu_to_le16(count),
		.desc.nprocs = cpu_to_le16(1),
		.desc.procs[0] = cpu_to_le16(vp),
	};

	vr_post(vr, &msg, sizeof(msg));
}

static struct vpci_msi vf_create(struct vr *vr, u32 slot, u8 vector, u16 vp)
{
	const struct vpci_create_interrupt_reply *reply;
	struct vpci_msi msi;

	vf_post_create(vr, slot, vector, 1, vp);
	reply = vr_answer(vr, sizeof(*reply));
	KUNIT_ASSERT_EQ(vr->fg->test, vr_status(vr), 0U);
	vpci_msi_get(&msi, &reply->remapped);
	return msi;
}

static void vf_delete(struct vr *vr, u32 slot, const struct vpci_msi *msi)
{
	struct vpci_delete_interrupt msg = {
		.type = cpu_to_le32(VPCI_MSG_DELETE_INTERRUPT), .slot = cpu_to_le32(slot),
	};

	vpci_msi_put(&msg.remapped, msi);
	vr_post(vr, &msg, sizeof(msg));
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
}

/* What a monitor does; how many routes there were, and the last one */
static unsigned int vf_sync(struct vr *vr, struct vmbus_partition_msi *last)
{
	struct vmbus_partition_msi route;
	unsigned int n;

	for (n = 0; !vpart_msi_next(vr->fg->part, &route); n++) {
		*last = route;
		vpart_msi_routed(vr->fg->part, route.msi, route.sequence);
	}
	return n;
}

/* The guest puts it into an entry of the table of MSI-X, and lets it go. */
static void vf_program(struct vr *vr, u32 slot, unsigned int entry, const struct vpci_msi *msi)
{
	u64 at = VR_BAR + slot * SZ_1M + COPY_REGS_SIZE + entry * PCI_MSIX_ENTRY_SIZE;

	vr_guest_write(vr, at, 4, lower_32_bits(msi->address));
	vr_guest_write(vr, at + 4, 4, upper_32_bits(msi->address));
	vr_guest_write(vr, at + 8, 4, msi->data);
	vr_guest_write(vr, at + 12, 4, 0);
}

static void vf_msix_on(struct vr *vr)
{
	u32 at = vr_config_read(vr, PCI_CAPABILITY_LIST, 1);

	while (at && vr_config_read(vr, at, 1) != PCI_CAP_ID_MSIX)
		at = vr_config_read(vr, at + PCI_CAP_LIST_NEXT, 1);
	KUNIT_ASSERT_NE(vr->fg->test, at, 0U);
	vr_config_write(vr, at + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
}

static int vf_fired(struct vr *vr, const struct vpci_msi *msi)
{
	return atomic_read(&vr->fired[msi->data % VR_MSIS]);
}

static void vf_raise(struct vr *vr, u32 slot, unsigned int vector)
{
	vr_guest_write(vr, VR_BAR + slot * SZ_1M + COPY_REG_RAISE, 4, vector);
}

static void vpci_root_interrupt_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);
	struct vmbus_partition_msi route = { };
	struct vpci_msi a, b;

	vr_power(vr, 1);
	a = vf_create(vr, 1, VF_VECTOR, 1);
	KUNIT_EXPECT_EQ(test, vf_sync(vr, &route), 1U);
	KUNIT_EXPECT_EQ(test, route.vp, 1U);
	KUNIT_EXPECT_EQ(test, route.vector, VF_VECTOR);
	b = vf_create(vr, 1, VF_VECTOR + 1, 0);
	KUNIT_EXPECT_NE(test, a.data, b.data);
	vf_program(vr, 1, 0, &a);
	vf_program(vr, 1, 7, &b);
	vf_msix_on(vr);
	vf_raise(vr, 1, 0);
	KUNIT_EXPECT_EQ(test, vf_fired(vr, &a), 1);
	/* Not before the monitor has its route */
	vf_raise(vr, 1, 7);
	KUNIT_EXPECT_EQ(test, vf_fired(vr, &b), 0);
	KUNIT_EXPECT_EQ(test, vf_sync(vr, &route), 1U);
	KUNIT_EXPECT_EQ(test, vf_fired(vr, &b), 1);
	vr_expect_count(vr, TVP_INTERRUPTS, 2);
	vr_expect_count(vr, TVP_MSIS_CREATED, 2);

	vf_delete(vr, 1, &a);
	vf_raise(vr, 1, 0);
	KUNIT_EXPECT_EQ(test, vf_fired(vr, &a), 1);
	vr_expect_count(vr, TVP_INTERRUPTS_LOST, 1);
	vr_request(vr, "remove 7 1");
	vr_expect_relations(vr, 1);
	vr_expect_count(vr, TVP_MSIS_DELETED, 2);
	KUNIT_EXPECT_EQ(test, vpart_msi_raise(vr->fg->part, b.address, b.data), -ENOENT);
}

static void vpci_root_no_interrupt_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	struct vpci_msi msi;
	unsigned int i;

	/* Neither a VP that there is not, nor a vector of an exception */
	vf_post_create(vr, 0, VF_VECTOR, 1, FG_VPS);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vf_post_create(vr, 0, 15, 1, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vr_request(vr, "knob 7 fail_interrupt 1");
	vf_post_create(vr, 0, VF_VECTOR, 1, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_NO_RESOURCES);
	vr_request(vr, "knob 7 fail_interrupt 0");
	vr_expect_count(vr, TVP_MSIS_CREATED, 0);
	for (i = 0; i < VR_MSIS; i++)
		msi = vf_create(vr, 0, VF_VECTOR, 0);
	vf_post_create(vr, 0, VF_VECTOR, 1, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_NO_RESOURCES);
	vf_delete(vr, 0, &msi);
	vf_create(vr, 0, VF_VECTOR, 0);
	/* All of them go with the channel. */
	vr_close(vr);
	vr_expect_count(vr, TVP_MSIS_DELETED, VR_MSIS + 1);
}

/* ---- data ------------------------------------------------------------------------------ */

static void vf_copy(struct vr *vr, u32 slot, u64 from, u64 to, u32 len)
{
	u64 regs = VR_BAR + slot * SZ_1M;

	vr_guest_write(vr, regs + COPY_REG_SOURCE, 4, lower_32_bits(from));
	vr_guest_write(vr, regs + COPY_REG_SOURCE + 4, 4, upper_32_bits(from));
	vr_guest_write(vr, regs + COPY_REG_DESTINATION, 4, lower_32_bits(to));
	vr_guest_write(vr, regs + COPY_REG_DESTINATION + 4, 4, upper_32_bits(to));
	vr_guest_write(vr, regs + COPY_REG_LENGTH, 4, len);
	vr_guest_write(vr, regs + COPY_REG_CONTROL, 4, COPY_GO);
}

static u32 vf_status(struct vr *vr, u32 slot)
{
	return vr_guest_read(vr, VR_BAR + slot * SZ_1M + COPY_REG_STATUS, 4);
}

static void vf_expect_done(struct vr *vr, u32 slot, u32 status)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	while (vf_status(vr, slot) == COPY_BUSY && time_before(jiffies, end))
		usleep_range(200, 500);
	KUNIT_EXPECT_EQ(vr->fg->test, vf_status(vr, slot), status);
}

static void vpci_root_dma_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);
	int pinned = atomic_read(&vr->fg->pinned);
	u32 len = 3 * PAGE_SIZE - 200;

	vr_power(vr, 0);
	rt_fill(vf_page(vr, 0), PAGE_SIZE, 1);
	rt_fill(vf_page(vr, 1), PAGE_SIZE, 2);
	rt_fill(vf_page(vr, 2), PAGE_SIZE, 3);
	/* From the middle of a page to that of another, over three of each */
	vf_copy(vr, 0, vf_gpa(0) + 100, vf_gpa(4) + 50, len);
	vf_expect_done(vr, 0, COPY_DONE);
	KUNIT_EXPECT_EQ(test, vf_page(vr, 4)[49], 0);
	KUNIT_EXPECT_MEMEQ(test, vf_page(vr, 4) + 50, vf_page(vr, 0) + 100, PAGE_SIZE - 100);
	KUNIT_EXPECT_MEMEQ(test, vf_page(vr, 5), vf_page(vr, 1) + 50, PAGE_SIZE - 50);
	KUNIT_EXPECT_MEMEQ(test, vf_page(vr, 6), vf_page(vr, 2) + 50, PAGE_SIZE - 150);
	KUNIT_EXPECT_EQ(test, vf_page(vr, 6)[PAGE_SIZE - 150], 0);
	vr_expect_count(vr, TVP_DMA_BYTES, 2 * len);

	/* Beyond the guest's memory, in whole or in part */
	vf_copy(vr, 0, vf_gpa(0), (u64)FG_PAGES << PAGE_SHIFT, 64);
	vf_expect_done(vr, 0, COPY_FAILED);
	vf_copy(vr, 0, (u64)(FG_PAGES - 1) << PAGE_SHIFT, vf_gpa(4), PAGE_SIZE + 1);
	vf_expect_done(vr, 0, COPY_FAILED);
	vr_expect_count(vr, TVP_DMA_ERRORS, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&vr->fg->pinned), pinned);
	/* A function that is no bus master reaches none. */
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	vf_copy(vr, 0, vf_gpa(0), vf_gpa(4), 64);
	vf_expect_done(vr, 0, COPY_FAILED);
	vr_expect_count(vr, TVP_DMA_ERRORS, 2);
}

/* ---- a guest that stops, or is reset --------------------------------------------------- */

/* Data of a function is to move, and waits for the guest. */
static void vf_expect_held(struct vr *vr)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	while (!wq_has_sleeper(&vr->bus->wait) && time_before(jiffies, end))
		usleep_range(200, 500);
	KUNIT_EXPECT_TRUE(vr->fg->test, wq_has_sleeper(&vr->bus->wait));
}

static void vpci_root_stop_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 1);

	vr_power(vr, 0);
	memset(vf_page(vr, 0), 0x5a, PAGE_SIZE);
	fg_stop(vr->fg);
	vf_copy(vr, 0, vf_gpa(0), vf_gpa(1), PAGE_SIZE);
	vf_expect_held(vr);
	KUNIT_EXPECT_EQ(test, vf_status(vr, 0), COPY_BUSY);
	KUNIT_EXPECT_EQ(test, vf_page(vr, 1)[0], 0);
	/* Requests wait, too. */
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	vr_expect_quiet(vr);
	vpart_start(vr->fg->part);
	vf_expect_done(vr, 0, COPY_DONE);
	KUNIT_EXPECT_MEMEQ(test, vf_page(vr, 1), vf_page(vr, 0), PAGE_SIZE);
	vr_expect_answer(vr, sizeof(struct vpci_requirements_reply), VPCI_STATUS_SUCCESS);
}

/* It goes while the guest is stopped, and does not wait for it. */
static void vpci_root_stop_remove_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_power(vr, 0);
	vr_power(vr, 1);
	fg_stop(vr->fg);
	vf_copy(vr, 0, vf_gpa(0), vf_gpa(1), PAGE_SIZE);
	vf_expect_held(vr);
	vr_request(vr, "remove 7 0");
	vr_expect_count(vr, TVP_DMA_ERRORS, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	vf_copy(vr, 1, vf_gpa(0), vf_gpa(1), PAGE_SIZE);
	vf_expect_held(vr);
	KUNIT_EXPECT_EQ(test, vf_status(vr, 1), COPY_BUSY);
	/* So does a guest that is reset. */
	vr->bus->client.ops->reset(&vr->bus->client);
	vr_expect_count(vr, TVP_DMA_ERRORS, 2);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), VR_ONES);
	vpart_start(vr->fg->part);
	vr_expect_relations(vr, 1);
}

/* The guest alone is reset: its devices are as new, and the channel is open. */
static void vpci_root_reset_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vr_power(vr, 0);
	vr_power(vr, 1);
	vr->bus->client.ops->reset(&vr->bus->client);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_COMMAND, 2), 0U);
	KUNIT_EXPECT_EQ(test, vr_config_read(vr, PCI_BASE_ADDRESS_0, 4), 0U);
	vr_post_slot(vr, VPCI_MSG_REQUIREMENTS, 0);
	vr_expect_answer(vr, sizeof(struct vpci_requirements_reply), VPCI_STATUS_SUCCESS);

	/* The client asks for the same of one. */
	vr_power(vr, 0);
	vr_power(vr, 1);
	vr_post_slot(vr, VPCI_MSG_RESET_DEVICE, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	vr_expect_count(vr, TVP_RESETS, 1);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR, 4), VR_ONES);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), COPY_MAGIC);

	/* And the whole partition, with all that is open */
	vpart_reset(vr->fg->part);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_BAR + SZ_1M, 4), VR_ONES);
	KUNIT_EXPECT_FALSE(test, vr->bus->open);
	KUNIT_EXPECT_EQ(test, atomic_read(&vr->fg->pinned), 0);
}

/* ---- configuration blocks -------------------------------------------------------------- */

static void vf_post_block(struct vr *vr, u32 slot, bool write, u32 block, u8 byte)
{
	struct vpci_write_block msg = {
		.type = cpu_to_le32(write ? VPCI_MSG_WRITE_BLOCK : VPCI_MSG_READ_BLOCK),
		.block = cpu_to_le32(block), .slot = cpu_to_le32(slot),
		.length = cpu_to_le32(VPCI_BLOCK_SIZE),
	};

	memset(msg.data, byte, sizeof(msg.data));
	vr_post(vr, &msg, write ? sizeof(msg) : sizeof(struct vpci_read_block));
}

static void vf_expect_block(struct vr *vr, u32 slot, u32 block, u8 byte)
{
	const struct vpci_read_block_reply *reply;
	u8 data[VPCI_BLOCK_SIZE];

	memset(data, byte, sizeof(data));
	vf_post_block(vr, slot, false, block, 0);
	reply = vr_expect_answer(vr, sizeof(*reply), VPCI_STATUS_SUCCESS);
	KUNIT_EXPECT_MEMEQ_MSG(vr->fg->test, reply->data, data, sizeof(data), "block %u", block);
}

/* A copy engine keeps what is written to its blocks. */
static void vpci_root_block_test(struct kunit *test)
{
	struct vr *vr = vr_running(test, 2);

	vf_post_block(vr, 1, true, TVP_BLOCKS - 1, 0x5a);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	vf_expect_block(vr, 1, TVP_BLOCKS - 1, 0x5a);
	vf_expect_block(vr, 1, 0, 0);
	vf_expect_block(vr, 0, TVP_BLOCKS - 1, 0);
	vf_post_block(vr, 1, true, TVP_BLOCKS, 0x5a);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vf_post_block(vr, 1, false, U32_MAX, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
	vf_post_block(vr, 2, false, 0, 0);
	vr_expect_answer(vr, 4, VPCI_STATUS_BAD_DATA);
}

/* ---- NVMe ------------------------------------------------------------------------------ */

static void vf_make_file(struct kunit *test)
{
	struct file *file = NULL;
	loff_t pos = SZ_1M - 1;

	scoped_with_init_fs()
		file = filp_open(VF_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(file));
	KUNIT_EXPECT_EQ(test, kernel_write(file, "", 1, &pos), (ssize_t)1);
	filp_close(file, NULL);
}

static void vpci_root_nvme_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);
	const struct vpci_device2 *dev;
	struct vpci_desc desc;

	vf_make_file(test);
	vr_expect_request(vr, -EINVAL, "add 7 0 nvme " VF_FILE " queues=0");
	vr_expect_request(vr, -EINVAL, "add 7 0 nvme " VF_FILE " queues=17");
	vr_request(vr, "add 7 0 nvme " VF_FILE " queues=16 serial=0xabc");
	vr_offer(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
	vr_post_d0_entry(vr, VR_WINDOW);
	dev = vr_expect_relations(vr, 1);
	vpci_desc_get2(&desc, dev);
	KUNIT_EXPECT_EQ(test, desc.device, ENDPOINT_NVME_DEVICE);
	KUNIT_EXPECT_EQ(test, desc.class << 16 | desc.subclass << 8 | desc.prog_if, 0x010802);
	KUNIT_EXPECT_EQ(test, desc.serial, 0xabcU);
	vr_expect_answer(vr, 4, VPCI_STATUS_SUCCESS);
	vr_select(vr, 0);
	vr_config_write(vr, PCI_BASE_ADDRESS_0, 4, lower_32_bits(VR_HIGH));
	vr_config_write(vr, PCI_BASE_ADDRESS_1, 4, upper_32_bits(VR_HIGH));
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + NVME_REG_VS, 4) >> 16, 1U);
	/* The same file, another controller */
	vr_request(vr, "replace 7 0 0xdef");
	dev = vr_expect_relations(vr, 1);
	vpci_desc_get2(&desc, dev);
	KUNIT_EXPECT_EQ(test, desc.device, ENDPOINT_NVME_DEVICE);
	KUNIT_EXPECT_EQ(test, desc.serial, 0xdefU);
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VR_HIGH + NVME_REG_VS, 4), VR_ONES);
}

static struct kunit_case vpci_root_fn_cases[] = {
	KUNIT_CASE(vpci_root_bar_test),
	KUNIT_CASE(vpci_root_bar_moves_test),
	KUNIT_CASE(vpci_root_resources_test),
	KUNIT_CASE(vpci_root_interrupt_test),
	KUNIT_CASE(vpci_root_no_interrupt_test),
	KUNIT_CASE(vpci_root_dma_test),
	KUNIT_CASE(vpci_root_stop_test),
	KUNIT_CASE(vpci_root_stop_remove_test),
	KUNIT_CASE(vpci_root_reset_test),
	KUNIT_CASE(vpci_root_block_test),
	KUNIT_CASE(vpci_root_nvme_test),
	{}
};

static struct kunit_suite vpci_root_fn_suite = {
	.name = "vpci_root_fn",
	.test_cases = vpci_root_fn_cases,
};

kunit_test_suite(vpci_root_fn_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VPCI buses of the test host: functions");
MODULE_LICENSE("GPL");
