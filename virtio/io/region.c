/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that an I/O thread knows: what comes and goes of it, and where in it a pointer leads. */
#include <errno.h>
#include <string.h>

#include "virtio/io/priv.h"

void io_regions_count(struct io_engine *e)
{
	e->nr_heaps = 0;
	for (unsigned int i = 0; i < e->config.nr_regions; i++)
		e->nr_heaps += e->config.region[i].heap != NULL;
}

static bool holds(const struct io_region *region, const struct iovec *seg)
{
	uint64_t offset = (uintptr_t)seg->iov_base - (uintptr_t)region->host;

	return offset < region->size && seg->iov_len <= region->size - offset;
}

bool io_engine_locate(const struct io_engine *e, const struct iovec *seg, unsigned int n,
		      const struct io_region **region)
{
	const struct io_region *end = e->config.region + e->config.nr_regions;
	const struct io_region *at = end;
	bool in_heap = false;

	if (!e->nr_heaps && !(e->features & IO_HAS_WINDOWS)) {
		memset(region, 0, n * sizeof(*region));
		return false;
	}
	for (unsigned int i = 0; i < n; i++) {
		/* As a rule all of a request lies in one. */
		if (at == end || !holds(at, &seg[i]))
			for (at = e->config.region; at != end && !holds(at, &seg[i]);)
				at++;
		region[i] = at == end ? NULL : at;
		in_heap |= at != end && at->heap;
	}
	return in_heap;
}

static bool do_add_region(struct io_engine *e, struct io_call *c)
{
	unsigned int i;

	c->result = -ENOSPC;
	/* One that went has size 0: no range lies in it. */
	for (i = 0; i < e->config.nr_regions; i++)
		if (!e->config.region[i].size)
			break;
	if (i == IO_MAX_REGIONS)
		return true;
	e->config.region[i] = *c->region;
	c->result = io_windows_add_region(e->windows, i);
	if (c->result)
		e->config.region[i] = (struct io_region){0};
	else if (i == e->config.nr_regions)
		e->config.nr_regions++;
	io_regions_count(e);
	return true;
}

static bool do_remove_region(struct io_engine *e, struct io_call *c)
{
	for (unsigned int i = 0; i < e->config.nr_regions; i++) {
		struct io_region *region = &e->config.region[i];

		if (!region->size || region->host != c->region->host)
			continue;
		if (!io_windows_remove_region(e->windows, i))
			return false;
		*region = (struct io_region){0};
		io_regions_count(e);
		return true;
	}
	return true;
}

int io_engine_add_region(struct io_engine *e, const struct io_region *region)
{
	struct io_call c = {.fn = do_add_region, .region = region};

	io_call(e, &c);
	return c.result;
}

void io_engine_remove_region(struct io_engine *e, const void *host)
{
	const struct io_region region = {.host = (void *)host};
	struct io_call c = {.fn = do_remove_region, .region = &region};

	io_call(e, &c);
}
