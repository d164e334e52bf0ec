/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/families.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FAMILIES 1024 /* of a text that makes no sense there might be any number */
#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"

/* The family of that name, which is made if it is not there; NULL: out of memory. */
static struct family *family_of(struct families *f, const char *name, size_t len)
{
	struct family *grown;

	for (size_t i = 0; i < f->nr; i++)
		if (!strncmp(f->family[i].name, name, len) && !f->family[i].name[len])
			return &f->family[i];
	if (f->nr == MAX_FAMILIES)
		return NULL;
	if (f->nr == f->room) {
		grown = realloc(f->family, (2 * f->room + 16) * sizeof(*grown));
		if (!grown)
			return NULL;
		f->family = grown;
		f->room = 2 * f->room + 16;
	}
	f->family[f->nr] = (struct family){.name = strndup(name, len)};
	return f->family[f->nr].name ? &f->family[f->nr++] : NULL;
}

/* A line of metadata: the word behind its `# `, the family's name, and the rest. */
static int add_word(struct families *f, struct family **current, const char *line, size_t len)
{
	const char *name = memchr(line, ' ', len);
	const char *end = line + len;
	const char *rest;
	struct family *family;
	char **to;

	if (!name || !*++name)
		return 0;
	rest = name + strspn(name, LETTERS);
	if (rest == name || rest >= end || *rest != ' ')
		return 0;
	family = family_of(f, name, (size_t)(rest - name));
	if (!family)
		return -ENOMEM;
	*current = family;
	if (!strncmp(line, "TYPE ", 5))
		to = &family->type;
	else if (!strncmp(line, "UNIT ", 5))
		to = &family->unit;
	else if (!strncmp(line, "HELP ", 5))
		to = &family->help;
	else
		return 0;
	if (!*to)
		*to = strndup(rest + 1, (size_t)(end - rest - 1));
	return *to ? 0 : -ENOMEM;
}

/* A sample belongs to the family that was named last, as its name shows. */
static int add_sample(struct family *family, const char *line, size_t len)
{
	size_t name = family ? strlen(family->name) : 0;
	char *grown;

	if (!family || len <= name || strncmp(line, family->name, name) != 0 ||
	    !strchr("_{ ", line[name]))
		return 0;
	if (!family->samples || family->len + len + 2 > family->room) {
		grown = realloc(family->samples, 2 * family->room + len + 2);
		if (!grown)
			return -ENOMEM;
		family->samples = grown;
		family->room = 2 * family->room + len + 2;
	}
	memcpy(family->samples + family->len, line, len);
	family->len += len;
	family->samples[family->len++] = '\n';
	family->samples[family->len] = '\0';
	return 0;
}

int families_add(struct families *f, const char *text)
{
	struct family *current = NULL;
	int ret = 0;

	while (*text && !ret) {
		size_t len = strcspn(text, "\n");

		if (!strncmp(text, "# EOF", 5))
			break;
		if (!strncmp(text, "# ", 2))
			ret = add_word(f, &current, text + 2, len - 2);
		else
			ret = add_sample(current, text, len);
		text += len + (text[len] == '\n');
	}
	return ret;
}

/* A counter's samples end in _total, an info's in _info: so do their families, in the old format. */
static const char *old_suffix(const struct family *family)
{
	if (!family->type)
		return "";
	if (!strcmp(family->type, "counter"))
		return "_total";
	return strcmp(family->type, "info") ? "" : "_info";
}

static const char *old_type(const char *type)
{
	if (!strcmp(type, "info"))
		return "gauge";
	return strcmp(type, "unknown") ? type : "untyped";
}

void families_write(const struct families *f, bool old, FILE *to)
{
	for (size_t i = 0; i < f->nr; i++) {
		const struct family *family = &f->family[i];
		const char *suffix = old ? old_suffix(family) : "";

		if (!family->len)
			continue;
		if (family->help)
			fprintf(to, "# HELP %s%s %s\n", family->name, suffix, family->help);
		if (family->type)
			fprintf(to, "# TYPE %s%s %s\n", family->name, suffix,
				old ? old_type(family->type) : family->type);
		if (family->unit && !old)
			fprintf(to, "# UNIT %s %s\n", family->name, family->unit);
		fwrite(family->samples, 1, family->len, to);
	}
	if (!old)
		fputs("# EOF\n", to);
}

void families_free(struct families *f)
{
	for (size_t i = 0; i < f->nr; i++) {
		free(f->family[i].name);
		free(f->family[i].type);
		free(f->family[i].unit);
		free(f->family[i].help);
		free(f->family[i].samples);
	}
	free(f->family);
	*f = (struct families){.nr = 0};
}
