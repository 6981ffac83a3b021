// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus of the guest: its life, and its channel.
 *
 * A request that the host must be asked about keeps the reader from the next one.  So
 * does an answer that finds no room: a guest that does not read is not read.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "guest_priv.h"

/* How many there have been */
static atomic_t vpci_guest_buses = ATOMIC_INIT(0);

/* ---- answers --------------------------------------------------------------------------- */

/**
 * vpci_guest_send() - put a packet into the ring to the guest
 * @guest: bus
 * @type: VM_PKT_DATA_INBAND or VM_PKT_COMP
 * @trans_id: transaction id
 * @buf: payload
 * @len: bytes of it
 *
 * Context: in the reader, vpci_guest::lock held.
 * Return: false if there is no room now; true if it was sent, or never will be, as the
 * guest has spoilt its ring.
 */
bool vpci_guest_send(struct vpci_guest *guest, u16 type, u64 trans_id, const void *buf, u32 len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	int err;

	lockdep_assert_held(&guest->lock);
	if (guest->mute)
		return true;
	err = vsrv_ring_write(&guest->rings.out, type, 0, trans_id, &vec, 1);
	if (err == -EAGAIN) {
		guest->wanted = sizeof(struct vmpacket_descriptor) + ALIGN(len, 8) +
				VSRV_PACKET_FOOTER;
		return false;
	}
	if (err) {
		guest->mute = true;
		vsrv_chan_count(guest->chan, VSRV_CHAN_BAD_PACKETS, 1);
		vsrv_chan_error(guest->chan, err == -EMSGSIZE ?
				"what it is to be told is longer than its ring" :
				"bad index in the ring of answers");
		return true;
	}
	vsrv_chan_count(guest->chan, VSRV_CHAN_PACKETS_OUT, 1);
	return true;
}

/* What is on the bus comes ahead of any completion.  False if there is no room for all. */
static bool vpci_guest_write(struct vpci_guest *guest)
{
	struct vpci_bus *bus = &guest->bus;
	u32 len;

	if (bus->announce) {
		len = vpci_bus_relations(bus, guest->relations);
		bus->announce = !vpci_guest_send(guest, VM_PKT_DATA_INBAND, 0, guest->relations,
						 len);
		if (bus->announce)
			return false;
	}
	if (guest->reply_due)
		guest->reply_due = !vpci_guest_send(guest, VM_PKT_COMP, guest->trans_id,
						    bus->reply, bus->reply_len);
	return !guest->reply_due && vpci_guest_fns_write(guest);
}

/* It was answered with a status of failure, or would have been. */
static bool vpci_guest_refused(const struct vpci_bus *bus)
{
	const struct vpci_reply *reply = bus->reply;

	return bus->why || (bus->reply_len == sizeof(*reply) && reply->status);
}

static void vpci_guest_ended(struct vpci_guest *guest)
{
	const struct vpci_bus *bus = &guest->bus;

	if (!vpci_guest_refused(bus))
		return;
	vpci_guest_inc(guest, VPCI_GUEST_REFUSED);
	if (!bus->why)
		return;
	vsrv_chan_count(guest->chan, VSRV_CHAN_BAD_PACKETS, 1);
	pr_notice_ratelimited("%pUl: a request of the guest was refused: %s\n", &guest->instance,
			      bus->why);
}

/**
 * vpci_guest_settle() - what is to be done about a request
 * @guest: bus, with the request of this open
 * @verdict: of the bus, about a request that has come, gone on or ended just now
 *
 * Context: process, vpci_guest::lock held.  The reader is queued later, or runs.
 */
void vpci_guest_settle(struct vpci_guest *guest, enum vpci_bus_verdict verdict)
{
	lockdep_assert_held(&guest->lock);
	switch (verdict) {
	case VPCI_BUS_PENDING:
		guest->deadline = jiffies + READ_ONCE(guest->timeout);
		timer_reduce(&guest->timer, guest->deadline);
		break;
	case VPCI_BUS_REPLY:
		guest->reply_due = true;
		fallthrough;
	case VPCI_BUS_DONE:
		vpci_guest_ended(guest);
		break;
	case VPCI_BUS_BROKEN:
		vsrv_chan_count(guest->chan, VSRV_CHAN_BAD_PACKETS, 1);
		vsrv_chan_error(guest->chan, guest->bus.why);
		break;
	case VPCI_BUS_STALE:
		break;
	}
}

