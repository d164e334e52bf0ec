# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/qmp/*.c)

UNIT_TESTS += vmm_qmp
vmm_qmp_SRCS := vmm/base/cli.c vmm/qmp/frame.c vmm/qmp/proto.c
