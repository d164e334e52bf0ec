/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/backtrace.h"

#include <endian.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/elf/symbols.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"

#define CODE_MAX 4096 /* bytes of a function that are searched for its prologue */
#define CALL_MAX 7    /* the longest call, without prefixes */

/* Reads a word at a virtual address of the guest, through its page tables. */
static bool read_virtual(const struct vcpu *cpu, uint64_t va, uint64_t *value)
{
	struct kvm_translation tr = {.linear_address = va};

	if (va & 7 || kvm_call(cpu->fd, KVM_TRANSLATE, &tr) || !tr.valid)
		return false;
	return !memory_read(&cpu->vm->mem, tr.physical_address, value, sizeof(*value));
}

static bool is_code(const struct vcpu *cpu, uint64_t va, uint64_t len)
{
	const struct elf_image *elf = &cpu->vm->run->elf;

	for (const struct elf_segment *s = elf->segment; s < elf->segment + elf->nr_segments; s++)
		if (s->exec && va >= s->vaddr && len <= s->memsz && va - s->vaddr <= s->memsz - len)
			return true;
	return false;
}

static bool read_code(const struct vcpu *cpu, uint64_t va, uint8_t *code, size_t len)
{
	const struct vm *vm = cpu->vm;

	return is_code(cpu, va, len) &&
	       !memory_read(&vm->mem, le64toh(vm->platform->image_base) + (va - PLATFORM_IMAGE_VA),
			    code, len);
}

/* The bytes of a ModRM byte with what belongs to it: Intel SDM volume 2, table 2-2. */
static unsigned int modrm_length(const uint8_t *p)
{
	unsigned int mod = p[0] >> 6;
	unsigned int rm = p[0] & 7;
	unsigned int length = 1;

	if (mod == 3)
		return length;
	if (rm == 4) {
		length++;
		if (mod == 0 && (p[1] & 7) == 5)
			length += 4;
	}
	if (mod == 1)
		length++;
	else if (mod == 2 || (mod == 0 && rm == 5))
		length += 4;
	return length;
}

/*
 * Tells whether CALL rel32 (E8) or CALL r/m64 (FF /2) ends where the first CALL_MAX of these
 * bytes do. One more is there to be looked at.
 */
static bool ends_in_call(const uint8_t *code)
{
	if (code[CALL_MAX - 5] == 0xe8)
		return true;
	for (unsigned int i = 0; i < CALL_MAX - 1; i++)
		if (code[i] == 0xff && (code[i + 1] >> 3 & 7) == 2 &&
		    i + 1 + modrm_length(&code[i + 1]) == CALL_MAX)
			return true;
	return false;
}

/*
 * Tells whether MOV %rsp, %rbp stands between the start of the function at rip and rip: then it
 * most likely has a frame.
 */
static bool has_prologue(const struct vcpu *cpu, uint64_t start, uint64_t rip)
{
	uint64_t len = rip - start < CODE_MAX ? rip - start : CODE_MAX;
	uint8_t code[CODE_MAX];

	if (!len || !read_code(cpu, start, code, len))
		return false;
	for (uint64_t i = 0; i + 3 <= len; i++)
		if (!memcmp(code + i, "\x48\x89\xe5", 3) || !memcmp(code + i, "\x48\x8b\xec", 3))
			return true;
	return false;
}

/* Tells whether addr, which lies on top of the stack, is where the function at rip returns to. */
static bool is_return_address(const struct vcpu *cpu, const struct backtrace_regs *regs,
			      uint64_t addr)
{
	const uint64_t at = regs->rip - (regs->where == FAULT_RIP_AT ? 0 : 1);
	uint8_t code[CALL_MAX + 1] = {0};
	uint64_t start;
	int32_t offset;

	if (addr < CALL_MAX || !read_code(cpu, addr - CALL_MAX, code, CALL_MAX) ||
	    !ends_in_call(code))
		return false;
	/* What is no code was called by mistake. */
	if (!is_code(cpu, at, 1))
		return true;
	start = symbol_start(&cpu->vm->run->elf, at);
	if (!start)
		return false;
	memcpy(&offset, code + CALL_MAX - sizeof(offset), sizeof(offset));
	/* The prologue may belong to another path through the function, but nobody else
	 * leaves the address of a call of it; and one who jumped here was called himself. */
	return addr + (uint64_t)(int64_t)offset == start || !has_prologue(cpu, start, regs->rip);
}

unsigned int backtrace_add_caller(const struct vcpu *cpu, const struct backtrace_regs *regs,
				  uint64_t *trace, unsigned int count)
{
	uint64_t caller;

	if (!read_virtual(cpu, regs->rsp, &caller) || (count && trace[0] == caller) ||
	    !is_return_address(cpu, regs, caller))
		return count;
	if (count == BACKTRACE_MAX)
		count--;
	memmove(trace + 1, trace, count * sizeof(*trace));
	trace[0] = caller;
	return count + 1;
}

unsigned int backtrace_walk(const struct vcpu *cpu, const struct backtrace_regs *regs,
			    uint64_t *trace)
{
	uint64_t rbp = regs->rbp;
	uint64_t next;
	uint64_t ret;
	unsigned int n = 0;

	/* Stacks grow down, so each frame lies above the last. */
	while (n < BACKTRACE_MAX && read_virtual(cpu, rbp, &next) &&
	       read_virtual(cpu, rbp + 8, &ret) && ret) {
		trace[n++] = ret;
		if (next <= rbp)
			break;
		rbp = next;
	}
	return backtrace_add_caller(cpu, regs, trace, n);
}
