/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches in text: the algorithms by their names. */
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/textsearch.h>

static struct {
	struct mutex lock;
	struct list_head list; /* under lock */
} algorithms = {.list = LIST_HEAD_INIT(algorithms.list)};

static struct ts_ops *find(const char *name)
{
	struct ts_ops *ops;

	list_for_each_entry(ops, &algorithms.list, list) {
		if (!strcmp(ops->name, name))
			return ops;
	}
	return NULL;
}

int textsearch_register(struct ts_ops *ops)
{
	int err = 0;

	if (!ops->name || !ops->find || !ops->init || !ops->get_pattern || !ops->get_pattern_len)
		return -EINVAL;
	mutex_lock(&algorithms.lock);
	if (find(ops->name))
		err = -EEXIST;
	else
		list_add_tail(&ops->list, &algorithms.list);
	mutex_unlock(&algorithms.lock);
	return err;
}

int textsearch_unregister(struct ts_ops *ops)
{
	int err = -ENOENT;

	mutex_lock(&algorithms.lock);
	if (find(ops->name) == ops) {
		list_del(&ops->list);
		err = 0;
	}
	mutex_unlock(&algorithms.lock);
	return err;
}

struct ts_config *textsearch_prepare(const char *algo, const void *pattern, unsigned int len,
				     gfp_t gfp, int flags)
{
	struct ts_config *conf;
	struct ts_ops *ops;

	if (!len)
		return ERR_PTR(-EINVAL);
	mutex_lock(&algorithms.lock);
	ops = find(algo);
	mutex_unlock(&algorithms.lock);
	if (!ops)
		return ERR_PTR(-ENOENT);
	conf = ops->init(pattern, len, gfp, flags);
	if (!IS_ERR(conf))
		conf->ops = ops;
	return conf;
}

void textsearch_destroy(struct ts_config *conf)
{
	if (!conf)
		return;
	if (conf->ops && conf->ops->destroy)
		conf->ops->destroy(conf);
	kfree(conf);
}

/* What state->cb has of a search in one piece, at whatever address that is. */
struct whole {
	const u8 *data;
	unsigned int len;
} __packed;

static unsigned int next_block(unsigned int consumed, const u8 **dst, struct ts_config *conf,
			       struct ts_state *state)
{
	const struct whole *whole = (const struct whole *)state->cb;

	(void)conf;
	if (consumed >= whole->len)
		return 0;
	*dst = whole->data + consumed;
	return whole->len - consumed;
}

unsigned int textsearch_find_continuous(struct ts_config *conf, struct ts_state *state,
					const void *data, unsigned int len)
{
	struct whole *whole = (struct whole *)state->cb;

	conf->get_next_block = next_block;
	whole->data = data;
	whole->len = len;
	return textsearch_find(conf, state);
}
