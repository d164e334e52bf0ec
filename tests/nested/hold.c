/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds two idle VMs for as long as the nested machine is up, one with a kernel
 * irqchip and one without, and returns once they are there.
 *
 * KVM counts VMs and vCPUs of such kinds in static keys, and a key that goes from 0
 * to 1 or back rewrites kernel code that all CPUs run, __schedule() among it. QEMU's
 * TCG may miss such a write when another CPU translates that code in the same
 * moment; it keeps the INT3 of the rewriting then, and the machine spins in it for
 * ever. With these two VMs the keys never come back to 0.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void hold(int kvm, int irqchip)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0)
		err(1, "KVM_CREATE_VM");
	if (irqchip && ioctl(vm, KVM_CREATE_IRQCHIP, 0))
		err(1, "KVM_CREATE_IRQCHIP");
	if (ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		err(1, "KVM_CREATE_VCPU");
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR);

	if (kvm < 0)
		err(1, "/dev/kvm");
	hold(kvm, 0);
	hold(kvm, 1);
	/* The child has the files, and with them the VMs. */
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		setsid();
		for (;;)
			pause();
	}
	return 0;
}
