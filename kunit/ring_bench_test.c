// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a request costs the server of a ring: ours against the kernel's vringh.
 *
 * Counted is all that a server does with its ring from one signal to the next: it
 * masks signals; takes each request of the batch, its payload copied to private
 * memory; puts an answer of the same payload, copied from there; finds no further
 * request; publishes; asks whether to signal; unmasks and looks again.  Not counted
 * is the client's half, on neither side, nor threads, interrupts and devices.
 *
 * Where vringh leaves a choice it has the cheaper one: chains without an indirect
 * table, event indices, addresses that nobody checks, and for an empty payload a
 * single descriptor.  Both copies are a bare memcpy(): vringh_iov_pull_kern() and
 * vringh_iov_push_kern() do more, and newer kernels do not have them.
 *
 * Ticks are what get_cycles() counts.  In a machine where each instruction takes as
 * long as any other, which "make bench-ring" boots, they are instructions.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/virtio_config.h>
#include <linux/vringh.h>
#include <vmbus/ring.h>
#include "ring_test.h"

#define BENCH_MAX_BATCH		32
#define BENCH_MAX_PAYLOAD	4096
#define BENCH_DESCS		(2 * BENCH_MAX_BATCH)	/* each request's, then its answer's */
#define BENCH_RING_PAGES	64	/* data of each ring: a batch of the longest packets fits */
#define BENCH_VRING_ALIGN	64
#define BENCH_INSTRUCTIONS	1000

static unsigned int packets = 64;
module_param(packets, uint, 0444);
MODULE_PARM_DESC(packets, "requests of each measurement");

static unsigned int rounds = 1;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how often all is measured");

static const u32 bench_payloads[] = { 0, 64, BENCH_MAX_PAYLOAD };
static const unsigned int bench_batches[] = { 1, BENCH_MAX_BATCH };

/**
 * struct bench - both halves of one kind of ring
 * @test: test
 * @payload: bytes of each request and answer
 * @buf: the server's private memory, page aligned: copies cost the same in each run
 * @failed: the server could not take a request or put an answer
 * @signals: that the server owes its client
 * @up: ours: ring to the server
 * @down: ours: ring to the client
 * @vrh: vringh: the server's half
 * @vring: vringh: the client's
 * @requests: vringh: memory of BENCH_MAX_BATCH requests
 * @answers: vringh: and of the answers
 */
struct bench {
	struct kunit *test;
	u32 payload;
	void *buf;
	bool failed;
	unsigned int signals;
	struct rt *up, *down;
	struct vringh vrh;
	struct vring vring;
	u8 *requests;
	u8 *answers;
};

/**
 * struct bench_ops - one kind of ring
 * @name: for the results
 * @send: the client puts request @n into the ring
 * @serve: what is measured; returns how many requests it was
 * @receive: the client takes the answer to request @n
 */
struct bench_ops {
	const char *name;
	void (*send)(struct bench *b, u32 n);
	unsigned int (*serve)(struct bench *b);
	void (*receive)(struct bench *b, u32 n);
};

