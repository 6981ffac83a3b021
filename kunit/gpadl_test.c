// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the assembly of GPADLs in vmbus_srv: words that come in pieces, and
 * what makes a GPADL well-formed.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_srv/vsrv.h"

#define GT_HEADER_WORDS	27		/* that fit a header */
#define GT_BODY_WORDS	28		/* that fit a body */
#define GT_MAX_WORDS	8191		/* that 16 bits of bytes can tell of */
/* Head of a range, as it lies in a message. */
#define R(len, offset)	((u64)(offset) << 32 | (u32)(len))

static_assert(VMBUS_GPADL_HEADER_WORDS == GT_HEADER_WORDS);
static_assert(VMBUS_GPADL_BODY_WORDS == GT_BODY_WORDS);

static void gt_put(void *ctx)
{
	struct vsrv_gpadl *gpadl = ctx;

	kref_put(&gpadl->ref, vsrv_gpadl_release);
}

static struct vsrv_gpadl *gt_new(struct kunit *test, u16 bytes, u16 ranges)
{
	struct vsrv_gpadl *gpadl = vsrv_gpadl_alloc(0xe1e10, bytes, ranges);

	KUNIT_ASSERT_NOT_NULL(test, gpadl);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, gt_put, gpadl), 0);
	return gpadl;
}

/* A word that tells where it belongs. */
static u64 gt_word(unsigned int i)
{
	return 0x0123456789abcdefULL ^ ((u64)i << 40 | i);
}

/* ---- assembly ---------------------------------------------------------------------- */

/* Words as messages carry them: a header, then bodies; full ones if @full. */
static unsigned int gt_feed(struct kunit *test, struct vsrv_gpadl *gpadl, unsigned int nwords,
			    const __le64 *words, bool full)
{
	unsigned int room = GT_HEADER_WORDS, done = 0, n, messages = 0;
	bool complete;

	do {
		n = full ? room : min(room, nwords - done);
		complete = vsrv_gpadl_append(gpadl, words + done, n);
		messages++;
		done += min(n, nwords - done);
		KUNIT_EXPECT_EQ_MSG(test, complete, done == nwords, "%u of %u words", done, nwords);
		KUNIT_EXPECT_EQ_MSG(test, gpadl->have, done, "%u of %u words", done, nwords);
		room = GT_BODY_WORDS;
	} while (!complete && done < nwords);
	return messages;
}

static void gpadl_assembly_test(struct kunit *test)
{
	static const struct { u16 words; u16 messages; } table[] = {
		{ 0, 1 }, { 1, 1 }, { 2, 1 }, { 26, 1 }, { 27, 1 }, { 28, 2 }, { 29, 2 }, { 54, 2 },
		{ 55, 2 }, { 56, 3 }, { 83, 3 }, { 84, 4 }, { 512, 19 }, { 4097, 147 },
		{ GT_MAX_WORDS - 1, 293 }, { GT_MAX_WORDS, 293 },
	};
	unsigned int i, k, nwords;
	struct vsrv_gpadl *gpadl;
	int full, odd;
	__le64 *words;

	words = kvcalloc(GT_MAX_WORDS + GT_BODY_WORDS, sizeof(*words), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, words);
	for (k = 0; k < GT_MAX_WORDS + GT_BODY_WORDS; k++)
		words[k] = cpu_to_le64(gt_word(k));

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nwords = table[i].words;
		for (full = 0; full < 2; full++) {
			/* Bytes that make no whole word do not count. */
			for (odd = 0; odd < 8; odd += 7) {
				unsigned int wrong = 0;

				gpadl = vsrv_gpadl_alloc(5, nwords * 8 + odd, 1);
				if (!gpadl) {
					KUNIT_FAIL(test, "no memory for %u words", nwords);
					continue;
				}
				KUNIT_EXPECT_EQ(test, gpadl->nwords, nwords);
				KUNIT_EXPECT_EQ(test, gpadl->have, 0);
				KUNIT_EXPECT_EQ(test, gt_feed(test, gpadl, nwords, words, full),
						table[i].messages);
				for (k = 0; k < nwords; k++)
					wrong += gpadl->words[k] != gt_word(k);
				KUNIT_EXPECT_EQ_MSG(test, wrong, 0U, "%u words", nwords);
				gt_put(gpadl);
			}
		}
	}
	kvfree(words);
}

