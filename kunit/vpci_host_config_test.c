// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: configuration space of the host's devices, through its window.
 */
#include <linux/module.h>

#include "vpci_host_bus_test.h"

/* Two devices, in slots 0 and 0x21. */
static struct hb *hb_pair(struct kunit *test, struct vpci_host_fn *fns[2])
{
	static const struct hb_dev devs[] = { { 0, 1 }, { 0x21, 2 } };
	struct hb *hb = hb_new(test);
	unsigned int i;

	hb_enter(hb, 0x10006, devs, 2);
	for (i = 0; i < 2; i++) {
		hb_prepare(hb, devs[i].slot);
		fns[i] = hb_expect_fn(hb, HB_ADDED, devs[i].slot, i + 1);
	}
	hb_expect(hb, HB_READY);
	KUNIT_EXPECT_EQ(test, hb->mmios, 0);
	return hb;
}

/* The first page is written when another device is meant, and then only. */
static void vpci_host_config_slot_test(struct kunit *test)
{
	static const struct { unsigned int fn, slot, slot_writes; } cases[] = {
		{ 0, 0, 1 }, { 0, 0, 1 }, { 1, 0x21, 2 }, { 1, 0x21, 2 }, { 0, 0, 3 },
		{ 1, 0x21, 4 }, { 1, 0x21, 4 },
	};
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (i & 1)
			vpci_host_config_write(fns[cases[i].fn], 4, 2, i);
		else
			vpci_host_config_read(fns[cases[i].fn], 4, 2);
		KUNIT_EXPECT_EQ_MSG(test, hb->slot_writes, cases[i].slot_writes, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->mmios, hb->slot_writes + i + 1, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->slot, cases[i].slot, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->offset, 0x1004, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->write, i & 1, "case %u", i);
	}
	hb_expect_count(hb, VPCI_HOST_MMIO_ERRORS, 0);
	hb_expect_no_msg(hb);
}

/* What is asked of the host, and what is not. */
static void vpci_host_config_places_test(struct kunit *test)
{
	static const struct { u16 offset; u8 size; bool good; u32 read; } cases[] = {
		{ 0, 1, true, 0x44 }, { 0, 2, true, 0x3344 }, { 0, 4, true, 0x11223344 },
		{ 1, 1, true, 0x44 }, { 2, 2, true, 0x3344 }, { 0x40, 4, true, 0x11223344 },
		{ 0xffc, 4, true, 0x11223344 }, { 0xffe, 2, true, 0x3344 },
		{ 0xfff, 1, true, 0x44 },
		{ 1, 2, false, 0xffff }, { 2, 4, false, U32_MAX }, { 0xffd, 2, false, 0xffff },
		{ 0xffd, 4, false, U32_MAX }, { 0x1000, 1, false, 0xff },
		{ 0x1000, 4, false, U32_MAX }, { 0xffff, 1, false, 0xff },
		{ 0xfffe, 2, false, 0xffff }, { 0xfffc, 4, false, U32_MAX },
		{ 0, 0, false, U32_MAX }, { 0, 3, false, 0xffffff }, { 0, 8, false, U32_MAX },
		{ 0, 255, false, U32_MAX },
	};
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);
	unsigned int i, before;
	u32 value;

	/* The host answers more than it was asked for. */
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hb->value = 0xaabbccdd11223344;
		before = hb->mmios - hb->slot_writes;
		value = vpci_host_config_read(fns[0], cases[i].offset, cases[i].size);
		KUNIT_EXPECT_EQ_MSG(test, value, cases[i].read, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->mmios - hb->slot_writes - before, cases[i].good,
				    "case %u", i);
		if (cases[i].good) {
			KUNIT_EXPECT_EQ(test, hb->offset, 0x1000 + cases[i].offset);
			KUNIT_EXPECT_EQ(test, hb->size, cases[i].size);
			KUNIT_EXPECT_FALSE(test, hb->write);
		}
		hb->value = 0;
		vpci_host_config_write(fns[0], cases[i].offset, cases[i].size, 0x11223344);
		KUNIT_EXPECT_EQ_MSG(test, hb->value, cases[i].good * cases[i].read, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hb->mmios - hb->slot_writes - before,
				    2 * cases[i].good, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, hb->slot_writes, 1);
}

/* A device that is gone: the owner need not know yet. */
static void vpci_host_config_gone_test(struct kunit *test)
{
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);
	struct vpci_host_fn *other;
	unsigned int before;

	hb->value = 0x12345678;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 4), 0x12345678);
	/* Nobody frees it meanwhile. */
	kref_get(&fns[0]->ref);
	hb_list_one(hb, 0, 3);
	before = hb->mmios;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 1), 0xff);
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 2), 0xffff);
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 4), U32_MAX);
	vpci_host_config_write(fns[0], 0, 4, 1);
	KUNIT_EXPECT_EQ(test, hb->mmios, before);
	KUNIT_EXPECT_EQ(test, hb->value, 0x12345678);
	hb_expect_fn(hb, HB_REMOVED, 0, 1);
	hb_expect_fn(hb, HB_REMOVED, 0x21, 2);
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 4), U32_MAX);
	KUNIT_EXPECT_EQ(test, kref_read(&fns[0]->ref), 1);
	kfree(fns[0]);
	/* What takes its place has its slot. */
	hb_prepare(hb, 0);
	other = hb_expect_fn(hb, HB_ADDED, 0, 3);
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(other, 0, 4), 0x12345678);
	KUNIT_EXPECT_EQ(test, hb->mmios, before + 1);
	hb_expect_count(hb, VPCI_HOST_MMIO_ERRORS, 0);
}

