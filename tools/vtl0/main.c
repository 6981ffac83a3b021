// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a guest: from its kernel's file to power-off, boot by boot.
 */
#include <fcntl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vtl0.h"

static void file_map(struct file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st))
		die(STATUS_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		die(STATUS_BAD_ARGUMENT, "%s: not a regular file or empty", path);
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		die_errno(path);
	close(fd);
	f->data = data;
	f->size = st.st_size;
}

/* Everything that the guest boots from; the rest of its memory keeps its contents. */
static uint64_t load(struct vm *vm, const struct boot *boot, unsigned int cpus)
{
	const char *why;
	uint64_t entry;

	acpi_build(memory_at(&vm->memory, boot->rsdp, ACPI_TABLES_SIZE), boot->rsdp, cpus,
		   boot->vpci, boot->numa ? &vm->memory : NULL);
	why = boot_load(&vm->memory, boot, &entry);
	if (why)
		die(STATUS_BAD_ARGUMENT, "%s", why);
	return entry;
}

/* One boot, until the guest ends it. */
static enum vm_end run(struct vm *vm, uint64_t entry)
{
	enum vm_end end;
	unsigned int i;

	serial_reset(&vm->serial);
	vm_create(vm);
	vcpu_set_entry(&vm->vcpus[0], entry);
	vm_start(vm);
	end = vm_wait(vm);
	for (i = 0; i < vm->cpus; i++)
		vcpu_stop(&vm->vcpus[i]);
	vm_destroy(vm);
	return end;
}

static void signal_set(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGUSR2);
	sigaddset(signals, SIGQUIT);
}

static void *take_signals(void *arg)
{
	struct vm *vm = arg;
	sigset_t signals;
	int sig;

	signal_set(&signals);
	while (!sigwait(&signals, &sig)) {
		if (sig == SIGUSR2)
			partition_pause(&vm->partition);
		else
			vm_report(vm);
	}
	return NULL;
}

/* Before there are other threads: they must not take the signals. */
static void start_signals(struct vm *vm)
{
	sigset_t signals;
	pthread_t thread;

	signal_set(&signals);
	errno = pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (!errno)
		errno = pthread_create(&thread, NULL, take_signals, vm);
	if (errno)
		die_errno("thread for signals");
	pthread_detach(thread);
}

int main(int argc, char **argv)
{
	struct boot boot = { .rsdp = ACPI_TABLES };
	static struct vm vm;
	struct options o;
	const char *why;
	uint64_t entry;

	why = options_parse(&o, argc, argv);
	if (why)
		die(STATUS_BAD_ARGUMENT, "%s", why);
	if (o.help) {
		options_usage();
		return 0;
	}

	file_map(&boot.kernel, o.kernel);
	if (o.initrd)
		file_map(&boot.initrd, o.initrd);
	boot.append = o.append;
	boot.vpci = o.vpci;
	boot.numa = o.numa;
	memory_map(&vm.memory, o.memory, true);
	entry = load(&vm, &boot, o.cpus);

	/* Output to a closed pipe is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	vcpu_init();
	vm_open(&vm, o.cpus, o.vpci);
	partition_open(&vm.partition, o.device, o.partition, &vm.memory, o.cpus, o.vpci);
	start_signals(&vm);
	routes_init(&vm.routes, &vm.partition, o.cpus);
	if (o.vpci)
		routes_listen(&vm.routes);
	serial_init(&vm.serial, STDOUT_FILENO, must_eventfd());
	serial_listen(&vm.serial, STDIN_FILENO);

	while (run(&vm, entry) == VM_RESET) {
		fprintf(stderr, "vtl0: guest reset\n");
		partition_reset(&vm.partition, o.server_reset);
		entry = load(&vm, &boot, o.cpus);
	}
	return 0;
}
