/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of vpci_relay as a whole: offers of a host that says what the test says, by way
 * of the hook, to a guest that does what the test does.
 */
#ifndef _KUNIT_VPCI_RELAY_TEST_H
#define _KUNIT_VPCI_RELAY_TEST_H

#include <kunit/static_stub.h>
#include <linux/gfp.h>

#include "vpci_guest_test.h"
#include "vpci_host_bus_test.h"
#include "../drivers/vpci_relay/relay_priv.h"

#define VR_BUSES	2
#define VR_ONE_WINDOW	"0xf80002000-0xf80004000"
#define VR_TWO_WINDOWS	"0xf80002000-0xf80006000"
#define VR_DENY		"vendor=0xdead"		/* nobody has that: the guest may have nothing */
#define VR_LOCAL	"local vendor=0x1414"
#define VR_ID		"1414:0000 class=000000"

/**
 * struct vr - a host, the relay, a guest
 * @test: running test
 * @gt: guest; gt::guest is set by vr_join() and cleared by vr_expect_bus_gone()
 * @hook: of the relay
 * @hbs: ends of the host's buses
 * @buses: of the relay, or NULL
 * @page: for a file in sysfs
 * @eject_ms: as it was
 * @refused: vpci_relay_refused, as it was
 */
struct vr {
	struct kunit *test;
	struct gt *gt;
	struct vint_hook *hook;
	struct hb *hbs[VR_BUSES];
	struct vpci_relay_bus *buses[VR_BUSES];
	char *page;
	unsigned int eject_ms;
	s64 refused;
};

/* Called once, amid the next access to a window. */
static void (*vr_meanwhile)(struct hb *hb);

/* ---- the host -------------------------------------------------------------------------- */

static inline struct vpci_host *vr_host_open(struct vrelay_dev *dev, u64 window,
					     const struct vpci_host_ops *ops, void *ctx)
{
	struct hb *hb = (struct hb *)dev;
	struct vpci_host *host = vpci_host_open_link(&hb->link, dev, window, ops, ctx);

	if (!IS_ERR(host))
		hb->host = host;
	return host;
}

static inline void vr_link_close(struct vrelay_dev *dev)
{
	struct hb *hb = (struct hb *)dev;

	hb_link_close(dev);
	hb->host = NULL;
}

static inline int vr_link_mmio(struct vrelay_dev *dev, u64 gpa, unsigned int size, bool write,
			       u64 *value)
{
	void (*meanwhile)(struct hb *hb);

	meanwhile = xchg(&vr_meanwhile, NULL);
	if (meanwhile)
		meanwhile((struct hb *)dev);
	return hb_link_mmio(dev, gpa, size, write, value);
}

static inline struct hb *vr_hb_new(struct kunit *test)
{
	struct hb *hb = hb_new(test);

	hb->link.close = vr_link_close;
	hb->link.mmio = vr_link_mmio;
	return hb;
}

/* ---- rules and windows ----------------------------------------------------------------- */

/* A rule comes or goes; what devices make of that comes soon. */
static inline void vr_rule(struct vr *vr, bool add, const char *text)
{
	KUNIT_ASSERT_EQ(vr->test, vpci_policy_change(add, text, strlen(text)), 0);
	vpci_relay_policy_changed();
}

static inline void vr_deny(struct vr *vr)
{
	vr_rule(vr, true, VR_DENY);
}

static inline void vr_allow(struct vr *vr)
{
	vr_rule(vr, false, VR_DENY);
}

/* No rule is left. */
static inline void vr_no_rules(char *page)
{
	unsigned int i;

	for (i = 0; i < VPCI_ALLOW_MAX_RULES && vpci_policy_show(page) > 0; i++)
		vpci_policy_change(false, page, strchrnul(page, '\n') - page);
}

static inline void vr_windows(struct vr *vr, const char *text)
{
	KUNIT_ASSERT_EQ(vr->test, vpci_windows_set(text), 0);
	vpci_relay_windows_changed();
}

/* ---- offers ---------------------------------------------------------------------------- */

static inline struct vint_offer vr_vint_offer(unsigned int i)
{
	struct vint_offer offer = {
		.class_id = VINT_CLASS_VPCI,
		.instance_id = GT_INSTANCE,
		.flags = VMBUS_OFFER_ENUMERATE,
	};

	offer.instance_id.b[15] += i;
	return offer;
}

static inline int vr_try_offer(struct vr *vr, unsigned int i, const struct vint_offer *offer)
{
	struct vsrv_offer guest = gt_offer();
	const struct vint_handover handover = {
		.offer = offer,
		.guest = &guest,
		.srv = vr->gt->fg->srv,
		.dev = (struct vrelay_dev *)vr->hbs[i],
	};
	void *priv;
	int err;

	guest.instance_id = offer->instance_id;
	err = vr->hook->offer(vr->hook, &handover, &priv);
	if (!err)
		vr->buses[i] = priv;
	return err;
}

