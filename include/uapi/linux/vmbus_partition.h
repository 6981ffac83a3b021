/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Interface of /dev/vmbus_partition: a virtual machine monitor hands the
 * guest's memory, synthetic interrupt controller and connections to the
 * kernel's VMBus server.  These comments are the specification.
 *
 * One open file stands for one guest.  The order of calls is: GET_FEATURES and
 * SET_FEATURES (both optional), ATTACH, then SET_MEM_TABLE, SET_VP and SET_KICKS in any order,
 * then the guest runs: SET_SYNIC, POST_MESSAGE, SIGNAL_EVENT and MMIO follow what
 * the guest does.  Every call but the first three fails with -ENOTCONN before
 * ATTACH.  Every structure must have its unknown flags and its reserved
 * fields zero, else the call fails with -EINVAL and changes nothing.
 *
 * When the last reference to the file goes, the guest is gone: its channels
 * are closed, every page is released and the name is free for the next one.
 *
 * In Hyper-V's VTL2 the hypervisor plays its own part, set up in configfs
 * (vmbus_partition/<name>/).  A monitor that runs VTL0 from user space attaches
 * with VMBUS_PARTITION_ATTACH_FORWARD then, and forwards what the hypervisor
 * hands to it: a hypercall intercept for a connection that is not its own by
 * POST_MESSAGE or SIGNAL_EVENT, an intercept of an address that is not mapped by
 * MMIO, a sint-deliverable message by DELIVERABLE, and a reset of VTL0 by RESET.
 * The other calls fail with -EOPNOTSUPP, and closing the file does nothing to the
 * guest.
 */
#ifndef _UAPI_LINUX_VMBUS_PARTITION_H
#define _UAPI_LINUX_VMBUS_PARTITION_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMBUS_PARTITION_IOC		0xBD

#define VMBUS_PARTITION_NAME_SIZE	32
#define VMBUS_PARTITION_MAX_VPS		1024
#define VMBUS_PARTITION_MAX_REGIONS	64
#define VMBUS_PARTITION_MAX_KICKS	2047
#define VMBUS_PARTITION_MAX_MSIS	2048
#define VMBUS_PARTITION_MESSAGE_SIZE	240
#define VMBUS_PARTITION_MAX_LOG_PAGES	(1ULL << 32)	/* pages of regions that are logged */
#define VMBUS_PARTITION_MAX_FETCH_PAGES	(1U << 24)	/* of one GET_DIRTY_LOG */

/*
 * Features.  GET_FEATURES returns those that this kernel has; the other bits are
 * reserved so that a monitor can ask.  What belongs to a feature works if
 * SET_FEATURES has switched it on, and fails with -EOPNOTSUPP if not (a flag with
 * -EINVAL).  SET_FEATURES with a bit that GET_FEATURES did not return fails with
 * -EOPNOTSUPP, and without one that another bit needs with -EINVAL; after ATTACH it
 * fails with -EBUSY.
 */
#define VMBUS_PARTITION_F_MMIO		(1ULL << 0)	/* MMIO regions served by the kernel */
#define VMBUS_PARTITION_F_MSI		(1ULL << 1)	/* MSIs by eventfd; needs F_EVENTS */
#define VMBUS_PARTITION_F_MMAP		(1ULL << 2)	/* overlay pages by mmap() */
#define VMBUS_PARTITION_F_DIRTY_LOG	(1ULL << 3)	/* log of pages the kernel wrote */
#define VMBUS_PARTITION_F_EVENTS	(1ULL << 4)	/* read() and poll() events */
#define VMBUS_PARTITION_F_STOP		(1ULL << 5)	/* STOP and START */

/*
 * Forward only: the partition's hypervisor is Hyper-V.  -ENXIO if it is not so,
 * or not enabled yet.  Any number of files may forward.
 */
#define VMBUS_PARTITION_ATTACH_FORWARD	(1U << 0)

/**
 * struct vmbus_partition_attach - create the partition of a name, or attach
 * @name: NUL-terminated, 1 to 31 of [A-Za-z0-9_.-].  In-kernel users (the
 *	VMBus server) refer to the guest by this name.
 * @flags: VMBUS_PARTITION_ATTACH_*
 * @reserved: must be zero
 *
 * Binds the file to the caller's address space: the addresses of the memory
 * table are addresses in it, and pages that stay pinned are charged to its
 * locked memory limit.  Fails with -EBUSY if the name has a monitor already
 * or the file is attached.
 */
