/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_LINUX_EXPORT_H
#define GUEST_LINUX_EXPORT_H

#define EXPORT_SYMBOL(s)     extern int __export_nothing
#define EXPORT_SYMBOL_GPL(s) extern int __export_nothing
#define THIS_MODULE          ((struct module *)0)

#endif
