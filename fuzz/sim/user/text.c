/* SPDX-License-Identifier: 0BSD */
/*
 * The C library's functions on memory and strings: what they read and write, compilers do not
 * instrument.  The linker's --wrap directs the program's own calls here.
 */
#include "user/real.h"
#include "user/user.h"

#include "machine/machine.h"
#include "machine/trace.h"
#include "model/race.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void touch(const void *at, size_t size, enum access access, uintptr_t pc)
{
	if (!simulated() || size == 0)
		return;
	race_access((uintptr_t)at, size, access, pc);
	machine_scrub();
}

#define READS(at, size)  touch(at, size, PLAIN_READ, CALLER)
#define WRITES(at, size) touch(at, size, PLAIN_WRITE, CALLER)
#define READS_TEXT(at)   touch(at, strlen(at) + 1, PLAIN_READ, CALLER)

/* ---- Bytes --------------------------------------------------------------------------------- */

void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memset(void *to, int value, size_t size);
int __wrap_memcmp(const void *a, const void *b, size_t size);
void *__wrap_memchr(const void *in, int value, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	READS(from, size);
	WRITES(to, size);
	return memcpy(to, from, size);
}

void *__wrap_memmove(void *to, const void *from, size_t size)
{
	READS(from, size);
	WRITES(to, size);
	return memmove(to, from, size);
}

void *__wrap_memset(void *to, int value, size_t size)
{
	WRITES(to, size);
	return memset(to, value, size);
}

int __wrap_memcmp(const void *a, const void *b, size_t size)
{
	READS(a, size);
	READS(b, size);
	return memcmp(a, b, size);
}

void *__wrap_memchr(const void *in, int value, size_t size)
{
	READS(in, size);
	return memchr(in, value, size);
}

/* ---- Strings ------------------------------------------------------------------------------- */

size_t __wrap_strlen(const char *text);
size_t __wrap_strnlen(const char *text, size_t most);
int __wrap_strcmp(const char *a, const char *b);
int __wrap_strncmp(const char *a, const char *b, size_t most);
char *__wrap_strcpy(char *to, const char *from);
char *__wrap_strncpy(char *to, const char *from, size_t size);
char *__wrap_strcat(char *to, const char *from);
char *__wrap_strncat(char *to, const char *from, size_t most);
char *__wrap_strchr(const char *in, int value);
char *__wrap_strrchr(const char *in, int value);
char *__wrap_strstr(const char *in, const char *what);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t most);

size_t __wrap_strlen(const char *text)
{
	READS_TEXT(text);
	return strlen(text);
}

size_t __wrap_strnlen(const char *text, size_t most)
{
	READS(text, strnlen(text, most));
	return strnlen(text, most);
}

int __wrap_strcmp(const char *a, const char *b)
{
	READS_TEXT(a);
	READS_TEXT(b);
	return strcmp(a, b);
}

int __wrap_strncmp(const char *a, const char *b, size_t most)
{
	READS(a, strnlen(a, most));
	READS(b, strnlen(b, most));
	return strncmp(a, b, most);
}

char *__wrap_strcpy(char *to, const char *from)
{
	size_t size = strlen(from) + 1;

	READS(from, size);
	WRITES(to, size);
	return memcpy(to, from, size);
}

char *__wrap_strncpy(char *to, const char *from, size_t size)
{
	READS(from, strnlen(from, size));
	WRITES(to, size);
	return strncpy(to, from, size);
}

char *__wrap_strcat(char *to, const char *from)
{
	size_t size = strlen(from) + 1;

	READS_TEXT(to);
	READS(from, size);
	WRITES(to + strlen(to), size);
	return strcat(to, from);
}

char *__wrap_strncat(char *to, const char *from, size_t most)
{
	size_t size = strnlen(from, most);

	READS_TEXT(to);
	READS(from, size);
	WRITES(to + strlen(to), size + 1);
	return strncat(to, from, most);
}

char *__wrap_strchr(const char *in, int value)
{
	READS_TEXT(in);
	return strchr(in, value);
}

char *__wrap_strrchr(const char *in, int value)
{
	READS_TEXT(in);
	return strrchr(in, value);
}

char *__wrap_strstr(const char *in, const char *what)
{
	READS_TEXT(in);
	READS_TEXT(what);
	return strstr(in, what);
}

static char *duplicate(const char *text, size_t length, uintptr_t pc)
{
	char *copy;

	touch(text, length, PLAIN_READ, pc);
	copy = memory_allocate(length + 1, 16, pc);
	if (copy == NULL)
		return NULL;
	touch(copy, length + 1, PLAIN_WRITE, pc);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return duplicate(text, strlen(text), CALLER);
}

