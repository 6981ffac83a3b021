/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host for tests of the client of vmbus_relay: it writes down what it is sent,
 * and says what the test wants it to.
 */
#ifndef _FAKE_HOST_H
#define _FAKE_HOST_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <vmbus/compat.h>
#include <vmbus/host.h>

#include "../drivers/vmbus_relay/client.h"

#define FH_POSTS	5000
#define FH_CALLS	64
#define FH_SHARED	64
#define FH_PFN		0x123000	/* of the first page that the host has */
#define FH_TIMEOUT	(5 * HZ)
#define FH_FEATURES	(VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT | \
			 VMBUS_FEATURE_MODIFY_CONNECTION | VMBUS_FEATURE_CLIENT_ID | \
			 VMBUS_FEATURE_PAUSE_RESUME)
/* That the host offers a channel with. */
#define FH_CONNECTION(channel)	(0x9000 + (channel))

/* Callbacks of the client. */
enum fh_call_type { FH_OPENED, FH_CREATED, FH_TORNDOWN, FH_MODIFIED };

/**
 * struct fh_call - one callback
 * @type: which
 * @channel: host's channel id
 * @gpadl: GPADL id, or 0
 * @err: error, or 0
 */
struct fh_call {
	enum fh_call_type type;
	u32 channel;
	u32 gpadl;
	int err;
};

typedef void (*fh_event_fn)(void *ctx);

struct fh_post {
	u32 len;
	u8 payload[VMBUS_MSG_MAX];
};

/**
 * struct fh - a client and its host
 * @test: running test
 * @client: client
 * @host: transport
 * @wq: client's queue
 * @posts: messages taken, with
 * @nposts: their number, of which
 * @seen: the test has looked at
 * @status: what posts return
 * @fail_for: that many posts, then 0
 * @refused: posts that were not taken
 * @calls: callbacks, with
 * @ncalls: their number, of which
 * @heard: the test has looked at
 * @changes: calls of changed()
 * @tl_wanted: what tl_refused() returns
 * @tl_service: service, and
 * @tl_endpoint: guest's end of its last call
 * @monitors: calls of monitor_set(), the last with
 * @monitor_err: this error
 * @bound: functions by event flag, with
 * @bound_ctx: their argument
 * @nbound: their number
 * @bind_err: what bind_event() returns
 * @signals: signals, of
 * @connection: this connection the last
 * @readies: calls of ready()
 * @starts: calls of start(), less those of stop()
 * @share_err: what share() returns
 * @shared: pages that the host has
 * @keep_shared: it remembers them after unshare()
 * @mmios: calls of mmio(), of which the last with
 * @mmio_gpa: this address,
 * @mmio_size: size, and
 * @mmio_write: direction
 * @mmio_value: what was written last, and what is read
 * @mmio_err: what they return
 * @on_post: called with each message that is taken, or NULL
 * @on_answer: gets the client's answers instead of @calls, or NULL
 */
struct fh {
	struct kunit *test;
	struct vrelay_client client;
	struct vrelay_host host;
	struct workqueue_struct *wq;
	struct fh_post *posts;
	unsigned int nposts, seen;
	u16 status;
	unsigned int fail_for;
	unsigned int refused;
	struct fh_call calls[FH_CALLS];
	unsigned int ncalls, heard;
	unsigned int changes;
	bool tl_wanted;
	guid_t tl_service, tl_endpoint;
	unsigned int monitors;
	int monitor_err;
	fh_event_fn bound[VRELAY_EVENT_FLAGS];
	void *bound_ctx[VRELAY_EVENT_FLAGS];
	unsigned int nbound;
	int bind_err;
	unsigned int signals;
	u32 connection;
	unsigned int readies;
	int starts;
	int share_err;
	struct page *shared[FH_SHARED];
	bool keep_shared;
	unsigned int mmios;
	u64 mmio_gpa;
	unsigned int mmio_size;
	bool mmio_write;
	u64 mmio_value;
	int mmio_err;
	void (*on_post)(struct fh *fh);
	void (*on_answer)(struct fh *fh, int err);
};

