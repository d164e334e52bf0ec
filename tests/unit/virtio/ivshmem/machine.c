/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/ivshmem/machine.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/ring/barrier.h"

static void quiesce(void *opaque, bool begin)
{
	struct machine *m = opaque;

	m->quiesced += begin;
}

static void make_service(struct machine *m, uint32_t poll_us)
{
	const uint64_t reserve = ivshmem_reserve(MACHINE_QUEUES, MACHINE_WINDOW);
	struct mm_config heap = {
		.range = {{.base = 0, .size = MACHINE_WINDOW, .host_node = -1}},
		.nr_ranges = 1,
		.reserve = reserve,
		.backing = MM_BACKING_MEMFD,
		.cpus = MACHINE_QUEUES,
		.reclaim_delay_ms = 0,
		.pin_quota = 64,
	};
	const struct mm_range range = {
		.base = reserve, .size = MACHINE_WINDOW - reserve, .host_node = -1};
	struct kmem_dev_config kmem = {
		.cpus = MACHINE_QUEUES,
		.pin_quota = 64,
		.range = &range,
		.nr_ranges = 1,
		.quiesce = quiesce,
		.quiesce_opaque = m,
		.tell = ivshmem_tell,
		.tell_opaque = &m->ivs,
		.high = true,
		.backed_max = MACHINE_WINDOW,
	};
	struct ivshmem_config config = {.queues = MACHINE_QUEUES, .poll_us = poll_us};

	assert_int_equal(mm_heap_create(&heap, &m->heap, NULL), 0);
	kmem.heap = m->heap;
	kmem.page_map_gpa = mm_heap_shown_map(m->heap);
	assert_int_equal(kmem_dev_create(&kmem, &m->dev), 0);
	config.heap = m->heap;
	config.dev = m->dev;
	assert_int_equal(ivshmem_create(&config, &m->ivs), 0);
}

/* As QEMU reads it: 8 bytes, and the descriptor that came with them. */
static bool hear(struct machine *m, int64_t *value, int *fd)
{
	char room[CMSG_SPACE(sizeof(*fd))];
	struct iovec iov = {value, sizeof(*value)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = room,
			     .msg_controllen = sizeof(room)};
	struct cmsghdr *header;

	*fd = -1;
	if (recvmsg(m->socket[1], &msg, MSG_DONTWAIT) != (ssize_t)sizeof(*value))
		return false;
	header = CMSG_FIRSTHDR(&msg);
	if (header)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return true;
}

static void take_handshake(struct machine *m)
{
	int64_t value;
	int fd;

	assert_true(hear(m, &m->version, &fd) && fd < 0);
	assert_true(hear(m, &m->position, &fd) && fd < 0);
	assert_true(hear(m, &value, &m->memfd));
	assert_int_equal(value, -1);
	assert_true(m->memfd >= 0);
	while (hear(m, &value, &fd)) {
		assert_true(fd >= 0);
		if (value == m->position)
			m->irq[m->own_vectors++] = fd;
		else
			m->bell[m->server_vectors++] = fd;
	}
}

void machine_init(struct machine *m, uint32_t poll_us)
{
	struct stat st;

	memset(m, 0, sizeof(*m));
	make_service(m, poll_us);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, m->socket), 0);
	assert_int_equal(ivshmem_welcome(m->ivs, m->socket[0]), 0);
	take_handshake(m);
	assert_int_equal(fstat(m->memfd, &st), 0);
	m->window = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->memfd, 0);
	assert_ptr_not_equal(m->window, MAP_FAILED);
	m->control = (struct ivshmem_kmem_control *)(void *)m->window;
	for (unsigned int i = 0; i < m->own_vectors; i++)
		(void)machine_take(m->irq[i]);
}

void machine_fini(struct machine *m)
{
	ivshmem_destroy(m->ivs);
	virtio_device_destroy(m->dev);
	mm_heap_destroy(m->heap);
	munmap(m->window, MACHINE_WINDOW);
	close(m->memfd);
	for (unsigned int i = 0; i < m->own_vectors; i++)
		close(m->irq[i]);
	for (unsigned int i = 0; i < m->server_vectors; i++)
		close(m->bell[i]);
	close(m->socket[0]);
	close(m->socket[1]);
}

uint64_t machine_take(int fd)
{
	eventfd_t value = 0;

	(void)eventfd_read(fd, &value);
	return value;
}

void machine_reset(struct machine *m, uint64_t features)
{
	uint32_t number = m->control->reset_done + 1;

	m->control->driver.accepted = features;
	__atomic_store_n(&m->control->driver.reset, number, __ATOMIC_RELEASE);
	assert_int_equal(eventfd_write(m->bell[MACHINE_QUEUES], 1), 0);
	assert_true(ivshmem_work(m->ivs));
	assert_int_equal(m->control->reset_done, number);
	assert_true(machine_take(m->irq[MACHINE_QUEUES]) > 0);
}

struct ivshmem_kmem_mailbox *machine_box(struct machine *m, unsigned int queue)
{
	return (struct ivshmem_kmem_mailbox *)(void *)(m->window + m->control->mailbox_offset +
						       queue * m->control->mailbox_stride);
}

struct virtio_kmem_resp machine_resp(struct machine *m, unsigned int queue)
{
	struct virtio_kmem_resp resp;

	memcpy(&resp, machine_box(m, queue)->reply, sizeof(resp));
	return resp;
}

void machine_prepare(struct machine *m, unsigned int queue, const struct virtio_kmem_req *req,
		     const void *payload, uint32_t payload_size, uint32_t in)
{
	struct ivshmem_kmem_mailbox *box = machine_box(m, queue);

	memcpy(box->data, req, sizeof(*req));
	if (payload_size)
		memcpy(box->data + sizeof(*req), payload, payload_size);
	box->out = (uint32_t)sizeof(*req) + payload_size;
	box->in = in;
}

void machine_send(struct machine *m, unsigned int queue)
{
	struct ivshmem_kmem_mailbox *box = machine_box(m, queue);

	__atomic_store_n(&box->request, box->request + 1, __ATOMIC_RELEASE);
	vring_full_barrier();
	if (!__atomic_load_n(&box->awake, __ATOMIC_RELAXED))
		assert_int_equal(eventfd_write(m->bell[queue], 1), 0);
}

bool machine_answered(struct machine *m, unsigned int queue)
{
	struct ivshmem_kmem_mailbox *box = machine_box(m, queue);

	return __atomic_load_n(&box->answer, __ATOMIC_ACQUIRE) == box->request;
}

int32_t machine_ask(struct machine *m, unsigned int queue, const struct virtio_kmem_req *req,
		    const void *payload, uint32_t payload_size)
{
	machine_prepare(m, queue, req, payload, payload_size, IVSHMEM_KMEM_REPLY_MAX);
	machine_send(m, queue);
	assert_true(ivshmem_work(m->ivs));
	assert_true(machine_answered(m, queue));
	assert_int_equal(machine_box(m, queue)->error, 0);
	return (int32_t)machine_resp(m, queue).status;
}
