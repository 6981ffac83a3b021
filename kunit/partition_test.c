// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_partition: names, memory table, pages, ports, SynIC, workers.
 * The guest's memory is an array of pages here.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/compat.h>
#include <vmbus/protocol.h>

#include "../drivers/vmbus_partition/vpart.h"

#define PT_PAGES	8
#define PT_GPA		0x100000ULL
#define PT_PFN		(PT_GPA >> PAGE_SHIFT)
#define PT_UADDR	0x7f0000000000ULL
#define PT_TIMEOUT_MS	2000

/**
 * struct pt - a partition with a guest that a test plays
 * @part: partition
 * @attached: it has our backend
 * @pages: the guest's memory
 * @client: a client of it
 * @mem_pins: pins that are not given back
 * @interrupts: interrupts of VP 0
 * @cookie: of the last interrupt
 * @deliverable: the client was told that a slot may be free
 * @resets: the client was reset
 * @started: workers that began
 * @stopped: workers that ended
 * @fail_pin: the next pin fails
 */
struct pt {
	struct vmbus_partition *part;
	bool attached;
	struct page *pages[PT_PAGES];
	struct vpart_client client;
	atomic_t mem_pins;
	atomic_t interrupts;
	void *cookie;
	atomic_t deliverable;
	atomic_t resets;
	atomic_t started;
	atomic_t stopped;
	bool fail_pin;
};

static int pt_pin(void *ctx, u64 uaddr, unsigned int n, bool write, bool longterm,
		  struct page **pages)
{
	struct pt *pt = ctx;
	unsigned int first = (uaddr - PT_UADDR) >> PAGE_SHIFT;

	if (pt->fail_pin)
		return -ENOMEM;
	memcpy(pages, pt->pages + first, n * sizeof(*pages));
	atomic_add(n, &pt->mem_pins);
	return 0;
}

static void pt_unpin(void *ctx, struct page **pages, unsigned int n, bool longterm)
{
	struct pt *pt = ctx;

	atomic_sub(n, &pt->mem_pins);
}

static void pt_interrupt(void *ctx, void *cookie, u8 sint)
{
	struct pt *pt = ctx;

	pt->cookie = cookie;
	atomic_inc(&pt->interrupts);
}

static void pt_worker_start(void *ctx)
{
	atomic_inc(&((struct pt *)ctx)->started);
}

static void pt_worker_stop(void *ctx)
{
	atomic_inc(&((struct pt *)ctx)->stopped);
}

static const struct vpart_backend_ops pt_backend_ops = {
	.owner = THIS_MODULE,
	.pin = pt_pin,
	.unpin = pt_unpin,
	.interrupt = pt_interrupt,
	.worker_start = pt_worker_start,
	.worker_stop = pt_worker_stop,
};

static void pt_deliverable(struct vpart_client *client, u8 vtl, u32 vp, u8 sint)
{
	atomic_inc(&container_of(client, struct pt, client)->deliverable);
}

static void pt_reset(struct vpart_client *client)
{
	atomic_inc(&container_of(client, struct pt, client)->resets);
}

static const struct vpart_client_ops pt_client_ops = {
	.deliverable = pt_deliverable,
	.reset = pt_reset,
};

static void pt_detach(struct pt *pt)
{
	if (pt->attached)
		vpart_backend_detach(pt->part);
	pt->attached = false;
}

static void pt_free(void *ctx)
{
	struct pt *pt = ctx;
	unsigned int i;

	pt_detach(pt);
	vpart_client_detach(pt->part, &pt->client);
	vpart_put(pt->part);
	for (i = 0; i < PT_PAGES; i++)
		__free_page(pt->pages[i]);
}

/* Two regions that touch, the second one read-only. */
static const struct vmbus_partition_region pt_regions[] = {
	{ .gpa = PT_GPA + 6 * PAGE_SIZE, .size = 2 * PAGE_SIZE, .uaddr = PT_UADDR + 6 * PAGE_SIZE,
	  .flags = VMBUS_PARTITION_REGION_READONLY },
	{ .gpa = PT_GPA, .size = 6 * PAGE_SIZE, .uaddr = PT_UADDR },
};

