/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of vmbus_srv.
 *
 * Everything about the connection, the channels and the GPADLs of a server is
 * protected by vmbus_srv::lock.  What takes time or calls an owner happens in
 * vmbus_srv::work on an ordered queue, one step at a time, in this order:
 * requests of owners (revoke, reset), callbacks to owners, outgoing messages,
 * and only when none of these is left, the client's next message.  So the
 * client cannot make the server hold more output than one message and the owners'
 * answers call for.  While the client pauses its output is held, and of its messages
 * only those that end the pause are handled; while the host is asked about its monitor
 * pages none is.
 *
 * While the guest is stopped (vsrv_quiet()) only resets and what else touches no
 * memory are done; a revoke is not: owners cannot answer then what the client has
 * asked.  A server that plays the host goes on talking to its client, which is in VTL2,
 * but opens nothing.
 *
 * Lock order: vmbus_srv::lock, then vmbus_srv::in_lock or vsrv_chan::rings_lock.
 * The callbacks of an owner are made without any lock, but direct, which is made with the
 * first, and signal, which may be; sysfs takes none but vsrv_chan::rings_lock, debugfs both.
 */
#ifndef _VSRV_H
#define _VSRV_H

#include <linux/configfs.h>
#include <linux/hrtimer.h>
#include <linux/jump_label.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vmbus/partition.h>
#include <vmbus/protocol.h>
#include <vmbus/server.h>
#include "channel.h"
#include "gpadl.h"
#include "outq.h"
#include "why.h"

struct seq_file;
struct vsrv_packet;

#define VSRV_NAME_SIZE		VMBUS_PARTITION_NAME_SIZE
#define VSRV_MAX_INCOMING	64		/* messages taken and not yet handled */
#define VSRV_MAX_CHANNELS	VMBUS_MAX_CHANNEL_ID
#define VSRV_MAX_GPADLS		8192		/* per server; it may be set lower */
#define VSRV_MAX_GPADL_WORDS	(2U << 20)	/* per server, all GPADLs together */
#define VSRV_MAX_GPADL_PAGES	VSRV_MAX_GPADL_WORDS	/* the same; may be set lower */
#define VSRV_MAX_TL_CONNECTS	16		/* hv_sock connects that are not answered */

/* Known to the server; which of them a client can have is vmbus_srv::feature_mask. */
#define VSRV_FEATURES \
	((u32)(VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT | \
	       VMBUS_FEATURE_MODIFY_CONNECTION | VMBUS_FEATURE_CLIENT_ID | \
	       VMBUS_FEATURE_CONFIDENTIAL | VMBUS_FEATURE_PAUSE_RESUME | \
	       VMBUS_FEATURE_SERVER_MONITOR | VMBUS_FEATURE_GPA_PINNING))

#define VSRV_MONITOR_MIN_LATENCY	100	/* in 100 ns: a timer must leave time for others */

/* ---- messages: message.c ---------------------------------------------------- */

enum vsrv_conn_state {
	VSRV_DISCONNECTED,
	VSRV_CONNECTED,
	VSRV_DISCONNECTING,
	VSRV_CONN_STATES
};

/**
 * struct vsrv_contact - what the client asked for, kept over a disconnect
 * @version: as requested
 * @features: as requested, 0 below 6.0
 * @target_vp: VP that gets the server's messages
 * @sint: SINT that the client wants them on
 * @vtl: VTL that the client says it is in
 * @trusted: the message that asked was
 * @client_id: with VMBUS_FEATURE_CLIENT_ID
 * @int_page: guest physical address of the interrupt page, 0 if there is none
 * @monitor_gpa: the monitor page from the client, 0 if there is none
 * @monitor_p2c: the one toward the client
 * @monitor_invalid: exactly one monitor page was given
 * @connection_id: message connection the contact came by
 */
struct vsrv_contact {
	u32 version;
	u32 features;
	u32 target_vp;
	u8 sint;
	u8 vtl;
	bool monitor_invalid;
	bool trusted;
	guid_t client_id;
	u64 int_page;
	u64 monitor_gpa;
	u64 monitor_p2c;
	u32 connection_id;
};

/* Why a message was not handled. */
enum vsrv_msg_verdict {
	VSRV_MSG_OK,
	VSRV_MSG_SHORT,		/* shorter than its type needs */
	VSRV_MSG_UNKNOWN,	/* no such type from a client, or not in this version */
	VSRV_MSG_STATE,		/* not in this state of the connection */
};

