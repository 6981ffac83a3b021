// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of accesses of VTL0 to addresses without memory, as the hypervisor hands them to
 * VTL2, and of asking it for them.
 */
#include <linux/module.h>
#include <vmbus/compat.h>
#include "fake_hyperv.h"

#define IM_GPA		0xe0000000ULL	/* of the device; its last page is not whole */
#define IM_SIZE		0x2804
#define IM_RIP		0xffffffff81000000ULL
#define IM_VP		3
#define IM_PATTERN	0x88b7c6d5f4e3d291ULL

#define IM_READ		0
#define IM_WRITE	1
#define IM_EXECUTE	2

/**
 * struct im - the guest of fake_hyperv.h with a device
 * @fh: guest
 * @m: the device's addresses
 * @accesses: how many
 * @offset: of the last
 * @size: of the last
 * @write: it was a write
 * @value: and of what, or what is read
 * @rip: of the VP during it
 * @refs: of the partition during it
 * @vanish: the guest goes while it is under way
 * @msg: message
 * @gprs: registers
 */
struct im {
	struct fh *fh;
	struct vpart_mmio m;
	unsigned int accesses;
	u64 offset;
	unsigned int size;
	bool write;
	u64 value;
	u64 rip;
	unsigned int refs;
	bool vanish;
	struct hv_message msg;
	u64 gprs[VPART_GPRS];
};

static void im_accessed(struct im *im, u64 offset, unsigned int size, bool write)
{
	im->accesses++;
	im->offset = offset;
	im->size = size;
	im->write = write;
	im->rip = im->fh->rip[IM_VP];
	im->refs = kref_read(&im->fh->part->ref);
	if (im->vanish)
		fh_stop(im->fh);
}

static u64 im_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	struct im *im = container_of(m, struct im, m);

	im_accessed(im, offset, size, false);
	return im->value;
}

static void im_write(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value)
{
	struct im *im = container_of(m, struct im, m);

	im_accessed(im, offset, size, true);
	im->value = value;
}

static const struct vpart_mmio_ops im_ops = {
	.read = im_read,
	.write = im_write,
};

static void im_free(void *ctx)
{
	struct im *im = ctx;

	vpart_mmio_remove(im->fh->part, &im->m);
}

static struct im *im_new(struct kunit *test)
{
	struct im *im = kunit_kzalloc(test, sizeof(*im), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, im);
	im->fh = fh_new_guest(test);
	im->m = (struct vpart_mmio) {
		.gpa = IM_GPA, .size = IM_SIZE, .vtl = VPART_VTL_GUEST, .ops = &im_ops,
	};
	im->value = IM_PATTERN;
	KUNIT_ASSERT_EQ(test, vpart_mmio_add(im->fh->part, &im->m), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, im_free, im), 0);
	return im;
}

static u8 *im_payload(struct im *im)
{
	return (u8 *)im->msg.u.payload;
}

/* An access by VTL0's 64-bit kernel on VP 3, as the hypervisor tells of it */
static void im_message(struct im *im, u64 offset, u8 access, const u8 *insn, unsigned int len)
{
	u8 *p = im_payload(im);
	unsigned int i;

	memset(&im->msg, 0, sizeof(im->msg));
	im->msg.header.message_type = 0x80000000;
	im->msg.header.payload_size = 80;
	put_unaligned_le32(IM_VP, p);
	p[5] = access;
	put_unaligned_le16(0x14, p + 6);	/* CR0.PE, EFER.LMA */
	put_unaligned_le16(0x10, p + 20);	/* CS: selector, and a code segment that is long */
	put_unaligned_le16(0xa09b, p + 22);
	put_unaligned_le64(IM_RIP, p + 24);
	put_unaligned_le64(0x246, p + 32);	/* RFLAGS */
	p[44] = 16;				/* bytes of the instruction */
	p[45] = 0x03;				/* with a virtual address, of this physical one */
	put_unaligned_le64(0xffffc90000000000ULL + offset, p + 48);
	put_unaligned_le64(IM_GPA + offset, p + 56);
	memset(p + 64, 0x90, 16);
	memcpy(p + 64, insn, len);
	for (i = 0; i < VPART_GPRS; i++)
		im->gprs[i] = 0x1122334455667700ULL | i;
}

static int im_intercept(struct im *im)
{
	return vpart_hv_mmio(&im->msg, im->gprs);
}

/* All registers but one are as before. */
static void im_expect_gprs(struct im *im, int but)
{
	int i;

	for (i = 0; i < VPART_GPRS; i++)
		if (i != but)
			KUNIT_EXPECT_EQ_MSG(im->fh->test, im->gprs[i],
					    0x1122334455667700ULL | i, "register %d", i);
}

