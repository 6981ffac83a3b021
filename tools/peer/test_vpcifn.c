// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function on a VPCI bus: its memory, its resources, the data it moves, its interrupts.
 *
 * It is the copy engine of the host, driven by its registers: there is no virtual machine
 * between them and these tests.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "vpcibus.h"
#include "../../kunit/endpoint_copy.h"

#define PCI_COMMAND		4
#define COMMAND_MEMORY		2U
#define COMMAND_MASTER		4U
#define PCI_BAR(n)		(0x10U + 4 * (n))
#define MSIX_CONTROL		0x42U	/* its capability is the first */
#define MSIX_ENABLE		0x8000U

/* Where the guest puts its memory */
#define REGS			0xf1000000ULL
#define MSIX			0xf1001000ULL
#define SCRATCH			0x1000000000ULL
#define ELSEWHERE		0xf1010000ULL

#define SOURCE			0U	/* pages of scratch memory */
#define TARGET			16U
#define COPY_BYTES		(3 * PAGE + 123)
#define QUIET_MS		50
#define STATUS_NO_VP		0x0eU
#define STATUS_BAD		0x05U

static u32 config(struct vpci *v, u32 reg, unsigned int size)
{
	return vpci_config(v, WINDOW_A, SLOT_COPY, reg, size);
}

static void set_config(struct vpci *v, u32 reg, unsigned int size, u32 value)
{
	vpci_config_set(v, WINDOW_A, SLOT_COPY, reg, size, value);
}

static u32 reg(struct vpci *v, unsigned int at)
{
	return monitor_mmio_read(&v->b->m, REGS + at, 4);
}

static void set_reg(struct vpci *v, unsigned int at, u32 value)
{
	monitor_mmio_write(&v->b->m, REGS + at, 4, value);
}

static void set_bars(struct vpci *v, u64 regs)
{
	set_config(v, PCI_BAR(COPY_REGS_BAR), 4, regs);
	set_config(v, PCI_BAR(COPY_SCRATCH_BAR), 4, (u32)SCRATCH);
	set_config(v, PCI_BAR(COPY_SCRATCH_BAR + 1), 4, SCRATCH >> 32);
	set_config(v, PCI_BAR(COPY_MSIX_BAR), 4, MSIX);
}

/* ---- memory ------------------------------------------------------------------------------ */

static void test_bars(struct vpci *v)
{
	struct vpci_d0_entry enter = { .type = VPCI_MSG_D0_ENTRY, .window = WINDOW_B };
	u64 overlaps = vpci_counter(v, "overlaps"), word = 0x0123456789abcdefULL;
	struct monitor *m = &v->b->m;

	set_config(v, PCI_BAR(COPY_REGS_BAR), 4, U32_MAX);
	set_config(v, PCI_BAR(COPY_SCRATCH_BAR), 4, U32_MAX);
	set_config(v, PCI_BAR(5), 4, U32_MAX);
	ok(config(v, PCI_BAR(COPY_REGS_BAR), 4) == 0xfffff000 &&
	   config(v, PCI_BAR(COPY_SCRATCH_BAR), 4) == 0xffff000c && !config(v, PCI_BAR(5), 4),
	   "BARs say their size");
	set_bars(v, REGS);
	ok(reg(v, COPY_REG_ID) == U32_MAX, "no memory before it is switched on");
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(reg(v, COPY_REG_ID) == COPY_MAGIC, "then there is");
	monitor_mmio_write(m, SCRATCH + 8, 8, word);
	ok(monitor_mmio_read(m, SCRATCH + 8, 8) == word &&
	   monitor_mmio_read(m, SCRATCH + 12, 4) == word >> 32, "that of 64 bits, too");
	set_bars(v, ELSEWHERE);
	ok(reg(v, COPY_REG_ID) == COPY_MAGIC, "it stays where it is while it is on");
	set_config(v, PCI_COMMAND, 2, 0);
	ok(reg(v, COPY_REG_ID) == U32_MAX, "off");
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(reg(v, COPY_REG_ID) == U32_MAX &&
	   monitor_mmio_read(m, ELSEWHERE + COPY_REG_ID, 4) == COPY_MAGIC, "and on elsewhere");
	set_config(v, PCI_COMMAND, 2, 0);
	set_bars(v, WINDOW_A);
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(!config(v, PCI_COMMAND, 2) && vpci_counter(v, "overlaps") == overlaps + 1,
	   "over the window it stays off, which is counted");
	set_bars(v, WINDOW_B);
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(vpci_refuses(v, &enter, sizeof(enter), VPCI_STATUS_BAD_DATA) &&
	   vpci_counter(v, "overlaps") == overlaps + 2, "nor does the window come over memory");
	ok(!vpci_enter(v, WINDOW_A), "but elsewhere");
	set_config(v, PCI_COMMAND, 2, 0);
	set_bars(v, REGS);
}

