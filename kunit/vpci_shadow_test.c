// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: configuration space as the guest sees it.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_pure.h"

#define SH_LOG	16

/**
 * struct sh - a device's configuration space, and who has touched it
 * @shadow: as the guest sees it
 * @config: as the host has it
 * @reads: of the host's
 * @writes: of the host's
 * @log: offsets of the first of them
 * @wide: a value had more bits than its access
 * @refuse: memory must not be decoded
 * @on: how often it was switched on
 * @off: and off
 * @regs: where it was decoded
 */
struct sh {
	struct vpci_shadow shadow;
	u8 config[VPCI_CONFIG_SIZE];
	unsigned int reads;
	unsigned int writes;
	u16 log[SH_LOG];
	bool wide;
	bool refuse;
	unsigned int on;
	unsigned int off;
	u32 regs[VPCI_BARS];
};

static u32 sh_read(void *ctx, u16 offset, u8 size)
{
	struct sh *sh = ctx;
	u32 value = 0;

	sh->reads++;
	memcpy(&value, sh->config + offset, size);
	return le32_to_cpu((__force __le32)value);
}

static void sh_write(void *ctx, u16 offset, u8 size, u32 value)
{
	__le32 bytes = cpu_to_le32(value);
	struct sh *sh = ctx;

	if (sh->writes < SH_LOG)
		sh->log[sh->writes] = offset;
	sh->writes++;
	if (size < 4 && value >> 8 * size)
		sh->wide = true;
	memcpy(sh->config + offset, &bytes, size);
}

static bool sh_mmio(void *ctx, const u32 regs[VPCI_BARS], bool on)
{
	struct sh *sh = ctx;

	if (!on) {
		sh->off++;
		return false;
	}
	sh->on++;
	memcpy(sh->regs, regs, sizeof(sh->regs));
	return !sh->refuse;
}

static const struct vpci_shadow_ops sh_ops = {
	.read = sh_read,
	.write = sh_write,
	.mmio = sh_mmio,
};

static const struct vpci_shadow_ops sh_plain_ops = {
	.read = sh_read,
	.write = sh_write,
};

/* 16 KiB of 64 bits, 64 KiB of 32 bits, 8 GiB of 64 bits, nothing */
static const u32 sh_masks[VPCI_BARS] = { 0xffffc00c, 0xffffffff, 0xffff0000, 0x4, 0xfffffffe };

/* A device; every byte of the host's space is its offset, so that all differ. */
static struct sh *sh_new(struct kunit *test)
{
	static const struct vpci_desc desc = {
		.vendor = 0x1414, .device = 0xb111, .revision = 0x51, .prog_if = 0x52,
		.subclass = 0x58, .class = 0x5a, .subvendor = 0x1af4, .subsystem = 0x1100,
	};
	struct sh *sh = kunit_kzalloc(test, sizeof(*sh), GFP_KERNEL);
	struct vpci_bars bars;
	const char *why;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sh);
	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&bars, sh_masks, &why), 0);
	for (i = 0; i < VPCI_CONFIG_SIZE; i++)
		sh->config[i] = i;
	vpci_shadow_init(&sh->shadow, &desc, &bars, &sh_ops, sh);
	return sh;
}

static u32 sh_get(struct kunit *test, struct sh *sh, u32 offset, u32 size)
{
	u32 value = 0x12345678;

	KUNIT_EXPECT_TRUE_MSG(test, vpci_shadow_read(&sh->shadow, offset, size, &value),
			      "%u bytes at %#x", size, offset);
	return value;
}

static void sh_put(struct kunit *test, struct sh *sh, u32 offset, u32 size, u32 value)
{
	KUNIT_EXPECT_TRUE_MSG(test, vpci_shadow_write(&sh->shadow, offset, size, value),
			      "%u bytes at %#x", size, offset);
}

/* ---- accesses -------------------------------------------------------------------------- */

/* All that is aligned and within the page, whatever the size; and nothing else. */
static void vpci_shadow_access_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);
	u32 offset, size, value;
	bool good;

	for (offset = 0; offset < 0x1010; offset++) {
		for (size = 0; size < 10; size++) {
			good = (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
			       offset < 0x1000;
			value = 0;
			KUNIT_EXPECT_EQ_MSG(test,
					    vpci_shadow_read(&sh->shadow, offset, size, &value),
					    good, "%u at %#x", size, offset);
			if (!good)
				KUNIT_EXPECT_EQ(test, value, U32_MAX);
			KUNIT_EXPECT_EQ_MSG(test,
					    vpci_shadow_write(&sh->shadow, offset, size, 0),
					    good, "%u at %#x", size, offset);
		}
	}
}

