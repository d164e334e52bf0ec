/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices, as far as memory that goes with them is concerned: a part of Linux's <linux/device.h>. A
 * program has no drivers and no tree of devices; a device is what owns resources, which are
 * released in reverse order when it is unregistered.
 */
#ifndef GUEST_LINUX_DEVICE_H
#define GUEST_LINUX_DEVICE_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct device {
	const char *init_name; /* what dev_name() says */
	struct device *parent;
	void *driver_data;
	/* Called once the device is unregistered and what it owned is released; or NULL. */
	void (*release)(struct device *dev);
	spinlock_t devres_lock;
	struct list_head devres_head; /* under the lock: what it owns, the last first */
};

/* Makes a zeroed structure one that may own resources. */
void device_initialize(struct device *dev);

/* A device of kmalloc's memory, for device_unregister(), or root_device_unregister(), which is the
 * same. ERR_PTR(-ENOMEM). name is kept as it is. */
struct device *root_device_register(const char *name);
void device_unregister(struct device *dev);
#define root_device_unregister(dev) device_unregister(dev)

static inline const char *dev_name(const struct device *dev)
{
	return dev->init_name;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

#define dev_printk(level, dev, fmt, ...) \
	printk(level "%s: " fmt, (dev) ? dev_name(dev) : "(NULL device)", ##__VA_ARGS__)
#define dev_err(dev, fmt, ...)  dev_printk(KERN_ERR, dev, fmt, ##__VA_ARGS__)
#define dev_warn(dev, fmt, ...) dev_printk(KERN_WARNING, dev, fmt, ##__VA_ARGS__)
#define dev_info(dev, fmt, ...) dev_printk(KERN_INFO, dev, fmt, ##__VA_ARGS__)
#define dev_WARN(dev, fmt, ...) WARN(1, "%s: " fmt, dev_name(dev), ##__VA_ARGS__)

/*
 * Resources: size bytes for whoever defines the kind, which its release function names. Made by
 * devres_alloc(), they are the device's from devres_add() on. match(dev, res, data), NULL for any,
 * says which is meant; of several it is the last that was added.
 */
typedef void (*dr_release_t)(struct device *dev, void *res);
typedef int (*dr_match_t)(struct device *dev, void *res, void *match_data);

void *devres_alloc(dr_release_t release, size_t size, gfp_t gfp) __malloc;
/* One that no device has. NULL does nothing. */
void devres_free(void *res);
void devres_add(struct device *dev, void *res);
void *devres_find(struct device *dev, dr_release_t release, dr_match_t match, void *match_data);
/* Takes it from the device, without a release; or NULL. */
void *devres_remove(struct device *dev, dr_release_t release, dr_match_t match, void *match_data);
/* And frees it, without or with a release: 0 or -ENOENT. */
int devres_destroy(struct device *dev, dr_release_t release, dr_match_t match, void *match_data);
int devres_release(struct device *dev, dr_release_t release, dr_match_t match, void *match_data);
/* Releases all. Returns how many. */
int devres_release_all(struct device *dev);

/* kmalloc's memory that goes with the device. size 0 gives ZERO_SIZE_PTR. devm_kfree() of what the
 * device does not own is warned of; of NULL and ZERO_SIZE_PTR it does nothing. */
void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp) __alloc_size(2);
void devm_kfree(struct device *dev, const void *p);
void *devm_kmemdup(struct device *dev, const void *src, size_t len, gfp_t gfp);
char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp);
__printf(3, 4) char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...);

static inline void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static inline void *devm_kmalloc_array(struct device *dev, size_t n, size_t size, gfp_t flags)
{
	return devm_kmalloc(dev, size_mul(n, size), flags);
}

static inline void *devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t flags)
{
	return devm_kmalloc_array(dev, n, size, flags | __GFP_ZERO);
}

/* action(data) when the device goes. 0 or -ENOMEM; _or_reset calls it at once then. */
int devm_add_action(struct device *dev, void (*action)(void *data), void *data);
int devm_add_action_or_reset(struct device *dev, void (*action)(void *data), void *data);
/* Forgets it; calls it before. One that is not there is warned of. */
void devm_remove_action(struct device *dev, void (*action)(void *data), void *data);
void devm_release_action(struct device *dev, void (*action)(void *data), void *data);

#endif
