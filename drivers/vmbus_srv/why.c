// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/vmbus_srv/<server>/errors/: how often something of the client was
 * dropped or answered with a failure, by reason.
 */
#include <linux/device.h>
#include <kunit/visibility.h>
#include "vsrv.h"

/**
 * struct vsrv_why_attr - a reason
 * @attr: file with its counter
 * @text: what vsrv_message_refused says
 */
struct vsrv_why_attr {
	struct device_attribute attr;
	const char *text;
};

static ssize_t vsrv_why_show(struct device *dev, struct device_attribute *attr, char *buf);

#define VSRV_WHY(_file, _text)	{ __ATTR(_file, 0444, vsrv_why_show, NULL), _text }

static struct vsrv_why_attr vsrv_whys[] = {
	[VSRV_WHY_SHORT] = VSRV_WHY(short, "too short"),
	[VSRV_WHY_UNKNOWN] = VSRV_WHY(unknown, "no message of a client, or not in this version"),
	[VSRV_WHY_STATE] = VSRV_WHY(state, "not in this state of the connection"),
	[VSRV_WHY_UNTRUSTED] = VSRV_WHY(untrusted, "not trusted, and the connection is"),
	[VSRV_WHY_PAUSED] = VSRV_WHY(paused, "the client pauses"),
	[VSRV_WHY_CONTACT_SHORT] = VSRV_WHY(contact_short, "contact is too short for its features"),
	[VSRV_WHY_CONTACT_VTL] = VSRV_WHY(contact_vtl, "contact is for another VTL"),
	[VSRV_WHY_CONTACT_SINT] = VSRV_WHY(contact_sint, "contact is for another SINT"),
	[VSRV_WHY_CONTACT_VP] = VSRV_WHY(contact_vp, "contact names no VP of the guest"),
	[VSRV_WHY_MONITOR_USED] = VSRV_WHY(monitor_used,
		"monitor pages are in use, or just one is given"),
	[VSRV_WHY_OFFERS_SENT] = VSRV_WHY(offers_sent, "offers were sent already"),
	[VSRV_WHY_NO_CHANNEL] = VSRV_WHY(no_channel, "no such channel"),
	[VSRV_WHY_CHANNEL_STATE] = VSRV_WHY(channel_state, "not in this state of the channel"),
	[VSRV_WHY_RESERVED] = VSRV_WHY(reserved, "channel is reserved, or is not"),
	[VSRV_WHY_MODIFY_VP] = VSRV_WHY(modify_vp, "no VP of the guest, or one of the two is none"),
	[VSRV_WHY_MODIFY_BUSY] = VSRV_WHY(modify_busy, "channel is being modified already"),
	[VSRV_WHY_NO_GPADL] = VSRV_WHY(no_gpadl, "no such GPADL, or not in this state"),
	[VSRV_WHY_GPADL_ID] = VSRV_WHY(gpadl_id, "GPADL id is in use"),
	[VSRV_WHY_GPADL_FORM] = VSRV_WHY(gpadl_form, "malformed GPADL"),
	[VSRV_WHY_GPADL_LIMIT] = VSRV_WHY(gpadl_limit, "too many GPADLs, or no memory for one"),
	[VSRV_WHY_RESET] = VSRV_WHY(reset, "reset before it was looked at"),
	[VSRV_WHY_TYPE] = VSRV_WHY(type, "posted with a type that is not that of VMBus"),
	[VSRV_WHY_PAGE] = VSRV_WHY(page, "interrupt or monitor page that cannot be had"),
	[VSRV_WHY_OPEN_PARAMETERS] = VSRV_WHY(open_parameters,
		"open with a VP or event flag that cannot be"),
	[VSRV_WHY_OPEN_CONNECTION] = VSRV_WHY(open_connection,
		"open with a connection id in use, or not the client's"),
	[VSRV_WHY_OPEN_OWNER] = VSRV_WHY(open_owner, "open refused by the device"),
	[VSRV_WHY_OPEN_RESET] = VSRV_WHY(open_reset, "reset while the device opened the channel"),
	[VSRV_WHY_GPADL_OWNER] = VSRV_WHY(gpadl_owner,
		"GPADL refused by the device, or device gone"),
	[VSRV_WHY_NO_ID] = VSRV_WHY(no_id, "channel not offered: there are 2047"),
	[VSRV_WHY_HVSOCK_NONE] = VSRV_WHY(hvsock_none, "nobody handles hv_sock connects"),
	[VSRV_WHY_HVSOCK_LIMIT] = VSRV_WHY(hvsock_limit, "too many hv_sock connects wait"),
	[VSRV_WHY_UNSENT] = VSRV_WHY(unsent, "message to a client that was reset before"),
};

static_assert(ARRAY_SIZE(vsrv_whys) == VSRV_WHY_COUNT);

static ssize_t vsrv_why_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct vsrv_why_attr *a = container_of(attr, struct vsrv_why_attr, attr);
	struct vmbus_srv *srv = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%lld\n", atomic64_read(&srv->whys[a - vsrv_whys]));
}

static struct attribute *vsrv_why_attrs[VSRV_WHY_COUNT + 1];

const struct attribute_group vsrv_why_group = {
	.name = "errors",
	.attrs = vsrv_why_attrs,
};

/**
 * vsrv_why_init - make the list of files
 */
void __init vsrv_why_init(void)
{
	unsigned int i;

	for (i = 0; i < VSRV_WHY_COUNT; i++)
		vsrv_why_attrs[i] = &vsrv_whys[i].attr.attr;
}

/**
 * vsrv_why_text - a reason for humans
 * @why: reason
 *
 * Context: any.
 * Return: its text.
 */
const char *vsrv_why_text(enum vsrv_why why)
{
	return vsrv_whys[why].text;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_why_text);
