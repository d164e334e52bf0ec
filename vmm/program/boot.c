/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/boot.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/file.h"
#include "vmm/base/cli.h"
#include "vmm/config/options.h"
#include "vmm/elf/elf.h"
#include "vmm/machine/memory.h"
#include "vmm/program/pagetable.h"

#define PAGE 4096ull
/* The supervisor stack of a vCPU: TSS.RSP0 and IST1. Below it lies a guard page. */
#define SUPER_STACK_TOP(cpu) (PLATFORM_VCPU_VA + (cpu)*PLATFORM_VCPU_STRIDE + 0x8000)
#define SUPER_STACK_SIZE     0x4000ull
#define PERCPU_SIZE          0x10000ull

/* Descriptors: type and flags as in Intel SDM volume 3, figure 3-8; accessed is set, so
 * that the CPU need not write to the table. */
#define DESC_CODE64(dpl) (0x00af9b000000ffffull | (uint64_t)(dpl) << 45)
#define DESC_CODE32(dpl) (0x00cf9b000000ffffull | (uint64_t)(dpl) << 45)
#define DESC_DATA(dpl)   (0x00cf93000000ffffull | (uint64_t)(dpl) << 45)
#define DESC_TSS_BUSY    0x00008b0000000000ull

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

struct boot {
	const struct boot_from *from;
	struct ram_alloc ram;
	struct page_table pt;
	unsigned int user; /* PT_USER when the program runs at CPL 3 */
};

static enum exit_status no_room(void)
{
	return cli_fail(STATUS_BAD_IMAGE, "the program, its modules and their page tables do not "
					  "fit in RAM: raise --memory");
}

