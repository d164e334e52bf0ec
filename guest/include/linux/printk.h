/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's printk: there is one console, and levels are not told apart. */
#ifndef GUEST_LINUX_PRINTK_H
#define GUEST_LINUX_PRINTK_H

#include <stdarg.h>
#include <stdbool.h>

#define KERN_EMERG   ""
#define KERN_ALERT   ""
#define KERN_CRIT    ""
#define KERN_ERR     ""
#define KERN_WARNING ""
#define KERN_NOTICE  ""
#define KERN_INFO    ""
#define KERN_DEBUG   ""
#define KERN_CONT    ""

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

/* What %pV prints: a format, and its arguments, which it does not use up. */
struct va_format {
	const char *fmt;
	va_list *va;
};

/* Prints to the console, buffered by vCPU. Returns the bytes printed. */
__attribute__((format(printf, 1, 2))) int printk(const char *fmt, ...);
__attribute__((format(printf, 1, 0))) int vprintk(const char *fmt, va_list args);

#ifndef SLABVISOR_HOSTED
/* Prints the vCPU and the addresses of its calls, which addr2line finds in the program's file. */
void dump_stack(void);
#endif

#define pr_emerg(fmt, ...)  printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)  printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)   printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)    printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)   printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...) printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)   printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)   printk(KERN_CONT fmt, ##__VA_ARGS__)

/* Prints the first time that it is come to. */
#define printk_once(fmt, ...)                                                 \
	do {                                                                  \
		static bool __printed;                                        \
		if (!__atomic_exchange_n(&__printed, true, __ATOMIC_RELAXED)) \
			printk(fmt, ##__VA_ARGS__);                           \
	} while (0)
#define pr_err_once(fmt, ...)    printk_once(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...)   printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice_once(fmt, ...) printk_once(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_once(fmt, ...)   printk_once(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)

#ifdef DEBUG
#define pr_debug(fmt, ...) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#else
#define pr_debug(fmt, ...)                                             \
	do {                                                           \
		if (0)                                                 \
			printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__); \
	} while (0)
#endif

#endif
