/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a configuration comes from: defaults, file, command line; and its printing. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/config/config.h"
#include "vmm/config/disks.h"
#include "vmm/config/fields.h"
#include "vmm/config/linux.h"
#include "vmm/config/memory.h"
#include "vmm/config/options.h"
#include "vmm/option/affinity.h"

int run_config_init(struct run_config *config)
{
	*config = (struct run_config){
		.memory = 64ull << 20,
		.heap = 1ull << 30,
		.cpus = 1,
		.guest_ring = RUN_RING_AUTO,
		.backing = MM_BACKING_ANON,
		.pin_budget = 256ull << 20,
		.poll_us = 200,
		.reclaim_delay_ms = 1000,
	};
	config->kvm_device = strdup("/dev/kvm");
	return config->kvm_device ? 0 : -ENOMEM;
}

static void free_args(struct run_config *config)
{
	unsigned int i;

	for (i = 0; i < config->nr_args; i++)
		free(config->arg[i]);
	free(config->arg);
	config->arg = NULL;
	config->nr_args = 0;
}

void run_config_free(struct run_config *config)
{
	size_t i;

	free_args(config);
	for (i = 0; i < RUN_OPTIONS; i++)
		if (run_options[i].forget)
			run_options[i].forget(config);
	linux_options_free(config);
	free(config->kvm_device);
	free(config->qmp);
	free(config->config);
}

int run_config_set_args(struct run_config *config, unsigned int count, char *const *arg)
{
	free_args(config);
	config->arg = calloc(count + 1u, sizeof(*config->arg));
	if (!config->arg)
		return -ENOMEM;
	for (; config->nr_args < count; config->nr_args++) {
		config->arg[config->nr_args] = strdup(arg[config->nr_args]);
		if (!config->arg[config->nr_args])
			return -ENOMEM;
	}
	return 0;
}

/* The table in the form that getopt_long wants; the value is the table's index. */
static void make_long_options(struct option *opts)
{
	size_t i;

	for (i = 0; i < RUN_OPTIONS; i++) {
		const struct run_option *o = &run_options[i];

		opts[i] = (struct option){
			.name = o->name,
			.has_arg = !o->metavar            ? no_argument
				   : o->metavar[0] == '[' ? optional_argument
							  : required_argument,
			.val = (int)i,
		};
	}
	opts[i] = (struct option){0};
}

/*
 * One pass over argv. With early, only --config and --help are heeded: the file has
 * to be read before the rest, which overrides it.
 */
static enum exit_status parse_pass(struct run_config *config, int argc, char **argv, bool early)
{
	bool seen[RUN_OPTIONS] = {false};
	struct option opts[RUN_OPTIONS + 1];
	char why[RUN_WHY_MAX] = "out of memory";
	const struct run_option *o;
	int c;

	make_long_options(opts);
	optind = 0;
	opterr = 0;
	/* '+': what follows the program's name is the program's. */
	while ((c = getopt_long(argc, argv, "+:h", opts, NULL)) != -1) {
		if (c == ':')
			return cli_fail(STATUS_USAGE,
					"%s: a value is missing: see slabvisor run --help",
					argv[optind - 1]);
		if (c == '?')
			return cli_fail(STATUS_USAGE,
					"%s: no such option, or a value where none belongs: "
					"see slabvisor run --help",
					argv[optind - 1]);
		o = c == 'h' ? run_option_find("help") : &run_options[c];
		if (early && !o->early)
			continue;
		if (seen[o - run_options] && o->metavar && !o->repeats)
			return cli_fail(STATUS_USAGE, "--%s is given twice, and takes one value",
					o->name);
		if (o->forget && !seen[o - run_options])
			o->forget(config);
		seen[o - run_options] = true;
		if (o->apply(config, optarg, why))
			return cli_fail(STATUS_USAGE, "--%s%s%s: %s", o->name, optarg ? " " : "",
					optarg ? optarg : "", why);
	}
	return 0;
}

/* An option whose value may be left out has it behind a `=`: what follows it is the program, and a
 * value there would be called one that does not exist. Returns 0 or the exit status. */
static enum exit_status check_program(const char *before, const char *program)
{
	const struct run_option *o;

	o = strncmp(before, "--", 2) ? NULL : run_option_find(before + 2);
	if (!o || !o->metavar || o->metavar[0] != '[' || !access(program, F_OK))
		return 0;
	return cli_fail(STATUS_USAGE,
			"%s %s: there is no program %s: if that is the option's value, write %s=%s",
			before, program, program, before, program);
}

enum exit_status run_config_parse(struct run_config *config, int argc, char **argv)
{
	char why[RUN_WHY_MAX];
	enum exit_status status;

	status = parse_pass(config, argc, argv, true);
	if (status || config->help)
		return status;
	if (config->config) {
		status = config_read(config, config->config);
		if (status)
			return status;
	}
	status = parse_pass(config, argc, argv, false);
	if (!status && optind < argc)
		status = check_program(argv[optind - 1], argv[optind]);
	if (status)
		return status;
	if (optind < argc &&
	    run_config_set_args(config, (unsigned int)(argc - optind), argv + optind))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	if (linux_options_check(config, why) || memory_options_check(config, why))
		return cli_fail(STATUS_USAGE, "%s", why);
	if (config->nr_args && !*config->arg[0])
		return cli_fail(STATUS_USAGE, "the program's name is empty: give the path of one");
	if (!config->nr_args && !config->kernel)
		return cli_fail(STATUS_USAGE, "no program given: "
					      "slabvisor run [options] PROGRAM [ARGS...]");
	return 0;
}

