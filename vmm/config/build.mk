# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/config/*.c)
VMM_CONFIG_SRCS := vmm/option/affinity.c vmm/option/row.c vmm/config/channels.c vmm/base/cli.c vmm/config/config.c vmm/option/file.c \
	vmm/config/disks.c vmm/config/fields.c vmm/config/linux.c vmm/config/memory.c vmm/config/options.c vmm/config/run_config.c
