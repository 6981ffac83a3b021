// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: interrupts of devices of the host that this kernel keeps.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/preempt.h>
#include <vmbus/compat.h>
#include <asm/apic.h>

#include "vpci_local_test.h"

/**
 * struct li - a device with a driver, which is the test
 * @local: bus
 * @host: the host's device
 * @fn: device
 * @pdev: as Linux has it
 * @raised: interrupts that came, by vector
 */
struct li {
	struct vpci_local *local;
	struct lt_host *host;
	struct vpci_local_fn *fn;
	struct pci_dev *pdev;
	atomic_t raised[LT_VECTORS];
};

/* With these flags of its MSI, of which somebody has masked all before */
static struct li *li_start_msi(struct kunit *test, u16 flags)
{
	struct li *li = kunit_kzalloc(test, sizeof(*li), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, li);
	li->local = lt_local(test, true);
	li->host = lt_host(test);
	put_unaligned_le16(flags, li->host->config + LT_MSI + PCI_MSI_FLAGS);
	put_unaligned_le32(U32_MAX, li->host->config + LT_MSI + PCI_MSI_MASK_32);
	put_unaligned_le32(U32_MAX, li->host->config + LT_MSI + PCI_MSI_MASK_64);
	li->fn = lt_add(test, li->local, li->host, LT_SLOT);
	vpci_local_flush(li->local);
	li->pdev = lt_pci(LT_DEVFN);
	if (!li->pdev || pci_enable_device(li->pdev)) {
		pci_dev_put(li->pdev);
		vpci_local_put(li->fn);
		KUNIT_FAIL_AND_ABORT(test, "there is no device");
	}
	return li;
}

static struct li *li_start(struct kunit *test)
{
	return li_start_msi(test, PCI_MSI_FLAGS_64BIT);
}

static void li_end(struct li *li)
{
	pci_disable_device(li->pdev);
	pci_dev_put(li->pdev);
	vpci_local_put(li->fn);
	vpci_local_flush(li->local);
}

static irqreturn_t li_isr(int irq, void *data)
{
	atomic_inc(data);
	return IRQ_HANDLED;
}

/* As the host does, if it has been told where */
static void li_raise(const struct vpci_msi_request *request)
{
	preempt_disable();
	apic->send_IPI(request->procs[0], request->vector);
	preempt_enable();
}

static bool li_comes(struct li *li, unsigned int vector, int n)
{
	unsigned int i;

	for (i = 0; i < 200 && atomic_read(&li->raised[vector]) != n; i++)
		msleep(20);
	return atomic_read(&li->raised[vector]) == n;
}

static bool li_sane(const struct vpci_msi_request *request)
{
	return request->count == 1 && request->nprocs == 1 && cpu_online(request->procs[0]) &&
	       request->vector > FIRST_EXTERNAL_VECTOR && request->vector < FIRST_SYSTEM_VECTOR &&
	       request->delivery == VPCI_DELIVERY_FIXED;
}

static void vpci_local_irq_test(struct kunit *test)
{
	struct li *li = li_start(test);
	struct lt_host *host = li->host;
	struct msi_msg msg;
	struct vpci_msi msi;
	unsigned int i;
	int n;

	n = pci_alloc_irq_vectors(li->pdev, 1, 3, PCI_IRQ_MSIX);
	KUNIT_EXPECT_EQ(test, n, 3);
	KUNIT_EXPECT_EQ(test, host->n, 3);
	for (i = 0; i < host->n; i++) {
		KUNIT_EXPECT_TRUE(test, li_sane(&host->requests[i]));
		KUNIT_EXPECT_TRUE(test, host->cookies[i] & VPCI_LOCAL_COOKIE);
	}
	for (i = 0; (int)i < n; i++) {
		lt_msi(host, i, &msi);
		get_cached_msi_msg(pci_irq_vector(li->pdev, i), &msg);
		KUNIT_EXPECT_EQ(test, (u64)msg.address_hi << 32 | msg.address_lo, msi.address);
		KUNIT_EXPECT_EQ(test, msg.data, msi.data);
		KUNIT_EXPECT_EQ(test, request_irq(pci_irq_vector(li->pdev, i), li_isr, 0,
						  "vpci_local_irq_test", &li->raised[i]), 0);
	}
	/* Requesting it has changed nothing: the host was asked once. */
	KUNIT_EXPECT_EQ(test, host->n, 3);
	for (i = 0; (int)i < n; i++) {
		li_raise(&host->requests[i]);
		KUNIT_EXPECT_TRUE(test, li_comes(li, i, 1));
		li_raise(&host->requests[i]);
		KUNIT_EXPECT_TRUE(test, li_comes(li, i, 2));
	}
	for (i = 0; (int)i < n; i++)
		free_irq(pci_irq_vector(li->pdev, i), &li->raised[i]);
	KUNIT_EXPECT_EQ(test, host->ndeleted, 0);
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_EQ(test, host->ndeleted, 3);
	for (i = 0; i < host->ndeleted; i++) {
		lt_msi(host, i, &msi);
		KUNIT_EXPECT_EQ(test, host->deleted[i].address, msi.address);
		KUNIT_EXPECT_EQ(test, host->deleted[i].data, msi.data);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	KUNIT_EXPECT_EQ(test, vpci_local_count(li->local, VPCI_LOCAL_INTERRUPTS), 3);

	/* And again, with others. */
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	KUNIT_EXPECT_EQ(test, host->n, 4);
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_EQ(test, host->ndeleted, 4);
	li_end(li);
}

/* What comes while it is disabled is not lost. */
static void li_disable(struct kunit *test, unsigned int type)
{
	struct li *li = li_start(test);
	int irq;

	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, type), 1);
	irq = pci_irq_vector(li->pdev, 0);
	KUNIT_EXPECT_EQ(test, request_irq(irq, li_isr, 0, "vpci_local_irq_test", &li->raised[0]),
			0);
	disable_irq(irq);
	li_raise(&li->host->requests[0]);
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&li->raised[0]), 0);
	enable_irq(irq);
	KUNIT_EXPECT_TRUE(test, li_comes(li, 0, 1));
	free_irq(irq, &li->raised[0]);
	pci_free_irq_vectors(li->pdev);
	li_end(li);
}

