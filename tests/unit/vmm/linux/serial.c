/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550, driven as Linux's 8250 driver drives it. */
#include <linux/serial_reg.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/linux/serial.h"

struct fixture {
	struct serial serial;
	bool level;
	unsigned int edges;
	uint8_t out[64];
	size_t sent;
};

static struct fixture f;

static void irq(void *opaque, bool level)
{
	struct fixture *fixture = opaque;

	assert_true(level != fixture->level);
	fixture->level = level;
	fixture->edges += level;
}

static void output(void *opaque, uint8_t byte)
{
	struct fixture *fixture = opaque;

	assert_true(fixture->sent < sizeof(fixture->out));
	fixture->out[fixture->sent++] = byte;
}

static const struct serial_ops ops = {.irq = irq, .output = output};

static int setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	return serial_init(&f.serial, &ops, &f);
}

static int teardown(void **state)
{
	(void)state;
	serial_fini(&f.serial);
	return 0;
}

static void store(unsigned int reg, uint8_t value)
{
	serial_write(&f.serial, reg, value);
}

static uint8_t load(unsigned int reg)
{
	return serial_read(&f.serial, reg);
}

/* serial8250's autoconfig(). */
static void is_found(void **state)
{
	(void)state;
	store(UART_IER, 0);
	assert_int_equal(load(UART_IER), 0);
	store(UART_IER, 0x0f);
	assert_int_equal(load(UART_IER) & 0x0f, 0x0f);
	store(UART_IER, 0);
	store(UART_MCR, UART_MCR_LOOP | 0x0a);
	assert_int_equal(load(UART_MSR) & 0xf0, 0x90);
	store(UART_MCR, 0);
	store(UART_FCR, UART_FCR_ENABLE_FIFO);
	assert_int_equal(load(UART_IIR) >> 6, 3);
	store(UART_FCR, 0);
	assert_int_equal(load(UART_IIR) >> 6, 0);
	store(UART_SCR, 0x5a);
	assert_int_equal(load(UART_SCR), 0x5a);
	assert_int_equal(f.sent, 0);
}

static void divisor_is_apart(void **state)
{
	(void)state;
	store(UART_IER, UART_IER_RDI);
	store(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	store(UART_DLL, 12);
	store(UART_DLM, 34);
	assert_int_equal(load(UART_DLL), 12);
	assert_int_equal(load(UART_DLM), 34);
	store(UART_LCR, UART_LCR_WLEN8);
	assert_int_equal(load(UART_IER), UART_IER_RDI);
	assert_int_equal(load(UART_LCR), UART_LCR_WLEN8);
	assert_int_equal(f.sent, 0);
}

static void sends(void **state)
{
	(void)state;
	assert_int_equal(load(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE);
	store(UART_TX, 'a');
	store(UART_TX, 'b');
	assert_int_equal(f.sent, 2);
	assert_memory_equal(f.out, "ab", 2);
	assert_int_equal(f.edges, 0);
}

/* Each byte sent makes an interrupt, which reading IIR takes back. */
static void sends_by_interrupts(void **state)
{
	(void)state;
	store(UART_IER, UART_IER_THRI);
	assert_true(f.level);
	assert_int_equal(load(UART_IIR), UART_IIR_THRI);
	assert_false(f.level);
	assert_int_equal(load(UART_IIR), UART_IIR_NO_INT);
	store(UART_TX, 'x');
	assert_true(f.level);
	store(UART_IER, 0);
	assert_false(f.level);
	/* The driver's test of its own: enabling it again interrupts again. */
	store(UART_IER, UART_IER_THRI);
	assert_int_equal(load(UART_IIR), UART_IIR_THRI);
}

static void receives(void **state)
{
	(void)state;
	assert_true(serial_input(&f.serial, (const uint8_t *)"hi", 2));
	assert_false(f.level);
	assert_true(load(UART_LSR) & UART_LSR_DR);
	store(UART_IER, UART_IER_RDI);
	assert_true(f.level);
	assert_int_equal(load(UART_IIR), UART_IIR_RDI);
	assert_int_equal(load(UART_RX), 'h');
	assert_true(f.level);
	assert_int_equal(load(UART_RX), 'i');
	assert_false(f.level);
	assert_false(load(UART_LSR) & UART_LSR_DR);
	assert_int_equal(load(UART_RX), 0);
	assert_true(serial_input(&f.serial, (const uint8_t *)"gone", 4));
	store(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	assert_false(f.level);
}

static void loops_back(void **state)
{
	(void)state;
	store(UART_MCR, UART_MCR_LOOP);
	store(UART_TX, 'l');
	assert_int_equal(f.sent, 0);
	assert_int_equal(load(UART_RX), 'l');
}

static void *feed(void *arg)
{
	static uint8_t much[4 * SERIAL_INPUT];

	(void)arg;
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7);
	return serial_input(&f.serial, much, sizeof(much)) ? &f : NULL;
}

/* Input that does not fit waits for the guest, and comes whole and in order. */
static void waits_for_the_guest(void **state)
{
	pthread_t thread;
	void *ret;

	(void)state;
	store(UART_IER, UART_IER_RDI);
	pthread_create(&thread, NULL, feed, NULL);
	for (size_t i = 0; i < (size_t)4 * SERIAL_INPUT; i++) {
		while (!(load(UART_LSR) & UART_LSR_DR))
			;
		assert_int_equal(load(UART_RX), (uint8_t)(i * 7));
	}
	pthread_join(thread, &ret);
	assert_ptr_equal(ret, &f);
}

static void close_ends_the_wait(void **state)
{
	pthread_t thread;
	void *ret;

	(void)state;
	pthread_create(&thread, NULL, feed, NULL);
	serial_close(&f.serial);
	pthread_join(thread, &ret);
	assert_null(ret);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_found),
		TEST(divisor_is_apart),
		TEST(sends),
		TEST(sends_by_interrupts),
		TEST(receives),
		TEST(loops_back),
		TEST(waits_for_the_guest),
		TEST(close_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
