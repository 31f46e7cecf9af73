/* SPDX-License-Identifier: 0BSD */
/*
 * Two servers inside one loop, which post a ball to each other until it has been hit the given
 * number of times.  They cannot wait for each other, since one thread runs both; posts never wait.
 */
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <uv.h>

/* The ball: the number of hits left. */
typedef uint64_t ball;

struct player {
	const char *name;
	ump_task *task;
	uv_poll_t poll;
	/* A strong client of the other player, which keeps that player alive. */
	ump_post_client *other;
	uint64_t hits;
	uv_timer_t *timer;
};

static const struct ump_config player_config = {.post.size = sizeof(ball)};

/* ---- The handler of a player --------------------------------------------------------------- */

static struct ump_flow hit(void *self, const void *msg)
{
	struct player *player = self;
	ball left = *(const ball *)msg - 1;

	player->hits++;
	if (left > 0)
		must_ok(ump_post_client_post(player->other, &left), "a hit");
	else
		ump_post_client_drop(&player->other); /* the game is over: the other ends */
	return ump_continue();
}

/* Called at the end of one player: drop the client of the other one, which then ends too. */
static void leave(void *self)
{
	struct player *player = self;

	ump_post_client_drop(&player->other);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = hit;
	out->drop = leave;
	return 0;
}

/* ---- The loop ------------------------------------------------------------------------------ */

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct player *player = poll->data;

	(void)events;
	must(status == 0, "uv_poll");
	if (ump_task_dispatch(player->task, BUDGET))
		return;
	uv_close((uv_handle_t *)poll, NULL);
	if (!uv_is_closing((uv_handle_t *)player->timer))
		uv_close((uv_handle_t *)player->timer, NULL);
}

static void on_tick(uv_timer_t *timer)
{
	pulse_tick(timer->data);
}

static void start_player(struct player *player, uv_loop_t *loop, ump_client **client)
{
	must_ok(ump_spawn_task(&player_config, build, player, client, &player->task), player->name);
	player->poll.data = player;
	must(uv_poll_init(loop, &player->poll, ump_task_fd(player->task)) == 0, "uv_poll_init");
	must(uv_poll_start(&player->poll, UV_READABLE, on_readable) == 0, "uv_poll_start");
}

static bool end_player(struct player *player)
{
	struct ump_flow how;

	must_ok(ump_task_join(&player->task, &how), player->name);
	printf("%s hit %" PRIu64 " times, and ended with %s\n", player->name, player->hits,
		how.stop ? "a value" : "none");
	return !how.stop;
}

int main(int argc, char **argv)
{
	uv_timer_t timer;
	struct player ping = {.name = "ping", .timer = &timer};
	struct player pong = {.name = "pong", .timer = &timer};
	ball first = load_requests(argc, argv);
	ump_client *to_ping;
	ump_client *to_pong;
	struct pulse pulse;
	uv_loop_t loop;
	bool good;

	must(uv_loop_init(&loop) == 0, "uv_loop_init");
	start_player(&ping, &loop, &to_ping);
	start_player(&pong, &loop, &to_pong);
	timer.data = &pulse;
	must(uv_timer_init(&loop, &timer) == 0, "uv_timer_init");
	must(uv_timer_start(&timer, on_tick, TICK_MS, TICK_MS) == 0, "uv_timer_start");
	must_ok(ump_client_post_client(to_pong, &ping.other), "ping's client");
	must_ok(ump_client_post_client(to_ping, &pong.other), "pong's client");
	must_ok(ump_client_post(to_ping, &first), "the first ball");
	ump_client_drop(&to_ping);
	ump_client_drop(&to_pong);
	pulse_start(&pulse);
	uv_run(&loop, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop) == 0, "uv_loop_close");
	good = end_player(&ping);
	good = end_player(&pong) && good;
	good = pulse_report(&pulse) && good;
	return good && ping.hits + pong.hits == first ? 0 : 1;
}
