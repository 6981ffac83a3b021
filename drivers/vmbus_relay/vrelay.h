/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The relay: what becomes of each offer of the host.
 *
 * main.c		the module: its transport and its relay
 * relay.c		the relay as a whole: what is there, and what should be
 * relay_place.c	where an offer goes: to the guest, to a hook, or to nobody
 * relay_chan.c		an offer that the guest has: its requests, and the host's answers
 * relay_dev.c		a channel of the host that this kernel uses itself, for hooks
 * relay_mon.c		the guest's monitor pages, for a host that looks into them
 * relay_tl.c		hv_sock connects of the guest to the host
 * sysfs.c		what an administrator sees and says
 * client*.c		the VMBus client toward the host: see client.h
 * flags.c		who gets each of the host's event flags
 * loopback.c, vtl2.c	transports: how the host is reached
 *
 * Three contexts do the work:
 * - vrelay::reconcile compares what is with what should be, and is the only one
 *   that offers to and revokes from the guest's server, asks the filter and
 *   calls hooks.  It may wait for the server and for the host, but not for a guest that
 *   is stopped: what is to be taken from it stays until it goes on, and the rest does not.
 * - vrelay_client::rx handles the host's messages and answers requests of the
 *   guest's server.  It waits for nobody.
 * - The guest's server calls vsrv_chan_ops and vsrv_monitor_ops.  These only post to
 *   the host, save stop(), which waits for rx.
 *
 * vrelay::chans belongs to reconcile alone and needs no lock.
 *
 * Lock order: vrelay::config_lock (sysfs; not taken by any of the above), then
 * vrelay_client::lock, then vmbus_srv::lock.  vrelay::show_lock and
 * vrelay_tl::lock are leaves.
 */
#ifndef _VRELAY_H
#define _VRELAY_H

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <vmbus/intercept.h>
#include <vmbus/server.h>

#include "client.h"
#include "relay_dev.h"

#define VRELAY_NAME_SIZE	64
#define VRELAY_RETRY		HZ	/* between attempts to find a host */

#define VRELAY_SILENT_MAX	16U	/* devices that are left alone */
#define VRELAY_TL_MAX		16	/* connects that wait; the server allows no more */

/**
 * struct vrelay_tl_wait - an hv_sock connect that the host has not answered
 * @id: the server's, 0 if there is none
 * @service_id: service of the host
 * @endpoint_id: the guest's end
 * @deadline: when to give up, in jiffies
 */
struct vrelay_tl_wait {
	u32 id;
	guid_t service_id;
	guid_t endpoint_id;
	unsigned long deadline;
};

/**
 * struct vrelay_tl - all of them
 * @lock: protects @waits
 * @waits: connects
 */
struct vrelay_tl {
	spinlock_t lock;	/* protects waits */
	struct vrelay_tl_wait waits[VRELAY_TL_MAX];
};

/**
 * struct vrelay - one relay: one host, one guest
 * @dev: device of class vmbus_relay
 * @offers: directory "offers" of @dev
 * @host: transport
 * @client: client toward the host
 * @wq: queue of @reconcile and of the client's work
 * @reconcile: see the top of this file
 * @listener: tells about changed rules
 * @chans: of struct vrelay_chan; sub-channels are behind their primary channel
 * @retry_at: when to look for the host again, in jiffies
 * @silent: devices that hooks are not given, as they do not answer; reconcile only
 * @nsilent: how many there were, since
 * @forgive: was set last
 * @mon_on: the guest's monitor pages are for the host; reconcile only
 * @guest_stopped: as this run of reconcile has seen it; so nothing is taken from the
 *	guest until the next run, and sub-channels still go before their primary channel
 * @held: something is left that was to be taken from it; reconcile only
 * @tl: hv_sock connects that wait for the host
 * @config_lock: serialises changes of @server_name, @redirect and @hvsock
 * @server_name: guest's server, or empty
 * @srv: held while @redirect
 * @redirect: consume the host's offers
 * @force_forwarding: channels opened from now on have VTL2 in the signal path, if
 *	the host can do that
 * @hvsock: relay the guest's hv_sock connects
 * @tl_on: it is so: nobody else has them
 * @removed: the module goes away
 * @show_lock: protects what sysfs shows and sets of a channel:
 *	vrelay_chan::shown, vrelay_chan::decision, vrelay_chan::override
 * @relayed: channels offered to the guest
 * @forwarded_to_host: signals of the guest forwarded to the host
 * @forwarded_to_guest: interrupts of the host forwarded to the guest
 */
struct vrelay {
	struct device dev;
	struct kobject *offers;
	struct vrelay_host *host;
	struct vrelay_client client;
	struct workqueue_struct *wq;
	struct delayed_work reconcile;
	struct vint_listener listener;
	struct list_head chans;
	unsigned long retry_at;
	struct vint_offer silent[VRELAY_SILENT_MAX];
	unsigned int nsilent;
	bool forgive;
	bool mon_on;
	bool guest_stopped;
	bool held;

	struct vrelay_tl tl;

	struct mutex config_lock;	/* protects what follows up to removed */
	char server_name[VRELAY_NAME_SIZE];
	struct vmbus_srv *srv;
	bool redirect;
	bool force_forwarding;
	bool hvsock;
	bool tl_on;
	bool removed;

	spinlock_t show_lock;	/* see above */
	atomic_t relayed;
	atomic64_t forwarded_to_host;
	atomic64_t forwarded_to_guest;
};

