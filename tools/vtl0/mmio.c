// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses that are no memory: devices of the VMBus, or nobody.
 */
#include <string.h>
#include "vtl0.h"

/* The largest piece that the partition takes: 1, 2, 4 or 8 bytes, and aligned. */
static unsigned int piece(uint64_t gpa, unsigned int size)
{
	unsigned int n = 8;

	while (n > size || gpa % n)
		n /= 2;
	return n;
}

/**
 * mmio_access - the guest accesses an address that is no memory
 * @p: partition with MMIO
 * @gpa: guest physical address
 * @data: what is written, or gets what is read
 * @size: bytes of @data
 * @write: whether it writes
 *
 * Context: thread of the vCPU.
 */
void mmio_access(struct partition *p, uint64_t gpa, uint8_t *data, unsigned int size,
		 bool write)
{
	struct vmbus_partition_mmio arg;
	unsigned int n;

	for (; size; size -= n, gpa += n, data += n) {
		n = piece(gpa, size);
		arg = (struct vmbus_partition_mmio) {
			.gpa = gpa,
			.size = n,
			.flags = write ? VMBUS_PARTITION_MMIO_WRITE : 0,
		};
		if (write)
			memcpy(&arg.value, data, n);
		partition_mmio(p, &arg);
		if (!write)
			memcpy(data, &arg.value, n);
	}
}
