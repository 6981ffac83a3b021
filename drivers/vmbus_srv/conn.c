// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection state machine: contact, offers, unload.
 */
#include <linux/list_sort.h>
#include <kunit/visibility.h>
#include "vsrv.h"
#include "trace.h"

/**
 * vsrv_conn_state_name - a state for humans
 * @state: state
 *
 * Return: its name.
 */
const char *vsrv_conn_state_name(enum vsrv_conn_state state)
{
	static const char * const names[] = {
		[VSRV_DISCONNECTED] = "disconnected",
		[VSRV_CONNECTED] = "connected",
		[VSRV_DISCONNECTING] = "disconnecting",
	};

	return names[state];
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_conn_state_name);

/* A monitor may want to know whether its guest uses the VMBus. */
static void vsrv_conn_event(struct vmbus_srv *srv, enum vsrv_conn_state state)
{
	if (state == VSRV_CONNECTED)
		vpart_event(srv->part, VMBUS_PARTITION_EVENT_CONNECTED, srv->conn.version);
	else if (state == VSRV_DISCONNECTED && srv->conn.state != VSRV_DISCONNECTED)
		vpart_event(srv->part, VMBUS_PARTITION_EVENT_DISCONNECTED, 0);
}

static void vsrv_conn_set_state(struct vmbus_srv *srv, enum vsrv_conn_state state)
{
	lockdep_assert_held(&srv->lock);
	trace_vsrv_conn_state(srv, state);
	if (!srv->redirect)
		vsrv_conn_event(srv, state);
	/* sysfs reads it without the lock. */
	WRITE_ONCE(srv->conn.state, state);
}

static u32 vsrv_conn_features(const struct vmbus_srv *srv, const struct vsrv_contact *contact)
{
	u32 features = contact->features & READ_ONCE(srv->feature_mask);

	/* Else the host could pose as the guest and ask for its secrets. */
	if (!contact->trusted)
		features &= ~VMBUS_FEATURE_CONFIDENTIAL;
	if (!srv->mon.from_server)
		features &= ~VMBUS_FEATURE_SERVER_MONITOR;
	return features;
}

static void vsrv_conn_respond(struct vmbus_srv *srv, const struct vsrv_contact *contact,
			      bool supported, u8 connection_state)
{
	struct vmbus_version_response3_msg m;
	u32 len;

	len = vsrv_version_response(&m, contact, supported, connection_state,
				    vsrv_conn_features(srv, contact), srv->mon.gpa);
	vsrv_send(srv, VMBUS_MSG_VERSION_RESPONSE, &m, len);
}

static bool vsrv_conn_version_ok(const struct vmbus_srv *srv, u32 version)
{
	/* What a client in VTL2 calls its interrupt page is none of the guest's memory. */
	if (srv->redirect && version < VMBUS_VERSION(2, 4))
		return false;
	return vsrv_version_supported(version, min(READ_ONCE(srv->max_version),
						   READ_ONCE(srv->version_limit)));
}

/* Pages that cannot be had are as if there were none: the client signals then. */
static void vsrv_conn_monitor(struct vmbus_srv *srv, const struct vsrv_contact *contact)
{
	u32 features = contact->features & READ_ONCE(srv->feature_mask);
	u64 gpa = contact->monitor_gpa;
	bool from_server = false;
	int err;

	if (!gpa && (features & VMBUS_FEATURE_SERVER_MONITOR)) {
		gpa = READ_ONCE(srv->monitor_gpa);
		from_server = true;
	}
	if (!gpa || !READ_ONCE(srv->monitor_latency))
		return;
	err = vsrv_monitor_on(srv, gpa, from_server);
	if (err) {
		vsrv_count_why(srv, VSRV_WHY_PAGE);
		pr_debug_ratelimited("%s: monitor page at %#llx: %pe: going without\n", srv->name,
				     gpa, ERR_PTR(err));
	}
}

/**
 * vsrv_conn_finish_contact - the client is connected: tell it
 * @srv: server, with the contact in vsrv_conn::contact
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_finish_contact(struct vmbus_srv *srv)
{
	struct vsrv_conn *conn = &srv->conn;
	const struct vsrv_contact *contact = &conn->contact;

	WRITE_ONCE(conn->version, contact->version);
	WRITE_ONCE(conn->features, vsrv_conn_features(srv, contact));
	conn->connection_id = contact->connection_id;
	conn->trusted = contact->trusted;
	conn->client_id = contact->client_id;
	conn->offers_sent = false;
	vsrv_conn_set_state(srv, VSRV_CONNECTED);
	vsrv_conn_respond(srv, contact, true, VMBUS_CONNECTION_OK);
}

/* The old connection, if any, is gone: answer the contact. */
static void vsrv_conn_contact(struct vmbus_srv *srv)
{
	struct vsrv_conn *conn = &srv->conn;
	const struct vsrv_contact *contact = &conn->contact;

	conn->target_vp = contact->target_vp;
	if (!vsrv_conn_version_ok(srv, contact->version)) {
		vsrv_conn_respond(srv, contact, false, 0);
		return;
	}
	if (contact->monitor_invalid ||
	    (contact->int_page && vsrv_intpage_on(srv, contact->int_page))) {
		vsrv_count_why(srv, VSRV_WHY_PAGE);
		vsrv_conn_respond(srv, contact, true, VMBUS_CONNECTION_FAILED);
		return;
	}
	vsrv_conn_monitor(srv, contact);
	if (!vsrv_monitor_host_contact(srv))
		vsrv_conn_finish_contact(srv);
}

