/* SPDX-License-Identifier: 0BSD */
/* Senders, and the account of what became of each of their messages. */
#define _GNU_SOURCE
#include "stress.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct stress_mix stress_usual = {
	.post = 8,
	.req = 3,
	.req_until = 2,
	.async = 4,
	.collect = 4,
	.clone = 1,
	.post_client = 1,
	.weak = 1,
	.dawdle = 3,
	.complete = 3,
	.see = 3,
	.acts = {[STRESS_ANSWER] = 8,
		[STRESS_ANSWER_IN_PLACE] = 2,
		[STRESS_FAIL] = 1,
		[STRESS_FORGET] = 1,
		[STRESS_KEEP] = 1,
		[STRESS_SUSPEND] = 1},
	.timeout_most = 200000,
};

/* ---- Capacity ------------------------------------------------------------------------------- */

void stress_bound(struct stress_server *server, struct stress_mix *mix, struct stress_rng *rng)
{
	if (!stress_one_in(rng, 3))
		return;
	server->capacity = 1 + stress_below(rng, 8);
	mix->bounded = true;
	mix->reserve = mix->complete;
}

/* Deadline for a wait for capacity.  A sender that holds a permit, or may get one, must not wait
 * forever for another one through another client: its own may be the last. */
static ump_time permit_deadline(struct stress_sender *sender, const ump_client *client)
{
	bool own = client == sender->client && sender->reservation == STRESS_GRANTED;
	bool may_block = own || sender->reservation == STRESS_UNRESERVED;

	if (sender->mix->hurried)
		return UMP_NOW;
	switch (stress_below(&sender->rng, sender->mix->bounded ? 3 : 16)) {
	case 0:
		return may_block ? UMP_FOREVER : UMP_NOW;
	case 1:
		return ump_after(stress_below(&sender->rng, sender->mix->timeout_most + 1));
	default:
		return UMP_NOW;
	}
}

/* Note whether a send has used the client's permit. */
static void use_reservation(struct stress_sender *sender, const ump_client *client, int result)
{
	if (client != sender->client || sender->reservation == STRESS_UNRESERVED)
		return;
	if (sender->reservation == STRESS_GRANTED)
		CHECK_INT(result, !=, UMP_FULL);
	if (sender->reservation == STRESS_RESERVING)
		sender->hasty = true;
	/* A send that failed otherwise has not used it. */
	else if (result == UMP_OK || result == UMP_FULL)
		sender->reservation = STRESS_UNRESERVED;
}

/* Whether there was no capacity, or none in time; nothing was sent. */
static bool is_full(const struct stress_sender *sender, int result, ump_time deadline)
{
	if (result != UMP_FULL && result != UMP_TIMED_OUT)
		return false;
	CHECK(sender->mix->bounded);
	/* A deadline that has passed at the call is UMP_NOW. */
	CHECK(result == UMP_FULL || deadline > UMP_NOW);
	CHECK(deadline != UMP_FOREVER);
	CHECK_INT(ump_now(), >=, deadline);
	return true;
}

/* Note the result of a send that may wait for capacity; a time-out there means that the inbox was
 * full. */
static int sent(
	struct stress_sender *sender, const ump_client *client, int result, ump_time deadline)
{
	if (is_full(sender, result, deadline))
		result = UMP_FULL;
	use_reservation(sender, client, result);
	return result;
}

/* ---- One message ---------------------------------------------------------------------------- */

static struct stress_message begin(
	struct stress_sender *sender, enum stress_act act, bool is_request)
{
	struct stress_message message;
	struct stress_record *record;

	CHECK(sender->count < sender->most);
	record = &sender->records[sender->count++];
	/* Numbers begin with 1, so that a handler can begin with "none yet". */
	record->number = (uint64_t)sender->id << 40 | sender->count;
	record->value.ink = record->number;
	record->is_request = is_request;
	/* Clear padding too, so that memory checkers see no difference between copies. */
	memset(&message, 0, sizeof message);
	message.record = record;
	message.number = record->number;
	message.sender = sender->id;
	message.act = act;
	return message;
}

