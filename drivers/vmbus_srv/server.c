// SPDX-License-Identifier: GPL-2.0-only
/*
 * One server: its messages, its work, its life.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vsrv.h"
#include "trace.h"

/* One message of the client that waits. */
struct vsrv_in {
	struct list_head node;
	struct vpart_message msg;
};

/* Something that must happen in the server's work, and somebody who waits. */
struct vsrv_request {
	struct list_head node;
	enum vsrv_request_type type;
	struct vsrv_chan *chan;
	bool refused;
	struct completion done;
};

static DEFINE_MUTEX(vsrv_list_lock);
static LIST_HEAD(vsrv_list);		/* protected by vsrv_list_lock */

/* ---- names and references -------------------------------------------------------- */

static void vsrv_free(struct kref *ref)
{
	struct vmbus_srv *srv = container_of(ref, struct vmbus_srv, ref);

	destroy_workqueue(srv->wq);
	if (srv->part)
		vpart_put(srv->part);
	xa_destroy(&srv->ids);
	kfree(srv);
}

/**
 * vsrv_get - find a server
 * @name: name of its configfs directory
 *
 * Context: process, may sleep.
 * Return: the server with a reference, or NULL.
 */
struct vmbus_srv *vsrv_get(const char *name)
{
	struct vmbus_srv *srv;

	mutex_lock(&vsrv_list_lock);
	list_for_each_entry(srv, &vsrv_list, node) {
		if (!strcmp(srv->name, name)) {
			kref_get(&srv->ref);
			mutex_unlock(&vsrv_list_lock);
			return srv;
		}
	}
	mutex_unlock(&vsrv_list_lock);
	return NULL;
}
EXPORT_SYMBOL_GPL(vsrv_get);

/**
 * vsrv_put - drop a reference
 * @srv: from vsrv_get()
 *
 * Context: process, may sleep.  Not from a callback.
 */
void vsrv_put(struct vmbus_srv *srv)
{
	kref_put(&srv->ref, vsrv_free);
}
EXPORT_SYMBOL_GPL(vsrv_put);

/**
 * vsrv_name - name of a server
 * @srv: server
 *
 * Return: the name of its configfs directory.
 */
const char *vsrv_name(const struct vmbus_srv *srv)
{
	return srv->name;
}
EXPORT_SYMBOL_GPL(vsrv_name);

/**
 * vsrv_partition - the guest that a server belongs to
 * @srv: server
 *
 * Return: the partition, valid as long as the server, or NULL if it has none
 * yet.
 */
struct vmbus_partition *vsrv_partition(const struct vmbus_srv *srv)
{
	/* Pairs with smp_store_release() in vsrv_start(). */
	return smp_load_acquire(&srv->started) ? srv->part : NULL;
}
EXPORT_SYMBOL_GPL(vsrv_partition);

/**
 * vsrv_limit_version - promise the client no more than somebody else can keep
 * @srv: server
 * @version: from its next contact on the client gets this version at most, or
 *	U32_MAX for no limit
 *
 * For the relay: what the guest speaks beyond the host's version the host would not
 * understand.  A client that is connected keeps what it has.
 *
 * Context: any.
 */
void vsrv_limit_version(struct vmbus_srv *srv, u32 version)
{
	WRITE_ONCE(srv->version_limit, version);
}
EXPORT_SYMBOL_GPL(vsrv_limit_version);

/**
 * vsrv_client_leaves() - does the client wait for its memory, to connect anew or to be gone?
 * @srv: server
 *
 * For an owner whose other end does not let go of it: the client hears nothing before.
 *
 * Context: any.
 * Return: true if so, right now.
 */
bool vsrv_client_leaves(const struct vmbus_srv *srv)
{
	return READ_ONCE(srv->conn.state) == VSRV_DISCONNECTING;
}
EXPORT_SYMBOL_GPL(vsrv_client_leaves);

/* ---- incoming ---------------------------------------------------------------------- */

/**
 * vsrv_port_message - the client has posted a message
 * @port: of struct vsrv_msg_port
 * @msg: message
 *
 * Context: any.
 * Return: HV_STATUS_*, for the client.
 */
