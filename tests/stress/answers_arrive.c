/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [complete], [keep], [origin] and [quiet].
 *
 * With many: event loops have hundreds of requests in flight to several servers, some of which
 * break, and others of which reply late or suspend.  Each request must complete once, with its
 * tag.  Now and then all are given up, in whatever state they are, and replies come to completions
 * that were dropped.
 *
 * With two: tasks on one loop send each other requests in turn, and only completions make them
 * proceed; a notifier that is not raised is a hang.
 */
#include "stress.h"

#include <stdlib.h>
#include <string.h>

#define SERVERS 4
#define OWNERS  3
#define SENDS   200

/* ---- With many ------------------------------------------------------------------------------ */

struct owner {
	struct stress_sender sender;
	ump_client *clients[SERVERS];
	unsigned count;
	struct stress_loop loop;
	/* Maximum number in flight. */
	unsigned window;
};

static enum stress_act act_of(struct stress_rng *rng, bool breaks)
{
	static const enum stress_act acts[] = {STRESS_ANSWER, STRESS_ANSWER_IN_PLACE, STRESS_FAIL,
		STRESS_FORGET, STRESS_KEEP, STRESS_KEEP, STRESS_SUSPEND, STRESS_SUSPEND};

	return breaks && stress_one_in(rng, 100) ? STRESS_BREAK : acts[stress_below(rng, 8)];
}

/* Sleep in the loop until the completions' notifier is raised, and retrieve all completions. */
static void sleep_and_see(struct owner *owner)
{
	struct stress_sender *sender = &owner->sender;

	if (sender->in_flight == 0)
		return;
	do {
		stress_loop_wait(&owner->loop, -1);
	} while (!owner->loop.readable[0]);
	while (stress_see(sender, UMP_NOW) == UMP_OK && !stress_one_in(&sender->rng, 20))
		continue;
}

/* Give up all requests, and begin again with new completions. */
static void begin_anew(struct owner *owner)
{
	struct stress_sender *sender = &owner->sender;

	if (sender->completions != NULL)
		stress_loop_remove(&owner->loop, 0);
	stress_drop_all(sender);
	CHECK_INT(ump_completions_open(&sender->completions), ==, UMP_OK);
	stress_loop_add(&owner->loop, ump_completions_fd(sender->completions));
}

static void *own(void *arg)
{
	struct owner *owner = arg;
	struct stress_sender *sender = &owner->sender;
	struct stress_rng *rng = &sender->rng;

	stress_loop_open(&owner->loop, rng);
	begin_anew(owner);
	while (sender->count < sender->most) {
		ump_client *client = owner->clients[stress_below(rng, owner->count)];

		(void)stress_complete(sender, client, act_of(rng, !sender->mix->drains));
		while (sender->in_flight >= owner->window)
			sleep_and_see(owner);
		if (stress_one_in(rng, 60))
			begin_anew(owner);
	}
	for (unsigned i = 0; i < owner->count; i++)
		ump_client_drop(&owner->clients[i]);
	while (sender->in_flight > 0 && !stress_one_in(rng, 200))
		sleep_and_see(owner);
	stress_loop_remove(&owner->loop, 0);
	stress_loop_close(&owner->loop);
	stress_sender_finish(sender);
	return NULL;
}

static void with_many(struct stress_rng *rng)
{
	struct stress_mix mix = {.drains = stress_one_in(rng, 2)};
	struct stress_server *servers = stress_alloc(SERVERS, sizeof *servers);
	struct owner *owners = stress_alloc(OWNERS, sizeof *owners);
	struct stress_keeper keeper;
	unsigned count = 1 + stress_below(rng, SERVERS);
	unsigned threads = 1 + stress_below(rng, OWNERS);

	stress_keeper_start(&keeper, rng);
	for (unsigned i = 0; i < count; i++) {
		stress_server_init(&servers[i], rng);
		servers[i].keeper = &keeper;
		stress_server_start(&servers[i]);
	}
	for (unsigned i = 0; i < threads; i++) {
		stress_sender_init(&owners[i].sender, rng, i, &mix, SENDS);
		owners[i].count = count;
		owners[i].window = 1U << stress_below(rng, 9);
		for (unsigned j = 0; j < count; j++)
			CHECK_INT(ump_client_clone(servers[j].client, &owners[i].clients[j]), ==,
				UMP_OK);
		owners[i].sender.thread = stress_thread(own, &owners[i]);
	}
	for (unsigned i = 0; i < count; i++)
		ump_client_drop(&servers[i].client);
	for (unsigned i = 0; i < count; i++)
		CHECK(!stress_server_join(&servers[i]) || !mix.drains);
	for (unsigned i = 0; i < threads; i++)
		stress_thread_join(owners[i].sender.thread);
	/* Late replies now have no requester. */
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < threads; i++)
		stress_sender_settle(&owners[i].sender);
	free(owners);
	free(servers);
}

