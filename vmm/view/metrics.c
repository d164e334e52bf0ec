/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor metrics`: what guests and services count, in one text, once or by HTTP. */
#include <stdio.h>

#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/view/gather.h"
#include "vmm/view/http.h"
#include "vmm/view/view.h"

static enum exit_status print_help(void)
{
	printf("usage: slabvisor metrics [options] [GUEST...]\n"
	       "\n"
	       "Prints what guests and services count, in the OpenMetrics format, or answers with it\n"
	       "by HTTP: what a Prometheus asks for.\n"
	       "\n");
	opt_help_operands(stdout, metrics_operands);
	opt_help(stdout, metrics_options, 0);
	printf("\n"
	       "Exit status: 0; 1 a guest refused; 125 wrong usage; 127 one of those that were named\n"
	       "does not answer, or nothing can listen there\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor metrics words\n"
	       "  slabvisor metrics --format prometheus | promtool check metrics\n"
	       "  slabvisor metrics --listen 9717\n");
	return 0;
}

enum exit_status view_metrics(int argc, char **argv)
{
	struct metrics_config config = {.help = false};
	struct opt_scope scope = {.rows = metrics_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor metrics",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = metrics_operands,
		.argc = argc,
		.argv = argv,
	};
	enum exit_status status;

	if (opt_init(metrics_options, &config))
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	else if (opt_line_read(&line, OPT_PASS_WINS) ||
		 (!config.help && opt_line_read(&line, OPT_PASS_ALL)))
		status = cli_fail(STATUS_USAGE, "%s", line.error);
	else if (config.help)
		status = print_help();
	else if (config.listen)
		status = http_serve(&config);
	else
		status = metrics_gather(&config.guests, config.format == METRICS_PROMETHEUS, stdout,
					false);
	opt_free(metrics_options, &config);
	opt_free(metrics_operands, &config);
	return status;
}
