/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/disk_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/cli.h"

int disk_refuse(const struct disk_words *words, const char *path, int error, const char *why)
{
	if (error == -EMEDIUMTYPE)
		return cli_fail(STATUS_BAD_IMAGE,
				"%s%s: %s, or say %s if a disk of its very bytes is meant",
				words->option, path, why, words->raw);
	return cli_fail(STATUS_BAD_IMAGE, "%s%s: %s", words->option, path, why);
}

int disk_format(const char *value, bool *raw, char *why, size_t room)
{
	if (strcmp(value, "raw") != 0) {
		snprintf(why, room,
			 "disks are raw: say raw, or nothing; another format is made raw by "
			 "`qemu-img convert -O raw FILE NEW`");
		return -EINVAL;
	}
	*raw = true;
	return 0;
}