static void vpci_shadow_far_test(struct kunit *test)
{
	static const struct { u32 offset, size; } far[] = {
		{ 0x1000, 4 }, { 0xfffffffc, 4 }, { U32_MAX, 1 }, { 0x10000, 4 }, { 0x80000000, 2 },
		{ 0, U32_MAX }, { 0, 0x80000000 }, { 4, 0x101 }, { 0xffc, 8 }, { 0xffe, 4 },
	};
	struct sh *sh = sh_new(test);
	unsigned int i;
	u32 value;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		value = 0;
		KUNIT_EXPECT_FALSE(test, vpci_shadow_read(&sh->shadow, far[i].offset, far[i].size,
							  &value));
		KUNIT_EXPECT_EQ(test, value, U32_MAX);
		KUNIT_EXPECT_FALSE(test, vpci_shadow_write(&sh->shadow, far[i].offset,
							   far[i].size, 0));
	}
	KUNIT_EXPECT_EQ(test, sh->reads, 0);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
}

static void vpci_shadow_last_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0xffc, 4), 0xfffefdfc);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0xffe, 2), 0xfffe);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0xfff, 1), 0xff);
	sh_put(test, sh, 0xffc, 4, 0x01020304);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0xffc, 4), 0x01020304);
	sh_put(test, sh, 0xfff, 1, 0x77);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0xffc, 4), 0x77020304);
}

/* Everything that is not kept here goes to the host as it comes. */
static void vpci_shadow_through_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);
	u32 offset, expected, size;

	for (offset = 0; offset < VPCI_CONFIG_SIZE; offset += 4) {
		if ((offset >= PCI_BASE_ADDRESS_0 && offset <= PCI_BASE_ADDRESS_5) ||
		    offset == 0 || offset == 4 || offset == 8 || offset == 0x2c || offset == 0x30)
			continue;
		for (size = 1; size <= 4; size *= 2) {
			sh->reads = 0;
			sh->writes = 0;
			expected = 0;
			memcpy(&expected, sh->config + offset, size);
			expected = le32_to_cpu((__force __le32)expected);
			KUNIT_EXPECT_EQ(test, sh_get(test, sh, offset, size), expected);
			sh_put(test, sh, offset, size, ~expected);
			KUNIT_EXPECT_EQ_MSG(test, sh->reads, 1, "%#x", offset);
			KUNIT_EXPECT_EQ_MSG(test, sh->writes, 1, "%#x", offset);
			KUNIT_EXPECT_EQ_MSG(test, sh->log[0], offset, "%#x", offset);
			KUNIT_EXPECT_EQ(test, sh->config[offset], (u8)~expected);
		}
	}
	KUNIT_EXPECT_FALSE(test, sh->wide);
}

/* ---- ids ------------------------------------------------------------------------------- */

static void vpci_shadow_ids_test(struct kunit *test)
{
	static const struct { u32 offset, value; } ids[] = {
		{ 0, 0xb1111414 }, { 8, 0x5a585251 }, { 0x2c, 0x11001af4 }, { 0x30, 0 },
	};
	struct sh *sh = sh_new(test);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		sh_put(test, sh, ids[i].offset, 4, 0x87654321);
		KUNIT_EXPECT_EQ(test, sh_get(test, sh, ids[i].offset, 4), ids[i].value);
		for (k = 0; k < 4; k += 2)
			KUNIT_EXPECT_EQ(test, sh_get(test, sh, ids[i].offset + k, 2),
					(u16)(ids[i].value >> 8 * k));
		for (k = 0; k < 4; k++) {
			sh_put(test, sh, ids[i].offset + k, 1, 0x55);
			KUNIT_EXPECT_EQ(test, sh_get(test, sh, ids[i].offset + k, 1),
					(u8)(ids[i].value >> 8 * k));
		}
	}
	KUNIT_EXPECT_EQ(test, sh->reads, 0);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
}

/* ---- base addresses -------------------------------------------------------------------- */

