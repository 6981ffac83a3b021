// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the tables as the ACPI specification describes them, by offsets.
 */
#include <string.h>
#include "test.h"

#define AREA_GPA	0xe0000
#define IO_SPACE	1

static uint8_t area[ACPI_TABLES_SIZE];

static uint8_t sum(const uint8_t *p, size_t size)
{
	uint8_t s = 0;

	while (size--)
		s += *p++;
	return s;
}

/* What @gpa points to if @size bytes are there, else zeros. */
static const uint8_t *at(uint64_t gpa, uint64_t size)
{
	static const uint8_t nothing[512];
	bool good = gpa >= AREA_GPA && gpa - AREA_GPA <= sizeof(area) &&
		    size <= sizeof(area) - (gpa - AREA_GPA);

	ok(good, "acpi: pointer %#llx", (unsigned long long)gpa);
	return good ? area + (gpa - AREA_GPA) : nothing;
}

static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *t = at(gpa, 36);
	uint32_t length = get32(t + 4);

	ok(!memcmp(t, signature, 4), "acpi: %s", signature);
	t = at(gpa, length);
	ok(length >= 36 && !sum(t, length), "acpi: checksum of %u bytes", length);
	return t;
}

static bool is_io_byte(const uint8_t *gas, uint16_t port)
{
	return gas[0] == IO_SPACE && gas[1] == 8 && gas[2] == 0 && gas[3] == 1 &&
	       get64(gas + 4) == port;
}

static void test_madt(uint64_t gpa, unsigned int cpus)
{
	const uint8_t *madt = table(gpa, "APIC");
	const uint8_t *p = madt + 44, *end = madt + get32(madt + 4);
	unsigned int lapics = 0, ioapics = 0, bad = 0;

	ok(get32(madt + 36) == 0xfee00000, "acpi: address of the local APICs");
	for (; end - p >= 8 && p[1] >= 8 && p[1] <= end - p; p += p[1]) {
		switch (p[0]) {
		case 0:
			if (p[1] != 8 || p[2] != lapics || p[3] != lapics || get32(p + 4) != 1)
				bad++;
			lapics++;
			break;
		case 1:
			if (p[1] != 12 || get32(p + 4) != 0xfec00000 || get32(p + 8))
				bad++;
			ioapics++;
			break;
		default:
			bad++;
		}
	}
	ok(p == end, "acpi: entries fill the MADT");
	ok(lapics == cpus, "acpi: %u CPUs", cpus);
	ok(ioapics == 1, "acpi: one IOAPIC");
	ok(!bad, "acpi: no bad entry");
}

/* ---- AML: names, packages, buffers, scopes and devices --------------------------------- */

/**
 * struct aml - what was found
 * @s5: sleep type of S5
 * @vmbus: there is a device \_SB.VMBS with that hardware id
 * @module: there is a device \_SB.VMOD
 * @vpci_vmbus: the VMBus device is in it, and
 * @vpci_crs: has resources, which are none
 * @low: those of \_SB.VMOD, below 4 GiB, as a descriptor
 * @high: and above
 * @com1: there is a serial port with the right resources
 */
struct aml {
	int s5;
	bool vmbus;
	bool module;
	bool vpci_vmbus;
	bool vpci_crs;
	const uint8_t *low;
	const uint8_t *high;
	bool com1;
};

/* End of the package whose length is at *@p, which goes behind it; NULL if bad. */
static const uint8_t *aml_package(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *start = *p;
	unsigned int more, i;
	uint32_t length;

	if (start == end)
		return NULL;
	more = start[0] >> 6;
	if (more >= end - start)
		return NULL;
	length = more ? start[0] & 0xf : start[0] & 0x3f;
	for (i = 0; i < more; i++)
		length |= start[1 + i] << (4 + 8 * i);
	*p += 1 + more;
	return length >= 1 + more && length <= end - start ? start + length : NULL;
}

/* Behind the data object at @p; NULL if bad. */
static const uint8_t *aml_data(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q;

	if (p == end)
		return NULL;
	switch (*p++) {
	case 0x00:
	case 0x01:
		return p;
	case 0x0a:
		return end - p >= 1 ? p + 1 : NULL;
	case 0x0c:
		return end - p >= 4 ? p + 4 : NULL;
	case 0x0d:
		q = memchr(p, 0, end - p);
		return q ? q + 1 : NULL;
	case 0x11:
	case 0x12:
		return aml_package(&p, end);
	}
	return NULL;
}

static bool is_string(const uint8_t *p, const uint8_t *end, const void *what, size_t size)
{
	return (size_t)(end - p) == size && !memcmp(p, what, size);
}

