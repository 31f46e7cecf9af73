/* SPDX-License-Identifier: 0BSD */
/* The work of the program and of the library of this test, each with its copy of ump-server. */
#ifndef COPY_H
#define COPY_H

/* Check that a handler gets UMP_DEADLOCK for a request to its own server, that clients can be
 * cloned and dropped, and that all threads end.  Return 0, or the line of the failed check. */
int copy_work(void);

/* copy_work() inside the library. */
int library_work(void);

/* Return the address of a result's text, by which the program sees whether both share a copy. */
const void *library_copy(void);

#endif
