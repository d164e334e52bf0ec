/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI tables of a Linux guest (ACPI 6.4, chapter 5): RSDP, XSDT, FADT, FACS, MADT,
 * DSDT, and SRAT when there are several NUMA nodes. ACPI is how a guest finds its
 * CPUs, its virtio-mmio devices and the way to turn itself off.
 */
#ifndef VMM_LINUX_ACPI_H
#define VMM_LINUX_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "virtio/abi/platform.h"

/* Where BIOS has it looked for (section 5.2.5.1), and room for all tables. */
#define ACPI_BASE 0xe0000ull
#define ACPI_SIZE 0x20000ull

/* Registers of the fixed hardware (section 4.8.3), ports. */
#define ACPI_PM1_EVENT   0x600 /* status, then enable, 16 bits each */
#define ACPI_PM1_CONTROL 0x604 /* 16 bits */
#define ACPI_RESET       0x606 /* 8 bits */
#define ACPI_RESET_VALUE 0x01
#define ACPI_PVPANIC     0x505 /* the port of QEMU's pvpanic, HID QEMU0001 */

#define ACPI_PM1_SCI_ENABLE 0x0001
#define ACPI_PM1_SLP_ENABLE 0x2000
/* SLP_TYP of S5, as \_S5 tells it. */
#define ACPI_S5_TYPE           5
#define ACPI_PM1_SLP_TYPE(pm1) ((pm1) >> 10 & 7)

#define ACPI_SCI_IRQ 9

#define ACPI_MAX_RANGES 40

struct acpi_range {
	uint64_t base, size;
	unsigned int node;
	int hotplug; /* not there at start */
};

struct acpi_config {
	unsigned int cpus;
	uint8_t apic_id[PLATFORM_MAX_CPUS];
	uint8_t cpu_node[PLATFORM_MAX_CPUS];
	unsigned int devices;            /* virtio-mmio devices */
	uint32_t gsi[PLATFORM_MMIO_MAX]; /* the interrupt of each */
	unsigned int nodes;              /* with one there is no SRAT */
	struct acpi_range range[ACPI_MAX_RANGES];
	unsigned int nr_ranges;
};

/*
 * Writes the tables to tables, which has size zero bytes and lies at guest-physical
 * address base (16-byte aligned, below 4 GiB). The RSDP comes first. Returns the bytes used or
 * -ENOSPC.
 */
long acpi_build(const struct acpi_config *config, uint8_t *tables, size_t size, uint64_t base);

#endif
