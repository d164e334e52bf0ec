/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `slabvisor serve`: disks for other machines, QEMU's say, over vhost-user.
 *
 * The main thread waits for signals. Each disk has a control thread of its own, for connections
 * and messages, and an I/O thread, so that no front end can starve another's.
 */
#include "vmm/serve/cmd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "mm/host/pressure.h"
#include "virtio/vhost_user/guard.h"
#include "vmm/base/cli.h"
#include "vmm/base/cpu_latency.h"
#include "vmm/base/fds.h"
#include "vmm/base/log_limit.h"
#include "vmm/option/help.h"
#include "vmm/qmp/qmp.h"
#include "vmm/qmp/server.h"
#include "vmm/sandbox/jail.h"
#include "vmm/sandbox/sandbox.h"
#include "vmm/serve/disk.h"
#include "vmm/serve/memory.h"
#include "vmm/serve/serve.h"
#include "vmm/serve/thread.h"

struct service {
	struct serve_config config;
	struct sandbox *sandbox;     /* NULL: off */
	struct cpu_latency *latency; /* NULL: CPUs cannot be kept awake */
	struct jail jail;
	int notify_fd; /* -1: nobody to tell */
	struct served disk[SERVE_MAX_DISKS];
	unsigned int nr;              /* disks that are up */
	struct served_memory *memory; /* NULL: none is served */
	int signal_fd;
	int over_fd;     /* an eventfd: a thread is through, or a client wants it all to end */
	struct qmp *qmp; /* NULL: no control socket */
	struct qmp_service shown;
	atomic_bool quit;
};

static int setup_signals(int *fd)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	ret = vhost_user_guard_setup();
	if (ret)
		return ret;
	/* SIGTTOU: a service in the background of a terminal where that stops who prints there
	 * (stty tostop) has machines that wait for it. */
	if (sigaction(SIGPIPE, &ignore, NULL) || sigaction(SIGTTOU, &ignore, NULL) ||
	    pthread_sigmask(SIG_BLOCK, &set, NULL))
		return -errno;
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? -errno : 0;
}

