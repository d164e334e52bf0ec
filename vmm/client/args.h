/* SPDX-License-Identifier: BSD-2-Clause */
/* A command as a person types it: NAME KEY=VALUE..., or NAME and a JSON object. */
#ifndef VMM_CLIENT_ARGS_H
#define VMM_CLIENT_ARGS_H

#include <jansson.h>
#include <stddef.h>

/* The entry of a command in an answer of query-commands, or NULL. */
const json_t *args_command(const json_t *commands, const char *name);

/*
 * Reads a command's arguments from text: a JSON object, or words KEY=VALUE, each of the type that
 * command, an entry of query-commands or NULL, gives it: an integer may be a size, as in 10G. *args
 * is the caller's to release; NULL: there are none. Returns 0, or -EINVAL with what is wrong in why.
 */
int args_read(const json_t *command, const char *text, json_t **args, char *why, size_t room);

/* Writes to why what would be right for text that is no JSON object, as error of jansson's says. */
void args_say_json(const char *text, const char *error, char *why, size_t room);

#endif
