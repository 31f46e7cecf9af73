/* SPDX-License-Identifier: 0BSD */
#include "call/request.h"

#include "call/asks.h"
#include "call/cancellables.h"
#include "call/hold.h"
#include "sync/tools.h"

_Static_assert(offsetof(struct ump__request, message) == 0, "a request begins with its message");
_Static_assert(sizeof(struct ump__request) + 2 * sizeof(uint64_t) <= 128,
	"a request with small values takes two lines");
_Static_assert(sizeof(struct ump__request) <= UMP__TOOLS_REQUEST, "tools know its size");

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
	request->held = 0;
	request->may_run = false;
	request->direct = false;
	request->completions = NULL;
	request->tag = NULL;
}

bool ump__request_is_abandoned(const struct ump__request *request)
{
	if (request->completions != NULL)
		return ump__completions_dropped(request->completions) &&
		       !ump__cancellable_is_wanted(request) && !ump__ask_is_wanted(request);
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

/* Tell tools that the handler must not access the value any more, if it is a copy in an allocated
 * request. */
static void forbid_value(const struct ump__request *request, int code)
{
	if (request->value_drop != NULL && code != UMP_SERVER_GONE)
		ump__tools_forbid(request->value,
			(size_t)((const char *)request->reply - (const char *)request->value));
}

/* Complete a request, whose context holds nothing or must give that up afterwards. */
static int complete(struct ump__request *request, int code)
{
	bool abandoned;

	/* Only a sender that is blocked in its call gets the value back. */
	if (code == UMP_SERVER_GONE && !request->may_run)
		ump__request_drop_value(request);
	if (UMP__HAS_TOOLS())
		forbid_value(request, code);
	abandoned = notify(request, code);
	if (abandoned)
		ump__request_discard(request, code);
	return abandoned ? UMP_ORIGIN_GONE : UMP_OK;
}

int ump__request_complete(struct ump__request *request, int code)
{
	/* The request may be gone once it is complete. */
	struct ump__channel *channel = request->channel;
	unsigned held = request->held;
	int result = complete(request, code);

	if (held != 0)
		ump__hold_end(channel, held);
	return result;
}
