/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked at a control socket, for people: out of an answer of query-commands. */
#ifndef VMM_CLIENT_GUIDE_H
#define VMM_CLIENT_GUIDE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints the commands, a line each, with what they do. */
void guide_all(const json_t *commands, FILE *to);

/* Prints what one takes. Returns whether there is one of that name. */
bool guide_one(const json_t *commands, const char *name, FILE *to);

/* The name that is nearest to one that no command has, or NULL: none is near. It is the answer's. */
const char *guide_nearest(const json_t *commands, const char *name);

#endif