static struct pt *pt_new(struct kunit *test)
{
	struct pt *pt = kunit_kzalloc(test, sizeof(*pt), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pt);
	for (i = 0; i < PT_PAGES; i++)
		pt->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOFAIL);
	pt->part = vpart_get("partition_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(pt->part));
	pt->client.ops = &pt_client_ops;
	vpart_client_attach(pt->part, &pt->client);
	KUNIT_ASSERT_EQ(test, vpart_backend_attach(pt->part, &pt_backend_ops, pt), 0);
	pt->attached = true;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, pt_free, pt), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_mem_table(pt->part, pt_regions, ARRAY_SIZE(pt_regions)), 0);
	return pt;
}

static bool pt_wait(atomic_t *value, int want)
{
	unsigned int i;

	for (i = 0; i < PT_TIMEOUT_MS && atomic_read(value) < want; i++)
		usleep_range(1000, 2000);
	return atomic_read(value) >= want;
}

static s64 pt_count(struct pt *pt, enum vpart_counter counter)
{
	return atomic64_read(&pt->part->counters[counter]);
}

/* ---- names ----------------------------------------------------------------------- */

static void partition_name_test(struct kunit *test)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
		{ "", false }, { "a", true }, { "guest0", true }, { "A_b-c.9", true },
		{ ".", false }, { "..", false }, { ".x", false }, { "a/b", false },
		{ "a b", false }, { "a\n", false }, { "\xc3\xa4", false },
		{ "1234567890123456789012345678901", true },
		{ "12345678901234567890123456789012", false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vpart_name_valid(cases[i].name), cases[i].valid,
				    "\"%s\"", cases[i].name);
		if (!cases[i].valid)
			KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_get(cases[i].name)), -EINVAL);
	}
}

static void partition_same_name_test(struct kunit *test)
{
	struct pt *pt = pt_new(test);
	struct vmbus_partition *same = vpart_get("partition_test");
	struct vmbus_partition *other = vpart_get("partition_test2");

	KUNIT_EXPECT_PTR_EQ(test, same, pt->part);
	KUNIT_EXPECT_PTR_NE(test, other, pt->part);
	KUNIT_EXPECT_STREQ(test, vpart_name(other), "partition_test2");
	vpart_put(same);
	vpart_put(other);
}

/* ---- memory table ---------------------------------------------------------------- */

#define REGION(_gpa, _size, _uaddr, _flags) \
	{ .gpa = (_gpa), .size = (_size), .uaddr = (_uaddr), .flags = (_flags) }

struct table_case {
	const char *what;
	struct vmbus_partition_region regions[3];
	unsigned int n;
	int err;
};

static const struct table_case table_cases[] = {
	{ "one page", { REGION(0, 4096, 0, 0) }, 1, 0 },
	{ "read-only", { REGION(0, 4096, 0, 1) }, 1, 0 },
	{ "logged", { REGION(0, 4096, 0, 2) }, 1, 0 },
	{ "logged, read-only", { REGION(0, 4096, 0, 3) }, 1, 0 },
	{ "unknown flag", { REGION(0, 4096, 0, 4) }, 1, -EINVAL },
	{ "last flag", { REGION(0, 4096, 0, 1U << 31) }, 1, -EINVAL },
	{ "empty", { REGION(0, 0, 0, 0) }, 1, -EINVAL },
	{ "gpa unaligned", { REGION(8, 4096, 0, 0) }, 1, -EINVAL },
	{ "size unaligned", { REGION(0, 4095, 0, 0) }, 1, -EINVAL },
	{ "uaddr unaligned", { REGION(0, 4096, 1, 0) }, 1, -EINVAL },
	{ "gpa wraps", { REGION(-4096ULL, 8192, 0, 0) }, 1, -EINVAL },
	{ "gpa ends at the top", { REGION(-8192ULL, 4096, 0, 0) }, 1, 0 },
	{ "uaddr wraps", { REGION(0, 8192, -4096ULL, 0) }, 1, -EINVAL },
	{ "touching", { REGION(4096, 4096, 0, 0), REGION(0, 4096, 0, 0) }, 2, 0 },
	{ "same", { REGION(0, 4096, 0, 0), REGION(0, 4096, 8192, 0) }, 2, -EINVAL },
	{ "overlapping", { REGION(4096, 4096, 0, 0), REGION(0, 8192, 0, 0) }, 2, -EINVAL },
	{ "last overlaps first",
	  { REGION(0, 16384, 0, 0), REGION(32768, 4096, 0, 0), REGION(12288, 4096, 0, 0) },
	  3, -EINVAL },
	{ "reserved", { { .size = 4096, .reserved = 1 } }, 1, -EINVAL },
};

