/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Kbuild says to each file of a kernel before its first line, for tools/linux_lib.sh: the
 * configuration, as macros, and what <linux/compiler_types.h> has. Nothing here declares anything.
 */
#define CONFIG_64BIT             1
#define CONFIG_SMP               1
#define CONFIG_MMU               1
#define CONFIG_NR_CPUS           64
#define CONFIG_HZ                250
#define CONFIG_PRINTK            1
#define CONFIG_BUG               1
#define CONFIG_CC_IS_GCC         1
#define CONFIG_GCC_VERSION       120200
#define CONFIG_PAGE_SHIFT        12
#define CONFIG_RANDOM32_SELFTEST 1
#define CONFIG_BASE_SMALL        0

#include <linux/compiler_types.h>
#include <linux/kconfig.h>
