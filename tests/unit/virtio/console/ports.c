/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-console under a driver. */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_console.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/virtio/driver.h"

#include "mm/util.h"
#include "virtio/console/console.h"

#define MULTIPORT (1ull << VIRTIO_CONSOLE_F_MULTIPORT)
#define PORTS     2
#define QUEUES    (2 * (PORTS + 1))
#define Q_SIZE    16

struct fixture {
	struct guest g;
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q[QUEUES];
	int listen_fd[PORTS];
	struct sockaddr_un addr[PORTS];
	socklen_t addr_len[PORTS];
	sem_t irq;
};

static struct fixture f;

/* How many more times the host is to be short of memory, and the error that says so. */
static atomic_int shortages;
static int shortage;

/* Takes the place of the library's, for the device's sake. */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	/* Relaxed: only the console's thread counts down. */
	if (atomic_load_explicit(&shortages, memory_order_relaxed) > 0) {
		atomic_fetch_sub_explicit(&shortages, 1, memory_order_relaxed);
		errno = shortage;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, msg, flags);
}

static void irq(void *opaque)
{
	(void)opaque;
	sem_post(&f.irq);
}

static int setup(void **state)
{
	struct console_port_config port[PORTS] = {{.name = "console", .console = true},
						  {.name = "org.example.port"}};

	(void)state;
	memset(&f, 0, sizeof(f));
	guest_init(&f.g);
	sem_init(&f.irq, 0, 0);
	for (unsigned int i = 0; i < PORTS; i++) {
		/* An address of the kernel's choice, in no file system. */
		struct sockaddr_un any = {.sun_family = AF_UNIX};

		f.addr_len[i] = sizeof(f.addr[i]);
		f.listen_fd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_int_equal(bind(f.listen_fd[i], (struct sockaddr *)&any, sizeof(sa_family_t)),
				 0);
		assert_int_equal(
			getsockname(f.listen_fd[i], (struct sockaddr *)&f.addr[i], &f.addr_len[i]),
			0);
		assert_int_equal(listen(f.listen_fd[i], 1), 0);
		port[i].listen_fd = f.listen_fd[i];
	}
	assert_int_equal(console_dev_create(port, PORTS, NULL, NULL, &f.dev), 0);
	assert_int_equal(virtio_mmio_create(f.dev, &f.g.mem, irq, NULL, &f.mmio), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtio_mmio_destroy(f.mmio);
	virtio_device_destroy(f.dev);
	for (unsigned int i = 0; i < PORTS; i++)
		close(f.listen_fd[i]);
	sem_destroy(&f.irq);
	guest_fini(&f.g);
	return 0;
}

static void driver(uint64_t features)
{
	drv_bring_up(f.mmio, &f.g, f.q, QUEUES, Q_SIZE, features);
}

static uint64_t buffer_of(unsigned int queue)
{
	return BUFFERS + queue * 0x1000ull;
}

/* Waits for the next used chain of a queue. Returns how much was written. */
static uint32_t used(unsigned int queue)
{
	uint32_t id;
	uint32_t len;

	while (!drv_used(&f.q[queue], &id, &len))
		while (sem_wait(&f.irq))
			;
	return len;
}

static void offer(unsigned int queue, uint32_t size)
{
	const struct drv_buf buf = {.addr = buffer_of(queue), .len = size, .flags = VRING_F_WRITE};

	drv_put(&f.q[queue], 0, &buf, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

static void give(unsigned int queue, const void *bytes, uint32_t len)
{
	const struct drv_buf buf = {.addr = buffer_of(queue), .len = len};

	memcpy(guest_at(&f.g, buffer_of(queue), len), bytes, len);
	drv_put(&f.q[queue], 0, &buf, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
	used(queue);
}

static void tell(uint32_t id, uint16_t event, uint16_t value)
{
	const struct virtio_console_control m = {
		.id = htole32(id), .event = htole16(event), .value = htole16(value)};

	give(3, &m, sizeof(m));
}

/* The next control message is this one; returns what follows it. */
static const char *told(uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control m;
	uint32_t len;

	offer(2, 128);
	len = used(2);
	assert_true(len >= sizeof(m));
	memcpy(&m, guest_at(&f.g, buffer_of(2), 128), sizeof(m));
	assert_int_equal(le32toh(m.id), id);
	assert_int_equal(le16toh(m.event), event);
	assert_int_equal(le16toh(m.value), value);
	return (const char *)guest_at(&f.g, buffer_of(2), 128) + sizeof(m);
}

static int join(unsigned int port)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&f.addr[port], f.addr_len[port]), 0);
	return fd;
}

static void bring_up(void)
{
	driver(MULTIPORT);
	tell(0xffffffff, VIRTIO_CONSOLE_DEVICE_READY, 1);
	told(0, VIRTIO_CONSOLE_PORT_ADD, 1);
	told(1, VIRTIO_CONSOLE_PORT_ADD, 1);
	tell(0, VIRTIO_CONSOLE_PORT_READY, 1);
	told(0, VIRTIO_CONSOLE_CONSOLE_PORT, 1);
	assert_string_equal(told(0, VIRTIO_CONSOLE_PORT_NAME, 1), "console");
	tell(1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_string_equal(told(1, VIRTIO_CONSOLE_PORT_NAME, 1), "org.example.port");
}

static void ports_are_told(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 4), PORTS);
	bring_up();
	fd = join(1);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	close(fd);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 0);
}