/* A buffer, with its size in two bytes and the number of bytes in it in one */
static void aml_windows(struct aml *aml, const uint8_t *p, const uint8_t *end)
{
	if (end - p < 5 || p[3] != 0x0a || p[4] != end - p - 5)
		return;
	for (p += 5; end - p >= 3 && *p & 0x80 && get16(p + 1) + 3 <= end - p;
	     p += get16(p + 1) + 3) {
		if (p[0] == 0x87 && get16(p + 1) == 23)
			aml->low = p;
		else if (p[0] == 0x8a && get16(p + 1) == 43)
			aml->high = p;
	}
	/* Nothing but the end tag may follow. */
	if (end - p != 2 || p[0] != 0x79)
		aml->low = NULL;
}

static void aml_name(struct aml *aml, const char *path, const uint8_t *name,
		     const uint8_t *p, const uint8_t *end)
{
	static const uint8_t com1_crs[] = {
		0x11, 16, 0x0a, 13,
		0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,
		0x22, 0x10, 0x00, 0x79, 0x00,
	};
	static const char module_id[] = { 0x0d, 'A', 'C', 'P', 'I', '0', '0', '0', '4', 0 };

	if (!memcmp(name, "_S5_", 4) && !*path && end - p >= 5 && p[2] == 1 && p[3] == 0x0a)
		aml->s5 = p[4];
	if (!memcmp(name, "_HID", 4) && !strcmp(path, "_SB_VMBS"))
		aml->vmbus = is_string(p, end, "\x0dVMBus", 7);
	if (!memcmp(name, "_HID", 4) && !strcmp(path, "_SB_VMODVMBS"))
		aml->vpci_vmbus = is_string(p, end, "\x0dVMBus", 7);
	if (!memcmp(name, "_CRS", 4) && !strcmp(path, "_SB_VMODVMBS"))
		aml->vpci_crs = is_string(p, end, "\x11\x05\x0a\x02\x79", 6);
	if (!memcmp(name, "_HID", 4) && !strcmp(path, "_SB_VMOD"))
		aml->module = is_string(p, end, module_id, sizeof(module_id));
	if (!memcmp(name, "_CRS", 4) && !strcmp(path, "_SB_VMOD"))
		aml_windows(aml, p, end);
	if (!memcmp(name, "_CRS", 4) && !strcmp(path, "_SB_COM1"))
		aml->com1 = is_string(p, end, com1_crs, sizeof(com1_crs));
}

static bool aml_terms(struct aml *aml, const char *path, const uint8_t *p, const uint8_t *end);

static bool aml_scope(struct aml *aml, const char *path, const uint8_t *p, const uint8_t *end)
{
	char inner[32];
	size_t len = strlen(path);

	if (end - p < 4 || len + 5 > sizeof(inner))
		return false;
	memcpy(inner, path, len);
	memcpy(inner + len, p, 4);
	inner[len + 4] = 0;
	return aml_terms(aml, inner, p + 4, end);
}

/* Whether the terms fill the space up to @end exactly */
static bool aml_terms(struct aml *aml, const char *path, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *next;

	for (; p < end; p = next) {
		if (*p == 0x08 && end - p > 5) {
			next = aml_data(p + 5, end);
			if (next)
				aml_name(aml, path, p + 1, p + 5, next);
		} else if (*p == 0x10 || (end - p > 1 && p[0] == 0x5b && p[1] == 0x82)) {
			p += *p == 0x10 ? 1 : 2;
			next = aml_package(&p, end);
			if (next && !aml_scope(aml, path, p, next))
				return false;
		} else {
			return false;
		}
		if (!next)
			return false;
	}
	return p == end;
}

/* Memory, of a producer, with fixed ends, to be written and not to be cached */
static bool is_window(const uint8_t *p)
{
	return p && p[3] == 0 && p[4] == 0x0c && p[5] == 1;
}

static void test_windows(const struct aml *aml)
{
	const uint8_t *low = aml->low, *high = aml->high;

	ok(aml->module && aml->vpci_vmbus && !aml->vmbus, "acpi: the VMBus device in a module");
	ok(aml->vpci_crs, "acpi: it has resources itself");
	ok(is_window(low), "acpi: a window below 4 GiB");
	ok(is_window(high), "acpi: a window above");
	if (!low || !high)
		return;
	ok(!get32(low + 6) && !get32(low + 18) && get32(low + 10) == MMIO_LOW &&
	   get32(low + 14) - get32(low + 10) + 1 == get32(low + 22), "acpi: the low one");
	ok(get32(low + 10) >= MEMORY_LOW_MAX && get32(low + 14) < 0xfec00000,
	   "acpi: neither memory nor the IOAPIC");
	ok(!get64(high + 6) && !get64(high + 30) && get64(high + 14) == MMIO_HIGH &&
	   get64(high + 22) - get64(high + 14) + 1 == get64(high + 38), "acpi: the high one");
	ok(get64(high + 14) >= MEMORY_HIGH + MEMORY_MAX_MIB * MIB - MEMORY_LOW_MAX &&
	   get64(high + 22) < 1ULL << 36, "acpi: no memory, and an address of any CPU");
}

