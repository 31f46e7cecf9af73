/* SPDX-License-Identifier: 0BSD */
/* libuv: the timers of a loop, which are in a heap too, with times in ms. */
#include "timers.h"

#include <stdlib.h>
#include <uv.h>

static struct bench_timers *the_run;
static uv_loop_t loop;
static uv_timer_t first;
static uv_timer_t *handles;

static void begin(uv_timer_t *handle)
{
	(void)handle;
	uv_update_time(&loop);
	if (bench_timers_begin(the_run))
		uv_stop(&loop);
}

static void due(uv_timer_t *handle)
{
	uv_update_time(&loop);
	if (bench_timers_due(the_run, (unsigned)(handle - handles)))
		uv_stop(&loop);
}

static void run(struct bench_timers *timers, unsigned slots)
{
	the_run = timers;
	handles = bench_alloc(slots * sizeof(*handles));
	uv_loop_init(&loop);
	for (unsigned i = 0; i < slots; i++)
		uv_timer_init(&loop, &handles[i]);
	uv_timer_init(&loop, &first);
	uv_timer_start(&first, begin, 0, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i < slots; i++)
		uv_close((uv_handle_t *)&handles[i], NULL);
	uv_close((uv_handle_t *)&first, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	free(handles);
}

static void start(unsigned slot, int64_t when, int64_t now)
{
	/* libuv adds this to its own time, which is rounded down to ms. */
	uv_timer_start(&handles[slot], due, (uint64_t)(when - now) / 1000000, 0);
}

static void cancel(unsigned slot)
{
	uv_timer_stop(&handles[slot]);
}

const struct bench_peer the_peer = {.name = "libuv-timers"};
const struct bench_timers_peer the_timers = {.run = run, .start = start, .cancel = cancel};
