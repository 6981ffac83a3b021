// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what the hypervisor hands to VTL2 while it runs VTL0, and of a monitor
 * that forwards it from user space.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <vmbus/compat.h>
#include "fake_hyperv.h"

#define IT_FAST		BIT_ULL(16)
#define IT_MESSAGE	77		/* connection ids of our ports */
#define IT_EVENT	0x2005
#define IT_UNKNOWN	0x123456

/**
 * struct it - the guest of fake_hyperv.h with ports
 * @fh: guest
 * @message: port for messages
 * @event: port for signals
 * @msg: the last message
 * @messages: how many
 * @status: answer to them
 * @flag: last flag
 * @signals: how many
 */
struct it {
	struct fh *fh;
	struct vpart_port message;
	struct vpart_port event;
	struct vpart_message msg;
	unsigned int messages;
	u16 status;
	u16 flag;
	unsigned int signals;
};

static u16 it_port_message(struct vpart_port *port, const struct vpart_message *msg)
{
	struct it *it = container_of(port, struct it, message);

	it->msg = *msg;
	it->messages++;
	return it->status;
}

static void it_port_signal(struct vpart_port *port, u16 flag)
{
	struct it *it = container_of(port, struct it, event);

	it->flag = flag;
	it->signals++;
}

static void it_free(void *ctx)
{
	struct it *it = ctx;

	vpart_port_unregister(it->fh->part, &it->message);
	vpart_port_unregister(it->fh->part, &it->event);
}

static struct it *it_new(struct kunit *test)
{
	struct it *it = kunit_kzalloc(test, sizeof(*it), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, it);
	it->fh = fh_new_guest(test);
	it->message.connection_id = IT_MESSAGE;
	it->message.message = it_port_message;
	it->event.connection_id = IT_EVENT;
	it->event.signal = it_port_signal;
	KUNIT_ASSERT_EQ(test, vpart_port_register(it->fh->part, &it->message), 0);
	KUNIT_ASSERT_EQ(test, vpart_port_register(it->fh->part, &it->event), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, it_free, it), 0);
	return it;
}

/* A hypercall of VTL0's 64-bit kernel on VP 3, as the hypervisor tells of it */
static void it_hypercall(struct hv_message *msg, u64 control, u64 input)
{
	u8 *p = (u8 *)msg->u.payload;

	memset(msg, 0, sizeof(*msg));
	msg->header.message_type = 0x80000050;
	msg->header.payload_size = 208;
	put_unaligned_le32(3, p);
	p[4] = 0x13;				/* 3 bytes long, CR8 1 */
	p[5] = 2;				/* execute */
	put_unaligned_le16(0x14, p + 6);	/* CR0.PE, EFER.LMA */
	put_unaligned_le64(control, p + 56);	/* RCX */
	put_unaligned_le64(input, p + 64);	/* RDX */
	put_unaligned_le64(0xbad0bad0, p + 72);	/* R8: nobody wants output */
}

static int it_intercept(u64 control, u64 input, u64 *rax)
{
	struct hv_message msg;

	it_hypercall(&msg, control, input);
	*rax = 0x5555;
	return vpart_hv_intercept(&msg, rax);
}

/* ... that we answer: its status */
static u64 it_answer(struct it *it, u64 control, u64 input)
{
	u64 rax;

	KUNIT_EXPECT_EQ(it->fh->test, it_intercept(control, input, &rax),
			VPART_INTERCEPT_ANSWERED);
	return rax;
}

static void it_put_message(struct it *it, u64 offset, u32 connection, u32 size)
{
	u8 *in = fh_memory(it->fh, offset);
	unsigned int i;

	put_unaligned_le32(connection, in);
	put_unaligned_le32(0, in + 4);
	put_unaligned_le32(1, in + 8);
	put_unaligned_le32(size, in + 12);
	for (i = 0; i < 240; i++)
		in[16 + i] = i + 1;
}

