/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules. A program is one image: what a module says of itself compiles and means nothing, and
 * its functions run as <linux/init.h> says. Brings what Linux's header brings.
 */
#ifndef GUEST_LINUX_MODULE_H
#define GUEST_LINUX_MODULE_H

#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#ifndef SLABVISOR_HOSTED
#include <linux/percpu.h>
#include <linux/sched.h>
#endif
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <linux/time64.h>
#include <linux/types.h>

#define module_init(fn) device_initcall(fn)
#define module_exit(fn) __exitcall(fn)

#define MODULE_NAME_LEN 56

#define MODULE_INFO(tag, s)           extern int __export_nothing
#define MODULE_LICENSE(s)             extern int __export_nothing
#define MODULE_AUTHOR(s)              extern int __export_nothing
#define MODULE_DESCRIPTION(s)         extern int __export_nothing
#define MODULE_VERSION(s)             extern int __export_nothing
#define MODULE_ALIAS(s)               extern int __export_nothing
#define MODULE_SOFTDEP(s)             extern int __export_nothing
#define MODULE_FIRMWARE(s)            extern int __export_nothing
#define MODULE_IMPORT_NS(s)           extern int __export_nothing
#define MODULE_DEVICE_TABLE(type, nm) extern int __export_nothing

/* The only one there is, which has no structure and does not go. */
struct module;

static inline bool try_module_get(struct module *module)
{
	(void)module;
	return true;
}

static inline void __module_get(struct module *module)
{
	(void)module;
}

static inline void module_put(struct module *module)
{
	(void)module;
}

#define module_name(module) "program"

#endif
