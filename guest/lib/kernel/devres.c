/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that own resources. */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/string.h>

/* A resource, of which others know its data. */
struct devres {
	struct list_head link;
	dr_release_t release;
	u64 data[];
};

static struct devres *of(void *res)
{
	return container_of((u64 *)res, struct devres, data[0]);
}

void device_initialize(struct device *dev)
{
	spin_lock_init(&dev->devres_lock);
	INIT_LIST_HEAD(&dev->devres_head);
}

static void free_root(struct device *dev)
{
	kfree(dev);
}

struct device *root_device_register(const char *name)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->init_name = name;
	dev->release = free_root;
	device_initialize(dev);
	return dev;
}

void device_unregister(struct device *dev)
{
	devres_release_all(dev);
	if (dev->release)
		dev->release(dev);
}

void *devres_alloc(dr_release_t release, size_t size, gfp_t gfp)
{
	struct devres *dr = kmalloc(size_add(sizeof(*dr), size), gfp | __GFP_ZERO);

	if (!dr)
		return NULL;
	dr->release = release;
	INIT_LIST_HEAD(&dr->link);
	return dr->data;
}

void devres_free(void *res)
{
	if (res)
		kfree(of(res));
}

void devres_add(struct device *dev, void *res)
{
	spin_lock(&dev->devres_lock);
	list_add(&of(res)->link, &dev->devres_head);
	spin_unlock(&dev->devres_lock);
}

/* Under the lock. */
static struct devres *seek(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	struct devres *dr;

	list_for_each_entry(dr, &dev->devres_head, link) {
		if (dr->release == release && (!match || match(dev, dr->data, data)))
			return dr;
	}
	return NULL;
}

void *devres_find(struct device *dev, dr_release_t release, dr_match_t match, void *match_data)
{
	struct devres *dr;

	spin_lock(&dev->devres_lock);
	dr = seek(dev, release, match, match_data);
	spin_unlock(&dev->devres_lock);
	return dr ? dr->data : NULL;
}

void *devres_remove(struct device *dev, dr_release_t release, dr_match_t match, void *match_data)
{
	struct devres *dr;

	spin_lock(&dev->devres_lock);
	dr = seek(dev, release, match, match_data);
	if (dr)
		list_del_init(&dr->link);
	spin_unlock(&dev->devres_lock);
	return dr ? dr->data : NULL;
}

int devres_destroy(struct device *dev, dr_release_t release, dr_match_t match, void *match_data)
{
	void *res = devres_remove(dev, release, match, match_data);

	devres_free(res);
	return res ? 0 : -ENOENT;
}

int devres_release(struct device *dev, dr_release_t release, dr_match_t match, void *match_data)
{
	void *res = devres_remove(dev, release, match, match_data);

	if (!res)
		return -ENOENT;
	release(dev, res);
	devres_free(res);
	return 0;
}

int devres_release_all(struct device *dev)
{
	int released = 0;

	for (;; released++) {
		struct devres *dr;

		spin_lock(&dev->devres_lock);
		dr = list_first_entry_or_null(&dev->devres_head, struct devres, link);
		if (dr)
			list_del_init(&dr->link);
		spin_unlock(&dev->devres_lock);
		if (!dr)
			return released;
		dr->release(dev, dr->data);
		kfree(dr);
	}
}

static void memory_release(struct device *dev, void *res)
{
	(void)dev;
	(void)res;
}

static int same_address(struct device *dev, void *res, void *p)
{
	(void)dev;
	return res == p;
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	void *res;

	if (!size)
		return ZERO_SIZE_PTR;
	res = devres_alloc(memory_release, size, gfp);
	if (res)
		devres_add(dev, res);
	return res;
}

void devm_kfree(struct device *dev, const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	WARN(devres_destroy(dev, memory_release, same_address, (void *)p),
	     "devm_kfree() of memory that device %s does not own", dev_name(dev));
}

void *devm_kmemdup(struct device *dev, const void *src, size_t len, gfp_t gfp)
{
	void *p = devm_kmalloc(dev, len, gfp);

	if (p && len)
		memcpy(p, src, len);
	return p;
}

char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp)
{
	return s ? devm_kmemdup(dev, s, strlen(s) + 1, gfp) : NULL;
}

char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *p;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	p = devm_kmalloc(dev, (size_t)len + 1, gfp);
	if (!p)
		return NULL;
	va_start(args, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, args);
	va_end(args);
	return p;
}

struct action {
	void (*action)(void *data);
	void *data;
};

static void action_release(struct device *dev, void *res)
{
	const struct action *action = res;

	(void)dev;
	action->action(action->data);
}

static int same_action(struct device *dev, void *res, void *p)
{
	const struct action *a = res;
	const struct action *b = p;

	(void)dev;
	return a->action == b->action && a->data == b->data;
}

int devm_add_action(struct device *dev, void (*action)(void *data), void *data)
{
	struct action *res = devres_alloc(action_release, sizeof(*res), GFP_KERNEL);

	if (!res)
		return -ENOMEM;
	res->action = action;
	res->data = data;
	devres_add(dev, res);
	return 0;
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *data), void *data)
{
	int err = devm_add_action(dev, action, data);

	if (err)
		action(data);
	return err;
}

void devm_remove_action(struct device *dev, void (*action)(void *data), void *data)
{
	struct action sought = {action, data};

	WARN_ON(devres_destroy(dev, action_release, same_action, &sought));
}

void devm_release_action(struct device *dev, void (*action)(void *data), void *data)
{
	struct action sought = {action, data};

	WARN_ON(devres_release(dev, action_release, same_action, &sought));
}
