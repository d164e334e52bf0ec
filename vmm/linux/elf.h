/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels that are ELF files: those with a PVH note (Xen, docs/misc/pvh.pandoc), ELF32 and
 * ELF64, and the ELF64 vmlinux of a Linux without one.
 */
#ifndef VMM_LINUX_ELF_H
#define VMM_LINUX_ELF_H

#include <stdbool.h>
#include <stdint.h>

struct linux_image;

/* Tells whether the file at fd begins as an ELF file does. */
bool linux_elf_is(int fd);

/*
 * Checks the kernel in image->fd, of file_size bytes, and fills image. Returns 0, or
 * -ENOEXEC with what is wrong and what would be right in why (LINUX_WHY_MAX bytes).
 */
int linux_elf_open(struct linux_image *image, uint64_t file_size, char *why);

#endif
