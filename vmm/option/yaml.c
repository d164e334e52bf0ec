/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/yaml.h"

#include <stdio.h>
#include <string.h>

#include "vmm/base/nearest.h"
#include "vmm/option/file.h"
#include "vmm/option/priv.h"

/* A mapping that is being read. */
struct map {
	struct config_file *file;
	const struct opt *rows;
	void *base;
	const char *keys;        /* which there are */
	const struct map *outer; /* NULL: it is the whole file */
	const struct opt *of;    /* the option of outer whose value it is */
	uint64_t seen;           /* bit i: row i */
};

/* The current event is a value of the option. */
static enum exit_status read_scalar(const struct map *map, const struct opt *o)
{
	char why[OPT_WHY_MAX];
	char what[OPT_WHY_MAX];
	const char *value;
	enum exit_status status;

	status = config_file_scalar(map->file, o->name, &value);
	if (status || !opt_set(o, map->base, value, why))
		return status;
	snprintf(what, sizeof(what), "%s: %s", o->name, *value ? value : "no value is given");
	return config_file_fail(map->file, what, why);
}

/* The list of mappings that have the key, or NULL. */
static const struct opt *list_of(const struct map *map, const char *key)
{
	for (const struct opt *o = map->rows; o->name; o++)
		if (o->type == OPT_MAPS && opt_find(o->sub, key))
			return o;
	return NULL;
}

/* A key that the mapping has not. */
static enum exit_status unknown(const struct map *map, const char *key)
{
	const struct opt *list = list_of(map, key);
	struct nearest near;
	char why[OPT_WHY_MAX];

	if (list) {
		opt_why(why, "it is for one of the %s: write it in the list `%s`", list->many,
			list->name);
		return config_file_fail(map->file, key, why);
	}
	if (map->outer && opt_find(map->outer->rows, key)) {
		opt_why(why, "it is for all %s: write it beside `%s`", map->of->many,
			map->of->name);
		return config_file_fail(map->file, key, why);
	}
	nearest_begin(&near, key);
	for (const struct opt *o = map->rows; o->name; o++)
		if (!(o->flags & OPT_LINE_ONLY))
			nearest_offer(&near, o->name);
	if (near.best)
		opt_why(why, "unknown key: did you mean `%s`?", near.best);
	else
		opt_why(why, "unknown key: the keys are %s", map->keys);
	return config_file_fail(map->file, key, why);
}

/* The current event is a key. Goes on to the event behind it. Returns the key's option, or NULL and
 * the exit status. */
static const struct opt *read_key(struct map *map, enum exit_status *status)
{
	const struct opt *o;
	const char *key;
	uint64_t bit;

	*status = config_file_scalar(map->file, "key", &key);
	if (*status)
		return NULL;
	o = opt_find(map->rows, key);
	if (!o) {
		*status = unknown(map, key);
		return NULL;
	}
	bit = 1ull << (o - map->rows);
	if (o->flags & OPT_LINE_ONLY)
		*status = config_file_fail(map->file, key,
					   "this option belongs on the command line only");
	else if (map->seen & bit)
		*status = config_file_fail(map->file, key, "this key is given twice");
	else
		*status = config_file_next(map->file);
	map->seen |= bit;
	return *status ? NULL : o;
}

/* The mapping's end: what must be there? */
static enum exit_status check_needed(const struct map *map)
{
	for (const struct opt *o = map->rows; o->name; o++)
		if (o->need && !(map->seen >> (o - map->rows) & 1))
			return config_file_fail(map->file, o->need, NULL);
	return 0;
}

/* A value, or a sequence of them. The current event begins it. */
static enum exit_status read_scalars(const struct map *map, const struct opt *o)
{
	enum exit_status status;

	if (map->file->event.type != YAML_SEQUENCE_START_EVENT || !(o->flags & OPT_REPEATS))
		return read_scalar(map, o);
	for (;;) {
		status = config_file_next(map->file);
		if (status || map->file->event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		status = read_scalar(map, o);
		if (status)
			return status;
	}
}

/* Reads an option's value; the current event begins it. */
typedef enum exit_status value_reader(const struct map *map, const struct opt *o);

/* A mapping, behind its start. */
static enum exit_status read_map(struct map *map, value_reader *value)
{
	const struct opt *o;
	enum exit_status status;

	for (;;) {
		status = config_file_next(map->file);
		if (status)
			return status;
		if (map->file->event.type == YAML_MAPPING_END_EVENT)
			return check_needed(map);
		o = read_key(map, &status);
		if (o)
			status = value(map, o);
		if (status)
			return status;
	}
}

/* A sequence of mappings. The current event begins it. */
static enum exit_status read_maps(const struct map *map, const struct opt *o)
{
	unsigned int *count = opt_counter(o, map->base);
	struct config_file *file = map->file;
	char why[OPT_WHY_MAX];
	enum exit_status status;

	if (file->event.type != YAML_SEQUENCE_START_EVENT)
		return config_file_fail(file, o->name, "expected a list");
	for (;;) {
		struct map element = {
			.file = file, .rows = o->sub, .keys = o->keys, .outer = map, .of = o};

		status = config_file_next(file);
		if (!status && file->event.type == YAML_SEQUENCE_END_EVENT && !*count) {
			opt_why(why, "the list is empty: give one of the %s", o->many);
			return config_file_fail(file, o->name, why);
		}
		if (status || file->event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		if (file->event.type != YAML_MAPPING_START_EVENT)
			return config_file_fail(file, o->name, "each is a mapping of options");
		if (*count == o->room) {
			opt_why(why, "at most %u %s", o->room, o->many);
			return config_file_fail(file, o->name, why);
		}
		element.base = opt_element(o, map->base, *count);
		memset(element.base, 0, o->width);
		++*count;
		if (opt_scalars_init(o->sub, element.base))
			return cli_fail(STATUS_HOST_ERROR, "out of memory");
		status = read_map(&element, read_scalars);
		if (status)
			return status;
	}
}

static enum exit_status read_value(const struct map *map, const struct opt *o)
{
	return o->type == OPT_MAPS ? read_maps(map, o) : read_scalars(map, o);
}

/* The stream must be one document (or none) that is a mapping. */
static enum exit_status read_document(struct map *map)
{
	struct config_file *file = map->file;
	enum exit_status status;

	do {
		status = config_file_next(file);
		if (status)
			return status;
		if (file->event.type == YAML_STREAM_END_EVENT)
			return check_needed(map);
	} while (file->event.type != YAML_DOCUMENT_START_EVENT);
	status = config_file_next(file);
	if (status)
		return status;
	if (file->event.type != YAML_MAPPING_START_EVENT)
		return config_file_fail(file, "expected lines of the form `option: value`", NULL);
	status = read_map(map, read_value);
	if (status)
		return status;
	do {
		status = config_file_next(file);
		if (status)
			return status;
		if (file->event.type == YAML_DOCUMENT_START_EVENT)
			return config_file_fail(file, "a second document: one is expected", NULL);
	} while (file->event.type != YAML_STREAM_END_EVENT);
	return 0;
}

enum exit_status opt_yaml_read(const char *path, const struct opt *rows, void *base,
			       const char *keys)
{
	struct config_file file;
	struct map map = {.file = &file, .rows = rows, .base = base, .keys = keys};
	enum exit_status status;

	status = config_file_open(&file, path);
	if (status)
		return status;
	status = read_document(&map);
	config_file_close(&file);
	return status;
}