static inline struct fh *fh_of_host(struct vrelay_host *host)
{
	return container_of(host, struct fh, host);
}

/* ---- the transport ----------------------------------------------------------------- */

static inline int fh_start(struct vrelay_host *host, struct vmbus_partition *part)
{
	fh_of_host(host)->starts++;
	return 0;
}

static inline void fh_stop(struct vrelay_host *host)
{
	fh_of_host(host)->starts--;
}

static inline u16 fh_post_message(struct vrelay_host *host, const void *payload, u32 len)
{
	struct fh *fh = fh_of_host(host);
	struct fh_post *post;

	if (fh->fail_for) {
		fh->fail_for--;
		fh->refused++;
		return fh->status;
	}
	if (fh->nposts == FH_POSTS)
		return HV_STATUS_INVALID_PARAMETER;
	post = &fh->posts[fh->nposts];
	post->len = len;
	memcpy(post->payload, payload, len);
	WRITE_ONCE(fh->nposts, fh->nposts + 1);
	if (fh->on_post)
		fh->on_post(fh);
	return HV_STATUS_SUCCESS;
}

static inline int fh_share(struct vrelay_host *host, struct page **pages, unsigned int n,
			   u64 *pfns)
{
	struct fh *fh = fh_of_host(host);
	unsigned int i;

	if (fh->share_err || n > FH_SHARED)
		return fh->share_err ?: -ENOMEM;
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_NULL(fh->test, fh->shared[i]);
		fh->shared[i] = pages[i];
		pfns[i] = FH_PFN + i;
	}
	return 0;
}

static inline void fh_unshare(struct vrelay_host *host, const u64 *pfns, unsigned int n)
{
	struct fh *fh = fh_of_host(host);

	while (n--) {
		KUNIT_EXPECT_NOT_NULL(fh->test, fh->shared[pfns[n] - FH_PFN]);
		if (!fh->keep_shared)
			fh->shared[pfns[n] - FH_PFN] = NULL;
	}
}

