/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `slabvisor serve`, by QEMU's conventions for vhost-user back ends
 * (docs/interop/vhost-user.rst). */
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/abi/ivshmem.h"
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
#define MAX_WINDOW     (1ull << 40)
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

static int check_kmem_size(const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || size < IVSHMEM_KMEM_MIN_WINDOW || size > MAX_WINDOW ||
	    size & (size - 1))
		return opt_why(
			why,
			"give 4G, 8G, or another power of two up to 1T: the machine has the "
			"window in a BAR, which is a power of two and below 4G would lie where "
			"firmware maps memory as uncached. It costs host memory only as it is "
			"used");
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
	DISK_POLL_US(serve_disk, .unset = -1, ". Else it finds out whether polls pay"),
	{.name = "keep-awake",
	 .type = OPT_FLAG,
	 OPT_AT(serve_disk, keep_awake),
	 .metavar = "on|off",
	 .init = "on",
	 .help = "keeps the host's CPUs from halting while it works by a few requests at a time, "
		 "where /dev/cpu_dma_latency may be opened and that is found to make them a good "
		 "deal faster; off: never"},
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
	{.name = "kmem-size",
	 .type = OPT_SIZE,
	 OPT_AT(serve_config, memory.size),
	 .max = MAX_WINDOW,
	 .check = check_kmem_size,
	 .help = "serves memory, too, or alone: a window of SIZE, a power of two from 4G, for an "
		 "ivshmem-doorbell device"},
	{.name = "kmem-max",
	 .type = OPT_SIZE,
	 OPT_AT(serve_config, memory.max),
	 .min = 2ull << 20,
	 .max = MAX_WINDOW,
	 .step = 2ull << 20,
	 .help = "of the window, SIZE has host memory at once at most, else all of it"},
	{.name = "kmem-user",
	 .type = OPT_SIZE,
	 OPT_AT(serve_config, memory.user),
	 OPT_GIVEN(serve_config, memory.user_given),
	 .max = MAX_WINDOW,
	 .step = 2ull << 20,
	 .help = "SIZE of the window is for the memory of the machine's programs, and none of it "
		 "for its kernel; else a quarter is"},
	{.name = "kmem-queues",
	 .type = OPT_NUMBER,
	 OPT_AT(serve_config, memory.queues),
	 .min = 1,
	 .max = IVSHMEM_KMEM_MAX_QUEUES,
	 .init = "1",
	 .help = "mailboxes, one for each vCPU of the machine; the device has one vector more"},
	{.name = "kmem-socket-path",
	 .type = OPT_STRING,
	 OPT_AT(serve_config, memory.place.socket_path),
	 .metavar = "PATH",
	 .min = 1,
	 .say = "give the path of a socket",
	 .check = check_socket_path,
	 .help = "the memory service's socket. Without a disk --socket-path, --socket-group, "
		 "--socket-mode, --fd and --queues are the memory service's as well"},
	{.name = "kmem-socket-group",
	 .type = OPT_STRING,
	 OPT_AT(serve_config, memory.place.socket_group),
	 .metavar = "GROUP",
	 .min = 1,
	 .say = "give the name or number of a group",
	 .check = check_socket_group,
	 .help = "the group of that socket, as --socket-group"},
	{.name = "kmem-socket-mode",
	 .type = OPT_STRING,
	 OPT_AT(serve_config, memory.place.socket_mode),
	 .metavar = "MODE",
	 .min = 1,
	 .say = "give octal digits, as in 0660",
	 .check = check_socket_mode,
	 .help = "the mode of that socket, as --socket-mode"},
	{.name = "kmem-poll-us",
	 .type = OPT_NUMBER,
	 OPT_AT(serve_config, memory.poll_us),
	 .max = 1000000,
	 .unit = "microseconds",
	 .init = "50",
	 .help = "how long the memory service polls for requests before it sleeps, at most; 0: not "
		 "at all"},
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

/* An option that the memory service has by two names: whichever is given. */
static enum exit_status take(char **to, char **from, const char *name)
{
	if (*to && *from)
		return cli_fail(STATUS_USAGE,
				"serve: --%s and --kmem-%s: without a disk both are the memory "
				"service's: give one of them",
				name, name);
	if (*from) {
		*to = *from;
		*from = NULL;
	}
	return 0;
}

