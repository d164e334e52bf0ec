# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/machine/*.c)

UNIT_TESTS += $(call unit_tests,vmm/machine)
vmm/machine/wait_SRCS = vmm/machine/bound.c vmm/base/cli.c vmm/machine/memory.c vmm/machine/wait.c $(MM_SRCS)
vmm/machine/wait_SAN := asan tsan
vmm/machine/memory_SRCS = $(VMM_CONFIG_SRCS) vmm/machine/bound.c vmm/machine/memory.c vmm/program/pagetable.c $(MM_SRCS)
