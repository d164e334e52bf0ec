# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/program/*.c)

UNIT_TESTS += $(call unit_tests,vmm/program)
vmm/program/ring_judge_SRCS := vmm/program/ring_judge.c
vmm/program/ring_judge_SAN := asan
