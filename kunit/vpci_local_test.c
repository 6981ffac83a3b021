// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: devices of the host that this kernel keeps come and go, and their
 * configuration space.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "vpci_local_test.h"
#include "../drivers/vpci_relay/vpci_relay.h"

/* ---- where their memory is ------------------------------------------------------------- */

/**
 * struct lw_case - what is written
 * @text: that
 * @shown: as it is read then; NULL if it is refused
 */
struct lw_case {
	const char *text;
	const char *shown;
};

static const struct lw_case lw_cases[] = {
	{ LT_MEMORY, LT_MEMORY "\n" },
	{ " 0x3000000000-0x3000001000\n", "0x3000000000-0x3000001000\n" },
	{ "none", "none\n" },
	{ "0x3000000000-0x3000000800" },		/* not to a page */
	{ "0x3000000800-0x3000001000" },		/* not from one */
	{ "0x3000001000-0x3000001000" },
	{ "0x3000001000-0x3000000000" },
	{ "0x3000000000" },
	{ "0-0x1000" },
	{ "0xffffffffff000-0x10000000001000" },		/* beyond what there is */
	{ "" },
};

static void lw_describe(const struct lw_case *c, char *desc)
{
	strscpy(desc, c->text, KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '\n', '.');
}

KUNIT_ARRAY_PARAM(lw, lw_cases, lw_describe);

static void lt_expect_memory(struct kunit *test, const char *text)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	vpci_local_memory_show(page);
	KUNIT_EXPECT_STREQ(test, page, text);
	free_page((unsigned long)page);
}

static void vpci_local_memory_test(struct kunit *test)
{
	const struct lw_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, vpci_local_memory_set(c->text) == 0, !!c->shown);
	lt_expect_memory(test, c->shown ?: "none\n");
	/* What is refused leaves what there was. */
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("0x3000200000-0x3000300000"), 0);
	if (!c->shown) {
		KUNIT_EXPECT_LT(test, vpci_local_memory_set(c->text), 0);
		lt_expect_memory(test, "0x3000200000-0x3000300000\n");
	}
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
	lt_expect_memory(test, "none\n");
}

/* This kernel is there, another device is, and both are in there. */
static void vpci_local_memory_busy_test(struct kunit *test)
{
	static const char * const texts[] = {
		"0x1000000-0x1001000", "0xfec00000-0xfec01000", "0x1000-0x3000000000",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vpci_local_memory_set(texts[i]), -EBUSY, "%s", texts[i]);
		lt_expect_memory(test, "none\n");
	}
	KUNIT_ASSERT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vpci_local_memory_set(texts[i]), -EBUSY, "%s", texts[i]);
		lt_expect_memory(test, LT_MEMORY "\n");
	}
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
}

static void vpci_local_memory_used_test(struct kunit *test)
{
	struct resource *range;

	KUNIT_EXPECT_NULL(test, vpci_local_memory_get());
	KUNIT_ASSERT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	range = vpci_local_memory_get();
	KUNIT_ASSERT_NOT_NULL(test, range);
	KUNIT_EXPECT_EQ(test, range->start, LT_START);
	KUNIT_EXPECT_PTR_EQ(test, vpci_local_memory_get(), range);
	vpci_local_memory_put();
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("0x3000000000-0x3000200000"), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	vpci_local_memory_put();
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
}

/* Another driver has something in there: it is not taken away from around that. */
static void vpci_local_memory_child_test(struct kunit *test)
{
	struct resource *child;

	KUNIT_ASSERT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	child = request_mem_region(LT_START + SZ_4K, SZ_4K, "vpci_local_test");
	KUNIT_EXPECT_NOT_NULL(test, child);
	if (child) {
		KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), -EBUSY);
		KUNIT_EXPECT_EQ(test, vpci_local_memory_set("0x3000200000-0x3000300000"), -EBUSY);
		KUNIT_EXPECT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
		lt_expect_memory(test, LT_MEMORY "\n");
		release_mem_region(LT_START + SZ_4K, SZ_4K);
	}
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
	/* Nothing of it is left. */
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(LT_START, SZ_1M, "vpci_local_test"));
	release_mem_region(LT_START, SZ_1M);
}

