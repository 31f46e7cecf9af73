/* SPDX-License-Identifier: 0BSD */
/* Show the steps of the last traced execution, as text and for the page. */
#ifndef SIM_SHOW_H
#define SIM_SHOW_H

#include <stdio.h>

/* `program` is the program's text. */
void show_text(FILE *to, const char *program);
void show_json(FILE *to, const char *program);

#endif
