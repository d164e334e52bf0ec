/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exports of a module, which mean nothing in a program: for sources that have them, as
 * Linux's <linux/export.h>.
 */
#ifndef GUEST_LINUX_EXPORT_H
#define GUEST_LINUX_EXPORT_H

#define EXPORT_SYMBOL(s)            extern int __export_nothing
#define EXPORT_SYMBOL_GPL(s)        extern int __export_nothing
#define EXPORT_SYMBOL_NS(s, ns)     extern int __export_nothing
#define EXPORT_SYMBOL_NS_GPL(s, ns) extern int __export_nothing
#define THIS_MODULE                 ((struct module *)0)

#endif
