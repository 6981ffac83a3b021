# SPDX-License-Identifier: GPL-2.0-only
# make [O=DIR]: $(PROGRAM) of one source file, static, for the test machine
O ?= .
CFLAGS += -std=gnu11 -Wall -Wextra -Werror -O2

all: $(O)/$(PROGRAM)

$(O)/$(PROGRAM): $(PROGRAM).c
	@mkdir -p $(O)
	$(CC) $(CFLAGS) -static -o $@ $<

clean:
	rm -f $(O)/$(PROGRAM)

.PHONY: all clean
