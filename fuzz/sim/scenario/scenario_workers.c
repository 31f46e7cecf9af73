/* SPDX-License-Identifier: 0BSD */
/* Servers with workers: a handler of its own for each; [workers].  Simulated code: compiled like
 * the library. */
#include "scenario/scenario_parts.h"

void workers_prepare(struct server *server)
{
	server->crew = sim_scratch(sizeof(struct server) * PROGRAM_WORKERS);
	for (int i = 0; i < PROGRAM_WORKERS; i++)
		server->crew[i] = (struct server){.program = server->program,
			.number = server->number,
			.loop = -1,
			.next = server->next,
			.whole = server,
			.index = i};
}

/* The key of a message. */
static uint64_t key_of(void *arg, const void *msg, bool request)
{
	struct server *server = arg;
	const struct message *message = msg;
	int number = (int)message->number;

	oracle_key_begins(number, request);
	/* Only one call at a time may access this. */
	server->keyed++;
	oracle_key_ends(number);
	return (uint64_t)program_key(server->program->traits, number);
}

int workers_spawn(struct server *server, struct ump_config *config, ump_client **client)
{
	int code;

	if (program_has_keys(server->program->traits)) {
		config->key = key_of;
		config->key_arg = server;
	}
	code = ump_spawn_workers(config, server_build, server,
		(size_t)program_workers(server->program->traits), client, &server->workers);
	if (code == UMP_OK)
		oracle_workers_spawned(server->number);
	return code;
}

void workers_join(struct server *server)
{
	struct ump_flow how;
	bool timed = (server->program->traits & JOIN_TIMED) != 0;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	int code = ump_workers_join(&server->workers, &how, deadline);

	if (code == UMP_TIMED_OUT && timed && sim_clock() >= deadline)
		code = ump_workers_join(&server->workers, &how, UMP_FOREVER);
	if (code != UMP_OK || server->workers != NULL)
		sim_fail("[once]", "join failed: %s", ump_strerror(code));
	oracle_joined(server->number, how.stop, (intptr_t)how.value);
}

struct server *workers_build(struct server *server)
{
	bool fails = (server->program->traits & BUILDER_FAILS) != 0;
	int index = server->built++;

	if (server->crew == NULL)
		return fails ? NULL : server;
	/* The last one fails. */
	if (fails && index == program_workers(server->program->traits) - 1)
		return NULL;
	oracle_worker_built(server->number, index);
	return &server->crew[index];
}

void workers_enter(const struct server *server)
{
	if (server->whole != NULL)
		oracle_worker_enters(server->number, server->index);
}

void workers_visit_key(struct server *server, int message)
{
	if (server->whole != NULL && program_has_keys(server->program->traits))
		server->whole->by_key[program_key(server->program->traits, message)]++;
}

void workers_stats(const struct server *server, bool ended)
{
	struct ump_stats stats;

	if (server->workers == NULL)
		return;
	for (int i = 0; i < program_workers(server->program->traits); i++) {
		if (ump_workers_stats(server->workers, (size_t)i, &stats) != UMP_OK)
			sim_fail("[misuse]", "numbers of a worker cannot be read");
		oracle_worker_numbers(server->number, i, stats.handled, ended);
	}
	if (ump_workers_stats(server->workers, PROGRAM_WORKERS, &stats) != UMP_INVALID)
		sim_fail("[misuse]", "numbers of a worker that does not exist are read");
}

void workers_join_helpers(struct server *server)
{
	for (int i = 0; server->crew != NULL && i < PROGRAM_WORKERS; i++)
		server_join_helpers(&server->crew[i]);
}