/* Without a disk, options of its socket are the memory service's. Returns 0 or the exit status. */
static enum exit_status take_place(struct serve_memory *memory, struct serve_disk *first)
{
	enum exit_status status;

	if (first->serial || first->read_only || first->raw || first->block_size ||
	    first->pin_budget)
		return cli_fail(
			STATUS_USAGE,
			"serve: an option of a disk, and no disk: --blk-file PATH names one");
	/* Each is 1 unless it was given. */
	if (first->queues > 1 && memory->queues > 1 && first->queues != memory->queues)
		return cli_fail(STATUS_USAGE,
				"serve: --queues %u and --kmem-queues %u: without a disk both are "
				"the memory service's: give one of them",
				first->queues, memory->queues);
	if (first->queues > memory->queues)
		memory->queues = first->queues;
	memory->place.fd = first->fd;
	status = take(&memory->place.socket_path, &first->socket_path, "socket-path");
	if (!status)
		status = take(&memory->place.socket_group, &first->socket_group, "socket-group");
	if (!status)
		status = take(&memory->place.socket_mode, &first->socket_mode, "socket-mode");
	return status;
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
			"`disks`, a list of disks, `kmem-size` and its like, `sandbox`, `qmp`, "
			"`name`, `jail` and `jail-cgroup`");
		if (status)
			return status;
	}
	if (opt_line_read(line, OPT_PASS_ALL))
		return cli_fail(STATUS_USAGE, "%s", line->error);
	if (config->config && line->scope[0].seen)
		return cli_fail(STATUS_USAGE,
				"--config: the disks are the file's: no other options");
	if (!config->config && line->scope[0].seen && config->memory.size && !first->blk_file)
		return take_place(&config->memory, first);
	if (!config->config && line->scope[0].seen) {
		config->disk[config->nr_disks++] = *first;
		*first = (struct serve_disk){0};
	}
	return 0;
}

/* What is wrong about the socket that is asked for; NULL: nothing. */
static const char *wrong_socket(const struct serve_disk *place)
{
	if (place->socket_path && place->fd >= 0)
		return "socket-path and fd: only one of them";
	if (!place->socket_path && (place->socket_group || place->socket_mode))
		return "socket-group and socket-mode are of a socket that socket-path names: who "
		       "made another has said who may connect";
	return NULL;
}

/* What the options of a disk must say together. Returns 0 or the exit status. */
static enum exit_status check_disk(const struct serve_disk *disk, enum exit_status status,
				   const char *where)
{
	const char *why = wrong_socket(disk);

	if (!disk->blk_file)
		return cli_fail(status, "%s: no disk: blk-file names one", where);
	return why ? cli_fail(status, "%s: %s", where, why) : 0;
}

/* What the options of a memory service must say together. */
static enum exit_status check_memory(struct serve_memory *memory, enum exit_status status)
{
	const char *why = wrong_socket(&memory->place);

	if (!memory->max)
		memory->max = memory->size;
	if (!memory->user_given)
		memory->user = memory->size / 4;
	if (memory->max > memory->size)
		return cli_fail(status, "--kmem-max: larger than the window, --kmem-size");
	if (memory->user > memory->size / 2)
		return cli_fail(status, "--kmem-user: half of --kmem-size at most: the rest is for "
					"the machine's kernel");
	return why ? cli_fail(status, "%s", why) : 0;
}

static enum exit_status check_disks(struct serve_config *config)
{
	enum exit_status status = 0;

	if (config->jail_cgroup && !config->jail)
		return cli_fail(STATUS_USAGE, "--jail-cgroup: a jail has it: say --jail USER, too");
	if (config->memory.size)
		status = check_memory(&config->memory,
				      config->config ? STATUS_BAD_CONFIG : STATUS_USAGE);
	else if (config->memory.max || config->memory.user_given ||
		 config->memory.place.socket_path)
		status = cli_fail(config->config ? STATUS_BAD_CONFIG : STATUS_USAGE,
				  "no memory service: --kmem-size SIZE asks for one");
	if (status)
		return status;
	if (!config->nr_disks && !config->memory.size)
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

	*config = (struct serve_config){.memory.place.fd = -1};
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
