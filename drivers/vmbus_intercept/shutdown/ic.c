// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of integration components, and the choice of versions.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "shutdown.h"

static const u32 vshut_framework[] = { VSHUT_VERSION(3, 0), VSHUT_VERSION(1, 0) };
static const u32 vshut_shutdown[] = {
	VSHUT_VERSION(3, 2), VSHUT_VERSION(3, 1), VSHUT_VERSION(3, 0), VSHUT_VERSION(1, 0),
};

const struct vshut_versions vshut_versions = {
	.framework = vshut_framework,
	.nframework = ARRAY_SIZE(vshut_framework),
	.shutdown = vshut_shutdown,
	.nshutdown = ARRAY_SIZE(vshut_shutdown),
};
EXPORT_SYMBOL_IF_KUNIT(vshut_versions);

static struct vmbus_ic_version vshut_put_version(u32 version)
{
	return (struct vmbus_ic_version) {
		.major = cpu_to_le16(version >> 16), .minor = cpu_to_le16(version),
	};
}

static u32 vshut_get_version(const struct vmbus_ic_version *version)
{
	return VSHUT_VERSION(le16_to_cpu(version->major), le16_to_cpu(version->minor));
}

/* A header for @len bytes behind it; returns the length of the packet. */
static u32 vshut_put_hdr(struct vmbus_ic_hdr *hdr, enum vmbus_ic_type type,
			 const struct vshut_agreed *agreed, u32 len, u8 flags)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->pipe.type = cpu_to_le32(VMBUS_PIPE_DATA);
	hdr->pipe.len = cpu_to_le32(sizeof(*hdr) - sizeof(hdr->pipe) + len);
	if (agreed) {
		hdr->framework = vshut_put_version(agreed->framework);
		hdr->version = vshut_put_version(agreed->shutdown);
	}
	hdr->type = cpu_to_le16(type);
	hdr->size = cpu_to_le16(len);
	hdr->flags = flags;
	return sizeof(*hdr) + len;
}

/**
 * vshut_ic_parse() - check the form of a packet
 * @pkt: packet
 * @ic: result, points into the packet
 *
 * What the header says of the size behind it is what there is at least: clients
 * write other numbers into answers than they send.
 *
 * Return: 0 or -EINVAL.
 */
int vshut_ic_parse(const struct vsrv_packet *pkt, struct vshut_ic *ic)
{
	const struct vmbus_ic_hdr *hdr = pkt->payload;
	u32 len;

	if (pkt->type != VM_PKT_DATA_INBAND || pkt->len < sizeof(*hdr) ||
	    pkt->len > VSHUT_BUF_SIZE)
		return -EINVAL;
	len = le32_to_cpu(hdr->pipe.len);
	if (hdr->pipe.type != cpu_to_le32(VMBUS_PIPE_DATA) ||
	    len < sizeof(*hdr) - sizeof(hdr->pipe) || len > pkt->len - sizeof(hdr->pipe))
		return -EINVAL;
	ic->hdr = hdr;
	ic->body = hdr + 1;
	ic->len = len - (sizeof(*hdr) - sizeof(hdr->pipe));
	return le16_to_cpu(hdr->size) <= ic->len ? 0 : -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_parse);

/* An answer carries both flags. */
bool vshut_ic_is_response(const struct vshut_ic *ic)
{
	return !(~ic->hdr->flags & (VMBUS_IC_TRANSACTION | VMBUS_IC_RESPONSE));
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_is_response);

/**
 * vshut_ic_negotiate() - ask which versions the client speaks
 * @buf: VSHUT_BUF_SIZE bytes
 * @ours: what we speak
 *
 * Return: length of the packet.
 */
u32 vshut_ic_negotiate(void *buf, const struct vshut_versions *ours)
{
	struct vmbus_ic_hdr *hdr = buf;
	struct vmbus_ic_negotiate *body = (void *)(hdr + 1);
	unsigned int i, n = 0;

	body->framework_count = cpu_to_le16(ours->nframework);
	body->version_count = cpu_to_le16(ours->nshutdown);
	body->reserved = 0;
	for (i = 0; i < ours->nframework; i++)
		body->versions[n++] = vshut_put_version(ours->framework[i]);
	for (i = 0; i < ours->nshutdown; i++)
		body->versions[n++] = vshut_put_version(ours->shutdown[i]);
	return vshut_put_hdr(hdr, VMBUS_IC_NEGOTIATE, NULL, struct_size(body, versions, n),
			     VMBUS_IC_TRANSACTION | VMBUS_IC_REQUEST);
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_negotiate);

