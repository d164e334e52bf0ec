/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools of <linux/dmapool.h> that go with a device. */
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/dmapool.h>
#include <slabvisor/kmem.h>

static void release(struct device *dev, void *res)
{
	struct dma_pool **pool = res;

	(void)dev;
	dma_pool_destroy(*pool);
}

static int is_pool(struct device *dev, void *res, void *match_data)
{
	struct dma_pool **pool = res;

	(void)dev;
	return *pool == match_data;
}

struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				  size_t allocation)
{
	struct dma_pool **pool = devres_alloc(release, sizeof(struct dma_pool *), GFP_KERNEL);

	if (!pool)
		return NULL;
	*pool = dma_pool_create(name, dev, size, align, allocation);
	if (!*pool) {
		devres_free(pool);
		return NULL;
	}
	devres_add(dev, pool);
	return *pool;
}

void dmam_pool_destroy(struct dma_pool *pool)
{
	WARN_ON(devres_release(kmem_dma_pool_device(pool), release, is_pool, pool));
}
