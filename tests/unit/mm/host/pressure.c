/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the host is short of memory, told by a host that the test makes up of files. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/pressure.h"
#include "tests/unit/mm/util.h"

static struct {
	char dir[64];
	char psi[128], meminfo[128], cgroup[128], root[128];
	struct pressure_paths paths;
	struct pressure p;
	unsigned int open; /* descriptors, before */
} host;

static unsigned int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A file below the root of control groups, with the folders above it. */
static void put_group(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", host.root, name);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	put(path, text);
}

static int setup(void **state)
{
	(void)state;
	snprintf(host.dir, sizeof(host.dir), "/tmp/pressure.XXXXXX");
	assert_non_null(mkdtemp(host.dir));
	snprintf(host.psi, sizeof(host.psi), "%s/psi", host.dir);
	snprintf(host.meminfo, sizeof(host.meminfo), "%s/meminfo", host.dir);
	snprintf(host.cgroup, sizeof(host.cgroup), "%s/cgroup", host.dir);
	snprintf(host.root, sizeof(host.root), "%s/fs", host.dir);
	host.paths = (struct pressure_paths){
		.psi = host.psi, .meminfo = host.meminfo, .cgroup = host.cgroup, .root = host.root};
	host.open = count_open();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	assert_in_range(count_open(), host.open, host.open + PRESSURE_DESCRIPTORS);
	pressure_close(&host.p);
	assert_int_equal(count_open(), host.open);
	pressure_close(&host.p);
	snprintf(command, sizeof(command), "rm -rf %s", host.dir);
	return system(command);
}

/* What is told when descriptor i has something, or none has; -1: nothing. */
static int take(int i, short revents, int64_t now_ms)
{
	struct pollfd fds[PRESSURE_MAX_FDS];
	unsigned int nr = pressure_poll(&host.p, fds);
	enum pressure_level level;

	for (unsigned int k = 0; k < nr; k++)
		fds[k].revents = (int)k == i ? revents : 0;
	return pressure_take(&host.p, fds, nr, now_ms, &level) ? (int)level : -1;
}

/* The same, with what poll() itself says. */
static int take_polled(int64_t now_ms)
{
	struct pollfd fds[PRESSURE_MAX_FDS];
	unsigned int nr = pressure_poll(&host.p, fds);
	enum pressure_level level;

	poll(fds, nr, 0);
	return pressure_take(&host.p, fds, nr, now_ms, &level) ? (int)level : -1;
}

static void stalls_are_told_once_in_a_while(void **state)
{
	char text[64] = "";
	FILE *file;

	(void)state;
	put(host.psi, "");
	pressure_open(&host.p, &host.paths, 1000);
	assert_int_equal(host.p.host, PRESSURE_BY_PSI);
	assert_int_equal(host.p.group, PRESSURE_BY_NOTHING);
	assert_int_equal(host.p.nr_fds, 2);
	/* It is not asked by who may have ended by then. */
	assert_int_equal(pressure_due_ms(&host.p, 1200), 800);
	assert_int_equal(take_polled(1999), -1);
	file = fopen(host.psi, "re");
	assert_null(fgets(text, sizeof(text), file));
	assert_int_equal(take_polled(2000), -1);
	rewind(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "full 200000 2000000");
	assert_int_equal(pressure_due_ms(&host.p, 2000), -1);
	/* Files are always ready, but not for what PSI tells. */
	assert_int_equal(take_polled(2000), -1);

	assert_int_equal(take(0, POLLPRI, 2000), PRESSURE_MEDIUM);
	assert_int_equal(take(0, POLLPRI, 3000), -1);
	/* What is higher is told at once, and what is not with the next. */
	assert_int_equal(take(1, POLLPRI, 5000), PRESSURE_CRITICAL);
	assert_int_equal(take(1, POLLPRI, 7000), -1);
	assert_int_equal(take(0, POLLPRI, 14999), -1);
	assert_int_equal(take(0, POLLPRI, 15000), PRESSURE_MEDIUM);
	/* That it is over is told once. */
	assert_int_equal(pressure_due_ms(&host.p, 15000), 10000);
	assert_int_equal(take(-1, 0, 24999), -1);
	assert_int_equal(pressure_due_ms(&host.p, 24999), 1);
	assert_int_equal(pressure_due_ms(&host.p, 30000), 0);
	assert_int_equal(take(-1, 0, 25000), PRESSURE_NONE);
	assert_int_equal(take(-1, 0, 60000), -1);
	assert_int_equal(pressure_due_ms(&host.p, 60000), -1);
	assert_int_equal(take(0, POLLPRI, 60001), PRESSURE_MEDIUM);
}

