/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/base/fds.h"
#include "vmm/base/nearest.h"
#include "vmm/cmd/commands.h"

static enum exit_status print_help(void)
{
	printf("usage: slabvisor COMMAND [options]\n"
	       "\n"
	       "Slabvisor runs guests whose memory is served by their host: the guest's kmalloc\n"
	       "is answered by the host's page and slab allocators.\n"
	       "\n"
	       "Commands:\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-10s %s\n", c->name, c->help);
	printf("\n"
	       "slabvisor COMMAND --help says more; slabvisor --version prints the version.\n");
	return 0;
}

static enum exit_status no_command(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (const struct command *c = commands; c->name; c++)
		nearest_offer(&near, c->name);
	if (near.best)
		return cli_fail(STATUS_USAGE, "%s: no such command: did you mean %s?", name,
				near.best);
	return cli_fail(STATUS_USAGE, "%s: no such command: see slabvisor --help", name);
}

static enum exit_status run_named(int argc, char **argv)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(argv[0], c->name))
			return c->run(argc, argv);
	return no_command(argv[0]);
}

static enum exit_status run_command(int argc, char **argv)
{
	if (argc < 2)
		return cli_fail(STATUS_USAGE, "no command given: see slabvisor --help");
	if (!strcmp(argv[1], "help") && argc > 2)
		return run_named(2, (char *[]){argv[2], (char *)"--help", NULL});
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V") ||
	    !strcmp(argv[1], "version")) {
		printf("slabvisor %s\n", SLABVISOR_VERSION);
		return 0;
	}
	return run_named(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	enum exit_status status;

	/* First of all: there may be nowhere to say what is wrong. */
	if (fds_open_standard())
		return STATUS_HOST_ERROR;
	cli_find_journal();
	status = run_command(argc, argv);
	/* What a command found is lost with its words; an error of its own has been said. */
	if ((fflush(stdout) || ferror(stdout)) && !status)
		return cli_fail(
			STATUS_HOST_ERROR,
			"what it prints cannot be written: standard output is full or closed");
	return status;
}
