// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The port of the shared allocator (kmem_port.h, report.h) to the kernel. */
#include "port.h"

#include "slabvisor/kmem_fast.h"
#include "slabvisor/kmem_port.h"
#include "slabvisor/report.h"
#include <asm/pgtable.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "enter.h"
#include "priv.h"

__printf(2, 3) void grt_bug(u64 addr, const char *format, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, format);
	vaf.fmt = format;
	vaf.va = &args;
	pr_err("slabvisor: %pV\n", &vaf);
	va_end(args);
	WARN_ONCE(1, "slabvisor: misuse of memory, see the line before");
}

__printf(1, 2) void grt_warn(const char *format, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, format);
	vaf.fmt = format;
	vaf.va = &args;
	pr_warn("slabvisor: %pV\n", &vaf);
	va_end(args);
}

/* What the allocator keeps of it: a struct for each cache, and more for far ones. */
static struct ram {
	struct ram *next;
	void *p;
} * ram;

/* Called with kmem.walk held, or by the probe; may sleep. */
void *grt_ram_alloc(size_t size, size_t align)
{
	struct ram *r = kvzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return NULL;
	/* The kernel aligns powers of two to themselves. */
	r->p = kvzalloc(roundup_pow_of_two(max(size, align)), GFP_KERNEL);
	if (!r->p) {
		kvfree(r);
		return NULL;
	}
	r->next = ram;
	ram = r;
	return r->p;
}

void sv_ram_free(void)
{
	while (ram) {
		struct ram *r = ram;

		ram = r->next;
		kvfree(r->p);
		kvfree(r);
	}
}

void kmem_yield(void)
{
	cpu_relax();
}

/* What of the kernel's image cannot be written: as far as a module can tell, that is what
 * is_kernel_rodata() means, and text. */
bool kmem_is_rodata(const void *p)
{
	unsigned long addr = (unsigned long)p;
	unsigned int level;
	pte_t *pte;

	if (addr < __START_KERNEL_map || addr >= MODULES_VADDR)
		return false;
	pte = lookup_address(addr, &level);
	return pte && pte_present(*pte) && !pte_write(*pte);
}

static bool may_sleep(void)
{
	struct sv_cpu *sc = sv_held();

	return sc ? sc->can_sleep : preemptible();
}

bool sv_walk_trylock(struct sv_walk *w)
{
	return may_sleep() && atomic_cmpxchg_acquire(&w->held, 0, 1) == 0;
}

void sv_walk_lock(struct sv_walk *w)
{
	while (atomic_cmpxchg_acquire(&w->held, 0, 1) != 0)
		schedule_timeout_uninterruptible(1);
}

void sv_walk_unlock(struct sv_walk *w)
{
	atomic_set_release(&w->held, 0);
}

/* What <linux/slab.h> of the runtime inlines: here the fast paths are api.c's, and those who call
 * these have found nothing there. */
void svk_kfree(const void *p)
{
	kmem_free_slow(p, 0);
}

void *svk_kmem_cache_alloc(struct svk_kmem_cache *s, gfp_t gfp)
{
	const struct kmem_cache_front *front = (const struct kmem_cache_front *)s;

	return kmem_alloc_slow(front->id, front->size, gfp, NUMA_NO_NODE, _RET_IP_);
}

void svk_kmem_cache_free(struct svk_kmem_cache *s, void *p)
{
	kmem_free_slow(p, ((const struct kmem_cache_front *)s)->id);
}

/* The kernel's pins end when they end: none is kept. */
void kmem_unpin_unused(void)
{
}
