/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMBus client toward the host.
 *
 * client.c		the connection: its state machine, and the two queues
 * client_msg.c		building messages, and reading the host's
 * client_chan.c	channels: offered, rescinded, released
 * client_open.c	open and close, signals, and which VP is interrupted
 * client_gpadl.c	memory that the host may use
 * client_mon.c		the guest's monitor pages, as the host gets and gives them back
 * client_pause.c	pause and resume of the host
 * client_late.c	answers about a channel that do not come
 * client_wait.c	how long the host is waited for, and memory that it does not give back
 *
 * Everything is protected by vrelay_client::lock, a mutex.  Functions below
 * take it.  The client's callbacks (struct vrelay_client_ops) are made with it
 * held: they may answer requests of the guest's server, which has a lock of its
 * own and calls only vsrv_chan_ops::signal and direct with it held, but must not
 * call back into the client.
 *
 * Lock order: vrelay_client::lock, then vmbus_srv::lock of the guest's server;
 * vrelay_client::in_lock is a leaf.
 *
 * The host is not trusted.  What does not fit the state of the connection or
 * the channel is counted and dropped.
 */
#ifndef _VRELAY_CLIENT_H
#define _VRELAY_CLIENT_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vmbus/host.h>
#include <vmbus/protocol.h>

#define VRELAY_FEATURES_WANTED \
	(VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT | \
	 VMBUS_FEATURE_MODIFY_CONNECTION | VMBUS_FEATURE_CLIENT_ID | \
	 VMBUS_FEATURE_PAUSE_RESUME)

#define VRELAY_MAX_INCOMING	64	/* messages taken and not yet handled */
#define VRELAY_MAX_OUTGOING	4096	/* messages queued; beyond, requests fail */
#define VRELAY_BACKOFF_MAX_MS	1024
#define VRELAY_MAX_GPADL_WORDS	(U16_MAX / sizeof(__le64))
#define VRELAY_EVENT_FLAGS	(VMBUS_MAX_EVENT_FLAG + 1)

/* ---- messages: client_msg.c ------------------------------------------------- */

/**
 * struct vrelay_out - a message on its way to the host
 * @node: in vrelay_client::out
 * @len: bytes of @payload
 * @payload: the message
 */
struct vrelay_out {
	struct list_head node;
	u32 len;
	u8 payload[VMBUS_MSG_MAX];
};

/**
 * struct vrelay_version - a VERSION_RESPONSE, whatever its form
 * @supported: the host speaks the version
 * @connection_state: VMBUS_CONNECTION_*
 * @features: 0 in the short form
 */
struct vrelay_version {
	bool supported;
	u8 connection_state;
	u32 features;
};

/**
 * struct vrelay_offer - an OFFER
 * @class_id: class of the device
 * @instance_id: instance
 * @subchannel: subchannel index
 * @flags: VMBUS_OFFER_*
 * @mmio_megabytes: MMIO space that the device wants
 * @mmio_megabytes_optional: the same, if there is some to spare
 * @user_defined: passed through
 * @channel_id: the host's
 * @connection_id: signals the host, unless an open names another
 * @monitored: the host would look at monitor pages for it, with
 * @monitor_id: this id
 */
struct vrelay_offer {
	guid_t class_id;
	guid_t instance_id;
	u16 subchannel;
	u16 flags;
	u16 mmio_megabytes;
	u16 mmio_megabytes_optional;
	u8 user_defined[VMBUS_USER_DEFINED_SIZE];
	u32 channel_id;
	u32 connection_id;
	bool monitored;
	u8 monitor_id;
};

/**
 * struct vrelay_open - what to open a channel with
 * @ring_gpadl: GPADL of both rings
 * @downstream_page: page within it where the host's ring begins
 * @target_vp: VP to interrupt
 * @connection_id: connection that signals the host
 * @event_flag: flag that interrupts the guest
 * @user_data: VMBUS_USER_DEFINED_SIZE bytes
 * @event: if set, VTL2 sits in the signal path: @connection_id and @event_flag
 *	are replaced by VTL2's own, and @event is called for the host's interrupts
 * @event_ctx: argument of @event
 */
struct vrelay_open {
	u32 ring_gpadl;
	u32 downstream_page;
	u32 target_vp;
	u32 connection_id;
	u16 event_flag;
	const u8 *user_data;
	void (*event)(void *ctx);
	void *event_ctx;
};

