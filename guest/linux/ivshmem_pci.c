// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "ivshmem.h"

#include <asm/pgtable.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

static irqreturn_t answer_interrupt(int irq, void *opaque)
{
	struct box *box = opaque;

	wake_up(&box->wait);
	return IRQ_HANDLED;
}

static irqreturn_t look_interrupt(int irq, void *opaque)
{
	struct ivshmem *iv = opaque;

	queue_work(sv_wq, &iv->look);
	return IRQ_HANDLED;
}

/* Tells whether the kernel has mapped it as write-back: where the firmware says that memory is
 * uncached, memremap() gives that, and no error. */
static bool is_write_back(const void *va)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)va, &level);

	return pte && !(pte_flags(*pte) & (_PAGE_PWT | _PAGE_PCD));
}

/* The control page of a window that is the memory service's: other things come by this PCI
 * function as well. */
static int map_control(struct ivshmem *iv, u64 base, u64 size)
{
	struct device *d = &iv->pdev->dev;

	iv->control = memremap(base, PAGE_SIZE, MEMREMAP_WB);
	if (!iv->control)
		return -ENOMEM;
	if (le32_to_cpu(READ_ONCE(iv->control->magic)) != IVSHMEM_KMEM_MAGIC)
		return -ENODEV;
	if (le32_to_cpu(iv->control->version) != IVSHMEM_KMEM_VERSION) {
		dev_err(d, "the service speaks version %u, and this driver %u\n",
			le32_to_cpu(iv->control->version), IVSHMEM_KMEM_VERSION);
		return -EPROTO;
	}
	if (base < SZ_4G) {
		dev_err(d,
			"the window at %#llx is below 4 GiB, where memory is uncached: give it 4 GiB, so that the firmware puts it above them\n",
			base);
		return -ENODEV;
	}
	if (!is_write_back(iv->control)) {
		dev_err(d,
			"the firmware has made the window at %#llx uncached, as OVMF does and SeaBIOS does not: write disable=N to /proc/mtrr, where N is of the uncachable range there that has it\n",
			base);
		return -ENODEV;
	}
	if (le64_to_cpu(iv->control->window_size) != size) {
		dev_err(d, "the window has %llu bytes, and the service says %llu\n", size,
			le64_to_cpu(iv->control->window_size));
		return -EINVAL;
	}
	if (ivshmem_state(iv) != IVSHMEM_KMEM_UP) {
		dev_err(d, "the service is not up, but in state %u\n", ivshmem_state(iv));
		return -ENODEV;
	}
	return 0;
}

static int map_mailboxes(struct ivshmem *iv, u64 base, u64 size)
{
	u64 offset = le64_to_cpu(iv->control->mailbox_offset);
	u64 stride = le32_to_cpu(iv->control->mailbox_stride);
	unsigned int n = le32_to_cpu(iv->control->queues);
	int err;

	if (!n || n > IVSHMEM_KMEM_MAX_QUEUES || stride < sizeof(struct ivshmem_kmem_mailbox) ||
	    stride % 8 || !PAGE_ALIGNED(offset) || offset > size || n * stride > size - offset) {
		dev_err(&iv->pdev->dev, "the service says what makes no sense of its mailboxes\n");
		return -EINVAL;
	}
	err = sv_queues_init(&iv->dev, n);
	if (err)
		return err;
	iv->mail = memremap(base + offset, n * stride, MEMREMAP_WB);
	iv->box = kcalloc(n, sizeof(*iv->box), GFP_KERNEL);
	if (!iv->mail || !iv->box)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct box *box = &iv->box[i];

		box->mail = iv->mail + i * stride;
		box->ivshmem = iv;
		box->vector = i;
		init_waitqueue_head(&box->wait);
		mutex_init(&iv->dev.queue[i].mutex);
		iv->dev.queue[i].way = box;
	}
	return 0;
}

static void free_interrupts(struct ivshmem *iv, unsigned int n)
{
	while (n--)
		free_irq(pci_irq_vector(iv->pdev, n),
			 n < iv->dev.queues ? (void *)&iv->box[n] : iv);
	pci_free_irq_vectors(iv->pdev);
}

static int make_interrupts(struct ivshmem *iv)
{
	unsigned int n = iv->dev.queues + 1;
	int err;

	err = pci_alloc_irq_vectors(iv->pdev, n, n, PCI_IRQ_MSIX);
	if (err < 0) {
		dev_err(&iv->pdev->dev,
			"it takes %u MSI-X vectors, one a queue and one, which are not to be had: error %d\n",
			n, err);
		return err;
	}
	for (unsigned int i = 0; i < n; i++) {
		bool last = i == iv->dev.queues;

		err = request_irq(pci_irq_vector(iv->pdev, i),
				  last ? look_interrupt : answer_interrupt, 0, "slabvisor",
				  last ? iv : (void *)&iv->box[i]);
		if (err) {
			free_interrupts(iv, i);
			return err;
		}
	}
	return 0;
}

