/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/frame.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 1024u

void qmp_frame_init(struct qmp_frame *frame, size_t most)
{
	*frame = (struct qmp_frame){.most = most};
}

void qmp_frame_fini(struct qmp_frame *frame)
{
	free(frame->text);
	frame->text = NULL;
}

static int keep(struct qmp_frame *f, char c)
{
	size_t room;
	char *text;

	if (f->len == f->most)
		return -EMSGSIZE;
	if (f->len == f->room) {
		room = f->room ? 2 * f->room : FIRST_ROOM;
		if (room > f->most)
			room = f->most;
		text = realloc(f->text, room);
		if (!text)
			return -ENOMEM;
		f->text = text;
		f->room = room;
	}
	f->text[f->len++] = c;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One byte within a string: the quote that is not escaped ends it. */
static void step_in_string(struct qmp_frame *f, char c)
{
	if (f->escaped)
		f->escaped = false;
	else if (c == '\\')
		f->escaped = true;
	else if (c == '"')
		f->in_string = false;
}

/* One byte of a value. Returns 1 at its end, 0, or a negative errno. */
static int step(struct qmp_frame *f, char c)
{
	int ret = keep(f, c);

	if (ret)
		return ret;
	if (c == '\n' && (f->in_string || !f->depth))
		return 1;
	if (f->in_string) {
		step_in_string(f, c);
		return 0;
	}
	switch (c) {
	case '"':
		f->in_string = true;
		return 0;
	case '{':
	case '[':
		return ++f->depth > QMP_MAX_DEPTH ? -EMSGSIZE : 0;
	case '}':
	case ']':
		/* One too many is a value by itself, and a wrong one. */
		return f->depth <= 1 || !--f->depth;
	default:
		return 0;
	}
}

int qmp_frame_feed(struct qmp_frame *f, const char *buf, size_t len, size_t *taken)
{
	size_t i;
	int ret = 0;

	if (f->complete) {
		f->len = 0;
		f->depth = 0;
		f->in_string = false;
		f->escaped = false;
		f->complete = false;
	}
	for (i = 0; i < len && !ret; i++)
		if (f->len || !is_blank(buf[i]))
			ret = step(f, buf[i]);
	*taken = i;
	f->complete = ret == 1;
	return ret;
}
