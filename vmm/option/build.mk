# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/option/*.c)
# What a program needs for its command line, and for files.
OPTION_SRCS := $(addprefix vmm/option/, affinity.c help.c line.c list.c option.c row.c scalar.c) \
	vmm/base/cli.c vmm/base/nearest.c
OPTION_FILE_SRCS := $(OPTION_SRCS) $(addprefix vmm/option/, file.c print.c yaml.c)

UNIT_TESTS += $(call unit_tests,vmm/option)
vmm/option_SRCS := tests/unit/vmm/option/car.c $(OPTION_FILE_SRCS)
