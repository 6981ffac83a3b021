// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the NVMe controller: commands about blocks, and where their data is.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <vmbus/compat.h>

#include "endpoint_nvme_test.h"

#define NI_BLOCKS	(NT_DISK / 512)
#define NI_LIST_PAGE	512		/* entries of a page of a list */

/* ---- data in pieces -------------------------------------------------------------------- */

/**
 * struct ni_layout - where the data of a command is
 * @name: of the case
 * @blocks: blocks of 512 bytes
 * @offset: of the data in its first page
 * @list: where the list is in its page, if there has to be one
 */
struct ni_layout {
	const char *name;
	u32 blocks;
	u32 offset;
	u32 list;
};

static const struct ni_layout ni_layouts[] = {
	{ "one block", 1, 0, 0 },
	{ "one block in the page", 1, 0x204, 0 },
	{ "one block at the end", 1, 0xe00, 0 },
	{ "one block over the end", 1, 0xffc, 0 },
	{ "one page", 8, 0, 0 },
	{ "a page in two", 8, 0x800, 0 },
	{ "two pages", 16, 0, 0 },
	{ "two pages in three", 16, 4, 0 },
	{ "three pages", 24, 0, 0x100 },
	{ "a piece", 128, 0, 0 },
	{ "a piece and a block", 129, 0, 0 },
	{ "two pieces and some", 300, 0x600, 8 },
	{ "most", 1024, 0, 0 },
	{ "most, in one page more", 1024, 0xffc, 0 },
	{ "list to the end", 64, 0, 0xfc8 },
	{ "list over the end", 64, 0, 0xfd0 },
	{ "list in two entries", 64, 0x10, 0xff0 },
	{ "list that only leads on", 64, 0, 0xff8 },
	{ "most, in lists", 1024, 0x200, 0xff8 },
};

static void ni_layout_describe(const struct ni_layout *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ni_layout, ni_layouts, ni_layout_describe);

/* Page n of the data: the other way round, every other one is there. */
static u64 ni_page(u32 n)
{
	return NT_DATA + SZ_4K * (n & 1 ? n : 254 - n);
}

static void ni_put_entry(struct nt *nt, u64 at, u64 entry)
{
	put_unaligned_le64(entry, nt->et->mem + (at - ET_MEM));
}

/* What a driver would make of it; the list goes on in the page behind its own. */
static void ni_map(struct nt *nt, const struct ni_layout *l, u64 *prp1, u64 *prp2)
{
	u32 pages = DIV_ROUND_UP(l->offset + l->blocks * 512, SZ_4K), n;
	u64 at = NT_LIST + l->list;

	*prp1 = ni_page(0) + l->offset;
	*prp2 = pages == 2 ? ni_page(1) : at;
	if (pages <= 2)
		return;
	for (n = 1; n < pages; n++) {
		if ((at & (SZ_4K - 1)) == SZ_4K - 8 && n + 1 < pages) {
			ni_put_entry(nt, at, NT_LIST + SZ_4K);
			at = NT_LIST + SZ_4K;
		}
		ni_put_entry(nt, at, ni_page(n));
		at += 8;
	}
}

/* Copy between @buf and the pages, as they are laid out. */
static void ni_copy(struct nt *nt, const struct ni_layout *l, u8 *buf, bool to_guest)
{
	u32 at, pos;
	u8 *byte;

	for (at = 0; at < l->blocks * 512; at++) {
		pos = l->offset + at;
		byte = nt->et->mem + (ni_page(pos / SZ_4K) + pos % SZ_4K - ET_MEM);
		if (to_guest)
			*byte = buf[at];
		else
			buf[at] = *byte;
	}
}

