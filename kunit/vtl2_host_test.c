// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the relay's host transport "vtl2": what it does with the SynIC of a CPU, the
 * bytes of each hypercall, and where it does not start.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <asm/mshyperv.h>
#include "fake_hyperv.h"

#include "../drivers/vmbus_relay/vtl2.h"

#define VH_SINT		7
#define VH_SINT_MSR	(HV_MSR_SINT0 + VH_SINT)
#define VH_SINT_RESET	BIT_ULL(16)	/* masked */

/**
 * struct vh - a CPU of Hyper-V with the transport on it
 * @test: running test
 * @fh: hypervisor, with VTL0 as a guest
 * @host: transport, or NULL
 * @started: it is
 * @cpu: the CPU; the test, and the thread that cleans up, keep to it
 * @missing: what this kernel lacks, or NULL
 * @hook_err: what the kernel says to the handler
 * @hooked: the handler is set
 * @online: the CPU's callback has been called
 * @messages: SIMP's page
 * @events: SIEFP's page
 * @no_pages: hv_vmbus has not enabled them
 * @sint: register of our SINT
 * @eoms: writes to EOM
 * @in: SIGNAL EVENT's input
 * @ios: accesses to addresses of the host, of which the last
 * @io_gpa: to this address, of
 * @io_size: this size
 * @io_value: what was written last, and what is read
 * @full: messages are not taken
 * @received: messages taken
 * @last_len: length of the last one
 * @last: its bytes
 * @fired: calls, by flag
 */
struct vh {
	struct kunit *test;
	struct fh *fh;
	struct vrelay_host *host;
	bool started;
	int cpu;
	const char *missing;
	int hook_err;
	bool hooked;
	bool online;
	struct page *messages;
	struct page *events;
	bool no_pages;
	u64 sint;
	unsigned int eoms;
	u64 in;
	unsigned int ios;
	u64 io_gpa;
	unsigned int io_size;
	u64 io_value;
	bool full;
	unsigned int received;
	u32 last_len;
	u8 last[VMBUS_MSG_MAX];
	unsigned int fired[4];
};

static struct vh *vh_this;

static const char *vh_missing(void)
{
	return vh_this->missing;
}

static u64 vh_get_msr(u32 msr)
{
	u64 enabled = !vh_this->no_pages;

	switch (msr) {
	case HV_MSR_SIMP:
		return page_to_phys(vh_this->messages) | enabled;
	case HV_MSR_SIEFP:
		return page_to_phys(vh_this->events) | enabled;
	case VH_SINT_MSR:
		return vh_this->sint;
	}
	KUNIT_FAIL(vh_this->test, "read of register %x", msr);
	return 0;
}

static struct hv_message *vh_slot(struct vh *vh)
{
	return (struct hv_message *)page_address(vh->messages) + VH_SINT;
}

static void vh_set_msr(u32 msr, u64 value)
{
	if (msr == VH_SINT_MSR) {
		vh_this->sint = value;
	} else if (msr == HV_MSR_EOM) {
		/* The slot must be free by now. */
		KUNIT_EXPECT_EQ(vh_this->test, vh_slot(vh_this)->header.message_type, HVMSG_NONE);
		vh_this->eoms++;
	} else {
		KUNIT_FAIL(vh_this->test, "write to register %x", msr);
	}
}

static int vh_hook(void)
{
	vh_this->hooked = !vh_this->hook_err;
	return vh_this->hook_err;
}

static void vh_unhook(void)
{
	KUNIT_EXPECT_TRUE(vh_this->test, vh_this->hooked);
	vh_this->hooked = false;
}

/* The test's own CPU is the only one. */
static int vh_cpus_on(void)
{
	int err = vrelay_vtl2_cpu_online(vh_this->cpu);

	vh_this->online = !err;
	return err ?: 17;
}

static void vh_cpus_off(int state)
{
	KUNIT_EXPECT_EQ(vh_this->test, state, 17);
	vrelay_vtl2_cpu_offline(vh_this->cpu);
	vh_this->online = false;
}

static u64 vh_call_fast(u64 control, u64 in)
{
	vh_this->fh->control = control;
	vh_this->in = in;
	return vh_this->fh->status;
}

static int vh_receive(void *ctx, const void *payload, u32 len)
{
	struct vh *vh = ctx;

	if (vh->full)
		return -EAGAIN;
	vh->received++;
	vh->last_len = len;
	memcpy(vh->last, payload, len);
	return 0;
}

static void vh_fire(void *ctx)
{
	unsigned int *fired = ctx;

	++*fired;
}

