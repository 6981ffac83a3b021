// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a device of the host that this kernel drives itself: what the host is
 * told, packets both ways, and hosts that refuse, fall silent or cheat.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <vmbus/hostdev.h>
#include <vmbus/ring.h>

#include "../drivers/vmbus_relay/relay_dev.h"
#include "fake_host.h"

#define DT_CHANNEL	4
#define DT_RING		3	/* pages of each ring */
#define DT_BYTES	((DT_RING - 1) * HV_HYP_PAGE_SIZE)
#define DT_FAILURE	VMBUS_STATUS_FAILURE
#define DT_PACKETS	256

/* What the host does. */
enum dt_host {
	DT_GOOD,
	DT_REFUSE_GPADL,
	DT_REFUSE_OPEN,
	DT_RESCIND_OPEN,	/* rescinds instead of answering to it */
	DT_SILENT_GPADL,
	DT_SILENT_OPEN,
	DT_LAST_WORDS,		/* says something between CLOSE and TORNDOWN */
};

/**
 * struct dt - a device and its host
 * @fh: client and host
 * @hchan: channel
 * @dev: device
 * @how: what the host does
 * @work: the host's answers
 * @answered: messages of @fh that it has looked at
 * @up: the host's end of the ring to it, mapped while @ringing
 * @down: of the other one
 * @up_addr: where it is mapped, and
 * @down_addr: the other
 * @packets: packets of the host that came, each the number that it carries
 * @npackets: their number
 * @rooms: calls of room()
 * @flushes: calls of flush()
 * @blocked: the driver takes no packet
 */
struct dt {
	struct fh *fh;
	struct vrelay_hchan *hchan;
	struct vrelay_dev *dev;
	enum dt_host how;
	struct work_struct work;
	unsigned int answered;
	struct vsrv_ring_in up;
	struct vsrv_ring_out down;
	void *up_addr, *down_addr;
	u64 packets[DT_PACKETS];
	unsigned int npackets;
	unsigned int rooms;
	unsigned int flushes;
	bool blocked;
};

static struct dt *dt_now;

/* ---- the host ------------------------------------------------------------------------ */

static bool dt_host_send(struct dt *dt, u64 n);

/* It does not interrupt: the device looks by itself. */
static void dt_last_words(struct dt *dt)
{
	unsigned long deadline = jiffies + FH_TIMEOUT;

	dt_host_send(dt, dt->npackets);
	while (!READ_ONCE(dt->npackets) && time_before(jiffies, deadline))
		usleep_range(100, 200);
}

static void dt_answer_to(struct dt *dt, const __le32 *m)
{
	struct fh *fh = dt->fh;
	u32 id = le32_to_cpu(m[3]);

	switch (le32_to_cpu(m[0])) {
	case VMBUS_MSG_GPADL_HEADER:
		if (dt->how != DT_SILENT_GPADL)
			fh_created(fh, DT_CHANNEL, id, dt->how == DT_REFUSE_GPADL ? DT_FAILURE : 0);
		break;
	case VMBUS_MSG_OPEN:
		if (dt->how == DT_RESCIND_OPEN)
			fh_rescind(fh, DT_CHANNEL);
		else if (dt->how != DT_SILENT_OPEN)
			fh_opened(fh, DT_CHANNEL, dt->how == DT_REFUSE_OPEN ? DT_FAILURE : 0);
		break;
	case VMBUS_MSG_GPADL_TEARDOWN:
		if (dt->how == DT_LAST_WORDS)
			dt_last_words(dt);
		fh_torndown(fh, id);
		break;
	}
}

static void dt_work(struct work_struct *work)
{
	struct dt *dt = container_of(work, struct dt, work);

	while (dt->answered < READ_ONCE(dt->fh->nposts))
		dt_answer_to(dt, (__le32 *)dt->fh->posts[dt->answered++].payload);
}

/* The client's lock is held here. */
static void dt_on_post(struct fh *fh)
{
	queue_work(fh->wq, &dt_now->work);
}

static void dt_on_answer(struct fh *fh, int err)
{
	vrelay_dev_answer(dt_now->dev, err);
}

static void *dt_map(struct page **pages)
{
	struct page *twice[2 * DT_RING - 1];

	memcpy(twice, pages, DT_RING * sizeof(*pages));
	memcpy(twice + DT_RING, pages + 1, (DT_RING - 1) * sizeof(*pages));
	return vmap(twice, ARRAY_SIZE(twice), VM_MAP, PAGE_KERNEL);
}

