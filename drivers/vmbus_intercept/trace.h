/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_intercept

#if !defined(_VINT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VINT_TRACE_H

#include <linux/tracepoint.h>
#include "vint.h"

TRACE_EVENT(vint_decide,
	TP_PROTO(const struct vint_offer *offer, const struct vint_decision *decision),
	TP_ARGS(offer, decision),
	TP_STRUCT__entry(
		__array(u8, class_id, UUID_SIZE)
		__array(u8, instance_id, UUID_SIZE)
		__field(u16, subchannel)
		__field(u16, flags)
		__field(s64, rule)
		__string(disposition, vint_disposition_name(decision->disposition))
		__string(hook, decision->hook)
	),
	TP_fast_assign(
		export_guid(__entry->class_id, &offer->class_id);
		export_guid(__entry->instance_id, &offer->instance_id);
		__entry->subchannel = offer->subchannel;
		__entry->flags = offer->flags;
		__entry->rule = decision->by;
		__assign_str(disposition);
		__assign_str(hook);
	),
	/* VINT_BY_*: rule=-1 is the default, -2 an override, -3 the class */
	TP_printk("class=%pUl instance=%pUl subchannel=%u flags=%#x rule=%lld: %s %s",
		  __entry->class_id, __entry->instance_id, __entry->subchannel, __entry->flags,
		  __entry->rule, __get_str(disposition), __get_str(hook))
);

#endif /* _VINT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
