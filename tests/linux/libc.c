/* SPDX-License-Identifier: BSD-2-Clause */
/* See libc.h. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/uaccess.h>
#include <slabvisor/user.h>
/* Last, since PAGE_SIZE is the program's after it. */
#include "tests/linux/libc.h"

#define MAX_FILES 4
#define FIRST_FD  3
#define ZERO_FD   (FIRST_FD + MAX_FILES) /* of /dev/zero */

int errno;
char *optarg;
int optind = 1;

static struct {
	const char *name;
	struct file file;
} files[MAX_FILES];

int nonseekable_open(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	return 0;
}

struct dentry *debugfs_create_file_unsafe(const char *name, umode_t mode, struct dentry *parent,
					  void *data, const struct file_operations *ops)
{
	(void)mode;
	(void)parent;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i].name)
			continue;
		files[i].name = name;
		files[i].file.f_op = ops;
		files[i].file.private_data = data;
		return (struct dentry *)&files[i];
	}
	return ERR_PTR(-ENOSPC);
}

static int refuse(int err)
{
	errno = err;
	return -1;
}

int open(const char *path, int flags, ...)
{
	static const char debugfs[] = "/sys/kernel/debug/";

	(void)flags;
	if (!strcmp(path, "/dev/zero"))
		return ZERO_FD;
	if (strncmp(path, debugfs, sizeof(debugfs) - 1))
		return refuse(ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int err;

		if (!files[i].name || strcmp(files[i].name, path + sizeof(debugfs) - 1))
			continue;
		err = files[i].file.f_op->open(NULL, &files[i].file);
		return err ? refuse(-err) : FIRST_FD + (int)i;
	}
	return refuse(ENOENT);
}

/* The argument goes by way of user memory, where that of a process would lie. */
int ioctl(int fd, unsigned long cmd, void *arg)
{
	const size_t size = _IOC_SIZE(cmd);
	struct file *file;
	unsigned long there;
	long err = -EFAULT;

	if (fd < FIRST_FD || fd >= ZERO_FD || !files[fd - FIRST_FD].name)
		return refuse(EBADF);
	file = &files[fd - FIRST_FD].file;
	there = user_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	if (IS_ERR_VALUE(there))
		return refuse((int)-(long)there);
	if (!copy_to_user((void __user *)there, arg, size))
		err = file->f_op->unlocked_ioctl(file, (unsigned int)cmd, there);
	if (err >= 0 && copy_from_user(arg, (void __user *)there, size))
		err = -EFAULT;
	user_munmap(there, size);
	return err < 0 ? refuse((int)-err) : (int)err;
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, long offset)
{
	unsigned long there;

	if (flags & MAP_HUGETLB || offset || (fd != ZERO_FD && !(flags & MAP_ANONYMOUS))) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	there = user_mmap((unsigned long)addr, len, prot, (flags & ~MAP_NORESERVE) | MAP_ANONYMOUS);
	if (!IS_ERR_VALUE(there))
		return (void *)there;
	errno = (int)-(long)there;
	return MAP_FAILED;
}

int madvise(void *addr, size_t len, int advice)
{
	(void)addr;
	(void)len;
	return advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE ? 0 : refuse(EINVAL);
}

long sysconf(int name)
{
	return name == _SC_PAGESIZE ? 4096 : refuse(EINVAL);
}

long pread(int fd, void *buf, size_t len, long offset)
{
	(void)fd;
	(void)buf;
	(void)len;
	(void)offset;
	return refuse(EBADF);
}

void *opendir(const char *path)
{
	(void)path;
	errno = ENOENT;
	return NULL;
}

/* Options of one letter; words that are none come last. */
int getopt(int argc, char *const argv[], const char *options)
{
	static int at = 1;
	const char *known;
	char letter;

	optarg = NULL;
	if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
		return -1;
	letter = argv[optind][at++];
	known = strchr(options, letter);
	if (!known || letter == ':')
		return '?';
	if (known[1] == ':') {
		optarg = argv[optind][at] ? &argv[optind][at] : argv[++optind];
		at = 1;
		optind++;
		return optind > argc ? '?' : letter;
	}
	if (!argv[optind][at]) {
		at = 1;
		optind++;
	}
	return letter;
}

void perror(const char *what)
{
	printf("%s: error %d\n", what, errno);
}

struct pthread {
	struct task_struct *task;
	void *(*fn)(void *data);
	void *data;
	struct completion ended;
};

static int body(void *data)
{
	struct pthread *thread = data;

	thread->fn(thread->data);
	complete(&thread->ended);
	return 0;
}

int pthread_create(pthread_t *thread, const void *attr, void *(*fn)(void *), void *data)
{
	struct pthread *new = kzalloc(sizeof(*new), GFP_KERNEL);

	(void)attr;
	if (!new)
		return EAGAIN;
	new->fn = fn;
	new->data = data;
	init_completion(&new->ended);
	new->task = kthread_run(body, new, "pthread");
	if (IS_ERR(new->task)) {
		kfree(new);
		return EAGAIN;
	}
	*thread = new;
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	(void)result;
	wait_for_completion(&thread->ended);
	kthread_stop(thread->task);
	kfree(thread);
	return 0;
}