/* Where the host serves configuration space is no memory of a device, and the other way. */
static void vpci_local_memory_overlap_test(struct kunit *test)
{
	struct resource *child;

	KUNIT_ASSERT_EQ(test, vpci_windows_set("0x3000100000-0x3000102000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("0x3000000000-0x3000101000"), -EBUSY);
	lt_expect_memory(test, LT_MEMORY "\n");
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0x30000fe000-0x3000102000"), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0x30000fe000-0x3000102000"), -EBUSY);
	/* One that fails gives way, and what there was does not. */
	child = request_mem_region(0x3000400000, SZ_4K, "vpci_local_test");
	KUNIT_EXPECT_NOT_NULL(test, child);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("0x3000400000-0x3000401000"), -EBUSY);
	if (child)
		release_mem_region(0x3000400000, SZ_4K);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0x3000400000-0x3000402000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0x3000000000-0x3000002000"), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("0x3000000000-0x3000002000"), 0);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set(LT_MEMORY), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
	lt_expect_memory(test, "none\n");
}

/* ---- come and go ----------------------------------------------------------------------- */

static void lt_expect_state(struct kunit *test, struct vpci_local_fn *fn, const char *text)
{
	char buf[32];

	KUNIT_EXPECT_EQ(test, vpci_local_show(fn, buf, sizeof(buf)), strlen(text));
	KUNIT_EXPECT_STREQ(test, buf, text);
}

static void vpci_local_come_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);
	struct pci_dev *pdev;

	vpci_local_flush(local);
	lt_expect_state(test, fn, "local 2fe1:00:03.1");
	pdev = lt_pci(LT_DEVFN);
	KUNIT_EXPECT_NOT_NULL(test, pdev);
	if (pdev) {
		KUNIT_EXPECT_EQ(test, pdev->vendor, LT_VENDOR);
		KUNIT_EXPECT_EQ(test, pdev->device, LT_DEVICE);
		KUNIT_EXPECT_EQ(test, pdev->class, 0xff0000);
		KUNIT_EXPECT_EQ(test, pci_resource_len(pdev, 0), SZ_16K);
		KUNIT_EXPECT_GE(test, pci_resource_start(pdev, 0), LT_START);
		/* The host hears of the address when memory is on. */
		KUNIT_EXPECT_EQ(test, pci_enable_device_mem(pdev), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(host->config + PCI_BASE_ADDRESS_0),
				pci_resource_start(pdev, 0) | PCI_BASE_ADDRESS_MEM_TYPE_64);
		KUNIT_EXPECT_TRUE(test, host->config[PCI_COMMAND] & PCI_COMMAND_MEMORY);
		pci_disable_device(pdev);
	}
	pci_dev_put(pdev);
	KUNIT_EXPECT_EQ(test, vpci_local_count(local, VPCI_LOCAL_DEVICES), 1);
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), -EBUSY);

	vpci_local_eject(fn);
	vpci_local_flush(local);
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_FALSE(test, host->config[PCI_COMMAND] & VPCI_COMMAND_OFF);
	lt_expect_state(test, fn, "local changing");
	vpci_local_put(fn);
	vpci_local_flush(local);
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	/* The bus went with its last device. */
	KUNIT_EXPECT_NULL(test, pci_find_bus(LT_DOMAIN, 0));
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), 0);
}

