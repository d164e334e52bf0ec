/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a configuration comes from: defaults, file, command line; and its printing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/config/linux.h"
#include "vmm/config/memory.h"
#include "vmm/config/options.h"
#include "vmm/option/line.h"
#include "vmm/option/print.h"
#include "vmm/option/yaml.h"

int run_config_init(struct run_config *config)
{
	int ret;

	*config = (struct run_config){0};
	ret = opt_init(run_options, config);
	if (ret)
		opt_free(run_options, config);
	return ret;
}

static void free_args(struct run_config *config)
{
	for (unsigned int i = 0; i < config->nr_args; i++)
		free(config->arg[i]);
	free(config->arg);
	config->arg = NULL;
	config->nr_args = 0;
}

void run_config_free(struct run_config *config)
{
	free_args(config);
	opt_free(run_options, config);
}

/* Sets the program and its arguments. Returns 0 or the exit status. */
static enum exit_status set_args(struct run_config *config, const char *program, unsigned int count,
				 char *const *arg)
{
	config->arg = calloc(count + 2u, sizeof(*config->arg));
	if (!config->arg)
		goto fail;
	for (; config->nr_args < count + 1u; config->nr_args++) {
		const char *text = config->nr_args ? arg[config->nr_args - 1] : program;

		if (cli_set_string(&config->arg[config->nr_args], text))
			goto fail;
	}
	return 0;
fail:
	return cli_fail(STATUS_HOST_ERROR, "out of memory");
}

/* An option whose value may be left out has it behind a `=`: what follows it is the program, and a
 * value there would be called one that does not exist. Returns 0 or the exit status. */
static enum exit_status check_program(const struct opt *before, const char *program)
{
	if (!before || !opt_may_mean(before, program) || !access(program, F_OK))
		return 0;
	return cli_fail(STATUS_USAGE,
			"--%s %s: there is no program %s: if that is the option's value, write "
			"--%s=%s",
			before->name, program, program, before->name, program);
}

/* The file named on the command line, which is read so far. Returns 0 or the exit status. */
static enum exit_status read_file(struct run_config *config)
{
	enum exit_status status;

	if (!config->config)
		return 0;
	status = opt_yaml_read(config->config, run_options, config,
			       "the options of slabvisor run, program and args");
	if (!status && config->nr_program_args && !config->program)
		status = cli_fail(STATUS_BAD_CONFIG, "%s: args is given without program",
				  config->config);
	return status;
}

/* What the command line has behind its options, or else the file. Returns 0 or the exit status. */
static enum exit_status take_program(struct run_config *config, const struct opt_line *line)
{
	const int at = line->next;
	enum exit_status status;

	if (at == line->argc)
		return config->program ? set_args(config, config->program, config->nr_program_args,
						  config->program_arg)
				       : 0;
	status = check_program(line->before, line->argv[at]);
	if (!status)
		status = set_args(config, line->argv[at], (unsigned int)(line->argc - at - 1),
				  line->argv + at + 1);
	return status;
}

static enum exit_status check_together(struct run_config *config)
{
	char why[OPT_WHY_MAX];

	if (linux_options_check(config, why) || memory_options_check(config, why))
		return cli_fail(STATUS_USAGE, "%s", why);
	if (config->jail_cgroup && !config->jail)
		return cli_fail(STATUS_USAGE, "--jail-cgroup: a jail has it: say --jail USER, too");
	return 0;
}

enum exit_status run_config_parse(struct run_config *config, int argc, char **argv)
{
	struct opt_scope scope = {.rows = run_options, .base = config};
	struct opt_line line = {
		.command = "slabvisor run",
		.scope = &scope,
		.nr_scopes = 1,
		.stops = true, /* what follows the program's name is the program's */
		.argc = argc,
		.argv = argv,
	};
	enum exit_status status;

	if (opt_line_read(&line, OPT_PASS_WINS))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (config->help)
		return 0;
	/* The file has to be read before the rest, which overrides it. */
	if (opt_line_read(&line, OPT_PASS_EARLY))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	status = read_file(config);
	if (status)
		return status;
	if (opt_line_read(&line, OPT_PASS_ALL))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	status = take_program(config, &line);
	if (!status)
		status = check_together(config);
	if (status)
		return status;
	if (config->nr_args && !*config->arg[0])
		return cli_fail(STATUS_USAGE, "the program's name is empty: give the path of one");
	if (!config->nr_args && !config->kernel)
		return cli_fail(STATUS_USAGE, "no program given: "
					      "slabvisor run [options] PROGRAM [ARGS...]");
	return 0;
}

enum exit_status run_config_parse_doctor(struct run_config *config, int argc, char **argv)
{
	struct opt_scope scope = {.rows = run_options, .base = config, .tag = RUN_TAG_DOCTOR};
	struct opt_line line = {
		.command = "slabvisor doctor",
		.scope = &scope,
		.nr_scopes = 1,
		.argc = argc,
		.argv = argv,
	};

	if (opt_line_read(&line, OPT_PASS_WINS))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (config->help)
		return 0;
	if (opt_line_read(&line, OPT_PASS_ALL))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	return check_together(config);
}

int run_config_print(const struct run_config *config)
{
	if (opt_print(stdout, run_options, config))
		return -ENOMEM;
	for (unsigned int i = 0; i < config->nr_args; i++) {
		printf("%s", i == 0 ? "program: " : i == 1 ? "args:\n  - " : "  - ");
		opt_print_quoted(stdout, config->arg[i]);
		putchar('\n');
	}
	return 0;
}
