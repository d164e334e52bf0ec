/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF loader against files that are right, wrong in one place, or noise. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/elf/elf.h"
#include "vmm/elf/symbols.h"

#define BASE PLATFORM_IMAGE_VA

/* A program with text, data and a note, as a file; tests spoil parts of it. */
struct file {
	Elf64_Ehdr h;
	Elf64_Phdr p[4];
	Elf64_Nhdr nhdr;
	char owner[12];
	struct platform_note note;
	Elf64_Shdr s[3];
	Elf64_Sym sym[3];
	char strings[32];
	uint8_t text[8192];
	uint8_t data[64];
};

static struct file good(void)
{
	struct file f = {
		.h =
			{
				.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
					    EV_CURRENT},
				.e_type = ET_EXEC,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_entry = BASE + 0x10,
				.e_phoff = offsetof(struct file, p),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 3,
				.e_shoff = offsetof(struct file, s),
				.e_shentsize = sizeof(Elf64_Shdr),
				.e_shnum = 3,
			},
		.p =
			{
				{
					.p_type = PT_LOAD,
					.p_flags = PF_R | PF_X,
					.p_offset = offsetof(struct file, text),
					.p_vaddr = BASE,
					.p_filesz = sizeof(f.text),
					.p_memsz = sizeof(f.text),
				},
				{
					.p_type = PT_LOAD,
					.p_flags = PF_R | PF_W,
					.p_offset = offsetof(struct file, data),
					.p_vaddr = BASE + 0x3008,
					.p_filesz = sizeof(f.data),
					.p_memsz = 0x2000,
				},
				{
					.p_type = PT_NOTE,
					.p_offset = offsetof(struct file, nhdr),
					.p_filesz =
						sizeof(f.nhdr) + sizeof(f.owner) + sizeof(f.note),
				},
			},
		.nhdr = {.n_namesz = 10, .n_descsz = sizeof(f.note), .n_type = PLATFORM_NOTE_BOOT},
		.owner = "Slabvisor",
		.note = {.version = PLATFORM_VERSION, .stride = 16, .vectors = BASE + 0x100},
		.s =
			{
				{0},
				{
					.sh_type = SHT_SYMTAB,
					.sh_offset = offsetof(struct file, sym),
					.sh_size = sizeof(f.sym),
					.sh_link = 2,
				},
				{
					.sh_type = SHT_STRTAB,
					.sh_offset = offsetof(struct file, strings),
					.sh_size = sizeof(f.strings),
				},
			},
		.sym =
			{
				{0},
				{
					.st_name = 1,
					.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
					.st_shndx = 1,
					.st_value = BASE + 0x10,
					.st_size = 0x20,
				},
				{
					.st_name = 6,
					.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
					.st_shndx = 1,
					.st_value = BASE + 0x40,
				},
			},
		.strings = "\0main\0odd\033name",
	};

	memset(f.text, 0x90, sizeof(f.text));
	memset(f.data, 0x5a, sizeof(f.data));
	return f;
}