static void vpci_local_irq_disabled_test(struct kunit *test)
{
	li_disable(test, PCI_IRQ_MSIX);
}

/* An interrupt is where its driver wants it, and its CPU stays. */
static void vpci_local_irq_cpu_test(struct kunit *test)
{
	struct li *li = li_start(test);
	unsigned int cpu, served = 0, i;
	const struct cpumask *mask;
	int n;

	n = pci_alloc_irq_vectors(li->pdev, 1, LT_VECTORS, PCI_IRQ_MSIX | PCI_IRQ_AFFINITY);
	KUNIT_EXPECT_GE(test, n, 1);
	for (i = 0; (int)i < n; i++) {
		mask = pci_irq_get_affinity(li->pdev, i);
		KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(li->host->requests[i].procs[0], mask));
	}
	for_each_online_cpu(cpu) {
		for (i = 0; i < li->host->n; i++)
			if (li->host->requests[i].procs[0] == cpu)
				break;
		served += i < li->host->n;
		KUNIT_EXPECT_EQ(test, vpci_local_cpu_down(cpu), i < li->host->n ? -EBUSY : 0);
		vpci_local_cpu_up(cpu);
	}
	KUNIT_EXPECT_GE(test, served, 1);
	pci_free_irq_vectors(li->pdev);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_EQ(test, vpci_local_cpu_down(cpu), 0);
		vpci_local_cpu_up(cpu);
	}
	li_end(li);
}

/* The last CPU that does not leave has all of them, wherever the driver wants them. */
static void vpci_local_irq_leaving_test(struct kunit *test)
{
	unsigned int cpu, stays = cpumask_last(cpu_online_mask), i;
	struct li *li = li_start(test);
	int n;

	for_each_online_cpu(cpu)
		if (cpu != stays)
			KUNIT_EXPECT_EQ(test, vpci_local_cpu_down(cpu), 0);
	n = pci_alloc_irq_vectors(li->pdev, 1, LT_VECTORS, PCI_IRQ_MSIX | PCI_IRQ_AFFINITY);
	KUNIT_EXPECT_GE(test, n, 1);
	for (i = 0; (int)i < n; i++)
		KUNIT_EXPECT_EQ(test, li->host->requests[i].procs[0], stays);
	KUNIT_EXPECT_EQ(test, vpci_local_cpu_down(stays), -EBUSY);
	/* It stays, and has more. */
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	KUNIT_EXPECT_EQ(test, li->host->requests[max(n, 0)].procs[0], stays);
	pci_free_irq_vectors(li->pdev);
	/* Then it goes, too, and there is none. */
	KUNIT_EXPECT_EQ(test, vpci_local_cpu_down(stays), 0);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), -EBUSY);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	for_each_online_cpu(cpu)
		vpci_local_cpu_up(cpu);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	pci_free_irq_vectors(li->pdev);
	li_end(li);
}

static void vpci_local_irq_refused_test(struct kunit *test)
{
	struct li *li = li_start(test);

	li->host->err = -EREMOTEIO;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 3, PCI_IRQ_MSIX), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, li->host->n, 1);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	KUNIT_EXPECT_EQ(test, vpci_local_count(li->local, VPCI_LOCAL_INTERRUPT_FAILURES), 1);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSI), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, li->host->n, 2);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	li->host->err = 0;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 1);
	li_end(li);
}

