// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

#define FCR		IIR

#define IER_RDI		0x01
#define IER_THRI	0x02
#define IIR_NONE	0x01
#define IIR_THRI	0x02
#define IIR_RDI		0x04
#define IIR_FIFO	0xc0
#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define LCR_DLAB	0x80
#define MCR_RTS		0x02
#define MCR_OUT2	0x08
#define MCR_LOOP	0x10
#define LSR_DR		0x01

static struct serial s;
static int out[2];

/* How often the interrupt was raised since the last question */
static unsigned int interrupts(void)
{
	uint64_t n;

	return read(s.irq, &n, sizeof(n)) < 0 ? 0 : n;
}

static void fresh(void)
{
	static int irq = -1;

	if (irq < 0)
		irq = must_eventfd();
	serial_init(&s, out[1], irq);
	interrupts();
}

static void open_port(uint8_t ier)
{
	serial_write(&s, FCR, FCR_ENABLE);
	serial_write(&s, MCR, MCR_RTS | MCR_OUT2);
	serial_write(&s, IER, ier);
}

static void test_registers(void)
{
	fresh();
	ok(serial_read(&s, IER) == 0 && serial_read(&s, LCR) == 0 && serial_read(&s, MCR) == 0,
	   "serial: registers after reset");
	ok(serial_read(&s, IIR) == IIR_NONE, "serial: no interrupt after reset");
	ok(serial_read(&s, LSR) == 0x60, "serial: transmitter empty, nothing received");
	ok(serial_read(&s, MSR) == 0xb0, "serial: the other side is ready");

	serial_write(&s, IER, 0xff);
	ok(serial_read(&s, IER) == 0x0f, "serial: four bits of IER");
	serial_write(&s, IER, 0);
	serial_write(&s, SCR, 0x5a);
	ok(serial_read(&s, SCR) == 0x5a, "serial: scratch register");

	serial_write(&s, LCR, LCR_DLAB | 3);
	serial_write(&s, DATA, 0x34);
	serial_write(&s, IER, 0x12);
	ok(serial_read(&s, DATA) == 0x34 && serial_read(&s, IER) == 0x12, "serial: divisor");
	serial_write(&s, LCR, 3);
	ok(serial_read(&s, IER) == 0, "serial: the divisor is not IER");

	serial_write(&s, MCR, MCR_LOOP | 0x0a);
	ok((serial_read(&s, MSR) & 0xf0) == 0x90, "serial: loop mode, as Linux probes it");
	serial_write(&s, MCR, 0);
	serial_write(&s, FCR, FCR_ENABLE);
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_NONE), "serial: FIFOs are there");
	serial_write(&s, FCR, 0);
	ok(serial_read(&s, IIR) == IIR_NONE, "serial: FIFOs are off");
}

static void test_transmit(void)
{
	char text[8] = "";

	fresh();
	open_port(0);
	serial_write(&s, DATA, 'h');
	serial_write(&s, DATA, 'i');
	ok(read(out[0], text, sizeof(text)) == 2 && !strcmp(text, "hi"), "serial: output");
	serial_write(&s, MCR, MCR_LOOP);
	serial_write(&s, DATA, 'x');
	ok(read(out[0], text, sizeof(text)) < 0, "serial: no output in loop mode");
}

static void test_transmit_interrupt(void)
{
	fresh();
	open_port(0);
	ok(!interrupts(), "serial: no interrupt without IER");
	serial_write(&s, IER, IER_THRI);
	ok(interrupts() == 1, "serial: enabling THRE raises it");
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_THRI), "serial: IIR says so");
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_NONE), "serial: reading IIR acknowledges");
	serial_write(&s, IER, 0);
	serial_write(&s, IER, IER_THRI);
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_THRI), "serial: enabling it again, too");
	interrupts();
	serial_write(&s, DATA, 'a');
	ok(interrupts() == 1, "serial: a byte that was sent raises it");
	serial_write(&s, DATA, 'b');
	ok(!interrupts(), "serial: no second edge while it is pending");
	serial_write(&s, IER, 0);
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_NONE), "serial: disabled, not reported");
	serial_write(&s, MCR, MCR_RTS);
	serial_write(&s, IER, IER_THRI);
	ok(!interrupts(), "serial: OUT2 disconnects the interrupt");
	serial_write(&s, MCR, MCR_RTS | MCR_OUT2);
	ok(interrupts() == 1, "serial: and connects it");
	while (read(out[0], &(char) { 0 }, 1) > 0)
		;
}

