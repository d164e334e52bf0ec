/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/pressure_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mm/host/file.h"
#include "mm/host/limit.h"

#define SOURCE_PATH 1024
#define SOURCE_TEXT 8192 /* of a file that is looked at */

/*
 * A tenth of 2 seconds. Windows of 2 seconds and multiples of that are for everyone (psi.rst);
 * shorter ones are for who has CAP_SYS_RESOURCE.
 */
#define SOURCE_SOME "some 200000 2000000"
#define SOURCE_FULL "full 200000 2000000"

const struct pressure_paths pressure_paths = {
	.psi = "/proc/pressure/memory",
	.meminfo = "/proc/meminfo",
	.cgroup = "/proc/self/cgroup",
	.root = "/sys/fs/cgroup",
};

static void add_fd(struct pressure *p, struct pressure_fd fd)
{
	p->fd[p->nr_fds++] = fd;
}

static bool open_psi(struct pressure *p, const char *path, bool of_group)
{
	int some = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int full = some < 0 ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (some < 0)
		return false;
	add_fd(p, (struct pressure_fd){.fd = some,
				       .level = PRESSURE_MEDIUM,
				       .trigger = SOURCE_SOME,
				       .of_group = of_group});
	if (full >= 0)
		add_fd(p, (struct pressure_fd){.fd = full,
					       .level = PRESSURE_CRITICAL,
					       .trigger = SOURCE_FULL,
					       .of_group = of_group});
	return true;
}

void pressure_arm_fd(struct pressure *p, struct pressure_fd *f)
{
	size_t len = strlen(f->trigger) + 1;
	bool told = write(f->fd, f->trigger, len) == (ssize_t)len;

	f->trigger = NULL;
	if (told)
		return;
	close(f->fd);
	f->fd = -1;
	if (f->of_group)
		p->group = p->usage >= 0 ? PRESSURE_BY_LOOKS : PRESSURE_BY_NOTHING;
	else
		p->host = p->meminfo >= 0 ? PRESSURE_BY_LOOKS : PRESSURE_BY_NOTHING;
}

void pressure_open_host(struct pressure *p, const struct pressure_paths *paths)
{
	/* For want of the other, or if that cannot be asked. */
	p->meminfo = open(paths->meminfo, O_RDONLY | O_CLOEXEC);
	if (open_psi(p, paths->psi, false))
		p->host = PRESSURE_BY_PSI;
	else if (p->meminfo >= 0)
		p->host = PRESSURE_BY_LOOKS;
}

/* The folder of this process's group. *version: of control groups. Returns false if there is none. */
static bool find_group(const struct pressure_paths *paths, char dir[2 * SOURCE_PATH], int *version)
{
	char line[SOURCE_PATH];
	FILE *file = fopen(paths->cgroup, "re");

	*version = 0;
	/* The memory of a host that has both is version 1's, or it would not have the line. */
	while (file && *version != 1 && fgets(line, sizeof(line), file)) {
		const char *controllers;
		const char *path;

		if (!limit_split_cgroup(line, &controllers, &path))
			continue;
		*version = !strcmp(controllers, "memory") ? 1 : !*controllers ? 2 : *version;
		if (*version == 1 || !*controllers)
			snprintf(dir, 2 * SOURCE_PATH, "%s%s%s", paths->root,
				 *version == 1 ? "/memory" : "", strcmp(path, "/") ? path : "");
	}
	if (file)
		fclose(file);
	return *version;
}

/* Has an eventfd count what memory.pressure_level tells. Returns it, or -1. */
static int open_event(const char *dir, const char *level)
{
	char path[3 * SOURCE_PATH];
	char line[64];
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int source;
	int control;
	int len;
	bool done;

	snprintf(path, sizeof(path), "%s/memory.pressure_level", dir);
	source = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/cgroup.event_control", dir);
	control = open(path, O_WRONLY | O_CLOEXEC);
	len = snprintf(line, sizeof(line), "%d %d %s", event, source, level);
	done = event >= 0 && source >= 0 && control >= 0 &&
	       write(control, line, (size_t)len) == len;
	if (control >= 0)
		close(control);
	if (source >= 0)
		close(source);
	if (!done && event >= 0)
		close(event);
	return done ? event : -1;
}