static void nvme_layout_test(struct kunit *test)
{
	const struct ni_layout *l = test->param_value;
	struct nt *nt = nt_new_io(test);
	u32 len = l->blocks * 512;
	struct nvme_command cmd;
	u8 *buf = kvmalloc(len, GFP_KERNEL);
	u64 prp1, prp2;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	ni_map(nt, l, &prp1, &prp2);
	cmd = nt_rw(nvme_cmd_read, 100, l->blocks, prp1, prp2);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	ni_copy(nt, l, buf, false);
	KUNIT_EXPECT_MEMEQ(test, buf, nt->disk + 51200, len);

	for (i = 0; i < len; i++)
		buf[i] = i * 13 + (i >> 9);
	ni_copy(nt, l, buf, true);
	cmd = nt_rw(nvme_cmd_write, 3000, l->blocks, prp1, prp2);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_MEMEQ(test, buf, nt->disk + 3000 * 512, len);
	/* And not one byte more */
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nt->disk + 3000 * 512 - 4),
			(u32)((3000 * 512 - 4) * 2654435761U));
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nt->disk + 3000 * 512 + len),
			(u32)((3000 * 512 + len) * 2654435761U));
	KUNIT_EXPECT_LE(test, nt->et->dma_max, (size_t)SZ_64K);
	kvfree(buf);
}

struct ni_prp {
	const char *name;
	u32 blocks;
	u64 prp1;
	u64 prp2;
	u64 entry;	/* the first of the list at NT_LIST and the last of that page */
	u16 status;
};

#define NI_BAD	NT_DNR(NVME_SC_PRP_INVALID_OFFSET)
#define NI_XFER	NVME_SC_DATA_XFER_ERROR
#define NI_OUT	(ET_MEM + ET_MEM_SIZE)

static const struct ni_prp ni_prps[] = {
	{ "odd", 1, NT_DATA + 1, 0, 0, NI_BAD },
	{ "of a half", 1, NT_DATA + 2, 0, 0, NI_BAD },
	{ "nowhere", 1, 0, 0, 0, NI_XFER },
	{ "behind memory", 1, NI_OUT, 0, 0, NI_XFER },
	{ "over the end of memory", 1, NI_OUT - 256, NI_OUT, 0, NI_XFER },
	{ "all ones", 1, U64_MAX, 0, 0, NI_BAD },
	{ "the last page there can be", 8, U64_MAX - 4095, 0, 0, NI_XFER },
	{ "second not aligned", 16, NT_DATA, NT_DATA + SZ_4K + 8, 0, NI_BAD },
	{ "second nowhere", 16, NT_DATA, 0, 0, NI_XFER },
	{ "second behind memory", 16, NT_DATA, NI_OUT, 0, NI_XFER },
	{ "second the same", 16, NT_DATA, NT_DATA, 0, 0 },
	{ "second not needed", 8, NT_DATA, U64_MAX, 0, 0 },
	{ "list odd", 24, NT_DATA, NT_LIST + 4, NT_DATA, NI_BAD },
	{ "list nowhere", 24, NT_DATA, 0, NT_DATA, NI_XFER },
	{ "list behind memory", 24, NT_DATA, NI_OUT, NT_DATA, NI_XFER },
	{ "list at the end of all", 24, NT_DATA, U64_MAX - 7, NT_DATA, NI_XFER },
	{ "entry nowhere", 24, NT_DATA, NT_LIST, 0, NI_XFER },
	{ "entry not aligned", 24, NT_DATA, NT_LIST, NT_DATA + 4, NI_BAD },
	{ "entry of all ones", 24, NT_DATA, NT_LIST, U64_MAX, NI_BAD },
	{ "entry behind memory", 24, NT_DATA, NT_LIST, NI_OUT, NI_XFER },
	{ "list leads to itself", 1024, NT_DATA, NT_LIST + 0xff8, NT_LIST, NI_BAD },
	{ "list leads into a page", 1024, NT_DATA, NT_LIST + 0xff8, NT_LIST + 8, NI_BAD },
	{ "list leads nowhere", 1024, NT_DATA, NT_LIST + 0xff8, 0, NI_XFER },
};

static void ni_prp_describe(const struct ni_prp *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ni_prp, ni_prps, ni_prp_describe);

