// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of devices that this kernel keeps.
 *
 * The host gives an interrupt for a vector and a CPU, and takes its time to do so: none can
 * be asked for where Linux chooses vectors, with the lock of an interrupt held.  So each
 * interrupt of a device comes by another one of this kernel, its parent: a vector of one
 * CPU, which it has before the host is asked, and which stays until the device's is freed.
 * With that the message to the device does not change, either.
 *
 * All of it is made when MSI-X or MSI is enabled, where waiting is allowed.  The message of
 * MSI is in configuration space, so it is written then, and not where Linux would do so, too,
 * with the lock of an interrupt held.  There is one interrupt by MSI: several of it have
 * vectors in a row, which this kernel does not give out.
 *
 * A CPU that serves interrupts of such devices does not go offline: its vectors would move,
 * and the host would not know.  The lock of CPU hotplug is not for that: a CPU on its way out
 * may wait for requests of a device whose reset is here, for vectors.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/cpuhotplug.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>
#if IS_ENABLED(CONFIG_HYPERV)
#include <asm/mshyperv.h>
#endif

#include "local_priv.h"

/**
 * struct vpci_local_irq - an interrupt of a device
 * @node: in vpci_local_fn::irqs
 * @fn: device
 * @index: of MSI-X; 0 of MSI
 * @parent: interrupt that it comes by; 0: none
 * @cpu: where, which vpci_local_irqs_on counts as long as there is @parent
 * @virq: interrupt of the device; 0 while there is none
 * @given: the host has given @msi
 * @written: as the message of MSI it is in the device, where it stays
 * @msi: message
 */
struct vpci_local_irq {
	struct list_head node;
	struct vpci_local_fn *fn;
	unsigned int index;
	unsigned int parent;
	unsigned int cpu;
	unsigned int virq;
	bool given;
	bool written;
	struct vpci_msi msi;
};

static DEFINE_PER_CPU(atomic_t, vpci_local_irqs_on);
static DEFINE_PER_CPU(bool, vpci_local_cpu_open);	/* it is online, and stays for now */
static int vpci_local_cpuhp;

static u16 vpci_local_vp(unsigned int cpu)
{
#if IS_ENABLED(CONFIG_HYPERV)
	if (hv_vp_index)
		return hv_vp_index[cpu];
#endif
	return cpu;
}

/* ---- CPUs ---------------------------------------------------------------------------------- */

/* It stays online until vpci_local_cpu_put(); false: it is about to leave, or not there. */
static bool vpci_local_cpu_get(unsigned int cpu)
{
	atomic_inc(per_cpu_ptr(&vpci_local_irqs_on, cpu));
	/* Pairs with vpci_local_cpu_down(): at least one sees the other. */
	smp_mb__after_atomic();
	if (READ_ONCE(per_cpu(vpci_local_cpu_open, cpu)))
		return true;
	atomic_dec(per_cpu_ptr(&vpci_local_irqs_on, cpu));
	return false;
}

static void vpci_local_cpu_put(unsigned int cpu)
{
	atomic_dec(per_cpu_ptr(&vpci_local_irqs_on, cpu));
}

/* Where the driver wants it, or on one CPU after the other; nr_cpu_ids if there is none */
static unsigned int vpci_local_choose_cpu(const struct msi_desc *desc)
{
	static atomic_t turn;
	unsigned int cpu, n;

	if (desc->affinity)
		for_each_cpu_and(cpu, &desc->affinity->mask, cpu_online_mask)
			if (vpci_local_cpu_get(cpu))
				return cpu;
	n = (unsigned int)atomic_inc_return(&turn) % num_online_cpus();
	for_each_cpu_wrap(cpu, cpu_online_mask, n)
		if (vpci_local_cpu_get(cpu))
			return cpu;
	return nr_cpu_ids;
}

/* A CPU comes, or stays after all. */
int vpci_local_cpu_up(unsigned int cpu)
{
	WRITE_ONCE(per_cpu(vpci_local_cpu_open, cpu), true);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_cpu_up);

/* May a CPU go offline?  -EBUSY if not. */
int vpci_local_cpu_down(unsigned int cpu)
{
	int n;

	WRITE_ONCE(per_cpu(vpci_local_cpu_open, cpu), false);
	/* Pairs with vpci_local_cpu_get() */
	smp_mb();
	n = atomic_read(per_cpu_ptr(&vpci_local_irqs_on, cpu));
	if (!n)
		return 0;
	vpci_local_cpu_up(cpu);
	pr_err_ratelimited("CPU %u stays online: it serves %d interrupts of devices of the host; remove the rules that keep these\n",
			   cpu, n);
	return -EBUSY;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_cpu_down);

