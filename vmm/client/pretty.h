/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON for people: an object as aligned lines, an array of objects as a table. */
#ifndef VMM_CLIENT_PRETTY_H
#define VMM_CLIENT_PRETTY_H

#include <jansson.h>
#include <stdio.h>

/* Prints a value so. Text in it that a terminal would obey is replaced. */
void pretty_print(const json_t *value, FILE *to);

/* Prints an event of a control socket as a line: time, name, what it says. */
void pretty_event(const json_t *message, FILE *to);

#endif