u32 vrelay_msg_contact(void *buf, u32 version, u32 features, const guid_t *client_id);
u32 vrelay_msg_open(void *buf, u32 channel_id, const struct vrelay_open *open, u32 features);
u32 vrelay_msg_simple(void *buf, enum vmbus_msg_type type);
u32 vrelay_msg_channel(void *buf, enum vmbus_msg_type type, u32 channel_id);
u32 vrelay_msg_teardown(void *buf, u32 channel_id, u32 gpadl_id);
u32 vrelay_msg_modify(void *buf, u32 channel_id, u32 target_vp);
u32 vrelay_msg_modify_connection(void *buf, u64 p2c, u64 c2p);
u32 vrelay_msg_tl_connect(void *buf, u32 version, const guid_t *service_id,
			  const guid_t *endpoint_id, const guid_t *silo_id);
int vrelay_msg_gpadl(struct list_head *out, u32 channel_id, u32 gpadl_id, u16 range_count,
		     const u64 *words, unsigned int nwords);
void vrelay_out_free(struct list_head *out);
int vrelay_parse_version(const void *payload, u32 len, struct vrelay_version *version);
int vrelay_parse_offer(const void *payload, u32 len, struct vrelay_offer *offer);

/* ---- channels: client_chan.c --------------------------------------------------- */

enum vrelay_hchan_state {
	VRELAY_HCHAN_OFFERED,
	VRELAY_HCHAN_OPENING,		/* OPEN sent */
	VRELAY_HCHAN_OPENED,
	VRELAY_HCHAN_REVOKED,		/* rescinded by the host, not released yet */
	VRELAY_HCHAN_STATES
};

enum vrelay_gpadl_state {
	VRELAY_GPADL_OFFERED,		/* sent */
	VRELAY_GPADL_CREATED,
	VRELAY_GPADL_TEARING_DOWN,	/* TEARDOWN sent */
};

/**
 * struct vrelay_gpadl - a GPADL that the host knows
 * @node: in vrelay_hchan::gpadls
 * @hchan: channel
 * @id: the guest's id
 * @state: see enum
 * @abandoned: nobody waits for the host's answer; torn down as soon as possible
 * @asked: when the host was asked for what it has not answered, in jiffies
 */
struct vrelay_gpadl {
	struct list_head node;
	struct vrelay_hchan *hchan;
	u32 id;
	enum vrelay_gpadl_state state;
	bool abandoned;
	unsigned long asked;
};

struct vrelay_client;

/**
 * struct vrelay_hchan - a channel as the host offered it
 * @client: client
 * @offer: what was offered
 * @state: see enum; read without the lock by sysfs and waiters
 * @claimed: has an owner, with
 * @ctx: the owner's context
 * @released: the owner let go
 * @blocked: the owner takes no new requests
 * @open_abandoned: nobody waits for OPEN_RESULT; close as soon as it comes
 * @modify_pending: a MODIFY_CHANNEL was sent and is not answered
 * @asked: when the host was asked for what it has not answered, or when the channel was
 *	closed, in jiffies
 * @severed: the connection was cut: the host may still have what it had with the channel
 * @silent: it has not answered in time
 * @modify_stale: answers that may still come for requests cut short by a close
 * @event_flag: VTL2's own event flag while open with it, else 0
 * @signal_connection: VTL2's own connection while open with it, else 0; read
 *	without the lock by vrelay_client_signal()
 * @gpadls: of struct vrelay_gpadl
 */
struct vrelay_hchan {
	struct vrelay_client *client;
	struct vrelay_offer offer;
	enum vrelay_hchan_state state;
	bool claimed;
	void *ctx;
	bool released;
	bool blocked;
	bool open_abandoned;
	bool modify_pending;
	u8 modify_stale;
	unsigned long asked;
	bool severed;
	bool silent;
	u16 event_flag;
	u32 signal_connection;
	struct list_head gpadls;
};

int vrelay_client_drain(struct vrelay_hchan *hchan, bool block);
void vrelay_client_unblock(struct vrelay_hchan *hchan);
void vrelay_client_set_ctx(struct vrelay_hchan *hchan, void *ctx);
void vrelay_client_release(struct vrelay_hchan *hchan);

