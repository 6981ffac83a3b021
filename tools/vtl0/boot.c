// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux's 64-bit boot protocol (Documentation/arch/x86/boot.rst): puts kernel,
 * initramfs, command line and boot parameters in guest memory, and what the
 * first CPU needs to be in 64-bit mode.
 */
#include <asm/bootparam.h>
#include <stdio.h>
#include <string.h>
#include "vtl0.h"

#define SETUP_HEADER		offsetof(struct boot_params, hdr)
#define SETUP_JUMP_LENGTH	0x201
#define SETUP_JUMP_END		0x202
#define SETUP_SECTOR		512
#define SETUP_SECTORS_DEFAULT	4

#define BOOT_FLAG		0xaa55
#define BOOT_MAGIC		0x53726448	/* "HdrS" */
#define BOOT_VERSION_MIN	0x020c
#define BOOT_LOADER_UNKNOWN	0xff
#define BOOT_ENTRY_64		0x200

#define HIGH_MEMORY		MIB
#define PAGE			4096ULL
#define PAGE_2M			(2 * MIB)

#define E820_RAM		1
#define E820_RESERVED		2

/* Page table entries and segment descriptors */
#define PTE_TABLE		0x003		/* present, writable */
#define PTE_2M			0x083		/* the same, large */
#define GDT_CODE_64		0x00af9b000000ffffULL
#define GDT_DATA		0x00cf93000000ffffULL

/**
 * struct layout - where things go
 * @hdr: the kernel's setup header
 * @hdr_size: bytes of it that the kernel has
 * @payload: the kernel proper, in the file
 * @payload_size: bytes of it
 * @load: guest physical address of the kernel
 * @initrd: guest physical address of the initramfs
 */
struct layout {
	struct setup_header hdr;
	size_t hdr_size;
	const uint8_t *payload;
	uint64_t payload_size;
	uint64_t load;
	uint64_t initrd;
};

static const char *check_header(struct layout *l, const struct file *kernel)
{
	static char why[80];
	size_t end;

	if (kernel->size < SETUP_HEADER + sizeof(l->hdr))
		return "the kernel is too short";
	memcpy(&l->hdr, kernel->data + SETUP_HEADER, sizeof(l->hdr));
	if (l->hdr.boot_flag != BOOT_FLAG || l->hdr.header != BOOT_MAGIC)
		return "the kernel is not a bzImage";
	if (l->hdr.version < BOOT_VERSION_MIN) {
		snprintf(why, sizeof(why), "the kernel is too old: boot protocol %u.%u, not 2.12",
			 l->hdr.version >> 8, l->hdr.version & 0xff);
		return why;
	}
	if (!(l->hdr.xloadflags & XLF_KERNEL_64) || !(l->hdr.loadflags & LOADED_HIGH))
		return "the kernel has no 64-bit entry";

	end = SETUP_JUMP_END + kernel->data[SETUP_JUMP_LENGTH];
	l->hdr_size = end - SETUP_HEADER;
	if (l->hdr_size > sizeof(l->hdr))
		l->hdr_size = sizeof(l->hdr);
	return NULL;
}

static const char *place_kernel(struct layout *l, const struct file *kernel, uint64_t low)
{
	unsigned int sectors = l->hdr.setup_sects ?: SETUP_SECTORS_DEFAULT;
	size_t setup = (sectors + 1) * SETUP_SECTOR;
	uint64_t size = l->hdr.syssize * 16ULL;

	if (kernel->size < setup || kernel->size - setup < size)
		return "the kernel is cut off";
	l->payload = kernel->data + setup;
	l->payload_size = size;
	l->load = l->hdr.pref_address;
	if (size <= BOOT_ENTRY_64 || l->hdr.init_size < size || l->load < HIGH_MEMORY ||
	    l->load % PAGE)
		return "the kernel's header is bad";
	if (l->load > low || l->hdr.init_size > low - l->load)
		return "the kernel needs more memory";
	return NULL;
}

/* As high as the kernel allows, so that it is out of the kernel's way. */
static const char *place_initrd(struct layout *l, const struct file *initrd, uint64_t low)
{
	uint64_t bottom = l->load + l->hdr.init_size;
	uint64_t top = l->hdr.initrd_addr_max + 1ULL;

	if (!initrd->size)
		return NULL;
	if (top > low)
		top = low;
	if (bottom > top || initrd->size > top - bottom)
		return "the initrd needs more memory";
	l->initrd = (top - initrd->size) & ~(PAGE - 1);
	return l->initrd < bottom ? "the initrd needs more memory" : NULL;
}

