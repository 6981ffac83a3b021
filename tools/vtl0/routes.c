// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where interrupts go: the IOAPIC's pins, each VP's SINT, and the MSIs of devices of the
 * VMBus, which the guest moves about.  KVM takes all routes at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vtl0.h"

/* An MSI to the APIC of an id, whose delivery is fixed and whose trigger is edge */
#define MSI_ADDRESS(apic_id)	(0xfee00000 | (apic_id) << 12)

/**
 * routes_init - no MSI has a route
 * @r: result
 * @p: partition whose MSIs they will be
 * @cpus: number of vCPUs
 */
void routes_init(struct routes *r, struct partition *p, unsigned int cpus)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	r->fd = -1;
	r->cpus = cpus;
	r->partition = p;
}

/**
 * routes_fill - make KVM's table
 * @r: routes
 * @entries: result, room for ROUTES_MAX
 *
 * Return: number of entries.
 */
unsigned int routes_fill(const struct routes *r, struct kvm_irq_routing_entry *entries)
{
	const struct vmbus_partition_msi *msi;
	struct kvm_irq_routing_entry *e = entries;
	unsigned int i;

	memset(entries, 0, ROUTES_MAX * sizeof(*entries));
	for (i = 0; i < GSI_IOAPIC_PINS; i++, e++) {
		e->gsi = i;
		e->type = KVM_IRQ_ROUTING_IRQCHIP;
		e->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		e->u.irqchip.pin = i;
	}
	for (i = 0; i < r->cpus; i++, e++) {
		e->gsi = GSI_SINT(i);
		e->type = KVM_IRQ_ROUTING_HV_SINT;
		e->u.hv_sint.vcpu = i;
		e->u.hv_sint.sint = VMBUS_SINT;
	}
	for (i = 0; i < PARTITION_MSIS; i++) {
		msi = &r->msis[i];
		if (!(msi->flags & VMBUS_PARTITION_MSI_ACTIVE) || msi->vp >= r->cpus)
			continue;
		e->gsi = GSI_MSI(i);
		e->type = KVM_IRQ_ROUTING_MSI;
		/* A VP's index is its APIC id. */
		e->u.msi.address_lo = MSI_ADDRESS(msi->vp);
		e->u.msi.data = msi->vector;
		e++;
	}
	return e - entries;
}

static void routes_apply(const struct routes *r)
{
	struct kvm_irq_routing *table;

	if (r->fd < 0)
		return;
	table = calloc(1, sizeof(*table) + ROUTES_MAX * sizeof(table->entries[0]));
	if (!table)
		die_errno("interrupt routes");
	table->nr = routes_fill(r, table->entries);
	must_ioctl(r->fd, KVM_SET_GSI_ROUTING, table);
	free(table);
}

/**
 * routes_bind - route the interrupts of a new machine
 * @r: routes
 * @fd: KVM's machine, with its interrupt controllers
 */
void routes_bind(struct routes *r, int fd)
{
	pthread_mutex_lock(&r->lock);
	r->fd = fd;
	routes_apply(r);
	pthread_mutex_unlock(&r->lock);
}

/**
 * routes_unbind - the machine goes away
 * @r: routes
 *
 * What changes until there is another one is kept for that.
 */
void routes_unbind(struct routes *r)
{
	pthread_mutex_lock(&r->lock);
	r->fd = -1;
	pthread_mutex_unlock(&r->lock);
}

/**
 * routes_sync - do what the partition wants
 * @r: routes, of a partition with MSIs
 *
 * On return KVM has the routes of all MSIs that had changed when it was called.
 *
 * Context: any thread.
 */
void routes_sync(struct routes *r)
{
	struct vmbus_partition_msi changed[PARTITION_MSIS];
	unsigned int i, n;

	pthread_mutex_lock(&r->lock);
	do {
		for (n = 0; n < PARTITION_MSIS && partition_next_msi(r->partition, &changed[n]);
		     n++)
			r->msis[changed[n].msi % PARTITION_MSIS] = changed[n];
		if (n)
			routes_apply(r);
		for (i = 0; i < n; i++)
			partition_msi_routed(r->partition, &changed[i]);
	} while (n == PARTITION_MSIS);
	pthread_mutex_unlock(&r->lock);
}

static void *routes_thread(void *arg)
{
	struct routes *r = arg;

	for (;;)
		if (partition_wait_msi(r->partition))
			routes_sync(r);
	return NULL;
}

/**
 * routes_listen - have a thread do what the partition wants
 * @r: routes, of a partition with MSIs
 *
 * A guest waits for a device's answer without leaving its CPU: so it is no vCPU's thread.
 */
void routes_listen(struct routes *r)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, routes_thread, r);
	if (errno)
		die_errno("thread for MSIs");
	pthread_detach(thread);
}
