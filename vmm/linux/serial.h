/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A serial port (PC16550D data sheet, National Semiconductor, 1995), the console of
 * Linux guests. The line is as fast as its two ends: what is sent is gone at once,
 * what comes in waits till it is read.
 */
#ifndef VMM_LINUX_SERIAL_H
#define VMM_LINUX_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORTS 8    /* registers, one port each */
#define SERIAL_INPUT 1024 /* bytes that wait at most */

struct serial_ops {
	/* The interrupt line's new level. The port's lock is held. */
	void (*irq)(void *opaque, bool level);
	/* A byte that was sent. No lock is held. */
	void (*output)(void *opaque, uint8_t byte);
};

struct serial {
	const struct serial_ops *ops;
	void *opaque;
	pthread_mutex_t lock;
	pthread_cond_t room;
	bool closed;
	bool level; /* of the interrupt line */
	bool sent;  /* a transmitter-empty interrupt is due, if enabled */
	bool fifo;  /* FIFO mode, which software only sees */
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t input[SERIAL_INPUT];
	size_t first, count; /* of input */
};

/* ops is kept, not copied. Returns 0 or -errno. */
int serial_init(struct serial *serial, const struct serial_ops *ops, void *opaque);
void serial_fini(struct serial *serial);

/* The guest's access to register reg (0..7), by any vCPU's thread. */
uint8_t serial_read(struct serial *serial, unsigned int reg);
void serial_write(struct serial *serial, unsigned int reg, uint8_t value);

/* Gives the guest len bytes of input, waiting for it to read when the port is full.
 * Returns whether all were taken: false once the port is closed. */
bool serial_input(struct serial *serial, const uint8_t *buf, size_t len);

/* There will be no more input; ends a serial_input() that waits. */
void serial_close(struct serial *serial);

#endif
