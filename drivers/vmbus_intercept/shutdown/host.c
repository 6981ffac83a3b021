// SPDX-License-Identifier: GPL-2.0-only
/*
 * Toward the host: a client of its shutdown component.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/string.h>

#include "shutdown.h"

static void vshut_host_send(struct vshut *vshut, void *packet, u32 len)
{
	struct kvec vec = { .iov_base = packet, .iov_len = len };
	int err = vrelay_dev_send(vshut->dev, VM_PKT_DATA_INBAND, 0, 0, &vec, 1);

	/* One answer at a time fits, unless the host reads none. */
	if (err && err != -ENOTCONN)
		pr_warn_ratelimited("an answer to the host is lost: error %d\n", err);
}

/**
 * vshut_host_answer() - answer to the request that the host waits for, if it does
 * @vshut: offer, with vshut::lock held
 * @status: VMBUS_IC_OK, or how it failed
 */
void vshut_host_answer(struct vshut *vshut, u32 status)
{
	lockdep_assert_held(&vshut->lock);
	if (!vshut->asked_len)
		return;
	vshut_ic_answer((void *)vshut->asked, status);
	vshut_host_send(vshut, vshut->asked, vshut->asked_len);
	vshut->asked_len = 0;
}

static void vshut_host_refuse(struct vshut *vshut, const struct vshut_ic *ic)
{
	u32 len = sizeof(*ic->hdr) + ic->len;

	memcpy(vshut->host_buf, ic->hdr, len);
	vshut_ic_answer((void *)vshut->host_buf, VMBUS_IC_FAILED);
	vshut_host_send(vshut, vshut->host_buf, len);
}

static void vshut_host_negotiate(struct vshut *vshut, const struct vshut_ic *ic)
{
	struct vshut_agreed agreed;
	u32 len = vshut_ic_choose(vshut->host_buf, ic, &vshut_versions, &agreed);

	if (!len) {
		vshut_host_refuse(vshut, ic);
		return;
	}
	if (!agreed.shutdown)
		pr_err_ratelimited("the host's shutdown component speaks none of our versions\n");
	vshut_host_send(vshut, vshut->host_buf, len);
}

static void vshut_host_request(struct vshut *vshut, const struct vshut_ic *ic)
{
	const struct vmbus_ic_shutdown *body = ic->body;
	bool asked = false;

	spin_lock(&vshut->lock);
	if (ic->len >= sizeof(*body) && !vshut->asked_len) {
		asked = vshut_guest_ask(vshut, body);
		if (asked) {
			vshut->asked_len = sizeof(*ic->hdr) + ic->len;
			memcpy(vshut->asked, ic->hdr, vshut->asked_len);
		}
	}
	spin_unlock(&vshut->lock);
	if (asked) {
		pr_info("the host asks the guest to shut down, reason %#x, flags %#x\n",
			le32_to_cpu(body->reason), le32_to_cpu(body->flags));
	} else {
		pr_notice_ratelimited("the host asks for a shutdown that the guest cannot be asked for\n");
		vshut_host_refuse(vshut, ic);
	}
}

static void vshut_host_packet(void *ctx, const struct vsrv_packet *pkt)
{
	struct vshut *vshut = ctx;
	struct vshut_ic ic;

	if (vshut_ic_parse(pkt, &ic)) {
		pr_warn_ratelimited("the host sent a packet of bad form, %u bytes\n", pkt->len);
		return;
	}
	switch (le16_to_cpu(ic.hdr->type)) {
	case VMBUS_IC_NEGOTIATE:
		vshut_host_negotiate(vshut, &ic);
		break;
	case VMBUS_IC_SHUTDOWN:
		vshut_host_request(vshut, &ic);
		break;
	default:
		vshut_host_refuse(vshut, &ic);
		break;
	}
}

const struct vrelay_dev_ops vshut_host_ops = {
	.packet = vshut_host_packet,
};