static void test_receive(void)
{
	fresh();
	open_port(IER_RDI);
	serial_receive(&s, (const uint8_t *)"ab", 2);
	ok(interrupts() == 1, "serial: received bytes raise the interrupt once");
	ok(serial_read(&s, LSR) & LSR_DR, "serial: LSR says so");
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_RDI), "serial: IIR says so");
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_RDI), "serial: reading IIR changes nothing");
	serial_write(&s, IER, IER_RDI | IER_THRI);
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_RDI), "serial: receiving comes first");
	ok(serial_read(&s, DATA) == 'a' && serial_read(&s, DATA) == 'b', "serial: in order");
	ok(!(serial_read(&s, LSR) & LSR_DR), "serial: nothing left");
	ok(serial_read(&s, IIR) == (IIR_FIFO | IIR_THRI), "serial: then sending");
	interrupts();
	serial_receive(&s, (const uint8_t *)"c", 1);
	ok(interrupts() == 1, "serial: the next byte raises the interrupt again");
}

/* What Linux does when it opens the port must not lose a byte. */
static void test_not_listening(void)
{
	fresh();
	serial_receive(&s, (const uint8_t *)"xyz", 3);
	ok(!interrupts(), "serial: no interrupt before the port is open");
	serial_write(&s, FCR, FCR_ENABLE | FCR_CLEAR_RX);
	serial_write(&s, FCR, 0);
	ok(!(serial_read(&s, LSR) & LSR_DR) && serial_read(&s, DATA) == 0,
	   "serial: a byte waits while nobody listens");
	serial_write(&s, MCR, MCR_RTS | MCR_OUT2);
	ok(!(serial_read(&s, LSR) & LSR_DR) && serial_read(&s, DATA) == 0,
	   "serial: it waits for the interrupt's enable");
	serial_write(&s, MCR, MCR_OUT2);
	serial_write(&s, IER, IER_RDI);
	ok(!interrupts() && serial_read(&s, DATA) == 0, "serial: it waits for RTS");
	serial_write(&s, MCR, MCR_RTS | MCR_OUT2);
	ok(interrupts() == 1, "serial: then it is there");
	serial_write(&s, MCR, MCR_OUT2);
	ok(!(serial_read(&s, LSR) & LSR_DR), "serial: the guest stops the flow");
	serial_reset(&s);
	open_port(IER_RDI);
	ok(serial_read(&s, DATA) == 'x' && serial_read(&s, DATA) == 'y' &&
	   serial_read(&s, DATA) == 'z', "serial: all bytes are there, after a reset, too");
}

/* More than the FIFO holds, through the thread that reads stdin */
static void test_flow(void)
{
	enum { BYTES = 1000 };
	static struct serial flow;
	int in[2], irq = must_eventfd();
	struct pollfd wait = { .fd = irq, .events = POLLIN };
	uint8_t sent[BYTES], got[BYTES];
	unsigned int i, n = 0;
	uint64_t count;

	for (i = 0; i < BYTES; i++)
		sent[i] = i * 31 >> 3;
	serial_init(&flow, out[1], irq);
	serial_write(&flow, MCR, MCR_RTS | MCR_OUT2);
	serial_write(&flow, IER, IER_RDI);
	if (pipe(in) || write(in[1], sent, BYTES) != BYTES)
		die_errno("pipe");
	serial_listen(&flow, in[0]);

	while (n < BYTES && poll(&wait, 1, 5000) == 1) {
		if (read(irq, &count, sizeof(count)) != sizeof(count))
			break;
		while (n < BYTES && serial_read(&flow, LSR) & LSR_DR)
			got[n++] = serial_read(&flow, DATA);
	}
	ok(n == BYTES && !memcmp(sent, got, BYTES), "serial: 1000 bytes, none lost");
	close(in[1]);
}

void test_serial(void)
{
	if (pipe2(out, O_NONBLOCK))
		die_errno("pipe");
	test_registers();
	test_transmit();
	test_transmit_interrupt();
	test_receive();
	test_not_listening();
	test_flow();
}
