/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/elf/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/file.h"
#include "vmm/base/media.h"
#include "vmm/elf/notes.h"

#define PAGE        4096ull
#define IMAGE_END   0xfffffffffffff000ull /* the last page stays free of wrapping */
#define MAX_STRIDE  4096u
#define CPU_VECTORS 32u

__attribute__((format(printf, 2, 3))) static int wrong(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, ELF_WHY_MAX, fmt, args);
	va_end(args);
	return -ENOEXEC;
}

/* Says what it is, as far as that can be told. */
static int no_elf(int fd, char *why)
{
	char name[MEDIA_NAME_MAX];
	const char *is = media_name(fd, name);
	const char *unpack = media_unpack(fd);

	if (!is)
		return wrong(why, "not an ELF file: a freestanding x86-64 ELF is needed");
	if (!strncmp(is, "a Linux kernel", strlen("a Linux kernel")))
		return wrong(why, "not an ELF file, it is %s: a kernel is given by --kernel", is);
	return wrong(why, "not an ELF file, it is %s: a freestanding x86-64 ELF is needed%s%s", is,
		     unpack ? ", unpacked: " : "", unpack ? unpack : "");
}

static int check_header(const Elf64_Ehdr *h, int fd, size_t len, char *why)
{
	char name[MEDIA_NAME_MAX];

	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return no_elf(fd, why);
	if (h->e_ident[EI_CLASS] == ELFCLASS32)
		return wrong(why,
			     "a 32-bit ELF: a 64-bit one (x86-64) is needed; a kernel is given "
			     "by --kernel");
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_ident[EI_VERSION] != EV_CURRENT)
		return wrong(why, "damaged ELF header: a 64-bit little-endian ELF is needed");
	if (len < sizeof(*h))
		return wrong(why, "damaged ELF header: the file is cut short");
	if (h->e_machine != EM_X86_64)
		return wrong(why, "an ELF for %s: one for x86-64 is needed",
			     media_machine(h->e_machine, name));
	if (h->e_type != ET_EXEC)
		return wrong(why,
			     "not a static executable (ELF type %u): link with -static -no-pie "
			     "at 0x%llx",
			     h->e_type, PLATFORM_IMAGE_VA);
	if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum || h->e_phnum == PN_XNUM)
		return wrong(why, "damaged ELF header: no program headers");
	return 0;
}

static int elf_add_segment(struct elf_image *elf, const Elf64_Phdr *p, char *why)
{
	struct elf_segment *s;
	struct elf_segment *last;
	uint64_t end;

	if (!p->p_memsz)
		return 0;
	if (elf->nr_segments == ELF_MAX_SEGMENTS)
		return wrong(why, "more than %d segments to load", ELF_MAX_SEGMENTS);
	if (p->p_filesz > p->p_memsz || p->p_offset > elf->file_size ||
	    p->p_filesz > elf->file_size - p->p_offset)
		return wrong(why, "segment %u reaches past the end of the file: it is cut short",
			     elf->nr_segments);
	if (p->p_vaddr < PLATFORM_IMAGE_VA || p->p_vaddr >= IMAGE_END ||
	    p->p_memsz > IMAGE_END - p->p_vaddr)
		return wrong(why,
			     "segment at 0x%llx: programs are linked in the top 2 GiB, "
			     "from 0x%llx on",
			     (unsigned long long)p->p_vaddr, PLATFORM_IMAGE_VA);
	if ((p->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return wrong(why, "segment at 0x%llx is both writable and executable",
			     (unsigned long long)p->p_vaddr);
	s = &elf->segment[elf->nr_segments];
	if (elf->nr_segments) {
		last = s - 1;
		end = (last->vaddr + last->memsz + PAGE - 1) & ~(PAGE - 1);
		if ((p->p_vaddr & ~(PAGE - 1)) < end)
			return wrong(why,
				     "segment at 0x%llx shares a page with another: "
				     "segments ascend and are page-aligned",
				     (unsigned long long)p->p_vaddr);
	}
	*s = (struct elf_segment){
		.vaddr = p->p_vaddr,
		.memsz = p->p_memsz,
		.filesz = p->p_filesz,
		.offset = p->p_offset,
		.write = p->p_flags & PF_W,
		.exec = p->p_flags & PF_X,
	};
	elf->nr_segments++;
	elf->size = p->p_vaddr + p->p_memsz - PLATFORM_IMAGE_VA;
	return 0;
}

static bool executable(const struct elf_image *elf, uint64_t addr, uint64_t len)
{
	const struct elf_segment *s;

	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		s = &elf->segment[i];
		if (s->exec && addr >= s->vaddr && addr - s->vaddr < s->memsz &&
		    len <= s->memsz - (addr - s->vaddr))
			return true;
	}
	return false;
}

/* Looks for the platform note among the notes of one PT_NOTE segment. */
static int elf_scan_notes(struct elf_image *elf, const Elf64_Phdr *p, char *why)
{
	const struct elf_notes notes = {
		.offset = p->p_offset,
		.size = p->p_filesz,
		.align = p->p_align,
	};
	long len;

	if (p->p_offset > elf->file_size || p->p_filesz > elf->file_size - p->p_offset)
		return wrong(why, "notes reach past the end of the file: it is cut short");
	if (elf->has_note)
		return 0;
	len = elf_notes_find(elf->fd, &notes, PLATFORM_NOTE_NAME, PLATFORM_NOTE_BOOT, &elf->note,
			     sizeof(elf->note));
	if (len == -ENOENT)
		return 0;
	if (len == -EINVAL)
		return wrong(why, "its Slabvisor note is cut short");
	if (len < 0)
		return wrong(why, "its notes cannot be read: %s", strerror((int)-len));
	if (len != sizeof(elf->note))
		return wrong(why, "its Slabvisor note has %ld bytes, not %zu", len,
			     sizeof(elf->note));
	elf->has_note = true;
	return 0;
}

/* A kernel may be linked so that it could be taken for a program; its note says what it is. */
static bool is_kernel(const struct elf_image *elf, const Elf64_Phdr *p)
{
	const struct elf_notes notes = {
		.offset = p->p_offset,
		.size = p->p_filesz,
		.align = p->p_align,
	};
	uint64_t entry;

	return p->p_offset <= elf->file_size && p->p_filesz <= elf->file_size - p->p_offset &&
	       elf_notes_find(elf->fd, &notes, XEN_NOTE_NAME, XEN_PHYS32_ENTRY, &entry,
			      sizeof(entry)) >= 0;
}

static int read_headers(struct elf_image *elf, const Elf64_Ehdr *h, char *why)
{
	Elf64_Phdr p;
	int ret = 0;

	for (unsigned int i = 0; i < h->e_phnum && h->e_phoff <= elf->file_size; i++)
		if (file_read_at(elf->fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)) ==
			    (ssize_t)sizeof(p) &&
		    p.p_type == PT_NOTE && is_kernel(elf, &p))
			return wrong(why, "a kernel (it has a PVH note): give it by --kernel");
	for (unsigned int i = 0; i < h->e_phnum && !ret; i++) {
		if (h->e_phoff > elf->file_size ||
		    file_read_at(elf->fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)) !=
			    (ssize_t)sizeof(p))
			return wrong(why, "program headers reach past the end of the file");
		if (p.p_type == PT_LOAD)
			ret = elf_add_segment(elf, &p, why);
		else if (p.p_type == PT_NOTE)
			ret = elf_scan_notes(elf, &p, why);
		else if (p.p_type == PT_INTERP || p.p_type == PT_DYNAMIC)
			ret = wrong(why, "a dynamically linked program: link with -static -no-pie");
	}
	return ret;
}