/* ---- posts ---------------------------------------------------------------------------- */

static void intercept_post_test(struct kunit *test)
{
	static const u32 sizes[] = { 0, 1, 239, 240 };
	struct it *it = it_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		it_put_message(it, 0x1008, IT_MESSAGE, sizes[i]);
		KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA + 0x1008), HV_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, it->messages, i + 1);
		KUNIT_EXPECT_EQ(test, it->msg.vp, 3);
		KUNIT_EXPECT_EQ(test, it->msg.vtl, 0);
		KUNIT_EXPECT_EQ(test, it->msg.connection_id, IT_MESSAGE);
		KUNIT_EXPECT_EQ(test, it->msg.type, 1);
		KUNIT_EXPECT_EQ(test, it->msg.size, sizes[i]);
		KUNIT_EXPECT_MEMEQ(test, it->msg.payload, (u8 *)fh_memory(it->fh, 0x1018),
				   sizes[i]);
	}
	/* What the port says is what the guest gets. */
	it->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA + 0x1008),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	/* VTL0 is not VTL2. */
	it->message.min_vtl = VPART_VTL_PARAVISOR;
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA + 0x1008), HV_STATUS_OPERATION_DENIED);
	KUNIT_EXPECT_EQ(test, it->messages, ARRAY_SIZE(sizes) + 1);
}

static void intercept_bad_post_test(struct kunit *test)
{
	static const u64 end = FH_PAGES * PAGE_SIZE;
	const struct {
		const char *what;
		u64 control;
		u64 gpa;
		u16 status;
	} cases[] = {
		{ "fast", 0x5c | IT_FAST, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "variable header", 0x5c | 1 << 17, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "nested", 0x5c | 1ULL << 31, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "repeated", 0x5c | 1ULL << 32, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "started", 0x5c | 1ULL << 48, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "reserved", 0x5c | 1ULL << 63, FH_GPA, HV_STATUS_INVALID_HYPERCALL_INPUT },
		{ "unaligned", 0x5c, FH_GPA + 4, HV_STATUS_INVALID_ALIGNMENT },
		{ "over a page", 0x5c, FH_GPA + 0xf08, HV_STATUS_INVALID_ALIGNMENT },
		{ "over the end", 0x5c, FH_GPA + end - 8, HV_STATUS_INVALID_ALIGNMENT },
		{ "behind", 0x5c, FH_GPA + end, HV_STATUS_INVALID_ALIGNMENT },
		{ "before", 0x5c, FH_GPA - PAGE_SIZE, HV_STATUS_INVALID_ALIGNMENT },
		{ "zero", 0x5c, 0, HV_STATUS_INVALID_ALIGNMENT },
		{ "highest", 0x5c, -256ULL, HV_STATUS_INVALID_ALIGNMENT },
		{ "own memory", 0x5c, 1, HV_STATUS_INVALID_ALIGNMENT },
		{ "last that fits", 0x5c, FH_GPA + 0xf00, HV_STATUS_SUCCESS },
		{ "last of all", 0x5c, FH_GPA + end - 256, HV_STATUS_SUCCESS },
	};
	static const u32 sizes[] = { 241, 0xff, 0x100, 0x10000, U32_MAX };
	struct it *it = it_new(test);
	unsigned int i;
	u64 gpa;

	it_put_message(it, 0, IT_MESSAGE, 8);
	it_put_message(it, 0xf00, IT_MESSAGE, 8);
	it_put_message(it, end - 256, IT_MESSAGE, 8);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		gpa = cases[i].gpa;
		if (gpa == 1)
			gpa = page_to_phys(it->fh->pages[0]);
		KUNIT_EXPECT_EQ_MSG(test, it_answer(it, cases[i].control, gpa), cases[i].status,
				    "%s", cases[i].what);
	}
	KUNIT_EXPECT_EQ(test, it->messages, 2);
	KUNIT_EXPECT_EQ(test, fh_count(it->fh, VPART_BAD_GPAS), 5);

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		it_put_message(it, 0, IT_MESSAGE, sizes[i]);
		KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA), HV_STATUS_INVALID_PARAMETER);
	}
	/* In the table, but not VTL0's memory */
	it_put_message(it, 0, IT_MESSAGE, 8);
	it->fh->hole = 0;
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA), HV_STATUS_INVALID_ALIGNMENT);
	KUNIT_EXPECT_EQ(test, it->messages, 2);
}

