/* SPDX-License-Identifier: BSD-2-Clause */
/* The notes of an ELF file (System V gABI, chapter 5, "Note Section"). They are hostile:
 * no size in them is believed. */
#ifndef VMM_ELF_NOTES_H
#define VMM_ELF_NOTES_H

#include <stddef.h>
#include <stdint.h>

/* The PVH note: Xen's include/public/elfnote.h. */
#define XEN_NOTE_NAME    "Xen"
#define XEN_PHYS32_ENTRY 18

#define ELF_NOTES_MAX 16384 /* bytes of a segment that are looked at */

/* A segment of notes, which lies in the file. */
struct elf_notes {
	uint64_t offset, size; /* in the file, bytes */
	uint64_t align;        /* p_align; 8: some may be padded to it, and not to 4 */
};

/*
 * Looks for the first note of that name and type, and copies up to room bytes of its
 * contents to desc. A note with sizes that lead out of the segment is the last.
 * Returns how many bytes of contents there are; -ENOENT; -EINVAL when there is such a
 * note but its contents reach out of the segment; or -errno of reading.
 */
long elf_notes_find(int fd, const struct elf_notes *notes, const char *name, uint32_t type,
		    void *desc, size_t room);

#endif
