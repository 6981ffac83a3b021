/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of vmbus_vsock: AF_VSOCK between programs of this kernel and of a
 * guest, by the hv_sock channels of the guest's VMBus server.
 *
 * A connection is a channel.  There is no thread and no queue: a socket reads and
 * writes the rings itself, so what a program does not read stays in the ring, and
 * its peer waits.  What may wait for the server or for a socket's lock (to offer,
 * to establish, to revoke) is done by the work of the connection.
 *
 * Lock order: the socket's lock, then vvsock_guests_lock, then
 * vvsock_guest::conns_lock or vvsock_conn::lock.  Callbacks of the server take
 * only the last two: whoever holds a socket's lock may fault on memory of a
 * program, and the server must not wait for that.
 */
#ifndef _VVSOCK_H
#define _VVSOCK_H

#include <linux/configfs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/af_vsock.h>
#include <vmbus/partition.h>
#include <vmbus/protocol.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

#define VVSOCK_MAX_CONNS	1024		/* per guest: half of its channel ids */
#define VVSOCK_OPEN_TIMEOUT	(5 * HZ)	/* for a guest to open what it asked for */
#define VVSOCK_CLOSE_TIMEOUT	(8 * HZ)	/* for the other side to end, too */
#define VVSOCK_REVOKE_RETRY	HZ		/* while the guest is stopped */

/* ---- proto.c ------------------------------------------------------------------------ */

#define VVSOCK_CHUNK		4096		/* most payload of a packet that we send */

/* What a packet takes in a ring. */
#define VVSOCK_PACKET(len)	((u32)(sizeof(struct vmpacket_descriptor) + \
				       sizeof(struct vmbus_pipe_hdr) + ALIGN(len, 8) + \
				       VSRV_PACKET_FOOTER))
/* Room for the largest packet of a guest. */
#define VVSOCK_BUF_SIZE		VVSOCK_PACKET(VMBUS_PIPE_MAX_DATA)

void vvsock_port_to_id(u32 port, guid_t *id);
u32 vvsock_id_port(const guid_t *id);
bool vvsock_is_port_id(const guid_t *id);
void vvsock_make_offer(struct vsrv_offer *offer, const guid_t *service, const guid_t *endpoint,
		       bool for_accept);
int __must_check vvsock_parse(const struct vsrv_packet *pkt, const u8 **data, u32 *len);
u32 vvsock_writable(u32 space);
u32 vvsock_space_wanted(u32 ring_size);

/* ---- guests: guest.c, config.c ------------------------------------------------------ */

enum vvsock_counter {
	VVSOCK_ACCEPTED,	/* connections that the guest began */
	VVSOCK_CONNECTED,	/* connections that this side began */
	VVSOCK_REFUSED,		/* connects of the guest that were refused */
	VVSOCK_FAILED,		/* connects of this side that failed */
	VVSOCK_BROKEN,		/* connections that the guest broke with a bad packet or ring */
	VVSOCK_COUNTERS
};

/**
 * struct vvsock_guest - a guest that can be talked to
 * @item: configfs directory
 * @lock: protects @server_name, @cid, @srv
 * @server_name: the attribute "server"
 * @cid: the attribute "guest_cid"; 0 if there is none yet
 * @srv: its server while enabled, else NULL
 * @node: in the list of enabled guests; protected by vvsock_guests_lock
 * @conns_lock: protects @conns and @nconns
 * @conns: of struct vvsock_conn
 * @nconns: entries of @conns
 * @idle: woken when @conns is empty
 * @counters: attributes
 */
struct vvsock_guest {
	struct config_item item;
	struct mutex lock;		/* protects server_name, cid, srv */
	char server_name[VMBUS_PARTITION_NAME_SIZE];
	u32 cid;
	struct vmbus_srv *srv;
	struct list_head node;
	spinlock_t conns_lock;		/* protects conns, nconns */
	struct list_head conns;
	unsigned int nconns;
	wait_queue_head_t idle;
	atomic64_t counters[VVSOCK_COUNTERS];
};

static inline void vvsock_count(struct vvsock_guest *guest, enum vvsock_counter counter)
{
	atomic64_inc(&guest->counters[counter]);
}

extern struct mutex vvsock_guests_lock;

struct vvsock_guest *vvsock_guest_find(u32 cid);
void vvsock_guest_init(struct vvsock_guest *guest);
int vvsock_guest_enable(struct vvsock_guest *guest);
void vvsock_guest_disable(struct vvsock_guest *guest);

int vvsock_config_init(void);
void vvsock_config_exit(void);

/* ---- connections: conn.c ------------------------------------------------------------- */