/* ---- resources ----------------------------------------------------------------------------- */

static struct vpci_assigned_resources good_resources(void)
{
	struct vpci_assigned_resources msg = {
		.type = VPCI_MSG_ASSIGNED_RESOURCES2,
		.slot = SLOT_COPY,
	};
	struct vpci_resource *r = msg.resources;

	r[COPY_REGS_BAR] = (struct vpci_resource) {
		.type = VPCI_RESOURCE_MEMORY, .address = REGS, .length = COPY_REGS_SIZE,
	};
	r[COPY_SCRATCH_BAR] = (struct vpci_resource) {
		.type = VPCI_RESOURCE_MEMORY, .address = SCRATCH, .length = COPY_SCRATCH_SIZE,
	};
	r[COPY_MSIX_BAR] = (struct vpci_resource) {
		.type = VPCI_RESOURCE_MEMORY, .address = MSIX, .length = COPY_MSIX_SIZE,
	};
	return msg;
}

static bool resources_are(struct vpci *v, const struct vpci_resource *want)
{
	struct vpci_get_resources msg = { .type = VPCI_MSG_GET_RESOURCES, .slot = SLOT_COPY };

	return vpci_ask(v, &msg, sizeof(msg)) == sizeof(v->answer.resources) &&
	       v->answer.resources.version == 1 && v->answer.resources.count == VPCI_BARS &&
	       !memcmp(v->answer.resources.resources, want, VPCI_BARS * sizeof(*want));
}

static u32 power(struct vpci *v, u32 state)
{
	struct vpci_power msg = { .type = VPCI_MSG_POWER, .slot = SLOT_COPY, .state = state };

	return vpci_status(v, &msg, sizeof(msg));
}

static bool assign_refused(struct vpci *v, const struct vpci_assigned_resources *msg)
{
	return vpci_refuses(v, msg, sizeof(*msg), VPCI_STATUS_BAD_DATA);
}

static void test_bad_resources(struct vpci *v)
{
	struct vpci_assigned_resources msg = good_resources();
	struct vpci_resource *r = &msg.resources[COPY_REGS_BAR];

	r->address = REGS + 0x800;
	ok(assign_refused(v, &msg), "memory that is not aligned");
	r->address = 0;
	ok(assign_refused(v, &msg), "memory at 0");
	r->address = 1ULL << 32;
	ok(assign_refused(v, &msg), "memory out of reach");
	r->address = MSIX;
	ok(assign_refused(v, &msg), "memory of two BARs in one place");
	r->address = WINDOW_A;
	ok(assign_refused(v, &msg), "memory over the window");
	r->address = REGS;
	r->length = 2 * COPY_REGS_SIZE;
	ok(assign_refused(v, &msg), "more memory than there is");
	r->type = VPCI_RESOURCE_MEMORY_LARGE;
	ok(assign_refused(v, &msg), "memory of a length that is none");
	msg = good_resources();
	msg.resources[1] = msg.resources[0];
	msg.resources[1].address = ELSEWHERE;
	ok(assign_refused(v, &msg), "memory of no BAR");
	msg.resources[1] = (struct vpci_resource) { };
	msg.resources[COPY_SCRATCH_BAR + 1] = msg.resources[0];
	msg.resources[COPY_SCRATCH_BAR + 1].address = ELSEWHERE;
	ok(assign_refused(v, &msg), "memory of the upper half of a BAR");
	msg = good_resources();
	msg.msis = 1;
	ok(assign_refused(v, &msg), "more interrupts than the message has");
	msg.msis = U32_MAX;
	ok(assign_refused(v, &msg), "as many as there are numbers");
}

static void test_resources(struct vpci *v)
{
	static const struct vpci_resource none[VPCI_BARS];
	struct vpci_assigned_resources msg = good_resources();

	ok(resources_are(v, none), "no resources before any were assigned");
	set_bars(v, 0);
	ok(vpci_ask(v, &msg, sizeof(msg)) == sizeof(msg) && !v->answer.status,
	   "resources are assigned");
	ok(resources_are(v, msg.resources), "these are they");
	ok(reg(v, COPY_REG_ID) == U32_MAX, "memory is still off");
	ok(!power(v, VPCI_POWER_D0) && reg(v, COPY_REG_ID) == COPY_MAGIC, "on in D0");
	ok(!power(v, VPCI_POWER_D3) && reg(v, COPY_REG_ID) == U32_MAX, "off in D3");
	ok(power(v, 2) == VPCI_STATUS_BAD_DATA, "there is no D1");
	v->refused++;
	test_bad_resources(v);
	ok(resources_are(v, msg.resources), "none of that has changed anything");
	ok(!vpci_slot_status(v, VPCI_MSG_RELEASE_RESOURCES, SLOT_COPY) && resources_are(v, none),
	   "they are given back");
}