/* The host maps what it was told of. */
static void dt_map_rings(struct dt *dt)
{
	struct kunit *test = dt->fh->test;

	dt->up_addr = dt_map(dt->fh->shared);
	dt->down_addr = dt_map(dt->fh->shared + DT_RING);
	KUNIT_ASSERT_NOT_NULL(test, dt->up_addr);
	KUNIT_ASSERT_NOT_NULL(test, dt->down_addr);
	KUNIT_ASSERT_EQ(test, vsrv_ring_in_init(&dt->up, dt->up_addr, DT_BYTES), 0);
	KUNIT_ASSERT_EQ(test, vsrv_ring_out_init(&dt->down, dt->down_addr, DT_BYTES), 0);
}

static void dt_unmap_rings(struct dt *dt)
{
	vunmap(dt->up_addr);
	vunmap(dt->down_addr);
	dt->up_addr = NULL;
	dt->down_addr = NULL;
}

/* The host interrupts; returns when the device has done what it would. */
static void dt_interrupt(struct dt *dt)
{
	u16 flag = dt->hchan->event_flag;

	KUNIT_ASSERT_NOT_NULL(dt->fh->test, dt->fh->bound[flag]);
	dt->fh->bound[flag](dt->fh->bound_ctx[flag]);
	vrelay_dev_flush(dt->dev);
}

/* The host sends packet number @n; true if it must interrupt. */
static bool dt_host_send(struct dt *dt, u64 n)
{
	struct kvec vec = { .iov_base = &n, .iov_len = sizeof(n) };

	KUNIT_ASSERT_EQ(dt->fh->test, vsrv_ring_write(&dt->down, VM_PKT_DATA_INBAND, 0, n, &vec, 1),
			0);
	return vsrv_ring_write_commit(&dt->down);
}

/* It takes one, and finds number @n; true if it must signal for room. */
static bool dt_host_take(struct dt *dt, u64 n)
{
	static u8 buf[DT_BYTES] __aligned(8);
	struct vsrv_packet pkt;

	KUNIT_ASSERT_EQ_MSG(dt->fh->test, vsrv_ring_read(&dt->up, &pkt, buf, sizeof(buf)), 1,
			    "packet %llu", n);
	KUNIT_EXPECT_EQ(dt->fh->test, pkt.trans_id, n);
	KUNIT_EXPECT_EQ(dt->fh->test, *(u64 *)pkt.payload, n);
	return vsrv_ring_read_commit(&dt->up);
}

/* ---- the driver ------------------------------------------------------------------------ */

static void dt_packet(void *ctx, const struct vsrv_packet *pkt)
{
	struct dt *dt = ctx;

	if (dt->npackets < DT_PACKETS)
		dt->packets[dt->npackets] = *(u64 *)pkt->payload;
	dt->npackets++;
}

static void dt_room(void *ctx)
{
	struct dt *dt = ctx;

	dt->rooms++;
}

static bool dt_ready(void *ctx)
{
	struct dt *dt = ctx;

	return !READ_ONCE(dt->blocked);
}

static void dt_flush(void *ctx)
{
	struct dt *dt = ctx;

	dt->flushes++;
}

static const struct vrelay_dev_ops dt_ops = {
	.ready = dt_ready, .packet = dt_packet, .flush = dt_flush, .room = dt_room,
};

static int dt_send(struct dt *dt, u64 n, u32 len)
{
	static u8 data[4 * HV_HYP_PAGE_SIZE];
	struct kvec vec = { .iov_base = data, .iov_len = len };

	memcpy(data, &n, sizeof(n));
	return vrelay_dev_send(dt->dev, VM_PKT_DATA_INBAND, 0, n, &vec, 1);
}

/* ---- life ------------------------------------------------------------------------------ */

static void dt_free(void *ctx)
{
	struct dt *dt = ctx;

	dt->fh->on_post = NULL;
	flush_work(&dt->work);
	vrelay_dev_destroy(dt->dev);
	dt_now = NULL;
}