static void partition_table_test(struct kunit *test)
{
	const struct table_case *c;
	struct vpart_table *table;

	for (c = table_cases; c < table_cases + ARRAY_SIZE(table_cases); c++) {
		table = vpart_table_build(c->regions, c->n);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(table), c->err, "%s", c->what);
		if (!IS_ERR(table))
			kfree(table);
	}
}

static void partition_table_size_test(struct kunit *test)
{
	struct vmbus_partition_region *regions;
	struct vpart_table *table;
	unsigned int i;

	regions = kunit_kcalloc(test, VMBUS_PARTITION_MAX_REGIONS + 1, sizeof(*regions),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, regions);
	for (i = 0; i <= VMBUS_PARTITION_MAX_REGIONS; i++) {
		regions[i].gpa = i * PAGE_SIZE;
		regions[i].size = PAGE_SIZE;
	}
	table = vpart_table_build(regions, VMBUS_PARTITION_MAX_REGIONS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(table));
	KUNIT_EXPECT_EQ(test, table->n, VMBUS_PARTITION_MAX_REGIONS);
	kfree(table);
	table = vpart_table_build(regions, VMBUS_PARTITION_MAX_REGIONS + 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(table), -E2BIG);
}

static void partition_find_test(struct kunit *test)
{
	static const struct {
		u64 pfns[4];
		unsigned int n;
		bool write;
		unsigned int found;
		u64 page;
	} cases[] = {
		{ { PT_PFN }, 1, true, 1, 0 },
		{ { PT_PFN - 1 }, 1, false, 0, 0 },
		{ { PT_PFN + 5 }, 1, true, 1, 5 },
		{ { PT_PFN + 6 }, 1, true, 0, 0 },
		{ { PT_PFN + 6 }, 1, false, 1, 6 },
		{ { PT_PFN + 7 }, 1, false, 1, 7 },
		{ { PT_PFN + 8 }, 1, false, 0, 0 },
		{ { 0 }, 1, false, 0, 0 },
		{ { U64_MAX }, 1, false, 0, 0 },
		{ { U64_MAX >> PAGE_SHIFT }, 1, false, 0, 0 },
		{ { PT_PFN + (1ULL << 52) }, 1, false, 0, 0 },
		{ { PT_PFN + 1, PT_PFN + 2, PT_PFN + 3 }, 3, true, 3, 1 },
		{ { PT_PFN + 1, PT_PFN + 3 }, 2, true, 1, 1 },
		{ { PT_PFN + 1, PT_PFN }, 2, true, 1, 1 },
		{ { PT_PFN + 1, PT_PFN + 1 }, 2, true, 1, 1 },
		/* A run ends with its region. */
		{ { PT_PFN + 5, PT_PFN + 6 }, 2, false, 1, 5 },
	};
	struct vpart_table *table = vpart_table_build(pt_regions, ARRAY_SIZE(pt_regions));
	unsigned int i, found;
	u64 uaddr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(table));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		found = vpart_table_find(table, cases[i].pfns, cases[i].n, cases[i].write, &uaddr);
		KUNIT_EXPECT_EQ_MSG(test, found, cases[i].found, "case %u", i);
		if (found)
			KUNIT_EXPECT_EQ_MSG(test, uaddr, PT_UADDR + cases[i].page * PAGE_SIZE,
					    "case %u", i);
	}
	kfree(table);
}

/* ---- pages ----------------------------------------------------------------------- */

static void partition_pin_test(struct kunit *test)
{
	static const u64 good[] = { PT_PFN + 3, PT_PFN, PT_PFN + 1, PT_PFN + 6 };
	static const u64 bad[] = { PT_PFN + 3, PT_PFN, PT_PFN + 8 };
	struct pt *pt = pt_new(test);
	struct page *pages[4];

	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, good, 4, false, pages), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 4);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], pt->pages[3]);
	KUNIT_EXPECT_PTR_EQ(test, pages[2], pt->pages[1]);
	KUNIT_EXPECT_PTR_EQ(test, pages[3], pt->pages[6]);
	vpart_unpin_pages(pt->part, good, 4, false, pages);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);

	/* All or nothing. */
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, bad, 3, false, pages), -EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, good, 4, true, pages), -EFAULT);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_BAD_GPAS), 2);
	pt->fail_pin = true;
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, good, 1, false, pages), -ENOMEM);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pt->part->pinned), 0);

	KUNIT_EXPECT_EQ(test, vpart_check_pfns(pt->part, good, 4, false), 0);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(pt->part, good, 4, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(pt->part, bad, 3, false), -EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(pt->part, bad, 0, false), 0);
}

