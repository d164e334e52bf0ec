/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searches in text that comes in pieces, as in Linux's <linux/textsearch.h>: algorithms register
 * with their names, and a configuration is an algorithm with a pattern. The library has none of its
 * own; those of Linux's lib/ts_*.c compile against this header.
 */
#ifndef GUEST_LINUX_TEXTSEARCH_H
#define GUEST_LINUX_TEXTSEARCH_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/types.h>

struct module;
struct ts_config;

#define TS_AUTOLOAD   1 /* of no effect: there are no modules to load */
#define TS_IGNORECASE 2

/* Of a search under way: where it is, and what get_next_block() keeps. */
struct ts_state {
	unsigned int offset;
	char cb[48];
};

struct ts_ops {
	const char *name;
	/* A configuration, or an ERR_PTR(). */
	struct ts_config *(*init)(const void *pattern, unsigned int len, gfp_t gfp, int flags);
	/* The position of the next match, UINT_MAX for none. */
	unsigned int (*find)(struct ts_config *conf, struct ts_state *state);
	void (*destroy)(struct ts_config *conf);
	void *(*get_pattern)(struct ts_config *conf);
	unsigned int (*get_pattern_len)(struct ts_config *conf);
	struct module *owner;
	struct list_head list;
};

struct ts_config {
	struct ts_ops *ops;
	int flags;
	/* The piece of text from consumed on, and its length, 0 at the end. */
	unsigned int (*get_next_block)(unsigned int consumed, const u8 **dst,
				       struct ts_config *conf, struct ts_state *state);
	void (*finish)(struct ts_config *conf, struct ts_state *state); /* or NULL */
};

static inline unsigned int textsearch_next(struct ts_config *conf, struct ts_state *state)
{
	const unsigned int at = conf->ops->find(conf, state);

	if (conf->finish)
		conf->finish(conf, state);
	return at;
}

static inline unsigned int textsearch_find(struct ts_config *conf, struct ts_state *state)
{
	state->offset = 0;
	return textsearch_next(conf, state);
}

static inline void *textsearch_get_pattern(struct ts_config *conf)
{
	return conf->ops->get_pattern(conf);
}

static inline unsigned int textsearch_get_pattern_len(struct ts_config *conf)
{
	return conf->ops->get_pattern_len(conf);
}

/* 0; -EINVAL: no name; -EEXIST. And 0 or -ENOENT. */
int textsearch_register(struct ts_ops *ops);
int textsearch_unregister(struct ts_ops *ops);

/* A configuration, for textsearch_destroy(). ERR_PTR(): -EINVAL: no pattern; -ENOENT: no algorithm
 * has this name; or what its init() said. */
struct ts_config *textsearch_prepare(const char *algo, const void *pattern, unsigned int len,
				     gfp_t gfp, int flags);
void textsearch_destroy(struct ts_config *conf);

/* textsearch_find() in text that is in one piece. */
unsigned int textsearch_find_continuous(struct ts_config *conf, struct ts_state *state,
					const void *data, unsigned int len);

#define TS_PRIV_ALIGNTO    8
#define TS_PRIV_ALIGN(len) (((len) + TS_PRIV_ALIGNTO - 1) & ~(TS_PRIV_ALIGNTO - 1))

/* For init(): a configuration with payload bytes of the algorithm's own. */
static inline struct ts_config *alloc_ts_config(size_t payload, gfp_t gfp)
{
	struct ts_config *conf =
		(struct ts_config *)kzalloc(TS_PRIV_ALIGN(sizeof(*conf)) + payload, gfp);

	return conf ? conf : (struct ts_config *)ERR_PTR(-ENOMEM);
}

static inline void *ts_config_priv(struct ts_config *conf)
{
	return (u8 *)conf + TS_PRIV_ALIGN(sizeof(struct ts_config));
}

#endif
