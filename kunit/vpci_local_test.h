/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of vpci_relay: devices of a host that is not there, on a true PCI bus of this
 * kernel.  No driver binds them: the tests are that.
 */
#ifndef _VPCI_LOCAL_TEST_H
#define _VPCI_LOCAL_TEST_H

#include <kunit/test.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#include "../drivers/vpci_relay/local_priv.h"

/* Nothing is there: it reads as anything. */
#define LT_START	0x3000000000ULL
#define LT_MEMORY	"0x3000000000-0x3000100000"
#define LT_DOMAIN	0x2fe1
#define LT_VENDOR	0x1414
#define LT_DEVICE	0x7e57
#define LT_MSIX		0x40	/* capability */
#define LT_MSI		0x60
#define LT_VECTORS	4
#define LT_SLOT		VPCI_SLOT(3, 1)
#define LT_DEVFN	PCI_DEVFN(3, 1)
#define LT_MSIS		16

/**
 * struct lt_host - a device of the host
 * @config: its configuration space
 * @reads: accesses
 * @writes: and
 * @answer: gives interrupts
 * @fn: who gets them
 * @requests: what was asked for
 * @cookies: by
 * @n: how often
 * @answered: of those
 * @silent: none is answered
 * @err: what the answer is
 * @data: added to the data of interrupts
 * @deleted: interrupts that were given back
 * @ndeleted: their number
 * @ejected: calls of vpci_local_ops::ejected()
 */
struct lt_host {
	u8 config[VPCI_CONFIG_SIZE];
	unsigned int reads;
	unsigned int writes;
	struct work_struct answer;
	struct vpci_local_fn *fn;
	struct vpci_msi_request requests[LT_MSIS];
	u64 cookies[LT_MSIS];
	unsigned int n;
	unsigned int answered;
	bool silent;
	int err;
	u32 data;
	struct vpci_msi deleted[LT_MSIS];
	unsigned int ndeleted;
	unsigned int ejected;
};

static const guid_t lt_instance =
	GUID_INIT(0x12345678, LT_DOMAIN, 0x4000, 1, 2, 3, 4, 5, 6, 7, 8);

static inline struct lt_host *to_lt(struct vpci_host_fn *fn)
{
	return (struct lt_host *)fn;
}

static inline u32 lt_config_read(struct vpci_host_fn *fn, u16 offset, u8 size)
{
	struct lt_host *host = to_lt(fn);

	host->reads++;
	if (size == 1)
		return host->config[offset];
	return size == 2 ? get_unaligned_le16(host->config + offset) :
			   get_unaligned_le32(host->config + offset);
}

/* All bits can be written: nobody here asks for more. */
static inline void lt_config_write(struct vpci_host_fn *fn, u16 offset, u8 size, u32 value)
{
	struct lt_host *host = to_lt(fn);

	host->writes++;
	if (size == 1)
		host->config[offset] = value;
	else if (size == 2)
		put_unaligned_le16(value, host->config + offset);
	else
		put_unaligned_le32(value, host->config + offset);
}

static inline void lt_msi(const struct lt_host *host, unsigned int i, struct vpci_msi *msi)
{
	*msi = (struct vpci_msi) {
		.address = 0x1fee00000 + i * 16, .data = 0x1000 + host->data + i,
		.count = 1,
	};
}

/* As the relay does, in a thread of its own */
static inline void lt_answer(struct work_struct *work)
{
	struct lt_host *host = container_of(work, struct lt_host, answer);
	struct vpci_msi msi;
	unsigned int i;

	while (host->answered < READ_ONCE(host->n)) {
		i = host->answered++;
		lt_msi(host, i, &msi);
		vpci_local_done(host->fn, host->cookies[i], host->err, host->err ? NULL : &msi);
	}
}

static inline int lt_interrupt_create(struct vpci_host_fn *fn,
				      const struct vpci_msi_request *request, u64 cookie)
{
	struct lt_host *host = to_lt(fn);

	if (host->n == LT_MSIS)
		return -EBUSY;
	host->requests[host->n] = *request;
	host->cookies[host->n] = cookie;
	WRITE_ONCE(host->n, host->n + 1);
	if (!host->silent)
		schedule_work(&host->answer);
	return 0;
}