/* No memory for it: it waits, and can go again all the same. */
static void vpci_local_held_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, false);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);

	vpci_local_flush(local);
	lt_expect_state(test, fn, "local held");
	KUNIT_EXPECT_EQ(test, host->reads + host->writes, 0);
	vpci_local_retry(local);
	vpci_local_flush(local);
	lt_expect_state(test, fn, "local held");
	KUNIT_ASSERT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	vpci_local_retry(local);
	vpci_local_flush(local);
	lt_expect_state(test, fn, "local 2fe1:00:03.1");
	KUNIT_EXPECT_EQ(test, vpci_local_count(local, VPCI_LOCAL_FAILURES), 2);
	vpci_local_put(fn);

	vpci_local_flush(local);
	KUNIT_ASSERT_EQ(test, vpci_local_memory_set("none"), 0);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	vpci_local_eject(fn);
	vpci_local_flush(local);
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	vpci_local_put(fn);
}

/* Torn out: the host's device is not touched again, and who drives it sees that. */
static void vpci_local_gone_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);
	unsigned int accesses;
	struct pci_dev *pdev;
	u32 value;

	vpci_local_flush(local);
	pdev = lt_pci(LT_DEVFN);
	/* So long it stays. */
	pci_lock_rescan_remove();
	vpci_local_put(fn);
	accesses = host->reads + host->writes;
	if (pdev) {
		KUNIT_EXPECT_FALSE(test, pci_device_is_present(pdev));
		pci_read_config_dword(pdev, LT_MSIX, &value);
		KUNIT_EXPECT_EQ(test, value, U32_MAX);
		pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_MEMORY);
	}
	pci_unlock_rescan_remove();
	KUNIT_EXPECT_NOT_NULL(test, pdev);
	pci_dev_put(pdev);
	vpci_local_flush(local);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->reads + host->writes, accesses);
	KUNIT_EXPECT_EQ(test, host->ejected, 0);
}

/* Gone before it came, in either way */
static void vpci_local_soon_gone_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn;

	/* The work cannot bring it meanwhile, or take it. */
	pci_lock_rescan_remove();
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_put(fn);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_eject(fn);
	pci_unlock_rescan_remove();
	vpci_local_flush(local);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	vpci_local_put(fn);
}

/* Its owner leaves before the driver does: who is last takes the bus. */
static void vpci_local_orphan_test(struct kunit *test)
{
	struct vpci_local *local = vpci_local_create_link(&lt_link, &lt_instance, &lt_ops, NULL);
	struct lt_host *host = lt_host(test);
	unsigned int i, accesses;
	struct vpci_local_fn *fn;

	KUNIT_ASSERT_FALSE(test, IS_ERR(local));
	KUNIT_EXPECT_TRUE(test, vpci_local_wait(local, 0));
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	KUNIT_EXPECT_FALSE(test, vpci_local_wait(local, 0));
	/* As a driver that does not return */
	pci_lock_rescan_remove();
	vpci_local_eject(fn);
	KUNIT_EXPECT_FALSE(test, vpci_local_wait(local, HZ / 20));
	host->config[PCI_COMMAND] |= PCI_COMMAND_MASTER;
	vpci_local_put(fn);
	vpci_local_destroy(local);
	KUNIT_EXPECT_FALSE(test, host->config[PCI_COMMAND] & PCI_COMMAND_MASTER);
	accesses = host->reads + host->writes;
	KUNIT_EXPECT_TRUE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, vpci_local_memory_set("none"), -EBUSY);
	pci_unlock_rescan_remove();
	for (i = 0; i < 200 && vpci_local_memory_set("none"); i++)
		msleep(20);
	KUNIT_EXPECT_LT(test, i, 200U);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->reads + host->writes, accesses);
	KUNIT_EXPECT_EQ(test, host->ejected, 0);
}

/* Another in its place, and one beside it */
static void vpci_local_replace_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test), *other = lt_host(test);
	struct vpci_local_fn *fn, *second, *third;

	fn = lt_add(test, local, host, LT_SLOT);
	second = lt_add(test, local, other, VPCI_SLOT(0, 0));
	vpci_local_flush(local);
	KUNIT_EXPECT_TRUE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_TRUE(test, lt_has_pci(0));
	vpci_local_put(fn);
	third = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	KUNIT_EXPECT_TRUE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, vpci_local_count(local, VPCI_LOCAL_DEVICES), 3);
	vpci_local_put(second);
	vpci_local_flush(local);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(0));
	KUNIT_EXPECT_TRUE(test, lt_has_pci(LT_DEVFN));
	vpci_local_put(third);
}