/* ---- data -------------------------------------------------------------------------------- */

static u64 scratch_gpa(unsigned int page)
{
	return ram_pfn(PAGE_SCRATCH + page) * PAGE;
}

static u32 copy(struct vpci *v, u64 from, u64 to, u32 bytes)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;
	u32 status;

	set_reg(v, COPY_REG_SOURCE, from);
	set_reg(v, COPY_REG_SOURCE + 4, from >> 32);
	set_reg(v, COPY_REG_DESTINATION, to);
	set_reg(v, COPY_REG_DESTINATION + 4, to >> 32);
	set_reg(v, COPY_REG_LENGTH, bytes);
	set_reg(v, COPY_REG_VECTOR, 0);
	set_reg(v, COPY_REG_FLAGS, 0);
	set_reg(v, COPY_REG_CONTROL, COPY_GO);
	while ((status = reg(v, COPY_REG_STATUS)) == COPY_BUSY && now_us() < end)
		usleep(100);
	return status;
}

static void test_data(struct vpci *v)
{
	u8 *from = ram_page(&v->b->g, PAGE_SCRATCH + SOURCE);
	u8 *to = ram_page(&v->b->g, PAGE_SCRATCH + TARGET);
	u64 state = opt.seed;
	unsigned int i;

	for (i = 0; i < COPY_BYTES; i++)
		from[i] = rnd(&state);
	memset(to, 0xa5, COPY_BYTES + 1);
	set_bars(v, REGS);
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY);
	ok(copy(v, scratch_gpa(SOURCE), scratch_gpa(TARGET), COPY_BYTES) == COPY_FAILED &&
	   to[0] == 0xa5, "no data before it is the bus master");
	set_config(v, PCI_COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	ok(copy(v, scratch_gpa(SOURCE), scratch_gpa(TARGET), COPY_BYTES) == COPY_DONE &&
	   !memcmp(from, to, COPY_BYTES) && to[COPY_BYTES] == 0xa5, "it copies the guest's memory");
	ok(copy(v, scratch_gpa(SOURCE), REGS, PAGE) == COPY_FAILED &&
	   copy(v, 1ULL << 50, scratch_gpa(TARGET), PAGE) == COPY_FAILED,
	   "and not what is none");
}

/* ---- interrupts --------------------------------------------------------------------------- */

/**
 * struct interrupt - one that the guest has got
 * @address: where the function writes
 * @data: what
 * @route: where the monitor has it go
 */
struct interrupt {
	u64 address;
	u32 data;
	struct vmbus_partition_msi route;
};

static struct vpci_create_interrupt3 create3(u32 vector, u16 count, u16 vp)
{
	return (struct vpci_create_interrupt3) {
		.type = VPCI_MSG_CREATE_INTERRUPT3,
		.slot = SLOT_COPY,
		.desc = { .vector = vector, .count = count, .nprocs = 1, .procs = { vp } },
	};
}

static bool created(struct vpci *v, const void *msg, u32 len, struct interrupt *irq)
{
	const struct vpci_create_interrupt_reply *reply = &v->answer.interrupt;

	if (vpci_ask(v, msg, len) != sizeof(*reply) || reply->status)
		return false;
	irq->address = reply->remapped.address;
	irq->data = reply->remapped.data;
	return true;
}

/* The monitor has a route, and it leads there. */
static bool routed(struct vpci *v, struct interrupt *irq, u32 vp, u32 vector)
{
	if (!monitor_next_msi(&v->b->m, &irq->route))
		return false;
	monitor_msi_routed(&v->b->m, &irq->route);
	return irq->route.flags == VMBUS_PARTITION_MSI_ACTIVE && irq->route.vp == vp &&
	       irq->route.vector == vector && irq->route.msi < MSIS;
}

/* It is gone, and the monitor hears of that before long. */
static bool unrouted(struct vpci *v, struct interrupt *irq)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;

	while (!monitor_next_msi(&v->b->m, &irq->route)) {
		if (now_us() > end)
			return false;
		usleep(1000);
	}
	monitor_msi_routed(&v->b->m, &irq->route);
	return !irq->route.flags;
}

