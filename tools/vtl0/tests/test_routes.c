// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition's MSIs are those of an array; there is no KVM to take the routes.
 */
#include <string.h>
#include "test.h"

#define ACTIVE	VMBUS_PARTITION_MSI_ACTIVE

static struct vmbus_partition_msi queue[2 * PARTITION_MSIS];
static unsigned int queued, taken;
static unsigned int acknowledged, wrong;
static const struct routes *watched;

bool partition_next_msi(struct partition *p, struct vmbus_partition_msi *msi)
{
	(void)p;
	if (taken == queued)
		return false;
	*msi = queue[taken++];
	return true;
}

/* What is said to be routed must be. */
void partition_msi_routed(struct partition *p, const struct vmbus_partition_msi *msi)
{
	(void)p;
	if (msi->msi != queue[acknowledged].msi || msi->sequence != queue[acknowledged].sequence ||
	    watched->msis[msi->msi].sequence < msi->sequence)
		wrong++;
	acknowledged++;
}

bool partition_wait_msi(struct partition *p)
{
	(void)p;
	return false;
}

static void add(uint32_t msi, uint32_t flags, uint32_t vp, uint32_t vector)
{
	queue[queued] = (struct vmbus_partition_msi) {
		.msi = msi,
		.flags = flags,
		.sequence = queued + 1,
		.vp = vp,
		.vector = vector,
	};
	queued++;
}

static void sync(struct routes *r)
{
	acknowledged = 0;
	taken = 0;
	wrong = 0;
	watched = r;
	routes_sync(r);
	ok(taken == queued && acknowledged == queued && !wrong, "routes: %u are done", queued);
	queued = 0;
}

static const struct kvm_irq_routing_entry *find(const struct kvm_irq_routing_entry *e,
						unsigned int n, uint32_t gsi)
{
	const struct kvm_irq_routing_entry *found = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (e[i].gsi != gsi)
			continue;
		ok(!found, "routes: one of interrupt %u", gsi);
		found = &e[i];
	}
	return found;
}

static bool is_msi(const struct kvm_irq_routing_entry *e, uint32_t address, uint32_t data)
{
	return e && e->type == KVM_IRQ_ROUTING_MSI && e->u.msi.address_lo == address &&
	       !e->u.msi.address_hi && e->u.msi.data == data && !e->flags;
}

static void test_base(struct routes *r)
{
	struct kvm_irq_routing_entry e[ROUTES_MAX];
	unsigned int n, i, bad = 0;

	routes_init(r, NULL, 3);
	n = routes_fill(r, e);
	ok(n == 24 + 3, "routes: pins and VPs, and no MSI");
	for (i = 0; i < 24; i++)
		if (e[i].gsi != i || e[i].type != KVM_IRQ_ROUTING_IRQCHIP ||
		    e[i].u.irqchip.irqchip != KVM_IRQCHIP_IOAPIC || e[i].u.irqchip.pin != i)
			bad++;
	for (i = 0; i < 3; i++)
		if (e[24 + i].gsi != 24 + i || e[24 + i].type != KVM_IRQ_ROUTING_HV_SINT ||
		    e[24 + i].u.hv_sint.vcpu != i || e[24 + i].u.hv_sint.sint != 2)
			bad++;
	ok(!bad, "routes: where they go");
}

static void test_msis(struct routes *r)
{
	struct kvm_irq_routing_entry e[ROUTES_MAX];
	unsigned int n;

	sync(r);
	add(0, ACTIVE, 0, 0x31);
	add(255, ACTIVE, 2, 0xff);
	/* No such VP: nobody gets it. */
	add(7, ACTIVE, 3, 0x40);
	add(8, ACTIVE, 0xffffffff, 0x40);
	sync(r);
	n = routes_fill(r, e);
	ok(n == 24 + 3 + 2, "routes: two MSIs");
	ok(is_msi(find(e, n, GSI_MSI(0)), 0xfee00000, 0x31), "routes: the first");
	ok(is_msi(find(e, n, GSI_MSI(255)), 0xfee02000, 0xff), "routes: the last");

	/* It moves twice, the other goes. */
	add(0, ACTIVE, 1, 0x50);
	add(255, 0, 0, 0);
	add(0, ACTIVE, 2, 0x51);
	sync(r);
	n = routes_fill(r, e);
	ok(n == 24 + 3 + 1 && is_msi(find(e, n, GSI_MSI(0)), 0xfee02000, 0x51),
	   "routes: the last word counts");
}

static void test_many(struct routes *r)
{
	struct kvm_irq_routing_entry e[ROUTES_MAX];
	unsigned int i;

	for (i = 0; i < PARTITION_MSIS; i++)
		add(i, ACTIVE, i % 3, 0x20 + i % 0xe0);
	sync(r);
	ok(routes_fill(r, e) == 24 + 3 + PARTITION_MSIS, "routes: all MSIs");
	for (i = 0; i < 2 * PARTITION_MSIS; i++)
		add(i % PARTITION_MSIS, 0, 0, 0);
	sync(r);
	ok(routes_fill(r, e) == 24 + 3, "routes: and none");
	routes_init(r, NULL, VTL0_MAX_VCPUS);
	for (i = 0; i < PARTITION_MSIS; i++)
		add(i, ACTIVE, VTL0_MAX_VCPUS - 1, 0x20);
	sync(r);
	ok(routes_fill(r, e) == ROUTES_MAX && e[ROUTES_MAX - 1].gsi == ROUTES_MAX - 1,
	   "routes: as many as there can be");
}

void test_routes(void)
{
	static struct routes r;

	test_base(&r);
	test_msis(&r);
	test_many(&r);
}
