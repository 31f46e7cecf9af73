/* SPDX-License-Identifier: 0BSD */
#include "driver/symbols.h"

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

/* Per address, addr2line prints a line with the address, then for each function a line with its
 * name and one with its position. */
static void read_answer(FILE *from)
{
	struct entry *entry = NULL;
	struct symbol *symbol = NULL;
	char line[512];

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
			snprintf(symbol->function, sizeof symbol->function, "%.63s", line);
		} else if (symbol != NULL) {
			colon = strrchr(line, ':');
			symbol->line = colon != NULL ? atoi(colon + 1) : 0;
			if (colon != NULL)
				*colon = '\0';
			snprintf(symbol->file, sizeof symbol->file, "%.95s",
				line + (strncmp(line, "./", 2) == 0 ? 2 : 0));
			symbol = NULL;
		}
	}
}

void symbols_resolve(void)
{
	/* Many addresses per command line, but not all. */
	while (resolved < entry_count) {
		static char command[16384];
		int length = snprintf(command, sizeof command, "addr2line -a -f -i -e /proc/%d/exe",
			(int)getpid());
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
