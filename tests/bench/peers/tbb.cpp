/* SPDX-License-Identifier: 0BSD */
/* oneTBB's concurrent_bounded_queue, with or without a bound; one for each client's replies. */
#include "bench.h"

#include <memory>
#include <oneapi/tbb/concurrent_queue.h>
#include <thread>

namespace
{
using replies = oneapi::tbb::concurrent_bounded_queue<bench_message>;

struct request {
	bench_message msg;
	replies *to; /* nullptr: the end */
};

/* No post has this number. */
constexpr uint64_t end_number = UINT64_MAX;

struct server {
	bench_work *work;
	bool posts;
	oneapi::tbb::concurrent_bounded_queue<request> requests;
	oneapi::tbb::concurrent_bounded_queue<bench_message> parcels;
	std::thread thread;
};

struct client {
	struct server *server;
	replies mine;
};

void serve_requests(server *me)
{
	request message;

	for (;;) {
		bench_message reply;

		me->requests.pop(message);
		if (message.to == nullptr)
			return;
		bench_request(me->work, &message.msg, &reply);
		message.to->push(reply);
	}
}

void serve_posts(server *me)
{
	bench_message message;

	for (;;) {
		me->parcels.pop(message);
		if (message.words[0] == end_number)
			return;
		bench_post(me->work, &message);
	}
}

void *open_server(bench_work *work, const bench_plan *plan)
{
	auto me = std::make_unique<server>();

	me->work = work;
	me->posts = plan->posts;
	if (plan->capacity != 0)
		me->parcels.set_capacity(static_cast<std::ptrdiff_t>(plan->capacity));
	me->thread = std::thread(plan->posts ? serve_posts : serve_requests, me.get());
	return me.release();
}

void join(void *arg)
{
	std::unique_ptr<server> me(static_cast<server *>(arg));

	if (me->posts) {
		bench_message end{};

		end.words[0] = end_number;
		me->parcels.push(end);
	} else {
		me->requests.push(request{});
	}
	me->thread.join();
}

void *make_client(void *arg)
{
	auto me = std::make_unique<client>();

	me->server = static_cast<server *>(arg);
	return me.release();
}

void client_end(void *arg)
{
	delete static_cast<client *>(arg);
}

void send_one(void *arg, unsigned, const bench_message *msg)
{
	auto me = static_cast<client *>(arg);

	me->server->requests.push(request{*msg, &me->mine});
}

/* Replies come in the order of the requests. */
void receive(void *arg, unsigned, bench_message *reply)
{
	static_cast<client *>(arg)->mine.pop(*reply);
}

void call(void *arg, const bench_message *msg, bench_message *reply)
{
	send_one(arg, 0, msg);
	receive(arg, 0, reply);
}

void post(void *arg, const bench_message *msg)
{
	static_cast<client *>(arg)->server->parcels.push(*msg);
}
} // namespace

extern "C" const bench_peer the_peer = {"tbb", true, true, open_server, join, make_client,
	client_end, call, post, send_one, receive};