static void fill_gdt(const struct boot *b, uint64_t *gdt)
{
	uint64_t base;

	gdt[1] = DESC_CODE32(0);
	gdt[PLATFORM_KERNEL_CS / 8] = DESC_CODE64(0);
	gdt[PLATFORM_KERNEL_DS / 8] = DESC_DATA(0);
	gdt[4] = DESC_CODE32(3);
	gdt[PLATFORM_USER_DS / 8] = DESC_DATA(3);
	gdt[PLATFORM_USER_CS / 8] = DESC_CODE64(3);
	for (unsigned int i = 0; i < b->from->cpus; i++) {
		base = BOOT_TSS_VA(i);
		gdt[BOOT_TSS_SELECTOR(i) / 8] = DESC_TSS_BUSY | (BOOT_TSS_SIZE - 1) |
						(base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
		gdt[BOOT_TSS_SELECTOR(i) / 8 + 1] = base >> 32;
	}
}

static void fill_tss(const struct boot *b, uint8_t *tables)
{
	const uint16_t io_map = BOOT_TSS_SIZE; /* beyond the limit: there is none */
	uint64_t stack;
	uint8_t *tss;

	for (unsigned int i = 0; i < b->from->cpus; i++) {
		tss = tables + (BOOT_TSS_VA(i) - BOOT_TABLES_VA);
		stack = SUPER_STACK_TOP(i);
		memcpy(tss + 4, &stack, sizeof(stack));  /* RSP0 */
		memcpy(tss + 36, &stack, sizeof(stack)); /* IST1 */
		memcpy(tss + 102, &io_map, sizeof(io_map));
	}
}

/* Without a note every gate is absent, and an exception ends in a triple fault. */
static void fill_idt(const struct boot *b, struct gate *idt)
{
	const struct platform_note *note = &b->from->elf->note;
	uint64_t at;

	if (!b->from->elf->has_note)
		return;
	for (unsigned int v = 0; v < BOOT_GATES; v++) {
		at = le64toh(note->vectors) + (uint64_t)v * le32toh(note->stride);
		idt[v] = (struct gate){
			.offset_low = (uint16_t)at,
			.selector = PLATFORM_KERNEL_CS,
			.ist = 1,
			/* Present interrupt gate; INT3 and INTO work at CPL 3 too. */
			.type = v == 3 || v == 4 ? 0xee : 0x8e,
			.offset_mid = (uint16_t)(at >> 16),
			.offset_high = (uint32_t)(at >> 32),
		};
	}
}

static enum exit_status make_tables(struct boot *b)
{
	uint64_t at = ram_take(&b->ram, 2 * PAGE);
	uint8_t *tables;

	if (!at)
		return no_room();
	tables = memory_ram(b->ram.mem, at, 2 * PAGE);
	fill_gdt(b, (uint64_t *)tables);
	fill_tss(b, tables);
	fill_idt(b, (struct gate *)(tables + PAGE));
	/* Not for the program: the CPU reads them as a supervisor. */
	return page_table_map(&b->pt, BOOT_TABLES_VA, at, 2 * PAGE, 0, false) ? no_room() : 0;
}

static enum exit_status make_stack(struct boot *b, uint64_t top, uint64_t size, unsigned int user)
{
	uint64_t at = ram_take(&b->ram, size);

	if (!at || page_table_map(&b->pt, top - size, at, size, PT_WRITE | user, false))
		return no_room();
	return 0;
}

static enum exit_status make_stacks(struct boot *b)
{
	enum exit_status status = 0;

	for (unsigned int i = 0; i < b->from->cpus && !status; i++) {
		status = make_stack(b, SUPER_STACK_TOP(i), SUPER_STACK_SIZE, 0);
		if (!status)
			status = make_stack(b, PLATFORM_STACK_TOP(i), PLATFORM_STACK_SIZE, b->user);
		if (!status)
			status = make_stack(b, PLATFORM_EXC_STACK_TOP(i), PLATFORM_EXC_STACK_SIZE,
					    b->user);
		if (!status)
			status = make_stack(b, PLATFORM_PERCPU_VA(i) + PERCPU_SIZE, PERCPU_SIZE,
					    b->user);
	}
	return status;
}

static enum exit_status load_program(struct boot *b)
{
	const struct elf_image *elf = b->from->elf;
	const struct elf_segment *s;
	uint64_t at = ram_take(&b->ram, elf->size);
	uint64_t start;
	uint64_t end;
	int ret;

	if (!at)
		return no_room();
	ret = elf_load(elf, memory_ram(b->ram.mem, at, elf->size));
	if (ret)
		return cli_fail(STATUS_BAD_IMAGE, "%s: cannot be read: %s", b->from->config->arg[0],
				strerror(-ret));
	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		s = &elf->segment[i];
		start = s->vaddr & ~(PAGE - 1);
		end = (s->vaddr + s->memsz + PAGE - 1) & ~(PAGE - 1);
		if (page_table_map(&b->pt, start, at + (start - PLATFORM_IMAGE_VA), end - start,
				   b->user | (s->write ? PT_WRITE : 0) | (s->exec ? PT_EXEC : 0),
				   false))
			return no_room();
	}
	b->from->platform->image_base = htole64(at);
	return 0;
}

/* Everything the guest has, at PLATFORM_DIRECT_VA + its address, but for frame 0. */
static enum exit_status map_direct(struct boot *b)
{
	const struct memory *mem = b->ram.mem;
	unsigned int rights = PT_WRITE | b->user;
	const uint64_t mmio = PLATFORM_MMIO_BASE + PLATFORM_MMIO_MAX * PLATFORM_MMIO_STRIDE;
	int ret;

	ret = page_table_map(&b->pt, PLATFORM_DIRECT_VA + PAGE, PAGE, mem->ram_size - PAGE, rights,
			     true);
	if (!ret)
		ret = page_table_map(&b->pt, PLATFORM_VA, PLATFORM_BASE, mmio - PLATFORM_BASE,
				     rights, false);
	for (unsigned int i = 0; i < mem->nr_ranges && !ret; i++)
		ret = page_table_map(&b->pt, PLATFORM_DIRECT_VA + mem->range[i].base,
				     mem->range[i].base, mem->range[i].size, rights, true);
	if (!ret)
		ret = page_table_map(&b->pt, PLATFORM_DIRECT_VA + mem->page_map, mem->page_map,
				     mem->page_map_size, rights, true);
	return ret ? no_room() : 0;
}

