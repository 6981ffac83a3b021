/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of configfs from a test, by their operations: not every kernel has configfs
 * where a test finds it.
 */
#ifndef _CONFIG_FILE_H
#define _CONFIG_FILE_H

#include <kunit/test.h>
#include <linux/configfs.h>
#include <linux/mm.h>
#include <linux/string.h>

/**
 * struct cf_step - a file is written, and read
 * @file: its name
 * @text: what is written
 * @err: 0 if it is taken, which is whole then; or -errno
 * @shown: what the file says afterwards
 */
struct cf_step {
	const char *file;
	const char *text;
	int err;
	const char *shown;
};

static inline const struct configfs_attribute *cf_find(struct configfs_attribute **attrs,
						       const char *name)
{
	for (; *attrs; attrs++)
		if (!strcmp((*attrs)->ca_name, name))
			return *attrs;
	return NULL;
}

static inline void cf_run(struct kunit *test, struct config_item *item,
			  struct configfs_attribute **attrs, const struct cf_step *steps,
			  unsigned int n)
{
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	const struct configfs_attribute *file;
	const struct cf_step *s;
	ssize_t want;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (s = steps; s < steps + n; s++) {
		file = cf_find(attrs, s->file);
		KUNIT_ASSERT_NOT_NULL_MSG(test, file, "%s", s->file);
		strscpy(page, s->text, PAGE_SIZE);
		want = s->err ?: (ssize_t)strlen(s->text);
		KUNIT_EXPECT_EQ_MSG(test, file->store(item, page, strlen(page)), want,
				    "\"%s\" to %s", s->text, s->file);
		memset(page, 0, PAGE_SIZE);
		want = strlen(s->shown);
		KUNIT_EXPECT_EQ_MSG(test, file->show(item, page), want, "%s after \"%s\"",
				    s->file, s->text);
		KUNIT_EXPECT_STREQ_MSG(test, page, s->shown, "%s after \"%s\"", s->file, s->text);
	}
}

#endif /* _CONFIG_FILE_H */
