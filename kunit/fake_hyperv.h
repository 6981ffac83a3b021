/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hypervisor for tests of the Hyper-V backend: takes the place of
 * vpart_hv_call(), writes down every input, and plays the slots of one SINT per
 * VP.  VTL0 has a few pages at FH_GPA, that are ours.
 *
 * Stubs act only in the test's own thread: what a worker of the kernel would do
 * is done at once (vpart_hv_schedule()).
 */
#ifndef _FAKE_HYPERV_H
#define _FAKE_HYPERV_H

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>
#include <vmbus/hypercall.h>
#include <vmbus/protocol.h>

#include "../drivers/vmbus_partition/hyperv.h"

#define FH_NAME		"kunit-vtl0"
#define FH_VPS		4
#define FH_PAGES	3
#define FH_GPA		0x7000000000ULL
#define FH_INPUT_MAX	512
#define FH_TIMEOUT_MS	2000

#define FH_GET		(VMBUS_HVCALL_GET_VP_REGISTERS | 1ULL << 32)
#define FH_SET		(VMBUS_HVCALL_SET_VP_REGISTERS | 1ULL << 32)

/**
 * struct fh - the hypervisor and its VTL0
 * @test: running test
 * @absent: there is no Hyper-V
 * @own: what belongs to VTL2, from this address on
 * @pages: of VTL0
 * @hole: page of VTL0 that nobody has added, or FH_PAGES
 * @control: of the last call
 * @in: its input
 * @in_len: and how long it is
 * @calls: how many
 * @status: of calls with the code that is @status_code
 * @status_code: see there
 * @status_name: if not 0, of those for this register only
 * @busy: mask of VPs whose slots are in use
 * @set: event flag 0 of SINT 2 of each VP was set before
 * @notifications: the register, by VP
 * @rip: the same
 * @capabilities: what VTL2 may want of the hypervisor
 * @config: and what it wants
 * @hook: the loop that runs VTL0 hands over its accesses to memory, if somebody wants them
 * @hooked: somebody does
 * @vp_of_work: VP whose CPU the last work was for
 * @intercept: access mask of the intercept
 * @hv: guest
 * @part: its partition
 * @client: a client of it
 * @deliverable: what the client was told, by SINT
 * @resets: how often it was reset
 */
struct fh {
	struct kunit *test;
	bool absent;
	u64 own;
	struct page *pages[FH_PAGES];
	unsigned int hole;
	u64 control;
	u8 in[FH_INPUT_MAX];
	size_t in_len;
	unsigned int calls;
	u64 status;
	u16 status_code;
	u32 status_name;
	u32 busy;
	u32 set;
	u64 notifications[FH_VPS];
	u64 rip[FH_VPS];
	u64 capabilities;
	u64 config;
	bool hook;
	bool hooked;
	u32 vp_of_work;
	u32 intercept;
	struct vpart_hv *hv;
	struct vmbus_partition *part;
	struct vpart_client client;
	atomic_t deliverable[16];
	atomic_t resets;
};

static inline struct fh *fh_this(void)
{
	return kunit_get_current_test()->priv;
}

/* ---- what takes the kernel's place --------------------------------------------------- */

static inline bool fh_available(void)
{
	return !fh_this()->absent;
}

static inline bool fh_own_memory(u64 start, u64 size)
{
	return start + size > fh_this()->own;
}

static inline struct page *fh_page(u64 pfn)
{
	u64 n = pfn - (FH_GPA >> PAGE_SHIFT);
	struct fh *fh = fh_this();

	return n < FH_PAGES && n != fh->hole ? fh->pages[n] : NULL;
}

static inline void fh_schedule(u32 vp, struct work_struct *work)
{
	fh_this()->vp_of_work = vp;
	work->func(work);
}

static inline bool fh_hook_memory(bool on)
{
	struct fh *fh = fh_this();

	fh->hooked = fh->hook && on;
	return fh->hook;
}

/* The register that a call names, or NULL. */
static inline u64 *fh_register(struct fh *fh)
{
	u32 vp = get_unaligned_le32(fh->in + 8);
	bool vtl0 = vp < FH_VPS && fh->in[12] == 0x10;
	bool self = vp == 0xfffffffe && fh->in[12] == 0;

	switch (get_unaligned_le32(fh->in + 16)) {
	case 0x10006:
		return vtl0 ? &fh->notifications[vp] : NULL;
	case 0x20010:
		return vtl0 ? &fh->rip[vp] : NULL;
	case 0xd0006:
		return self ? &fh->capabilities : NULL;
	case 0xd0007:
		return self ? &fh->config : NULL;
	}
	return NULL;
}

static inline bool fh_fails(const struct fh *fh, u64 control)
{
	return fh->status && (u16)control == fh->status_code &&
	       (!fh->status_name || fh->status_name == get_unaligned_le32(fh->in + 16));
}

static inline u64 fh_post(struct fh *fh)
{
	u32 vp = get_unaligned_le32(fh->in + 8);

	if (vp >= FH_VPS)
		return VMBUS_HV_INVALID_VP_INDEX;
	if (fh->busy & BIT(vp))
		return VMBUS_HV_OBJECT_IN_USE;
	fh->busy |= BIT(vp);
	return HV_STATUS_SUCCESS;
}

static inline u64 fh_signal(struct fh *fh, u8 *newly)
{
	u32 vp = get_unaligned_le32(fh->in + 8);

	if (vp >= FH_VPS)
		return VMBUS_HV_INVALID_VP_INDEX;
	*newly = !(fh->set & BIT(vp));
	fh->set |= BIT(vp);
	return HV_STATUS_SUCCESS;
}

