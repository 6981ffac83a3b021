// SPDX-License-Identifier: GPL-2.0-only
/*
 * A byte there and a byte back by TCP, again and again: what a net takes for that.
 *
 *	net-rr serve PORT
 *		sends back each byte, on one connection after the other
 *	net-rr ask ADDRESS PORT SECONDS
 *		sends the next one when the last is back, and says how many were
 *
 * The clock is read twice, as each time may cost a guest an exit.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_LIMIT	30	/* seconds */
#define MAX_SECONDS	3600

static int time_is_up;

static noreturn void die(const char *what)
{
	printf("net-rr: %s: %s\n", what, strerror(errno));
	exit(1);
}

static noreturn void misused(void)
{
	printf("usage: net-rr serve PORT | ask ADDRESS PORT SECONDS\n");
	exit(2);
}

static unsigned int number_of(const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || !n || n > max)
		misused();
	return n;
}

static void set_option(int fd, int level, int option)
{
	int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)))
		die("setsockopt");
}

static noreturn void serve(const char *port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(number_of(port, 65535)),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	char byte;

	if (listener < 0)
		die("socket");
	set_option(listener, SOL_SOCKET, SO_REUSEADDR);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		die("listen");
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		set_option(fd, IPPROTO_TCP, TCP_NODELAY);
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			;
		close(fd);
	}
}

static void on_alarm(int signal)
{
	(void)signal;
	__atomic_store_n(&time_is_up, 1, __ATOMIC_RELAXED);
}

static int is_over(void)
{
	return __atomic_load_n(&time_is_up, __ATOMIC_RELAXED);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void ask(const char *address, const char *port, const char *seconds)
{
	/* Without SA_RESTART: it ends the read that it comes into. */
	struct sigaction action = { .sa_handler = on_alarm };
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(number_of(port, 65535)),
	};
	unsigned int limit = number_of(seconds, MAX_SECONDS);
	unsigned long n = 0;
	double start;
	char byte = 0;
	int fd;

	if (inet_pton(AF_INET, address, &addr.sin_addr) != 1)
		misused();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || sigaction(SIGALRM, &action, NULL))
		die("socket");
	alarm(CONNECT_LIMIT);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("connect");
	set_option(fd, IPPROTO_TCP, TCP_NODELAY);
	alarm(limit);
	start = now();
	while (!is_over()) {
		errno = EPIPE;
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) {
			if (is_over())
				break;
			die("the connection ends");
		}
		n++;
	}
	printf("%lu exchanges in %.6f s\n", n, now() - start);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	else if (argc == 5 && !strcmp(argv[1], "ask"))
		ask(argv[2], argv[3], argv[4]);
	else
		misused();
	return 0;
}