static struct dt *dt_new(struct kunit *test)
{
	struct dt *dt = kunit_kzalloc(test, sizeof(*dt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dt);
	dt->fh = fh_new(test);
	fh_enter(dt->fh, VRELAY_CONNECTED);
	dt->hchan = fh_chan(dt->fh, DT_CHANNEL);
	dt->dev = vrelay_dev_create(dt->hchan);
	KUNIT_ASSERT_NOT_NULL(test, dt->dev);
	INIT_WORK(&dt->work, dt_work);
	dt_now = dt;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, dt_free, dt), 0);
	dt->fh->on_answer = dt_on_answer;
	dt->fh->on_post = dt_on_post;
	return dt;
}

static int dt_open_size(struct dt *dt, unsigned int up, unsigned int down)
{
	struct vsrv_ring_params params = { .to_host_pages = up, .from_host_pages = down };

	return vrelay_dev_open(dt->dev, &dt_ops, dt, &params);
}

static int dt_open(struct dt *dt)
{
	return dt_open_size(dt, DT_RING, DT_RING);
}

static void dt_expect_nothing_left(struct dt *dt)
{
	KUNIT_EXPECT_NULL(dt->fh->test, memchr_inv(dt->fh->shared, 0, sizeof(dt->fh->shared)));
	KUNIT_EXPECT_EQ(dt->fh->test, dt->fh->nbound, 0U);
	KUNIT_EXPECT_TRUE(dt->fh->test, xa_empty(&dt->fh->client.gpadls));
}

/* ---- tests ----------------------------------------------------------------------------- */

