/* SPDX-License-Identifier: 0BSD */
/* What the program and the library of this test do, each with its own copy of ump-server. */
#ifndef COPY_H
#define COPY_H

/* A handler that asks its own server is told UMP_DEADLOCK, clients come and go, and all threads
 * end.  0, or the line that found something else. */
int copy_work(void);

/* copy_work() of the library. */
int library_work(void);

/* Whether the two have one copy between them. */
const void *library_copy(void);

#endif