static inline void vr_offer(struct vr *vr, unsigned int i)
{
	const struct vint_offer offer = vr_vint_offer(i);

	KUNIT_ASSERT_EQ(vr->test, vr_try_offer(vr, i, &offer), 0);
}

/* The channel to the host is closed then, if it was open. */
static inline void vr_revoke(struct vr *vr, unsigned int i)
{
	vr->gt->guest = NULL;
	if (vr->buses[i])
		vr->hook->revoke(vr->hook, vr->buses[i]);
	vr->buses[i] = NULL;
	KUNIT_EXPECT_NULL(vr->test, vr->hbs[i]->dev_ops);
}

/* ---- life ------------------------------------------------------------------------------ */

static inline void vr_exit(void *ctx)
{
	struct vr *vr = ctx;
	unsigned int i;

	vr_meanwhile = NULL;
	for (i = 0; i < VR_BUSES; i++)
		vr_revoke(vr, i);
	vr_no_rules(vr->page);
	/* No window is in use. */
	KUNIT_EXPECT_EQ(vr->test, vpci_windows_set("none"), 0);
	KUNIT_EXPECT_EQ(vr->test, atomic_read(&vpci_relay_present), 0);
	WRITE_ONCE(vpci_relay_eject_ms, vr->eject_ms);
	vint_hook_put(vr->hook);
	free_page((unsigned long)vr->page);
}

/* A guest that knows of nothing; there are no windows and no rules. */
static inline struct vr *vr_new(struct kunit *test)
{
	struct vr *vr = kunit_kzalloc(test, sizeof(*vr), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vr);
	vr->test = test;
	vr->eject_ms = vpci_relay_eject_ms;
	vr->refused = atomic64_read(&vpci_relay_refused);
	vr->gt = gt_alone(test, GT_DOWN);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(vr->gt->fg, FG_V(5, 3), 0), 0U);
	for (i = 0; i < VR_BUSES; i++)
		vr->hbs[i] = vr_hb_new(test);
	vr->page = (char *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vr->page);
	vr->hook = vint_hook_get("vpci");
	KUNIT_ASSERT_NOT_NULL(test, vr->hook);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vr_exit, vr), 0);
	kunit_activate_static_stub(test, vpci_host_open, vr_host_open);
	/* No eject of a test has its time over, unless it wants that. */
	WRITE_ONCE(vpci_relay_eject_ms, 60000);
	return vr;
}

/* ---- what comes of it ------------------------------------------------------------------ */

/* The relay has done what there is to do, but for what the guest has yet to do. */
static inline void vr_flush(struct vr *vr)
{
	struct hb *hb = vr->hbs[0];

	if (hb->host)
		hb_flush(hb);
	flush_work(&vr->buses[0]->work);
	/* What the guest loses may make room for something else. */
	flush_delayed_work(&vr->buses[0]->revoke);
	flush_work(&vr->buses[0]->work);
	if (hb->host)
		hb_flush(hb);
}

static inline enum vpci_relay_state vr_state(struct vr *vr, unsigned int i)
{
	enum vpci_relay_state state;

	mutex_lock(&vr->buses[i]->lock);
	state = vr->buses[i]->state;
	mutex_unlock(&vr->buses[i]->lock);
	return state;
}

static inline bool vr_shows(struct vr *vr, const char *text)
{
	vr->page[0] = '\0';
	vpci_relay_bus_show_devices(vr->buses[0], vr->page);
	return !strcmp(vr->page, text);
}

/* Soon these are the lines of the devices. */
static inline void vr_expect(struct vr *vr, const char *text)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	while (!vr_shows(vr, text) && time_before(jiffies, end))
		usleep_range(500, 1000);
	KUNIT_ASSERT_STREQ(vr->test, vr->page, text);
}

/* Soon the only device, which is in HB_SLOT, is in this state. */
static inline void vr_expect_one(struct vr *vr, unsigned int serial, const char *state)
{
	char text[80];

	scnprintf(text, sizeof(text), "03.0 " VR_ID " serial=%#x %s\n", serial, state);
	vr_expect(vr, text);
}

/* It stays so. */
static inline void vr_expect_still(struct vr *vr, unsigned int serial, const char *state)
{
	vr_flush(vr);
	vr_expect_one(vr, serial, state);
}

/* What buses of the guest have counted that are no more */
static inline u64 vr_counted(struct vr *vr, enum vpci_guest_counter counter)
{
	u64 n;

	mutex_lock(&vr->buses[0]->lock);
	n = vr->buses[0]->counted[counter];
	mutex_unlock(&vr->buses[0]->lock);
	return n;
}