/* What the host is told: its own numbers of our pages, and to interrupt us. */
static void relay_dev_messages_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	u32 gpadl = 0x80000000 | DT_CHANNEL;
	unsigned int round, i;
	const __le32 *m;

	KUNIT_EXPECT_EQ(test, dt_send(dt, 1, 8), -ENOTCONN);
	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
		KUNIT_EXPECT_EQ(test, dt_open(dt), -EBUSY);
		m = fh_expect_chan(dt->fh, VMBUS_MSG_GPADL_HEADER, 20 + 8 * (1 + 2 * DT_RING),
				   DT_CHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[1]), gpadl);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), 8 * (1 + 2 * DT_RING) | 1 << 16);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), 2 * DT_RING * HV_HYP_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), 0U);
		for (i = 0; i < 2 * DT_RING; i++) {
			KUNIT_EXPECT_EQ(test, le32_to_cpu(m[5 + 2 * i]), FH_PFN + i);
			KUNIT_EXPECT_NOT_NULL(test, dt->fh->shared[i]);
		}
		m = fh_expect_chan(dt->fh, VMBUS_MSG_OPEN, 156, DT_CHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), gpadl);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), 0U);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), DT_RING);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[35]), 0x27000 | DT_CHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), 1 | VMBUS_OPEN_REDIRECT_INTERRUPT << 16);
		vrelay_dev_close(dt->dev);
		fh_expect_chan(dt->fh, VMBUS_MSG_CLOSE, 12, DT_CHANNEL);
		fh_expect_chan(dt->fh, VMBUS_MSG_GPADL_TEARDOWN, 16, DT_CHANNEL);
		fh_expect_quiet(dt->fh);
		dt_expect_nothing_left(dt);
		KUNIT_EXPECT_EQ(test, dt_send(dt, 1, 8), -ENOTCONN);
	}
	KUNIT_EXPECT_EQ(test, dt_open_size(dt, 1, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, dt_open_size(dt, 2, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, dt_open_size(dt, 8193, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, dt_open_size(dt, 2, 8193), -EINVAL);
	fh_expect_quiet(dt->fh);
	fh_expect_errors(dt->fh, 0);
}

/* The host's addresses, whether the device is open or not. */
static void relay_dev_mmio_test(struct kunit *test)
{
	static const struct {
		u64 gpa;
		unsigned int size;
		int err;
	} cases[] = {
		{ 0, 1, 0 }, { 0x1001, 1, 0 }, { 0x1002, 2, 0 }, { 0x1004, 4, 0 }, { 0x1008, 8, 0 },
		{ U64_MAX, 1, 0 }, { U64_MAX - 7, 8, 0 },
		{ 0x1001, 2, -EINVAL }, { 0x1002, 4, -EINVAL }, { 0x1004, 8, -EINVAL },
		{ U64_MAX, 2, -EINVAL }, { 0x1000, 0, -EINVAL }, { 0x1000, 3, -EINVAL },
		{ 0x1000, 16, -EINVAL }, { 0x1000, U32_MAX, -EINVAL },
	};
	struct dt *dt = dt_new(test);
	struct fh *fh = dt->fh;
	unsigned int i, calls = 0;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = i;
		KUNIT_EXPECT_EQ_MSG(test, vrelay_dev_mmio(dt->dev, cases[i].gpa, cases[i].size,
							  true, &value), cases[i].err,
				    "case %u", i);
		value = 0x100;
		KUNIT_EXPECT_EQ_MSG(test, vrelay_dev_mmio(dt->dev, cases[i].gpa, cases[i].size,
							  false, &value), cases[i].err,
				    "case %u", i);
		if (!cases[i].err)
			calls += 2;
		KUNIT_EXPECT_EQ_MSG(test, fh->mmios, calls, "case %u", i);
		if (cases[i].err)
			continue;
		KUNIT_EXPECT_EQ(test, value, i);
		KUNIT_EXPECT_EQ(test, fh->mmio_gpa, cases[i].gpa);
		KUNIT_EXPECT_EQ(test, fh->mmio_size, cases[i].size);
		KUNIT_EXPECT_FALSE(test, fh->mmio_write);
	}
	/* What cannot be read is all ones. */
	fh->mmio_err = -ENXIO;
	KUNIT_EXPECT_EQ(test, vrelay_dev_mmio(dt->dev, 0x1000, 2, false, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, value, 0xffff);
	KUNIT_EXPECT_EQ(test, vrelay_dev_mmio(dt->dev, 0x1000, 8, false, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, value, U64_MAX);
	value = 5;
	KUNIT_EXPECT_EQ(test, vrelay_dev_mmio(dt->dev, 0x1000, 8, true, &value), -ENXIO);
	KUNIT_EXPECT_EQ(test, value, 5);
	fh_expect_quiet(fh);
}

/* Rings of two sizes: the host is told where the second begins. */
static void relay_dev_sizes_test(struct kunit *test)
{
	static const struct { unsigned int up, down; } cases[] = { { 2, 5 }, { 5, 2 }, { 2, 2 } };
	unsigned int i, n;
	const __le32 *m;
	struct dt *dt;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		dt = dt_new(test);
		n = cases[i].up + cases[i].down;
		KUNIT_ASSERT_EQ(test, dt_open_size(dt, cases[i].up, cases[i].down), 0);
		m = fh_expect_chan(dt->fh, VMBUS_MSG_GPADL_HEADER, 20 + 8 * (1 + n), DT_CHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), n * HV_HYP_PAGE_SIZE);
		m = fh_expect_chan(dt->fh, VMBUS_MSG_OPEN, 156, DT_CHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), cases[i].up);
		/* One packet may fill the ring toward the host, but for 8 bytes. */
		n = (cases[i].up - 1) * HV_HYP_PAGE_SIZE - 8 - 16 - 8;
		KUNIT_EXPECT_EQ(test, dt_send(dt, 1, n), 0);
		KUNIT_EXPECT_EQ(test, dt_send(dt, 1, n + 8), -EMSGSIZE);
		vrelay_dev_close(dt->dev);
		fh_expect_chan(dt->fh, VMBUS_MSG_CLOSE, 12, DT_CHANNEL);
		dt_expect_nothing_left(dt);
	}
}

/* Ids of GPADLs that a guest has are left to it. */
static void relay_dev_gpadl_id_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	struct vrelay_hchan *other;
	const __le32 *m;

	dt->fh->on_post = NULL;
	dt->fh->on_answer = NULL;
	other = fh_chan(dt->fh, 6);
	fh_gpadl(dt->fh, other, 0x80000000 | DT_CHANNEL);
	dt->answered = dt->fh->nposts;
	dt->fh->on_answer = dt_on_answer;
	dt->fh->on_post = dt_on_post;
	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	m = fh_expect_chan(dt->fh, VMBUS_MSG_GPADL_HEADER, 20 + 8 * (1 + 2 * DT_RING), DT_CHANNEL);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[1]), 0x80000800 | DT_CHANNEL);
	m = fh_expect_chan(dt->fh, VMBUS_MSG_OPEN, 156, DT_CHANNEL);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), 0x80000800 | DT_CHANNEL);
	vrelay_dev_close(dt->dev);
	KUNIT_EXPECT_EQ(test, vrelay_client_drain(other, true), 0);
}

