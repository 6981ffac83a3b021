// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of 64-bit x86 by which drivers access registers of a device: moves
 * between memory and a general register, or of a constant to memory.  The kernel's own
 * decoder is not there for modules.
 *
 * The bytes are the guest's.  Where in memory they point to is not asked: the hypervisor
 * has told it.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <kunit/visibility.h>
#include "hyperv.h"

#define VPART_INSN_MAX		15	/* bytes of an instruction */
#define VPART_INSN_RSP		4

#define VPART_REX_W		BIT(3)
#define VPART_REX_R		BIT(2)

/* What an instruction does; else it moves as many bytes as it reads, without a sign. */
#define VPART_INSN_WRITE	BIT(0)	/* writes memory */
#define VPART_INSN_CONSTANT	BIT(1)	/* ... by a constant */
#define VPART_INSN_DIRECT	BIT(2)	/* RAX, and an address in the instruction */
#define VPART_INSN_EXTEND	BIT(3)	/* fills a register of the operand size */
#define VPART_INSN_SIGN		BIT(4)	/* ... with the sign */

/**
 * struct vpart_insn_form - an instruction that is known
 * @opcode: one byte, or two with 0x0f as the first
 * @size: bytes in memory, 0 for the operand size
 * @flags: VPART_INSN_*
 */
struct vpart_insn_form {
	u16 opcode;
	u8 size;
	u8 flags;
};

static const struct vpart_insn_form vpart_insn_forms[] = {
	{ 0x0063, 4, VPART_INSN_EXTEND | VPART_INSN_SIGN },
	{ 0x0088, 1, VPART_INSN_WRITE },
	{ 0x0089, 0, VPART_INSN_WRITE },
	{ 0x008a, 1, 0 },
	{ 0x008b, 0, 0 },
	{ 0x00a0, 1, VPART_INSN_DIRECT },
	{ 0x00a1, 0, VPART_INSN_DIRECT },
	{ 0x00a2, 1, VPART_INSN_DIRECT | VPART_INSN_WRITE },
	{ 0x00a3, 0, VPART_INSN_DIRECT | VPART_INSN_WRITE },
	{ 0x00c6, 1, VPART_INSN_CONSTANT | VPART_INSN_WRITE },
	{ 0x00c7, 0, VPART_INSN_CONSTANT | VPART_INSN_WRITE },
	{ 0x0fb6, 1, VPART_INSN_EXTEND },
	{ 0x0fb7, 2, VPART_INSN_EXTEND },
	{ 0x0fbe, 1, VPART_INSN_EXTEND | VPART_INSN_SIGN },
	{ 0x0fbf, 2, VPART_INSN_EXTEND | VPART_INSN_SIGN },
};

/**
 * struct vpart_insn_reader - an instruction while it is decoded
 * @bytes: bytes
 * @n: their number
 * @at: how many have been read
 * @rex: REX prefix, or 0
 * @operand16: prefix for an operand size of 2
 * @address32: prefix for an address size of 4
 */
struct vpart_insn_reader {
	const u8 *bytes;
	unsigned int n;
	unsigned int at;
	u8 rex;
	bool operand16;
	bool address32;
};

/* The next @n bytes, up to 8. */
static int vpart_insn_take(struct vpart_insn_reader *r, unsigned int n, u64 *value)
{
	__le64 word = 0;

	if (n > r->n - r->at)
		return -ENODATA;
	memcpy(&word, r->bytes + r->at, n);
	r->at += n;
	*value = le64_to_cpu(word);
	return 0;
}

static int vpart_insn_skip(struct vpart_insn_reader *r, unsigned int n)
{
	u64 ignored;

	return vpart_insn_take(r, n, &ignored);
}

/* Prefixes and the first byte of the opcode; LOCK, REP, and what is behind REX is that. */
static int vpart_insn_prefixes(struct vpart_insn_reader *r, u64 *opcode)
{
	int err;

	for (;;) {
		err = vpart_insn_take(r, 1, opcode);
		if (err)
			return err;
		switch (*opcode) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			/* A segment */
			break;
		case 0x40 ... 0x4f:
			r->rex = *opcode;
			return vpart_insn_take(r, 1, opcode);
		case 0x66:
			r->operand16 = true;
			break;
		case 0x67:
			r->address32 = true;
			break;
		default:
			return 0;
		}
	}
}

static int vpart_insn_opcode(struct vpart_insn_reader *r, const struct vpart_insn_form **form)
{
	unsigned int i;
	u64 opcode;
	int err;

	err = vpart_insn_prefixes(r, &opcode);
	if (err)
		return err;
	if (opcode == 0x0f) {
		err = vpart_insn_take(r, 1, &opcode);
		if (err)
			return err;
		opcode |= 0x0f00;
	}
	for (i = 0; i < ARRAY_SIZE(vpart_insn_forms); i++) {
		*form = &vpart_insn_forms[i];
		if ((*form)->opcode == opcode)
			return 0;
	}
	return -EOPNOTSUPP;
}