static inline void lt_interrupt_delete(struct vpci_host_fn *fn, const struct vpci_msi *msi)
{
	struct lt_host *host = to_lt(fn);

	if (host->ndeleted < LT_MSIS)
		host->deleted[host->ndeleted++] = *msi;
}

static const struct vpci_local_link lt_link = {
	.config_read = lt_config_read,
	.config_write = lt_config_write,
	.interrupt_create = lt_interrupt_create,
	.interrupt_delete = lt_interrupt_delete,
	.answer_limit = 60 * HZ,
};

static inline void lt_ejected(void *ctx, void *priv)
{
	struct lt_host *host = priv;

	host->ejected++;
}

static const struct vpci_local_ops lt_ops = {
	.ejected = lt_ejected,
};

static const struct vpci_bars lt_bars = {
	.kind = { VPCI_BAR_64, VPCI_BAR_HIGH },
	.masks = { ~(u32)(SZ_16K - 1), U32_MAX },
	.fixed = { PCI_BASE_ADDRESS_MEM_TYPE_64 },
	.size = { SZ_16K },
};

static inline struct vpci_desc lt_desc(u32 slot)
{
	return (struct vpci_desc) {
		.vendor = LT_VENDOR, .device = LT_DEVICE, .class = 0xff, .slot = slot,
		.subvendor = LT_VENDOR, .subsystem = 1,
	};
}

static inline void lt_cancel(void *data)
{
	struct lt_host *host = data;

	cancel_work_sync(&host->answer);
}

/* It has MSI-X, with its table and the pending bits in BAR 0, and MSI. */
static inline struct lt_host *lt_host(struct kunit *test)
{
	struct lt_host *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);
	u8 *config;

	KUNIT_ASSERT_NOT_NULL(test, host);
	config = host->config;
	INIT_WORK(&host->answer, lt_answer);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, lt_cancel, host), 0);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, config + PCI_STATUS);
	config[PCI_CAPABILITY_LIST] = LT_MSIX;
	config[LT_MSIX] = PCI_CAP_ID_MSIX;
	put_unaligned_le16(LT_VECTORS - 1, config + LT_MSIX + PCI_MSIX_FLAGS);
	put_unaligned_le32(0, config + LT_MSIX + PCI_MSIX_TABLE);
	put_unaligned_le32(SZ_8K, config + LT_MSIX + PCI_MSIX_PBA);
	config[LT_MSIX + PCI_CAP_LIST_NEXT] = LT_MSI;
	config[LT_MSI] = PCI_CAP_ID_MSI;
	put_unaligned_le16(PCI_MSI_FLAGS_64BIT, config + LT_MSI + PCI_MSI_FLAGS);
	return host;
}

static inline void lt_destroy(void *data)
{
	vpci_local_flush(data);
	vpci_local_destroy(data);
	vpci_local_memory_set("none");
}

/* A bus, and room for memory if it is to have any */
static inline struct vpci_local *lt_local(struct kunit *test, bool memory)
{
	struct vpci_local *local = vpci_local_create_link(&lt_link, &lt_instance, &lt_ops, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(local));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, lt_destroy, local), 0);
	if (memory)
		KUNIT_ASSERT_EQ(test, vpci_local_memory_set(LT_MEMORY), 0);
	return local;
}

/* The device comes; it is put at the end, at the latest. */
static inline struct vpci_local_fn *lt_add(struct kunit *test, struct vpci_local *local,
					   struct lt_host *host, u32 slot)
{
	const struct vpci_desc desc = lt_desc(slot);
	struct vpci_local_fn *fn;

	fn = vpci_local_add(local, (struct vpci_host_fn *)host, &desc, &lt_bars, host);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fn));
	host->fn = fn;
	return fn;
}

/* What Linux has there, with a reference; or NULL */
static inline struct pci_dev *lt_pci(unsigned int devfn)
{
	return pci_get_domain_bus_and_slot(LT_DOMAIN, 0, devfn);
}

static inline bool lt_has_pci(unsigned int devfn)
{
	struct pci_dev *pdev = lt_pci(devfn);

	pci_dev_put(pdev);
	return pdev;
}

#endif /* _VPCI_LOCAL_TEST_H */