char *__wrap_strndup(const char *text, size_t most)
{
	return duplicate(text, strnlen(text, most), CALLER);
}

/* ---- Formatted text ------------------------------------------------------------------------ */

int __wrap_snprintf(char *to, size_t size, const char *format, ...);
int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
int __wrap_sprintf(char *to, const char *format, ...);
int __wrap_asprintf(char **to, const char *format, ...);

static int format_into(char *to, size_t size, const char *format, va_list arguments, uintptr_t pc)
{
	int length = vsnprintf(to, size, format, arguments);

	if (length >= 0 && size > 0)
		touch(to, (size_t)length < size ? (size_t)length + 1 : size, PLAIN_WRITE, pc);
	return length;
}

int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
	return format_into(to, size, format, arguments, CALLER);
}

int __wrap_snprintf(char *to, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_into(to, size, format, arguments, CALLER);
	va_end(arguments);
	return length;
}

int __wrap_sprintf(char *to, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_into(to, INT_MAX, format, arguments, CALLER);
	va_end(arguments);
	return length;
}

int __wrap_asprintf(char **to, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	*to = memory_allocate((size_t)length + 1, 16, CALLER);
	if (*to == NULL)
		return -1;
	va_start(arguments, format);
	vsnprintf(*to, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return length;
}

/* ---- Output -------------------------------------------------------------------------------- */

int __wrap_printf(const char *format, ...);
int __wrap_vprintf(const char *format, va_list arguments);
int __wrap_fprintf(FILE *to, const char *format, ...);
int __wrap_vfprintf(FILE *to, const char *format, va_list arguments);
int __wrap_puts(const char *text);
int __wrap_fputs(const char *text, FILE *to);
int __wrap_putchar(int character);
int __wrap_fflush(FILE *to);
void __wrap_perror(const char *text);

/* Output appears in traces only; other files are none of the simulated world. */
static int print(FILE *to, const char *format, va_list arguments, uintptr_t pc)
{
	char text[4096];
	int length;

	if (!simulated())
		return vfprintf(to, format, arguments);
	if (to != stdout && to != stderr)
		world_refuse("output to a file", pc);
	length = vsnprintf(text, sizeof text, format, arguments);
	text[strcspn(text, "\n")] = '\0';
	sim_remark("prints: %s", text);
	machine_scrub();
	return length;
}

int __wrap_vprintf(const char *format, va_list arguments)
{
	return print(stdout, format, arguments, CALLER);
}

int __wrap_printf(const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = print(stdout, format, arguments, CALLER);
	va_end(arguments);
	return length;
}

int __wrap_vfprintf(FILE *to, const char *format, va_list arguments)
{
	return print(to, format, arguments, CALLER);
}

int __wrap_fprintf(FILE *to, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = print(to, format, arguments, CALLER);
	va_end(arguments);
	return length;
}

static int print_text(FILE *to, const char *text, uintptr_t pc)
{
	if (!simulated())
		return fputs(text, to);
	touch(text, strlen(text) + 1, PLAIN_READ, pc);
	if (to != stdout && to != stderr)
		world_refuse("output to a file", pc);
	sim_remark("prints: %.*s", (int)strcspn(text, "\n"), text);
	machine_scrub();
	return 1;
}

int __wrap_puts(const char *text)
{
	return print_text(stdout, text, CALLER);
}

int __wrap_fputs(const char *text, FILE *to)
{
	return print_text(to, text, CALLER);
}

int __wrap_putchar(int character)
{
	return simulated() ? character : putchar(character);
}

int __wrap_fflush(FILE *to)
{
	return simulated() ? 0 : fflush(to);
}

void __wrap_perror(const char *text)
{
	print_text(stderr, text, CALLER);
}

/* ---- Random numbers: the same in each execution --------------------------------------------- */

static uint32_t random_state;

int __wrap_rand(void);
void __wrap_srand(unsigned seed);
long __wrap_random(void);
void __wrap_srandom(unsigned seed);

void random_begin(void)
{
	random_state = 1;
}

uint64_t random_hash(uint64_t hash)
{
	return mix(hash, random_state);
}

int __wrap_rand(void)
{
	random_state = random_state * 1103515245 + 12345;
	return (int)(random_state >> 1);
}

void __wrap_srand(unsigned seed)
{
	random_state = seed;
}

long __wrap_random(void)
{
	return __wrap_rand();
}

void __wrap_srandom(unsigned seed)
{
	random_state = seed;
}