static inline u16 fh_signal_event(struct vrelay_host *host, u32 connection_id, u16 flag)
{
	struct fh *fh = fh_of_host(host);

	fh->signals++;
	fh->connection = connection_id;
	return flag ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

static inline int fh_bind_event(struct vrelay_host *host, u16 flag, void (*fn)(void *ctx),
				void *ctx)
{
	struct fh *fh = fh_of_host(host);

	if (fh->bind_err)
		return fh->bind_err;
	if (flag >= VRELAY_EVENT_FLAGS || fh->bound[flag])
		return -EBUSY;
	fh->bound[flag] = fn;
	fh->bound_ctx[flag] = ctx;
	fh->nbound++;
	return 0;
}

static inline void fh_unbind_event(struct vrelay_host *host, u16 flag)
{
	struct fh *fh = fh_of_host(host);

	KUNIT_EXPECT_NOT_NULL(fh->test, fh->bound[flag]);
	fh->bound[flag] = NULL;
	fh->nbound--;
}

static inline int fh_mmio(struct vrelay_host *host, u64 gpa, unsigned int size, bool write,
			  u64 *value)
{
	struct fh *fh = fh_of_host(host);

	fh->mmios++;
	fh->mmio_gpa = gpa;
	fh->mmio_size = size;
	fh->mmio_write = write;
	if (write)
		fh->mmio_value = *value;
	else
		*value = fh->mmio_value;
	return fh->mmio_err;
}

static inline void fh_ready(struct vrelay_host *host)
{
	fh_of_host(host)->readies++;
}

/* It is part of what the test frees. */
static inline void fh_destroy(struct vrelay_host *host)
{
}

static const struct vrelay_host_ops fh_host_ops = {
	.name = "fake",
	.start = fh_start,
	.stop = fh_stop,
	.post_message = fh_post_message,
	.signal_event = fh_signal_event,
	.bind_event = fh_bind_event,
	.unbind_event = fh_unbind_event,
	.share = fh_share,
	.unshare = fh_unshare,
	.mmio = fh_mmio,
	.ready = fh_ready,
	.destroy = fh_destroy,
};

/* ---- the client's callbacks -------------------------------------------------------- */

static inline void fh_changed(struct vrelay_client *client)
{
	container_of(client, struct fh, client)->changes++;
}

static inline void fh_call(struct vrelay_hchan *hchan, enum fh_call_type type, u32 gpadl, int err)
{
	struct fh *fh = container_of(hchan->client, struct fh, client);

	if (fh->ncalls < FH_CALLS)
		fh->calls[fh->ncalls] = (struct fh_call) {
			.type = type, .channel = hchan->offer.channel_id, .gpadl = gpadl,
			.err = err,
		};
	fh->ncalls++;
}

static inline void fh_answer(struct vrelay_hchan *hchan, enum fh_call_type type, u32 gpadl, int err)
{
	struct fh *fh = container_of(hchan->client, struct fh, client);

	if (fh->on_answer)
		fh->on_answer(fh, err);
	else
		fh_call(hchan, type, gpadl, err);
}

static inline void fh_open_result(struct vrelay_hchan *hchan, int err)
{
	fh_answer(hchan, FH_OPENED, 0, err);
}

static inline void fh_gpadl_created(struct vrelay_hchan *hchan, u32 gpadl_id, int err)
{
	fh_answer(hchan, FH_CREATED, gpadl_id, err);
}

static inline void fh_gpadl_torndown(struct vrelay_hchan *hchan, u32 gpadl_id)
{
	fh_call(hchan, FH_TORNDOWN, gpadl_id, 0);
}

static inline void fh_modified(struct vrelay_hchan *hchan, int err)
{
	fh_call(hchan, FH_MODIFIED, 0, err);
}

static inline bool fh_tl_refused(struct vrelay_client *client, const guid_t *service_id,
				 const guid_t *endpoint_id)
{
	struct fh *fh = container_of(client, struct fh, client);

	fh->tl_service = *service_id;
	fh->tl_endpoint = *endpoint_id;
	return fh->tl_wanted;
}

static inline void fh_monitor_set(struct vrelay_client *client, int err)
{
	struct fh *fh = container_of(client, struct fh, client);

	fh->monitors++;
	fh->monitor_err = err;
}

static const struct vrelay_client_ops fh_client_ops = {
	.changed = fh_changed,
	.open_result = fh_open_result,
	.gpadl_created = fh_gpadl_created,
	.gpadl_torndown = fh_gpadl_torndown,
	.modified = fh_modified,
	.tl_refused = fh_tl_refused,
	.monitor_set = fh_monitor_set,
};

/* ---- life -------------------------------------------------------------------------- */

static inline void fh_free(void *ctx)
{
	struct fh *fh = ctx;
	struct vrelay_hchan *hchan;
	unsigned long id;

	if (fh->client.ops) {
		fh->fail_for = 0;
		fh->client.timeout = 1;
		vrelay_client_disconnect(&fh->client);
		xa_for_each(&fh->client.chans, id, hchan)
			vrelay_client_release(hchan);
		KUNIT_EXPECT_TRUE(fh->test, xa_empty(&fh->client.chans));
		KUNIT_EXPECT_TRUE(fh->test, xa_empty(&fh->client.gpadls));
		KUNIT_EXPECT_EQ(fh->test, fh->nbound, 0U);
		vrelay_client_destroy(&fh->client);
	}
	if (fh->wq)
		destroy_workqueue(fh->wq);
	kvfree(fh->posts);
	kvfree(fh);
}

static inline struct fh *fh_new(struct kunit *test)
{
	struct fh *fh = kvzalloc(sizeof(*fh), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fh);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fh_free, fh), 0);
	fh->test = test;
	fh->host.ops = &fh_host_ops;
	fh->posts = kvcalloc(FH_POSTS, sizeof(*fh->posts), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fh->posts);
	fh->wq = alloc_workqueue("kunit-client", WQ_UNBOUND, 0);
	KUNIT_ASSERT_NOT_NULL(test, fh->wq);
	KUNIT_ASSERT_EQ(test, vrelay_client_init(&fh->client, &fh_client_ops, &fh->host, fh->wq),
			0);
	fh->client.timeout = FH_TIMEOUT;
	return fh;
}