static bool is_returned(int result)
{
	return result == UMP_SERVER_GONE || result == UMP_NO_MEMORY || result == UMP_FULL ||
	       result == UMP_DEADLOCK;
}

/* A wait would have closed a cycle. */
static void refused(const struct stress_sender *sender)
{
	CHECK(sender->mix->cycles);
	stress_count(STRESS_DEADLOCKS, 1);
}

/* Nothing was delivered: the sender owns the value. */
static void returned(struct stress_sender *sender, struct stress_record *record, int result)
{
	if (result == UMP_NO_MEMORY)
		CHECK(sender->mix->faults);
	else if (result == UMP_DEADLOCK)
		refused(sender);
	else if (result != UMP_FULL)
		CHECK(!sender->mix->drains);
	sender->gone = result == UMP_SERVER_GONE;
	stress_end(&record->value, STRESS_END_RETURNED, record->number);
}

/* Note the result that the sender of a request got. */
static void told(struct stress_sender *sender, struct stress_record *record, int result,
	const struct stress_answer *answer)
{
	record->result = result;
	if (result == UMP_OK) {
		CHECK(answer->record == record);
		CHECK_INT(answer->number, ==, record->number);
		stress_end(&record->reply, STRESS_END_RECEIVED, record->number);
	} else if (result > 0) {
		CHECK_INT(result, ==, (int)(record->number % 1000) + 1);
	} else if (is_returned(result)) {
		returned(sender, record, result);
	} else if (result != UMP_NO_REPLY && result != UMP_TIMED_OUT) {
		check_failed(__FILE__, __LINE__, "a request ends with %d (%s)", result,
			ump_strerror(result));
	}
}

/* The same for a request that was accepted without waiting: if it was never started, its value was
 * dropped, or `leftover` has taken it. */
static void told_later(struct stress_sender *sender, struct stress_record *record, int result,
	const struct stress_answer *answer)
{
	if (result != UMP_SERVER_GONE) {
		told(sender, record, result, answer);
		return;
	}
	record->result = result;
	record->later = true;
	CHECK(!sender->mix->drains);
	sender->gone = true;
}

static int post_result(struct stress_sender *sender, struct stress_record *record, int result)
{
	record->result = result;
	if (is_returned(result))
		returned(sender, record, result);
	else
		CHECK_INT(result, ==, UMP_OK);
	return result;
}

int stress_post(struct stress_sender *sender, const ump_client *client, enum stress_act act)
{
	struct stress_message message = begin(sender, act, false);
	ump_time deadline = permit_deadline(sender, client);
	int result = deadline == UMP_NOW ? ump_client_post(client, &message)
					 : ump_client_post_until(client, &message, deadline);

	result = sent(sender, client, result, deadline);
	return post_result(sender, message.record, result);
}

int stress_req(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	ump_time deadline)
{
	struct stress_message message = begin(sender, act, true);
	struct stress_record *record = message.record;
	bool had_permit =
		sender->reservation == STRESS_GRANTED || sender->reservation == STRESS_UNSURE;
	struct stress_answer answer;
	bool answered;
	int result;

	record->for_ever = deadline == UMP_FOREVER;
	result = ump_client_req(client, &message, &answer, deadline);
	if (result == UMP_TIMED_OUT)
		CHECK_INT(ump_now(), >=, deadline);
	/* A request without an answer may have been sent or not. */
	answered = result == UMP_OK || result > 0 || result == UMP_NO_REPLY;
	use_reservation(sender, client, answered ? UMP_OK : result);
	if (had_permit && client == sender->client && !answered && result != UMP_FULL)
		sender->reservation = STRESS_UNSURE;
	/* Without a deadline nothing is allocated. */
	CHECK(!record->for_ever || result != UMP_NO_MEMORY);
	told(sender, record, result, &answer);
	return result;
}

