/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fields_open(struct fields *f, const char *text, const char *const *keys, const char *shape)
{
	*f = (struct fields){.keys = keys, .shape = shape, .text = strdup(text)};
	f->rest = f->text;
	return f->text ? 0 : -ENOMEM;
}

void fields_close(struct fields *f)
{
	free(f->text);
}

char *fields_cut(char **rest)
{
	char *field = *rest, *in = field, *out = field;

	if (!field)
		return NULL;
	for (; *in; *out++ = *in++) {
		if (*in != ',')
			continue;
		if (in[1] != ',')
			break;
		in++;
	}
	*rest = *in ? in + 1 : NULL;
	*out = '\0';
	return field;
}

char *fields_put(char *to, const char *text)
{
	for (; *text; *to++ = *text++)
		if (*text == ',')
			*to++ = ',';
	*to = '\0';
	return to;
}

int fields_next(struct fields *f, const char **key, const char **value, char *why, size_t room)
{
	char *field = fields_cut(&f->rest), *eq;
	unsigned int i;

	if (!field)
		return 0;
	eq = strchr(field, '=');
	if (eq)
		*eq = '\0';
	for (i = 0; f->keys[i]; i++)
		if (!strcmp(f->keys[i], field))
			break;
	if (!f->keys[i] || !eq)
		snprintf(why, room, "`%.40s` is %s: write %s", field,
			 f->keys[i] ? "without a value"
			 : eq       ? "no key that there is"
				    : "no KEY=VALUE",
			 f->shape);
	else if (f->seen & 1u << i)
		snprintf(why, room, "%s is given twice", field);
	else
		goto found;
	return -EINVAL;
found:
	f->seen |= 1u << i;
	*key = f->keys[i];
	*value = eq + 1;
	return 1;
}