struct vmbus_partition_attach {
	char name[VMBUS_PARTITION_NAME_SIZE];
	__u32 flags;
	__u32 reserved[7];
};

#define VMBUS_PARTITION_REGION_READONLY	(1U << 0)
/* With VMBUS_PARTITION_F_DIRTY_LOG: log which pages of it the kernel writes. */
#define VMBUS_PARTITION_REGION_LOG	(1U << 1)

/**
 * struct vmbus_partition_region - one piece of guest memory
 * @gpa: guest physical address, page aligned
 * @size: bytes, page aligned, not zero
 * @uaddr: address of the same memory in the monitor, page aligned
 * @flags: VMBUS_PARTITION_REGION_*
 * @reserved: must be zero
 */
struct vmbus_partition_region {
	__u64 gpa;
	__u64 size;
	__u64 uaddr;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct vmbus_partition_mem_table - replace the whole memory table
 * @nregions: 0 to VMBUS_PARTITION_MAX_REGIONS
 * @flags: must be zero
 * @reserved: must be zero
 * @regions: user address of an array of struct vmbus_partition_region
 *
 * Regions must not overlap nor wrap (-EINVAL), and those that are logged must not
 * have more than VMBUS_PARTITION_MAX_LOG_PAGES (-E2BIG).  The log of a page that was
 * logged before stays as it is; that of others begins with nothing dirty, and one
 * that is not wanted any more is dropped.  Guest memory outside the
 * table does not exist for the kernel.  Pages in use under the old table stay
 * in use until their user lets go.  The memory should be anonymous or shared
 * memory (memfd): a page of a file may be written back before the kernel is done
 * with it.
 */
struct vmbus_partition_mem_table {
	__u32 nregions;
	__u32 flags;
	__u64 reserved;
	__u64 regions;
};

/**
 * struct vmbus_partition_vp - make a virtual processor known
 * @vp: VP index, below VMBUS_PARTITION_MAX_VPS
 * @flags: must be zero
 * @call_fd: eventfd that the monitor has bound to this VP's synthetic
 *	interrupt 2; the kernel signals it, from any context.  -1 takes the VP
 *	away together with its SynIC pages.
 * @reserved: must be zero
 */
struct vmbus_partition_vp {
	__u32 vp;
	__u32 flags;
	__s32 call_fd;
	__u32 reserved;
};

/**
 * struct vmbus_partition_synic - the guest wrote a SynIC register of a VP
 * @vp: VP index, made known by SET_VP before (-ENOENT)
 * @flags: must be zero
 * @control: the VP's SCONTROL register
 * @simp: the VP's SIMP register: page address and, in bit 0, enable
 * @siefp: the VP's SIEFP register: page address and, in bit 0, enable
 *
 * The monitor passes the three current values after each write.  A page
 * outside the memory table gives -EFAULT and counts as disabled.
 */
struct vmbus_partition_synic {
	__u32 vp;
	__u32 flags;
	__u64 control;
	__u64 simp;
	__u64 siefp;
};

/* Connection id by which a guest signals the channel of an id (1 to 2047). */
#define VMBUS_PARTITION_CONNECTION_ID(channel)	((channel) | (2U << 12))

/**
 * struct vmbus_partition_kicks - the pool of eventfds that the guest signals
 * @first: connection id of the first eventfd, usually
 *	VMBUS_PARTITION_CONNECTION_ID(1)
 * @count: number of eventfds, up to VMBUS_PARTITION_MAX_KICKS; 0 drops the
 *	pool
 * @flags: must be zero
 * @reserved: must be zero
 * @fds: user address of an array of __s32
 *
 * The monitor arranges that HvCallSignalEvent on connection first + i with
 * flag number 0 signals fds[i].  A connection outside the pool arrives by
 * VMBUS_PARTITION_SIGNAL_EVENT.  A new pool replaces the old one.
 */
struct vmbus_partition_kicks {
	__u32 first;
	__u32 count;
	__u32 flags;
	__u32 reserved;
	__u64 fds;
};

/**
 * struct vmbus_partition_message - the guest called HvCallPostMessage
 * @vp: VP index of the caller
 * @flags: must be zero
 * @connection_id: from the hypercall's input
 * @message_type: from the hypercall's input
 * @size: bytes of @payload, up to VMBUS_PARTITION_MESSAGE_SIZE
 * @status: out: HV_STATUS for the guest (0 taken, 0x12 unknown connection,
 *	0x13 try again, 0x05 a parameter is bad, 0x08 not for the guest)
 * @payload: the message
 */
struct vmbus_partition_message {
	__u32 vp;
	__u32 flags;
	__u32 connection_id;
	__u32 message_type;
	__u32 size;
	__u32 status;
	__u8 payload[VMBUS_PARTITION_MESSAGE_SIZE];
};

/**
 * struct vmbus_partition_signal - the guest called HvCallSignalEvent
 * @vp: VP index of the caller
 * @flags: must be zero
 * @connection_id: from the hypercall's input
 * @flag_number: from the hypercall's input
 * @reserved: must be zero
 * @status: out: HV_STATUS for the guest
 */
struct vmbus_partition_signal {
	__u32 vp;
	__u32 flags;
	__u32 connection_id;
	__u16 flag_number;
	__u16 reserved;
	__u32 status;
};

/**
 * struct vmbus_partition_deliverable - message slots of a VP are free
 * @vp: VP index
 * @flags: must be zero
 * @sints: mask of SINTs, from the hypervisor's message
 * @reserved: must be zero
 *
 * The kernel asks the hypervisor for this message by the VP's deliverability
 * notifications register: a monitor that writes the register does so from the
 * VP's own CPU and preserves bits that it did not set.  Without this call a message that
 * found its slot in use is tried again by time.
 */
struct vmbus_partition_deliverable {
	__u32 vp;
	__u32 flags;
	__u16 sints;
	__u16 reserved;
};

/**
 * struct vmbus_partition_dirty_log - which pages has the kernel written?
 * @first: page frame number of the first page (guest physical address >> 12)
 * @count: number of pages, 1 to VMBUS_PARTITION_MAX_FETCH_PAGES
 * @flags: must be zero
 * @bitmap: user address of (@count + 7) / 8 bytes, which are written: bit n % 8 of
 *	byte n / 8 is for page @first + n
 * @dirty: out: number of pages that were written
 * @reserved: must be zero
 *
 * Tells what was written since the page was last asked for, or since its log was
 * switched on, and begins anew.  All pages must be of regions with
 * VMBUS_PARTITION_REGION_LOG (-ENOENT).  A call that fails changes nothing.
 *
 * Pages that the kernel may write at any time (message, event flags, interrupt and
 * monitor pages, rings) are reported each time while it may.  A data buffer is
 * reported when the kernel has let go of it, which is before the guest is told.
 * What the guest, its VPs, or a host of a relayed channel write is not in here.
 */
struct vmbus_partition_dirty_log {
	__u64 first;
	__u32 count;
	__u32 flags;
	__u64 bitmap;
	__u32 dirty;
	__u32 reserved;
};

/* The guest writes; else it reads. */
#define VMBUS_PARTITION_MMIO_WRITE	(1U << 0)

/**
 * struct vmbus_partition_mmio - the guest accessed an address that is no memory
 * @gpa: guest physical address
 * @value: of a write what is written, the low @size bytes of it; of a read out: what
 *	is read, its other bytes zero
 * @size: bytes: 1, 2, 4 or 8
 * @flags: VMBUS_PARTITION_MMIO_*
 * @reserved: must be zero
 *
 * With VMBUS_PARTITION_F_MMIO.  The kernel serves addresses for devices that it has
 * for the guest; which ones it says to nobody, since the guest places them: a monitor
 * calls for each address that is neither memory nor its own, from the thread of the
 * VP, and may do so from several at once.  The call may wait for a device.  An access
 * of another size, or that crosses a page, is made in pieces by the monitor.
 *
 * It succeeds wherever @gpa is.  What nobody serves, also a part of it, reads all
 * ones, and is not written: so it is without a VMBus server, and after RESET until
 * the guest has set up its devices again.  While the guest is stopped the call works
 * as ever, and what a device has to do to guest memory by it waits for START.
 */
struct vmbus_partition_mmio {
	__u64 gpa;
	__u64 value;
	__u32 size;
	__u32 flags;
	__u64 reserved;
};

/**
 * struct vmbus_partition_msis - the pool of eventfds that stand for MSIs
 * @count: number of eventfds, 1 to VMBUS_PARTITION_MAX_MSIS
 * @flags: must be zero
 * @fds: user address of an array of __s32
 *
 * With VMBUS_PARTITION_F_MSI.  The message signalled interrupts (MSIs) of devices that
 * the kernel has for the guest are numbered from 0 to @count - 1, and there are never
 * more of them at a time.  The kernel signals fds[n], from any context, to raise MSI n;
 * the monitor has bound the eventfd to an edge-triggered interrupt of its own, and
 * routes that as VMBUS_PARTITION_NEXT_MSI says.  A pool can be given once, then the
 * call fails with -EBUSY.  Without it devices have no interrupts.
 */
struct vmbus_partition_msis {
	__u32 count;
	__u32 flags;
	__u64 fds;
};

#define VMBUS_PARTITION_MSI_ACTIVE	(1U << 0)

/**
 * struct vmbus_partition_msi - where an MSI goes
 * @msi: its number
 * @flags: VMBUS_PARTITION_MSI_ACTIVE, or 0 if there is no such MSI (any more): what
 *	follows is zero then, but for @sequence
 * @sequence: changes with the route
 * @vp: index of the VP that is interrupted
 * @vector: by which vector, 16 to 255; delivery is fixed, trigger is edge
 * @reserved: zero
 *
 * With VMBUS_PARTITION_F_MSI.  VMBUS_PARTITION_NEXT_MSI returns one whose route has
 * changed since it was last returned, and fails with -ENOENT if there is none.
 * VMBUS_PARTITION_EVENT_MSI says that there may be some.  The monitor routes, and says
 * so with VMBUS_PARTITION_MSI_ROUTED and the same structure; what was raised before
 * that waits for it.  If the route has changed again meanwhile the call succeeds, too,
 * and the MSI is returned another time.
 *
 * Fetching, routing and saying so is to be done by one thread at a time, and must not
 * need a VP to run: the guest may wait in all of them.
 */
struct vmbus_partition_msi {
	__u32 msi;
	__u32 flags;
	__u32 sequence;
	__u32 vp;
	__u32 vector;
	__u32 reserved;
};

/**
 * struct vmbus_partition_retarget - the guest called HvCallRetargetDeviceInterrupt
 * @address: of the interrupt entry in the hypercall's input, whose source is MSI
 * @data: of the same
 * @vector: from the hypercall's input
 * @flags: must be zero
 * @status: out: HV_STATUS for the guest (0 done, 0x05 there is no such MSI or it cannot
 *	have the vector, 0x0e there is no such VP)
 * @vps: mask of the VPs that the input names: VP n is bit n % 64 of word n / 64.  The
 *	interrupt goes to one of them.
 *
 * With VMBUS_PARTITION_F_MSI.  Address and data tell an MSI from all others of the
 * guest: the device that the input names need not be known.  The monitor routes what
 * VMBUS_PARTITION_NEXT_MSI returns before the guest goes on.
 */
struct vmbus_partition_retarget {
	__u64 address;
	__u32 data;
	__u32 vector;
	__u32 flags;
	__u32 status;
	__u64 vps[VMBUS_PARTITION_MAX_VPS / 64];
};

/*
 * What read() tells, with VMBUS_PARTITION_F_EVENTS: type of an event, and what
 * vmbus_partition_event::data is.
 */
#define VMBUS_PARTITION_EVENT_SERVER		1	/* a VMBus server came (1) or went (0) */
#define VMBUS_PARTITION_EVENT_CONNECTED		2	/* the guest uses its VMBus: version */
#define VMBUS_PARTITION_EVENT_DISCONNECTED	3	/* no more, or begins anew: 0 */
#define VMBUS_PARTITION_EVENT_STOPPED		4	/* STOP has stopped the guest: 0 */
#define VMBUS_PARTITION_EVENT_STARTED		5	/* START has started it: 0 */
#define VMBUS_PARTITION_EVENT_RESET		6	/* RESET is done: 0 */
#define VMBUS_PARTITION_EVENT_FAULT		7	/* a page was refused: its frame number */
#define VMBUS_PARTITION_EVENT_MSI		8	/* NEXT_MSI may return one: 0 */

/**
 * struct vmbus_partition_event - a record of read()
 * @type: VMBUS_PARTITION_EVENT_*; skip those that you do not know
 * @flags: zero in this version
 * @count: how often it has happened since it was read last, not zero
 * @data: of the last time; depends on @type
 *
 * read() returns as many whole records as there are and fit, in the order in which
 * they began to wait: at most one of each type, so that a guest cannot fill a queue.
 * It waits for the first one, or fails with -EAGAIN if the file is O_NONBLOCK; a
 * buffer that is too short for one gives -EINVAL.  poll() says POLLIN while there are
 * any.  A server that is there already is the first event after ATTACH.  Before it
 * read() fails with -ENOTCONN, and without the feature or for a file that forwards
 * with -EOPNOTSUPP; poll() says POLLERR in each of these cases.
 */
struct vmbus_partition_event {
	__u32 type;
	__u32 flags;
	__u64 count;
	__u64 data;
};

#define VMBUS_PARTITION_GET_FEATURES	_IOR(VMBUS_PARTITION_IOC, 0x00, __u64)
#define VMBUS_PARTITION_SET_FEATURES	_IOW(VMBUS_PARTITION_IOC, 0x01, __u64)
#define VMBUS_PARTITION_ATTACH		_IOW(VMBUS_PARTITION_IOC, 0x02, \
					     struct vmbus_partition_attach)
