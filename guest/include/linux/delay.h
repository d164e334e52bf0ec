/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits of a given time, as in Linux's <linux/delay.h>. */
#ifndef GUEST_LINUX_DELAY_H
#define GUEST_LINUX_DELAY_H

/* Busy waits. */
void ndelay(unsigned long ns);

static inline void udelay(unsigned long us)
{
	ndelay(us * 1000ul);
}

static inline void mdelay(unsigned long ms)
{
	ndelay(ms * 1000000ul);
}

/* Sleeps at the monitor for at least so long, and once even if that is no time or has passed
 * already, as msleep() of kernel/time/timer.c does: what a vCPU leaves for idle times is done then.
 */
void msleep(unsigned int ms);

#endif
