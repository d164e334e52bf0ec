/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of `slabvisor serve` share. */
#ifndef VMM_SERVE_SERVE_H
#define VMM_SERVE_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/cli.h"
#include "vmm/option/option.h"

#define SERVE_MAX_DISKS 16

/* One disk, as it is to be served. Strings are its own. */
struct serve_disk {
	char *blk_file;
	char *socket_path;  /* NULL: fd, or a socket handed over by systemd */
	char *socket_group; /* of a socket that is made; NULL: the process's */
	char *socket_mode;  /* octal digits; NULL: as the umask has it */
	int fd;             /* -1: none */
	char *serial;       /* NULL: none */
	bool read_only;
	bool direct;
	uint32_t block_size; /* of sectors, bytes; 0: as the file has it */
	bool raw;            /* its bytes are the disk, whatever they look like */
	unsigned int queues;
	int poll_us;         /* -1: whether to poll is learnt */
	bool keep_awake;     /* CPUs, where that is found to pay */
	uint64_t max_memory; /* bytes that a front end may share; 0: VHOST_USER_MAX_MEMORY */
	uint64_t pin_budget; /* bytes; more than 0 only where the front end's memory stays */
};

/* A memory service, as it is to be served. Strings are its own. */
struct serve_memory {
	uint64_t size;       /* of the window, bytes, a power of two; 0: there is none */
	uint64_t user;       /* of it, for the pages of programs in the machine */
	bool user_given;     /* else a quarter */
	uint64_t max;        /* bytes that it has memory behind at most */
	unsigned int queues; /* one a vCPU */
	unsigned int poll_us;
	struct serve_disk place; /* of which its socket alone is said */
};

struct serve_config {
	struct serve_disk disk[SERVE_MAX_DISKS];
	unsigned int nr_disks;
	struct serve_memory memory;
	char *config; /* the configuration file's path, or NULL */
	bool sandbox;
	char *qmp, *name; /* a control socket's path, a name for `slabvisor list`, or NULL */
	char *jail, *jail_cgroup; /* a user and a control group to be held to, or NULL */
	bool print_capabilities;
	bool help;
};

/* Of a disk, stored in a struct serve_disk; the rest, stored in a struct serve_config. */
extern const struct opt serve_disk_options[], serve_options[];

void serve_config_free(struct serve_config *config);

/* Reads the command line of `serve` (argv[0] is "serve") and the file it names. Returns 0
 * or the exit status, the error having been reported. */
enum exit_status serve_config_parse(struct serve_config *config, int argc, char **argv);

/*
 * The socket of a disk: bound to its path, or handed over. *listening: whether it accepts
 * connections, or is one. next counts the sockets that systemd handed over and were given
 * out. Returns 0 or the exit status, the error having been reported.
 */
enum exit_status serve_socket(const struct serve_disk *disk, unsigned int *next, int *fd,
			      bool *listening);

/* Connects to systemd, where it started us, to be told how we are. Returns a socket, or -1: there
 * is nobody to tell. */
int serve_notify_open(void);

/* Tells it how we are: "READY=1" and the like. fd is serve_notify_open()'s. */
void serve_notify(int fd, const char *state);

#endif
