// SPDX-License-Identifier: GPL-2.0-only
/*
 * vpci_copy_irq: a driver, for a guest, of the test host's copy engine: for its interrupts.
 *
 * It takes what driver_override gives it, with as many interrupts as there are: by MSI-X, or
 * with the parameter msi by MSI.  Each has the name of the device and its number in
 * /proc/interrupts.  Attributes of the device:
 *
 *	raise	"<first> <last> <times>": so often raise all of these, then wait for each
 *	copy	"<times>": so often copy something, with one interrupt after another at the
 *		end; what was copied must be there when that comes
 *	raised	how often each was raised, a line for each
 *	came	how often it has come, a column for each CPU
 *
 * ETIMEDOUT means that one has not come, EIO that data were wrong, or the engine was.
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "endpoint_copy.h"

#define COPY_IRQ_SIZE	SZ_16K	/* bytes to copy */
#define COPY_IRQ_WAIT	(30 * HZ)

static bool msi;
module_param(msi, bool, 0444);
MODULE_PARM_DESC(msi, "interrupts by MSI rather than by MSI-X");

struct copy_irq;

/**
 * struct copy_irq_vector - one interrupt
 * @dev: device
 * @raised: how often; protected by copy_irq::lock
 * @came: how often, on each CPU
 * @name: in /proc/interrupts
 */
struct copy_irq_vector {
	struct copy_irq *dev;
	u32 raised;
	u32 __percpu *came;
	char name[32];
};

/**
 * struct copy_irq - a copy engine
 * @pdev: PCI device
 * @regs: registers
 * @data: what is copied, and behind it what it is copied to
 * @dma: its address
 * @lock: one request at a time
 * @wait: woken when an interrupt comes
 * @n: entries of @vectors in use
 * @vectors: interrupts
 */
struct copy_irq {
	struct pci_dev *pdev;
	void __iomem *regs;
	u8 *data;
	dma_addr_t dma;
	struct mutex lock;	/* one request at a time */
	wait_queue_head_t wait;
	unsigned int n;
	struct copy_irq_vector vectors[COPY_VECTORS];
};

/* ---- interrupts ------------------------------------------------------------------------ */

static irqreturn_t copy_irq_handler(int irq, void *data)
{
	struct copy_irq_vector *vec = data;

	this_cpu_inc(*vec->came);
	wake_up(&vec->dev->wait);
	return IRQ_HANDLED;
}

static u32 copy_irq_came(const struct copy_irq_vector *vec)
{
	unsigned int cpu;
	u32 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(vec->came, cpu));
	return sum;
}

/* Those that have come too often are for who reads the attributes. */
static int copy_irq_expect(struct copy_irq_vector *vec)
{
	lockdep_assert_held(&vec->dev->lock);
	if (wait_event_timeout(vec->dev->wait, copy_irq_came(vec) >= vec->raised, COPY_IRQ_WAIT))
		return 0;
	pci_err(vec->dev->pdev, "%s: raised %u times, came %u times\n", vec->name, vec->raised,
		copy_irq_came(vec));
	return -ETIMEDOUT;
}

static int copy_irq_raise(struct copy_irq *dev, unsigned int first, unsigned int last)
{
	unsigned int i;
	int err = 0;

	for (i = first; i <= last; i++) {
		dev->vectors[i].raised++;
		writel(i, dev->regs + COPY_REG_RAISE);
	}
	for (i = first; !err && i <= last; i++)
		err = copy_irq_expect(&dev->vectors[i]);
	return err;
}

/* ---- copies ---------------------------------------------------------------------------- */

static void copy_irq_put_long(struct copy_irq *dev, unsigned int reg, u64 value)
{
	writel(lower_32_bits(value), dev->regs + reg);
	writel(upper_32_bits(value), dev->regs + reg + 4);
}

static int copy_irq_copy(struct copy_irq *dev, u32 turn)
{
	unsigned int vector = turn % dev->n;
	u8 *to = dev->data + COPY_IRQ_SIZE;
	u32 status;
	int err;

	memset(dev->data, turn, COPY_IRQ_SIZE);
	memset(to, ~turn, COPY_IRQ_SIZE);
	copy_irq_put_long(dev, COPY_REG_SOURCE, dev->dma);
	copy_irq_put_long(dev, COPY_REG_DESTINATION, dev->dma + COPY_IRQ_SIZE);
	writel(COPY_IRQ_SIZE, dev->regs + COPY_REG_LENGTH);
	writel(vector, dev->regs + COPY_REG_VECTOR);
	writel(0, dev->regs + COPY_REG_FLAGS);
	dev->vectors[vector].raised++;
	writel(COPY_GO, dev->regs + COPY_REG_CONTROL);
	err = copy_irq_expect(&dev->vectors[vector]);
	if (err)
		return err;
	/* Before anything is read from the device, which might wait for the data. */
	if (!memcmp(dev->data, to, COPY_IRQ_SIZE))
		return 0;
	status = readl(dev->regs + COPY_REG_STATUS);
	pci_err(dev->pdev, "the interrupt has come, the data have not: status %#x, error %u\n",
		status, readl(dev->regs + COPY_REG_ERROR));
	return -EIO;
}

/* ---- attributes ------------------------------------------------------------------------ */

