# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/client/*.c)
