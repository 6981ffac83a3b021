// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI tables: the CPUs, the VMBus device, the serial port, NUMA nodes, and how to
 * power off and reset.  "Hardware-reduced" ACPI needs the fewest registers.
 */
#include <assert.h>
#include <string.h>
#include "vtl0.h"

#define LAPIC_ADDRESS		0xfee00000
#define IOAPIC_ADDRESS		0xfec00000

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;		/* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __packed;

struct acpi_xsdt {
	struct acpi_header header;
	uint64_t tables[3];
} __packed;

struct acpi_gas {
	uint8_t space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
} __packed;

#define ACPI_SPACE_IO		1
#define ACPI_ACCESS_BYTE	1

struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t fixed_hardware[65];	/* none: hardware-reduced */
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_gas reset;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_revision;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct acpi_gas x_fixed_hardware[8];
	struct acpi_gas sleep_control;
	struct acpi_gas sleep_status;
	uint64_t hypervisor;
} __packed;

#define FADT_BOOT_NO_VGA	BIT(2)
#define FADT_BOOT_NO_CMOS_RTC	BIT(5)
#define FADT_WBINVD		BIT(0)
#define FADT_RESET_REGISTER	BIT(10)
#define FADT_HW_REDUCED		BIT(20)

struct acpi_lapic {
	uint8_t type;
	uint8_t length;
	uint8_t processor;
	uint8_t apic_id;
	uint32_t flags;
} __packed;

#define MADT_TYPE_LAPIC		0
#define MADT_LAPIC_ENABLED	BIT(0)

struct acpi_ioapic {
	uint8_t type;
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __packed;

#define MADT_TYPE_IOAPIC	1

struct acpi_madt {
	struct acpi_header header;
	uint32_t lapic_address;
	uint32_t flags;
	struct acpi_ioapic ioapic;
	struct acpi_lapic lapics[VTL0_MAX_VCPUS];
} __packed;

struct acpi_srat_memory {
	uint8_t type;
	uint8_t length;
	uint32_t domain;
	uint16_t reserved;
	uint64_t base;
	uint64_t size;
	uint32_t reserved2;
	uint32_t flags;
	uint64_t reserved3;
} __packed;

#define SRAT_TYPE_MEMORY	1
#define SRAT_MEMORY_ENABLED	BIT(0)

struct acpi_srat_cpu {
	uint8_t type;
	uint8_t length;
	uint8_t domain;
	uint8_t apic_id;
	uint32_t flags;
	uint8_t sapic_eid;
	uint8_t domain_high[3];
	uint32_t clock_domain;
} __packed;

#define SRAT_TYPE_CPU		0
#define SRAT_CPU_ENABLED	BIT(0)

struct acpi_srat {
	struct acpi_header header;
	uint32_t table_revision;
	uint64_t reserved;
	struct acpi_srat_memory memory[3];
	struct acpi_srat_cpu cpus[VTL0_MAX_VCPUS];
} __packed;

static_assert(sizeof(struct acpi_srat_memory) == 40, "memory of an SRAT");
static_assert(sizeof(struct acpi_srat_cpu) == 16, "CPU of an SRAT");
static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");
static_assert(sizeof(struct acpi_fadt) == 276, "FADT of ACPI 6");
static_assert(offsetof(struct acpi_fadt, flags) == 112, "FADT flags");
static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "FADT sleep control");

/*
 * DefinitionBlock ("", "DSDT", 2, "VTL0", "VTL0", 1)
 * {
 *	Name (_S5, Package () { 5 })
 *	Scope (_SB)
 *	{
 *		Device (VMBS)
 *		{
 *			Name (_HID, "VMBus")
 *			Name (_UID, Zero)
 *			Name (_STA, 0x0F)
 *		}
 *		Device (COM1)
 *		{
 *			Name (_HID, EisaId ("PNP0501"))
 *			Name (_UID, One)
 *			Name (_CRS, ResourceTemplate ()
 *			{
 *				IO (Decode16, 0x03F8, 0x03F8, 1, 8)
 *				IRQNoFlags () { 4 }
 *			})
 *		}
 *	}
 * }
 */
