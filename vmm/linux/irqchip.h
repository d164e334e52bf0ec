/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controllers of a Linux guest, which are KVM's own: local APICs, an
 * I/O APIC of 24 inputs, two 8259 and the 8254 timer.
 */
#ifndef VMM_LINUX_IRQCHIP_H
#define VMM_LINUX_IRQCHIP_H

#include <stdbool.h>
#include <stdint.h>

/* Inputs of the I/O APIC that virtio-mmio devices may have. */
#define IRQCHIP_DEVICES 17

/* vm_fd is the descriptor that KVM_CREATE_VM returned. */

/* Makes the controllers; before the vCPUs. Returns 0 or -errno. */
int irqchip_create(int vm_fd);

/* The input of virtio-mmio device i, below IRQCHIP_DEVICES. */
uint32_t irqchip_gsi(unsigned int i);

/* An eventfd that pulses input gsi when it is written to; the caller closes it. Or -errno. */
int irqchip_eventfd(int vm_fd, uint32_t gsi);

/* Sets the level of an input. From any thread. */
void irqchip_set(int vm_fd, uint32_t gsi, bool level);

#endif