static inline bool vr_has_guest(struct vr *vr)
{
	bool has;

	mutex_lock(&vr->buses[0]->lock);
	has = vr->buses[0]->guest;
	mutex_unlock(&vr->buses[0]->lock);
	return has;
}

/* ---- the host and the guest ------------------------------------------------------------ */

/* A message to the host comes soon. */
static inline void vr_wait_msg(struct vr *vr)
{
	gt_expect_soon(vr->gt, READ_ONCE(vr->hbs[0]->nmsgs) > vr->hbs[0]->taken);
}

/* The host lists devices, and lets the last @fresh of these be prepared. */
static inline void vr_list(struct vr *vr, const struct hb_dev *devs, unsigned int n,
			   unsigned int fresh)
{
	unsigned int i;

	hb_list(vr->hbs[0], devs, n);
	for (i = n - fresh; i < n; i++)
		hb_prepare(vr->hbs[0], devs[i].slot);
	hb_flush(vr->hbs[0]);
}

/* There is a window; the host offers its first bus, and these are on it. */
static inline void vr_on(struct vr *vr, u32 version, const struct hb_dev *devs, unsigned int n)
{
	struct hb *hb = vr->hbs[0];
	const struct hb_msg *msg;
	unsigned int i;

	vr_windows(vr, VR_ONE_WINDOW);
	vr_offer(vr, 0);
	KUNIT_ASSERT_EQ(vr->test, vr_state(vr, 0), VPCI_RELAY_CONNECTING);
	msg = hb_speak(hb, version);
	hb_list(hb, devs, n);
	hb_status(hb, msg, 0);
	for (i = 0; i < n; i++)
		hb_prepare(hb, devs[i].slot);
	hb_flush(hb);
	KUNIT_ASSERT_EQ(vr->test, vr_state(vr, 0), VPCI_RELAY_READY);
}

/* One device in HB_SLOT, of serial number 1 */
static inline void vr_on_one(struct vr *vr)
{
	static const struct hb_dev dev = { HB_SLOT, 1 };

	vr_on(vr, VPCI_VERSION_DT, &dev, 1);
}

/* The guest is offered its bus, opens it and finds @n devices. */
static inline void vr_join(struct vr *vr, u32 n)
{
	struct gt *gt = vr->gt;
	u32 chan = fg_expect_offer(gt->fg);

	mutex_lock(&vr->buses[0]->lock);
	gt->guest = vr->buses[0]->guest;
	mutex_unlock(&vr->buses[0]->lock);
	KUNIT_ASSERT_NOT_NULL(vr->test, gt->guest);
	gt_begin_rings(gt);
	KUNIT_ASSERT_EQ(vr->test, gt->chan, chan);
	gt_open(gt);
	gt_begin(gt, n);
}

/* One device, which the guest has */
static inline struct vr *vr_run(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_on_one(vr);
	vr_expect_one(vr, 1, "relayed");
	vr_join(vr, 1);
	return vr;
}

/* As Linux does: nobody answers, and with the last device the bus goes. */
static inline void vr_complete(struct vr *vr, u32 slot)
{
	struct vpci_eject_complete *msg = (void *)vr->gt->msg;

	*msg = (struct vpci_eject_complete) {
		.type = cpu_to_le32(VPCI_MSG_EJECT_COMPLETE), .slot = cpu_to_le32(slot),
	};
	gt_post(vr->gt, VM_PKT_DATA_INBAND, 0, sizeof(*msg));
}

/* The guest hears that a bus is gone, and lets go of its channel: another one may come. */
static inline void vr_expect_rescind(struct vr *vr, u32 chan)
{
	fg_expect_rescind(vr->gt->fg, chan);
	fg_channel(vr->gt->fg, VMBUS_MSG_RELID_RELEASED, chan);
}

/* The guest's bus is taken away. */
static inline void vr_expect_bus_gone(struct vr *vr)
{
	vr_expect_rescind(vr, vr->gt->chan);
	vr->gt->guest = NULL;
	vr_flush(vr);
	KUNIT_EXPECT_FALSE(vr->test, vr_has_guest(vr));
}

/* The guest has heard of nothing more. */
static inline void vr_expect_guest_quiet(struct vr *vr)
{
	vr_flush(vr);
	fg_expect_quiet(vr->gt->fg);
}

/* The host has it back. */
static inline void vr_expect_given_back(struct vr *vr, u32 slot)
{
	vr_wait_msg(vr);
	hb_expect_slot(vr->hbs[0], hb_expect_notice(vr->hbs[0], VPCI_MSG_EJECT_COMPLETE), slot);
}

#endif /* _KUNIT_VPCI_RELAY_TEST_H */
