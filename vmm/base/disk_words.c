/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/disk_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vmm/base/cli.h"

/* Tells whether it begins as a URI, or as QEMU's names of what is no file: a scheme and a colon. */
static bool looks_like_uri(const char *path)
{
	size_t len =
		strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return len > 1 && path[len] == ':';
}

enum exit_status disk_refuse(const struct disk_words *words, const char *path, int error,
			     const char *why)
{
	if (error == -EMEDIUMTYPE)
		return cli_fail(STATUS_BAD_IMAGE,
				"%s%s: %s, or say %s if a disk of its very bytes is meant",
				words->option, path, why, words->raw);
	/* One that is there is a file, whatever its name. */
	if ((error == -ENOENT || error == -ENOTDIR) && looks_like_uri(path))
		return cli_fail(
			STATUS_BAD_IMAGE,
			"%s%s: %s, and URIs are not supported: give the path of a file or a "
			"block device (what NBD serves becomes a file by nbdfuse)",
			words->option, path, why);
	return cli_fail(STATUS_BAD_IMAGE, "%s%s: %s", words->option, path, why);
}

void disk_note_tail(const struct disk_words *words, const char *path, const struct blk_file *file)
{
	const int64_t size = blk_file_size(file);
	uint64_t usable;
	uint64_t lost;

	if (size < 0) {
		cli_note("%s%s: its size cannot be read: %s", words->option, path,
			 strerror((int)-size));
		return;
	}
	usable = blk_file_usable(file, (uint64_t)size);
	lost = (uint64_t)size - usable;
	if (!size)
		cli_note("%s%s: it is empty: the guest sees a disk without sectors", words->option,
			 path);
	else if (!usable)
		cli_note("%s%s: its %llu bytes are not one sector of %u: the guest sees a disk "
			 "without sectors",
			 words->option, path, (unsigned long long)lost, file->block_size);
	else if (lost)
		cli_note("%s%s: the last %llu bytes are not a whole sector of %u: they are out of "
			 "the guest's reach",
			 words->option, path, (unsigned long long)lost, file->block_size);
}

/* How sectors are taken, where there is more than one way. */
static void note_sectors(const struct disk_words *words, const struct blk_file_config *config,
			 const struct blk_file *file)
{
	const char *path = config->path;
	const char *how = words->block_size;

	if (file->gpt_sector && file->gpt_sector != file->block_size)
		cli_note("%s%s: the guest sees sectors of %u, and the partition table is one for "
			 "sectors of %u: it wants %s%u",
			 words->option, path, file->block_size, file->gpt_sector, how,
			 file->gpt_sector);
	else if (config->block_size)
		return;
	else if (file->block_size > 512)
		cli_note("%s%s: the guest sees sectors of %u, which the device has: %s512 gives it "
			 "sectors of 512",
			 words->option, path, file->block_size, how);
	else if (file->direct_fd >= 0 && file->offset_align > file->block_size)
		cli_note("%s%s: the guest sees sectors of %u, and direct I/O is in blocks of %u "
			 "here: what is not aligned goes through the host's page cache. %s4096 "
			 "gives it sectors of 4096",
			 words->option, path, file->block_size, file->offset_align, how);
}

void disk_note(const struct disk_words *words, const struct blk_file_config *config,
	       const struct blk_file *file)
{
	if (config->direct && file->direct_fd < 0)
		cli_note("%s%s: its file system has no direct I/O: the host's page cache is used",
			 words->option, config->path);
	if (file->unguarded)
		cli_note("%s%s: it cannot be locked (%s): nothing keeps another process from "
			 "writing to it",
			 words->option, config->path, strerror(-file->unguarded));
	disk_note_tail(words, config->path, file);
	note_sectors(words, config, file);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

enum exit_status disk_check_distinct(const struct disk_words *words, const struct disk_place *place,
				     unsigned int count)
{
	struct stat a;
	struct stat b;

	for (unsigned int i = 1; i < count; i++) {
		/* One that is not there is reported when it is opened. */
		if (stat(place[i].path, &a))
			continue;
		for (unsigned int j = 0; j < i; j++)
			if (!(place[i].readonly && place[j].readonly) && !stat(place[j].path, &b) &&
			    same_file(&a, &b))
				return cli_fail(
					STATUS_BAD_IMAGE,
					"%s%s and %s%s are one and the same: give each disk "
					"a file of its own, or open it read-only in both",
					words->option, place[j].path, words->option, place[i].path);
	}
	return 0;
}
