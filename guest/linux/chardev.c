// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* /dev/slabvisor: see include/uapi/slabvisor.h. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "enter.h"
#include "include/uapi/slabvisor.h"
#include "priv.h"
#include "slabvisor/kmem.h"

#define FAULT_AROUND 16 /* pages a fault asks for, at most */

struct sv_file {
	struct sv_pins pins;
};

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long end = min(ALIGN(addr + 1, FAULT_AROUND * PAGE_SIZE), vma->vm_end);
	struct page *page[FAULT_AROUND];
	vm_fault_t ret = VM_FAULT_NOPAGE;
	long got;
	int err = 0;

	got = sv_pages_get(SV_PAGE_SHARED, (end - addr) >> PAGE_SHIFT, page);
	/* Out of memory would be for the guest to find a victim, who has none of the host's. */
	if (got <= 0)
		return VM_FAULT_SIGBUS;
	for (long i = 0; i < got; i++) {
		if (!err)
			err = vm_insert_page(vma, addr + i * PAGE_SIZE, page[i]);
		/* Another thread was here first: its page is as good. */
		if (i == 0 && err && err != -EBUSY)
			ret = err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		/* The mapping has a reference of its own. */
		put_page(page[i]);
	}
	return ret;
}

static const struct vm_operations_struct vm_ops = {
	.fault = window_fault,
};

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* A copy on write would be of the guest's RAM. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/* Mixed: or a child would not have the pages that its parent had touched. */
	vma->vm_flags |= VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_ops = &vm_ops;
	return 0;
}

static int get_stats(struct slabvisor_stats *stats)
{
	struct virtio_kmem_stats host;
	struct sv_window_stats window;
	struct sv_pages_stats pages;
	struct sv_cpu *sc;
	int err = -EBUSY;

	memset(stats, 0, sizeof(*stats));
	sv_pages_flush();
	sc = sv_enter(GFP_KERNEL);
	if (sc) {
		err = kmem_stats(0, &host);
		sv_leave(sc);
	}
	if (err)
		return err;
	sv_window_stats(&window);
	sv_pages_stats(&pages);
	stats->window_bytes = le64_to_cpu(sv_dev->config.heap_size);
	stats->mapped_bytes = window.mapped * SZ_2M;
	stats->pages_out = pages.out;
	stats->pages_given = pages.given;
	stats->pages_freed = pages.freed;
	for (unsigned int i = 0; i < sv_dev->queues; i++)
		stats->requests += READ_ONCE(sv_dev->queue[i].requests);
	stats->frames_in_use = le64_to_cpu(host.frames_in_use);
	stats->frames_backed = le64_to_cpu(host.frames_backed);
	stats->pages_pinned = le64_to_cpu(host.pages_pinned);
	return 0;
}

static long range_call(struct sv_file *f, unsigned int cmd, struct slabvisor_range __user *user)
{
	struct slabvisor_range range;
	long done;

	if (copy_from_user(&range, user, sizeof(range)))
		return -EFAULT;
	if (!range.len || (range.addr | range.len) & ~PAGE_MASK ||
	    range.addr + range.len < range.addr || range.addr + range.len > TASK_SIZE)
		return -EINVAL;
	if (cmd == SLABVISOR_IOC_BACK)
		done = sv_anon_back(range.addr, range.len);
	else if (cmd == SLABVISOR_IOC_PIN)
		done = sv_pins_add(&f->pins, range.addr, range.len);
	else
		done = sv_pins_remove(&f->pins, range.addr, range.len);
	if (done < 0)
		return done;
	range.pages = done;
	return copy_to_user(user, &range, sizeof(range)) ? -EFAULT : 0;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct slabvisor_stats stats;
	long err;

	switch (cmd) {
	case SLABVISOR_IOC_BACK:
	case SLABVISOR_IOC_PIN:
	case SLABVISOR_IOC_UNPIN:
		return range_call(file->private_data, cmd, (void __user *)arg);
	case SLABVISOR_IOC_STATS:
		err = get_stats(&stats);
		if (err)
			return err;
		return copy_to_user((void __user *)arg, &stats, sizeof(stats)) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct sv_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	sv_pins_init(&f->pins);
	file->private_data = f;
	return 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct sv_file *f = file->private_data;

	sv_pins_drop(&f->pins);
	kfree(f);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.mmap = dev_mmap,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "slabvisor",
	.fops = &fops,
	.mode = 0660,
};

int sv_chardev_register(void)
{
	return misc_register(&misc);
}

void sv_chardev_unregister(void)
{
	misc_deregister(&misc);
}
