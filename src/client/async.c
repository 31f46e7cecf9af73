/* SPDX-License-Identifier: 0BSD */
/* Requests that are answered later: through a wait reply, or in completions. */
#include "call/completions.h"
#include "client/sending.h"

/* Send a copy of `msg`, for which there is capacity, as a request that completes in `completions`,
 * or for a waiter in `*out` if that is NULL.  Results as ump__client_send, or UMP_NO_MEMORY. */
static int send_copy(const struct ump__handle *handle, const void *msg,
	struct ump_completions *completions, void *tag, struct ump__request **out)
{
	struct ump__request *request =
		ump__request_new(handle->channel, ump__handle_allocator(handle), msg);
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
	request->completions = completions;
	if (completions != NULL)
		request->tag = tag;
	else
		ump__request_pin(request);
	result = ump__client_send(request, NULL);
	if (result < UMP_OK)
		ump__request_free(request);
	else
		*out = request;
	return result;
}

/* Wait for capacity, and do that. */
static int send_copy_until(const struct ump__handle *handle, const void *msg,
	struct ump_completions *completions, void *tag, struct ump__request **out,
	ump_time deadline)
{
	bool kept;
	int result = ump__handle_permit(handle, deadline, &kept);

	if (result != UMP_OK)
		return result;
	result = send_copy(handle, msg, completions, tag, out);
	if (result < UMP_OK)
		ump__handle_permit_back(handle, kept);
	return result;
}

int ump_client_req_async_until(
	const ump_client *client, const void *msg, ump_wait_reply **out, ump_time deadline)
{
	struct ump__request *request = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	if (!ump__client_can_request(client, msg))
		return UMP_INVALID;
	result = send_copy_until(&client->handle, msg, NULL, NULL, &request, deadline);
	if (result >= UMP_OK)
		*out = ump__request_waiter(request);
	return ump__channel_run(client->handle.channel, result);
}

int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out)
{
	return ump_client_req_async_until(client, msg, out, UMP_NOW);
}

int ump_client_req_completion(
	const ump_client *client, const void *msg, ump_completions *completions, void *tag)
{
	struct ump__request *request = NULL;
	int result;

	if (completions == NULL || !ump__client_can_request(client, msg))
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	/* A request in flight must be able to raise the notifier. */
	if (!ump__completions_hold(completions))
		return UMP_OVERFLOW;
	result = send_copy_until(&client->handle, msg, completions, tag, &request, UMP_NOW);
	if (result >= UMP_OK)
		completions->in_flight++;
	else
		ump__completions_release(completions);
	return ump__channel_run(client->handle.channel, result);
}
