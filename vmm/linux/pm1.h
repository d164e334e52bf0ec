/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI's PM1 event registers (ACPI 6.4, section 4.8.3.1) of a Linux guest, with the one event that
 * there is: the power button of the fixed hardware (section 4.8.2.2.1.1). A guest that listens to
 * it powers down in order.
 */
#ifndef VMM_LINUX_PM1_H
#define VMM_LINUX_PM1_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes of the two registers: status, then enable. */
#define PM1_EVENT_PORTS 4

struct pm1 {
	pthread_mutex_t lock; /* of both registers, and of the interrupt's level */
	uint16_t status, enable;
	int vm_fd; /* whose interrupt it is */
};

/* vm_fd is the machine, as KVM has it, with its interrupt controllers. Returns 0 or -errno. */
int pm1_init(struct pm1 *pm1, int vm_fd);
void pm1_fini(struct pm1 *pm1);

/* An access of len bytes (1, 2 or 4) at a byte of the registers below PM1_EVENT_PORTS. Any
 * vCPU's thread. */
uint32_t pm1_read(struct pm1 *pm1, unsigned int offset);
void pm1_write(struct pm1 *pm1, unsigned int offset, uint32_t value, unsigned int len);

/* Presses the power button. Returns false, and does nothing, if nobody in the guest listens.
 * From any thread, while the machine is there. */
bool pm1_power_button(struct pm1 *pm1);

#endif
