// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console: a 16550A.  What is sent leaves at once.  What is received waits in
 * stdin until the guest listens and its FIFO has room: no byte is lost.
 */
#include <errno.h>
#include <linux/serial_reg.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vtl0.h"

#define IER_BITS	(UART_IER_MSI | UART_IER_RLSI | UART_IER_THRI | UART_IER_RDI)
#define MCR_BITS	(UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_OUT1 | UART_MCR_RTS | \
			 UART_MCR_DTR)
#define IIR_FIFO	0xc0

/* How long to wait for the next writer of a FIFO */
#define REOPEN_MS	100

/*
 * Linux reads the receiver once and resets the FIFOs when it opens the port, with
 * interrupts disabled; after that it raises RTS.  Until both are as they should
 * be, a byte stays invisible.
 */
static bool serial_listens(const struct serial *s)
{
	return (s->ier & UART_IER_RDI) &&
	       (s->mcr & (UART_MCR_RTS | UART_MCR_LOOP)) == UART_MCR_RTS;
}

static bool serial_has_data(const struct serial *s)
{
	return s->count && serial_listens(s);
}

static uint8_t serial_cause(const struct serial *s)
{
	if (serial_has_data(s))
		return UART_IIR_RDI;
	if (s->sent && (s->ier & UART_IER_THRI))
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

/* The interrupt is edge-triggered; OUT2 is what connects it. */
static void serial_update(struct serial *s)
{
	bool line = (s->mcr & UART_MCR_OUT2) && serial_cause(s) != UART_IIR_NO_INT;
	uint64_t one = 1;

	if (line && !s->line && write(s->irq, &one, sizeof(one)) < 0)
		die_errno("serial interrupt");
	s->line = line;
}

/**
 * serial_init - make a port
 * @s: port
 * @out: file descriptor for what the guest sends
 * @irq: eventfd of its interrupt
 */
void serial_init(struct serial *s, int out, int irq)
{
	*s = (struct serial) {
		.out = out,
		.irq = irq,
	};
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->room, NULL);
}

/**
 * serial_reset - the machine was reset
 * @s: port; what it has received stays
 */
void serial_reset(struct serial *s)
{
	pthread_mutex_lock(&s->lock);
	s->ier = 0;
	s->fcr = 0;
	s->lcr = 0;
	s->mcr = 0;
	s->scr = 0;
	s->sent = false;
	s->line = false;
	pthread_mutex_unlock(&s->lock);
}

static uint8_t serial_take(struct serial *s)
{
	uint8_t byte;

	if (!serial_has_data(s))
		return 0;
	byte = s->fifo[s->first];
	s->first = (s->first + 1) % SERIAL_FIFO;
	s->count--;
	pthread_cond_signal(&s->room);
	return byte;
}

static uint8_t serial_identify(struct serial *s)
{
	uint8_t cause = serial_cause(s);

	/* To read this cause is to acknowledge it. */
	if (cause == UART_IIR_THRI)
		s->sent = false;
	return cause | (s->fcr & UART_FCR_ENABLE_FIFO ? IIR_FIFO : 0);
}