#define VMBUS_PARTITION_SET_MEM_TABLE	_IOW(VMBUS_PARTITION_IOC, 0x03, \
					     struct vmbus_partition_mem_table)
#define VMBUS_PARTITION_SET_VP		_IOW(VMBUS_PARTITION_IOC, 0x04, \
					     struct vmbus_partition_vp)
#define VMBUS_PARTITION_SET_SYNIC	_IOW(VMBUS_PARTITION_IOC, 0x05, \
					     struct vmbus_partition_synic)
#define VMBUS_PARTITION_SET_KICKS	_IOW(VMBUS_PARTITION_IOC, 0x06, \
					     struct vmbus_partition_kicks)
#define VMBUS_PARTITION_POST_MESSAGE	_IOWR(VMBUS_PARTITION_IOC, 0x07, \
					      struct vmbus_partition_message)
#define VMBUS_PARTITION_SIGNAL_EVENT	_IOWR(VMBUS_PARTITION_IOC, 0x08, \
					      struct vmbus_partition_signal)
/*
 * The guest was reset: forget its SynIC pages, close its channels, release its
 * memory, delete its MSIs, keep the offers.  Returns when nothing of the kernel touches guest
 * memory any more.
 */
#define VMBUS_PARTITION_RESET		_IO(VMBUS_PARTITION_IOC, 0x09)
#define VMBUS_PARTITION_GET_DIRTY_LOG	_IOWR(VMBUS_PARTITION_IOC, 0x0a, \
					      struct vmbus_partition_dirty_log)