static inline s64 fh_count(struct fh *fh, enum vrelay_counter counter)
{
	return atomic64_read(&fh->client.counters[counter]);
}

/* ---- what the host says ------------------------------------------------------------ */

/* Messages are words after the header; @len counts all bytes. */
static inline void fh_say_len(struct fh *fh, u32 type, u32 a, u32 b, u32 c, u32 len)
{
	__le32 m[VMBUS_MSG_MAX / 4] = {
		cpu_to_le32(type), 0, cpu_to_le32(a), cpu_to_le32(b), cpu_to_le32(c),
	};

	vrelay_client_handle(&fh->client, m, len);
}

static inline void fh_version(struct fh *fh, bool supported, u8 state, u32 features, u32 len)
{
	fh_say_len(fh, VMBUS_MSG_VERSION_RESPONSE, supported | state << 8,
		   VMBUS_CONN_MESSAGE_REDIRECT, features, len);
}

static inline void fh_offer(struct fh *fh, u32 channel)
{
	struct vmbus_offer_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_OFFER), .channel_id = cpu_to_le32(channel),
		.connection_id = cpu_to_le32(FH_CONNECTION(channel)),
	};

	memset(&m.class_id, 0xc1, sizeof(m.class_id));
	memset(&m.instance_id, channel, sizeof(m.instance_id));
	vrelay_client_handle(&fh->client, &m, sizeof(m));
}

static inline void fh_all_offers(struct fh *fh)
{
	fh_say_len(fh, VMBUS_MSG_ALL_OFFERS, 0, 0, 0, 8);
}

static inline void fh_paused(struct fh *fh)
{
	fh_say_len(fh, VMBUS_MSG_PAUSE_RESPONSE, 0, 0, 0, 8);
}

static inline void fh_rescind(struct fh *fh, u32 channel)
{
	fh_say_len(fh, VMBUS_MSG_RESCIND, channel, 0, 0, 12);
}

static inline void fh_opened(struct fh *fh, u32 channel, u32 status)
{
	fh_say_len(fh, VMBUS_MSG_OPEN_RESULT, channel, 0, status, 20);
}

static inline void fh_created(struct fh *fh, u32 channel, u32 gpadl, u32 status)
{
	fh_say_len(fh, VMBUS_MSG_GPADL_CREATED, channel, gpadl, status, 20);
}

static inline void fh_torndown(struct fh *fh, u32 gpadl)
{
	fh_say_len(fh, VMBUS_MSG_GPADL_TORNDOWN, gpadl, 0, 0, 12);
}

static inline void fh_answer_modify(struct fh *fh, u32 channel, u32 status)
{
	fh_say_len(fh, VMBUS_MSG_MODIFY_CHANNEL_RESP, channel, status, 0, 16);
}

/* ---- what it hears ----------------------------------------------------------------- */

