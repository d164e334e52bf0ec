/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox: what the threads of a service or a monitor may ask of the kernel once everything is
 * open. A front end or a guest that has taken a thread over is held to the same.
 *
 * Each thread enters by itself, when it has what it needs and before it looks at anything of a
 * front end's or a guest's; the main thread comes last and waits for the others. From then on a
 * thread has no capabilities, no rights to the file system, and no system calls but those of its
 * kind (rules.c). One that makes another ends the process with status 159 (128 + SIGSYS), having
 * said which, and restored the terminal if that is a guest's console.
 *
 * A thread that is made later begins with what its maker is held to, and enters as well: it is
 * then held to both.
 *
 * Every function takes NULL for a sandbox that is off, and does nothing then. Sanitizers make calls
 * of their own: in a build with one it is always off.
 */
#ifndef VMM_SANDBOX_SANDBOX_H
#define VMM_SANDBOX_SANDBOX_H

#include <signal.h>
#include <stdbool.h>

#include "vmm/base/cli.h"

/* Kinds of threads. */
enum sandbox_thread {
	SANDBOX_IO,    /* `serve`: of disks */
	SANDBOX_SERVE, /* `serve`: those that answer front ends, and the main thread */
	SANDBOX_DISKS, /* `run`: the I/O thread */
	SANDBOX_VCPU,
	SANDBOX_QMP,      /* the control socket's */
	SANDBOX_CONSOLE,  /* virtio-console's */
	SANDBOX_TERMINAL, /* of input to a Linux guest */
	SANDBOX_MAIN,     /* the main thread, of a guest that has one life */
	SANDBOX_REBUILD,  /* ... of one that may reboot, which is given another machine */
	SANDBOX_KMEM,     /* `serve`: of memory */
	SANDBOX_KINDS
};

/* The one signal that threads may send to each other, but for those of a process that ends or
 * stops itself. */
#define SANDBOX_KICK SIGUSR1

struct sandbox;
struct termios;

/* Tells whether the kernel has seccomp filters as they are needed. */
bool sandbox_has_seccomp(void);

/*
 * Prepares a sandbox, in the main thread before others are made; nothing is closed yet, but
 * that the process gains no privileges any more. Returns 0 or the exit status, the error having
 * been reported.
 */
enum exit_status sandbox_create(struct sandbox **sandbox);

/* Standard input, if it is a terminal, will be a guest's console: the threads that enter later may
 * restore it. To be called by the main thread before others are made. */
void sandbox_guard_console(void);

/* The terminal is about to become raw, and saved is its mode until then, which is copied; NULL: it
 * has been restored, or is not ours to restore. Called by one thread at a time. */
void sandbox_console_raw(const struct termios *saved);

/* No thread is within any more, but for this one. */
void sandbox_destroy(struct sandbox *sandbox);

/* Another thread is about to be made, and will enter. */
void sandbox_expect(struct sandbox *sandbox);

/* The calling thread, which is not the main one, enters. */
void sandbox_enter(struct sandbox *sandbox, enum sandbox_thread kind);

/* The main thread enters, when all those expected have; descriptors that nobody here opened are
 * closed before. Of one that is within already it only waits for those that it has made since.
 * Returns as sandbox_create(): if one of them could not, nothing of a front end's or a guest's may
 * be looked at. */
enum exit_status sandbox_close(struct sandbox *sandbox, enum sandbox_thread kind);

#endif