const char *vrelay_hchan_state_name(enum vrelay_hchan_state state);
bool vrelay_hchan_set_state(struct vrelay_hchan *hchan, enum vrelay_hchan_state next);
struct vrelay_hchan *vrelay_hchan_find(struct vrelay_client *client, __le32 id);
void vrelay_hchan_send(struct vrelay_hchan *hchan, enum vmbus_msg_type type);
int vrelay_hchan_check(const struct vrelay_hchan *hchan);
void vrelay_hchan_try_release(struct vrelay_hchan *hchan);
void vrelay_hchan_forget(struct vrelay_hchan *hchan);
void vrelay_hchan_on_offer(struct vrelay_client *client, const void *payload, u32 len);
void vrelay_hchan_on_rescind(struct vrelay_client *client, const void *payload, u32 len);

/* ---- open channels: client_open.c ----------------------------------------------- */

int vrelay_client_open(struct vrelay_hchan *hchan, const struct vrelay_open *open);
void vrelay_client_close(struct vrelay_hchan *hchan);
int vrelay_client_modify(struct vrelay_hchan *hchan, u32 target_vp);
bool vrelay_client_signal(struct vrelay_hchan *hchan);

void vrelay_hchan_unbind(struct vrelay_hchan *hchan);
void vrelay_hchan_send_close(struct vrelay_hchan *hchan);
void vrelay_hchan_abandon_open(struct vrelay_hchan *hchan);
void vrelay_hchan_on_open_result(struct vrelay_client *client, const void *payload, u32 len);
void vrelay_hchan_on_modify(struct vrelay_client *client, const void *payload, u32 len);

/* ---- GPADLs: client_gpadl.c ------------------------------------------------------ */

int vrelay_client_gpadl_create(struct vrelay_hchan *hchan, u32 gpadl_id, u16 range_count,
			       const u64 *words, unsigned int nwords);
int vrelay_client_gpadl_teardown(struct vrelay_hchan *hchan, u32 gpadl_id);

void vrelay_gpadl_free(struct vrelay_gpadl *gpadl);
void vrelay_gpadl_send_teardown(struct vrelay_gpadl *gpadl);
void vrelay_hchan_on_gpadl_created(struct vrelay_client *client, const void *payload, u32 len);
void vrelay_hchan_on_gpadl_torndown(struct vrelay_client *client, const void *payload, u32 len);

/* ---- answers that do not come: client_late.c -------------------------------------- */

bool vrelay_hchan_due(const struct vrelay_hchan *hchan, unsigned long *end);
bool vrelay_hchan_give_up(struct vrelay_hchan *hchan);

/* ---- monitor pages: client_mon.c ----------------------------------------------- */

/**
 * struct vrelay_monitor - monitor pages of the guest that the host looks into
 * @asked: a MODIFY_CONNECTION is not answered
 * @taking: it is to give them back
 * @quiet: nobody waits for the answer
 * @has: it may be looking into some; like @asked also read without the lock
 * @had: that was so before it was asked
 * @silent: it has not answered once: it is not given any more, until the client starts
 *	anew
 * @deadline: when to give up waiting, in jiffies
 */
struct vrelay_monitor {
	bool asked;
	bool taking;
	bool quiet;
	bool has;
	bool had;
	bool silent;
	unsigned long deadline;
};

int vrelay_client_set_monitor(struct vrelay_client *client, u64 p2c, u64 c2p);
void vrelay_client_reset_monitor(struct vrelay_client *client);
unsigned long vrelay_client_check_monitor(struct vrelay_client *client);
void vrelay_client_forget_monitor(struct vrelay_client *client);
void vrelay_client_on_monitor(struct vrelay_client *client, const void *payload, u32 len);

/* ---- pause: client_pause.c -------------------------------------------------------- */

int vrelay_client_pause(struct vrelay_client *client);
void vrelay_client_resume(struct vrelay_client *client);
void vrelay_client_go_on(struct vrelay_client *client);

/* ---- waiting for the host: client_wait.c ---------------------------------------------- */

/**
 * struct vrelay_kept - pages of this kernel that a host which was cut off may have
 * @node: in vrelay_client::kept
 * @npages: how many
 * @pages: these
 */
struct vrelay_kept {
	struct list_head node;
	unsigned int npages;
	struct page *pages[] __counted_by(npages);
};

