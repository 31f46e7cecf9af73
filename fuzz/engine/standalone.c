/* SPDX-License-Identifier: 0BSD */
/*
 * Replays inputs without libFuzzer, and so with any compiler.  Each argument is a file, or a
 * directory whose files are replayed in the order of their names.  Without arguments, one input is
 * read from the standard input.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any input of the corpora. */
#define MOST ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static void replay_stream(FILE *file)
{
	uint8_t *data = malloc(MOST);
	uint8_t *exact;
	size_t size;

	if (data == NULL)
		abort();
	size = fread(data, 1, MOST, file);
	/* Exactly as large as the input, so that a sanitizer detects accesses beyond it. */
	exact = malloc(size + (size == 0));
	if (exact == NULL)
		abort();
	memcpy(exact, data, size);
	free(data);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	replayed++;
}

static int replay(const char *path);

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns -1 if `path` is no directory. */
static int replay_directory(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, not_hidden, alphasort);
	int failed = 0;

	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		size_t size = strlen(path) + strlen(entries[i]->d_name) + 2;
		char *name = malloc(size);

		if (name == NULL)
			abort();
		(void)snprintf(name, size, "%s/%s", path, entries[i]->d_name);
		failed |= replay(name);
		free(name);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

static int replay(const char *path)
{
	int result = replay_directory(path);
	FILE *file;

	if (result >= 0)
		return result;
	file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	/* If a replay crashes, the last path printed is the input. */
	if (getenv("UMP_FUZZ_TRACE") != NULL)
		fprintf(stderr, "replaying %s\n", path);
	replay_stream(file);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 1)
		replay_stream(stdin);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%zu inputs replayed\n", replayed);
	return failed;
}
