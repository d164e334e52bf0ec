/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `slabvisor serve`, by QEMU's conventions for vhost-user back ends
 * (docs/interop/vhost-user.rst). */
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/vhost_user/vhost_user.h"
#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/config/control.h"
#include "vmm/config/disks.h"
#include "vmm/config/jail.h"
#include "vmm/option/line.h"
#include "vmm/option/yaml.h"
#include "vmm/serve/serve.h"

#define MAX_PIN_BUDGET (1ull << 40)
#define MIN_MAX_MEMORY (1ull << 20)
#define PIN_GRANULE    (2ull << 20) /* what is registered at a time */

/* What QEMU's chardevs are told beside a path. */
static bool is_qemus(const char *path)
{
	static const char *const words[] = {"server", "wait", "nowait", "reconnect", "path", "id"};
	size_t len;

	for (const char *at = strchr(path, ','); at; at = strchr(at + 1, ','))
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			len = strlen(words[i]);
			if (!strncmp(at + 1, words[i], len) && strchr("=,", at[1 + len]))
				return true;
		}
	return false;
}

static int check_socket_path(const char *value, char *why)
{
	if (!strncmp(value, "unix:", 5))
		return opt_why(why, "a path alone is needed, without unix:");
	if (is_qemus(value))
		return opt_why(why,
			       "a path alone is needed, without a chardev's options: it listens, "
			       "and waits for nobody");
	return 0;
}

static int check_socket_group(const char *value, char *why)
{
	gid_t group;

	return listen_group(value, &group)
		       ? opt_why(why, "there is no such group: give the name or number of one")
		       : 0;
}

static int check_socket_mode(const char *value, char *why)
{
	if (value[strspn(value, "01234567")] || strtoul(value, NULL, 8) > 0777)
		return opt_why(why, "give octal digits, as in 0660");
	return 0;
}

static int parse_qmp(void *base, const char *value, char *why)
{
	struct serve_config *config = base;

	return control_parse(&config->qmp, value, why);
}

static bool write_qmp(const void *base, FILE *to)
{
	const struct serve_config *config = base;

	return control_write(config->qmp, to);
}

const struct opt serve_disk_options[] = {
	{.name = "blk-file",
	 .type = OPT_STRING,
	 OPT_AT(serve_disk, blk_file),
	 .metavar = "PATH",
	 .min = 1,
	 .say = "give the path of a file",
	 .need = "no disk: blk-file names one",
	 .help = "the disk: a raw image or a block device"},
	{.name = "socket-path",
	 .type = OPT_STRING,
	 OPT_AT(serve_disk, socket_path),
	 .metavar = "PATH",
	 .min = 1,
	 .say = "give the path of a socket",
	 .check = check_socket_path,
	 .help = "makes a socket there and listens on it"},
	{.name = "socket-group",
	 .type = OPT_STRING,
	 OPT_AT(serve_disk, socket_group),
	 .metavar = "GROUP",
	 .min = 1,
	 .say = "give the name or number of a group",
	 .check = check_socket_group,
	 .help = "the group of that socket, whose members may connect if the mode lets them: that "
		 "of QEMU's user, kvm on Debian"},
	{.name = "socket-mode",
	 .type = OPT_STRING,
	 OPT_AT(serve_disk, socket_mode),
	 .metavar = "MODE",
	 .min = 1,
	 .say = "give octal digits, as in 0660",
	 .check = check_socket_mode,
	 .help = "the mode of that socket, else 0660 with a group and as the umask has it without"},
	DISK_FORMAT(serve_disk),
	DISK_BLOCK_SIZE(serve_disk),
	{.name = "fd",
	 .type = OPT_NUMBER,
	 OPT_AT(serve_disk, fd),
	 .max = 1u << 20,
	 .unset = -1,
	 .help = "uses descriptor N, a listening or a connected socket"},
	{.name = "read-only",
	 .type = OPT_FLAG,
	 .flags = OPT_ONCE,
	 OPT_AT(serve_disk, read_only),
	 .help = "refuses writes"},
	DISK_QUEUES(serve_disk, "1", "offers N queues"),
	DISK_SERIAL(serve_disk),
	DISK_DIRECT(serve_disk),
	/* None by default: a front end gives memory back without a word, and what is registered
	 * would go on using the pages of before. */
	{.name = "pin-budget",
	 .type = OPT_SIZE,
	 OPT_AT(serve_disk, pin_budget),
	 .max = MAX_PIN_BUDGET,
	 .step = PIN_GRANULE,
	 .init = "0",
	 .help = "registers up to SIZE of guest memory for I/O. Only for memory that stays: no "
		 "balloon, free page reporting, virtio-mem or postcopy migration, or data is lost"},
	{.name = "max-memory",
	 .type = OPT_SIZE,
	 OPT_AT(serve_disk, max_memory),
	 .min = MIN_MAX_MEMORY,
	 .max = VHOST_USER_MAX_MEMORY,
	 .init = "16T",
	 .help = "takes machines of up to SIZE of memory. What of it a machine has not touched "
		 "itself may be charged to this service"},
	DISK_POLL_US(serve_disk, "0"),
	{0},
};

