/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/ring_probe.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "mm/host/clock.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/program/cpu.h"
#include "vmm/program/pagetable.h"
#include "vmm/program/ring_judge.h"

#define PAGE 4096ull

/* What run_loop() needs. */
struct timed {
	struct vcpu *cpu;
	uint64_t cr3;
	uint8_t *code;
};

/* mov $count, %ecx; 1: dec %ecx; jnz 1b; hlt */
static const uint8_t loop_code[] = {0xb9, 0, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xf4};

/* Runs the loop count times round. Returns 0 or -errno. */
static int run_loop(void *timed, uint32_t count, double *ns)
{
	const struct timed *t = timed;
	double start;
	int ret;

	memcpy(t->code, loop_code, sizeof(loop_code));
	memcpy(t->code + 1, &count, sizeof(count));
	ret = program_cpu_reset(t->cpu, PLATFORM_IMAGE_VA, t->cr3, 0);
	if (ret)
		return ret;
	start = monotonic_ns();
	if (kvm_call(t->cpu->fd, KVM_RUN, 0))
		return -errno;
	*ns = monotonic_ns() - start;
	return t->cpu->run->exit_reason == KVM_EXIT_HLT ? 0 : -EIO;
}

int ring_probe(struct vcpu *cpu, const struct memory *mem, double *ns)
{
	struct ram_alloc ram = {.mem = mem, .next = PAGE, .end = mem->ram_size};
	struct page_table pt;
	struct timed timed = {.cpu = cpu};
	uint64_t at;
	int ret;

	at = ram_take(&ram, PAGE);
	timed.code = memory_ram(mem, at, PAGE);
	ret = page_table_init(&pt, &ram);
	if (!ret)
		ret = page_table_map(&pt, PLATFORM_IMAGE_VA, at, PAGE, PT_EXEC, false);
	*ns = RING_PROBE_NATIVE_NS;
	timed.cr3 = pt.root;
	if (!ret)
		ret = ring_judge(run_loop, &timed, ns);
	memset(memory_ram(mem, PAGE, ram.next - PAGE), 0, ram.next - PAGE);
	return ret;
}
