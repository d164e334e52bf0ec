/* SPDX-License-Identifier: BSD-2-Clause */
/* PVH: the note that names a kernel's entry, good ones and those that lie, and what the
 * kernel is told. */
#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "vmm/elf/notes.h"
#include "vmm/linux/acpi.h"
#include "vmm/linux/image.h"
#include "vmm/linux/pvh.h"
#include "vmm/machine/memory.h"

#define KERNEL     0x200000
#define CODE_SIZE  64
#define ENTRY      (KERNEL + 16)
#define NOTES_AT   1024
#define NOTES_ROOM 1024
#define XEN_PHYS32 18

/* A kernel: headers, code, notes. Tests spoil parts of it. */
static struct {
	union {
		struct {
			Elf64_Ehdr h;
			Elf64_Phdr load, note;
		} e64;
		struct {
			Elf32_Ehdr h;
			Elf32_Phdr load, note;
		} e32;
		uint8_t bytes[512];
	} head;
	uint8_t code[CODE_SIZE];
	uint8_t pad[NOTES_AT - 512 - CODE_SIZE];
	uint8_t notes[NOTES_ROOM];
} file;

static size_t notes_len, file_size;
static char path[] = "/tmp/vmm_pvh.XXXXXX", why[LINUX_WHY_MAX];
static struct linux_image image;

static Elf64_Nhdr *add_note(const char *name, uint32_t type, const void *desc, uint32_t size,
			    size_t align)
{
	Elf64_Nhdr *note = (Elf64_Nhdr *)(file.notes + notes_len);
	size_t at = notes_len + sizeof(*note);

	note->n_namesz = (Elf64_Word)strlen(name) + 1;
	note->n_descsz = size;
	note->n_type = type;
	memcpy(file.notes + at, name, note->n_namesz);
	at = (at + note->n_namesz + align - 1) / align * align;
	memcpy(file.notes + at, desc, size);
	notes_len = (at + size + align - 1) / align * align;
	file.head.e64.note.p_filesz = notes_len;
	return note;
}

static void make64(void)
{
	memset(&file, 0, sizeof(file));
	memset(file.code, 0x5a, sizeof(file.code));
	file.head.e64.h = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	file.head.e64.load = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = sizeof(file.head),
		.p_vaddr = 0xffffffff80000000,
		.p_paddr = KERNEL,
		.p_filesz = CODE_SIZE,
		.p_memsz = 0x2000,
	};
	file.head.e64.note = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_align = 4};
	notes_len = 0;
	file_size = sizeof(file);
}

/* make64() with the note of a 64-bit address. */
static Elf64_Nhdr *make(void)
{
	const uint64_t entry = ENTRY;

	make64();
	return add_note("Xen", XEN_PHYS32, &entry, sizeof(entry), 4);
}

static void make32(void)
{
	const uint32_t entry = ENTRY;

	make64();
	add_note("Xen", XEN_PHYS32, &entry, sizeof(entry), 4);
	file.head.e32.h = (Elf32_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 2,
	};
	file.head.e32.load = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_offset = sizeof(file.head),
		.p_paddr = KERNEL,
		.p_filesz = CODE_SIZE,
		.p_memsz = 0x2000,
	};
	file.head.e32.note = (Elf32_Phdr){
		.p_type = PT_NOTE,
		.p_offset = NOTES_AT,
		.p_filesz = (Elf32_Word)notes_len,
	};
}

static int open_image(void)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(&file, 1, file_size, f), file_size);
	fclose(f);
	why[0] = '\0';
	return linux_image_open(path, &image, why);
}

static void enters(bool pvh, uint64_t entry)
{
	if (open_image())
		fail_msg("refused: %s", why);
	assert_int_equal(image.pvh, pvh);
	assert_int_equal(image.entry, entry);
	linux_image_close(&image);
}

static void refused(const char *reason)
{
	assert_int_equal(open_image(), -ENOEXEC);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static void both_classes(void **state)
{
	uint8_t *ram;

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		if (wide)
			make();
		else
			make32();
		assert_int_equal(open_image(), 0);
		assert_true(image.pvh);
		assert_int_equal(image.entry, ENTRY);
		assert_int_equal(image.start, KERNEL);
		assert_int_equal(image.end, KERNEL + 0x2000);
		ram = calloc(1, image.end);
		assert_int_equal(linux_image_load(&image, ram), 0);
		assert_memory_equal(ram + KERNEL, file.code, CODE_SIZE);
		assert_int_equal(ram[KERNEL + CODE_SIZE], 0);
		free(ram);
		linux_image_close(&image);
	}
}

