/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are given for a kernel or a program and are something else: each is named. And the
 * notes by which ELF files say what they are, however they are padded. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "virtio/abi/platform.h"
#include "vmm/elf/elf.h"
#include "vmm/elf/notes.h"
#include "vmm/linux/image.h"

#define BASE  0x100000u
#define ENTRY 0x100010u
#define PVH   0x100020u

static uint8_t file[65536];
static size_t size;
static char path[64];
static int fd;

static void write_file(void)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, file, size, 0), size);
}

static void clear(size_t len)
{
	memset(file, 0, sizeof(file));
	size = len;
}

static void put(size_t at, const void *bytes, size_t len)
{
	memcpy(file + at, bytes, len);
}

/* The file is no kernel, and what is said has that in it. */
static void no_kernel(const char *what)
{
	char why[LINUX_WHY_MAX] = "";
	struct linux_image image;

	write_file();
	assert_int_equal(linux_image_open(path, &image, why), -ENOEXEC);
	if (!strstr(why, what))
		fail_msg("\"%s\" does not say \"%s\"", why, what);
}

static void no_program(const char *what)
{
	char why[ELF_WHY_MAX] = "";
	struct elf_image elf;

	write_file();
	assert_int_equal(elf_open(path, &elf, why), -ENOEXEC);
	if (!strstr(why, what))
		fail_msg("\"%s\" does not say \"%s\"", why, what);
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)file;
}

static Elf64_Phdr *segment(unsigned int i)
{
	return (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr)) + i;
}

/* An ELF64 of one segment at 1 MiB, which is a kernel that is entered at its entry. */
static void make_elf(void)
{
	clear(16384);
	*header() = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = ENTRY,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	*segment(0) = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = 4096,
		.p_vaddr = BASE,
		.p_paddr = BASE,
		.p_filesz = 256,
		.p_memsz = 256,
	};
}

/* Adds a second segment, of notes, which note() appends to. */
static void add_notes(uint64_t align)
{
	header()->e_phnum = 2;
	*segment(1) = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = 8192, .p_align = align};
}

static void note(const char *name, uint32_t type, const void *desc, uint32_t len, uint64_t pad)
{
	const Elf64_Nhdr head = {
		.n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = len, .n_type = type};
	uint64_t *n = &segment(1)->p_filesz;

	put(8192 + *n, &head, sizeof(head));
	*n += sizeof(head);
	put(8192 + *n, name, head.n_namesz);
	*n = (*n + head.n_namesz + pad - 1) & ~(pad - 1);
	put(8192 + *n, desc, len);
	*n = (*n + len + pad - 1) & ~(pad - 1);
}

static void pvh_note(uint64_t pad)
{
	const uint32_t entry = PVH;

	note("Xen", 18, &entry, sizeof(entry), pad);
}

/* A GNU property, whose contents are of that many bytes. */
static void property(uint32_t len)
{
	static const uint8_t bytes[32] = {2, 0, 0, 0xc0, 4};

	note("GNU", 5, bytes, len, 8);
}

static void entered(uint64_t entry, bool pvh)
{
	char why[LINUX_WHY_MAX] = "";
	struct linux_image image;

	write_file();
	if (linux_image_open(path, &image, why))
		fail_msg("%s", why);
	assert_int_equal(image.entry, entry);
	assert_int_equal(image.pvh, pvh);
	linux_image_close(&image);
}

static void notes_of_any_padding(void **state)
{
	static const uint64_t aligns[] = {0, 1, 4, 8};

	(void)state;
	make_elf();
	entered(ENTRY, false);
	for (size_t i = 0; i < ARRAY_SIZE(aligns); i++) {
		make_elf();
		add_notes(aligns[i]);
		note("Xen", 6, "guest", 5, 4);
		pvh_note(4);
		entered(PVH, true);
	}
	/* Padded to 8 as the alignment says. */
	make_elf();
	add_notes(8);
	note("Xen", 6, "guest", 5, 8);
	pvh_note(8);
	entered(PVH, true);
	/* Both in one segment, either first. */
	make_elf();
	add_notes(8);
	property(16);
	note("Xen", 6, "guest", 5, 4);
	pvh_note(4);
	entered(PVH, true);
	make_elf();
	add_notes(8);
	property(12);
	note("Xen", 6, "guest", 5, 4);
	pvh_note(4);
	entered(PVH, true);
	make_elf();
	add_notes(8);
	note("Xen", 6, "osv", 4, 4);
	pvh_note(4);
	property(16);
	entered(PVH, true);
	/* A segment that is aligned to 4 has none that are padded to 8. */
	make_elf();
	add_notes(4);
	note("Xen", 6, "osv", 4, 8);
	pvh_note(8);
	entered(ENTRY, false);
}

