// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two programs that talk over AF_VSOCK, for tests: one in the guest, one in VTL2.
 *
 *	hvsock-echo serve PORT
 *		sends back every message, after it has checked it
 *	hvsock-echo ping CID PORT CONNECTIONS MESSAGES
 *		sends messages of many sizes on each of some connections, all at the
 *		same time and without waiting for answers, and checks what comes back
 *	hvsock-echo half CID PORT
 *		ends its own side first and still gets every answer, then the end
 *	hvsock-echo hold CID PORT
 *		connects and tells what ends the connection
 *	hvsock-echo try CID PORT
 *		connects
 *
 * A message is a head and data that follows from its number, so that each end knows
 * what it must be.  Both ends check it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(fmt, args)	__attribute((format(printf, fmt, args)))

#define MAGIC		0x4f484345
#define MAX_DATA	70000
#define TIME_LIMIT	1500		/* seconds */
#define HALF_MESSAGES	12		/* of 100 bytes: they fit any ring */

struct head {
	uint32_t magic;
	uint32_t len;
	uint32_t number;
	uint32_t connection;
	uint64_t sum;
};

static uint64_t data[MAX_DATA / 8 + 1];

static noreturn void __printf(1, 2) die(const char *format, ...)
{
	va_list args;

	printf("hvsock-echo: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	exit(1);
}

/* ---- messages ---------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Around every limit of rings, packets and pages, and anything in between. */
static uint32_t message_len(uint32_t number, uint64_t *state)
{
	static const uint32_t sizes[] = {
		0, 1, 7, 8, 9, 100, 1000, 4063, 4064, 4065, 4087, 4088, 4089, 4096, 4097,
		8192, 16383, 16384, 16385, 20480,
	};

	if (number % 500 == 499)
		return 65536 + next_random(state) % 4096;
	if (number & 1)
		return next_random(state) % 3000;
	return sizes[number / 2 % ARRAY_SIZE(sizes)];
}

static uint64_t checksum(const struct head *h)
{
	uint64_t sum = 0xcbf29ce484222325 ^ h->number ^ (uint64_t)h->connection << 32;
	uint32_t i;

	data[h->len / 8] &= ~(~0ULL << h->len % 8 * 8);
	for (i = 0; i <= h->len / 8; i++)
		sum = (sum ^ data[i]) * 0x100000001b3;
	return sum ^ sum >> 32;
}

/* Make message @number of a connection in @data. */
static void make(struct head *h, uint32_t connection, uint32_t number)
{
	uint64_t state = 0x9e3779b97f4a7c15 * (number + 1) + connection;
	uint32_t i;

	*h = (struct head) {
		.magic = MAGIC,
		.len = message_len(number, &state),
		.number = number,
		.connection = connection,
	};
	for (i = 0; i <= h->len / 8; i++)
		data[i] = next_random(&state);
	h->sum = checksum(h);
}

static void write_all(int fd, const void *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= n, buf += n) {
		n = write(fd, buf, len);
		if (n <= 0)
			die("write: %s", strerror(errno));
	}
}

/* 0 at the end of the stream, which must come between messages. */
static int read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buf + done, len - done);
		if (n < 0)
			die("read: %s", strerror(errno));
		if (!n && !done)
			return 0;
		if (!n)
			die("the stream ends within a message");
		done += n;
	}
	return 1;
}

static void write_message(int fd, const struct head *h)
{
	write_all(fd, h, sizeof(*h));
	write_all(fd, data, h->len);
}

/* The next message, checked against its own checksum; 0 at the end of the stream. */
static int read_message(int fd, struct head *h)
{
	if (!read_all(fd, h, sizeof(*h)))
		return 0;
	if (h->magic != MAGIC || h->len > MAX_DATA)
		die("no message: magic %#x length %u", h->magic, h->len);
	if (h->len && !read_all(fd, data, h->len))
		die("the stream ends within a message");
	if (checksum(h) != h->sum)
		die("message %u of connection %u: wrong checksum", h->number, h->connection);
	return 1;
}

/* ---- sockets ------------------------------------------------------------------------ */

static uint32_t number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (!*text || *end)
		die("not a number: %s", text);
	return n;
}

static int connect_to(const char *cid, const char *port, unsigned int seconds)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = number_of(cid), .svm_port = number_of(port),
	};
	struct timeval limit = { .tv_sec = seconds };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof(limit)))
		die("connect timeout: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("connect: %s", strerror(errno));
	return fd;
}

static void echo(int fd)
{
	struct head h;

	while (read_message(fd, &h))
		write_message(fd, &h);
	close(fd);
}

