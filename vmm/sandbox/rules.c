/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of threads may ask of the kernel. Not here: to open, to make sockets or
 * connections, threads or processes, and memory that may be executed.
 *
 * tests/sandbox/used.t holds the list against what a service at work calls.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/util.h"
#include "vmm/sandbox/priv.h"

#define IO    (1u << SANDBOX_IO)
#define SERVE (1u << SANDBOX_SERVE)
#define ALL   (IO | SERVE)

#define CALL(name, who) .call = SCMP_SYS(name), .threads = (who)
/* Argument n is value; has none of these bits, or all of them. */
#define IS(n, value)                                              \
	{                                                         \
		.arg = (n), .op = SCMP_CMP_EQ, .datum_a = (value) \
	}
#define HAS_NOT(n, bits)                                                              \
	{                                                                             \
		.arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = 0 \
	}
#define HAS(n, bits)                                                                       \
	{                                                                                  \
		.arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = (bits) \
	}
#define IF(condition)       .nr_args = 1, .arg = {condition}
#define IF_BOTH(first, ...) .nr_args = 2, .arg = {first, __VA_ARGS__}
/* Its first argument is this process. */
#define OWN         .own = true
#define SELDOM(why) .seldom = (why)

/* Reasons. */
#define MALLOC "malloc() and free(), when what is at hand is used up"
#define ABORT  "abort(), and what the C library says before it"
#define REPORT "the end that a call which is not here comes to"
#define CLOCK  "a clock that the vDSO cannot read"
#define SIGNAL "a signal from outside, such as SIGSTOP"

const struct sandbox_rule sandbox_rules[] = {
	/* Locks, time, events, the end. */
	{CALL(futex, ALL)},
	{CALL(poll, SERVE)},
	{CALL(restart_syscall, SERVE), SELDOM(SIGNAL)}, /* of poll() */
	{CALL(clock_gettime, ALL), SELDOM(CLOCK)},
	{CALL(exit, ALL)},
	{CALL(exit_group, SERVE)},
	{CALL(exit_group, IO), SELDOM(REPORT)},

	/* Signals: that of a file that shrank. */
	{CALL(rt_sigprocmask, ALL)},
	{CALL(rt_sigreturn, IO)},
	{CALL(rt_sigreturn, SERVE), SELDOM(SIGNAL)},
	{CALL(getpid, ALL), SELDOM(ABORT)},
	{CALL(gettid, ALL), SELDOM(ABORT)},
	{CALL(tgkill, ALL), OWN, IF(IS(2, SIGABRT)), SELDOM(ABORT)},
	{CALL(writev, ALL), IF(IS(0, STDERR_FILENO)), SELDOM(ABORT)},
	{CALL(rt_sigaction, ALL), IF(IS(0, SIGBUS)),
	 SELDOM("an access that no front end is to blame for")},

	/* Memory, of nobody else's but what a front end shares. */
	{CALL(brk, ALL), SELDOM(MALLOC)},
	{CALL(mmap, IO), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS))},
	{CALL(mmap, SERVE), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)), SELDOM(MALLOC)},
	{CALL(mmap, SERVE), IF_BOTH(HAS_NOT(2, PROT_EXEC), HAS(3, MAP_SHARED))},
	{CALL(munmap, ALL)},
	{CALL(mprotect, ALL), IF(HAS_NOT(2, PROT_EXEC)), SELDOM(MALLOC)},
	{CALL(madvise, ALL), IF(IS(2, MADV_DONTNEED)), SELDOM(MALLOC)},
	{CALL(madvise, SERVE), IF(IS(2, MADV_DONTDUMP))},

	/* What is open. */
	{CALL(read, SERVE)},
	{CALL(read, IO), SELDOM("kicks, on kernels before 5.13")},
	{CALL(write, ALL)},
	{CALL(close, ALL)},
	{CALL(newfstatat, SERVE), IF(IS(3, AT_EMPTY_PATH))}, /* fstat() */
	{CALL(ftruncate, SERVE)},
	{CALL(fdatasync, SERVE)},
	{CALL(fadvise64, SERVE), IF(IS(3, POSIX_FADV_DONTNEED))},
	{CALL(ioctl, SERVE), IF(IS(1, BLKGETSIZE64)), SELDOM("block devices")},

	/* Disks: what goes through the ring is restricted by itself (virtio/io/ring.c). */
	{CALL(io_uring_enter, IO)},
	{CALL(io_uring_register, IO), IF(IS(1, IORING_REGISTER_FILES_UPDATE))},
	{CALL(io_uring_register, IO), IF(IS(1, IORING_REGISTER_BUFFERS_UPDATE))},

	/* Front ends, on sockets that listen already. */
	{CALL(accept4, SERVE)},
	{CALL(sendto, SERVE), IF(IS(4, 0))}, /* to who is connected */
	{CALL(recvmsg, SERVE)},
	{CALL(sendmsg, SERVE)},
	{CALL(getsockopt, SERVE)},
	{CALL(memfd_create, SERVE)},
	{CALL(fcntl, SERVE), IF(IS(1, F_ADD_SEALS))},
	{CALL(fcntl, SERVE), IF(IS(1, F_GETFL))},
	{CALL(fcntl, SERVE), IF(IS(1, F_SETFL))},
	{CALL(readlink, SERVE)}, /* whether a descriptor is an eventfd */
};

const size_t sandbox_nr_rules = ARRAY_SIZE(sandbox_rules);
