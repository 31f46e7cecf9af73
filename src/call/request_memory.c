/* SPDX-License-Identifier: 0BSD */
/* Allocated requests: their layout, where their memory is from, and how it is freed. */
#include "call/request.h"
#include "channel/references.h"
#include "channel/slab_allocator.h"

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

/* The drop of a value that needs none; so each allocated request has one. */
static void keep_value(void *value)
{
	(void)value;
}

struct ump__request *ump__request_new(
	struct ump__channel *channel, struct ump__slab_allocator *allocator, const void *value)
{
	unsigned char *memory = allocator != NULL ? ump__slab_allocator_request(allocator) : NULL;
	struct ump__slab_allocator *home = memory != NULL ? allocator : NULL;
	struct ump__request *request;
	unsigned char *copy;

	if (memory == NULL)
		memory = ump__alloc(ump__request_size(channel));
	if (memory == NULL)
		return NULL;
	request = (struct ump__request *)(void *)memory;
	copy = value_of(memory, channel);
	ump__value_copy(copy, value, channel->request.size, true);
	ump__request_init(request, channel, copy, reply_of(copy, channel));
	ump__message_init(&request->message, UMP__KIND_REQUEST, home);
	request->value_drop = channel->request.drop != NULL ? channel->request.drop : keep_value;
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
	struct ump__slab_allocator *home = ump__home_of(&request->message);
	struct ump__channel *pinned = request->completions == NULL ? request->pinned : NULL;

	if (home != NULL)
		ump__slab_allocator_request_back(home, &request->message.node);
	else
		ump__free(request);
	if (pinned != NULL)
		ump__channel_drop_weak(pinned);
}

void ump__request_drop_value(struct ump__request *request)
{
	ump__tools_call(NULL, NULL);
	if (request->value_drop != NULL)
		request->value_drop((void *)(uintptr_t)request->value);
	/* If the request is abandoned afterwards, the value must not be dropped again. */
	request->value_drop = NULL;
}

void ump__request_discard(struct ump__request *request, int code)
{
	if (code == UMP_OK)
		ump__value_drop(&request->reply_type, request->reply);
	/* That of a request with a deadline is the deadline. */
	if (request->may_run)
		request->pinned = NULL;
	/* The value of a request that was never started belongs to its caller again, but the caller
	 * is gone. */
	if (code == UMP_SERVER_GONE)
		ump__request_drop_value(request);
	ump__request_free(request);
}
