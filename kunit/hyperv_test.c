// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the Hyper-V backend: the bytes of each hypercall, each status code,
 * message slots in use, VTL0's memory, and its life.
 */
#include <linux/module.h>
#include "config_file.h"
#include "fake_hyperv.h"

/* ---- bytes --------------------------------------------------------------------------- */

static void fh_expect(struct fh *fh, u64 control, const u8 *want, size_t len)
{
	KUNIT_EXPECT_EQ(fh->test, fh->control, control);
	KUNIT_EXPECT_EQ(fh->test, fh->in_len, len);
	KUNIT_EXPECT_MEMEQ(fh->test, fh->in, want, len);
}

static void hyperv_post_bytes_test(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 239, 240 };
	struct fh *fh = fh_new(test);
	u8 want[280], payload[240];
	unsigned int i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = 0x80 + i;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(want, 0, sizeof(want));
		memset(want, 0xff, 8);		/* this partition */
		want[8] = i;			/* VP */
		want[16] = 2 + i;		/* SINT; VTL 0 before it */
		want[20] = 1;			/* message type */
		want[24] = lens[i];
		memcpy(want + 36, payload, lens[i]);
		KUNIT_EXPECT_EQ(test, vpart_hv_post(i, 2 + i, payload, lens[i]), 0);
		fh_expect(fh, 0xc1, want, sizeof(want));
	}
	/* Every byte of the VP index */
	KUNIT_EXPECT_EQ(test, vpart_hv_post(0x04030201, 15, payload, 0), -ENXIO);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(fh->in + 8), 0x04030201);
}

static void hyperv_signal_bytes_test(struct kunit *test)
{
	static const u8 want[16] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 2, 0xff, 0x07,
	};
	struct fh *fh = fh_new(test);

	KUNIT_EXPECT_EQ(test, vpart_hv_signal(3, 2, 2047), 1);
	fh_expect(fh, 0xc0, want, sizeof(want));
	KUNIT_EXPECT_EQ(test, vpart_hv_signal(3, 2, 2047), 0);
	KUNIT_EXPECT_EQ(test, vpart_hv_signal(0x04030201, 15, 0), -ENXIO);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(fh->in + 8), 0x04030201);
}

static void hyperv_intercept_bytes_test(struct kunit *test)
{
	u8 want[24] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0, 0, 0, 0x0d,
	};
	struct fh *fh = fh_new(test);

	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_synic(true), 0);
	fh_expect(fh, 0x4d, want, sizeof(want));
	want[8] = 0;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_synic(false), 0);
	fh_expect(fh, 0x4d, want, sizeof(want));
}

static void hyperv_notify_bytes_test(struct kunit *test)
{
	/* Partition, VP 1, VTL 0 by name; register 0x10006; 16 bytes of value */
	static const u8 get[20] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0x10, 0, 0, 0,
		0x06, 0, 1, 0,
	};
	u8 set[48] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0x10, 0, 0, 0,
		0x06, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x02, 0, 0, 0, 0, 0, 0x84, 0x80,
	};
	struct fh *fh = fh_new(test);

	/* What somebody else asked for stays: interrupts, SINTs 7 and 15. */
	fh->notifications[1] = 0x8080000000000002ULL;
	KUNIT_EXPECT_EQ(test, vpart_hv_notify(1, BIT(2)), 0);
	KUNIT_EXPECT_EQ(test, fh->calls, 2);
	KUNIT_EXPECT_EQ(test, fh->notifications[1], 0x8084000000000002ULL);
	set[38] = 0x84;
	fh_expect(fh, 0x100000051ULL, set, sizeof(set));

	/* Without the old value nothing is written. */
	fh->status_code = VMBUS_HVCALL_GET_VP_REGISTERS;
	fh->status = HV_STATUS_ACCESS_DENIED;
	KUNIT_EXPECT_EQ(test, vpart_hv_notify(1, BIT(3)), -EACCES);
	fh_expect(fh, 0x100000050ULL, get, sizeof(get));
	KUNIT_EXPECT_EQ(test, fh->notifications[1], 0x8084000000000002ULL);
	fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
	KUNIT_EXPECT_EQ(test, vpart_hv_notify(1, BIT(3)), -EACCES);
	KUNIT_EXPECT_EQ(test, fh->calls, 5);
}

/* ---- status codes ---------------------------------------------------------------------- */

