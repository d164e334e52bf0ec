/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end's side of vhost-user, for tools and tests: a client with memory of its own
 * and drivers' rings in it, as a machine with a virtio-blk driver would have.
 */
#ifndef TOOLS_VHOST_CLIENT_H
#define TOOLS_VHOST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/vhost_user/proto.h"

#define CLIENT_MAX_QUEUES 16u
#define CLIENT_RING_ROOM  (64u << 10) /* bytes of memory for one ring */
#define CLIENT_GPA_BASE   0x100000000ull

/* A ring as its driver has it. One descriptor a request, that names an indirect table; or
 * (plain) three in a chain, at slot * 3. */
struct client_ring {
	uint16_t size; /* entries */
	uint16_t slots;
	bool packed, indirect, event_idx;
	void *desc, *avail, *used; /* packed: descriptors, driver's events, device's */
	/* Split: free-running. Packed: places, and the wrap counters. */
	uint16_t next_avail, next_used;
	bool avail_wrap, used_wrap;
	uint16_t kicked;         /* next_avail when the device was last rung for */
	uint16_t posted;         /* packed: entries since then */
	uint16_t id_slots[1024]; /* packed: entries that the chain of an id has */
	int kick, call;
};

struct client {
	int fd; /* -1: not connected */
	uint64_t features, protocol;
	bool wants_packed, plain, no_event_idx;
	/* Memory: one file, one region. */
	int mem_fd;
	uint8_t *mem;
	uint64_t mem_size;
	uint64_t gpa; /* where it is for the guest; client_init(): CLIENT_GPA_BASE */
	/* The inflight region, kept over connections; -1: none. */
	int inflight_fd;
	struct vhost_user_inflight_area inflight;
	unsigned int nr_rings;
	struct client_ring ring[CLIENT_MAX_QUEUES];
	uint8_t config[VHOST_USER_CONFIG_MAX];
	unsigned int max_queues;
	int pid;                 /* of the back end, or 0 */
	unsigned int timeout_ms; /* for an answer; 0: none. -EAGAIN when it is over */
};

/* A request: where it lies in the client's memory. */
struct client_request {
	uint32_t type;
	uint64_t sector;
	uint64_t data; /* offset in memory */
	uint32_t len;
	uint64_t header; /* offset of 16 bytes, then a status byte, then room for a table */
};
#define CLIENT_HEADER_ROOM 128u

/* Makes memory of size bytes. All functions here return 0 or a negative errno. */
int client_init(struct client *client, uint64_t size);
void client_fini(struct client *client);

/* Connects, retrying for up to wait_ms while nobody listens, and negotiates. */
int client_connect(struct client *client, const char *path, unsigned int wait_ms);
/* The same on a socket that is connected; it becomes the client's. */
int client_attach(struct client *client, int fd);
void client_disconnect(struct client *client);

/* Sends one message with descriptors; receives one, whose payload is *size bytes at most,
 * and a descriptor if fd is not NULL. */
int client_send(int fd, uint32_t request, uint32_t flags, const void *payload, uint32_t size,
		const int *fds, unsigned int nr_fds);
int client_receive(int fd, struct vhost_user_header *header, void *payload, uint32_t room,
		   int *got_fd);
/* A request that has an answer of exactly size bytes. */
int client_ask(struct client *client, uint32_t request, const void *payload, uint32_t size,
	       void *answer, uint32_t answer_size);
/* One that has none, acknowledged where that was negotiated: -EPROTO if it is refused. */
int client_tell(struct client *client, uint32_t request, const void *payload, uint32_t size,
		const int *fds, unsigned int nr_fds);

/* Shares the memory, and gives or takes the inflight region. queue_size: of its rings. */
int client_share(struct client *client);
int client_share_inflight(struct client *client, uint16_t queues, uint16_t queue_size);

/* Lays ring i of slots requests out at the given offset of memory, unused. */
int client_ring_init(struct client *client, unsigned int i, uint16_t slots, uint64_t offset);
/* Tells the back end of it and enables it: from where it is. */
int client_ring_start(struct client *client, unsigned int i);
/* Stops it; *base is what the back end says. */
int client_ring_stop(struct client *client, unsigned int i, uint32_t *base);

/* Makes a request available in a slot, of which it is the only one. */
void client_post(struct client *client, unsigned int ring, uint16_t slot,
		 const struct client_request *request);
/* Rings if the device wants to hear of what was posted. Returns whether it did. */
bool client_kick(struct client_ring *ring);
/* Takes the next used request: its slot, or -1 if there is none, -2 if it is no slot. */
int client_reap(struct client_ring *ring, uint32_t *len);
/* Asks to be interrupted for the next one. Returns true if it is there already. */
bool client_enable_call(struct client_ring *ring);
void client_disable_call(struct client_ring *ring);

static inline uint64_t client_gpa(uint64_t offset)
{
	return CLIENT_GPA_BASE + offset;
}

#endif
