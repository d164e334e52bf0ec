/* SPDX-License-Identifier: BSD-2-Clause */
/* Front ends that mean harm. */
#ifndef TESTS_ATTACK_MESSAGES_H
#define TESTS_ATTACK_MESSAGES_H

#include "tests/attack/attack.h"
#include "virtio/vhost_user/proto.h"

#define FRONT_MOST_FDS 40u

/* Kinds of files that a front end may send. */
enum front_file {
	FILE_MEMORY, /* that it shares */
	FILE_EVENT,
	FILE_EMPTY,    /* a memory file of no bytes */
	FILE_SHRINKS,  /* one that is cut while it is shared */
	FILE_SPARSE,   /* of 8 TiB */
	FILE_SEALED,   /* against writing */
	FILE_READONLY, /* a memory file, opened so */
	FILE_PIPE,
	FILE_SOCKET,
	FILE_NULL,
	FILE_FOLDER,
	FILE_EPOLL,
	FILE_OF_PROC,
	FILE_OTHER_END, /* of the socket */
	FILE_ACCOUNT,   /* the inflight region, or what is to be one */
	FRONT_FILES
};

#define FRONT_COUNTS 12u
extern const char *const front_count_names[FRONT_COUNTS];
enum front_count {
	WHOLE, /* valid from the first message to the last */
	LEFT_OUT,
	TWICE,
	SWAPPED,
	WRONG_SIZE,
	WRONG_FILES,
	WRONG_BYTES,
	IN_PARTS,
	FLOODS,
	RANDOM,
	SHRUNK,
	PARTIAL /* hung up in the middle of a message */
};

struct front_message {
	struct vhost_user_header header;
	union vhost_user_payload payload;
	uint32_t size; /* of what is sent */
	int fds[FRONT_MOST_FDS];
	unsigned int nr_fds;
};

struct front {
	const char *socket;
	struct rng rng;
	int fd; /* of the connection */
	int file[FRONT_FILES];
	uint8_t *mem;
	bool packed, partial;
	uint64_t count[FRONT_COUNTS];
};

void front_init(struct front *f);
void front_fini(struct front *f);

/* One session, from connecting to hanging up. */
void front_session(struct front *f);

/* front_steps.c: step i of a valid session; false beyond the last. */
bool front_step(struct front *f, unsigned int i, struct front_message *m);
/* A message of any kind, of which little need be right. */
void front_random(struct front *f, struct front_message *m);
/* Lays requests, or nonsense, out where the rings are. */
void front_fill_rings(struct front *f);

#define FRONT_MEMORY (1 * MIB)
#define FRONT_GPA    0x100000000ull
#define FRONT_USER   0x7f0000000000ull
#define FRONT_RING   (64 * KIB) /* bytes of memory of each ring */
#define FRONT_RINGS  2u
#define FRONT_SIZE   64u

#endif
