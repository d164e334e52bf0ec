/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that code addresses lie in, for reports: read from the program's symbol
 * table when one is wanted. */
#ifndef VMM_ELF_SYMBOLS_H
#define VMM_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/elf/elf.h"

/* Enough for "name+0xoffset/0xsize". */
#define SYMBOL_NAME_MAX 128

/*
 * Writes "name+0xoffset" of the function that addr lies in to buf (SYMBOL_NAME_MAX
 * bytes), printable ASCII only, or "?" when there is none. Returns buf.
 */
const char *symbol_name(const struct elf_image *elf, uint64_t addr, char *buf);

/*
 * The same for an address that code has reached past: the function is that of the
 * instruction before it, which may be the last of its function.
 */
const char *symbol_name_after(const struct elf_image *elf, uint64_t addr, char *buf);

/* Where the function that addr lies in begins; 0 when there is none. */
uint64_t symbol_start(const struct elf_image *elf, uint64_t addr);

#endif