static bool open_events(struct pressure *p, const char *dir)
{
	int medium = open_event(dir, "medium");
	int critical = medium < 0 ? -1 : open_event(dir, "critical");

	if (medium < 0)
		return false;
	add_fd(p, (struct pressure_fd){.fd = medium, .level = PRESSURE_MEDIUM, .counts = true});
	if (critical >= 0)
		add_fd(p, (struct pressure_fd){
				  .fd = critical, .level = PRESSURE_CRITICAL, .counts = true});
	return true;
}

/* Opens what a group has of its limit, if there is one. */
static bool open_usage(struct pressure *p, const char *dir, int version)
{
	char path[3 * SOURCE_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir,
		 version == 1 ? "memory.limit_in_bytes" : "memory.max");
	p->group_most = limit_read(path);
	if (p->group_most >= LIMIT_NONE)
		return false;
	snprintf(path, sizeof(path), "%s/%s", dir,
		 version == 1 ? "memory.usage_in_bytes" : "memory.current");
	p->usage = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	p->stat = open(path, O_RDONLY | O_CLOEXEC);
	return p->usage >= 0;
}

void pressure_open_group(struct pressure *p, const struct pressure_paths *paths)
{
	char dir[2 * SOURCE_PATH];
	char path[3 * SOURCE_PATH];
	bool usage;
	int version;

	if (!find_group(paths, dir, &version))
		return;
	if (version == 1 && open_events(p, dir)) {
		p->group = PRESSURE_BY_EVENTS;
		return;
	}
	usage = open_usage(p, dir, version);
	snprintf(path, sizeof(path), "%s/memory.pressure", dir);
	if (version == 2 && open_psi(p, path, true))
		p->group = PRESSURE_BY_PSI;
	else if (usage)
		p->group = PRESSURE_BY_LOOKS;
}

/* Reads a small file from its start. */
static bool read_text(int fd, char text[SOURCE_TEXT])
{
	ssize_t n = fd < 0 || lseek(fd, 0, SEEK_SET) ? -1 : file_read(fd, text, SOURCE_TEXT - 1);

	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* The number behind a name that begins a line; 0: there is none. */
static uint64_t number_of(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && (line[len] == ' ' || line[len] == ':'))
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

static enum pressure_level level_of(uint64_t left, uint64_t most)
{
	return left < most / 32   ? PRESSURE_CRITICAL
	       : left < most / 16 ? PRESSURE_MEDIUM
				  : PRESSURE_NONE;
}

static enum pressure_level look_at_host(struct pressure *p)
{
	char text[SOURCE_TEXT];

	if (!read_text(p->meminfo, text))
		return PRESSURE_NONE;
	return level_of(number_of(text, "MemAvailable"), number_of(text, "MemTotal"));
}

/* What a group has of files can go. */
static enum pressure_level look_at_group(struct pressure *p)
{
	char text[SOURCE_TEXT];
	uint64_t files;
	uint64_t used;

	if (!read_text(p->usage, text))
		return PRESSURE_NONE;
	used = strtoull(text, NULL, 10);
	(void)read_text(p->stat, text);
	files = number_of(text, "total_active_file") + number_of(text, "total_inactive_file");
	if (!files)
		files = number_of(text, "active_file") + number_of(text, "inactive_file");
	used -= files < used ? files : used;
	return level_of(used < p->group_most ? p->group_most - used : 0, p->group_most);
}

enum pressure_level pressure_look(struct pressure *p)
{
	enum pressure_level host = p->host == PRESSURE_BY_LOOKS ? look_at_host(p) : PRESSURE_NONE;
	enum pressure_level group = p->group == PRESSURE_BY_LOOKS ? look_at_group(p)
								  : PRESSURE_NONE;

	return host > group ? host : group;
}
