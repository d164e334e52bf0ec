# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/client/*.c)

UNIT_TESTS += $(call unit_tests,vmm/client)
vmm/client_SRCS := vmm/client/families.c