/* The ModRM byte, and what of an address follows it: a register, and memory. */
static int vpart_insn_modrm(struct vpart_insn_reader *r, u8 *reg)
{
	unsigned int mod, base, displacement = 0;
	u64 modrm, sib;
	int err;

	err = vpart_insn_take(r, 1, &modrm);
	if (err)
		return err;
	mod = modrm >> 6;
	base = modrm & 7;
	if (mod == 3)
		return -EOPNOTSUPP;
	if (base == 4) {
		err = vpart_insn_take(r, 1, &sib);
		if (err)
			return err;
		base = sib & 7;
	}
	if (mod == 1)
		displacement = 1;
	else if (mod == 2 || base == 5)
		displacement = 4;
	*reg = modrm >> 3 & 7;
	return vpart_insn_skip(r, displacement);
}

static int vpart_insn_constant(struct vpart_insn_reader *r, struct vpart_insn *insn)
{
	unsigned int n = min(insn->size, 4);
	int err;

	/* In other instructions with this opcode it is no register, either. */
	if (insn->reg)
		return -EOPNOTSUPP;
	err = vpart_insn_take(r, n, &insn->value);
	if (err)
		return err;
	insn->constant = true;
	insn->value = sign_extend64(insn->value, BITS_PER_BYTE * n - 1);
	return 0;
}

static int vpart_insn_register(const struct vpart_insn_reader *r, struct vpart_insn *insn)
{
	/* AH, CH, DH, BH, unless there is a REX prefix. */
	if (insn->width == 1 && insn->reg >= 4 && !r->rex) {
		insn->reg -= 4;
		insn->shift = BITS_PER_BYTE;
	}
	if (r->rex & VPART_REX_R)
		insn->reg += 8;
	return insn->reg == VPART_INSN_RSP ? -EOPNOTSUPP : 0;
}

/**
 * vpart_insn_decode - decode an instruction of a 64-bit guest
 * @bytes: its bytes, and maybe some of what follows
 * @n: their number
 * @insn: out
 *
 * Context: any.
 * Return: 0; -ENODATA if it has more bytes; -EOPNOTSUPP for what is no such
 * instruction, or has RSP in it, which is not where the other registers are.
 */
int vpart_insn_decode(const u8 *bytes, unsigned int n, struct vpart_insn *insn)
{
	struct vpart_insn_reader r = { .bytes = bytes, .n = min(n, VPART_INSN_MAX) };
	const struct vpart_insn_form *form;
	u8 operand;
	int err;

	*insn = (struct vpart_insn) {};
	err = vpart_insn_opcode(&r, &form);
	if (err)
		return err;
	operand = r.rex & VPART_REX_W ? 8 : r.operand16 ? 2 : 4;
	insn->write = form->flags & VPART_INSN_WRITE;
	insn->sign = form->flags & VPART_INSN_SIGN;
	insn->size = form->size ?: operand;
	insn->width = form->flags & VPART_INSN_EXTEND ? operand : insn->size;
	/* How much this reads is not the same in all processors. */
	if (insn->width < insn->size)
		return -EOPNOTSUPP;

	if (form->flags & VPART_INSN_DIRECT)
		err = vpart_insn_skip(&r, r.address32 ? 4 : 8);
	else
		err = vpart_insn_modrm(&r, &insn->reg);
	if (!err && form->flags & VPART_INSN_CONSTANT)
		err = vpart_insn_constant(&r, insn);
	else if (!err && !(form->flags & VPART_INSN_DIRECT))
		err = vpart_insn_register(&r, insn);
	insn->len = r.at;
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_insn_decode);

/**
 * vpart_insn_written - what an instruction writes to memory
 * @insn: instruction that does
 * @gprs: registers, as instructions number them
 *
 * Context: any.
 * Return: the value; its higher bytes have no meaning.
 */
u64 vpart_insn_written(const struct vpart_insn *insn, const u64 gprs[VPART_GPRS])
{
	return insn->constant ? insn->value : gprs[insn->reg] >> insn->shift;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_insn_written);

/**
 * vpart_insn_read - put what an instruction reads from memory where it wants it
 * @insn: instruction that does
 * @gprs: registers, as instructions number them; one is changed
 * @value: what was read, its higher bytes zero
 *
 * Context: any.
 */
void vpart_insn_read(const struct vpart_insn *insn, u64 gprs[VPART_GPRS], u64 value)
{
	u64 mask = GENMASK_ULL(BITS_PER_BYTE * insn->width - 1, 0);

	if (insn->sign)
		value = sign_extend64(value, BITS_PER_BYTE * insn->size - 1);
	value &= mask;
	/* 4 bytes clear those above, 1 and 2 do not. */
	if (insn->width < 4)
		value = (gprs[insn->reg] & ~(mask << insn->shift)) | value << insn->shift;
	gprs[insn->reg] = value;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_insn_read);