static void hyperv_status_test(struct kunit *test)
{
	static const struct {
		u16 status;
		int err;
	} codes[] = {
		{ 0x00, 0 }, { 0x02, -EOPNOTSUPP }, { 0x03, -EINVAL }, { 0x04, -EINVAL },
		{ 0x05, -EINVAL }, { 0x06, -EACCES }, { 0x07, -EIO }, { 0x08, -EACCES },
		{ 0x0b, -EAGAIN }, { 0x0d, -EIO }, { 0x0e, -ENXIO }, { 0x12, -EIO },
		{ 0x13, -EAGAIN }, { 0x15, -ENXIO }, { 0x18, -ENXIO }, { 0x19, -EAGAIN },
		{ 0x78, -EAGAIN }, { 0x01, -EIO }, { 0xffff, -EIO },
	};
	struct fh *fh = fh_new(test);
	unsigned int i;
	u8 payload;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		/* What is above the status says how far it came. */
		fh->status = codes[i].status | 0xabcULL << 32;
		KUNIT_EXPECT_EQ_MSG(test, vpart_hv_errno(fh->status), codes[i].err,
				    "status %#x", codes[i].status);
		if (!codes[i].err)
			continue;
		fh->status_code = VMBUS_HVCALL_POST_MESSAGE_DIRECT;
		KUNIT_EXPECT_EQ(test, vpart_hv_post(0, 2, &payload, 1), codes[i].err);
		fh->status_code = VMBUS_HVCALL_SIGNAL_EVENT_DIRECT;
		KUNIT_EXPECT_EQ(test, vpart_hv_signal(0, 2, 1), codes[i].err);
		fh->status_code = VMBUS_HVCALL_INSTALL_INTERCEPT;
		KUNIT_EXPECT_EQ(test, vpart_hv_intercept_synic(true), codes[i].err);
		fh->status_code = VMBUS_HVCALL_GET_VP_REGISTERS;
		KUNIT_EXPECT_EQ(test, vpart_hv_notify(0, 1), codes[i].err);
		fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
		KUNIT_EXPECT_EQ(test, vpart_hv_notify(0, 1), codes[i].err);
	}
	KUNIT_EXPECT_EQ(test, fh->busy | fh->set, 0);
}

/* This machine is no Hyper-V: nothing of it may be touched. */
static void hyperv_absent_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	kunit_deactivate_static_stub(test, vpart_hv_available);
	kunit_deactivate_static_stub(test, vpart_hv_call);
	KUNIT_EXPECT_FALSE(test, vpart_hv_available());
	KUNIT_EXPECT_EQ(test, vpart_hv_call(VMBUS_HVCALL_INSTALL_INTERCEPT, &fh, 8, NULL, 0),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, vpart_hv_post(0, 2, &fh, 8), -EIO);
	KUNIT_EXPECT_EQ(test, vpart_hv_signal(0, 2, 1), -EIO);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_hv_create(FH_NAME, &fh_region, 1, 1)), -ENODEV);
}

/* ---- messages and events ----------------------------------------------------------------- */

static void hyperv_message_test(struct kunit *test)
{
	struct fh *fh = fh_new_guest(test);

	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 3, 2, "abc", 3), 0);
	KUNIT_EXPECT_EQ(test, fh->control, VMBUS_HVCALL_POST_MESSAGE_DIRECT);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(fh->in + 8), 3);
	KUNIT_EXPECT_EQ(test, fh->in[16], 2);
	KUNIT_EXPECT_EQ(test, fh->in[24], 3);
	KUNIT_EXPECT_MEMEQ(test, fh->in + 36, "abc", 3);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_MESSAGES_SENT), 1);

	/* What cannot be is not even tried. */
	fh->calls = 0;
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 16, "abc", 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 2, "abc", 241), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, FH_VPS, 2, "abc", 3), -ENXIO);
	KUNIT_EXPECT_EQ(test, fh->calls, 0);

	/* A VP whose SynIC is off loses it, and nobody waits. */
	fh->status_code = VMBUS_HVCALL_POST_MESSAGE_DIRECT;
	fh->status = VMBUS_HV_INVALID_SYNIC_STATE;
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 2, "abc", 3), -ENXIO);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_MESSAGES_LOST), 2);
	msleep(60);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[2]), 0);
	KUNIT_EXPECT_EQ(test, vpart_set_synic(fh->part, 0, 1, 1, 1), -EOPNOTSUPP);
}