static const char *check_append(const struct layout *l, const char *append)
{
	size_t size = strlen(append);

	if (size > l->hdr.cmdline_size || size >= BOOT_LOW_END - BOOT_CMDLINE)
		return "the kernel does not take so long a command line";
	return NULL;
}

static void add_e820(struct boot_params *params, uint64_t addr, uint64_t size, uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry) {
		.addr = addr,
		.size = size,
		.type = type,
	};
}

static void write_params(const struct memory *mem, const struct boot *boot,
			 const struct layout *l)
{
	struct boot_params *params = memory_at(mem, BOOT_PARAMS, sizeof(*params));

	memset(params, 0, sizeof(*params));
	memcpy(&params->hdr, &l->hdr, l->hdr_size);
	params->hdr.type_of_loader = BOOT_LOADER_UNKNOWN;
	params->hdr.cmd_line_ptr = BOOT_CMDLINE;
	params->hdr.ramdisk_image = l->initrd;
	params->hdr.ramdisk_size = boot->initrd.size;
	params->acpi_rsdp_addr = boot->rsdp;

	add_e820(params, 0, BOOT_LOW_END, E820_RAM);
	add_e820(params, ACPI_TABLES, HIGH_MEMORY - ACPI_TABLES, E820_RESERVED);
	add_e820(params, HIGH_MEMORY, mem->low - HIGH_MEMORY, E820_RAM);
	if (mem->high)
		add_e820(params, MEMORY_HIGH, mem->high, E820_RAM);
}

/* One to one for the first 4 GiB, with large pages: no memory below is beyond. */
static void write_page_tables(const struct memory *mem)
{
	uint64_t (*tables)[512] = memory_at(mem, BOOT_PAGE_TABLES, 6 * PAGE);
	uint64_t i;

	memset(tables, 0, 2 * PAGE);
	tables[0][0] = (BOOT_PAGE_TABLES + PAGE) | PTE_TABLE;
	for (i = 0; i < 4; i++)
		tables[1][i] = (BOOT_PAGE_TABLES + (2 + i) * PAGE) | PTE_TABLE;
	for (i = 0; i < 4 * 512; i++)
		tables[2 + i / 512][i % 512] = i * PAGE_2M | PTE_2M;
}

static void write_gdt(const struct memory *mem)
{
	uint64_t *gdt = memory_at(mem, BOOT_GDT, BOOT_GDT_SIZE);

	memset(gdt, 0, BOOT_GDT_SIZE);
	gdt[BOOT_CS / 8] = GDT_CODE_64;
	gdt[BOOT_DS / 8] = GDT_DATA;
}

/**
 * boot_load - put all that the guest boots from in its memory
 * @mem: guest memory, at least MEMORY_MIN_MIB
 * @boot: what to boot; @boot->rsdp must be valid already
 * @entry: guest physical address at which the first CPU starts
 *
 * The kernel goes where it wants to be, which is always right.  Memory that
 * nothing is put in keeps its contents.
 *
 * Context: one thread at a time.
 * Return: NULL, or what is wrong; then the guest's memory is untouched.
 */
const char *boot_load(const struct memory *mem, const struct boot *boot, uint64_t *entry)
{
	size_t append_size = strlen(boot->append) + 1;
	struct layout l = {};
	const char *why;

	why = check_header(&l, &boot->kernel);
	if (!why)
		why = place_kernel(&l, &boot->kernel, mem->low);
	if (!why)
		why = place_initrd(&l, &boot->initrd, mem->low);
	if (!why)
		why = check_append(&l, boot->append);
	if (why)
		return why;

	memcpy(memory_at(mem, l.load, l.payload_size), l.payload, l.payload_size);
	if (boot->initrd.size)
		memcpy(memory_at(mem, l.initrd, boot->initrd.size), boot->initrd.data,
		       boot->initrd.size);
	memcpy(memory_at(mem, BOOT_CMDLINE, append_size), boot->append, append_size);
	write_params(mem, boot, &l);
	write_page_tables(mem);
	write_gdt(mem);
	*entry = l.load + BOOT_ENTRY_64;
	return NULL;
}