/* As a guest looks for their sizes: nothing of that reaches the host. */
static void vpci_shadow_sizing_test(struct kunit *test)
{
	static const struct { u32 empty, written; } table[VPCI_BARS] = {
		{ 0xc, 0x9876400c }, { 0, 0x98765433 }, { 0, 0x98760000 }, { 0x4, 0x4 },
		{ 0, 0x98765432 }, { 0, 0 },
	};
	struct sh *sh = sh_new(test);
	unsigned int i;
	u32 at;

	for (i = 0; i < VPCI_BARS; i++) {
		at = PCI_BASE_ADDRESS_0 + 4 * i;
		KUNIT_EXPECT_EQ_MSG(test, sh_get(test, sh, at, 4), table[i].empty, "BAR %u", i);
		sh_put(test, sh, at, 4, U32_MAX);
		KUNIT_EXPECT_EQ_MSG(test, sh_get(test, sh, at, 4), sh_masks[i], "BAR %u", i);
		sh_put(test, sh, at, 4, 0x98765433);
		KUNIT_EXPECT_EQ_MSG(test, sh_get(test, sh, at, 4), table[i].written, "BAR %u", i);
		sh_put(test, sh, at, 4, 0);
		KUNIT_EXPECT_EQ_MSG(test, sh_get(test, sh, at, 4), table[i].empty, "BAR %u", i);
	}
	KUNIT_EXPECT_EQ(test, sh->reads, 0);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
}

/* A part of a register changes that part only. */
static void vpci_shadow_parts_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	sh_put(test, sh, 0x14, 4, 0x11223344);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x14, 1), 0x44);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x15, 1), 0x33);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x16, 1), 0x22);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x17, 1), 0x11);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x14, 2), 0x3344);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x16, 2), 0x1122);
	sh_put(test, sh, 0x15, 1, 0xffffff99);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x14, 4), 0x11229944);
	sh_put(test, sh, 0x16, 2, 0xffff5566);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x14, 4), 0x55669944);
	sh_put(test, sh, 0x17, 1, 0);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x14, 4), 0x00669944);
	/* Where bits are fixed, they stay. */
	sh_put(test, sh, 0x10, 1, 0);
	sh_put(test, sh, 0x11, 1, 0xff);
	sh_put(test, sh, 0x12, 2, 0xf800);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x10, 4), 0xf800c00c);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x10, 1), 0x0c);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
}

/* ---- memory on and off ----------------------------------------------------------------- */

static void sh_addresses(struct kunit *test, struct sh *sh)
{
	sh_put(test, sh, 0x10, 4, 0x00004000);
	sh_put(test, sh, 0x14, 4, 0x00000012);
	sh_put(test, sh, 0x18, 4, 0xf8010000);
	sh_put(test, sh, 0x1c, 4, 0);
	sh_put(test, sh, 0x20, 4, 0x40);
	sh_put(test, sh, 0x24, 4, 0x12345678);
}

static u32 sh_host(const struct sh *sh, u16 offset)
{
	__le32 value;

	memcpy(&value, sh->config + offset, sizeof(value));
	return le32_to_cpu(value);
}

/* Addresses first, then the bit. */
static void vpci_shadow_flush_test(struct kunit *test)
{
	static const u16 order[] = { 0x10, 0x14, 0x18, 0x1c, 0x20, 0x04 };
	struct sh *sh = sh_new(test);

	sh_addresses(test, sh);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
	sh_put(test, sh, PCI_COMMAND, 2, 0x0406);
	KUNIT_EXPECT_EQ(test, sh->writes, ARRAY_SIZE(order));
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)sh->log, (const u8 *)order, sizeof(order));
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x10), 0x0000400c);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x14), 0x00000012);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x18), 0xf8010000);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x1c), 0x4);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x20), 0x40);
	/* What is no BAR was never touched. */
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x24), 0x27262524);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x04), 0x07060406);
	KUNIT_EXPECT_TRUE(test, sh->shadow.mmio);
	KUNIT_EXPECT_EQ(test, sh->on, 1);
	KUNIT_EXPECT_EQ(test, sh->regs[0], 0x4000);
	KUNIT_EXPECT_EQ(test, sh->regs[2], 0xf8010000);

	/* It is on already. */
	sh->writes = 0;
	sh_put(test, sh, PCI_COMMAND, 2, 0x0402);
	KUNIT_EXPECT_EQ(test, sh->writes, 1);
	KUNIT_EXPECT_EQ(test, sh->on, 1);
	KUNIT_EXPECT_EQ(test, sh->off, 0);
}

