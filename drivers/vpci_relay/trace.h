/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vpci_relay

#if !defined(_VPCI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VPCI_TRACE_H

#include <linux/tracepoint.h>
#include <linux/uuid.h>

#include "vpci_pure.h"

TRACE_DEFINE_ENUM(VPCI_DENIED);
TRACE_DEFINE_ENUM(VPCI_RELAYED);
TRACE_DEFINE_ENUM(VPCI_LOCAL);

/*
 * Who gets a device, and by which rule: its number, or -1 for the default.  Once for each
 * decision: vpci_policy_decide().
 */
TRACE_EVENT(vpci_policy,
	TP_PROTO(const guid_t *instance, const struct vpci_desc *desc,
		 enum vpci_disposition disposition, int by),
	TP_ARGS(instance, desc, disposition, by),
	TP_STRUCT__entry(
		__array(u8, instance, UUID_SIZE)
		__field(u32, slot)
		__field(u32, serial)
		__field(u16, vendor)
		__field(u16, device)
		__field(u16, subvendor)
		__field(u16, subsystem)
		__field(u32, class)
		__field(unsigned int, disposition)
		__field(int, by)
	),
	TP_fast_assign(
		memcpy(__entry->instance, instance, UUID_SIZE);
		__entry->slot = desc->slot;
		__entry->serial = desc->serial;
		__entry->vendor = desc->vendor;
		__entry->device = desc->device;
		__entry->subvendor = desc->subvendor;
		__entry->subsystem = desc->subsystem;
		__entry->class = desc->class << 16 | desc->subclass << 8 | desc->prog_if;
		__entry->disposition = disposition;
		__entry->by = by;
	),
	TP_printk("%pUl slot=%#x serial=%#x %04x:%04x class=%06x subsystem=%04x:%04x %s by=%d",
		  __entry->instance, __entry->slot, __entry->serial, __entry->vendor,
		  __entry->device, __entry->class, __entry->subvendor, __entry->subsystem,
		  __print_symbolic(__entry->disposition, { VPCI_DENIED, "denied" },
				   { VPCI_RELAYED, "allowed" }, { VPCI_LOCAL, "local" }),
		  __entry->by)
);

/* The guest decodes memory of a device at the addresses in its registers, or no more. */
TRACE_EVENT(vpci_mapped,
	TP_PROTO(const guid_t *instance, const struct vpci_desc *desc, const u32 *regs, bool on),
	TP_ARGS(instance, desc, regs, on),
	TP_STRUCT__entry(
		__array(u8, instance, UUID_SIZE)
		__field(u32, slot)
		__array(u32, regs, VPCI_BARS)
		__field(bool, on)
	),
	TP_fast_assign(
		memcpy(__entry->instance, instance, UUID_SIZE);
		__entry->slot = desc->slot;
		memcpy(__entry->regs, regs, sizeof(__entry->regs));
		__entry->on = on;
	),
	TP_printk("%pUl slot=%#x %s bars=%s", __entry->instance, __entry->slot,
		  __entry->on ? "on" : "off",
		  __print_array(__entry->regs, VPCI_BARS, sizeof(u32)))
);

#endif /* _VPCI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
