/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "mm/host/file.h"
#include "virtio/abi/platform.h"
#include "vmm/base/media.h"
#include "vmm/elf/notes.h"
#include "vmm/linux/image.h"

#define KERNEL_LIMIT 0x80000000ull
#define INITRD_LIMIT 0x80000000ull
#define CMDLINE_MAX  2047 /* what every Linux takes */

/* What both classes of ELF say, in one width. */
struct header {
	bool wide;    /* ELF64 */
	bool program; /* asks for an interpreter or storage of threads, as no kernel does */
	uint64_t entry, phoff;
	unsigned int phnum;
};

bool linux_elf_is(int fd)
{
	unsigned char ident[SELFMAG];

	return file_read_at(fd, ident, sizeof(ident), 0) == (ssize_t)sizeof(ident) &&
	       !memcmp(ident, ELFMAG, SELFMAG);
}

union any_header {
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr e32; /* of both classes type and machine lie in the same place */
	Elf64_Ehdr e64;
};

/* Why an ELF is none that can be loaded. */
static int reject_header(const union any_header *e, char *why)
{
	const unsigned int class = e->ident[EI_CLASS];
	const unsigned int type = e->e32.e_type;
	const unsigned int machine = class == ELFCLASS64 ? EM_X86_64 : EM_386;
	char name[MEDIA_NAME_MAX];

	if ((class != ELFCLASS32 && class != ELFCLASS64) || e->ident[EI_DATA] != ELFDATA2LSB)
		return linux_reject(why, "a damaged ELF, or one for a big-endian machine: give a "
					 "kernel for x86-64");
	if (e->e32.e_machine != machine)
		return linux_reject(why, "an ELF of %d bits for %s: give a kernel for x86-64",
				    class == ELFCLASS64 ? 64 : 32,
				    media_machine(e->e32.e_machine, name));
	if (type == ET_DYN)
		return linux_reject(why, "a relocatable ELF (ET_DYN, position-independent): give a "
					 "kernel that is linked at a fixed address (-no-pie)");
	if (type != ET_EXEC)
		return linux_reject(why, "an ELF, but %s: give a kernel that is linked",
				    type == ET_REL    ? "an object file"
				    : type == ET_CORE ? "a core dump"
						      : "of no type that can be run");
	return linux_reject(why, "damaged: the sizes in its ELF header are wrong");
}

static int read_header(int fd, struct header *header, char *why)
{
	union any_header e;
	const Elf64_Ehdr *e64 = &e.e64;
	const Elf32_Ehdr *e32 = &e.e32;
	ssize_t len = file_read_at(fd, &e, sizeof(e), 0);

	if (len == (ssize_t)sizeof(*e64) && e.ident[EI_CLASS] == ELFCLASS64 &&
	    e.ident[EI_DATA] == ELFDATA2LSB && e64->e_machine == EM_X86_64 &&
	    e64->e_type == ET_EXEC && e64->e_phentsize == sizeof(Elf64_Phdr)) {
		*header = (struct header){
			.wide = true,
			.entry = e64->e_entry,
			.phoff = e64->e_phoff,
			.phnum = e64->e_phnum,
		};
		return 0;
	}
	if (len >= (ssize_t)sizeof(*e32) && e.ident[EI_CLASS] == ELFCLASS32 &&
	    e.ident[EI_DATA] == ELFDATA2LSB && e32->e_machine == EM_386 && e32->e_type == ET_EXEC &&
	    e32->e_phentsize == sizeof(Elf32_Phdr)) {
		*header = (struct header){
			.entry = e32->e_entry,
			.phoff = e32->e_phoff,
			.phnum = e32->e_phnum,
		};
		return 0;
	}
	if (len < (ssize_t)sizeof(*e32))
		return linux_reject(why, "cut short: its ELF header is not whole");
	return reject_header(&e, why);
}

static int read_program_header(int fd, const struct header *header, unsigned int i, Elf64_Phdr *p)
{
	Elf32_Phdr p32;
	const size_t size = header->wide ? sizeof(*p) : sizeof(p32);
	void *to = header->wide ? (void *)p : (void *)&p32;

	if (header->phoff > INT64_MAX ||
	    file_read_at(fd, to, size, header->phoff + i * size) != (ssize_t)size)
		return -EIO;
	if (!header->wide)
		*p = (Elf64_Phdr){
			.p_type = p32.p_type,
			.p_offset = p32.p_offset,
			.p_paddr = p32.p_paddr,
			.p_filesz = p32.p_filesz,
			.p_memsz = p32.p_memsz,
			.p_align = p32.p_align,
		};
	return 0;
}

static bool in_file(const Elf64_Phdr *p, uint64_t file_size)
{
	return p->p_offset <= file_size && p->p_filesz <= file_size - p->p_offset;
}

static int linux_add_segment(struct linux_image *image, const Elf64_Phdr *p, uint64_t file_size,
			     char *why)
{
	uint64_t end;

	if (!p->p_memsz)
		return 0;
	if (image->nr_segments == LINUX_MAX_SEGMENTS)
		return linux_reject(why, "more than %d segments to load", LINUX_MAX_SEGMENTS);
	if (p->p_filesz > p->p_memsz || !in_file(p, file_size))
		return linux_reject(why, "cut short: a segment is not wholly in the file");
	if (p->p_paddr >= PLATFORM_IMAGE_VA)
		return linux_reject(why,
				    "linked for the top 2 GiB of addresses, physical ones too, as "
				    "programs of slabvisor are: give a program without --kernel");
	if (p->p_paddr < LINUX_LOW || p->p_paddr >= KERNEL_LIMIT ||
	    p->p_memsz > KERNEL_LIMIT - p->p_paddr)
		return linux_reject(why,
				    "a segment of 0x%llx bytes at physical address 0x%llx: "
				    "kernels lie from 1 MiB to 2 GiB",
				    (unsigned long long)p->p_memsz, (unsigned long long)p->p_paddr);
	end = p->p_paddr + p->p_memsz;
	image->segment[image->nr_segments++] = (struct linux_segment){
		.addr = p->p_paddr,
		.filesz = p->p_filesz,
		.offset = p->p_offset,
	};
	if (p->p_paddr < image->start)
		image->start = p->p_paddr;
	if (end > image->end)
		image->end = end;
	return 0;
}

