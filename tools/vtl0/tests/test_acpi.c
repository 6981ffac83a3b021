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
 * @com1: there is a serial port with the right resources
 */
struct aml {
	int s5;
	bool vmbus;
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

static void aml_name(struct aml *aml, const char *path, const uint8_t *name,
		     const uint8_t *p, const uint8_t *end)
{
	static const uint8_t com1_crs[] = {
		0x11, 16, 0x0a, 13,
		0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,
		0x22, 0x10, 0x00, 0x79, 0x00,
	};

	if (!memcmp(name, "_S5_", 4) && !*path && end - p >= 5 && p[2] == 1 && p[3] == 0x0a)
		aml->s5 = p[4];
	if (!memcmp(name, "_HID", 4) && !strcmp(path, "_SB_VMBS"))
		aml->vmbus = is_string(p, end, "\x0dVMBus", 7);
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

static void test_dsdt(uint64_t gpa)
{
	const uint8_t *dsdt = table(gpa, "DSDT");
	struct aml aml = { .s5 = -1 };

	ok(dsdt[8] >= 2, "acpi: 64-bit AML");
	ok(aml_terms(&aml, "", dsdt + 36, dsdt + get32(dsdt + 4)), "acpi: AML is well formed");
	ok(aml.vmbus, "acpi: the VMBus device");
	ok(aml.com1, "acpi: the serial port, at 0x3f8 and IRQ 4");
	ok(aml.s5 == ACPI_S5_TYPE, "acpi: S5");
}

static void test_fadt(uint64_t gpa)
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
	test_dsdt(get64(fadt + 140));
}

static void test_tables(unsigned int cpus)
{
	const uint8_t *xsdt;

	memset(area, 0xa5, sizeof(area));
	acpi_build(area, AREA_GPA, cpus);
	ok(!memcmp(area, "RSD PTR ", 8) && area[15] == 2 && get32(area + 20) == 36,
	   "acpi: RSDP for %u CPUs", cpus);
	ok(!sum(area, 20) && !sum(area, 36), "acpi: its checksums");
	xsdt = table(get64(area + 24), "XSDT");
	ok(get32(xsdt + 4) == 36 + 2 * 8, "acpi: two tables");
	test_fadt(get64(xsdt + 36));
	test_madt(get64(xsdt + 44), cpus);
}

void test_acpi(void)
{
	test_tables(1);
	test_tables(2);
	test_tables(8);
}
