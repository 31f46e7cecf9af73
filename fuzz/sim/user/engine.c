/* SPDX-License-Identifier: 0BSD */
/*
 * A fuzzing engine in the same program: libFuzzer.  Its variables are found by their names, since
 * the linker puts them between the program's, and executions must not restore them.
 */
#include "user/user.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of libFuzzer and of the C++ library inside it, as compilers write them. */
static bool is_engines(const char *name)
{
	static const char *const parts[] = {"6fuzzer", "8__Fuzzer"};

	if (strncmp(name, "_Z", 2) != 0)
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strstr(name, parts[i]) != NULL)
			return true;
	}
	return false;
}

static void visit_symbols(const unsigned char *file, const ElfW(Shdr) * table,
	const ElfW(Shdr) * names, void (*found)(uintptr_t from, uintptr_t to))
{
	const ElfW(Sym) *symbols = (const void *)(file + table->sh_offset);

	for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
		const char *name = (const char *)file + names->sh_offset + symbols[i].st_name;

		if ((symbols[i].st_info & 15) == STT_OBJECT && symbols[i].st_size > 0 &&
			is_engines(name))
			found(symbols[i].st_value, symbols[i].st_value + symbols[i].st_size);
	}
}

void engine_variables(void (*found)(uintptr_t from, uintptr_t to))
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat status;
	const unsigned char *file = MAP_FAILED;
	const ElfW(Ehdr) * head;
	const ElfW(Shdr) * sections;

	if (fd >= 0 && fstat(fd, &status) == 0)
		file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (file == MAP_FAILED)
		return;
	head = (const void *)file;
	sections = (const void *)(file + head->e_shoff);
	for (int i = 0; i < head->e_shnum; i++) {
		if (sections[i].sh_type == SHT_SYMTAB)
			visit_symbols(file, &sections[i], &sections[sections[i].sh_link], found);
	}
	munmap((void *)(uintptr_t)file, (size_t)status.st_size);
}
