/* SPDX-License-Identifier: 0BSD */
/* Server statistics. */
#include "channel/inbox.h"
#include "channel/permits.h"
#include "channel/user.h"
#include "client/handle.h"
#include "server/workers.h"

/* Size of struct ump_stats in the first version that had it. */
#define STATS_FIRST_SIZE (offsetof(struct ump_stats, closed) + sizeof(bool))

static void read_depth(struct ump__channel *channel, struct ump_stats *stats)
{
	stats->depth = UMP_UNCOUNTED;
	stats->depth_most = UMP_UNCOUNTED;
	if (!channel->bounded)
		return;
	stats->depth = ump__permits_depth(&channel->semaphore->permits);
	/* The server records the depth when the queue shrinks.  A depth that was reported once must
	 * remain covered by the maximum, even if all of it is permits that are reserved and
	 * returned unused. */
	stats->depth_most = ump__count_raise(&channel->server.depth_most, stats->depth);
}

static int64_t busy_for(const struct ump_server *server)
{
	uint64_t since = ump__count_get(&server->busy_since);
	ump_time now;

	if (since == 0)
		return -1;
	now = ump_now();
	/* It may have begun after the clock was read. */
	return now > (ump_time)since ? now - (ump_time)since : 0;
}

/* As for the server of `channel`; what is counted for each worker is that of `server`. */
static int read_receiver(struct ump__channel *channel, const struct ump_server *server,
	struct ump_stats *out, size_t out_size)
{
	struct ump_stats stats;

	if (out_size < STATS_FIRST_SIZE)
		return UMP_INVALID;
	memset(&stats, 0, sizeof stats);
	stats.closed = ump__inbox_is_closed(&channel->inbox);
	read_depth(channel, &stats);
	stats.handled = ump__count_get(&server->handled);
	stats.skipped = ump__count_get(&server->skipped);
	stats.failed = ump__count_get(&channel->failed);
	stats.kept = ump__count_get(&channel->kept);
	stats.busy = ump__hint_get(&server->busy) != 0;
	stats.busy_for = busy_for(server);
	stats.clients = ump__counts_strong(ump__counts_load(&channel->counts));
	ump__user_write(out, out_size, &stats, sizeof stats);
	return UMP_OK;
}

static int read_stats(struct ump__channel *channel, struct ump_stats *out, size_t out_size)
{
	return read_receiver(channel, &channel->server, out, out_size);
}

int ump_client_stats_sized(const ump_client *client, struct ump_stats *out, size_t out_size)
{
	if (client == NULL || out == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return read_stats(client->handle.channel, out, out_size);
}

int ump_post_client_stats_sized(
	const ump_post_client *client, struct ump_stats *out, size_t out_size)
{
	if (client == NULL || out == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT,
		"a post client was used after it was dropped, or is none");
	return read_stats(client->handle.channel, out, out_size);
}

int ump_weak_client_stats_sized(const ump_weak_client *weak, struct ump_stats *out, size_t out_size)
{
	if (weak == NULL || out == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_WEAK(weak, "a weak client was used after it was dropped, or is none");
	return read_stats(weak->channel, out, out_size);
}

int ump_server_stats_sized(const ump_server *server, struct ump_stats *out, size_t out_size)
{
	if (server == NULL || out == NULL)
		return UMP_INVALID;
	return read_stats(server->channel, out, out_size);
}

int ump_workers_stats_sized(
	const ump_workers *workers, size_t index, struct ump_stats *out, size_t out_size)
{
	const struct ump_server *receiver = NULL;

	if (workers != NULL && out != NULL)
		receiver = ump__workers_receiver(workers, index);
	if (receiver == NULL)
		return UMP_INVALID;
	return read_receiver(receiver->channel, receiver, out, out_size);
}
