// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the decoder for instructions by which a guest accesses a device.  The bytes are
 * as an assembler makes them.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_partition/hyperv.h"

#define IN_BEFORE	0x1122334455667788ULL	/* in every register */
#define IN_RANDOM	200000

/* ---- what is known ----------------------------------------------------------------------- */

static const struct in_good {
	const char *what;
	u8 len;
	u8 bytes[15];
	u8 size;
	u8 reg;
	u8 shift;
	u8 width;
	bool write;
	bool sign;
} in_good[] = {
	/* Widths */
	{ "mov %cl,(%rax)", 2, { 0x88, 0x08 }, 1, 1, 0, 1, true },
	{ "mov %cx,(%rax)", 3, { 0x66, 0x89, 0x08 }, 2, 1, 0, 2, true },
	{ "mov %ecx,(%rax)", 2, { 0x89, 0x08 }, 4, 1, 0, 4, true },
	{ "mov %rcx,(%rax)", 3, { 0x48, 0x89, 0x08 }, 8, 1, 0, 8, true },
	{ "mov (%rax),%dl", 2, { 0x8a, 0x10 }, 1, 2, 0, 1 },
	{ "mov (%rax),%dx", 3, { 0x66, 0x8b, 0x10 }, 2, 2, 0, 2 },
	{ "mov (%rax),%edx", 2, { 0x8b, 0x10 }, 4, 2, 0, 4 },
	{ "mov (%rax),%rdx", 3, { 0x48, 0x8b, 0x10 }, 8, 2, 0, 8 },
	/* Registers of a byte */
	{ "mov %ah,(%rax)", 2, { 0x88, 0x20 }, 1, 0, 8, 1, true },
	{ "mov %ch,(%rax)", 2, { 0x88, 0x28 }, 1, 1, 8, 1, true },
	{ "mov (%rax),%dh", 2, { 0x8a, 0x30 }, 1, 2, 8, 1 },
	{ "mov (%rax),%bh", 2, { 0x8a, 0x38 }, 1, 3, 8, 1 },
	{ "mov %bpl,(%rax)", 3, { 0x40, 0x88, 0x28 }, 1, 5, 0, 1, true },
	{ "mov (%rax),%dil", 3, { 0x40, 0x8a, 0x38 }, 1, 7, 0, 1 },
	{ "mov %r12b,(%rax)", 3, { 0x44, 0x88, 0x20 }, 1, 12, 0, 1, true },
	/* REX: W before the operand size, B and X of no matter */
	{ "mov (%rax),%r8d", 3, { 0x44, 0x8b, 0x00 }, 4, 8, 0, 4 },
	{ "mov %r12d,(%rax)", 3, { 0x44, 0x89, 0x20 }, 4, 12, 0, 4, true },
	{ "mov (%r15),%r15", 3, { 0x4d, 0x8b, 0x3f }, 8, 15, 0, 8 },
	{ "mov (%r8,%r9,1),%eax", 4, { 0x43, 0x8b, 0x04, 0x08 }, 4, 0, 0, 4 },
	{ "data16 mov (%rax),%rdx", 4, { 0x66, 0x48, 0x8b, 0x10 }, 8, 2, 0, 8 },
	/* Other prefixes */
	{ "mov %gs:(%rax),%edx", 3, { 0x65, 0x8b, 0x10 }, 4, 2, 0, 4 },
	{ "mov %es:%cs:%ss:%ds:(%rax),%edx", 6, { 0x26, 0x2e, 0x36, 0x3e, 0x8b, 0x10 }, 4, 2, 0,
	  4 },
	{ "mov (%eax),%edx", 3, { 0x67, 0x8b, 0x10 }, 4, 2, 0, 4 },
	{ "data16, 13 times", 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	  0x66, 0x66, 0x66, 0x8b, 0x10 }, 2, 2, 0, 2 },
	/* Addresses */
	{ "mov 0x7f(%rax),%ecx", 3, { 0x8b, 0x48, 0x7f }, 4, 1, 0, 4 },
	{ "mov 0x80(%rax),%ecx", 6, { 0x8b, 0x88, 0x80, 0, 0, 0 }, 4, 1, 0, 4 },
	{ "mov 1(%rip),%ecx", 6, { 0x8b, 0x0d, 1, 0, 0, 0 }, 4, 1, 0, 4 },
	{ "mov 1,%ecx", 7, { 0x8b, 0x0c, 0x25, 1, 0, 0, 0 }, 4, 1, 0, 4 },
	{ "mov 0(,%rax,1),%eax", 7, { 0x8b, 0x04, 0x05, 0, 0, 0, 0 }, 4, 0, 0, 4 },
	{ "mov (%rsp),%ecx", 3, { 0x8b, 0x0c, 0x24 }, 4, 1, 0, 4 },
	{ "mov 16(%rsp),%ecx", 4, { 0x8b, 0x4c, 0x24, 0x10 }, 4, 1, 0, 4 },
	{ "mov 256(%rsp),%ecx", 7, { 0x8b, 0x8c, 0x24, 0, 1, 0, 0 }, 4, 1, 0, 4 },
	{ "mov 0(%rbp,%rax,1),%eax", 4, { 0x8b, 0x44, 0x05, 0 }, 4, 0, 0, 4 },
	{ "mov (%r12),%eax", 4, { 0x41, 0x8b, 0x04, 0x24 }, 4, 0, 0, 4 },
	{ "mov 0(%r13),%eax", 4, { 0x41, 0x8b, 0x45, 0 }, 4, 0, 0, 4 },
	/* Extension */
	{ "movzbw (%rax),%cx", 4, { 0x66, 0x0f, 0xb6, 0x08 }, 1, 1, 0, 2 },
	{ "movzbl (%rax),%ecx", 3, { 0x0f, 0xb6, 0x08 }, 1, 1, 0, 4 },
	{ "movzbq (%rax),%rcx", 4, { 0x48, 0x0f, 0xb6, 0x08 }, 1, 1, 0, 8 },
	{ "movzbl (%rax),%ebp", 3, { 0x0f, 0xb6, 0x28 }, 1, 5, 0, 4 },
	{ "movzww (%rax),%cx", 4, { 0x66, 0x0f, 0xb7, 0x08 }, 2, 1, 0, 2 },
	{ "movzwl (%rax),%ecx", 3, { 0x0f, 0xb7, 0x08 }, 2, 1, 0, 4 },
	{ "movzwq (%rax),%r9", 4, { 0x4c, 0x0f, 0xb7, 0x08 }, 2, 9, 0, 8 },
	{ "movsbw (%rax),%cx", 4, { 0x66, 0x0f, 0xbe, 0x08 }, 1, 1, 0, 2, false, true },
	{ "movsbl (%rax),%ecx", 3, { 0x0f, 0xbe, 0x08 }, 1, 1, 0, 4, false, true },
	{ "movsbq (%rax),%rcx", 4, { 0x48, 0x0f, 0xbe, 0x08 }, 1, 1, 0, 8, false, true },
	{ "movswl (%rax),%ecx", 3, { 0x0f, 0xbf, 0x08 }, 2, 1, 0, 4, false, true },
	{ "movswq (%rax),%rcx", 4, { 0x48, 0x0f, 0xbf, 0x08 }, 2, 1, 0, 8, false, true },
	{ "movslq (%rax),%rcx", 3, { 0x48, 0x63, 0x08 }, 4, 1, 0, 8, false, true },
	{ "movsxd (%rax),%ecx", 2, { 0x63, 0x08 }, 4, 1, 0, 4, false, true },
	/* RAX and an address */
	{ "movabs 1,%al", 9, { 0xa0, 1 }, 1, 0, 0, 1 },
	{ "movabs 1,%ax", 10, { 0x66, 0xa1, 1 }, 2, 0, 0, 2 },
	{ "movabs 1,%eax", 9, { 0xa1, 1 }, 4, 0, 0, 4 },
	{ "movabs 1,%rax", 10, { 0x48, 0xa1, 1 }, 8, 0, 0, 8 },
	{ "movabs %al,1", 9, { 0xa2, 1 }, 1, 0, 0, 1, true },
	{ "movabs %rax,1", 10, { 0x4f, 0xa3, 1 }, 8, 0, 0, 8, true },
	{ "addr32 movabs 1,%eax", 6, { 0x67, 0xa1, 1 }, 4, 0, 0, 4 },
};