/* The kernel refuses what this process may not ask for, or what it was not built with. */
static void who_does_not_take_the_question_is_looked_at(void **state)
{
	(void)state;
	host.paths.psi = "/dev/full";
	put(host.meminfo, "MemTotal: 3200 kB\nMemFree: 1 kB\nMemAvailable: 99 kB\n");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.host, PRESSURE_BY_PSI);
	assert_int_equal(take_polled(PRESSURE_ARM_MS), -1);
	assert_int_equal(host.p.host, PRESSURE_BY_LOOKS);
	assert_int_equal(take_polled(PRESSURE_LOOK_MS), PRESSURE_CRITICAL);
	pressure_close(&host.p);
	/* There may be nothing to look at. */
	unlink(host.meminfo);
	pressure_open(&host.p, &host.paths, 0);
	pressure_arm(&host.p);
	assert_int_equal(host.p.host, PRESSURE_BY_NOTHING);
	assert_int_equal(pressure_due_ms(&host.p, 0), -1);
}

/* However often a host tells, and in whatever order, there is a limit to what is passed on. */
static void a_flood_is_not_passed_on(void **state)
{
	uint64_t seed = 1;
	unsigned int told = 0;

	(void)state;
	put(host.psi, "");
	pressure_open(&host.p, &host.paths, 0);
	pressure_arm(&host.p);
	for (int64_t now = 0; now < 1000000; now += 10)
		told += take((int)(util_random(&seed) % 3) - 1, POLLPRI, now) >= 0;
	/* Of each 10 s one, and one that is higher. */
	assert_in_range(told, 100, 201);
}

static void a_group_of_version_2_tells_of_its_own(void **state)
{
	(void)state;
	put(host.psi, "");
	put(host.cgroup, "0::/vm.slice/one\n");
	put_group("vm.slice/one/memory.pressure", "");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.host, PRESSURE_BY_PSI);
	assert_int_equal(host.p.group, PRESSURE_BY_PSI);
	assert_int_equal(host.p.nr_fds, 4);
	pressure_arm(&host.p);
	assert_int_equal(take(2, POLLPRI, 0), PRESSURE_MEDIUM);
	assert_int_equal(take(3, POLLPRI, 0), PRESSURE_CRITICAL);
	/* Of a group that is gone there is nothing more to hear. */
	assert_int_equal(take(3, POLLPRI | POLLERR, 20000), PRESSURE_NONE);
	assert_int_equal(take(3, POLLPRI, 40000), -1);
	assert_int_equal(take(2, POLLPRI, 40000), PRESSURE_MEDIUM);
}

static void a_group_of_version_1_tells_by_events(void **state)
{
	char path[256];
	char text[64] = "";
	int source[2];
	int event[2];
	int control;

	(void)state;
	put(host.psi, "");
	put(host.cgroup, "4:memory:/vm\n0::/other\n");
	put_group("memory/vm/memory.pressure_level", "");
	snprintf(path, sizeof(path), "%s/memory/vm/cgroup.event_control", host.root);
	assert_int_equal(mkfifo(path, 0600), 0);
	control = open(path, O_RDWR | O_CLOEXEC);
	assert_true(control >= 0);
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.group, PRESSURE_BY_EVENTS);
	assert_int_equal(host.p.nr_fds, 4);
	assert_true(read(control, text, sizeof(text) - 1) > 0);
	assert_int_equal(sscanf(text, "%d %d medium%d %d critical", &event[0], &source[0],
				&event[1], &source[1]),
			 4);
	close(control);
	assert_int_equal(take_polled(0), -1);
	eventfd_write(event[0], 1);
	assert_int_equal(take_polled(0), PRESSURE_MEDIUM);
	assert_int_equal(take_polled(11000), PRESSURE_NONE);
	eventfd_write(event[0], 7);
	eventfd_write(event[1], 1);
	assert_int_equal(take_polled(12000), PRESSURE_CRITICAL);
	assert_int_equal(take_polled(13000), -1);
}