/* It is left to the monitor, and nothing has been done; @n so far. */
static void im_expect_left(struct im *im, unsigned int n, const char *what)
{
	struct kunit *test = im->fh->test;
	unsigned int calls = im->fh->calls, accesses = im->accesses;

	KUNIT_EXPECT_EQ_MSG(test, im_intercept(im), VPART_INTERCEPT_OTHER, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, fh_count(im->fh, VPART_MMIO_LEFT), n, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, im->accesses, accesses, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, im->fh->calls, calls, "%s", what);
	im_expect_gprs(im, -1);
}

/* ---- what is carried out ---------------------------------------------------------------- */

static void intercept_mmio_read_test(struct kunit *test)
{
	static const struct {
		u64 offset;
		u8 len, insn[10], size, reg;
		u64 after;
	} cases[] = {
		{ 0, 2, { 0x8a, 0x10 }, 1, 2, 0x1122334455667791 },
		{ 0x1001, 2, { 0x8a, 0x38 }, 1, 3, 0x1122334455669103 },
		{ 2, 3, { 0x66, 0x8b, 0x10 }, 2, 2, 0x112233445566d291 },
		{ 4, 2, { 0x8b, 0x10 }, 4, 2, 0xf4e3d291 },
		{ 0x2800, 2, { 0x8b, 0x10 }, 4, 2, 0xf4e3d291 },
		{ 8, 3, { 0x4c, 0x8b, 0x10 }, 8, 10, IM_PATTERN },
		{ 0xff8, 3, { 0x48, 0x8b, 0x10 }, 8, 2, IM_PATTERN },
		{ 1, 3, { 0x0f, 0xb6, 0x10 }, 1, 2, 0x91 },
		{ 1, 4, { 0x48, 0x0f, 0xbe, 0x10 }, 1, 2, 0xffffffffffffff91 },
		{ 2, 3, { 0x0f, 0xbf, 0x10 }, 2, 2, 0xffffd291 },
		{ 4, 3, { 0x48, 0x63, 0x10 }, 4, 2, 0xfffffffff4e3d291 },
		{ 4, 9, { 0xa1 }, 4, 0, 0xf4e3d291 },
	};
	struct im *im = im_new(test);
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const typeof(cases[0]) *c = &cases[i / 2];

		im_message(im, c->offset, IM_READ, c->insn, c->len);
		/* Not mapped, or protected */
		im->msg.header.message_type = 0x80000000 + i % 2;
		KUNIT_EXPECT_EQ_MSG(test, im_intercept(im), VPART_INTERCEPT_RESUME, "case %u", i);
		KUNIT_EXPECT_EQ(test, im->accesses, i + 1);
		KUNIT_EXPECT_FALSE(test, im->write);
		KUNIT_EXPECT_EQ_MSG(test, im->offset, c->offset, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, im->size, c->size, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, im->gprs[c->reg], c->after, "case %u", i);
		im_expect_gprs(im, c->reg);
		KUNIT_EXPECT_EQ_MSG(test, im->fh->rip[IM_VP], IM_RIP + c->len, "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_SERVED), im->accesses);
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_LEFT), 0);
}

static void intercept_mmio_write_test(struct kunit *test)
{
	static const struct {
		u64 offset;
		u8 len, insn[10], size;
		u64 value;
	} cases[] = {
		{ 0, 2, { 0x88, 0x08 }, 1, 0x01 },
		{ 0x2803, 2, { 0x88, 0x28 }, 1, 0x77 },
		{ 2, 3, { 0x66, 0x89, 0x08 }, 2, 0x7701 },
		{ 4, 2, { 0x89, 0x08 }, 4, 0x55667701 },
		{ 8, 3, { 0x4c, 0x89, 0x08 }, 8, 0x1122334455667709 },
		{ 0x17f8, 3, { 0x48, 0x89, 0x08 }, 8, 0x1122334455667701 },
		{ 1, 3, { 0xc6, 0x00, 0x80 }, 1, 0x80 },
		{ 2, 5, { 0x66, 0xc7, 0x00, 0x34, 0x92 }, 2, 0x9234 },
		{ 4, 6, { 0xc7, 0x00, 0x78, 0x56, 0x34, 0x92 }, 4, 0x92345678 },
		{ 8, 7, { 0x48, 0xc7, 0x00, 0x78, 0x56, 0x34, 0x92 }, 8, 0xffffffff92345678 },
		{ 4, 9, { 0xa3 }, 4, 0x55667700 },
	};
	struct im *im = im_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		im_message(im, cases[i].offset, IM_WRITE, cases[i].insn, cases[i].len);
		KUNIT_EXPECT_EQ_MSG(test, im_intercept(im), VPART_INTERCEPT_RESUME, "case %u", i);
		KUNIT_EXPECT_EQ(test, im->accesses, i + 1);
		KUNIT_EXPECT_TRUE(test, im->write);
		KUNIT_EXPECT_EQ_MSG(test, im->offset, cases[i].offset, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, im->size, cases[i].size, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, im->value, cases[i].value, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, im->fh->rip[IM_VP], IM_RIP + cases[i].len, "case %u", i);
		im_expect_gprs(im, -1);
	}
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_SERVED), im->accesses);
}