static void insn_good_test(struct kunit *test)
{
	const struct in_good *c;
	struct vpart_insn insn;

	for (c = in_good; c < in_good + ARRAY_SIZE(in_good); c++) {
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_decode(c->bytes, c->len, &insn), 0, "%s",
				    c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.len, c->len, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.size, c->size, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.reg, c->reg, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.shift, c->shift, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.width, c->width, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.write, c->write, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, insn.sign, c->sign, "%s", c->what);
		KUNIT_EXPECT_FALSE_MSG(test, insn.constant, "%s", c->what);
	}
}

/* Less of it is not enough, and what follows does not matter.  Bytes are read up to @n. */
static void insn_length_test(struct kunit *test)
{
	const struct in_good *c;
	struct vpart_insn insn;
	unsigned int n;
	u8 *bytes;

	for (c = in_good; c < in_good + ARRAY_SIZE(in_good); c++) {
		for (n = 0; n < c->len; n++) {
			bytes = kmemdup(c->bytes, n, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, bytes);
			KUNIT_EXPECT_EQ_MSG(test, vpart_insn_decode(bytes, n, &insn), -ENODATA,
					    "%s, %u bytes", c->what, n);
			kfree(bytes);
		}
		bytes = kmalloc(16, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bytes);
		memset(bytes, 0xcc, 16);
		memcpy(bytes, c->bytes, c->len);
		KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, 16, &insn), 0);
		KUNIT_EXPECT_EQ_MSG(test, insn.len, c->len, "%s", c->what);
		kfree(bytes);
	}
}

