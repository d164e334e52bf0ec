/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile front ends: tables of memory that cannot be. Each case ends with the back end whole, as
 * in messages.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/vhost_user/backend.h"

/* A session that has negotiated, with memory shared, and no ring. */
/* A session that has negotiated, with memory shared, and no ring. */
static void join_bare(struct backend *b, struct client *c)
{
	client_join_bare(b, c);
	assert_int_equal(client_share(c), 0);
}

static int tell(struct client *c, uint32_t request, const void *payload, uint32_t size, int fd)
{
	return client_tell(c, request, payload, size, &fd, fd >= 0);
}

/* SET_MEM_TABLE with one region that is refused for this reason. */
static void refused_region(struct backend *b, struct client *c, struct vhost_user_region region,
			   int fd, const char *why)
{
	struct vhost_user_single_region single = {.region = region};
	struct vhost_user_table table = {.nr = 1, .region = {region}};

	assert_int_equal(tell(c, VHOST_USER_SET_MEM_TABLE, &table, 8 + sizeof(region), fd),
			 -EPROTO);
	assert_true(backend_said(b, why));
	assert_int_equal(tell(c, VHOST_USER_ADD_MEM_REG, &single, sizeof(single), fd), -EPROTO);
	assert_true(backend_said(b, why));
}

static void impossible_regions(void **state)
{
	struct backend *b = *state;
	const uint64_t g = 1ull << 40;
	const uint64_t u = 1ull << 44;
	int event;
	int sparse;
	int dir;
	int pair[2];
	struct client c;

	join_bare(b, &c);
	event = eventfd(0, 0);
	sparse = memfd_create("sparse", 0);
	dir = open("/", O_RDONLY | O_DIRECTORY);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(ftruncate(sparse, (off_t)1 << 50), 0);
	refused_region(b, &c, (struct vhost_user_region){g, 0, u, 0}, c.mem_fd, "it is empty");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, u, 0}, event, "regular file");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, u, 0}, pair[0], "regular file");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, u, 0}, dir, "regular file");
	refused_region(b, &c, (struct vhost_user_region){g, MEMORY_SIZE + 1, u, 0}, c.mem_fd,
		       "beyond its file");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, u, MEMORY_SIZE}, c.mem_fd,
		       "beyond its file");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, u, UINT64_MAX - 4095}, c.mem_fd,
		       "wraps");
	refused_region(b, &c, (struct vhost_user_region){UINT64_MAX - 100, 4096, u, 0}, c.mem_fd,
		       "wraps");
	refused_region(b, &c, (struct vhost_user_region){g, 4096, UINT64_MAX - 100, 0}, c.mem_fd,
		       "wraps");
	refused_region(b, &c, (struct vhost_user_region){g, 1ull << 50, u, 0}, sparse,
		       "larger than the 16777216 MiB that are allowed");
	close(event);
	close(sparse);
	close(dir);
	close(pair[0]);
	close(pair[1]);
	client_fini(&c);
}

static void overlapping_regions(void **state)
{
	struct backend *b = *state;
	struct vhost_user_single_region r = {.region = {CLIENT_GPA_BASE + 4096, 4096, 1 << 20, 0}};
	struct vhost_user_table table = {
		.nr = 2, .region = {{4096, 8192, 1 << 20, 0}, {8192, 8192, 1 << 21, 0}}};
	struct client c;
	int fds[2];

	join_bare(b, &c);
	assert_int_equal(tell(&c, VHOST_USER_ADD_MEM_REG, &r, sizeof(r), c.mem_fd), -EPROTO);
	assert_true(backend_said(b, "overlaps"));
	r.region.guest_addr = 1ull << 44;
	r.region.user_addr = (uintptr_t)c.mem + 4096;
	assert_int_equal(tell(&c, VHOST_USER_ADD_MEM_REG, &r, sizeof(r), c.mem_fd), -EPROTO);
	assert_true(backend_said(b, "overlaps"));
	fds[0] = c.mem_fd;
	fds[1] = c.mem_fd;
	assert_int_equal(client_tell(&c, VHOST_USER_SET_MEM_TABLE, &table, 8 + 64, fds, 2),
			 -EPROTO);
	assert_true(backend_said(b, "overlaps"));
	/* More regions than files, and more than the message has. */
	table.nr = 8;
	assert_int_equal(client_tell(&c, VHOST_USER_SET_MEM_TABLE, &table, 8 + 64, fds, 2),
			 -EPROTO);
	table.nr = UINT32_MAX;
	assert_int_equal(client_tell(&c, VHOST_USER_SET_MEM_TABLE, &table, 8 + 64, fds, 2),
			 -EPROTO);
	assert_true(backend_said(b, "regions with 2 files"));
	/* What was refused changed nothing. */
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 512), 0);
	client_fini(&c);
}

static void too_many_regions(void **state)
{
	struct backend *b = *state;
	struct vhost_user_single_region r = {.region = {1ull << 40, 4096, 1 << 20, 0}};
	uint64_t slots = 0;
	struct client c;

	join_bare(b, &c);
	assert_int_equal(client_ask(&c, VHOST_USER_GET_MAX_MEM_SLOTS, NULL, 0, &slots, 8), 0);
	assert_int_equal(slots, VHOST_USER_MAX_REGIONS);
	for (unsigned int i = 1; i <= slots; i++) {
		int ret = tell(&c, VHOST_USER_ADD_MEM_REG, &r, sizeof(r), c.mem_fd);

		assert_int_equal(ret, i < slots ? 0 : -EPROTO);
		r.region.guest_addr += 4096;
		r.region.user_addr += 4096;
	}
	assert_true(backend_said(b, "too many"));
	/* One that is not there. */
	assert_int_equal(tell(&c, VHOST_USER_REM_MEM_REG, &r, sizeof(r), -1), -EPROTO);
	assert_true(backend_said(b, "there is no region"));
	client_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(impossible_regions, backend_setup,
						backend_teardown),
		cmocka_unit_test_setup_teardown(overlapping_regions, backend_setup,
						backend_teardown),
		cmocka_unit_test_setup_teardown(too_many_regions, backend_setup, backend_teardown),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_regions", tests, NULL, NULL);
}