static void hyperv_busy_test(struct kunit *test)
{
	struct fh *fh = fh_new_guest(test);

	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 1, 2, "b", 1), 0);
	fh_send_busy(fh, 1, 2);
	KUNIT_EXPECT_GE(test, fh_count(fh, VPART_MESSAGES_BUSY), 1);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_MESSAGES_SENT), 1);
	/* The hypervisor was asked, on the right CPU, for the right slot. */
	KUNIT_EXPECT_EQ(test, fh->vp_of_work, 1);
	KUNIT_EXPECT_EQ(test, fh->notifications[1], 4ULL << 48);
	KUNIT_EXPECT_EQ(test, fh->notifications[0], 0);

	/* It tells, also of what nobody waits for: only who waits hears of it. */
	KUNIT_EXPECT_EQ(test, vpart_sints_deliverable(fh->part, 0, 0xffff), 0);
	KUNIT_EXPECT_EQ(test, vpart_sints_deliverable(fh->part, FH_VPS, 0xffff), 0);
	KUNIT_EXPECT_EQ(test, vpart_sints_deliverable(fh->part, 1, 0xfffb), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[2]), 0);
	KUNIT_EXPECT_EQ(test, vpart_sints_deliverable(fh->part, 1, 0xffff), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[2]), 1);
	KUNIT_EXPECT_EQ(test, vpart_sints_deliverable(fh->part, 1, 4), 0);
	fh->busy = 0;
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 1, 2, "b", 1), 0);
	KUNIT_EXPECT_EQ(test, fh->in[36], 'b');
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_MESSAGES_SENT), 2);
}

/* The notification does not come: by time, less and less often. */
static void hyperv_retry_test(struct kunit *test)
{
	unsigned long end;
	struct fh *fh = fh_new_guest(test);
	int heard, tries = 0;

	fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
	fh->status = HV_STATUS_ACCESS_DENIED;
	fh->busy = BIT(0);
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 2, "a", 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, fh->notifications[0], 0);
	end = jiffies + HZ / 2;
	while (time_before(jiffies, end)) {
		heard = atomic_read(&fh->deliverable[2]);
		if (heard > tries) {
			tries = heard;
			KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 2, "a", 1),
					-EAGAIN);
		}
		usleep_range(1000, 2000);
	}
	/* With a pause of 50 ms in the end: at most 10 and the first ones. */
	KUNIT_EXPECT_GT(test, tries, 3);
	KUNIT_EXPECT_LT(test, tries, 20);
	KUNIT_EXPECT_TRUE(test, fh_wait(&fh->deliverable[2], tries + 1));
	fh->busy = 0;
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 2, "a", 1), 0);

	/* Who waits when the guest goes is told. */
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 3, "a", 1), -EAGAIN);
	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[3]), 1);
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 0, 3, "a", 1), -ENXIO);
}

static void hyperv_event_test(struct kunit *test)
{
	struct fh *fh = fh_new_guest(test);
	unsigned long flags;

	local_irq_save(flags);
	KUNIT_EXPECT_EQ(test, vpart_set_event(fh->part, 0, 2, 2, 5), 0);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, fh->control, VMBUS_HVCALL_SIGNAL_EVENT_DIRECT);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(fh->in + 8), 2);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(fh->in + 14), 5);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_EVENTS_SET), 1);
	KUNIT_EXPECT_EQ(test, vpart_set_event(fh->part, 0, 2, 2, 5), 0);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_EVENTS_SET), 1);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_EVENTS_MERGED), 1);

	KUNIT_EXPECT_EQ(test, vpart_set_event(fh->part, 0, FH_VPS, 2, 5), -ENXIO);
	fh->status_code = VMBUS_HVCALL_SIGNAL_EVENT_DIRECT;
	fh->status = VMBUS_HV_INVALID_SYNIC_STATE;
	KUNIT_EXPECT_EQ(test, vpart_set_event(fh->part, 0, 2, 2, 5), -ENXIO);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_EVENTS_LOST), 2);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void hyperv_memory_test(struct kunit *test)
{
	static const u64 good[] = { (FH_GPA >> PAGE_SHIFT) + 2, FH_GPA >> PAGE_SHIFT };
	static const u64 outside[] = { FH_GPA >> PAGE_SHIFT, (FH_GPA >> PAGE_SHIFT) + FH_PAGES };
	struct fh *fh = fh_new_guest(test);
	struct page *pages[2];
	struct vpart_map *map;

	KUNIT_EXPECT_EQ(test, vpart_pin_pages(fh->part, good, 2, true, pages), 0);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], fh->pages[2]);
	KUNIT_EXPECT_PTR_EQ(test, pages[1], fh->pages[0]);
	vpart_unpin_pages(fh->part, good, 2, true, pages);

	map = vpart_map(fh->part, good, 2, VPART_MAP_WRITE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(map));
	*(u8 *)vpart_map_addr(map) = 0x5a;
	KUNIT_EXPECT_EQ(test, *(u8 *)fh_memory(fh, 2 * PAGE_SIZE), 0x5a);
	vpart_unmap(map);

	/* Not in the table */
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(fh->part, outside, 2, false, pages), -EFAULT);
	/* In the table, but nobody says that it is VTL0's */
	fh->hole = 2;
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(fh->part, good, 2, false, pages), -EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_map(fh->part, good, 2, 0)), -EFAULT);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_BAD_GPAS), 3);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fh->part->pinned), 0);
}