/* ---- parents ------------------------------------------------------------------------------- */

static irqreturn_t vpci_local_isr(int parent, void *data)
{
	struct vpci_local_irq *irq = data;
	unsigned int virq = READ_ONCE(irq->virq);

	/* Pairs with synchronize_irq() in vpci_local_msi_free(). */
	if (virq)
		generic_handle_irq(virq);
	return IRQ_HANDLED;
}

/* Vector and CPU are known when it is requested, and do not change. */
static int vpci_local_request_parent(struct vpci_local_irq *irq, unsigned int parent)
{
	int err;

	irq_set_handler(parent, handle_edge_irq);
	/* A request moves it to where interrupts are by default, if that is not said. */
	err = irq_set_affinity(parent, cpumask_of(irq->cpu));
	if (err)
		return err;
	err = request_irq(parent, vpci_local_isr, IRQF_NOBALANCING | IRQF_NO_THREAD, "vpci_relay",
			  irq);
	if (err)
		return err;
	/* Where it was not to be it may not stay. */
	if (cpumask_test_cpu(irq->cpu, irq_get_effective_affinity_mask(parent)))
		return 0;
	free_irq(parent, irq);
	return -ENOSPC;
}

/* On irq->cpu, which stays online */
static int vpci_local_alloc_parent(struct vpci_local_irq *irq)
{
	struct irq_alloc_info info = { .mask = cpumask_of(irq->cpu) };
	int parent, err;

	parent = irq_domain_alloc_irqs(x86_vector_domain, 1, cpu_to_node(irq->cpu), &info);
	if (parent < 0)
		return parent;
	err = vpci_local_request_parent(irq, parent);
	if (err)
		irq_dispose_mapping(parent);
	else
		irq->parent = parent;
	return err;
}

static int vpci_local_make_parent(struct vpci_local_irq *irq, const struct msi_desc *desc)
{
	int err;

	irq->cpu = vpci_local_choose_cpu(desc);
	if (irq->cpu >= nr_cpu_ids)
		return -EBUSY;
	err = vpci_local_alloc_parent(irq);
	if (err)
		vpci_local_cpu_put(irq->cpu);
	return err;
}

static void vpci_local_free_parent(struct vpci_local_irq *irq)
{
	if (!irq->parent)
		return;
	free_irq(irq->parent, irq);
	irq_dispose_mapping(irq->parent);
	vpci_local_cpu_put(irq->cpu);
}

/* ---- the host ------------------------------------------------------------------------------ */

/* Without the lock, while waiting: what it is, is looked at afterwards. */
static bool vpci_local_answered(const struct vpci_local_fn *fn)
{
	return READ_ONCE(fn->answered) || !READ_ONCE(fn->host);
}

static int vpci_local_request(struct vpci_local_irq *irq)
{
	const struct irq_cfg *cfg = irqd_cfg(irq_get_irq_data(irq->parent));
	struct vpci_local_fn *fn = irq->fn;
	const struct vpci_msi_request request = {
		.vector = cfg->vector,
		.delivery = VPCI_DELIVERY_FIXED,
		.count = 1,
		.nprocs = 1,
		.procs = { vpci_local_vp(irq->cpu) },
	};
	int err = -ENODEV;

	mutex_lock(&fn->lock);
	WRITE_ONCE(fn->answered, false);
	fn->cookie = VPCI_LOCAL_COOKIE | atomic64_inc_return(&fn->local->cookies);
	if (fn->host)
		err = fn->local->link->interrupt_create(fn->host, &request, fn->cookie);
	mutex_unlock(&fn->lock);
	return err;
}

/*
 * One at a time: Linux allocates those of a device one after the other.
 *
 * There is a limit here, too, for locks of PCI are held: they must not depend on who brings
 * the answer.  One that comes later finds no cookie.
 */
static int vpci_local_ask(struct vpci_local_irq *irq)
{
	struct vpci_local_fn *fn = irq->fn;
	int err;

	err = vpci_local_request(irq);
	if (!err)
		wait_event_timeout(fn->wait, vpci_local_answered(fn),
				   fn->local->link->answer_limit);
	mutex_lock(&fn->lock);
	if (!err && fn->answered)
		err = fn->err;
	else if (!err)
		err = fn->host ? -ETIMEDOUT : -ENODEV;
	if (!err)
		irq->msi = fn->msi;
	irq->given = !err;
	fn->cookie = 0;
	mutex_unlock(&fn->lock);
	return err;
}

/**
 * vpci_local_done() - the host has answered to vpci_host_interrupt_create()
 * @fn: device
 * @cookie: of that
 * @err: result
 * @msi: interrupt, or NULL
 *
 * Context: process, may sleep.
 * Return: false if nobody waits for that; a caller with an interrupt gives it back.
 */