/* Whatever the sizes in them are, a search ends, and looks at nothing that is not there. */
static void hostile_notes(void **state)
{
	const struct elf_notes whole = {.offset = 0, .size = ELF_NOTES_MAX, .align = 8};
	uint64_t seed = 1;
	uint64_t desc;
	long ret;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		clear(round * 97 % ELF_NOTES_MAX);
		for (size_t i = 0; i < size; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			/* Small numbers lead far. */
			file[i] = i % 4 ? 0 : (uint8_t)(seed >> 60);
		}
		write_file();
		ret = elf_notes_find(fd, &whole, "Xen", 18, &desc, sizeof(desc));
		assert_true(ret == -ENOENT || ret == -EINVAL || ret >= 0);
	}
	make_elf();
	add_notes(8);
	pvh_note(4);
	segment(1)->p_filesz -= 2;
	no_kernel("its PVH note is cut short");
}

struct sample {
	const char *is;
	size_t at, len;
	const char *bytes;
};

#define SAMPLE(is, at, bytes)                    \
	{                                        \
		is, at, sizeof(bytes) - 1, bytes \
	}

static void foreign_files(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("is gzip-compressed", 0, "\x1f\x8b\x08\x00"),
		SAMPLE("is xz-compressed", 0, "\xfd\x37\x7a\x58\x5a\x00"),
		SAMPLE("is zstd-compressed", 0, "\x28\xb5\x2f\xfd"),
		SAMPLE("is a qcow2 image", 0, "\x51\x46\x49\xfb\x00\x00\x00\x03"),
		SAMPLE("for ARM64", 56, "\x41\x52\x4d\x64"),
		SAMPLE("for RISC-V", 48, "RISCV\0\0\0"),
		SAMPLE("for ARM (a zImage)", 36, "\x18\x28\x6f\x01"),
		SAMPLE("zboot", 4, "zimg"),
		SAMPLE("U-Boot", 0, "\x27\x05\x19\x56"),
		SAMPLE("device tree", 0, "\xd0\x0d\xfe\xed"),
		SAMPLE("a cpio archive", 0, "070701"),
		SAMPLE("a tar archive", 257, "ustar"),
		SAMPLE("a script", 0, "#!/bin/sh\n"),
		SAMPLE("a PNG picture", 0, "\x89PNG\r\n\x1a\n"),
		SAMPLE("a Debian package", 0, "!<arch>\ndebian-binary   "),
		SAMPLE("a PE program", 0, "MZ\x90"),
		SAMPLE("boot sector", 510, "\x55\xaa"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		clear(4096);
		put(samples[i].at, samples[i].bytes, samples[i].len);
		no_kernel(samples[i].is);
		no_program(samples[i].is);
		/* Also of a file that ends there. */
		size = samples[i].at + samples[i].len;
		no_kernel(samples[i].is);
		no_program(samples[i].is);
	}
	clear(0);
	no_kernel("it is empty");
	no_program("it is empty");
	clear(4096);
	memset(file, 'x', size);
	no_kernel("it is text");
	no_program("it is text");
	clear(4096);
	no_kernel("not a kernel: give a bzImage");
	no_program("not an ELF file: a freestanding");
	/* With what to do about it. */
	put(0, "\x1f\x8b\x08", 3);
	no_kernel("unpacked (`gzip -d FILE`)");
	no_kernel("an initial RAM disk by --initrd");
	no_program("unpacked: gzip -d FILE");
	clear(4096);
	put(0, "070701", 6);
	no_kernel("is given by --initrd");
	clear(4096);
	put(0x202, "HdrS", 4);
	no_program("a kernel is given by --kernel");
}

