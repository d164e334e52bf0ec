/* SPDX-License-Identifier: BSD-2-Clause */
/* User memory by whole pages. */
#include "selftest.h"
#include <linux/err.h>
#include <linux/mm.h>
#include <slabvisor/user.h>

static int protection(bool write)
{
	return write ? PROT_READ | PROT_WRITE : PROT_READ;
}

u8 __user *user_area(unsigned long pages, bool write)
{
	unsigned long addr;

	addr = user_mmap(0, pages * PAGE_SIZE, protection(write), MAP_PRIVATE | MAP_ANONYMOUS);
	return IS_ERR_VALUE(addr) ? NULL : (u8 __user *)addr;
}

int user_protect(u8 __user *area, unsigned long pages, bool write)
{
	return user_mprotect((unsigned long)area, pages * PAGE_SIZE, protection(write));
}

int user_release(u8 __user *area, unsigned long pages)
{
	return user_munmap((unsigned long)area, pages * PAGE_SIZE);
}