int stress_req_async(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	struct stress_pending *out)
{
	struct stress_message message = begin(sender, act, true);
	ump_time deadline = permit_deadline(sender, client);
	int result;

	out->record = message.record;
	result = deadline == UMP_NOW
			 ? ump_client_req_async(client, &message, &out->wait_reply)
			 : ump_client_req_async_until(client, &message, &out->wait_reply, deadline);
	result = sent(sender, client, result, deadline);
	CHECK((result == UMP_OK) == (out->wait_reply != NULL));
	if (result != UMP_OK)
		told(sender, out->record, result, NULL);
	return result;
}

int stress_wait(struct stress_sender *sender, struct stress_pending *pending, ump_time deadline)
{
	struct stress_answer answer;
	int result = deadline == UMP_NOW
			     ? ump_wait_reply_try(&pending->wait_reply, &answer)
			     : ump_wait_reply_wait(&pending->wait_reply, &answer, deadline);

	if (result == UMP_TIMED_OUT || result == UMP_EMPTY) {
		CHECK(pending->wait_reply != NULL);
		CHECK(deadline != UMP_FOREVER);
		CHECK_INT(result, ==, deadline == UMP_NOW ? UMP_EMPTY : UMP_TIMED_OUT);
		CHECK_INT(ump_now(), >=, deadline);
		return result;
	}
	if (result == UMP_DEADLOCK) {
		CHECK(pending->wait_reply != NULL);
		refused(sender);
		return result;
	}
	CHECK(pending->wait_reply == NULL);
	told_later(sender, pending->record, result, &answer);
	return result;
}

void stress_abandon(struct stress_pending *pending)
{
	/* Set before the drop: afterwards the sender must not touch the record until the end. */
	pending->record->result = STRESS_ABANDONED;
	ump_wait_reply_drop(&pending->wait_reply);
	CHECK(pending->wait_reply == NULL);
}

/* ---- Completions ---------------------------------------------------------------------------- */

/* Whether there are completions to send with; only a lack of memory or descriptors may prevent
 * it. */
static bool has_completions(struct stress_sender *sender)
{
	int result;

	if (sender->completions != NULL)
		return true;
	result = ump_completions_open(&sender->completions);
	if (result == UMP_OK)
		return true;
	CHECK(sender->completions == NULL && sender->mix->faults);
	CHECK(result == UMP_NO_MEMORY || result == UMP_NO_FD);
	return false;
}

int stress_complete(struct stress_sender *sender, const ump_client *client, enum stress_act act)
{
	struct stress_message message;
	struct stress_record *record;
	int result;

	if (!has_completions(sender))
		return UMP_NO_MEMORY;
	message = begin(sender, act, true);
	record = message.record;
	result = ump_client_req_completion(client, &message, sender->completions, record);
	result = sent(sender, client, result, UMP_NOW);
	if (result == UMP_OK) {
		record->in_flight = true;
		sender->in_flight++;
	} else {
		CHECK(is_returned(result));
		told(sender, record, result, NULL);
	}
	return result;
}

/* Each reservation has its own tag, so that a late completion is not taken for that of a newer
 * one. */
static void *reservation_tag(struct stress_sender *sender)
{
	return &sender->tags[sender->reservation_number % STRESS_RESERVATIONS_MOST];
}

void stress_reserve(struct stress_sender *sender)
{
	bool again;
	int result;

	if (!has_completions(sender))
		return;
	/* Dropped completions have reported this permit: the client may reserve again, and gets the
	 * same permit reported. */
	again = sender->reservation == STRESS_GRANTED && sender->reservation_orphaned;
	if (sender->reservation == STRESS_GRANTED && !again)
		CHECK_INT(ump_client_reserve(sender->client, sender->completions, sender), ==,
			UMP_INVALID);
	if ((sender->reservation != STRESS_UNRESERVED && !again) ||
		sender->reservations == STRESS_RESERVATIONS_MOST)
		return;
	sender->reservation_number++;
	result = ump_client_reserve(sender->client, sender->completions, reservation_tag(sender));
	if (result == UMP_OK) {
		sender->reservation = STRESS_RESERVING;
		sender->reservation_orphaned = false;
		sender->hasty = false;
		sender->reservations++;
	} else {
		CHECK(result == UMP_NO_MEMORY && sender->mix->faults);
	}
}

