# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/qmp/*.c)

UNIT_TESTS += $(call unit_tests,vmm/qmp)
vmm/qmp_SRCS := vmm/base/cli.c vmm/qmp/budget.c vmm/qmp/frame.c vmm/qmp/proto.c
