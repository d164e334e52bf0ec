/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file of `slabvisor serve`: a list, `disks`, of mappings whose keys are
 * the options of a disk. Read event by event, so that an error has its line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "vmm/cli.h"
#include "vmm/serve.h"

#define MAX_FILE (1 << 20)

struct reader {
	struct serve_config *config;
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event;
	bool have_event;
};

static int fail_at(const struct reader *r, size_t line, const char *what, const char *why)
{
	return cli_fail(STATUS_BAD_CONFIG, "%s:%zu: %s%s%s", r->path, line + 1, what,
			why ? ": " : "", why ? why : "");
}

static int fail_here(const struct reader *r, const char *what, const char *why)
{
	return fail_at(r, r->event.start_mark.line, what, why);
}

/* Moves on to the next event. Returns 0 or the exit status. */
static int next(struct reader *r)
{
	if (r->have_event)
		yaml_event_delete(&r->event);
	r->have_event = yaml_parser_parse(&r->parser, &r->event);
	if (r->have_event)
		return 0;
	return fail_at(r, r->parser.problem_mark.line, "not valid YAML",
		       r->parser.problem ? r->parser.problem : "out of memory");
}

/* ... which must be of this type. */
static int expect(struct reader *r, yaml_event_type_t type, const char *what)
{
	int status = next(r);

	if (status)
		return status;
	return r->event.type == type ? 0 : fail_here(r, what, NULL);
}

static int take_scalar(struct reader *r, char *text, size_t room, const char *what)
{
	const char *value = (const char *)r->event.data.scalar.value;

	if (r->event.type != YAML_SCALAR_EVENT)
		return fail_here(r, what, "expected a plain value");
	if (r->event.data.scalar.length >= room || strlen(value) != r->event.data.scalar.length)
		return fail_here(r, what, "too long, or with a NUL in it");
	strcpy(text, value);
	return 0;
}

static int read_disk(struct reader *r, struct serve_disk *disk)
{
	char key[32], value[4096], what[4200], why[SERVE_WHY_MAX];
	const struct serve_option *option;
	uint32_t seen = 0, bit;
	int status;

	for (;;) {
		status = next(r);
		if (status || r->event.type == YAML_MAPPING_END_EVENT)
			return status;
		status = take_scalar(r, key, sizeof(key), "key");
		if (status)
			return status;
		option = serve_option_find(key);
		if (!option)
			return fail_here(r, key, "no such option of a disk");
		bit = 1u << (option - serve_options);
		if (seen & bit)
			return fail_here(r, key, "this key is given twice");
		seen |= bit;
		status = next(r);
		if (!status)
			status = take_scalar(r, value, sizeof(value), key);
		if (status)
			return status;
		if (option->apply(disk, value, why)) {
			snprintf(what, sizeof(what), "%s: %s", key, value);
			return fail_here(r, what, why);
		}
	}
}

static int read_disks(struct reader *r)
{
	struct serve_config *config = r->config;
	int status;

	for (;;) {
		status = next(r);
		if (status || r->event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		if (r->event.type != YAML_MAPPING_START_EVENT)
			return fail_here(r, "disks", "each is a mapping of options");
		if (config->nr_disks == SERVE_MAX_DISKS)
			return fail_here(r, "disks", "there are more than 16");
		status = read_disk(r, &config->disk[config->nr_disks++]);
		if (status)
			return status;
	}
}

static int read_document(struct reader *r)
{
	char key[32];
	int status;

	status = expect(r, YAML_STREAM_START_EVENT, "expected a document");
	if (!status)
		status = expect(r, YAML_DOCUMENT_START_EVENT, "expected a document");
	if (!status)
		status = expect(r, YAML_MAPPING_START_EVENT, "expected `disks:` and a list");
	if (!status)
		status = next(r);
	if (!status)
		status = take_scalar(r, key, sizeof(key), "key");
	if (status)
		return status;
	if (strcmp(key, "disks") != 0)
		return fail_here(r, key, "expected `disks:` and a list");
	status = expect(r, YAML_SEQUENCE_START_EVENT, "disks: expected a list");
	if (!status)
		status = read_disks(r);
	if (!status)
		status = expect(r, YAML_MAPPING_END_EVENT, "expected nothing beside `disks`");
	if (!status)
		status = expect(r, YAML_DOCUMENT_END_EVENT, "expected the end");
	if (!status)
		status = expect(r, YAML_STREAM_END_EVENT, "expected one document");
	return status;
}

int serve_config_read(struct serve_config *config, const char *path)
{
	struct reader r = {.config = config, .path = path};
	struct stat st;
	int status;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return cli_fail(STATUS_BAD_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
	if (fstat(fileno(file), &st) || S_ISDIR(st.st_mode) || st.st_size > MAX_FILE) {
		status =
			cli_fail(STATUS_BAD_CONFIG, "%s: expected a YAML file of at most 1M", path);
		goto out_close;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
		goto out_close;
	}
	yaml_parser_set_input_file(&r.parser, file);
	status = read_document(&r);
	if (r.have_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
out_close:
	fclose(file);
	return status;
}
