/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comma lists: KEY=VALUE,KEY=VALUE. A comma of a value is written twice. A key that is none, or
 * stands there twice, is refused by its name: what is left unread would be taken for something else
 * than it was meant for.
 */
#ifndef VMM_OPTION_LIST_H
#define VMM_OPTION_LIST_H

#include <stdio.h>

/* Cuts what stands before the first single comma off *rest, doubled ones made single; *rest moves
 * on behind it, to NULL at the end. Returns it, or NULL when *rest is. */
char *opt_cut(char **rest);

/* Writes text with its commas doubled. */
void opt_put_commas(const char *text, FILE *to);

#endif