/* Addresses that change meanwhile wait for the next time. */
static void vpci_shadow_later_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	sh_addresses(test, sh);
	sh_put(test, sh, PCI_COMMAND, 2, 2);
	sh->writes = 0;
	sh_put(test, sh, 0x18, 4, 0xf9000000);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x18, 4), 0xf9000000);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x18), 0xf8010000);
	sh_put(test, sh, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, sh->writes, 1);
	KUNIT_EXPECT_EQ(test, sh->off, 1);
	KUNIT_EXPECT_FALSE(test, sh->shadow.mmio);
	sh_put(test, sh, PCI_COMMAND, 2, 2);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x18), 0xf9000000);
	KUNIT_EXPECT_EQ(test, sh->regs[2], 0xf9000000);
	KUNIT_EXPECT_EQ(test, sh->on, 2);
}

/**
 * struct sc_case - an access to command and status
 * @offset: where
 * @size: bytes
 * @value: what
 * @on: memory is on then, if it was off
 * @stays: and if it was on
 */
struct sc_case {
	u32 offset;
	u32 size;
	u32 value;
	bool on;
	bool stays;
};

static const struct sc_case sc_cases[] = {
	{ 4, 4, 0x00000002, true, true },
	{ 4, 4, 0xffffffff, true, true },
	{ 4, 4, 0xfffffffd, false, false },
	{ 4, 2, 0x0002, true, true },
	{ 4, 2, 0xfffd, false, false },
	{ 4, 1, 0x02, true, true },
	{ 4, 1, 0xfd, false, false },
	/* These have not the bit. */
	{ 5, 1, 0x02, false, true },
	{ 5, 1, 0x00, false, true },
	{ 6, 2, 0x0002, false, true },
	{ 6, 1, 0x02, false, true },
	{ 7, 1, 0xff, false, true },
};

static void vpci_shadow_command_test(struct kunit *test)
{
	const struct sc_case *c;
	unsigned int i, was;
	struct sh *sh;
	bool on;

	for (i = 0; i < ARRAY_SIZE(sc_cases); i++) {
		for (was = 0; was < 2; was++) {
			c = &sc_cases[i];
			sh = sh_new(test);
			sh_put(test, sh, 4, 2, was ? 2 : 0);
			sh->writes = 0;
			sh_put(test, sh, c->offset, c->size, c->value);
			on = was ? c->stays : c->on;
			KUNIT_EXPECT_EQ_MSG(test, sh->shadow.mmio, on, "case %u, %u", i, was);
			/* The host gets what was written, no less and no more. */
			KUNIT_EXPECT_EQ_MSG(test, sh->writes, !was && on ? 6 : 1, "case %u, %u",
					    i, was);
			KUNIT_EXPECT_EQ(test, sh->log[sh->writes - 1], c->offset);
			KUNIT_EXPECT_EQ(test, sh->config[c->offset], (u8)c->value);
			KUNIT_EXPECT_EQ_MSG(test, sh->on, was || on ? 1 : 0, "case %u, %u", i, was);
			KUNIT_EXPECT_EQ_MSG(test, sh->off, was && !on ? 1 : 0, "case %u, %u", i,
					    was);
		}
	}
}

/* Whatever the host says of memory, the guest reads what it has written. */
static void vpci_shadow_status_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	sh->config[4] = 0xff;
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 4), 0x070605fd);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 2), 0x05fd);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 1), 0xfd);
	sh_put(test, sh, 4, 1, 0x06);
	sh->config[4] = 0;
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 4), 0x07060502);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 2), 0x0502);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 4, 1), 0x02);
	/* The bytes beside it are the host's. */
	sh->config[5] = 0;
	sh->config[6] = 0;
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 5, 1), 0);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 6, 2), 0x0700);
}

/* Who knows better may refuse; all other bits get through. */
static void vpci_shadow_refuse_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	sh_addresses(test, sh);
	sh->refuse = true;
	sh_put(test, sh, PCI_COMMAND, 2, 0x0406);
	KUNIT_EXPECT_FALSE(test, sh->shadow.mmio);
	KUNIT_EXPECT_EQ(test, sh->writes, 1);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x04), 0x07060404);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x10), 0x13121110);
	KUNIT_EXPECT_EQ(test, sh->off, 0);
	sh->refuse = false;
	sh_put(test, sh, PCI_COMMAND, 2, 0x0406);
	KUNIT_EXPECT_TRUE(test, sh->shadow.mmio);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x10), 0x0000400c);
}