static void test_dsdt(uint64_t gpa, bool vpci)
{
	const uint8_t *dsdt = table(gpa, "DSDT");
	struct aml aml = { .s5 = -1 };

	ok(dsdt[8] >= 2, "acpi: 64-bit AML");
	ok(aml_terms(&aml, "", dsdt + 36, dsdt + get32(dsdt + 4)), "acpi: AML is well formed");
	if (vpci)
		test_windows(&aml);
	else
		ok(aml.vmbus && !aml.module, "acpi: the VMBus device");
	ok(aml.com1, "acpi: the serial port, at 0x3f8 and IRQ 4");
	ok(aml.s5 == ACPI_S5_TYPE, "acpi: S5");
}

static void test_fadt(uint64_t gpa, bool vpci)
{
	const uint8_t *fadt = table(gpa, "FACP");

	ok(get32(fadt + 4) == 276, "acpi: size of the FADT");
	ok(get32(fadt + 112) & 1 << 20, "acpi: hardware-reduced");
	ok(get32(fadt + 112) & 1 << 10, "acpi: a reset register is supported");
	ok(is_io_byte(fadt + 116, ACPI_RESET) && fadt[128] == ACPI_RESET_VALUE,
	   "acpi: reset register");
	ok(is_io_byte(fadt + 244, ACPI_SLEEP_CONTROL), "acpi: sleep control");
	ok(is_io_byte(fadt + 256, ACPI_SLEEP_STATUS), "acpi: sleep status");
	ok(!(get16(fadt + 109) & 1 << 1), "acpi: no keyboard controller");
	ok(get32(fadt + 40) == get64(fadt + 140), "acpi: both pointers to the DSDT");
	test_dsdt(get64(fadt + 140), vpci);
}

/* Memory of this node, from @base on, @size bytes; that which is off has none. */
static bool is_memory(const uint8_t *p, uint32_t node, uint64_t base, uint64_t size)
{
	return p[0] == 1 && p[1] == 40 && get32(p + 2) == node && get64(p + 8) == base &&
	       get64(p + 16) == size && get32(p + 28) == !!size;
}

static void test_srat(uint64_t gpa, unsigned int cpus, const struct memory *mem, uint64_t near)
{
	const uint8_t *srat = table(gpa, "SRAT");
	const uint8_t *p = srat + 48;
	unsigned int i, bad = 0;

	ok(get32(srat + 4) == 48 + 3 * 40 + 16 * cpus, "acpi: size of the SRAT");
	ok(get32(srat + 36) == 1, "acpi: its revision");
	ok(near && !(near % NUMA_ALIGN), "acpi: where nodes may meet");
	ok(is_memory(p, 0, 0, near), "acpi: memory of node 0");
	ok(is_memory(p + 40, 1, near, mem->low - near), "acpi: memory of node 1");
	ok(is_memory(p + 80, 1, MEMORY_HIGH, mem->high), "acpi: and above 4 GiB");
	for (i = 0, p += 120; i < cpus; i++, p += 16)
		if (p[0] || p[1] != 16 || p[2] || p[3] != i || get32(p + 4) != 1 ||
		    get32(p + 8) || get32(p + 12))
			bad++;
	ok(!bad, "acpi: %u CPUs in node 0", cpus);
}

static void test_nodes(unsigned int cpus, uint64_t low, uint64_t high, uint64_t near)
{
	const struct memory mem = { .low = low, .high = high };
	const uint8_t *xsdt;

	memset(area, 0xa5, sizeof(area));
	acpi_build(area, AREA_GPA, cpus, true, &mem);
	xsdt = table(get64(area + 24), "XSDT");
	ok(get32(xsdt + 4) == 36 + 3 * 8, "acpi: three tables");
	test_fadt(get64(xsdt + 36), true);
	test_madt(get64(xsdt + 44), cpus);
	test_srat(get64(xsdt + 52), cpus, &mem, near);
}

static void test_tables(unsigned int cpus, bool vpci)
{
	const uint8_t *xsdt;

	memset(area, 0xa5, sizeof(area));
	acpi_build(area, AREA_GPA, cpus, vpci, NULL);
	ok(!memcmp(area, "RSD PTR ", 8) && area[15] == 2 && get32(area + 20) == 36,
	   "acpi: RSDP for %u CPUs", cpus);
	ok(!sum(area, 20) && !sum(area, 36), "acpi: its checksums");
	xsdt = table(get64(area + 24), "XSDT");
	ok(get32(xsdt + 4) == 36 + 2 * 8, "acpi: two tables");
	test_fadt(get64(xsdt + 36), vpci);
	test_madt(get64(xsdt + 44), cpus);
}

void test_acpi(void)
{
	test_tables(1, false);
	test_tables(2, true);
	test_tables(8, false);
	test_tables(8, true);
	test_nodes(1, 256 * MIB, 0, 128 * MIB);
	test_nodes(2, 384 * MIB, 0, 128 * MIB);
	test_nodes(4, 511 * MIB, 0, 128 * MIB);
	test_nodes(8, MEMORY_LOW_MAX, GIB, MEMORY_LOW_MAX / 2);
}
