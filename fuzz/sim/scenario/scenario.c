/* SPDX-License-Identifier: 0BSD */
/* The first thread of a scenario.  Simulated code: compiled like the library. */
#include "scenario/scenario.h"
#include "server/dropped.h"

#include "scenario/scenario_parts.h"

/* The parts of one execution. */
struct scenario {
	const struct program *program;
	struct server *servers;
	int server_count;
	struct client *clients;
	/* The first client of each server. */
	ump_client *first[PROGRAM_SERVERS];
	/* The thread pool, or NULL. */
	ump_thread_pool *threads;
};

/* ---- Servers ------------------------------------------------------------------------------- */

/* Spawning has failed with `code`. */
static void no_server(struct server *server, int code, const struct program *program)
{
	struct message message = {0, ANSWER};

	sim_remark("there is no server: %s", ump_strerror(code));
	oracle_no_server(code);
	/* The client that was lent to the builder is gone. */
	if ((program->traits & RAW) == 0 && code != UMP_NO_MEMORY && code != UMP_NO_FD) {
		oracle_dropping_strong(server->number);
		oracle_dropped_strong(server->number);
	}
	if (server->cloned == NULL)
		return;
	oracle_send(0, SEND_POST, server->number, ORACLE_CLIENT);
	oracle_sent(0, ump_client_post(server->cloned, &message));
	oracle_dropping_strong(server->number);
	ump_client_drop(&server->cloned);
	oracle_dropped_strong(server->number);
}

static int open_server(struct server *server, ump_client **client, ump_thread_pool *threads)
{
	struct ump_config config = server_config(server->program);
	int code;

	config.thread_pool = threads;
	if (server->program->traits & RAW) {
		code = ump_channel_open(&server->raw, client, &config);
		if (code != UMP_OK)
			return code;
		oracle_making_strong(server->number);
		oracle_made_strong(server->number, true);
		return UMP_OK;
	}
	if (program_is_task(server->program, server->number)) {
		oracle_runs(server->number, true);
		code = ump_spawn_task(&config, server_build, server, client, &server->task);
		oracle_runs(server->number, false);
	} else if (program_is_combining(server->program, server->number)) {
		code = ump_spawn_combining(
			&config, server_build, server, client, &server->combining);
	} else if (program_has_workers(server->program, server->number)) {
		code = workers_spawn(server, &config, client);
	} else {
		code = ump_spawn_thread(&config, server_build, server, client, &server->thread);
	}
	if (code != UMP_OK && (*client != NULL || server->thread != NULL || server->task != NULL ||
				      server->combining != NULL || server->workers != NULL))
		sim_fail("[clean]", "spawn failed and left a handle");
	return code;
}

/* Wait for the end of a server. */
static void end_server(const struct scenario *scenario, struct server *server)
{
	if (server->loop >= 0) {
		sim_join(server->loop);
	} else if (server->task != NULL) {
		/* A task whose loop begins late: run it here. */
		server_task_loop(server);
	} else if (server->thread != NULL && (scenario->program->traits & DETACH) != 0) {
		sim_remark("drops the thread of server %d", server->number);
		ump_thread_drop(&server->thread);
	} else if (server->thread != NULL) {
		sim_remark("joins the thread of server %d", server->number);
		server_join_thread(server);
	} else if (server->combining != NULL && (scenario->program->traits & DETACH) != 0) {
		sim_remark("drops the handle of server %d", server->number);
		ump_combining_drop(&server->combining);
	} else if (server->combining != NULL) {
		sim_remark("joins server %d", server->number);
		server_join_combining(server);
	} else if (server->workers != NULL && (scenario->program->traits & DETACH) != 0) {
		sim_remark("drops the handle of server %d", server->number);
		ump_workers_drop(&server->workers);
	} else if (server->workers != NULL) {
		sim_remark("joins the workers of server %d", server->number);
		workers_join(server);
	}
}

/* Start the loop of a server that the scenario runs itself. */
static void begin_loop(struct server *server)
{
	if (server->raw != NULL)
		server->loop = sim_spawn(server_raw_loop, server);
	else if (server->task != NULL && (server->program->traits & LATE) == 0)
		server->loop = sim_spawn(server_task_loop, server);
}