static void relay_dev_packets_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	unsigned int i, signals;

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	/* One at a time, and many: all come, in order, and the host is to interrupt once. */
	KUNIT_EXPECT_TRUE(test, dt_host_send(dt, 0));
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 1U);
	KUNIT_EXPECT_TRUE(test, dt_host_send(dt, 1));
	for (i = 2; i < 100; i++)
		KUNIT_EXPECT_FALSE(test, dt_host_send(dt, i));
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 100U);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, dt->packets[i], i);
	/* An interrupt without a packet. */
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 100U);

	/* The other way; one signal, as long as the host has not emptied the ring. */
	signals = dt->fh->signals;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, dt_send(dt, i, 8 + 8 * i), 0);
	KUNIT_EXPECT_EQ(test, dt->fh->signals, signals + 1);
	KUNIT_EXPECT_EQ(test, dt->fh->connection, 0x27000U | DT_CHANNEL);
	for (i = 0; i < 10; i++)
		dt_host_take(dt, i);
	KUNIT_EXPECT_EQ(test, dt_send(dt, 10, 8), 0);
	KUNIT_EXPECT_EQ(test, dt->fh->signals, signals + 2);
	dt_host_take(dt, 10);
	KUNIT_EXPECT_EQ(test, dt_send(dt, 11, 2 * DT_BYTES), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, dt->rooms, 0U);
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	fh_expect_errors(dt->fh, 0);
}

/* A full ring: the driver hears when there is room, and not before. */
static void relay_dev_full_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	unsigned int sent = 0, taken = 0;
	int err;

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	while (!(err = dt_send(dt, sent, 1024)))
		sent++;
	KUNIT_EXPECT_EQ(test, err, -EAGAIN);
	KUNIT_EXPECT_GT(test, sent, 5U);
	KUNIT_EXPECT_EQ(test, dt->rooms, 0U);
	while (taken < sent && !dt_host_take(dt, taken++))
		;
	KUNIT_EXPECT_LE(test, taken, sent);
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->rooms, 1U);
	KUNIT_EXPECT_EQ(test, dt_send(dt, sent, 1024), 0);
	/* Nobody waits any more. */
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->rooms, 1U);
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	fh_expect_errors(dt->fh, 0);
}

/* Hosts that do not want to: nothing is left, and a better one is taken. */
static void relay_dev_refused_test(struct kunit *test)
{
	static const struct { enum dt_host how; int err; } cases[] = {
		{ DT_REFUSE_GPADL, -EIO }, { DT_REFUSE_OPEN, -EIO },
	};
	struct dt *dt = dt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		dt->how = cases[i].how;
		KUNIT_EXPECT_EQ_MSG(test, dt_open(dt), cases[i].err, "case %u", i);
		dt_expect_nothing_left(dt);
		KUNIT_EXPECT_EQ(test, dt->hchan->state, VRELAY_HCHAN_OFFERED);
		KUNIT_EXPECT_EQ(test, dt_send(dt, 1, 8), -ENOTCONN);
	}
	dt->how = DT_GOOD;
	KUNIT_EXPECT_EQ(test, dt_open(dt), 0);
	vrelay_dev_close(dt->dev);
	/* Pages that the host cannot have. */
	dt->fh->share_err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, dt_open(dt), -ENOMEM);
	dt->fh->share_err = 0;
	dt->fh->bind_err = -ENOSPC;
	KUNIT_EXPECT_EQ(test, dt_open(dt), -ENOSPC);
	dt->fh->bind_err = 0;
	dt_expect_nothing_left(dt);
	dt->how = DT_RESCIND_OPEN;
	KUNIT_EXPECT_EQ(test, dt_open(dt), -ENODEV);
	dt_expect_nothing_left(dt);
	KUNIT_EXPECT_EQ(test, dt_open(dt), -ENODEV);
	dt_expect_nothing_left(dt);
}

/* The host takes back a device that is open. */
static void relay_dev_rescind_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	fh_rescind(dt->fh, DT_CHANNEL);
	KUNIT_EXPECT_EQ(test, dt->fh->nbound, 0U);
	/* Into the void. */
	KUNIT_EXPECT_EQ(test, dt_send(dt, 1, 8), 0);
	KUNIT_EXPECT_EQ(test, dt->fh->signals, 0U);
	vrelay_dev_close(dt->dev);
	dt_expect_nothing_left(dt);
	fh_expect_errors(dt->fh, 0);
}

