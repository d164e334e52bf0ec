// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* debugfs: slabvisor/stats, slabvisor/queues, slabvisor/slabinfo. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "slabvisor/kmem.h"

#include "enter.h"
#include "priv.h"

static struct dentry *dir;

static int host_stats(u32 cache, struct virtio_kmem_stats *stats)
{
	struct sv_cpu *sc = READ_ONCE(sv_dev) ? sv_enter(GFP_KERNEL) : NULL;
	int err = -ENODEV;

	if (sc) {
		err = kmem_stats(cache, stats);
		sv_leave(sc);
	}
	return err;
}

static int stats_show(struct seq_file *m, void *unused)
{
	static const char *const fallback[SV_FALLBACKS] = {
		[SV_NO_DEVICE] = "fallback_no_device",
		[SV_BUSY] = "fallback_busy",
		[SV_NO_MEMORY] = "fallback_no_memory",
		[SV_LATE_FREES] = "late_frees",
		[SV_LOST] = "lost",
		[SV_DOWN] = "fallback_down",
		[SV_DROPPED] = "dropped",
	};
	struct virtio_kmem_stats host;
	struct sv_window_stats window;
	struct sv_pages_stats pages;

	for (unsigned int i = 0; i < SV_FALLBACKS; i++)
		seq_printf(m, "%s %lu\n", fallback[i], sv_counted(i));
	sv_pages_flush();
	if (host_stats(0, &host))
		return 0;
	sv_window_stats(&window);
	sv_pages_stats(&pages);
	seq_printf(m, "pieces %llu\npieces_mapped %llu\nmap_ns %llu\n", window.pieces,
		   window.mapped, window.map_ns);
	seq_printf(m, "pages_out %llu\npages_given %llu\npages_freed %llu\n", pages.out,
		   pages.given, pages.freed);
	seq_printf(m, "host_requests %llu\nhost_objects_active %llu\nhost_slabs %llu\n",
		   le64_to_cpu(host.requests), le64_to_cpu(host.objects_active),
		   le64_to_cpu(host.slabs));
	seq_printf(m, "host_frames_in_use %llu\nhost_frames_backed %llu\nhost_pages_pinned %llu\n",
		   le64_to_cpu(host.frames_in_use), le64_to_cpu(host.frames_backed),
		   le64_to_cpu(host.pages_pinned));
	seq_printf(m, "host_errors %llu\n", le64_to_cpu(host.errors));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int queues_show(struct seq_file *m, void *unused)
{
	struct sv_device *dev = READ_ONCE(sv_dev);

	for (unsigned int i = 0; dev && i < dev->queues; i++)
		seq_printf(m, "queue %u requests %llu nanoseconds %llu\n", i,
			   READ_ONCE(dev->queue[i].requests), READ_ONCE(dev->queue[i].nanoseconds));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queues);

static int slabinfo_show(struct seq_file *m, void *unused)
{
	struct virtio_kmem_stats s;

	seq_puts(
		m,
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : slabdata <num_slabs>\n");
	/* The size classes, and then those made here: a request for each. */
	for (u32 i = 1; i; i = i < VIRTIO_KMEM_CLASSES ? i + 1 : sv_cache_next(i)) {
		u64 slabs;

		if (host_stats(i, &s))
			continue;
		slabs = le64_to_cpu(s.slabs);
		seq_printf(m, "%-17.*s %6llu %6llu %6u %4u %4u : slabdata %6llu\n",
			   (int)strnlen(s.name, sizeof(s.name)), s.name,
			   le64_to_cpu(s.objects_active), slabs * le32_to_cpu(s.objects_per_slab),
			   le32_to_cpu(s.object_size), le32_to_cpu(s.objects_per_slab),
			   le32_to_cpu(s.frames_per_slab), slabs);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(slabinfo);

void sv_debugfs_init(void)
{
	dir = debugfs_create_dir("slabvisor", NULL);
	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("queues", 0444, dir, NULL, &queues_fops);
	debugfs_create_file("slabinfo", 0444, dir, NULL, &slabinfo_fops);
}

void sv_debugfs_exit(void)
{
	debugfs_remove_recursive(dir);
}