u16 vsrv_port_message(struct vpart_port *port, const struct vpart_message *msg)
{
	struct vmbus_srv *srv = container_of(port, struct vsrv_msg_port, port)->srv;
	u16 status = HV_STATUS_INSUFFICIENT_BUFFERS;
	struct vsrv_in *in;
	unsigned long flags;

	if (msg->type != VMBUS_MSG_TYPE_HV) {
		vsrv_count_why(srv, VSRV_WHY_TYPE);
		return HV_STATUS_INVALID_PARAMETER;
	}
	in = kmalloc(sizeof(*in), GFP_ATOMIC);
	if (in) {
		in->msg = *msg;
		spin_lock_irqsave(&srv->in_lock, flags);
		if (srv->in_len < VSRV_MAX_INCOMING) {
			list_add_tail(&in->node, &srv->in_queue);
			srv->in_len++;
			in = NULL;
			status = HV_STATUS_SUCCESS;
		}
		spin_unlock_irqrestore(&srv->in_lock, flags);
	}
	if (status) {
		kfree(in);
		vsrv_count(srv, VSRV_MESSAGES_BUSY);
		return status;
	}
	vsrv_kick(srv);
	return status;
}

static struct vsrv_in *vsrv_pop_incoming(struct vmbus_srv *srv)
{
	struct vsrv_in *in;

	spin_lock_irq(&srv->in_lock);
	in = list_first_entry_or_null(&srv->in_queue, struct vsrv_in, node);
	if (in) {
		list_del(&in->node);
		srv->in_len--;
	}
	spin_unlock_irq(&srv->in_lock);
	return in;
}

/**
 * vsrv_refuse - drop a message of the client
 * @srv: server
 * @msg: message
 * @why: to be counted
 *
 * Context: any.
 */
void vsrv_refuse(struct vmbus_srv *srv, const struct vpart_message *msg, enum vsrv_why why)
{
	trace_vsrv_message_refused(srv, msg, why);
	vsrv_count(srv, why <= VSRV_WHY_LAST_BAD ? VSRV_MESSAGES_BAD : VSRV_MESSAGES_REFUSED);
	vsrv_count_why(srv, why);
}

static void vsrv_handle(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	static const enum vsrv_why whys[] = {
		[VSRV_MSG_SHORT] = VSRV_WHY_SHORT,
		[VSRV_MSG_UNKNOWN] = VSRV_WHY_UNKNOWN,
		[VSRV_MSG_STATE] = VSRV_WHY_STATE,
	};
	bool untrusted = srv->conn.trusted && !msg->trusted;
	const struct vsrv_msg_desc *desc = NULL;
	enum vsrv_msg_verdict verdict;

	trace_vsrv_message_in(srv, msg->payload, msg->size);
	vsrv_count(srv, VSRV_MESSAGES_IN);
	verdict = vsrv_msg_check(msg->payload, msg->size, srv->conn.state, srv->conn.version,
				 srv->conn.features, &desc);
	if (static_branch_unlikely(&vsrv_trace_messages))
		vsrv_trace_in(srv, msg, untrusted || verdict != VSRV_MSG_OK ? -EBADMSG : 0);
	if (untrusted || verdict != VSRV_MSG_OK) {
		vsrv_refuse(srv, msg, untrusted ? VSRV_WHY_UNTRUSTED : whys[verdict]);
		return;
	}
	if (desc->ends_pause)
		vsrv_conn_end_pause(srv);
	if (srv->conn.paused)
		vsrv_refuse(srv, msg, VSRV_WHY_PAUSED);
	else
		desc->handler(srv, msg);
}

/* ---- outgoing ---------------------------------------------------------------------- */