static void sizes_of_entry(void **state)
{
	const uint32_t size[] = {0, 3, 5, 7, 9, 16};
	const uint32_t entry = ENTRY;
	uint8_t desc[16] = {0};

	(void)state;
	make64();
	add_note("Xen", XEN_PHYS32, &entry, sizeof(entry), 4);
	enters(true, ENTRY);
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		make64();
		add_note("Xen", XEN_PHYS32, desc, size[i], 4);
		refused("bytes, not 4 or 8");
	}
}

static void an_entry_lies_in_a_segment(void **state)
{
	const uint64_t good[] = {KERNEL, KERNEL + CODE_SIZE - 1};
	const uint64_t bad[] = {
		0,
		KERNEL - 1,
		KERNEL + CODE_SIZE,
		KERNEL + 0x1fff,
		KERNEL + 1ull * 0x100000000,
		UINT64_MAX,
		0xffffffff80000000,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		make64();
		add_note("Xen", XEN_PHYS32, &good[i], sizeof(good[i]), 4);
		enters(true, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		make64();
		add_note("Xen", XEN_PHYS32, &bad[i], sizeof(bad[i]), 4);
		refused("its PVH entry 0x");
	}
}

/* Notes of others, before and after, by either alignment. */
static void among_others(void **state)
{
	const uint64_t entry = ENTRY;
	const uint64_t later = ENTRY + 1;

	(void)state;
	for (size_t align = 4; align <= 8; align += 4) {
		make64();
		file.head.e64.note.p_align = align;
		add_note("GNU", 3, "0123456789", 10, align);
		add_note("Xen", 5, "linux", 6, align);
		add_note("Xenon", XEN_PHYS32, &later, sizeof(later), align);
		add_note("Xen", XEN_PHYS32, &entry, sizeof(entry), align);
		add_note("Xen", XEN_PHYS32, &later, sizeof(later), align);
		enters(true, ENTRY);
		/* A segment aligned to 8 may have notes that are padded to 4, but not the other
		 * way round: by the wrong one sizes lead astray. */
		file.head.e64.h.e_entry = KERNEL;
		file.head.e64.note.p_align = 12 - align;
		enters(align == 4, align == 4 ? ENTRY : KERNEL);
	}
}

static void no_note(void **state)
{
	const uint64_t entry = ENTRY;

	(void)state;
	make64();
	add_note("Xem", XEN_PHYS32, &entry, sizeof(entry), 4);
	file.head.e64.h.e_entry = KERNEL + 1;
	enters(false, KERNEL + 1);
	assert_int_equal(image.header.header, 0x53726448);
	make64();
	add_note("Xen", XEN_PHYS32 + 1, &entry, sizeof(entry), 4);
	refused("its entry 0x0 is not within it");
	make();
	file.head.e64.note.p_type = PT_NULL;
	refused("its entry");
	make32();
	file.notes[12] = 'x';
	refused("32-bit ELF without a PVH note");
	make32();
	file.head.e32.note.p_type = PT_NULL;
	refused("32-bit ELF without a PVH note");
}

/* Names and contents whose sizes are wrong, wrap, or reach out of segment or file. */
static void lying_sizes(void **state)
{
	const uint32_t huge[] = {0x1000, 0x7fffffff, 0xfffffff0, 0xfffffffc, UINT32_MAX};
	Elf64_Nhdr *other;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(huge); i++) {
		make()->n_descsz = huge[i];
		refused("its PVH note is cut short");
		/* A name that long is no name, and ends the notes. */
		make()->n_namesz = huge[i];
		refused("its entry");
		/* Likewise another's, which hides what comes after it. */
		make64();
		other = add_note("GNU", 3, "", 0, 4);
		add_note("Xen", XEN_PHYS32, &(uint64_t){ENTRY}, 8, 4);
		other->n_descsz = huge[i];
		refused("its entry");
	}
	for (i = 0; i < 12 + 4; i++) {
		make();
		file.head.e64.note.p_filesz = i;
		refused("its entry");
	}
	for (; i < 12 + 4 + 8; i++) {
		make();
		file.head.e64.note.p_filesz = i;
		refused("its PVH note is cut short");
	}
	make()->n_namesz = 3;
	refused("its entry");
	make()->n_namesz = 0;
	refused("its entry");
}