/*
 * How many bytes a character has that would end the line, or that no YAML may hold as it is:
 * control characters, line and paragraph separators, U+FFFE and U+FFFF. Its number goes to
 * *code. 0: it is none of them.
 */
static size_t special(const char *text, unsigned int *code)
{
	static const struct {
		char bytes[4];
		unsigned int code;
	} wide[] = {
		{"\xe2\x80\xa8", 0x2028},
		{"\xe2\x80\xa9", 0x2029},
		{"\xef\xbf\xbe", 0xfffe},
		{"\xef\xbf\xbf", 0xffff},
	};
	const unsigned char *c = (const unsigned char *)text;
	size_t i;

	*code = c[0];
	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	*code = c[1];
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
		return 2;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (!strncmp(text, wide[i].bytes, 3)) {
			*code = wide[i].code;
			return 3;
		}
	return 0;
}

/* A YAML double-quoted scalar. */
static void print_quoted(const char *text)
{
	unsigned int code;
	size_t len;

	putchar('"');
	for (; *text; text += len ? len : 1) {
		len = special(text, &code);
		if (len)
			printf(code > 0xff ? "\\u%04x" : "\\x%02x", code);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
	printf("\"\n");
}

static void print_slab_debug(const struct run_config *config)
{
	struct mm_config modes = {.debug = config->slab_debug, .nr_rules = config->nr_slab_rules};
	char text[MM_DEBUG_TEXT_MAX];

	memcpy(modes.rule, config->slab_rule, sizeof(modes.rule));
	mm_debug_format(&modes, text);
	printf("slab-debug: ");
	print_quoted(text);
}

static void print_disks(const struct run_config *config)
{
	unsigned int i;
	char *text;

	if (config->nr_disks)
		printf("disk:\n");
	for (i = 0; i < config->nr_disks; i++) {
		text = disk_option_format(&config->disk[i]);
		printf("  - ");
		print_quoted(text ? text : "");
		free(text);
	}
}

static void print_ports(const struct run_config *config)
{
	unsigned int i;

	if (config->nr_ports)
		printf("virtio-port:\n");
	for (i = 0; i < config->nr_ports; i++) {
		char text[512], *end;

		end = fields_put(stpcpy(text, "name="), config->port[i].name);
		end = fields_put(stpcpy(end, ",path="), config->port[i].path);
		strcpy(end, config->port[i].console ? ",console=on" : "");
		printf("  - ");
		print_quoted(text);
	}
}

static void print_text(const char *name, const char *text)
{
	if (!text)
		return;
	printf("%s: ", name);
	print_quoted(text);
}

static void print_cpus(const char *name, const cpu_set_t *set)
{
	char text[AFFINITY_TEXT_MAX];

	if (CPU_COUNT(set))
		print_text(name, affinity_format(set, text));
}

void run_config_print(const struct run_config *config)
{
	char size[32], socket[256];
	unsigned int i;

	memory_options_print(config);
	printf("cpus: %u\n", config->cpus);
	print_cpus("vcpu-cpus", &config->vcpu_cpus);
	print_cpus("io-cpus", &config->io_cpus);
	if (config->guest_ring == RUN_RING_AUTO)
		printf("guest-ring: auto\n");
	else
		printf("guest-ring: %d\n", config->guest_ring);
	if (config->nr_modules)
		printf("module:\n");
	for (i = 0; i < config->nr_modules; i++) {
		printf("  - ");
		print_quoted(config->module[i]);
	}
	print_disks(config);
	printf("pin-budget: %s\n", cli_format_size(size, sizeof(size), config->pin_budget));
	printf("poll-us: %u\n", config->poll_us);
	printf("backing: %s\n", memory_backing_name(config->backing));
	if (config->reclaim_delay_ms < 0)
		printf("reclaim-delay: never\n");
	else
		printf("reclaim-delay: %d\n", config->reclaim_delay_ms);
	if (config->slab_debug || config->nr_slab_rules)
		print_slab_debug(config);
	if (config->timeout_ms)
		printf("timeout: %u\n", config->timeout_ms / 1000);
	printf("stats: %s\n", config->stats ? "true" : "false");
	if (config->qmp) {
		fields_put(stpcpy(socket, "unix:"), config->qmp);
		print_text("qmp", socket);
	}
	printf("kvm-device: ");
	print_quoted(config->kvm_device);
	print_ports(config);
	print_text("kernel", config->kernel);
	print_text("initrd", config->initrd);
	print_text("append", config->append);
	print_text("program", config->nr_args ? config->arg[0] : NULL);
	if (config->nr_args > 1)
		printf("args:\n");
	for (i = 1; i < config->nr_args; i++) {
		printf("  - ");
		print_quoted(config->arg[i]);
	}
}
