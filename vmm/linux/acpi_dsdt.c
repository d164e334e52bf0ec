/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/acpi_dsdt.h"

#include <errno.h>

#include "vmm/linux/acpi.h"
#include "vmm/linux/aml.h"
#include "vmm/linux/ports.h"

/* The first serial port, by its usual numbers. */
static void add_serial(struct aml *aml)
{
	struct aml_resources res = {.len = 0};
	size_t device = aml_open_device(aml, "COM1");

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0501");
	aml_name(aml, "_UID");
	aml_integer(aml, 1);
	aml_add_io(&res, PORT_SERIAL, 8);
	aml_add_irq(&res, PORT_SERIAL_IRQ);
	aml_name(aml, "_CRS");
	aml_resources(aml, &res);
	aml_close(aml, device);
}

static void add_pvpanic(struct aml *aml)
{
	struct aml_resources res = {.len = 0};
	size_t device = aml_open_device(aml, "PEVT");

	aml_name(aml, "_HID");
	aml_string(aml, "QEMU0001");
	aml_add_io(&res, ACPI_PVPANIC, 1);
	aml_name(aml, "_CRS");
	aml_resources(aml, &res);
	aml_close(aml, device);
}

/* LNRO0005 is the virtio-mmio transport (Linux, drivers/virtio/virtio_mmio.c). */
static void add_virtio(struct aml *aml, unsigned int i, uint32_t gsi)
{
	static const char digit[] = "0123456789ABCDEF";
	const char name[5] = {'V', 'R', digit[i / 16 % 16], digit[i % 16], '\0'};
	struct aml_resources res = {.len = 0};
	size_t device = aml_open_device(aml, name);

	aml_name(aml, "_HID");
	aml_string(aml, "LNRO0005");
	aml_name(aml, "_UID");
	aml_integer(aml, i);
	aml_add_memory(&res, (uint32_t)(PLATFORM_MMIO_BASE + i * PLATFORM_MMIO_STRIDE),
		       PLATFORM_MMIO_STRIDE);
	aml_add_interrupt(&res, gsi);
	aml_name(aml, "_CRS");
	aml_resources(aml, &res);
	aml_close(aml, device);
}

long acpi_dsdt(const struct acpi_config *config, uint8_t *buf, size_t size)
{
	struct aml aml = {.buf = buf, .size = size};
	size_t scope;
	size_t package;

	scope = aml_open_scope(&aml, "_SB_");
	add_serial(&aml);
	add_pvpanic(&aml);
	for (unsigned int i = 0; i < config->devices; i++)
		add_virtio(&aml, i, config->gsi[i]);
	aml_close(&aml, scope);
	/* SLP_TYP for PM1a and PM1b, and two that are reserved (section 7.4.2). */
	aml_name(&aml, "_S5_");
	package = aml_open_package(&aml, 4);
	aml_integer(&aml, ACPI_S5_TYPE);
	aml_integer(&aml, ACPI_S5_TYPE);
	aml_integer(&aml, 0);
	aml_integer(&aml, 0);
	aml_close(&aml, package);
	return aml.full ? -ENOSPC : (long)aml.len;
}
