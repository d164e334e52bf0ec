/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel images, good ones and those that lie about themselves; what a kernel is told of its
 * memory. */
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

#include "vmm/linux/acpi.h"
#include "vmm/linux/image.h"
#include "vmm/linux/map.h"
#include "vmm/machine/memory.h"

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

	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 13);
	memcpy(file + SETUP, &h, sizeof(h));
	file_size = FILE_SIZE;
	return 0;
}

static void a_bzimage_is_loaded(void **state)
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

static void bad_headers_are_refused(void **state)
{
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
	for (size_t len = 0; len <= (SECTORS + 1) * 512; len += 97) {
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
		.e_entry = 0x1000010,
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

static void a_vmlinux_is_loaded(void **state)
{
	uint8_t *ram;

	(void)state;
	make_vmlinux();
	assert_int_equal(open_image(), 0);
	assert_int_equal(image.entry, 0x1000010);
	assert_int_equal(image.end, 0x1002000);
	ram = calloc(1, image.end);
	assert_int_equal(linux_image_load(&image, ram), 0);
	assert_int_equal(ram[0x1000000], 0x5a);
	assert_int_equal(ram[0x1000063], 0x5a);
	assert_int_equal(ram[0x1000064], 0);
	free(ram);
	linux_image_close(&image);
}

static void a_bad_vmlinux_is_refused(void **state)
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

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(linux_image_open("/nonexistent", &image, why), -ENOEXEC);
	assert_int_equal(linux_image_open("/", &image, why), -ENOEXEC);
	assert_int_equal(linux_image_open("/dev/zero", &image, why), -ENOEXEC);
}

static void e820_is(const struct boot_params *params, unsigned int i, uint64_t start, uint64_t end,
		    uint32_t type)
{
	assert_true(i < params->e820_entries);
	assert_int_equal(params->e820_table[i].addr, start);
	assert_int_equal(params->e820_table[i].addr + params->e820_table[i].size, end);
	assert_int_equal(params->e820_table[i].type, type);
}

static void the_map_tells_of_ram_on_both_sides_of_the_hole(void **state)
{
	struct memory mem = {.ram_size = 512 << 20, .ram_low = 512 << 20};
	struct boot_params params;

	(void)state;
	memset(&params, 0, sizeof(params));
	linux_map_e820(&mem, &params);
	assert_int_equal(params.e820_entries, 3);
	e820_is(&params, 0, 0, 0xa0000, 1);
	e820_is(&params, 1, 0xe0000, 0x100000, 2);
	e820_is(&params, 2, 0x100000, 512 << 20, 1);

	mem.ram_size = 4ull << 30;
	mem.ram_low = 3ull << 30;
	memset(&params, 0, sizeof(params));
	linux_map_e820(&mem, &params);
	assert_int_equal(params.e820_entries, 4);
	e820_is(&params, 2, 0x100000, 3ull << 30, 1);
	e820_is(&params, 3, 4ull << 30, 5ull << 30, 1);
}

static void each_range_has_its_node(void **state)
{
	struct memory mem = {
		.nr_ram_ranges = 2,
		.ram_range = {{.size = 3ull << 30},
			      {.base = 4ull << 30, .size = 1 << 30, .node = 1}},
		.nr_ranges = 3,
		.range = {{.base = 5ull << 30, .size = 2 << 20, .node = 1},
			  /* For user space, of node 0 and of node 1. */
			  {.base = 6ull << 30, .size = 2 << 20, .node = 2},
			  {.base = 7ull << 30, .size = 2 << 20, .node = 3}},
		.user_nodes = 1u << 2 | 1u << 3,
	};
	struct acpi_config acpi = {.nr_ranges = 0};

	(void)state;
	linux_map_ranges(&mem, &acpi);
	assert_int_equal(acpi.nr_ranges, 5);
	assert_int_equal(acpi.range[0].size, 3ull << 30);
	assert_int_equal(acpi.range[0].node, 0);
	assert_int_equal(acpi.range[1].base, 4ull << 30);
	assert_int_equal(acpi.range[1].size, 1 << 30);
	assert_int_equal(acpi.range[1].node, 1);
	assert_false(acpi.range[1].hotplug);
	assert_int_equal(acpi.range[2].base, 5ull << 30);
	assert_true(acpi.range[2].hotplug);
	assert_int_equal(acpi.range[2].node, 1);
	assert_int_equal(acpi.range[3].node, 0);
	assert_int_equal(acpi.range[4].node, 1);
	assert_true(acpi.range[4].hotplug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_bzimage_is_loaded, setup),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(a_vmlinux_is_loaded),
		cmocka_unit_test(a_bad_vmlinux_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(the_map_tells_of_ram_on_both_sides_of_the_hole),
		cmocka_unit_test(each_range_has_its_node),
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