/**
 * struct vsrv_msg_desc - what is known of a message that a client may send
 * @handler: called with vmbus_srv::lock held
 * @version: lowest version in which it exists
 * @features: any of these must be negotiated, if not 0
 * @min_size: of the whole message
 * @states: mask of enum vsrv_conn_state in which it is handled
 * @ends_pause: it ends a pause; others are not taken while the client pauses
 */
struct vsrv_msg_desc {
	void (*handler)(struct vmbus_srv *srv, const struct vpart_message *msg);
	u32 version;
	u32 features;
	u16 min_size;
	u8 states;
	bool ends_pause;
};

enum vsrv_msg_verdict vsrv_msg_check(const void *payload, u32 size, enum vsrv_conn_state state,
				     u32 version, u32 features,
				     const struct vsrv_msg_desc **desc);
bool vsrv_version_supported(u32 version, u32 max_version);
int vsrv_contact_parse(const struct vpart_message *msg, struct vsrv_contact *contact);
u32 vsrv_version_response(void *buf, const struct vsrv_contact *contact, bool supported,
			  u8 connection_state, u32 features, u64 monitor_gpa);

/* ---- connection: conn.c ------------------------------------------------------------ */

enum vsrv_next_action {
	VSRV_NEXT_NONE,
	VSRV_NEXT_UNLOAD_COMPLETE,
	VSRV_NEXT_CONTACT,
};

/**
 * struct vsrv_conn - the connection with the client
 * @state: see enum
 * @version: negotiated version while connected
 * @features: negotiated
 * @target_vp: VP that gets messages
 * @connection_id: message connection that the client was told
 * @trusted: made by a trusted message: no other is taken
 * @client_id: what the client calls itself, with VMBUS_FEATURE_CLIENT_ID
 * @offers_sent: the client has asked for the offers
 * @paused: the client wants to hear nothing, and says nothing
 * @next: what to do once disconnected
 * @contact: for VSRV_NEXT_CONTACT, and while it is being answered
 */
struct vsrv_conn {
	enum vsrv_conn_state state;
	u32 version;
	u32 features;
	u32 target_vp;
	u32 connection_id;
	bool trusted;
	guid_t client_id;
	bool offers_sent;
	bool paused;
	enum vsrv_next_action next;
	struct vsrv_contact contact;
};