/* ---- the reader ------------------------------------------------------------------------ */

static struct vpci_guest *reader_guest(struct vsrv_reader *reader)
{
	return container_of(reader, struct vpci_guest, reader);
}

static bool vpci_guest_may_read(struct vsrv_reader *reader)
{
	struct vpci_guest *guest = reader_guest(reader);
	bool may;

	mutex_lock(&guest->lock);
	may = vpci_guest_write(guest) && !guest->bus.call.how;
	mutex_unlock(&guest->lock);
	return may;
}

static void vpci_guest_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct vpci_guest *guest = reader_guest(reader);

	mutex_lock(&guest->lock);
	vpci_guest_inc(guest, VPCI_GUEST_REQUESTS);
	/* The monitor may make more of them known. */
	guest->bus.vps = vpart_vp_count(vsrv_partition(guest->srv));
	guest->trans_id = pkt->trans_id;
	vpci_guest_settle(guest, vpci_bus_packet(&guest->bus, pkt));
	mutex_unlock(&guest->lock);
}

static bool vpci_guest_flush(struct vsrv_reader *reader)
{
	struct vpci_guest *guest = reader_guest(reader);
	bool all, interrupt;

	mutex_lock(&guest->lock);
	all = vpci_guest_write(guest);
	interrupt = vsrv_ring_write_commit(&guest->rings.out);
	if (!all) {
		vsrv_chan_count(guest->chan, VSRV_CHAN_RING_FULL, 1);
		if (vsrv_ring_want_space(&guest->rings.out, guest->wanted))
			vsrv_reader_queue(reader);
	}
	mutex_unlock(&guest->lock);
	return interrupt;
}

static const struct vsrv_reader_ops vpci_guest_reader_ops = {
	.ready = vpci_guest_may_read,
	.packet = vpci_guest_packet,
	.flush = vpci_guest_flush,
};

/* ---- callbacks of the guest's server --------------------------------------------------- */

static void vpci_guest_chan_signal(struct vsrv_chan *chan)
{
	struct vpci_guest *guest = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&guest->reader);
}

static void vpci_guest_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vpci_guest *guest = vsrv_chan_ctx(chan);
	struct kthread_worker *worker;
	int err = -ENXIO;

	/* vsrv_offer() may not have returned it yet. */
	guest->chan = chan;
	worker = vsrv_reader_worker(chan, params);
	if (worker)
		err = vsrv_rings_open(chan, params, &guest->rings);
	if (!err) {
		guest->open = true;
		vsrv_reader_start(&guest->reader, &guest->rings, worker);
	}
	vsrv_open_done(chan, err);
}

/*
 * The guest has closed the bus or is gone: what it has of the devices is given back to
 * the host.  What the host still owes finds nobody who waits for it.
 */
static void vpci_guest_chan_stop(struct vsrv_chan *chan)
{
	struct vpci_guest *guest = vsrv_chan_ctx(chan);

	if (!guest->open)
		return;
	vsrv_reader_stop(&guest->reader);
	mutex_lock(&guest->lock);
	vpci_bus_close(&guest->bus);
	guest->reply_due = false;
	guest->mute = false;
	vpci_guest_fns_close(guest);
	vpci_guest_configs_close(guest);
	mutex_unlock(&guest->lock);
	vsrv_rings_close(&guest->rings);
	guest->open = false;
}

static void vpci_guest_chan_close(struct vsrv_chan *chan)
{
	vpci_guest_chan_stop(chan);
	vsrv_close_done(chan);
}

static void vpci_guest_chan_quiesce(struct vsrv_chan *chan)
{
	struct vpci_guest *guest = vsrv_chan_ctx(chan);

	vsrv_reader_pause(&guest->reader);
}

static void vpci_guest_chan_resume(struct vsrv_chan *chan)
{
	struct vpci_guest *guest = vsrv_chan_ctx(chan);

	vsrv_reader_resume(&guest->reader);
}

static const struct vsrv_chan_ops vpci_guest_chan_ops = {
	.open = vpci_guest_chan_open,
	.close = vpci_guest_chan_close,
	.signal = vpci_guest_chan_signal,
	.stop = vpci_guest_chan_stop,
	.quiesce = vpci_guest_chan_quiesce,
	.resume = vpci_guest_chan_resume,
};

/* ---- life ------------------------------------------------------------------------------ */