const struct opt serve_options[] = {
	{.name = "disks",
	 .type = OPT_MAPS,
	 .flags = OPT_FILE_ONLY | OPT_REPEATS,
	 OPT_ARRAY(serve_config, disk, nr_disks),
	 .sub = serve_disk_options,
	 .many = "disks",
	 .need = "expected `disks:` and a list",
	 .keys = "those of slabvisor serve --help, as in blk-file and socket-path",
	 .help = "the disks, of such options each"},
	{.name = "sandbox",
	 .type = OPT_FLAG,
	 OPT_AT(serve_config, sandbox),
	 .metavar = "on|off",
	 .init = "on",
	 .help = "once it serves, it may open nothing and makes few system calls"},
	CONTROL_QMP(serve_config, parse_qmp, write_qmp,
		    "to see what the disks do, and to end the service"),
	CONTROL_NAME(serve_config, "service"),
	JAIL_USER(serve_config),
	JAIL_CGROUP(serve_config),
	{.name = "config",
	 .type = OPT_STRING,
	 .flags = OPT_LINE_ONLY | OPT_EARLY,
	 OPT_AT(serve_config, config),
	 .metavar = "FILE",
	 .min = 1,
	 .say = "give the path of a file",
	 .help = "several disks: a YAML list, `disks`, of such options"},
	{.name = "print-capabilities",
	 .type = OPT_FLAG,
	 .flags = OPT_LINE_ONLY | OPT_WINS,
	 OPT_AT(serve_config, print_capabilities),
	 .help = "prints what QEMU's conventions ask for"},
	{OPT_HELP(serve_config)},
	{0},
};

void serve_config_free(struct serve_config *config)
{
	opt_free(serve_options, config);
}

/* The command line's options and the file's: one disk of the former, or those of the latter.
 * Returns 0 or the exit status. */
static enum exit_status read_all(struct serve_config *config, struct opt_line *line)
{
	struct serve_disk *first = line->scope[0].base;
	enum exit_status status;

	if (opt_line_read(line, OPT_PASS_EARLY))
		return cli_fail(STATUS_USAGE, "%s", line->error);
	if (config->config) {
		status = opt_yaml_read(
			config->config, serve_options, config,
			"`disks`, a list of disks, `sandbox`, `qmp`, `name`, `jail` and "
			"`jail-cgroup`");
		if (status)
			return status;
	}
	if (opt_line_read(line, OPT_PASS_ALL))
		return cli_fail(STATUS_USAGE, "%s", line->error);
	if (config->config && line->scope[0].seen)
		return cli_fail(STATUS_USAGE,
				"--config: the disks are the file's: no other options");
	if (!config->config && line->scope[0].seen) {
		config->disk[config->nr_disks++] = *first;
		*first = (struct serve_disk){0};
	}
	return 0;
}

/* What the options of a disk must say together. Returns 0 or the exit status. */
static enum exit_status check_disk(const struct serve_disk *disk, enum exit_status status,
				   const char *where)
{
	if (!disk->blk_file)
		return cli_fail(status, "%s: no disk: blk-file names one", where);
	if (disk->socket_path && disk->fd >= 0)
		return cli_fail(status, "%s: socket-path and fd: only one of them", where);
	if (!disk->socket_path && (disk->socket_group || disk->socket_mode))
		return cli_fail(status,
				"%s: socket-group and socket-mode are of a socket that socket-path "
				"names: who made another has said who may connect",
				where);
	return 0;
}

static enum exit_status check_disks(const struct serve_config *config)
{
	enum exit_status status = 0;

	if (config->jail_cgroup && !config->jail)
		return cli_fail(STATUS_USAGE, "--jail-cgroup: a jail has it: say --jail USER, too");
	if (!config->nr_disks)
		return cli_fail(STATUS_USAGE,
				"no disk: --blk-file PATH or --config FILE is needed");
	for (unsigned int d = 0; d < config->nr_disks && !status; d++)
		status = config->config
				 ? check_disk(&config->disk[d], STATUS_BAD_CONFIG, config->config)
				 : check_disk(&config->disk[d], STATUS_USAGE, "serve");
	return status;
}

enum exit_status serve_config_parse(struct serve_config *config, int argc, char **argv)
{
	struct serve_disk first = {0};
	struct opt_scope scopes[] = {
		{.rows = serve_disk_options, .base = &first},
		{.rows = serve_options, .base = config},
	};
	struct opt_line line = {
		.command = "slabvisor serve",
		.scope = scopes,
		.nr_scopes = 2,
		.argc = argc,
		.argv = argv,
	};
	enum exit_status status;

	*config = (struct serve_config){0};
	if (opt_init(serve_options, config) || opt_init(serve_disk_options, &first)) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
	} else if (opt_line_read(&line, OPT_PASS_WINS)) {
		status = cli_fail(STATUS_USAGE, "%s", line.error);
	} else if (config->print_capabilities || config->help) {
		status = 0;
	} else {
		status = read_all(config, &line);
		if (!status)
			status = check_disks(config);
	}
	opt_free(serve_disk_options, &first);
	return status;
}
