/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/elf/symbols.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mm/host/file.h"
#include "vmm/base/cli.h"

#define BATCH       128        /* symbols read at a time */
#define MAX_SYMBOLS (1u << 20) /* looked at: a table may be as long as a sparse file */

static bool read_section(const struct elf_image *elf, unsigned int i, Elf64_Shdr *section)
{
	uint64_t at;

	if (i >= elf->shnum || elf->shentsize != sizeof(*section) ||
	    __builtin_add_overflow(elf->shoff, (uint64_t)i * sizeof(*section), &at))
		return false;
	if (file_read_at(elf->fd, section, sizeof(*section), at) != (ssize_t)sizeof(*section))
		return false;
	return section->sh_offset <= elf->file_size &&
	       section->sh_size <= elf->file_size - section->sh_offset;
}

/* The nearest function or label of code at or below addr in a symbol table. */
static bool find(const struct elf_image *elf, const Elf64_Shdr *table, uint64_t addr,
		 Elf64_Sym *best)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	Elf64_Sym batch[BATCH];
	bool found = false;
	ssize_t len;

	if (count > MAX_SYMBOLS)
		count = MAX_SYMBOLS;
	for (uint64_t i = 0; i < count; i += BATCH) {
		len = file_read_at(elf->fd, batch, sizeof(batch),
				   table->sh_offset + i * sizeof(Elf64_Sym));
		if (len <= 0)
			break;
		for (Elf64_Sym *s = batch;
		     s < batch + len / (ssize_t)sizeof(*s) && i + (s - batch) < count; s++) {
			if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || !s->st_name ||
			    s->st_value > addr ||
			    (ELF64_ST_TYPE(s->st_info) != STT_FUNC &&
			     ELF64_ST_TYPE(s->st_info) != STT_NOTYPE))
				continue;
			if (s->st_size && addr - s->st_value >= s->st_size)
				continue;
			/* Of two at one address the one with a size is the function. */
			if (!found || s->st_value > best->st_value ||
			    (s->st_value == best->st_value && s->st_size > best->st_size)) {
				*best = *s;
				found = true;
			}
		}
	}
	return found;
}

/* The symbol of the function that holds addr, and the table of its name. */
static bool symbol_look_up(const struct elf_image *elf, uint64_t addr, Elf64_Sym *sym,
			   Elf64_Shdr *strings)
{
	Elf64_Shdr table;
	unsigned int i;

	if (addr < PLATFORM_IMAGE_VA || addr - PLATFORM_IMAGE_VA >= elf->size)
		return false;
	for (i = 0; i < elf->shnum; i++) {
		if (!read_section(elf, i, &table))
			return false;
		if (table.sh_type == SHT_SYMTAB)
			break;
	}
	return i < elf->shnum && read_section(elf, table.sh_link, strings) &&
	       find(elf, &table, addr, sym) && sym->st_name < strings->sh_size;
}

/* Names addr by the function that holds addr - before. */
static const char *symbol_name_of(const struct elf_image *elf, uint64_t addr, unsigned int before,
				  char *buf)
{
	char name[SYMBOL_NAME_MAX - 32];
	Elf64_Shdr strings;
	Elf64_Sym sym;
	ssize_t len;

	strcpy(buf, "?");
	if (!symbol_look_up(elf, addr - before, &sym, &strings))
		return buf;
	len = file_read_at(elf->fd, name, sizeof(name) - 1, strings.sh_offset + sym.st_name);
	if (len <= 0)
		return buf;
	name[len] = '\0';
	snprintf(buf, SYMBOL_NAME_MAX, "%s+0x%llx", cli_sanitise(name),
		 (unsigned long long)(addr - sym.st_value));
	return buf;
}

const char *symbol_name(const struct elf_image *elf, uint64_t addr, char *buf)
{
	return symbol_name_of(elf, addr, 0, buf);
}

const char *symbol_name_after(const struct elf_image *elf, uint64_t addr, char *buf)
{
	return symbol_name_of(elf, addr, 1, buf);
}

uint64_t symbol_start(const struct elf_image *elf, uint64_t addr)
{
	Elf64_Shdr strings;
	Elf64_Sym sym;

	return symbol_look_up(elf, addr, &sym, &strings) ? sym.st_value : 0;
}