/* Pieces of any size, also none, make the same GPADL. */
static void gpadl_pieces_test(struct kunit *test)
{
	__le64 words[40];
	struct vsrv_gpadl *gpadl;
	unsigned int step, at, k;

	for (k = 0; k < ARRAY_SIZE(words); k++)
		words[k] = cpu_to_le64(gt_word(k));
	for (step = 1; step <= ARRAY_SIZE(words); step++) {
		gpadl = gt_new(test, 31 * 8, 1);
		for (at = 0; at + step < 31; at += step) {
			KUNIT_EXPECT_FALSE(test, vsrv_gpadl_append(gpadl, words + at, step));
			KUNIT_EXPECT_FALSE(test, vsrv_gpadl_append(gpadl, words, 0));
		}
		KUNIT_EXPECT_TRUE(test, vsrv_gpadl_append(gpadl, words + at,
							  min_t(unsigned int, step, 40 - at)));
		for (k = 0; k < 31; k++)
			KUNIT_EXPECT_EQ(test, gpadl->words[k], gt_word(k));
	}
}

/* More words than the header told of are dropped, in whatever message they come. */
static void gpadl_excess_test(struct kunit *test)
{
	__le64 words[GT_BODY_WORDS];
	struct vsrv_gpadl *gpadl;
	unsigned int n, k;

	memset(words, 0xff, sizeof(words));
	for (n = 0; n <= GT_BODY_WORDS; n++) {
		gpadl = gt_new(test, n * 8, 0);
		for (k = 0; k < n; k++)
			words[k] = cpu_to_le64(gt_word(k));
		KUNIT_EXPECT_TRUE(test, vsrv_gpadl_append(gpadl, words, GT_BODY_WORDS));
		KUNIT_EXPECT_EQ(test, gpadl->have, n);
		/* And again, if somebody asked for it. */
		KUNIT_EXPECT_TRUE(test, vsrv_gpadl_append(gpadl, words, GT_BODY_WORDS));
		KUNIT_EXPECT_EQ(test, gpadl->have, n);
		for (k = 0; k < n; k++)
			KUNIT_EXPECT_EQ(test, gpadl->words[k], gt_word(k));
	}
}

/* ---- form -------------------------------------------------------------------------- */

struct gt_form {
	const char *why;
	u16 range_count;
	u16 nwords;
	bool ok;
	u64 words[6];
};

static const struct gt_form gt_forms[] = {
	{ "nothing at all", 0, 0, true },
	{ "no ranges, words of nobody", 0, 3, true, { R(0, 0), 1, 2 } },
	{ "a range without words", 1, 0, false },
	{ "65535 ranges without words", U16_MAX, 0, false },
	{ "a page", 1, 2, true, { R(4096, 0), 7 } },
	{ "a byte", 1, 2, true, { R(1, 0), 7 } },
	{ "the last byte of a page", 1, 2, true, { R(1, 0xfff), 7 } },
	{ "no bytes", 1, 2, false, { R(0, 0), 7 } },
	{ "no bytes, but an offset", 1, 2, false, { R(0, 1), 7 } },
	{ "an offset beyond the page", 1, 3, false, { R(1, 0x1000), 7, 8 } },
	{ "a huge offset", 1, 3, false, { R(1, U32_MAX), 7, 8 } },
	{ "an offset and bytes that wrap", 1, 6, false, { R(U32_MAX, 0xfff), 1, 2, 3, 4, 5 } },
	{ "an offset and bytes that wrap to 0", 1, 6, false,
	  { R(0xfffff001, 0xfff), 1, 2, 3, 4, 5 } },
	{ "just not wrapping, and too few pages", 1, 6, false,
	  { R(0xfffff000, 0xfff), 1, 2, 3, 4, 5 } },
	{ "all bytes there are, and too few pages", 1, 6, false, { R(U32_MAX, 0), 1, 2, 3, 4, 5 } },
	{ "two pages, by a byte", 1, 3, true, { R(4097, 0), 7, 8 } },
	{ "two pages, by an offset", 1, 3, true, { R(4096, 1), 7, 8 } },
	{ "two bytes in two pages", 1, 3, true, { R(2, 0xfff), 7, 8 } },
	{ "up to the end of the second page", 1, 3, true, { R(4097, 0xfff), 7, 8 } },
	{ "one byte more, a page less", 1, 3, false, { R(4098, 0xfff), 7, 8 } },
	{ "too few pages", 1, 1, false, { R(4096, 0) } },
	{ "too few pages by one", 1, 3, false, { R(3 * 4096, 0), 7, 8 } },
	{ "words behind the last range", 1, 6, true, { R(4096, 0), 7, 0, 0, U64_MAX, 1 } },
	{ "two ranges", 2, 5, true, { R(4096, 0), 7, R(8192, 0), 8, 9 } },
	{ "two ranges, words behind", 2, 6, true, { R(1, 0), 7, R(4097, 0), 8, 9, 10 } },
	{ "two ranges, the second without head", 2, 2, false, { R(4096, 0), 7 } },
	{ "two ranges, the second without pages", 2, 3, false, { R(4096, 0), 7, R(1, 0) } },
	{ "two ranges, the second empty", 2, 4, false, { R(4096, 0), 7, R(0, 0), 8 } },
	{ "two ranges, the first empty", 2, 4, false, { R(0, 0), 7, R(4096, 0), 8 } },
	{ "two ranges, the first eats the second", 2, 4, false, { R(3 * 4096, 0), 7, R(1, 0), 8 } },
	{ "three ranges", 3, 6, true, { R(1, 0), 7, R(2, 5), 8, R(1, 0xfff), 9 } },
	{ "four ranges in the words of three", 4, 6, false,
	  { R(1, 0), 7, R(2, 5), 8, R(1, 0xfff), 9 } },
	{ "page numbers of nobody are not looked at", 1, 2, true, { R(4096, 0), U64_MAX } },
};

