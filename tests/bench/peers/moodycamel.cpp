/* SPDX-License-Identifier: 0BSD */
/* moodycamel's BlockingConcurrentQueue, and its semaphore for each reply; both spin at first. */
#include "bench.h"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>
#include <memory>
#include <thread>
#include <vector>

namespace
{
struct answer {
	bench_message reply;
	moodycamel::LightweightSemaphore done;
};

struct request {
	bench_message msg;
	struct answer *answer; /* nullptr: the end */
};

struct server {
	bench_work *work;
	bool posts;
	unsigned slots;
	moodycamel::BlockingConcurrentQueue<request> requests;
	moodycamel::BlockingConcurrentQueue<bench_message> parcels;
	std::thread thread;
};

/* No post has this number. */
constexpr uint64_t end_number = UINT64_MAX;

struct client {
	struct server *server;
	moodycamel::ProducerToken requests;
	moodycamel::ProducerToken parcels;
	std::vector<answer> answers;

	explicit client(struct server *to)
	    : server(to), requests(to->requests), parcels(to->parcels), answers(to->slots)
	{
	}
};

void serve_requests(server *me)
{
	moodycamel::ConsumerToken token(me->requests);
	request message;

	for (;;) {
		me->requests.wait_dequeue(token, message);
		if (message.answer == nullptr)
			return;
		bench_request(me->work, &message.msg, &message.answer->reply);
		message.answer->done.signal();
	}
}

void serve_posts(server *me)
{
	moodycamel::ConsumerToken token(me->parcels);
	bench_message message;

	for (;;) {
		me->parcels.wait_dequeue(token, message);
		if (message.words[0] == end_number)
			break;
		bench_post(me->work, &message);
	}
	/* Producers are not ordered among each other: some of their last posts may still be queued.
	 * */
	while (me->parcels.try_dequeue(token, message))
		bench_post(me->work, &message);
}

void *open_server(bench_work *work, const bench_plan *plan)
{
	auto me = std::make_unique<server>();

	me->work = work;
	me->posts = plan->posts;
	me->slots = plan->slots;
	me->thread = std::thread(plan->posts ? serve_posts : serve_requests, me.get());
	return me.release();
}

void join(void *arg)
{
	std::unique_ptr<server> me(static_cast<server *>(arg));

	if (me->posts) {
		bench_message end{};

		end.words[0] = end_number;
		me->parcels.enqueue(end);
	} else {
		me->requests.enqueue(request{});
	}
	me->thread.join();
}

void *make_client(void *arg)
{
	return std::make_unique<client>(static_cast<server *>(arg)).release();
}

void client_end(void *arg)
{
	delete static_cast<client *>(arg);
}

void send_one(void *arg, unsigned slot, const bench_message *msg)
{
	auto me = static_cast<client *>(arg);

	me->server->requests.enqueue(me->requests, request{*msg, &me->answers[slot]});
}

void receive(void *arg, unsigned slot, bench_message *reply)
{
	auto me = static_cast<client *>(arg);

	while (!me->answers[slot].done.wait())
		continue;
	*reply = me->answers[slot].reply;
}

void call(void *arg, const bench_message *msg, bench_message *reply)
{
	send_one(arg, 0, msg);
	receive(arg, 0, reply);
}

void post(void *arg, const bench_message *msg)
{
	auto me = static_cast<client *>(arg);

	me->server->parcels.enqueue(me->parcels, *msg);
}
} // namespace

extern "C" const bench_peer the_peer = {"moodycamel", true, false, open_server, join, make_client,
	client_end, call, post, send_one, receive};