static void partition_map_test(struct kunit *test)
{
	static const u64 pfns[] = { PT_PFN + 4, PT_PFN + 1, PT_PFN + 2 };
	static const u64 read_only = PT_PFN + 6;
	struct pt *pt = pt_new(test);
	struct vpart_map *map;
	u8 *addr;

	map = vpart_map(pt->part, pfns, 3, VPART_MAP_WRITE | VPART_MAP_RING);
	KUNIT_ASSERT_FALSE(test, IS_ERR(map));
	addr = vpart_map_addr(map);
	addr[PAGE_SIZE] = 0x11;
	addr[2 * PAGE_SIZE] = 0x22;
	/* The data pages follow a second time; the control page does not. */
	KUNIT_EXPECT_EQ(test, addr[3 * PAGE_SIZE], 0x11);
	KUNIT_EXPECT_EQ(test, addr[4 * PAGE_SIZE], 0x22);
	KUNIT_EXPECT_EQ(test, *(u8 *)page_address(pt->pages[1]), 0x11);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 3);
	vpart_unmap(map);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);

	/* What only is read may be memory that can only be read. */
	map = vpart_map(pt->part, &read_only, 1, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(map));
	if (!IS_ERR(map))
		vpart_unmap(map);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_map(pt->part, &read_only, 1, VPART_MAP_WRITE)),
			-EFAULT);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_map(pt->part, pfns, 0, 0)), -EINVAL);
	vpart_set_mem_table(pt->part, NULL, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_map(pt->part, pfns, 1, 0)), -ENOTCONN);
}

/* ---- ports ----------------------------------------------------------------------- */

struct pt_port {
	struct vpart_port port;
	unsigned int calls;
	u32 last;
};

static u16 pt_port_message(struct vpart_port *port, const struct vpart_message *msg)
{
	struct pt_port *p = container_of(port, struct pt_port, port);

	p->calls++;
	p->last = msg->size;
	return HV_STATUS_INVALID_ALIGNMENT;
}

static void pt_port_signal(struct vpart_port *port, u16 flag)
{
	struct pt_port *p = container_of(port, struct pt_port, port);

	p->calls++;
	p->last = flag;
}

static void partition_port_test(struct kunit *test)
{
	struct pt_port msg = { .port = { .connection_id = 77, .message = pt_port_message } };
	struct pt_port event = { .port = { .connection_id = 78, .signal = pt_port_signal } };
	struct pt_port twin = { .port = { .connection_id = 77, .signal = pt_port_signal } };
	struct pt_port deep = { .port = { .connection_id = 79, .min_vtl = VPART_VTL_PARAVISOR,
					  .message = pt_port_message } };
	struct pt_port high = { .port = { .connection_id = VPART_CONNECTION_IDS } };
	struct vpart_message m = { .connection_id = 77, .size = VMBUS_PARTITION_MESSAGE_SIZE };
	struct pt *pt = pt_new(test);

	KUNIT_ASSERT_EQ(test, vpart_port_register(pt->part, &msg.port), 0);
	KUNIT_ASSERT_EQ(test, vpart_port_register(pt->part, &event.port), 0);
	KUNIT_EXPECT_EQ(test, vpart_port_register(pt->part, &twin.port), -EEXIST);
	KUNIT_EXPECT_EQ(test, vpart_port_register(pt->part, &high.port), -EINVAL);

	/* The port's own status reaches the caller. */
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INVALID_ALIGNMENT);
	KUNIT_EXPECT_EQ(test, msg.last, VMBUS_PARTITION_MESSAGE_SIZE);
	m.size++;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INVALID_PARAMETER);
	KUNIT_EXPECT_EQ(test, msg.calls, 1);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(pt->part, 78, 9), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, event.last, 9);

	/* Each kind only by its own call. */
	m.size = 0;
	m.connection_id = 78;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INVALID_CONNECTION_ID);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(pt->part, 77, 0),
			HV_STATUS_INVALID_CONNECTION_ID);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_POSTS_UNCLAIMED), 1);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_SIGNALS_UNCLAIMED), 1);

	/* A VMBus without server: try again. */
	m.connection_id = VMBUS_CONN_MESSAGE_MULTI;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INSUFFICIENT_BUFFERS);
	m.connection_id = VMBUS_CONN_MESSAGE;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INSUFFICIENT_BUFFERS);

	/* A connection for VTL2 alone. */
	KUNIT_ASSERT_EQ(test, vpart_port_register(pt->part, &deep.port), 0);
	m.connection_id = 79;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_OPERATION_DENIED);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_POSTS_DENIED), 1);
	KUNIT_EXPECT_EQ(test, deep.calls, 0);
	m.vtl = VPART_VTL_PARAVISOR;
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(pt->part, &m), HV_STATUS_INVALID_ALIGNMENT);
	KUNIT_EXPECT_EQ(test, deep.calls, 1);
	vpart_port_unregister(pt->part, &deep.port);

	vpart_port_unregister(pt->part, &msg.port);
	vpart_port_unregister(pt->part, &event.port);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(pt->part, 78, 0),
			HV_STATUS_INVALID_CONNECTION_ID);
	KUNIT_EXPECT_EQ(test, event.calls, 1);
}

