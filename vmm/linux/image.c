/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/file.h"
#include "vmm/base/media.h"
#include "vmm/linux/elf.h"

#define SETUP_OFFSET  0x1f1 /* of the setup header, in file and boot_params */
#define SECTOR        512
#define MAGIC_HDRS    0x53726448u
#define BOOT_FLAG     0xaa55
#define MIN_VERSION   0x020c /* with xloadflags: Linux 3.8 */
#define ENTRY_64      0x200
#define KERNEL_LIMIT  0x80000000ull
#define LOADER_NONE   0xff
#define SETUP_DEFAULT 4

#define GIVE "give a bzImage, a vmlinux or an ELF with a PVH note"

/* Says what it is, as far as that can be told. */
static int no_kernel(int fd, char *why)
{
	char name[MEDIA_NAME_MAX];
	const char *is = media_name(fd, name);
	const char *unpack = media_unpack(fd);

	if (!is)
		return linux_reject(why, "not a kernel: " GIVE);
	if (unpack)
		return linux_reject(why,
				    "it is %s: a kernel is given unpacked (`%s`), or as a bzImage, "
				    "which unpacks itself; an initial RAM disk by --initrd",
				    is, unpack);
	if (!strcmp(is, "a cpio archive"))
		return linux_reject(why,
				    "it is %s: an initial RAM disk is given by --initrd, and a "
				    "kernel with it",
				    is);
	return linux_reject(why, "it is %s: " GIVE, is);
}

/* What the setup header says of a kernel's placing. */
static int image_place(struct linux_image *image, uint64_t file_size, char *why)
{
	struct setup_header *h = &image->header;
	unsigned int sectors = h->setup_sects ? h->setup_sects : SETUP_DEFAULT;
	uint64_t offset = (sectors + 1ull) * SECTOR;

	if (h->header != MAGIC_HDRS || h->boot_flag != BOOT_FLAG)
		return no_kernel(image->fd, why);
	if (h->version < MIN_VERSION || !(h->xloadflags & XLF_KERNEL_64))
		return linux_reject(why, "has no 64-bit entry: give a 64-bit kernel, 3.8 or newer");
	if (!(h->loadflags & LOADED_HIGH) || offset >= file_size || !h->init_size)
		return linux_reject(why, "cut short, or not a bzImage");
	if (h->pref_address < LINUX_LOW || h->pref_address >= KERNEL_LIMIT ||
	    file_size - offset > h->init_size)
		return linux_reject(why, "wants to lie where no kernel can");
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
		return linux_reject(why, "cannot be read: %s", strerror((int)-n));
	if ((size_t)n < sizeof(head))
		return no_kernel(image->fd, why);
	memcpy(&image->header, head + SETUP_OFFSET, sizeof(image->header));
	return image_place(image, file_size, why);
}

/* What a vmlinux has no header to say. */
static int open_elf(struct linux_image *image, uint64_t file_size, char *why)
{
	int ret = linux_elf_open(image, file_size, why);

	if (ret)
		return ret;
	image->header.header = MAGIC_HDRS;
	image->header.boot_flag = BOOT_FLAG;
	image->header.version = MIN_VERSION;
	return 0;
}

int linux_image_open(const char *path, struct linux_image *image, char *why)
{
	struct stat st;
	int ret;

	*image = (struct linux_image){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (image->fd < 0 || fstat(image->fd, &st)) {
		ret = linux_reject(why, "cannot be read: %s", strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = linux_reject(why, "not a file: " GIVE);
		goto fail;
	}
	if (linux_elf_is(image->fd))
		ret = open_elf(image, (uint64_t)st.st_size, why);
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
	ssize_t n;

	for (unsigned int i = 0; i < image->nr_segments; i++) {
		s = &image->segment[i];
		n = file_read_at(image->fd, ram + s->addr, s->filesz, s->offset);
		if (n < 0)
			return (int)n;
		if ((uint64_t)n != s->filesz)
			return -EIO;
	}
	return 0;
}