static void data_goes_both_ways(void **state)
{
	char buf[16] = "";
	int fd;

	(void)state;
	bring_up();
	fd = join(1);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	give(5, "to client", 9);
	assert_int_equal(recv(fd, buf, 9, MSG_WAITALL), 9);
	assert_memory_equal(buf, "to client", 9);
	/* What comes before the guest has the port open waits. */
	assert_int_equal(send(fd, "to guest", 8, 0), 8);
	offer(4, 5);
	tell(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(used(4), 5);
	assert_memory_equal(guest_at(&f.g, buffer_of(4), 8), "to gu", 5);
	offer(4, 5);
	assert_int_equal(used(4), 3);
	assert_memory_equal(guest_at(&f.g, buffer_of(4), 8), "est", 3);
	close(fd);
}

static void a_host_short_of_memory_loses_nothing(void **state)
{
	static const int errors[] = {ENOBUFS, ENOMEM};
	char buf[16] = "";
	int fd;

	(void)state;
	bring_up();
	fd = join(1);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		shortage = errors[i];
		atomic_store(&shortages, 3);
		give(5, "to client", 9);
		assert_int_equal(atomic_load(&shortages), 0);
		assert_int_equal(recv(fd, buf, 9, MSG_WAITALL), 9);
		assert_memory_equal(buf, "to client", 9);
	}
	close(fd);
}

static void without_a_client_it_is_dropped(void **state)
{
	(void)state;
	bring_up();
	give(1, "nobody hears", 12);
	give(5, "nobody hears", 12);
}

/* A driver that knows of one port only. */
static void one_port(void **state)
{
	char buf[4];
	int fd;

	(void)state;
	driver(0);
	fd = join(0);
	offer(0, 16);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(used(0), 1);
	give(1, "abcd", 4);
	assert_int_equal(recv(fd, buf, 4, MSG_WAITALL), 4);
	assert_memory_equal(buf, "abcd", 4);
	close(fd);
}

static void nonsense_is_passed_over(void **state)
{
	(void)state;
	bring_up();
	give(3, "abc", 3);
	tell(77, VIRTIO_CONSOLE_PORT_READY, 1);
	tell(77, VIRTIO_CONSOLE_PORT_OPEN, 1);
	tell(0, 999, 1);
	tell(0, VIRTIO_CONSOLE_PORT_READY, 0);
	offer(0, 0);
	tell(0, VIRTIO_CONSOLE_PORT_READY, 1);
	told(0, VIRTIO_CONSOLE_CONSOLE_PORT, 1);
}

/* A client that reads nothing keeps the guest's chains, which are more than any socket
 * holds; a reset takes them back at once. */
static void reset_under_a_full_socket(void **state)
{
	const struct drv_buf buf = {.addr = BUFFERS, .len = RAM_END - BUFFERS};
	struct pollfd first = {.events = POLLIN};

	(void)state;
	bring_up();
	first.fd = join(1);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	for (uint16_t i = 0; i < Q_SIZE; i++)
		drv_put(&f.q[5], i, &buf, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 5);
	assert_int_equal(poll(&first, 1, -1), 1);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_false(drv_used_idx(&f.q[5]) == Q_SIZE);
	close(first.fd);
}

/* What the client has and gets, until nothing comes for a while. */
static size_t drain(int fd)
{
	static uint8_t buf[1 << 16];
	struct pollfd in = {.fd = fd, .events = POLLIN};
	size_t all = 0;
	ssize_t n;

	while (poll(&in, 1, 50) > 0) {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		assert_true(n > 0);
		all += (size_t)n;
	}
	return all;
}

/* Neither what the guest sends, begun or not, nor what the client sends gets through a pause; all
 * of it comes when the device goes on, and no doorbell is rung again for it. */
static void paused(void **state)
{
	const struct drv_buf out = {.addr = BUFFERS, .len = RAM_END - BUFFERS};
	const struct drv_buf in = {.addr = buffer_of(4), .len = 8, .flags = VRING_F_WRITE};
	size_t got;
	size_t all = (size_t)Q_SIZE * out.len;
	uint16_t idx;
	int fd;
	int queued;

	(void)state;
	bring_up();
	fd = join(1);
	told(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	tell(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	for (uint16_t i = 0; i < Q_SIZE; i++)
		drv_put(&f.q[5], i, &out, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 5);
	do /* until the second chain has begun, which the socket cannot hold */
		assert_int_equal(ioctl(fd, FIONREAD, &queued), 0);
	while ((unsigned int)queued <= out.len);
	virtio_device_pause(f.dev);
	/* What was written before, and nothing that the room in the socket makes way for. */
	assert_int_equal(ioctl(fd, FIONREAD, &queued), 0);
	got = drain(fd);
	assert_int_equal(got, queued);
	assert_true(got < all);
	idx = drv_used_idx(&f.q[5]);
	assert_int_equal(send(fd, "to guest", 8, 0), 8);
	drv_put(&f.q[4], 0, &in, 1);
	assert_false(virtio_mmio_write(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 4, 4, 0));
	assert_int_equal(drain(fd), 0);
	assert_int_equal(drv_used_idx(&f.q[5]), idx);
	assert_int_equal(drv_used_idx(&f.q[4]), 0);
	virtio_device_resume(f.dev);
	while (got < all)
		got += drain(fd);
	assert_int_equal(got, all);
	assert_int_equal(used(4), 8);
	assert_memory_equal(guest_at(&f.g, buffer_of(4), 8), "to guest", 8);
	close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ports_are_told),
		TEST(data_goes_both_ways),
		TEST(a_host_short_of_memory_loses_nothing),
		TEST(without_a_client_it_is_dropped),
		TEST(one_port),
		TEST(nonsense_is_passed_over),
		TEST(reset_under_a_full_socket),
		TEST(paused),
	};

	return cmocka_run_group_tests_name("virtio_console_ports", tests, NULL, NULL);
}
