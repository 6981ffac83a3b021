/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions as data, for the root of the tests.
 *
 * An endpoint is a configuration space, up to six BARs with a device behind them,
 * and interrupts by MSI or MSI-X.  It knows neither VMBus nor a bus of PCI: its
 * environment brings the guest's accesses, moves data and delivers interrupts.
 *
 * All entry points may sleep, and may be called from several threads at a time
 * but for endpoint_destroy(), which is the last call.  While it calls one the
 * environment holds no lock that its own callbacks take.
 */
#ifndef _ENDPOINT_H
#define _ENDPOINT_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#define ENDPOINT_BARS		6
#define ENDPOINT_VECTORS_MAX	64	/* of MSI-X; MSI has 32 */
#define ENDPOINT_CAPS_AT	0x40	/* the first capability */

#define ENDPOINT_VENDOR		0x1414
#define ENDPOINT_COPY_DEVICE	0xe9c0
#define ENDPOINT_NVME_DEVICE	0xb111

struct endpoint;

/**
 * struct endpoint_env_ops - what an endpoint needs of its environment
 * @dma: copy @len bytes from (@write: to) guest memory at @gpa; 0 or an errno.  Bytes
 *	before the one that could not be reached may have been copied.
 * @msi: the function writes @data to @address, an interrupt; must not call the endpoint
 *
 * Both are called in threads, several at a time, and may sleep.
 */
struct endpoint_env_ops {
	int (*dma)(void *ctx, u64 gpa, void *buf, size_t len, bool write);
	void (*msi)(void *ctx, u64 address, u32 data);
};

/**
 * struct endpoint_bar - one BAR
 * @size: bytes, a power of 2 from 16 on; 0 if there is none
 * @wide: it takes this register and the next; otherwise at most 2 GiB
 * @prefetch: prefetchable
 */
struct endpoint_bar {
	u64 size;
	bool wide;
	bool prefetch;
};

/**
 * struct endpoint_cap - one capability
 * @id: PCI_CAP_ID_*
 * @len: bytes with the header of 2
 * @data: what it reads as; the header is filled in
 * @writable: bits that can be written, or NULL
 */
struct endpoint_cap {
	u8 id;
	u8 len;
	const u8 *data;
	const u8 *writable;
};

/**
 * struct endpoint_ops - the device behind the BARs
 * @bar_read: @size bytes (1, 2, 4, 8) at @off of a BAR, aligned and within it
 * @bar_write: the same
 * @reset: stop all work, wait for it, and be as new.  Called with the lock of the
 *	configuration space held.
 * @destroy: free what belongs to the device; @reset has been called
 *
 * Work of the device may call endpoint_dma() and endpoint_interrupt() only.
 */
struct endpoint_ops {
	u64 (*bar_read)(struct endpoint *ep, unsigned int bar, u64 off, u32 size);
	void (*bar_write)(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val);
	void (*reset)(struct endpoint *ep);
	void (*destroy)(struct endpoint *ep);
};

/**
 * struct endpoint_desc - what makes one function differ from another
 * @vendor: vendor id
 * @device: device id
 * @subvendor: vendor id of the subsystem
 * @subdevice: id of the subsystem
 * @class: class, subclass and programming interface, from bit 16 down
 * @revision: revision
 * @config_size: bytes of the configuration space, 256 or 4096
 * @express: it has a PCI Express capability, with the reset of a function
 * @bars: its BARs
 * @msix_vectors: entries of its MSI-X table, 0 if it has none
 * @msix_bar: BAR of the table and of the pending bits
 * @msix_table: where the table is in it, a multiple of 16
 * @msix_pending: where the bits are in it, a multiple of 8
 * @msi_vectors: messages of its MSI capability (64-bit, maskable), a power of 2; or 0
 * @caps: other capabilities, with
 * @ncaps: their number
 * @ops: the device
 */
struct endpoint_desc {
	u16 vendor;
	u16 device;
	u16 subvendor;
	u16 subdevice;
	u32 class;
	u8 revision;
	u16 config_size;
	bool express;
	struct endpoint_bar bars[ENDPOINT_BARS];
	u16 msix_vectors;
	u8 msix_bar;
	u32 msix_table;
	u32 msix_pending;
	u8 msi_vectors;
	const struct endpoint_cap *caps;
	unsigned int ncaps;
	const struct endpoint_ops *ops;
};

struct endpoint *endpoint_create(const struct endpoint_desc *desc,
				 const struct endpoint_env_ops *env, void *env_ctx, void *priv);
void endpoint_destroy(struct endpoint *ep);
void endpoint_reset(struct endpoint *ep);

u32 endpoint_config_read(struct endpoint *ep, u32 off, u32 size);
void endpoint_config_write(struct endpoint *ep, u32 off, u32 size, u32 val);
u64 endpoint_bar_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size);
void endpoint_bar_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val);
u64 endpoint_bar_size(struct endpoint *ep, unsigned int bar);
u64 endpoint_bar_address(struct endpoint *ep, unsigned int bar);
int endpoint_bar_find(struct endpoint *ep, u64 gpa, u64 *off);

