// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_testroot: devices of a host, for tests.
 *
 * Offers on a VMBus server, usually the one that plays the host, an echo pipe
 * (each packet comes back) and, if asked to, a VPCI bus that nobody answers on,
 * and integration components.  Writing 0 or 1 to the parameter "pipe" takes the pipe
 * away or offers it again; testroot_wire.c makes the host misbehave.
 * The disks of that host are ordinary vmbus_storvsp controllers.
 */
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <vmbus/partition.h>
#include <vmbus/reader.h>
#include <vmbus/server.h>

#include "testroot.h"

#define TESTROOT_MAX_PACKET	8192

static char *server = "root";
module_param(server, charp, 0444);
MODULE_PARM_DESC(server, "VMBus server to offer the devices on");

static bool vpci;
module_param(vpci, bool, 0444);
MODULE_PARM_DESC(vpci, "Offer a VPCI bus, too");

static bool ic;
module_param(ic, bool, 0444);
MODULE_PARM_DESC(ic, "Offer integration components, too");

static const guid_t testroot_echo_class =
	GUID_INIT(0x6b1ce2a3, 0x0b6e, 0x4a5f, 0x9c, 0x5d, 0x1f, 0x3c, 0x7e, 0x2a, 0x90, 0x41);
static const guid_t testroot_echo_instance =
	GUID_INIT(0xe0e0e0e0, 0x0001, 0x4a5f, 0x9c, 0x5d, 0x1f, 0x3c, 0x7e, 0x2a, 0x90, 0x41);
static const guid_t testroot_vpci_class =
	GUID_INIT(0x44c4f61d, 0x4444, 0x4400, 0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f);
static const guid_t testroot_vpci_instance =
	GUID_INIT(0xe0e0e0e0, 0x0002, 0x4a5f, 0x9c, 0x5d, 0x1f, 0x3c, 0x7e, 0x2a, 0x90, 0x41);

/**
 * struct testroot_echo - the echo pipe
 * @chan: offer, or NULL
 * @reader: alone touches @rings, @backlog, @pkt and @buf while open
 * @rings: while open
 * @open: the rings are mapped; changes only while @reader is stopped
 * @backlog: @pkt found no room
 * @pkt: last packet
 * @buf: copy of it
 */
struct testroot_echo {
	struct vsrv_chan *chan;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	bool open;
	bool backlog;
	struct vsrv_packet pkt;
	u8 buf[TESTROOT_MAX_PACKET] __aligned(8);
};

DEFINE_MUTEX(testroot_lock);	/* see testroot.h */
bool testroot_up;
struct vmbus_srv *testroot_srv;
static struct testroot_echo *testroot_echo;
static struct vsrv_chan *testroot_vpci;

static struct testroot_echo *to_echo(struct vsrv_reader *reader)
{
	return container_of(reader, struct testroot_echo, reader);
}

static void testroot_echo_write(struct testroot_echo *echo)
{
	struct kvec vec = { .iov_base = (void *)echo->pkt.payload, .iov_len = echo->pkt.len };
	int err;

	err = vsrv_ring_write(&echo->rings.out, VM_PKT_DATA_INBAND, 0, echo->pkt.trans_id,
			      &vec, 1);
	echo->backlog = err == -EAGAIN;
	if (!err)
		vsrv_chan_count(echo->chan, VSRV_CHAN_PACKETS_OUT, 1);
	else if (echo->backlog)
		vsrv_chan_count(echo->chan, VSRV_CHAN_RING_FULL, 1);
	else if (err == -EMSGSIZE)
		vsrv_chan_count(echo->chan, VSRV_CHAN_BAD_PACKETS, 1);
	else
		vsrv_chan_error(echo->chan, "bad index in the ring of answers");
}

static bool testroot_echo_ready(struct vsrv_reader *reader)
{
	struct testroot_echo *echo = to_echo(reader);

	if (echo->backlog)
		testroot_echo_write(echo);
	return !echo->backlog;
}

static void testroot_echo_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct testroot_echo *echo = to_echo(reader);

	echo->pkt = *pkt;
	testroot_echo_write(echo);
}

static bool testroot_echo_flush(struct vsrv_reader *reader)
{
	struct testroot_echo *echo = to_echo(reader);
	bool interrupt = vsrv_ring_write_commit(&echo->rings.out);

	if (echo->backlog && vsrv_ring_want_space(&echo->rings.out, TESTROOT_MAX_PACKET))
		vsrv_reader_queue(reader);
	return interrupt;
}

static const struct vsrv_reader_ops testroot_echo_reader_ops = {
	.ready = testroot_echo_ready,
	.packet = testroot_echo_packet,
	.flush = testroot_echo_flush,
};

static void testroot_echo_signal(struct vsrv_chan *chan)
{
	struct testroot_echo *echo = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&echo->reader);
}

static void testroot_echo_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct testroot_echo *echo = vsrv_chan_ctx(chan);
	struct kthread_worker *worker;
	int err;

	/* vsrv_offer() may not have returned it yet. */
	echo->chan = chan;
	worker = vsrv_reader_worker(chan, params);
	if (!worker) {
		vsrv_open_done(chan, -ENXIO);
		return;
	}
	echo->backlog = false;
	err = vsrv_rings_open(chan, params, &echo->rings);
	echo->open = !err;
	if (echo->open)
		vsrv_reader_start(&echo->reader, &echo->rings, worker);
	vsrv_open_done(chan, err);
}