/* Looks for a note, and copies up to room bytes of its contents. Returns how many it has; -ENOENT;
 * or -ENOEXEC with why. what: its name for errors. */
static long find_note(const struct linux_image *image, const Elf64_Phdr *p, const char *name,
		      uint32_t type, const char *what, void *desc, size_t room, char *why)
{
	const struct elf_notes notes = {
		.offset = p->p_offset,
		.size = p->p_filesz,
		.align = p->p_align,
	};
	long len = elf_notes_find(image->fd, &notes, name, type, desc, room);

	if (len >= 0 || len == -ENOENT)
		return len;
	if (len == -EINVAL)
		return linux_reject(why, "its %s note is cut short", what);
	return linux_reject(why, "its notes cannot be read: %s", strerror((int)-len));
}

/* Looks for the PVH note; the first one counts. */
static int linux_scan_notes(struct linux_image *image, const Elf64_Phdr *p, uint64_t file_size,
			    char *why)
{
	struct platform_note program;
	uint64_t entry = 0;
	long len;

	if (!in_file(p, file_size))
		return linux_reject(why, "cut short: its notes are not wholly in the file");
	if (image->pvh)
		return 0;
	len = find_note(image, p, PLATFORM_NOTE_NAME, PLATFORM_NOTE_BOOT, "Slabvisor", &program,
			sizeof(program), why);
	if (len == -ENOEXEC)
		return (int)len;
	if (len != -ENOENT)
		return linux_reject(why, "a program of slabvisor, not a kernel: give it without "
					 "--kernel");
	len = find_note(image, p, XEN_NOTE_NAME, XEN_PHYS32_ENTRY, "PVH", &entry, sizeof(entry),
			why);
	if (len < 0)
		return len == -ENOENT ? 0 : (int)len;
	if (len != sizeof(uint32_t) && len != sizeof(uint64_t))
		return linux_reject(why, "its PVH note has %ld bytes, not 4 or 8", len);
	image->pvh = true;
	image->entry = entry;
	return 0;
}

/* Nothing can be entered where no byte of the file comes to lie. */
static bool is_loaded(const struct linux_image *image, uint64_t addr)
{
	const struct linux_segment *s;

	for (unsigned int i = 0; i < image->nr_segments; i++) {
		s = &image->segment[i];
		if (addr >= s->addr && addr - s->addr < s->filesz)
			return true;
	}
	return false;
}

static int check_entry(struct linux_image *image, const struct header *header, char *why)
{
	const char *multiboot = image->pvh ? NULL : media_multiboot(image->fd);

	if (multiboot)
		return linux_reject(
			why,
			"a %s kernel without a PVH note: give one that has the note, by "
			"which it would be entered",
			multiboot);
	if (!image->pvh && header->program)
		return linux_reject(why, "a program of an operating system's, not a kernel: give a "
					 "vmlinux, or an ELF with a PVH note");
	if (!image->pvh && !header->wide)
		return linux_reject(why, "a 32-bit ELF without a PVH note: give a kernel for "
					 "x86-64, or one with the note");
	if (!image->pvh)
		image->entry = header->entry;
	if (!is_loaded(image, image->entry))
		return linux_reject(why,
				    "its %s 0x%llx is not within it: give a kernel that "
				    "is linked for physical addresses",
				    image->pvh ? "PVH entry" : "entry",
				    (unsigned long long)image->entry);
	return 0;
}

/* What it is, and how it is entered: this is looked at first, since it says why the rest is unfit. */
static int scan(struct linux_image *image, struct header *header, uint64_t file_size, char *why)
{
	Elf64_Phdr p;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < header->phnum; i++) {
		if (read_program_header(image->fd, header, i, &p))
			return linux_reject(why,
					    "cut short: its program headers are not in the file");
		if (p.p_type == PT_NOTE)
			ret = linux_scan_notes(image, &p, file_size, why);
		header->program |= p.p_type == PT_INTERP || p.p_type == PT_TLS;
	}
	return ret;
}

static int linux_load_segments(struct linux_image *image, const struct header *header,
			       uint64_t file_size, char *why)
{
	Elf64_Phdr p;
	int ret = 0;

	image->start = UINT64_MAX;
	for (unsigned int i = 0; !ret && i < header->phnum; i++) {
		/* The file may change meanwhile. */
		if (read_program_header(image->fd, header, i, &p))
			return linux_reject(why,
					    "cut short: its program headers are not in the file");
		if (p.p_type == PT_LOAD)
			ret = linux_add_segment(image, &p, file_size, why);
	}
	return ret;
}

int linux_elf_open(struct linux_image *image, uint64_t file_size, char *why)
{
	struct header header = {.phnum = 0};
	int ret = read_header(image->fd, &header, why);

	if (!ret)
		ret = scan(image, &header, file_size, why);
	if (!ret)
		ret = linux_load_segments(image, &header, file_size, why);
	if (!ret)
		ret = check_entry(image, &header, why);
	if (ret)
		return ret;
	image->initrd_limit = INITRD_LIMIT;
	image->cmdline_max = CMDLINE_MAX;
	return 0;
}
