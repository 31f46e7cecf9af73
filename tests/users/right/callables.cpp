// SPDX-License-Identifier: 0BSD
// A poll loop sends requests whose answers go to callables, with strings in both directions.  Two
// servers answer: one on a thread, and a task on another thread that suspends in each request.
#include "check.h"
#include "text.hpp"

#include <memory>
#include <poll.h>
#include <thread>
#include <ump_server.hpp>

constexpr int requests = 400;
constexpr int in_flight = 10;

struct echo : ump::protocol<::text, ::text> {
};
struct job {
	::text text;
	ump::reply_context<echo> rc;
	ump::suspension<echo> suspended;
	::text *done;
};
struct work : ump::protocol<ump::none, ump::none, job> {
};

class echoing : public ump::handler<echo>
{
	flow request(::text text, reply_context rc) override
	{
		return rc.reply(text + "!") ? flow(ump::go_on) : flow(ump::stop());
	}
};

// Suspends until a worker has answered; the worker writes `done_` meanwhile.
class suspending : public ump::handler<echo>
{
      public:
	explicit suspending(ump::client<work> worker) : worker_(std::move(worker))
	{
	}

      private:
	flow request(::text text, reply_context rc) override
	{
		CHECK(done_ == expected_);
		expected_ = text;
		auto suspended = suspend_for(worker_);
		CHECK(suspended);
		CHECK(worker_.post(
			job{std::move(text), std::move(rc), std::move(*suspended), &done_}));
		return ump::pending;
	}

	ump::client<work> worker_;
	::text done_;
	::text expected_;
};

// Answer, and write the suspended handler's variable.
static ump::flow<ump::none> answer(job given)
{
	*given.done = given.text;
	CHECK(given.rc.reply(given.text + "!"));
	CHECK(given.suspended.resume(ump::go_on));
	return ump::go_on;
}

static void send(
	const ump::client<echo> &client, ump::completions &answers, int number, int &answered)
{
	auto text = std::make_shared<::text>(to_text(number));

	CHECK(client.request_completion(*text, answers, [text, &answered](ump::result<::text> got) {
		CHECK(got && *got == *text + "!");
		answered++;
	}));
}

int main()
{
	auto worker = ump::spawn_thread(
		ump::make_handler<work>([](job given) { return answer(std::move(given)); }));
	auto echoed = ump::spawn_thread(std::make_unique<echoing>());
	CHECK(worker && echoed);
	auto delayed = ump::spawn_task(std::make_unique<suspending>(std::move(worker->client)));
	auto answers = ump::open_completions();
	CHECK(delayed && answers);
	std::thread runner([&] { CHECK(delayed->task.run()); });
	int answered = 0;
	for (int sent = 0; answered < requests;) {
		for (; sent < requests && sent - answered < in_flight; sent++)
			send(sent % 2 ? delayed->client : echoed->client, *answers, sent, answered);
		pollfd ready = {answers->fd(), POLLIN, 0};
		CHECK(poll(&ready, 1, -1) == 1);
		while (answers->next()) {
		}
	}
	echoed->client.reset();
	delayed->client.reset();
	runner.join();
	CHECK(delayed->task.join() && echoed->thread.join() && worker->thread.join());
	return 0;
}