static const uint8_t plain_aml[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x01, 0x0a, ACPI_S5_TYPE,
	0x10, 0x43, 0x05, '_', 'S', 'B', '_',
		0x5b, 0x82, 0x1e, 'V', 'M', 'B', 'S',
			0x08, '_', 'H', 'I', 'D', 0x0d, 'V', 'M', 'B', 'u', 's', 0x00,
			0x08, '_', 'U', 'I', 'D', 0x00,
			0x08, '_', 'S', 'T', 'A', 0x0a, 0x0f,
};

/* Follows either */
static const uint8_t com1_aml[] = {
		0x5b, 0x82, 0x2b, 'C', 'O', 'M', '1',
			0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x05, 0x01,
			0x08, '_', 'U', 'I', 'D', 0x01,
			0x08, '_', 'C', 'R', 'S', 0x11, 0x10, 0x0a, 0x0d,
				0x47, 0x01, SERIAL_PORT & 0xff, SERIAL_PORT >> 8,
				SERIAL_PORT & 0xff, SERIAL_PORT >> 8, 0x01, SERIAL_PORTS,
				0x22, 1 << GSI_SERIAL, 0x00,
				0x79, 0x00,
};

/* Resource descriptors: DWordMemory and QWordMemory */
struct acpi_window32 {
	uint8_t tag;
	uint16_t length;
	uint8_t type;
	uint8_t flags;
	uint8_t memory_flags;
	uint32_t granularity;
	uint32_t first;
	uint32_t last;
	uint32_t translation;
	uint32_t size;
} __packed;

struct acpi_window64 {
	uint8_t tag;
	uint16_t length;
	uint8_t type;
	uint8_t flags;
	uint8_t memory_flags;
	uint64_t granularity;
	uint64_t first;
	uint64_t last;
	uint64_t translation;
	uint64_t size;
} __packed;

#define ACPI_TAG_WINDOW32	0x87
#define ACPI_TAG_WINDOW64	0x8a
#define ACPI_WINDOW_LENGTH(w)	(sizeof(w) - 3)
#define ACPI_WINDOW_FIXED	0x0c		/* both ends, and all between is passed on */
#define ACPI_WINDOW_WRITABLE	0x01		/* and not to be cached */

/*
 * With address space for devices of the VMBus, where Hyper-V has it.  Linux looks for
 * it only if the VMBus device has resources itself, which may be none.
 *
 *	Device (VMOD)
 *	{
 *		Name (_HID, "ACPI0004")
 *		Name (_UID, Zero)
 *		Name (_CRS, ResourceTemplate ()
 *		{
 *			DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
 *				NonCacheable, ReadWrite, 0, MMIO_LOW,
 *				MMIO_LOW + MMIO_LOW_SIZE - 1, 0, MMIO_LOW_SIZE)
 *			QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
 *				NonCacheable, ReadWrite, 0, MMIO_HIGH,
 *				MMIO_HIGH + MMIO_HIGH_SIZE - 1, 0, MMIO_HIGH_SIZE)
 *		})
 *		Device (VMBS)
 *		{
 *			(as above)
 *			Name (_CRS, ResourceTemplate () {})
 *		}
 *	}
 */
