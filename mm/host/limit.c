/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/limit.h"

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

uint64_t limit_read(const char *path)
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

/* Bytes of the file pages that a group's memory.stat tells of: they can go. */
static uint64_t limit_file_pages(const char *path, const struct limit_files *files)
{
	unsigned long long value;
	uint64_t sum = 0;
	char line[128];
	char name[64];
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %llu", name, &value) != 2)
			continue;
		if (!strcmp(name, files->active) || !strcmp(name, files->inactive))
			sum += value;
	}
	fclose(file);
	return sum;
}

/* What a group may have, less what it has and cannot let go of, if that is asked. */
static uint64_t limit_of_group(const char *group, const struct limit_files *files)
{
	char path[3 * LIMIT_PATH];
	uint64_t most;
	uint64_t used;
	uint64_t files_used;

	snprintf(path, sizeof(path), "%s/%s", group, files->most);
	most = limit_read(path);
	if (most >= LIMIT_NONE || !files->used)
		return most;
	snprintf(path, sizeof(path), "%s/%s", group, files->used);
	used = limit_read(path);
	if (used == UINT64_MAX)
		return most;
	snprintf(path, sizeof(path), "%s/memory.stat", group);
	files_used = files->active ? limit_file_pages(path, files) : 0;
	used -= files_used < used ? files_used : used;
	return used < most ? most - used : 0;
}

/* The least limit from the group at path up to the root of its hierarchy. */
static uint64_t limit_walk(const char *root, const char *path, const struct limit_files *files)
{
	uint64_t least = UINT64_MAX;
	char group[LIMIT_PATH];
	char dir[2 * LIMIT_PATH];

	if (strlen(path) >= sizeof(group))
		return least;
	strcpy(group, path);
	for (;;) {
		char *slash = strrchr(group, '/');
		uint64_t value;

		snprintf(dir, sizeof(dir), "%s%s", root, group);
		value = limit_of_group(dir, files);
		if (value < least)
			least = value;
		if (!slash)
			return least;
		*slash = 0;
	}
}

bool limit_split_cgroup(char *line, const char **controllers, const char **path)
{
	char *first = strchr(line, ':');
	char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second)
		return false;
	*second++ = 0;
	second[strcspn(second, "\n")] = 0;
	*controllers = first + 1;
	*path = second;
	return true;
}

uint64_t limit_cgroup(const char *controller, const struct limit_files *v2,
		      const struct limit_files *v1)
{
	char root[64];
	uint64_t least = UINT64_MAX;
	char line[LIMIT_PATH];
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (!file)
		return least;
	snprintf(root, sizeof(root), "/sys/fs/cgroup/%s", controller);
	while (fgets(line, sizeof(line), file)) {
		uint64_t value = UINT64_MAX;
		const char *controllers;
		const char *path;

		if (!limit_split_cgroup(line, &controllers, &path))
			continue;
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

const char *limit_size(char text[24], uint64_t bytes)
{
	if (bytes >> 30)
		snprintf(text, 24, "%.1f GiB", (double)bytes / (1 << 30));
	else
		snprintf(text, 24, "%.1f MiB", (double)bytes / (1 << 20));
	return text;
}

uint64_t limit_memory(const char **whose)
{
	static const struct limit_files v2 = {.most = "memory.max"};
	static const struct limit_files v1 = {.most = "memory.limit_in_bytes"};
	uint64_t host = limit_host_memory();
	uint64_t group = limit_cgroup("memory", &v2, &v1);

	if (whose)
		*whose = group < host ? "the memory limit of the cgroup" : "the host's memory";
	return group < host ? group : host;
}