/*
 * A host that was cut off may write to the pages until it has agreed to a new contact:
 * nobody else gets them before.
 */
static void dt_expect_kept(struct dt *dt)
{
	struct kunit *test = dt->fh->test;
	struct page *pages[2 * DT_RING];
	struct fh *fh = dt->fh;
	unsigned int k;

	memcpy(pages, fh->shared, sizeof(pages));
	memset(fh->shared, 0, sizeof(fh->shared));
	dt_expect_nothing_left(dt);
	fh->client.timeout = FH_TIMEOUT;
	KUNIT_ASSERT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_DISCONNECTED);
	for (k = 0; k < ARRAY_SIZE(pages); k++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[k]), 1);
		get_page(pages[k]);
	}
	KUNIT_ASSERT_EQ(test, vrelay_client_connect(&fh->client), 0);
	/* It does not speak that version, and has not taken the contact. */
	fh_version(fh, false, 0, 0, 16);
	for (k = 0; k < ARRAY_SIZE(pages); k++)
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[k]), 2);
	fh_version(fh, true, 0, FH_FEATURES, 20);
	for (k = 0; k < ARRAY_SIZE(pages); k++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[k]), 1);
		put_page(pages[k]);
	}
}

/* A host that does not answer: its connection is cut, and it keeps the pages. */
static void relay_dev_silent_test(struct kunit *test)
{
	static const enum dt_host cases[] = { DT_SILENT_GPADL, DT_SILENT_OPEN };
	unsigned int i;
	struct dt *dt;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		dt = dt_new(test);
		dt->how = cases[i];
		/* Enough for what is answered. */
		dt->fh->client.timeout = HZ / 2;
		dt->fh->keep_shared = true;
		KUNIT_EXPECT_EQ(test, dt_open(dt), -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, fh_count(dt->fh, VRELAY_TIMEOUTS), 2);
		KUNIT_EXPECT_TRUE(test, dt->hchan->silent);
		dt_expect_kept(dt);
	}
}

/* The connection is cut for the sake of something else, while the device is open. */
static void relay_dev_cut_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);

	dt->fh->keep_shared = true;
	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt->fh->status = HV_STATUS_INVALID_CONNECTION_ID;
	dt->fh->fail_for = 1;
	/* It knows of the device's pages, and the connection is gone. */
	vrelay_client_unload(&dt->fh->client);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&dt->fh->client), VRELAY_DISCONNECTED);
	vrelay_dev_close(dt->dev);
	KUNIT_EXPECT_FALSE(test, dt->hchan->silent);
	dt_expect_kept(dt);
}

/* A ring that the host has spoilt is read no more, and said so once. */
static void relay_dev_bad_ring_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	dt_host_send(dt, 0);
	dt_interrupt(dt);
	fh_expect_errors(dt->fh, 0);
	WRITE_ONCE(dt->down.hdr->write_index, DT_BYTES + 8);
	dt_interrupt(dt);
	fh_expect_errors(dt->fh, 1);
	WRITE_ONCE(dt->down.hdr->write_index, 32);
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 1U);
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	dt_expect_nothing_left(dt);
}

/* A driver that waits for room hears of it, whichever ring the host has spoilt. */
static void relay_dev_bad_and_full_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	unsigned int sent = 0, taken = 0;

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	/* The one from it, ... */
	WRITE_ONCE(dt->down.hdr->write_index, DT_BYTES + 8);
	dt_interrupt(dt);
	fh_expect_errors(dt->fh, 1);
	while (!dt_send(dt, sent, 1024))
		sent++;
	KUNIT_EXPECT_EQ(test, dt->rooms, 0U);
	while (taken < sent)
		dt_host_take(dt, taken++);
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->rooms, 1U);
	/* ... and the one to it. */
	while (!dt_send(dt, sent, 1024))
		sent++;
	WRITE_ONCE(dt->up.hdr->read_index, 4);
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->rooms, 2U);
	KUNIT_EXPECT_EQ(test, dt_send(dt, 1, 1024), -EIO);
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	dt_expect_nothing_left(dt);
}