static void foreign_elfs(void **state)
{
	(void)state;
	make_elf();
	header()->e_type = ET_DYN;
	no_kernel("relocatable ELF (ET_DYN");
	make_elf();
	header()->e_type = ET_REL;
	no_kernel("an object file");
	make_elf();
	header()->e_type = ET_CORE;
	no_kernel("a core dump");
	make_elf();
	header()->e_machine = EM_AARCH64;
	no_kernel("an ELF of 64 bits for ARM64");
	no_program("an ELF for ARM64");
	make_elf();
	header()->e_machine = 4711;
	no_kernel("for machine 4711");
	no_program("for machine 4711");
	make_elf();
	header()->e_ident[EI_CLASS] = ELFCLASS32;
	no_kernel("an ELF of 32 bits for x86-64");
	make_elf();
	header()->e_ident[EI_DATA] = ELFDATA2MSB;
	no_kernel("big-endian");
	make_elf();
	header()->e_phentsize = 12;
	no_kernel("damaged");
	make_elf();
	size = 20;
	no_kernel("cut short");
	/* What asks an operating system for something is no kernel, but by its note. */
	make_elf();
	add_notes(4);
	segment(1)->p_type = PT_TLS;
	no_kernel("a program of an operating system's");
	segment(1)->p_type = PT_INTERP;
	no_kernel("a program of an operating system's");
	make_elf();
	add_notes(4);
	pvh_note(4);
	*segment(2) = (Elf64_Phdr){.p_type = PT_TLS};
	header()->e_phnum = 3;
	entered(PVH, true);
}

static void multiboot(size_t at, uint32_t magic, uint32_t second, uint32_t third, bool wide)
{
	const uint32_t words[] = {magic, second, third, 0};
	uint32_t last = -(magic + second + (wide ? third : 0));

	put(at, words, sizeof(words));
	put(at + (wide ? 12 : 8), &last, sizeof(last));
}

static void multiboot_kernels(void **state)
{
	(void)state;
	make_elf();
	multiboot(4100, 0x1badb002, 3, 0, false);
	no_kernel("a Multiboot kernel without a PVH note");
	make_elf();
	multiboot(8180, 0x1badb002, 0, 0, false);
	no_kernel("a Multiboot kernel without a PVH note");
	/* Past where it may be, out of its alignment, or with a wrong sum, it is none. */
	make_elf();
	multiboot(8192, 0x1badb002, 0, 0, false);
	entered(ENTRY, false);
	make_elf();
	multiboot(4098, 0x1badb002, 0, 0, false);
	entered(ENTRY, false);
	make_elf();
	multiboot(4100, 0x1badb002, 3, 0, false);
	file[4108]++;
	entered(ENTRY, false);
	make_elf();
	size = 65536;
	multiboot(32752, 0xe85250d6, 0, 24, true);
	no_kernel("a Multiboot2 kernel without a PVH note");
	make_elf();
	size = 65536;
	multiboot(4100, 0xe85250d6, 0, 24, true);
	entered(ENTRY, false);
	/* The note is what counts. */
	make_elf();
	multiboot(4100, 0x1badb002, 3, 0, false);
	add_notes(4);
	pvh_note(4);
	entered(PVH, true);
}

/* A program for a kernel, and the other way round. */
static void changed_places(void **state)
{
	const struct platform_note platform = {.version = PLATFORM_VERSION, .stride = 16};

	(void)state;
	make_elf();
	segment(0)->p_vaddr = segment(0)->p_paddr = PLATFORM_IMAGE_VA;
	header()->e_entry = PLATFORM_IMAGE_VA;
	no_kernel("as programs of slabvisor are: give a program without --kernel");
	add_notes(4);
	note(PLATFORM_NOTE_NAME, PLATFORM_NOTE_BOOT, &platform, sizeof(platform), 4);
	no_kernel("a program of slabvisor, not a kernel");

	/* Linked as a program, but for its note: without, it would be run. */
	make_elf();
	segment(0)->p_vaddr = segment(0)->p_paddr = PLATFORM_IMAGE_VA;
	header()->e_entry = PLATFORM_IMAGE_VA;
	add_notes(8);
	property(16);
	pvh_note(4);
	no_program("a kernel (it has a PVH note): give it by --kernel");
	make_elf();
	header()->e_ident[EI_CLASS] = ELFCLASS32;
	no_program("a kernel is given by --kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_of_any_padding), cmocka_unit_test(hostile_notes),
		cmocka_unit_test(foreign_files),        cmocka_unit_test(foreign_elfs),
		cmocka_unit_test(multiboot_kernels),    cmocka_unit_test(changed_places),
	};

	fd = memfd_create("kernel", MFD_CLOEXEC);
	if (fd < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return cmocka_run_group_tests_name("vmm_base_media", tests, NULL, NULL);
}
