// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file or a block device as the disk of an endpoint.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/compat.h>

#include "endpoint.h"

struct endpoint_file {
	struct file *file;
};

/* One call may do less than all. */
static int file_read(void *ctx, u64 pos, void *buf, size_t len)
{
	struct endpoint_file *f = ctx;
	loff_t at = pos;
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = kernel_read(f->file, buf, len, &at);
		if (n <= 0)
			return n ?: -EIO;
	}
	return 0;
}

static int file_write(void *ctx, u64 pos, const void *buf, size_t len)
{
	struct endpoint_file *f = ctx;
	loff_t at = pos;
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = kernel_write(f->file, buf, len, &at);
		if (n <= 0)
			return n ?: -EIO;
	}
	return 0;
}

static int file_flush(void *ctx)
{
	struct endpoint_file *f = ctx;

	return vfs_fsync(f->file, 1);
}

static u64 file_size(void *ctx)
{
	struct endpoint_file *f = ctx;

	return i_size_read(f->file->f_mapping->host);
}

/* What to give endpoint_nvme_create() together with an endpoint_file */
const struct endpoint_disk_ops endpoint_file_ops = {
	.read = file_read,
	.write = file_write,
	.flush = file_flush,
	.size = file_size,
};
EXPORT_SYMBOL_GPL(endpoint_file_ops);

/**
 * endpoint_file_open - open a file or a block device for an endpoint
 * @path: its name
 *
 * Return: what &endpoint_file_ops take as their context, or an ERR_PTR().
 */
struct endpoint_file *endpoint_file_open(const char *path)
{
	struct endpoint_file *f = kzalloc(sizeof(*f), GFP_KERNEL);
	struct file *file;

	if (!f)
		return ERR_PTR(-ENOMEM);
	scoped_with_init_fs()
		file = filp_open(path, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(file)) {
		kfree(f);
		return ERR_CAST(file);
	}
	f->file = file;
	return f;
}
EXPORT_SYMBOL_GPL(endpoint_file_open);

/**
 * endpoint_file_close - the opposite
 * @f: from endpoint_file_open(); no endpoint uses it any more
 */
void endpoint_file_close(struct endpoint_file *f)
{
	filp_close(f->file, NULL);
	kfree(f);
}
EXPORT_SYMBOL_GPL(endpoint_file_close);