/* Open one server.  false: a refusal ends the scenario, which has only the servers before it. */
static bool open_one(struct scenario *scenario, int number)
{
	struct server *server = &scenario->servers[number];
	int code = open_server(server, &scenario->first[number], scenario->threads);

	if (code == UMP_OK)
		return true;
	if (number == 0)
		no_server(server, code, scenario->program);
	else
		oracle_fewer_servers(number);
	scenario->server_count = number;
	return false;
}

/* Open all servers; false if one was refused. */
static bool open_servers(struct scenario *scenario)
{
	for (int i = 0; i < scenario->server_count; i++) {
		if (!open_one(scenario, i))
			return false;
	}
	return true;
}

static void prepare_servers(struct scenario *scenario)
{
	for (int i = 0; i < scenario->server_count; i++) {
		scenario->servers[i] = (struct server){.program = scenario->program,
			.number = i,
			.loop = -1,
			.next = &scenario->servers[(i + 1) % scenario->server_count]};
		if (program_has_workers(scenario->program, i))
			workers_prepare(&scenario->servers[i]);
	}
}

/* Open the thread pool if the program has one; false if that was refused. */
static bool open_thread_pool(struct scenario *scenario)
{
	if ((scenario->program->traits & THREAD_POOL) == 0)
		return true;
	if (ump_thread_pool_open(&scenario->threads, 1, 0) == UMP_OK)
		return true;
	oracle_no_server(UMP_NO_MEMORY);
	return false;
}

static void drop_threads(struct scenario *scenario)
{
	if (scenario->threads == NULL)
		return;
	sim_remark("drops the thread pool");
	ump_thread_pool_drop(&scenario->threads);
}

static void connect_handler(const struct scenario *scenario, struct server *handler)
{
	if (ump_client_weak(scenario->first[handler->next->number], &handler->to_next) != UMP_OK)
		oracle_refused();
}

/* Give each server a weak client of the next one, which does not keep that alive.  A server that
 * waits for the next one's end has none. */
static void connect_servers(struct scenario *scenario)
{
	for (int i = 0; i < scenario->server_count; i++) {
		struct server *server = &scenario->servers[i];

		if (server->raw != NULL || (program_joins(scenario->program) && i == 0))
			continue;
		if (server->crew == NULL) {
			connect_handler(scenario, server);
			continue;
		}
		for (int w = 0; w < program_workers(scenario->program->traits); w++)
			connect_handler(scenario, &server->crew[w]);
	}
}

static bool needs_next(const struct program *program)
{
	for (int c = 0; c < program->clients; c++) {
		for (int i = 0; i < program->lengths[c]; i++) {
			enum behaviour behaviour =
				operation_types[program->operations[c][i]].behaviour;

			if ((behaviour >= CALL && behaviour <= JOIN) ||
				(behaviour >= ASK && behaviour <= ASK_WATCH))
				return true;
		}
	}
	return false;
}

/* ---- Clients ------------------------------------------------------------------------------- */

/* Give each client its own strong client, or all of them the same. */
static void prepare_clients(struct scenario *scenario)
{
	const struct program *program = scenario->program;

	for (int i = 0; i < program->clients; i++) {
		int server = i % scenario->server_count;
		bool borrowed = (program->traits & SHARED) != 0;
		ump_client *first = scenario->first[server];
		ump_client *mine = i < scenario->server_count || borrowed
					   ? first
					   : client_clone(first, server);

		scenario->clients[i] = (struct client){.program = program,
			.number = i,
			.server = server,
			.thread = -1,
			.borrowed = borrowed,
			.servers = scenario->servers,
			.strong[0].client = mine};
		scenario->clients[i].strongs = mine != NULL;
	}
	/* First clients that no client has taken stay here. */
	for (int i = 0; i < scenario->server_count && i < program->clients; i++)
		scenario->first[i] = NULL;
}

static void join_clients(struct scenario *scenario)
{
	for (int i = 1; i < scenario->program->clients; i++) {
		if (scenario->clients[i].thread >= 0)
			sim_join(scenario->clients[i].thread);
		scenario->clients[i].thread = -1;
	}
}

