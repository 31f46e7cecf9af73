/* SPDX-License-Identifier: 0BSD */
/* Map code addresses to functions and lines, by addr2line. */
#ifndef SIM_SYMBOLS_H
#define SIM_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* One of the functions that an address belongs to, combining ones first. */
struct symbol {
	char function[64];
	/* Relative to the root of the project, or to the current directory. */
	char file[160];
	int line;
	/* In the code that symbols_library has named. */
	bool library;
};

/* The library's code lies there, whatever its debugging information says. */
void symbols_library(uintptr_t from, uintptr_t to);

/* Record an address; resolve all recorded ones; look one up. */
void symbols_want(uintptr_t address);
void symbols_resolve(void);
int symbols_of(uintptr_t address, const struct symbol **symbols);

/* The name of the static variable that an address lies in; NULL: none. */
const char *symbols_data(uintptr_t address);

/* Get a line of a file, cut to `size`; empty if there is none. */
void symbols_line(const struct symbol *symbol, char *text, int size);

#endif
