// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmbus_srv/<server>/: the server's state, for whoever debugs it.
 *
 * Files take vmbus_srv::lock.  Removal waits for readers, so it must not be held
 * then; readers of a removed file get an error.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <kunit/visibility.h>
#include <vmbus/ring.h>
#include "vsrv.h"

static struct dentry *vsrv_debugfs_root;

/* ---- connection and queues ------------------------------------------------------------ */

static unsigned int vsrv_debugfs_in_len(struct vmbus_srv *srv)
{
	unsigned int len;

	spin_lock_irq(&srv->in_lock);
	len = srv->in_len;
	spin_unlock_irq(&srv->in_lock);
	return len;
}

int vsrv_connection_show(struct seq_file *m, void *v)
{
	static const char * const next[] = {
		[VSRV_NEXT_NONE] = "nothing",
		[VSRV_NEXT_UNLOAD_COMPLETE] = "unload complete",
		[VSRV_NEXT_CONTACT] = "contact",
	};
	struct vmbus_srv *srv = m->private;
	const struct vsrv_conn *conn = &srv->conn;

	mutex_lock(&srv->lock);
	seq_printf(m, "state %s\n", vsrv_conn_state_name(conn->state));
	seq_printf(m, "version %u.%u\n", conn->version >> 16, conn->version & 0xffff);
	seq_printf(m, "features %#x\n", conn->features);
	seq_printf(m, "target_vp %u\n", conn->target_vp);
	seq_printf(m, "connection_id %#x\n", conn->connection_id);
	seq_printf(m, "client_id %pUl\n", &conn->client_id);
	seq_printf(m, "trusted %d\n", conn->trusted);
	seq_printf(m, "paused %d\n", conn->paused);
	seq_printf(m, "offers_sent %d\n", conn->offers_sent);
	seq_printf(m, "after_disconnect %s\n", next[conn->next]);
	seq_printf(m, "interrupt_page %d\n", !!rcu_access_pointer(srv->int_page));
	seq_printf(m, "monitor_page %#llx\n", srv->mon.map ? srv->mon.gpa : 0);
	seq_printf(m, "monitored_channels %u\n", srv->mon.active);
	seq_printf(m, "monitor_page_of_host %#llx\n", srv->mon.host.has ? srv->mon.host.c2p : 0);
	seq_printf(m, "messages_in_waiting %u\n", vsrv_debugfs_in_len(srv));
	seq_printf(m, "messages_out_waiting %u\n", srv->outq.len);
	seq_printf(m, "callbacks_waiting %zu\n", list_count_nodes(&srv->ops));
	seq_printf(m, "requests_waiting %zu\n", list_count_nodes(&srv->requests));
	seq_printf(m, "channels %u\n", srv->nchans);
	seq_printf(m, "gpadls %u\n", srv->ngpadls);
	seq_printf(m, "gpadl_words %u\n", srv->gpadl_words);
	seq_printf(m, "gpadl_pages %u\n", srv->gpadl_pages);
	seq_printf(m, "gpadls_in_progress %zu\n", list_count_nodes(&srv->in_progress));
	mutex_unlock(&srv->lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_connection_show);
DEFINE_SHOW_ATTRIBUTE(vsrv_connection);

/* ---- channels --------------------------------------------------------------------------- */

static void vsrv_debugfs_ring(struct seq_file *m, const char *name,
			      const struct vsrv_ring_state *ring)
{
	seq_printf(m, "  %s size %u write_index %u read_index %u mask %u pending_send_size %u%s\n",
		   name, ring->size, ring->write_index, ring->read_index, ring->mask,
		   ring->pending, ring->valid ? "" : " (impossible)");
}

static void vsrv_debugfs_channel(struct seq_file *m, struct vsrv_chan *chan)
{
	struct vsrv_ring_state in, out;

	seq_printf(m, "%u %pUl %pUl.%u %s\n", chan->id, &chan->offer.class_id,
		   &chan->offer.instance_id, chan->offer.subchannel,
		   vsrv_chan_state_name(chan->state));
	seq_printf(m, "  owner %d stopped %d open %d listening %d route %#llx modify %d gpadls %zu\n",
		   chan->has_owner, chan->stopped, chan->owner_open, chan->port_on,
		   READ_ONCE(chan->route), chan->modify_pending, list_count_nodes(&chan->gpadls));
	if (chan->reserved.on)
		seq_printf(m, "  reserved vp %u sint %u orphan %d\n", chan->reserved.vp,
			   chan->reserved.sint, chan->reserved.orphan);
	if (chan->owner_open)
		seq_printf(m, "  open_id %#x ring_gpadl %#x downstream_page %u target_vp %d connection_id %#x event_flag %u\n",
			   chan->open_id, chan->open.ring_gpadl, chan->open.downstream_page,
			   (int)chan->open.target_vp, chan->open.connection_id,
			   chan->open.event_flag);
	if (vsrv_chan_ring_state(chan, &in, &out)) {
		vsrv_debugfs_ring(m, "in", &in);
		vsrv_debugfs_ring(m, "out", &out);
	}
}

int vsrv_channels_show(struct seq_file *m, void *v)
{
	struct vmbus_srv *srv = m->private;
	struct vsrv_chan *chan;

	mutex_lock(&srv->lock);
	list_for_each_entry(chan, &srv->chans, node)
		vsrv_debugfs_channel(m, chan);
	mutex_unlock(&srv->lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_channels_show);
DEFINE_SHOW_ATTRIBUTE(vsrv_channels);

/* ---- GPADLs ------------------------------------------------------------------------------ */

static void vsrv_debugfs_gpadl(struct seq_file *m, const struct vsrv_gpadl *gpadl)
{
	seq_printf(m, "%#x channel %u %s ranges %u words %u of %u users %u%s\n", gpadl->id,
		   gpadl->chan->id, vsrv_gpadl_state_name(gpadl->state), gpadl->range_count,
		   gpadl->have, gpadl->nwords, gpadl->users,
		   gpadl->forgotten ? " forgotten" : "");
}

int vsrv_gpadls_show(struct seq_file *m, void *v)
{
	struct vmbus_srv *srv = m->private;
	struct vsrv_gpadl *gpadl;
	struct vsrv_chan *chan;

	mutex_lock(&srv->lock);
	list_for_each_entry(chan, &srv->chans, node)
		list_for_each_entry(gpadl, &chan->gpadls, node)
			vsrv_debugfs_gpadl(m, gpadl);
	mutex_unlock(&srv->lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_gpadls_show);
DEFINE_SHOW_ATTRIBUTE(vsrv_gpadls);

/* ---- directories -------------------------------------------------------------------------- */

/**
 * vsrv_debugfs_add - make the directory of a server
 * @srv: server
 *
 * Context: process, may sleep.
 */
void vsrv_debugfs_add(struct vmbus_srv *srv)
{
	srv->debugfs = debugfs_create_dir(srv->name, vsrv_debugfs_root);
	debugfs_create_file("connection", 0400, srv->debugfs, srv, &vsrv_connection_fops);
	debugfs_create_file("channels", 0400, srv->debugfs, srv, &vsrv_channels_fops);
	debugfs_create_file("gpadls", 0400, srv->debugfs, srv, &vsrv_gpadls_fops);
}

/**
 * vsrv_debugfs_remove - remove the directory of a server
 * @srv: server
 *
 * Context: process, may sleep; without vmbus_srv::lock.
 */
void vsrv_debugfs_remove(struct vmbus_srv *srv)
{
	debugfs_remove_recursive(srv->debugfs);
}

/**
 * vsrv_debugfs_init - make the directory of all servers
 */
void __init vsrv_debugfs_init(void)
{
	vsrv_debugfs_root = debugfs_create_dir("vmbus_srv", NULL);
}

/**
 * vsrv_debugfs_exit - remove it
 */
void vsrv_debugfs_exit(void)
{
	debugfs_remove_recursive(vsrv_debugfs_root);
}