static void vh_stop(struct vh *vh)
{
	if (vh->started)
		vh->host->ops->stop(vh->host);
	vh->started = false;
}

static void vh_end(void *ctx)
{
	struct vh *vh = ctx;

	set_cpus_allowed_ptr(current, cpumask_of(vh->cpu));
	vh_stop(vh);
	if (vh->host)
		vh->host->ops->destroy(vh->host);
	__free_page(vh->messages);
	__free_page(vh->events);
	vh_this = NULL;
}

static struct vh *vh_new(struct kunit *test)
{
	struct vh *vh = kunit_kzalloc(test, sizeof(*vh), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vh);
	vh->test = test;
	vh->fh = fh_new_guest(test);
	vh->sint = VH_SINT_RESET;
	vh->messages = alloc_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, vh->messages);
	vh->events = alloc_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, vh->events);
	vh->cpu = raw_smp_processor_id();
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(vh->cpu)), 0);
	vh_this = vh;
	kunit_activate_static_stub(test, vrelay_vtl2_missing, vh_missing);
	kunit_activate_static_stub(test, vrelay_vtl2_get_msr, vh_get_msr);
	kunit_activate_static_stub(test, vrelay_vtl2_set_msr, vh_set_msr);
	kunit_activate_static_stub(test, vrelay_vtl2_hook, vh_hook);
	kunit_activate_static_stub(test, vrelay_vtl2_unhook, vh_unhook);
	kunit_activate_static_stub(test, vrelay_vtl2_cpus_on, vh_cpus_on);
	kunit_activate_static_stub(test, vrelay_vtl2_cpus_off, vh_cpus_off);
	kunit_activate_static_stub(test, vpart_hv_call_fast, vh_call_fast);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, vh_end, vh), 0);
	vh->host = vrelay_vtl2_create();
	if (IS_ERR(vh->host)) {
		KUNIT_FAIL(test, "no transport: %ld", PTR_ERR(vh->host));
		vh->host = NULL;
	}
	KUNIT_ASSERT_NOT_NULL(test, vh->host);
	vh->host->receive = vh_receive;
	vh->host->receive_ctx = vh;
	return vh;
}

static struct vh *vh_new_started(struct kunit *test)
{
	struct vh *vh = vh_new(test);

	KUNIT_ASSERT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), 0);
	vh->started = true;
	return vh;
}

static void vh_interrupt(void)
{
	local_irq_disable();
	vrelay_vtl2_isr();
	local_irq_enable();
}

/* The hypervisor puts a message into the slot. */
static void vh_message(struct vh *vh, u32 type, u8 size, bool pending)
{
	struct hv_message *msg = vh_slot(vh);

	msg->header.payload_size = size;
	msg->header.message_flags.msg_pending = pending;
	msg->header.message_type = type;
}

/* ---- cases ------------------------------------------------------------------------------ */

/* Vector, automatic EOI where recommended, and the mask: of SINT 7 alone. */
static void vtl2_sint_test(struct kunit *test)
{
	bool aeoi = !(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED);
	struct vh *vh = vh_new(test);

	KUNIT_EXPECT_STREQ(test, vh->host->ops->name, "vtl2");
	KUNIT_ASSERT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), 0);
	vh->started = true;
	KUNIT_EXPECT_TRUE(test, vh->hooked);
	KUNIT_EXPECT_TRUE(test, vh->online);
	KUNIT_EXPECT_EQ(test, vh->sint, 0xf3ULL | (u64)aeoi << 17);
	vh_stop(vh);
	KUNIT_EXPECT_TRUE(test, vh->sint & BIT_ULL(16));
	KUNIT_EXPECT_FALSE(test, vh->hooked);
	KUNIT_EXPECT_FALSE(test, vh->online);
	/* And again, whoever had it before. */
	vh->sint = ~0ULL;
	KUNIT_ASSERT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), 0);
	vh->started = true;
	KUNIT_EXPECT_EQ(test, vh->sint, 0xf3ULL | (u64)aeoi << 17);
}