static const struct vpci_bus_ops vpci_guest_bus_ops = {
	.window = vpci_guest_window,
	.unwindow = vpci_guest_unwindow,
	.config_read = vpci_guest_config_read,
	.config_write = vpci_guest_config_write,
	.interrupt_create = vpci_guest_interrupt_create,
	.interrupt_delete = vpci_guest_interrupt_delete,
	.reset = vpci_guest_reset,
	.power = vpci_guest_power,
	.block = vpci_guest_block,
	.ejected = vpci_guest_ejected,
};

/**
 * vpci_guest_create() - offer a bus to the guest
 * @srv: server of the guest; it stays until vpci_guest_destroy()
 * @offer: of class VPCI, and with the instance of the host's offer; copied
 * @ops: what the bus needs
 * @ctx: for @ops
 *
 * It has no devices yet: a guest that asks is told when vpci_guest_ready() is called.
 *
 * Context: process, may sleep; as vsrv_offer().
 * Return: the bus, or an ERR_PTR: -ENOMEM, or an error of vsrv_offer().
 */
struct vpci_guest *vpci_guest_create(struct vmbus_srv *srv, const struct vsrv_offer *offer,
				     const struct vpci_guest_ops *ops, void *ctx)
{
	struct vpci_guest *guest;
	struct vsrv_chan *chan;

	KUNIT_STATIC_STUB_REDIRECT(vpci_guest_create, srv, offer, ops, ctx);
	guest = kvzalloc(sizeof(*guest), GFP_KERNEL);
	if (!guest)
		return ERR_PTR(-ENOMEM);
	guest->srv = srv;
	guest->ops = ops;
	guest->ctx = ctx;
	guest->instance = offer->instance_id;
	guest->timeout = VPCI_GUEST_TIMEOUT;
	mutex_init(&guest->lock);
	vpci_bus_init(&guest->bus, &vpci_guest_bus_ops, guest->reply);
	/* A host may still answer to what a former bus of the same device has asked. */
	guest->bus.cookie = (u64)(u32)atomic_inc_return(&vpci_guest_buses) << 32;
	vpci_guest_fns_init(guest);
	vpci_guest_configs_init(guest);
	vsrv_reader_init(&guest->reader, &vpci_guest_reader_ops, guest->packet,
			 sizeof(guest->packet));
	chan = vsrv_offer(srv, offer, &vpci_guest_chan_ops, guest);
	if (IS_ERR(chan)) {
		kvfree(guest);
		return ERR_CAST(chan);
	}
	guest->chan = chan;
	guest->offered = true;
	return guest;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_create);

/**
 * vpci_guest_revoke() - take the bus from the guest
 * @guest: bus
 *
 * From its return on the host is not asked for anything, and devices are as
 * vpci_shadow_reset() leaves them; interrupts that come late are still deleted.  So the
 * owner can end its side toward the host before vpci_guest_destroy().
 *
 * Context: process, may sleep, and waits while the guest is stopped; the caller serializes
 * it with vpci_guest_destroy().
 */
void vpci_guest_revoke(struct vpci_guest *guest)
{
	if (guest->offered)
		vsrv_revoke(guest->chan);
	guest->offered = false;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_revoke);

/**
 * vpci_guest_try_revoke() - take the bus from the guest, but do not wait for a stopped one
 * @guest: bus; as after vpci_guest_revoke(), if this succeeds
 *
 * Context: as vpci_guest_revoke(), but without that wait.
 * Return: true, or false if the guest is stopped: nothing has happened then.
 */
bool vpci_guest_try_revoke(struct vpci_guest *guest)
{
	if (guest->offered)
		guest->offered = !vsrv_try_revoke(guest->chan);
	return !guest->offered;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_try_revoke);

/**
 * vpci_guest_destroy() - the bus is not needed any more
 * @guest: bus; no other function is called for it from now on, vpci_guest_done() least of all
 *
 * Devices that are still on it are as after vpci_guest_remove().
 *
 * Context: process, may sleep, and waits while the guest is stopped.
 */
void vpci_guest_destroy(struct vpci_guest *guest)
{
	vpci_guest_revoke(guest);
	vpci_guest_fns_exit(guest);
	kvfree(guest);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_destroy);

/**
 * vpci_guest_count() - a counter of a bus
 * @guest: bus
 * @counter: which
 *
 * Context: any.
 * Return: its value.
 */
u64 vpci_guest_count(const struct vpci_guest *guest, enum vpci_guest_counter counter)
{
	return atomic64_read(&guest->counters[counter]);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_count);
