/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/blk/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "virtio/blk/format.h"
#include "virtio/blk/loop.h"

#define SECTOR    512u
#define MAX_ALIGN 4096u

#define MOUNTED                                                                           \
	"the host uses it, or a part of it (it is mounted, swap, or of another device), " \
	"or another machine does: end that, or open it read-only"

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

__attribute__((format(printf, 3, 4))) static int refuse(char *why, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, BLK_WHY_MAX, fmt, args);
	va_end(args);
	return error;
}

static int refuse_errno(char *why, int error)
{
	return refuse(why, error, "%s", strerror(-error));
}

static int lock_file(struct blk_file *file, const struct blk_file_config *config, char *why)
{
	struct flock lock = {.l_type = config->readonly ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
	bool free;

	if (fcntl(file->cached_fd, config->look ? F_OFD_GETLK : F_OFD_SETLK, &lock)) {
		free = errno != EAGAIN && errno != EACCES;
		/* A file system without locks leaves it to its users to mind each other. */
		if (free)
			file->unguarded = -errno;
	} else {
		free = !config->look || lock.l_type == F_UNLCK;
	}
	return free ? 0
		    : refuse(why, -EBUSY,
			     "it is in use by another process: stop that, or open it read-only in "
			     "both");
}

/* What a read of size bytes to an address and an offset of that alignment says. */
static bool can_read(int fd, uint8_t *buf, size_t size)
{
	return pread(fd, buf + size, size, (off_t)size) >= 0;
}

/* For kernels that cannot say (before 6.1): by trial. */
static void probe_by_trial(struct blk_file *file)
{
	uint32_t align = SECTOR;
	uint8_t *buf;

	if (file->device) {
		int sector = 0;

		if (!ioctl(file->direct_fd, BLKSSZGET, &sector) && sector > 0)
			align = (uint32_t)sector;
	} else {
		buf = aligned_alloc(2 * MAX_ALIGN, 2 * MAX_ALIGN);
		if (!buf || !can_read(file->direct_fd, buf, SECTOR))
			align = MAX_ALIGN;
		free(buf);
	}
	file->memory_align = align;
	file->offset_align = align;
}

static void probe_alignment(struct blk_file *file)
{
	struct statx stx;

	if (file->direct_fd < 0) {
		file->memory_align = 1;
		file->offset_align = SECTOR;
		return;
	}
#ifdef STATX_DIOALIGN
	if (!statx(file->direct_fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) &&
	    stx.stx_mask & STATX_DIOALIGN) {
		if (power_of_two(stx.stx_dio_mem_align) && power_of_two(stx.stx_dio_offset_align)) {
			file->memory_align = stx.stx_dio_mem_align;
			file->offset_align = stx.stx_dio_offset_align;
		} else {
			/* 0: opened with O_DIRECT, but no direct I/O on this file. */
			close(file->direct_fd);
			file->direct_fd = -1;
			probe_alignment(file);
		}
	} else
#endif
		probe_by_trial(file);
	if (file->offset_align < SECTOR)
		file->offset_align = SECTOR;
}

static uint32_t device_sector(const struct blk_file *file)
{
	int size = 0;

	if (ioctl(file->cached_fd, BLKSSZGET, &size) || size < (int)SECTOR || size > (int)MAX_ALIGN)
		return SECTOR;
	return (uint32_t)size;
}

static void probe_topology(struct blk_file *file, const struct stat *st, uint32_t block_size)
{
	unsigned int size = 0;

	if (!block_size)
		block_size = file->device ? device_sector(file) : SECTOR;
	file->block_size = block_size;
	file->physical_size = block_size;
	if (!file->device) {
		size = (unsigned int)st->st_blksize;
	} else {
		if (ioctl(file->cached_fd, BLKPBSZGET, &size))
			size = 0;
		if (ioctl(file->cached_fd, BLKIOOPT, &file->optimal_size))
			file->optimal_size = 0;
	}
	if (size < file->offset_align)
		size = file->offset_align;
	if (power_of_two(size) && size > file->physical_size && size <= 1u << 20)
		file->physical_size = size;
}

/* Tells whether the device below has discard: fallocate() would take the call in any case. */
static bool device_discards(const struct stat *st)
{
	char path[96];
	unsigned long long max = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/discard_max_bytes",
		 major(st->st_rdev), minor(st->st_rdev));
	f = fopen(path, "re");
	if (!f) { /* a partition's queue is its disk's */
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../queue/discard_max_bytes",
			 major(st->st_rdev), minor(st->st_rdev));
		f = fopen(path, "re");
	}
	if (!f)
		return false;
	if (fscanf(f, "%llu", &max) != 1)
		max = 0;
	fclose(f);
	return max != 0;
}