void vrelay_client_expect(struct vrelay_client *client);
unsigned long vrelay_client_check_deadline(struct vrelay_client *client);
void vrelay_client_keep(struct vrelay_client *client, struct page **pages, unsigned int n);
void vrelay_client_free_kept(struct vrelay_client *client);
void vrelay_client_lose_kept(struct vrelay_client *client);

/* ---- connection: client.c --------------------------------------------------------- */

enum vrelay_client_state {
	VRELAY_DISCONNECTED,
	VRELAY_CONNECTING,		/* CONTACT sent */
	VRELAY_REQUESTING_OFFERS,	/* REQUEST_OFFERS sent */
	VRELAY_CONNECTED,
	VRELAY_DISCONNECTING,		/* UNLOAD sent */
	VRELAY_CLIENT_STATES
};

enum vrelay_pause {
	VRELAY_RUNNING,
	VRELAY_PAUSING,			/* PAUSE sent, or to be sent */
	VRELAY_PAUSED,
};

/**
 * struct vrelay_client_ops - callbacks of the client
 * @changed: the connection, an offer or a rescind wants to be looked at; may
 *	only queue work
 * @open_result: answer to vrelay_client_open()
 * @gpadl_created: answer to vrelay_client_gpadl_create()
 * @gpadl_torndown: answer to vrelay_client_gpadl_teardown()
 * @modified: answer to vrelay_client_modify()
 * @tl_refused: answer to vrelay_client_tl_connect() if no offer follows; false if
 *	nobody waits for it
 * @monitor_set: answer to vrelay_client_set_monitor()
 *
 * All are made with vrelay_client::lock held, see the top of this file.
 */
struct vrelay_client_ops {
	void (*changed)(struct vrelay_client *client);
	void (*open_result)(struct vrelay_hchan *hchan, int err);
	void (*gpadl_created)(struct vrelay_hchan *hchan, u32 gpadl_id, int err);
	void (*gpadl_torndown)(struct vrelay_hchan *hchan, u32 gpadl_id);
	void (*modified)(struct vrelay_hchan *hchan, int err);
	bool (*tl_refused)(struct vrelay_client *client, const guid_t *service_id,
			   const guid_t *endpoint_id);
	void (*monitor_set)(struct vrelay_client *client, int err);
};

enum vrelay_counter {
	VRELAY_MESSAGES_IN,
	VRELAY_MESSAGES_OUT,
	VRELAY_MESSAGES_BUSY,	/* the host's message had to wait: queue full */
	VRELAY_PROTOCOL_ERRORS,	/* messages of the host that were dropped */
	VRELAY_POST_RETRIES,	/* the host had no buffer */
	VRELAY_POST_FAILURES,	/* the host could not be reached */
	VRELAY_OFFERS,		/* offers received */
	VRELAY_TIMEOUTS,	/* answers that did not come in time */
	VRELAY_SIGNALS_LOST,	/* signals that the host could not be given */
	VRELAY_COUNTERS
};

/**
 * struct vrelay_client - one connection with the host
 * @ops: callbacks
 * @host: transport
 * @wq: queue of @rx and @tx
 * @id: by which a host that has several clients knows this one
 * @rx: handles the host's messages
 * @tx: posts @out again after the host had no buffer
 * @in_lock: protects the ring of incoming messages: @in, @in_head, @in_len,
 *	@in_refused
 * @in: VRELAY_MAX_INCOMING entries
 * @in_head: oldest entry
 * @in_len: entries used
 * @in_refused: the transport was told -EAGAIN
 * @lock: protects what follows
 * @state: see enum; also read without the lock
 * @attempt: index of the version that is asked for
 * @version: version asked for or agreed
 * @features: agreed; also read without the lock
 * @pause: see enum; also read without the lock
 * @held: the host has PAUSE, and must hear nothing before RESUME
 * @urgent: it is to go on as soon as it has paused
 * @no_host: the last attempt found nobody
 * @failure: why the host is of no use, or empty: then no new attempt is made
 * @deadline: when to give up waiting in this state, in jiffies
 * @timeout: for an answer of the host, in jiffies
 * @heard: when it last said something, or was asked for something after nothing was due
 * @silence: so long it may say nothing while something is due, in jiffies; then
 * @probing: it has been sent a PAUSE, to see whether it answers
 * @patience: so long it may take over a request, in jiffies
 * @guest_leaves: the guest hears nothing before it has its memory back; set by reconcile
 * @kept: of struct vrelay_kept
 * @chans: channel id -> struct vrelay_hchan
 * @gpadls: GPADL id -> struct vrelay_gpadl, over all channels: TORNDOWN names no
 *	channel
 * @event_flags: VTL2's event flags in use
 * @monitor: see struct
 * @out: of struct vrelay_out
 * @out_len: entries of @out
 * @backoff_ms: not 0 while @tx waits for the host to have a buffer
 * @wait: woken when a state changes or a GPADL goes
 * @counters: shown in sysfs
 */