/* ---- SynIC ----------------------------------------------------------------------- */

#define PT_SIMP		(PT_GPA | 1)
#define PT_SIEFP	(PT_GPA + PAGE_SIZE + 1)

static struct hv_message *pt_slot(struct pt *pt, unsigned int sint)
{
	return (struct hv_message *)page_address(pt->pages[0]) + sint;
}

static void partition_synic_test(struct kunit *test)
{
	struct pt *pt = pt_new(test);
	char vp0;

	KUNIT_EXPECT_FALSE(test, vpart_vp_valid(pt->part, 0));
	KUNIT_EXPECT_EQ(test, vpart_vp_count(pt->part), 0U);
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 1, PT_SIMP, PT_SIEFP), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpart_set_vp(pt->part, VMBUS_PARTITION_MAX_VPS, NULL), -EINVAL);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pt->part, 0, &vp0), 0);
	KUNIT_EXPECT_TRUE(test, vpart_vp_valid(pt->part, 0));
	KUNIT_EXPECT_EQ(test, vpart_vp_count(pt->part), 1U);

	/* Off: lost, and counted. */
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 2, 1), -ENXIO);
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, "x", 1), -ENXIO);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_EVENTS_LOST), 1);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_MESSAGES_LOST), 1);

	/* Pages pinned only while enabled by both registers. */
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 0, PT_SIMP, PT_SIEFP), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 1, PT_SIMP, PT_SIEFP & ~1ULL), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 1);
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 1, PT_SIMP, PT_SIEFP), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 2);

	/* A page that does not exist, or cannot be written, counts as disabled. */
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 1, 1, PT_SIEFP), -EFAULT);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 1);
	KUNIT_EXPECT_EQ(test, vpart_set_synic(pt->part, 0, 1, PT_SIMP + 6 * PAGE_SIZE, PT_SIEFP),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, "x", 1), -ENXIO);

	KUNIT_EXPECT_EQ(test, vpart_clear_vp(pt->part, 0), 0);
	KUNIT_EXPECT_EQ(test, vpart_clear_vp(pt->part, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);
}

static void pt_synic_on(struct kunit *test, struct pt *pt, void *cookie)
{
	KUNIT_ASSERT_EQ(test, vpart_set_vp(pt->part, 0, cookie), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_synic(pt->part, 0, 1, PT_SIMP, PT_SIEFP), 0);
}

static void partition_event_test(struct kunit *test)
{
	static const u16 flags[] = { 0, 1, 63, 64, 2047 };
	struct pt *pt = pt_new(test);
	unsigned long *page;
	unsigned int i;
	char vp0;

	pt_synic_on(test, pt, &vp0);
	page = page_address(pt->pages[1]);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 2, flags[i]), 0);
		KUNIT_EXPECT_TRUE(test, test_bit(2 * 2048 + flags[i], page));
		KUNIT_EXPECT_EQ(test, atomic_read(&pt->interrupts), i + 1);
	}
	KUNIT_EXPECT_PTR_EQ(test, pt->cookie, (void *)&vp0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(page, PAGE_SIZE * 8), ARRAY_SIZE(flags));

	/* Set already: the guest was told. */
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->interrupts), ARRAY_SIZE(flags));
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_EVENTS_MERGED), 1);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_EVENTS_SET), ARRAY_SIZE(flags));

	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 2, 2048), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 16, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 1, 2, 1), -ENXIO);
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 1, 0, 2, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, VPART_VTL_PARAVISOR, 0, 7, 1), -ENXIO);
}

