/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/pm1.h"

#include "vmm/linux/acpi.h"
#include "vmm/linux/guest.h"
#include "vmm/linux/irqchip.h"

#define PM1_POWER_BUTTON (1u << 8)

int pm1_init(struct pm1 *pm1)
{
	pm1->status = 0;
	pm1->enable = 0;
	return -pthread_mutex_init(&pm1->lock, NULL);
}

void pm1_fini(struct pm1 *pm1)
{
	pthread_mutex_destroy(&pm1->lock);
}

uint32_t pm1_read(struct vm *vm, unsigned int offset)
{
	struct pm1 *pm1 = &linux_guest(vm)->ports.pm1;
	uint32_t both;

	pthread_mutex_lock(&pm1->lock);
	both = pm1->status | (uint32_t)pm1->enable << 16;
	pthread_mutex_unlock(&pm1->lock);
	return both >> 8 * offset;
}

/* The lock is held. */
static void update_irq(const struct vm *vm)
{
	const struct pm1 *pm1 = &linux_guest(vm)->ports.pm1;

	irqchip_set(vm->fd, ACPI_SCI_IRQ, pm1->status & pm1->enable);
}

void pm1_write(struct vm *vm, unsigned int offset, uint32_t value, unsigned int len)
{
	struct pm1 *pm1 = &linux_guest(vm)->ports.pm1;
	uint32_t mask = (len < 4 ? (1u << 8 * len) - 1 : UINT32_MAX) << 8 * offset;

	value = value << 8 * offset & mask;
	pthread_mutex_lock(&pm1->lock);
	/* A one clears a bit of the status. */
	pm1->status &= (uint16_t)~value;
	pm1->enable = (uint16_t)((pm1->enable & ~(mask >> 16)) | value >> 16);
	update_irq(vm);
	pthread_mutex_unlock(&pm1->lock);
}

bool pm1_power_button(struct vm *vm)
{
	struct pm1 *pm1 = &linux_guest(vm)->ports.pm1;
	bool heard;

	pthread_mutex_lock(&pm1->lock);
	heard = pm1->enable & PM1_POWER_BUTTON;
	if (heard) {
		pm1->status |= PM1_POWER_BUTTON;
		update_irq(vm);
	}
	pthread_mutex_unlock(&pm1->lock);
	return heard;
}