/* ---- signals ------------------------------------------------------------------------------ */

static void intercept_signal_test(struct kunit *test)
{
	struct it *it = it_new(test);

	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d | IT_FAST, 0x07ff00002005ULL), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, it->flag, 2047);
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d | IT_FAST, IT_EVENT), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, it->flag, 0);

	put_unaligned_le64(0x000900002005ULL, fh_memory(it->fh, 0xff8));
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d, FH_GPA + 0xff8), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, it->flag, 9);
	KUNIT_EXPECT_EQ(test, it->signals, 3);

	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d, FH_GPA + 0xffc), HV_STATUS_INVALID_ALIGNMENT);
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d, FH_GPA - 8), HV_STATUS_INVALID_ALIGNMENT);
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5d | IT_FAST | 1ULL << 32, IT_EVENT),
			HV_STATUS_INVALID_HYPERCALL_INPUT);
	KUNIT_EXPECT_EQ(test, it->signals, 3);
}

/* ---- what is for somebody else ------------------------------------------------------------ */

static void intercept_other_test(struct kunit *test)
{
	static const u16 states[] = { 0x04, 0x10, 0, 0x14 | 1 << 7, 0x14 | 2 << 7, 0x14 | 8 << 7 };
	struct it *it = it_new(test);
	struct hv_message msg;
	unsigned int i;
	u64 rax = 7;

	/* Connections that nobody has here: known to be a monitor's, perhaps */
	KUNIT_EXPECT_EQ(test, it_intercept(0x5d | IT_FAST, IT_UNKNOWN, &rax),
			VPART_INTERCEPT_OTHER);
	it_put_message(it, 0, IT_UNKNOWN, 8);
	KUNIT_EXPECT_EQ(test, it_intercept(0x5c, FH_GPA, &rax), VPART_INTERCEPT_OTHER);
	/* But VMBus is ours even if its server is away. */
	it_put_message(it, 0, VMBUS_CONN_MESSAGE_MULTI, 8);
	KUNIT_EXPECT_EQ(test, it_answer(it, 0x5c, FH_GPA), HV_STATUS_INSUFFICIENT_BUFFERS);

	/* Other calls */
	KUNIT_EXPECT_EQ(test, it_intercept(0x5b | IT_FAST, IT_EVENT, &rax), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it_intercept(0x5e | IT_FAST, IT_EVENT, &rax), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it_intercept(0xc1, FH_GPA, &rax), VPART_INTERCEPT_OTHER);

	/* Other modes and VTLs */
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		it_hypercall(&msg, 0x5d | IT_FAST, IT_EVENT);
		put_unaligned_le16(states[i], (u8 *)msg.u.payload + 6);
		KUNIT_EXPECT_EQ_MSG(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_OTHER,
				    "state %#x", states[i]);
	}
	/* Bits that say nothing about that */
	it_hypercall(&msg, 0x5d | IT_FAST, IT_EVENT);
	put_unaligned_le16(0x14 | 0xf800 | 0x6b, (u8 *)msg.u.payload + 6);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_ANSWERED);
	KUNIT_EXPECT_EQ(test, it->signals, 1);

	/* Messages that are too short, or of another type */
	msg.header.payload_size = 95;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_OTHER);
	msg.header.payload_size = 96;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_ANSWERED);
	msg.header.message_type = 0x80010000;
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_OTHER);
	msg.header.message_type = 0x80000050;

	/* No guest of ours */
	fh_stop(it->fh);
	KUNIT_EXPECT_EQ(test, vpart_hv_intercept(&msg, &rax), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it->signals, 2);
	KUNIT_EXPECT_EQ(test, it->messages, 0);
}

