# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/base/*.c)

UNIT_TESTS += vmm_log_limit
vmm_log_limit_SRCS := vmm/base/cli.c vmm/base/log_limit.c
vmm_log_limit_SAN := asan tsan
