/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/blk/loop.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_DEVICES "/sys/block"

/* Reads a line of sysfs without its newline. */
static bool read_attribute(const char *device, const char *attribute, char *line, int room)
{
	char path[NAME_MAX + 64];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), BLOCK_DEVICES "/%s/%s", device, attribute);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, room, f) != NULL;
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static bool is_on(const char *device, const struct stat *st)
{
	char line[PATH_MAX + 1];
	struct stat backing;

	return read_attribute(device, "ro", line, sizeof(line)) && !strcmp(line, "0") &&
	       read_attribute(device, "loop/backing_file", line, sizeof(line)) &&
	       !stat(line, &backing) && backing.st_dev == st->st_dev &&
	       backing.st_ino == st->st_ino;
}

bool blk_loop_finds(const struct stat *st, char name[BLK_LOOP_NAME])
{
	DIR *devices = opendir(BLOCK_DEVICES);
	const struct dirent *entry;
	bool found = false;

	while (devices && !found && (entry = readdir(devices))) {
		/* A device with partitions keeps them below itself. */
		if (strncmp(entry->d_name, "loop", 4) != 0 || !is_on(entry->d_name, st))
			continue;
		snprintf(name, BLK_LOOP_NAME, "%.*s", BLK_LOOP_NAME - 1, entry->d_name);
		found = true;
	}
	if (devices)
		closedir(devices);
	return found;
}