/**
 * struct vrelay_chan - an offer of the host and what became of it
 * @kobj: sysfs directory; its reference count is that of the channel
 * @relay: relay
 * @node: in vrelay::chans
 * @hchan: host's end
 * @key: what the filter sees
 * @published: @kobj is in sysfs.  Nothing is done with an offer that cannot be
 *	published, as when the host offers the same instance twice.
 * @decided: @decision is valid
 * @decision: what is done: @override, else what the filter says
 * @overridden: the administrator has set @override
 * @override: decision for this offer alone
 * @chan: guest's end, if offered to the guest.  Set from within the server's
 *	callbacks, too: they may come before vsrv_offer() returns.
 * @leaving: the host has let go of it, and the guest is not told yet, as it is stopped
 * @shown: @chan for sysfs
 * @hook: hook that has the offer, with
 * @hook_priv: its context, and
 * @dev: host's end as a device, which answers of the host are for
 * @state: what the last hook has left, or NULL; reconcile only
 * @state_len: its bytes
 * @state_hook: that hook's name
 * @error: why the offer is not where it should be, or 0
 * @forwarding: VTL2 sits in the signal path, since the last open
 * @forwarded_to_host: signals of the guest forwarded to the host
 * @forwarded_to_guest: interrupts of the host forwarded to the guest
 */
struct vrelay_chan {
	struct kobject kobj;
	struct vrelay *relay;
	struct list_head node;
	struct vrelay_hchan *hchan;
	struct vint_offer key;
	bool published;
	bool decided;
	struct vint_decision decision;
	bool overridden;
	struct vint_decision override;
	struct vsrv_chan *chan;
	bool leaving;
	struct vsrv_chan *shown;
	struct vint_hook *hook;
	void *hook_priv;
	struct vrelay_dev *dev;
	void *state;
	size_t state_len;
	char state_hook[VINT_HOOK_NAME_SIZE];
	int error;
	bool forwarding;
	atomic64_t forwarded_to_host;
	atomic64_t forwarded_to_guest;
};

/* relay.c */
struct vrelay *vrelay_create(unsigned int index, struct vrelay_host *host);
void vrelay_remove(struct vrelay *relay);
int vrelay_set_server(struct vrelay *relay, const char *name);
int vrelay_set_redirect(struct vrelay *relay, bool on);
int vrelay_set_paused(struct vrelay *relay, bool on);
void vrelay_set_hvsock(struct vrelay *relay, bool on);

/* relay_chan.c */
extern const struct vsrv_chan_ops vrelay_chan_ops;
extern const struct vrelay_client_ops vrelay_client_ops;

/* relay_place.c */
void vrelay_guest_offer(const struct vrelay_offer *from, struct vsrv_offer *offer);
void vrelay_chan_adopt(struct vrelay *relay, struct vrelay_hchan *hchan);
void vrelay_chan_redecide(struct vrelay_chan *rc);
void vrelay_chan_apply(struct vrelay_chan *rc);
void vrelay_chan_drop(struct vrelay_chan *rc);
bool vrelay_chan_holds(const struct vrelay_chan *rc);
bool vrelay_chan_waits(const struct vrelay_chan *rc);
int vrelay_chan_set_override(struct vrelay_chan *rc, const struct vint_decision *override);

/* relay_tl.c */
int vrelay_tl_add(struct vrelay_tl *tl, u32 id, const struct vsrv_tl_request *req,
		  unsigned long deadline);
u32 vrelay_tl_take(struct vrelay_tl *tl, const guid_t *service_id, const guid_t *endpoint_id);
u32 vrelay_tl_take_late(struct vrelay_tl *tl, unsigned long now, unsigned long *left);
void vrelay_tl_forget(struct vrelay_tl *tl);
void vrelay_tl_start(struct vrelay *relay);
void vrelay_tl_stop(struct vrelay *relay);
void vrelay_tl_offered(struct vrelay *relay, const struct vrelay_offer *offer, int err);
bool vrelay_tl_refused(struct vrelay *relay, const guid_t *service_id, const guid_t *endpoint_id);
unsigned long vrelay_tl_check(struct vrelay *relay, bool gone);

/* relay_mon.c */
void vrelay_mon_answer(struct vrelay_client *client, int err);
void vrelay_mon_on(struct vrelay *relay);
void vrelay_mon_off(struct vrelay *relay);
bool vrelay_mon_settling(struct vrelay *relay);

/* flags.c */
struct vrelay_binding;

/**
 * struct vrelay_flags - who gets the host's event flags
 * @bindings: by event flag; written by the client under its lock, read under RCU
 */
struct vrelay_flags {
	struct vrelay_binding __rcu *bindings[VRELAY_EVENT_FLAGS];
};

int vrelay_flags_bind(struct vrelay_flags *flags, u16 flag, void (*fn)(void *ctx), void *ctx);
void vrelay_flags_unbind(struct vrelay_flags *flags, u16 flag);
bool vrelay_flags_fire(struct vrelay_flags *flags, u16 flag);

/* Transports: loopback.c, vtl2.c */
struct vrelay_host *vrelay_loopback_create(void);
#if IS_ENABLED(CONFIG_X86_64) && IS_ENABLED(CONFIG_HYPERV)
struct vrelay_host *vrelay_vtl2_create(void);
#else
static inline struct vrelay_host *vrelay_vtl2_create(void)
{
	pr_err("transport vtl2: this kernel was built without CONFIG_HYPERV\n");
	return ERR_PTR(-ENODEV);
}
#endif

/* sysfs.c */
extern const struct class vrelay_class;
extern const struct kobj_type vrelay_chan_ktype;
extern const struct attribute_group *vrelay_groups[];

#endif /* _VRELAY_H */