/* The next message is of this type; its words after the header. */
static inline const __le32 *fh_expect(struct fh *fh, u32 type, u32 len)
{
	const struct fh_post *post = &fh->posts[fh->seen];

	KUNIT_ASSERT_LT_MSG(fh->test, fh->seen, READ_ONCE(fh->nposts), "message %u was not sent",
			    type);
	fh->seen++;
	KUNIT_ASSERT_EQ(fh->test, le32_to_cpu(((__le32 *)post->payload)[0]), type);
	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(((__le32 *)post->payload)[1]), 0U);
	KUNIT_ASSERT_EQ_MSG(fh->test, post->len, len, "message %u", type);
	return (const __le32 *)post->payload + 2;
}

/* The same, of a channel, whose id is the first word. */
static inline const __le32 *fh_expect_chan(struct fh *fh, u32 type, u32 len, u32 channel)
{
	const __le32 *words = fh_expect(fh, type, len);

	KUNIT_EXPECT_EQ_MSG(fh->test, le32_to_cpu(words[0]), channel, "message %u", type);
	return words;
}

static inline void fh_expect_called(struct fh *fh, enum fh_call_type type, u32 channel, u32 gpadl,
				    int err)
{
	const struct fh_call *call = &fh->calls[fh->heard];

	KUNIT_ASSERT_LT_MSG(fh->test, fh->heard, fh->ncalls, "no callback %d", type);
	KUNIT_ASSERT_LE(fh->test, fh->ncalls, (unsigned int)FH_CALLS);
	fh->heard++;
	KUNIT_EXPECT_EQ(fh->test, call->type, type);
	KUNIT_EXPECT_EQ(fh->test, call->channel, channel);
	KUNIT_EXPECT_EQ(fh->test, call->gpadl, gpadl);
	KUNIT_EXPECT_EQ(fh->test, call->err, err);
}

/* Nothing was sent and nobody was called that the test has not looked at. */
static inline void fh_expect_quiet(struct fh *fh)
{
	KUNIT_EXPECT_EQ_MSG(fh->test, fh->seen, fh->nposts, "message %u",
			    le32_to_cpu(*(__le32 *)fh->posts[fh->seen].payload));
	KUNIT_EXPECT_EQ_MSG(fh->test, fh->heard, fh->ncalls, "callback %d",
			    fh->calls[fh->heard % FH_CALLS].type);
	fh->seen = fh->nposts;
	fh->heard = fh->ncalls;
}

/* So many errors of the host since the last look. */
static inline void fh_expect_errors(struct fh *fh, unsigned int n)
{
	KUNIT_EXPECT_EQ(fh->test, fh_count(fh, VRELAY_PROTOCOL_ERRORS), n);
	atomic64_set(&fh->client.counters[VRELAY_PROTOCOL_ERRORS], 0);
}

/* ---- to get somewhere -------------------------------------------------------------- */