static void vtl2_message_test(struct kunit *test)
{
	static const struct {
		u8 size;
		u32 len;
	} sizes[] = { { 0, 0 }, { 1, 1 }, { 239, 239 }, { 240, 240 }, { 241, 240 }, { 255, 240 } };
	struct vh *vh = vh_new_started(test);
	unsigned int i;

	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->received, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(&vh_slot(vh)->u, 0x30 + i, sizeof(vh_slot(vh)->u));
		vh_message(vh, 1, sizes[i].size, false);
		vh_interrupt();
		KUNIT_EXPECT_EQ(test, vh->received, i + 1);
		KUNIT_EXPECT_EQ(test, vh->last_len, sizes[i].len);
		if (sizes[i].len)
			KUNIT_EXPECT_EQ(test, vh->last[sizes[i].len - 1], 0x30 + i);
		KUNIT_EXPECT_EQ(test, vh_slot(vh)->header.message_type, HVMSG_NONE);
		KUNIT_EXPECT_EQ(test, vh->eoms, 0);
	}
	/* One waits behind it: the hypervisor is told that the slot is free. */
	vh_message(vh, 1, 8, true);
	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->eoms, 1);

	/* What is no message of VMBus makes room, too. */
	vh_message(vh, 0x80000010, 8, true);
	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->received, ARRAY_SIZE(sizes) + 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_messages), 1);
	KUNIT_EXPECT_EQ(test, vh_slot(vh)->header.message_type, HVMSG_NONE);
	KUNIT_EXPECT_EQ(test, vh->eoms, 2);
}

/* A message that is not taken stays where it is, and the hypervisor keeps the next one. */
static void vtl2_busy_test(struct kunit *test)
{
	struct vh *vh = vh_new_started(test);

	vh->full = true;
	vh_message(vh, 1, 8, true);
	vh_interrupt();
	vh->host->ops->ready(vh->host);
	KUNIT_EXPECT_EQ(test, vh->received, 0);
	KUNIT_EXPECT_EQ(test, vh_slot(vh)->header.message_type, 1);
	KUNIT_EXPECT_EQ(test, vh->eoms, 0);
	vh->full = false;
	vh->host->ops->ready(vh->host);
	KUNIT_EXPECT_EQ(test, vh->received, 1);
	KUNIT_EXPECT_EQ(test, vh->eoms, 1);
	vh->host->ops->ready(vh->host);
	KUNIT_EXPECT_EQ(test, vh->received, 1);
}

static void vtl2_events_test(struct kunit *test)
{
	static const u16 flags[] = { 0, 1, 64, 2047 };
	struct vh *vh = vh_new_started(test);
	const struct vrelay_host_ops *ops = vh->host->ops;
	unsigned long *events;
	unsigned int i;

	events = page_address(vh->events) + VH_SINT * 256;
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		KUNIT_EXPECT_EQ(test, ops->bind_event(vh->host, flags[i], vh_fire, &vh->fired[i]),
				0);
	KUNIT_EXPECT_EQ(test, ops->bind_event(vh->host, 64, vh_fire, &vh->fired[0]), -EBUSY);
	KUNIT_EXPECT_EQ(test, ops->bind_event(vh->host, 2048, vh_fire, &vh->fired[0]), -EINVAL);

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		__set_bit(flags[i], events);
	__set_bit(2, events);
	/* Those of its neighbours are hv_vmbus's, and nobody's. */
	__set_bit(2047, events - 2048 / BITS_PER_LONG);
	__set_bit(0, events + 2048 / BITS_PER_LONG);
	vh_interrupt();
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		KUNIT_EXPECT_EQ(test, vh->fired[i], 1);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(events, 2048));
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_events), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(2047, events - 2048 / BITS_PER_LONG));
	KUNIT_EXPECT_TRUE(test, test_bit(0, events + 2048 / BITS_PER_LONG));

	ops->unbind_event(vh->host, 64);
	__set_bit(64, events);
	__set_bit(1, events);
	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->fired[2], 1);
	KUNIT_EXPECT_EQ(test, vh->fired[1], 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_events), 2);

	/* What came before the CPU goes is not lost, what comes later is not looked at ... */
	__set_bit(0, events);
	vh_stop(vh);
	KUNIT_EXPECT_EQ(test, vh->fired[0], 2);
	__set_bit(0, events);
	vh_message(vh, 1, 8, false);
	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->fired[0], 2);
	KUNIT_EXPECT_EQ(test, vh->received, 0);
	/* ... until it comes again: nothing interrupts for it any more. */
	KUNIT_ASSERT_EQ(test, ops->start(vh->host, vh->fh->part), 0);
	vh->started = true;
	KUNIT_EXPECT_EQ(test, vh->fired[0], 3);
	KUNIT_EXPECT_EQ(test, vh->received, 1);
	/* One that comes without pages is not kept from coming. */
	vrelay_vtl2_cpu_offline(vh->cpu);
	vh->no_pages = true;
	KUNIT_EXPECT_EQ(test, vrelay_vtl2_cpu_online(vh->cpu), 0);
	__set_bit(0, events);
	vh_interrupt();
	KUNIT_EXPECT_EQ(test, vh->fired[0], 3);
	ops->unbind_event(vh->host, 0);
	ops->unbind_event(vh->host, 1);
	ops->unbind_event(vh->host, 2047);
}