static void insn_constant_test(struct kunit *test)
{
	static const struct {
		u8 len, bytes[11], size;
		u64 value;
	} cases[] = {
		{ 3, { 0xc6, 0x00, 0x7f }, 1, 0x7f },
		{ 3, { 0xc6, 0x00, 0x80 }, 1, -0x80ULL },
		{ 5, { 0x66, 0xc7, 0x00, 0x34, 0x92 }, 2, 0xffffffffffff9234 },
		{ 6, { 0xc7, 0x00, 0x78, 0x56, 0x34, 0x12 }, 4, 0x12345678 },
		{ 7, { 0x48, 0xc7, 0x00, 0x78, 0x56, 0x34, 0x92 }, 8, 0xffffffff92345678 },
		{ 11, { 0x48, 0xc7, 0x05, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0x7f }, 8, 0x7fffffff },
		{ 4, { 0xc6, 0x40, 0x11, 0x22 }, 1, 0x22 },
	};
	static const u64 gprs[VPART_GPRS];
	struct vpart_insn insn;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 *bytes = cases[i].bytes;

		for (n = 0; n < cases[i].len; n++)
			KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, n, &insn), -ENODATA);
		KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, n, &insn), 0);
		KUNIT_EXPECT_EQ_MSG(test, insn.len, cases[i].len, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, insn.size, cases[i].size, "case %u", i);
		KUNIT_EXPECT_TRUE(test, insn.write);
		KUNIT_EXPECT_TRUE(test, insn.constant);
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_written(&insn, gprs), cases[i].value,
				    "case %u", i);
	}
}

/* ---- what is not ------------------------------------------------------------------------- */

