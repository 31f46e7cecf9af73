/* SPDX-License-Identifier: 0BSD */
/* The page that shows an execution, with its template in the program. */
#include "user/user.h"

#include "driver/show.h"

#include <string.h>

/* The template, as it is. */
__asm__(".section .rodata\n"
	".globl page_template\n"
	"page_template:\n"
	".incbin \"" SIM_PAGE "\"\n"
	".byte 0\n"
	".previous\n");
extern const char page_template[];

bool page_write(const char *name, const char *program)
{
	static const char mark[] = ">TRACE<";
	const char *at = strstr(page_template, mark);
	FILE *file = fopen(name, "w");

	if (file == NULL || at == NULL)
		return false;
	fwrite(page_template, 1, (size_t)(at - page_template) + 1, file);
	show_json(file, program);
	fputs(at + sizeof mark - 2, file);
	return fclose(file) == 0;
}