struct vrelay_client {
	const struct vrelay_client_ops *ops;
	struct vrelay_host *host;
	struct workqueue_struct *wq;
	guid_t id;
	struct work_struct rx;
	struct delayed_work tx;

	spinlock_t in_lock;	/* protects in* */
	struct vrelay_in *in;
	unsigned int in_head;
	unsigned int in_len;
	bool in_refused;

	struct mutex lock;	/* protects what follows but the counters */
	enum vrelay_client_state state;
	unsigned int attempt;
	u32 version;
	u32 features;
	enum vrelay_pause pause;
	bool held;
	bool urgent;
	bool no_host;
	char failure[96];
	unsigned long deadline;
	unsigned long timeout;
	unsigned long heard;
	unsigned long silence;
	bool probing;
	unsigned long patience;
	bool guest_leaves;
	struct list_head kept;
	struct xarray chans;
	struct xarray gpadls;
	DECLARE_BITMAP(event_flags, VRELAY_EVENT_FLAGS);
	struct vrelay_monitor monitor;
	struct list_head out;
	unsigned int out_len;
	unsigned int backoff_ms;
	wait_queue_head_t wait;
	atomic64_t counters[VRELAY_COUNTERS];
};

int vrelay_client_init(struct vrelay_client *client, const struct vrelay_client_ops *ops,
		       struct vrelay_host *host, struct workqueue_struct *wq);
void vrelay_client_destroy(struct vrelay_client *client);
int vrelay_client_start(struct vrelay_client *client, struct vmbus_partition *part);
void vrelay_client_stop(struct vrelay_client *client);
int vrelay_client_connect(struct vrelay_client *client);
void vrelay_client_disconnect(struct vrelay_client *client);
int vrelay_client_tl_connect(struct vrelay_client *client, const guid_t *service_id,
			     const guid_t *endpoint_id, const guid_t *silo_id);
struct vrelay_hchan *vrelay_client_claim(struct vrelay_client *client);
void vrelay_client_describe(struct vrelay_client *client, char *buf, size_t size);
int vrelay_client_receive(void *ctx, const void *payload, u32 len);
void vrelay_client_handle(struct vrelay_client *client, const void *payload, u32 len);

const char *vrelay_client_state_name(enum vrelay_client_state state);
void vrelay_client_unload(struct vrelay_client *client);
void vrelay_client_post_unlock(struct vrelay_client *client);
void vrelay_client_cut(struct vrelay_client *client);
bool vrelay_client_online(const struct vrelay_client *client);
bool vrelay_client_room(const struct vrelay_client *client);
void vrelay_client_send(struct vrelay_client *client, struct vrelay_out *out);
void vrelay_client_send_simple(struct vrelay_client *client, enum vmbus_msg_type type);
void vrelay_client_bad(struct vrelay_client *client, const char *what, u32 id);
struct vrelay_out *vrelay_out_alloc(void);

static inline void vrelay_count(struct vrelay_client *client, enum vrelay_counter counter)
{
	atomic64_inc(&client->counters[counter]);
}

static inline enum vrelay_client_state vrelay_client_get_state(const struct vrelay_client *client)
{
	return READ_ONCE(client->state);
}

/*
 * Can the guest and the host share a channel with VTL2 out of the signal path?  The
 * host must take connection and event flag from the guest for that.
 */
static inline bool vrelay_client_can_share(const struct vrelay_client *client)
{
	return READ_ONCE(client->features) & VMBUS_FEATURE_GUEST_SIGNAL;
}

/*
 * Can VTL2 be in it?  A host that knows of neither feature interrupts its client,
 * which is VTL2, and so does one that can be told to.
 */
static inline bool vrelay_client_can_forward(const struct vrelay_client *client)
{
	return !vrelay_client_can_share(client) ||
	       (READ_ONCE(client->features) & VMBUS_FEATURE_REDIRECT_INT);
}

#endif /* _VRELAY_CLIENT_H */
