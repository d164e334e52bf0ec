/* SPDX-License-Identifier: BSD-2-Clause */
/* The contents of the DSDT: the devices that Linux cannot find by itself, and \_S5. */
#ifndef VMM_LINUX_ACPI_DSDT_H
#define VMM_LINUX_ACPI_DSDT_H

#include <stddef.h>
#include <stdint.h>

struct acpi_config;

/* Writes the AML that follows the table's header. Returns its bytes or -ENOSPC. */
long acpi_dsdt(const struct acpi_config *config, uint8_t *buf, size_t size);

#endif