static void *bench_alloc(struct kunit *test, size_t size)
{
	/* Memory of whole pages is page aligned. */
	void *p = kunit_kzalloc(test, PAGE_ALIGN(size), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_TRUE(test, PAGE_ALIGNED(p));
	return p;
}

/* The payload of request @n, unlike that of any other of its batch */
static void bench_fill(const struct bench *b, void *payload, u32 n)
{
	u32 i, *words = payload;

	for (i = 0; i < b->payload / sizeof(*words); i++)
		words[i] = n * BENCH_MAX_PAYLOAD + i;
}

static void bench_expect(const struct bench *b, const void *payload, u32 n)
{
	const u32 *words = payload;
	u32 i;

	for (i = 0; i < b->payload / sizeof(*words); i++)
		KUNIT_ASSERT_EQ(b->test, words[i], n * BENCH_MAX_PAYLOAD + i);
}

/* ---- our rings ----------------------------------------------------------------------- */

static void bench_ours_init(struct bench *b)
{
	b->up = rt_new(b->test, BENCH_RING_PAGES);
	b->down = rt_new(b->test, BENCH_RING_PAGES);
	rt_reset(b->test, b->up, 0);
	rt_reset(b->test, b->down, 0);
}

static void bench_ours_send(struct bench *b, u32 n)
{
	bool signal;

	bench_fill(b, b->up->src, n);
	KUNIT_ASSERT_TRUE(b->test, rt_guest_write(b->up, RT_INBAND, 2, n, b->up->src, b->payload,
						  &signal));
}

static unsigned int bench_ours_serve(struct bench *b)
{
	struct vsrv_ring_in *in = &b->up->in;
	struct vsrv_ring_out *out = &b->down->out;
	struct vsrv_packet pkt;
	unsigned int n = 0;

	vsrv_ring_mask(in);
	do {
		while (vsrv_ring_read(in, &pkt, b->buf, RT_BUF_SIZE) == 1) {
			struct kvec vec = {
				.iov_base = (void *)pkt.payload, .iov_len = pkt.len,
			};

			if (vsrv_ring_write(out, VM_PKT_COMP, 0, pkt.trans_id, &vec, 1))
				b->failed = true;
			n++;
		}
		/* The client never waits for room. */
		if (vsrv_ring_read_commit(in) | vsrv_ring_write_commit(out))
			b->signals++;
	} while (vsrv_ring_unmask(in) && !b->failed);
	return n;
}

static void bench_ours_receive(struct bench *b, u32 n)
{
	struct rt *rt = b->down;
	u32 old = rt->hdr->read_index;
	const struct vmpacket_descriptor *d = (void *)rt->data + old;

	/* Pairs with the release in vsrv_ring_write_commit(). */
	KUNIT_ASSERT_NE(b->test, virt_load_acquire(&rt->hdr->write_index), old);
	KUNIT_ASSERT_EQ(b->test, d->type, VM_PKT_COMP);
	KUNIT_ASSERT_EQ(b->test, d->trans_id, n);
	KUNIT_ASSERT_EQ(b->test, hv_pkt_datalen(d), b->payload);
	bench_expect(b, hv_pkt_data((struct vmpacket_descriptor *)d), n);
	/* Pairs with the acquire in ring_out_look(). */
	virt_store_release(&rt->hdr->read_index, (old + RT_TOTAL(b->payload)) % rt->size);
}

static const struct bench_ops bench_ours = {
	.name = "ours",
	.send = bench_ours_send,
	.serve = bench_ours_serve,
	.receive = bench_ours_receive,
};

/* ---- vringh -------------------------------------------------------------------------- */

static void bench_vringh_init(struct bench *b)
{
	void *mem = bench_alloc(b->test, vring_size(BENCH_DESCS, BENCH_VRING_ALIGN));
	u64 features = BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX);

	b->requests = bench_alloc(b->test, BENCH_MAX_BATCH * BENCH_MAX_PAYLOAD);
	b->answers = bench_alloc(b->test, BENCH_MAX_BATCH * BENCH_MAX_PAYLOAD);
	vring_init(&b->vring, BENCH_DESCS, mem, BENCH_VRING_ALIGN);
	KUNIT_ASSERT_EQ(b->test, vringh_init_kern(&b->vrh, features, BENCH_DESCS, true,
						  b->vring.desc, b->vring.avail, b->vring.used),
			0);
}

static void bench_vringh_desc(struct bench *b, u16 i, const void *memory, u16 flags)
{
	b->vring.desc[i] = (struct vring_desc) {
		.addr = cpu_to_vringh64(&b->vrh, (uintptr_t)memory),
		.len = cpu_to_vringh32(&b->vrh, b->payload),
		.flags = cpu_to_vringh16(&b->vrh, flags),
		.next = cpu_to_vringh16(&b->vrh, i + 1),
	};
}

