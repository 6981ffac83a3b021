/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A monitor and its guest in one process, without a virtual machine: the guest's
 * memory is memory of the process, and the guest is a few functions.
 *
 * monitor.c	the monitor's half: all calls of <linux/vmbus_partition.h>
 * guest.c	the guest's half: messages, offers, GPADLs
 * channel.c	an open channel: its rings and signals
 */
#ifndef _PEER_H
#define _PEER_H

#include <stdbool.h>
#include <linux/hyperv.h>
#include <linux/vmbus_partition.h>
#include <vmbus/protocol.h>

#define PAGE			HV_HYP_PAGE_SIZE
#define VPS			2
#define KICKS			64		/* channels that are signalled by eventfd */
#define MSIS			16		/* of PCI devices, if a test has these */
#define RAM_GPA			0x100000ULL	/* below there is no memory */
#define RAM_PAGES		8192U
#define TIMEOUT_MS		20000		/* for an answer: below 10 ms on an idle machine */

/* Pages of the guest's memory, counted from RAM_GPA. */
#define PAGE_SIMP(vp)		(2 * (vp))
#define PAGE_SIEFP(vp)		(2 * (vp) + 1)
#define PAGE_INTERRUPTS		8		/* interrupt page of old versions */
#define PAGE_SCRATCH		64		/* to be spoilt by whoever likes */
#define SCRATCH_PAGES		64U
#define PAGE_RINGS		128

#define HV_STATUS_BUSY		0x13

/* ---- monitor.c ------------------------------------------------------------------------ */

/**
 * struct monitor - a virtual machine monitor
 * @fd: /dev/vmbus_partition
 * @ram: the guest's memory
 * @calls: eventfd per VP: the kernel interrupts the guest
 * @kicks: eventfd per channel, from channel 1 on: the guest signals it
 * @nmsis: MSIS, or 0 if the kernel was given none
 * @msis: eventfd per MSI: a device interrupts the guest
 */
struct monitor {
	int fd;
	u8 *ram;
	int calls[VPS];
	int kicks[KICKS];
	unsigned int nmsis;
	int msis[MSIS];
};

void monitor_open(struct monitor *m, const char *partition, u64 features);
void monitor_set_memory(struct monitor *m);
void monitor_set_vps(struct monitor *m);
void monitor_set_kicks(struct monitor *m);
void monitor_set_synic(struct monitor *m, unsigned int vp);
u32 monitor_post(struct monitor *m, u32 connection, const void *payload, u32 size);
u32 monitor_signal(struct monitor *m, u32 connection, u16 flag);
u64 monitor_mmio_read(struct monitor *m, u64 gpa, unsigned int size);
void monitor_mmio_write(struct monitor *m, u64 gpa, unsigned int size, u64 value);
void monitor_set_msis(struct monitor *m);
bool monitor_next_msi(struct monitor *m, struct vmbus_partition_msi *msi);
void monitor_msi_routed(struct monitor *m, const struct vmbus_partition_msi *msi);
u32 monitor_retarget(struct monitor *m, u64 address, u32 data, u32 vector, unsigned int vp);
void monitor_reset(struct monitor *m);
void monitor_close(struct monitor *m);
void die(const char *what);

/* ---- guest.c -------------------------------------------------------------------------- */

union message {
	struct vmbus_msg_hdr hdr;
	struct vmbus_offer_msg offer;
	struct vmbus_channel_msg channel;
	struct vmbus_open_msg open;
	struct vmbus_open2_msg open2;
	struct vmbus_open_result_msg open_result;
	struct vmbus_gpadl_header_msg header;
	struct vmbus_gpadl_body_msg body;
	struct vmbus_gpadl_created_msg created;
	struct vmbus_gpadl_teardown_msg teardown;
	struct vmbus_gpadl_torndown_msg torndown;
	struct vmbus_contact_msg contact;
	struct vmbus_contact2_msg contact2;
	struct vmbus_version_response2_msg version;
	struct vmbus_modify_channel_msg modify;
	struct vmbus_modify_channel_resp_msg modified;
	struct vmbus_modify_connection_msg modify_connection;
	struct vmbus_modify_connection_resp_msg connection_modified;
	u32 words[VMBUS_MSG_MAX / 4];
	u8 bytes[VMBUS_MSG_MAX];
};