/*
 * The guest is stopped, with VMBUS_PARTITION_F_STOP.  When the call returns, which is
 * after the I/O that is under way, the kernel neither writes to guest memory nor
 * signals the eventfd of a VP or an MSI.  Nothing is lost: what the guest has
 * signalled, and what the kernel has to tell it, is kept until START; POST_MESSAGE
 * answers 0x13, "try again".  All other calls work as ever.  After RESET the guest is
 * still stopped; closing the file ends it all.  STOP of a guest that is stopped and
 * START of one that is not succeed and change nothing.  A host behind a relayed
 * channel is not stopped.
 */
#define VMBUS_PARTITION_STOP		_IO(VMBUS_PARTITION_IOC, 0x0b)
#define VMBUS_PARTITION_START		_IO(VMBUS_PARTITION_IOC, 0x0c)
#define VMBUS_PARTITION_MMIO		_IOWR(VMBUS_PARTITION_IOC, 0x0d, \
					      struct vmbus_partition_mmio)
#define VMBUS_PARTITION_SET_MSIS	_IOW(VMBUS_PARTITION_IOC, 0x0e, \
					     struct vmbus_partition_msis)
#define VMBUS_PARTITION_NEXT_MSI	_IOR(VMBUS_PARTITION_IOC, 0x0f, \
					     struct vmbus_partition_msi)
#define VMBUS_PARTITION_DELIVERABLE	_IOW(VMBUS_PARTITION_IOC, 0x10, \
					     struct vmbus_partition_deliverable)
#define VMBUS_PARTITION_MSI_ROUTED	_IOW(VMBUS_PARTITION_IOC, 0x11, \
					     struct vmbus_partition_msi)
#define VMBUS_PARTITION_RETARGET	_IOWR(VMBUS_PARTITION_IOC, 0x12, \
					      struct vmbus_partition_retarget)

#endif /* _UAPI_LINUX_VMBUS_PARTITION_H */
