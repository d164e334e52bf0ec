/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: kernels, as bzImage, as vmlinux and with PVH notes. The input is the file. One
 * that is taken must lie where kernels may, be entered within what it loads, and load.
 */
#include <string.h>

#include "tests/fuzz/input_file.h"
#include "vmm/linux/image.h"

#define RAM (1ull << 30)

static uint8_t *ram;

static bool is_elf(const uint8_t *data)
{
	return !memcmp(data, "\177ELF", 4);
}

static void check(const struct linux_image *image, const uint8_t *data, size_t size)
{
	bool entered = !is_elf(data);

	must(image->nr_segments && image->nr_segments <= LINUX_MAX_SEGMENTS);
	must(image->start >= LINUX_LOW && image->start < image->end);
	for (const struct linux_segment *s = image->segment;
	     s < image->segment + image->nr_segments; s++) {
		must(s->offset <= size && s->filesz <= size - s->offset);
		must(s->addr >= image->start && s->addr < image->end &&
		     s->filesz <= image->end - s->addr);
		entered |= image->entry >= s->addr && image->entry - s->addr < s->filesz;
	}
	must(entered);
	must(!image->pvh || (is_elf(data) && image->entry <= UINT32_MAX));
	must(image->pvh || image->header.version >= 0x20c);
}

/* Segments may overlap: the last is whole. */
static void load(const struct linux_image *image, const uint8_t *data)
{
	const struct linux_segment *s = &image->segment[image->nr_segments - 1];

	if (image->end > RAM)
		return;
	must(!linux_image_load(image, ram));
	must(!memcmp(ram + s->addr, data + s->offset, s->filesz));
	must(!madvise(ram, RAM, MADV_DONTNEED));
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	must(ram != MAP_FAILED);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[LINUX_WHY_MAX] = "";
	struct linux_image image;

	if (linux_image_open(input_file(data, size), &image, why)) {
		must(*why);
		return 0;
	}
	check(&image, data, size);
	load(&image, data);
	linux_image_close(&image);
	return 0;
}
