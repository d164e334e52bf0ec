/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs that come and go, as in Linux's <linux/cpu.h>: a program's vCPUs do neither. */
#ifndef GUEST_LINUX_CPU_H
#define GUEST_LINUX_CPU_H

#include <linux/compiler.h>
#include <linux/cpuhotplug.h>
#include <linux/smp.h>

#define cpus_read_lock()    barrier()
#define cpus_read_unlock()  barrier()
#define cpus_write_lock()   barrier()
#define cpus_write_unlock() barrier()
#define get_online_cpus()   cpus_read_lock()
#define put_online_cpus()   cpus_read_unlock()

#endif
