# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/config/*.c)
VMM_CONFIG_SRCS := $(addprefix vmm/config/, control.c jail.c linux.c memory.c options.c own.c run_config.c) vmm/base/listen.c vmm/base/run_dir.c $(OPTION_FILE_SRCS)

UNIT_TESTS += $(call unit_tests,vmm/config)
vmm/config_SRCS = $(VMM_CONFIG_SRCS) vmm/serve/options.c tools/vhost/load_options.c tools/vhost/disk_options.c $(MM_SRCS)
