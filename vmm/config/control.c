/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "vmm/base/cli.h"
#include "vmm/base/run_dir.h"
#include "vmm/option/list.h"

/* QEMU's way to write what this socket does: it listens, and the guest does not wait for a client. */
static bool listens_anyway(const char *word)
{
	return !strcmp(word, "server=on") || !strcmp(word, "server") || !strcmp(word, "wait=off") ||
	       !strcmp(word, "nowait");
}

int control_parse(char **to, const char *value, char *why)
{
	const struct sockaddr_un *addr = NULL;
	char *text;
	char *rest;
	char *path;
	char *word;
	int ret = 0;

	if (strncmp(value, "unix:", 5) != 0)
		return opt_why(why, "write unix:PATH, as in unix:/run/guest.sock");
	text = strdup(value + 5);
	if (!text)
		return -ENOMEM;
	rest = text;
	path = opt_cut(&rest);
	while (!ret && (word = opt_cut(&rest)))
		if (!listens_anyway(word))
			ret = opt_why(
				why,
				"`%.40s` is nothing that it can do: it listens, and the guest "
				"does not wait. A comma of the path is written twice",
				word);
	if (ret)
		goto out;
	if (!*path)
		ret = opt_why(why, "write unix:PATH, as in unix:/run/guest.sock");
	else if (strlen(path) >= sizeof(addr->sun_path))
		ret = opt_why(why, "a socket's path has at most %zu bytes",
			      sizeof(addr->sun_path) - 1);
	else
		ret = cli_set_string(to, path);
out:
	free(text);
	return ret;
}

bool control_write(const char *path, FILE *to)
{
	if (!path)
		return false;
	fputs("unix:", to);
	opt_put_commas(path, to);
	return true;
}

int control_check_name(const char *value, char *why)
{
	if (run_dir_is_name(value))
		return 0;
	return opt_why(why,
		       "give a name of letters, digits, `.`, `_` and `-`, %u at most, which "
		       "begins with a letter or a digit",
		       RUN_DIR_NAME_MAX);
}