static struct vpci_delete_interrupt delete(const struct interrupt *irq)
{
	return (struct vpci_delete_interrupt) {
		.type = VPCI_MSG_DELETE_INTERRUPT,
		.slot = SLOT_COPY,
		.remapped = { .count = 1, .data = irq->data, .address = irq->address },
	};
}

static bool deleted(struct vpci *v, struct interrupt *irq)
{
	struct vpci_delete_interrupt msg = delete(irq);

	return !vpci_status(v, &msg, sizeof(msg)) && unrouted(v, irq);
}

static bool fired(struct vpci *v, u32 msi, int ms)
{
	struct pollfd p = { .fd = v->b->m.msis[msi], .events = POLLIN };
	u64 n;

	return poll(&p, 1, ms) == 1 && read(p.fd, &n, sizeof(n)) == sizeof(n);
}

/* Entry 0 of the function's table */
static void set_msix(struct vpci *v, const struct interrupt *irq)
{
	monitor_mmio_write(&v->b->m, MSIX, 4, irq->address);
	monitor_mmio_write(&v->b->m, MSIX + 4, 4, irq->address >> 32);
	monitor_mmio_write(&v->b->m, MSIX + 8, 4, irq->data);
	monitor_mmio_write(&v->b->m, MSIX + 12, 4, 0);
	set_config(v, MSIX_CONTROL, 2, MSIX_ENABLE);
}

static void test_interrupt(struct vpci *v)
{
	struct vpci_create_interrupt3 msg = create3(0x41, 1, 0);
	u64 before = vpci_counter(v, "interrupts");
	struct monitor *m = &v->b->m;
	struct interrupt irq;
	u32 msi;

	if (!ok(created(v, &msg, sizeof(msg), &irq) && vpci_counter(v, "interrupts") == before + 1,
		"an interrupt is created, and counted"))
		return;
	ok(routed(v, &irq, 0, 0x41), "the monitor is to have it go where the guest wants");
	msi = irq.route.msi % MSIS;
	set_msix(v, &irq);
	set_reg(v, COPY_REG_RAISE, 0);
	ok(fired(v, msi, TIMEOUT_MS), "the function raises it");
	ok(!monitor_retarget(m, irq.address, irq.data, 0x52, 1) &&
	   monitor_next_msi(m, &irq.route) &&
	   irq.route.vp == 1 && irq.route.vector == 0x52, "it is to go elsewhere");
	set_reg(v, COPY_REG_RAISE, 0);
	ok(!fired(v, msi, QUIET_MS), "until it does it waits");
	monitor_msi_routed(m, &irq.route);
	ok(fired(v, msi, TIMEOUT_MS), "and comes then");
	ok(monitor_retarget(m, irq.address, irq.data, 0x52, VPS) == STATUS_NO_VP &&
	   monitor_retarget(m, irq.address, irq.data, 5, 0) == STATUS_BAD &&
	   monitor_retarget(m, irq.address, irq.data ^ 0x800, 0x52, 0) == STATUS_BAD &&
	   !monitor_next_msi(m, &irq.route), "it does not go to what there is not");
	ok(deleted(v, &irq), "it is deleted");
	set_reg(v, COPY_REG_RAISE, 0);
	ok(!fired(v, msi, QUIET_MS), "and is not raised any more");
	set_config(v, MSIX_CONTROL, 2, 0);
}

static void test_forms(struct vpci *v)
{
	struct vpci_create_interrupt first = {
		.type = VPCI_MSG_CREATE_INTERRUPT, .slot = SLOT_COPY,
		.desc = { .vector = 0x31, .count = 1, .processors = ~0ULL },
	};
	struct vpci_create_interrupt2 second = {
		.type = VPCI_MSG_CREATE_INTERRUPT2, .slot = SLOT_COPY,
		.desc = { .vector = 0x32, .count = 1, .nprocs = 1, .procs = { 1 } },
	};
	struct vpci_create_interrupt3 third = create3(0x40, 4, 1);
	struct interrupt one, two, four, rest;
	unsigned int i;
	bool good;

	good = created(v, &first, sizeof(first), &one) && routed(v, &one, 0, 0x31);
	ok(good, "the first form of a request, for all VPs");
	good = created(v, &second, sizeof(second), &two) && routed(v, &two, 1, 0x32);
	ok(good, "the second form, for one");
	good = created(v, &third, sizeof(third), &four) && !(four.data & 3);
	for (i = 0; i < 4; i++)
		good &= routed(v, &rest, 1, 0x40 + i);
	ok(good, "the third form, for four messages");
	good = deleted(v, &four);
	for (i = 1; i < 4; i++)
		good &= unrouted(v, &rest);
	ok(good, "all four are deleted");
	ok(deleted(v, &two) && deleted(v, &one), "and the others");
}

