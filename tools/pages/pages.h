/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made of the tables of options when the project is built: the lists of options in manual
 * pages, and completion for shells. So an option that is a row of a table is in all of them.
 */
#ifndef TOOLS_PAGES_PAGES_H
#define TOOLS_PAGES_PAGES_H

#include <stdio.h>

#include "vmm/cmd/commands.h"

/* The programs beside slabvisor that have such tables, up to one without a name; run is NULL. */
extern const struct command pages_tools[];

/* The command or program of that name, or NULL. */
const struct command *pages_find(const char *name);

/* What a value can be completed to. */
enum pages_kind {
	PAGES_ANY, /* nothing is known of it */
	PAGES_FILES,
	PAGES_UNIX,   /* unix: and a file */
	PAGES_GUESTS, /* the name of a guest or a service, or a file */
	PAGES_USERS,
	PAGES_GROUPS,
	PAGES_WORDS,
	PAGES_KEYS, /* a comma list of sub */
};

/* That of a row's value. */
enum pages_kind pages_kind_of(const struct opt *o);

/* Writes the words of a value of PAGES_WORDS, one blank between two. */
void pages_put_words(FILE *to, const struct opt *o);

/* Tells whether a command line takes the row of that table. */
bool pages_is_on_line(const struct opt *o, const struct command_options *table);

/*
 * Lists for a page in mdoc(7): the options of a command; the arguments that are no options; the
 * keys of its configuration file; the commands of slabvisor. Each is a .Bl list of its own, but for
 * the options, which the page begins and ends itself so that it can have more.
 */
void roff_options(FILE *to, const struct command *c);
void roff_operands(FILE *to, const struct command *c);
void roff_keys(FILE *to, const struct command *c);
void roff_commands(FILE *to);

/* ... the commands of control sockets, of guests and of services. */
void roff_qmp(FILE *to);

/* Functions that the scripts in this folder call for what they complete. */
void bash_functions(FILE *to);
void zsh_functions(FILE *to);

#endif
