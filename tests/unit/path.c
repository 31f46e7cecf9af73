/* SPDX-License-Identifier: 0BSD */
/*
 * The functions that one request enters: ump_client_req without a deadline, to a server on a thread
 * that sleeps, until that thread sleeps again; the requester sleeps until the answer.  The library
 * is compiled with -finstrument-functions.  Prints "client" or "server" and an address for each
 * call, in order.
 */
#define _DEFAULT_SOURCE
#include "ump_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define CALLS_MOST 4096
/* Long enough for a thread to block; a spin takes far less. */
#define SETTLE_US 200000

static void *calls[CALLS_MOST];
static bool of_client[CALLS_MOST];
static atomic_uint count;
static atomic_bool records;
static _Thread_local bool is_client;

void __cyg_profile_func_enter(void *function, void *site);
void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site)
{
	unsigned at;

	(void)site;
	if (!records)
		return;
	at = count++;
	if (at < CALLS_MOST) {
		calls[at] = function;
		of_client[at] = is_client;
	}
}

void __cyg_profile_func_exit(void *function, void *site)
{
	(void)function;
	(void)site;
}

static struct ump_flow handle(void *self, const void *msg, ump_reply_context **rc)
{
	int value = *(const int *)msg + 1;

	(void)self;
	/* The requester blocks meanwhile, so that it enters the same functions in each run. */
	usleep(SETTLE_US / 10);
	(void)ump_reply(rc, &value);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = handle;
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	int value = 1;
	static int self;

	is_client = true;
	if (ump_spawn_thread(&config, build, &self, &client, &thread) != UMP_OK)
		return 1;
	/* The first request of a process calibrates spinning. */
	if (ump_client_req(client, &value, &value, UMP_FOREVER) != UMP_OK)
		return 1;
	usleep(SETTLE_US);
	records = true;
	if (ump_client_req(client, &value, &value, UMP_FOREVER) != UMP_OK)
		return 1;
	usleep(SETTLE_US);
	records = false;
	ump_client_drop(&client);
	if (ump_thread_join(&thread, NULL, UMP_FOREVER) != UMP_OK || count > CALLS_MOST)
		return 1;
	for (unsigned i = 0; i < count; i++)
		printf("%s %p\n", of_client[i] ? "client" : "server", calls[i]);
	return 0;
}