static void insn_unknown_test(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 bytes[15];
	} cases[] = {
		{ "mov %eax,%ecx", { 0x89, 0xc1 } },
		{ "movzbl %al,%ecx", { 0x0f, 0xb6, 0xc8 } },
		{ "mov %esp,(%rax)", { 0x89, 0x20 } },
		{ "mov (%rax),%rsp", { 0x48, 0x8b, 0x20 } },
		{ "mov %spl,(%rax)", { 0x40, 0x88, 0x20 } },
		{ "movzbl (%rax),%esp", { 0x0f, 0xb6, 0x20 } },
		{ "movsxd (%rax),%cx", { 0x66, 0x63, 0x08 } },
		{ "lock mov %ecx,(%rax)", { 0xf0, 0x89, 0x08 } },
		{ "xrelease mov %ecx,(%rax)", { 0xf3, 0x89, 0x08 } },
		{ "repnz mov %ecx,(%rax)", { 0xf2, 0x89, 0x08 } },
		{ "movsl", { 0xa5 } },
		{ "rep movsl", { 0xf3, 0xa5 } },
		{ "stos", { 0xaa } },
		{ "xchg %ecx,(%rax)", { 0x87, 0x08 } },
		{ "add %ecx,(%rax)", { 0x01, 0x08 } },
		{ "lock cmpxchg %ecx,(%rax)", { 0xf0, 0x0f, 0xb1, 0x08 } },
		{ "test %ecx,(%rax)", { 0x85, 0x08 } },
		{ "push (%rax)", { 0xff, 0x30 } },
		{ "pop (%rax)", { 0x8f, 0x00 } },
		{ "mov %ds,(%rax)", { 0x8c, 0x18 } },
		{ "movbe (%rax),%ecx", { 0x0f, 0x38, 0xf0, 0x08 } },
		{ "movnti %ecx,(%rax)", { 0x0f, 0xc3, 0x08 } },
		{ "movdqu (%rax),%xmm1", { 0xf3, 0x0f, 0x6f, 0x08 } },
		{ "vmovdqu (%rax),%ymm1", { 0xc5, 0xfe, 0x6f, 0x08 } },
		{ "vmovdqu32 (%rax),%zmm1", { 0x62, 0xf1, 0x7e, 0x48, 0x6f, 0x08 } },
		{ "REX of two bytes", { 0xd5, 0x00, 0x8b, 0x08 } },
		{ "REX before a prefix", { 0x48, 0x66, 0x8b, 0x10 } },
		{ "REX before REX", { 0x4c, 0x40, 0x8b, 0x10 } },
		{ "xabort", { 0xc6, 0xf8, 0x00 } },
		{ "c6 /1", { 0xc6, 0x08, 0x00 } },
		{ "c7 /7", { 0xc7, 0x38, 0x00 } },
		{ "vmcall", { 0x0f, 0x01, 0xc1 } },
		{ "zeros", { 0x00 } },
	};
	struct vpart_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_decode(cases[i].bytes, 15, &insn),
				    -EOPNOTSUPP, "%s", cases[i].what);
}

/* There are 15 bytes, whatever follows. */
static void insn_longest_test(struct kunit *test)
{
	u8 bytes[16];
	struct vpart_insn insn;

	memset(bytes, 0x66, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, sizeof(bytes), &insn), -ENODATA);
	bytes[14] = 0x8b;
	bytes[15] = 0x10;
	KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, sizeof(bytes), &insn), -ENODATA);
	bytes[13] = 0x8b;
	bytes[14] = 0x10;
	KUNIT_EXPECT_EQ(test, vpart_insn_decode(bytes, sizeof(bytes), &insn), 0);
	KUNIT_EXPECT_EQ(test, insn.len, 15);
}

