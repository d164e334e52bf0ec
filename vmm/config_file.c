/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "vmm/cli.h"

#define MAX_FILE (1 << 20)

static int fail_at(const struct config_file *f, size_t line, const char *what, const char *why)
{
	return cli_fail(STATUS_BAD_CONFIG, "%s:%zu: %s%s%s", f->path, line + 1, what,
			why ? ": " : "", why ? why : "");
}

int config_file_fail(const struct config_file *f, const char *what, const char *why)
{
	return fail_at(f, f->event.start_mark.line, what, why);
}

int config_file_next(struct config_file *f)
{
	const yaml_parser_t *p = &f->parser;

	if (f->have_event)
		yaml_event_delete(&f->event);
	f->have_event = yaml_parser_parse(&f->parser, &f->event);
	if (f->have_event)
		return 0;
	/* Errors of the reader (bad UTF-8) come without a mark. */
	return fail_at(f, p->problem_mark.line ? p->problem_mark.line : p->context_mark.line,
		       "not valid YAML", p->problem ? p->problem : "out of memory");
}

int config_file_scalar(const struct config_file *f, const char *what, const char **value)
{
	const yaml_event_t *event = &f->event;

	if (event->type != YAML_SCALAR_EVENT)
		return config_file_fail(f, what, "expected a plain value");
	*value = (const char *)event->data.scalar.value;
	if (strlen(*value) != event->data.scalar.length)
		return config_file_fail(f, what, "a value must not contain NUL");
	return 0;
}

int config_file_open(struct config_file *f, const char *path)
{
	struct stat st;
	int status;

	*f = (struct config_file){.path = path};
	f->file = fopen(path, "re");
	if (!f->file)
		return cli_fail(STATUS_BAD_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
	if (fstat(fileno(f->file), &st) || S_ISDIR(st.st_mode) || st.st_size > MAX_FILE)
		status =
			cli_fail(STATUS_BAD_CONFIG, "%s: expected a YAML file of at most 1M", path);
	else if (!yaml_parser_initialize(&f->parser))
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	else
		status = 0;
	if (status)
		fclose(f->file);
	else
		yaml_parser_set_input_file(&f->parser, f->file);
	return status;
}

void config_file_close(struct config_file *f)
{
	if (f->have_event)
		yaml_event_delete(&f->event);
	yaml_parser_delete(&f->parser);
	fclose(f->file);
}
