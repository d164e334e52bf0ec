/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel images, good ones and those that lie about themselves. */
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

#include "vmm/linux_image.h"

#define SETUP     0x1f1
#define SECTORS   2
#define PAYLOAD   3000
#define FILE_SIZE ((SECTORS + 1) * 512 + PAYLOAD)

static uint8_t file[8192];
static size_t file_size;
static char path[] = "/tmp/vmm_linux.XXXXXX", why[LINUX_WHY_MAX];
static struct linux_image image;

static struct setup_header *header(void)
{
	return (struct setup_header *)(file + SETUP);
}

static int open_image(void)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, file_size, f), file_size);
	fclose(f);
	why[0] = '\0';
	return linux_image_open(path, &image, why);
}

static void refused(void)
{
	assert_int_equal(open_image(), -ENOEXEC);
	assert_true(why[0]);
}

static int setup(void **state)
{
	struct setup_header h = {
		.setup_sects = SECTORS,
		.boot_flag = 0xaa55,
		.header = 0x53726448,
		.version = 0x20f,
		.loadflags = LOADED_HIGH,
		.xloadflags = XLF_KERNEL_64,
		.pref_address = 0x1000000,
		.init_size = 0x100000,
		.initrd_addr_max = 0x7fffffff,
		.cmdline_size = 2047,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 13);
	memcpy(file + SETUP, &h, sizeof(h));
	file_size = FILE_SIZE;
	return 0;
}

static void bzimage(void **state)
{
	uint8_t *ram;

	(void)state;
	assert_int_equal(open_image(), 0);
	assert_int_equal(image.entry, 0x1000200);
	assert_int_equal(image.end, 0x1100000);
	assert_int_equal(image.initrd_limit, 0x80000000);
	ram = calloc(1, image.end);
	assert_int_equal(linux_image_load(&image, ram), 0);
	assert_memory_equal(ram + 0x1000000, file + (SECTORS + 1) * 512, PAYLOAD);
	/* It shrank meanwhile. */
	assert_int_equal(truncate(path, FILE_SIZE - 1), 0);
	assert_int_equal(linux_image_load(&image, ram), -EIO);
	free(ram);
	linux_image_close(&image);
}

static void bad_headers(void **state)
{
	size_t len;

	setup(state);
	header()->header++;
	refused();
	setup(state);
	header()->boot_flag = 0;
	refused();
	setup(state);
	header()->version = 0x20b;
	refused();
	setup(state);
	header()->xloadflags = 0;
	refused();
	setup(state);
	header()->loadflags = 0;
	refused();
	setup(state);
	header()->setup_sects = 255;
	refused();
	setup(state);
	header()->init_size = PAYLOAD - 1;
	refused();
	setup(state);
	header()->pref_address = 0xff000;
	refused();
	setup(state);
	header()->pref_address = UINT64_MAX;
	refused();
	setup(state);
	for (len = 0; len <= (SECTORS + 1) * 512; len += 97) {
		file_size = len;
		refused();
	}
}

static Elf64_Ehdr *elf(void)
{
	return (Elf64_Ehdr *)file;
}

static Elf64_Phdr *segment(void)
{
	return (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr));
}

static void make_vmlinux(void)
{
	memset(file, 0, sizeof(file));
	*elf() = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = 0x1000100,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	*segment() = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = 4096,
		.p_paddr = 0x1000000,
		.p_filesz = 100,
		.p_memsz = 0x2000,
	};
	memset(file + 4096, 0x5a, 100);
	file_size = 5000;
}

static void vmlinux(void **state)
{
	uint8_t *ram;

	(void)state;
	make_vmlinux();
	assert_int_equal(open_image(), 0);
	assert_int_equal(image.entry, 0x1000100);
	assert_int_equal(image.end, 0x1002000);
	ram = calloc(1, image.end);
	assert_int_equal(linux_image_load(&image, ram), 0);
	assert_int_equal(ram[0x1000000], 0x5a);
	assert_int_equal(ram[0x1000063], 0x5a);
	assert_int_equal(ram[0x1000064], 0);
	free(ram);
	linux_image_close(&image);
}

static void bad_vmlinux(void **state)
{
	(void)state;
	make_vmlinux();
	elf()->e_machine = EM_386;
	refused();
	make_vmlinux();
	elf()->e_entry = 0x1002000;
	refused();
	make_vmlinux();
	elf()->e_phnum = 0;
	refused();
	make_vmlinux();
	elf()->e_phoff = UINT64_MAX - 8;
	refused();
	make_vmlinux();
	elf()->e_phnum = 2000;
	refused();
	make_vmlinux();
	segment()->p_offset = 4950;
	refused();
	make_vmlinux();
	segment()->p_offset = UINT64_MAX;
	refused();
	make_vmlinux();
	segment()->p_filesz = 0x2001;
	refused();
	make_vmlinux();
	segment()->p_paddr = 0x1000;
	refused();
	make_vmlinux();
	segment()->p_paddr = UINT64_MAX - 0x1000;
	refused();
	make_vmlinux();
	segment()->p_memsz = UINT64_MAX;
	refused();
}

static void not_files(void **state)
{
	(void)state;
	assert_int_equal(linux_image_open("/nonexistent", &image, why), -ENOEXEC);
	assert_int_equal(linux_image_open("/", &image, why), -ENOEXEC);
	assert_int_equal(linux_image_open("/dev/zero", &image, why), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bzimage, setup),
		cmocka_unit_test(bad_headers),
		cmocka_unit_test(vmlinux),
		cmocka_unit_test(bad_vmlinux),
		cmocka_unit_test(not_files),
	};
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return 1;
	close(fd);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return ret;
}
