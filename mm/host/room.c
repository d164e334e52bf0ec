/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mm/host/limit.h"

#define ROOM_PATH 128

static const char *room_page_name(uint64_t page)
{
	return page == MM_HUGE_SIZE ? "2 MiB" : "1 GiB";
}

/* The folder of a pool. */
static void room_dir(char path[ROOM_PATH], uint64_t page, int node)
{
	char where[64] = "/sys/kernel/mm";

	if (node >= 0)
		snprintf(where, sizeof(where), "/sys/devices/system/node/node%d", node);
	snprintf(path, ROOM_PATH, "%s/hugepages/hugepages-%llukB", where,
		 (unsigned long long)page >> 10);
}

static uint64_t room_count(const char *dir, const char *name)
{
	char path[2 * ROOM_PATH];

	snprintf(path, sizeof(path), "%s/%s_hugepages", dir, name);
	return limit_read(path);
}

int room_pool(uint64_t page, int node, struct room_pool *pool)
{
	char dir[ROOM_PATH];
	uint64_t reserved;

	room_dir(dir, page, node);
	pool->pages = room_count(dir, "nr");
	pool->free = room_count(dir, "free");
	if (pool->pages == UINT64_MAX || pool->free == UINT64_MAX)
		return -ENOENT;
	/* A reservation is of no node. */
	reserved = node < 0 ? room_count(dir, "resv") : 0;
	pool->free -= reserved < pool->free ? reserved : pool->free;
	return 0;
}

/* Tells whether vm.nr_hugepages is the number of these pages. */
static bool room_is_default(uint64_t page)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Hugepagesize: %llu kB", &kib) == 1)
			break;
	fclose(file);
	return kib << 10 == page;
}

int room_pool_check(uint64_t page, uint64_t size, int node, const char **why)
{
	const char *name = room_page_name(page);
	uint64_t needed = size / page;
	uint64_t total;
	char dir[ROOM_PATH];
	char of[32] = "hugetlb pool";
	char remedy[2 * ROOM_PATH];
	struct room_pool pool;

	errno = 0;
	if (room_pool(page, node, &pool)) {
		/* Who may not look is told when the pages are reserved. */
		if (errno == EACCES)
			return 0;
		*why = limit_why("the host has no hugetlb pool of %s pages", name);
		return -ENOMEM;
	}
	if (needed <= pool.free)
		return 0;
	total = pool.pages + needed - pool.free;
	room_dir(dir, page, node);
	if (node < 0 && room_is_default(page))
		snprintf(remedy, sizeof(remedy), "sysctl vm.nr_hugepages=%llu",
			 (unsigned long long)total);
	else
		snprintf(remedy, sizeof(remedy), "write %llu to %s/nr_hugepages",
			 (unsigned long long)total, dir);
	if (node >= 0)
		snprintf(of, sizeof(of), "hugetlb pool of node %d", node);
	*why = limit_why("%s has %llu free pages of %s, %llu are needed: %s", of,
			 (unsigned long long)pool.free, name, (unsigned long long)needed, remedy);
	return -ENOMEM;
}

uint64_t room_hugetlb_limit(uint64_t page)
{
	const char *name = page == MM_HUGE_SIZE ? "2MB" : "1GB";
	char most[2][32];
	char used[2][32];
	struct limit_files v2 = {.most = most[0], .used = used[0]};
	struct limit_files v1 = {.most = most[1], .used = used[1]};

	snprintf(most[0], sizeof(most[0]), "hugetlb.%s.max", name);
	snprintf(used[0], sizeof(used[0]), "hugetlb.%s.current", name);
	snprintf(most[1], sizeof(most[1]), "hugetlb.%s.limit_in_bytes", name);
	snprintf(used[1], sizeof(used[1]), "hugetlb.%s.usage_in_bytes", name);
	return limit_cgroup("hugetlb", &v2, &v1);
}

/* Tells whether a line is of memory that can be had. A node does not tell of all: what is free,
 * and file pages. */
static bool room_counts(const char *name, bool node)
{
	if (!node)
		return !strcmp(name, "MemAvailable");
	return !strcmp(name, "MemFree") || !strcmp(name, "Active(file)") ||
	       !strcmp(name, "Inactive(file)");
}

/* The memory that can be had, by a file in the form of /proc/meminfo. */
static uint64_t room_read(const char *path, bool node)
{
	unsigned long long kib;
	unsigned long long sum = 0;
	bool found = false;
	char line[128];
	char name[64];
	FILE *file = fopen(path, "re");

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, node ? "Node %*d %63[^:]: %llu kB" : "%63[^:]: %llu kB", name,
			   &kib) != 2 ||
		    !room_counts(name, node))
			continue;
		sum += kib;
		found = true;
	}
	fclose(file);
	return found ? sum << 10 : UINT64_MAX;
}

uint64_t room_memory(int node)
{
	static const struct limit_files v2 = {
		.most = "memory.max",
		.used = "memory.current",
		.active = "active_file",
		.inactive = "inactive_file",
	};
	static const struct limit_files v1 = {
		.most = "memory.limit_in_bytes",
		.used = "memory.usage_in_bytes",
		.active = "total_active_file",
		.inactive = "total_inactive_file",
	};
	uint64_t room;
	uint64_t group;
	char path[ROOM_PATH];

	if (node < 0)
		snprintf(path, sizeof(path), "/proc/meminfo");
	else
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	room = room_read(path, node >= 0);
	group = limit_cgroup("memory", &v2, &v1);
	return room < group ? room : group;
}

static int room_check_hugetlb(uint64_t size, const char **why)
{
	/* Beyond the group's limit a fault would be a SIGBUS, pool or no pool. */
	uint64_t limit = room_hugetlb_limit(MM_HUGE_SIZE);
	char asked[24];
	char there[24];

	if (size > limit) {
		*why = limit_why("heap of %s asked, the hugetlb limit of the cgroup leaves %s",
				 limit_size(asked, size), limit_size(there, limit));
		return -ENOMEM;
	}
	return room_pool_check(MM_HUGE_SIZE, size, -1, why);
}

int room_check(enum mm_backing backing, uint64_t size, const char **why)
{
	const char *whose;
	uint64_t memory;
	char asked[24];
	char there[24];

	if (backing == MM_BACKING_HUGETLB)
		return room_check_hugetlb(size, why);
	memory = limit_memory(&whose);
	if (size <= memory)
		return 0;
	*why = limit_why("heap of %s asked, %s is %s", limit_size(asked, size), whose,
			 limit_size(there, memory));
	return -ENOMEM;
}