/* A driver that takes nothing is not asked again until it says so; one flush per batch. */
static void relay_dev_blocked_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);
	u64 n;

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	dt->blocked = true;
	for (n = 0; n < 3; n++)
		dt_host_send(dt, n);
	dt_interrupt(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 0U);
	/* The host need not interrupt. */
	KUNIT_EXPECT_FALSE(test, dt_host_send(dt, n));
	dt->blocked = false;
	dt->flushes = 0;
	vrelay_dev_queue(dt->dev);
	vrelay_dev_flush(dt->dev);
	KUNIT_EXPECT_EQ(test, dt->npackets, 4U);
	KUNIT_EXPECT_EQ(test, dt->flushes, 1U);
	for (n = 0; n < 4; n++)
		KUNIT_EXPECT_EQ(test, dt->packets[n], n);
	KUNIT_EXPECT_TRUE(test, dt_host_send(dt, n));
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	vrelay_dev_queue(dt->dev);
	dt_expect_nothing_left(dt);
}

/* What the host says after CLOSE still comes. */
static void relay_dev_last_words_test(struct kunit *test)
{
	struct dt *dt = dt_new(test);

	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	dt->how = DT_LAST_WORDS;
	vrelay_dev_close(dt->dev);
	dt_unmap_rings(dt);
	KUNIT_EXPECT_EQ(test, dt->npackets, 1U);
	dt_expect_nothing_left(dt);
}

/* A packet with ranges gets to the host as it is. */
static void relay_dev_forward_test(struct kunit *test)
{
	static const u64 ext[] = { 1ULL << 32, 0x200 | 0x10ULL << 32, 0x1234 };
	static u8 buf[DT_BYTES] __aligned(8);
	static const u64 payload = 77;
	struct vsrv_packet pkt = {
		.type = VM_PKT_DATA_USING_GPA_DIRECT,
		.flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		.trans_id = 5, .ext = ext, .ext_len = sizeof(ext),
		.payload = &payload, .len = sizeof(payload),
	}, got;
	struct dt *dt = dt_new(test);

	KUNIT_EXPECT_EQ(test, vrelay_dev_forward(dt->dev, &pkt), -ENOTCONN);
	KUNIT_ASSERT_EQ(test, dt_open(dt), 0);
	dt_map_rings(dt);
	KUNIT_ASSERT_EQ(test, vrelay_dev_forward(dt->dev, &pkt), 0);
	KUNIT_EXPECT_EQ(test, dt->fh->signals, 1U);
	KUNIT_ASSERT_EQ(test, vsrv_ring_read(&dt->up, &got, buf, sizeof(buf)), 1);
	KUNIT_EXPECT_EQ(test, got.type, pkt.type);
	KUNIT_EXPECT_EQ(test, got.flags, pkt.flags);
	KUNIT_EXPECT_EQ(test, got.trans_id, pkt.trans_id);
	KUNIT_EXPECT_EQ(test, got.range_count, 1U);
	KUNIT_ASSERT_EQ(test, got.ext_len, pkt.ext_len);
	KUNIT_EXPECT_MEMEQ(test, got.ext, ext, sizeof(ext));
	KUNIT_ASSERT_EQ(test, got.len, pkt.len);
	KUNIT_EXPECT_MEMEQ(test, got.payload, &payload, sizeof(payload));
	dt_unmap_rings(dt);
	vrelay_dev_close(dt->dev);
	dt_expect_nothing_left(dt);
}

static struct kunit_case relay_dev_cases[] = {
	KUNIT_CASE(relay_dev_messages_test),
	KUNIT_CASE(relay_dev_mmio_test),
	KUNIT_CASE(relay_dev_sizes_test),
	KUNIT_CASE(relay_dev_gpadl_id_test),
	KUNIT_CASE(relay_dev_packets_test),
	KUNIT_CASE(relay_dev_full_test),
	KUNIT_CASE(relay_dev_refused_test),
	KUNIT_CASE(relay_dev_rescind_test),
	KUNIT_CASE(relay_dev_silent_test),
	KUNIT_CASE(relay_dev_cut_test),
	KUNIT_CASE(relay_dev_bad_ring_test),
	KUNIT_CASE(relay_dev_bad_and_full_test),
	KUNIT_CASE(relay_dev_blocked_test),
	KUNIT_CASE(relay_dev_last_words_test),
	KUNIT_CASE(relay_dev_forward_test),
	{}
};

static struct kunit_suite relay_dev_suite = {
	.name = "vmbus_relay_dev",
	.test_cases = relay_dev_cases,
};

kunit_test_suite(relay_dev_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: devices of the host that VTL2 drives");
MODULE_LICENSE("GPL");
