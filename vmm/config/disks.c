/* SPDX-License-Identifier: BSD-2-Clause */
/* --disk: its fields, and their printing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/config/disks.h"
#include "vmm/config/fields.h"

#define SPEC                                                                \
	"path=FILE[,direct=on|off][,readonly=on|off][,serial=S][,queues=N]" \
	"[,packed=on|off][,format=raw][,block-size=512|4096]"
#define NO_PATH "say which file, as in path=disk.img"

static const char *const keys[] = {"path",   "direct", "readonly",   "serial", "queues",
				   "packed", "format", "block-size", NULL};

static int parse_switch(bool *to, const char *key, const char *value, char *why)
{
	if (!strcmp(value, "on"))
		*to = true;
	else if (!strcmp(value, "off"))
		*to = false;
	else
		return run_why(why, "%s is on or off", key);
	return 0;
}

int disk_format(const char *value, bool *raw, char *why, size_t room)
{
	if (strcmp(value, "raw") != 0) {
		snprintf(why, room,
			 "disks are raw: say raw, or nothing; another format is made raw by "
			 "`qemu-img convert -O raw FILE NEW`");
		return -EINVAL;
	}
	*raw = true;
	return 0;
}

int disk_block_size(const char *value, uint32_t *size, char *why, size_t room)
{
	if (!strcmp(value, "512")) {
		*size = 512;
	} else if (!strcmp(value, "4096") || !strcmp(value, "4K")) {
		*size = 4096;
	} else {
		snprintf(why, room, "sectors are of 512 or of 4096 bytes");
		return -EINVAL;
	}
	return 0;
}

static int set_text(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int parse_field(struct run_disk *disk, const char *key, const char *value, char *why)
{
	uint64_t n;

	if (!strcmp(key, "path"))
		return *value ? set_text(&disk->path, value) : run_why(why, NO_PATH);
	if (!strcmp(key, "direct"))
		return parse_switch(&disk->direct, key, value, why);
	if (!strcmp(key, "readonly"))
		return parse_switch(&disk->readonly, key, value, why);
	if (!strcmp(key, "packed"))
		return parse_switch(&disk->packed, key, value, why);
	if (!strcmp(key, "format"))
		return disk_format(value, &disk->raw, why, RUN_WHY_MAX);
	if (!strcmp(key, "block-size"))
		return disk_block_size(value, &disk->block_size, why, RUN_WHY_MAX);
	if (!strcmp(key, "serial")) {
		if (strlen(value) > BLK_SERIAL_MAX)
			return run_why(why, "serial has at most %d bytes", BLK_SERIAL_MAX);
		return set_text(&disk->serial, value);
	}
	if (cli_parse_number(value, 1, BLK_MAX_QUEUES, &n))
		return run_why(why, "queues is a number from 1 to %d", BLK_MAX_QUEUES);
	disk->queues = (unsigned int)n;
	return 0;
}

static void free_disk(struct run_disk *disk)
{
	free(disk->path);
	free(disk->serial);
}

int disk_option_apply(struct run_config *config, const char *value, char *why)
{
	struct run_disk disk = {.direct = true, .packed = true};
	const char *key, *text;
	struct fields fields;
	int ret;

	if (config->nr_disks == RUN_MAX_DISKS)
		return run_why(why, "at most %d disks", RUN_MAX_DISKS);
	if (fields_open(&fields, value, keys, SPEC))
		return -ENOMEM;
	while ((ret = fields_next(&fields, &key, &text, why, RUN_WHY_MAX)) > 0) {
		ret = parse_field(&disk, key, text, why);
		if (ret)
			break;
	}
	if (!ret && !disk.path)
		ret = run_why(why, NO_PATH);
	fields_close(&fields);
	if (ret)
		free_disk(&disk);
	else
		config->disk[config->nr_disks++] = disk;
	return ret;
}

void disk_option_forget(struct run_config *config)
{
	while (config->nr_disks)
		free_disk(&config->disk[--config->nr_disks]);
}

char *disk_option_format(const struct run_disk *disk)
{
	const char *serial = disk->serial ? disk->serial : "";
	char *text = malloc(2 * (strlen(disk->path) + strlen(serial)) + 128), *end;

	if (!text)
		return NULL;
	end = fields_put(stpcpy(text, "path="), disk->path);
	end += sprintf(end, ",direct=%s,readonly=%s,packed=%s", disk->direct ? "on" : "off",
		       disk->readonly ? "on" : "off", disk->packed ? "on" : "off");
	if (*serial)
		end = fields_put(stpcpy(end, ",serial="), serial);
	if (disk->raw)
		end = stpcpy(end, ",format=raw");
	if (disk->block_size)
		end += sprintf(end, ",block-size=%u", disk->block_size);
	if (disk->queues)
		sprintf(end, ",queues=%u", disk->queues);
	return text;
}