static int check_image(struct elf_image *elf, const Elf64_Ehdr *h, char *why)
{
	if (!elf->nr_segments)
		return wrong(why, "nothing in it to load");
	if (!executable(elf, h->e_entry, 1))
		return wrong(why, "entry 0x%llx is not in an executable segment",
			     (unsigned long long)h->e_entry);
	elf->entry = h->e_entry;
	if (!elf->has_note)
		return 0;
	if (elf->note.version != PLATFORM_VERSION)
		return wrong(why, "built for version %u of the platform, this is version %d",
			     elf->note.version, PLATFORM_VERSION);
	if (!elf->note.stride || elf->note.stride > MAX_STRIDE ||
	    !executable(elf, elf->note.vectors, (uint64_t)elf->note.stride * CPU_VECTORS))
		return wrong(why, "exception vectors at 0x%llx are not in an executable segment",
			     (unsigned long long)elf->note.vectors);
	return 0;
}

int elf_open(const char *path, struct elf_image *elf, char *why)
{
	Elf64_Ehdr h = {.e_ident = {0}};
	struct stat st;
	ssize_t len;
	int ret;

	*elf = (struct elf_image){.fd = -1};
	/* Non-blocking, so that a FIFO does not hold us up; files do not mind. */
	elf->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (elf->fd < 0 || fstat(elf->fd, &st)) {
		ret = -errno;
		wrong(why, "cannot be read: %s", strerror(-ret));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = wrong(why, "not a file: a freestanding x86-64 ELF is needed");
		goto fail;
	}
	elf->file_size = (uint64_t)st.st_size;
	len = file_read_at(elf->fd, &h, sizeof(h), 0);
	if (len < 0) {
		ret = (int)len;
		wrong(why, "cannot be read: %s", strerror(-ret));
		goto fail;
	}
	ret = check_header(&h, elf->fd, (size_t)len, why);
	if (!ret)
		ret = read_headers(elf, &h, why);
	if (!ret)
		ret = check_image(elf, &h, why);
	if (ret)
		goto fail;
	elf->shoff = h.e_shoff;
	elf->shnum = h.e_shnum;
	elf->shentsize = h.e_shentsize;
	return 0;
fail:
	elf_close(elf);
	return ret;
}

void elf_close(struct elf_image *elf)
{
	if (elf->fd >= 0)
		close(elf->fd);
	elf->fd = -1;
}

int elf_load(const struct elf_image *elf, void *dest)
{
	const struct elf_segment *s;
	ssize_t len;

	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		s = &elf->segment[i];
		len = file_read_at(elf->fd, (uint8_t *)dest + (s->vaddr - PLATFORM_IMAGE_VA),
				   s->filesz, s->offset);
		if (len < 0)
			return (int)len;
		if ((uint64_t)len != s->filesz)
			return -EIO;
	}
	return 0;
}
