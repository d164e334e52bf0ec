/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk that somebody else may have while no ring of this one runs: a machine is on one host,
 * then on another, with a disk that both reach. Each host has a page cache of its own. What lies
 * in ours is written out and forgotten when the machine goes, and forgotten when it comes, since
 * it may be of before the other host wrote; the size may have changed as well.
 */
#include "virtio/blk/priv.h"

void blk_take_over(struct virtio_device *dev)
{
	blk_file_forget(&blk_of(dev)->file);
	/* If the size cannot be read, neither can the disk, of which its requests tell. */
	blk_dev_resize(dev);
}

int blk_hand_over(struct virtio_device *dev)
{
	struct blk_dev *blk = blk_of(dev);
	int ret = blk_file_sync(&blk->file);

	/* What is not written cannot be forgotten. */
	blk_file_forget(&blk->file);
	return ret;
}