static ssize_t raise_store(struct device *device, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct copy_irq *dev = dev_get_drvdata(device);
	unsigned int first, last, times;
	int err = 0;

	if (sscanf(buf, "%u %u %u", &first, &last, &times) != 3 || first > last || last >= dev->n)
		return -EINVAL;
	guard(mutex)(&dev->lock);
	while (!err && times--)
		err = copy_irq_raise(dev, first, last);
	return err ?: count;
}
static DEVICE_ATTR_WO(raise);

static ssize_t copy_store(struct device *device, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct copy_irq *dev = dev_get_drvdata(device);
	u32 times, turn;
	int err;

	err = kstrtou32(buf, 0, &times);
	if (err)
		return err;
	guard(mutex)(&dev->lock);
	for (turn = 0; !err && turn < times; turn++)
		err = copy_irq_copy(dev, turn);
	return err ?: count;
}
static DEVICE_ATTR_WO(copy);

static ssize_t raised_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct copy_irq *dev = dev_get_drvdata(device);
	ssize_t len = 0;
	unsigned int i;

	guard(mutex)(&dev->lock);
	for (i = 0; i < dev->n; i++)
		len += sysfs_emit_at(buf, len, "%u\n", dev->vectors[i].raised);
	return len;
}
static DEVICE_ATTR_RO(raised);

static ssize_t came_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct copy_irq *dev = dev_get_drvdata(device);
	unsigned int i, cpu;
	ssize_t len = 0;

	for (i = 0; i < dev->n; i++) {
		for_each_possible_cpu(cpu)
			len += sysfs_emit_at(buf, len, "%u ",
					     READ_ONCE(*per_cpu_ptr(dev->vectors[i].came, cpu)));
		len += sysfs_emit_at(buf, len, "\n");
	}
	return len;
}
static DEVICE_ATTR_RO(came);

static struct attribute *copy_irq_attrs[] = {
	&dev_attr_raise.attr,
	&dev_attr_copy.attr,
	&dev_attr_raised.attr,
	&dev_attr_came.attr,
	NULL
};
ATTRIBUTE_GROUPS(copy_irq);

/* ---- life ------------------------------------------------------------------------------ */

/* All but the first @n are not there. */
static void copy_irq_release(struct copy_irq *dev, unsigned int n)
{
	while (n--) {
		free_irq(pci_irq_vector(dev->pdev, n), &dev->vectors[n]);
		free_percpu(dev->vectors[n].came);
	}
}

static int copy_irq_request_one(struct copy_irq *dev, unsigned int i)
{
	struct copy_irq_vector *vec = &dev->vectors[i];
	int err;

	vec->dev = dev;
	snprintf(vec->name, sizeof(vec->name), "%s-%u", pci_name(dev->pdev), i);
	vec->came = alloc_percpu(u32);
	if (!vec->came)
		return -ENOMEM;
	err = request_irq(pci_irq_vector(dev->pdev, i), copy_irq_handler, 0, vec->name, vec);
	if (err)
		free_percpu(vec->came);
	return err;
}

static int copy_irq_request(struct copy_irq *dev)
{
	unsigned int i;
	int n, err;

	n = pci_alloc_irq_vectors(dev->pdev, 1, COPY_VECTORS, msi ? PCI_IRQ_MSI : PCI_IRQ_MSIX);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		err = copy_irq_request_one(dev, i);
		if (err)
			goto release;
	}
	dev->n = n;
	return 0;

release:
	copy_irq_release(dev, i);
	pci_free_irq_vectors(dev->pdev);
	return err;
}

/* Registers and memory for it are given back with the device. */
static int copy_irq_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct copy_irq *dev = devm_kzalloc(&pdev->dev, sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->pdev = pdev;
	mutex_init(&dev->lock);
	init_waitqueue_head(&dev->wait);
	pci_set_drvdata(pdev, dev);
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	dev->regs = pcim_iomap(pdev, COPY_REGS_BAR, 0);
	if (!dev->regs)
		return -ENOMEM;
	if (readl(dev->regs + COPY_REG_ID) != COPY_MAGIC)
		return -ENODEV;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	dev->data = dmam_alloc_coherent(&pdev->dev, 2 * COPY_IRQ_SIZE, &dev->dma, GFP_KERNEL);
	if (!dev->data)
		return -ENOMEM;
	pci_set_master(pdev);
	err = copy_irq_request(dev);
	if (err)
		pci_clear_master(pdev);
	return err;
}

static void copy_irq_remove(struct pci_dev *pdev)
{
	struct copy_irq *dev = pci_get_drvdata(pdev);

	/* The engine moves no data any more. */
	pci_clear_master(pdev);
	copy_irq_release(dev, dev->n);
	pci_free_irq_vectors(pdev);
}

static struct pci_driver copy_irq_driver = {
	.name = KBUILD_MODNAME,
	.id_table = NULL,	/* nothing but what driver_override says */
	.probe = copy_irq_probe,
	.remove = copy_irq_remove,
	.dev_groups = copy_irq_groups,
};
module_pci_driver(copy_irq_driver);

MODULE_DESCRIPTION("interrupts of the test host's copy engine, for a guest");
MODULE_LICENSE("GPL");
