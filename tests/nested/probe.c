/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says in TAP whether this machine's KVM is one that runs a guest at CPL 0 on the
 * CPU itself. It uses nothing of the monitor, so it tells a machine that does not
 * serve from a monitor that does not work.
 *
 * Natively or not is no matter of time: CMPXCHG16B is an instruction that every
 * x86-64 CPU of interest has and that KVM's instruction emulator refuses.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LOOPS    1000000u
#define RAM_SIZE 0x200000u
#define PML4     0x1000u
#define PDPT     0x2000u
#define PD       0x3000u
#define DATA     0x4000u
#define CODE     0x8000u
#define PORT     0x10

#define PTE_PRESENT_WRITE 0x3u
#define PDE_2M            0x83u
#define CR0_PG_WP_ET_PE   0x80010011u
#define CR4_PAE           0x20u
#define EFER_LMA_LME      0x500u

/* RCX: iterations, RSI: 16 bytes to compare with RDX:RAX (0) and set to RCX:RBX. */
__asm__(".pushsection .rodata\n"
	"probe_code:\n"
	"1:	dec %rcx\n"
	"	jnz 1b\n"
	"	out %al, $0x10\n"
	"	mov $0x5a, %ecx\n"
	"	mov $0xa5, %ebx\n"
	"	lock cmpxchg16b (%rsi)\n"
	"	out %al, $0x10\n"
	"	hlt\n"
	"probe_code_end:\n"
	".popsection\n");
extern const char probe_code[], probe_code_end[];

static int tests, failures;

static bool ok(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
	failures += !good;
	return good;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Runs to the next exit that is not a signal's; returns its reason, or -errno. */
static int run(int vcpu, const struct kvm_run *shared)
{
	int rc;

	do
		rc = ioctl(vcpu, KVM_RUN, 0);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : (int)shared->exit_reason;
}

static void put64(uint8_t *ram, uint32_t at, uint64_t value)
{
	memcpy(ram + at, &value, sizeof(value));
}

static void long_mode(int vcpu)
{
	struct kvm_segment code = {
		.selector = 0x10,
		.limit = 0xffffffff,
		.type = 11,
		.present = 1,
		.s = 1,
		.l = 1,
		.g = 1,
	};
	struct kvm_segment data = {
		.selector = 0x18,
		.limit = 0xffffffff,
		.type = 3,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
	struct kvm_regs regs = {.rip = CODE, .rcx = LOOPS, .rsi = DATA, .rflags = 2};
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		err(1, "KVM_GET_SREGS");
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.cr0 = CR0_PG_WP_ET_PE;
	s.cr3 = PML4;
	s.cr4 = CR4_PAE;
	s.efer = EFER_LMA_LME;
	if (ioctl(vcpu, KVM_SET_SREGS, &s))
		err(1, "KVM_SET_SREGS");
	if (ioctl(vcpu, KVM_SET_REGS, &regs))
		err(1, "KVM_SET_REGS");
}

int main(void)
{
	struct kvm_userspace_memory_region slot = {.memory_size = RAM_SIZE};
	uint64_t expect[2] = {0xa5, 0x5a};
	int kvm;
	int vm;
	int vcpu;
	int size;
	int reason;
	struct kvm_run *shared;
	uint64_t start;
	uint8_t *ram;

	printf("1..3\n");
	setvbuf(stdout, NULL, _IOLBF, 0);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		printf("# /dev/kvm: %s\n", strerror(errno));
	if (!ok(kvm >= 0 && ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION,
		"/dev/kvm opens and speaks API 12"))
		return 1;

	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		err(1, "KVM_CREATE_VM");
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		err(1, "mmap");
	slot.userspace_addr = (uintptr_t)ram;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		err(1, "KVM_SET_USER_MEMORY_REGION");
	put64(ram, PML4, PDPT | PTE_PRESENT_WRITE);
	put64(ram, PDPT, PD | PTE_PRESENT_WRITE);
	put64(ram, PD, PDE_2M);
	memcpy(ram + CODE, probe_code, (size_t)(probe_code_end - probe_code));

	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || size < (int)sizeof(*shared))
		err(1, "KVM_CREATE_VCPU");
	shared = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap of the vCPU");
	long_mode(vcpu);

	start = now_ns();
	reason = run(vcpu, shared);
	printf("# a loop of two instructions: %.2f ns an iteration\n",
	       (double)(now_ns() - start) / LOOPS);
	if (!ok(reason == KVM_EXIT_IO && shared->io.port == PORT,
		"a 64-bit guest at CPL 0 loops and leaves by OUT"))
		printf("# exit reason %d\n", reason);

	reason = run(vcpu, shared);
	if (!ok(reason == KVM_EXIT_IO && !memcmp(ram + DATA, expect, sizeof(expect)),
		"CPL 0 is native: CMPXCHG16B works there"))
		printf("# exit reason %d\n", reason);

	munmap(shared, (size_t)size);
	close(vcpu);
	close(vm);
	munmap(ram, RAM_SIZE);
	close(kvm);
	return failures ? 1 : 0;
}
