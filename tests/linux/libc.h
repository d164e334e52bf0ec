/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs of Linux's tools/testing/selftests/vm ask of a C library, for those that talk to a
 * test in the kernel: here both are one program. Files are those of <linux/debugfs.h>, and
 * /dev/zero. Memory of mmap() is user memory, and threads are vCPUs.
 */
#ifndef TESTS_LINUX_LIBC_H
#define TESTS_LINUX_LIBC_H

#include <linux/bug.h>
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <slabvisor/platform.h>

/* The program has its own of these two. */
#undef PAGE_SIZE
#undef PAGE_SHIFT

extern int errno;
extern char *optarg;
extern int optind;

#define O_RDWR     2
#define O_CREAT    0100
#define MAP_FAILED ((void *)-1)
/* What mappings cannot have here: mmap() refuses it. */
#define MAP_HUGETLB   0x40000
#define MAP_NORESERVE 0x4000
/* Advice, which is taken and changes nothing. */
#define MADV_HUGEPAGE   14
#define MADV_NOHUGEPAGE 15
#define _SC_PAGESIZE    30

#define vprintf(fmt, args)   vprintk(fmt, args)
#define exit(status)         platform_exit(status)
#define assert(condition)    BUG_ON(!(condition))
#define malloc(size)         kmalloc(size, GFP_KERNEL)
#define free(p)              kfree(p)
#define getenv(name)         ((void)(name), (char *)NULL)
#define getuid()             0
#define ffsl(n)              __builtin_ffsl(n)
#define strtol(s, end, base) simple_strtol(s, (char **)(end), base)
#define atoi(s)              ((int)simple_strtol(s, NULL, 10))
#define err(status, what)    (perror(what), exit(status))
#define errx(status, what)   err(status, what)

/* As in C and POSIX: -1 and errno. */
int open(const char *path, int flags, ...);
int ioctl(int fd, unsigned long cmd, void *arg);
void *mmap(void *addr, size_t len, int prot, int flags, int fd, long offset);
int madvise(void *addr, size_t len, int advice);
long sysconf(int name);
long pread(int fd, void *buf, size_t len, long offset);
void *opendir(const char *path);
int getopt(int argc, char *const argv[], const char *options);
void perror(const char *what);

typedef struct pthread *pthread_t;
typedef struct mutex pthread_mutex_t;
#define PTHREAD_MUTEX_INITIALIZER \
	{                         \
	}
#define pthread_mutex_lock(m)   mutex_lock(m)
#define pthread_mutex_unlock(m) mutex_unlock(m)

int pthread_create(pthread_t *thread, const void *attr, void *(*fn)(void *), void *data);
int pthread_join(pthread_t thread, void **result);

#endif
