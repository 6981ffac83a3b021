/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something of the client was dropped, or answered with a failure: one
 * counter each, in sysfs in errors/; why.c has their names.
 */
#ifndef _VSRV_WHY_H
#define _VSRV_WHY_H

enum vsrv_why {
	/* Malformed messages, also in messages_bad. */
	VSRV_WHY_SHORT,
	VSRV_WHY_UNKNOWN,
	VSRV_WHY_LAST_BAD = VSRV_WHY_UNKNOWN,
	/* Other messages, also in messages_refused. */
	VSRV_WHY_STATE,
	VSRV_WHY_UNTRUSTED,
	VSRV_WHY_PAUSED,
	VSRV_WHY_CONTACT_SHORT,
	VSRV_WHY_CONTACT_VTL,
	VSRV_WHY_CONTACT_SINT,
	VSRV_WHY_CONTACT_VP,
	VSRV_WHY_MONITOR_USED,
	VSRV_WHY_OFFERS_SENT,
	VSRV_WHY_NO_CHANNEL,
	VSRV_WHY_CHANNEL_STATE,
	VSRV_WHY_RESERVED,
	VSRV_WHY_MODIFY_VP,
	VSRV_WHY_MODIFY_BUSY,
	VSRV_WHY_NO_GPADL,
	VSRV_WHY_GPADL_ID,
	VSRV_WHY_GPADL_FORM,
	VSRV_WHY_GPADL_LIMIT,
	VSRV_WHY_RESET,
	/* The rest: answered with a failure, or no message. */
	VSRV_WHY_TYPE,
	VSRV_WHY_PAGE,
	VSRV_WHY_OPEN_PARAMETERS,
	VSRV_WHY_OPEN_CONNECTION,
	VSRV_WHY_OPEN_OWNER,
	VSRV_WHY_OPEN_RESET,
	VSRV_WHY_GPADL_OWNER,
	VSRV_WHY_NO_ID,
	VSRV_WHY_HVSOCK_NONE,
	VSRV_WHY_HVSOCK_LIMIT,
	VSRV_WHY_UNSENT,
	VSRV_WHY_COUNT
};

#endif /* _VSRV_WHY_H */