/* Bring the client into a state; a host at 6.0 with all features. */
static inline void fh_enter(struct fh *fh, enum vrelay_client_state state)
{
	if (vrelay_client_get_state(&fh->client) == VRELAY_DISCONNECTING)
		fh_say_len(fh, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
	if (vrelay_client_get_state(&fh->client) != VRELAY_DISCONNECTED) {
		fh->client.timeout = 1;
		vrelay_client_disconnect(&fh->client);
		fh->client.timeout = FH_TIMEOUT;
	}
	if (state != VRELAY_DISCONNECTED)
		KUNIT_ASSERT_EQ(fh->test, vrelay_client_connect(&fh->client), 0);
	if (state != VRELAY_DISCONNECTED && state != VRELAY_CONNECTING) {
		fh_version(fh, true, 0, FH_FEATURES, 20);
		if (state == VRELAY_CONNECTED)
			fh_all_offers(fh);
		else if (state == VRELAY_DISCONNECTING)
			vrelay_client_unload(&fh->client);
	}
	KUNIT_ASSERT_EQ(fh->test, vrelay_client_get_state(&fh->client), state);
	fh->nposts = 0;
	fh->seen = 0;
	fh->ncalls = 0;
	fh->heard = 0;
	atomic64_set(&fh->client.counters[VRELAY_PROTOCOL_ERRORS], 0);
}

/* A channel that was offered and claimed. */
static inline struct vrelay_hchan *fh_chan(struct fh *fh, u32 channel)
{
	struct vrelay_hchan *hchan;

	fh_offer(fh, channel);
	hchan = vrelay_client_claim(&fh->client);
	KUNIT_ASSERT_NOT_NULL(fh->test, hchan);
	KUNIT_ASSERT_EQ(fh->test, hchan->offer.channel_id, channel);
	return hchan;
}

static const u8 fh_user_data[VMBUS_USER_DEFINED_SIZE] = { [0] = 1, [119] = 120 };

static inline struct vrelay_open fh_open_params(void)
{
	return (struct vrelay_open) {
		.ring_gpadl = 0x61, .downstream_page = 0x62, .target_vp = 0x63,
		.connection_id = 0x2005, .event_flag = 5, .user_data = fh_user_data,
	};
}

/* Open a channel, with the guest and the host in touch with each other. */
static inline void fh_open(struct fh *fh, struct vrelay_hchan *hchan)
{
	struct vrelay_open params = fh_open_params();
	u32 channel = hchan->offer.channel_id;

	KUNIT_ASSERT_EQ(fh->test, vrelay_client_open(hchan, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, channel);
	fh_opened(fh, channel, 0);
	fh_expect_called(fh, FH_OPENED, channel, 0, 0);
	KUNIT_ASSERT_EQ(fh->test, hchan->state, VRELAY_HCHAN_OPENED);
}

/* A GPADL that the host has accepted. */
static inline void fh_gpadl(struct fh *fh, struct vrelay_hchan *hchan, u32 id)
{
	static const u64 words[] = { 4096, 7 };
	u32 channel = hchan->offer.channel_id;

	KUNIT_ASSERT_EQ(fh->test, vrelay_client_gpadl_create(hchan, id, 1, words, 2), 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 36, channel);
	fh_created(fh, channel, id, 0);
	fh_expect_called(fh, FH_CREATED, channel, id, 0);
}

/* Until the host has been told so many things. */
static inline void fh_wait_posts(struct fh *fh, unsigned int n)
{
	unsigned long deadline = jiffies + FH_TIMEOUT;

	while (READ_ONCE(fh->nposts) < n && time_before(jiffies, deadline))
		usleep_range(100, 200);
	KUNIT_EXPECT_EQ(fh->test, READ_ONCE(fh->nposts), n);
}

/* A GPADL that the host was told of and has not answered yet. */
static inline void fh_gpadl_ask(struct fh *fh, struct vrelay_hchan *hchan, u32 id)
{
	static const u64 words[] = { 4096, 7 };

	KUNIT_ASSERT_EQ(fh->test, vrelay_client_gpadl_create(hchan, id, 1, words, 2), 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 36, hchan->offer.channel_id);
}

/**
 * struct fh_drain - vrelay_client_drain() in a thread of its own: it waits for the host
 * @work: the thread
 * @hchan: channel
 * @block: see there
 * @err: what it returned
 */
struct fh_drain {
	struct work_struct work;
	struct vrelay_hchan *hchan;
	bool block;
	int err;
};

static inline void fh_drain_work(struct work_struct *work)
{
	struct fh_drain *drain = container_of(work, struct fh_drain, work);

	drain->err = vrelay_client_drain(drain->hchan, drain->block);
}

static inline void fh_drain_begin(struct fh_drain *drain, struct vrelay_hchan *hchan, bool block)
{
	drain->hchan = hchan;
	drain->block = block;
	INIT_WORK_ONSTACK(&drain->work, fh_drain_work);
	schedule_work(&drain->work);
}

static inline int fh_drain_end(struct fh_drain *drain)
{
	flush_work(&drain->work);
	destroy_work_on_stack(&drain->work);
	return drain->err;
}

#endif /* _FAKE_HOST_H */
