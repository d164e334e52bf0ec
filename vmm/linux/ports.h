/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O ports of a Linux guest: the serial console, ACPI's fixed registers, pvpanic, and
 * PCI's configuration ports with a host bridge and nothing behind it. The other ports
 * read as ones, as on a bus where nobody answers.
 */
#ifndef VMM_LINUX_PORTS_H
#define VMM_LINUX_PORTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/linux/pm1.h"
#include "vmm/linux/serial.h"

#define PORT_SERIAL     0x3f8
#define PORT_SERIAL_IRQ 4

struct vcpu;
struct vm;

struct ports {
	struct serial serial;
	struct pm1 pm1;
	atomic_uint pci_address;
};

/* Makes the ports of vm's guest, whose interrupt controllers are there before a vCPU runs. Returns
 * 0 or -errno. */
int ports_create(struct ports *ports, struct vm *vm);
void ports_destroy(struct ports *ports);

/* Serves the port access that cpu->run tells of. Returns whether the vCPU goes on. */
bool ports_serve(struct vcpu *cpu);

#endif