static void nvme_prp_test(struct kunit *test)
{
	const struct ni_prp *p = test->param_value;
	struct nt *nt = nt_new_io(test);
	struct nvme_command cmd;
	u32 i;

	for (i = 1; i < NI_LIST_PAGE - 1; i++)
		ni_put_entry(nt, NT_LIST + 8 * i, i & 1 ? NT_DATA : NT_DATA + 3);
	ni_put_entry(nt, NT_LIST, p->entry);
	ni_put_entry(nt, NT_LIST + 0xff8, p->entry);
	cmd = nt_rw(nvme_cmd_read, 0, p->blocks, p->prp1, p->prp2);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), p->status);
	cmd = nt_rw(nvme_cmd_write, 0, p->blocks, p->prp1, p->prp2);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), p->status);
	/* The queue has not suffered. */
	cmd = nt_rw(nvme_cmd_read, 2048, 8, NT_DATA, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_MEMEQ(test, nt_data(nt), nt->disk + SZ_1M, SZ_4K);
	KUNIT_EXPECT_TRUE(test, nt_csts(nt, NVME_CSTS_CFS, 0));
}

/* ---- what may be asked for ------------------------------------------------------------- */

struct ni_case {
	u8 opcode;
	u32 nsid;
	u64 lba;
	u32 blocks;
	u16 status;
};

#define NI_RANGE NT_DNR(NVME_SC_LBA_RANGE)
#define NI_NS NT_DNR(NVME_SC_INVALID_NS)
#define NI_FIELD NT_DNR(NVME_SC_INVALID_FIELD)
#define NI_OPCODE NT_DNR(NVME_SC_INVALID_OPCODE)

static const struct ni_case ni_cases[] = {
	{ nvme_cmd_read, 1, NI_BLOCKS - 1, 1, 0 },
	{ nvme_cmd_read, 1, NI_BLOCKS - 8, 8, 0 },
	{ nvme_cmd_read, 1, NI_BLOCKS, 1, NI_RANGE },
	{ nvme_cmd_read, 1, NI_BLOCKS - 1, 2, NI_RANGE },
	{ nvme_cmd_read, 1, U64_MAX, 1, NI_RANGE },
	{ nvme_cmd_read, 1, U64_MAX, 8, NI_RANGE },
	{ nvme_cmd_read, 1, 1ULL << 55, 1, NI_RANGE },
	{ nvme_cmd_write, 1, NI_BLOCKS - 1, 1, 0 },
	{ nvme_cmd_write, 1, NI_BLOCKS, 1, NI_RANGE },
	{ nvme_cmd_write, 1, U64_MAX - 7, 8, NI_RANGE },
	{ nvme_cmd_write_zeroes, 1, NI_BLOCKS - 1, 1, 0 },
	{ nvme_cmd_write_zeroes, 1, NI_BLOCKS - 1, 2, NI_RANGE },
	{ nvme_cmd_write_zeroes, 1, 0, NI_BLOCKS, 0 },
	{ nvme_cmd_write_zeroes, 1, 0, 65536, NI_RANGE },
	{ nvme_cmd_write_zeroes, 1, U64_MAX, 65536, NI_RANGE },
	{ nvme_cmd_read, 1, 0, 1025, NI_FIELD },
	{ nvme_cmd_read, 1, 0, 65536, NI_FIELD },
	{ nvme_cmd_write, 1, 0, 1025, NI_FIELD },
	{ nvme_cmd_read, 0, 0, 1, NI_NS },
	{ nvme_cmd_read, 2, 0, 1, NI_NS },
	{ nvme_cmd_read, U32_MAX, 0, 1, NI_NS },
	{ nvme_cmd_write, 2, 0, 1, NI_NS },
	{ nvme_cmd_write_zeroes, U32_MAX, 0, 1, NI_NS },
	{ nvme_cmd_flush, 1, 0, 1, 0 },
	{ nvme_cmd_flush, U32_MAX, 0, 1, 0 },
	{ nvme_cmd_flush, 0, 0, 1, NI_NS },
	{ nvme_cmd_flush, 2, 0, 1, NI_NS },
	{ nvme_cmd_write_uncor, 1, 0, 1, NI_OPCODE },
	{ nvme_cmd_compare, 1, 0, 1, NI_OPCODE },
	{ nvme_cmd_dsm, 1, 0, 1, NI_OPCODE },
	{ nvme_cmd_resv_register, 1, 0, 1, NI_OPCODE },
	{ 0x80, 1, 0, 1, NI_OPCODE },
	{ 0xff, 1, 0, 1, NI_OPCODE },
	/* An admin command */
	{ nvme_admin_identify, 1, 0, 1, NI_OPCODE },
};