/* A host that lies about what is in a slot: Linux finds nothing there. */
static void vpci_local_nothing_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_desc desc = lt_desc(LT_SLOT);
	struct vpci_local_fn *fn;

	desc.vendor = 0xffff;
	desc.device = 0xffff;
	fn = vpci_local_add(local, (struct vpci_host_fn *)host, &desc, &lt_bars, host);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fn));
	vpci_local_flush(local);
	lt_expect_state(test, fn, "local held");
	vpci_local_put(fn);
}

/* Two buses of one name: the second gets a number that nobody has. */
static void vpci_local_domain_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true), *twin = lt_local(test, false);
	struct lt_host *host = lt_host(test), *other = lt_host(test);
	struct vpci_local_fn *fn, *second;

	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	second = lt_add(test, twin, other, LT_SLOT);
	vpci_local_flush(twin);
	KUNIT_EXPECT_EQ(test, local->sysdata.domain, LT_DOMAIN);
	KUNIT_EXPECT_GT(test, twin->sysdata.domain, U16_MAX);
	KUNIT_EXPECT_EQ(test, vpci_local_count(twin, VPCI_LOCAL_DEVICES), 1);
	vpci_local_put(second);
	vpci_local_put(fn);
}

/* ---- configuration space --------------------------------------------------------------- */

static void vpci_local_atomic_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);
	unsigned int accesses;
	unsigned long flags;
	u32 value[4];
	u64 copied;
	int err[2];

	vpci_local_flush(local);
	copied = vpci_local_count(local, VPCI_LOCAL_COPIED_READS);
	accesses = host->reads + host->writes;
	local_irq_save(flags);
	vpci_local_config_read(fn, PCI_VENDOR_ID, 4, &value[0]);
	vpci_local_config_read(fn, PCI_DEVICE_ID, 2, &value[1]);
	vpci_local_config_read(fn, LT_MSIX, 1, &value[2]);
	vpci_local_config_read(fn, PCI_BASE_ADDRESS_0, 4, &value[3]);
	err[0] = vpci_local_config_write(fn, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	err[1] = vpci_local_config_read(fn, VPCI_CONFIG_SIZE - 4, 4, &value[0]);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, err[1], PCIBIOS_SUCCESSFUL);
	KUNIT_EXPECT_EQ(test, value[1], LT_DEVICE);
	KUNIT_EXPECT_EQ(test, value[2], PCI_CAP_ID_MSIX);
	KUNIT_EXPECT_EQ(test, value[3], lower_32_bits(LT_START) | PCI_BASE_ADDRESS_MEM_TYPE_64);
	KUNIT_EXPECT_EQ(test, err[0], PCIBIOS_SET_FAILED);
	KUNIT_EXPECT_EQ(test, host->reads + host->writes, accesses);
	KUNIT_EXPECT_EQ(test, vpci_local_count(local, VPCI_LOCAL_COPIED_READS), copied + 5);
	KUNIT_EXPECT_EQ(test, vpci_local_count(local, VPCI_LOCAL_REFUSED_WRITES), 1);

	/* It is what was last written, and what was last read. */
	KUNIT_EXPECT_EQ(test, vpci_local_config_write(fn, LT_MSIX + 2, 2, 0x8003), 0);
	host->config[PCI_LATENCY_TIMER] = 77;
	local_irq_save(flags);
	vpci_local_config_read(fn, LT_MSIX + 2, 2, &value[0]);
	vpci_local_config_read(fn, PCI_LATENCY_TIMER, 1, &value[1]);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, value[0], 0x8003);
	KUNIT_EXPECT_EQ(test, value[1], 0);
	vpci_local_config_read(fn, PCI_LATENCY_TIMER, 1, &value[1]);
	KUNIT_EXPECT_EQ(test, value[1], 77);
	local_irq_save(flags);
	vpci_local_config_read(fn, PCI_LATENCY_TIMER, 1, &value[1]);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, value[1], 77);
	vpci_local_put(fn);
}