static int it_deliverable(u32 vp, u16 sints, u8 size)
{
	struct hv_message msg = {
		.header.message_type = 0x80000062,
		.header.payload_size = size,
	};
	u8 *p = (u8 *)msg.u.payload;
	u64 rax;

	put_unaligned_le32(vp, p);
	put_unaligned_le16(sints, p + 40);
	return vpart_hv_intercept(&msg, &rax);
}

static void intercept_deliverable_test(struct kunit *test)
{
	struct fh *fh = fh_new_guest(test);

	fh_send_busy(fh, 2, 2);
	KUNIT_EXPECT_EQ(test, it_deliverable(2, 4, 47), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it_deliverable(1, 4, 48), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it_deliverable(2, 8, 48), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, it_deliverable(2, 4, 48), VPART_INTERCEPT_RESUME);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[2]), 1);

	/* A monitor that waits, too, hears of it as well. */
	fh_send_busy(fh, 2, 2);
	KUNIT_EXPECT_EQ(test, it_deliverable(2, 6, 48), VPART_INTERCEPT_OTHER);
	KUNIT_EXPECT_EQ(test, atomic_read(&fh->deliverable[2]), 1);
	fh->busy = 0;
	KUNIT_EXPECT_EQ(test, vpart_send_message(fh->part, 0, 2, 2, "a", 1), 0);
}

/* ---- a monitor that forwards -------------------------------------------------------------- */

/**
 * struct it_file - /dev/vmbus_partition from a test
 * @file: open file
 * @arg: a page of a user's address space
 */
struct it_file {
	struct file *file;
	unsigned long arg;
};

static void it_file_close(void *ctx)
{
	__fput_sync(ctx);
}

static struct it_file it_file_open(struct kunit *test)
{
	struct it_file f;

	scoped_with_init_fs()
		f.file = filp_open("/dev/vmbus_partition", O_RDWR, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f.file));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, it_file_close, f.file), 0);
	f.arg = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, f.arg, 0);
	return f;
}