static void serve(const char *port)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = number_of(port),
	};
	int listener = socket(AF_VSOCK, SOCK_STREAM, 0), fd;

	if (listener < 0 || bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 32))
		die("listen: %s", strerror(errno));
	signal(SIGCHLD, SIG_IGN);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept: %s", strerror(errno));
		switch (fork()) {
		case -1:
			die("fork: %s", strerror(errno));
		case 0:
			close(listener);
			echo(fd);
			exit(0);
		}
		close(fd);
	}
}

/* ---- the one that asks ---------------------------------------------------------------- */

static void ping_writer(int fd, uint32_t connection, uint32_t messages)
{
	struct head h;
	uint32_t i;

	for (i = 0; i < messages; i++) {
		make(&h, connection, i);
		write_message(fd, &h);
	}
	if (shutdown(fd, SHUT_WR))
		die("shutdown: %s", strerror(errno));
}

/* One connection: returns bytes that came back. */
static uint64_t ping_reader(int fd, uint32_t connection, uint32_t messages)
{
	struct head want, got;
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < messages; i++) {
		make(&want, connection, i);
		if (!read_message(fd, &got))
			die("connection %u: the end after %u messages", connection, i);
		if (memcmp(&want, &got, sizeof(want)))
			die("connection %u: message %u, length %u instead of %u, length %u",
			    connection, got.number, got.len, want.number, want.len);
		bytes += sizeof(got) + got.len;
	}
	if (read_message(fd, &got))
		die("connection %u: more than was sent", connection);
	return bytes;
}

static void ping_one(char **argv, uint32_t connection, uint32_t messages)
{
	int fd = connect_to(argv[2], argv[3], 30), status;
	pid_t writer = fork();
	uint64_t bytes;

	if (writer < 0)
		die("fork: %s", strerror(errno));
	if (!writer) {
		alarm(TIME_LIMIT);
		ping_writer(fd, connection, messages);
		exit(0);
	}
	bytes = ping_reader(fd, connection, messages);
	if (waitpid(writer, &status, 0) != writer || status)
		die("connection %u: the writer failed", connection);
	printf("connection %u: %u messages, %llu bytes\n", connection, messages,
	       (unsigned long long)bytes);
	fflush(stdout);
	close(fd);
}

static void ping(char **argv)
{
	uint32_t connections = number_of(argv[4]), messages = number_of(argv[5]), i;
	int status, failed = 0;
	time_t start = time(NULL);

	for (i = 0; i < connections; i++) {
		switch (fork()) {
		case -1:
			die("fork: %s", strerror(errno));
		case 0:
			alarm(TIME_LIMIT);
			ping_one(argv, i, messages);
			exit(0);
		}
	}
	while (wait(&status) > 0)
		failed += status != 0;
	if (failed)
		die("%d of %u connections failed", failed, connections);
	printf("all right: %u times %u messages in %ld s\n", connections, messages,
	       (long)(time(NULL) - start));
}

static void half(char **argv)
{
	int fd = connect_to(argv[2], argv[3], 30);
	struct head h, got;
	unsigned int i;

	for (i = 0; i < HALF_MESSAGES; i++) {
		make(&h, 1, i);
		h.len = 100;
		h.sum = checksum(&h);
		write_message(fd, &h);
	}
	if (shutdown(fd, SHUT_WR))
		die("shutdown: %s", strerror(errno));
	if (write(fd, data, 1) != -1 || errno != EPIPE)
		die("what was ended can still be written to");
	for (i = 0; i < HALF_MESSAGES; i++)
		if (!read_message(fd, &got) || got.number != i)
			die("answer %u does not come", i);
	if (read_message(fd, &got))
		die("the end does not come");
	printf("both sides ended\n");
}

static void hold(char **argv)
{
	int fd = connect_to(argv[2], argv[3], 30);
	ssize_t n;
	char c;

	printf("connected\n");
	fflush(stdout);
	n = read(fd, &c, 1);
	if (n > 0)
		die("data");
	printf("ended: %s\n", n ? strerror(errno) : "orderly");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	alarm(TIME_LIMIT);
	if (!strcmp(what, "serve") && argc == 3) {
		alarm(0);
		serve(argv[2]);
	} else if (!strcmp(what, "ping") && argc == 6) {
		ping(argv);
	} else if (!strcmp(what, "half") && argc == 4) {
		half(argv);
	} else if (!strcmp(what, "hold") && argc == 4) {
		hold(argv);
	} else if (!strcmp(what, "try") && argc == 4) {
		close(connect_to(argv[2], argv[3], 2));
	} else {
		die("serve PORT; ping CID PORT CONNECTIONS MESSAGES; half, hold, try CID PORT");
	}
	return 0;
}