/**
 * struct guest - a guest operating system
 * @m: its hypervisor
 * @connection: where it posts messages to
 * @version: of the protocol; 0 while disconnected
 * @features: negotiated
 * @vp: VP that gets messages
 * @interrupts: taken so far, per VP
 */
struct guest {
	struct monitor *m;
	u32 connection;
	u32 version;
	u32 features;
	u32 vp;
	u64 interrupts[VPS];
};

u64 now_us(void);
void *ram_page(const struct guest *g, unsigned int page);
u64 ram_pfn(unsigned int page);
bool guest_wait(struct guest *g, unsigned int vp, int ms);
unsigned int guest_take(struct guest *g, unsigned int vp, unsigned int sint, union message *msg);
unsigned int guest_receive(struct guest *g, union message *msg);
bool guest_post(struct guest *g, const void *msg, u32 size);
unsigned int guest_ask(struct guest *g, const void *msg, u32 size, union message *answer,
		       enum vmbus_msg_type type);
bool guest_quiet(struct guest *g);
void contact_init(struct vmbus_contact2_msg *msg, u32 version, u32 features);
bool guest_contact(struct guest *g, u32 version, u32 features);
unsigned int guest_offers(struct guest *g, struct vmbus_offer_msg *offers, unsigned int max);
bool guest_gpadl_post(struct guest *g, u32 channel, u32 gpadl, const u64 *words, u32 nwords,
		      u16 ranges);
bool guest_gpadl_ask(struct guest *g, u32 channel, u32 gpadl, unsigned int page,
		     unsigned int pages);
bool guest_gpadl(struct guest *g, u32 channel, u32 gpadl, unsigned int page, unsigned int pages);
bool guest_teardown_ask(struct guest *g, u32 channel, u32 gpadl);
bool guest_teardown(struct guest *g, u32 channel, u32 gpadl);
int guest_modify(struct guest *g, u64 parent_to_child, u64 child_to_parent);
bool guest_unload(struct guest *g);

/* ---- channel.c ------------------------------------------------------------------------ */

/**
 * struct ring - one end of a ring
 * @hdr: control page, followed by the data
 * @size: bytes of data
 * @next: where the next packet is written, or read
 * @published: the same, as the other end knows it
 */
struct ring {
	struct hv_ring_buffer *hdr;
	u32 size;
	u32 next;
	u32 published;
};

u32 ring_packet_size(u32 len);
u32 ring_space(const struct ring *r);
void ring_put_raw(struct ring *r, const void *data, u32 len);
bool ring_put_packet(struct ring *r, struct vmpacket_descriptor *d, const void *data, u32 len);
bool ring_put(struct ring *r, u64 id, const void *data, u32 len);
bool ring_push(struct ring *r);
int ring_get_packet(struct ring *r, struct vmpacket_descriptor *d, void *data, u32 max);
int ring_get_type(struct ring *r, u16 type, u64 *id, void *data, u32 max);
int ring_get(struct ring *r, u64 *id, void *data, u32 max);
bool ring_pop(struct ring *r);

/**
 * struct channel - a channel
 * @g: guest
 * @id: of the offer
 * @gpadl: of both rings
 * @vp: VP that it interrupts, or VMBUS_VP_NONE
 * @connection: to signal it by
 * @flag: event flag that it sets
 * @out: ring toward the server
 * @in: ring from the server
 */
struct channel {
	struct guest *g;
	u32 id;
	u32 gpadl;
	u32 vp;
	u32 connection;
	u16 flag;
	struct ring out;
	struct ring in;
};

void channel_init(struct channel *c, struct guest *g, const struct vmbus_offer_msg *offer);
bool channel_open_ask(struct channel *c, unsigned int out_pages);
bool channel_open(struct channel *c, unsigned int page, unsigned int out_pages,
		  unsigned int in_pages);
void channel_close(struct channel *c);
void channel_kick(struct channel *c);
bool channel_event(struct channel *c);
bool channel_wait(struct channel *c, int ms);
void channel_send(struct channel *c);
void channel_receive(struct channel *c);
int channel_get(struct channel *c, void *data, u32 max, int ms);

#endif /* _PEER_H */
