/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/ring_probe.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "mm/host/clock.h"
#include "mm/util.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/program/cpu.h"
#include "vmm/program/pagetable.h"

#define PAGE       4096ull
#define SHORT_LOOP 16u

/* Of several rounds the fastest count: others had the CPU in the slow ones. What still looks
 * slow is looked at for so long that a trip out of the guest and back matters no more. */
static const struct {
	uint32_t count;
	int rounds;
} loops[] = {{272, 4}, {2064, 2}};

/* mov $count, %ecx; 1: dec %ecx; jnz 1b; hlt */
static const uint8_t loop_code[] = {0xb9, 0, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xf4};

/* Runs the loop count times round. Returns 0 or -errno. */
static int run_loop(struct vcpu *cpu, uint64_t cr3, uint8_t *code, uint32_t count, double *ns)
{
	double start;
	int ret;

	memcpy(code, loop_code, sizeof(loop_code));
	memcpy(code + 1, &count, sizeof(count));
	ret = program_cpu_reset(cpu, PLATFORM_IMAGE_VA, cr3, 0);
	if (ret)
		return ret;
	start = monotonic_ns();
	if (kvm_call(cpu->fd, KVM_RUN, 0))
		return -errno;
	*ns = monotonic_ns() - start;
	return cpu->run->exit_reason == KVM_EXIT_HLT ? 0 : -EIO;
}

/* ns of one time round the loop. Returns 0 or -errno. */
static int measure(struct vcpu *cpu, uint64_t cr3, uint8_t *code, size_t i, double *ns)
{
	double few = 0;
	double many = 0;
	double least_few = 0;
	double least_many = 0;
	int ret;

	for (int round = 0; round < loops[i].rounds; round++) {
		ret = run_loop(cpu, cr3, code, SHORT_LOOP, &few);
		if (!ret)
			ret = run_loop(cpu, cr3, code, loops[i].count, &many);
		if (ret)
			return ret;
		least_few = round && least_few < few ? least_few : few;
		least_many = round && least_many < many ? least_many : many;
	}
	*ns = (least_many - least_few) / (loops[i].count - SHORT_LOOP);
	if (*ns < 0)
		*ns = 0;
	return 0;
}

int ring_probe(struct vcpu *cpu, const struct memory *mem, double *ns)
{
	struct ram_alloc ram = {.mem = mem, .next = PAGE, .end = mem->ram_size};
	struct page_table pt;
	uint8_t *code;
	double first;
	uint64_t at;
	int ret;

	at = ram_take(&ram, PAGE);
	code = memory_ram(mem, at, PAGE);
	ret = page_table_init(&pt, &ram);
	if (!ret)
		ret = page_table_map(&pt, PLATFORM_IMAGE_VA, at, PAGE, PT_EXEC, false);
	*ns = RING_PROBE_NATIVE_NS;
	/* The first run pays for its mappings, which would make the short loop look long. */
	if (!ret)
		ret = run_loop(cpu, pt.root, code, SHORT_LOOP, &first);
	for (size_t i = 0; i < ARRAY_SIZE(loops) && !ret; i++) {
		ret = measure(cpu, pt.root, code, i, ns);
		if (*ns < RING_PROBE_NATIVE_NS)
			break;
	}
	memset(memory_ram(mem, PAGE, ram.next - PAGE), 0, ram.next - PAGE);
	return ret;
}
