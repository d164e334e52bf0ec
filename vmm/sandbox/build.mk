# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/sandbox/*.c)

# Sanitizers make calls of their own.
UNIT_TESTS += vmm_sandbox vmm_landlock
SANDBOX_SRCS := vmm/base/cli.c vmm/sandbox/landlock.c vmm/sandbox/sandbox.c vmm/sandbox/filter.c vmm/sandbox/rules.c
vmm_sandbox_SRCS := $(SANDBOX_SRCS)
vmm_sandbox_LIBS := libseccomp
vmm_sandbox_SAN := plain
vmm_landlock_SRCS := vmm/sandbox/landlock.c
vmm_landlock_SAN := asan plain
