/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor ctl`: one command to the control socket of a monitor that runs. */
#include <jansson.h>
#include <stdio.h>

#include "vmm/base/cli.h"
#include "vmm/client/peer.h"
#include "vmm/cmd/commands.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"

#define PATIENCE_MS 10000 /* for the greeting; a command takes its time */

struct ctl_config {
	char *guest, *command, *arguments;
	bool help;
};

const struct opt ctl_options[] = {
	{OPT_HELP(ctl_config)},
	{0},
};

const struct opt ctl_operands[] = {
	{.name = "GUEST",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, guest),
	 .min = 1,
	 .say = "give a name, as slabvisor list shows them, or the path of a control socket",
	 .help = "a guest or a service: its name, or the path that --qmp gives it"},
	{.name = "COMMAND",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, command),
	 .min = 1,
	 .say = "give a command, as in query-status",
	 .help = "one of QMP's: query-commands lists them"},
	{.name = "ARGUMENTS",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, arguments),
	 .help = "the command's, a JSON object"},
	{0},
};

static enum exit_status print_help(void)
{
	printf("usage: slabvisor ctl GUEST COMMAND [ARGUMENTS]\n"
	       "\n"
	       "Sends a command to the control socket of a guest or a service (slabvisor run or\n"
	       "serve with --name NAME or --qmp unix:PATH) and prints what it returns, as JSON.\n"
	       "\n");
	opt_help_operands(stdout, ctl_operands);
	opt_help(stdout, ctl_options, 0);
	printf("\n"
	       "Exit status: 0; 1 the command was refused; 125 wrong usage; 127 there is no\n"
	       "such control socket, or it broke off\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor ctl /run/guest.sock query-status\n"
	       "  slabvisor ctl words query-block\n"
	       "  slabvisor ctl /run/guest.sock heap-reclaim\n"
	       "  slabvisor ctl /run/guest.sock block_resize \\\n"
	       "      '{\"device\": \"disk0\", \"size\": 10737418240}'\n");
	return 0;
}

static enum exit_status run_command(struct peer *peer, const struct ctl_config *config,
				    json_t *args)
{
	json_t *result = NULL;
	enum exit_status status;

	status = peer_find(peer, config->guest);
	if (!status)
		status = peer_open(peer, PATIENCE_MS);
	if (!status)
		status = peer_execute(peer, config->command, args, &result);
	if (status)
		cli_fail(status, "%s", peer->why);
	else if (json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) ||
		 putchar('\n') == EOF)
		status = cli_fail(STATUS_HOST_ERROR, "the answer cannot be printed");
	json_decref(result);
	return status;
}

/* Returns 0 or the exit status. */
static enum exit_status parse(struct ctl_config *config, int argc, char **argv, json_t **args)
{
	struct opt_scope scope = {.rows = ctl_options, .base = config};
	struct opt_line line = {
		.command = "slabvisor ctl",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = ctl_operands,
		.argc = argc,
		.argv = argv,
	};
	json_error_t error;

	if (opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config->help && opt_line_read(&line, OPT_PASS_ALL)))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (config->help)
		return 0;
	if (!config->command)
		return cli_fail(STATUS_USAGE, "slabvisor ctl GUEST COMMAND [ARGUMENTS]: see "
					      "slabvisor ctl --help");
	if (!config->arguments)
		return 0;
	*args = json_loads(config->arguments, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(*args))
		return 0;
	return cli_fail(STATUS_USAGE, "%.512s: arguments are a JSON object%s%s", config->arguments,
			*args ? "" : ": ", *args ? "" : error.text);
}

static enum exit_status send_one(const struct ctl_config *config, json_t *args)
{
	struct peer peer;
	enum exit_status status;

	status = run_command(&peer, config, args);
	peer_close(&peer);
	return status;
}

enum exit_status cmd_ctl(int argc, char **argv)
{
	struct ctl_config config = {0};
	json_t *args = NULL;
	enum exit_status status;

	status = parse(&config, argc, argv, &args);
	if (!status)
		status = config.help ? print_help() : send_one(&config, args);
	json_decref(args);
	opt_free(ctl_operands, &config);
	return status;
}