static void out_of_file(void **state)
{
	(void)state;
	make();
	file.head.e64.note.p_filesz = NOTES_ROOM + 1;
	refused("its notes are not wholly in the file");
	make();
	file.head.e64.note.p_offset = UINT64_MAX;
	refused("its notes are not wholly in the file");
	make();
	file.head.e64.note.p_filesz = UINT64_MAX - NOTES_AT + 2;
	refused("its notes are not wholly in the file");
	make();
	file_size = NOTES_AT + 12 + 4 + 4;
	refused("its notes are not wholly in the file");
	make32();
	file.head.e32.note.p_offset = UINT32_MAX;
	refused("its notes are not wholly in the file");
	make32();
	file.head.e32.load.p_offset = UINT32_MAX;
	refused("a segment is not wholly in the file");
	make32();
	file.head.e32.load.p_memsz = UINT32_MAX;
	refused("from 1 MiB to 2 GiB");
	make32();
	file.head.e32.load.p_paddr = 0xfffff000;
	refused("from 1 MiB to 2 GiB");
	make32();
	file.head.e32.h.e_phoff = UINT32_MAX;
	refused("program headers");
	make32();
	file_size = sizeof(Elf32_Ehdr) - 1;
	refused("its ELF header is not whole");
	make32();
	file.head.e32.h.e_machine = EM_X86_64;
	refused("an ELF of 32 bits for x86-64");
}

/* No more of a segment is read than has room. */
static void many_notes(void **state)
{
	static uint8_t more[ELF_NOTES_MAX];
	FILE *f;

	(void)state;
	make();
	file.head.e64.note.p_offset = sizeof(file);
	file.head.e64.note.p_filesz = sizeof(more) + notes_len;
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(&file, sizeof(file), 1, f), 1);
	assert_int_equal(fwrite(more, sizeof(more), 1, f), 1);
	assert_int_equal(fwrite(file.notes, notes_len, 1, f), 1);
	fclose(f);
	assert_int_equal(linux_image_open(path, &image, why), -ENOEXEC);
	assert_non_null(strstr(why, "its entry"));
}

static void start_info(void **state)
{
	const struct memory mem = {.ram_size = 4ull << 30, .ram_low = 3ull << 30};
	struct pvh_config config = {
		.cmdline = 0x20000,
		.rsdp = ACPI_BASE,
		.initrd = 0x3000000,
		.initrd_size = 5,
	};
	struct boot_params params;
	struct linux_map map;
	struct pvh_info info;

	(void)state;
	memset(&info, 0xff, sizeof(info));
	memset(&params, 0, sizeof(params));
	linux_map_fill(&map, &mem);
	linux_map_e820(&mem, &params);
	config.map = &map;
	pvh_fill(&info, 0x6000, &config);
	assert_int_equal(info.start.magic, 0x336ec578);
	assert_int_equal(info.start.version, 1);
	assert_int_equal(info.start.flags, 0);
	assert_int_equal(info.start.cmdline, 0x20000);
	assert_int_equal(info.start.rsdp, ACPI_BASE);
	assert_int_equal(info.start.reserved, 0);
	assert_int_equal(info.start.nr_modules, 1);
	assert_int_equal(info.start.modlist, 0x6000 + sizeof(info.start));
	assert_int_equal(info.module.addr, 0x3000000);
	assert_int_equal(info.module.size, 5);
	assert_int_equal(info.module.cmdline, 0);
	assert_int_equal(info.module.reserved, 0);
	assert_int_equal(info.start.memmap, 0x6000 + offsetof(struct pvh_info, memmap));
	assert_int_equal(info.start.memmap_entries, params.e820_entries);
	assert_int_equal(params.e820_entries, 4);
	for (unsigned int i = 0; i < params.e820_entries; i++) {
		assert_int_equal(info.memmap[i].addr, params.e820_table[i].addr);
		assert_int_equal(info.memmap[i].size, params.e820_table[i].size);
		assert_int_equal(info.memmap[i].type, params.e820_table[i].type);
		assert_int_equal(info.memmap[i].reserved, 0);
	}
	assert_int_equal(info.memmap[2].addr, 1 << 20);
	assert_int_equal(info.memmap[2].size, (3ull << 30) - (1 << 20));
	assert_int_equal(info.memmap[2].type, LINUX_RAM);
	assert_int_equal(info.memmap[3].addr, 4ull << 30);
	assert_int_equal(info.memmap[3].size, 1ull << 30);
	config.initrd_size = 0;
	pvh_fill(&info, 0x6000, &config);
	assert_int_equal(info.start.nr_modules, 0);
	assert_int_equal(info.start.modlist, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_classes),
		cmocka_unit_test(sizes_of_entry),
		cmocka_unit_test(an_entry_lies_in_a_segment),
		cmocka_unit_test(among_others),
		cmocka_unit_test(no_note),
		cmocka_unit_test(lying_sizes),
		cmocka_unit_test(out_of_file),
		cmocka_unit_test(many_notes),
		cmocka_unit_test(start_info),
	};
	int fd = mkstemp(path);
	int ret;

	if (fd < 0)
		return 1;
	close(fd);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return ret;
}
