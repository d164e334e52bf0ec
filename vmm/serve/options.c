/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `slabvisor serve`, by QEMU's conventions for vhost-user back ends
 * (docs/interop/vhost-user.rst). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "virtio/blk/blk.h"
#include "virtio/vhost_user/vhost_user.h"
#include "vmm/base/cli.h"
#include "vmm/config/disks.h"
#include "vmm/serve/serve.h"

#define MAX_PIN_BUDGET (1ull << 40)
#define MIN_MAX_MEMORY (1ull << 20)
#define PIN_GRANULE    (2ull << 20) /* what is registered at a time */

static int fail(char *why, const char *text)
{
	snprintf(why, SERVE_WHY_MAX, "%s", text);
	return -EINVAL;
}

static int set_string(char **to, const char *value, char *why)
{
	char *copy;

	if (!*value)
		return fail(why, "a value is needed");
	copy = strdup(value);
	if (!copy)
		return fail(why, "out of memory");
	free(*to);
	*to = copy;
	return 0;
}

static int set_number(unsigned int *to, const char *value, uint64_t min, uint64_t max, char *why)
{
	uint64_t number;

	if (cli_parse_number(value, min, max, &number)) {
		snprintf(why, SERVE_WHY_MAX, "a number from %llu to %llu is needed",
			 (unsigned long long)min, (unsigned long long)max);
		return -EINVAL;
	}
	*to = (unsigned int)number;
	return 0;
}

/* A switch, or a word of a pair. */
static int set_bool(bool *to, const char *value, char *why)
{
	if (!value || !strcmp(value, "on") || !strcmp(value, "true"))
		*to = true;
	else if (!strcmp(value, "off") || !strcmp(value, "false"))
		*to = false;
	else
		return fail(why, "on or off is needed");
	return 0;
}

static int apply_blk_file(struct serve_disk *disk, const char *value, char *why)
{
	return set_string(&disk->blk_file, value, why);
}

/* What QEMU's chardevs are told beside a path. */
static bool is_qemus(const char *path)
{
	static const char *const words[] = {"server", "wait", "nowait", "reconnect", "path", "id"};
	const char *at;
	size_t i, len;

	for (at = strchr(path, ','); at; at = strchr(at + 1, ','))
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			len = strlen(words[i]);
			if (!strncmp(at + 1, words[i], len) && strchr("=,", at[1 + len]))
				return true;
		}
	return false;
}

static int apply_socket_path(struct serve_disk *disk, const char *value, char *why)
{
	if (!strncmp(value, "unix:", 5))
		return fail(why, "a path alone is needed, without unix:");
	if (is_qemus(value))
		return fail(why, "a path alone is needed, without a chardev's options: it listens, "
				 "and waits for nobody");
	return set_string(&disk->socket_path, value, why);
}

static int apply_fd(struct serve_disk *disk, const char *value, char *why)
{
	unsigned int fd;
	int ret;

	ret = set_number(&fd, value, 0, 1u << 20, why);
	if (!ret)
		disk->fd = (int)fd;
	return ret;
}

static int apply_read_only(struct serve_disk *disk, const char *value, char *why)
{
	return set_bool(&disk->read_only, value, why);
}

static int apply_direct(struct serve_disk *disk, const char *value, char *why)
{
	return set_bool(&disk->direct, value, why);
}

static int apply_format(struct serve_disk *disk, const char *value, char *why)
{
	return disk_format(value, &disk->raw, why, SERVE_WHY_MAX);
}

static int apply_block_size(struct serve_disk *disk, const char *value, char *why)
{
	return disk_block_size(value, &disk->block_size, why, SERVE_WHY_MAX);
}

static int apply_queues(struct serve_disk *disk, const char *value, char *why)
{
	return set_number(&disk->queues, value, 1, BLK_MAX_QUEUES, why);
}

