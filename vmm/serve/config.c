/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file of `slabvisor serve`: a list, `disks`, of mappings whose keys are
 * the options of a disk; and what is of no disk, `sandbox`. */
#include <stdio.h>
#include <string.h>

#include "vmm/option/file.h"
#include "vmm/serve/serve.h"

/* Moves on to the next event, which must be of this type. */
static enum exit_status expect(struct config_file *f, yaml_event_type_t type, const char *what)
{
	enum exit_status status = config_file_next(f);

	if (status)
		return status;
	return f->event.type == type ? 0 : config_file_fail(f, what, NULL);
}

/* Copies the current event, a scalar. */
static enum exit_status take_scalar(struct config_file *f, char *text, size_t room,
				    const char *what)
{
	const char *value;
	enum exit_status status;

	status = config_file_scalar(f, what, &value);
	if (status)
		return status;
	if (strlen(value) >= room)
		return config_file_fail(f, what, "too long");
	strcpy(text, value);
	return 0;
}

static enum exit_status read_disk(struct config_file *f, struct serve_disk *disk)
{
	char key[32], value[4096], what[4200], why[SERVE_WHY_MAX];
	const struct serve_option *option;
	uint32_t seen = 0, bit;
	enum exit_status status;

	for (;;) {
		status = config_file_next(f);
		if (status || f->event.type == YAML_MAPPING_END_EVENT)
			return status;
		status = take_scalar(f, key, sizeof(key), "key");
		if (status)
			return status;
		option = serve_option_find(key);
		if (!option && !strcmp(key, "sandbox"))
			return config_file_fail(f, key,
						"it is for all disks: write it beside `disks`");
		if (!option)
			return config_file_fail(f, key,
						"no such option of a disk: the keys are those of "
						"slabvisor serve --help, as in blk-file and "
						"socket-path");
		bit = 1u << (option - serve_options);
		if (seen & bit)
			return config_file_fail(f, key, "this key is given twice");
		seen |= bit;
		status = config_file_next(f);
		if (!status)
			status = take_scalar(f, value, sizeof(value), key);
		if (status)
			return status;
		if (option->apply(disk, value, why)) {
			snprintf(what, sizeof(what), "%s: %s", key,
				 *value ? value : "no value is given");
			return config_file_fail(f, what, why);
		}
	}
}

static enum exit_status read_disks(struct config_file *f, struct serve_config *config)
{
	enum exit_status status;

	for (;;) {
		status = config_file_next(f);
		if (!status && f->event.type == YAML_SEQUENCE_END_EVENT && !config->nr_disks)
			return config_file_fail(f, "disks", "the list is empty: give it a disk");
		if (status || f->event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		if (f->event.type != YAML_MAPPING_START_EVENT)
			return config_file_fail(f, "disks", "each is a mapping of options");
		if (config->nr_disks == SERVE_MAX_DISKS)
			return config_file_fail(f, "disks", "there are more than 16");
		status = read_disk(f, &config->disk[config->nr_disks++]);
		if (status)
			return status;
	}
}

static enum exit_status read_sandbox(struct serve_config *config, struct config_file *f)
{
	char value[16], what[48], why[SERVE_WHY_MAX];
	enum exit_status status = config_file_next(f);

	if (!status)
		status = take_scalar(f, value, sizeof(value), "sandbox");
	if (status || !serve_set_sandbox(config, value, why))
		return status;
	snprintf(what, sizeof(what), "sandbox: %s", value);
	return config_file_fail(f, what, why);
}

static enum exit_status read_keys(struct config_file *f, struct serve_config *config)
{
	bool disks = false, sandbox = false, *seen;
	char key[32];
	enum exit_status status;

	for (;;) {
		status = config_file_next(f);
		if (status)
			return status;
		if (f->event.type == YAML_MAPPING_END_EVENT)
			return disks ? 0
				     : config_file_fail(f, "expected `disks:` and a list", NULL);
		status = take_scalar(f, key, sizeof(key), "key");
		if (status)
			return status;
		seen = !strcmp(key, "disks") ? &disks : !strcmp(key, "sandbox") ? &sandbox : NULL;
		if (!seen)
			return config_file_fail(f, key,
						"unknown key: the keys are `disks`, a list "
						"of disks, and `sandbox`");
		if (*seen)
			return config_file_fail(f, key, "this key is given twice");
		*seen = true;
		if (seen == &sandbox)
			status = read_sandbox(config, f);
		else
			status = expect(f, YAML_SEQUENCE_START_EVENT, "disks: expected a list");
		if (!status && seen == &disks)
			status = read_disks(f, config);
		if (status)
			return status;
	}
}

static enum exit_status read_document(struct config_file *f, struct serve_config *config)
{
	enum exit_status status;

	status = expect(f, YAML_STREAM_START_EVENT, "expected a document");
	if (!status)
		status = expect(f, YAML_DOCUMENT_START_EVENT, "expected a document");
	if (!status)
		status = expect(f, YAML_MAPPING_START_EVENT, "expected `disks:` and a list");
	if (!status)
		status = read_keys(f, config);
	if (!status)
		status = expect(f, YAML_DOCUMENT_END_EVENT, "expected the end");
	if (!status)
		status = expect(f, YAML_STREAM_END_EVENT, "expected one document");
	return status;
}

enum exit_status serve_config_read(struct serve_config *config, const char *path)
{
	struct config_file file;
	enum exit_status status;

	status = config_file_open(&file, path);
	if (status)
		return status;
	status = read_document(&file, config);
	config_file_close(&file);
	return status;
}
