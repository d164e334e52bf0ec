/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/elf/notes.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "mm/host/file.h"

static bool is_named(const Elf64_Nhdr *note, const uint8_t *at, const char *name, uint32_t type)
{
	return note->n_type == type && note->n_namesz == strlen(name) + 1 &&
	       !memcmp(at, name, note->n_namesz);
}

/* A note's fields, and where the next begins if notes are padded to `pad` bytes. */
struct place {
	uint64_t name, desc, next;
};

static struct place place_of(const Elf64_Nhdr *note, uint64_t at, uint64_t pad)
{
	struct place place = {.name = at + sizeof(*note)};

	/* The sizes are 32-bit, so none of these sums overflows. */
	place.desc = (place.name + note->n_namesz + pad - 1) & ~(pad - 1);
	place.next = (place.desc + note->n_descsz + pad - 1) & ~(pad - 1);
	return place;
}

/*
 * The gABI pads notes of segments aligned to 8 to 8 bytes, but linkers join sections of notes that
 * are padded to 4 and others that are padded to 8 to one segment, which is then aligned to 8. So
 * there each note may be followed by the next in two places: both are looked at.
 */
long elf_notes_find(int fd, const struct elf_notes *notes, const char *name, uint32_t type,
		    void *desc, size_t room)
{
	const uint64_t most = notes->align == 8 ? 8 : 4;
	bool begins[ELF_NOTES_MAX / 4] = {true}; /* a note may, at that word */
	uint64_t len;
	uint8_t buf[ELF_NOTES_MAX];
	long found = -ENOENT;
	Elf64_Nhdr note;
	ssize_t n;

	n = file_read_at(fd, buf, notes->size < sizeof(buf) ? notes->size : sizeof(buf),
			 notes->offset);
	if (n < 0)
		return n;
	len = (uint64_t)n;
	for (uint64_t at = 0; len - at >= sizeof(note); at += 4) {
		if (!begins[at / 4])
			continue;
		memcpy(&note, buf + at, sizeof(note));
		for (uint64_t pad = 4; pad <= most; pad *= 2) {
			const struct place place = place_of(&note, at, pad);

			if (note.n_namesz > len - place.name)
				break;
			if (place.next < len)
				begins[place.next / 4] = true;
			if (!is_named(&note, buf + place.name, name, type))
				continue;
			if (place.desc > len || note.n_descsz > len - place.desc) {
				found = -EINVAL;
				continue;
			}
			memcpy(desc, buf + place.desc, note.n_descsz < room ? note.n_descsz : room);
			return note.n_descsz;
		}
	}
	return found;
}
