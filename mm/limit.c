/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/limit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_PATH 1024

static _Thread_local char why_text[256];

const char *limit_why(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why_text, sizeof(why_text), format, args);
	va_end(args);
	return why_text;
}

/* The number in a file that holds one; UINT64_MAX for "max", none or no file. */
static uint64_t limit_read(const char *path)
{
	uint64_t value = UINT64_MAX;
	char text[32];
	char *end;
	FILE *file = fopen(path, "re");

	if (!file)
		return value;
	if (fgets(text, sizeof(text), file)) {
		errno = 0;
		value = strtoull(text, &end, 10);
		if (end == text || errno)
			value = UINT64_MAX;
	}
	fclose(file);
	return value;
}

static uint64_t limit_host_memory(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %llu kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib ? kib << 10 : UINT64_MAX;
}

/* The least limit from the group at path up to the root of its hierarchy. */
static uint64_t limit_walk(const char *root, const char *path, const char *name)
{
	uint64_t least = UINT64_MAX;
	char group[LIMIT_PATH];
	char file[2 * LIMIT_PATH];

	if (strlen(path) >= sizeof(group))
		return least;
	strcpy(group, path);
	for (;;) {
		char *slash = strrchr(group, '/');
		uint64_t value;

		snprintf(file, sizeof(file), "%s%s/%s", root, group, name);
		value = limit_read(file);
		if (value < least)
			least = value;
		if (!slash)
			return least;
		*slash = 0;
	}
}

/* The least limit that this process's groups set: v2 and v1 name the files. */
static uint64_t limit_cgroup(const char *v2, const char *controller, const char *v1)
{
	char root[64];
	uint64_t least = UINT64_MAX;
	char line[LIMIT_PATH];
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (!file)
		return least;
	snprintf(root, sizeof(root), "/sys/fs/cgroup/%s", controller);
	while (fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		uint64_t value = UINT64_MAX;

		if (!path)
			continue;
		*path++ = 0;
		controllers++;
		path[strcspn(path, "\n")] = 0;
		if (!*controllers)
			value = limit_walk("/sys/fs/cgroup", path, v2);
		else if (!strcmp(controllers, controller))
			value = limit_walk(root, path, v1);
		if (value < least)
			least = value;
	}
	fclose(file);
	return least;
}

static const char *limit_size(char text[24], uint64_t bytes)
{
	if (bytes >> 30)
		snprintf(text, 24, "%.1f GiB", (double)bytes / (1 << 30));
	else
		snprintf(text, 24, "%.1f MiB", (double)bytes / (1 << 20));
	return text;
}

static int limit_check_hugetlb(uint64_t size, const char **why)
{
	const char *dir = "/sys/kernel/mm/hugepages/hugepages-2048kB";
	char path[128];
	uint64_t needed = size / MM_HUGE_SIZE;
	uint64_t free_pages;
	uint64_t reserved;
	uint64_t limit;
	char asked[24];
	char there[24];

	snprintf(path, sizeof(path), "%s/free_hugepages", dir);
	free_pages = limit_read(path);
	snprintf(path, sizeof(path), "%s/resv_hugepages", dir);
	reserved = limit_read(path);
	if (free_pages == UINT64_MAX || reserved == UINT64_MAX) {
		*why = "the host has no hugetlb pool of 2 MiB pages";
		return -ENOMEM;
	}
	free_pages -= reserved < free_pages ? reserved : free_pages;
	/* Beyond the group's limit a fault would be a SIGBUS, pool or no pool. */
	limit = limit_cgroup("hugetlb.2MB.max", "hugetlb", "hugetlb.2MB.limit_in_bytes");
	if (size > limit) {
		*why = limit_why("heap of %s asked, the hugetlb limit of the cgroup is %s",
				 limit_size(asked, size), limit_size(there, limit));
		return -ENOMEM;
	}
	if (needed <= free_pages)
		return 0;
	*why = limit_why("hugetlb pool has %llu free pages of 2 MiB, %llu are needed",
			 (unsigned long long)free_pages, (unsigned long long)needed);
	return -ENOMEM;
}

int limit_check(enum mm_backing backing, uint64_t size, const char **why)
{
	char asked[24];
	char there[24];
	uint64_t memory;

	if (backing == MM_BACKING_HUGETLB)
		return limit_check_hugetlb(size, why);
	memory = limit_host_memory();
	if (size > memory) {
		*why = limit_why("heap of %s asked, the host has %s", limit_size(asked, size),
				 limit_size(there, memory));
		return -ENOMEM;
	}
	memory = limit_cgroup("memory.max", "memory", "memory.limit_in_bytes");
	if (size > memory) {
		*why = limit_why("heap of %s asked, the memory limit of the cgroup is %s",
				 limit_size(asked, size), limit_size(there, memory));
		return -ENOMEM;
	}
	return 0;
}
