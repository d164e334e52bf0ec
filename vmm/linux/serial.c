/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/serial.h"

#include <linux/serial_reg.h>

/* What of IER and MCR a 16550A has. */
#define IER_BITS 0x0f
#define MCR_BITS 0x1f

int serial_init(struct serial *serial, const struct serial_ops *ops, void *opaque)
{
	int ret;

	*serial = (struct serial){.ops = ops, .opaque = opaque, .dll = 1};
	ret = -pthread_mutex_init(&serial->lock, NULL);
	if (ret)
		return ret;
	ret = -pthread_cond_init(&serial->room, NULL);
	if (ret)
		pthread_mutex_destroy(&serial->lock);
	return ret;
}

void serial_fini(struct serial *serial)
{
	pthread_cond_destroy(&serial->room);
	pthread_mutex_destroy(&serial->lock);
}

/* The interrupt that ranks highest, as IIR tells it. */
static uint8_t pending(const struct serial *s)
{
	if (s->ier & UART_IER_RDI && s->count)
		return UART_IIR_RDI;
	if (s->ier & UART_IER_THRI && s->sent)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void serial_update_irq(struct serial *s)
{
	bool level = pending(s) != UART_IIR_NO_INT;

	if (level == s->level)
		return;
	s->level = level;
	s->ops->irq(s->opaque, level);
}

/* In loopback the modem's outputs are its inputs; else the other end is always there. */
static uint8_t modem_status(const struct serial *s)
{
	if (!(s->mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	return (s->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (s->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (s->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
	       (s->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

static void serial_put(struct serial *s, uint8_t byte)
{
	s->input[(s->first + s->count++) % SERIAL_INPUT] = byte;
}

static uint8_t serial_take(struct serial *s)
{
	uint8_t byte;

	if (!s->count)
		return 0;
	byte = s->input[s->first];
	s->first = (s->first + 1) % SERIAL_INPUT;
	s->count--;
	pthread_cond_signal(&s->room);
	return byte;
}

static uint8_t serial_identify(struct serial *s)
{
	uint8_t iir = pending(s);

	/* Reading it takes the transmitter's interrupt back. */
	if (iir == UART_IIR_THRI)
		s->sent = false;
	return iir | (s->fifo ? 0xc0 : 0);
}

static uint8_t read_register(struct serial *s, unsigned int reg)
{
	const bool dlab = s->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? s->dll : serial_take(s);
	case UART_IER:
		return dlab ? s->dlm : s->ier;
	case UART_IIR:
		return serial_identify(s);
	case UART_LCR:
		return s->lcr;
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE | (s->count ? UART_LSR_DR : 0);
	case UART_MSR:
		return modem_status(s);
	default:
		return s->scr;
	}
}

uint8_t serial_read(struct serial *serial, unsigned int reg)
{
	uint8_t value;

	pthread_mutex_lock(&serial->lock);
	value = read_register(serial, reg);
	serial_update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return value;
}

static void write_fcr(struct serial *s, uint8_t value)
{
	s->fifo = value & UART_FCR_ENABLE_FIFO;
	if (value & UART_FCR_CLEAR_RCVR) {
		s->count = 0;
		pthread_cond_signal(&s->room);
	}
}

static void write_ier(struct serial *s, uint8_t value)
{
	/* Enabling it finds the transmitter empty. */
	if (value & ~s->ier & UART_IER_THRI)
		s->sent = true;
	s->ier = value & IER_BITS;
}

/* Returns whether value goes out on the line. */
static bool transmit(struct serial *s, uint8_t value)
{
	s->sent = true;
	if (!(s->mcr & UART_MCR_LOOP))
		return true;
	if (s->count < SERIAL_INPUT)
		serial_put(s, value);
	return false;
}

void serial_write(struct serial *serial, unsigned int reg, uint8_t value)
{
	bool dlab;
	bool out = false;

	pthread_mutex_lock(&serial->lock);
	dlab = serial->lcr & UART_LCR_DLAB;
	if (reg == UART_TX && dlab)
		serial->dll = value;
	else if (reg == UART_TX)
		out = transmit(serial, value);
	else if (reg == UART_IER && dlab)
		serial->dlm = value;
	else if (reg == UART_IER)
		write_ier(serial, value);
	else if (reg == UART_FCR)
		write_fcr(serial, value);
	else if (reg == UART_LCR)
		serial->lcr = value;
	else if (reg == UART_MCR)
		serial->mcr = value & MCR_BITS;
	else if (reg == UART_SCR)
		serial->scr = value;
	serial_update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	if (out)
		serial->ops->output(serial->opaque, value);
}

bool serial_input(struct serial *serial, const uint8_t *buf, size_t len)
{
	pthread_mutex_lock(&serial->lock);
	while (len && !serial->closed) {
		if (serial->count == SERIAL_INPUT) {
			pthread_cond_wait(&serial->room, &serial->lock);
			continue;
		}
		serial_put(serial, *buf++);
		len--;
		serial_update_irq(serial);
	}
	pthread_mutex_unlock(&serial->lock);
	return !len;
}

void serial_close(struct serial *serial)
{
	pthread_mutex_lock(&serial->lock);
	serial->closed = true;
	pthread_cond_broadcast(&serial->room);
	pthread_mutex_unlock(&serial->lock);
}