/* It says that it is a bridge, with an interrupt by wire: Linux looks for neither. */
static void vpci_local_header_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn;
	struct pci_dev *pdev;
	u32 value;

	host->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE | PCI_HEADER_TYPE_MFD;
	host->config[PCI_INTERRUPT_LINE] = 5;
	host->config[PCI_INTERRUPT_PIN] = 1;
	host->config[PCI_MIN_GNT] = 7;
	host->config[PCI_LATENCY_TIMER] = 8;
	host->config[PCI_BIST] = 9;
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	pdev = lt_pci(LT_DEVFN);
	KUNIT_EXPECT_NOT_NULL(test, pdev);
	if (pdev) {
		KUNIT_EXPECT_EQ(test, pdev->hdr_type, PCI_HEADER_TYPE_NORMAL);
		KUNIT_EXPECT_FALSE(test, pdev->multifunction);
		KUNIT_EXPECT_EQ(test, pdev->pin, 0);
		KUNIT_EXPECT_EQ(test, pdev->irq, 0U);
	}
	pci_dev_put(pdev);
	vpci_local_config_read(fn, PCI_CACHE_LINE_SIZE, 4, &value);
	KUNIT_EXPECT_EQ(test, value, 0x09000800U);
	vpci_local_config_read(fn, PCI_HEADER_TYPE, 1, &value);
	KUNIT_EXPECT_EQ(test, value, 0U);
	vpci_local_config_read(fn, PCI_HEADER_TYPE, 2, &value);
	KUNIT_EXPECT_EQ(test, value, 0x0900U);
	vpci_local_config_read(fn, PCI_INTERRUPT_LINE, 4, &value);
	KUNIT_EXPECT_EQ(test, value, 0x00070000U);
	vpci_local_config_read(fn, PCI_INTERRUPT_PIN, 1, &value);
	KUNIT_EXPECT_EQ(test, value, 0U);
	vpci_local_config_read(fn, PCI_MIN_GNT, 1, &value);
	KUNIT_EXPECT_EQ(test, value, 7U);
	vpci_local_put(fn);
}

/* Fixed addresses and virtual functions are not found, in lists that never end. */
static void vpci_local_hidden_test(struct kunit *test)
{
	static const u16 eas[] = { 0x70, 0x84 }, sriovs[] = { 0x100, 0x148 };
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	u8 *config = host->config;
	struct vpci_local_fn *fn;
	struct pci_dev *pdev;
	unsigned long flags;
	unsigned int i;
	u32 value;

	config[LT_MSI + PCI_CAP_LIST_NEXT] = eas[0];
	for (i = 0; i < ARRAY_SIZE(eas); i++)
		config[eas[i]] = PCI_CAP_ID_EA;
	config[eas[0] + PCI_CAP_LIST_NEXT] = eas[1];
	config[eas[1] + PCI_CAP_LIST_NEXT] = LT_MSIX;
	/* No capability, but where others have one */
	config[0x90] = PCI_CAP_ID_EA;
	put_unaligned_le32(PCI_EXT_CAP_ID_SRIOV | 0x12010000, config + sriovs[0]);
	put_unaligned_le32(PCI_EXT_CAP_ID_DSN | 0x14810000, config + 0x120);
	put_unaligned_le32(PCI_EXT_CAP_ID_SRIOV | 0x12010000, config + sriovs[1]);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	pdev = lt_pci(LT_DEVFN);
	KUNIT_EXPECT_NOT_NULL(test, pdev);
	if (pdev) {
		KUNIT_EXPECT_EQ(test, pci_find_capability(pdev, PCI_CAP_ID_EA), 0);
		KUNIT_EXPECT_EQ(test, pci_find_capability(pdev, PCI_CAP_ID_MSIX), LT_MSIX);
		KUNIT_EXPECT_EQ(test, pci_find_capability(pdev, PCI_CAP_ID_MSI), LT_MSI);
	}
	pci_dev_put(pdev);
	for (i = 0; i < ARRAY_SIZE(eas); i++) {
		vpci_local_config_read(fn, eas[i], 1, &value);
		KUNIT_EXPECT_EQ(test, value, 0U);
		vpci_local_config_read(fn, eas[i] + PCI_CAP_LIST_NEXT, 1, &value);
		KUNIT_EXPECT_EQ(test, value, (u32)config[eas[i] + PCI_CAP_LIST_NEXT]);
	}
	vpci_local_config_read(fn, 0x90, 1, &value);
	KUNIT_EXPECT_EQ(test, value, (u32)PCI_CAP_ID_EA);
	for (i = 0; i < ARRAY_SIZE(sriovs); i++) {
		vpci_local_config_read(fn, sriovs[i], 4, &value);
		KUNIT_EXPECT_EQ(test, value, 0x12010000U);
		local_irq_save(flags);
		vpci_local_config_read(fn, sriovs[i], 2, &value);
		local_irq_restore(flags);
		KUNIT_EXPECT_EQ(test, value, 0U);
	}
	vpci_local_config_read(fn, 0x120, 2, &value);
	KUNIT_EXPECT_EQ(test, value, (u32)PCI_EXT_CAP_ID_DSN);
	vpci_local_put(fn);
}

