/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/run_dir.h"

struct reading {
	const struct run_dir *dir;
	struct names *names;
};

static bool take(void *opaque, const char *name, const char *path)
{
	struct reading *r = opaque;
	struct names *names = r->names;

	if (run_dir_clean(r->dir, path))
		return true;
	names->name[names->nr] = strdup(name);
	if (names->name[names->nr])
		names->nr++;
	return names->nr < NAMES_MAX;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_read(struct names *names)
{
	struct run_dir dir;
	struct reading r = {.dir = &dir, .names = names};

	names->nr = 0;
	/* Without the lock, as of a directory that cannot be written to, nothing is removed. */
	if (run_dir_find(&dir))
		return;
	if (run_dir_lock(&dir) == -ENOENT)
		return;
	run_dir_each(&dir, take, &r);
	run_dir_unlock(&dir);
	qsort(names->name, names->nr, sizeof(names->name[0]), by_name);
}

void names_free(struct names *names)
{
	while (names->nr)
		free(names->name[--names->nr]);
}
