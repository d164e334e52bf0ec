/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF64 programs for the guest (System V gABI, chapters 4 and 5; x86-64 psABI).
 * A file is hostile: every offset and size in it is checked before use.
 */
#ifndef VMM_ELF_ELF_H
#define VMM_ELF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/abi/platform.h"

#define ELF_MAX_SEGMENTS 32
#define ELF_WHY_MAX      160

struct elf_segment {
	uint64_t vaddr;  /* where it is linked */
	uint64_t memsz;  /* bytes, not 0 */
	uint64_t filesz; /* of which from the file; the rest is zero */
	uint64_t offset; /* in the file */
	bool write, exec;
};

struct elf_image {
	int fd;
	uint64_t file_size;
	uint64_t entry;
	struct elf_segment segment[ELF_MAX_SEGMENTS]; /* ascending, no page shared */
	unsigned int nr_segments;
	uint64_t size; /* from PLATFORM_IMAGE_VA to the last segment's end */
	bool has_note;
	struct platform_note note;
	uint64_t shoff; /* section headers, for symbols; unchecked */
	unsigned int shnum, shentsize;
};

/*
 * Opens and checks a program: an ELF64 little-endian x86-64 ET_EXEC whose PT_LOAD
 * segments lie in the image area, ascend, share no page and are not both
 * writable and executable; the entry and the vectors of the note lie in executable
 * ones. Returns 0, or -errno with what is wrong and what would be right in why
 * (ELF_WHY_MAX bytes). On success the file stays open till elf_close().
 */
int elf_open(const char *path, struct elf_image *elf, char *why);
void elf_close(struct elf_image *elf);

/*
 * Copies the segments to dest, which stands for PLATFORM_IMAGE_VA, is zero and has
 * elf->size bytes. Returns 0 or -errno (the file changed, or cannot be read).
 */
int elf_load(const struct elf_image *elf, void *dest);

#endif