static long it_ioctl(struct it_file *f, unsigned int cmd, void *arg)
{
	void __user *uarg = (void __user *)f->arg;
	long ret;

	if (copy_to_user(uarg, arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = f->file->f_op->unlocked_ioctl(f->file, cmd, f->arg);
	if (copy_from_user(arg, uarg, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

static void forward_test(struct kunit *test)
{
	struct vmbus_partition_attach attach = { .name = FH_NAME, .flags = 1 };
	struct vmbus_partition_message post = {
		.vp = 1, .connection_id = IT_MESSAGE, .message_type = 1, .size = 3, .status = 99,
		.payload = "xyz",
	};
	struct vmbus_partition_signal signal = {
		.vp = 1, .connection_id = IT_EVENT, .flag_number = 8, .status = 99,
	};
	struct vmbus_partition_deliverable ready = { .vp = 1, .sints = 4 };
	struct vmbus_partition_mem_table table = {};
	struct vmbus_partition_synic synic = {};
	struct vmbus_partition_kicks kicks = {};
	struct vmbus_partition_vp vp = {};
	struct vmbus_partition_mmio mmio = { .gpa = 0xf00000000, .size = 4 };
	struct vmbus_partition_retarget retarget = {};
	struct vmbus_partition_msis msis = {};
	struct vmbus_partition_msi msi = {};
	u64 features = VMBUS_PARTITION_F_EVENTS | VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI;
	struct it *it = it_new(test);
	struct it_file f = it_file_open(test);
	struct it_file g = it_file_open(test);

	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_DELIVERABLE, &ready), -ENOTCONN);
	attach.flags = 3;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_ATTACH, &attach), -EINVAL);
	attach.flags = 0;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_ATTACH, &attach), -EBUSY);
	attach.flags = VMBUS_PARTITION_ATTACH_FORWARD;
	attach.name[0] = 'x';
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_ATTACH, &attach), -ENXIO);
	attach.name[0] = FH_NAME[0];
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_ATTACH, &attach), 0);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_ATTACH, &attach), -EBUSY);
	KUNIT_EXPECT_EQ(test, it_ioctl(&g, VMBUS_PARTITION_ATTACH, &attach), 0);

	it->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_POST_MESSAGE, &post), 0);
	KUNIT_EXPECT_EQ(test, post.status, HV_STATUS_INSUFFICIENT_BUFFERS);
	KUNIT_EXPECT_EQ(test, it->msg.size, 3);
	KUNIT_EXPECT_EQ(test, it->msg.vtl, VPART_VTL_GUEST);
	KUNIT_EXPECT_MEMEQ(test, it->msg.payload, "xyz", 3);
	KUNIT_EXPECT_EQ(test, it_ioctl(&g, VMBUS_PARTITION_SIGNAL_EVENT, &signal), 0);
	KUNIT_EXPECT_EQ(test, signal.status, HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, it->flag, 8);

	fh_send_busy(it->fh, 1, 2);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_DELIVERABLE, &ready), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&it->fh->deliverable[2]), 1);
	ready.flags = 1;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_DELIVERABLE, &ready), -EINVAL);
	ready.flags = 0;
	ready.reserved = 1;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_DELIVERABLE, &ready), -EINVAL);
	ready.reserved = 0;
	ready.vp = VMBUS_PARTITION_MAX_VPS;
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_DELIVERABLE, &ready), -EINVAL);

	/* So is an access that is nobody's. */
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_MMIO, &mmio), 0);
	KUNIT_EXPECT_EQ(test, mmio.value, U32_MAX);
	KUNIT_EXPECT_EQ(test, it_ioctl(&g, VMBUS_PARTITION_MMIO, &mmio), -EOPNOTSUPP);

	/* What the hypervisor does is not the monitor's. */
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_MSIS, &msis), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_NEXT_MSI, &msi), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_MSI_ROUTED, &msi), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_RETARGET, &retarget), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_MEM_TABLE, &table), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_VP, &vp), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_SYNIC, &synic), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, it_ioctl(&f, VMBUS_PARTITION_SET_KICKS, &kicks), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, f.file->f_op->read(f.file, (void __user *)f.arg, PAGE_SIZE, NULL),
			-EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, f.file->f_op->poll(f.file, NULL) == EPOLLERR);
	KUNIT_EXPECT_EQ(test, atomic_read(&it->fh->resets), 0);
	KUNIT_EXPECT_EQ(test, f.file->f_op->unlocked_ioctl(f.file, VMBUS_PARTITION_RESET, 0), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&it->fh->resets), 1);

	/* The guest stays when a file goes. */
	kunit_release_action(test, it_file_close, f.file);
	KUNIT_EXPECT_EQ(test, atomic_read(&it->fh->resets), 1);
	KUNIT_EXPECT_TRUE(test, vpart_backend_direct(it->fh->part));
	KUNIT_EXPECT_EQ(test, it_ioctl(&g, VMBUS_PARTITION_SIGNAL_EVENT, &signal), 0);
	KUNIT_EXPECT_EQ(test, it->signals, 2);
}

static struct kunit_case intercept_cases[] = {
	KUNIT_CASE(intercept_post_test),
	KUNIT_CASE(intercept_bad_post_test),
	KUNIT_CASE(intercept_signal_test),
	KUNIT_CASE(intercept_other_test),
	KUNIT_CASE(intercept_deliverable_test),
	KUNIT_CASE(forward_test),
	{}
};

static struct kunit_suite intercept_suite = {
	.name = "vmbus_intercepts",
	.test_cases = intercept_cases,
};

kunit_test_suite(intercept_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the intercepts of VTL2");
MODULE_LICENSE("GPL");