static void partition_message_test(struct kunit *test)
{
	u8 payload[VMBUS_PARTITION_MESSAGE_SIZE + 1];
	struct pt *pt = pt_new(test);
	struct hv_message *slot;

	memset(payload, 0x5a, sizeof(payload));
	pt_synic_on(test, pt, NULL);
	slot = pt_slot(pt, 2);
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 241), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 240), 0);
	KUNIT_EXPECT_EQ(test, slot->header.message_type, (u32)VMBUS_MSG_TYPE_HV);
	KUNIT_EXPECT_EQ(test, slot->header.payload_size, 240);
	KUNIT_EXPECT_MEMEQ(test, slot->u.payload, payload, 240);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->interrupts), 1);

	/* In use: the guest is asked to tell, nothing is overwritten. */
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 3), -EAGAIN);
	KUNIT_EXPECT_EQ(test, slot->header.payload_size, 240);
	KUNIT_EXPECT_TRUE(test, slot->header.message_flags.asu8 & 1);
	KUNIT_EXPECT_EQ(test, pt_count(pt, VPART_MESSAGES_BUSY), 1);
	msleep(60);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->deliverable), 0);
	/* Another SINT has a slot of its own. */
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 3, payload, 0), 0);

	WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	KUNIT_EXPECT_TRUE(test, pt_wait(&pt->deliverable, 1));
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 3), 0);
	KUNIT_EXPECT_EQ(test, slot->header.payload_size, 3);
	KUNIT_EXPECT_EQ(test, slot->header.message_flags.asu8, 0);

	/* Who waits learns that the SynIC is gone. */
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 3), -EAGAIN);
	vpart_reset(pt->part);
	KUNIT_EXPECT_TRUE(test, pt_wait(&pt->deliverable, 2));
	KUNIT_EXPECT_EQ(test, vpart_send_message(pt->part, 0, 0, 2, payload, 3), -ENXIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->resets), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);
}

/* ---- workers and the backend ----------------------------------------------------- */

static void partition_backend_test(struct kunit *test)
{
	static const u64 pfn = PT_PFN;
	struct pt *pt = pt_new(test);
	struct kthread_worker *worker;
	struct page *page;

	KUNIT_EXPECT_EQ(test, vpart_backend_attach(pt->part, &pt_backend_ops, pt), -EBUSY);
	KUNIT_EXPECT_NULL(test, vpart_worker(pt->part, 0));
	pt_synic_on(test, pt, NULL);
	worker = vpart_worker(pt->part, 0);
	KUNIT_ASSERT_NOT_NULL(test, worker);
	KUNIT_EXPECT_PTR_EQ(test, vpart_worker(pt->part, 0), worker);
	kthread_flush_worker(worker);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->started), 1);

	pt_detach(pt);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->stopped), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->resets), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->mem_pins), 0);
	KUNIT_EXPECT_FALSE(test, vpart_vp_valid(pt->part, 0));
	KUNIT_EXPECT_NULL(test, vpart_worker(pt->part, 0));
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, &pfn, 1, false, &page), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, vpart_set_event(pt->part, 0, 0, 2, 1), -ENXIO);

	/* Free for the next one. */
	KUNIT_EXPECT_EQ(test, vpart_backend_attach(pt->part, &pt_backend_ops, pt), 0);
	pt->attached = true;
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pt->part, &pfn, 1, false, &page), -ENOTCONN);
}

static struct kunit_case partition_cases[] = {
	KUNIT_CASE(partition_name_test),
	KUNIT_CASE(partition_same_name_test),
	KUNIT_CASE(partition_table_test),
	KUNIT_CASE(partition_table_size_test),
	KUNIT_CASE(partition_find_test),
	KUNIT_CASE(partition_pin_test),
	KUNIT_CASE(partition_map_test),
	KUNIT_CASE(partition_port_test),
	KUNIT_CASE(partition_synic_test),
	KUNIT_CASE(partition_event_test),
	KUNIT_CASE(partition_message_test),
	KUNIT_CASE(partition_backend_test),
	{}
};

static struct kunit_suite partition_suite = {
	.name = "vmbus_partition",
	.test_cases = partition_cases,
};

kunit_test_suite(partition_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition");
MODULE_LICENSE("GPL");
