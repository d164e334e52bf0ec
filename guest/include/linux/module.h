/* SPDX-License-Identifier: BSD-2-Clause */
/* A program is one image: module declarations compile and mean nothing. */
#ifndef GUEST_LINUX_MODULE_H
#define GUEST_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>

#define MODULE_LICENSE(s)     extern int __export_nothing
#define MODULE_AUTHOR(s)      extern int __export_nothing
#define MODULE_DESCRIPTION(s) extern int __export_nothing
#define MODULE_VERSION(s)     extern int __export_nothing

#endif
