/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_shutdown: the host's shutdown component ends in VTL2, which offers one
 * of its own to the guest.
 *
 * main.c	the hook: one struct vshut for each offer
 * host.c	toward the host: a client, which is asked
 * guest.c	toward the guest: a server, which asks
 * ic.c		packets of integration components
 *
 * A request of the host goes to the guest, and the guest's answer to the host.
 * There is one at a time.  vshut::lock orders both sides; it is a leaf but for
 * the rings: vrelay_dev_send() and vsrv_reader_queue() are called with it held.
 */
#ifndef _VSHUT_H
#define _VSHUT_H

#include <linux/spinlock.h>
#include <vmbus/hostdev.h>
#include <vmbus/ic.h>
#include <vmbus/intercept.h>
#include <vmbus/reader.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

/* ---- packets: ic.c ---------------------------------------------------------------- */

#define VSHUT_VERSION(major, minor)	((u32)(major) << 16 | (minor))
#define VSHUT_BUF_SIZE		4096	/* longer packets are none of this protocol */

/**
 * struct vshut_versions - versions that one side speaks, best first
 * @framework: of the framework
 * @nframework: their number
 * @shutdown: of the component
 * @nshutdown: their number
 */
struct vshut_versions {
	const u32 *framework;
	unsigned int nframework;
	const u32 *shutdown;
	unsigned int nshutdown;
};

extern const struct vshut_versions vshut_versions;

/**
 * struct vshut_agreed - what both sides speak
 * @framework: version of the framework
 * @shutdown: version of the component
 */
struct vshut_agreed {
	u32 framework;
	u32 shutdown;
};

/**
 * struct vshut_ic - a packet, checked
 * @hdr: header
 * @body: what follows
 * @len: bytes of @body
 */
struct vshut_ic {
	const struct vmbus_ic_hdr *hdr;
	const void *body;
	u32 len;
};

int __must_check vshut_ic_parse(const struct vsrv_packet *pkt, struct vshut_ic *ic);
bool vshut_ic_is_response(const struct vshut_ic *ic);
u32 vshut_ic_negotiate(void *buf, const struct vshut_versions *ours);
u32 vshut_ic_choose(void *buf, const struct vshut_ic *ic, const struct vshut_versions *ours,
		    struct vshut_agreed *agreed);
int __must_check vshut_ic_chosen(const struct vshut_ic *ic, const struct vshut_versions *ours,
				 struct vshut_agreed *agreed);
u32 vshut_ic_request(void *buf, const struct vshut_agreed *agreed,
		     const struct vmbus_ic_shutdown *body);
void vshut_ic_answer(struct vmbus_ic_hdr *hdr, u32 status);

/* ---- an offer --------------------------------------------------------------------- */

enum vshut_guest_state {
	VSHUT_GUEST_CLOSED,
	VSHUT_GUEST_NEGOTIATING,	/* asked for its versions */
	VSHUT_GUEST_READY,
	VSHUT_GUEST_USELESS,		/* speaks none of ours, or has spoilt its ring */
};

/**
 * struct vshut - one offer
 * @dev: host's end
 * @chan: guest's end
 * @reader: reads what the guest answers, and alone writes to it
 * @rings: guest's, while @open
 * @open: the rings are mapped; changes only while @reader is stopped
 * @lock: protects what follows
 * @guest: see enum
 * @agreed: with the guest, in VSHUT_GUEST_READY
 * @out_len: bytes of @out that wait to be written to the guest's ring
 * @out: packet
 * @asked_len: bytes of @asked, 0 if the host waits for no answer
 * @asked: its request, which becomes the answer
 * @host_buf: for packets to the host, used by its callback only
 * @guest_buf: for copies of the guest's packets, used by @reader
 */
struct vshut {
	struct vrelay_dev *dev;
	struct vsrv_chan *chan;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	bool open;

	spinlock_t lock;	/* protects what follows up to the buffers */
	enum vshut_guest_state guest;
	struct vshut_agreed agreed;
	u32 out_len;
	u8 out[VSHUT_BUF_SIZE] __aligned(8);
	u32 asked_len;
	u8 asked[VSHUT_BUF_SIZE] __aligned(8);

	u8 host_buf[VSHUT_BUF_SIZE] __aligned(8);
	u8 guest_buf[VSHUT_BUF_SIZE] __aligned(8);
};

/* host.c */
extern const struct vrelay_dev_ops vshut_host_ops;
void vshut_host_answer(struct vshut *vshut, u32 status);

/* guest.c */
extern const struct vsrv_chan_ops vshut_chan_ops;
void vshut_guest_init(struct vshut *vshut);
bool vshut_guest_ask(struct vshut *vshut, const struct vmbus_ic_shutdown *body);

#endif /* _VSHUT_H */