static void nvme_io_cases_test(struct kunit *test)
{
	struct nt *nt = nt_new_io(test);
	const struct ni_case *c;
	struct nvme_command cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ni_cases); i++) {
		c = &ni_cases[i];
		cmd = nt_rw(c->opcode, c->lba, c->blocks, NT_DATA, NT_LIST);
		cmd.common.nsid = cpu_to_le32(c->nsid);
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 1, &cmd), c->status, "row %u", i);
	}
	for (i = 0; i < 8; i++) {
		cmd = nt_rw(nvme_cmd_read, 0, 1, NT_DATA, 0);
		cmd.common.flags = BIT(i);
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 1, &cmd), BIT(i) & 0xc3 ? NI_FIELD : 0,
				    "bit %u", i);
	}
}

static void nvme_large_blocks_test(struct kunit *test)
{
	static const struct endpoint_nvme_params params = { .queues = 1, .block_shift = 12 };
	struct nt *nt = nt_make_ctrl(test, &params);
	struct nvme_command cmd;

	nt_enable(nt);
	nt_make_queue(nt, 1, NT_DEPTH);
	cmd = nt_rw(nvme_cmd_read, 1023, 1, NT_DATA, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_MEMEQ(test, nt_data(nt), nt->disk + NT_DISK - SZ_4K, SZ_4K);
	cmd = nt_rw(nvme_cmd_read, 1024, 1, NT_DATA, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), NI_RANGE);
	cmd = nt_rw(nvme_cmd_read, 0, 129, NT_DATA, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), NI_FIELD);
	cmd = nt_rw(nvme_cmd_write, 7, 2, NT_DATA, NT_DATA);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_MEMEQ(test, nt->disk + 7 * SZ_4K, nt_data(nt), SZ_4K);
	KUNIT_EXPECT_MEMEQ(test, nt->disk + 8 * SZ_4K, nt_data(nt), SZ_4K);
}

/* ---- the disk -------------------------------------------------------------------------- */

static void nvme_disk_errors_test(struct kunit *test)
{
	static const struct { u8 opcode; unsigned int fail; u16 control, status; } cases[] = {
		{ nvme_cmd_read, NT_FAIL_READ, 0, NVME_SC_READ_ERROR },
		{ nvme_cmd_read, NT_FAIL_WRITE | NT_FAIL_FLUSH, NVME_RW_FUA, 0 },
		{ nvme_cmd_write, NT_FAIL_WRITE, 0, NVME_SC_WRITE_FAULT },
		{ nvme_cmd_write, NT_FAIL_READ | NT_FAIL_FLUSH, 0, 0 },
		{ nvme_cmd_write, NT_FAIL_FLUSH, NVME_RW_FUA, NVME_SC_INTERNAL },
		{ nvme_cmd_write_zeroes, NT_FAIL_WRITE, 0, NVME_SC_WRITE_FAULT },
		{ nvme_cmd_write_zeroes, NT_FAIL_READ | NT_FAIL_FLUSH, 0, 0 },
		{ nvme_cmd_flush, NT_FAIL_FLUSH, 0, NVME_SC_INTERNAL },
		{ nvme_cmd_flush, NT_FAIL_READ | NT_FAIL_WRITE, 0, 0 },
	};
	struct nt *nt = nt_new_io(test);
	struct nvme_command cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nt->fail = cases[i].fail;
		cmd = nt_rw(cases[i].opcode, 0, 8, NT_DATA, 0);
		cmd.rw.control = cpu_to_le16(cases[i].control);
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 1, &cmd), cases[i].status, "row %u", i);
		nt->fail = 0;
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 1, &cmd), 0, "row %u", i);
	}
}

/* How often the disk is flushed by a command */
static int ni_flushes(struct nt *nt, u8 opcode, u16 control)
{
	struct nvme_command cmd = nt_rw(opcode, 0, 1, NT_DATA, 0);

	atomic_set(&nt->flushes, 0);
	cmd.rw.control = cpu_to_le16(control);
	KUNIT_EXPECT_EQ(nt->et->test, nt_cmd(nt, 1, &cmd), 0);
	return atomic_read(&nt->flushes);
}