/* On a regular file: past its end, where nothing is. */
static void probe_holes(struct blk_file *file, const struct stat *st)
{
	off_t past = (st->st_size / MAX_ALIGN + 1) * MAX_ALIGN;

	file->discard_granule = file->physical_size > MAX_ALIGN ? file->physical_size : MAX_ALIGN;
	if (file->readonly)
		return;
	if (file->device) {
		file->can_punch = device_discards(st);
		file->can_zero = true;
		return;
	}
	file->can_punch = !fallocate(file->cached_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     past, MAX_ALIGN);
	/* No probe for this: it would allocate. A refusal is dealt with when it comes. */
	file->can_zero = true;
}

/* Opens the path a second time, and makes sure that it still leads to the same file. */
static int open_again(const struct blk_file_config *config, int flags, const struct stat *st)
{
	struct stat now;
	int fd = open(config->path, flags);
	int ret;

	if (fd < 0)
		return -errno;
	ret = fstat(fd, &now) ? -errno : 0;
	if (!ret &&
	    (now.st_dev != st->st_dev || now.st_ino != st->st_ino || now.st_rdev != st->st_rdev))
		ret = -ESTALE;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Refuses what is no raw image by its own account. */
static int judge(const struct blk_file *file, char *why)
{
	const struct blk_format *format;
	int64_t size = blk_file_size(file);
	int ret;

	if (size < 0)
		return refuse_errno(why, (int)size);
	ret = blk_format_probe(file->cached_fd, (uint64_t)size, &format);
	if (ret)
		return refuse(why, ret, "it cannot be read: %s", strerror(-ret));
	if (!format)
		return 0;
	return refuse(why, -EMEDIUMTYPE, "it is %s, and disks are raw: make it raw by `%s`",
		      format->name, format->make);
}

/*
 * A block device to be written: O_EXCL (without O_CREAT) fails where the host uses it or a part of
 * it, and keeps it from doing so.
 */
static int claim(struct blk_file *file, const struct blk_file_config *config, int flags,
		 const struct stat *st, char *why)
{
	int fd = open_again(config, flags | O_EXCL, st);

	if (fd == -EBUSY)
		return refuse(why, fd, MOUNTED);
	if (fd < 0)
		return refuse_errno(why, fd);
	close(file->cached_fd);
	file->cached_fd = fd;
	return 0;
}

/* A file to be written, against loop devices. One that is made of it later is not seen. */
static int keep_from_loops(const struct stat *st, char *why)
{
	char name[BLK_LOOP_NAME];

	if (!blk_loop_finds(st, name))
		return 0;
	return refuse(why, -EBUSY,
		      "the host has it as /dev/%s, which may be mounted: end that (losetup -d "
		      "/dev/%s), or open it read-only",
		      name, name);
}

/* Why a file cannot be opened as it is to be. */
static int refuse_opening(const struct blk_file_config *config, int error, char *why)
{
	if (error == -EBUSY)
		return refuse(why, error, MOUNTED);
	if (config->readonly || (error != -EACCES && error != -EPERM && error != -EROFS) ||
	    faccessat(AT_FDCWD, config->path, R_OK, AT_EACCESS))
		return refuse_errno(why, error);
	return refuse(why, error,
		      "it cannot be written to: %s: make it writable, or open it read-only",
		      strerror(-error));
}

/* A device that is read-only lets itself be opened for writing all the same. */
static bool is_readonly_device(const struct blk_file *file)
{
	int readonly = 0;

	return file->device && !ioctl(file->cached_fd, BLKROGET, &readonly) && readonly;
}

static int open_cached(struct blk_file *file, const struct blk_file_config *config, int flags,
		       struct stat *st, char *why)
{
	/* Non-blocking, for a path that turns out to be a FIFO. */
	file->cached_fd = open(config->path, flags | O_NONBLOCK);
	if (file->cached_fd < 0)
		return refuse_opening(config, -errno, why);
	if (fstat(file->cached_fd, st))
		return refuse_errno(why, -errno);
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return refuse(why, -ENOTBLK, "give a regular file or a block device");
	file->device = S_ISBLK(st->st_mode);
	/* io_uring would say -EAGAIN where it is to wait. */
	if (fcntl(file->cached_fd, F_SETFL, 0))
		return refuse_errno(why, -errno);
	/* What is only looked at is not opened for writing, but asked for. */
	if (config->look && !config->readonly &&
	    faccessat(AT_FDCWD, config->path, W_OK, AT_EACCESS))
		return refuse_opening(config, -errno, why);
	if (!config->readonly && is_readonly_device(file))
		return refuse_opening(config, -EROFS, why);
	return 0;
}

int blk_file_open(struct blk_file *file, const struct blk_file_config *config, char *why)
{
	const bool readonly = config->readonly || config->look;
	const int flags = (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY;
	struct stat st = {.st_mode = 0};
	int ret;

	*file = (struct blk_file){.direct_fd = -1, .cached_fd = -1, .readonly = readonly};
	ret = open_cached(file, config, flags, &st, why);
	if (!ret && file->device && !config->readonly)
		ret = claim(file, config, flags, &st, why);
	if (!ret && !file->device && !config->readonly)
		ret = keep_from_loops(&st, why);
	if (!ret)
		ret = lock_file(file, config, why);
	/* A few looks follow, which are not to be read ahead of. */
	posix_fadvise(file->cached_fd, 0, 0, POSIX_FADV_RANDOM);
	if (!ret && !config->raw)
		ret = judge(file, why);
	if (ret)
		goto err;
	if (config->direct) {
		ret = open_again(config, flags | O_DIRECT, &st);
		if (ret < 0 && ret != -EINVAL) {
			refuse_errno(why, ret);
			goto err;
		}
		file->direct_fd = ret < 0 ? -1 : ret;
	}
	probe_alignment(file);
	probe_topology(file, &st, config->block_size);
	probe_holes(file, &st);
	file->gpt_sector = blk_format_gpt_sector(file->cached_fd);
	posix_fadvise(file->cached_fd, 0, 0, POSIX_FADV_NORMAL);
	/* What was looked at would stay in a cache that is not used. */
	if (file->direct_fd >= 0)
		blk_file_forget(file);
	return 0;

err:
	blk_file_close(file);
	return ret;
}

void blk_file_close(struct blk_file *file)
{
	if (file->direct_fd >= 0)
		close(file->direct_fd);
	if (file->cached_fd >= 0)
		close(file->cached_fd);
	file->direct_fd = -1;
	file->cached_fd = -1;
}

int64_t blk_file_size(const struct blk_file *file)
{
	struct stat st;
	uint64_t size;

	if (file->device)
		return ioctl(file->cached_fd, BLKGETSIZE64, &size) ? -errno : (int64_t)size;
	return fstat(file->cached_fd, &st) ? -errno : (int64_t)st.st_size;
}

uint64_t blk_file_usable(const struct blk_file *file, uint64_t size)
{
	return size & ~(file->block_size - 1ull);
}

int blk_file_set_size(const struct blk_file *file, uint64_t size)
{
	int64_t now;

	if (size > INT64_MAX || size & (file->block_size - 1))
		return -EINVAL;
	if (file->readonly)
		return -EROFS;
	if (!file->device)
		return ftruncate(file->cached_fd, (off_t)size) ? -errno : 0;
	now = blk_file_size(file);
	if (now < 0)
		return (int)now;
	return size > (uint64_t)now ? -ENOSPC : 0;
}

enum blk_route blk_file_route(const struct blk_file *file, const struct iovec *iov, unsigned int n,
			      uint64_t offset, uint64_t len)
{
	uintptr_t address = 0;
	size_t length = 0;

	if (file->direct_fd < 0)
		return BLK_ROUTE_DIRECT;
	if ((offset | len) & (file->offset_align - 1))
		return BLK_ROUTE_CACHED;
	/* Before 6.18 each length had to be of whole blocks, not only their sum. */
	for (unsigned int i = 0; i < n; i++) {
		address |= (uintptr_t)iov[i].iov_base;
		length |= iov[i].iov_len;
	}
	return (address & (file->memory_align - 1) || length & (file->offset_align - 1))
		       ? BLK_ROUTE_BOUNCE
		       : BLK_ROUTE_DIRECT;
}

int blk_file_sync(const struct blk_file *file)
{
	return fdatasync(file->cached_fd) ? -errno : 0;
}

void blk_file_forget(const struct blk_file *file)
{
	posix_fadvise(file->cached_fd, 0, 0, POSIX_FADV_DONTNEED);
}
