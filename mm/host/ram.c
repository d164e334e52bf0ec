/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/ram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mm/host/limit.h"
#include "mm/host/node.h"
#include "mm/host/populate.h"
#include "mm/host/room.h"

/* The size of a mapping's pages, in its flags. */
#define RAM_PAGE_FLAGS(page) (__builtin_ctzll(page) << 26)

/* Bytes of the parts on a host node; -1: of all. */
static uint64_t ram_bytes(const struct mm_ram_config *config, int node)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (node < 0 || config->range[i].host_node == node)
			sum += config->range[i].size;
	return sum;
}

static int ram_map_pool(const struct mm_ram_config *config, struct mm_ram *ram, const char **why)
{
	uint64_t limit = room_hugetlb_limit(config->page);
	char asked[24];
	char there[24];
	void *map;

	if (ram->size > limit) {
		*why = limit_why("%s asked, the hugetlb limit of the cgroup leaves %s",
				 limit_size(asked, ram->size), limit_size(there, limit));
		return -ENOMEM;
	}
	/* Without MAP_NORESERVE the pages are reserved here. */
	map = mmap(NULL, ram->size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | RAM_PAGE_FLAGS(config->page), -1, 0);
	if (map == MAP_FAILED) {
		int err = errno;

		if (!room_pool_check(config->page, ram->size, -1, why))
			*why = limit_why("cannot reserve pages of the hugetlb pool: %s",
					 strerror(err));
		return -ENOMEM;
	}
	ram->host = map;
	return 0;
}

static int ram_map_anon(struct mm_ram *ram, const char **why)
{
	uint8_t *map;
	uint8_t *end;
	uint64_t before;

	map = mmap(NULL, ram->size + MM_HUGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		*why = limit_why("the host cannot map it: %s", strerror(errno));
		return -ENOMEM;
	}
	before = -(uintptr_t)map & (MM_HUGE_SIZE - 1);
	ram->host = map + before;
	end = ram->host + ram->size;
	if (before)
		munmap(map, before);
	munmap(end, MM_HUGE_SIZE - before);
	/* What boot and runtime touch lies together: a few large pages come sooner
	 * than many small ones, here and in the guest's page tables. Without them it
	 * works as well. */
	(void)madvise(ram->host, ram->size, MADV_HUGEPAGE);
	return 0;
}

static int ram_bind(const struct mm_ram_config *config, const struct mm_ram *ram, const char **why)
{
	uint8_t *host = ram->host;
	int ret = 0;

	for (unsigned int i = 0; i < config->nr_ranges && !ret; i++) {
		const struct mm_range *range = &config->range[i];

		if (range->host_node >= 0)
			ret = node_bind(host, range->size, range->host_node, why);
		host += range->size;
	}
	return ret;
}

/* Tells whether all is to be taken now: what is reserved may not be there on the node, or be
 * refused by a group that reached its limit meanwhile. */
static bool ram_is_due(const struct mm_ram_config *config)
{
	if (config->populate)
		return true;
	for (unsigned int i = 0; i < config->nr_ranges && config->page; i++)
		if (config->range[i].host_node >= 0)
			return true;
	return config->page && room_hugetlb_limit(config->page) < LIMIT_NONE;
}

/* Checks that memory of a node (-1: of all) is there. */
static int ram_check(const struct mm_ram_config *config, int node, const char **why)
{
	uint64_t size = ram_bytes(config, node);
	uint64_t room;
	char asked[24];
	char there[24];
	char missing[24];
	char where[32] = "";

	if (config->page)
		return node < 0 ? 0 : room_pool_check(config->page, size, node, why);
	room = room_memory(node);
	if (size <= room)
		return 0;
	if (node >= 0)
		snprintf(where, sizeof(where), " on host node %d", node);
	*why = limit_why("%s are needed, %s are available%s: %s are missing",
			 limit_size(asked, size), limit_size(there, room), where,
			 limit_size(missing, size - room));
	return -ENOMEM;
}

static int ram_check_all(const struct mm_ram_config *config, const char **why)
{
	int ret = ram_check(config, -1, why);

	for (unsigned int i = 0; i < config->nr_ranges && !ret; i++)
		if (config->range[i].host_node >= 0)
			ret = ram_check(config, config->range[i].host_node, why);
	return ret;
}

static int ram_populate(const struct mm_ram_config *config, const struct mm_ram *ram,
			const char **why)
{
	uint64_t page = config->page ? config->page : MM_HUGE_SIZE;
	uint64_t done;
	uint64_t sum = 0;
	char asked[24];
	char missing[24];
	uint8_t *host = ram->host;
	int ret;

	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		ret = populate(host, config->range[i].size, page, &done);
		sum += done;
		host += config->range[i].size;
		if (!ret)
			continue;
		*why = limit_why("of %s, %s cannot be had: %s", limit_size(asked, ram->size),
				 limit_size(missing, ram->size - sum), strerror(-ret));
		return -ENOMEM;
	}
	return 0;
}

int mm_ram_create(const struct mm_ram_config *config, struct mm_ram *ram, const char **why)
{
	bool due = ram_is_due(config);
	int ret = due ? ram_check_all(config, why) : 0;

	*ram = (struct mm_ram){.size = ram_bytes(config, -1)};
	if (!ret)
		ret = config->page ? ram_map_pool(config, ram, why) : ram_map_anon(ram, why);
	if (ret)
		return ret;
	ret = ram_bind(config, ram, why);
	if (!ret && due && !config->dry_run)
		ret = ram_populate(config, ram, why);
	if (ret)
		mm_ram_destroy(ram);
	return ret;
}

void mm_ram_destroy(struct mm_ram *ram)
{
	munmap(ram->host, ram->size);
	ram->host = NULL;
}

int64_t mm_ram_room(uint64_t page)
{
	struct room_pool pool;
	uint64_t room;
	uint64_t limit;
	int ret;

	if (!page) {
		room = room_memory(-1);
		return room < INT64_MAX ? (int64_t)room : INT64_MAX;
	}
	ret = room_pool(page, -1, &pool);
	if (ret)
		return ret;
	limit = room_hugetlb_limit(page);
	room = pool.free * page;
	return (int64_t)(room < limit ? room : limit);
}
