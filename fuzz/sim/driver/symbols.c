/* SPDX-License-Identifier: 0BSD */
#include "driver/symbols.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESSES 4096
#define INLINED   6

struct entry {
	uintptr_t address;
	int count;
	struct symbol symbols[INLINED];
};

static struct entry *entries;
static int entry_count;
static int resolved;

static uintptr_t library_from;
static uintptr_t library_to;

void symbols_library(uintptr_t from, uintptr_t to)
{
	library_from = from;
	library_to = to;
}

static struct entry *find(uintptr_t address)
{
	for (int i = 0; i < entry_count; i++) {
		if (entries[i].address == address)
			return &entries[i];
	}
	return NULL;
}

void symbols_want(uintptr_t address)
{
	if (entries == NULL)
		entries = calloc(ADDRESSES, sizeof *entries);
	if (entries == NULL || entry_count == ADDRESSES || find(address) != NULL)
		return;
	entries[entry_count++].address = address;
}

/* Leave out the current directory. */
static const char *shorter(const char *file)
{
	static char here[PATH_MAX];
	size_t length;

	if (here[0] == '\0' && getcwd(here, sizeof here) == NULL)
		here[0] = '\0';
	length = strlen(here);
	if (strncmp(file, "./", 2) == 0)
		return file + 2;
	if (length > 1 && strncmp(file, here, length) == 0 && file[length] == '/')
		return file + length + 1;
	return file;
}

/* Copy the name of a function, without C++'s arguments and anonymous namespaces. */
static void copy_name(char *to, size_t size, const char *from)
{
	static const char anonymous[] = "(anonymous namespace)::";
	size_t length = 0;
	int depth = 0;

	for (; *from != '\0' && length + 1 < size; from++) {
		if (strncmp(from, anonymous, sizeof anonymous - 1) == 0) {
			from += sizeof anonymous - 2;
			continue;
		}
		if (depth == 0 && *from == '(')
			break;
		depth += *from == '<';
		if (depth == 0)
			to[length++] = *from;
		depth -= *from == '>' && depth > 0;
	}
	to[length] = '\0';
	if (length < 2)
		snprintf(to, size, "a lambda");
}

/* Per address, addr2line prints a line with the address, then for each function a line with its
 * name and one with its position. */
static void read_answer(FILE *from)
{
	struct entry *entry = NULL;
	struct symbol *symbol = NULL;
	static char line[16384];

	while (fgets(line, sizeof line, from) != NULL) {
		char *colon;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0x", 2) == 0) {
			entry = find((uintptr_t)strtoull(line, NULL, 16) + 1);
			symbol = NULL;
		} else if (entry != NULL && symbol == NULL) {
			if (entry->count == INLINED)
				continue;
			symbol = &entry->symbols[entry->count++];
			symbol->library = entry->address - library_from < library_to - library_from;
			copy_name(symbol->function, sizeof symbol->function, line);
		} else if (symbol != NULL) {
			colon = strrchr(line, ':');
			symbol->line = colon != NULL ? atoi(colon + 1) : 0;
			if (colon != NULL)
				*colon = '\0';
			snprintf(symbol->file, sizeof symbol->file, "%.159s", shorter(line));
			symbol = NULL;
		}
	}
}

void symbols_resolve(void)
{
	/* Many addresses per command line, but not all. */
	while (resolved < entry_count) {
		static char command[16384];
		int length = snprintf(command, sizeof command,
			"addr2line -C -a -f -i -e /proc/%d/exe", (int)getpid());
		FILE *pipe;

		for (int i = 0; i < 400 && resolved < entry_count; i++)
			/* The address is where a call returns to: the call lies before it. */
			length += snprintf(command + length, sizeof command - (size_t)length,
				" 0x%llx", (unsigned long long)entries[resolved++].address - 1);
		pipe = popen(command, "r");
		if (pipe == NULL)
			return;
		read_answer(pipe);
		pclose(pipe);
	}
}

int symbols_of(uintptr_t address, const struct symbol **symbols)
{
	const struct entry *entry = find(address);

	*symbols = entry != NULL ? entry->symbols : NULL;
	return entry != NULL ? entry->count : 0;
}

void symbols_line(const struct symbol *symbol, char *text, int size)
{
	FILE *file = fopen(symbol->file, "r");

	text[0] = '\0';
	if (file == NULL)
		return;
	for (int i = 0; i < symbol->line; i++) {
		if (fgets(text, size, file) == NULL)
			text[0] = '\0';
		else if (strchr(text, '\n') == NULL)
			fscanf(file, "%*[^\n]%*c");
	}
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

/* ---- Static variables ----------------------------------------------------------------------- */

#define VARIABLES 1024
static struct variable {
	uintptr_t from;
	uintptr_t size;
	char name[48];
} variables[VARIABLES];
static int variable_count = -1;

/* Read the variables of this program, as nm lists them: address, size, kind and name. */
static void read_variables(void)
{
	char line[512];
	FILE *pipe;

	variable_count = 0;
	snprintf(line, sizeof line, "nm -S -C --defined-only /proc/%d/exe", (int)getpid());
	pipe = popen(line, "r");
	if (pipe == NULL)
		return;
	while (fgets(line, sizeof line, pipe) != NULL && variable_count < VARIABLES) {
		struct variable *variable = &variables[variable_count];
		unsigned long from;
		unsigned long size;
		char kind;
		int name;

		if (sscanf(line, "%lx %lx %c %n", &from, &size, &kind, &name) != 3 ||
			strchr("bBdD", kind) == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		variable->from = from;
		variable->size = size;
		snprintf(variable->name, sizeof variable->name, "%.47s", line + name);
		variable_count++;
	}
	pclose(pipe);
}

const char *symbols_data(uintptr_t address)
{
	if (variable_count < 0)
		read_variables();
	for (int i = 0; i < variable_count; i++) {
		if (address - variables[i].from < variables[i].size)
			return variables[i].name;
	}
	return NULL;
}