/* Drop the first client of a server that no client talks to. */
static void drop_unused(struct scenario *scenario, int server)
{
	if (scenario->first[server] == NULL)
		return;
	oracle_dropping_strong(server);
	ump_client_drop(&scenario->first[server]);
	oracle_dropped_strong(server);
}

/* ---- A whole execution --------------------------------------------------------------------- */

/* One after the other: simultaneous ends are up to the clients. */
static void end_servers(struct scenario *scenario)
{
	for (int i = 0; i < scenario->server_count; i++) {
		drop_unused(scenario, i);
		end_server(scenario, &scenario->servers[i]);
	}
}

static void perform(struct scenario *scenario)
{
	const struct program *program = scenario->program;

	if (needs_next(program))
		connect_servers(scenario);
	prepare_clients(scenario);
	for (int i = 0; i < scenario->server_count; i++) {
		/* A server whose end a handler waits for must be able to end. */
		if (program_joins(program))
			drop_unused(scenario, i);
		if ((program->traits & LATE) == 0)
			begin_loop(&scenario->servers[i]);
	}
	for (int i = 1; i < program->clients; i++)
		scenario->clients[i].thread = sim_spawn(client_run, &scenario->clients[i]);
	if (program->traits & EARLY)
		drop_threads(scenario);
	client_operations(&scenario->clients[0]);
	if (program->traits & LATE)
		begin_loop(&scenario->servers[0]);
	if (program->traits & SHARED)
		join_clients(scenario);
	client_drop_all(&scenario->clients[0]);
	/* A handler may join a server's thread; its client's answer shows that it has done so. */
	if (program_joins(program))
		join_clients(scenario);
	end_servers(scenario);
	join_clients(scenario);
}

/* One server after the other, each with its client. */
static void perform_sequentially(struct scenario *scenario)
{
	for (int i = 0; i < scenario->server_count; i++) {
		struct client *client = &scenario->clients[i];

		if (!open_one(scenario, i))
			return;
		*client = (struct client){.program = scenario->program,
			.number = i,
			.server = i,
			.thread = -1,
			.servers = scenario->servers,
			.strong[0].client = scenario->first[i],
			.strongs = 1};
		begin_loop(&scenario->servers[i]);
		if ((scenario->program->traits & EARLY) != 0 && i == scenario->server_count - 1)
			drop_threads(scenario);
		client_operations(client);
		client_drop_all(client);
		end_server(scenario, &scenario->servers[i]);
	}
}

static void perform_at_once(struct scenario *scenario)
{
	if (open_servers(scenario)) {
		perform(scenario);
		return;
	}
	/* The servers that did start end at once. */
	for (int i = 0; i < scenario->server_count; i++)
		begin_loop(&scenario->servers[i]);
	end_servers(scenario);
}

void scenario_root(void *arg)
{
	const struct program *program = arg;
	bool detached = (program->traits & DETACH) != 0;
	struct scenario scenario = {.program = program,
		.servers = sim_scratch(sizeof(struct server) * PROGRAM_SERVERS),
		.server_count = program_servers(program),
		.clients = sim_scratch(sizeof(struct client) * PROGRAM_CLIENTS)};

	if (!open_thread_pool(&scenario))
		return;
	prepare_servers(&scenario);
	if (program_is_sequential(program))
		perform_sequentially(&scenario);
	else
		perform_at_once(&scenario);
	if (!detached)
		oracle_threads_left(scenario.threads != NULL ? 1 : 0);
	drop_threads(&scenario);
	if ((program->traits & JOIN_DROPPED) != 0 &&
		(ump_join_dropped(UMP_FOREVER) != UMP_OK || ump__dropped_count() != 0))
		sim_fail("[clean]", "a dropped thread is left");
	if (detached)
		/* A thread that is not joined may use the handler after this. */
		return;
	oracle_threads_left(0);
	for (int i = 0; i < scenario.server_count; i++) {
		server_join_helpers(&scenario.servers[i]);
		workers_join_helpers(&scenario.servers[i]);
	}
}
