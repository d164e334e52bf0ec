# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(filter-out vmm/cmd/main.c, $(wildcard vmm/cmd/*.c))