enum vvsock_state {
	VVSOCK_NEW,		/* to be offered */
	VVSOCK_OFFERED,		/* the guest may open the channel */
	VVSOCK_OPEN,
	VVSOCK_CLOSING,		/* our end is closed, the guest's is not */
	VVSOCK_DEAD,		/* the channel is to be revoked */
	VVSOCK_GONE,
	VVSOCK_STATES
};

/**
 * struct vvsock_conn - a connection
 * @ref: references: its life up to VVSOCK_GONE, and the socket's vsock_sock::trans
 * @guest: valid up to VVSOCK_GONE
 * @node: in vvsock_guest::conns
 * @from_guest: the guest began it
 * @request: its request, if it did
 * @service: class of the offer
 * @endpoint: instance of the offer
 * @cid: the guest's
 * @local_port: port on this side
 * @peer_port: port in the guest
 * @work: does what may block, and keeps deadlines
 * @chan: the channel, once offered
 * @sk: socket, with a reference; NULL until a connection of the guest is established
 * @lock: protects what follows, and the rings
 * @state: see enum; the rings may be used in VVSOCK_OPEN and VVSOCK_CLOSING
 * @mapped: @rings are open
 * @quiet: the guest is stopped: they are not used
 * @flush_due: what was written is to be shown to the guest then
 * @fin_due: our side is to be ended then
 * @fin_sent: nothing more is written
 * @fin_received: nothing more is read
 * @guest_closed: the guest closed the channel
 * @err: error that the socket gets, positive; 0 for an orderly end
 * @deadline: in VVSOCK_OFFERED and VVSOCK_CLOSING, or with @guest_closed: when it ends
 * @timeout: how long before that it was set, with
 * @stops: vsrv_stops() then
 * @rings: rings of the channel
 * @established: the socket is connected by this; by the socket's lock, like the next
 * @buf: a packet; allocated by the open callback
 * @data: payload that was not read yet, in @buf
 * @len: its bytes
 */
struct vvsock_conn {
	struct kref ref;
	struct vvsock_guest *guest;
	struct list_head node;
	bool from_guest;
	u32 request;
	guid_t service;
	guid_t endpoint;
	u32 cid;
	u32 local_port;
	u32 peer_port;
	struct delayed_work work;
	struct vsrv_chan *chan;
	struct sock *sk;

	spinlock_t lock;		/* protects the following, taken in any context */
	enum vvsock_state state;
	bool mapped;
	bool quiet;
	bool flush_due;
	bool fin_due;
	bool fin_sent;
	bool fin_received;
	bool guest_closed;
	int err;
	unsigned long deadline;
	unsigned long timeout;
	unsigned int stops;
	struct vsrv_rings rings;

	bool established;
	void *buf;
	const u8 *data;
	u32 len;
};

extern struct workqueue_struct *vvsock_wq;

int vvsock_conn_accept(struct vvsock_guest *guest, u32 request, const struct vsrv_tl_request *req);
struct vvsock_conn *vvsock_conn_connect(struct vvsock_guest *guest, struct sock *sk,
					u32 local_port, u32 peer_port);
void vvsock_conn_put(struct vvsock_conn *conn);
void vvsock_conn_kill(struct vvsock_conn *conn, int err);
void vvsock_conn_kill_locked(struct vvsock_conn *conn, int err);
void vvsock_conn_finish_locked(struct vvsock_conn *conn);
void vvsock_conn_release(struct vvsock_conn *conn);

/* May the rings be used? */
static inline bool vvsock_conn_usable(const struct vvsock_conn *conn)
{
	return !conn->quiet && (conn->state == VVSOCK_OPEN || conn->state == VVSOCK_CLOSING);
}

/* ---- the rings: data.c ----------------------------------------------------------------- */

void vvsock_fill(struct vvsock_conn *conn);
u32 vvsock_space(struct vvsock_conn *conn, bool want);
int vvsock_write(struct vvsock_conn *conn, const void *data, u32 len);
void vvsock_flush(struct vvsock_conn *conn);
void vvsock_send_fin(struct vvsock_conn *conn);
void vvsock_catch_up(struct vvsock_conn *conn);
bool vvsock_drain(struct vvsock_conn *conn);

/* ---- transport.c ------------------------------------------------------------------------ */

extern struct vsock_transport vvsock_transport;

int vvsock_sk_check_listener(u32 port);
int vvsock_sk_accept(struct vvsock_conn *conn);
int vvsock_sk_connected(struct vvsock_conn *conn);
void vvsock_sk_ended(struct vvsock_conn *conn);

#endif /* _VVSOCK_H */
