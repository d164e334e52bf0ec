/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that is entered by PVH: says on the serial port what state the CPU was in and
 * what it was told, for pvh.t to judge, and powers off; a command line that begins with E has it
 * echo its input before.
 */
#include <stddef.h>
#include <stdint.h>

/* Of Xen's start_info.h, by offset rather than by the monitor's own header. */
#define INFO_MAGIC      0
#define INFO_VERSION    4
#define INFO_FLAGS      8
#define INFO_MODULES    12
#define INFO_MODLIST    16
#define INFO_CMDLINE    24
#define INFO_RSDP       32
#define INFO_MEMMAP     40
#define INFO_MEMMAP_LEN 48
#define MEMMAP_SIZE     24
#define MEMMAP_RAM      1

#define SERIAL      0x3f8
#define PM1_CONTROL 0x604
#define POWER_OFF   0x3400 /* SLP_EN, and the type of S5 */

#define CR0_MASK    0xe0000001u /* PG, CD, NW, PE */
#define EFLAGS_MASK 0x00020300u /* VM, IF, TF */

static volatile uint32_t zero[1024]; /* .bss */

static void put(char c)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(c), "d"(SERIAL));
}

static void text(const char *s)
{
	while (*s)
		put(*s++);
}

static void bytes(const char *s, uint32_t len)
{
	while (len--)
		put(*s++);
}

static void hex(uint64_t n)
{
	int shift = 60;

	while (shift && !(n >> shift))
		shift -= 4;
	text(" 0x");
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[n >> shift & 15]);
}

static const void *at(uint64_t addr)
{
	return (const void *)(uintptr_t)addr;
}

static uint32_t read32(uint64_t addr)
{
	return *(const volatile uint32_t *)at(addr);
}

static uint64_t read64(uint64_t addr)
{
	return *(const volatile uint64_t *)at(addr);
}

static int is_zero(void)
{
	uint32_t all = 0;

	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		all |= zero[i];
	return !all;
}

/* Tells whether the last word of a range below 4 GiB keeps what is stored there. */
static int keeps(uint64_t addr, uint64_t size)
{
	volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(addr + size - 4);
	uint32_t before = *word;
	int same;

	*word = ~before;
	same = *word == ~before;
	*word = before;
	return same;
}

static void memory(uint64_t entry)
{
	uint64_t addr = read64(entry);
	uint64_t size = read64(entry + 8);
	uint32_t type = read32(entry + 16);

	text("memory");
	hex(addr);
	hex(size);
	hex(type);
	hex(read32(entry + 20));
	if (type == MEMMAP_RAM && addr + size <= 1ull << 32)
		text(keeps(addr, size) ? " good" : " bad");
	text("\n");
}

static void module(uint64_t entry)
{
	text("module");
	hex(read64(entry));
	hex(read64(entry + 8));
	hex(read64(entry + 16));
	text(" ");
	bytes(at(read64(entry)), (uint32_t)read64(entry + 8));
	text("\n");
}

static char get(void)
{
	uint8_t status;
	uint8_t c;

	do
		__asm__ volatile("inb %w1, %b0" : "=a"(status) : "d"(SERIAL + 5));
	while (!(status & 1));
	__asm__ volatile("inb %w1, %b0" : "=a"(c) : "d"(SERIAL));
	return (char)c;
}

/* Says each byte of the serial port's input until a q comes, in brackets: a terminal's own echo
 * has none. */
static void echo(void)
{
	char c;

	text("echo\n");
	do {
		c = get();
		text("[");
		put(c);
		text("]");
	} while (c != 'q');
}

void main(uint32_t info, uint32_t cr0, uint32_t cr4, uint32_t eflags);

void main(uint32_t info, uint32_t cr0, uint32_t cr4, uint32_t eflags)
{
	text("cpu");
	hex(cr0 & CR0_MASK);
	hex(cr4);
	hex(eflags & EFLAGS_MASK);
	text(is_zero() ? " zero\n" : " not zero\n");
	text("info");
	hex(read32(info + INFO_MAGIC));
	hex(read32(info + INFO_VERSION));
	hex(read32(info + INFO_FLAGS));
	text("\ncmdline ");
	text(at(read64(info + INFO_CMDLINE)));
	text("\nrsdp ");
	bytes(at(read64(info + INFO_RSDP)), 8);
	text("\n");
	for (uint32_t i = 0; i < read32(info + INFO_MEMMAP_LEN); i++)
		memory(read64(info + INFO_MEMMAP) + (uint64_t)i * MEMMAP_SIZE);
	if (!read32(info + INFO_MODULES))
		text("no module\n");
	for (uint32_t i = 0; i < read32(info + INFO_MODULES); i++)
		module(read64(info + INFO_MODLIST) + i * 32);
	if (*(const char *)at(read64(info + INFO_CMDLINE)) == 'E')
		echo();
	__asm__ volatile("outw %w0, %w1" : : "a"(POWER_OFF), "d"(PM1_CONTROL));
}