static void what_is_left_of_the_host_is_looked_at(void **state)
{
	(void)state;
	put(host.meminfo, "MemTotal: 3200 kB\nMemFree: 1 kB\nMemAvailable: 200 kB\n");
	put(host.cgroup, "0::/\n");
	pressure_open(&host.p, &host.paths, 100);
	assert_int_equal(host.p.host, PRESSURE_BY_LOOKS);
	assert_int_equal(host.p.nr_fds, 0);
	assert_int_equal(pressure_due_ms(&host.p, 100), PRESSURE_LOOK_MS);
	assert_int_equal(take(-1, 0, 5100), -1);
	put(host.meminfo, "MemTotal: 3200 kB\nMemFree: 1 kB\nMemAvailable: 199 kB\n");
	assert_int_equal(take(-1, 0, 5101), -1); /* not yet */
	assert_int_equal(take(-1, 0, 10100), PRESSURE_MEDIUM);
	put(host.meminfo, "MemTotal: 3200 kB\nMemFree: 1 kB\nMemAvailable: 99 kB\n");
	assert_int_equal(take(-1, 0, 15100), PRESSURE_CRITICAL);
	assert_int_equal(take(-1, 0, 20100), -1);
	assert_int_equal(take(-1, 0, 25100), PRESSURE_CRITICAL);
	/* A file that tells nothing is no pressure. */
	put(host.meminfo, "");
	assert_int_equal(take(-1, 0, 35100), PRESSURE_NONE);
}

static void what_is_left_of_a_group_is_looked_at(void **state)
{
	(void)state;
	put(host.psi, "");
	put(host.cgroup, "7:memory:/vm\n");
	put_group("memory/vm/memory.limit_in_bytes", "1600\n");
	put_group("memory/vm/memory.usage_in_bytes", "1590\n");
	put_group("memory/vm/memory.stat",
		  "active_file 1\ntotal_inactive_file 80\ntotal_active_file 60\n");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.group, PRESSURE_BY_LOOKS);
	/* Of files it may have as many as it likes. */
	assert_int_equal(take(-1, 0, 5000), -1);
	put_group("memory/vm/memory.stat", "total_inactive_file 40\ntotal_active_file 39\n");
	assert_int_equal(take(-1, 0, 10000), PRESSURE_MEDIUM);
	put_group("memory/vm/memory.stat", "");
	assert_int_equal(take(-1, 0, 15000), PRESSURE_CRITICAL);
	pressure_close(&host.p);

	/* Version 2, and one that has no limit. */
	put(host.cgroup, "0::/vm\n");
	put_group("vm/memory.max", "1600\n");
	put_group("vm/memory.current", "1590\n");
	put_group("vm/memory.stat", "anon 900\ninactive_file 5\nactive_file 2\n");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.group, PRESSURE_BY_LOOKS);
	assert_int_equal(take(-1, 0, 5000), PRESSURE_CRITICAL);
	pressure_close(&host.p);
	put_group("vm/memory.max", "max\n");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.group, PRESSURE_BY_NOTHING);
}

static void a_host_that_tells_nothing_is_done_without(void **state)
{
	(void)state;
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(host.p.host, PRESSURE_BY_NOTHING);
	assert_int_equal(host.p.group, PRESSURE_BY_NOTHING);
	assert_int_equal(pressure_due_ms(&host.p, 99999), -1);
	assert_int_equal(take(-1, 0, 99999), -1);
	/* Nor does what is there have to make sense. */
	put(host.cgroup, "nonsense\n:\n::\n5:memory\n0::\n");
	put(host.meminfo, "MemTotal: many\n");
	pressure_open(&host.p, &host.paths, 0);
	assert_int_equal(take(-1, 0, 99999), -1);
}

/* The host that runs the test, whatever it is. */
static void this_host_is_listened_to(void **state)
{
	(void)state;
	pressure_open(&host.p, &pressure_paths, 0);
	pressure_arm(&host.p);
	assert_int_not_equal(host.p.host, PRESSURE_BY_NOTHING);
	(void)take_polled(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stalls_are_told_once_in_a_while),
		TEST(who_does_not_take_the_question_is_looked_at),
		TEST(a_flood_is_not_passed_on),
		TEST(a_group_of_version_2_tells_of_its_own),
		TEST(a_group_of_version_1_tells_by_events),
		TEST(what_is_left_of_the_host_is_looked_at),
		TEST(what_is_left_of_a_group_is_looked_at),
		TEST(a_host_that_tells_nothing_is_done_without),
		TEST(this_host_is_listened_to),
	};

	return cmocka_run_group_tests_name("mm_host_pressure", tests, NULL, NULL);
}
