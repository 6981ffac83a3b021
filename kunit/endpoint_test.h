/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The environment of an endpoint under test: guest memory, and who gets the interrupts.
 */
#ifndef _ENDPOINT_TEST_H
#define _ENDPOINT_TEST_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pci_regs.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "endpoint.h"

#define ET_MEM		0x100000000ULL	/* where guest memory begins */
#define ET_MEM_SIZE	SZ_2M
#define ET_MSGS		256
#define ET_TIMEOUT	(10 * HZ)

struct et_msg {
	u64 address;
	u32 data;
};

/**
 * struct et - an endpoint and its environment
 * @test: test
 * @ep: endpoint
 * @mem: guest memory
 * @lock: protects @msgs, @nmsgs
 * @msgs: interrupts
 * @nmsgs: their number
 * @hold: no data moves, who wants it to waits
 * @held: how many do
 * @wq: woken when @hold changes
 * @dmas: times that data was to be moved
 * @dma_max: most bytes at a time
 */
struct et {
	struct kunit *test;
	struct endpoint *ep;
	u8 *mem;
	spinlock_t lock;		/* protects msgs, nmsgs */
	struct et_msg msgs[ET_MSGS];
	unsigned int nmsgs;
	bool hold;
	atomic_t held;
	wait_queue_head_t wq;
	atomic_t dmas;
	size_t dma_max;
};

/* Soon @cond is true. */
#define et_expect_soon(_et, _cond) do {							\
	unsigned long et_end = jiffies + ET_TIMEOUT;					\
	bool et_met;									\
											\
	while (!(et_met = (_cond)) && time_before(jiffies, et_end))			\
		usleep_range(200, 500);							\
	KUNIT_ASSERT_TRUE_MSG((_et)->test, et_met, #_cond);				\
} while (0)

static inline int et_dma(void *ctx, u64 gpa, void *buf, size_t len, bool write)
{
	struct et *et = ctx;
	u8 *at;

	atomic_inc(&et->dmas);
	WRITE_ONCE(et->dma_max, max(len, READ_ONCE(et->dma_max)));
	atomic_inc(&et->held);
	wait_event(et->wq, !READ_ONCE(et->hold));
	atomic_dec(&et->held);
	if (gpa < ET_MEM || gpa - ET_MEM > ET_MEM_SIZE || len > ET_MEM_SIZE - (gpa - ET_MEM))
		return -EFAULT;
	at = et->mem + (gpa - ET_MEM);
	memcpy(write ? at : buf, write ? buf : at, len);
	return 0;
}

static inline void et_msi(void *ctx, u64 address, u32 data)
{
	struct et *et = ctx;

	spin_lock(&et->lock);
	et->msgs[et->nmsgs % ET_MSGS] = (struct et_msg){ address, data };
	et->nmsgs++;
	spin_unlock(&et->lock);
}

static const struct endpoint_env_ops et_env = {
	.dma = et_dma,
	.msi = et_msi,
};

static inline void et_hold(struct et *et, bool hold)
{
	WRITE_ONCE(et->hold, hold);
	wake_up_all(&et->wq);
}

static inline void et_destroy(void *ctx)
{
	struct et *et = ctx;

	et_hold(et, false);
	if (et->ep)
		endpoint_destroy(et->ep);
	kvfree(et->mem);
}

/* An environment; the test puts the endpoint in. */
static inline struct et *et_new(struct kunit *test)
{
	struct et *et = kunit_kzalloc(test, sizeof(*et), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, et);
	et->test = test;
	spin_lock_init(&et->lock);
	init_waitqueue_head(&et->wq);
	et->mem = kvzalloc(ET_MEM_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, et->mem);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, et_destroy, et), 0);
	return et;
}

static inline void et_put(struct et *et, struct endpoint *ep)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(et->test, ep);
	et->ep = ep;
}

static inline unsigned int et_nmsgs(struct et *et)
{
	unsigned int n;

	spin_lock(&et->lock);
	n = et->nmsgs;
	spin_unlock(&et->lock);
	return n;
}

/* Since the last time exactly this one has come. */
static inline void et_expect_msg(struct et *et, u64 address, u32 data)
{
	KUNIT_EXPECT_EQ(et->test, et_nmsgs(et), 1U);
	KUNIT_EXPECT_EQ(et->test, et->msgs[0].address, address);
	KUNIT_EXPECT_EQ(et->test, et->msgs[0].data, data);
	et->nmsgs = 0;
}

static inline void et_expect_no_msg(struct et *et)
{
	KUNIT_EXPECT_EQ(et->test, et_nmsgs(et), 0U);
	et->nmsgs = 0;
}

static inline u16 et_command(struct et *et)
{
	return endpoint_config_read(et->ep, PCI_COMMAND, 2);
}

static inline void et_set_command(struct et *et, u16 command)
{
	endpoint_config_write(et->ep, PCI_COMMAND, 2, command);
}

/* Where a capability is; 0 if there is none of that kind */
static inline u32 et_find_cap(struct et *et, u8 id)
{
	u32 at = endpoint_config_read(et->ep, PCI_CAPABILITY_LIST, 1);
	unsigned int n;

	for (n = 0; at && n < 64; n++) {
		if (endpoint_config_read(et->ep, at, 1) == id)
			return at;
		at = endpoint_config_read(et->ep, at + PCI_CAP_LIST_NEXT, 1);
	}
	return 0;
}

/* The message of a vector as the tests have it */
static inline u64 et_vector_address(unsigned int vector)
{
	return 0xfee00000ULL + 0x1000 * vector + 0x500000000ULL;
}

static inline u32 et_vector_data(unsigned int vector)
{
	return 0x4000 + vector;
}

/* Fill in the table of MSI-X, let all vectors go, and enable it, as a driver does. */
static inline void et_msix_on(struct et *et)
{
	u32 cap = et_find_cap(et, PCI_CAP_ID_MSIX), table, bar, i, n;

	KUNIT_ASSERT_NE(et->test, cap, 0U);
	et_set_command(et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	n = (endpoint_config_read(et->ep, cap + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = endpoint_config_read(et->ep, cap + PCI_MSIX_TABLE, 4);
	bar = table & PCI_MSIX_TABLE_BIR;
	table &= PCI_MSIX_TABLE_OFFSET;
	for (i = 0; i < n; i++, table += PCI_MSIX_ENTRY_SIZE) {
		endpoint_bar_write(et->ep, bar, table, 4, lower_32_bits(et_vector_address(i)));
		endpoint_bar_write(et->ep, bar, table + 4, 4, upper_32_bits(et_vector_address(i)));
		endpoint_bar_write(et->ep, bar, table + 8, 4, et_vector_data(i));
		endpoint_bar_write(et->ep, bar, table + 12, 4, 0);
	}
	endpoint_config_write(et->ep, cap + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
}

#endif /* _ENDPOINT_TEST_H */
