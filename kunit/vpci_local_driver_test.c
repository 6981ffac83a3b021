// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: drivers of this kernel that have a device of the host, and take their
 * time to let it go; and others who have something of it for longer.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "vpci_local_test.h"

#define LD_SOON		(5 * HZ)

static struct completion ld_entered;	/* the driver lets the device go */
static struct completion ld_go;		/* and is done with that */

static int ld_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static void ld_remove(struct pci_dev *pdev)
{
	complete(&ld_entered);
	wait_for_completion(&ld_go);
}

static const struct pci_device_id ld_ids[] = {
	{ PCI_DEVICE(LT_VENDOR, LT_DEVICE) },
	{}
};

static struct pci_driver ld_driver = {
	.name = "vpci_local_driver_test",
	.id_table = ld_ids,
	.probe = ld_probe,
	.remove = ld_remove,
};

static void ld_unregister(void *data)
{
	complete_all(&ld_go);
	pci_unregister_driver(&ld_driver);
}

static void ld_register(struct kunit *test)
{
	init_completion(&ld_entered);
	init_completion(&ld_go);
	KUNIT_ASSERT_EQ(test, pci_register_driver(&ld_driver), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ld_unregister, NULL), 0);
}

static bool ld_is_bound(void)
{
	struct pci_dev *pdev = lt_pci(LT_DEVFN);
	bool bound = pdev && pdev->dev.driver == &ld_driver.driver;

	pci_dev_put(pdev);
	return bound;
}

/**
 * struct ld_rescan - somebody looks for PCI devices
 * @work: in a thread of its own
 * @done: has had the lock for that
 */
struct ld_rescan {
	struct work_struct work;
	struct completion done;
};

static void ld_rescan_work(struct work_struct *work)
{
	struct ld_rescan *rescan = container_of(work, struct ld_rescan, work);

	pci_lock_rescan_remove();
	pci_unlock_rescan_remove();
	complete(&rescan->done);
}

/* Others can use PCI as long as the driver takes; then the device leaves, and the host hears. */
static void vpci_local_slow_driver_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct ld_rescan rescan;
	struct vpci_local_fn *fn;

	ld_register(test);
	init_completion(&rescan.done);
	INIT_WORK_ONSTACK(&rescan.work, ld_rescan_work);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	KUNIT_EXPECT_TRUE(test, ld_is_bound());
	vpci_local_eject(fn);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&ld_entered, LD_SOON), 0UL);
	schedule_work(&rescan.work);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&rescan.done, LD_SOON), 0UL);
	KUNIT_EXPECT_TRUE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->ejected, 0);
	complete_all(&ld_go);
	vpci_local_flush(local);
	flush_work(&rescan.work);
	destroy_work_on_stack(&rescan.work);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	vpci_local_put(fn);
}

/* Torn out meanwhile: the driver still gets to its end, and nobody is told anything. */
static void vpci_local_slow_gone_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn;

	ld_register(test);
	fn = lt_add(test, local, host, LT_SLOT);
	vpci_local_flush(local);
	KUNIT_EXPECT_TRUE(test, ld_is_bound());
	vpci_local_eject(fn);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&ld_entered, LD_SOON), 0UL);
	vpci_local_put(fn);
	KUNIT_EXPECT_FALSE(test, vpci_local_wait(local, HZ / 20));
	complete_all(&ld_go);
	vpci_local_flush(local);
	KUNIT_EXPECT_TRUE(test, vpci_local_wait(local, 0));
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	KUNIT_EXPECT_EQ(test, host->ejected, 0);
}

/* A driver that lets go in time */
static void vpci_local_wait_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT);

	vpci_local_eject(fn);
	KUNIT_EXPECT_TRUE(test, vpci_local_wait(local, 60 * HZ));
	KUNIT_EXPECT_EQ(test, host->ejected, 1);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
	vpci_local_put(fn);
	KUNIT_EXPECT_TRUE(test, vpci_local_wait(local, 0));
}

/* Somebody has a pci_dev that has left, and then its bus has, too. */
static void vpci_local_stray_test(struct kunit *test)
{
	struct vpci_local *local = lt_local(test, true);
	struct lt_host *host = lt_host(test), *other = lt_host(test);
	struct vpci_local_fn *fn = lt_add(test, local, host, LT_SLOT), *second;
	unsigned int accesses, i;
	struct pci_dev *pdev;
	u32 value;

	second = lt_add(test, local, other, VPCI_SLOT(0, 0));
	vpci_local_flush(local);
	pdev = lt_pci(LT_DEVFN);
	KUNIT_EXPECT_NOT_NULL(test, pdev);
	for (i = 0; i < 2; i++) {
		vpci_local_put(i ? second : fn);
		vpci_local_flush(local);
		accesses = host->reads + host->writes + other->reads + other->writes;
		if (!pdev)
			continue;
		value = 0;
		KUNIT_EXPECT_EQ(test, pci_bus_read_config_dword(pdev->bus, LT_DEVFN, 0, &value),
				PCIBIOS_DEVICE_NOT_FOUND);
		KUNIT_EXPECT_EQ(test, value, U32_MAX);
		KUNIT_EXPECT_EQ(test, pci_bus_write_config_word(pdev->bus, LT_DEVFN, PCI_COMMAND,
								PCI_COMMAND_MEMORY),
				PCIBIOS_DEVICE_NOT_FOUND);
		KUNIT_EXPECT_EQ(test, host->reads + host->writes + other->reads + other->writes,
				accesses);
	}
	KUNIT_EXPECT_NULL(test, pci_find_bus(LT_DOMAIN, 0));
	/* What the pci_dev leads to stays, and the module with it: the other one is the test's. */
	KUNIT_EXPECT_EQ(test, kref_read(&local->ref), 2U);
	if (pdev)
		KUNIT_EXPECT_EQ(test, pci_domain_nr(pdev->bus), LT_DOMAIN);
	pci_dev_put(pdev);
	for (i = 0; i < 200 && kref_read(&local->ref) != 1; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, kref_read(&local->ref), 1U);
}

static struct kunit_case vpci_local_driver_cases[] = {
	KUNIT_CASE(vpci_local_wait_test),
	KUNIT_CASE(vpci_local_stray_test),
	KUNIT_CASE(vpci_local_slow_driver_test),
	KUNIT_CASE(vpci_local_slow_gone_test),
	{}
};

static struct kunit_suite vpci_local_driver_suite = {
	.name = "vpci_local_driver",
	.test_cases = vpci_local_driver_cases,
};

kunit_test_suite(vpci_local_driver_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: drivers of devices that this kernel keeps");
MODULE_LICENSE("GPL");
