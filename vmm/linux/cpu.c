/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mm/util.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"

#define GDT        0x500ull
#define PAGE_TABLE 0x9000ull /* PML4, PDPT, then four page directories */
#define PAGE       0x1000ull
#define GIB_MAPPED 4

/* Selectors of the boot protocol, and flat descriptors for them. */
#define BOOT_CS     0x10
#define BOOT_DS     0x18
#define DESC_CODE64 0x00af9b000000ffffull
#define DESC_DATA   0x00cf93000000ffffull

/* Types of segments. */
#define SEG_DATA     0x3
#define SEG_CODE     0xb
#define SEG_TSS_BUSY 0xb

#define PVH_TSS_LIMIT 0x67

#define CR0_PE   (1ull << 0)
#define CR0_ET   (1ull << 4)
#define CR0_PG   (1ull << 31)
#define CR4_PAE  (1ull << 5)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)

#define PT_RW    0x003ull /* present, writable */
#define PT_LARGE 0x083ull /* ... a page of 2 MiB */

#define MSR_MISC_ENABLE  0x1a0
#define MISC_FAST_STRING 1
#define MSR_MTRR_DEFAULT 0x2ff
#define MTRR_WRITEBACK   0x806 /* MTRRs are on, memory is write-back */

#define MSR_K7_FIRST 0xc0010000 /* four event selectors, four counters */
#define MSR_K7_COUNT 8

/* CPUID bits. */
#define ECX1_X2APIC       (1u << 21)
#define ECX1_TSC_DEADLINE (1u << 24)
#define ECX1_HYPERVISOR   (1u << 31)
#define EDX1_HTT          (1u << 28)

/* Bits of an APIC id within a package, of several: no package has more cores, and an AMD
 * CPU's last-level cache has eight at least. */
#define PACKAGE_BITS 4
_Static_assert(PLATFORM_MAX_CPUS <= 1 << PACKAGE_BITS, "a package for all vCPUs");

unsigned int linux_cpu_node(const struct run_config *config, unsigned int index)
{
	return index * config->nr_nodes / config->cpus;
}

unsigned int linux_cpu_apic_id(const struct run_config *config, unsigned int index)
{
	unsigned int package = 0;
	unsigned int core = 0;

	if (config->nr_nodes == 1)
		return index;
	for (unsigned int i = 1; i <= index; i++) {
		core++;
		if (linux_cpu_node(config, i) != linux_cpu_node(config, i - 1)) {
			package++;
			core = 0;
		}
	}
	return package << PACKAGE_BITS | core;
}

/* Bits of an APIC id that number cores. */
static unsigned int core_bits(unsigned int cores)
{
	unsigned int bits = 0;

	while (1u << bits < cores)
		bits++;
	return bits;
}

/* Leaves 0xb and 0x1f: a level of threads, of which a core has one, and one of cores. */
static void topology(struct kvm_cpuid_entry2 *e, unsigned int id, unsigned int cores)
{
	e->eax = e->ebx = 0;
	e->ecx = e->index & 0xff;
	e->edx = id;
	if (e->index == 0) {
		e->ebx = 1;
		e->ecx |= 1 << 8;
	} else if (e->index == 1) {
		e->eax = core_bits(cores);
		e->ebx = cores;
		e->ecx |= 2 << 8;
	}
}

static void adapt(struct kvm_cpuid_entry2 *e, unsigned int id, unsigned int cores)
{
	switch (e->function) {
	case 1:
		e->ebx = (e->ebx & 0xffff) | id << 24 | cores << 16;
		e->ecx |= ECX1_HYPERVISOR | ECX1_X2APIC | ECX1_TSC_DEADLINE;
		e->edx = cores > 1 ? e->edx | EDX1_HTT : e->edx & ~EDX1_HTT;
		break;
	case 4: /* Intel: caches, and who shares them */
		e->eax &= 0x3fff;
		if (e->eax & 0x1f)
			e->eax |= ((1u << core_bits(cores)) - 1) << 26;
		break;
	case 0xb:
	case 0x1f:
		topology(e, id, cores);
		break;
	case 0x80000008:
		e->ecx = (e->ecx & ~0xf0ffu) | core_bits(cores) << 12 | (cores - 1);
		break;
	case 0x8000001d: /* AMD: the same as leaf 4 */
		e->eax &= 0x3fff;
		break;
	case 0x8000001e:
		e->eax = id;
		e->ebx = id & ((1u << core_bits(cores)) - 1);
		e->ecx = 0;
		break;
	default:
		break;
	}
}

