/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/base/fds.h"
#include "vmm/base/nearest.h"
#include "vmm/cmd/commands.h"
#include "vmm/serve/cmd.h"

static const struct {
	const char *name;
	enum exit_status (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", cmd_run, "runs a program as a guest"},
	{"serve", cmd_serve, "serves disks to other machines over vhost-user"},
	{"ctl", cmd_ctl, "sends a command to the control socket of a monitor that runs"},
	{"doctor", cmd_doctor, "says whether this host can run guests, and what to do if not"},
};

static enum exit_status print_help(void)
{
	printf("usage: slabvisor COMMAND [options]\n"
	       "\n"
	       "Slabvisor runs guests whose memory is served by their host: the guest's kmalloc\n"
	       "is answered by the host's page and slab allocators.\n"
	       "\n"
	       "Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	printf("\n"
	       "slabvisor COMMAND --help says more; slabvisor --version prints the version.\n");
	return 0;
}

static enum exit_status no_command(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearest_offer(&near, commands[i].name);
	if (near.best)
		return cli_fail(STATUS_USAGE, "%s: no such command: did you mean %s?", name,
				near.best);
	return cli_fail(STATUS_USAGE, "%s: no such command: see slabvisor --help", name);
}

static enum exit_status run_command(int argc, char **argv)
{
	if (argc < 2)
		return cli_fail(STATUS_USAGE, "no command given: see slabvisor --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V") ||
	    !strcmp(argv[1], "version")) {
		printf("slabvisor %s\n", SLABVISOR_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return no_command(argv[1]);
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
