# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/base/*.c)

UNIT_TESTS += $(call unit_tests,vmm/base)
vmm/base/log_limit_SRCS := vmm/base/cli.c vmm/base/log_limit.c
vmm/base/log_limit_SAN := asan tsan
vmm/base/media_SRCS = $(vmm/linux/image_SRCS) vmm/elf/elf.c
vmm/base/disk_create_SRCS := vmm/base/disk_create.c
vmm/base/nearest_SRCS := vmm/base/nearest.c
vmm/base/cpu_latency_SRCS := vmm/base/cpu_latency.c