/**
 * vsrv_send - send a message to the client, after those before
 * @srv: server
 * @type: its type
 * @msg: message; the header is filled in
 * @len: its exact length on the wire
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_send(struct vmbus_srv *srv, enum vmbus_msg_type type, void *msg, u32 len)
{
	struct vmbus_msg_hdr *hdr = msg;

	lockdep_assert_held(&srv->lock);
	hdr->type = cpu_to_le32(type);
	hdr->padding = 0;
	vsrv_outq_add(&srv->outq, msg, len, NULL);
}

/**
 * vsrv_send_open_result - send OPEN_CHANNEL_RESULT
 * @chan: channel
 * @status: 0, which lets the channel interrupt the client once the message has
 *	left, or VMBUS_STATUS_FAILURE
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_send_open_result(struct vsrv_chan *chan, u32 status)
{
	struct vmbus_open_result_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_OPEN_RESULT),
		.channel_id = cpu_to_le32(chan->id),
		.open_id = cpu_to_le32(chan->open_id),
		.status = cpu_to_le32(status),
	};

	lockdep_assert_held(&chan->srv->lock);
	if (chan->reserved.on)
		vsrv_reserved_opened(chan, &m);
	else
		vsrv_outq_add(&chan->srv->outq, &m, sizeof(m), status ? NULL : chan);
}

/* A message has gone to the client, or is lost.  @err: of vpart_send_message() */
static void vsrv_sent(struct vmbus_srv *srv, const void *msg, u32 len, int err)
{
	trace_vsrv_message_out(srv, msg, len);
	if (static_branch_unlikely(&vsrv_trace_messages))
		vsrv_trace_out(srv, msg, len, err);
	vsrv_count(srv, err ? VSRV_MESSAGES_LOST : VSRV_MESSAGES_OUT);
}

/* A server that answers to VTL2 has its clients' messages there, whatever they ask for. */
static int vsrv_post(struct vmbus_srv *srv, u32 vp, u8 sint, const void *msg, u32 len)
{
	u8 vtl = srv->redirect ? VPART_VTL_PARAVISOR : VPART_VTL_GUEST;

	return vpart_send_message(srv->part, vtl, vp, sint, msg, len);
}

/**
 * vsrv_send_at - send a message to a slot that the client named, past the queue
 * @srv: server
 * @vp: VP
 * @sint: its SINT
 * @msg: message
 * @len: its exact length on the wire
 *
 * It is tried once, and counted as lost if that fails: who asks so looks at its slot,
 * and has one request out.  While the guest is stopped it waits.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_send_at(struct vmbus_srv *srv, u32 vp, u8 sint, const void *msg, u32 len)
{
	int err;

	lockdep_assert_held(&srv->lock);
	if (vsrv_quiet(srv) && !srv->redirect) {
		vsrv_outq_add_at(&srv->outq, vp, sint, msg, len);
		return;
	}
	err = vsrv_post(srv, vp, sint, msg, len);
	vsrv_sent(srv, msg, len, err);
}

static int vsrv_send_one(void *ctx, const struct vsrv_out *out)
{
	struct vmbus_srv *srv = ctx;
	int err;

	if (out->at) {
		vsrv_send_at(srv, out->vp, out->sint, out->payload, out->len);
		return 0;
	}
	if (srv->redirect)
		err = vsrv_post(srv, 0, VMBUS_SINT_REDIRECT, out->payload, out->len);
	else
		err = vsrv_post(srv, srv->conn.target_vp, VMBUS_SINT, out->payload, out->len);
	if (err == -EAGAIN) {
		vsrv_count(srv, VSRV_SENDS_RETRIED);
		return err;
	}
	vsrv_sent(srv, out->payload, out->len, err);
	if (out->opened)
		vsrv_chan_armed(out->opened);
	return err;
}

/* ---- the work ------------------------------------------------------------------------ */

/**
 * vsrv_kick - there is something to do for the server's work
 * @srv: server
 *
 * Context: any.
 */
void vsrv_kick(struct vmbus_srv *srv)
{
	queue_work(srv->wq, &srv->work);
}

/**
 * vsrv_queue_op - make a callback to an owner soon
 * @srv: server
 * @op: embedded in the object; not queued already
 * @type: which callback
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_queue_op(struct vmbus_srv *srv, struct vsrv_op *op, enum vsrv_op_type type,
		   struct vsrv_chan *chan)
{
	lockdep_assert_held(&srv->lock);
	op->type = type;
	op->chan = chan;
	list_move_tail(&op->node, &srv->ops);
	vsrv_kick(srv);
}

/**
 * vsrv_cancel_op - do not make a callback
 * @op: queued or not
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_cancel_op(struct vsrv_op *op)
{
	list_del_init(&op->node);
}

/* Make a callback that was taken off the queue.  vmbus_srv::lock is not held. */
static void vsrv_run_op(struct vsrv_op *op)
{
	switch (op->type) {
	case VSRV_OP_TL_CONNECT:
	case VSRV_OP_TL_RESET:
		vsrv_tl_run_op(op);
		break;
	case VSRV_OP_MONITOR:
		vsrv_monitor_host_run_op(op);
		break;
	default:
		vsrv_chan_run_op(op);
		break;
	}
}