/* RIP is set first, and the partition cannot go meanwhile. */
static void intercept_mmio_order_test(struct kunit *test)
{
	static const u8 load[] = { 0x8b, 0x10 };
	struct im *im = im_new(test);
	unsigned int refs = kref_read(&im->fh->part->ref);

	im_message(im, 0, IM_READ, load, sizeof(load));
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
	KUNIT_EXPECT_EQ(test, im->rip, IM_RIP + 2);
	KUNIT_EXPECT_EQ(test, im->refs, refs + 1);
	KUNIT_EXPECT_EQ(test, kref_read(&im->fh->part->ref), refs);

	/* The guest goes: the access comes to its end, and is the last one. */
	im_message(im, 0, IM_READ, load, sizeof(load));
	im->vanish = true;
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
	KUNIT_EXPECT_EQ(test, im->gprs[2], 0xf4e3d291ULL);
	KUNIT_EXPECT_EQ(test, kref_read(&im->fh->part->ref), refs - 1);
	im_message(im, 0, IM_READ, load, sizeof(load));
	im_expect_left(im, 0, "no guest");
}

/* ---- what is not -------------------------------------------------------------------------- */

/* It is somebody else's, and nothing is counted. */
static void intercept_mmio_other_test(struct kunit *test)
{
	static const u8 load[] = { 0x8b, 0x10 };
	static const u64 offsets[] = { -1ULL, -4ULL, IM_SIZE, 0x10000, 0 - IM_GPA, ~IM_GPA };
	static const u32 types[] = { 0, 1, 0x80000002, 0x80000003, 0x80000050, 0x80000062 };
	struct im *im = im_new(test);
	struct vpart_mmio host = {
		.gpa = IM_GPA + 0x10000, .size = 0x1000, .vtl = VPART_VTL_PARAVISOR, .ops = &im_ops,
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpart_mmio_add(im->fh->part, &host), 0);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		im_message(im, offsets[i], IM_READ, load, sizeof(load));
		im_expect_left(im, 0, "address");
	}
	vpart_mmio_remove(im->fh->part, &host);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		im_message(im, 0, IM_READ, load, sizeof(load));
		im->msg.header.message_type = types[i];
		im_expect_left(im, 0, "type");
	}
	im_message(im, 0, IM_READ, load, sizeof(load));
	im->msg.header.payload_size = 79;
	im_expect_left(im, 0, "length");
	im->msg.header.payload_size = 0;
	im_expect_left(im, 0, "length");
	/* And the other way round */
	im_message(im, 0, IM_READ, load, sizeof(load));
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&im->msg, im->gprs), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_UNSERVED), 0);
	im->msg.header.payload_size = 240;
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
}

