/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring for tests, and the guest's half of it.
 *
 * The guest is played with the helpers that <linux/hyperv.h> has for guests,
 * and where these are private to hv_vmbus with the rules written out.
 */
#ifndef _RING_TEST_H
#define _RING_TEST_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <vmbus/ring.h>

#define RT_BUF_SIZE	SZ_32K
#define RT_INBAND	VM_PKT_DATA_INBAND
#define RT_COMP		VM_PKT_COMP
#define RT_XFER		VM_PKT_DATA_USING_XFER_PAGES
#define RT_GPA		VM_PKT_DATA_USING_GPA_DIRECT
/* Bytes that a packet takes in the ring. */
#define RT_TOTAL(payload)	(16 + ALIGN(payload, 8) + 8)
/* Head of a GPA range, as it lies in a packet. */
#define RT_RANGE(len, offset)	((u64)(offset) << 32 | (u32)(len))

/* A ring, its memory, and both ends as ours. */
struct rt {
	struct page **pages;
	unsigned int npages;
	void *base;
	struct hv_ring_buffer *hdr;
	u8 *data;
	u32 size;
	struct hv_ring_buffer_info rbi;
	struct vsrv_ring_in in;
	struct vsrv_ring_out out;
	struct vsrv_packet pkt;
	u8 *buf;
	u8 *src;
};

/* Map control page and data pages as the partition does, the latter twice. */
static inline void rt_map(struct kunit *test, struct rt *rt, struct page **pages,
			  unsigned int npages)
{
	struct page **twice = kvcalloc(2 * npages, sizeof(*twice), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, twice);
	memcpy(twice, pages, npages * sizeof(*pages));
	memcpy(twice + npages, pages + 1, (npages - 1) * sizeof(*pages));
	rt->base = vmap(twice, 2 * npages - 1, VM_MAP, PAGE_KERNEL);
	kvfree(twice);
	KUNIT_ASSERT_NOT_NULL(test, rt->base);
	rt->hdr = rt->base;
	rt->data = rt->base + HV_HYP_PAGE_SIZE;
	rt->size = (npages - 1) * HV_HYP_PAGE_SIZE;
	rt->rbi.ring_buffer = rt->hdr;
	rt->rbi.ring_datasize = rt->size;
}

static inline void rt_free(void *ctx)
{
	struct rt *rt = ctx;
	unsigned int i;

	vunmap(rt->base);
	for (i = 0; i < rt->npages; i++)
		__free_page(rt->pages[i]);
	kvfree(rt->pages);
}

/* A ring of @data_pages. */
static inline struct rt *rt_new(struct kunit *test, unsigned int data_pages)
{
	struct rt *rt = kunit_kzalloc(test, sizeof(*rt), GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, rt);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, rt_free, rt), 0);
	rt->pages = kvcalloc(1 + data_pages, sizeof(*rt->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rt->pages);
	while (rt->npages <= data_pages) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, page);
		rt->pages[rt->npages++] = page;
	}
	rt_map(test, rt, rt->pages, rt->npages);
	rt->buf = kunit_kzalloc(test, RT_BUF_SIZE, GFP_KERNEL);
	rt->src = kunit_kzalloc(test, RT_BUF_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rt->buf);
	KUNIT_ASSERT_NOT_NULL(test, rt->src);
	return rt;
}

/* Both indices at @at, nothing masked, nothing pending; then take it up. */
static inline void rt_reset(struct kunit *test, struct rt *rt, u32 at)
{
	memset(rt->hdr, 0, HV_HYP_PAGE_SIZE);
	rt->hdr->read_index = at;
	rt->hdr->write_index = at;
	KUNIT_ASSERT_EQ(test, vsrv_ring_in_init(&rt->in, rt->base, rt->size), 0);
	KUNIT_ASSERT_EQ(test, vsrv_ring_out_init(&rt->out, rt->base, rt->size), 0);
}

static inline int rt_read(struct rt *rt)
{
	return vsrv_ring_read(&rt->in, &rt->pkt, rt->buf, RT_BUF_SIZE);
}

static inline int rt_write(struct rt *rt, u64 trans_id, const void *payload, size_t len)
{
	struct kvec vec = { .iov_base = (void *)payload, .iov_len = len };

	return vsrv_ring_write(&rt->out, RT_INBAND, 0, trans_id, &vec, 1);
}

static inline void rt_desc(struct rt *rt, u32 at, u16 type, u16 offset8, u16 len8, u16 flags)
{
	struct vmpacket_descriptor d = {
		.type = type, .offset8 = offset8, .len8 = len8, .flags = flags, .trans_id = at,
	};

	memcpy(rt->data + at, &d, sizeof(d));
}

/*
 * Write a packet as a guest does; false if there is no room.  *@signal tells
 * whether the guest signals: hv_ringbuffer_write(), hv_signal_on_write().
 */
static inline bool rt_guest_write(struct rt *rt, u16 type, u16 offset8, u64 trans_id,
				  const void *body, u32 len, bool *signal)
{
	u32 old = rt->hdr->write_index;
	u32 padded = ALIGN(len, 8), next = old + 16 + padded + 8;
	u64 footer = (u64)old << 32;
	struct vmpacket_descriptor d = {
		.type = type, .offset8 = offset8, .len8 = (16 + padded) / 8, .trans_id = trans_id,
	};

	if (hv_get_bytes_to_write(&rt->rbi) <= 16 + padded + 8)
		return false;
	memcpy(rt->data + old, &d, 16);
	memcpy(rt->data + old + 16, body, len);
	memset(rt->data + old + 16 + len, 0, padded - len);
	memcpy(rt->data + old + 16 + padded, &footer, 8);
	/* Pairs with the acquire in ring_in_look(). */
	virt_mb();
	rt->hdr->write_index = next < rt->size ? next : next - rt->size;
	/* Pairs with the barrier in vsrv_ring_unmask(). */
	virt_mb();
	*signal = !READ_ONCE(rt->hdr->interrupt_mask) && old == READ_ONCE(rt->hdr->read_index);
	return true;
}

/* Does a guest that read @bytes signal its writer?  hv_pkt_iter_close(). */
static inline bool rt_guest_read_signal(struct rt *rt, u32 bytes)
{
	u32 pending = rt->hdr->pending_send_sz;
	u32 space = hv_get_bytes_to_write(&rt->rbi);

	return pending && space - bytes <= pending && space > pending;
}

static inline void rt_fill(u8 *p, u32 len, u32 seed)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, seed);
	prandom_bytes_state(&rnd, p, len);
}

#endif /* _RING_TEST_H */
