/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of an I/O thread that comes and goes. */
#include <errno.h>

#include "virtio/io/priv.h"

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
	return true;
}

static bool do_remove_region(struct io_engine *e, struct io_call *c)
{
	unsigned int i;

	for (i = 0; i < e->config.nr_regions; i++) {
		struct io_region *region = &e->config.region[i];

		if (!region->size || region->host != c->region->host)
			continue;
		if (!io_windows_remove_region(e->windows, i))
			return false;
		*region = (struct io_region){0};
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