/* Of all opcodes these and no others, with an address that is relative to RIP. */
static void insn_opcodes_test(struct kunit *test)
{
	static const u8 one[] = {
		0x63, 0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xc6, 0xc7,
	};
	static const u8 two[] = { 0xb6, 0xb7, 0xbe, 0xbf };
	struct vpart_insn insn;
	unsigned int i;
	bool known;

	for (i = 0; i < 256; i++) {
		const u8 first[15] = { i, 0x05 };
		const u8 second[15] = { 0x0f, i, 0x05 };

		known = memchr(one, i, sizeof(one));
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_decode(first, 15, &insn),
				    known ? 0 : -EOPNOTSUPP, "opcode %#x", i);
		known = memchr(two, i, sizeof(two));
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_decode(second, 15, &insn),
				    known ? 0 : -EOPNOTSUPP, "opcode 0x0f %#x", i);
	}
}

static bool in_sane(const struct vpart_insn *insn, unsigned int n)
{
	return insn->len && insn->len <= n && insn->len <= 15 && is_power_of_2(insn->size) &&
	       insn->size <= 8 && insn->width <= 8 && insn->width >= insn->size &&
	       insn->reg < VPART_GPRS && insn->reg != 4 && (!insn->shift || insn->width == 1) &&
	       !(insn->write && insn->sign) && (insn->write || !insn->constant);
}

/* Whatever the bytes are, what comes out can be used, and nothing behind them is read. */
static void insn_random_test(struct kunit *test)
{
	unsigned int i, n, bad = 0, good = 0;
	u64 gprs[VPART_GPRS] = {};
	struct vpart_insn insn;
	struct rnd_state rnd;
	u8 *bytes;
	int err;

	prandom_seed_state(&rnd, 0x1457);
	for (i = 0; i < IN_RANDOM; i++) {
		n = prandom_u32_state(&rnd) % 17;
		bytes = kmalloc(n, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bytes);
		prandom_bytes_state(&rnd, bytes, n);
		/* Else few get far. */
		if (n > 1 && i & 1)
			bytes[0] = 0x88 + (bytes[0] & 3);
		err = vpart_insn_decode(bytes, n, &insn);
		kfree(bytes);
		if (err) {
			bad += err != -ENODATA && err != -EOPNOTSUPP;
			continue;
		}
		good++;
		bad += !in_sane(&insn, n);
		if (insn.write)
			vpart_insn_written(&insn, gprs);
		else
			vpart_insn_read(&insn, gprs, prandom_u32_state(&rnd));
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_GT(test, good, IN_RANDOM / 10);
	KUNIT_EXPECT_EQ(test, gprs[4], 0);
}

/* ---- registers --------------------------------------------------------------------------- */

/* What is read goes to one register, and to as much of it as the processor would change. */
static void insn_read_test(struct kunit *test)
{
	static const struct {
		u8 bytes[10];
		u64 value;
		unsigned int reg;
		u64 after;
	} cases[] = {
		{ { 0x8a, 0x08 }, 0xab, 1, 0x11223344556677ab },
		{ { 0x8a, 0x38 }, 0xab, 3, 0x112233445566ab88 },
		{ { 0x40, 0x8a, 0x38 }, 0xab, 7, 0x11223344556677ab },
		{ { 0x66, 0x8b, 0x18 }, 0xbeef, 3, 0x112233445566beef },
		{ { 0x8b, 0x18 }, 0xdeadbeef, 3, 0xdeadbeef },
		{ { 0x48, 0x8b, 0x18 }, 0xfedcba9876543210, 3, 0xfedcba9876543210 },
		{ { 0x66, 0x0f, 0xb6, 0x08 }, 0x80, 1, 0x1122334455660080 },
		{ { 0x0f, 0xb6, 0x08 }, 0x80, 1, 0x80 },
		{ { 0x48, 0x0f, 0xb6, 0x08 }, 0x80, 1, 0x80 },
		{ { 0x66, 0x0f, 0xbe, 0x08 }, 0x80, 1, 0x112233445566ff80 },
		{ { 0x0f, 0xbe, 0x08 }, 0x80, 1, 0xffffff80 },
		{ { 0x0f, 0xbe, 0x08 }, 0x7f, 1, 0x7f },
		{ { 0x48, 0x0f, 0xbe, 0x08 }, 0x80, 1, -0x80ULL },
		{ { 0x0f, 0xb7, 0x08 }, 0x8000, 1, 0x8000 },
		{ { 0x66, 0x0f, 0xb7, 0x08 }, 0x8000, 1, 0x1122334455668000 },
		{ { 0x0f, 0xbf, 0x08 }, 0x8000, 1, 0xffff8000 },
		{ { 0x48, 0x0f, 0xbf, 0x08 }, 0x8000, 1, -0x8000ULL },
		{ { 0x48, 0x63, 0x08 }, 0x80000000, 1, -0x80000000ULL },
		{ { 0x63, 0x08 }, 0x80000000, 1, 0x80000000 },
		{ { 0xa0 }, 0xab, 0, 0x11223344556677ab },
		{ { 0x48, 0xa1 }, 0xfedcba9876543210, 0, 0xfedcba9876543210 },
		{ { 0x4c, 0x8b, 0x38 }, 0xfedcba9876543210, 15, 0xfedcba9876543210 },
	};
	u64 gprs[VPART_GPRS];
	struct vpart_insn insn;
	unsigned int i, reg;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset64(gprs, IN_BEFORE, VPART_GPRS);
		KUNIT_ASSERT_EQ(test, vpart_insn_decode(cases[i].bytes, 10, &insn), 0);
		KUNIT_EXPECT_FALSE(test, insn.write);
		vpart_insn_read(&insn, gprs, cases[i].value);
		KUNIT_EXPECT_EQ_MSG(test, gprs[cases[i].reg], cases[i].after, "case %u", i);
		gprs[cases[i].reg] = IN_BEFORE;
		for (reg = 0; reg < VPART_GPRS; reg++)
			KUNIT_EXPECT_EQ_MSG(test, gprs[reg], IN_BEFORE, "case %u, register %u", i,
					    reg);
	}
}