bool vpci_local_done(struct vpci_local_fn *fn, u64 cookie, int err, const struct vpci_msi *msi)
{
	bool taken;

	mutex_lock(&fn->lock);
	taken = fn->host && cookie && cookie == fn->cookie && !fn->answered;
	if (taken) {
		fn->err = err;
		if (msi)
			fn->msi = *msi;
		WRITE_ONCE(fn->answered, true);
		wake_up_all(&fn->wait);
	}
	mutex_unlock(&fn->lock);
	return taken;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_done);

static void vpci_local_give_back(struct vpci_local_irq *irq)
{
	struct vpci_local_fn *fn = irq->fn;

	mutex_lock(&fn->lock);
	if (irq->given && fn->host)
		fn->local->link->interrupt_delete(fn->host, &irq->msi);
	mutex_unlock(&fn->lock);
}

/* ---- an interrupt -------------------------------------------------------------------------- */

static void vpci_local_irq_free(struct vpci_local_irq *irq)
{
	/* First the one who raises it. */
	vpci_local_give_back(irq);
	vpci_local_free_parent(irq);
	list_del(&irq->node);
	kfree(irq);
}

static int vpci_local_irq_make(struct vpci_local_fn *fn, const struct msi_desc *desc)
{
	struct vpci_local_irq *irq = kzalloc(sizeof(*irq), GFP_KERNEL);
	int err;

	if (!irq)
		return -ENOMEM;
	irq->fn = fn;
	irq->index = desc->msi_index;
	list_add_tail(&irq->node, &fn->irqs);
	err = vpci_local_make_parent(irq, desc);
	if (!err)
		err = vpci_local_ask(irq);
	/* There is no room for more in the device. */
	if (!err && !desc->pci.msi_attrib.is_msix && irq->msi.data > U16_MAX)
		err = -ERANGE;
	vpci_local_counted(fn->local, err ? VPCI_LOCAL_INTERRUPT_FAILURES : VPCI_LOCAL_INTERRUPTS);
	if (err) {
		pr_err_ratelimited("%pUl: no interrupt %u for the device in slot %#x: error %d; unbind its driver and bind it to try again\n",
				   &fn->local->instance, irq->index, fn->desc.slot, err);
		vpci_local_irq_free(irq);
	}
	return err;
}

static struct vpci_local_irq *vpci_local_irq_find(struct vpci_local_fn *fn, unsigned int index)
{
	struct vpci_local_irq *irq;

	list_for_each_entry(irq, &fn->irqs, node)
		if (irq->index == index && !irq->virq)
			return irq;
	return NULL;
}

/**
 * vpci_local_irqs_drop() - free what no interrupt of the device needs any more
 * @fn: device; nobody allocates interrupts of it
 */
void vpci_local_irqs_drop(struct vpci_local_fn *fn)
{
	struct vpci_local_irq *irq, *next;

	list_for_each_entry_safe(irq, next, &fn->irqs, node)
		if (!irq->virq)
			vpci_local_irq_free(irq);
}

/* ---- as Linux sees it ---------------------------------------------------------------------- */

static void vpci_local_irq_ack(struct irq_data *data)
{
	/* Done for the parent. */
}

static int vpci_local_irq_retrigger(struct irq_data *data)
{
	struct vpci_local_irq *irq = irq_data_get_irq_chip_data(data);
	struct irq_data *parent = irq_get_irq_data(irq->parent);

	return parent->chip->irq_retrigger(parent);
}

static int vpci_local_irq_set_affinity(struct irq_data *data, const struct cpumask *mask,
				       bool force)
{
	struct vpci_local_irq *irq = irq_data_get_irq_chip_data(data);

	if (!cpumask_test_cpu(irq->cpu, mask))
		return -EINVAL;
	irq_data_update_effective_affinity(data, cpumask_of(irq->cpu));
	return IRQ_SET_MASK_OK;
}

static void vpci_local_irq_compose(struct irq_data *data, struct msi_msg *msg)
{
	const struct vpci_local_irq *irq = irq_data_get_irq_chip_data(data);

	msg->address_lo = lower_32_bits(irq->msi.address);
	msg->address_hi = upper_32_bits(irq->msi.address);
	msg->data = irq->msi.data;
}

/* Linux takes it out of the device, too, while nobody has requested the interrupt. */
static void vpci_local_irq_write(struct irq_data *data, struct msi_msg *msg)
{
	struct vpci_local_irq *irq = irq_data_get_irq_chip_data(data);

	if (irq->written)
		return;
	irq->written = !irq_data_get_msi_desc(data)->pci.msi_attrib.is_msix;
	pci_write_msi_msg(data->irq, msg);
}