/**
 * vsrv_request - have the server's work do something, and wait for it
 * @srv: server
 * @type: what
 * @chan: channel, for VSRV_REQ_REVOKE and VSRV_REQ_TRY_REVOKE
 *
 * Context: process, may sleep; not from the server's work.
 * Return: true if it was done; always, but for VSRV_REQ_TRY_REVOKE.
 */
bool vsrv_request(struct vmbus_srv *srv, enum vsrv_request_type type, struct vsrv_chan *chan)
{
	struct vsrv_request req = { .type = type, .chan = chan };

	init_completion(&req.done);
	mutex_lock(&srv->lock);
	list_add_tail(&req.node, &srv->requests);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
	/*
	 * The work waits only for owners, and these for a guest only so long.  A
	 * VSRV_REQ_REVOKE waits for one that is stopped to go on, or to be gone: no task
	 * hangs that does so.
	 */
	wait_for_completion_state(&req.done, type == VSRV_REQ_REVOKE ? TASK_IDLE :
				  TASK_UNINTERRUPTIBLE);
	return !req.refused;
}

static void vsrv_drop_incoming(struct vmbus_srv *srv)
{
	struct vsrv_in *in;

	while ((in = vsrv_pop_incoming(srv))) {
		vsrv_refuse(srv, &in->msg, VSRV_WHY_RESET);
		kfree(in);
	}
}

/* @forget: the client is gone, too, and not only the guest. */
static void vsrv_do_reset(struct vmbus_srv *srv, bool forget)
{
	struct vsrv_chan *chan, *tmp;

	if (forget) {
		/* What the old client said last does not count for the new one. */
		vsrv_drop_incoming(srv);
		/* What is offered from here on is for the next to ask for. */
		srv->conn.offers_sent = false;
	}
	/* Sub-channels come behind their primary channels, and go before these. */
	list_for_each_entry(chan, &srv->chans, node)
		vsrv_chan_do_reset(chan, forget);
	list_for_each_entry_safe(chan, tmp, &srv->chans, node)
		if (forget && !chan->has_owner)
			vsrv_chan_delete(chan);
	vsrv_intpage_off(srv);
	vsrv_monitor_off(srv);
	vsrv_monitor_host_reset(srv);
	if (forget) {
		vsrv_monitor_forget(srv);
		vsrv_conn_reset(srv);
	}
}

static void vsrv_do_request(struct vmbus_srv *srv, struct vsrv_request *req)
{
	switch (req->type) {
	case VSRV_REQ_TRY_REVOKE:
		req->refused = vsrv_quiet(srv);
		if (req->refused)
			break;
		fallthrough;
	case VSRV_REQ_REVOKE:
		vsrv_chan_do_revoke(req->chan, true);
		break;
	case VSRV_REQ_RESET:
		vsrv_do_reset(srv, !srv->redirect);
		break;
	case VSRV_REQ_FORGET:
		vsrv_do_reset(srv, true);
		break;
	case VSRV_REQ_TL_UNREGISTER:
		vsrv_tl_do_unregister(srv);
		break;
	case VSRV_REQ_MONITOR_UNREGISTER:
		vsrv_monitor_do_unregister(srv);
		break;
	case VSRV_REQ_QUIESCE:
		vsrv_do_quiesce(srv);
		break;
	case VSRV_REQ_RESUME:
		vsrv_do_resume(srv);
		break;
	}
}

static struct vsrv_request *vsrv_next_request(struct vmbus_srv *srv)
{
	struct vsrv_request *req;

	list_for_each_entry(req, &srv->requests, node)
		if (!vsrv_quiet(srv) || req->type != VSRV_REQ_REVOKE)
			return req;
	return NULL;
}

static struct vsrv_op *vsrv_next_op(struct vmbus_srv *srv)
{
	struct vsrv_op *op;

	list_for_each_entry(op, &srv->ops, node)
		if (!vsrv_quiet(srv) || op->type != VSRV_OP_OPEN)
			return op;
	return NULL;
}