static void vpci_shadow_plain_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);

	sh->shadow.ops = &sh_plain_ops;
	sh_addresses(test, sh);
	sh_put(test, sh, PCI_COMMAND, 2, 2);
	KUNIT_EXPECT_TRUE(test, sh->shadow.mmio);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 0x18), 0xf8010000);
	sh_put(test, sh, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_FALSE(test, sh->shadow.mmio);
	vpci_shadow_reset(&sh->shadow);
	KUNIT_EXPECT_EQ(test, sh->on + sh->off, 0);
}

/* ---- reset, and gone ------------------------------------------------------------------- */

static void vpci_shadow_reset_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);
	unsigned int i;

	/* Someone else has left memory on. */
	sh->config[4] = 0x07;
	vpci_shadow_reset(&sh->shadow);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 4), 0x07060501);
	KUNIT_EXPECT_EQ(test, sh->writes, 1);
	KUNIT_EXPECT_EQ(test, sh->off, 0);

	sh_addresses(test, sh);
	sh_put(test, sh, PCI_COMMAND, 2, 6);
	vpci_shadow_reset(&sh->shadow);
	KUNIT_EXPECT_EQ(test, sh->off, 1);
	KUNIT_EXPECT_EQ(test, sh_host(sh, 4), 0x07060000);
	KUNIT_EXPECT_FALSE(test, sh->shadow.mmio);
	for (i = 0; i < VPCI_BARS; i++)
		KUNIT_EXPECT_EQ(test, sh->shadow.regs[i], 0);
	KUNIT_EXPECT_EQ(test, sh_get(test, sh, 0x10, 4), 0xc);
}

/* Linux tells by the vendor that a device is gone, also while it waits for an interrupt. */
static void vpci_shadow_gone_test(struct kunit *test)
{
	struct sh *sh = sh_new(test);
	u32 offset;

	sh_addresses(test, sh);
	sh_put(test, sh, PCI_COMMAND, 2, 2);
	sh->shadow.gone = true;
	sh->reads = 0;
	sh->writes = 0;
	for (offset = 0; offset < VPCI_CONFIG_SIZE; offset += 4) {
		KUNIT_EXPECT_EQ(test, sh_get(test, sh, offset, 4), U32_MAX);
		KUNIT_EXPECT_EQ(test, sh_get(test, sh, offset + 2, 2), U16_MAX);
		KUNIT_EXPECT_EQ(test, sh_get(test, sh, offset + 3, 1), U8_MAX);
		sh_put(test, sh, offset, 4, 0);
		sh_put(test, sh, offset, 1, 0xff);
	}
	KUNIT_EXPECT_EQ(test, sh->reads, 0);
	KUNIT_EXPECT_EQ(test, sh->writes, 0);
	KUNIT_EXPECT_TRUE(test, sh->shadow.mmio);
	/* Its memory is not, either. */
	vpci_shadow_reset(&sh->shadow);
	KUNIT_EXPECT_EQ(test, sh->off, 1);
	KUNIT_EXPECT_EQ(test, sh->reads + sh->writes, 0);
}

static struct kunit_case vpci_shadow_cases[] = {
	KUNIT_CASE(vpci_shadow_access_test),
	KUNIT_CASE(vpci_shadow_far_test),
	KUNIT_CASE(vpci_shadow_last_test),
	KUNIT_CASE(vpci_shadow_through_test),
	KUNIT_CASE(vpci_shadow_ids_test),
	KUNIT_CASE(vpci_shadow_sizing_test),
	KUNIT_CASE(vpci_shadow_parts_test),
	KUNIT_CASE(vpci_shadow_flush_test),
	KUNIT_CASE(vpci_shadow_later_test),
	KUNIT_CASE(vpci_shadow_command_test),
	KUNIT_CASE(vpci_shadow_status_test),
	KUNIT_CASE(vpci_shadow_refuse_test),
	KUNIT_CASE(vpci_shadow_plain_test),
	KUNIT_CASE(vpci_shadow_reset_test),
	KUNIT_CASE(vpci_shadow_gone_test),
	{}
};

static struct kunit_suite vpci_shadow_suite = {
	.name = "vpci_shadow",
	.test_cases = vpci_shadow_cases,
};

kunit_test_suite(vpci_shadow_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: configuration space");
MODULE_LICENSE("GPL");