static enum exit_status put_args(struct boot *b)
{
	const struct run_config *config = b->from->config;
	uint64_t size = 0;
	uint64_t at;
	uint64_t len;

	for (unsigned int i = 0; i < config->nr_args; i++)
		size += strlen(config->arg[i]) + 1;
	at = ram_take(&b->ram, size);
	if (!at)
		return no_room();
	b->from->platform->args = htole64(at);
	b->from->platform->args_size = htole32((uint32_t)size);
	b->from->platform->argc = htole32(config->nr_args);
	for (unsigned int i = 0; i < config->nr_args; i++) {
		len = strlen(config->arg[i]) + 1;
		memory_write(b->ram.mem, at, config->arg[i], len);
		at += len;
	}
	return 0;
}

/* A pipe is as good as a file: it is read till its end, into what RAM is left. */
static enum exit_status load_module(struct boot *b, const char *path,
				    struct platform_module *module)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	uint64_t room = b->ram.end - b->ram.next;
	uint64_t at = b->ram.next;
	struct stat st;
	ssize_t len;
	enum exit_status status;
	int fd;
	char more;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		status = cli_fail(STATUS_BAD_IMAGE, "--module %s: cannot be read: %s", path,
				  strerror(errno));
		goto out;
	}
	len = -EFBIG;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size <= room)
		len = room ? file_read(fd, memory_ram(b->ram.mem, at, room), room) : 0;
	if (len >= 0 && (uint64_t)len == room && file_read(fd, &more, 1) != 0)
		len = -EFBIG;
	if (len == -EFBIG)
		status = cli_fail(STATUS_BAD_IMAGE,
				  "--module %s: too large for the %llu KiB of RAM that are left: "
				  "raise --memory",
				  path, (unsigned long long)room / 1024);
	else if (len < 0)
		status = cli_fail(STATUS_BAD_IMAGE, "--module %s: cannot be read: %s", path,
				  strerror((int)-len));
	else
		status = 0;
	if (status)
		goto out;
	ram_take(&b->ram, (uint64_t)len);
	module->addr = htole64(at);
	module->size = htole64((uint64_t)len);
	memcpy(module->name, name, strnlen(name, sizeof(module->name) - 1));
out:
	if (fd >= 0)
		close(fd);
	return status;
}

static enum exit_status load_modules(struct boot *b)
{
	const struct run_config *config = b->from->config;
	struct platform_page *page = b->from->platform;
	enum exit_status status = 0;

	for (unsigned int i = 0; i < config->nr_modules && !status; i++)
		status = load_module(b, config->module[i], &page->module[i]);
	page->modules = htole32(config->nr_modules);
	return status;
}

static void fill_platform(const struct boot *b)
{
	struct platform_page *page = b->from->platform;

	page->magic = htole64(PLATFORM_MAGIC);
	page->version = htole32(PLATFORM_VERSION);
	page->cpus = htole32(b->from->cpus);
	page->ring = htole32((uint32_t)b->from->ring);
	page->ram_size = htole64(b->ram.mem->ram_size);
	page->ram_free = htole64(b->ram.next);
	page->ram_free_end = htole64(b->ram.end);
	page->page_table = htole64(b->pt.root);
	page->mmio_devices = htole32(b->from->devices);
}

enum exit_status boot_build(const struct boot_from *from, uint64_t *page_table)
{
	struct boot b = {
		.from = from,
		/* Frame 0 stays out, so that address 0 is never anyone's. */
		.ram = {.mem = from->mem, .next = PAGE, .end = from->mem->ram_size},
		.user = from->ring == 3 ? PT_USER : 0,
	};
	enum exit_status status;

	if (page_table_init(&b.pt, &b.ram))
		return no_room();
	status = make_tables(&b);
	if (!status)
		status = make_stacks(&b);
	if (!status)
		status = load_program(&b);
	if (!status)
		status = map_direct(&b);
	if (!status)
		status = put_args(&b);
	if (!status)
		status = load_modules(&b);
	if (status)
		return status;
	*page_table = b.pt.root;
	fill_platform(&b);
	return 0;
}