/* Linux adds masking in the device. */
static struct irq_chip vpci_local_chip = {
	.name = "VPCI-MSI",
	.flags = IRQCHIP_SKIP_SET_WAKE,
	.irq_ack = vpci_local_irq_ack,
	.irq_retrigger = vpci_local_irq_retrigger,
	.irq_set_affinity = vpci_local_irq_set_affinity,
	.irq_compose_msi_msg = vpci_local_irq_compose,
	.irq_write_msi_msg = vpci_local_irq_write,
};

/* NULL if it is none of the host's: a virtual function that Linux has found all the same */
static struct vpci_local_fn *vpci_local_dev_fn(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);

	if (pdev->is_virtfn || !pci_is_root_bus(pdev->bus))
		return NULL;
	return to_vpci_local(pdev->bus)->slots[pdev->devfn & 0xff];
}

/* The one place where waiting is allowed, but for the lock of the device's MSIs */
static int vpci_local_msi_prepare(struct irq_domain *domain, struct device *dev, int nvec,
				  msi_alloc_info_t *arg)
{
	struct vpci_local_fn *fn = vpci_local_dev_fn(dev);
	struct msi_desc *desc;
	int err = 0;

	if (!fn)
		return -EOPNOTSUPP;
	*arg = (msi_alloc_info_t) { };
	vpci_local_irqs_drop(fn);
	msi_for_each_desc(desc, dev, MSI_DESC_NOTASSOCIATED) {
		err = vpci_local_irq_make(fn, desc);
		if (err)
			break;
	}
	if (err)
		vpci_local_irqs_drop(fn);
	return err;
}

static int vpci_local_msi_init(struct irq_domain *domain, struct msi_domain_info *info,
			       unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct vpci_local_fn *fn = vpci_local_dev_fn(arg->desc->dev);
	struct vpci_local_irq *irq;

	irq = fn ? vpci_local_irq_find(fn, arg->desc->msi_index) : NULL;
	if (!irq)
		return -ENOENT;
	irq_domain_set_info(domain, virq, hwirq, info->chip, irq, handle_edge_irq, NULL, "edge");
	WRITE_ONCE(irq->virq, virq);
	return 0;
}

static void vpci_local_msi_free(struct irq_domain *domain, struct msi_domain_info *info,
				unsigned int virq)
{
	struct vpci_local_irq *irq = irq_get_chip_data(virq);

	if (!irq)
		return;
	WRITE_ONCE(irq->virq, 0);
	/* Pairs with vpci_local_isr(): on return none has the old number. */
	synchronize_irq(irq->parent);
}

/* Not in the function above: there the lock of an interrupt domain is held. */
static void vpci_local_msi_post_free(struct irq_domain *domain, struct device *dev)
{
	struct vpci_local_fn *fn = vpci_local_dev_fn(dev);

	if (fn)
		vpci_local_irqs_drop(fn);
}

static struct msi_domain_ops vpci_local_msi_ops = {
	.msi_prepare = vpci_local_msi_prepare,
	.msi_init = vpci_local_msi_init,
	.msi_free = vpci_local_msi_free,
	.msi_post_free = vpci_local_msi_post_free,
};

static struct msi_domain_info vpci_local_msi_info = {
	.flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS | MSI_FLAG_PCI_MSIX,
	.ops = &vpci_local_msi_ops,
	.chip = &vpci_local_chip,
};

/**
 * vpci_local_irq_domain() - where devices of a bus have their interrupts
 * @local: bus, with its number
 *
 * Return: domain, or NULL.
 */
struct irq_domain *vpci_local_irq_domain(struct vpci_local *local)
{
	struct fwnode_handle *fwnode;
	struct irq_domain *domain;

	fwnode = irq_domain_alloc_named_id_fwnode("VPCI-MSI", local->sysdata.domain);
	if (!fwnode)
		return NULL;
	domain = pci_msi_create_irq_domain(fwnode, &vpci_local_msi_info, NULL);
	if (!domain)
		irq_domain_free_fwnode(fwnode);
	return domain;
}

void vpci_local_irq_domain_remove(struct irq_domain *domain)
{
	struct fwnode_handle *fwnode = domain->fwnode;

	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

/* ---- set-up -------------------------------------------------------------------------------- */

int vpci_local_irq_init(void)
{
	int state;

	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "vpci_relay:online", vpci_local_cpu_up,
				  vpci_local_cpu_down);
	if (state < 0)
		return state;
	vpci_local_cpuhp = state;
	return 0;
}

void vpci_local_irq_exit(void)
{
	cpuhp_remove_state_nocalls(vpci_local_cpuhp);
}
