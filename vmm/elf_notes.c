/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/elf_notes.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/file.h"

static bool is_named(const Elf64_Nhdr *note, const uint8_t *at, const char *name, uint32_t type)
{
	return note->n_type == type && note->n_namesz == strlen(name) + 1 &&
	       !memcmp(at, name, note->n_namesz);
}

long elf_notes_find(int fd, const struct elf_notes *notes, const char *name, uint32_t type,
		    void *desc, size_t room)
{
	/* Only what is aligned to 8 is padded to it; the rest is, as ever, to 4. */
	const uint64_t pad = notes->align == 8 ? 7 : 3;
	uint64_t at = 0, name_at, desc_at, len;
	uint8_t buf[ELF_NOTES_MAX];
	Elf64_Nhdr note;
	ssize_t n;

	n = file_read_at(fd, buf, notes->size < sizeof(buf) ? notes->size : sizeof(buf),
			 notes->offset);
	if (n < 0)
		return n;
	len = (uint64_t)n;
	while (len - at >= sizeof(note)) {
		memcpy(&note, buf + at, sizeof(note));
		/* The sizes are 32-bit, so none of these sums overflows. */
		name_at = at + sizeof(note);
		desc_at = (name_at + note.n_namesz + pad) & ~pad;
		at = (desc_at + note.n_descsz + pad) & ~pad;
		if (note.n_namesz > len - name_at)
			break;
		if (is_named(&note, buf + name_at, name, type)) {
			if (desc_at > len || note.n_descsz > len - desc_at)
				return -EINVAL;
			memcpy(desc, buf + desc_at, note.n_descsz < room ? note.n_descsz : room);
			return note.n_descsz;
		}
		if (at > len)
			break;
	}
	return -ENOENT;
}
