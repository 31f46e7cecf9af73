/* SPDX-License-Identifier: 0BSD */
/* Show the steps of the last traced execution, as text and for the page. */
#ifndef SIM_SHOW_H
#define SIM_SHOW_H

#include <stdio.h>

/* `program` is the program's text. */
void show_text(FILE *to, const char *program);
void show_json(FILE *to, const char *program);

/* From now on, show the program of a user of the library: of the steps inside the library only that
 * it is called, and where. */
void show_without_library(void);

#endif
