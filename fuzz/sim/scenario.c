/* SPDX-License-Identifier: 0BSD */
/* The first thread of a scenario.  Simulated code: it is compiled as the library is. */
#include "scenario.h"

#include "scenario_parts.h"

/* What spawn returned is no server. */
static void no_server(struct server *server, int code, const struct program *program)
{
	struct message message = {0, ANSWER};

	sim_remark("there is no server: %s", ump_strerror(code));
	oracle_no_server(code);
	/* The client that the builder was lent is gone. */
	if ((program->traits & RAW) == 0 && code != UMP_NO_MEMORY) {
		oracle_dropping_strong();
		oracle_dropped_strong();
	}
	if (server->cloned == NULL)
		return;
	oracle_send(0, SEND_POST);
	oracle_sent(0, ump_client_post(server->cloned, &message));
	oracle_dropping_strong();
	ump_client_drop(&server->cloned);
	oracle_dropped_strong();
}

static int open_server(struct server *server, ump_client **client, ump_thread **thread)
{
	struct ump_config config = server_config(server->program);
	int code;

	if (server->program->traits & RAW) {
		code = ump_channel_open(&server->raw, client, &config);
		if (code != UMP_OK)
			return code;
		oracle_making_strong();
		oracle_made_strong(true);
		return UMP_OK;
	}
	code = ump_spawn_thread(&config, server_build, server, client, thread);
	if (code != UMP_OK && (*client != NULL || *thread != NULL))
		sim_fail("[clean]", "spawn failed and left a handle");
	return code;
}

static void end_thread(const struct program *program, ump_thread **thread)
{
	struct ump_flow how;
	int code;

	if (program->traits & DETACH) {
		sim_remark("drops the thread");
		ump_thread_drop(thread);
		return;
	}
	sim_remark("joins the thread");
	code = ump_join(thread, &how, program->traits & JOIN_TIMED ? ump_after(SOON) : UMP_FOREVER);
	if (code == UMP_TIMED_OUT && (program->traits & JOIN_TIMED) != 0)
		code = ump_join(thread, &how, UMP_FOREVER);
	if (code != UMP_OK || *thread != NULL)
		sim_fail("[once]", "join failed: %s", ump_strerror(code));
	oracle_joined(how.stop, (intptr_t)how.value);
}

/* Hand each client its own strong client, or all of them the same. */
static void prepare_clients(
	const struct program *program, struct client *clients, ump_client *first)
{
	for (int i = 0; i < program->clients; i++) {
		bool borrowed = (program->traits & SHARED) != 0;

		clients[i] = (struct client){.program = program,
			.number = i,
			.thread = -1,
			.borrowed = borrowed,
			.strong[0] = i == 0 || borrowed ? first : client_clone(first)};
		clients[i].strongs = clients[i].strong[0] != NULL;
	}
}

static void join_clients(const struct program *program, struct client *clients)
{
	for (int i = 1; i < program->clients; i++) {
		if (clients[i].thread >= 0)
			sim_join(clients[i].thread);
		clients[i].thread = -1;
	}
}

void scenario_root(void *arg)
{
	const struct program *program = arg;
	struct server *server = sim_scratch(sizeof *server);
	struct client *clients = sim_scratch(sizeof *clients * PROGRAM_CLIENTS);
	ump_client *first = NULL;
	ump_thread *thread = NULL;
	int raw = -1;
	int code;

	*server = (struct server){.program = program};
	code = open_server(server, &first, &thread);
	if (code != UMP_OK) {
		no_server(server, code, program);
		return;
	}
	prepare_clients(program, clients, first);
	if ((program->traits & RAW) != 0 && (program->traits & LATE) == 0)
		raw = sim_spawn(server_raw_loop, server);
	for (int i = 1; i < program->clients; i++)
		clients[i].thread = sim_spawn(client_run, &clients[i]);
	client_operations(&clients[0]);
	if (program->traits & LATE)
		raw = sim_spawn(server_raw_loop, server);
	if (program->traits & SHARED)
		join_clients(program, clients);
	client_drop_all(&clients[0]);
	if (raw >= 0)
		sim_join(raw);
	else
		end_thread(program, &thread);
	join_clients(program, clients);
	/* A thread that nobody joins may use the handler after this. */
	if ((program->traits & DETACH) == 0)
		server_join_helpers(server);
}
