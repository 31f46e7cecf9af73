/* SPDX-License-Identifier: 0BSD */
#include "call/request.h"

#include "call/completions.h"
#include "channel/pool.h"
#include "channel/references.h"
#include "client/handle.h"

_Static_assert(offsetof(struct ump__request, message) == 0, "a request begins with its message");
_Static_assert(sizeof(struct ump__request) + 2 * sizeof(uint64_t) <= 128,
	"a request with small values takes two lines");

void ump__request_init(
	struct ump__request *request, struct ump__channel *channel, const void *value, void *reply)
{
	ump__message_init(&request->message, UMP__KIND_REQUEST, NULL);
	ump__answer_init(&request->answer);
	request->started = false;
	/* No caller spins for a server that has no thread. */
	request->client_cpu = channel->combining == NULL ? ump__cpu() : UMP__CPU_UNKNOWN;
	request->server_cpu = ump__hint_get(&channel->server_cpu);
	request->value = value;
	request->reply = reply;
	request->reply_type = channel->reply;
	request->value_drop = NULL;
	request->channel = channel;
	ump__hint_init(&request->kept, 0);
	request->held = false;
	request->may_run = false;
	request->direct = false;
	request->completions = NULL;
	request->tag = NULL;
}

/* Bytes of an allocated request before its values. */
#define HEAD ump__align_up(sizeof(struct ump__request), _Alignof(max_align_t))

/* Return the position of a value in an allocated request: after the head or after the first value,
 * and aligned. */
static unsigned char *value_of(unsigned char *memory, const struct ump__channel *channel)
{
	return ump__align_to(memory + HEAD, channel->request_align);
}

static unsigned char *reply_of(unsigned char *value, const struct ump__channel *channel)
{
	return ump__align_to(value + channel->request.size, channel->reply_align);
}

size_t ump__request_size(const struct ump__channel *channel)
{
	size_t reply_align = channel->reply_align;
	/* The effect of a larger alignment depends on where the memory begins. */
	size_t reply_least =
		reply_align < _Alignof(max_align_t) ? reply_align : _Alignof(max_align_t);

	/* Sizes were limited when the channel was opened: the sum cannot overflow. */
	return HEAD + ump__align_slack(channel->request_align) +
	       ump__align_up(channel->request.size, reply_least) + ump__align_slack(reply_align) +
	       channel->reply.size;
}

struct ump__request *ump__request_new(const struct ump__handle *handle, const void *value)
{
	struct ump__channel *channel = handle->channel;
	size_t size = ump__request_size(channel);
	struct ump__pool *pool = ump__handle_pool(handle);
	unsigned char *memory = pool != NULL ? ump__pool_request(pool, size) : NULL;
	struct ump__pool *home = memory != NULL ? pool : NULL;
	struct ump__request *request;
	unsigned char *copy;

	if (memory == NULL)
		memory = ump__alloc(size);
	if (memory == NULL)
		return NULL;
	request = (struct ump__request *)(void *)memory;
	copy = value_of(memory, channel);
	ump__value_copy(copy, value, channel->request.size);
	ump__request_init(request, channel, copy, reply_of(copy, channel));
	ump__message_init(&request->message, UMP__KIND_REQUEST, home);
	request->value_drop = channel->request.drop;
	return request;
}

void ump__request_pin(struct ump__request *request)
{
	/* If there are too many references already, walks do not follow this wait. */
	if (ump__home_of(&request->message) == NULL && ump__weak_add(&request->channel->counts))
		request->pinned = request->channel;
}

bool ump__request_is_pinned(const struct ump__request *request)
{
	return request->pinned != NULL || ump__home_of(&request->message) != NULL;
}

void ump__request_free(struct ump__request *request)
{
	struct ump__pool *home = ump__home_of(&request->message);
	struct ump__channel *pinned = request->completions == NULL ? request->pinned : NULL;

	if (home != NULL)
		ump__pool_request_back(home, &request->message.node);
	else
		ump__free(request);
	if (pinned != NULL)
		ump__channel_drop_weak(pinned);
}

/* Drop the value of a request that was never started, and whose sender cannot take it back. */
static void drop_value(struct ump__request *request)
{
	if (request->value_drop != NULL)
		request->value_drop((void *)(uintptr_t)request->value);
	/* If the request is abandoned afterwards, the value must not be dropped again. */
	request->value_drop = NULL;
}

void ump__request_discard(struct ump__request *request, int code)
{
	if (code == UMP_OK)
		ump__value_drop(&request->reply_type, request->reply);
	/* The value of a request that was never started belongs to its caller again, but the caller
	 * is gone. */
	if (code == UMP_SERVER_GONE)
		drop_value(request);
	ump__request_free(request);
}

bool ump__request_is_abandoned(const struct ump__request *request)
{
	if (request->completions != NULL)
		return ump__completions_dropped(request->completions);
	return ump__answer_is_abandoned(&request->answer);
}

/* Notify the waiter, or push to the completions.  Returns true if that side is gone; then the
 * caller owns `request`. */
static bool notify(struct ump__request *request, int code)
{
	if (request->direct) {
		ump__answer_give(&request->answer, code);
		return false;
	}
	if (request->completions == NULL)
		return ump__answer_publish(&request->answer, code, NULL);
	request->answer.code = code;
	return !ump__completions_push(request->completions, &request->message);
}

int ump__request_complete(struct ump__request *request, int code)
{
	/* The request may be gone once it is complete. */
	struct ump__channel *held = request->held ? request->channel : NULL;
	bool abandoned;

	/* Only a sender that is blocked in its call gets the value back. */
	if (code == UMP_SERVER_GONE && !request->may_run)
		drop_value(request);
	abandoned = notify(request, code);
	if (abandoned)
		ump__request_discard(request, code);
	if (held != NULL) {
		ump__count_add(&held->kept, (uint64_t)-1);
		ump__channel_drop_weak(held);
	}
	return abandoned ? UMP_ORIGIN_GONE : UMP_OK;
}