/* The other side is always there; in loop mode it is the port itself. */
static uint8_t serial_modem_status(const struct serial *s)
{
	if (!(s->mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	return (s->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (s->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (s->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
	       (s->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

static uint8_t serial_get(struct serial *s, unsigned int reg)
{
	if (reg <= UART_DLM && (s->lcr & UART_LCR_DLAB))
		return s->divisor[reg];

	switch (reg) {
	case UART_RX:
		return serial_take(s);
	case UART_IER:
		return s->ier;
	case UART_IIR:
		return serial_identify(s);
	case UART_LCR:
		return s->lcr;
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE | (serial_has_data(s) ? UART_LSR_DR : 0);
	case UART_MSR:
		return serial_modem_status(s);
	default:
		return s->scr;
	}
}

/**
 * serial_read - the guest reads a register
 * @s: port
 * @reg: number of the register, below SERIAL_PORTS
 *
 * Context: any thread.
 * Return: its value.
 */
uint8_t serial_read(struct serial *s, unsigned int reg)
{
	uint8_t value;

	pthread_mutex_lock(&s->lock);
	value = serial_get(s, reg);
	serial_update(s);
	pthread_mutex_unlock(&s->lock);
	return value;
}

static void serial_send(struct serial *s, uint8_t byte)
{
	struct pollfd out = { .fd = s->out, .events = POLLOUT };

	if (s->mcr & UART_MCR_LOOP)
		return;
	while (write(s->out, &byte, 1) < 0) {
		if (errno == EAGAIN)
			poll(&out, 1, -1);
		else if (errno != EINTR)
			die_errno("console output");
	}
}

static void serial_set(struct serial *s, unsigned int reg, uint8_t value)
{
	if (reg <= UART_DLM && (s->lcr & UART_LCR_DLAB)) {
		s->divisor[reg] = value;
		return;
	}

	switch (reg) {
	case UART_TX:
		serial_send(s, value);
		s->sent = true;
		break;
	case UART_IER:
		/* The transmitter is empty: enabling that interrupt causes one. */
		if (value & ~s->ier & UART_IER_THRI)
			s->sent = true;
		s->ier = value & IER_BITS;
		break;
	case UART_FCR:
		/* What stands in the FIFO counts as not yet sent: a reset keeps it. */
		s->fcr = value;
		break;
	case UART_LCR:
		s->lcr = value;
		break;
	case UART_MCR:
		s->mcr = value & MCR_BITS;
		break;
	case UART_SCR:
		s->scr = value;
		break;
	}
}

/**
 * serial_write - the guest writes a register
 * @s: port
 * @reg: number of the register, below SERIAL_PORTS
 * @value: what it writes
 *
 * Context: any thread; waits while the output takes nothing.
 */
void serial_write(struct serial *s, unsigned int reg, uint8_t value)
{
	pthread_mutex_lock(&s->lock);
	serial_set(s, reg, value);
	serial_update(s);
	pthread_mutex_unlock(&s->lock);
}

/**
 * serial_receive - bytes for the guest
 * @s: port
 * @data: the bytes
 * @size: how many
 *
 * Context: one thread; waits until the guest has made room.
 */
void serial_receive(struct serial *s, const uint8_t *data, size_t size)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < size; i++) {
		while (s->count == SERIAL_FIFO)
			pthread_cond_wait(&s->room, &s->lock);
		s->fifo[(s->first + s->count++) % SERIAL_FIFO] = data[i];
		serial_update(s);
	}
	pthread_mutex_unlock(&s->lock);
}

/**
 * struct listener - the thread that reads the console's input
 * @serial: port
 * @in: file
 * @is_fifo: another writer may come when one has left
 */
struct listener {
	struct serial *serial;
	int in;
	bool is_fifo;
};

static void *listener_run(void *arg)
{
	struct listener *l = arg;
	struct pollfd wait = { .fd = l->in, .events = POLLIN };
	uint8_t data[SERIAL_FIFO];
	ssize_t n;

	for (;;) {
		n = read(l->in, data, sizeof(data));
		if (n > 0)
			serial_receive(l->serial, data, n);
		else if (n == 0 && l->is_fifo)
			poll(NULL, 0, REOPEN_MS);
		else if (n < 0 && errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (n == 0 || errno != EINTR)
			break;
	}
	/* A guest without input is a guest all the same. */
	if (n < 0)
		fprintf(stderr, "vtl0: console input ends: %s\n", strerror(errno));
	return NULL;
}

/**
 * serial_listen - start to receive from a file
 * @s: port
 * @in: file descriptor
 *
 * Ends only with the program, once for all boots.
 */
void serial_listen(struct serial *s, int in)
{
	static struct listener listener;
	pthread_t thread;
	struct stat st;

	listener = (struct listener) {
		.serial = s,
		.in = in,
		.is_fifo = !fstat(in, &st) && S_ISFIFO(st.st_mode),
	};
	errno = pthread_create(&thread, NULL, listener_run, &listener);
	if (errno)
		die_errno("thread of the console");
	pthread_detach(thread);
}
