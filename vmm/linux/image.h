/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels: bzImage (Linux, Documentation/arch/x86/boot.rst) and ELF files. One with a PVH
 * note is entered by it, the others in 64-bit mode. A file is hostile: every offset and
 * size in it is checked before use.
 */
#ifndef VMM_LINUX_IMAGE_H
#define VMM_LINUX_IMAGE_H

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/linux/reject.h"

#define LINUX_MAX_SEGMENTS 16
#define LINUX_LOW          0x100000ull /* a kernel lies above the first MiB */

struct linux_segment {
	uint64_t addr;   /* guest-physical */
	uint64_t filesz; /* bytes in the file */
	uint64_t offset; /* there */
};

struct linux_image {
	int fd;
	bool pvh;                   /* entry is that of a PVH note */
	struct setup_header header; /* else: as the kernel wants it handed over */
	struct linux_segment segment[LINUX_MAX_SEGMENTS];
	unsigned int nr_segments;
	uint64_t start, end; /* what it takes of RAM while it starts */
	uint64_t entry;
	uint64_t initrd_limit; /* the first address that an initrd may not reach */
	uint32_t cmdline_max;  /* bytes without the NUL */
};

/*
 * Opens and checks a kernel. Returns 0, or -errno with what is wrong and what would be
 * right in why (LINUX_WHY_MAX bytes). On success the file stays open till
 * linux_image_close().
 */
int linux_image_open(const char *path, struct linux_image *image, char *why);
void linux_image_close(struct linux_image *image);

/* Copies the kernel to ram, guest-physical address 0 on; image->end is at most its size.
 * Returns 0 or -errno (the file changed, or cannot be read). */
int linux_image_load(const struct linux_image *image, uint8_t *ram);

#endif
