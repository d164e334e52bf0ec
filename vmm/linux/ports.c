/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/ports.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/linux/acpi.h"
#include "vmm/linux/guest.h"
#include "vmm/linux/irqchip.h"
#include "vmm/machine/console.h"
#include "vmm/machine/end.h"

#define PORT_PCI_ADDRESS 0xcf8
#define PORT_PCI_DATA    0xcfc
#define PCI_ENABLE       (1u << 31)

#define PVPANIC_PANICKED 1
#define PVPANIC_CRASHED  2

/* The configuration space of the host bridge, device 0 of bus 0: vendor and device of
 * QEMU's generic bridge, class 0600. Linux looks for it to know that PCI is there. */
static const uint32_t bridge[4] = {0x00081b36, 0, 0x06000000, 0};

static void serial_irq(void *opaque, bool level)
{
	const struct vm *vm = opaque;

	irqchip_set(vm->kvm.fd, PORT_SERIAL_IRQ, level);
}

static void serial_output(void *opaque, uint8_t byte)
{
	struct vm *vm = opaque;
	int ret = console_write(vm, &byte, 1);

	if (ret == -EPIPE)
		/* As for any program whose reader has gone. */
		vm_end(vm, STATUS_SIGNAL + SIGPIPE);
	else if (ret && vm_end(vm, STATUS_HOST_ERROR))
		cli_note("the guest's output cannot be written: %s", strerror(-ret));
}

static const struct serial_ops console_ops = {.irq = serial_irq, .output = serial_output};

int ports_create(struct ports *ports, struct vm *vm)
{
	int ret = pm1_init(&ports->pm1, vm->kvm.fd);

	if (ret)
		return ret;
	ret = serial_init(&ports->serial, &console_ops, vm);
	if (ret)
		pm1_fini(&ports->pm1);
	return ret;
}

void ports_destroy(struct ports *ports)
{
	serial_fini(&ports->serial);
	pm1_fini(&ports->pm1);
}

static uint32_t pci_read(const struct ports *ports, unsigned int offset)
{
	uint32_t address = atomic_load(&ports->pci_address);
	unsigned int reg = (address & 0xff) / 4;

	/* Bus 0, device 0, function 0 is all there is. */
	if (!(address & PCI_ENABLE) || address & 0x00ffff00)
		return UINT32_MAX;
	return reg < 4 ? bridge[reg] >> 8 * offset : 0;
}

/* One access of len (1, 2 or 4) bytes. */
static uint32_t port_read(struct ports *ports, uint16_t port, unsigned int len)
{
	if (port >= PORT_SERIAL && port < PORT_SERIAL + SERIAL_PORTS && len == 1)
		return serial_read(&ports->serial, port - PORT_SERIAL);
	if (port == PORT_PCI_ADDRESS && len == 4)
		return atomic_load(&ports->pci_address);
	if (port >= PORT_PCI_DATA && port + len <= PORT_PCI_DATA + 4)
		return pci_read(ports, port - PORT_PCI_DATA);
	if (port >= ACPI_PM1_EVENT && port < ACPI_PM1_EVENT + PM1_EVENT_PORTS)
		return pm1_read(&ports->pm1, port - ACPI_PM1_EVENT);
	switch (port) {
	case ACPI_PM1_CONTROL:
		return ACPI_PM1_SCI_ENABLE;
	case ACPI_PVPANIC:
		return PVPANIC_PANICKED | PVPANIC_CRASHED;
	default:
		return UINT32_MAX;
	}
}

static bool write_pm1_control(struct vcpu *cpu, uint32_t value)
{
	if (!(value & ACPI_PM1_SLP_ENABLE) || ACPI_PM1_SLP_TYPE(value) != ACPI_S5_TYPE)
		return true;
	vm_end(cpu->vm, 0);
	return false;
}

static bool write_reset(struct vcpu *cpu, uint32_t value)
{
	if (value != ACPI_RESET_VALUE)
		return true;
	vm_end(cpu->vm, VM_REBOOT);
	return false;
}

static bool write_pvpanic(struct vcpu *cpu, uint32_t value)
{
	if (!(value & PVPANIC_PANICKED))
		return true;
	if (vm_end(cpu->vm, STATUS_GUEST_FAULT))
		cli_note("guest fault: the kernel panicked, vCPU %u", cpu->index);
	return false;
}

static bool port_write(struct vcpu *cpu, uint16_t port, uint32_t value, unsigned int len)
{
	struct ports *ports = &linux_guest(cpu->vm)->ports;

	if (port >= PORT_SERIAL && port < PORT_SERIAL + SERIAL_PORTS && len == 1) {
		serial_write(&ports->serial, port - PORT_SERIAL, (uint8_t)value);
		return true;
	}
	if (port >= ACPI_PM1_EVENT && port < ACPI_PM1_EVENT + PM1_EVENT_PORTS) {
		pm1_write(&ports->pm1, port - ACPI_PM1_EVENT, value, len);
		return true;
	}
	switch (port) {
	case PORT_PCI_ADDRESS:
		if (len == 4)
			atomic_store(&ports->pci_address, value);
		return true;
	case ACPI_PM1_CONTROL:
		return write_pm1_control(cpu, value);
	case ACPI_RESET:
		return write_reset(cpu, value);
	case ACPI_PVPANIC:
		return write_pvpanic(cpu, value);
	default:
		return true;
	}
}

bool ports_serve(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t value;
	bool go_on = true;

	/* INS and OUTS come as count accesses. */
	for (uint32_t i = 0; i < run->io.count && go_on; i++, data += run->io.size) {
		value = 0;
		if (run->io.direction == KVM_EXIT_IO_IN) {
			value = port_read(&linux_guest(cpu->vm)->ports, run->io.port, run->io.size);
			memcpy(data, &value, run->io.size);
		} else {
			memcpy(&value, data, run->io.size);
			go_on = port_write(cpu, run->io.port, value, run->io.size);
		}
	}
	return go_on;
}