/* Opens size bytes of f as a program. */
static int open_as(const struct file *f, size_t size, struct elf_image *elf, char *why)
{
	char path[64];
	int fd;
	int ret;

	fd = memfd_create("program", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, f, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	strcpy(why, "");
	ret = elf_open(path, elf, why);
	close(fd);
	return ret;
}

static void refused(const struct file *f, const char *reason)
{
	char why[ELF_WHY_MAX];
	struct elf_image elf;

	assert_int_equal(open_as(f, sizeof(*f), &elf, why), -ENOEXEC);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
	assert_int_equal(elf.fd, -1);
}

static void a_good_file_is_loaded(void **state)
{
	struct file f = good();
	char why[ELF_WHY_MAX];
	struct elf_image elf;
	uint8_t *image;

	(void)state;
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_int_equal(elf.nr_segments, 2);
	assert_int_equal(elf.size, 0x5008);
	assert_int_equal(elf.entry, BASE + 0x10);
	assert_true(elf.has_note);
	assert_int_equal(elf.note.vectors, BASE + 0x100);
	image = calloc(1, elf.size);
	assert_int_equal(elf_load(&elf, image), 0);
	assert_memory_equal(image, f.text, sizeof(f.text));
	assert_memory_equal(image + 0x3008, f.data, sizeof(f.data));
	assert_int_equal(image[0x3007], 0);
	assert_int_equal(image[0x3008 + sizeof(f.data)], 0);
	free(image);
	elf_close(&elf);
	assert_int_equal(elf.fd, -1);
}

static void a_file_may_lack_the_note(void **state)
{
	struct file f = good();
	char why[ELF_WHY_MAX];
	struct elf_image elf;

	(void)state;
	f.owner[0] = 'X';
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_false(elf.has_note);
	elf_close(&elf);
	/* A note whose sizes reach out of the segment ends the search. */
	f.nhdr.n_namesz = 0xfffffffd;
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_false(elf.has_note);
	elf_close(&elf);
}

static void a_bad_note_is_refused(void **state)
{
	struct file f;

	(void)state;
	f = good();
	f.nhdr.n_descsz++;
	refused(&f, "cut short");
	f = good();
	f.nhdr.n_descsz = UINT32_MAX;
	refused(&f, "cut short");
	f = good();
	f.nhdr.n_descsz--;
	refused(&f, "bytes, not");
	f = good();
	f.p[2].p_filesz = sizeof(f);
	refused(&f, "past the end");
}

static void a_bad_header_is_refused(void **state)
{
	struct file f;

	(void)state;
	f = good();
	f.h.e_ident[EI_CLASS] = ELFCLASS32;
	refused(&f, "32-bit");
	f = good();
	f.h.e_ident[EI_DATA] = ELFDATA2MSB;
	refused(&f, "little-endian");
	f = good();
	f.h.e_machine = EM_AARCH64;
	refused(&f, "an ELF for ARM64");
	f = good();
	f.h.e_type = ET_DYN;
	refused(&f, "static");
	f = good();
	f.h.e_phnum = 0;
	refused(&f, "no program headers");
	f = good();
	f.h.e_phoff = UINT64_MAX - 8;
	refused(&f, "past the end");
	f = good();
	f.h.e_phnum = 0xfffe;
	refused(&f, "");
	f = good();
	f.h.e_phnum = 0;
	refused(&f, "damaged");
}

static void bad_segments_are_refused(void **state)
{
	struct file f;

	(void)state;
	f = good();
	f.p[0].p_flags = PF_R | PF_W | PF_X;
	refused(&f, "both writable and executable");
	f = good();
	f.p[0].p_vaddr = 0x400000;
	refused(&f, "top 2 GiB");
	f = good();
	f.p[1].p_memsz = 0x80000000;
	refused(&f, "top 2 GiB");
	f = good();
	f.p[1].p_memsz = UINT64_MAX;
	refused(&f, "top 2 GiB");
	f = good();
	f.p[1].p_vaddr = BASE + 0x1ff8;
	refused(&f, "shares a page");
	f = good();
	f.p[1].p_vaddr = BASE + 0x1000;
	refused(&f, "shares a page");
	f = good();
	f.p[1].p_filesz = f.p[1].p_memsz + 1;
	refused(&f, "cut short");
	f = good();
	f.p[1].p_offset = UINT64_MAX;
	refused(&f, "cut short");
	f = good();
	f.p[0].p_type = PT_INTERP;
	refused(&f, "dynamically linked");
	f = good();
	f.p[0].p_type = f.p[1].p_type = PT_NULL;
	refused(&f, "nothing in it");
}

static void addresses_of_code_lie_in_code(void **state)
{
	struct file f;

	(void)state;
	f = good();
	f.h.e_entry = BASE + 0x3010;
	refused(&f, "not in an executable segment");
	f = good();
	f.h.e_entry = BASE + sizeof(f.text);
	refused(&f, "not in an executable segment");
	f = good();
	f.note.vectors = BASE + sizeof(f.text) - 32 * 16 + 1;
	refused(&f, "exception vectors");
	f = good();
	f.note.stride = 0;
	refused(&f, "exception vectors");
	f = good();
	f.note.vectors = UINT64_MAX - 100;
	refused(&f, "exception vectors");
	f = good();
	f.note.version = 9;
	refused(&f, "version 9");
	f = good();
	f.nhdr.n_descsz = 8;
	refused(&f, "8 bytes");
}

/* Every length of the file: refused or loaded, never read past. */
static void a_file_is_refused_wherever_it_is_cut(void **state)
{
	struct file f = good();
	char why[ELF_WHY_MAX];
	struct elf_image elf;

	(void)state;
	for (size_t size = 0; size < sizeof(f);
	     size += size < offsetof(struct file, text) ? 1 : 509) {
		assert_int_not_equal(open_as(&f, size, &elf, why), 0);
		assert_true(strlen(why) > 0);
	}
}

/* Noise in the headers: whatever is accepted can be loaded into what it says. */
static void what_is_accepted_of_noise_can_be_loaded(void **state)
{
	char why[ELF_WHY_MAX];
	char name[SYMBOL_NAME_MAX];
	unsigned int seed = 12345;
	struct elf_image elf;
	struct file f;
	void *image;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		f = good();
		for (unsigned int i = 0; i < 1 + round % 4; i++)
			((uint8_t *)&f)[16 + (unsigned int)rand_r(&seed) %
						     (offsetof(struct file, text) - 16)] =
				(uint8_t)rand_r(&seed);
		if (open_as(&f, sizeof(f), &elf, why))
			continue;
		assert_true(elf.size <= 1u << 31);
		image = mmap(NULL, elf.size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		assert_true(image != MAP_FAILED);
		assert_int_equal(elf_load(&elf, image), 0);
		munmap(image, elf.size);
		for (unsigned int i = 0; i < 0x100; i += 16)
			symbol_name(&elf, BASE + i, name);
		elf_close(&elf);
	}
}

static void addresses_have_names(void **state)
{
	char why[ELF_WHY_MAX];
	char name[SYMBOL_NAME_MAX];
	struct file f = good();
	struct elf_image elf;

	(void)state;
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_string_equal(symbol_name(&elf, BASE + 0x10, name), "main+0x0");
	assert_string_equal(symbol_name(&elf, BASE + 0x2f, name), "main+0x1f");
	assert_string_equal(symbol_name(&elf, BASE + 0x30, name), "?");
	assert_string_equal(symbol_name_after(&elf, BASE + 0x30, name), "main+0x20");
	assert_string_equal(symbol_name_after(&elf, BASE + 0x10, name), "?");
	assert_string_equal(symbol_name_after(&elf, 0, name), "?");
	assert_string_equal(symbol_name(&elf, BASE + 0x48, name), "odd?name+0x8");
	assert_string_equal(symbol_name(&elf, BASE, name), "?");
	assert_string_equal(symbol_name(&elf, 0x1000, name), "?");
	assert_string_equal(symbol_name(&elf, UINT64_MAX, name), "?");
	elf_close(&elf);
	f.s[1].sh_link = 99;
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_string_equal(symbol_name(&elf, BASE + 0x10, name), "?");
	elf_close(&elf);
	f = good();
	f.sym[1].st_name = 31;
	f.sym[2].st_name = 0xffffffff;
	assert_int_equal(open_as(&f, sizeof(f), &elf, why), 0);
	assert_string_equal(symbol_name(&elf, BASE + 0x48, name), "?");
	elf_close(&elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_loaded),
		cmocka_unit_test(a_file_may_lack_the_note),
		cmocka_unit_test(a_bad_note_is_refused),
		cmocka_unit_test(a_bad_header_is_refused),
		cmocka_unit_test(bad_segments_are_refused),
		cmocka_unit_test(addresses_of_code_lie_in_code),
		cmocka_unit_test(a_file_is_refused_wherever_it_is_cut),
		cmocka_unit_test(what_is_accepted_of_noise_can_be_loaded),
		cmocka_unit_test(addresses_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