static struct vsrv_gpadl *gt_form(struct kunit *test, const struct gt_form *f)
{
	struct vsrv_gpadl *gpadl = gt_new(test, f->nwords * 8, f->range_count);
	__le64 words[ARRAY_SIZE(f->words)];
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(words); k++)
		words[k] = cpu_to_le64(f->words[k]);
	KUNIT_ASSERT_TRUE(test, vsrv_gpadl_append(gpadl, words, f->nwords));
	return gpadl;
}

static void gpadl_form_test(struct kunit *test)
{
	const struct gt_form *f;

	for (f = gt_forms; f < gt_forms + ARRAY_SIZE(gt_forms); f++)
		KUNIT_EXPECT_EQ_MSG(test, vsrv_gpadl_validate(gt_form(test, f)),
				    f->ok ? 0 : -EINVAL, "%s", f->why);
}

/* Each well-formed GPADL reads back as its ranges, and has none behind them. */
static void gpadl_range_test(struct kunit *test)
{
	unsigned int i, word, npfns, nwords;
	const struct gt_form *f;
	struct vsrv_gpadl *gpadl;
	u32 len, offset;
	const u64 *pfns;

	for (f = gt_forms; f < gt_forms + ARRAY_SIZE(gt_forms); f++) {
		if (!f->ok)
			continue;
		gpadl = gt_form(test, f);
		KUNIT_EXPECT_EQ(test, vsrv_gpadl_id(gpadl), 0xe1e10);
		KUNIT_EXPECT_EQ(test, vsrv_gpadl_range_count(gpadl), f->range_count);
		KUNIT_EXPECT_PTR_EQ(test, vsrv_gpadl_words(gpadl, &nwords),
				    (const u64 *)gpadl->words);
		KUNIT_EXPECT_EQ(test, nwords, f->nwords);

		for (i = 0, word = 0; i < f->range_count; i++) {
			KUNIT_ASSERT_EQ_MSG(test, vsrv_gpadl_range(gpadl, i, &len, &offset, &pfns,
								   &npfns), 0, "%s", f->why);
			KUNIT_EXPECT_EQ_MSG(test, R(len, offset), f->words[word], "%s", f->why);
			KUNIT_EXPECT_EQ_MSG(test, npfns, DIV_ROUND_UP((u64)len + offset, 4096),
					    "%s", f->why);
			KUNIT_EXPECT_PTR_EQ_MSG(test, pfns, (const u64 *)&gpadl->words[word + 1],
						"%s", f->why);
			word += 1 + npfns;
			KUNIT_ASSERT_LE_MSG(test, word, f->nwords, "%s", f->why);
		}
		KUNIT_EXPECT_EQ_MSG(test, vsrv_gpadl_range(gpadl, i, &len, &offset, &pfns, &npfns),
				    -EINVAL, "%s", f->why);
		KUNIT_EXPECT_EQ_MSG(test, vsrv_gpadl_range(gpadl, UINT_MAX, &len, &offset, &pfns,
							   &npfns), -EINVAL, "%s", f->why);
	}
}

