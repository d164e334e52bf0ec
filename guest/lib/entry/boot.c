/* SPDX-License-Identifier: BSD-2-Clause */
/* From the first instruction to main(), and from there to the end. */
#include "guest/lib/entry/entry.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/lease.h"
#include "guest/lib/vm/mmap.h"
#include "guest/lib/vm/page.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>

_Static_assert(sizeof(struct percpu) <= PLATFORM_PERCPU_SIZE, "what the monitor maps");

static void start_cpu(unsigned int cpu)
{
	struct percpu *pc = (struct percpu *)PLATFORM_PERCPU_VA(cpu);

	/* First of all, so that an exception finds its way. */
	pc->exc_frame = (void *)(PLATFORM_EXC_STACK_TOP(cpu) - EXC_SIZE);
	pc->self = pc;
	pc->cpu = cpu;
	pc->grt = &grt_cpus[cpu];
	kmem_cpu_init(&pc->kmem, cpu);
}

static char **make_argv(int *argc)
{
	const volatile struct platform_page *page = platform();
	size_t size = page->args_size;
	char *text = phys_to_virt(page->args);
	char *end;
	u32 count = page->argc;
	char **argv;

	/* Copied, so that the program may write to its arguments. */
	argv = grt_ram_alloc((count + 1) * sizeof(*argv) + size + 1, sizeof(*argv));
	if (!argv)
		grt_bug(0, "no RAM for the program's arguments");
	if (size)
		memcpy(argv + count + 1, text, size);
	text = (char *)(argv + count + 1);
	end = text + size;
	*argc = 0;
	for (u32 i = 0; i < count && text < end; i++) {
		argv[(*argc)++] = text;
		text += strlen(text) + 1;
	}
	return argv;
}

static void start_service(void)
{
	struct kmem_channel channel;
	int err;

	memset(&channel, 0, sizeof(channel));
	err = grt_channel_init(&channel);
	if (err == -ENODEV)
		grt_bug(0, "this machine has no virtio-kmem device");
	if (err)
		grt_bug(0, "the virtio-kmem device refused to start: error %d", -err);
	err = grt_page_init(&channel);
	if (!err)
		err = grt_lease_init();
	if (err)
		grt_bug(0, "too little RAM for the page array of a heap of %llu bytes",
			channel.heap_size);
	err = kmem_init(&channel);
	if (err)
		grt_bug(0, "the allocator did not start: error %d", -err);
}

void grt_start(unsigned int cpu)
{
	char **argv;
	int argc;

	start_cpu(cpu);
	if (cpu)
		grt_secondary();
	if (platform()->magic != PLATFORM_MAGIC || platform()->version != PLATFORM_VERSION)
		grt_bug(PLATFORM_VA, "no platform page that this program knows");
	grt_time_init();
	grt_ram_init();
	grt_pgtable_init();
	grt_percpu_init();
	start_service();
	argv = make_argv(&argc);
	platform_exit(grt_run(argc, argv));
}

void platform_exit(int status)
{
	static u32 ending;

	/* The first to come says how it ends; vCPUs that still work keep the allocator
	 * from being taken down, and the monitor takes back what they hold. */
	if (__atomic_exchange_n(&ending, 1, __ATOMIC_SEQ_CST) == 0) {
		if (!grt_smp_busy()) {
			grt_smp_park();
			grt_user_exit();
			grt_unpin_flush();
			kmem_exit();
		}
		grt_console_flush_all();
		platform_ring(PLATFORM_EXIT, (u64)(s64)status);
	}
	for (;;)
		grt_wait(&ending, 1, 0);
}