/* The configuration, with the guest's addresses for offsets into the window. */
static int take_config(struct ivshmem *iv, u64 base, u64 size)
{
	struct virtio_kmem_config *c = &iv->dev.config;
	u64 pages = size >> PAGE_SHIFT;
	u64 map;

	memcpy(c, &iv->control->config, sizeof(*c));
	map = le64_to_cpu(c->page_map_base);
	if (!sv_config_valid(c) || c->heap_base || le64_to_cpu(c->heap_size) > size || map > size ||
	    pages > size - map) {
		dev_err(&iv->pdev->dev, "the service says what makes no sense\n");
		return -EINVAL;
	}
	c->heap_base = cpu_to_le64(base);
	c->page_map_base = cpu_to_le64(base + map);
	for (unsigned int i = 0; i < le16_to_cpu(c->num_ranges); i++)
		c->range[i].base = cpu_to_le64(base + le64_to_cpu(c->range[i].base));
	iv->dev.base = base;
	return 0;
}

static void unmap(struct ivshmem *iv)
{
	sv_queues_exit(&iv->dev);
	kfree(iv->box);
	if (iv->mail)
		memunmap(iv->mail);
	if (iv->control)
		memunmap(iv->control);
	if (iv->regs)
		pci_iounmap(iv->pdev, iv->regs);
}

static int map(struct ivshmem *iv)
{
	u64 base = pci_resource_start(iv->pdev, IVSHMEM_KMEM_BAR_WINDOW);
	u64 size = pci_resource_len(iv->pdev, IVSHMEM_KMEM_BAR_WINDOW);
	int err;

	if (size < PAGE_SIZE)
		return -ENODEV;
	err = map_control(iv, base, size);
	if (err)
		return err;
	iv->regs = pci_iomap(iv->pdev, IVSHMEM_KMEM_BAR_REGS, 0);
	if (!iv->regs)
		return -ENOMEM;
	if (readl(iv->regs + IVSHMEM_KMEM_POSITION) != IVSHMEM_KMEM_GUEST) {
		dev_err(&iv->pdev->dev,
			"this machine is peer %d of the service, and not its guest\n",
			(int)readl(iv->regs + IVSHMEM_KMEM_POSITION));
		return -ENODEV;
	}
	return map_mailboxes(iv, base, size);
}

static int start(struct ivshmem *iv)
{
	u64 base = pci_resource_start(iv->pdev, IVSHMEM_KMEM_BAR_WINDOW);
	u64 size = pci_resource_len(iv->pdev, IVSHMEM_KMEM_BAR_WINDOW);
	u64 features = le64_to_cpu(iv->control->features);
	int err;

	features &= BIT(VIRTIO_KMEM_F_EVENTS) | BIT(VIRTIO_KMEM_F_PIN) | BIT(VIRTIO_KMEM_F_DEBUG) |
		    BIT(VIRTIO_KMEM_F_CACHES);
	iv->dev.max_cache = features & BIT(VIRTIO_KMEM_F_CACHES) ? SV_CACHES : 0;
	err = ivshmem_reset(iv, features);
	if (err) {
		dev_err(&iv->pdev->dev, "the service does not answer\n");
		return err;
	}
	err = take_config(iv, base, size);
	if (!err)
		err = sv_device_added(&iv->dev);
	if (err)
		return err;
	/* What came before was not looked at. */
	WRITE_ONCE(iv->ready, true);
	queue_work(sv_wq, &iv->look);
	return 0;
}

static int ivshmem_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ivshmem *iv;
	int err;

	if (sv_dev) {
		dev_err(&pdev->dev, "there is a device already, and one is all that can be used\n");
		return -EBUSY;
	}
	iv = kzalloc(sizeof(*iv), GFP_KERNEL);
	if (!iv)
		return -ENOMEM;
	iv->pdev = pdev;
	iv->dev.ops = &ivshmem_ops;
	INIT_WORK(&iv->look, ivshmem_look);
	err = pci_enable_device_mem(pdev);
	if (err)
		goto free;
	err = pci_request_regions(pdev, "slabvisor");
	if (err)
		goto disable;
	err = map(iv);
	if (err)
		goto unmap;
	pci_set_master(pdev);
	err = make_interrupts(iv);
	if (err)
		goto unmap;
	pci_set_drvdata(pdev, iv);
	err = start(iv);
	if (err)
		goto interrupts;
	return 0;

interrupts:
	free_interrupts(iv, iv->dev.queues + 1);
	cancel_work_sync(&iv->look);
unmap:
	unmap(iv);
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free:
	kfree(iv);
	return err;
}

static void ivshmem_remove(struct pci_dev *pdev)
{
	struct ivshmem *iv = pci_get_drvdata(pdev);

	WRITE_ONCE(iv->ready, false);
	cancel_work_sync(&iv->look);
	sv_device_removed(&iv->dev);
	/* By this the host has all of it back, whatever was lost on the way. */
	if (!iv->dev.down)
		ivshmem_reset(iv, 0);
	free_interrupts(iv, iv->dev.queues + 1);
	cancel_work_sync(&iv->look);
	unmap(iv);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	kfree(iv);
}

static const struct pci_device_id id_table[] = {
	{PCI_DEVICE(IVSHMEM_KMEM_PCI_VENDOR, IVSHMEM_KMEM_PCI_DEVICE)},
	{0},
};
MODULE_DEVICE_TABLE(pci, id_table);

static struct pci_driver driver = {
	.name = "slabvisor",
	.id_table = id_table,
	.probe = ivshmem_probe,
	.remove = ivshmem_remove,
	/* As in virtio.c. */
	.driver.suppress_bind_attrs = true,
};

int sv_ivshmem_register(void)
{
	return pci_register_driver(&driver);
}

void sv_ivshmem_unregister(void)
{
	pci_unregister_driver(&driver);
}