/* ---- With two ------------------------------------------------------------------------------- */

/* One of the two: a task, and the completions by which it calls the other one. */
struct player {
	struct stress_server server;
	struct stress_sender sender;
	struct player *other;
};

static void serve(struct player *player)
{
	if (player->sender.count < player->sender.most)
		CHECK_INT(stress_complete(&player->sender, player->other->server.client,
				  stress_one_in(&player->sender.rng, 4) ? STRESS_SUSPEND
									: STRESS_ANSWER),
			==, UMP_OK);
}

/* Handle the raised notifiers of a loop's two tasks and two completions. */
static void play(struct player *players, struct stress_loop *loop, struct stress_rng *rng)
{
	for (unsigned i = 0; i < 2; i++) {
		struct player *player = &players[i];

		if (loop->readable[i])
			CHECK(stress_server_iterate(&player->server, rng));
		if (!loop->readable[2 + i])
			continue;
		/* A reply makes the other one proceed. */
		while (stress_see(&player->sender, UMP_NOW) == UMP_OK)
			serve(player->other);
	}
}

static void player_init(struct player *player, struct player *other, struct stress_keeper *keeper,
	struct stress_rng *rng)
{
	static const struct stress_mix mix = {.drains = true};

	player->other = other;
	stress_server_init(&player->server, rng);
	player->server.keeper = keeper;
	player->server.on_task = true;
	player->server.driven = true;
	stress_server_start(&player->server);
	stress_sender_init(&player->sender, rng, 0, &mix, 1 + stress_below(rng, SENDS));
	CHECK_INT(ump_completions_open(&player->sender.completions), ==, UMP_OK);
}

static void with_two(struct stress_rng *rng)
{
	struct player players[2];
	struct stress_keeper keeper;
	struct stress_loop loop;

	stress_keeper_start(&keeper, rng);
	stress_loop_open(&loop, rng);
	for (unsigned i = 0; i < 2; i++)
		player_init(&players[i], &players[1 - i], &keeper, rng);
	for (unsigned i = 0; i < 2; i++)
		stress_loop_add(&loop, ump_task_fd(players[i].server.task));
	for (unsigned i = 0; i < 2; i++)
		stress_loop_add(&loop, ump_completions_fd(players[i].sender.completions));
	serve(&players[0]);
	while (players[0].sender.in_flight + players[1].sender.in_flight > 0) {
		stress_loop_wait(&loop, -1);
		play(players, &loop, rng);
	}
	for (unsigned i = 4; i > 0; i--)
		stress_loop_remove(&loop, i - 1);
	stress_loop_close(&loop);
	for (unsigned i = 0; i < 2; i++) {
		ump_client_drop(&players[i].server.client);
		CHECK_INT(ump_task_run(players[i].server.task, UMP_FOREVER), ==, UMP_OK);
		CHECK(!stress_server_join(&players[i].server));
		stress_sender_finish(&players[i].sender);
	}
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < 2; i++)
		stress_sender_settle(&players[i].sender);
}

static void round_of(struct stress_rng *rng)
{
	if (stress_one_in(rng, 3))
		with_two(rng);
	else
		with_many(rng);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"answers_arrive", "[complete] [keep] [origin] [once] [quiet]", round_of, 40};

	return stress_main(&program, argc, argv);
}