void linux_cpu_cpuid(struct kvm_cpuid2 *cpuid, const struct run_config *config, unsigned int index)
{
	const unsigned int id = linux_cpu_apic_id(config, index);
	const unsigned int cores = config->nr_nodes == 1 ? config->cpus : 1u << PACKAGE_BITS;

	for (unsigned int i = 0; i < cpuid->nent; i++)
		adapt(&cpuid->entries[i], id, cores);
}

bool linux_cpu_has_counters(void)
{
	int fd = open("/sys/module/kvm/parameters/enable_pmu", O_RDONLY | O_CLOEXEC);
	char answer = 'Y';
	ssize_t n;

	if (fd < 0)
		return true;
	n = read(fd, &answer, 1);
	close(fd);
	return n != 1 || answer != 'N';
}

int linux_cpu_filter_msrs(int vm_fd)
{
	uint8_t none[MSR_K7_COUNT / 8] = {0};
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges[0] =
			{
				.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
				.base = MSR_K7_FIRST,
				.nmsrs = MSR_K7_COUNT,
				.bitmap = none,
			},
	};

	if (kvm_call(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_MSR_FILTER) <= 0)
		return 0;
	return kvm_call(vm_fd, KVM_X86_SET_MSR_FILTER, &filter) ? -errno : 0;
}

void linux_cpu_tables(uint8_t *ram)
{
	uint64_t *gdt = (uint64_t *)(ram + GDT);
	uint64_t *table = (uint64_t *)(ram + PAGE_TABLE);
	const unsigned int entries = PAGE / sizeof(*table);

	gdt[BOOT_CS / 8] = DESC_CODE64;
	gdt[BOOT_DS / 8] = DESC_DATA;
	table[0] = (PAGE_TABLE + PAGE) | PT_RW;
	for (unsigned int i = 0; i < GIB_MAPPED; i++)
		table[entries + i] = (PAGE_TABLE + (2 + i) * PAGE) | PT_RW;
	for (unsigned int i = 0; i < GIB_MAPPED * entries; i++)
		table[2 * entries + i] = (uint64_t)i << 21 | PT_LARGE;
}

int linux_cpu_msrs(int vcpu_fd)
{
	const struct kvm_msr_entry list[] = {
		{.index = MSR_MISC_ENABLE, .data = MISC_FAST_STRING},
		{.index = MSR_MTRR_DEFAULT, .data = MTRR_WRITEBACK},
	};
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[1];
	} msr = {.head.nmsrs = 1};

	/* A host that lacks one of them leaves it out: the kernel does without. */
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		msr.entry[0] = list[i];
		if (kvm_call(vcpu_fd, KVM_SET_MSRS, &msr) < 0)
			return -errno;
	}
	return 0;
}

static struct kvm_segment flat(uint16_t selector, uint8_t type, bool is64)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.db = !is64,
		.s = 1,
		.l = is64,
		.g = 1,
	};
}

static void enter_64(struct kvm_sregs *s)
{
	s->cs = flat(BOOT_CS, SEG_CODE, true);
	s->gdt.base = GDT;
	s->gdt.limit = BOOT_DS + 7;
	s->cr0 = CR0_PG | CR0_ET | CR0_PE;
	s->cr3 = PAGE_TABLE;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
}

/* A kernel brings its own GDT: it is told nothing of the selectors. */
static void enter_pvh(struct kvm_sregs *s)
{
	s->cs = flat(BOOT_CS, SEG_CODE, false);
	s->tr = (struct kvm_segment){.limit = PVH_TSS_LIMIT, .type = SEG_TSS_BUSY, .present = 1};
	s->gdt.base = 0;
	s->gdt.limit = 0;
	s->cr0 = CR0_ET | CR0_PE;
	s->cr3 = 0;
	s->cr4 = 0;
	s->efer = 0;
}

int linux_cpu_enter(int vcpu_fd, const struct linux_entry *entry)
{
	struct kvm_regs regs = {.rip = entry->rip, .rflags = 2};
	struct kvm_sregs s;

	if (kvm_call(vcpu_fd, KVM_GET_SREGS, &s))
		return -errno;
	s.ds = s.es = s.fs = s.gs = s.ss = flat(BOOT_DS, SEG_DATA, false);
	s.idt.base = 0;
	s.idt.limit = 0;
	if (entry->pvh) {
		enter_pvh(&s);
		regs.rbx = entry->params;
	} else {
		enter_64(&s);
		regs.rsi = entry->params;
	}
	if (kvm_call(vcpu_fd, KVM_SET_SREGS, &s) || kvm_call(vcpu_fd, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}
