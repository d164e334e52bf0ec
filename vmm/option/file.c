/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mm/util.h"
#include "vmm/base/cli.h"

#define MAX_FILE (1 << 20)
/* How long a pipe may have nothing to say, ms. */
#define PIPE_SILENCE_MS 10000

/* The line, from 0, of what the parser cannot read. The reader's errors (bad UTF-8, control
 * characters) have no mark but an offset. */
static size_t problem_line(const struct config_file *f)
{
	const yaml_parser_t *p = &f->parser;
	const size_t end = p->problem_offset < f->size ? p->problem_offset : f->size;
	size_t line = 0;

	if (p->error != YAML_READER_ERROR)
		return p->problem_mark.line ? p->problem_mark.line : p->context_mark.line;
	for (size_t i = 0; i < end; i++)
		line += f->text[i] == '\n';
	return line;
}

static enum exit_status fail_at(const struct config_file *f, size_t line, const char *what,
				const char *why)
{
	return cli_fail(STATUS_BAD_CONFIG, "%s:%zu: %s%s%s", f->path, line + 1, what,
			why ? ": " : "", why ? why : "");
}

enum exit_status config_file_fail(const struct config_file *f, const char *what, const char *why)
{
	return fail_at(f, f->event.start_mark.line, what, why);
}

static const char *tag_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

enum exit_status config_file_next(struct config_file *f)
{
	const yaml_parser_t *p = &f->parser;

	if (f->have_event)
		yaml_event_delete(&f->event);
	f->have_event = yaml_parser_parse(&f->parser, &f->event);
	if (f->have_event && tag_of(&f->event))
		return config_file_fail(f, tag_of(&f->event),
					"no tag is heeded: write the value without it");
	if (f->have_event)
		return 0;
	return fail_at(f, problem_line(f), "not valid YAML",
		       p->problem ? p->problem : "out of memory");
}

/* Tells whether a scalar is what YAML has for nothing, which a text of that name is not. */
static bool is_null(const yaml_event_t *event)
{
	static const char *const words[] = {"~", "null", "Null", "NULL"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp((const char *)event->data.scalar.value, words[i]))
			return event->data.scalar.plain_implicit;
	return false;
}

enum exit_status config_file_scalar(const struct config_file *f, const char *what,
				    const char **value)
{
	const yaml_event_t *event = &f->event;

	if (event->type == YAML_ALIAS_EVENT)
		return config_file_fail(f, what, "an alias is not followed: write the value");
	if (event->type != YAML_SCALAR_EVENT)
		return config_file_fail(f, what, "expected a plain value, as on the command line");
	*value = (const char *)event->data.scalar.value;
	if (is_null(event))
		return config_file_fail(f, what,
					"that is no value: leave the key out, or put it in quotes");
	if (strlen(*value) != event->data.scalar.length)
		return config_file_fail(f, what, "a value must not contain NUL");
	return 0;
}

/* Tells whether a file can be asked for what is in it without waiting for somebody who may not be
 * there: a regular one, or a shell's pipe, whose other end is open. A FIFO or a device may never
 * answer. */
static bool is_readable(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st))
		return false;
	return S_ISREG(st.st_mode) ||
	       (S_ISFIFO(st.st_mode) && !fstatfs(fd, &fs) && fs.f_type == PIPEFS_MAGIC);
}

/* Reads on from where the text ends. Returns the bytes, 0 at the end, or -errno. */
static ssize_t read_more(struct config_file *f, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		/* One byte more than there may be, to tell the largest from one that is too large. */
		n = read(fd, f->text + f->size, MAX_FILE + 1 - f->size);
		if (n >= 0)
			return n;
		if (errno == EAGAIN && !poll(&p, 1, PIPE_SILENCE_MS))
			return -ETIMEDOUT;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static enum exit_status read_file(struct config_file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -errno : -ENOMEM;
	bool fits = true;

	f->text = fd < 0 ? NULL : malloc(MAX_FILE + 1);
	if (f->text)
		n = 0;
	if (f->text && is_readable(fd))
		while (f->size <= MAX_FILE && (n = read_more(f, fd)) > 0)
			f->size += (size_t)n;
	else
		fits = false;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return cli_fail(STATUS_BAD_CONFIG, "%s: cannot be read: %s", f->path,
				strerror((int)-n));
	if (!fits || f->size > MAX_FILE)
		return cli_fail(STATUS_BAD_CONFIG,
				"%s: expected a YAML file of at most 1M, or a pipe of a shell",
				f->path);
	return 0;
}

enum exit_status config_file_open(struct config_file *f, const char *path)
{
	enum exit_status status;

	*f = (struct config_file){.path = path};
	status = read_file(f);
	if (!status && !yaml_parser_initialize(&f->parser))
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	if (status)
		free(f->text);
	else
		yaml_parser_set_input_string(&f->parser, f->text, f->size);
	return status;
}

void config_file_close(struct config_file *f)
{
	if (f->have_event)
		yaml_event_delete(&f->event);
	yaml_parser_delete(&f->parser);
	free(f->text);
}
