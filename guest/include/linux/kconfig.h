/* SPDX-License-Identifier: BSD-2-Clause */
/* 1 for an option that is defined as 1, 0 for one that is not defined. */
#ifndef GUEST_LINUX_KCONFIG_H
#define GUEST_LINUX_KCONFIG_H

#define __kconfig_comma_1               0,
#define __kconfig_second(_, value, ...) value
#define __kconfig_pick(pair)            __kconfig_second(pair 1, 0)
#define __kconfig_join(value)           __kconfig_pick(__kconfig_comma_##value)
#define __kconfig_is_1(value)           __kconfig_join(value)

#define IS_BUILTIN(option)   __kconfig_is_1(option)
#define IS_MODULE(option)    __kconfig_is_1(option##_MODULE)
#define IS_ENABLED(option)   (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_ENABLED(option)

#endif