/* mshv_vtl passes on what it has cleared and has no eventfd for. */
static void vtl2_flag_test(struct kunit *test)
{
	struct vh *vh = vh_new_started(test);
	const struct vrelay_host_ops *ops = vh->host->ops;

	KUNIT_ASSERT_EQ(test, ops->bind_event(vh->host, 2047, vh_fire, &vh->fired[0]), 0);
	vrelay_vtl2_flag(2047);
	KUNIT_EXPECT_EQ(test, vh->fired[0], 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_events), 0);
	vrelay_vtl2_flag(0);
	vrelay_vtl2_flag(2048);
	vrelay_vtl2_flag(U16_MAX);
	KUNIT_EXPECT_EQ(test, vh->fired[0], 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_events), 3);
	vh_stop(vh);
	vrelay_vtl2_flag(2047);
	KUNIT_EXPECT_EQ(test, vh->fired[0], 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vh->host->stray_events), 3);
	ops->unbind_event(vh->host, 2047);
}

static void vtl2_post_bytes_test(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 239, 240 };
	struct vh *vh = vh_new_started(test);
	u8 want[256], payload[240];
	unsigned int i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = 0x80 + i;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(want, 0, sizeof(want));
		want[0] = 0x74;			/* connection 0x800074 */
		want[2] = 0x80;
		want[8] = 1;			/* message type */
		want[12] = lens[i];
		memcpy(want + 16, payload, lens[i]);
		vh->host->ops->post_message(vh->host, payload, lens[i]);
		KUNIT_EXPECT_EQ(test, vh->fh->control, 0x5c);
		KUNIT_EXPECT_EQ(test, vh->fh->in_len, sizeof(want));
		KUNIT_EXPECT_MEMEQ(test, vh->fh->in, want, sizeof(want));
	}
}

/*
 * The client tries again what hv_vmbus tries again; all else is the hypervisor's own code.
 */
static void vtl2_status_test(struct kunit *test)
{
	static const struct {
		u16 code;
		u16 contact;	/* what becomes of it for a CONTACT */
		u16 other;	/* and for another message */
	} codes[] = {
		{ 0, 0, 0 }, { 2, 2, 2 }, { 3, 3, 3 }, { 5, 5, 5 }, { 6, 6, 6 },
		{ 11, HV_STATUS_INSUFFICIENT_BUFFERS, HV_STATUS_INSUFFICIENT_BUFFERS },
		{ 18, 18, HV_STATUS_INSUFFICIENT_BUFFERS }, { 19, 19, 19 }, { 51, 51, 51 },
		{ 0xffff, 0xffff, 0xffff },
	};
	struct vmbus_msg_hdr contact = { .type = cpu_to_le32(VMBUS_MSG_CONTACT) };
	struct vmbus_msg_hdr other = { .type = cpu_to_le32(VMBUS_MSG_OPEN) };
	struct vh *vh = vh_new_started(test);
	const struct vrelay_host_ops *ops = vh->host->ops;
	unsigned int i;

	vh->fh->status_code = 0x5c;
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		/* More than the status is in the word. */
		vh->fh->status = codes[i].code | 1ULL << 32;
		KUNIT_EXPECT_EQ(test, ops->post_message(vh->host, &contact, sizeof(contact)),
				codes[i].contact);
		KUNIT_EXPECT_EQ(test, ops->post_message(vh->host, &other, sizeof(other)),
				codes[i].other);
		KUNIT_EXPECT_EQ(test, ops->signal_event(vh->host, 5, 0), codes[i].code);
	}
}

static void vtl2_signal_bytes_test(struct kunit *test)
{
	struct vh *vh = vh_new_started(test);

	KUNIT_EXPECT_EQ(test, vh->host->ops->signal_event(vh->host, 0x00022fff, 2047), 0);
	KUNIT_EXPECT_EQ(test, vh->fh->control, 0x1005d);
	KUNIT_EXPECT_EQ(test, vh->in, 0x000007ff00022fffULL);
}

static void vtl2_share_test(struct kunit *test)
{
	struct vh *vh = vh_new(test);
	struct page *pages[] = { vh->messages, vh->events };
	u64 pfns[2];

	KUNIT_EXPECT_EQ(test, vh->host->ops->share(vh->host, pages, 2, pfns), 0);
	KUNIT_EXPECT_EQ(test, pfns[0], page_to_pfn(vh->messages));
	KUNIT_EXPECT_EQ(test, pfns[1], page_to_pfn(vh->events));
	vh->host->ops->unshare(vh->host, pfns, 2);
}

