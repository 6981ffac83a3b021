# SPDX-License-Identifier: GPL-2.0-only
# make help says what there is; the work is done in scripts/.

KDIR ?= /lib/modules/$(shell uname -r)/build
KVER ?= 6.12
export KVER

all: modules

modules:
	@test -d $(KDIR) || { echo "No kernel build in $(KDIR): give KDIR=, or see" \
		"'make help'"; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	@rm -rf build
	@find . -name .git -prune -o -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o -name modules.order \
		-o -name Module.symvers \) -exec rm -f {} +

help:
	@cat scripts/help.txt

demo:
	@scripts/demo

check:
	@E2E="$(E2E)" scripts/check

check-long:
	@LONG=1 E2E="$(E2E)" scripts/check

kernel:
	@scripts/deps
	@scripts/kernel

bed:
	@scripts/deps
	@scripts/kernel > /dev/null

static: bed
	@scripts/static

kunit: bed
	@scripts/kunit

selftest: bed
	@scripts/selftest

e2e: bed
	@scripts/e2e $(E2E)

e2e-list:
	@scripts/e2e list

mutate: bed
	@scripts/mutate $(if $(HANDLERS),--handlers)

coverage:
	@scripts/deps
	@scripts/coverage

bench: bed
	@scripts/bench disks

bench-net: bed
	@scripts/bench net

bench-ring: bed
	@scripts/bench-ring

doctor:
	@scripts/doctor

.PHONY: all modules clean help demo check check-long kernel bed static kunit selftest e2e \
	e2e-list mutate coverage bench bench-net bench-ring doctor
