/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/machine/kick.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vcpu.h"

static int create_platform(struct vm *vm)
{
	int ret;

	vm->platform = mmap(NULL, MM_FRAME_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->platform == MAP_FAILED)
		return -ENOMEM;
	ret = vm->kvm.fd < 0
		      ? 0
		      : kvm_add_slot(&vm->kvm, PLATFORM_BASE, vm->platform, MM_FRAME_SIZE, true);
	if (ret)
		munmap(vm->platform, MM_FRAME_SIZE);
	return ret;
}

/* Gives the guest RAM, heap and page map. */
static int add_memory(struct vm *vm)
{
	const struct memory *mem = &vm->mem;
	const uint8_t *heap = mm_heap_host(mem->heap);
	int ret;

	ret = kvm_bound_pages(vm->kvm.fd, mem->ram_size + vm->run->config->heap);
	if (!ret)
		ret = kvm_add_slot(&vm->kvm, 0, mem->ram, mem->ram_low, false);
	if (!ret && mem->ram_size > mem->ram_low)
		ret = kvm_add_slot(&vm->kvm, PLATFORM_HOLE_END, mem->ram + mem->ram_low,
				   mem->ram_size - mem->ram_low, false);
	for (unsigned int i = 0; i < mem->nr_ranges && !ret; i++)
		ret = kvm_add_slot(&vm->kvm, mem->range[i].base,
				   heap + (mem->range[i].base - mem->heap_base), mem->range[i].size,
				   false);
	if (!ret)
		ret = kvm_add_slot(&vm->kvm, mem->page_map, mem->page_map_host, mem->page_map_size,
				   true);
	return ret;
}

static int init_sync(struct vm *vm)
{
	int ret;

	vm->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->end_fd < 0)
		return -errno;
	ret = wait_queue_init(&vm->waiters);
	if (ret) {
		close(vm->end_fd);
		return ret;
	}
	pthread_mutex_init(&vm->lock, NULL);
	pthread_cond_init(&vm->left_guest, NULL);
	pthread_cond_init(&vm->resumed, NULL);
	return 0;
}

static void fini_sync(struct vm *vm)
{
	pthread_cond_destroy(&vm->resumed);
	pthread_cond_destroy(&vm->left_guest);
	pthread_mutex_destroy(&vm->lock);
	wait_queue_destroy(&vm->waiters);
	close(vm->end_fd);
}

static int create_kind(struct vm *vm)
{
	return vm->run->kind->create ? vm->run->kind->create(vm) : 0;
}

static void destroy_kind(struct vm *vm)
{
	if (vm->run->kind->destroy)
		vm->run->kind->destroy(vm);
}

static void destroy_vcpus(struct vm *vm)
{
	while (vm->nr_cpus)
		vcpu_destroy(&vm->vcpu[--vm->nr_cpus]);
}

static int create_vcpus(struct vm *vm)
{
	struct vcpu *cpu;
	int ret = 0;

	while (vm->nr_cpus < vm->run->config->cpus && !ret) {
		cpu = &vm->vcpu[vm->nr_cpus];
		cpu->vm = vm;
		cpu->index = vm->nr_cpus;
		ret = vcpu_create(cpu);
		if (!ret)
			vm->nr_cpus++;
	}
	if (ret)
		destroy_vcpus(vm);
	return ret;
}

static enum exit_status vm_make(struct vm *vm, mm_report_fn report)
{
	const struct run *run = vm->run;
	enum exit_status status;
	int ret;

	ret = init_sync(vm);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "cannot start: %s", strerror(-ret));
	status = kvm_create_vm(&vm->kvm, run->kvm_fd, run->config->kvm_device);
	if (status)
		goto fail_sync;
	status = memory_create(&vm->mem, run->config, run->kind, kvm_address_limit(vm->kvm.cpuid),
			       report, vm->run);
	if (status)
		goto fail_kvm;
	ret = create_platform(vm);
	if (ret)
		goto fail_memory;
	ret = add_memory(vm);
	if (ret)
		goto fail_platform;
	ret = create_kind(vm);
	if (ret)
		goto fail_platform;
	ret = create_vcpus(vm);
	if (ret)
		goto fail_kind;
	ret = run->kind->choose_ring(vm);
	if (ret)
		goto fail_vcpus;
	status = devices_create(&vm->devices, vm->run, &vm->mem, &vm->kvm, &vm->waiters);
	if (status)
		goto fail_vcpus;
	return 0;
fail_vcpus:
	destroy_vcpus(vm);
fail_kind:
	destroy_kind(vm);
fail_platform:
	munmap(vm->platform, MM_FRAME_SIZE);
fail_memory:
	memory_destroy(&vm->mem);
fail_kvm:
	kvm_destroy_vm(&vm->kvm);
fail_sync:
	fini_sync(vm);
	return status ? status
		      : cli_fail(STATUS_HOST_ERROR, "%s: the guest cannot be set up: %s",
				 run->config->kvm_device, strerror(-ret));
}

enum exit_status vm_create(struct run *run, mm_report_fn report)
{
	enum exit_status status;
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return cli_fail(STATUS_HOST_ERROR, "cannot start: %s", strerror(ENOMEM));
	vm->run = run;
	status = vm_make(vm, report);
	if (status)
		free(vm);
	else
		run->vm = vm;
	return status;
}

void vm_destroy(struct run *run)
{
	struct vm *vm = run->vm;

	destroy_vcpus(vm);
	destroy_kind(vm);
	munmap(vm->platform, MM_FRAME_SIZE);
	/* The slots go before the memory behind them. */
	kvm_destroy_vm(&vm->kvm);
	memory_destroy(&vm->mem);
	fini_sync(vm);
	free(vm);
	run->vm = NULL;
}

/* Joins a vCPU's thread, kicking it until it has come out. */
static void join(struct vcpu *cpu)
{
	struct timespec until;

	for (;;) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += VCPU_REKICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (!pthread_timedjoin_np(cpu->thread, NULL, &until))
			return;
		vcpu_kick(cpu);
	}
}

void vm_release(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	vm->released = true;
	pthread_cond_broadcast(&vm->resumed);
	pthread_mutex_unlock(&vm->lock);
}

void vm_join(struct vm *vm)
{
	/* None is started once the guest is ending. Whoever ends it kicks under the
	 * lock: no thread is joined before that is done. */
	pthread_mutex_lock(&vm->lock);
	pthread_mutex_unlock(&vm->lock);
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		if (!vm->vcpu[i].has_thread)
			continue;
		join(&vm->vcpu[i]);
		vm->vcpu[i].has_thread = false;
		pthread_mutex_lock(&vm->lock);
		vm->vcpu[i].started = false;
		pthread_mutex_unlock(&vm->lock);
	}
}
