/* SPDX-License-Identifier: 0BSD */
/* From addresses of code to functions and lines, by addr2line. */
#ifndef SIM_SYMBOLS_H
#define SIM_SYMBOLS_H

#include <stdint.h>

/* One of the functions that an address belongs to, inlined ones first. */
struct symbol {
	char function[64];
	/* From the root of the project on. */
	char file[96];
	int line;
};

/* Remember an address; then look all of them up; then ask. */
void symbols_want(uintptr_t address);
void symbols_resolve(void);
int symbols_of(uintptr_t address, const struct symbol **symbols);

/* A line of a file, cut to `size`; empty if there is none. */
void symbols_line(const struct symbol *symbol, char *text, int size);

#endif