/* A range that is asked for in a malformed GPADL is never one beyond its words. */
static void gpadl_range_bad_test(struct kunit *test)
{
	const struct gt_form *f;
	struct vsrv_gpadl *gpadl;
	unsigned int i, npfns;
	u32 len, offset;
	const u64 *pfns;
	int err;

	for (f = gt_forms; f < gt_forms + ARRAY_SIZE(gt_forms); f++) {
		if (f->ok)
			continue;
		gpadl = gt_form(test, f);
		for (i = 0; i < min_t(unsigned int, f->range_count, 8); i++) {
			err = vsrv_gpadl_range(gpadl, i, &len, &offset, &pfns, &npfns);
			if (err) {
				KUNIT_EXPECT_EQ_MSG(test, err, -EINVAL, "%s", f->why);
				break;
			}
			KUNIT_EXPECT_LE_MSG(test, pfns + npfns - gpadl->words, (long)f->nwords,
					    "%s", f->why);
		}
		/* The last of them is the bad one, or lies behind it. */
		KUNIT_EXPECT_EQ_MSG(test, vsrv_gpadl_range(gpadl, f->range_count - 1, &len, &offset,
							   &pfns, &npfns), -EINVAL, "%s", f->why);
	}
}

/* The most ranges and the most pages that one GPADL can have. */
static void gpadl_largest_test(struct kunit *test)
{
	__le64 pair[2] = { cpu_to_le64(R(1, 0)), cpu_to_le64(9) };
	struct vsrv_gpadl *many = gt_new(test, U16_MAX, GT_MAX_WORDS / 2);
	struct vsrv_gpadl *long_one = gt_new(test, U16_MAX, 1);
	__le64 pfn = cpu_to_le64(U64_MAX), head;
	unsigned int i, npfns;
	u32 len, offset;
	const u64 *pfns;

	for (i = 0; i < GT_MAX_WORDS / 2; i++)
		KUNIT_ASSERT_FALSE(test, vsrv_gpadl_append(many, pair, 2));
	KUNIT_EXPECT_TRUE(test, vsrv_gpadl_append(many, pair, 1));
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_validate(many), 0);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_range(many, GT_MAX_WORDS / 2 - 1, &len, &offset, &pfns,
					       &npfns), 0);
	KUNIT_EXPECT_PTR_EQ(test, pfns, (const u64 *)&many->words[GT_MAX_WORDS - 2]);

	head = cpu_to_le64(R((GT_MAX_WORDS - 1) * 4096, 0));
	KUNIT_ASSERT_FALSE(test, vsrv_gpadl_append(long_one, &head, 1));
	for (i = 1; i < GT_MAX_WORDS; i++)
		KUNIT_ASSERT_EQ(test, vsrv_gpadl_append(long_one, &pfn, 1), i == GT_MAX_WORDS - 1);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_validate(long_one), 0);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_range(long_one, 0, &len, &offset, &pfns, &npfns), 0);
	KUNIT_EXPECT_EQ(test, npfns, GT_MAX_WORDS - 1);
	/* One byte more needs a page more than there is room for. */
	long_one->words[0] = R((GT_MAX_WORDS - 1) * 4096, 1);
	KUNIT_EXPECT_EQ(test, vsrv_gpadl_validate(long_one), -EINVAL);
}

static struct kunit_case gpadl_cases[] = {
	KUNIT_CASE(gpadl_assembly_test),
	KUNIT_CASE(gpadl_pieces_test),
	KUNIT_CASE(gpadl_excess_test),
	KUNIT_CASE(gpadl_form_test),
	KUNIT_CASE(gpadl_range_test),
	KUNIT_CASE(gpadl_range_bad_test),
	KUNIT_CASE(gpadl_largest_test),
	{}
};

static struct kunit_suite gpadl_suite = {
	.name = "vmbus_gpadl",
	.test_cases = gpadl_cases,
};

kunit_test_suite(gpadl_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the assembly of GPADLs");
MODULE_LICENSE("GPL");