/* An access to the device at the wrong time, or of a kind that is not for us */
static void intercept_mmio_unfit_test(struct kunit *test)
{
	static const u8 load[] = { 0x8b, 0x10 };
	static const struct {
		const char *what;
		u8 at, size;
		u64 value;
	} cases[] = {
		{ "real mode", 6, 2, 0x0000 },
		{ "protected mode", 6, 2, 0x0004 },
		{ "a 32-bit program", 22, 2, 0xc0fb },
		{ "VTL1", 6, 2, 0x0094 },
		{ "VTL2", 6, 2, 0x0114 },
		{ "delivery of an event", 6, 2, 0x0054 },
		{ "after STI", 6, 2, 0x1014 },
		{ "single step", 32, 8, 0x346 },
		{ "no virtual address", 45, 1, 0x00 },
		{ "a page table", 45, 1, 0x01 },
		{ "no virtual address, but of it", 45, 1, 0x02 },
		{ "execution", 5, 1, IM_EXECUTE },
		{ "a write by a read", 5, 1, IM_WRITE },
		{ "no access", 5, 1, 0xff },
		{ "no bytes", 44, 1, 0 },
		{ "a byte", 44, 1, 1 },
		{ "another instruction", 64, 1, 0x87 },
		{ "no memory", 65, 1, 0xd0 },
		{ "RSP", 65, 1, 0x20 },
		{ "LOCK", 64, 2, 0x8bf0 },
		{ "last of the lower half", 24, 8, 0x7ffffffffffe },
		{ "last of all", 24, 8, U64_MAX - 1 },
		{ "over the end", 24, 8, U64_MAX },
		{ "no address", 24, 8, 0x7fffffffffffffff },
	};
	struct im *im = im_new(test);
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__le64 value = cpu_to_le64(cases[i].value);

		im_message(im, 0, IM_READ, load, sizeof(load));
		memcpy(im_payload(im) + cases[i].at, &value, cases[i].size);
		im_expect_left(im, ++n, cases[i].what);
	}
	/* The last that can be, and more bytes than there are */
	im_message(im, 0, IM_READ, load, sizeof(load));
	put_unaligned_le64(0x7ffffffffffd, im_payload(im) + 24);
	im_payload(im)[44] = 255;
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
	/* A program of 64 bits */
	im_message(im, 0, IM_READ, load, sizeof(load));
	put_unaligned_le16(0x17, im_payload(im) + 6);
	put_unaligned_le16(0xa0fb, im_payload(im) + 22);
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_LEFT), n);
	KUNIT_EXPECT_EQ(test, fh_count(im->fh, VPART_MMIO_UNSERVED), 0);
}

/* It begins in the device's addresses, and ends behind them or in another page. */
static void intercept_mmio_end_test(struct kunit *test)
{
	static const struct {
		u64 offset;
		u8 access, len, insn[4];
	} cases[] = {
		{ 0xfff, IM_READ, 3, { 0x66, 0x8b, 0x10 } },
		{ 0xffd, IM_WRITE, 2, { 0x89, 0x08 } },
		{ 0x1ff9, IM_READ, 3, { 0x48, 0x8b, 0x10 } },
		{ 0x2800, IM_READ, 3, { 0x48, 0x8b, 0x10 } },
		{ 0x2801, IM_WRITE, 2, { 0x89, 0x08 } },
		{ 0x2803, IM_READ, 3, { 0x0f, 0xb7, 0x10 } },
	};
	struct im *im = im_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		im_message(im, cases[i].offset, cases[i].access, cases[i].insn, cases[i].len);
		im_expect_left(im, i + 1, "end");
	}
}

/* Whatever the hypervisor says: no access is made that would be made again. */
static void intercept_mmio_status_test(struct kunit *test)
{
	static const u16 codes[] = { 2, 3, 4, 5, 6, 8, 0xb, 0xd, 0xe, 0x15, 0x78, 0xffff };
	static const u8 load[] = { 0x8b, 0x10 };
	struct im *im = im_new(test);
	struct fh *fh = im->fh;
	unsigned int i;

	fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		im_message(im, 0, IM_READ, load, sizeof(load));
		fh->status = codes[i];
		KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_OTHER);
		KUNIT_EXPECT_EQ(test, fh_count(fh, VPART_MMIO_LEFT), i + 1);
		KUNIT_EXPECT_EQ(test, fh->calls, 2 + i);
		im_expect_gprs(im, -1);
	}
	KUNIT_EXPECT_EQ(test, im->accesses, 0);
	fh->status = 0;
	KUNIT_EXPECT_EQ(test, im_intercept(im), VPART_INTERCEPT_RESUME);
}

static void intercept_mmio_bytes_test(struct kunit *test)
{
	/* Partition, VP 3, VTL 0 by name; RIP; 16 bytes of value */
	static const u8 rip[48] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0x10, 0, 0, 0,
		0x10, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		8, 7, 6, 5, 4, 3, 2, 1,
	};
	/* The VP that calls, and its own VTL */
	static const u8 config[48] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0x07, 0, 0xd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x3f, 0x56,
	};
	struct fh *fh = fh_new(test);

	KUNIT_EXPECT_EQ(test, vpart_hv_set_rip(3, 0x0102030405060708), 0);
	KUNIT_EXPECT_EQ(test, fh->control, FH_SET);
	KUNIT_EXPECT_EQ(test, fh->in_len, sizeof(rip));
	KUNIT_EXPECT_MEMEQ(test, fh->in, rip, sizeof(rip));

	fh->capabilities = BIT_ULL(30);
	fh->config = 0x163f;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), 1);
	KUNIT_EXPECT_EQ(test, fh->control, FH_SET);
	KUNIT_EXPECT_EQ(test, fh->in_len, sizeof(config));
	KUNIT_EXPECT_MEMEQ(test, fh->in, config, sizeof(config));
}