/* The best of ours that is among theirs, or 0. */
static u32 vshut_best(const u32 *ours, unsigned int n, const struct vmbus_ic_version *theirs,
		      unsigned int count)
{
	unsigned int i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < count; k++)
			if (vshut_get_version(&theirs[k]) == ours[i])
				return ours[i];
	return 0;
}

/**
 * vshut_ic_choose() - answer to a negotiation
 * @buf: VSHUT_BUF_SIZE bytes for the answer
 * @ic: what the other side asked
 * @ours: what we speak
 * @agreed: what was chosen; all 0 if there is nothing
 *
 * Return: length of the answer, or 0 for a packet that is none.
 */
u32 vshut_ic_choose(void *buf, const struct vshut_ic *ic, const struct vshut_versions *ours,
		    struct vshut_agreed *agreed)
{
	const struct vmbus_ic_negotiate *asked = ic->body;
	struct vmbus_ic_hdr *hdr = buf;
	struct vmbus_ic_negotiate *body = (void *)(hdr + 1);
	unsigned int nframework, nversions;
	u32 len;

	if (ic->len < sizeof(*asked))
		return 0;
	nframework = le16_to_cpu(asked->framework_count);
	nversions = le16_to_cpu(asked->version_count);
	if (nframework > VMBUS_IC_MAX_VERSIONS || nversions > VMBUS_IC_MAX_VERSIONS ||
	    ic->len < struct_size(asked, versions, nframework + nversions))
		return 0;

	agreed->framework = vshut_best(ours->framework, ours->nframework, asked->versions,
				       nframework);
	agreed->shutdown = vshut_best(ours->shutdown, ours->nshutdown,
				      asked->versions + nframework, nversions);
	if (!agreed->framework || !agreed->shutdown)
		*agreed = (struct vshut_agreed) { };

	len = vshut_put_hdr(hdr, VMBUS_IC_NEGOTIATE, NULL, struct_size(body, versions, 2),
			    VMBUS_IC_TRANSACTION | VMBUS_IC_RESPONSE);
	hdr->transaction = ic->hdr->transaction;
	body->framework_count = cpu_to_le16(!!agreed->framework);
	body->version_count = cpu_to_le16(!!agreed->shutdown);
	body->reserved = 0;
	body->versions[0] = vshut_put_version(agreed->framework);
	body->versions[1] = vshut_put_version(agreed->shutdown);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_choose);

static bool vshut_has(const u32 *ours, unsigned int n, u32 version)
{
	while (n--)
		if (ours[n] == version)
			return true;
	return false;
}

/**
 * vshut_ic_chosen() - read the answer to a negotiation
 * @ic: answer
 * @ours: what was asked
 * @agreed: result
 *
 * Return: 0, -EINVAL for a packet that is none, -EPROTONOSUPPORT if the client
 * speaks none of ours, or says that it speaks what nobody asked for.
 */
int vshut_ic_chosen(const struct vshut_ic *ic, const struct vshut_versions *ours,
		    struct vshut_agreed *agreed)
{
	const struct vmbus_ic_negotiate *body = ic->body;

	if (ic->len < sizeof(*body))
		return -EINVAL;
	if (body->framework_count != cpu_to_le16(1) || body->version_count != cpu_to_le16(1))
		return -EPROTONOSUPPORT;
	if (ic->len < struct_size(body, versions, 2))
		return -EINVAL;
	agreed->framework = vshut_get_version(&body->versions[0]);
	agreed->shutdown = vshut_get_version(&body->versions[1]);
	return vshut_has(ours->framework, ours->nframework, agreed->framework) &&
	       vshut_has(ours->shutdown, ours->nshutdown, agreed->shutdown) ?
	       0 : -EPROTONOSUPPORT;
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_chosen);

/**
 * vshut_ic_request() - ask the client to shut down
 * @buf: VSHUT_BUF_SIZE bytes
 * @agreed: what it speaks
 * @body: what the host asks of it
 *
 * Return: length of the packet.
 */
u32 vshut_ic_request(void *buf, const struct vshut_agreed *agreed,
		     const struct vmbus_ic_shutdown *body)
{
	struct vmbus_ic_hdr *hdr = buf;

	memcpy(hdr + 1, body, sizeof(*body));
	return vshut_put_hdr(hdr, VMBUS_IC_SHUTDOWN, agreed, sizeof(*body),
			     VMBUS_IC_TRANSACTION | VMBUS_IC_REQUEST);
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_request);

/* Turn a request into its answer. */
void vshut_ic_answer(struct vmbus_ic_hdr *hdr, u32 status)
{
	hdr->status = cpu_to_le32(status);
	hdr->flags = VMBUS_IC_TRANSACTION | VMBUS_IC_RESPONSE;
}
EXPORT_SYMBOL_IF_KUNIT(vshut_ic_answer);
