/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of threads may ask of the kernel. Not here: to open, to make sockets or
 * connections, processes, and memory that may be executed. A main thread that makes another machine
 * when its guest reboots (SANDBOX_REBUILD) may make threads, and ask KVM for what a machine is made
 * of. A thread is held to the filter of the one that made it as well as to its own, so what those
 * of such a guest call is allowed there, too.
 *
 * A filter asks in this order: what is called most comes first.
 *
 * tests/sandbox/used.t holds the list against what services and monitors at work call.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mm/util.h"
#include "vmm/sandbox/priv.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define IO       (1u << SANDBOX_IO)
#define SERVE    (1u << SANDBOX_SERVE)
#define DISKS    (1u << SANDBOX_DISKS)
#define VCPU     (1u << SANDBOX_VCPU)
#define QMP      (1u << SANDBOX_QMP)
#define CONSOLE  (1u << SANDBOX_CONSOLE)
#define TERMINAL (1u << SANDBOX_TERMINAL)
#define MAIN     (1u << SANDBOX_MAIN)
#define REBUILD  (1u << SANDBOX_REBUILD)
#define KMEM     (1u << SANDBOX_KMEM)
#define MAINS    (MAIN | REBUILD)
/* Threads that each machine has anew, and who makes them. */
#define VCPUS     (VCPU | REBUILD)
#define CONSOLES  (CONSOLE | REBUILD)
#define TERMINALS (TERMINAL | REBUILD)
#define RUN       (DISKS | VCPU | QMP | CONSOLE | TERMINAL | MAINS)
#define IOS       (IO | DISKS)
#define ALL       (RUN | IO | SERVE | KMEM)

#define CALL(what, who) .call = SYS_##what, .name = #what, .threads = (who)
/* Argument n is value; has none of these bits, or all of them. */
#define IS(n, what)                      \
	{                                \
		(n), UINT64_MAX, (what), \
	}
#define HAS_NOT(n, bits)        \
	{                       \
		(n), (bits), 0, \
	}
#define HAS(n, bits)                 \
	{                            \
		(n), (bits), (bits), \
	}
#define IF(...)      .nr_args = 1, .arg = {__VA_ARGS__}
#define IF_BOTH(...) .nr_args = 2, .arg = {__VA_ARGS__}
/* Its first argument is this process. */
#define OWN         .own = true
#define FAILS(with) .error = (with)
#define SELDOM(why) .seldom = (why)

/* Reasons. */
#define MALLOC "malloc(), realloc() and free(), when what is at hand is used up"
#define ABORT  "abort(), and what the C library says before it"
#define REPORT "the end that a call which is not here comes to"
#define CLOCK  "a clock that the vDSO cannot read, as where the TSC is not trusted"
#define SIGNAL "a signal from outside, such as SIGSTOP"
#define LOCK   "a lock that another thread has just then, or waits for"
#define OPTION "a guest of other options"
#define LINUX  "the drivers of a Linux guest"

/* What pthread_create() asks for: a thread, and nothing that is not of one. */
#define THREAD_FLAGS                                                                        \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