/* ---- asking for it -------------------------------------------------------------------------- */

static void intercept_mmio_unmapped_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	/* A hypervisor that cannot */
	fh->capabilities = ~BIT_ULL(30);
	fh->config = 0x163f;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(false), -EOPNOTSUPP);
	/* What else is in the register stays. */
	fh->capabilities = BIT_ULL(30);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(false), 0);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), 1);
	KUNIT_EXPECT_EQ(test, fh->config, 0x563fULL);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), 0);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(false), 1);
	KUNIT_EXPECT_EQ(test, fh->config, 0x163fULL);

	fh->status = HV_STATUS_ACCESS_DENIED;
	fh->status_code = VMBUS_HVCALL_GET_VP_REGISTERS;
	fh->status_name = VMBUS_HV_REG_VSM_CAPABILITIES;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), -EACCES);
	fh->status_name = VMBUS_HV_REG_VSM_CONFIG;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), -EACCES);
	fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(true), -EACCES);
	KUNIT_EXPECT_EQ(test, fh->config, 0x163fULL);
	/* No call to change nothing */
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept_unmapped(false), 0);
}

/* As long as there is the guest, and not for longer. */
static void intercept_mmio_take_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh->hook = true;
	fh->capabilities = BIT_ULL(30);
	fh->config = 0x163f;
	fh_start(fh);
	KUNIT_EXPECT_TRUE(test, fh->hooked);
	/* Who does not ask gets what comes. */
	KUNIT_EXPECT_EQ(test, fh->config, 0x163fULL);
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), 0);
	KUNIT_EXPECT_EQ(test, fh->config, 0x563fULL);
	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, fh->config, 0x163fULL);
	KUNIT_EXPECT_FALSE(test, fh->hooked);
}

/* A monitor has asked before: it goes on to get them. */
static void intercept_mmio_shared_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh->hook = true;
	fh->capabilities = BIT_ULL(30);
	fh->config = 0x563f;
	fh_start(fh);
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), 0);
	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, fh->config, 0x563fULL);
}

static void intercept_mmio_refused_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	unsigned int calls;

	/* mshv_vtl without the patch: the hypervisor is not even asked. */
	fh->capabilities = BIT_ULL(30);
	fh_start(fh);
	calls = fh->calls;
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, fh->calls, calls);
	KUNIT_EXPECT_EQ(test, fh->config, 0ULL);
	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, fh->config, 0ULL);
}

/* The hypervisor does not, at the beginning or at the end. */
static void intercept_mmio_hypervisor_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh->hook = true;
	fh_start(fh);
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), -EOPNOTSUPP);
	fh->capabilities = BIT_ULL(30);
	fh->status = HV_STATUS_ACCESS_DENIED;
	fh->status_code = VMBUS_HVCALL_SET_VP_REGISTERS;
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), -EACCES);
	KUNIT_EXPECT_EQ(test, fh->config, 0ULL);
	fh->status = 0;
	KUNIT_EXPECT_EQ(test, vpart_hv_take_unmapped(fh->hv), 0);
	fh->status = HV_STATUS_ACCESS_DENIED;
	fh_stop(fh);
	KUNIT_EXPECT_EQ(test, fh->config, 0x4000ULL);
	KUNIT_EXPECT_FALSE(test, fh->hooked);
	KUNIT_EXPECT_FALSE(test, vpart_backend_direct(fh->part));
}

static struct kunit_case intercept_mmio_cases[] = {
	KUNIT_CASE(intercept_mmio_read_test),
	KUNIT_CASE(intercept_mmio_write_test),
	KUNIT_CASE(intercept_mmio_order_test),
	KUNIT_CASE(intercept_mmio_other_test),
	KUNIT_CASE(intercept_mmio_unfit_test),
	KUNIT_CASE(intercept_mmio_end_test),
	KUNIT_CASE(intercept_mmio_status_test),
	KUNIT_CASE(intercept_mmio_bytes_test),
	KUNIT_CASE(intercept_mmio_unmapped_test),
	KUNIT_CASE(intercept_mmio_take_test),
	KUNIT_CASE(intercept_mmio_shared_test),
	KUNIT_CASE(intercept_mmio_refused_test),
	KUNIT_CASE(intercept_mmio_hypervisor_test),
	{}
};

static struct kunit_suite intercept_mmio_suite = {
	.name = "vmbus_intercept_mmio",
	.test_cases = intercept_mmio_cases,
};

kunit_test_suite(intercept_mmio_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: accesses of VTL0 to devices");
MODULE_LICENSE("GPL");