static int apply_serial(struct serve_disk *disk, const char *value, char *why)
{
	if (strlen(value) > BLK_SERIAL_MAX)
		return fail(why, "at most 20 bytes");
	return set_string(&disk->serial, value, why);
}

static int apply_poll_us(struct serve_disk *disk, const char *value, char *why)
{
	return set_number(&disk->poll_us, value, 0, 1000000, why);
}

static int apply_pin_budget(struct serve_disk *disk, const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || size > MAX_PIN_BUDGET || size % PIN_GRANULE)
		return fail(why, "a size from 0 to 1T is needed, a multiple of 2M");
	disk->pin_budget = size;
	return 0;
}

static int apply_max_memory(struct serve_disk *disk, const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || size < MIN_MAX_MEMORY || size > VHOST_USER_MAX_MEMORY)
		return fail(why, "a size from 1M to 16T is needed");
	disk->max_memory = size;
	return 0;
}

int serve_set_sandbox(struct serve_config *config, const char *value, char *why)
{
	return set_bool(&config->sandbox, value, why);
}

const struct serve_option serve_options[] = {
	{"blk-file", "PATH", "the disk: a raw image or a block device", apply_blk_file},
	{"socket-path", "PATH", "makes a socket there and listens on it", apply_socket_path},
	{"format", "raw",
	 "takes the file's very bytes for the disk, even if it looks like an image of another "
	 "format, which is refused otherwise",
	 apply_format},
	{"block-size", "512|4096",
	 "the machine sees sectors of so many bytes (a device's own; 512 for a file)",
	 apply_block_size},
	{"fd", "N", "uses descriptor N, a listening or a connected socket", apply_fd},
	{"read-only", NULL, "refuses writes", apply_read_only},
	{"queues", "N", "offers N queues (1)", apply_queues},
	{"serial", "TEXT", "the disk's serial number, at most 20 bytes", apply_serial},
	{"direct", "on|off", "reads and writes past the host's page cache, where that can be (on)",
	 apply_direct},
	{"pin-budget", "SIZE",
	 "registers up to SIZE of guest memory for I/O (0). Only for memory "
	 "that stays: no balloon, free page reporting, virtio-mem or "
	 "postcopy migration, or data is lost",
	 apply_pin_budget},
	{"max-memory", "SIZE",
	 "takes machines of up to SIZE of memory (16T). What of it a machine "
	 "has not touched itself may be charged to this service",
	 apply_max_memory},
	{"poll-us", "N", "polls for up to N us before it sleeps (0)", apply_poll_us},
};

const unsigned int nr_serve_options = sizeof(serve_options) / sizeof(serve_options[0]);

const struct serve_option *serve_option_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_serve_options; i++)
		if (!strcmp(serve_options[i].name, name))
			return &serve_options[i];
	return NULL;
}

void serve_disk_init(struct serve_disk *disk)
{
	/* No pin_budget: a front end gives memory back without a word, and what is registered would
	 * go on using the pages of before. */
	*disk = (struct serve_disk){.fd = -1, .direct = true, .queues = 1};
}

void serve_config_free(struct serve_config *config)
{
	unsigned int i;

	for (i = 0; i < SERVE_MAX_DISKS; i++) {
		free(config->disk[i].blk_file);
		free(config->disk[i].socket_path);
		free(config->disk[i].serial);
	}
	free(config->config);
}