const struct sandbox_rule sandbox_rules[] = {
	/* A vCPU, and interrupts that are not an irqfd's. */
	{CALL(ioctl, VCPUS), IF(IS(1, KVM_RUN))},
	{CALL(ioctl, VCPUS), IF(IS(1, KVM_GET_REGS))},
	{CALL(ioctl, VCPUS), IF(IS(1, KVM_GET_SREGS))},
	{CALL(ioctl, VCPUS), IF(IS(1, KVM_SET_SREGS))},
	{CALL(ioctl, VCPUS), IF(IS(1, KVM_TRANSLATE))},
	{CALL(ioctl, VCPUS | QMP | TERMINAL), IF(IS(1, KVM_IRQ_LINE)), SELDOM(LINUX)},

	/* Disks: what goes through the ring is restricted by itself (virtio/io/ring.c). */
	{CALL(io_uring_enter, IOS)},
	{CALL(io_uring_register, IOS), IF(IS(1, IORING_REGISTER_FILES_UPDATE))},
	{CALL(io_uring_register, IOS), IF(IS(1, IORING_REGISTER_BUFFERS_UPDATE))},

	/* Locks, time, events, the end. */
	{CALL(futex, ALL & ~(CONSOLE | TERMINAL | KMEM))},
	{CALL(futex, CONSOLE | TERMINAL | KMEM), SELDOM(LOCK)},
	{CALL(poll, SERVE | QMP | CONSOLES | TERMINAL | MAIN)},
	{CALL(poll, VCPU)},
	{CALL(poll, KMEM)},
	{CALL(sched_yield, ALL & ~(SERVE | CONSOLE | TERMINAL)), SELDOM(LOCK)},
	{CALL(restart_syscall, ALL & ~IO), SELDOM(SIGNAL)},            /* of poll() and futex() */
	{CALL(clock_gettime, QMP)},                                    /* its budget of CPU time */
	{CALL(clock_gettime, IO), IF(IS(0, CLOCK_THREAD_CPUTIME_ID))}, /* what polls cost it */
	{CALL(clock_gettime, ALL & ~QMP), SELDOM(CLOCK)},
	{CALL(exit, ALL & ~MAIN)},
	{CALL(exit_group, SERVE | MAINS)},
	{CALL(exit_group, KMEM | IOS | VCPU | QMP | CONSOLE | TERMINAL), SELDOM(REPORT)},

	/* Signals: that of a file that shrank, the kick of a vCPU, those of a job. */
	{CALL(rt_sigprocmask, ALL)},
	{CALL(rt_sigreturn, IO | VCPUS)},
	{CALL(rt_sigreturn, KMEM | SERVE | DISKS | QMP | CONSOLE | TERMINAL | MAIN),
	 SELDOM(SIGNAL)},
	{CALL(getpid, ALL), SELDOM(ABORT)},
	{CALL(gettid, ALL), SELDOM(ABORT)},
	{CALL(tgkill, ALL), OWN, IF(IS(2, SIGABRT)), SELDOM(ABORT)},
	{CALL(tgkill, VCPU | QMP | MAINS), OWN, IF(IS(2, SANDBOX_KICK))},
	{CALL(tgkill, TERMINAL), OWN, IF(IS(2, SANDBOX_KICK)),
	 SELDOM("the end of a guest by Ctrl-A x")},
	{CALL(tgkill, MAINS), OWN, IF(IS(2, SIGTSTP)), SELDOM("Ctrl-Z")},
	{CALL(writev, ALL), IF(IS(0, STDERR_FILENO)), SELDOM(ABORT)},
	{CALL(rt_sigaction, IO | SERVE), IF(IS(0, SIGBUS)),
	 SELDOM("an access that no front end is to blame for")},

	/* Memory, of nobody else's but what a front end shares. */
	{CALL(brk, ALL), SELDOM(MALLOC)},
	{CALL(mmap, IOS | REBUILD), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS))},
	{CALL(mmap, ALL & ~(IOS | REBUILD)), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)),
	 SELDOM(MALLOC)},
	{CALL(mmap, SERVE | REBUILD), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_SHARED))},
	{CALL(munmap, IOS | SERVE | MAINS)},
	{CALL(munmap, VCPU | QMP | CONSOLE | TERMINAL | KMEM), SELDOM(MALLOC)},
	{CALL(mremap, RUN | KMEM), IF(IS(3, MREMAP_MAYMOVE)), SELDOM(MALLOC)},
	{CALL(mprotect, VCPU), IF(HAS_NOT(2, PROT_EXEC))},
	{CALL(mprotect, ALL & ~(VCPU | KMEM)), IF(HAS_NOT(2, PROT_EXEC)), SELDOM(MALLOC)},
	{CALL(madvise, ALL), IF(IS(2, MADV_DONTNEED)), SELDOM(MALLOC)},
	{CALL(madvise, DISKS | VCPU | QMP | MAINS), IF(IS(2, MADV_DONTNEED_LOCKED)),
	 SELDOM("a process under mlockall()")},
	{CALL(madvise, VCPU | REBUILD), IF(IS(2, MADV_POPULATE_WRITE))},
	{CALL(madvise, SERVE | REBUILD), IF(IS(2, MADV_DONTDUMP))},
	{CALL(madvise, REBUILD), IF(IS(2, MADV_HUGEPAGE))},
	{CALL(mprotect, KMEM), IF(HAS_NOT(2, PROT_EXEC))},
	{CALL(madvise, KMEM), IF(IS(2, MADV_POPULATE_WRITE))},
	{CALL(fallocate, KMEM), IF(IS(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))},
	{CALL(lseek, KMEM)},                                /* where the window has memory */
	{CALL(newfstatat, KMEM), IF(IS(3, AT_EMPTY_PATH))}, /* and how much */
	{CALL(fallocate, VCPU), IF(IS(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))},
	{CALL(fallocate, DISKS | QMP | MAINS),
	 IF(IS(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)), SELDOM(OPTION)},

	/* ... copied where a page of the heap may have gone, which is an error and no SIGBUS. */
	{CALL(process_vm_readv, DISKS), OWN, SELDOM("a write from the heap that is bounced")},
	{CALL(process_vm_writev, DISKS), OWN, SELDOM("a read to it that is")},

	/* What is open. */
	{CALL(read, SERVE | VCPU | QMP | CONSOLES | TERMINAL | MAIN)},
	{CALL(read, IOS), SELDOM("kicks, on kernels before 5.13")},
	{CALL(write, ALL & ~(DISKS | CONSOLE | TERMINAL | KMEM))},
	{CALL(write, KMEM)},                           /* interrupts, and what it says */
	{CALL(write, DISKS | CONSOLE), SELDOM(LINUX)}, /* interrupts */
	{CALL(write, TERMINAL), SELDOM("the end of a guest by Ctrl-A x")},
	{CALL(pread64, VCPUS)}, /* names of the program's functions; a kernel */
	{CALL(lseek, MAINS)},   /* our account, from its start */
	{CALL(close, ALL & ~(VCPU | TERMINAL | KMEM))},
	{CALL(close, KMEM)},
	{CALL(newfstatat, SERVE | MAINS), IF(IS(3, AT_EMPTY_PATH))}, /* fstat() */
	{CALL(ftruncate, SERVE | QMP)},
	{CALL(fdatasync, SERVE)},
	{CALL(fadvise64, SERVE), IF(IS(3, POSIX_FADV_DONTNEED))},
	{CALL(ioctl, SERVE | QMP | REBUILD), IF(IS(1, BLKGETSIZE64)), SELDOM("block devices")},
	{CALL(getrandom, VCPUS), SELDOM(LINUX)}, /* virtio-rng */

	/* A terminal that is a guest's console. */
	{CALL(ioctl, MAINS), IF(IS(1, TCGETS)), SELDOM("a terminal")},
	{CALL(ioctl, REBUILD), IF_BOTH(IS(0, STDIN_FILENO), IS(1, TCSETS)), SELDOM("a terminal")},
	{CALL(ioctl, RUN & ~MAIN), .console = true, SELDOM(REPORT)},
	{CALL(ioctl, TERMINALS), IF(IS(1, TIOCGPGRP)), SELDOM("a terminal")},
	{CALL(getpgrp, TERMINALS), SELDOM("a terminal")},

	/* Clients and front ends, on sockets that listen already. */
	{CALL(accept4, SERVE | QMP | CONSOLES)},
	{CALL(accept4, KMEM)},
	{CALL(sendmsg, KMEM)},
	{CALL(read, KMEM)},
	{CALL(recvfrom, QMP)},
	{CALL(recvfrom, CONSOLES), SELDOM(LINUX)},
	{CALL(sendto, SERVE | QMP), IF(IS(4, 0))}, /* to who is connected */
	{CALL(sendmsg, SERVE)},
	{CALL(sendmsg, CONSOLES), SELDOM(LINUX)},
	{CALL(recvmsg, SERVE)},
	{CALL(getsockopt, SERVE)},
	{CALL(memfd_create, SERVE)},
	{CALL(fcntl, SERVE), IF(IS(1, F_ADD_SEALS))},
	{CALL(fcntl, SERVE), IF(IS(1, F_GETFL))},
	{CALL(fcntl, SERVE), IF(IS(1, F_SETFL))},
	{CALL(readlink, SERVE)}, /* whether a descriptor is an eventfd */

	/* Another machine. */
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_CREATE_VM))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_CHECK_EXTENSION))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_GET_VCPU_MMAP_SIZE))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_GET_SUPPORTED_CPUID))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_TSS_ADDR))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_NR_MMU_PAGES))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_USER_MEMORY_REGION))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_CREATE_IRQCHIP))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_CREATE_PIT2))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_X86_SET_MSR_FILTER)),
	 SELDOM("a KVM without performance counters")},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_IRQFD))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_CREATE_VCPU))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_CPUID2))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_MSRS))},
	{CALL(ioctl, REBUILD), IF(IS(1, KVM_SET_REGS))},
	{CALL(eventfd2, REBUILD)},
	{CALL(signalfd4, REBUILD)},
	{CALL(rt_sigaction, REBUILD), IF(IS(0, SANDBOX_KICK))},
	{CALL(rt_sigaction, REBUILD), IF(IS(0, SIGPIPE))},
	{CALL(memfd_create, REBUILD), SELDOM(OPTION)},
	{CALL(ftruncate, REBUILD), SELDOM(OPTION)},
	{CALL(fcntl, REBUILD), IF(IS(1, F_ADD_SEALS)), SELDOM(OPTION)},
	{CALL(mbind, REBUILD), SELDOM(OPTION)},
	{CALL(sched_getaffinity, REBUILD), SELDOM(OPTION)},

	/* ... and its threads. What can be seen into is asked for: clone3() has its flags in
	 * memory, and who is told that there is none takes clone(). */
	{CALL(clone3, REBUILD), FAILS(ENOSYS)},
	{CALL(clone, REBUILD), IF(IS(0, THREAD_FLAGS))},
	{CALL(set_robust_list, REBUILD)},
	{CALL(rseq, REBUILD)},
	{CALL(sched_setaffinity, REBUILD), SELDOM(OPTION)},
	{CALL(prctl, REBUILD), IF(IS(0, PR_SET_NAME))},
	{CALL(prctl, REBUILD), IF(IS(0, PR_GET_NAME))},
	{CALL(seccomp, REBUILD), IF(IS(0, SECCOMP_SET_MODE_FILTER))},

	/* What was read of the host for the first machine is done without. */
	{CALL(openat, REBUILD), FAILS(EACCES)},
};

const size_t sandbox_nr_rules = ARRAY_SIZE(sandbox_rules);
