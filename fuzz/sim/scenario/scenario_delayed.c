/* SPDX-License-Identifier: 0BSD */
/* Delayed posts of the scenario's clients; [timer].  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

/* By message: the planned time, and the dispatcher's number of calls. */
static struct {
	ump_time due;
	unsigned calls;
} posted[ORACLE_MESSAGES];

/* ---- The server's side --------------------------------------------------------------------- */

void server_check_delayed(struct server *server, const struct message *message)
{
	int number = (int)message->number;
	int64_t read = sim_clock_read();
	bool first = !server->due_before;

	/* A raw loop gets a message after as many due posts as were pending. */
	server->due_before = false;
	if (number >= ORACLE_CHAINED || !first)
		return;
	/* Those that its sender has sent before: the dispatcher has notice of them. */
	for (int i = number - number % PROGRAM_OPS; i < number; i++) {
		if (oracle_is_pending(i, server->number) && posted[i].due <= read)
			sim_fail("[timer]", "a message comes before delayed post %d, which is due",
				i);
	}
}

struct ump_flow server_due_post(struct server *server, const struct message *message)
{
	int number = (int)message->number;
	enum behaviour behaviour = (enum behaviour)message->behaviour;

	sim_remark("server %d: delayed post %d calls", server->number, number);
	/* Each call covers one planned time at least. */
	if (sim_clock() < posted[number].due + (int64_t)posted[number].calls * SOON)
		sim_fail("[timer]", "delayed post %d calls before its time", number);
	posted[number].calls++;
	server->due_posts++;
	oracle_due_post(number);
	if (behaviour == DUE_SUSPEND && server_suspend(server, message, NULL)) {
		oracle_returns(server->number);
		return ump_pending();
	}
	/* In a raw loop the call ends with the next one that receives. */
	if (server->raw == NULL)
		oracle_due_post_over(number);
	else
		server->due_before = true;
	oracle_returns(server->number);
	if (behaviour != DUE_BREAK)
		return ump_continue();
	oracle_broke(server->number);
	return ump_break((void *)VALUE_BREAK);
}

/* ---- The client's side --------------------------------------------------------------------- */

/* A thread that cancels beside the client; its arg is a struct client. */
static void cancel(void *arg)
{
	const struct client *client = arg;
	int number = client->delayed_message;
	int code;

	oracle_delayed_cancel(number);
	code = ump_delayed_cancel(client->delayed);
	sim_remark("ump_delayed_cancel of %d: %s", number, ump_strerror(code));
	oracle_delayed_cancelled(number, code);
}

static void join_aside(struct client *client)
{
	if (client->aside > 0)
		sim_join(client->aside - 1);
	client->aside = 0;
}

static void cancel_aside(struct client *client)
{
	int thread;

	join_aside(client);
	thread = sim_spawn(cancel, client);
	if (thread < 0)
		/* There are too many threads: do it here. */
		cancel(client);
	client->aside = thread + 1;
}

void delayed_drop(struct client *client)
{
	join_aside(client);
	ump_delayed_drop(&client->delayed);
	if (client->delayed != NULL)
		sim_fail("[misuse]", "a dropped controller is left");
}

void delayed_send(struct client *client, const struct message *message, bool periodic)
{
	int number = (int)message->number;
	ump_time due = ump_after(SOON);
	int code;

	delayed_drop(client);
	posted[number].due = due;
	client->delayed_message = number;
	oracle_post_at(number, periodic, client->server);
	code = ump_client_post_at(
		client_top(client)->client, message, due, periodic ? SOON : 0, &client->delayed);
	sim_remark("ump_client_post_at, as %d: %s", number, ump_strerror(code));
	oracle_posted_at(number, code);
	if ((client->delayed != NULL) != (code == UMP_OK))
		sim_fail("[timer]", "there is a controller without a post, or none");
}

static void pause_or_resume(struct client *client, bool pauses)
{
	int number = client->delayed_message;
	int code;

	if (!pauses)
		oracle_delayed_resume(number);
	code = pauses ? ump_delayed_pause(client->delayed) : ump_delayed_resume(client->delayed);
	sim_remark("ump_delayed_%s of %d: %s", pauses ? "pause" : "resume", number,
		ump_strerror(code));
	if (pauses)
		oracle_delayed_paused(number, code);
	else
		oracle_delayed_changed(number, code);
}

static void set_period(struct client *client)
{
	int code = ump_delayed_set_period(client->delayed, 2 * SOON);

	sim_remark("ump_delayed_set_period of %d: %s", client->delayed_message, ump_strerror(code));
	/* A single post has none. */
	if (code != UMP_INVALID)
		oracle_delayed_changed(client->delayed_message, code);
}

void delayed_change(struct client *client, enum action action)
{
	if (client->delayed == NULL)
		return;
	switch (action) {
	case DELAYED_CANCEL:
		cancel(client);
		break;
	case DELAYED_CANCEL_ASIDE:
		cancel_aside(client);
		break;
	case DELAYED_PAUSE:
	case DELAYED_RESUME:
		pause_or_resume(client, action == DELAYED_PAUSE);
		break;
	case DELAYED_PERIOD:
		set_period(client);
		break;
	default:
		delayed_drop(client);
	}
}