/* What a driver does; it asks for an interrupt at the next answer. */
static void bench_vringh_send(struct bench *b, u32 n)
{
	u16 avail = vringh16_to_cpu(&b->vrh, b->vring.avail->idx);
	u32 slot = n % BENCH_MAX_BATCH, at = slot * BENCH_MAX_PAYLOAD;

	bench_fill(b, b->requests + at, n);
	memset(b->answers + at, 0, b->payload);
	bench_vringh_desc(b, 2 * slot, b->requests + at, b->payload ? VRING_DESC_F_NEXT : 0);
	bench_vringh_desc(b, 2 * slot + 1, b->answers + at, VRING_DESC_F_WRITE);
	b->vring.avail->ring[avail % BENCH_DESCS] = cpu_to_vringh16(&b->vrh, 2 * slot);
	vring_used_event(&b->vring) = b->vring.used->idx;
	/* Pairs with the barrier in __vringh_get_head(). */
	virt_wmb();
	b->vring.avail->idx = cpu_to_vringh16(&b->vrh, avail + 1);
}

/* Copy a request out; fails if it is longer than @size. */
static bool bench_pull(const struct vringh_kiov *iov, void *buf, u32 size, u32 *len)
{
	unsigned int i;

	*len = 0;
	for (i = 0; i < iov->used; i++) {
		if (iov->iov[i].iov_len > size - *len)
			return false;
		memcpy(buf + *len, iov->iov[i].iov_base, iov->iov[i].iov_len);
		*len += iov->iov[i].iov_len;
	}
	return true;
}

/* Copy an answer in; fails if there is no room for it. */
static bool bench_push(const struct vringh_kiov *iov, const void *buf, u32 len)
{
	unsigned int i;
	u32 part;

	for (i = 0; i < iov->used && len; i++) {
		part = min_t(size_t, iov->iov[i].iov_len, len);
		memcpy(iov->iov[i].iov_base, buf, part);
		buf += part;
		len -= part;
	}
	return !len;
}

static unsigned int bench_vringh_serve(struct bench *b)
{
	struct kvec riovs[2], wiovs[2];
	struct vringh_kiov riov, wiov;
	unsigned int n = 0;
	u16 head;
	u32 len;

	vringh_kiov_init(&riov, riovs, ARRAY_SIZE(riovs));
	vringh_kiov_init(&wiov, wiovs, ARRAY_SIZE(wiovs));
	vringh_notify_disable_kern(&b->vrh);
	do {
		while (vringh_getdesc_kern(&b->vrh, &riov, &wiov, &head, GFP_ATOMIC) == 1) {
			if (!bench_pull(&riov, b->buf, RT_BUF_SIZE, &len) ||
			    !bench_push(&wiov, b->buf, len) ||
			    vringh_complete_kern(&b->vrh, head, len))
				b->failed = true;
			n++;
		}
		if (vringh_need_notify_kern(&b->vrh) > 0)
			b->signals++;
	} while (!vringh_notify_enable_kern(&b->vrh) && !b->failed);
	return n;
}

static void bench_vringh_receive(struct bench *b, u32 n)
{
	u32 slot = n % BENCH_MAX_BATCH;
	struct vring_used_elem *used = &b->vring.used->ring[n % BENCH_DESCS];

	KUNIT_ASSERT_GT(b->test, (s16)(vringh16_to_cpu(&b->vrh, b->vring.used->idx) - (u16)n), 0);
	/* Pairs with the barrier in __vringh_complete(). */
	virt_rmb();
	KUNIT_ASSERT_EQ(b->test, vringh32_to_cpu(&b->vrh, used->id), 2 * slot);
	KUNIT_ASSERT_EQ(b->test, vringh32_to_cpu(&b->vrh, used->len), b->payload);
	bench_expect(b, b->answers + slot * BENCH_MAX_PAYLOAD, n);
}

static const struct bench_ops bench_vringh = {
	.name = "vringh",
	.send = bench_vringh_send,
	.serve = bench_vringh_serve,
	.receive = bench_vringh_receive,
};

/* ---- measuring ----------------------------------------------------------------------- */

static unsigned int bench_nothing(struct bench *b)
{
	return 0;
}

