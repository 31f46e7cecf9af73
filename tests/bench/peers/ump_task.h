/* SPDX-License-Identifier: 0BSD */
/* A task, and the thread that runs it. */
#ifndef BENCH_UMP_TASK_H
#define BENCH_UMP_TASK_H

#include "ump.h"

/* Start a thread that calls `run` with a new task, until the task has ended. */
void *bench_ump_task_open(
	struct bench_work *work, const struct bench_plan *plan, void (*run)(ump_task *task));

/* As in struct bench_peer. */
void bench_ump_task_join(void *server);

#endif
