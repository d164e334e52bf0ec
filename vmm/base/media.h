/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file is, by its own account, that was given for something else: for the line that refuses
 * it, so that its user knows the mistake. */
#ifndef VMM_BASE_MEDIA_H
#define VMM_BASE_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#define MEDIA_NAME_MAX 64

/* Writes what the file at fd is to name, MEDIA_NAME_MAX bytes: it goes after "is", as in "a PNG
 * picture". Returns name, or NULL when nothing is known of it. */
const char *media_name(int fd, char *name);

/* How a compressed file is unpacked, or an image made raw: a command; NULL: it is none. */
const char *media_unpack(int fd);

/* The standard by which the kernel at fd wants to be loaded: "Multiboot", "Multiboot2" (their
 * specifications, section 3.1); NULL: neither. */
const char *media_multiboot(int fd);

/* The machine of an ELF file's e_machine, as in "ARM64". Writes to name where it has none. Returns
 * it. */
const char *media_machine(unsigned int machine, char *name);

#endif