static const struct {
	uint8_t head[56];
	struct acpi_window32 low;
	struct acpi_window64 high;
	uint8_t tail[45];
} __packed vpci_aml = {
	.head = {
		0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x01, 0x0a, ACPI_S5_TYPE,
		0x10, 0x4f, 0x0c, '_', 'S', 'B', '_',
			0x5b, 0x82, 0x4a, 0x09, 'V', 'M', 'O', 'D',
				0x08, '_', 'H', 'I', 'D', 0x0d,
					'A', 'C', 'P', 'I', '0', '0', '0', '4', 0x00,
				0x08, '_', 'U', 'I', 'D', 0x00,
				0x08, '_', 'C', 'R', 'S', 0x11, 0x4e, 0x04, 0x0a, 0x4a,
	},
	.low = {
		.tag = ACPI_TAG_WINDOW32,
		.length = ACPI_WINDOW_LENGTH(struct acpi_window32),
		.flags = ACPI_WINDOW_FIXED,
		.memory_flags = ACPI_WINDOW_WRITABLE,
		.first = MMIO_LOW,
		.last = MMIO_LOW + MMIO_LOW_SIZE - 1,
		.size = MMIO_LOW_SIZE,
	},
	.high = {
		.tag = ACPI_TAG_WINDOW64,
		.length = ACPI_WINDOW_LENGTH(struct acpi_window64),
		.flags = ACPI_WINDOW_FIXED,
		.memory_flags = ACPI_WINDOW_WRITABLE,
		.first = MMIO_HIGH,
		.last = MMIO_HIGH + MMIO_HIGH_SIZE - 1,
		.size = MMIO_HIGH_SIZE,
	},
	.tail = {
					0x79, 0x00,
				0x5b, 0x82, 0x29, 'V', 'M', 'B', 'S',
					0x08, '_', 'H', 'I', 'D', 0x0d,
						'V', 'M', 'B', 'u', 's', 0x00,
					0x08, '_', 'U', 'I', 'D', 0x00,
					0x08, '_', 'S', 'T', 'A', 0x0a, 0x0f,
					0x08, '_', 'C', 'R', 'S',
						0x11, 0x05, 0x0a, 0x02, 0x79, 0x00,
	},
};

/* All tables, in this order; the RSDP must be first. */
struct acpi_tables {
	struct acpi_rsdp rsdp;
	uint8_t pad[28];
	struct acpi_xsdt xsdt;
	uint8_t pad2[4];
	struct acpi_fadt fadt;
	uint8_t pad3[12];
	struct acpi_madt madt;
	uint8_t pad4[8];
	struct acpi_srat srat;
	uint8_t pad5[8];
	struct {
		struct acpi_header header;
		uint8_t aml[sizeof(vpci_aml) + sizeof(com1_aml)];
	} __packed dsdt;
} __packed;

static_assert(sizeof(struct acpi_tables) <= ACPI_TABLES_SIZE, "room for the tables");
static_assert(sizeof(plain_aml) <= sizeof(vpci_aml), "room for either DSDT");

static uint8_t checksum(const void *table, size_t size)
{
	const uint8_t *bytes = table;
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return -sum;
}

static void finish(struct acpi_header *h, const char *signature, uint8_t revision,
		   size_t length)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = length;
	h->revision = revision;
	memcpy(h->oem_id, "VTL0  ", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "VTL0    ", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "VTL0", sizeof(h->creator_id));
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, length);
}

static struct acpi_gas io_byte(uint16_t port)
{
	return (struct acpi_gas) {
		.space = ACPI_SPACE_IO,
		.bit_width = 8,
		.access_size = ACPI_ACCESS_BYTE,
		.address = port,
	};
}

static void build_fadt(struct acpi_fadt *fadt, uint64_t dsdt)
{
	fadt->dsdt = dsdt;
	fadt->x_dsdt = dsdt;
	fadt->boot_flags = FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC;
	fadt->flags = FADT_WBINVD | FADT_RESET_REGISTER | FADT_HW_REDUCED;
	fadt->reset = io_byte(ACPI_RESET);
	fadt->reset_value = ACPI_RESET_VALUE;
	fadt->sleep_control = io_byte(ACPI_SLEEP_CONTROL);
	fadt->sleep_status = io_byte(ACPI_SLEEP_STATUS);
	finish(&fadt->header, "FACP", 6, sizeof(*fadt));
}