static void testroot_echo_stop(struct vsrv_chan *chan)
{
	struct testroot_echo *echo = vsrv_chan_ctx(chan);

	if (!echo->open)
		return;
	vsrv_reader_stop(&echo->reader);
	vsrv_rings_close(&echo->rings);
	echo->open = false;
}

static void testroot_echo_close(struct vsrv_chan *chan)
{
	testroot_echo_stop(chan);
	vsrv_close_done(chan);
}

static void testroot_echo_quiesce(struct vsrv_chan *chan)
{
	struct testroot_echo *echo = vsrv_chan_ctx(chan);

	vsrv_reader_pause(&echo->reader);
}

static void testroot_echo_resume(struct vsrv_chan *chan)
{
	struct testroot_echo *echo = vsrv_chan_ctx(chan);

	vsrv_reader_resume(&echo->reader);
}

static const struct vsrv_chan_ops testroot_echo_ops = {
	.open = testroot_echo_open,
	.close = testroot_echo_close,
	.signal = testroot_echo_signal,
	.stop = testroot_echo_stop,
	.quiesce = testroot_echo_quiesce,
	.resume = testroot_echo_resume,
};

static int testroot_echo_offer(void)
{
	const struct vsrv_offer offer = {
		.class_id = testroot_echo_class,
		.instance_id = testroot_echo_instance,
		.flags = VMBUS_OFFER_ENUMERATE | VMBUS_OFFER_NAMED_PIPE,
		.order = VSRV_ORDER_NONE,
		.user_defined[0] = 4,	/* message mode */
	};
	struct vsrv_chan *chan;

	chan = vsrv_offer(testroot_srv, &offer, &testroot_echo_ops, testroot_echo);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	testroot_echo->chan = chan;
	return 0;
}

static void testroot_echo_revoke(void)
{
	if (testroot_echo->chan)
		vsrv_revoke(testroot_echo->chan);
	testroot_echo->chan = NULL;
}

/* The pipe comes and goes. */
static int testroot_pipe_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (err)
		return err;
	mutex_lock(&testroot_lock);
	if (!testroot_up)
		err = -EBUSY;
	else if (!on)
		testroot_echo_revoke();
	else if (!testroot_echo->chan)
		err = testroot_echo_offer();
	mutex_unlock(&testroot_lock);
	return err;
}

static const struct kernel_param_ops testroot_pipe_ops = {
	.set = testroot_pipe_set,
};
module_param_cb(pipe, &testroot_pipe_ops, NULL, 0200);

/* Nobody may open the VPCI bus: who does is told so. */
static void testroot_vpci_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	vsrv_open_done(chan, -ENODEV);
}

static void testroot_vpci_close(struct vsrv_chan *chan)
{
	vsrv_close_done(chan);
}

static void testroot_vpci_stop(struct vsrv_chan *chan)
{
}

static const struct vsrv_chan_ops testroot_vpci_ops = {
	.open = testroot_vpci_open,
	.close = testroot_vpci_close,
	.stop = testroot_vpci_stop,
};

static int testroot_vpci_offer(void)
{
	const struct vsrv_offer offer = {
		.class_id = testroot_vpci_class,
		.instance_id = testroot_vpci_instance,
		.order = VSRV_ORDER_NONE,
	};

	testroot_vpci = vsrv_offer(testroot_srv, &offer, &testroot_vpci_ops, NULL);
	return PTR_ERR_OR_ZERO(testroot_vpci);
}

static void testroot_set_up(bool up)
{
	mutex_lock(&testroot_lock);
	testroot_up = up;
	mutex_unlock(&testroot_lock);
}

static int __init testroot_init(void)
{
	int err;

	testroot_srv = vsrv_get(server);
	if (!testroot_srv) {
		pr_err("no VMBus server \"%s\": make it first in configfs\n", server);
		return -ENODEV;
	}
	testroot_echo = kvzalloc(sizeof(*testroot_echo), GFP_KERNEL);
	if (!testroot_echo) {
		err = -ENOMEM;
		goto put_server;
	}
	vsrv_reader_init(&testroot_echo->reader, &testroot_echo_reader_ops, testroot_echo->buf,
			 sizeof(testroot_echo->buf));

	err = testroot_echo_offer();
	if (err)
		goto free_echo;
	if (ic) {
		err = testroot_ic_init(testroot_srv);
		if (err)
			goto revoke_echo;
	}
	if (vpci) {
		err = testroot_vpci_offer();
		if (err)
			goto revoke_ics;
	}
	testroot_set_up(true);
	return 0;

revoke_ics:
	testroot_ic_exit();
revoke_echo:
	testroot_echo_revoke();
free_echo:
	kvfree(testroot_echo);
put_server:
	vsrv_put(testroot_srv);
	return err;
}

static void __exit testroot_exit(void)
{
	testroot_set_up(false);
	if (testroot_vpci)
		vsrv_revoke(testroot_vpci);
	testroot_ic_exit();
	testroot_echo_revoke();
	kvfree(testroot_echo);
	vsrv_put(testroot_srv);
}

module_init(testroot_init);
module_exit(testroot_exit);

MODULE_DESCRIPTION("Devices of a host that plays VMBus root, for tests");
MODULE_LICENSE("GPL");