static void insn_written_test(struct kunit *test)
{
	static const struct {
		u8 bytes[10];
		u64 value;
	} cases[] = {
		{ { 0x88, 0x00 }, 0x88 },
		{ { 0x88, 0x20 }, 0x77 },
		{ { 0x66, 0x89, 0x00 }, 0x7788 },
		{ { 0x89, 0x00 }, 0x55667788 },
		{ { 0x48, 0x89, 0x00 }, IN_BEFORE },
		{ { 0xa2 }, 0x88 },
		{ { 0x48, 0xa3 }, IN_BEFORE },
	};
	u64 gprs[VPART_GPRS] = { IN_BEFORE };
	struct vpart_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test, vpart_insn_decode(cases[i].bytes, 10, &insn), 0);
		KUNIT_EXPECT_TRUE(test, insn.write);
		KUNIT_EXPECT_EQ_MSG(test, vpart_insn_written(&insn, gprs) &
				    (U64_MAX >> (64 - 8 * insn.size)), cases[i].value,
				    "case %u", i);
	}
}

static struct kunit_case insn_cases[] = {
	KUNIT_CASE(insn_good_test),
	KUNIT_CASE(insn_length_test),
	KUNIT_CASE(insn_constant_test),
	KUNIT_CASE(insn_unknown_test),
	KUNIT_CASE(insn_longest_test),
	KUNIT_CASE(insn_opcodes_test),
	KUNIT_CASE(insn_random_test),
	KUNIT_CASE(insn_read_test),
	KUNIT_CASE(insn_written_test),
	{}
};

static struct kunit_suite insn_suite = {
	.name = "vmbus_insn",
	.test_cases = insn_cases,
};

kunit_test_suite(insn_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: instructions");
MODULE_LICENSE("GPL");
