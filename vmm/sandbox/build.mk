# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/sandbox/*.c)
SANDBOX_SRCS := vmm/base/cli.c vmm/sandbox/landlock.c vmm/sandbox/sandbox.c vmm/sandbox/filter.c vmm/sandbox/rules.c \
	vmm/sandbox/console.c

UNIT_TESTS += $(call unit_tests,vmm/sandbox)
vmm/sandbox/filter_SRCS := $(SANDBOX_SRCS)
# Sanitizers make calls of their own.
vmm/sandbox/filter_SAN := plain
vmm/sandbox/landlock_SRCS := vmm/sandbox/landlock.c
vmm/sandbox/landlock_SAN := asan plain