static inline u64 fh_call(u64 control, const void *in, size_t in_len, void *out, size_t out_len)
{
	struct fh *fh = fh_this();
	u64 *reg;

	fh->calls++;
	fh->control = control;
	fh->in_len = in_len;
	KUNIT_EXPECT_LE(fh->test, in_len, sizeof(fh->in));
	memcpy(fh->in, in, min(in_len, sizeof(fh->in)));
	if (fh_fails(fh, control))
		return fh->status;

	switch (control) {
	case VMBUS_HVCALL_POST_MESSAGE_DIRECT:
		return fh_post(fh);
	case VMBUS_HVCALL_SIGNAL_EVENT_DIRECT:
		KUNIT_EXPECT_EQ(fh->test, out_len, 8);
		return fh_signal(fh, out);
	case VMBUS_HVCALL_INSTALL_INTERCEPT:
		fh->intercept = get_unaligned_le32(fh->in + 8);
		return HV_STATUS_SUCCESS;
	case FH_GET:
		KUNIT_EXPECT_EQ(fh->test, out_len, 16);
		reg = fh_register(fh);
		if (!reg)
			return HV_STATUS_INVALID_PARAMETER;
		put_unaligned_le64(*reg, out);
		/* One repetition done. */
		return 1ULL << 32;
	case FH_SET:
		reg = fh_register(fh);
		if (!reg)
			return HV_STATUS_INVALID_PARAMETER;
		*reg = get_unaligned_le64(fh->in + 32);
		return 1ULL << 32;
	}
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

/* ---- life ---------------------------------------------------------------------------- */

static inline void fh_deliverable(struct vpart_client *client, u8 vtl, u32 vp, u8 sint)
{
	struct fh *fh = container_of(client, struct fh, client);

	if (vtl == VPART_VTL_GUEST)
		atomic_inc(&fh->deliverable[sint]);
}

static inline void fh_reset(struct vpart_client *client)
{
	atomic_inc(&container_of(client, struct fh, client)->resets);
}

static const struct vpart_client_ops fh_client_ops = {
	.deliverable = fh_deliverable,
	.reset = fh_reset,
};

static inline void fh_stop(struct fh *fh)
{
	if (fh->hv)
		vpart_hv_destroy(fh->hv);
	fh->hv = NULL;
}

static inline void fh_free(void *ctx)
{
	struct fh *fh = ctx;
	unsigned int i;

	fh_stop(fh);
	if (fh->part) {
		vpart_client_detach(fh->part, &fh->client);
		vpart_put(fh->part);
	}
	for (i = 0; i < FH_PAGES && fh->pages[i]; i++)
		__free_page(fh->pages[i]);
}

/* Hyper-V, with no guest of ours yet */
static inline struct fh *fh_new(struct kunit *test)
{
	struct fh *fh = kunit_kzalloc(test, sizeof(*fh), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fh);
	fh->test = test;
	fh->own = U64_MAX;
	fh->hole = FH_PAGES;
	fh->client.ops = &fh_client_ops;
	test->priv = fh;
	/* What is set up first goes last. */
	kunit_activate_static_stub(test, vpart_hv_available, fh_available);
	kunit_activate_static_stub(test, vpart_hv_call, fh_call);
	kunit_activate_static_stub(test, vpart_hv_own_memory, fh_own_memory);
	kunit_activate_static_stub(test, vpart_hv_page, fh_page);
	kunit_activate_static_stub(test, vpart_hv_schedule, fh_schedule);
	kunit_activate_static_stub(test, vpart_hv_hook_memory, fh_hook_memory);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fh_free, fh), 0);
	for (i = 0; i < FH_PAGES; i++) {
		fh->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, fh->pages[i]);
	}
	return fh;
}

static const struct vmbus_partition_region fh_region = {
	.gpa = FH_GPA, .size = FH_PAGES * PAGE_SIZE, .uaddr = FH_GPA,
};

/* VTL0 becomes the guest of a partition, and that has a client. */
static inline void fh_start(struct fh *fh)
{
	struct kunit *test = fh->test;

	fh->hv = vpart_hv_create(FH_NAME, &fh_region, 1, FH_VPS);
	if (IS_ERR(fh->hv)) {
		KUNIT_FAIL(test, "no guest: %ld", PTR_ERR(fh->hv));
		fh->hv = NULL;
		KUNIT_ASSERT_NOT_NULL(test, fh->hv);
	}
	fh->part = vpart_get(FH_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fh->part));
	vpart_client_attach(fh->part, &fh->client);
}

/* All of that */
static inline struct fh *fh_new_guest(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh_start(fh);
	return fh;
}

static inline void *fh_memory(struct fh *fh, u64 offset)
{
	return page_address(fh->pages[offset >> PAGE_SHIFT]) + offset_in_page(offset);
}

static inline s64 fh_count(struct fh *fh, enum vpart_counter counter)
{
	return atomic64_read(&fh->part->counters[counter]);
}

/* A message finds its slot in use, and only the hypervisor will say when to try again. */
static inline void fh_send_busy(struct fh *fh, u32 index, u8 sint)
{
	struct vpart_vp *vp = xa_load(&fh->part->vps, index);

	fh->busy |= BIT(index);
	do {
		KUNIT_EXPECT_EQ(fh->test, vpart_send_message(fh->part, 0, index, sint, "a", 1),
				-EAGAIN);
		cancel_delayed_work_sync(&vp->retry);
	} while (!(vp->waiting & BIT(sint)));
	atomic_set(&fh->deliverable[sint], 0);
}

static inline bool fh_wait(atomic_t *value, int want)
{
	unsigned int i;

	for (i = 0; i < FH_TIMEOUT_MS && atomic_read(value) < want; i++)
		usleep_range(1000, 2000);
	return atomic_read(value) >= want;
}

#endif /* _FAKE_HYPERV_H */