static void hyperv_own_memory_test(struct kunit *test)
{
	static const u64 first = FH_GPA >> PAGE_SHIFT;
	struct vmbus_partition_region regions[2] = { fh_region };
	struct fh *fh = fh_new_guest(test);
	u64 own = page_to_phys(fh->pages[0]);

	/* The kernel's own answer, for its own memory and around it */
	kunit_deactivate_static_stub(test, vpart_hv_own_memory);
	KUNIT_EXPECT_TRUE(test, vpart_hv_own_memory(own, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, vpart_hv_own_memory(own - PAGE_SIZE, 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, vpart_hv_own_memory(own, FH_GPA - own));
	KUNIT_EXPECT_TRUE(test, vpart_hv_own_memory(0, U64_MAX));
	KUNIT_EXPECT_FALSE(test, vpart_hv_own_memory(FH_GPA, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, vpart_hv_own_memory(U64_MAX - PAGE_SIZE + 1, PAGE_SIZE));
	kunit_deactivate_static_stub(test, vpart_hv_page);
	KUNIT_EXPECT_NULL(test, vpart_hv_page(own >> PAGE_SHIFT));
	KUNIT_EXPECT_NULL(test, vpart_hv_page(first));
	KUNIT_EXPECT_NULL(test, vpart_hv_page(U64_MAX));

	/* One bad region of two: refused, and the old table stays. */
	regions[1].gpa = own;
	regions[1].uaddr = own;
	regions[1].size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, vpart_hv_set_memory(fh->hv, regions, 2), -EPERM);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(fh->part, &first, 1, true), 0);
	/* Another one takes its place as a whole. */
	regions[0].gpa += FH_PAGES * PAGE_SIZE;
	regions[0].uaddr = regions[0].gpa;
	KUNIT_EXPECT_EQ(test, vpart_hv_set_memory(fh->hv, regions, 1), 0);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(fh->part, &first, 1, true), -EFAULT);
}

