/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/pages/pages.h"

#include <string.h>

#include "mm/util.h"
#include "tools/vhost/disk.h"
#include "tools/vhost/load.h"
#include "vmm/qmp/commands.h"

const struct command pages_tools[] = {
	{"slabvisor-vhost-load", NULL, "puts load on a vhost-user disk", {{load_options, 0}}, NULL},
	{"slabvisor-vhost-disk",
	 NULL,
	 "prints libvirt's element for a vhost-user disk",
	 {{disk_options, 0}},
	 disk_operands},
	{0},
};

const struct command *pages_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	for (const struct command *c = pages_tools; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* A command of the control socket. */
static bool is_qmp_command(const struct opt *o)
{
	return !strcmp(o->name, "COMMAND");
}

enum pages_kind pages_kind_of(const struct opt *o)
{
	static const struct {
		const char *placeholder;
		enum pages_kind kind;
	} known[] = {
		{"FILE", PAGES_FILES},     {"PATH", PAGES_FILES},   {"SOCKET", PAGES_FILES},
		{"unix:PATH", PAGES_UNIX}, {"GUEST", PAGES_GUESTS}, {"USER", PAGES_USERS},
		{"GROUP", PAGES_GROUPS},
	};
	/* An argument that is no option has its placeholder for a name. */
	const char *placeholder = o->metavar ? o->metavar : o->name;

	if (o->type == OPT_LIST)
		return PAGES_KEYS;
	if (o->type == OPT_FLAG || o->words || is_qmp_command(o))
		return PAGES_WORDS;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].placeholder, placeholder))
			return known[i].kind;
	return PAGES_ANY;
}

void pages_put_words(FILE *to, const struct opt *o)
{
	const char *blank = "";

	if (is_qmp_command(o)) {
		for (const struct qmp_command *c = qmp_guest_commands; c->name; c++)
			fprintf(to, "%s ", c->name);
		fputs("query-commands", to);
		return;
	}
	if (!o->words) {
		fputs("on off", to);
		return;
	}
	for (const struct opt_word *w = o->words; w->text; w++) {
		if (w->hidden)
			continue;
		fprintf(to, "%s%s", blank, w->text);
		blank = " ";
	}
}

bool pages_is_on_line(const struct opt *o, const struct command_options *table)
{
	return !(o->flags & OPT_FILE_ONLY) && (!table->tag || o->tags & table->tag);
}