static void nvme_flush_test(struct kunit *test)
{
	struct nt *nt = nt_new_io(test);
	u32 result;

	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_flush, 0), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write, 0), 0);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write, NVME_RW_FUA), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write_zeroes, 0), 0);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write_zeroes, NVME_RW_FUA), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_read, NVME_RW_FUA), 0);
	/* Without a cache each write is durable; what it had is, too. */
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_set_features, NVME_FEAT_VOLATILE_WC, 0,
					 &result), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write, 0), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write_zeroes, 0), 1);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_read, 0), 0);
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_set_features, NVME_FEAT_VOLATILE_WC, 1,
					 &result), 0);
	KUNIT_EXPECT_EQ(test, ni_flushes(nt, nvme_cmd_write, 0), 0);
}

static void nvme_write_zeroes_test(struct kunit *test)
{
	struct nt *nt = nt_new_io(test);
	struct nvme_command cmd;

	cmd = nt_rw(nvme_cmd_write_zeroes, 10, 2000, U64_MAX, U64_MAX);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(nt->disk + 5120, 0, 2000 * 512));
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nt->disk + 5116), 5116 * 2654435761U);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nt->disk + 2010 * 512),
			(u32)(2010 * 512 * 2654435761U));
}

/* ---- a file as the disk ---------------------------------------------------------------- */

#define NI_FILE		"/tmp/endpoint_nvme_io_test"

static void nvme_file_test(struct kunit *test)
{
	static const struct endpoint_nvme_params params = { .queues = 1, .block_shift = 9 };
	const struct endpoint_disk_ops *ops = &endpoint_file_ops;
	struct file *file = NULL;
	struct endpoint_file *f;
	static u8 buf[1024];
	struct endpoint *ep;
	loff_t pos = 0;

	f = endpoint_file_open("/tmp/there is no such file");
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(f), -ENOENT);
	memset(buf, 0x5a, sizeof(buf));
	scoped_with_init_fs()
		file = filp_open(NI_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(file));
	KUNIT_EXPECT_EQ(test, kernel_write(file, buf, sizeof(buf), &pos), (ssize_t)sizeof(buf));

	f = endpoint_file_open(NI_FILE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f));
	KUNIT_EXPECT_EQ(test, ops->size(f), 1024ULL);
	KUNIT_EXPECT_EQ(test, ops->write(f, 512, "0123456789abcdef", 16), 0);
	KUNIT_EXPECT_EQ(test, ops->flush(f), 0);
	memset(buf, 0, sizeof(buf));
	KUNIT_EXPECT_EQ(test, ops->read(f, 508, buf, 24), 0);
	KUNIT_EXPECT_MEMEQ(test, buf, "ZZZZ0123456789abcdefZZZZ", 24);
	KUNIT_EXPECT_EQ(test, ops->read(f, 1020, buf, 4), 0);
	/* There is no more. */
	KUNIT_EXPECT_EQ(test, ops->read(f, 1020, buf, 8), -EIO);
	ep = endpoint_nvme_create(&params, ops, f, &et_env, NULL);
	KUNIT_EXPECT_FALSE(test, IS_ERR(ep));
	if (!IS_ERR(ep))
		endpoint_destroy(ep);
	endpoint_file_close(f);
	/* The file itself stays, of two blocks. */
	filp_close(file, NULL);
}

static struct kunit_case nvme_io_cases[] = {
	KUNIT_CASE_PARAM(nvme_layout_test, ni_layout_gen_params),
	KUNIT_CASE_PARAM(nvme_prp_test, ni_prp_gen_params),
	KUNIT_CASE(nvme_io_cases_test),
	KUNIT_CASE(nvme_large_blocks_test),
	KUNIT_CASE(nvme_disk_errors_test),
	KUNIT_CASE(nvme_flush_test),
	KUNIT_CASE(nvme_write_zeroes_test),
	KUNIT_CASE(nvme_file_test),
	{}
};

static struct kunit_suite nvme_io_suite = {
	.name = "vmbus_endpoints_nvme_io",
	.test_cases = nvme_io_cases,
};

kunit_test_suite(nvme_io_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the NVMe controller's commands about blocks");
MODULE_LICENSE("GPL");