/* A host that does not serve its window: nothing is read but ones, and it is asked again. */
static void vpci_host_config_errors_test(struct kunit *test)
{
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);

	hb->value = 0x12345678;
	hb->slot_err = -ENXIO;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 4), U32_MAX);
	vpci_host_config_write(fns[0], 0, 4, 1);
	KUNIT_EXPECT_EQ(test, hb->mmios, 2);
	KUNIT_EXPECT_EQ(test, hb->slot_writes, 2);
	hb->slot_err = 0;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 4), 0x12345678);
	KUNIT_EXPECT_EQ(test, hb->slot_writes, 3);
	/* The other one cannot be chosen: then nobody knows which it is. */
	hb->slot_err = -EFAULT;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[1], 0, 2), 0xffff);
	hb->slot_err = 0;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 2), 0x5678);
	KUNIT_EXPECT_EQ(test, hb->slot_writes, 5);
	/* The second page alone. */
	hb->config_err = -ENXIO;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 1), 0xff);
	vpci_host_config_write(fns[0], 0, 1, 1);
	hb->config_err = 0;
	hb->value = 5;
	KUNIT_EXPECT_EQ(test, vpci_host_config_read(fns[0], 0, 1), 5);
	KUNIT_EXPECT_EQ(test, hb->slot_writes, 5);
	hb_expect_count(hb, VPCI_HOST_MMIO_ERRORS, 5);
	/* No reason to end the bus. */
	hb_expect_no_event(hb);
}

static void hc_set_power(struct hb *hb, struct vpci_host_fn *fn, u32 state)
{
	KUNIT_ASSERT_EQ(hb->test, vpci_host_set_power(fn, state, 1), 0);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_POWER), 0);
	hb_expect(hb, HB_POWER);
}

/* A device that was left in D3 comes back with its memory; nobody waits for that. */
static void vpci_host_config_wake_test(struct kunit *test)
{
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);
	const struct hb_msg *msg;

	vpci_host_config_write(fns[0], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	hb_expect_no_msg(hb);
	hc_set_power(hb, fns[0], VPCI_POWER_D3);
	/* Another device, other registers, and memory that stays off. */
	vpci_host_config_write(fns[1], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	vpci_host_config_write(fns[0], PCI_STATUS, 2, PCI_COMMAND_MEMORY);
	vpci_host_config_write(fns[0], PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	vpci_host_config_read(fns[0], PCI_COMMAND, 2);
	hb_expect_no_msg(hb);
	vpci_host_config_write(fns[0], PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	msg = hb_expect_notice(hb, VPCI_MSG_POWER);
	KUNIT_EXPECT_EQ(test, msg->len, sizeof(struct vpci_power));
	hb_expect_slot(hb, msg, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[2]), VPCI_POWER_D0);
	vpci_host_config_write(fns[0], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	hb_expect_no_msg(hb);
	/* One that has come back by itself. */
	hc_set_power(hb, fns[0], VPCI_POWER_D3);
	hc_set_power(hb, fns[0], VPCI_POWER_D0);
	vpci_host_config_write(fns[0], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	hb_expect_no_msg(hb);
	/* One that is gone. */
	hc_set_power(hb, fns[0], VPCI_POWER_D3);
	kref_get(&fns[0]->ref);
	hb_list_one(hb, 0x21, 2);
	vpci_host_config_write(fns[0], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	hb_expect_no_msg(hb);
	hb_expect_fn(hb, HB_REMOVED, 0, 1);
	KUNIT_EXPECT_EQ(test, kref_read(&fns[0]->ref), 1);
	kfree(fns[0]);
	hb_expect_no_event(hb);
}

/* Nor does the next owner of a bus find one in D3; one that the host did not let sleep is not. */
static void vpci_host_config_sleep_test(struct kunit *test)
{
	struct vpci_host_fn *fns[2];
	struct hb *hb = hb_pair(test, fns);
	const struct hb_msg *msg;

	KUNIT_ASSERT_EQ(test, vpci_host_set_power(fns[1], VPCI_POWER_D3, 1), 0);
	hb_status(hb, hb_expect_request(hb, VPCI_MSG_POWER), HB_REFUSED);
	hb_expect(hb, HB_POWER);
	vpci_host_config_write(fns[1], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	hb_expect_no_msg(hb);
	/* Without an answer nobody knows. */
	KUNIT_ASSERT_EQ(test, vpci_host_set_power(fns[0], VPCI_POWER_D3, 1), 0);
	hb_expire(hb, hb_expect_request(hb, VPCI_MSG_POWER));
	hb_expect(hb, HB_POWER);
	hb_close(hb);
	msg = hb_expect_notice(hb, VPCI_MSG_POWER);
	KUNIT_EXPECT_EQ(test, msg->len, sizeof(struct vpci_power));
	hb_expect_slot(hb, msg, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->words[2]), VPCI_POWER_D0);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_RELEASE_RESOURCES), 0);
	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_RELEASE_RESOURCES), 0x21);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	KUNIT_EXPECT_EQ(test, hb->nmsgs, hb->taken);
}

static struct kunit_case vpci_host_config_cases[] = {
	KUNIT_CASE(vpci_host_config_slot_test),
	KUNIT_CASE(vpci_host_config_places_test),
	KUNIT_CASE(vpci_host_config_gone_test),
	KUNIT_CASE(vpci_host_config_errors_test),
	KUNIT_CASE(vpci_host_config_wake_test),
	KUNIT_CASE(vpci_host_config_sleep_test),
	{}
};

static struct kunit_suite vpci_host_config_suite = {
	.name = "vpci_host_config",
	.test_cases = vpci_host_config_cases,
};

kunit_test_suite(vpci_host_config_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: the window to configuration space of the host's devices");
MODULE_LICENSE("GPL");