/**
 * vsrv_conn_finish_disconnect - nobody uses the client's memory any more
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_finish_disconnect(struct vmbus_srv *srv)
{
	struct vmbus_msg_hdr unloaded = { };
	struct vsrv_conn *conn = &srv->conn;
	enum vsrv_next_action next;

	vsrv_intpage_off(srv);
	vsrv_monitor_forget(srv);
	vsrv_conn_set_state(srv, VSRV_DISCONNECTED);
	WRITE_ONCE(conn->version, 0);
	WRITE_ONCE(conn->features, 0);
	conn->trusted = false;
	conn->client_id = guid_null;
	next = conn->next;
	conn->next = VSRV_NEXT_NONE;
	switch (next) {
	case VSRV_NEXT_NONE:
		break;
	case VSRV_NEXT_UNLOAD_COMPLETE:
		vsrv_send(srv, VMBUS_MSG_UNLOAD_COMPLETE, &unloaded, sizeof(unloaded));
		break;
	case VSRV_NEXT_CONTACT:
		vsrv_conn_contact(srv);
		break;
	}
}

/**
 * vsrv_conn_check_disconnected - go on if the last channel has let go
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_check_disconnected(struct vmbus_srv *srv)
{
	struct vsrv_chan *chan;

	if (srv->conn.state != VSRV_DISCONNECTING || vsrv_monitor_host_waits(srv))
		return;
	list_for_each_entry(chan, &srv->chans, node)
		if (!chan->reserved.on &&
		    (chan->state != VSRV_CHAN_CLIENT_RELEASED || !list_empty(&chan->gpadls)))
			return;
	if (!vsrv_monitor_host_disconnect(srv))
		vsrv_conn_finish_disconnect(srv);
}

static void vsrv_conn_disconnect(struct vmbus_srv *srv, enum vsrv_next_action next)
{
	struct vsrv_chan *chan, *tmp;

	srv->conn.next = next;
	vsrv_tl_forget(srv);
	list_for_each_entry_safe(chan, tmp, &srv->chans, node) {
		if (chan->reserved.on)
			chan->reserved.orphan = true;
		else
			vsrv_chan_client_release(chan);
	}
	vsrv_conn_set_state(srv, VSRV_DISCONNECTING);
	vsrv_conn_check_disconnected(srv);
}

/**
 * vsrv_conn_reset - the client is gone without a word
 * @srv: server; its channels have been reset already
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_reset(struct vmbus_srv *srv)
{
	atomic64_add(srv->outq.len, &srv->whys[VSRV_WHY_UNSENT]);
	vsrv_outq_clear(&srv->outq);
	vsrv_tl_forget(srv);
	vsrv_conn_set_state(srv, VSRV_DISCONNECTED);
	srv->conn = (struct vsrv_conn) { };
}

/**
 * vsrv_conn_on_contact - INITIATE_CONTACT
 * @srv: server
 * @msg: message
 *
 * On a live connection this is a full reset, and it replaces an unload that is
 * under way, whose answer is then never sent.
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_contact(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	struct vmbus_version_response3_msg m;
	struct vsrv_contact contact;
	u32 len;

	if (vsrv_contact_parse(msg, &contact)) {
		vsrv_refuse(srv, msg, VSRV_WHY_CONTACT_SHORT);
		return;
	}
	if (contact.vtl != VPART_VTL_GUEST) {
		vsrv_refuse(srv, msg, VSRV_WHY_CONTACT_VTL);
		return;
	}
	if (contact.sint != VMBUS_SINT) {
		/* Not this server's client, but it waits for an answer. */
		len = vsrv_version_response(&m, &contact, false, 0, 0, 0);
		vsrv_send_at(srv, contact.target_vp, contact.sint, &m, len);
		vsrv_refuse(srv, msg, VSRV_WHY_CONTACT_SINT);
		return;
	}
	if (!srv->redirect && !vpart_vp_valid(srv->part, contact.target_vp)) {
		vsrv_refuse(srv, msg, VSRV_WHY_CONTACT_VP);
		return;
	}

	srv->conn.contact = contact;
	switch (srv->conn.state) {
	case VSRV_DISCONNECTED:
		vsrv_conn_contact(srv);
		break;
	case VSRV_CONNECTED:
		vsrv_conn_disconnect(srv, VSRV_NEXT_CONTACT);
		break;
	case VSRV_DISCONNECTING:
		srv->conn.next = VSRV_NEXT_CONTACT;
		break;
	default:
		break;
	}
}