/* Returns whether to go on. */
static bool take_signal(struct service *s)
{
	struct signalfd_siginfo info;
	sigset_t set;

	if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return true;
	if (info.ssi_signo == SIGHUP) {
		for (unsigned int i = 0; i < s->nr; i++)
			served_resize(&s->disk[i]);
		return true;
	}
	/* A second one does what it does to any process. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return false;
}

static bool all_over(const struct service *s)
{
	for (unsigned int i = 0; i < s->nr; i++)
		if (!serve_thread_is_over(s->disk[i].thread))
			return false;
	return served_memory_is_over(s->memory);
}

/* Until a signal, or the last connection that there can be. */
static void serve_all(struct service *s)
{
	struct pollfd fds[] = {
		{.fd = s->signal_fd, .events = POLLIN},
		{.fd = s->over_fd, .events = POLLIN},
	};
	uint64_t value;

	for (unsigned int i = 0; i < s->nr; i++)
		serve_thread_go(s->disk[i].thread);
	if (s->memory)
		served_memory_go(s->memory);
	while (!all_over(s) && !atomic_load(&s->quit)) {
		if (poll(fds, 2, LOG_LIMIT_PERIOD_MS) < 0)
			continue;
		for (unsigned int i = 0; i < s->nr; i++) {
			log_limit_settle(&s->disk[i].log, false);
			log_limit_settle(&s->disk[i].came, false);
		}
		served_memory_settle(s->memory);
		if (fds[0].revents && !take_signal(s))
			return;
		if (fds[1].revents && read(s->over_fd, &value, sizeof(value)) < 0)
			continue;
	}
}

static enum exit_status print_help(void)
{
	printf("usage: slabvisor serve --blk-file PATH --socket-path PATH [options]\n"
	       "       slabvisor serve --kmem-size SIZE --socket-path PATH [options]\n"
	       "       slabvisor serve --config FILE\n"
	       "\n"
	       "Serves disks over vhost-user: to QEMU machines, and so to those of libvirt. It\n"
	       "stays in the foreground; SIGTERM answers what is under way, but for what would\n"
	       "take many steps more, and ends it; SIGHUP looks at the disks' sizes again. Ended\n"
	       "or killed and started again, it goes on with the requests that were in flight.\n"
	       "Its socket stays, and is replaced by the next that is to listen there.\n"
	       "\n"
	       "With --kmem-size it serves memory to one QEMU machine, over ivshmem-doorbell.\n"
	       "\n");
	opt_help(stdout, serve_disk_options, 0);
	opt_help(stdout, serve_options, 0);
	printf("\n"
	       "SIZE is a number of bytes, or of K, M, G or T (1024, 1024^2, ...). With neither\n"
	       "--socket-path nor --fd the socket is that of socket activation (LISTEN_FDS).\n"
	       "\n"
	       "Exit status: 0 in order; 124 a disk is unreadable or unfit; 125 wrong usage;\n"
	       "126 the configuration file is wrong; 127 another error of the host; 159 the\n"
	       "sandbox ended it.\n");
	return 0;
}

/* Of registered memory, in which a hole goes unnoticed: vhost-user has no message for one. */
static void warn_of_registration(const struct serve_config *config)
{
	for (unsigned int i = 0; i < config->nr_disks; i++)
		if (config->disk[i].pin_budget) {
			cli_note("%s: --pin-budget: I/O goes to wrong memory if the machine gives "
				 "memory back: it must have no balloon, free page reporting or "
				 "virtio-mem, and no postcopy migration",
				 config->disk[i].blk_file);
			return;
		}
}

/* Whether there is a disk that may keep CPUs from halting. */
static bool keeps_awake(const struct serve_config *config)
{
	for (unsigned int i = 0; i < config->nr_disks; i++)
		if (config->disk[i].keep_awake)
			return true;
	return false;
}

/* How many descriptors it takes, all front ends being there with all that they can give. */
static unsigned int descriptors(const struct serve_config *config)
{
	/* Signals, ended threads, systemd, the sandbox's rules; a folder or file looked at; how
	 * soon CPUs are to be awake. */
	unsigned int n = 4 + 2 + 1;

	/* Of a disk: ring, two wake-ups, two of its file, alarm, socket, connection, the way back;
	 * a message's, one to see that there are too many, the account it asks for. Of a queue:
	 * kick, call, error. */
	for (unsigned int i = 0; i < config->nr_disks; i++)
		n += 9 + VHOST_USER_MAX_FDS + 2 + 3 * config->disk[i].queues;
	/* Of memory: window, bell, wake-up, socket, client, one that is refused; a vector each. */
	if (config->memory.size)
		n += 6 + config->memory.queues + 1 + PRESSURE_DESCRIPTORS;
	if (config->qmp || config->name)
		n += QMP_DESCRIPTORS;
	return n;
}

static void quit(void *opaque)
{
	struct service *s = opaque;

	atomic_store(&s->quit, true);
	eventfd_write(s->over_fd, 1);
}

static void counters(void *opaque, qmp_counter_fn add, void *to)
{
	const struct service *s = opaque;

	served_memory_show(s->memory, add, to);
}

/* The control socket, when the disks are up. Returns 0 or the exit status. */
static enum exit_status open_control(struct service *s, struct qmp_place *place)
{
	if (!place->path && !place->name)
		return 0;
	s->shown = (struct qmp_service){.quit = quit, .opaque = s, .disks.nr = s->nr};
	for (unsigned int i = 0; i < s->nr; i++)
		s->shown.disks.disk[i] = (struct qmp_disk){
			.path = s->disk[i].config->blk_file,
			.dev = s->disk[i].dev,
			.engine = s->disk[i].engine,
		};
	if (s->memory) {
		s->shown.mem = served_memory_heap(s->memory);
		s->shown.kmem = served_memory_dev(s->memory);
		s->shown.counters = counters;
	}
	place->runs = s->nr ? s->config.disk[0].blk_file : "memory";
	return qmp_create(place, &s->shown, s->sandbox, &s->qmp);
}

/* Opens the memory service and all disks, and starts their threads. Returns 0 or the exit status. */
static enum exit_status open_all(struct service *s)
{
	unsigned int next = 0;
	enum exit_status status = 0;

	if (s->config.memory.size)
		status = served_memory_open(&s->config.memory, s->sandbox, s->over_fd, &next,
					    &s->memory);
	for (unsigned int i = 0; i < s->config.nr_disks && !status; i++) {
		status = served_open(&s->disk[i], &s->config.disk[i],
				     s->memory ? served_memory_heap(s->memory)->heap : NULL,
				     s->latency, s->sandbox, s->over_fd, &next);
		s->nr += !status;
		if (!status && s->memory)
			served_memory_add_engine(s->memory, s->disk[i].engine);
	}
	return status;
}

static enum exit_status run(struct service *s)
{
	struct qmp_place place = {.path = s->config.qmp, .name = s->config.name};
	enum exit_status status;
	int ret;

	status = fds_make_room(descriptors(&s->config), IO_MAX_FILES);
	if (status)
		return status;
	ret = setup_signals(&s->signal_fd);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "signals: %s", strerror(-ret));
	s->over_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->over_fd < 0)
		return cli_fail(STATUS_HOST_ERROR, "no eventfd: %s", strerror(errno));
	warn_of_registration(&s->config);
	s->notify_fd = serve_notify_open();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	status = served_check_distinct(&s->config);
	if (!status)
		status = qmp_place_open(&place);
	if (status)
		return status;
	/* Before a jail, whose user may not. */
	if (keeps_awake(&s->config))
		s->latency = cpu_latency_create(CPU_LATENCY_PATH);
	if (s->config.sandbox)
		status = sandbox_create(&s->sandbox);
	if (!status)
		status = jail_begin(&s->jail, s->config.jail, s->config.jail_cgroup,
				    descriptors(&s->config), IO_MAX_FILES, s->sandbox);
	if (!status)
		status = open_all(s);
	if (!status)
		status = open_control(s, &place);
	else
		qmp_place_close(&place);
	if (status)
		return status;
	fds_close_inherited();
	status = jail_close(&s->jail);
	if (!status)
		status = sandbox_close(s->sandbox, SANDBOX_SERVE);
	if (status)
		return status;
	serve_notify(s->notify_fd, "READY=1");
	serve_all(s);
	serve_notify(s->notify_fd, "STOPPING=1");
	/* All at once, before the first is waited for. */
	for (unsigned int i = 0; i < s->nr; i++)
		serve_thread_stop(s->disk[i].thread);
	served_memory_stop(s->memory);
	return 0;
}

enum exit_status cmd_serve(int argc, char **argv)
{
	struct service *s;
	enum exit_status status;

	s = calloc(1, sizeof(*s));
	if (!s)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	s->signal_fd = -1;
	s->over_fd = -1;
	s->notify_fd = -1;
	status = serve_config_parse(&s->config, argc, argv);
	if (!status && s->config.help)
		print_help();
	else if (!status && s->config.print_capabilities)
		printf("{\n  \"type\": \"block\",\n"
		       "  \"features\": [\n    \"read-only\",\n    \"blk-file\"\n  ]\n}\n");
	else if (!status)
		status = run(s);
	/* Its commands are about the disks and the memory. */
	qmp_destroy(s->qmp);
	while (s->nr)
		served_close(&s->disk[--s->nr]);
	/* Last: disks have pins in its heap. */
	served_memory_close(s->memory);
	cpu_latency_destroy(s->latency);
	sandbox_destroy(s->sandbox);
	if (s->notify_fd >= 0)
		close(s->notify_fd);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->over_fd >= 0)
		close(s->over_fd);
	serve_config_free(&s->config);
	free(s);
	return status;
}