static void vpci_local_bad_access_test(struct kunit *test)
{
	static const struct {
		u32 offset, size;
	} bad[] = {
		{ 0, 0 }, { 0, 3 }, { 0, 8 }, { 1, 2 }, { 2, 4 }, { VPCI_CONFIG_SIZE, 1 },
		{ VPCI_CONFIG_SIZE, 4 }, { U32_MAX - 3, 4 },
	};
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);
	unsigned int i, accesses;
	u32 value;

	vpci_local_flush(local);
	accesses = host->reads + host->writes;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, vpci_local_config_read(fn, bad[i].offset, bad[i].size,
							     &value),
				PCIBIOS_BAD_REGISTER_NUMBER);
		KUNIT_EXPECT_EQ(test, vpci_local_config_write(fn, bad[i].offset, bad[i].size, 0),
				PCIBIOS_BAD_REGISTER_NUMBER);
	}
	KUNIT_EXPECT_EQ(test, host->reads + host->writes, accesses);
	KUNIT_EXPECT_EQ(test, vpci_local_config_read(fn, VPCI_CONFIG_SIZE - 1, 1, &value), 0);
	vpci_local_put(fn);
}

static struct kunit_case vpci_local_cases[] = {
	KUNIT_CASE_PARAM(vpci_local_memory_test, lw_gen_params),
	KUNIT_CASE(vpci_local_memory_busy_test),
	KUNIT_CASE(vpci_local_memory_used_test),
	KUNIT_CASE(vpci_local_memory_child_test),
	KUNIT_CASE(vpci_local_memory_overlap_test),
	KUNIT_CASE(vpci_local_come_test),
	KUNIT_CASE(vpci_local_held_test),
	KUNIT_CASE(vpci_local_gone_test),
	KUNIT_CASE(vpci_local_soon_gone_test),
	KUNIT_CASE(vpci_local_orphan_test),
	KUNIT_CASE(vpci_local_replace_test),
	KUNIT_CASE(vpci_local_nothing_test),
	KUNIT_CASE(vpci_local_domain_test),
	KUNIT_CASE(vpci_local_atomic_test),
	KUNIT_CASE(vpci_local_header_test),
	KUNIT_CASE(vpci_local_hidden_test),
	KUNIT_CASE(vpci_local_bad_access_test),
	{}
};

static struct kunit_suite vpci_local_suite = {
	.name = "vpci_local",
	.test_cases = vpci_local_cases,
};

kunit_test_suite(vpci_local_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: devices that this kernel keeps");
MODULE_LICENSE("GPL");