/**
 * vsrv_conn_on_unload - UNLOAD
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_unload(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	vsrv_conn_disconnect(srv, VSRV_NEXT_UNLOAD_COMPLETE);
}

static int vsrv_offer_cmp(void *priv, const struct list_head *a, const struct list_head *b)
{
	const struct vsrv_offer *x = &list_entry(a, struct vsrv_chan, node)->offer;
	const struct vsrv_offer *y = &list_entry(b, struct vsrv_chan, node)->offer;
	int diff;

	diff = memcmp(&x->class_id, &y->class_id, sizeof(guid_t));
	if (diff)
		return diff;
	/* A client takes the first of a device for its primary channel. */
	if (!x->subchannel != !y->subchannel)
		return x->subchannel ? 1 : -1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	diff = memcmp(&x->instance_id, &y->instance_id, sizeof(guid_t));
	if (diff)
		return diff;
	return (int)x->subchannel - (int)y->subchannel;
}

/**
 * vsrv_conn_on_request_offers - REQUEST_OFFERS
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_request_offers(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	struct vmbus_msg_hdr all = { };
	struct vsrv_chan *chan;

	if (srv->conn.offers_sent) {
		vsrv_refuse(srv, msg, VSRV_WHY_OFFERS_SENT);
		return;
	}
	srv->conn.offers_sent = true;
	list_sort(NULL, &srv->chans, vsrv_offer_cmp);
	list_for_each_entry(chan, &srv->chans, node)
		if (chan->state == VSRV_CHAN_CLIENT_RELEASED)
			vsrv_chan_announce_free(chan);
	vsrv_send(srv, VMBUS_MSG_ALL_OFFERS, &all, sizeof(all));
}

/**
 * vsrv_conn_finish_modify - answer to MODIFY_CONNECTION
 * @srv: server
 * @ok: the pages are where the client wants them
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_finish_modify(struct vmbus_srv *srv, bool ok)
{
	struct vmbus_modify_connection_resp_msg r = {
		.connection_state = ok ? VMBUS_CONNECTION_OK : VMBUS_CONNECTION_FAILED,
	};

	vsrv_send(srv, VMBUS_MSG_MODIFY_CONNECTION_RESP, &r, sizeof(r));
}

/**
 * vsrv_conn_on_modify - MODIFY_CONNECTION
 * @srv: server
 * @msg: message
 *
 * The client gives other monitor pages, or takes them back.  Not while a channel is
 * triggered by them, nor if the server named them.
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_modify(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_modify_connection_msg *m = (const void *)msg->payload;
	u64 gpa = le64_to_cpu(m->child_to_parent), p2c = le64_to_cpu(m->parent_to_child);
	int err = 0;

	if (!p2c != !gpa || srv->mon.from_server || srv->mon.active ||
	    vsrv_monitor_host_used(srv)) {
		vsrv_refuse(srv, msg, VSRV_WHY_MONITOR_USED);
		vsrv_conn_finish_modify(srv, false);
		return;
	}
	if (vsrv_monitor_host_modify(srv, p2c, gpa))
		return;
	if (!gpa)
		vsrv_monitor_off(srv);
	else if (srv->mon.by == VSRV_MONITOR_BY_SERVER || READ_ONCE(srv->monitor_latency))
		err = vsrv_monitor_on(srv, gpa, false);
	if (err)
		vsrv_count_why(srv, VSRV_WHY_PAGE);
	else
		vsrv_monitor_host_note(srv, p2c, gpa);
	vsrv_conn_finish_modify(srv, !err);
}

/**
 * vsrv_conn_on_pause - PAUSE
 * @srv: server
 * @msg: message
 *
 * The answer still leaves, what comes later waits: messages of the client are only
 * handled when all output has left, so the answer is the only one now.
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_pause(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	struct vmbus_msg_hdr paused = { };

	vsrv_send(srv, VMBUS_MSG_PAUSE_RESPONSE, &paused, sizeof(paused));
	vsrv_outq_hold(&srv->outq);
	srv->conn.paused = true;
}

/**
 * vsrv_conn_end_pause - the client hears and speaks again
 * @srv: server
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_conn_end_pause(struct vmbus_srv *srv)
{
	vsrv_outq_unhold(&srv->outq);
	srv->conn.paused = false;
}

/**
 * vsrv_conn_on_resume - RESUME
 * @srv: server
 * @msg: message
 *
 * That it ends the pause is said in the table of messages.
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_conn_on_resume(struct vmbus_srv *srv, const struct vpart_message *msg)
{
}
