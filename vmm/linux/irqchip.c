/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/irqchip.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/machine/kvm.h"

int irqchip_create(int vm_fd)
{
	/* The speaker's port counts for the timer; nobody listens to it. */
	const struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};

	if (kvm_call(vm_fd, KVM_CREATE_IRQCHIP, 0) || kvm_call(vm_fd, KVM_CREATE_PIT2, &pit))
		return -errno;
	return 0;
}

uint32_t irqchip_gsi(unsigned int i)
{
	/* Those that no ISA device ever had come first. */
	static const uint8_t gsi[IRQCHIP_DEVICES] = {16, 17, 18, 19, 20, 21, 22, 23, 5,
						     6,  7,  10, 11, 12, 13, 14, 15};

	return gsi[i];
}

int irqchip_eventfd(int vm_fd, uint32_t gsi)
{
	struct kvm_irqfd irqfd = {.gsi = gsi};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret;

	if (fd < 0)
		return -errno;
	irqfd.fd = (uint32_t)fd;
	if (kvm_call(vm_fd, KVM_IRQFD, &irqfd)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

void irqchip_set(int vm_fd, uint32_t gsi, bool level)
{
	const struct kvm_irq_level line = {.irq = gsi, .level = level};

	/* It cannot fail while there is an irqchip. */
	(void)kvm_call(vm_fd, KVM_IRQ_LINE, &line);
}