/* BENCH_INSTRUCTIONS more than bench_nothing() */
static unsigned int bench_nops(struct bench *b)
{
	asm volatile(".rept " __stringify(BENCH_INSTRUCTIONS) "\n\tnop\n\t.endr");
	return 0;
}

/* Ticks that @serve takes; no interrupt comes in between. */
static noinline u64 bench_ticks(struct bench *b, unsigned int (*serve)(struct bench *b),
				unsigned int *n)
{
	cycles_t start, end;
	unsigned long flags;

	local_irq_save(flags);
	start = get_cycles();
	*n = serve(b);
	end = get_cycles();
	local_irq_restore(flags);
	return end - start;
}

/* The least that was seen: a machine may be busy elsewhere. */
static u64 bench_least(struct bench *b, unsigned int (*serve)(struct bench *b))
{
	u64 least = U64_MAX;
	unsigned int i, n;

	for (i = 0; i < 100; i++)
		least = min(least, bench_ticks(b, serve, &n));
	return least;
}

/* One result; the client's number of requests goes on at *@n. */
static void bench_measure(struct bench *b, const struct bench_ops *ops, unsigned int batch, u32 *n)
{
	u64 none = bench_least(b, bench_nothing), ticks = 0, ns;
	u64 begin_ticks = get_cycles(), begin_ns = ktime_get_ns();
	u32 first = *n, i;
	unsigned int served;

	while (*n - first < packets) {
		for (i = 0; i < batch; i++)
			ops->send(b, *n + i);
		b->signals = 0;
		ticks += bench_ticks(b, ops->serve, &served) - none;
		KUNIT_ASSERT_FALSE(b->test, b->failed);
		KUNIT_ASSERT_EQ(b->test, served, batch);
		/* The client was idle. */
		KUNIT_ASSERT_EQ(b->test, b->signals, 1);
		for (i = 0; i < batch; i++)
			ops->receive(b, *n + i);
		*n += batch;
		cond_resched();
	}
	ns = mul_u64_u64_div_u64(ticks, ktime_get_ns() - begin_ns, get_cycles() - begin_ticks);
	kunit_info(b->test, "ring=%s payload=%u batch=%u packets=%u ticks=%llu ns=%llu",
		   ops->name, b->payload, batch, *n - first, ticks, ns);
}

static void bench_run(struct bench *b, const struct bench_ops *ops)
{
	unsigned int round, p, i;
	u32 n = 0;

	for (round = 0; round < rounds; round++) {
		for (p = 0; p < ARRAY_SIZE(bench_payloads); p++) {
			b->payload = bench_payloads[p];
			for (i = 0; i < ARRAY_SIZE(bench_batches); i++)
				bench_measure(b, ops, bench_batches[i], &n);
		}
	}
}

static struct bench *bench_new(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->test = test;
	b->buf = bench_alloc(test, RT_BUF_SIZE);
	return b;
}

/* Only tells: where time is not counted in instructions these may well take none. */
static void ring_bench_ticks_test(struct kunit *test)
{
	struct bench *b = bench_new(test);
	u64 none = bench_least(b, bench_nothing), nops = bench_least(b, bench_nops);

	kunit_info(test, "instructions=%u ticks=%lld", BENCH_INSTRUCTIONS, (s64)(nops - none));
}

static void ring_bench_ours_test(struct kunit *test)
{
	struct bench *b = bench_new(test);

	bench_ours_init(b);
	bench_run(b, &bench_ours);
}

static void ring_bench_vringh_test(struct kunit *test)
{
	struct bench *b = bench_new(test);

	bench_vringh_init(b);
	bench_run(b, &bench_vringh);
}

static struct kunit_case ring_bench_cases[] = {
	KUNIT_CASE(ring_bench_ticks_test),
	KUNIT_CASE(ring_bench_ours_test),
	KUNIT_CASE(ring_bench_vringh_test),
	{}
};

static struct kunit_suite ring_bench_suite = {
	.name = "vmbus_ring_bench",
	.test_cases = ring_bench_cases,
};

kunit_test_suite(ring_bench_suite);

MODULE_DESCRIPTION("What VMBus rings cost, against vringh");
MODULE_LICENSE("GPL");
