/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks by QMP: the first --disk is disk0, and so on, as device and as node. */
#include <errno.h>
#include <string.h>

#include "virtio/blk/blk.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

/* struct BlockDeviceInfo of QEMU's qapi/block-core.json. */
static json_t *describe(const struct qmp_disk *disk)
{
	const struct virtio_device *dev = disk->dev;
	json_t *image;
	json_t *cache;

	image = json_pack("{s:s,s:s,s:I,s:b}", "filename", disk->path, "format", "raw",
			  "virtual-size", (json_int_t)blk_dev_capacity(dev), "dirty-flag", false);
	cache = json_pack("{s:b,s:b,s:b}", "writeback", true, "direct", blk_dev_is_direct(dev),
			  "no-flush", false);
	return json_pack("{s:s,s:s,s:b,s:s,s:i,s:b,s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:o,s:o}",
			 "file", disk->path, "node-name", disk->name, "ro",
			 blk_dev_is_readonly(dev), "drv", "raw", "backing_file_depth", 0,
			 "encrypted", false, "detect_zeroes", "off", "bps", 0, "bps_rd", 0,
			 "bps_wr", 0, "iops", 0, "iops_rd", 0, "iops_wr", 0, "write_threshold", 0,
			 "image", image, "cache", cache);
}

int qmp_query_block(struct qmp_call *call)
{
	struct qmp_disks disks;

	if (qmp_disks(call, &disks))
		return -EINVAL;
	call->result = json_array();
	for (unsigned int i = 0; i < disks.nr; i++) {
		const struct qmp_disk *disk = &disks.disk[i];

		json_array_append_new(call->result,
				      json_pack("{s:s,s:s,s:s,s:b,s:b,s:o}", "device", disk->name,
						"qdev", disk->name, "type", "unknown", "removable",
						false, "locked", false, "inserted",
						describe(disk)));
	}
	return 0;
}

/* The disk that the arguments name. Returns its number, or a negative errno. */
static int find_disk(struct qmp_call *call, const struct qmp_disks *disks)
{
	const char *name = json_string_value(json_object_get(call->args, "device"));
	const char *node = json_string_value(json_object_get(call->args, "node-name"));

	if (!name == !node)
		return qmp_fail(call, QMP_GENERIC, "Give either 'device' or 'node-name'");
	if (!name)
		name = node;
	for (unsigned int i = 0; i < disks->nr; i++)
		if (!strcmp(disks->disk[i].name, name))
			return (int)i;
	return qmp_fail(call, QMP_NO_DEVICE, "Device '%s' not found", name);
}

int qmp_block_resize(struct qmp_call *call)
{
	struct qmp_disks disks;
	json_int_t size = json_integer_value(json_object_get(call->args, "size"));
	const char *path;
	int disk;
	int ret;

	if (qmp_disks(call, &disks))
		return -EINVAL;
	disk = find_disk(call, &disks);
	if (disk < 0)
		return disk;
	path = disks.disk[disk].path;
	ret = size < 0 ? -EINVAL : blk_dev_set_size(disks.disk[disk].dev, (uint64_t)size);
	switch (ret) {
	case 0:
		return 0;
	case -EINVAL:
		return qmp_fail(call, QMP_GENERIC,
				"Parameter 'size' expects bytes, in whole blocks of %s", path);
	case -EROFS:
		return qmp_fail(call, QMP_GENERIC, "%s is opened read-only", path);
	case -ENOSPC:
		return qmp_fail(call, QMP_GENERIC,
				"%s does not have %" JSON_INTEGER_FORMAT " bytes", path, size);
	default:
		return qmp_fail(call, QMP_GENERIC, "%s: %s", path, strerror(-ret));
	}
}