/* ---- MSI ------------------------------------------------------------------------------- */

#define LI_EIGHT	(3 << 1)	/* in the flags: 8 messages */

static u16 li_msi_flags(const struct li *li)
{
	return get_unaligned_le16(li->host->config + LT_MSI + PCI_MSI_FLAGS);
}

static void li_expect_message(struct kunit *test, const struct li *li)
{
	const u8 *msi = li->host->config + LT_MSI;
	struct vpci_msi given;

	lt_msi(li->host, 0, &given);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(msi + PCI_MSI_ADDRESS_LO), given.address);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(msi + PCI_MSI_DATA_64), given.data);
	KUNIT_EXPECT_TRUE(test, li_msi_flags(li) & PCI_MSI_FLAGS_ENABLE);
	KUNIT_EXPECT_FALSE(test, li_msi_flags(li) & PCI_MSI_FLAGS_QSIZE);
}

/* One, of eight that the device has; its message stays as long as the driver has it. */
static void vpci_local_irq_msi_test(struct kunit *test)
{
	struct li *li = li_start_msi(test, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT | LI_EIGHT);
	struct lt_host *host = li->host;
	struct vpci_msi given;
	int irq, i;

	KUNIT_EXPECT_EQ(test, get_unaligned_le32(host->config + LT_MSI + PCI_MSI_MASK_64), 0U);
	KUNIT_EXPECT_LT(test, pci_alloc_irq_vectors(li->pdev, 2, 8, PCI_IRQ_MSI), 0);
	KUNIT_EXPECT_EQ(test, host->n, 0);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 8, PCI_IRQ_MSI), 1);
	KUNIT_EXPECT_EQ(test, host->n, 1);
	KUNIT_EXPECT_TRUE(test, li_sane(&host->requests[0]));
	li_expect_message(test, li);
	irq = pci_irq_vector(li->pdev, 0);
	for (i = 1; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, request_irq(irq, li_isr, 0, "vpci_local_irq_test",
						  &li->raised[0]), 0);
		li_raise(&host->requests[0]);
		KUNIT_EXPECT_TRUE(test, li_comes(li, 0, i));
		free_irq(irq, &li->raised[0]);
		li_expect_message(test, li);
	}
	/* Nothing was tried where nobody can wait. */
	KUNIT_EXPECT_EQ(test, vpci_local_count(li->local, VPCI_LOCAL_REFUSED_WRITES), 0);
	KUNIT_EXPECT_EQ(test, host->n, 1);
	KUNIT_EXPECT_EQ(test, host->ndeleted, 0);
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_FALSE(test, li_msi_flags(li) & PCI_MSI_FLAGS_ENABLE);
	KUNIT_EXPECT_EQ(test, host->ndeleted, 1);
	lt_msi(host, 0, &given);
	KUNIT_EXPECT_EQ(test, host->deleted[0].data, given.data);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	li_end(li);
}

/* The same, and it cannot be masked. */
static void vpci_local_irq_msi_disabled_test(struct kunit *test)
{
	li_disable(test, PCI_IRQ_MSI);
}

/* Data of 32 bits fit into MSI-X alone. */
static void vpci_local_irq_msi_wide_test(struct kunit *test)
{
	struct li *li = li_start(test);

	li->host->data = SZ_64K;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSI), -ERANGE);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	KUNIT_EXPECT_FALSE(test, li_msi_flags(li) & PCI_MSI_FLAGS_ENABLE);
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX | PCI_IRQ_MSI), 1);
	KUNIT_EXPECT_TRUE(test, li->pdev->msix_enabled);
	pci_free_irq_vectors(li->pdev);
	li_end(li);
}

/* The host's address has more than 32 bits, and the device has no room for that. */
static void vpci_local_irq_msi_narrow_test(struct kunit *test)
{
	struct li *li = li_start_msi(test, PCI_MSI_FLAGS_MASKBIT);

	KUNIT_EXPECT_EQ(test, get_unaligned_le32(li->host->config + LT_MSI + PCI_MSI_MASK_32), 0U);
	KUNIT_EXPECT_LT(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSI), 0);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	KUNIT_EXPECT_FALSE(test, li_msi_flags(li) & PCI_MSI_FLAGS_ENABLE);
	li_end(li);
}

/* ---- what does not come ---------------------------------------------------------------- */

/* Too many for the host: those that it gave it has back. */
static void vpci_local_irq_some_test(struct kunit *test)
{
	struct li *li = li_start(test);

	li->host->n = LT_MSIS - 2;
	li->host->answered = LT_MSIS - 2;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 3, 3, PCI_IRQ_MSIX), -EBUSY);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 2);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	li_end(li);
}

