/* SPDX-License-Identifier: 0BSD */
/* A program of the library's users in the simulator: shared by the parts of this wing. */
#ifndef SIM_USER_H
#define SIM_USER_H

#include "machine/sim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* ---- One execution (world.c) --------------------------------------------------------------- */

/* Prepare for executions of `main` with these arguments; false: this system cannot. */
bool world_prepare(int argc, char **argv, char **environment);

/* Perform one, as sim_config says. */
void world_execute(void);

/* Return whether the last execution is part of the result; a program that the simulator cannot run
 * ends the process with one line instead. */
_Noreturn void world_refuse(const char *what, uintptr_t pc);

/* End the process with one line: nothing can be checked. */
_Noreturn void world_stop(const char *why);

/* End the execution as exit(status) does. */
_Noreturn void world_exit(int status);

/* Where the simulator itself writes, whatever becomes of the program's own output. */
FILE *world_output(void);

/* Call program code from here: it may change registers that this code's compiler relies on. */
void *world_call(void *(*run)(void *), void *arg);

/* Catch crashes, which a fuzzing engine may have claimed for itself. */
void world_catch_signals(void);

/* Call `found` with each variable of a fuzzing engine in this program. */
void engine_variables(void (*found)(uintptr_t from, uintptr_t to));

/* ---- The other parts ----------------------------------------------------------------------- */

/* Convert a deadline of the program to the machine's clock. */
int64_t user_deadline(clockid_t clock, const struct timespec *until);

/* Whether a sleeper wakes spuriously, or the system refuses what is asked for: choices. */
bool user_spurious(void);
bool user_refused(void);

/* Threads of the program: before an execution, at the end of the calling one, and whether one was
 * neither joined nor detached (-1: none). */
void threads_begin(void);
void threads_exit(void);
int threads_leak(void);
uint64_t threads_hash(uint64_t hash);

/* Memory and text. */
void *memory_allocate(size_t size, size_t align, uintptr_t pc);
void memory_ready(void);
void random_begin(void);
uint64_t random_hash(uint64_t hash);

/* What was registered for the end of the process. */
void exits_begin(void);
void exits_run(void);

/* Write the page with the last traced execution; false: the file cannot be written. */
bool page_write(const char *file, const char *program);

/* ---- Many executions (drive.c) ------------------------------------------------------------- */

/* Return the exit status: 0 without a finding, 1 with one, 2 if nothing could be checked. */
int drive_user(const char *options, int argc, char **argv);

#endif
