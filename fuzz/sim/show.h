/* SPDX-License-Identifier: 0BSD */
/* The steps of the last traced execution, for people and for the page. */
#ifndef SIM_SHOW_H
#define SIM_SHOW_H

#include <stdio.h>

/* `program` is how the program is written. */
void show_text(FILE *to, const char *program);
void show_json(FILE *to, const char *program);

#endif