/**
 * struct li_gone - the host takes a device away, a while from now
 * @work: when
 * @fn: device
 */
struct li_gone {
	struct delayed_work work;
	struct vpci_local_fn *fn;
};

static void li_gone_work(struct work_struct *work)
{
	struct li_gone *gone = container_of(work, struct li_gone, work.work);

	vpci_local_put(gone->fn);
}

/* A driver waits for an interrupt that will never be. */
static void vpci_local_irq_gone_test(struct kunit *test)
{
	struct li *li = li_start(test);
	struct li_gone gone = { .fn = li->fn };

	li->host->silent = true;
	INIT_DELAYED_WORK_ONSTACK(&gone.work, li_gone_work);
	/* As a driver that probes has it: the device does not leave meanwhile. */
	pci_lock_rescan_remove();
	schedule_delayed_work(&gone.work, msecs_to_jiffies(50));
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), -ENODEV);
	flush_delayed_work(&gone.work);
	destroy_delayed_work_on_stack(&gone.work);
	pci_disable_device(li->pdev);
	pci_unlock_rescan_remove();
	KUNIT_EXPECT_EQ(test, li->host->n, 1);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 0);
	pci_dev_put(li->pdev);
	vpci_local_flush(li->local);
	KUNIT_EXPECT_FALSE(test, lt_has_pci(LT_DEVFN));
}

/* The answer comes when the driver has given up, and while it waits for another. */
static void vpci_local_irq_late_test(struct kunit *test)
{
	struct vpci_local_link link = lt_link;
	struct li *li = li_start(test);
	struct vpci_msi msi;

	link.answer_limit = HZ / 20;
	li->local->link = &link;
	li->host->silent = true;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 3, PCI_IRQ_MSIX), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, li->host->n, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&li->fn->irqs));
	KUNIT_EXPECT_EQ(test, vpci_local_count(li->local, VPCI_LOCAL_INTERRUPT_FAILURES), 1);
	lt_msi(li->host, 0, &msi);
	KUNIT_EXPECT_FALSE(test, vpci_local_done(li->fn, li->host->cookies[0], 0, &msi));
	/* It was not given: whoever brings it gives it back. */
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 0);
	li->local->link = &lt_link;
	li->host->silent = false;
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	KUNIT_EXPECT_EQ(test, li->host->answered, 2);
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 1);
	lt_msi(li->host, 1, &msi);
	KUNIT_EXPECT_EQ(test, li->host->deleted[0].data, msi.data);
	li_end(li);
}

/* Answers that nobody waits for */
static void vpci_local_irq_stray_test(struct kunit *test)
{
	struct li *li = li_start(test);
	struct vpci_msi msi;

	lt_msi(li->host, 0, &msi);
	KUNIT_EXPECT_FALSE(test, vpci_local_done(li->fn, 0, 0, &msi));
	KUNIT_EXPECT_FALSE(test, vpci_local_done(li->fn, VPCI_LOCAL_COOKIE | 1, 0, &msi));
	KUNIT_EXPECT_EQ(test, pci_alloc_irq_vectors(li->pdev, 1, 1, PCI_IRQ_MSIX), 1);
	KUNIT_EXPECT_FALSE(test, vpci_local_done(li->fn, li->host->cookies[0], 0, &msi));
	pci_free_irq_vectors(li->pdev);
	KUNIT_EXPECT_FALSE(test, vpci_local_done(li->fn, li->host->cookies[0], 0, &msi));
	KUNIT_EXPECT_EQ(test, li->host->ndeleted, 1);
	li_end(li);
}

static struct kunit_case vpci_local_irq_cases[] = {
	KUNIT_CASE(vpci_local_irq_test),
	KUNIT_CASE(vpci_local_irq_disabled_test),
	KUNIT_CASE(vpci_local_irq_cpu_test),
	KUNIT_CASE(vpci_local_irq_leaving_test),
	KUNIT_CASE(vpci_local_irq_refused_test),
	KUNIT_CASE(vpci_local_irq_msi_test),
	KUNIT_CASE(vpci_local_irq_msi_disabled_test),
	KUNIT_CASE(vpci_local_irq_msi_wide_test),
	KUNIT_CASE(vpci_local_irq_msi_narrow_test),
	KUNIT_CASE(vpci_local_irq_some_test),
	KUNIT_CASE(vpci_local_irq_gone_test),
	KUNIT_CASE(vpci_local_irq_late_test),
	KUNIT_CASE(vpci_local_irq_stray_test),
	{}
};

static struct kunit_suite vpci_local_irq_suite = {
	.name = "vpci_local_irq",
	.test_cases = vpci_local_irq_cases,
};

kunit_test_suite(vpci_local_irq_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: interrupts of devices that this kernel keeps");
MODULE_LICENSE("GPL");