/* For the device behind it */
void *endpoint_priv(struct endpoint *ep);
struct workqueue_struct *endpoint_wq(struct endpoint *ep);
int endpoint_dma(struct endpoint *ep, u64 gpa, void *buf, size_t len, bool write);
void endpoint_interrupt(struct endpoint *ep, unsigned int vector);

/* ---- the devices ----------------------------------------------------------------------- */

struct endpoint *endpoint_copy_create(const struct endpoint_env_ops *env, void *env_ctx);

/**
 * struct endpoint_disk_ops - where an NVMe controller keeps its blocks
 * @read: @len bytes at @pos to @buf; 0 or an errno
 * @write: the other way
 * @flush: what was written is durable when this returns; 0 or an errno
 * @size: bytes of the disk
 *
 * Called in threads, several at a time, and may sleep; @pos and @len are within @size.
 */
struct endpoint_disk_ops {
	int (*read)(void *ctx, u64 pos, void *buf, size_t len);
	int (*write)(void *ctx, u64 pos, const void *buf, size_t len);
	int (*flush)(void *ctx);
	u64 (*size)(void *ctx);
};

#define ENDPOINT_NVME_QUEUES_MAX	16

/**
 * struct endpoint_nvme_params - one NVMe controller
 * @queues: I/O queues, 1 to ENDPOINT_NVME_QUEUES_MAX; each has its MSI-X vector
 * @block_shift: bytes of a block as a power of 2, 9 to 12
 * @serial: makes its identifiers: no two controllers that a guest sees have the same
 */
struct endpoint_nvme_params {
	u16 queues;
	u8 block_shift;
	u32 serial;
};

struct endpoint *endpoint_nvme_create(const struct endpoint_nvme_params *params,
				      const struct endpoint_disk_ops *disk, void *disk_ctx,
				      const struct endpoint_env_ops *env, void *env_ctx);

struct endpoint_file;

extern const struct endpoint_disk_ops endpoint_file_ops;
struct endpoint_file *endpoint_file_open(const char *path);
void endpoint_file_close(struct endpoint_file *file);

/* ---- inside: between the files of an endpoint ------------------------------------------ */

/**
 * struct endpoint_vector - an entry of the MSI-X table
 * @address: where the message goes
 * @data: the message
 * @masked: it waits
 */
struct endpoint_vector {
	u64 address;
	u32 data;
	bool masked;
};

/**
 * struct endpoint - one function
 * @desc: what it is
 * @env: its environment, with
 * @env_ctx: its context
 * @priv: of the device
 * @wq: where the device works
 * @config_lock: protects @config; outermost
 * @config: configuration space
 * @writable: bits of it that can be written
 * @initial: what it is after a reset
 * @express_at: where the capabilities are, 0 if there is none
 * @msi_at: MSI
 * @msix_at: MSI-X
 * @dma_lock: read while data moves; whoever clears @bus_master waits for it to be free:
 *	who took it before that may still have seen @bus_master
 * @bus_master: the function may move data and send messages
 * @memory: BARs answer
 * @irq_lock: protects what follows
 * @vectors: MSI-X table
 * @msix_enabled: interrupts go by MSI-X
 * @msix_masked: and all of them wait
 * @msi_enabled: interrupts go by MSI
 * @msi_granted: messages that it may tell apart, a power of 2
 * @msi_address: where its messages go
 * @msi_data: the first of them
 * @msi_mask: those that wait
 * @pending: vectors that have an interrupt to deliver
 */
struct endpoint {
	struct endpoint_desc desc;
	const struct endpoint_env_ops *env;
	void *env_ctx;
	void *priv;
	struct workqueue_struct *wq;

	struct mutex config_lock;	/* protects config; outermost */
	u8 *config;
	u8 *writable;
	u8 *initial;
	u8 express_at;
	u8 msi_at;
	u8 msix_at;

	struct rw_semaphore dma_lock;	/* see above */
	bool bus_master;
	bool memory;

	struct mutex irq_lock;		/* protects all below */
	struct endpoint_vector vectors[ENDPOINT_VECTORS_MAX];
	bool msix_enabled;
	bool msix_masked;
	bool msi_enabled;
	u8 msi_granted;
	u64 msi_address;
	u16 msi_data;
	u32 msi_mask;
	u64 pending;
};

int endpoint_config_build(struct endpoint *ep);
void endpoint_irq_reset(struct endpoint *ep);
void endpoint_irq_config(struct endpoint *ep);
u32 endpoint_msi_pending(struct endpoint *ep);
bool endpoint_msix_covers(const struct endpoint *ep, unsigned int bar, u64 off);
u64 endpoint_msix_read(struct endpoint *ep, u64 off, u32 size);
void endpoint_msix_write(struct endpoint *ep, u64 off, u32 size, u64 val);

#endif /* _ENDPOINT_H */