static void hyperv_parse_test(struct kunit *test)
{
	static const struct {
		const char *text;
		int n;
		u64 gpa;
		u64 size;
	} cases[] = {
		{ "0-fff\n", 1, 0, 0x1000 },
		{ "100000-7fffffff", 1, 0x100000, 0x7ff00000 },
		{ "0x1000-0x2fff", 1, 0x1000, 0x2000 },
		{ " 0-fff\t2000-2fff\n\n3000-3fff ", 3, 0, 0x1000 },
		{ "ffffffffffffe000-ffffffffffffefff", 1, 0xffffffffffffe000, 0x1000 },
		{ "", -EINVAL }, { "\n", -EINVAL }, { "0", -EINVAL }, { "-", -EINVAL },
		{ "0-", -EINVAL }, { "-fff", -EINVAL }, { "0-1000", -EINVAL },
		{ "0-ffe", -EINVAL }, { "1-1fff", -EINVAL }, { "2000-fff", -EINVAL },
		{ "1000-fff", -EINVAL }, { "0-fff,2000-2fff", -EINVAL }, { "0 - fff", -EINVAL },
		{ "0-xyz", -EINVAL }, { "0-fff 0-fff", -EINVAL }, { "0-2fff 2000-3fff", -EINVAL },
		{ "0-fff 2000-2ff", -EINVAL },
		/* The end would wrap. */
		{ "0-ffffffffffffffff", -EINVAL },
		{ "fffffffffffff000-ffffffffffffffff", -EINVAL },
		{ "0-10000000000000fff", -EINVAL },
	};
	struct vmbus_partition_region *r;
	char *text;
	unsigned int i;
	int n;

	r = kunit_kcalloc(test, VMBUS_PARTITION_MAX_REGIONS, sizeof(*r), GFP_KERNEL);
	text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = vpart_config_parse(cases[i].text, r);
		KUNIT_EXPECT_EQ_MSG(test, n, cases[i].n, "\"%s\"", cases[i].text);
		if (n <= 0 || cases[i].n <= 0)
			continue;
		KUNIT_EXPECT_EQ(test, r[0].gpa, cases[i].gpa);
		KUNIT_EXPECT_EQ(test, r[0].uaddr, cases[i].gpa);
		KUNIT_EXPECT_EQ(test, r[0].size, cases[i].size);
		KUNIT_EXPECT_EQ(test, r[0].flags, 0);
	}
	for (i = 0, n = 0; i < VMBUS_PARTITION_MAX_REGIONS; i++)
		n += scnprintf(text + n, PAGE_SIZE - n, "%x000-%xfff ", 2 * i, 2 * i);
	KUNIT_EXPECT_EQ(test, vpart_config_parse(text, r), VMBUS_PARTITION_MAX_REGIONS);
	scnprintf(text + n, PAGE_SIZE - n, "f0000-f0fff");
	KUNIT_EXPECT_EQ(test, vpart_config_parse(text, r), -E2BIG);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void hyperv_life_test(struct kunit *test)
{
	struct fh *fh = fh_new_guest(test);
	struct vmbus_partition *other;
	u32 vp;

	KUNIT_EXPECT_EQ(test, fh->intercept, 4);
	for (vp = 0; vp < FH_VPS; vp++)
		KUNIT_EXPECT_TRUE(test, vpart_vp_valid(fh->part, vp));
	KUNIT_EXPECT_FALSE(test, vpart_vp_valid(fh->part, FH_VPS));
	KUNIT_EXPECT_TRUE(test, vpart_backend_direct(fh->part));
	/* There is one VTL0. */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_hv_create("other", &fh_region, 1, 1)), -EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vpart_hv_create(FH_NAME, &fh_region, 1, 1)), -EBUSY);
	/* Nobody holds the partition that it would have had. */
	other = vpart_get("other");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, kref_read(&other->ref), 1U);
	vpart_put(other);

	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, fh->intercept, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->resets), 1);
	KUNIT_EXPECT_FALSE(test, vpart_backend_direct(fh->part));
	KUNIT_EXPECT_FALSE(test, vpart_vp_valid(fh->part, 0));
	/* And again. */
	fh->hv = vpart_hv_create(FH_NAME, &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(fh->hv), 0);
	if (IS_ERR(fh->hv))
		fh->hv = NULL;
	KUNIT_EXPECT_TRUE(test, vpart_vp_valid(fh->part, 0));
	KUNIT_EXPECT_FALSE(test, vpart_vp_valid(fh->part, 1));
}

/* Whatever fails, nothing is left: the last one works. */
static void hyperv_refused_test(struct kunit *test)
{
	struct vmbus_partition_region bad = fh_region;
	struct fh *fh = fh_new(test);
	struct vpart_hv *hv;

	bad.gpa++;
	fh->absent = true;
	hv = vpart_hv_create(FH_NAME, &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hv), -ENODEV);
	fh->absent = false;
	hv = vpart_hv_create("a/b", &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hv), -EINVAL);
	hv = vpart_hv_create(FH_NAME, &bad, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hv), -EINVAL);
	fh->own = FH_GPA;
	hv = vpart_hv_create(FH_NAME, &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hv), -EPERM);
	fh->own = U64_MAX;
	fh->status_code = VMBUS_HVCALL_INSTALL_INTERCEPT;
	fh->status = HV_STATUS_ACCESS_DENIED;
	hv = vpart_hv_create(FH_NAME, &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hv), -EACCES);
	fh->status = 0;
	KUNIT_EXPECT_EQ(test, fh->intercept, 0);
	fh->hv = vpart_hv_create(FH_NAME, &fh_region, 1, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(fh->hv), 0);
	if (IS_ERR(fh->hv))
		fh->hv = NULL;
	KUNIT_EXPECT_EQ(test, fh->intercept, 4);
}