/* Do the one thing that is due most.  False if there is nothing, or no room. */
static bool vsrv_step(struct vmbus_srv *srv)
{
	struct vsrv_request *req;
	struct vsrv_op *op;
	struct vsrv_in *in;

	lockdep_assert_held(&srv->lock);
	req = vsrv_next_request(srv);
	if (req) {
		list_del(&req->node);
		vsrv_do_request(srv, req);
		complete(&req->done);
		return true;
	}

	/* Its client is the guest, which is stopped. */
	if (vsrv_quiet(srv) && !srv->redirect)
		return false;

	op = vsrv_next_op(srv);
	if (op) {
		list_del_init(&op->node);
		/* Only this work removes channels and GPADLs that owners know. */
		mutex_unlock(&srv->lock);
		vsrv_run_op(op);
		mutex_lock(&srv->lock);
		return true;
	}

	if (vsrv_outq_flush(&srv->outq, vsrv_send_one, srv) || vsrv_monitor_host_waits(srv))
		return false;
	in = vsrv_pop_incoming(srv);
	if (!in)
		return false;
	vsrv_handle(srv, &in->msg);
	kfree(in);
	return true;
}

static void vsrv_work(struct work_struct *work)
{
	struct vmbus_srv *srv = container_of(work, struct vmbus_srv, work);

	mutex_lock(&srv->lock);
	while (vsrv_step(srv)) {
		/* A client that never pauses must not keep everybody else out. */
		mutex_unlock(&srv->lock);
		cond_resched();
		mutex_lock(&srv->lock);
	}
	mutex_unlock(&srv->lock);
}

/* ---- life -------------------------------------------------------------------------------- */

/**
 * vsrv_create - make a server
 * @name: its name, unused so far
 *
 * Context: process, may sleep.
 * Return: the server with one reference, or an ERR_PTR.
 */
struct vmbus_srv *vsrv_create(const char *name)
{
	struct vmbus_srv *srv;
	int err;

	if (strlen(name) >= VSRV_NAME_SIZE)
		return ERR_PTR(-ENAMETOOLONG);
	srv = kzalloc(sizeof(*srv), GFP_KERNEL);
	if (!srv)
		return ERR_PTR(-ENOMEM);

	strscpy(srv->name, name);
	kref_init(&srv->ref);
	srv->max_version = VMBUS_VERSION(6, 0);
	srv->version_limit = U32_MAX;
	srv->feature_mask = VSRV_FEATURES & ~VMBUS_FEATURE_GPA_PINNING;
	srv->max_gpadls = VSRV_MAX_GPADLS;
	srv->max_gpadl_pages = VSRV_MAX_GPADL_PAGES;
	mutex_init(&srv->lock);
	spin_lock_init(&srv->in_lock);
	INIT_LIST_HEAD(&srv->in_queue);
	INIT_LIST_HEAD(&srv->chans);
	INIT_LIST_HEAD(&srv->ops);
	INIT_LIST_HEAD(&srv->requests);
	INIT_LIST_HEAD(&srv->in_progress);
	vsrv_outq_init(&srv->outq);
	vsrv_monitor_init(srv);
	vsrv_tl_init(srv);
	xa_init_flags(&srv->ids, XA_FLAGS_ALLOC1);
	INIT_WORK(&srv->work, vsrv_work);
	srv->wq = alloc_ordered_workqueue("vmbus_srv/%s", 0, srv->name);
	if (!srv->wq) {
		err = -ENOMEM;
		goto free_srv;
	}
	err = vsrv_sysfs_add(srv);
	if (err)
		goto free_wq;
	vsrv_debugfs_add(srv);

	mutex_lock(&vsrv_list_lock);
	list_add_tail(&srv->node, &vsrv_list);
	mutex_unlock(&vsrv_list_lock);
	return srv;

free_wq:
	destroy_workqueue(srv->wq);
free_srv:
	kfree(srv);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_create);

/**
 * vsrv_destroy - stop serving and drop the creator's reference
 * @srv: server; owners may still hold channels and references, which do
 *	nothing any more
 *
 * Context: process, may sleep.
 */
void vsrv_destroy(struct vmbus_srv *srv)
{
	mutex_lock(&vsrv_list_lock);
	list_del(&srv->node);
	mutex_unlock(&vsrv_list_lock);

	mutex_lock(&srv->lock);
	srv->dead = true;
	mutex_unlock(&srv->lock);
	if (srv->started)
		vsrv_detach(srv);
	vsrv_debugfs_remove(srv);
	vsrv_sysfs_remove(srv);
	vsrv_put(srv);
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_destroy);
