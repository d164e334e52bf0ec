/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/pm1.h"

#include "vmm/linux/acpi.h"
#include "vmm/linux/irqchip.h"

#define PM1_POWER_BUTTON (1u << 8)

int pm1_init(struct pm1 *pm1, int vm_fd)
{
	pm1->vm_fd = vm_fd;
	pm1->status = 0;
	pm1->enable = 0;
	return -pthread_mutex_init(&pm1->lock, NULL);
}

void pm1_fini(struct pm1 *pm1)
{
	pthread_mutex_destroy(&pm1->lock);
}

uint32_t pm1_read(struct pm1 *pm1, unsigned int offset)
{
	uint32_t both;

	pthread_mutex_lock(&pm1->lock);
	both = pm1->status | (uint32_t)pm1->enable << 16;
	pthread_mutex_unlock(&pm1->lock);
	return both >> 8 * offset;
}

/* The lock is held. */
static void pm1_update_irq(const struct pm1 *pm1)
{
	irqchip_set(pm1->vm_fd, ACPI_SCI_IRQ, pm1->status & pm1->enable);
}

void pm1_write(struct pm1 *pm1, unsigned int offset, uint32_t value, unsigned int len)
{
	uint32_t mask = (len < 4 ? (1u << 8 * len) - 1 : UINT32_MAX) << 8 * offset;

	value = value << 8 * offset & mask;
	pthread_mutex_lock(&pm1->lock);
	/* A one clears a bit of the status. */
	pm1->status &= (uint16_t)~value;
	pm1->enable = (uint16_t)((pm1->enable & ~(mask >> 16)) | value >> 16);
	pm1_update_irq(pm1);
	pthread_mutex_unlock(&pm1->lock);
}

bool pm1_power_button(struct pm1 *pm1)
{
	bool heard;

	pthread_mutex_lock(&pm1->lock);
	heard = pm1->enable & PM1_POWER_BUTTON;
	if (heard) {
		pm1->status |= PM1_POWER_BUTTON;
		pm1_update_irq(pm1);
	}
	pthread_mutex_unlock(&pm1->lock);
	return heard;
}
