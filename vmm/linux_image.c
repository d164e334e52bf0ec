/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/file.h"

#define SETUP_OFFSET  0x1f1 /* of the setup header, in file and boot_params */
#define SECTOR        512
#define MAGIC_HDRS    0x53726448u
#define BOOT_FLAG     0xaa55
#define MIN_VERSION   0x020c /* with xloadflags: Linux 3.8 */
#define ENTRY_64      0x200
#define CMDLINE_MAX   2047 /* what every kernel takes */
#define INITRD_LIMIT  0x80000000ull
#define KERNEL_LIMIT  0x80000000ull
#define LOADER_NONE   0xff
#define SETUP_DEFAULT 4

__attribute__((format(printf, 2, 3))) static int reject(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, LINUX_WHY_MAX, fmt, args);
	va_end(args);
	return -ENOEXEC;
}

/* What the setup header says of a kernel's placing. */
static int place(struct linux_image *image, uint64_t file_size, char *why)
{
	struct setup_header *h = &image->header;
	unsigned int sectors = h->setup_sects ? h->setup_sects : SETUP_DEFAULT;
	uint64_t offset = (sectors + 1ull) * SECTOR;

	if (h->header != MAGIC_HDRS || h->boot_flag != BOOT_FLAG)
		return reject(why, "not a Linux kernel: give a bzImage or a vmlinux for x86-64");
	if (h->version < MIN_VERSION || !(h->xloadflags & XLF_KERNEL_64))
		return reject(why, "has no 64-bit entry: give a 64-bit kernel, 3.8 or newer");
	if (!(h->loadflags & LOADED_HIGH) || offset >= file_size || !h->init_size)
		return reject(why, "cut short, or not a bzImage");
	if (h->pref_address < LINUX_LOW || h->pref_address >= KERNEL_LIMIT ||
	    file_size - offset > h->init_size)
		return reject(why, "wants to lie where no kernel can");
	image->segment[0] = (struct linux_segment){
		.addr = h->pref_address,
		.filesz = file_size - offset,
		.offset = offset,
	};
	image->nr_segments = 1;
	image->start = h->pref_address;
	image->end = h->pref_address + h->init_size;
	image->entry = h->pref_address + ENTRY_64;
	image->initrd_limit = (uint64_t)h->initrd_addr_max + 1;
	image->cmdline_max = h->cmdline_size;
	return 0;
}

static int open_bzimage(struct linux_image *image, uint64_t file_size, char *why)
{
	uint8_t head[SETUP_OFFSET + sizeof(struct setup_header)];
	ssize_t n = file_read_at(image->fd, head, sizeof(head), 0);

	if (n < 0)
		return reject(why, "cannot be read: %s", strerror((int)-n));
	if ((size_t)n < sizeof(head))
		return reject(why, "not a Linux kernel: give a bzImage or a vmlinux for x86-64");
	memcpy(&image->header, head + SETUP_OFFSET, sizeof(image->header));
	return place(image, file_size, why);
}

static int add_segment(struct linux_image *image, const Elf64_Phdr *p, uint64_t file_size,
		       char *why)
{
	uint64_t end;

	if (image->nr_segments == LINUX_MAX_SEGMENTS)
		return reject(why, "more than %d segments to load", LINUX_MAX_SEGMENTS);
	if (p->p_filesz > p->p_memsz || p->p_offset > file_size ||
	    p->p_filesz > file_size - p->p_offset)
		return reject(why, "cut short: a segment is not wholly in the file");
	if (p->p_paddr < LINUX_LOW || p->p_paddr >= KERNEL_LIMIT || p->p_memsz > KERNEL_LIMIT)
		return reject(why, "a segment wants to lie where no kernel can");
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

static int open_vmlinux(struct linux_image *image, const Elf64_Ehdr *e, uint64_t file_size,
			char *why)
{
	unsigned int i;
	Elf64_Phdr p;
	int ret;

	if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB ||
	    e->e_machine != EM_X86_64 || e->e_type != ET_EXEC || e->e_phentsize != sizeof(p))
		return reject(why, "not an x86-64 vmlinux: give a kernel for x86-64");
	image->start = UINT64_MAX;
	for (i = 0; i < e->e_phnum; i++) {
		if (e->e_phoff > file_size ||
		    file_read_at(image->fd, &p, sizeof(p), e->e_phoff + i * sizeof(p)) !=
			    (ssize_t)sizeof(p))
			return reject(why, "cut short: its program headers are not in the file");
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		ret = add_segment(image, &p, file_size, why);
		if (ret)
			return ret;
	}
	if (!image->nr_segments || e->e_entry < image->start || e->e_entry >= image->end)
		return reject(why, "its entry is not within it: give a vmlinux of Linux");
	image->entry = e->e_entry;
	image->initrd_limit = INITRD_LIMIT;
	image->cmdline_max = CMDLINE_MAX;
	image->header.header = MAGIC_HDRS;
	image->header.boot_flag = BOOT_FLAG;
	image->header.version = MIN_VERSION;
	return 0;
}

int linux_image_open(const char *path, struct linux_image *image, char *why)
{
	struct stat st;
	Elf64_Ehdr e;
	int ret;

	*image = (struct linux_image){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (image->fd < 0 || fstat(image->fd, &st)) {
		ret = reject(why, "cannot be read: %s", strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = reject(why, "not a file: give a bzImage or a vmlinux for x86-64");
		goto fail;
	}
	if (file_read_at(image->fd, &e, sizeof(e), 0) == (ssize_t)sizeof(e) &&
	    !memcmp(e.e_ident, ELFMAG, SELFMAG))
		ret = open_vmlinux(image, &e, (uint64_t)st.st_size, why);
	else
		ret = open_bzimage(image, (uint64_t)st.st_size, why);
	if (ret)
		goto fail;
	image->header.type_of_loader = LOADER_NONE;
	return 0;
fail:
	if (image->fd >= 0)
		close(image->fd);
	return ret;
}

void linux_image_close(struct linux_image *image)
{
	close(image->fd);
}

int linux_image_load(const struct linux_image *image, uint8_t *ram)
{
	const struct linux_segment *s;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < image->nr_segments; i++) {
		s = &image->segment[i];
		n = file_read_at(image->fd, ram + s->addr, s->filesz, s->offset);
		if (n < 0)
			return (int)n;
		if ((uint64_t)n != s->filesz)
			return -EIO;
	}
	return 0;
}