static void test_bad_interrupts(struct vpci *v)
{
	struct vpci_create_interrupt3 msg = create3(0x41, 1, 0);
	struct vpci_delete_interrupt del;
	struct interrupt irq;

	msg.desc.count = 0;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "no messages");
	msg.desc.count = VPCI_MAX_VECTORS + 1;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "too many messages");
	msg = create3(0x41, 1, VPS);
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "for a VP that there is not");
	msg = create3(0x41, 1, 0);
	msg.desc.nprocs = 0;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "for no VP");
	msg.desc.nprocs = VPCI_MAX_PROCESSORS + 1;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "for too many VPs");
	msg = create3(0x41, 1, 0);
	msg.desc.delivery = VPCI_DELIVERY_LOWEST + 1;
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "delivered in no known way");
	msg = create3(U32_MAX, 2, 0);
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_STATUS_BAD_DATA), "vectors beyond all numbers");
	msg = create3(5, 1, 0);
	ok(vpci_refuses(v, &msg, sizeof(msg), VPCI_ANY_FAILURE),
	   "a vector that the host does not take");
	msg = create3(0x41, 1, 0);
	ok(vpci_put(v, &msg, sizeof(msg), false) &&
	   !vpci_slot_status(v, VPCI_MSG_REQUIREMENTS, SLOT_COPY) &&
	   vpci_counter(v, "refused") == ++v->refused, "an interrupt that nobody wants to know of");
	ok(!monitor_next_msi(&v->b->m, &irq.route), "the monitor has not heard of any");
	if (!ok(created(v, &msg, sizeof(msg), &irq) && routed(v, &irq, 0, 0x41), "a good one"))
		return;
	del = delete(&irq);
	del.remapped.data++;
	ok(vpci_refuses(v, &del, sizeof(del), VPCI_STATUS_BAD_DATA), "another is deleted");
	del = delete(&irq);
	del.slot = SLOT_NVME;
	ok(vpci_refuses(v, &del, sizeof(del), VPCI_STATUS_BAD_DATA), "or that of another function");
	ok(deleted(v, &irq), "it itself");
	del = delete(&irq);
	ok(vpci_refuses(v, &del, sizeof(del), VPCI_STATUS_BAD_DATA), "and once more");
}

/* What the guest leaves when it closes the bus, or leaves D0, is given back. */
static void test_end(struct vpci *v)
{
	struct vpci_create_interrupt3 msg = create3(0x41, 1, 0);
	struct interrupt irq = { };
	u32 last;

	ok(created(v, &msg, sizeof(msg), &irq) && routed(v, &irq, 0, 0x41), "an interrupt is left");
	last = irq.data;
	ok(reg(v, COPY_REG_ID) == COPY_MAGIC, "and memory");
	ok(vpci_close(v), "the guest closes the bus");
	ok(unrouted(v, &irq) && reg(v, COPY_REG_ID) == U32_MAX, "both are gone");
	ok(vpci_open(v) && vpci_hello(v, VPCI_VERSION_FE) && !vpci_enter(v, WINDOW_A),
	   "it comes back");
	ok(!config(v, PCI_COMMAND, 2) && !config(v, PCI_BAR(COPY_REGS_BAR), 4) &&
	   config(v, PCI_BAR(COPY_SCRATCH_BAR), 4) == 0xc, "the function is as new");
	ok(created(v, &msg, sizeof(msg), &irq) && routed(v, &irq, 0, 0x41) &&
	   irq.data != last && deleted(v, &irq), "it has another interrupt");
}

/**
 * test_vpcifn - a function, by all that its bus has for it
 */
void test_vpcifn(void)
{
	static struct vpci v;
	struct bed b;

	if (!ok(vpci_begin(&v, &b), "a VPCI bus"))
		goto out;
	v.refused = vpci_counter(&v, "refused");
	if (!ok(vpci_open(&v) && vpci_hello(&v, VPCI_VERSION_FE) && !vpci_enter(&v, WINDOW_A),
		"in D0"))
		goto out;
	test_bars(&v);
	test_resources(&v);
	test_data(&v);
	test_interrupt(&v);
	test_forms(&v);
	test_bad_interrupts(&v);
	test_end(&v);
	ok(vpci_close(&v), "closed");
	ok(vpci_counter(&v, "refused") == v.refused, "%llu requests were refused, and counted",
	   v.refused);
	ok(!v.others, "nothing came that was not asked for");
out:
	bed_down(&b);
}