void vsrv_conn_on_contact(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_on_unload(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_on_request_offers(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_on_modify(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_on_pause(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_on_resume(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_conn_end_pause(struct vmbus_srv *srv);
void vsrv_conn_check_disconnected(struct vmbus_srv *srv);
void vsrv_conn_finish_contact(struct vmbus_srv *srv);
void vsrv_conn_finish_modify(struct vmbus_srv *srv, bool ok);
void vsrv_conn_finish_disconnect(struct vmbus_srv *srv);
void vsrv_conn_reset(struct vmbus_srv *srv);
const char *vsrv_conn_state_name(enum vsrv_conn_state state);

/* ---- interrupt page of old clients: intpage.c ---------------------------------------- */

int __must_check vsrv_intpage_on(struct vmbus_srv *srv, u64 gpa);
void vsrv_intpage_off(struct vmbus_srv *srv);
void vsrv_intpage_raise(struct vmbus_srv *srv, u16 flag);
void vsrv_intpage_look(struct vmbus_srv *srv);

/* ---- monitor pages: monitor.c, monitor_host.c ---------------------------------------- */

/* Who looks: whose ids the client's channels have.  Stays so while it is connected. */
enum vsrv_monitor_by {
	VSRV_MONITOR_BY_NOBODY,
	VSRV_MONITOR_BY_SERVER,
	VSRV_MONITOR_BY_HOST,
};

/* What the host was asked for, and what goes on when it has answered. */
enum vsrv_monitor_asked {
	VSRV_MONITOR_NOTHING,
	VSRV_MONITOR_CONTACT,
	VSRV_MONITOR_MODIFY,
	VSRV_MONITOR_DISCONNECT,
	VSRV_MONITOR_LATE,	/* nothing: the handler has come after the client */
};

/**
 * struct vsrv_monitor_host - who looks at the pages if the server does not
 * @ops: callbacks, NULL if there is nobody
 * @ctx: their argument
 * @op: the modify callback is due
 * @asked: what is being asked for
 * @ask_p2c: page toward the client that is being asked for
 * @ask_c2p: page from the client
 * @p2c: the client's page toward it, 0 for none; whoever looks
 * @c2p: the one from it
 * @has: the host has them: what it offers comes with its own monitor ids
 */
struct vsrv_monitor_host {
	const struct vsrv_monitor_ops *ops;
	void *ctx;
	struct vsrv_op op;
	enum vsrv_monitor_asked asked;
	u64 ask_p2c;
	u64 ask_c2p;
	u64 p2c;
	u64 c2p;
	bool has;
};

/**
 * struct vsrv_monitor - the monitor page of a connection
 * @by: see enum
 * @map: page, or NULL
 * @gpa: its guest physical address
 * @from_server: the server said where it is
 * @timer: looks at the page while @active
 * @active: bits of @started that are set
 * @ids: monitor ids in use
 * @started: those that the client may trigger; read by @timer
 * @connections: monitor id -> connection of a channel that is started; read by @timer
 * @latency: monitor id -> how late a trigger may be heard, in 100 ns; any context
 * @host: see struct
 *
 * Protected by vmbus_srv::lock if nothing else is said.
 */
struct vsrv_monitor {
	enum vsrv_monitor_by by;
	struct vpart_map *map;
	u64 gpa;
	bool from_server;
	struct hrtimer timer;
	unsigned int active;
	DECLARE_BITMAP(ids, VMBUS_MONITOR_IDS);
	DECLARE_BITMAP(started, VMBUS_MONITOR_IDS);
	u32 connections[VMBUS_MONITOR_IDS];
	u16 latency[VMBUS_MONITOR_IDS];
	struct vsrv_monitor_host host;
};

void vsrv_monitor_init(struct vmbus_srv *srv);
int __must_check vsrv_monitor_on(struct vmbus_srv *srv, u64 gpa, bool from_server);
void vsrv_monitor_off(struct vmbus_srv *srv);
void vsrv_monitor_forget(struct vmbus_srv *srv);
void vsrv_monitor_assign(struct vsrv_chan *chan);
void vsrv_monitor_release(struct vsrv_chan *chan);
void vsrv_monitor_start(struct vsrv_chan *chan);
void vsrv_monitor_stop(struct vsrv_chan *chan);
void vsrv_monitor_quiesce(struct vmbus_srv *srv);
void vsrv_monitor_resume(struct vmbus_srv *srv);
void vsrv_monitor_set_latency(struct vsrv_chan *chan, u16 latency);

void vsrv_monitor_host_init(struct vmbus_srv *srv);
bool vsrv_monitor_host_waits(const struct vmbus_srv *srv);
void vsrv_monitor_host_note(struct vmbus_srv *srv, u64 p2c, u64 c2p);
bool vsrv_monitor_host_contact(struct vmbus_srv *srv);
bool vsrv_monitor_host_modify(struct vmbus_srv *srv, u64 p2c, u64 c2p);
bool vsrv_monitor_host_disconnect(struct vmbus_srv *srv);
bool vsrv_monitor_host_used(const struct vmbus_srv *srv);
void vsrv_monitor_host_run_op(struct vsrv_op *op);
void vsrv_monitor_host_reset(struct vmbus_srv *srv);
void vsrv_monitor_do_unregister(struct vmbus_srv *srv);

/* ---- hv_sock connects: tl.c --------------------------------------------------------- */

/**
 * struct vsrv_tl_slot - a connect that the handler has not answered
 * @op: the callback, until it is made
 * @srv: server
 * @id: names it to the handler; 0 if the slot is free
 * @req: what the client asked for
 */
struct vsrv_tl_slot {
	struct vsrv_op op;
	struct vmbus_srv *srv;
	u32 id;
	struct vsrv_tl_request req;
};

/**
 * struct vsrv_tl - the handler of hv_sock connects
 * @ops: its callbacks, NULL if there is none
 * @ctx: its own
 * @last_id: the last vsrv_tl_slot::id that was given out
 * @slots: connects that are not answered
 * @reset_op: the reset callback
 */
struct vsrv_tl {
	const struct vsrv_tl_ops *ops;
	void *ctx;
	u32 last_id;
	struct vsrv_tl_slot slots[VSRV_MAX_TL_CONNECTS];
	struct vsrv_op reset_op;
};

void vsrv_tl_init(struct vmbus_srv *srv);
void vsrv_tl_on_connect(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_tl_run_op(struct vsrv_op *op);
void vsrv_tl_forget(struct vmbus_srv *srv);
void vsrv_tl_do_unregister(struct vmbus_srv *srv);

/* ---- server: server.c ------------------------------------------------------------- */

enum vsrv_counter {
	VSRV_MESSAGES_IN,
	VSRV_MESSAGES_OUT,
	VSRV_MESSAGES_BUSY,	/* the client's message was refused: queue full */
	VSRV_SENDS_RETRIED,	/* the client's slot was in use: to be sent later */
	VSRV_MESSAGES_BAD,	/* malformed, unknown or unavailable messages dropped */
	VSRV_MESSAGES_REFUSED,	/* well-formed messages dropped: wrong state, unknown id, ... */
	VSRV_MESSAGES_LOST,	/* messages to a client that has no SynIC */
	VSRV_GPADLS_FAILED,	/* GPADLs answered with a failure */
	VSRV_OPENS_FAILED,	/* opens answered with a failure */
	VSRV_TRIGGERS_UNCLAIMED, /* bits in a monitor page that mean no open channel */
	VSRV_TL_CONNECTS,	/* hv_sock connects of the client */
	VSRV_TL_REFUSED,	/* of these, refused */
	VSRV_COUNTERS
};

/**
 * struct vmbus_srv - one server, for one client
 * @ref: configfs directory, owners, channels
 * @node: in the list of servers
 * @group: configfs directory
 * @name: its name
 * @dev: device of class vmbus_srv
 * @channels_kobj: directory "channels" of @dev
 * @part: partition; set once, before @started
 * @redirect: plays the host: messages go to VTL2
 * @max_version: highest version that is accepted
 * @version_limit: no more than this, whatever @max_version says; see
 *	vsrv_limit_version()
 * @feature_mask: features that a client can have
 * @monitor_latency: latency of channels with a monitor id, in 100 ns; 0: there are none
 * @monitor_gpa: page of guest memory for clients that want the server to name one
 * @max_gpadls: no GPADL is taken while there are so many
 * @max_gpadl_pages: nor one with which all describe more pages
 * @started: @part is set and ports are registered
 * @dead: the directory was removed
 * @stops: see vsrv_stops(); changed in the server's work
 * @client: registration with @part
 * @ports: message ports
 * @nports: of @ports
 * @wq: ordered
 * @work: see the top of this file
 * @in_lock: protects @in_queue and @in_len; taken from port callbacks
 * @in_queue: of struct vsrv_in
 * @in_len: entries of @in_queue
 * @lock: see the top of this file
 * @conn: connection
 * @int_page: interrupt page of the connection or NULL; read under RCU
 * @int_port: registered while @int_page is set
 * @mon: see struct
 * @chans: of struct vsrv_chan
 * @nchans: entries of @chans
 * @ids: channel id -> struct vsrv_chan
 * @ops: of struct vsrv_op
 * @requests: of struct vsrv_request
 * @outq: to the client
 * @in_progress: GPADLs that are not complete
 * @ngpadls: GPADLs of all channels
 * @gpadl_words: words of them
 * @gpadl_pages: pages that they can describe
 * @tl: hv_sock connects
 * @counters: shown in sysfs
 * @whys: shown in sysfs, too
 * @debugfs: directory in debugfs
 */
struct vmbus_srv {
	struct kref ref;
	struct list_head node;
	struct config_group group;
	char name[VSRV_NAME_SIZE];
	struct device *dev;
	struct kobject *channels_kobj;

	struct vmbus_partition *part;
	bool redirect;
	u32 max_version;
	u32 version_limit;
	u32 feature_mask;
	u16 monitor_latency;
	u64 monitor_gpa;
	unsigned int max_gpadls;
	unsigned int max_gpadl_pages;
	bool started;
	bool dead;
	unsigned int stops;
	struct vpart_client client;
	struct vsrv_msg_port {
		struct vpart_port port;
		struct vmbus_srv *srv;
	} ports[2];
	unsigned int nports;

	struct workqueue_struct *wq;
	struct work_struct work;

	spinlock_t in_lock;		/* protects in_queue, in_len */
	struct list_head in_queue;
	unsigned int in_len;

	struct mutex lock;		/* protects all that follows but the counters */
	struct vsrv_conn conn;
	struct vpart_map __rcu *int_page;
	struct vpart_port int_port;
	struct vsrv_monitor mon;
	struct list_head chans;
	unsigned int nchans;
	struct xarray ids;
	struct list_head ops;
	struct list_head requests;
	struct vsrv_outq outq;
	struct list_head in_progress;
	unsigned int ngpadls;
	unsigned int gpadl_words;
	unsigned int gpadl_pages;
	struct vsrv_tl tl;

	atomic64_t counters[VSRV_COUNTERS];
	atomic64_t whys[VSRV_WHY_COUNT];
	struct dentry *debugfs;
};

/* Is the guest stopped?  True from vsrv_do_quiesce() to vsrv_do_resume(). */
static inline bool vsrv_quiet(const struct vmbus_srv *srv)
{
	return vsrv_stopped(READ_ONCE(srv->stops));
}

struct vmbus_srv *vsrv_create(const char *name);
void vsrv_destroy(struct vmbus_srv *srv);
u16 vsrv_port_message(struct vpart_port *port, const struct vpart_message *msg);
void vsrv_kick(struct vmbus_srv *srv);
void vsrv_queue_op(struct vmbus_srv *srv, struct vsrv_op *op, enum vsrv_op_type type,
		   struct vsrv_chan *chan);
void vsrv_cancel_op(struct vsrv_op *op);
void vsrv_send(struct vmbus_srv *srv, enum vmbus_msg_type type, void *msg, u32 len);
void vsrv_send_open_result(struct vsrv_chan *chan, u32 status);
void vsrv_send_at(struct vmbus_srv *srv, u32 vp, u8 sint, const void *msg, u32 len);
void vsrv_refuse(struct vmbus_srv *srv, const struct vpart_message *msg, enum vsrv_why why);

enum vsrv_request_type {
	VSRV_REQ_REVOKE,	/* an owner takes its offer back */
	VSRV_REQ_TRY_REVOKE,	/* the same, but not while the guest is stopped */
	VSRV_REQ_RESET,		/* the guest was reset or is gone */
	VSRV_REQ_FORGET,	/* the same, and so is the client, whoever it is */
	VSRV_REQ_TL_UNREGISTER,	/* the handler of hv_sock connects goes */
	VSRV_REQ_MONITOR_UNREGISTER, /* who looks at monitor pages goes */
	VSRV_REQ_QUIESCE,	/* the guest stops */
	VSRV_REQ_RESUME,	/* and goes on */
};

bool vsrv_request(struct vmbus_srv *srv, enum vsrv_request_type type, struct vsrv_chan *chan);

static inline void vsrv_count(struct vmbus_srv *srv, enum vsrv_counter counter)
{
	atomic64_inc(&srv->counters[counter]);
}

static inline void vsrv_count_why(struct vmbus_srv *srv, enum vsrv_why why)
{
	atomic64_inc(&srv->whys[why]);
}

/* ---- the partition: attach.c ---------------------------------------------------------- */

int vsrv_start(struct vmbus_srv *srv, const char *partition);
void vsrv_detach(struct vmbus_srv *srv);

/* ---- a guest that is stopped: quiesce.c ------------------------------------------------- */

void vsrv_do_quiesce(struct vmbus_srv *srv);
void vsrv_do_resume(struct vmbus_srv *srv);

/* ---- packets: packet.c --------------------------------------------------------------- */

#define VSRV_PACKET_DESC	((u32)sizeof(struct vmpacket_descriptor))

bool vsrv_packet_parse(struct vsrv_packet *pkt, const void *buf, u32 data_offset, u32 len);

/* ---- what there is to see: why.c, trace_msg.c, debugfs.c ------------------------------ */

void vsrv_why_init(void);
const char *vsrv_why_text(enum vsrv_why why);
extern const struct attribute_group vsrv_why_group;

/* On while a tracepoint of a message is. */
DECLARE_STATIC_KEY_FALSE(vsrv_trace_messages);
void vsrv_trace_in(const struct vmbus_srv *srv, const struct vpart_message *msg, int ret);
void vsrv_trace_out(const struct vmbus_srv *srv, const void *payload, u32 len, int ret);

int vsrv_connection_show(struct seq_file *m, void *v);
int vsrv_channels_show(struct seq_file *m, void *v);
int vsrv_gpadls_show(struct seq_file *m, void *v);
void vsrv_debugfs_init(void);
void vsrv_debugfs_exit(void);
void vsrv_debugfs_add(struct vmbus_srv *srv);
void vsrv_debugfs_remove(struct vmbus_srv *srv);

/* ---- sysfs.c, config.c ------------------------------------------------------------- */

int vsrv_sysfs_init(void);
void vsrv_sysfs_exit(void);
int vsrv_sysfs_add(struct vmbus_srv *srv);
void vsrv_sysfs_remove(struct vmbus_srv *srv);
void vsrv_sysfs_chan_add(struct vsrv_chan *chan);
void vsrv_sysfs_chan_remove(struct vsrv_chan *chan);

extern struct configfs_attribute *vsrv_config_attrs[];
int vsrv_config_init(void);
void vsrv_config_exit(void);

#endif /* _VSRV_H */