static int vh_io(u64 gpa, unsigned int size, bool write, u64 *value)
{
	vh_this->ios++;
	vh_this->io_gpa = gpa;
	vh_this->io_size = size;
	if (write)
		vh_this->io_value = *value;
	else
		*value = vh_this->io_value;
	return 0;
}

/* Never this kernel's memory, nor what is no address at all. */
static void vtl2_mmio_test(struct kunit *test)
{
	struct vh *vh = vh_new(test);
	const struct vrelay_host_ops *ops = vh->host->ops;
	u64 ram = page_to_phys(vh->messages), value = 0x5a;

	kunit_activate_static_stub(test, vrelay_vtl2_io, vh_io);
	/* That of the local APIC: there is no memory on any PC. */
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, 0xfee00ff0, 4, true, &value), 0);
	KUNIT_EXPECT_EQ(test, vh->ios, 1);
	KUNIT_EXPECT_EQ(test, vh->io_gpa, 0xfee00ff0);
	KUNIT_EXPECT_EQ(test, vh->io_size, 4);
	value = 0;
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, 0xfee00ff0, 8, false, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0x5a);
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, ram, 4, true, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, ram + 0xff8, 8, false, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, 1ULL << 63, 8, false, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, U64_MAX - 7, 8, false, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, ops->mmio(vh->host, 1ULL << boot_cpu_data.x86_phys_bits, 1, false,
					&value), -EFAULT);
	KUNIT_EXPECT_EQ(test, vh->ios, 2);
}

/* Where it does not start nothing is left of it. */
static void vtl2_refused_test(struct kunit *test)
{
	struct vh *vh = vh_new(test);
	struct vmbus_partition *other = vpart_get("kunit-other");

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	/* Page numbers of another guest would be taken for VTL0's. */
	KUNIT_EXPECT_EQ(test, vh->host->ops->start(vh->host, other), -EPERM);
	KUNIT_EXPECT_FALSE(test, vh->hooked);
	vpart_put(other);

	vh->hook_err = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), -EOPNOTSUPP);
	vh->hook_err = 0;
	vh->no_pages = true;
	KUNIT_EXPECT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), -ENODEV);
	KUNIT_EXPECT_FALSE(test, vh->hooked);
	KUNIT_EXPECT_EQ(test, vh->sint, VH_SINT_RESET);

	vh->missing = "a reason";
	KUNIT_EXPECT_EQ(test, PTR_ERR(vrelay_vtl2_create()), -ENODEV);

	/* The guest has gone. */
	fh_stop(vh->fh);
	KUNIT_EXPECT_EQ(test, vh->host->ops->start(vh->host, vh->fh->part), -EPERM);
}

/* While the host has VTL0's page numbers no other guest comes in its place. */
static void vtl2_hold_test(struct kunit *test)
{
	static const struct vpart_backend_ops other = { .owner = THIS_MODULE };
	struct vh *vh = vh_new_started(test);
	struct vmbus_partition *part = vh->fh->part;

	fh_stop(vh->fh);
	KUNIT_EXPECT_EQ(test, vpart_backend_attach(part, &other, NULL), -EBUSY);
	vh->fh->hv = vpart_hv_create(FH_NAME, &fh_region, 1, FH_VPS);
	KUNIT_EXPECT_FALSE(test, IS_ERR(vh->fh->hv));
	fh_stop(vh->fh);
	vh_stop(vh);
	KUNIT_EXPECT_EQ(test, vpart_backend_attach(part, &other, NULL), 0);
	vpart_backend_detach(part);
}

static struct kunit_case vtl2_host_cases[] = {
	KUNIT_CASE(vtl2_sint_test),
	KUNIT_CASE(vtl2_message_test),
	KUNIT_CASE(vtl2_busy_test),
	KUNIT_CASE(vtl2_events_test),
	KUNIT_CASE(vtl2_flag_test),
	KUNIT_CASE(vtl2_post_bytes_test),
	KUNIT_CASE(vtl2_status_test),
	KUNIT_CASE(vtl2_signal_bytes_test),
	KUNIT_CASE(vtl2_share_test),
	KUNIT_CASE(vtl2_mmio_test),
	KUNIT_CASE(vtl2_refused_test),
	KUNIT_CASE(vtl2_hold_test),
	{}
};

static struct kunit_suite vtl2_host_suite = {
	.name = "vmbus_relay_vtl2",
	.test_cases = vtl2_host_cases,
};

kunit_test_suite(vtl2_host_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_relay: the transport to Hyper-V");
MODULE_LICENSE("GPL");