static void reservation_ends(struct stress_sender *sender, const struct ump_completion *done)
{
	CHECK(sender->reservations > 0 && done->reply == NULL);
	sender->reservations--;
	CHECK(done->result == UMP_OK || done->result == UMP_SERVER_GONE ||
		done->result == UMP_ORIGIN_GONE);
	if (done->result == UMP_SERVER_GONE)
		CHECK(!sender->mix->drains);
	/* A reservation of a client that was dropped. */
	if (done->tag != reservation_tag(sender) || sender->reservation != STRESS_RESERVING)
		return;
	CHECK(done->result != UMP_ORIGIN_GONE);
	if (done->result != UMP_OK || !sender->mix->bounded) {
		/* Without a bound no permit is kept. */
		sender->reservation = STRESS_UNRESERVED;
		return;
	}
	stress_count(STRESS_PERMITS, 1);
	sender->reservation = sender->hasty ? STRESS_UNSURE : STRESS_GRANTED;
}

static void request_ends(struct stress_sender *sender, const struct ump_completion *done)
{
	struct stress_record *record = done->tag;

	CHECK(record >= sender->records && record < sender->records + sender->count);
	CHECK(record->in_flight && (done->reply != NULL) == (done->result == UMP_OK));
	record->in_flight = false;
	sender->in_flight--;
	told_later(sender, record, done->result, done->reply);
}

/* Retrieve the next completion, by any of the library's calls. */
static int next_completion(
	struct stress_sender *sender, struct ump_completion *done, ump_time deadline)
{
	struct pollfd wanted = {ump_completions_fd(sender->completions), POLLIN, 0};
	int result = UMP_NONE_PENDING;

	if (deadline == UMP_NOW)
		return ump_completions_next(sender->completions, done);
	if (deadline != UMP_FOREVER || stress_one_in(&sender->rng, 2))
		return ump_completions_wait(sender->completions, done, deadline);
	/* Like an event loop: it must sleep only after a call has returned UMP_EMPTY. */
	while (sender->in_flight + sender->reservations > 0) {
		result = ump_completions_next(sender->completions, done);
		if (result != UMP_EMPTY)
			break;
		(void)poll(&wanted, 1, -1);
	}
	return result;
}

int stress_see(struct stress_sender *sender, ump_time deadline)
{
	struct ump_completion done;
	int result;

	if (sender->completions == NULL)
		return UMP_EMPTY;
	CHECK_INT(ump_completions_in_flight(sender->completions), ==,
		sender->in_flight + sender->reservations);
	result = next_completion(sender, &done, deadline);
	if (result == UMP_TIMED_OUT) {
		CHECK(deadline != UMP_NOW && deadline != UMP_FOREVER);
		CHECK_INT(ump_now(), >=, deadline);
		return result;
	}
	if (result == UMP_EMPTY || result == UMP_NONE_PENDING) {
		CHECK(result == UMP_EMPTY ? deadline == UMP_NOW
					  : sender->in_flight + sender->reservations == 0);
		return result;
	}
	CHECK_INT(result, ==, UMP_OK);
	stress_count(STRESS_COMPLETIONS, 1);
	if ((char *)done.tag >= sender->tags &&
		(char *)done.tag < sender->tags + STRESS_RESERVATIONS_MOST)
		reservation_ends(sender, &done);
	else
		request_ends(sender, &done);
	return UMP_OK;
}