/* An option that is of no disk. Returns 0 or the exit status. */
static enum exit_status apply_to_all(struct serve_config *config, const char *name,
				     const char *value)
{
	char why[SERVE_WHY_MAX];

	if (!strcmp(name, "config")) {
		if (!*value)
			return cli_fail(STATUS_USAGE, "--config: give the path of a file");
		free(config->config);
		config->config = strdup(value);
		return config->config ? 0 : cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	if (serve_set_sandbox(config, value, why))
		return cli_fail(STATUS_USAGE, "--%s %s: %s", name, value, why);
	return 0;
}

/* Whether that option was there before; from here on it was. */
static bool twice(uint32_t *seen, unsigned int option)
{
	const bool before = *seen >> option & 1;

	*seen |= 1u << option;
	return before;
}

/* One argument, and perhaps the next as its value. Returns 0 or the exit status. */
static enum exit_status read_argument(struct serve_config *config, int argc, char **argv, int *i,
				      uint32_t *seen)
{
	const char *arg = argv[*i], *eq = strchr(arg, '='), *value = NULL, *metavar = NULL;
	const struct serve_option *option = NULL;
	char name[32] = "", why[SERVE_WHY_MAX];

	if (strncmp(arg, "--", 2) != 0)
		return cli_fail(STATUS_USAGE, "%s: no such argument: see slabvisor serve --help",
				arg);
	snprintf(name, sizeof(name), "%.*s", (int)(eq ? eq - arg - 2 : 31), arg + 2);
	option = serve_option_find(name);
	if (option)
		metavar = option->metavar;
	else if (!strcmp(name, "config"))
		metavar = "FILE";
	else if (!strcmp(name, "sandbox"))
		metavar = "on|off";
	else
		return cli_fail(STATUS_USAGE, "--%s: no such option: see slabvisor serve --help",
				name);
	if (eq)
		value = eq + 1;
	else if (metavar)
		value = argv[++*i < argc ? *i : argc];
	if (!value && metavar)
		return cli_fail(STATUS_USAGE, "--%s: %s is needed", name, metavar);
	if (!option) {
		if (twice(seen, nr_serve_options + (*name == 's')))
			return cli_fail(STATUS_USAGE, "--%s is given twice, and takes one value",
					name);
		return apply_to_all(config, name, value);
	}
	if (twice(seen, (unsigned int)(option - serve_options)))
		return cli_fail(STATUS_USAGE, "--%s is given twice, and takes one value", name);
	if (option->apply(&config->disk[0], value, why))
		return cli_fail(STATUS_USAGE, "--%s%s%s: %s", name, value ? " " : "",
				value ? value : "", why);
	config->nr_disks = 1;
	return 0;
}

/* What the options of a disk must say together. */
static enum exit_status check_disk(const struct serve_disk *disk, enum exit_status status,
				   const char *where)
{
	if (!disk->blk_file)
		return cli_fail(status, "%s: no disk: blk-file names one", where);
	if (disk->socket_path && disk->fd >= 0)
		return cli_fail(status, "%s: socket-path and fd: only one of them", where);
	return 0;
}

enum exit_status serve_config_parse(struct serve_config *config, int argc, char **argv)
{
	uint32_t seen = 0;
	unsigned int d;
	enum exit_status status;
	int i;

	*config = (struct serve_config){.sandbox = true};
	for (d = 0; d < SERVE_MAX_DISKS; d++)
		serve_disk_init(&config->disk[d]);
	/* They win over all else (QEMU's conventions; ours). */
	for (i = 1; i < argc; i++) {
		config->print_capabilities |= !strcmp(argv[i], "--print-capabilities");
		config->help |= !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
	}
	if (config->print_capabilities || config->help)
		return 0;
	for (i = 1; i < argc; i++) {
		status = read_argument(config, argc, argv, &i, &seen);
		if (status)
			return status;
	}
	if (config->config) {
		if (config->nr_disks)
			return cli_fail(STATUS_USAGE,
					"--config: the disks are the file's: no other options");
		status = serve_config_read(config, config->config);
		if (status)
			return status;
	}
	if (!config->nr_disks)
		return cli_fail(STATUS_USAGE,
				"no disk: --blk-file PATH or --config FILE is needed");
	for (d = 0; d < config->nr_disks; d++) {
		status = config->config
				 ? check_disk(&config->disk[d], STATUS_BAD_CONFIG, config->config)
				 : check_disk(&config->disk[d], STATUS_USAGE, "serve");
		if (status)
			return status;
	}
	return 0;
}
