/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of `slabvisor run`, and the table of its options. */
#ifndef VMM_CONFIG_OPTIONS_H
#define VMM_CONFIG_OPTIONS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/mm.h"
#include "virtio/abi/platform.h"
#include "vmm/base/cli.h"
#include "vmm/option/option.h"

/* A heap that crosses the hole below 4 GiB takes one range more than it has nodes. */
#define RUN_MAX_NODES  (MM_MAX_RANGES - 1)
#define RUN_RING_AUTO  (-1)
#define RUN_MIN_MEMORY (4ull << 20)
#define RUN_MAX_MEMORY (1ull << 40)
#define RUN_LINUX_HEAP (64ull << 20)  /* unless it is named: a Linux guest has RAM of its own */
#define RUN_MAX_HEAP   (400ull << 30) /* of a program as much as has its page array below the hole */

/* ... and one that is for user space in part, as many for that. */
#define RUN_MAX_USER_NODES (RUN_MAX_NODES / 2)

struct run_node {
	uint64_t memory; /* bytes of RAM, a multiple of 2 MiB; 0 in all: in equal parts */
	uint64_t heap;   /* bytes, a multiple of 2 MiB */
	uint64_t user;   /* ... of which so many are for user space, likewise */
	int host_node;   /* host NUMA node that backs it, or -1 */
};

/* An I/O thread's table of files holds two a disk (IO_MAX_FILES). */
#define RUN_MAX_DISKS 15

struct run_disk {
	char *path;
	char *serial; /* NULL: none */
	bool direct, readonly;
	bool raw;            /* its bytes are the disk, whatever they look like */
	uint32_t block_size; /* of sectors, bytes; 0: as the file has it */
	bool packed;         /* rings of that format are offered */
	unsigned int queues; /* 0: one a vCPU */
};

#define RUN_MAX_FILE_ARGS 256

#define RUN_MAX_PORTS 8 /* of virtio-console */

struct run_port {
	char *name, *path;
	bool console;
};

/* What comes of a program in which a debug mode found something. */
enum run_findings {
	RUN_FINDINGS_FAIL, /* STATUS_GUEST_BUG in place of its own status */
	RUN_FINDINGS_COUNT
};

struct run_config {
	uint64_t memory;    /* bytes of RAM asked for */
	uint64_t heap;      /* bytes */
	uint64_t heap_user; /* ... of which so many are for the guest's user space; 0: none */
	bool heap_given;    /* heap was named, not defaulted */
	uint64_t hugepages; /* RAM is of the host's pool of pages of so many bytes; 0: not */
	bool prefault;      /* RAM is there before the guest starts */
	unsigned int cpus;
	cpu_set_t vcpu_cpus, io_cpus; /* of the host; empty: any */
	struct run_node node[RUN_MAX_NODES];
	unsigned int nr_nodes;
	int guest_ring; /* 0, 3 or RUN_RING_AUTO */
	char *module[PLATFORM_MAX_MODULES];
	unsigned int nr_modules;
	char *kernel; /* a Linux guest: its kernel's path, or NULL */
	char *initrd, *append;
	bool memory_given;
	struct run_port port[RUN_MAX_PORTS];
	unsigned int nr_ports;
	struct run_disk disk[RUN_MAX_DISKS];
	unsigned int nr_disks;
	uint64_t pin_budget;    /* bytes of guest memory registered for I/O at most */
	unsigned int poll_us;   /* longest poll of the I/O thread before a sleep */
	unsigned int timeout_s; /* 0: none */
	bool stats;
	char *jail, *jail_cgroup; /* a user and a control group to be held to, or NULL */
	bool sandbox;
	bool dry_run;
	bool help;
	unsigned int slab_debug; /* MM_DEBUG_*, MM_HARDEN_* for every cache */
	struct mm_debug_rule slab_rule[MM_MAX_DEBUG_RULES];
	unsigned int nr_slab_rules;
	enum run_findings slab_findings;
	enum mm_backing backing;
	int reclaim_delay_ms;
	bool pressure; /* the guest is asked for memory when the host is short of it */
	char *kvm_device;
	char *qmp;     /* the control socket's path, or NULL */
	char *name;    /* by which `slabvisor list` knows it, or NULL */
	char *config;  /* the configuration file's path, or NULL */
	char *program; /* the file's, and its arguments */
	char *program_arg[RUN_MAX_FILE_ARGS];
	unsigned int nr_program_args;
	char **arg; /* the program to run and its arguments, NULL-terminated */
	unsigned int nr_args;
};

/* Stored in a struct run_config. */
extern const struct opt run_options[];
/* Options that `doctor` has too. */
#define RUN_TAG_DOCTOR 1u

/* The defaults. Returns 0 or -ENOMEM. */
int run_config_init(struct run_config *config);
void run_config_free(struct run_config *config);

/*
 * Reads the command line of `run` (argv[0] is "run"), the configuration file it
 * names included: the command line's word counts. Checks what options say together.
 * Returns 0 or the exit status, the error having been reported.
 */
enum exit_status run_config_parse(struct run_config *config, int argc, char **argv);

/* Reads the command line of `doctor`, whose options are some of run's. As run_config_parse(). */
enum exit_status run_config_parse_doctor(struct run_config *config, int argc, char **argv);

/* Prints the configuration in the form of a configuration file. Returns 0 or -ENOMEM. */
int run_config_print(const struct run_config *config);

#endif