static void build_madt(struct acpi_madt *madt, unsigned int cpus)
{
	unsigned int i;

	madt->lapic_address = LAPIC_ADDRESS;
	madt->ioapic = (struct acpi_ioapic) {
		.type = MADT_TYPE_IOAPIC,
		.length = sizeof(madt->ioapic),
		.address = IOAPIC_ADDRESS,
	};
	for (i = 0; i < cpus; i++) {
		madt->lapics[i] = (struct acpi_lapic) {
			.type = MADT_TYPE_LAPIC,
			.length = sizeof(madt->lapics[i]),
			.processor = i,
			.apic_id = i,
			.flags = MADT_LAPIC_ENABLED,
		};
	}
	finish(&madt->header, "APIC", 3, offsetof(struct acpi_madt, lapics[cpus]));
}

static struct acpi_srat_memory node_memory(uint32_t node, uint64_t base, uint64_t size)
{
	return (struct acpi_srat_memory) {
		.type = SRAT_TYPE_MEMORY,
		.length = sizeof(struct acpi_srat_memory),
		.domain = node,
		.base = base,
		.size = size,
		.flags = size ? SRAT_MEMORY_ENABLED : 0,
	};
}

/*
 * All CPUs are in node 0: Linux warns of CPUs that share a cache and not a node.  Node 1 is
 * memory alone.
 */
static void build_srat(struct acpi_srat *srat, unsigned int cpus, const struct memory *mem)
{
	uint64_t near = mem->low / 2 / NUMA_ALIGN * NUMA_ALIGN;
	unsigned int i;

	srat->table_revision = 1;
	srat->memory[0] = node_memory(0, 0, near);
	srat->memory[1] = node_memory(1, near, mem->low - near);
	srat->memory[2] = node_memory(1, MEMORY_HIGH, mem->high);
	for (i = 0; i < cpus; i++) {
		srat->cpus[i] = (struct acpi_srat_cpu) {
			.type = SRAT_TYPE_CPU,
			.length = sizeof(srat->cpus[i]),
			.apic_id = i,
			.flags = SRAT_CPU_ENABLED,
		};
	}
	finish(&srat->header, "SRAT", 3, offsetof(struct acpi_srat, cpus[cpus]));
}

static void build_rsdp(struct acpi_rsdp *rsdp, uint64_t xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "VTL0  ", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	rsdp->checksum = checksum(rsdp, offsetof(struct acpi_rsdp, length));
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

static void build_dsdt(struct acpi_tables *t, const void *aml, size_t size)
{
	memcpy(t->dsdt.aml, aml, size);
	memcpy(t->dsdt.aml + size, com1_aml, sizeof(com1_aml));
	finish(&t->dsdt.header, "DSDT", 2, sizeof(t->dsdt.header) + size + sizeof(com1_aml));
}

/**
 * acpi_build - write the tables
 * @at: where to, ACPI_TABLES_SIZE bytes
 * @gpa: guest physical address of @at, that of the RSDP then
 * @cpus: number of vCPUs
 * @vpci: the guest has address space for devices of its VMBus
 * @mem: the guest's memory, if it is to be in two NUMA nodes; else NULL
 */
void acpi_build(uint8_t *at, uint64_t gpa, unsigned int cpus, bool vpci,
		const struct memory *mem)
{
	struct acpi_tables *t = (struct acpi_tables *)at;
	unsigned int tables = 2;

	memset(at, 0, ACPI_TABLES_SIZE);
	if (vpci)
		build_dsdt(t, &vpci_aml, sizeof(vpci_aml));
	else
		build_dsdt(t, plain_aml, sizeof(plain_aml));
	build_fadt(&t->fadt, gpa + offsetof(struct acpi_tables, dsdt));
	build_madt(&t->madt, cpus);
	t->xsdt.tables[0] = gpa + offsetof(struct acpi_tables, fadt);
	t->xsdt.tables[1] = gpa + offsetof(struct acpi_tables, madt);
	if (mem) {
		build_srat(&t->srat, cpus, mem);
		t->xsdt.tables[tables++] = gpa + offsetof(struct acpi_tables, srat);
	}
	finish(&t->xsdt.header, "XSDT", 1, offsetof(struct acpi_xsdt, tables[tables]));
	build_rsdp(&t->rsdp, gpa + offsetof(struct acpi_tables, xsdt));
}
