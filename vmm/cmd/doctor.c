/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor doctor`: what of this host guests can use. */
#include <errno.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mm/host/limit.h"
#include "mm/host/pressure.h"
#include "mm/host/ram.h"
#include "vmm/base/cli.h"
#include "vmm/cmd/commands.h"
#include "vmm/cmd/kind.h"
#include "vmm/cmd/native.h"
#include "vmm/config/options.h"
#include "vmm/linux/image.h"
#include "vmm/machine/bound.h"
#include "vmm/machine/disk.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/memory.h"
#include "vmm/option/help.h"
#include "vmm/sandbox/landlock.h"
#include "vmm/sandbox/sandbox.h"

/* Below this the monitor runs, but not all that --pin-budget lets it register by default will fit
 * beside the ring. */
#define MEMLOCK_WANTED (258ull << 20)

enum verdict {
	GOOD,
	NOTE,
	BAD
};

__attribute__((format(printf, 2, 3))) static void say(enum verdict verdict, const char *fmt, ...)
{
	static const char *const words[] = {
		[GOOD] = "good",
		[NOTE] = "note",
		[BAD] = "BAD ",
	};
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	printf("%s  %s\n", words[verdict], cli_sanitise(line));
}

/* Reads the first line of a small file without its newline. */
static bool read_line(const char *path, char *line, int room)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(line, room, file) != NULL;
	fclose(file);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

/* What a report of a bug has to say of where it was seen. */
static void print_host(void)
{
	struct utsname host;
	char cpu[256] = "";
	FILE *file;

	if (uname(&host))
		return;
	file = fopen("/proc/cpuinfo", "re");
	while (file && fgets(cpu, sizeof(cpu), file) && strncmp(cpu, "model name", 10) != 0)
		cpu[0] = '\0';
	if (file)
		fclose(file);
	cpu[strcspn(cpu, "\n")] = '\0';
	say(GOOD, "slabvisor %s, %s %s %s, %ld CPUs%s", SLABVISOR_VERSION, host.sysname,
	    host.release, host.machine, sysconf(_SC_NPROCESSORS_ONLN),
	    strchr(cpu, ':') ? strchr(cpu, ':') : "");
}

static void check_kvm_limits(int fd)
{
	int cpus = kvm_call(fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	int slots = kvm_call(fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);

	if (cpus < PLATFORM_MAX_CPUS)
		say(NOTE, "KVM takes at most %d vCPUs: use no more with --cpus", cpus);
	else
		say(GOOD, "KVM takes %d vCPUs, guests use up to %d", cpus, PLATFORM_MAX_CPUS);
	if (slots < MM_MAX_RANGES + PLATFORM_MMIO_MAX + 4)
		say(NOTE, "KVM has %d memory slots: guests with many nodes may not start", slots);
}

/* What runs on this host. */
enum reach {
	RUNS_NOTHING,
	RUNS_PROGRAMS,
	RUNS_LINUX /* too */
};

static enum reach check_guest(int kvm_fd)
{
	double ns = 0;

	if (native_measure(kvm_fd, &ns)) {
		say(BAD, "a small virtual machine cannot be made: the line above says why");
		return RUNS_NOTHING;
	}
	if (ns > 0) {
		say(NOTE,
		    "CPL 0 is emulated here (%.0f ns a loop iteration): --guest-ring auto takes 3, "
		    "where programs run natively",
		    ns);
		say(NOTE, NATIVE_NO_LINUX);
		return RUNS_PROGRAMS;
	}
	say(GOOD, "CPL 0 runs natively: --guest-ring auto takes 0, and Linux guests run");
	return RUNS_LINUX;
}

static enum reach check_kvm(const char *path)
{
	char why[KVM_WHY_MAX];
	enum reach reach;
	int fd;

	fd = kvm_open(path, why);
	if (fd < 0) {
		say(BAD, "%s: %s", path, why);
		return RUNS_NOTHING;
	}
	say(GOOD, "%s opens, API version %d, with all that guests need", path, KVM_API_VERSION);
	check_kvm_limits(fd);
	/* The guest's parts report on stderr: keep the order of the lines. */
	fflush(stdout);
	reach = check_guest(fd);
	close(fd);
	return reach;
}

static void check_io_uring(void)
{
	struct io_uring_params params = {.flags = 0};
	char line[32];
	long fd;

	fd = syscall(SYS_io_uring_setup, 4, &params);
	if (fd >= 0) {
		close((int)fd);
		say(GOOD, "io_uring is available");
		return;
	}
	if (read_line("/proc/sys/kernel/io_uring_disabled", line, sizeof(line)) &&
	    strcmp(line, "0") != 0)
		say(NOTE, "io_uring is disabled: set the sysctl kernel.io_uring_disabled to 0 for "
			  "zero-copy disks");
	else
		say(NOTE, "io_uring is not available (%s): zero-copy disks need it",
		    strerror(errno));
}

static void check_memlock(void)
{
	char size[32];
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	if (geteuid() == 0)
		say(GOOD, "RLIMIT_MEMLOCK does not bind root");
	else if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= MEMLOCK_WANTED)
		say(GOOD, "RLIMIT_MEMLOCK is enough for registered buffers");
	else
		say(NOTE,
		    "RLIMIT_MEMLOCK is %s: raise it (ulimit -l, LimitMEMLOCK=) to 258M or more "
		    "for the default --pin-budget",
		    cli_format_size(size, sizeof(size), limit.rlim_cur));
}

static void check_sandbox(void)
{
	int abi = landlock_abi();

	if (sandbox_has_seccomp())
		say(GOOD, "seccomp filters are there for the sandbox");
	else
		say(NOTE, "this kernel has no seccomp filters: the sandbox does without them");
	if (abi)
		say(GOOD, "Landlock is there for the sandbox, ABI %d", abi);
	else
		say(NOTE,
		    "Landlock is off, or not in this kernel: the sandbox does without it (from "
		    "5.13 on; landlock in lsm= of the kernel's command line)");
}

static void check_thp(void)
{
	char line[64];

	if (!read_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line)))
		say(NOTE, "no transparent huge pages in this kernel: --backing anon is slower");
	else if (strstr(line, "[never]"))
		say(NOTE,
		    "transparent huge pages are off: write madvise to "
		    "/sys/kernel/mm/transparent_hugepage/enabled, or --backing anon is slower");
	else
		say(GOOD, "transparent huge pages are %s",
		    strstr(line, "[always]") ? "always on" : "on for those who ask (madvise)");
}

static void check_hugetlb(void)
{
	int64_t room = mm_ram_room(MM_HUGE_SIZE);

	if (room < 0)
		say(NOTE,
		    "no pool of 2 MiB pages in this kernel: --hugepages and --backing hugetlb "
		    "cannot be used");
	else if (!room)
		say(NOTE, "the pool of 2 MiB pages has none free: for --hugepages and --backing "
			  "hugetlb reserve some with the sysctl vm.nr_hugepages");
	else
		say(GOOD,
		    "%" PRId64 " pages of 2 MiB are free for --hugepages and --backing hugetlb",
		    room / (int64_t)MM_HUGE_SIZE);
	room = mm_ram_room(MM_GIANT_SIZE);
	if (room > 0)
		say(GOOD, "%" PRId64 " pages of 1 GiB are free for --hugepages=1G",
		    room / (int64_t)MM_GIANT_SIZE);
}

static void check_numa(void)
{
	char line[64];

	if (read_line("/sys/devices/system/node/has_memory", line, sizeof(line)) &&
	    strcmp(line, "0") != 0)
		say(GOOD, "memory is on the NUMA nodes %s: --numa host=N takes it from one", line);
}

/* What tells a monitor that the host is short of memory. */
static void check_pressure(void)
{
	static const char *const by[] = {
		[PRESSURE_BY_PSI] = "pressure stall information (PSI)",
		[PRESSURE_BY_EVENTS] = "memory.pressure_level",
		[PRESSURE_BY_LOOKS] = "a look every 5 s at what is left",
	};
	struct pressure pressure;

	pressure_open(&pressure, &pressure_paths, 0);
	/* Whether it can be asked shows when it is. */
	pressure_arm(&pressure);
	if (pressure.host == PRESSURE_BY_NOTHING)
		say(NOTE, "nothing tells when memory is short: guests are not asked for any then");
	else
		say(GOOD, "when memory is short guests are asked for some: the host tells it by %s",
		    by[pressure.host]);
	if (pressure.group != PRESSURE_BY_NOTHING)
		say(GOOD, "... and the control group by %s", by[pressure.group]);
	pressure_close(&pressure);
}

static void check_memory(void)
{
	uint64_t mib = (uint64_t)mm_ram_room(0) >> 20;

	say(mib >= 256 ? GOOD : NOTE, "%" PRIu64 " MiB of memory are available%s", mib,
	    mib >= 256 ? "" : ": that is little");
}

/* Tells whether a guest of this size fits, whatever it does. Returns 0 or the exit status. */
static enum exit_status check_bound(const struct run_config *config)
{
	char text[MEMORY_BOUND_TEXT];
	char memory[32];
	char heap[32];
	char there[24];
	struct memory_bound bound;
	const char *whose;
	uint64_t limit = limit_memory(&whose);
	uint64_t room = (uint64_t)mm_ram_room(0);
	enum exit_status status = memory_bound_of(config, guest_kind_of(config), &bound);

	if (status)
		return status;
	cli_format_size(memory, sizeof(memory), config->memory);
	cli_format_size(heap, sizeof(heap), config->heap);
	memory_bound_format(&bound, text);
	limit_size(there, bound.total > limit ? limit : room);
	if (bound.total > limit)
		say(NOTE,
		    "a guest of --memory %s --heap %s can come to %s; %s is %s: it does not start",
		    memory, heap, text, whose, there);
	else if (bound.total > room)
		say(NOTE, "a guest of --memory %s --heap %s can come to %s; %s are available now",
		    memory, heap, text, there);
	else
		say(GOOD, "a guest of --memory %s --heap %s can come to %s; %s are available",
		    memory, heap, text, there);
	return 0;
}

static enum exit_status print_help(void)
{
	printf("usage: slabvisor doctor [options]\n"
	       "\n"
	       "Checks what guests need of this host and says what to do about what is\n"
	       "missing. Lines begin with good, note (guests run, something does not do its\n"
	       "best) or BAD (guests do not run).\n"
	       "\n"
	       "The options are those of slabvisor run. Doctor says what a guest of that size\n"
	       "can come to of the host's memory, against what there is, and whether the kernel\n"
	       "and the disks can be used.\n"
	       "\n"
	       "Options:\n");
	opt_help(stdout, run_options, RUN_TAG_DOCTOR);
	printf("\n"
	       "SIZE is a number of bytes, or of K, M, G or T (1024, 1024^2, ...).\n"
	       "\n"
	       "Exit status: 0 guests can run; 122 they cannot, or with --kernel Linux cannot;\n"
	       "124 the kernel or a disk is unfit; 125 wrong usage.\n");
	return 0;
}

/* Returns 0 or the exit status. */
static enum exit_status check_kernel(const struct run_config *config)
{
	struct linux_image image;
	char why[LINUX_WHY_MAX];

	if (!config->kernel)
		return 0;
	if (linux_image_open(config->kernel, &image, why)) {
		say(BAD, "--kernel %s: %s", config->kernel, why);
		return STATUS_BAD_IMAGE;
	}
	linux_image_close(&image);
	say(GOOD, "the kernel can be booted");
	return 0;
}

/* Returns 0 or the exit status. */
static enum exit_status check_disks(const struct run_config *config)
{
	enum exit_status status;

	if (!config->nr_disks)
		return 0;
	fflush(stdout);
	status = disks_check(config);
	if (status)
		say(BAD, "a disk cannot be used: the line above says why");
	else
		say(GOOD, "the disks can be opened");
	return status;
}

static enum exit_status check_all(const struct run_config *config)
{
	static const char *const ends[] = {
		[RUNS_NOTHING] = "Guests cannot run on this host.",
		[RUNS_PROGRAMS] = "Programs can run on this host as guests, Linux cannot.",
		[RUNS_LINUX] = "Guests can run on this host: programs and Linux.",
	};
	enum exit_status status;
	enum exit_status kernel;
	enum reach reach;

	print_host();
	reach = check_kvm(config->kvm_device);
	check_io_uring();
	check_memlock();
	check_sandbox();
	check_thp();
	check_hugetlb();
	check_numa();
	check_memory();
	check_pressure();
	fflush(stdout);
	status = check_bound(config);
	if (status)
		return status;
	kernel = check_kernel(config);
	status = check_disks(config);
	if (!status)
		status = kernel;
	printf("%s\n", ends[reach]);
	if (reach == RUNS_NOTHING || (!status && config->kernel && reach != RUNS_LINUX))
		return STATUS_NO_KVM;
	return status;
}

enum exit_status cmd_doctor(int argc, char **argv)
{
	struct run_config config;
	enum exit_status status;

	if (run_config_init(&config))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	status = run_config_parse_doctor(&config, argc, argv);
	if (!status)
		status = config.help ? print_help() : check_all(&config);
	run_config_free(&config);
	return status;
}