void stress_drop_all(struct stress_sender *sender)
{
	for (size_t i = 0; sender->in_flight > 0 && i < sender->count; i++) {
		struct stress_record *record = &sender->records[i];

		if (!record->in_flight)
			continue;
		record->in_flight = false;
		record->result = STRESS_ABANDONED;
		sender->in_flight--;
	}
	CHECK_INT(sender->in_flight, ==, 0);
	sender->reservations = 0;
	/* Whether it was granted will not be reported. */
	if (sender->reservation == STRESS_RESERVING)
		sender->reservation = STRESS_UNSURE;
	sender->reservation_orphaned = true;
	ump_completions_drop(&sender->completions);
	CHECK(sender->completions == NULL);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static enum stress_act choose_act(struct stress_sender *sender)
{
	unsigned sum = 0;
	unsigned at;

	for (unsigned i = 0; i < STRESS_ACTS; i++)
		sum += sender->mix->acts[i];
	at = stress_below(&sender->rng, sum);
	for (unsigned i = 0; i < STRESS_ACTS; i++) {
		if (at < sender->mix->acts[i])
			return (enum stress_act)i;
		at -= sender->mix->acts[i];
	}
	return STRESS_ANSWER;
}

static ump_time soon(struct stress_sender *sender)
{
	return ump_after(stress_below(&sender->rng, sender->mix->timeout_most + 1));
}

/* Whether a handle was made; only memory may be lacking. */
static bool made(const struct stress_sender *sender, int result)
{
	if (result == UMP_NO_MEMORY)
		CHECK(sender->mix->faults);
	else
		CHECK_INT(result, ==, UMP_OK);
	return result == UMP_OK;
}

static void step_clone(struct stress_sender *sender)
{
	ump_client *other = NULL;

	if (!made(sender, ump_client_clone(sender->client, &other)))
		return;
	if (stress_one_in(&sender->rng, 2)) {
		ump_client *old = sender->client;

		sender->client = other;
		other = old;
		/* Reservation and permit end with their client. */
		sender->reservation = STRESS_UNRESERVED;
	}
	ump_client_drop(&other);
	CHECK(other == NULL);
}

static void step_post_client(struct stress_sender *sender)
{
	struct stress_message message;
	ump_post_client *first = NULL;
	ump_post_client *second = NULL;
	ump_time deadline;
	int result;

	if (!made(sender, ump_client_post_client(sender->client, &first)))
		return;
	if (made(sender, ump_post_client_clone(first, &second)))
		ump_post_client_drop(&first);
	message = begin(sender, choose_act(sender), false);
	deadline = permit_deadline(sender, NULL);
	result = ump_post_client_post_until(second != NULL ? second : first, &message, deadline);
	result = sent(sender, NULL, result, deadline);
	(void)post_result(sender, message.record, result);
	ump_post_client_drop(&first);
	ump_post_client_drop(&second);
}

static void step_weak(struct stress_sender *sender)
{
	ump_weak_client *weak = NULL;
	ump_weak_client *other = NULL;
	ump_client *strong = NULL;

	if (!made(sender, ump_client_weak(sender->client, &weak)))
		return;
	if (made(sender, ump_weak_client_clone(weak, &other)))
		ump_weak_client_drop(&weak);
	if (made(sender, ump_weak_client_upgrade(other != NULL ? other : weak, &strong)))
		(void)stress_post(sender, strong, choose_act(sender));
	ump_client_drop(&strong);
	ump_weak_client_drop(&weak);
	ump_weak_client_drop(&other);
}

/* Wait for a pending request, poll it, or give it up. */
static void step_collect(struct stress_sender *sender, struct stress_pending *pending)
{
	if (pending->wait_reply == NULL)
		return;
	switch (stress_below(&sender->rng, 4)) {
	case 0:
		(void)stress_wait(sender, pending, UMP_NOW);
		break;
	case 1:
		(void)stress_wait(sender, pending, soon(sender));
		break;
	case 2:
		(void)stress_wait(sender, pending, UMP_FOREVER);
		break;
	default:
		stress_abandon(pending);
		break;
	}
}

static void step_async(struct stress_sender *sender, struct stress_pending *pending)
{
	step_collect(sender, pending);
	if (pending->wait_reply == NULL)
		(void)stress_req_async(sender, sender->client, choose_act(sender), pending);
}

static void step_abandon(struct stress_sender *sender)
{
	struct stress_pending pending = {NULL, NULL};

	if (stress_req_async(sender, sender->client, choose_act(sender), &pending) != UMP_OK)
		return;
	if (stress_one_in(&sender->rng, 2))
		stress_dawdle(&sender->rng);
	stress_abandon(&pending);
}

/* Send a request: without a deadline, unless it would wait for the capacity that its client has
 * reserved. */
static void step_req(struct stress_sender *sender)
{
	bool may_block =
		sender->reservation == STRESS_UNRESERVED || sender->reservation == STRESS_GRANTED;

	(void)stress_req(
		sender, sender->client, choose_act(sender), may_block ? UMP_FOREVER : soon(sender));
}

static void step_see(struct stress_sender *sender)
{
	ump_time until[] = {UMP_NOW, UMP_NOW, soon(sender), UMP_FOREVER};

	(void)stress_see(sender, until[stress_below(&sender->rng, 4)]);
	if (stress_one_in(&sender->rng, 8))
		stress_drop_all(sender);
}

void stress_step(struct stress_sender *sender)
{
	const struct stress_mix *mix = sender->mix;
	const unsigned weights[] = {mix->post, mix->req, mix->req_until, mix->async, mix->collect,
		mix->clone, mix->post_client, mix->weak, mix->abandon, mix->complete, mix->see,
		mix->reserve, mix->dawdle};
	struct stress_pending *pending;
	unsigned sum = 0;
	unsigned at;
	unsigned choice = 0;

	if (sender->count == sender->most)
		return;
	for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
		sum += weights[i];
	at = stress_below(&sender->rng, sum);
	while (at >= weights[choice])
		at -= weights[choice++];
	pending = &sender->pending[stress_below(&sender->rng, STRESS_PENDING)];
	if (choice == 0)
		(void)stress_post(sender, sender->client, choose_act(sender));
	else if (choice == 1)
		step_req(sender);
	else if (choice == 2)
		(void)stress_req(sender, sender->client, choose_act(sender), soon(sender));
	else if (choice == 3)
		step_async(sender, pending);
	else if (choice == 4)
		step_collect(sender, pending);
	else if (choice == 5)
		step_clone(sender);
	else if (choice == 6)
		step_post_client(sender);
	else if (choice == 7)
		step_weak(sender);
	else if (choice == 8)
		step_abandon(sender);
	else if (choice == 9)
		(void)stress_complete(sender, sender->client, choose_act(sender));
	else if (choice == 10)
		step_see(sender);
	else if (choice == 11)
		stress_reserve(sender);
	else
		stress_dawdle(&sender->rng);
}

/* ---- A sender's life ------------------------------------------------------------------------ */

void stress_sender_init(struct stress_sender *sender, struct stress_rng *rng, unsigned id,
	const struct stress_mix *mix, size_t most)
{
	memset(sender, 0, sizeof *sender);
	sender->rng.state = stress_random(rng);
	sender->id = id;
	sender->mix = mix;
	sender->most = most;
	sender->records = stress_alloc(most, sizeof *sender->records);
}

void stress_sender_finish(struct stress_sender *sender)
{
	for (size_t i = 0; i < STRESS_PENDING; i++) {
		struct stress_pending *pending = &sender->pending[i];

		if (pending->wait_reply == NULL)
			continue;
		if (stress_one_in(&sender->rng, 2))
			(void)stress_wait(sender, pending, UMP_FOREVER);
		else
			stress_abandon(pending);
	}
	if (stress_one_in(&sender->rng, 2)) {
		while (stress_see(sender, UMP_FOREVER) == UMP_OK)
			continue;
	}
	stress_drop_all(sender);
}

static bool is_one_of(int end, int first, int second, int third, int fourth)
{
	return end == first || end == second || end == third || end == fourth;
}

/* Whether the end of a value fits the result that its sender got. */
static bool fits(const struct stress_sender *sender, const struct stress_record *record)
{
	int handled = STRESS_END_HANDLED;
	int left = STRESS_END_LEFT;
	int dropped = STRESS_END_DROPPED;
	int end = record->value.end;

	if (is_returned(record->result) && !record->later)
		return end == STRESS_END_RETURNED;
	if (record->later)
		return is_one_of(end, left, dropped, dropped, dropped);
	if (!record->is_request)
		return sender->mix->drains ? end == handled
					   : is_one_of(end, handled, left, dropped, dropped);
	/* A request whose deadline had passed at the call is dropped at once. */
	if (record->result == STRESS_ABANDONED || record->result == UMP_TIMED_OUT)
		return is_one_of(end, handled, left, dropped, dropped);
	return is_one_of(end, handled, left, left, left);
}

static void count_result(const struct stress_record *record)
{
	static const enum stress_total ends[] = {
		[STRESS_NOWHERE] = STRESS_UNSENT,
		[STRESS_END_HANDLED] = STRESS_HANDLED,
		[STRESS_END_LEFT] = STRESS_LEFT,
		[STRESS_END_DROPPED] = STRESS_DROPPED,
		[STRESS_END_RETURNED] = STRESS_RETURNED,
	};

	stress_count(ends[record->value.end], 1);
	stress_count(record->is_request ? STRESS_REQUESTS : STRESS_POSTS, 1);
	if (record->result == UMP_FULL)
		stress_count(STRESS_FULL, 1);
	if (!record->is_request)
		return;
	switch (record->result) {
	case UMP_OK:
		stress_count(STRESS_ANSWERED, 1);
		break;
	case UMP_NO_REPLY:
		stress_count(STRESS_NO_REPLY, 1);
		break;
	case UMP_SERVER_GONE:
		stress_count(STRESS_GONE, 1);
		break;
	case UMP_TIMED_OUT:
		stress_count(STRESS_TIMED_OUT, 1);
		break;
	case STRESS_ABANDONED:
		stress_count(STRESS_GIVEN_UP, 1);
		break;
	default:
		if (record->result > 0)
			stress_count(STRESS_FAILED, 1);
		break;
	}
}

void stress_sender_settle(struct stress_sender *sender)
{
	for (size_t i = 0; i < sender->count; i++) {
		const struct stress_record *record = &sender->records[i];
		int reply = record->result == UMP_OK && record->is_request ? STRESS_END_RECEIVED
			    : record->answered                             ? STRESS_END_DROPPED
									   : STRESS_NOWHERE;

		if (!fits(sender, record))
			check_failed(__FILE__, __LINE__,
				"the value of %s %ju, told %d, may not end as %d",
				record->is_request ? "request" : "post", (uintmax_t)record->number,
				record->result, record->value.end);
		CHECK_INT(record->reply.end, ==, reply);
		count_result(record);
	}
	free(sender->records);
	sender->records = NULL;
}

/* Some threads have a low priority. */
static void vary(struct stress_sender *sender)
{
	if (stress_one_in(&sender->rng, 8))
		(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
}

static void *run(void *arg)
{
	struct stress_sender *sender = arg;

	vary(sender);
	/* A busy loop, because it lets the threads start closer together than a barrier. */
	while (!atomic_load_explicit(sender->start, memory_order_relaxed))
		sched_yield();
	for (size_t i = 0; i < sender->sends; i++) {
		stress_step(sender);
		/* Once the server is gone, further sends show little. */
		if (sender->gone && stress_one_in(&sender->rng, 8))
			break;
	}
	/* Either the pending requests end first, or the client. */
	if (stress_one_in(&sender->rng, 2)) {
		ump_client_drop(&sender->client);
		sender->reservation = STRESS_UNRESERVED;
	}
	stress_sender_finish(sender);
	ump_client_drop(&sender->client);
	return NULL;
}

static atomic_bool go;

void stress_senders_start(struct stress_sender *senders, unsigned count, const ump_client *client)
{
	atomic_store_explicit(&go, false, memory_order_relaxed);
	for (unsigned i = 0; i < count; i++) {
		senders[i].start = &go;
		CHECK_INT(ump_client_clone(client, &senders[i].client), ==, UMP_OK);
		senders[i].thread = stress_thread(run, &senders[i]);
	}
	atomic_store_explicit(&go, true, memory_order_relaxed);
}

void stress_senders_join(struct stress_sender *senders, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(senders[i].thread);
}

void stress_senders_settle(struct stress_sender *senders, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&senders[i]);
}
