/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: programs for guests. The input is the file. One that is taken must be what
 * elf.h says, and load as the file has it; its symbols are looked up, whatever they say.
 */
#include <errno.h>
#include <string.h>

#include "tests/fuzz/input_file.h"
#include "vmm/elf/elf.h"
#include "vmm/elf/symbols.h"

#define MOST (16u << 20) /* bytes of memory that an image is loaded to */
#define PAGE 4096u

static bool is_executable(const struct elf_image *elf, uint64_t addr)
{
	for (const struct elf_segment *s = elf->segment; s < elf->segment + elf->nr_segments; s++)
		if (s->exec && addr >= s->vaddr && addr - s->vaddr < s->memsz)
			return true;
	return false;
}

static void check(const struct elf_image *elf, size_t size)
{
	uint64_t end = PLATFORM_IMAGE_VA;
	const struct elf_segment *s;

	must(elf->nr_segments && elf->nr_segments <= ELF_MAX_SEGMENTS);
	for (s = elf->segment; s < elf->segment + elf->nr_segments; s++) {
		must(s->memsz && s->filesz <= s->memsz);
		must(s->offset <= size && s->filesz <= size - s->offset);
		must(s->vaddr / PAGE * PAGE >= end && s->vaddr + s->memsz > s->vaddr);
		must(!(s->write && s->exec));
		end = (s->vaddr + s->memsz + PAGE - 1) / PAGE * PAGE;
	}
	s--;
	must(elf->size == s->vaddr + s->memsz - PLATFORM_IMAGE_VA);
	must(is_executable(elf, elf->entry));
	if (elf->has_note)
		must(is_executable(elf, elf->note.vectors) &&
		     is_executable(elf, elf->note.vectors + elf->note.stride * 32ull - 1));
}

/* No step past elf->size goes unseen. */
static void load(const struct elf_image *elf, const uint8_t *data)
{
	uint8_t *image;

	if (elf->size > MOST)
		return;
	image = calloc(1, elf->size);
	must(image && !elf_load(elf, image));
	for (const struct elf_segment *s = elf->segment; s < elf->segment + elf->nr_segments; s++)
		must(!memcmp(image + (s->vaddr - PLATFORM_IMAGE_VA), data + s->offset, s->filesz));
	free(image);
}

static void name(const struct elf_image *elf, uint64_t addr)
{
	char text[SYMBOL_NAME_MAX];
	const char *c;

	for (c = symbol_name(elf, addr, text); *c; c++)
		must(*c >= ' ' && *c <= '~');
	must(c > text && c < text + sizeof(text));
	must(symbol_start(elf, addr) <= addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[ELF_WHY_MAX] = "";
	struct elf_image elf;

	if (elf_open(input_file(data, size), &elf, why)) {
		must(*why && elf.fd == -1);
		return 0;
	}
	check(&elf, size);
	load(&elf, data);
	name(&elf, elf.entry);
	name(&elf, elf.segment[0].vaddr);
	name(&elf, PLATFORM_IMAGE_VA + elf.size - 1);
	elf_close(&elf);
	return 0;
}