/* The directory in configfs, from its making to its end. */
static void hyperv_config_test(struct kunit *test)
{
	static const struct cf_step steps[] = {
		{ "vps", "2\n", 0, "2\n" },
		{ "vps", "0", -EINVAL, "2\n" },
		{ "vps", "1025", -EINVAL, "2\n" },
		{ "vps", "", -EINVAL, "2\n" },
		{ "vps", "1024", 0, "1024\n" },
		{ "vps", "1", 0, "1\n" },
		{ "intercept_mmio", "x", -EINVAL, "0\n" },
		{ "intercept_mmio", "1\n", 0, "1\n" },
		{ "enable", "x", -EINVAL, "0\n" },
		{ "enable", "0", 0, "0\n" },
		{ "enable", "1", -EINVAL, "0\n" },
		{ "memory", "0-", -EINVAL, "" },
		{ "memory", "7000000000-7000000fff 7000002000-7000002fff\n", 0,
		  "7000000000-7000000fff\n7000002000-7000002fff\n" },
		{ "memory", "7000000000-7000007fff", 0, "7000000000-7000007fff\n" },
		/* Nobody would get what is intercepted. */
		{ "enable", "1\n", -EOPNOTSUPP, "0\n" },
		{ "intercept_mmio", "0", 0, "0\n" },
		{ "enable", "1\n", 0, "1\n" },
		{ "enable", "1", 0, "1\n" },
		{ "vps", "2", -EBUSY, "1\n" },
		{ "intercept_mmio", "1", -EBUSY, "0\n" },
		{ "memory", "", -EINVAL, "7000000000-7000007fff\n" },
		{ "memory", "7000000000-7000003fff", 0, "7000000000-7000003fff\n" },
		{ "enable", "0", 0, "0\n" },
		{ "enable", "1", 0, "1\n" },
	};
	struct configfs_group_operations *ops = &vpart_config_root_ops;
	struct vmbus_partition *part;
	struct config_item *item;
	u64 pfn = FH_GPA >> PAGE_SHIFT;

	fh_new(test);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ops->make_item(NULL, ".x")), -EINVAL);
	item = ops->make_item(NULL, FH_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(item));
	cf_run(test, item, item->ci_type->ct_attrs, steps, ARRAY_SIZE(steps));

	part = vpart_get(FH_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(part));
	KUNIT_EXPECT_TRUE(test, vpart_backend_direct(part));
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(part, &pfn, 1, true), 0);
	/* What is enabled goes with its directory, and that with its last user. */
	config_item_get(item);
	ops->drop_item(NULL, item);
	KUNIT_EXPECT_FALSE(test, vpart_backend_direct(part));
	KUNIT_EXPECT_EQ(test, kref_read(&item->ci_kref), 1);
	config_item_put(item);
	vpart_put(part);
}

static struct kunit_case hyperv_cases[] = {
	KUNIT_CASE(hyperv_post_bytes_test),
	KUNIT_CASE(hyperv_signal_bytes_test),
	KUNIT_CASE(hyperv_intercept_bytes_test),
	KUNIT_CASE(hyperv_notify_bytes_test),
	KUNIT_CASE(hyperv_status_test),
	KUNIT_CASE(hyperv_absent_test),
	KUNIT_CASE(hyperv_message_test),
	KUNIT_CASE(hyperv_busy_test),
	KUNIT_CASE(hyperv_retry_test),
	KUNIT_CASE(hyperv_event_test),
	KUNIT_CASE(hyperv_memory_test),
	KUNIT_CASE(hyperv_own_memory_test),
	KUNIT_CASE(hyperv_parse_test),
	KUNIT_CASE(hyperv_life_test),
	KUNIT_CASE(hyperv_refused_test),
	KUNIT_CASE(hyperv_config_test),
	{}
};

static struct kunit_suite hyperv_suite = {
	.name = "vmbus_hyperv",
	.test_cases = hyperv_cases,
};

kunit_test_suite(hyperv_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition on Hyper-V");
MODULE_LICENSE("GPL");
